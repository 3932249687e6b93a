//! The files of a repository at a branch, tag or commit.
//! It does not know pull requests.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use git2::Oid;

use super::checks::{self, Tone};
use super::desk::{Desk, Frame};
use super::parts::{Html, Icon, Moment, Who, icon, segment, short};
use super::visit::{Page, Visit};
use crate::sandbox::git::{Commit, Git};
use crate::sandbox::model::Repo;
use crate::sandbox::refusal::Refusal;

/// Longer histories are not searched for each file's last change.
const LONGEST_HISTORY: usize = 400;
/// Larger files are not shown.
const LARGEST: usize = 1 << 20;

/// A commit in one line.
pub(super) struct Line {
    pub(super) sha: String,
    pub(super) short: String,
    pub(super) title: String,
    /// The message without its first line.
    pub(super) rest: String,
    pub(super) who: Who,
    pub(super) when: Moment,
    pub(super) tone: Option<Tone>,
    pub(super) verified: bool,
}

/// What commit, and how it is called.
struct At {
    /// A branch, a tag or a SHA.
    name: String,
    commit: Commit,
    /// The path below.
    path: String,
}

struct Entry {
    icon: Icon,
    name: String,
    href: String,
    title: String,
    when: Option<Moment>,
}

/// A folder's name in the path above, with its address.
type Crumb = (String, String);

struct Choice {
    name: String,
    href: String,
    here: bool,
}

#[derive(Template)]
#[template(path = "sandbox/pages/templates/tree.html")]
struct Tree {
    frame: Frame,
    home: String,
    at: String,
    branches: Vec<Choice>,
    tags: Vec<Choice>,
    crumbs: Vec<Crumb>,
    last: Option<Line>,
    commits: usize,
    entries: Vec<Entry>,
    readme: Html,
    /// Where there is no commit yet.
    empty: bool,
}

#[derive(Template)]
#[template(path = "sandbox/pages/templates/file.html")]
struct File {
    frame: Frame,
    home: String,
    at: String,
    branches: Vec<Choice>,
    tags: Vec<Choice>,
    crumbs: Vec<Crumb>,
    last: Option<Line>,
    raw: String,
    plain: String,
    size: String,
    /// `None` where it cannot be shown as text.
    lines: Option<Vec<String>>,
    rendered: Html,
}

/// The root folder of the default branch.
pub(super) async fn root(visit: Visit, Path((owner, name)): Path<(String, String)>) -> Response {
    visit
        .show(move |desk| {
            let repo = desk.repo(&owner, &name)?;
            let at = repo.default_branch.clone();
            if desk.git(repo.id)?.branch(&at).is_none() {
                return show_empty(desk, repo);
            }
            show_tree(desk, repo, &at)
        })
        .await
}

/// A folder.
pub(super) async fn tree(
    visit: Visit,
    Path((owner, name, path)): Path<(String, String, String)>,
) -> Response {
    visit
        .show(move |desk| {
            let repo = desk.repo(&owner, &name)?;
            show_tree(desk, repo, &path)
        })
        .await
}

/// A file.
pub(super) async fn file(
    visit: Visit,
    Path((owner, name, path)): Path<(String, String, String)>,
) -> Response {
    visit
        .show(move |desk| {
            let repo = desk.repo(&owner, &name)?;
            show_file(desk, repo, &path)
        })
        .await
}

/// A file as it is.
pub(super) async fn raw(
    visit: Visit,
    Path((owner, name, path)): Path<(String, String, String)>,
) -> Response {
    visit
        .show(move |desk| {
            let repo = desk.repo(&owner, &name)?;
            let git = desk.git(repo.id)?;
            let at = locate(&git, &path)?;
            let entry = git.entry(at.commit.tree, &at.path).ok_or_else(Refusal::not_found)?;
            git.blob(entry.oid).map(Page::Raw).ok_or_else(Refusal::not_found)
        })
        .await
}

/// Names of refs may have slashes: the shortest beginning of the path that is one counts.
fn locate(git: &Git, path: &str) -> Result<At, Refusal> {
    let path = path.trim_matches('/');
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    for end in ends {
        let name = &path[..end];
        if let Some(commit) = git.resolve(name).and_then(|oid| git.commit(oid)) {
            let path = path[end..].trim_matches('/').to_owned();
            let name = name.to_owned();
            return Ok(At { name, commit, path });
        }
    }
    Err(Refusal::not_found())
}

fn show_empty(desk: &Desk<'_>, repo: &Repo) -> Result<Page, Refusal> {
    let page = Tree {
        frame: desk.repo_frame("Code", repo, "code"),
        home: desk.home(repo),
        at: repo.default_branch.clone(),
        branches: Vec::new(),
        tags: Vec::new(),
        crumbs: Vec::new(),
        last: None,
        commits: 0,
        entries: Vec::new(),
        readme: Html::default(),
        empty: true,
    };
    desk.render(200, &page)
}

