//! Issues and the conversation on issues and pull requests.
//! It does not know what a pull request changes.
//! <https://docs.github.com/en/rest/issues/issues>, <https://docs.github.com/en/rest/issues/comments>

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Actor, State};
use crate::sandbox::model::issue::Event;
use crate::sandbox::model::{Comment, Happening, Id, Issue, Pull};
use crate::sandbox::refusal::Refusal;

/// The most characters that a body may have.
const LONGEST_BODY: usize = 65_536;
/// The most characters that a title may have.
const LONGEST_TITLE: usize = 256;

impl State {
    /// Opens an issue; with `pull` it is a pull request.
    pub(crate) fn open_issue(
        &mut self,
        actor: Actor,
        repo: Id,
        title: &str,
        body: Option<&str>,
        pull: Option<Pull>,
    ) -> Result<u64, Refusal> {
        let resource = if pull.is_some() { "PullRequest" } else { "Issue" };
        check_title(resource, title)?;
        check_body(resource, body.unwrap_or_default())?;
        let (id, now) = (self.new_id(), self.now());
        let home = self.repo_mut(repo)?;
        home.last_number += 1;
        let number = home.last_number;
        let issue = Issue {
            id,
            number,
            title: title.to_owned(),
            body: body.map(str::to_owned),
            author: actor.account,
            app: actor.app,
            open: true,
            state_reason: None,
            locked: false,
            labels: Vec::new(),
            assignees: BTreeSet::new(),
            created_at: now,
            updated_at: now,
            closed_at: None,
            closed_by: None,
            comments: Vec::new(),
            events: Vec::new(),
            reactions: Vec::new(),
            pull,
        };
        home.issues.insert(number, issue);
        Ok(number)
    }

    /// Opens an issue that is none but an issue.
    pub(crate) fn create_issue(
        &mut self,
        actor: Actor,
        repo: Id,
        title: &str,
        body: Option<&str>,
    ) -> Result<u64, Refusal> {
        let number = self.open_issue(actor, repo, title, body, None)?;
        let body = self.issue_event(repo, number)?;
        self.emit(repo, actor, "issues", Some("opened"), body);
        Ok(number)
    }

    /// Changes title or body.
    pub(crate) fn edit_issue(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        title: Option<&str>,
        body: Option<Option<&str>>,
    ) -> Result<(), Refusal> {
        let issue = self.issue(repo, number)?;
        let resource = if issue.pull.is_some() { "PullRequest" } else { "Issue" };
        let mut changes = json!({});
        if let Some(title) = title.filter(|title| *title != issue.title) {
            check_title(resource, title)?;
            changes["title"] = json!({"from": issue.title});
        }
        if let Some(body) = body.filter(|body| *body != issue.body.as_deref()) {
            check_body(resource, body.unwrap_or_default())?;
            changes["body"] = json!({"from": issue.body});
        }
        if changes == json!({}) {
            return Ok(());
        }
        let old = issue.title.clone();
        let issue = self.issue_mut(repo, number)?;
        if let Some(title) = title {
            title.clone_into(&mut issue.title);
        }
        if let Some(body) = body {
            issue.body = body.map(str::to_owned);
        }
        let new = issue.title.clone();
        if old != new {
            self.happened(actor, repo, number, Happening::Renamed(old, new))?;
        }
        self.touch(repo, number)?;
        self.emit_about(actor, repo, number, "edited", json!({"changes": changes}))
    }

    /// Closes or reopens.
    pub(crate) fn set_open(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        open: bool,
        reason: Option<&str>,
    ) -> Result<(), Refusal> {
        let now = self.now();
        let issue = self.issue_mut(repo, number)?;
        if issue.open == open {
            return Ok(());
        }
        issue.open = open;
        issue.closed_at = (!open).then_some(now);
        issue.closed_by = (!open).then_some(actor.account);
        let is_pull = issue.pull.is_some();
        issue.state_reason = match (is_pull, open) {
            (true, _) => None,
            (false, true) => Some("reopened".to_owned()),
            (false, false) => Some(reason.unwrap_or("completed").to_owned()),
        };
        let what = if open { Happening::Reopened } else { Happening::Closed };
        self.happened(actor, repo, number, what)?;
        self.touch(repo, number)?;
        let action = if open { "reopened" } else { "closed" };
        self.emit_about(actor, repo, number, action, json!({}))
    }

