//! Rulesets and merges in the background as GitHub shows them.
//! It does not enforce them.
//! <https://docs.github.com/en/rest/repos/rules>, <https://docs.github.com/en/rest/pulls/pulls#get-the-result-of-an-asynchronous-merge>

use serde_json::{Value, json};

use super::{node, time};
use crate::sandbox::model::Repo;
use crate::sandbox::model::rules::{AsyncMerge, AsyncResult, Ruleset};
use crate::sandbox::state::State;

impl State {
    /// A ruleset; `whole` with its rules and those whom it does not bind.
    pub(crate) fn ruleset_json(&self, repo: &Repo, set: &Ruleset, whole: bool) -> Value {
        let mut shown = json!({
            "id": set.id,
            "name": set.name,
            "target": "branch",
            "source_type": "Repository",
            "source": self.full_name(repo),
            "enforcement": set.enforcement,
            "node_id": node("RepositoryRuleset", set.id),
            "created_at": time(set.created_at),
            "updated_at": time(set.updated_at),
            "_links": {
                "self": {"href": format!("{}/rulesets/{}", self.repo_url(repo), set.id)},
                "html": {"href": format!("{}/rules/{}", self.repo_html(repo), set.id)},
            },
        });
        if whole {
            let bypass = set.bypass.iter().map(
                |one| json!({"actor_id": one.id, "actor_type": one.kind, "bypass_mode": one.mode}),
            );
            shown["bypass_actors"] = bypass.collect();
            shown["conditions"] =
                json!({"ref_name": {"include": set.include, "exclude": set.exclude}});
            shown["rules"] = set.rules.clone().into();
        }
        shown
    }

    /// A rule as it holds for a branch.
    pub(crate) fn rule_json(&self, repo: &Repo, set: &Ruleset, rule: &Value) -> Value {
        let mut shown = rule.clone();
        shown["ruleset_source_type"] = "Repository".into();
        shown["ruleset_source"] = self.full_name(repo).into();
        shown["ruleset_id"] = set.id.into();
        shown
    }
}

/// How a merge in the background stands.
pub(crate) fn async_merge_json(merge: &AsyncMerge) -> Value {
    match &merge.result {
        None => json!({"status": "pending", "details": {
            "message": "The merge request is being processed.",
            "uuid": merge.uuid,
            "merge_method": merge.method,
            "merge_action": merge.action,
            "expected_head_sha": merge.head,
        }}),
        Some(AsyncResult::Merged(sha)) => {
            json!({"status": "merged", "details": {"message": "Pull Request successfully merged", "sha": sha}})
        }
        Some(AsyncResult::Enqueued) => {
            json!({"status": "enqueued", "details": {"message": "Pull request was added to the merge queue."}})
        }
        Some(AsyncResult::Failed(why)) => json!({"status": "failed", "details": {"message": why}}),
    }
}