fn show_tree(desk: &Desk<'_>, repo: &Repo, path: &str) -> Result<Page, Refusal> {
    let git = desk.git(repo.id)?;
    let at = locate(&git, path)?;
    let home = desk.home(repo);
    let entry = git.entry(at.commit.tree, &at.path).ok_or_else(Refusal::not_found)?;
    if entry.kind() != "tree" {
        return Ok(Page::Elsewhere(format!("{home}/blob/{}", segment(path, true))));
    }
    let history = git.history(at.commit.sha, None)?;
    let mut found = git.tree(entry.oid, false)?;
    found.sort_by_key(|entry| (entry.kind() != "tree", entry.path.to_lowercase()));
    let below = if at.path.is_empty() { String::new() } else { format!("{}/", at.path) };
    let mut entries = Vec::new();
    for entry in &found {
        let full = format!("{below}{}", entry.path);
        let changed = if history.len() <= LONGEST_HISTORY {
            git.history(at.commit.sha, Some(&full))?.into_iter().next()
        } else {
            None
        };
        let folder = entry.kind() == "tree";
        let kind = if folder { "tree" } else { "blob" };
        entries.push(Entry {
            icon: icon(if folder { "folder" } else { "file" }),
            name: entry.path.clone(),
            href: format!("{home}/{kind}/{}/{}", segment(&at.name, true), segment(&full, true)),
            title: changed.as_ref().map(|commit| title(&commit.message)).unwrap_or_default(),
            when: changed.map(|commit| Moment::of(desk.state, commit.committer.at)),
        });
    }
    let readme = found.iter().find(|entry| entry.path.eq_ignore_ascii_case("readme.md"));
    let readme = readme.and_then(|entry| git.blob(entry.oid));
    let (branches, tags) = choices(&git, &home, &at, "tree")?;
    let page = Tree {
        frame: desk.repo_frame(if at.path.is_empty() { "Code" } else { &at.path }, repo, "code"),
        crumbs: crumbs(&home, repo, &at),
        last: history_of(&git, &at)?.map(|commit| line(desk, repo, &commit)),
        commits: history.len(),
        entries,
        readme: readme.map_or_else(Html::default, |text| {
            desk.markdown(repo, &String::from_utf8_lossy(&text), false)
        }),
        empty: false,
        at: at.name,
        branches,
        tags,
        home,
    };
    desk.render(200, &page)
}

fn show_file(desk: &Desk<'_>, repo: &Repo, path: &str) -> Result<Page, Refusal> {
    let git = desk.git(repo.id)?;
    let at = locate(&git, path)?;
    let home = desk.home(repo);
    let entry = git.entry(at.commit.tree, &at.path).ok_or_else(Refusal::not_found)?;
    if entry.kind() == "tree" {
        return Ok(Page::Elsewhere(format!("{home}/tree/{}", segment(path, true))));
    }
    let size = git.size(entry.oid);
    let bytes = if size <= LARGEST { git.blob(entry.oid) } else { None };
    let text = bytes
        .filter(|bytes| !bytes.contains(&0))
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let prose = at.path.to_lowercase().ends_with(".md") && desk.asked("plain").is_none();
    let rendered = match &text {
        Some(text) if prose => desk.markdown(repo, text, false),
        _ => Html::default(),
    };
    let (branches, tags) = choices(&git, &home, &at, "tree")?;
    let page = File {
        frame: desk.repo_frame(&at.path, repo, "code"),
        crumbs: crumbs(&home, repo, &at),
        last: history_of(&git, &at)?.map(|commit| line(desk, repo, &commit)),
        raw: format!("{home}/raw/{}", segment(path, true)),
        plain: format!("{home}/blob/{}?plain=1", segment(path, true)),
        size: if size < 1_024 {
            format!("{size} bytes")
        } else {
            format!("{} KB", size.div_ceil(1_024))
        },
        lines: text.map(|text| text.lines().map(str::to_owned).collect()),
        rendered,
        at: at.name,
        branches,
        tags,
        home,
    };
    desk.render(200, &page)
}

/// The newest commit that changed what is shown.
fn history_of(git: &Git, at: &At) -> Result<Option<Commit>, Refusal> {
    let path = Some(at.path.as_str()).filter(|path| !path.is_empty());
    Ok(git.history(at.commit.sha, path)?.into_iter().next())
}

fn crumbs(home: &str, repo: &Repo, at: &At) -> Vec<Crumb> {
    let base = format!("{home}/tree/{}", segment(&at.name, true));
    let mut crumbs = vec![(repo.name.clone(), base.clone())];
    let mut path = String::new();
    for part in at.path.split('/').filter(|part| !part.is_empty()) {
        path = format!("{path}/{}", segment(part, false));
        crumbs.push((part.to_owned(), format!("{base}{path}")));
    }
    crumbs
}

fn choices(
    git: &Git,
    home: &str,
    at: &At,
    kind: &str,
) -> Result<(Vec<Choice>, Vec<Choice>), Refusal> {
    let of = |beginning: &str| -> Result<Vec<Choice>, Refusal> {
        let refs = git.references(beginning)?;
        let choice = |(full, _): (String, Oid)| {
            let name = full[beginning.len()..].to_owned();
            Choice {
                href: format!("{home}/{kind}/{}", segment(&name, true)),
                here: name == at.name,
                name,
            }
        };
        Ok(refs.into_iter().map(choice).collect())
    };
    Ok((of("refs/heads/")?, of("refs/tags/")?))
}

/// A commit in one line.
pub(super) fn line(desk: &Desk<'_>, repo: &Repo, commit: &Commit) -> Line {
    let sha = commit.sha.to_string();
    let checks = checks::of_commit(desk, repo, &sha, &[]);
    Line {
        short: short(&sha),
        title: title(&commit.message),
        rest: commit.message.split_once('\n').map_or("", |(_, rest)| rest).trim().to_owned(),
        who: Who::of_commit(desk.state, &commit.author.name, &commit.author.email),
        when: Moment::of(desk.state, commit.committer.at),
        tone: checks::overall(&checks).map(|overall| overall.tone),
        verified: repo.verified.contains(&sha),
        sha,
    }
}

/// The first line of a message.
pub(super) fn title(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_owned()
}
