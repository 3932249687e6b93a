//! The history of issues and pull requests: events, and the timeline with everything in it.
//! It does not know how history is made.
//! <https://docs.github.com/en/rest/using-the-rest-api/issue-event-types>

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{merge, node, time};
use crate::sandbox::model::issue::{Event, ReviewState};
use crate::sandbox::model::{Happening, Id, Issue, Repo};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::State;

impl State {
    /// An event of an issue's history.
    pub(crate) fn event_json(&self, repo: &Repo, event: &Event) -> Value {
        let (word, commit, more) = self.happening(repo, event);
        let url = self.repo_url(repo);
        let commit_url = commit.as_ref().map(|commit| format!("{url}/commits/{commit}"));
        let mut shown = json!({
            "id": event.id,
            "node_id": node("IssueEvent", event.id),
            "url": format!("{url}/issues/events/{}", event.id),
            "actor": self.account_json(event.actor),
            "event": word,
            "commit_id": commit,
            "commit_url": commit_url,
            "created_at": time(event.created_at),
            "performed_via_github_app": self.app_or_null(event.app),
        });
        merge(&mut shown, more);
        shown
    }

    fn happening(&self, repo: &Repo, event: &Event) -> (&'static str, Option<String>, Value) {
        let label = |name: &str, color: &str| json!({"label": {"name": name, "color": color}});
        let person = |id: Id| {
            let (assignee, assigner) = (self.account_json(id), self.account_json(event.actor));
            json!({"assignee": assignee, "assigner": assigner})
        };
        let review = |person: Option<Id>, team: Option<Id>| {
            let mut more = json!({"review_requester": self.account_json(event.actor)});
            if let Some(person) = person {
                more["requested_reviewer"] = self.account_json(person);
            }
            if let Some(team) = team {
                more["requested_team"] = self.team_json(repo.owner, team);
            }
            more
        };
        let (word, more) = match &event.what {
            Happening::Labeled(name, color) => ("labeled", label(name, color)),
            Happening::Unlabeled(name, color) => ("unlabeled", label(name, color)),
            Happening::Assigned(id) => ("assigned", person(*id)),
            Happening::Unassigned(id) => ("unassigned", person(*id)),
            Happening::Closed => ("closed", json!({"state_reason": null})),
            Happening::Reopened => ("reopened", json!({"state_reason": null})),
            Happening::Merged(commit) => return ("merged", Some(commit.clone()), json!({})),
            Happening::Renamed(from, to) => {
                ("renamed", json!({"rename": {"from": from, "to": to}}))
            }
            Happening::BaseRefChanged(..) => ("base_ref_changed", json!({})),
            Happening::HeadRefForcePushed(_, after) => {
                return ("head_ref_force_pushed", Some(after.clone()), json!({}));
            }
            Happening::HeadRefDeleted => ("head_ref_deleted", json!({})),
            Happening::HeadRefRestored => ("head_ref_restored", json!({})),
            Happening::ReviewRequested(one, team) => ("review_requested", review(*one, *team)),
            Happening::ReviewRequestRemoved(one, team) => {
                ("review_request_removed", review(*one, *team))
            }
            Happening::ReviewDismissed(id, state, message) => {
                let state = match state {
                    ReviewState::Approved => "approved",
                    _ => "changes_requested",
                };
                let dismissed =
                    json!({"state": state, "review_id": id, "dismissal_message": message});
                ("review_dismissed", json!({"dismissed_review": dismissed}))
            }
            Happening::Locked => ("locked", json!({"lock_reason": null})),
            Happening::Unlocked => ("unlocked", json!({"lock_reason": null})),
        };
        (word, None, more)
    }

    /// Everything that happened to an issue or pull request, oldest first.
    pub(crate) fn timeline(&self, repo: &Repo, issue: &Issue) -> Result<Vec<Value>, Refusal> {
        let mut found: Vec<(Timestamp, Id, Value)> = Vec::new();
        if issue.pull.is_some() {
            for commit in self.pull_commits(repo.id, issue.number)? {
                let mut shown = self.git_commit_json(repo, &commit);
                shown["event"] = "committed".into();
                found.push((commit.committer.at, 0, shown));
            }
        }
        for event in &issue.events {
            let shown = self.event_json(repo, event);
            found.push((event.created_at, event.id, shown));
        }
        for comment in &issue.comments {
            let mut shown = self.comment_json(repo, issue.number, comment);
            shown["event"] = "commented".into();
            shown["actor"] = shown["user"].clone();
            found.push((comment.created_at, comment.id, shown));
        }
        for review in issue.pull.iter().flat_map(|pull| &pull.reviews) {
            let Some(at) = review.submitted_at else {
                continue;
            };
            let mut shown = self.review_json(repo, issue.number, review);
            shown["event"] = "reviewed".into();
            let state = shown["state"].as_str().unwrap_or_default().to_lowercase();
            shown["state"] = state.into();
            found.push((at, review.id, shown));
        }
        found.sort_by_key(|(at, id, _)| (*at, *id));
        Ok(found.into_iter().map(|(_, _, shown)| shown).collect())
    }
}
