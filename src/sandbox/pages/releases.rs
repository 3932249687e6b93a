//! Releases: the list, one of them, and the form that publishes one.
//! It does not know what follows from a release.

use askama::Template;
use axum::body::Bytes;
use axum::extract::Path;
use axum::response::Response;
use http::Method;
use serde_json::{Value, json};

use super::desk::{Desk, Frame, reason};
use super::parts::{Html, Moment, Who, segment, short};
use super::visit::{Fields, Page, Visit};
use crate::sandbox::model::{Release, Repo, Role};
use crate::sandbox::refusal::Refusal;

struct Shown {
    tag: String,
    name: String,
    href: String,
    badge: Option<(&'static str, &'static str)>,
    author: Who,
    when: Moment,
    commit: Option<(String, String)>,
    body: Html,
}

#[derive(Template)]
#[template(path = "sandbox/pages/templates/releases.html")]
struct List {
    frame: Frame,
    home: String,
    releases: Vec<Shown>,
    /// One of them, not all.
    single: bool,
    may_publish: bool,
}

#[derive(Template)]
#[template(path = "sandbox/pages/templates/release_form.html")]
struct Form {
    frame: Frame,
    home: String,
    branches: Vec<String>,
    newest: Option<String>,
    suggestion: String,
    draft: Draft,
    may_publish: bool,
    viewer: String,
}

/// What stands in the form.
struct Draft {
    tag: String,
    target: String,
    name: String,
    body: String,
    prerelease: bool,
    /// What is wrong with the tag.
    problem: Option<String>,
}

/// All releases, newest first.
pub(super) async fn list(visit: Visit, Path((owner, name)): Path<(String, String)>) -> Response {
    visit.show(move |desk| show(desk, &owner, &name, None)).await
}

/// One release.
pub(super) async fn one(
    visit: Visit,
    Path((owner, name, tag)): Path<(String, String, String)>,
) -> Response {
    visit.show(move |desk| show(desk, &owner, &name, Some(&tag))).await
}

fn show(desk: &Desk<'_>, owner: &str, name: &str, tag: Option<&str>) -> Result<Page, Refusal> {
    let repo = desk.repo(owner, name)?;
    let writes = desk.role(repo.id) >= Role::Write;
    let mut releases: Vec<&Release> =
        repo.releases.values().filter(|release| writes || !release.draft).collect();
    releases.sort_by_key(|release| {
        std::cmp::Reverse((release.published_at.unwrap_or(release.created_at), release.id))
    });
    let latest = releases
        .iter()
        .find(|release| !release.draft && !release.prerelease)
        .map(|release| release.id);
    releases.retain(|release| tag.is_none_or(|tag| release.tag == tag));
    if tag.is_some() && releases.is_empty() {
        return Err(Refusal::not_found());
    }
    let releases: Result<Vec<Shown>, Refusal> = releases
        .into_iter()
        .map(|release| shown(desk, repo, release, latest == Some(release.id)))
        .collect();
    let page = List {
        frame: desk.repo_frame(tag.unwrap_or("Releases"), repo, "releases"),
        home: desk.home(repo),
        releases: releases?,
        single: tag.is_some(),
        may_publish: writes,
    };
    desk.render(200, &page)
}

fn shown(desk: &Desk<'_>, repo: &Repo, release: &Release, latest: bool) -> Result<Shown, Refusal> {
    let git = desk.git(repo.id)?;
    let commit = git.resolve(&format!("refs/tags/{}", release.tag)).map(|oid| oid.to_string());
    let badge = match release {
        Release { draft: true, .. } => Some(("Draft", "wait")),
        Release { prerelease: true, .. } => Some(("Pre-release", "wait")),
        _ if latest => Some(("Latest", "good")),
        _ => None,
    };
    let named = release.name.as_deref().filter(|name| !name.is_empty());
    Ok(Shown {
        tag: release.tag.clone(),
        name: named.unwrap_or(&release.tag).to_owned(),
        href: format!("{}/releases/tag/{}", desk.home(repo), segment(&release.tag, true)),
        badge,
        author: Who::of(desk.state, release.author),
        when: Moment::of(desk.state, release.published_at.unwrap_or(release.created_at)),
        commit: commit.map(|sha| (sha.clone(), short(&sha))),
        body: desk.markdown(repo, release.body.as_deref().unwrap_or_default(), true),
    })
}

