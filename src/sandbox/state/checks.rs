//! Check runs and the suites that they belong to.
//! It does not know which of them a branch requires.
//! <https://docs.github.com/en/rest/checks/runs>, <https://docs.github.com/en/rest/checks/suites>,
//! <https://docs.github.com/en/webhooks/webhook-events-and-payloads#check_run>

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Actor, State};
use crate::sandbox::model::{CheckRun, CheckSuite, Id, Issue, Level};
use crate::sandbox::refusal::Refusal;

/// What is to be said of a check run; `None` leaves it as it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunChange {
    pub(crate) name: Option<String>,
    pub(crate) details_url: Option<String>,
    pub(crate) external_id: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) conclusion: Option<String>,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) completed_at: Option<Timestamp>,
    pub(crate) output: Option<Output>,
    pub(crate) actions: Option<Vec<Value>>,
}

/// What a check run says for people.
#[derive(Clone, Debug, Default)]
pub(crate) struct Output {
    pub(crate) title: Option<String>,
    pub(crate) summary: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) annotations: Vec<Value>,
}

impl State {
    /// Makes a check run of an App for a commit.
    pub(crate) fn create_check_run(
        &mut self,
        actor: Actor,
        repo: Id,
        head_sha: &str,
        change: RunChange,
    ) -> Result<Id, Refusal> {
        let app = actor.app.ok_or_else(not_an_app)?;
        let suite = self.ensure_suite(repo, app, head_sha)?;
        let id = self.new_id();
        let now = self.now();
        let mut run = CheckRun {
            id,
            suite,
            app,
            name: String::new(),
            head_sha: self.suite(repo, suite)?.head_sha.clone(),
            external_id: String::new(),
            details_url: None,
            status: "queued".to_owned(),
            conclusion: None,
            started_at: Some(now),
            completed_at: None,
            title: None,
            summary: None,
            text: None,
            annotations: Vec::new(),
            actions: Vec::new(),
        };
        apply(&mut run, change, now);
        self.put_run(actor, repo, run, &["created"])?;
        Ok(id)
    }

    /// Changes a check run; annotations are added to those that are there.
    pub(crate) fn update_check_run(
        &mut self,
        actor: Actor,
        repo: Id,
        id: Id,
        change: RunChange,
    ) -> Result<(), Refusal> {
        let mut run = self.check_run(repo, id)?.clone();
        if actor.app != Some(run.app) {
            return Err(match actor.app {
                None => not_an_app(),
                Some(app) => Refusal::new(
                    403,
                    format!(
                        "Invalid app_id `{app}` - check run can only be modified by the GitHub App that created it."
                    ),
                ),
            });
        }
        let now = self.now();
        apply(&mut run, change, now);
        self.put_run(actor, repo, run, &[])
    }

    fn put_run(
        &mut self,
        actor: Actor,
        repo: Id,
        run: CheckRun,
        told: &[&str],
    ) -> Result<(), Refusal> {
        let (id, suite, now) = (run.id, run.suite, self.now());
        let before = self.suite_standing(repo, suite)?;
        let changed = self.repo_mut(repo)?;
        let was = changed.check_runs.insert(id, run.clone());
        if let Some(suite) = changed.check_suites.get_mut(&suite) {
            suite.rerequested = false;
            suite.updated_at = now;
        }
        for action in told {
            self.tell_run(actor, repo, id, action, json!({}), None)?;
        }
        let completed =
            was.is_none_or(|was| was.status != "completed" || was.conclusion != run.conclusion);
        if run.status == "completed" && completed {
            self.tell_run(actor, repo, id, "completed", json!({}), None)?;
        }
        let after = self.suite_standing(repo, suite)?;
        if after.0 == "completed" && before != after {
            self.tell_suite(actor, repo, suite, "completed", None)?;
        }
        Ok(())
    }

    /// Asks the App for a check run again.
    pub(crate) fn rerequest_check_run(
        &mut self,
        actor: Actor,
        repo: Id,
        id: Id,
    ) -> Result<(), Refusal> {
        let (app, suite) = {
            let run = self.check_run(repo, id)?;
            (run.app, run.suite)
        };
        self.reset_suite(repo, suite)?;
        self.tell_run(actor, repo, id, "rerequested", json!({}), Some(app))
    }

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

    fn reset_suite(&mut self, repo: Id, id: Id) -> Result<(), Refusal> {
        let now = self.now();
        let suites = &mut self.repo_mut(repo)?.check_suites;
        let suite = suites.get_mut(&id).ok_or_else(Refusal::not_found)?;
        suite.rerequested = true;
        suite.updated_at = now;
        Ok(())
    }

