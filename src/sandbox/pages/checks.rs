//! What checks and statuses say about a commit: the newest of each name, and all of them together.
//! It does not know pull requests.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use super::desk::{Desk, Frame};
use super::parts::{Html, Icon, Moment, icon, short};
use super::visit::{Page, Visit};
use crate::sandbox::model::{CheckRun, CommitStatus, Id, Repo};
use crate::sandbox::refusal::Refusal;

/// One check or status of a commit.
pub(super) struct Check {
    /// The check run; a status has no page.
    pub(super) run: Option<Id>,
    pub(super) name: String,
    pub(super) by: String,
    pub(super) tone: Tone,
    /// "Successful in 2s", "Expected — Waiting for status to be reported".
    pub(super) word: String,
    pub(super) title: String,
    pub(super) required: bool,
    pub(super) link: Option<String>,
    pub(super) summary: Html,
    pub(super) text: Html,
    pub(super) annotations: Vec<Annotation>,
    /// What the App offers once it is completed: label, description, identifier.
    pub(super) buttons: Vec<(String, String, String)>,
}

/// A remark of a check on a line.
pub(super) struct Annotation {
    pub(super) tone: Tone,
    pub(super) level: String,
    pub(super) place: String,
    pub(super) href: String,
    pub(super) title: String,
    pub(super) message: String,
}

/// How good something is; also its CSS class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tone {
    Mute,
    Good,
    Wait,
    Bad,
}

impl Tone {
    /// The CSS class.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Wait => "wait",
            Self::Mute => "mute",
        }
    }

    /// The drawing.
    pub(super) fn icon(self) -> Icon {
        icon(match self {
            Self::Good => "check",
            Self::Bad => "cross",
            Self::Wait => "dot",
            Self::Mute => "skip",
        })
    }
}

/// All checks of a commit in one sentence.
pub(super) struct Overall {
    pub(super) tone: Tone,
    pub(super) sentence: &'static str,
    /// "1 failing, 2 successful".
    pub(super) counts: String,
}

/// What is said about a commit: required first, then by name. Required ones that nobody has
/// reported are there too.
pub(super) fn of_commit(
    desk: &Desk<'_>,
    repo: &Repo,
    sha: &str,
    required: &[String],
) -> Vec<Check> {
    let mut newest: Vec<&CheckRun> = Vec::new();
    for run in repo.check_runs.values().filter(|run| run.head_sha == sha) {
        newest.retain(|other| (other.app, &other.name) != (run.app, &run.name));
        newest.push(run);
    }
    let mut statuses: Vec<&CommitStatus> = Vec::new();
    for status in repo.statuses.iter().filter(|status| status.sha == sha) {
        statuses.retain(|other| other.context != status.context);
        statuses.push(status);
    }
    let mut checks: Vec<Check> = newest.into_iter().map(|run| from_run(desk, repo, run)).collect();
    checks.extend(statuses.into_iter().map(|status| from_status(desk, status)));
    let absent = required.iter().filter(|name| !checks.iter().any(|check| check.name == **name));
    let absent: Vec<Check> = absent.map(|name| expected(name)).collect();
    checks.extend(absent);
    for check in &mut checks {
        check.required = required.contains(&check.name);
    }
    checks.sort_by(|a, b| (!a.required, &a.name).cmp(&(!b.required, &b.name)));
    checks
}

/// All of them together; nothing where there is none.
pub(super) fn overall(checks: &[Check]) -> Option<Overall> {
    let tone = checks.iter().map(|check| check.tone).max()?;
    let count = |tone: Tone, word: &str| {
        let count = checks.iter().filter(|check| check.tone == tone).count();
        (count > 0).then(|| format!("{count} {word}"))
    };
    let counts = [
        count(Tone::Bad, "failing"),
        count(Tone::Wait, "pending"),
        count(Tone::Mute, "skipped or neutral"),
        count(Tone::Good, "successful"),
    ];
    Some(Overall {
        tone: if tone == Tone::Mute { Tone::Good } else { tone },
        sentence: match tone {
            Tone::Bad => "Some checks were not successful",
            Tone::Wait => "Some checks haven't completed yet",
            Tone::Good | Tone::Mute => "All checks have passed",
        },
        counts: counts.into_iter().flatten().collect::<Vec<_>>().join(", "),
    })
}

fn expected(name: &str) -> Check {
    Check {
        run: None,
        name: name.to_owned(),
        by: String::new(),
        tone: Tone::Wait,
        word: "Expected — Waiting for status to be reported".to_owned(),
        title: String::new(),
        required: true,
        link: None,
        summary: Html::default(),
        text: Html::default(),
        annotations: Vec::new(),
        buttons: Vec::new(),
    }
}

