//! Commit statuses.
//! It does not know which of them a branch requires.
//! <https://docs.github.com/en/rest/commits/statuses>,
//! <https://docs.github.com/en/webhooks/webhook-events-and-payloads#status>

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::checks::no_commit;
use super::{Actor, State};
use crate::sandbox::model::{CommitStatus, Id, Repo};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::shape::time;

/// A status that is to be set.
#[derive(Clone, Debug)]
pub(crate) struct NewStatus<'a> {
    pub(crate) sha: &'a str,
    pub(crate) state: &'a str,
    pub(crate) context: &'a str,
    pub(crate) description: Option<&'a str>,
    pub(crate) target_url: Option<&'a str>,
}

/// GitHub's limit for statuses of one commit and context.
const MOST: usize = 1000;
/// GitHub's limit for a description.
const LONGEST: usize = 140;

impl State {
    /// Sets a commit status.
    pub(crate) fn create_status(
        &mut self,
        actor: Actor,
        repo: Id,
        new: &NewStatus<'_>,
    ) -> Result<CommitStatus, Refusal> {
        if !["error", "failure", "pending", "success"].contains(&new.state) {
            return Err(Refusal::invalid("Status", "state", "inclusion"));
        }
        let git = self.git(repo)?;
        let commit = (new.sha.len() == 40)
            .then(|| git.object(new.sha))
            .flatten()
            .and_then(|oid| git.peel(oid))
            .ok_or_else(|| no_commit(new.sha))?;
        let length = new.description.unwrap_or_default().chars().count();
        if length > LONGEST {
            return Err(Refusal::custom(
                "Status",
                format!("description is too long (maximum is {LONGEST} characters)"),
            ));
        }
        let sha = commit.to_string();
        let context = key(new.context);
        let same = |status: &&CommitStatus| status.sha == sha && key(&status.context) == context;
        if self.repo(repo)?.statuses.iter().filter(same).count() >= MOST {
            return Err(Refusal::custom(
                "Status",
                "This SHA and context has reached the maximum number of statuses.",
            ));
        }
        let status = CommitStatus {
            id: self.new_id(),
            sha: sha.clone(),
            context: new.context.to_owned(),
            state: new.state.to_owned(),
            description: new.description.map(str::to_owned),
            target_url: new.target_url.map(str::to_owned),
            creator: actor.account,
            app: actor.app,
            created_at: self.now(),
        };
        self.repo_mut(repo)?.statuses.push(status.clone());
        let seen = self.repo(repo)?;
        let shown = git.commit(commit).map(|commit| self.commit_json(seen, &commit));
        let branches: Vec<Value> = git
            .references("refs/heads/")?
            .into_iter()
            .filter(|(_, tip)| git.contains(*tip, commit))
            .take(10)
            .map(|(name, tip)| {
                let name = name.trim_start_matches("refs/heads/");
                let url = format!("{}/commits/{tip}", self.repo_url(seen));
                let protected = seen.protections.contains_key(name);
                json!({"name": name, "commit": {"sha": tip.to_string(), "url": url}, "protected": protected})
            })
            .collect();
        let body = json!({
            "id": status.id,
            "sha": sha,
            "name": self.full_name(seen),
            "avatar_url": self.account_json(actor.account)["avatar_url"],
            "target_url": status.target_url,
            "context": status.context,
            "description": status.description,
            "state": status.state,
            "commit": shown,
            "branches": branches,
            "created_at": time(status.created_at),
            "updated_at": time(status.created_at),
        });
        self.emit(repo, actor, "status", None, body);
        Ok(status)
    }
}

/// Contexts that differ in case are one.
/// <https://docs.github.com/en/rest/commits/statuses#create-a-commit-status>
fn key(context: &str) -> String {
    context.to_lowercase()
}

/// The newest status of each context of a commit, by context, and what they come to together.
pub(crate) fn combined<'a>(repo: &'a Repo, sha: &str) -> (Vec<&'a CommitStatus>, &'static str) {
    let of_commit = repo.statuses.iter().filter(|status| status.sha == sha);
    let newest: BTreeMap<String, &CommitStatus> =
        of_commit.map(|status| (key(&status.context), status)).collect();
    let has = |words: &[&str]| newest.values().any(|status| words.contains(&status.state.as_str()));
    let state = if has(&["error", "failure"]) {
        "failure"
    } else if newest.is_empty() || has(&["pending"]) {
        "pending"
    } else {
        "success"
    };
    (newest.into_values().collect(), state)
}