    /// Sets who is assigned; the ones who were and are not any more are taken off.
    pub(crate) fn assign(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        assignees: &BTreeSet<Id>,
    ) -> Result<(), Refusal> {
        let before =
            std::mem::replace(&mut self.issue_mut(repo, number)?.assignees, assignees.clone());
        let changed = assignees
            .difference(&before)
            .map(|person| (*person, true))
            .chain(before.difference(assignees).map(|person| (*person, false)));
        for (person, added) in changed.collect::<Vec<_>>() {
            let (what, action) = if added {
                (Happening::Assigned(person), "assigned")
            } else {
                (Happening::Unassigned(person), "unassigned")
            };
            self.happened(actor, repo, number, what)?;
            let more = json!({"assignee": self.account_json(person)});
            self.emit_about(actor, repo, number, action, more)?;
        }
        Ok(())
    }

    /// Adds a comment.
    pub(crate) fn comment(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        body: &str,
    ) -> Result<Id, Refusal> {
        if body.trim().is_empty() {
            return Err(Refusal::invalid("IssueComment", "body", "missing_field"));
        }
        check_body("IssueComment", body)?;
        if self.issue(repo, number)?.locked
            && self.role(actor.account, repo) < crate::sandbox::model::Role::Write
        {
            return Err(Refusal::new(403, "Unable to create comment because issue is locked."));
        }
        let (id, now) = (self.new_id(), self.now());
        self.issue_mut(repo, number)?.comments.push(Comment {
            id,
            author: actor.account,
            app: actor.app,
            body: body.to_owned(),
            created_at: now,
            updated_at: now,
            reactions: Vec::new(),
        });
        self.touch(repo, number)?;
        self.emit_comment(actor, repo, number, id, "created", json!({}))?;
        Ok(id)
    }

    /// Changes a comment.
    pub(crate) fn edit_comment(
        &mut self,
        actor: Actor,
        repo: Id,
        id: Id,
        body: &str,
    ) -> Result<(), Refusal> {
        check_body("IssueComment", body)?;
        let now = self.now();
        let (number, _) = self.find_comment(repo, id)?;
        let comments = &mut self.issue_mut(repo, number)?.comments;
        let comment =
            comments.iter_mut().find(|comment| comment.id == id).ok_or_else(Refusal::not_found)?;
        let old = std::mem::replace(&mut comment.body, body.to_owned());
        comment.updated_at = now;
        let changes = json!({"changes": {"body": {"from": old}}});
        self.emit_comment(actor, repo, number, id, "edited", changes)
    }

    /// Removes a comment.
    pub(crate) fn delete_comment(&mut self, actor: Actor, repo: Id, id: Id) -> Result<(), Refusal> {
        let (number, _) = self.find_comment(repo, id)?;
        self.emit_comment(actor, repo, number, id, "deleted", json!({}))?;
        let issue = self.issue_mut(repo, number)?;
        issue.comments.retain(|comment| comment.id != id);
        Ok(())
    }

    /// A comment, with the number of the issue on which it stands.
    pub(crate) fn find_comment(&self, repo: Id, id: Id) -> Result<(u64, &Comment), Refusal> {
        let issues = self.repo(repo)?.issues.values();
        issues
            .flat_map(|issue| issue.comments.iter().map(|comment| (issue.number, comment)))
            .find(|(_, comment)| comment.id == id)
            .ok_or_else(Refusal::not_found)
    }

    /// Adds to an issue's history.
    pub(crate) fn happened(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        what: Happening,
    ) -> Result<(), Refusal> {
        let (id, created_at) = (self.new_id(), self.now());
        self.issue_mut(repo, number)?.events.push(Event {
            id,
            actor: actor.account,
            app: actor.app,
            created_at,
            what,
        });
        Ok(())
    }

    /// Notes that an issue has changed now.
    pub(crate) fn touch(&mut self, repo: Id, number: u64) -> Result<(), Refusal> {
        let now = self.now();
        self.issue_mut(repo, number)?.updated_at = now;
        Ok(())
    }

    /// Tells of something that happened to an issue (`issues`) or a pull request (`pull_request`).
    pub(crate) fn emit_about(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        action: &str,
        more: Value,
    ) -> Result<(), Refusal> {
        let pull = self.issue(repo, number)?.pull.is_some();
        let (event, mut body) = if pull {
            ("pull_request", self.pull_event(repo, number)?)
        } else {
            ("issues", self.issue_event(repo, number)?)
        };
        crate::sandbox::shape::merge(&mut body, more);
        self.emit(repo, actor, event, Some(action), body);
        Ok(())
    }

