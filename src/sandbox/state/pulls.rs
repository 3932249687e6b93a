//! Pull requests: opened, edited, retargeted, closed.
//! It does not know how they are merged: see `merge`.
//! <https://docs.github.com/en/rest/pulls/pulls>

use std::collections::BTreeSet;

use git2::Oid;
use serde_json::{Value, json};

use super::{Actor, State};
use crate::sandbox::git::{Commit, FileChange, Git};
use crate::sandbox::model::{Happening, Id, Issue, Pull, PullSide, Role};
use crate::sandbox::refusal::Refusal;

/// A pull request that is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewPull<'a> {
    pub(crate) title: &'a str,
    pub(crate) body: Option<&'a str>,
    /// `branch`, or `owner:branch` for a fork.
    pub(crate) head: &'a str,
    pub(crate) base: &'a str,
    pub(crate) draft: bool,
    pub(crate) maintainer_can_modify: bool,
}

/// What shall be different about a pull request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PullEdit<'a> {
    pub(crate) title: Option<&'a str>,
    /// `Some(None)` empties it.
    pub(crate) body: Option<Option<&'a str>>,
    pub(crate) base: Option<&'a str>,
    pub(crate) open: Option<bool>,
    pub(crate) maintainer_can_modify: Option<bool>,
}

impl State {
    /// Opens a pull request.
    pub(crate) fn create_pull(
        &mut self,
        actor: Actor,
        repo: Id,
        new: &NewPull<'_>,
    ) -> Result<u64, Refusal> {
        let git = self.git(repo)?;
        let base = self.side(repo, new.base, &git, "base")?;
        let (head_repo, branch) = self.head_of(repo, new.head)?;
        let head = self.side(head_repo, branch, &self.git(head_repo)?, "head")?;
        if actor.app.is_none() && self.role(actor.account, head_repo) < Role::Write {
            return Err(Refusal::new(403, "Must have push access to the head repository"));
        }
        self.comparable(repo, &git, &base, &head, None)?;
        let id = self.new_id();
        let pull = Pull {
            id,
            head,
            base,
            draft: new.draft,
            maintainer_can_modify: new.maintainer_can_modify && head_repo != repo,
            merged_at: None,
            merged_by: None,
            merge_commit: None,
            merged_onto: None,
            reviews: Vec::new(),
            requested_reviewers: BTreeSet::new(),
            requested_teams: BTreeSet::new(),
        };
        let head = pull.head.sha.clone();
        let number = self.open_issue(actor, repo, new.title, new.body, Some(pull))?;
        if let Ok(oid) = Oid::from_str(&head) {
            git.set_reference(&format!("refs/pull/{number}/head"), oid)?;
        }
        self.emit_about(actor, repo, number, "opened", json!({}))?;
        Ok(number)
    }

    /// Changes a pull request.
    pub(crate) fn edit_pull(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        edit: &PullEdit<'_>,
    ) -> Result<(), Refusal> {
        self.pull(repo, number)?;
        self.edit_issue(actor, repo, number, edit.title, edit.body)?;
        if let Some(base) = edit.base {
            self.retarget(actor, repo, number, base)?;
        }
        if let Some(modify) = edit.maintainer_can_modify {
            self.pull_mut(repo, number)?.maintainer_can_modify = modify;
        }
        match edit.open {
            Some(true) => self.reopen(actor, repo, number),
            Some(false) => self.set_open(actor, repo, number, false, None),
            None => Ok(()),
        }
    }

    fn reopen(&mut self, actor: Actor, repo: Id, number: u64) -> Result<(), Refusal> {
        let (issue, pull) = self.pull(repo, number)?;
        if issue.open {
            return Ok(());
        }
        let tip = match pull.head.repo {
            Some(head) => self.git(head)?.branch(&pull.head.branch),
            None => None,
        };
        let unchanged = tip.is_some_and(|tip| tip.to_string() == pull.head.sha);
        if pull.merged_at.is_some() || !unchanged {
            return Err(Refusal::custom(
                "PullRequest",
                "state cannot be changed. The pull request is merged, or its branch was force-pushed, recreated or deleted.",
            ));
        }
        self.comparable(repo, &self.git(repo)?, &pull.base, &pull.head, Some(number))?;
        self.set_open(actor, repo, number, true, None)
    }