/// The empty form.
pub(super) async fn form(visit: Visit, Path((owner, name)): Path<(String, String)>) -> Response {
    visit
        .show(move |desk| {
            let target = desk.repo(&owner, &name)?.default_branch.clone();
            let draft = Draft {
                tag: String::new(),
                target,
                name: String::new(),
                body: String::new(),
                prerelease: false,
                problem: None,
            };
            show_form(desk, &owner, &name, draft, None)
        })
        .await
}

/// Publishes what is in the form, or shows it again with what is wrong.
pub(super) async fn publish(
    visit: Visit,
    Path((owner, name)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    visit
        .act(move |desk| {
            let fields = Fields::parse(&body);
            let home = desk.home(desk.repo(&owner, &name)?);
            let mut draft = Draft {
                tag: fields.get("tag").trim().to_owned(),
                target: fields.get("target"),
                name: fields.get("name").trim().to_owned(),
                body: fields.get("body"),
                prerelease: fields.has("prerelease"),
                problem: None,
            };
            if draft.tag.is_empty() {
                draft.problem = Some("Name the tag of the version, such as v1.0.1.".to_owned());
                return show_form(desk, &owner, &name, draft, None);
            }
            match desk.ask(&Method::POST, &format!("/repos{home}/releases"), asked(&draft)) {
                Ok(_) => Ok(Page::Elsewhere(format!("{home}/releases"))),
                Err(refusal) => {
                    if reason(&refusal).contains("tag") {
                        draft.problem = Some(reason(&refusal));
                    }
                    show_form(desk, &owner, &name, draft, Some(&refusal))
                }
            }
        })
        .await
}

fn asked(draft: &Draft) -> Value {
    json!({
        "tag_name": draft.tag,
        "target_commitish": draft.target,
        "name": if draft.name.is_empty() { &draft.tag } else { &draft.name },
        "body": draft.body,
        "prerelease": draft.prerelease,
        "draft": false,
    })
}

fn show_form(
    desk: &Desk<'_>,
    owner: &str,
    name: &str,
    draft: Draft,
    refusal: Option<&Refusal>,
) -> Result<Page, Refusal> {
    let repo = desk.repo(owner, name)?;
    let branches = desk.git(repo.id)?.references("refs/heads/")?;
    let branch = |(name, _): (String, git2::Oid)| name["refs/heads/".len()..].to_owned();
    let published = repo.releases.values().filter(|release| !release.draft);
    let newest = published
        .max_by_key(|release| (release.published_at, release.id))
        .map(|release| release.tag.clone());
    let status = match (refusal, &draft.problem) {
        (Some(refusal), _) => refusal.status,
        (None, Some(_)) => 422,
        (None, None) => 200,
    };
    let page = Form {
        frame: desk.repo_frame("New release", repo, "releases").refused(refusal),
        home: desk.home(repo),
        branches: branches.into_iter().map(branch).collect(),
        suggestion: newest.as_deref().and_then(next_version).unwrap_or_else(|| "v1.0.0".to_owned()),
        newest,
        draft,
        may_publish: desk.role(repo.id) >= Role::Write,
        viewer: desk.state.login(desk.viewer).to_owned(),
    };
    desk.render(status, &page)
}

/// `v1.0.9` → `v1.0.10`.
fn next_version(tag: &str) -> Option<String> {
    let digits = tag.len() - tag.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let (front, last) = tag.split_at(tag.len() - digits);
    let next = last.parse::<u64>().ok()?.checked_add(1)?;
    Some(format!("{front}{next}"))
}

#[cfg(test)]
mod tests {
    use super::next_version;

    #[test]
    fn the_next_version_is_suggested() {
        assert_eq!(next_version("v1.0.9").as_deref(), Some("v1.0.10"));
        assert_eq!(next_version("2026.11").as_deref(), Some("2026.12"));
        assert_eq!(next_version("nightly"), None);
        assert_eq!(next_version("v99999999999999999999"), None);
    }
}
