//! The first page: what this is, what to try, and who and what is in each account.
//! It does not know the repositories' own pages.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use super::desk::{Desk, Frame, Person, home as address};
use super::parts::{Icon, Moment, Who, icon};
use super::visit::{Page, Visit};
use crate::sandbox::model::{AccountKind, Id};
use crate::sandbox::refusal::Refusal;

/// A repository in a list.
struct Listed {
    home: String,
    full_name: String,
    description: String,
    private: bool,
    release: Option<String>,
    pulls: usize,
    pushed: Moment,
}

/// A step of the tour.
struct Step {
    icon: Icon,
    title: &'static str,
    text: String,
    href: String,
    word: &'static str,
}

#[derive(Template)]
#[template(path = "sandbox/pages/templates/home.html")]
struct Home {
    frame: Frame,
    app: String,
    steps: Vec<Step>,
    repos: Vec<Listed>,
    people: Vec<Person>,
}

#[derive(Template)]
#[template(path = "sandbox/pages/templates/account.html")]
struct Account {
    frame: Frame,
    who: Who,
    kind: &'static str,
    repos: Vec<Listed>,
    people: Vec<Person>,
    teams: Vec<(String, String, Vec<Who>)>,
}

/// The first page.
pub(super) async fn home(visit: Visit) -> Response {
    visit
        .show(|desk| {
            let frame = desk.frame("Sandbox");
            let app = desk.state.apps.values().next();
            let page = Home {
                app: app.map_or_else(|| "the App".to_owned(), |app| app.name.clone()),
                steps: steps(desk),
                repos: repos(desk, None),
                people: desk.frame("").people,
                frame,
            };
            desk.render(200, &page)
        })
        .await
}

/// An organisation or a person.
pub(super) async fn account(visit: Visit, Path(login): Path<String>) -> Response {
    visit.show(move |desk| show_account(desk, &login)).await
}

fn show_account(desk: &mut Desk<'_>, login: &str) -> Result<Page, Refusal> {
    let state = &*desk.state;
    let account = state.account_named(login).ok_or_else(Refusal::not_found)?;
    let org = state.orgs.get(&account.id);
    let member = |person: &Person| {
        let id = state.account_named(&person.who.login).map(|account| account.id);
        id.zip(org).is_some_and(|(id, org)| org.members.contains_key(&id))
    };
    let frame = desk.frame(&account.login);
    let page = Account {
        who: Who::of(state, account.id),
        kind: match account.kind {
            AccountKind::Organization => "Organisation",
            AccountKind::Bot => "App",
            AccountKind::User => "Person",
        },
        repos: repos(desk, Some(account.id)),
        people: desk.frame("").people.into_iter().filter(member).collect(),
        teams: org
            .into_iter()
            .flat_map(|org| &org.teams)
            .map(|team| {
                let members = team.members.keys().map(|id| Who::of(state, *id)).collect();
                (team.name.clone(), team.description.clone(), members)
            })
            .collect(),
        frame,
    };
    desk.render(200, &page)
}

fn repos(desk: &Desk<'_>, owner: Option<Id>) -> Vec<Listed> {
    let state = &*desk.state;
    let seen = state.visible_repos(Some(desk.viewer));
    let mut repos: Vec<_> =
        seen.into_iter().filter(|repo| owner.is_none_or(|owner| repo.owner == owner)).collect();
    repos.sort_by_key(|repo| std::cmp::Reverse(repo.pushed_at));
    let listed = repos.into_iter().map(|repo| {
        let published = repo.releases.values().filter(|release| !release.draft);
        let newest = published.max_by_key(|release| (release.published_at, release.id));
        Listed {
            home: address(state, repo),
            full_name: state.full_name(repo),
            description: repo.description.clone().unwrap_or_default(),
            private: repo.private,
            release: newest.map(|release| release.tag.clone()),
            pulls: repo.issues.values().filter(|issue| issue.open && issue.pull.is_some()).count(),
            pushed: Moment::of(state, repo.pushed_at),
        }
    });
    listed.collect()
}

/// What to try first, in the repository that was there first.
fn steps(desk: &Desk<'_>) -> Vec<Step> {
    let state = &*desk.state;
    let Some(repo) = state.visible_repos(Some(desk.viewer)).into_iter().next() else {
        return Vec::new();
    };
    let home = address(state, repo);
    let app = state.apps.values().next().map_or("The App", |app| app.name.as_str());
    let newest = repo.issues.values().rev().find(|issue| issue.open && issue.pull.is_some());
    let pull = newest
        .map_or_else(|| format!("{home}/pulls"), |pull| format!("{home}/pull/{}", pull.number));
    vec![
        Step {
            icon: icon("tag"),
            title: "Publish a release",
            text: format!("Choose a tag such as v1.0.1 in {}. It is what a team does when a version is ready.", repo.name),
            href: format!("{home}/releases/new"),
            word: "Draft a release",
        },
        Step {
            icon: icon("pull"),
            title: "Watch the pull request appear",
            text: format!("{app} opens the one that brings the version to the next environment. Pages update by themselves."),
            href: format!("{home}/pulls"),
            word: "See pull requests",
        },
        Step {
            icon: icon("check"),
            title: "Read it, then merge it",
            text: "Look at the one-file diff and the checks. Who you are is chosen at the top right: ada writes code, quinn tests, pat decides, sam operates.".to_owned(),
            href: pull,
            word: "Open the newest",
        },
        Step {
            icon: icon("comment"),
            title: "Send it on, by a word",
            text: "Comment /promote prod on it, or on an issue. The next pull request says whose labels it waits for; /rollback on it goes back.".to_owned(),
            href: format!("{home}/issues/new"),
            word: "Open an issue",
        },
    ]
}