    fn issue_event(&self, repo: Id, number: u64) -> Result<Value, Refusal> {
        let issue = self.issue(repo, number)?;
        Ok(json!({"issue": self.issue_json(self.repo(repo)?, issue)}))
    }

    fn emit_comment(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        id: Id,
        action: &str,
        more: Value,
    ) -> Result<(), Refusal> {
        let mut body = self.issue_event(repo, number)?;
        let (_, comment) = self.find_comment(repo, id)?;
        body["comment"] = self.comment_json(self.repo(repo)?, number, comment);
        crate::sandbox::shape::merge(&mut body, more);
        self.emit(repo, actor, "issue_comment", Some(action), body);
        Ok(())
    }
}

/// A title that GitHub takes.
pub(crate) fn check_title(resource: &str, title: &str) -> Result<(), Refusal> {
    if title.trim().is_empty() {
        Err(Refusal::invalid(resource, "title", "missing_field"))
    } else if title.chars().count() > LONGEST_TITLE {
        Err(Refusal::custom(
            resource,
            format!("title is too long (maximum is {LONGEST_TITLE} characters)"),
        ))
    } else {
        Ok(())
    }
}

/// A body that GitHub takes.
pub(crate) fn check_body(resource: &str, body: &str) -> Result<(), Refusal> {
    if body.chars().count() > LONGEST_BODY {
        Err(Refusal::custom(
            resource,
            format!("body is too long (maximum is {LONGEST_BODY} characters)"),
        ))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::seed::tests::{demo_repo, offer, person, put, seeded};
    use crate::sandbox::state::Subject;

    /// The comments' events of a box, oldest first.
    fn told(state: &mut State) -> Vec<Value> {
        let sent = std::mem::take(&mut state.around.outbox).into_iter();
        let sent = sent.filter(|one| one.event == "issue_comment");
        sent.map(|one| one.payload).collect()
    }

    #[test]
    fn what_becomes_of_a_comment_is_told_with_all_that_it_stands_on() {
        let (mut state, _folder) = seeded();
        let (repo, ada, sam) = (demo_repo(&state), person(&state, "ada"), person(&state, "sam"));
        put(&mut state, "ada", "topic", "a.txt", "a");
        let pull = offer(&mut state, "ada", "topic");
        let id = state.comment(ada, repo, pull, "/promote prod").unwrap();
        let later: jiff::Timestamp = "2026-11-20T12:00:09Z".parse().unwrap();
        state.around.now = std::sync::Arc::new(move || later);
        state.edit_comment(sam, repo, id, "/promote staging").unwrap();
        state.react(sam, repo, Subject::Comment(id), "eyes").unwrap();
        state.delete_comment(ada, repo, id).unwrap();
        let events = told(&mut state);
        let actions: Vec<&str> = events.iter().map(|e| e["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["created", "edited", "deleted"]);
        for event in &events {
            assert_eq!(
                (&event["comment"]["id"], &event["issue"]["number"]),
                (&id.into(), &pull.into())
            );
            assert!(event["issue"]["pull_request"]["url"].is_string());
            for key in ["repository", "organization", "installation"] {
                assert!(event[key]["id"].is_u64(), "{key}");
            }
        }
        let times = |event: &Value| {
            let at = |key| event["comment"][key].as_str().unwrap().to_owned();
            (at("created_at"), at("updated_at"))
        };
        let (first, last) = ("2026-11-20T12:00:00Z", "2026-11-20T12:00:09Z");
        assert_eq!(times(&events[0]), (first.to_owned(), first.to_owned()));
        assert_eq!(times(&events[1]), (first.to_owned(), last.to_owned()));
        assert_eq!(events[1]["changes"]["body"]["from"], "/promote prod");
        assert_eq!(events[1]["sender"]["login"], "sam");
        assert_eq!(events[1]["comment"]["user"]["login"], "ada");
        assert!(state.find_comment(repo, id).is_err());

        let issue = state.create_issue(ada, repo, "Slow", None).unwrap();
        state.comment(ada, repo, issue, "/status").unwrap();
        assert_eq!(told(&mut state)[0]["issue"].get("pull_request"), None);
    }
}