fn from_run(desk: &Desk<'_>, repo: &Repo, run: &CheckRun) -> Check {
    let (tone, word) = match (run.status.as_str(), run.conclusion.as_deref()) {
        ("completed", Some("success")) => (Tone::Good, took(run)),
        ("completed", Some("neutral")) => (Tone::Mute, "Neutral".to_owned()),
        ("completed", Some("skipped")) => (Tone::Mute, "Skipped".to_owned()),
        ("completed", Some("cancelled")) => (Tone::Bad, "Cancelled".to_owned()),
        ("completed", Some("timed_out")) => (Tone::Bad, "Timed out".to_owned()),
        ("completed", Some("action_required")) => (Tone::Bad, "Action required".to_owned()),
        ("completed", _) => (Tone::Bad, "Failing".to_owned()),
        ("in_progress", _) => (Tone::Wait, "In progress".to_owned()),
        _ => (Tone::Wait, "Queued".to_owned()),
    };
    let app = desk.state.apps.get(&run.app);
    let markdown = |text: &Option<String>| {
        let text = text.as_deref().unwrap_or_default();
        desk.markdown(repo, text, true)
    };
    let home = desk.home(repo);
    Check {
        run: Some(run.id),
        name: run.name.clone(),
        by: app.map_or_else(String::new, |app| app.name.clone()),
        tone,
        word,
        title: run.title.clone().unwrap_or_default(),
        required: false,
        link: run.details_url.clone().filter(|url| is_web(url)),
        summary: markdown(&run.summary),
        text: markdown(&run.text),
        annotations: run
            .annotations
            .iter()
            .map(|annotation| remark(annotation, &home, &run.head_sha))
            .collect(),
        buttons: match run.status.as_str() {
            "completed" => run.actions.iter().map(button).collect(),
            _ => Vec::new(),
        },
    }
}

fn button(action: &serde_json::Value) -> (String, String, String) {
    let text = |key: &str| action[key].as_str().unwrap_or_default().to_owned();
    (text("label"), text("description"), text("identifier"))
}

fn took(run: &CheckRun) -> String {
    let seconds = run
        .started_at
        .zip(run.completed_at)
        .map(|(start, end)| end.as_second() - start.as_second());
    match seconds {
        Some(seconds) if seconds > 0 => format!("Successful in {seconds}s"),
        _ => "Successful".to_owned(),
    }
}

fn remark(annotation: &serde_json::Value, home: &str, sha: &str) -> Annotation {
    let text = |key: &str| annotation[key].as_str().unwrap_or_default().to_owned();
    let (path, level) = (text("path"), text("annotation_level"));
    let line = annotation["start_line"].as_u64().unwrap_or(1);
    Annotation {
        tone: match level.as_str() {
            "failure" => Tone::Bad,
            "warning" => Tone::Wait,
            _ => Tone::Mute,
        },
        href: format!("{home}/blob/{sha}/{}?plain=1#L{line}", super::parts::segment(&path, true)),
        place: format!("{path}:{line}"),
        level,
        title: text("title"),
        message: text("message"),
    }
}

fn from_status(desk: &Desk<'_>, status: &CommitStatus) -> Check {
    let (tone, word) = match status.state.as_str() {
        "success" => (Tone::Good, "Successful"),
        "pending" => (Tone::Wait, "Pending"),
        _ => (Tone::Bad, "Failing"),
    };
    Check {
        by: desk.state.login(status.creator).to_owned(),
        tone,
        word: word.to_owned(),
        title: status.description.clone().unwrap_or_default(),
        link: status.target_url.clone().filter(|url| is_web(url)),
        ..expected(&status.context)
    }
}

fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

#[derive(Template)]
#[template(path = "sandbox/pages/templates/run.html")]
struct RunPage {
    frame: Frame,
    home: String,
    sha: String,
    short: String,
    at: Option<Moment>,
    checks: Vec<Check>,
}

/// The page of one check run.
pub(super) async fn run(
    visit: Visit,
    Path((owner, name, id)): Path<(String, String, Id)>,
) -> Response {
    visit.show(move |desk| show_run(desk, &owner, &name, id)).await
}

fn show_run(desk: &mut Desk<'_>, owner: &str, name: &str, id: Id) -> Result<Page, Refusal> {
    let repo = desk.repo(owner, name)?;
    let run = repo.check_runs.get(&id).ok_or_else(Refusal::not_found)?;
    let page = RunPage {
        frame: desk.repo_frame(&run.name, repo, "pulls"),
        home: desk.home(repo),
        sha: run.head_sha.clone(),
        short: short(&run.head_sha),
        at: run.completed_at.or(run.started_at).map(|at| Moment::of(desk.state, at)),
        checks: vec![from_run(desk, repo, run)],
    };
    desk.render(200, &page)
}
