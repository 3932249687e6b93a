//! Check runs, suites and commit statuses as GitHub shows them.
//! It does not know how they came about.
//! <https://docs.github.com/en/rest/checks/runs>, <https://docs.github.com/en/rest/commits/statuses>

use git2::Oid;
use serde_json::{Value, json};

use super::{node, time, time_or_null};
use crate::sandbox::model::{CheckRun, CheckSuite, CommitStatus, Id, PullSide, Repo};
use crate::sandbox::state::State;

impl State {
    /// A check run.
    pub(crate) fn check_run_json(&self, repo: &Repo, run: &CheckRun) -> Value {
        let url = format!("{}/check-runs/{}", self.repo_url(repo), run.id);
        let html = format!("{}/runs/{}", self.repo_html(repo), run.id);
        json!({
            "id": run.id,
            "name": run.name,
            "node_id": node("CheckRun", run.id),
            "head_sha": run.head_sha,
            "external_id": run.external_id,
            "url": url,
            "html_url": html,
            // Where the App says nothing, its own page is shown.
            "details_url": run.details_url.clone().unwrap_or_else(|| self.html().to_owned()),
            "status": run.status,
            "conclusion": run.conclusion,
            "started_at": time_or_null(run.started_at),
            "completed_at": time_or_null(run.completed_at),
            "output": {
                "title": run.title,
                "summary": run.summary,
                "text": run.text,
                "annotations_count": run.annotations.len(),
                "annotations_url": format!("{url}/annotations"),
            },
            "check_suite": {"id": run.suite},
            "app": self.app_or_null(Some(run.app)),
            "pull_requests": self.pulls_at_json(repo, &run.head_sha),
        })
    }

    /// An annotation, as it is listed.
    pub(crate) fn annotation_json(&self, repo: &Repo, run: &CheckRun, annotation: &Value) -> Value {
        let path = annotation["path"].as_str().unwrap_or_default();
        json!({
            "path": path,
            "blob_href": format!("{}/blob/{}/{path}", self.repo_html(repo), run.head_sha),
            "start_line": annotation["start_line"],
            "end_line": annotation["end_line"],
            "start_column": annotation["start_column"],
            "end_column": annotation["end_column"],
            "annotation_level": annotation["annotation_level"],
            "title": annotation["title"],
            "message": annotation["message"],
            "raw_details": annotation["raw_details"],
        })
    }

    /// The few words that runs, suites and their webhooks have for pull requests.
    pub(crate) fn pulls_at_json(&self, repo: &Repo, sha: &str) -> Value {
        let side = |side: &PullSide| {
            let of = side.repo.and_then(|id| self.repos.get(&id)).unwrap_or(repo);
            let about = json!({"id": of.id, "url": self.repo_url(of), "name": of.name});
            json!({"ref": side.branch, "sha": side.sha, "repo": about})
        };
        let pulls = self.pulls_at(repo.id, sha).into_iter();
        pulls
            .filter_map(|issue| {
                let pull = issue.pull.as_ref()?;
                Some(json!({
                    "id": pull.id,
                    "number": issue.number,
                    "url": format!("{}/pulls/{}", self.repo_url(repo), issue.number),
                    "head": side(&pull.head),
                    "base": side(&pull.base),
                }))
            })
            .collect()
    }

    /// A suite.
    pub(crate) fn check_suite_json(&self, repo: &Repo, suite: &CheckSuite) -> Value {
        let mut shown = self.check_suite_in_run_json(repo, suite);
        let runs = repo.check_runs.values().filter(|run| run.suite == suite.id);
        let url = format!("{}/check-suites/{}", self.repo_url(repo), suite.id);
        shown["head_commit"] = self.head_commit_json(repo.id, &suite.head_sha);
        shown["latest_check_runs_count"] =
            crate::sandbox::state::newest(runs.collect()).len().into();
        shown["check_runs_url"] = format!("{url}/check-runs").into();
        shown["rerequestable"] = true.into();
        shown["runs_rerequestable"] = true.into();
        shown
    }

    /// A suite inside a check run of a webhook.
    pub(crate) fn check_suite_in_run_json(&self, repo: &Repo, suite: &CheckSuite) -> Value {
        let standing = self.suite_standing(repo.id, suite.id);
        let (status, conclusion) = standing.unwrap_or(("queued", None));
        let none = "0".repeat(40);
        json!({
            "id": suite.id,
            "node_id": node("CheckSuite", suite.id),
            "head_branch": suite.head_branch,
            "head_sha": suite.head_sha,
            "status": status,
            "conclusion": conclusion,
            "url": format!("{}/check-suites/{}", self.repo_url(repo), suite.id),
            "before": suite.before.as_ref().unwrap_or(&none),
            "after": suite.head_sha,
            "pull_requests": self.pulls_at_json(repo, &suite.head_sha),
            "app": self.app_or_null(Some(suite.app)),
            "created_at": time(suite.created_at),
            "updated_at": time(suite.updated_at),
        })
    }

    /// GitHub's "simple commit".
    pub(crate) fn head_commit_json(&self, repo: Id, sha: &str) -> Value {
        let commit = Oid::from_str(sha).ok().and_then(|oid| self.git(repo).ok()?.commit(oid));
        commit.map_or(Value::Null, |commit| {
            let person = |person: &crate::sandbox::git::Person| json!({"name": person.name, "email": person.email});
            json!({
                "id": sha,
                "tree_id": commit.tree.to_string(),
                "message": commit.message,
                "timestamp": time(commit.committer.at),
                "author": person(&commit.author),
                "committer": person(&commit.committer),
            })
        })
    }

    /// A commit status; `whole`: with who set it, as outside of the combined status.
    pub(crate) fn status_json(&self, repo: &Repo, status: &CommitStatus, whole: bool) -> Value {
        let creator = self.account_json(status.creator);
        let mut shown = json!({
            "url": format!("{}/statuses/{}", self.repo_url(repo), status.sha),
            "avatar_url": creator["avatar_url"],
            "id": status.id,
            "node_id": node("StatusContext", status.id),
            "state": status.state,
            "description": status.description,
            "target_url": status.target_url,
            "context": status.context,
            "created_at": time(status.created_at),
            "updated_at": time(status.created_at),
        });
        if whole {
            shown["creator"] = creator;
        }
        shown
    }
}
