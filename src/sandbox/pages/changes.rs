//! What a pull request brings, read from Git, and the head above its tabs.
//! It does not know the tabs.

use git2::Oid;

use super::checks;
use super::desk::Desk;
use super::diff::{self, DiffFile};
use super::merge;
use super::parts::{Moment, Who};
use super::pulls::{State, state};
use crate::sandbox::git::{Commit, Git};
use crate::sandbox::model::{Issue, Pull, Repo};
use crate::sandbox::refusal::Refusal;

/// What stands above all tabs.
pub(super) struct Head {
    pub(super) home: String,
    /// The address of the conversation.
    pub(super) path: String,
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) state: State,
    pub(super) author: Who,
    pub(super) merged: Option<(Who, Moment)>,
    pub(super) base: String,
    pub(super) head: String,
    pub(super) tab: &'static str,
    pub(super) comments: usize,
    pub(super) commits: usize,
    pub(super) checks: usize,
    pub(super) files: usize,
    pub(super) total: (usize, usize),
}

/// What a pull request brings: read from Git.
pub(super) struct Changes {
    pub(super) commits: Vec<Commit>,
    pub(super) files: Vec<DiffFile>,
    pub(super) checks: usize,
}

impl Changes {
    /// Reads them.
    pub(super) fn of(
        desk: &Desk<'_>,
        repo: &Repo,
        issue: &Issue,
        pull: &Pull,
    ) -> Result<Self, Refusal> {
        let git = desk.git(repo.id)?;
        let required =
            if issue.open { merge::required(repo, &pull.base.branch) } else { Vec::new() };
        let checks = checks::of_commit(desk, repo, &pull.head.sha, &required).len();
        let nothing = Self { commits: Vec::new(), files: Vec::new(), checks };
        let Some((base, head)) = ends(&git, issue, pull) else {
            return Ok(nothing);
        };
        let Some(common) = git.standing(base, head)?.merge_base else {
            return Ok(nothing);
        };
        let Some(tree) = git.tree_of(head) else {
            return Ok(nothing);
        };
        Ok(Self {
            commits: git.between(common, head)?,
            files: diff::files(git.changes(git.tree_of(common), tree)?),
            checks,
        })
    }
}

/// The commits between which a pull request stands: while it is open, the base moves along.
fn ends(git: &Git, issue: &Issue, pull: &Pull) -> Option<(Oid, Oid)> {
    let head = git.object(&pull.head.sha)?;
    let base = if issue.open { git.branch(&pull.base.branch) } else { None };
    Some((base.or_else(|| git.object(&pull.base.sha))?, head))
}

/// What stands above the tabs of a pull request.
pub(super) fn head(
    desk: &Desk<'_>,
    repo: &Repo,
    issue: &Issue,
    pull: &Pull,
    changes: &Changes,
    tab: &'static str,
) -> Head {
    let home = desk.home(repo);
    let foreign = pull.head.repo != Some(repo.id);
    let owner = desk.state.login(pull.head.owner);
    let merged = pull.merged_at.zip(pull.merged_by);
    Head {
        path: format!("{home}/pull/{}", issue.number),
        number: issue.number,
        title: issue.title.clone(),
        state: state(issue),
        author: Who::of(desk.state, issue.author),
        merged: merged.map(|(at, by)| (Who::of(desk.state, by), Moment::of(desk.state, at))),
        base: pull.base.branch.clone(),
        head: if foreign {
            format!("{owner}:{}", pull.head.branch)
        } else {
            pull.head.branch.clone()
        },
        tab,
        comments: issue.comments.len(),
        commits: changes.commits.len(),
        checks: changes.checks,
        files: changes.files.len(),
        total: diff::total(&changes.files),
        home,
    }
}