    /// Presses one of a check run's buttons, which are there once it is completed.
    pub(crate) fn request_action(
        &mut self,
        actor: Actor,
        repo: Id,
        id: Id,
        identifier: &str,
    ) -> Result<(), Refusal> {
        let run = self.check_run(repo, id)?;
        let offered = run
            .actions
            .iter()
            .any(|one| one["identifier"] == identifier);
        if !offered || run.status != "completed" {
            return Err(Refusal::not_found());
        }
        let app = run.app;
        let pressed = json!({"requested_action": {"identifier": identifier}});
        self.tell_run(actor, repo, id, "requested_action", pressed, Some(app))
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

    /// A check run by id.
    pub(crate) fn check_run(&self, repo: Id, id: Id) -> Result<&CheckRun, Refusal> {
        let runs = &self.repo(repo)?.check_runs;
        runs.get(&id).ok_or_else(Refusal::not_found)
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
        let worst = SEVERITY.into_iter().find(|word| {
            runs.iter()
                .any(|run| run.conclusion.as_deref() == Some(word))
        });
        Ok(("completed", worst.or(Some("neutral"))))
    }

    /// The open pull requests of this repository whose head is this commit. A fork's are not told.
    pub(crate) fn pulls_at(&self, repo: Id, sha: &str) -> Vec<&Issue> {
        let issues = self.repos.get(&repo).map(|repo| repo.issues.values());
        let here = |issue: &&Issue| {
            issue.open
                && issue
                    .pull
                    .as_ref()
                    .is_some_and(|pull| pull.head.sha == sha && pull.head.repo == Some(repo))
        };
        issues.into_iter().flatten().filter(here).collect()
    }

    fn tell_run(
        &mut self,
        actor: Actor,
        repo: Id,
        id: Id,
        action: &str,
        mut body: Value,
        only: Option<Id>,
    ) -> Result<(), Refusal> {
        let (seen, run) = (self.repo(repo)?, self.check_run(repo, id)?);
        let mut shown = self.check_run_json(seen, run);
        shown["check_suite"] = self.check_suite_in_run_json(seen, self.suite(repo, run.suite)?);
        body["check_run"] = shown;
        self.emit_to(repo, actor, "check_run", Some(action), body, only);
        Ok(())
    }

    fn tell_suite(
        &mut self,
        actor: Actor,
        repo: Id,
        id: Id,
        action: &str,
        only: Option<Id>,
    ) -> Result<(), Refusal> {
        let mut shown = self.check_suite_json(self.repo(repo)?, self.suite(repo, id)?);
        // GitHub's description of this payload is older than these events.
        if let Some(events) = shown["app"]["events"].as_array_mut() {
            events.retain(|event| event != "deployment_protection_rule" && event != "merge_group");
        }
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

/// The newest run of each App and name.
pub(crate) fn newest(runs: Vec<&CheckRun>) -> Vec<&CheckRun> {
    let named: BTreeMap<(Id, &str), &CheckRun> = runs
        .into_iter()
        .map(|run| ((run.app, run.name.as_str()), run))
        .collect();
    let mut newest: Vec<&CheckRun> = named.into_values().collect();
    newest.sort_by_key(|run| run.id);
    newest
}

/// 422: there is no such commit.
pub(crate) fn no_commit(sha: &str) -> Refusal {
    Refusal::unprocessable(format!("No commit found for SHA: {sha}"))
}

fn not_an_app() -> Refusal {
    Refusal::new(403, "You must authenticate via a GitHub App.")
}

fn apply(run: &mut CheckRun, change: RunChange, now: Timestamp) {
    run.name = change.name.unwrap_or_else(|| run.name.clone());
    run.external_id = change
        .external_id
        .unwrap_or_else(|| run.external_id.clone());
    run.details_url = change.details_url.or_else(|| run.details_url.take());
    run.started_at = change.started_at.or(run.started_at);
    run.actions = change.actions.unwrap_or_else(|| run.actions.clone());
    match (change.conclusion, change.status) {
        (Some(conclusion), _) => {
            run.status = "completed".to_owned();
            run.conclusion = Some(conclusion);
            run.completed_at = change.completed_at.or(Some(now));
        }
        (None, Some(status)) if status != "completed" => {
            run.status = status;
            run.conclusion = None;
            run.completed_at = None;
        }
        _ => run.completed_at = change.completed_at.or(run.completed_at),
    }
    if let Some(output) = change.output {
        run.title = output.title.or_else(|| run.title.take());
        run.summary = output.summary.or_else(|| run.summary.take());
        run.text = output.text.or_else(|| run.text.take());
        run.annotations.extend(output.annotations);
    }
}
