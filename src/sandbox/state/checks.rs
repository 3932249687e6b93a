//! Check runs.
//! It does not know which of them a branch requires.
//! <https://docs.github.com/en/rest/checks/runs>,
//! <https://docs.github.com/en/webhooks/webhook-events-and-payloads#check_run>

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Actor, State};
use crate::sandbox::model::{CheckRun, Id, Issue, Role};
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
        self.put_run(actor, repo, &run, &["created"])?;
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
        self.put_run(actor, repo, &run, &[])
    }

    fn put_run(
        &mut self,
        actor: Actor,
        repo: Id,
        run: &CheckRun,
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

    /// The same by a person, who has to be allowed to push.
    pub(crate) fn press_button(
        &mut self,
        actor: Actor,
        repo: Id,
        id: Id,
        identifier: &str,
    ) -> Result<(), Refusal> {
        if self.role(actor.account, repo) < Role::Write {
            return Err(Refusal::new(403, "Must have push access to repository"));
        }
        self.request_action(actor, repo, id, identifier)
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
        let offered = run.actions.iter().any(|one| one["identifier"] == identifier);
        if !offered || run.status != "completed" {
            return Err(Refusal::not_found());
        }
        let app = run.app;
        let pressed = json!({"requested_action": {"identifier": identifier}});
        self.tell_run(actor, repo, id, "requested_action", pressed, Some(app))
    }

    /// A check run by id.
    pub(crate) fn check_run(&self, repo: Id, id: Id) -> Result<&CheckRun, Refusal> {
        let runs = &self.repo(repo)?.check_runs;
        runs.get(&id).ok_or_else(Refusal::not_found)
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
}

/// The newest run of each App and name.
pub(crate) fn newest(runs: Vec<&CheckRun>) -> Vec<&CheckRun> {
    let named: BTreeMap<(Id, &str), &CheckRun> =
        runs.into_iter().map(|run| ((run.app, run.name.as_str()), run)).collect();
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
    run.external_id = change.external_id.unwrap_or_else(|| run.external_id.clone());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::seed::tests::seeded;

    struct Scene {
        state: State,
        _folder: crate::sandbox::folder::Folder,
        bot: Actor,
        repo: Id,
        head: String,
    }

    fn scene() -> Scene {
        let (state, folder) = seeded();
        let app = state.apps.values().next().unwrap();
        let bot = Actor { account: app.bot, app: Some(app.id) };
        let repo = state.repo_named("acme", "microservices-demo").unwrap().id;
        let head = state.git(repo).unwrap().branch("main").unwrap().to_string();
        Scene { state, _folder: folder, bot, repo, head }
    }

    fn run(name: &str, conclusion: Option<&str>) -> RunChange {
        RunChange {
            name: Some(name.to_owned()),
            conclusion: conclusion.map(str::to_owned),
            ..RunChange::default()
        }
    }

    fn annotated(messages: &[&str]) -> RunChange {
        let annotations = messages.iter().map(|message| json!({"message": message}));
        RunChange {
            output: Some(Output {
                summary: Some("s".to_owned()),
                annotations: annotations.collect(),
                ..Output::default()
            }),
            ..RunChange::default()
        }
    }

    fn told(state: &mut State) -> Vec<String> {
        let outbox = std::mem::take(&mut state.around.outbox);
        outbox
            .into_iter()
            .map(|one| format!("{}.{}", one.event, one.action.unwrap_or_default()))
            .collect()
    }

    #[test]
    fn annotations_are_added_to_those_before() {
        let Scene { mut state, _folder, bot, repo, head } = scene();
        let begun = RunChange { name: Some("gates".to_owned()), ..annotated(&["one", "two"]) };
        let id = state.create_check_run(bot, repo, &head, begun).unwrap();
        state.update_check_run(bot, repo, id, annotated(&["three"])).unwrap();
        state.update_check_run(bot, repo, id, run("gates", Some("failure"))).unwrap();
        let run = state.check_run(repo, id).unwrap();
        let messages: Vec<&str> =
            run.annotations.iter().map(|one| one["message"].as_str().unwrap()).collect();
        assert_eq!(messages, ["one", "two", "three"]);
        assert_eq!(run.status, "completed");
        assert!(run.completed_at.is_some());
    }

    #[test]
    fn only_apps_make_checks_and_only_their_own_change() {
        let Scene { mut state, _folder, bot, repo, head } = scene();
        let ada = Actor::person(state.account_named("ada").unwrap().id);
        let refused = state.create_check_run(ada, repo, &head, run("x", None)).unwrap_err();
        assert_eq!(refused.status, 403);
        let id = state.create_check_run(bot, repo, &head, run("x", None)).unwrap();
        let other = Actor { app: Some(1), ..bot };
        assert_eq!(
            state.update_check_run(other, repo, id, run("x", None)).unwrap_err().status,
            403
        );
        let nowhere =
            state.create_check_run(bot, repo, &"0".repeat(40), run("x", None)).unwrap_err();
        assert_eq!(nowhere.status, 422);
        assert!(nowhere.message.starts_with("No commit found"));
    }

    #[test]
    fn a_suite_follows_its_newest_runs() {
        let Scene { mut state, _folder, bot, repo, head } = scene();
        let first = state.create_check_run(bot, repo, &head, run("a", Some("failure"))).unwrap();
        let suite = state.check_run(repo, first).unwrap().suite;
        assert_eq!(
            told(&mut state),
            ["check_run.created", "check_run.completed", "check_suite.completed"]
        );
        assert_eq!(state.suite_standing(repo, suite).unwrap(), ("completed", Some("failure")));
        state.create_check_run(bot, repo, &head, run("a", None)).unwrap();
        assert_eq!(state.suite_standing(repo, suite).unwrap(), ("queued", None));
        let last = state.create_check_run(bot, repo, &head, run("a", Some("success"))).unwrap();
        assert_eq!(state.suite_standing(repo, suite).unwrap(), ("completed", Some("success")));
        told(&mut state);
        state.rerequest_check_run(bot, repo, last).unwrap();
        assert_eq!(told(&mut state), ["check_run.rerequested"]);
        assert_eq!(state.suite_standing(repo, suite).unwrap(), ("queued", None));
        assert_eq!(state.check_run(repo, last).unwrap().status, "completed");
    }

    #[test]
    fn buttons_are_there_once_the_run_is_completed() {
        let Scene { mut state, _folder, bot, repo, head } = scene();
        let offered = RunChange {
            actions: Some(vec![json!({"label": "Go", "description": "go", "identifier": "go"})]),
            ..run("gates", None)
        };
        let id = state.create_check_run(bot, repo, &head, offered).unwrap();
        assert!(state.request_action(bot, repo, id, "go").is_err());
        state.update_check_run(bot, repo, id, run("gates", Some("action_required"))).unwrap();
        assert!(state.request_action(bot, repo, id, "stop").is_err());
        told(&mut state);
        state.request_action(bot, repo, id, "go").unwrap();
        let sent = &state.around.outbox[0];
        assert_eq!(sent.action.as_deref(), Some("requested_action"));
        assert_eq!(sent.payload["requested_action"]["identifier"], "go");
    }
}
