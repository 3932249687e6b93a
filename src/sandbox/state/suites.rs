//! Check suites: the check runs of one App on one commit, taken together.
//! It does not know which of them a branch requires.
//! <https://docs.github.com/en/rest/checks/suites>,
//! <https://docs.github.com/en/webhooks/webhook-events-and-payloads#check_suite>

use serde_json::json;

use super::checks::{newest, no_commit};
use super::{Actor, State};
use crate::sandbox::model::{CheckSuite, Id, Level};
use crate::sandbox::refusal::Refusal;

impl State {
    /// Asks the App for a whole suite again.
    pub(crate) fn rerequest_check_suite(
        &mut self,
        actor: Actor,
        repo: Id,
        id: Id,
    ) -> Result<(), Refusal> {
        let app = self.suite(repo, id)?.app;
        self.reset_suite(repo, id)?;
        self.tell_suite(actor, repo, id, "rerequested", Some(app))
    }

    pub(super) fn reset_suite(&mut self, repo: Id, id: Id) -> Result<(), Refusal> {
        let now = self.now();
        let suites = &mut self.repo_mut(repo)?.check_suites;
        let suite = suites.get_mut(&id).ok_or_else(Refusal::not_found)?;
        suite.rerequested = true;
        suite.updated_at = now;
        Ok(())
    }

    /// Opens a suite for each App that writes checks, as GitHub does when commits arrive at a branch.
    pub(crate) fn open_suites(
        &mut self,
        actor: Actor,
        repo: Id,
        branch: &str,
        before: Option<&str>,
        head: &str,
    ) -> Result<(), Refusal> {
        let seen = self.repo(repo)?;
        let apps: Vec<Id> = self
            .apps
            .keys()
            .filter(|app| {
                self.installation_on(**app, seen).is_some_and(|installed| {
                    installed.suspended_at.is_none()
                        && installed.permissions.get("checks") == Some(&Level::Write)
                })
            })
            .copied()
            .collect();
        for app in apps {
            if self.suite_of(repo, app, head)?.is_some() {
                continue;
            }
            let id = self.add_suite(repo, app, head, Some(branch), before)?;
            self.tell_suite(actor, repo, id, "requested", Some(app))?;
        }
        Ok(())
    }

    /// The suite of an App for a commit; makes it where there is none.
    pub(crate) fn ensure_suite(
        &mut self,
        repo: Id,
        app: Id,
        head_sha: &str,
    ) -> Result<Id, Refusal> {
        let git = self.git(repo)?;
        let commit = (head_sha.len() == 40)
            .then(|| git.object(head_sha))
            .flatten()
            .filter(|oid| git.commit(*oid).is_some())
            .ok_or_else(|| no_commit(head_sha))?;
        if let Some(suite) = self.suite_of(repo, app, &commit.to_string())? {
            return Ok(suite);
        }
        let branch = git
            .references("refs/heads/")?
            .into_iter()
            .find(|(_, tip)| *tip == commit)
            .map(|(name, _)| name.trim_start_matches("refs/heads/").to_owned());
        self.add_suite(repo, app, &commit.to_string(), branch.as_deref(), None)
    }

    /// The suite of an App for a commit.
    pub(crate) fn suite_of(&self, repo: Id, app: Id, sha: &str) -> Result<Option<Id>, Refusal> {
        let suites = &self.repo(repo)?.check_suites;
        Ok(suites
            .values()
            .find(|suite| suite.app == app && suite.head_sha == sha)
            .map(|suite| suite.id))
    }

    fn add_suite(
        &mut self,
        repo: Id,
        app: Id,
        sha: &str,
        branch: Option<&str>,
        before: Option<&str>,
    ) -> Result<Id, Refusal> {
        let (id, now) = (self.new_id(), self.now());
        let suite = CheckSuite {
            id,
            app,
            head_sha: sha.to_owned(),
            head_branch: branch.map(str::to_owned),
            before: before.map(str::to_owned),
            created_at: now,
            updated_at: now,
            rerequested: false,
        };
        self.repo_mut(repo)?.check_suites.insert(id, suite);
        Ok(id)
    }

    /// A suite by id.
    pub(crate) fn suite(&self, repo: Id, id: Id) -> Result<&CheckSuite, Refusal> {
        let suites = &self.repo(repo)?.check_suites;
        suites.get(&id).ok_or_else(Refusal::not_found)
    }

    /// A suite's status and conclusion, as they follow from its newest runs.
    pub(crate) fn suite_standing(
        &self,
        repo: Id,
        id: Id,
    ) -> Result<(&'static str, Option<&'static str>), Refusal> {
        let suite = self.suite(repo, id)?;
        let runs = self.repo(repo)?.check_runs.values();
        let runs = newest(runs.filter(|run| run.suite == id).collect());
        if suite.rerequested || runs.is_empty() {
            return Ok(("queued", None));
        }
        if runs.iter().any(|run| run.status != "completed") {
            let begun = runs.iter().any(|run| run.status != "queued");
            return Ok((if begun { "in_progress" } else { "queued" }, None));
        }
        let worst = SEVERITY
            .into_iter()
            .find(|word| runs.iter().any(|run| run.conclusion.as_deref() == Some(word)));
        Ok(("completed", worst.or(Some("neutral"))))
    }

    pub(super) fn tell_suite(
        &mut self,
        actor: Actor,
        repo: Id,
        id: Id,
        action: &str,
        only: Option<Id>,
    ) -> Result<(), Refusal> {
        let shown = self.check_suite_json(self.repo(repo)?, self.suite(repo, id)?);
        let body = json!({"check_suite": shown});
        self.emit_to(repo, actor, "check_suite", Some(action), body, only);
        Ok(())
    }
}

/// A suite has the first of these conclusions that one of its runs has.
const SEVERITY: [&str; 8] = [
    "failure",
    "timed_out",
    "cancelled",
    "action_required",
    "stale",
    "success",
    "neutral",
    "skipped",
];
