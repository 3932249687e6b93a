//! What is set up in a repository: people and teams, to be changed; protected branches, the App, to be read.
//! It does not know who may change it: the REST API does.

use askama::Template;
use axum::body::Bytes;
use axum::extract::Path;
use axum::response::Response;

use super::desk::{Desk, Frame};
use super::parts::Chip;
use super::people::{self, People};
use super::visit::{Fields, Page, Visit};
use crate::sandbox::model::{Protection, Repo};
use crate::sandbox::refusal::Refusal;

struct Branch {
    name: String,
    checks: Vec<String>,
    /// Switches in words, and whether they are on.
    rules: Vec<(&'static str, bool)>,
}

struct Installed {
    name: String,
    login: String,
    id: u64,
    permissions: Vec<(String, &'static str)>,
    events: Vec<String>,
}

#[derive(Template)]
#[template(path = "sandbox/pages/templates/settings.html")]
struct Settings {
    frame: Frame,
    default_branch: String,
    branches: Vec<Branch>,
    path: String,
    around: People,
    labels: Vec<(Chip, String)>,
    apps: Vec<Installed>,
    url: String,
}

/// The settings of a repository.
pub(super) async fn show(visit: Visit, Path((owner, name)): Path<(String, String)>) -> Response {
    visit.show(move |desk| show_settings(desk, &owner, &name, None)).await
}

/// Does what a form asks for.
pub(super) async fn act(
    visit: Visit,
    Path((owner, name)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    visit
        .act(move |desk| {
            let fields = Fields::parse(&body);
            let repo = desk.repo(&owner, &name)?;
            let (home, account) = (desk.home(repo), desk.state.login(repo.owner).to_owned());
            match people::act(desk, &home, &account, &fields) {
                Ok(()) => Ok(Page::Elsewhere(format!("{home}/settings"))),
                Err(refusal) => show_settings(desk, &owner, &name, Some(&refusal)),
            }
        })
        .await
}

fn show_settings(
    desk: &Desk<'_>,
    owner: &str,
    name: &str,
    refusal: Option<&Refusal>,
) -> Result<Page, Refusal> {
    let repo = desk.repo(owner, name)?;
    let labels = repo.labels.iter();
    let page = Settings {
        frame: desk.repo_frame("Settings", repo, "settings").refused(refusal),
        path: format!("{}/settings", desk.home(repo)),
        around: people::people(desk, repo),
        default_branch: repo.default_branch.clone(),
        branches: repo
            .protections
            .iter()
            .map(|(name, protection)| branch(name, protection))
            .collect(),
        labels: labels
            .map(|label| {
                (
                    Chip::new(&label.name, &label.color),
                    label.description.clone().unwrap_or_default(),
                )
            })
            .collect(),
        apps: installed(desk, repo),
        url: desk.webhook_url.clone(),
    };
    desk.render(refusal.map_or(200, |refusal| refusal.status), &page)
}

fn branch(name: &str, protection: &Protection) -> Branch {
    let strict = protection.checks.as_ref().is_some_and(|checks| checks.strict);
    let checks = protection.checks.iter().flat_map(|checks| &checks.checks);
    Branch {
        name: name.to_owned(),
        checks: checks.map(|check| check.context.clone()).collect(),
        rules: vec![
            ("Require branches to be up to date before merging", strict),
            ("Require approving reviews", protection.reviews.is_some()),
            ("Require linear history", protection.linear_history),
            ("Do not allow administrators to bypass these rules", protection.enforce_admins),
            ("Restrict who can push", protection.restrictions.is_some()),
            ("Allow force pushes", protection.force_pushes),
            ("Allow deletions", protection.deletions),
            ("Lock branch", protection.lock_branch),
        ],
    }
}

fn installed(desk: &Desk<'_>, repo: &Repo) -> Vec<Installed> {
    let on =
        desk.state.installations.values().filter(|installation| installation.account == repo.owner);
    let on = on.filter(|installation| {
        installation.selected.as_ref().is_none_or(|some| some.contains(&repo.id))
    });
    on.filter_map(|installation| {
        let app = desk.state.apps.get(&installation.app)?;
        let permissions = installation.permissions.iter();
        Some(Installed {
            name: app.name.clone(),
            login: desk.state.login(app.bot).to_owned(),
            id: app.id,
            permissions: permissions
                .map(|(name, level)| (name.replace('_', " "), level.word()))
                .collect(),
            events: installation.events.iter().cloned().collect(),
        })
    })
    .collect()
}