    fn retarget(&mut self, actor: Actor, repo: Id, number: u64, base: &str) -> Result<(), Refusal> {
        let (issue, pull) = self.pull(repo, number)?;
        let old = pull.base.clone();
        if old.branch == base {
            return Ok(());
        }
        if !issue.open {
            return Err(Refusal::custom(
                "PullRequest",
                "Cannot change the base branch of a closed pull request.",
            ));
        }
        let git = self.git(repo)?;
        let new = self.side(repo, base, &git, "base")?;
        self.comparable(repo, &git, &new, &pull.head, Some(number))?;
        let changes =
            json!({"changes": {"base": {"ref": {"from": old.branch}, "sha": {"from": old.sha}}}});
        self.pull_mut(repo, number)?.base = new;
        let what = Happening::BaseRefChanged(old.branch, base.to_owned());
        self.happened(actor, repo, number, what)?;
        self.touch(repo, number)?;
        self.emit_about(actor, repo, number, "edited", changes)
    }

    /// The repository and branch that `branch` or `owner:branch` means, in a repository's network.
    pub(crate) fn head_of<'a>(&self, repo: Id, head: &'a str) -> Result<(Id, &'a str), Refusal> {
        let Some((owner, branch)) = head.split_once(':') else {
            return Ok((repo, head));
        };
        let invalid = || Refusal::invalid("PullRequest", "head", "invalid");
        let home = self.repo(repo)?;
        let owner = self.account_named(owner).ok_or_else(invalid)?.id;
        if owner == home.owner {
            return Ok((repo, branch));
        }
        self.repos
            .values()
            .find(|other| other.owner == owner && other.network == home.network)
            .map(|other| (other.id, branch))
            .ok_or_else(invalid)
    }

    fn side(&self, repo: Id, branch: &str, git: &Git, field: &str) -> Result<PullSide, Refusal> {
        let branch = branch.strip_prefix("refs/heads/").unwrap_or(branch);
        let tip =
            git.branch(branch).ok_or_else(|| Refusal::invalid("PullRequest", field, "invalid"))?;
        Ok(PullSide {
            repo: Some(repo),
            owner: self.repo(repo)?.owner,
            branch: branch.to_owned(),
            sha: tip.to_string(),
        })
    }

    /// Refuses what GitHub opens no pull request for.
    fn comparable(
        &self,
        repo: Id,
        git: &Git,
        base: &PullSide,
        head: &PullSide,
        own: Option<u64>,
    ) -> Result<(), Refusal> {
        let oid = |side: &PullSide| Oid::from_str(&side.sha).map_err(Refusal::from);
        let (from, to) = (oid(base)?, oid(head)?);
        let standing = git.standing(from, to)?;
        if standing.merge_base.is_none() {
            return Err(Refusal::custom(
                "PullRequest",
                format!("The {} branch has no history in common with {}", head.branch, base.branch),
            ));
        }
        if standing.ahead == 0 {
            let message = format!("No commits between {} and {}", base.branch, head.branch);
            return Err(Refusal::custom("PullRequest", message));
        }
        let twin = self.repo(repo)?.issues.values().any(|issue| {
            let same = |pull: &Pull| {
                pull.head.repo == head.repo
                    && pull.head.branch == head.branch
                    && pull.base.branch == base.branch
            };
            issue.open && Some(issue.number) != own && issue.pull.as_ref().is_some_and(same)
        });
        if twin {
            let message = format!(
                "A pull request already exists for {}:{}.",
                self.login(head.owner),
                head.branch
            );
            return Err(Refusal::custom("PullRequest", message));
        }
        Ok(())
    }

    /// Where a pull request left its base, and its head.
    fn span(&self, repo: Id, number: u64) -> Result<(Git, Oid, Oid), Refusal> {
        let (_, pull) = self.pull(repo, number)?;
        let git = self.git(repo)?;
        let head = Oid::from_str(&pull.head.sha)?;
        let base = match (pull.merged_at, git.branch(&pull.base.branch)) {
            (None, Some(tip)) => tip,
            _ => Oid::from_str(&pull.base.sha)?,
        };
        let from = git.standing(base, head)?.merge_base.unwrap_or(base);
        Ok((git, from, head))
    }

    /// The files that a pull request changes.
    pub(crate) fn pull_files(&self, repo: Id, number: u64) -> Result<Vec<FileChange>, Refusal> {
        let (git, from, head) = self.span(repo, number)?;
        let to = git.tree_of(head).ok_or_else(Refusal::not_found)?;
        Ok(git.changes(git.tree_of(from), to)?)
    }

    /// The difference that a pull request makes, as one text.
    pub(crate) fn pull_diff(&self, repo: Id, number: u64) -> Result<String, Refusal> {
        let (git, from, head) = self.span(repo, number)?;
        let to = git.tree_of(head).ok_or_else(Refusal::not_found)?;
        Ok(git.diff_text(git.tree_of(from), to)?)
    }

    /// The commits of a pull request, oldest first.
    pub(crate) fn pull_commits(&self, repo: Id, number: u64) -> Result<Vec<Commit>, Refusal> {
        let (git, from, head) = self.span(repo, number)?;
        Ok(git.between(from, head)?)
    }

    /// The pull requests that a commit belongs to or came by, newest first: GitHub names the one that brought
    /// it to the default branch, else the open ones.
    pub(crate) fn pulls_with(&self, repo: Id, oid: Oid) -> Result<Vec<(&Issue, &Pull)>, Refusal> {
        let (repo, git) = (self.repo(repo)?, self.git(repo)?);
        let sha = oid.to_string();
        let has = |issue: &Issue, pull: &Pull| {
            let brought = self
                .pull_commits(repo.id, issue.number)
                .is_ok_and(|commits| commits.iter().any(|commit| commit.sha == oid));
            // A merge by rebasing writes the commits anew: what came between two tips came with it.
            let tips = pull.merged_onto.as_ref().zip(pull.merge_commit.as_ref());
            let introduced = tips.is_some_and(|(before, after)| {
                let tips =
                    Oid::from_str(before).and_then(|before| Ok((before, Oid::from_str(after)?)));
                tips.is_ok_and(|(before, after)| {
                    git.between(before, after)
                        .is_ok_and(|commits| commits.iter().any(|commit| commit.sha == oid))
                })
            });
            pull.merge_commit.as_ref() == Some(&sha) || brought || introduced
        };
        let all = repo.issues.values().rev();
        let mut found: Vec<(&Issue, &Pull)> = all
            .filter_map(|issue| Some((issue, issue.pull.as_ref()?)))
            .filter(|(issue, pull)| has(issue, pull))
            .collect();
        let arrived = git.branch(&repo.default_branch).is_some_and(|tip| git.contains(tip, oid));
        if arrived {
            found.retain(|(_, pull)| pull.merged_at.is_some());
        }
        Ok(found)
    }

    /// What every event about a pull request carries. GitHub has not tried the merge yet when it sends it.
    pub(crate) fn pull_event(&self, repo: Id, number: u64) -> Result<Value, Refusal> {
        let mut shown = self.full_pull_json(repo, number)?;
        if self.issue(repo, number)?.open {
            shown["mergeable"] = Value::Null;
            shown["rebaseable"] = Value::Null;
            shown["mergeable_state"] = "unknown".into();
        }
        Ok(json!({"number": number, "pull_request": shown}))
    }
}
