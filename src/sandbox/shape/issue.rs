//! Issues, comments and labels as GitHub shows them.
//! It does not know pull requests, beyond that some issues are such.
//! <https://docs.github.com/en/rest/issues>

use serde_json::{Value, json};

use super::{node, time, time_or_null};
use crate::sandbox::model::{Comment, Id, Issue, Label, Repo};
use crate::sandbox::state::State;

impl State {
    /// A label.
    pub(crate) fn label_json(&self, repo: &Repo, label: &Label) -> Value {
        let name = label.name.replace(' ', "%20");
        json!({
            "id": label.id,
            "node_id": node("Label", label.id),
            "url": format!("{}/labels/{name}", self.repo_url(repo)),
            "name": label.name,
            "color": label.color,
            "default": label.default,
            "description": label.description,
        })
    }

    /// The labels of an issue, in the order in which they were put on.
    pub(crate) fn labels_json(&self, repo: &Repo, ids: &[Id]) -> Value {
        ids.iter()
            .filter_map(|id| repo.labels.iter().find(|label| label.id == *id))
            .map(|label| self.label_json(repo, label))
            .collect()
    }

    /// An issue, or what the issues API shows of a pull request.
    pub(crate) fn issue_json(&self, repo: &Repo, issue: &Issue) -> Value {
        let (url, html) = (self.repo_url(repo), self.repo_html(repo));
        let here = format!("{url}/issues/{}", issue.number);
        let page = if issue.pull.is_some() { "pull" } else { "issues" };
        let assignees: Vec<Value> =
            issue.assignees.iter().map(|person| self.account_json(*person)).collect();
        let mut shown = json!({
            "id": issue.id,
            "node_id": node(if issue.pull.is_some() { "PullRequest" } else { "Issue" }, issue.id),
            "number": issue.number,
            "url": here,
            "repository_url": url,
            "html_url": format!("{html}/{page}/{}", issue.number),
            "labels_url": format!("{here}/labels{{/name}}"),
            "comments_url": format!("{here}/comments"),
            "events_url": format!("{here}/events"),
            "timeline_url": format!("{here}/timeline"),
            "title": issue.title,
            "body": issue.body,
            "user": self.account_json(issue.author),
            "author_association": self.association(issue.author, repo.id),
            "performed_via_github_app": self.app_or_null(issue.app),
            "state": if issue.open { "open" } else { "closed" },
            "state_reason": issue.state_reason,
            "locked": issue.locked,
            "active_lock_reason": null,
            "labels": self.labels_json(repo, &issue.labels),
            "assignee": assignees.first(),
            "assignees": assignees,
            "milestone": null,
            "comments": issue.comments.len(),
            "created_at": time(issue.created_at),
            "updated_at": time(issue.updated_at),
            "closed_at": time_or_null(issue.closed_at),
            "reactions": self.rollup_json(&issue.reactions, &format!("{here}/reactions")),
        });
        if let Some(pull) = &issue.pull {
            shown["draft"] = pull.draft.into();
            shown["pull_request"] = json!({
                "url": format!("{url}/pulls/{}", issue.number),
                "html_url": format!("{html}/pull/{}", issue.number),
                "diff_url": format!("{html}/pull/{}.diff", issue.number),
                "patch_url": format!("{html}/pull/{}.patch", issue.number),
                "merged_at": time_or_null(pull.merged_at),
            });
        }
        shown
    }

    /// A comment of the conversation.
    pub(crate) fn comment_json(&self, repo: &Repo, number: u64, comment: &Comment) -> Value {
        let (url, html) = (self.repo_url(repo), self.repo_html(repo));
        let here = format!("{url}/issues/comments/{}", comment.id);
        let pull = repo.issues.get(&number).is_some_and(|issue| issue.pull.is_some());
        let page = if pull { "pull" } else { "issues" };
        json!({
            "id": comment.id,
            "node_id": node("IssueComment", comment.id),
            "url": here,
            "html_url": format!("{html}/{page}/{number}#issuecomment-{}", comment.id),
            "issue_url": format!("{url}/issues/{number}"),
            "user": self.account_json(comment.author),
            "author_association": self.association(comment.author, repo.id),
            "performed_via_github_app": self.app_or_null(comment.app),
            "body": comment.body,
            "created_at": time(comment.created_at),
            "updated_at": time(comment.updated_at),
            "reactions": self.rollup_json(&comment.reactions, &format!("{here}/reactions")),
        })
    }
}
