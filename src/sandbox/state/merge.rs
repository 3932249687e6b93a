//! Merging pull requests: whether they can be, and doing it.
//! It does not know what protected branches require: see `protection`.
//! <https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request>

use git2::Oid;

use super::rules::violation;
use super::{Actor, State};
use crate::sandbox::git::{Commit, Git, MergeMethod, NewCommit};
use crate::sandbox::model::{Happening, Id};
use crate::sandbox::refusal::Refusal;

/// How a pull request is asked to be merged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MergeRequest<'a> {
    pub(crate) method: MergeMethod,
    /// The head that the caller has seen.
    pub(crate) sha: Option<&'a str>,
    pub(crate) title: Option<&'a str>,
    pub(crate) message: Option<&'a str>,
}

/// Whether a pull request can be merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mergeability {
    /// Whether the two sides go together; `None` where it is closed.
    pub(crate) mergeable: Option<bool>,
    /// GitHub's `mergeable_state`.
    pub(crate) state: &'static str,
}

impl State {
    /// Tries the merge, and asks the base branch's protection.
    pub(crate) fn mergeability(&self, repo: Id, number: u64) -> Result<Mergeability, Refusal> {
        let (issue, pull) = self.pull(repo, number)?;
        if !issue.open {
            return Ok(Mergeability { mergeable: None, state: "unknown" });
        }
        let git = self.git(repo)?;
        let head = Oid::from_str(&pull.head.sha)?;
        let fits = match git.branch(&pull.base.branch) {
            Some(base) => git.merged_tree(base, head)?.is_some(),
            None => false,
        };
        // Nobody in particular: a stranger is bound by every rule.
        let anyone = Actor { account: 0, app: Some(0) };
        let strict = self
            .repo(repo)?
            .protections
            .get(&pull.base.branch)
            .and_then(|protection| protection.checks.as_ref())
            .is_some_and(|checks| checks.strict);
        let objections = self.merge_objections(anyone, repo, number)?;
        let state = if !fits {
            "dirty"
        } else if pull.draft {
            "draft"
        } else if strict && !self.up_to_date(repo, number)? {
            "behind"
        } else if !objections.is_empty() {
            "blocked"
        } else if self.unsettled(repo, &pull.head.sha)? {
            "unstable"
        } else {
            "clean"
        };
        Ok(Mergeability { mergeable: Some(fits), state })
    }

    /// Whether a check or status of a commit is not green.
    fn unsettled(&self, repo: Id, sha: &str) -> Result<bool, Refusal> {
        let repo = self.repo(repo)?;
        let green = |conclusion: &str| ["success", "neutral", "skipped"].contains(&conclusion);
        let run = repo
            .check_runs
            .values()
            .filter(|run| run.head_sha == sha)
            .any(|run| !run.conclusion.as_deref().is_some_and(green));
        let mut contexts = std::collections::BTreeMap::new();
        for status in repo.statuses.iter().filter(|status| status.sha == sha) {
            contexts.insert(&status.context, &status.state);
        }
        Ok(run || contexts.values().any(|state| *state != "success"))
    }

    /// The commit that a test merge of an open pull request gives, GitHub's `merge_commit_sha`.
    pub(crate) fn test_merge(&self, repo: Id, number: u64) -> Result<Option<Oid>, Refusal> {
        let (_, pull) = self.pull(repo, number)?;
        let git = self.git(repo)?;
        let head = Oid::from_str(&pull.head.sha)?;
        let Some(base) = git.branch(&pull.base.branch) else {
            return Ok(None);
        };
        let Some(tree) = git.merged_tree(base, head)? else {
            return Ok(None);
        };
        let head_at = git.commit(head).map_or_else(|| self.now(), |commit| commit.committer.at);
        let mut person = self.web_flow();
        // The same for the same two sides, however often one looks.
        person.at = head_at;
        let message = format!("Merge {head} into {base}");
        let oid = git.write_commit(&NewCommit {
            tree,
            parents: &[base, head],
            message: &message,
            author: &person,
            committer: &person,
        })?;
        git.set_reference(&format!("refs/pull/{number}/merge"), oid)?;
        Ok(Some(oid))
    }

    /// Merges a pull request; gives the commit that brought it in.
    pub(crate) fn merge_pull(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        request: &MergeRequest<'_>,
    ) -> Result<Oid, Refusal> {
        let refused = |message: &str| Err(Refusal::new(405, message));
        let (issue, pull) = self.pull(repo, number)?;
        if !issue.open {
            return refused("Pull Request is not mergeable");
        }
        if request.sha.is_some_and(|sha| sha != pull.head.sha) {
            return Err(Refusal::new(
                409,
                "Head branch was modified. Review and try the merge again.",
            ));
        }
        if pull.draft {
            return refused("Pull Request is still a draft");
        }
        let git = self.git(repo)?;
        let head = Oid::from_str(&pull.head.sha)?;
        let branch = pull.base.branch.clone();
        let Some(base) = git.branch(&branch) else {
            return refused("Pull Request is not mergeable");
        };
        let Some(tree) = git.merged_tree(base, head)? else {
            return refused("Pull Request is not mergeable");
        };
        if self.must_queue(actor, repo, &branch)? {
            return refused(&violation("Changes must be made through the merge queue"));
        }
        let objections = self.merge_objections(actor, repo, number)?;
        if let Some(objection) = objections.first() {
            return refused(objection);
        }
        let commit = self.merge_commit(actor, repo, number, request, &git, (base, head, tree))?;
        self.arrive(actor, repo, &branch, base, &[(number, commit)])?;
        Ok(commit)
    }

    /// Moves a branch on to the commits that bring these pull requests in, and notes them as merged.
    pub(super) fn arrive(
        &mut self,
        actor: Actor,
        repo: Id,
        branch: &str,
        base: Oid,
        merges: &[(u64, Oid)],
    ) -> Result<(), Refusal> {
        let Some((_, tip)) = merges.last().copied() else {
            return Ok(());
        };
        let reference = format!("refs/heads/{branch}");
        self.git(repo)?.set_reference(&reference, tip)?;
        let mut onto = base;
        for (number, commit) in merges.iter().copied() {
            self.pull_mut(repo, number)?.base.sha = onto.to_string();
            self.repo_mut(repo)?.verified.insert(commit.to_string());
            self.mark_merged(actor, repo, number, &commit.to_string())?;
            self.pull_mut(repo, number)?.merged_onto = Some(onto.to_string());
            onto = commit;
        }
        self.moved(actor, repo, &reference, Some(base), Some(tip))?;
        for (number, _) in merges.iter().copied() {
            self.tidy_up(actor, repo, number)?;
        }
        Ok(())
    }

    pub(super) fn merge_commit(
        &self,
        actor: Actor,
        repo: Id,
        number: u64,
        request: &MergeRequest<'_>,
        git: &Git,
        (base, head, tree): (Oid, Oid, Oid),
    ) -> Result<Oid, Refusal> {
        let (issue, pull) = self.pull(repo, number)?;
        let committer = self.web_flow();
        let join = |title: String, message: &str| {
            if message.is_empty() { title } else { format!("{title}\n\n{message}") }
        };
        match request.method {
            MergeMethod::Merge => {
                let from = format!("{}/{}", self.login(pull.head.owner), pull.head.branch);
                let title = format!("Merge pull request #{number} from {from}");
                let message = join(
                    request.title.map_or(title, str::to_owned),
                    request.message.unwrap_or(&issue.title),
                );
                Ok(git.write_commit(&NewCommit {
                    tree,
                    parents: &[base, head],
                    message: &message,
                    author: &self.person(actor),
                    committer: &committer,
                })?)
            }
            MergeMethod::Squash => {
                let commits = git.between(base, head)?;
                let title = format!("{} (#{number})", issue.title);
                let message = join(
                    request.title.map_or(title, str::to_owned),
                    request.message.unwrap_or(&squashed(&commits)),
                );
                let author = self.person(Actor { account: issue.author, app: None });
                Ok(git.write_commit(&NewCommit {
                    tree,
                    parents: &[base],
                    message: &message,
                    author: &author,
                    committer: &committer,
                })?)
            }
            MergeMethod::Rebase => git
                .rebase(base, head, &committer)?
                .ok_or_else(|| Refusal::new(405, "This branch can't be rebased")),
        }
    }

    /// Merges the base into the head branch of a pull request.
    /// <https://docs.github.com/en/rest/pulls/pulls#update-a-pull-request-branch>
    pub(crate) fn update_branch(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        expected: Option<&str>,
    ) -> Result<(), Refusal> {
        let (_, pull) = self.pull(repo, number)?;
        if expected.is_some_and(|expected| expected != pull.head.sha) {
            return Err(Refusal::unprocessable(
                "expected_head_sha does not match the pull request's head",
            ));
        }
        let git = self.git(repo)?;
        let head = Oid::from_str(&pull.head.sha)?;
        let (from, to) = (pull.base.branch.clone(), pull.head.branch.clone());
        let home = pull.head.repo.ok_or_else(Refusal::not_found)?;
        let base = git.branch(&from).ok_or_else(Refusal::not_found)?;
        if git.contains(head, base) {
            return Err(Refusal::unprocessable("There are no new commits on the base branch."));
        }
        let tree = git
            .merged_tree(head, base)?
            .ok_or_else(|| Refusal::unprocessable("merge conflict between base and head"))?;
        let commit = git.write_commit(&NewCommit {
            tree,
            parents: &[head, base],
            message: &format!("Merge branch '{from}' into {to}"),
            author: &self.person(actor),
            committer: &self.web_flow(),
        })?;
        let push = super::Push {
            reference: &format!("refs/heads/{to}"),
            after: Some(commit),
            force: false,
        };
        self.push(actor, home, &push)?;
        self.repo_mut(home)?.verified.insert(commit.to_string());
        Ok(())
    }

    /// Notes that a pull request has been merged.
    pub(crate) fn mark_merged(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        commit: &str,
    ) -> Result<(), Refusal> {
        let now = self.now();
        let pull = self.pull_mut(repo, number)?;
        pull.merged_at = Some(now);
        pull.merged_by = Some(actor.account);
        pull.merge_commit = Some(commit.to_owned());
        self.happened(actor, repo, number, Happening::Merged(commit.to_owned()))?;
        self.set_open(actor, repo, number, false, None)
    }

    /// Deletes the head branch where the repository wants that.
    fn tidy_up(&mut self, actor: Actor, repo: Id, number: u64) -> Result<(), Refusal> {
        let head = self.pull(repo, number)?.1.head.clone();
        if !self.repo(repo)?.delete_branch_on_merge || head.repo != Some(repo) {
            return Ok(());
        }
        let reference = format!("refs/heads/{}", head.branch);
        let push = super::Push { reference: &reference, after: None, force: true };
        match self.push(actor, repo, &push) {
            // A protected head branch stays.
            Err(refusal) if refusal.status == 422 => Ok(()),
            other => other,
        }
    }
}

/// The message of a squash: the commit's own text, or the list of all.
fn squashed(commits: &[Commit]) -> String {
    match commits {
        [only] => {
            only.message.split_once('\n').map_or(String::new(), |(_, text)| text.trim().to_owned())
        }
        many => many
            .iter()
            .map(|commit| format!("* {}", commit.message.trim()))
            .collect::<Vec<_>>()
            .join("\n\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::model::{AccountKind, CommitStatus};
    use crate::sandbox::seed::tests::{demo_repo, offer, person, put, seeded};
    use crate::sandbox::state::Push;

    const PLAIN: MergeRequest<'static> =
        MergeRequest { method: MergeMethod::Merge, sha: None, title: None, message: None };

    fn green(state: &mut State, sha: Oid, context: &str) {
        let (id, created_at) = (state.new_id(), state.now());
        let (repo, creator) = (demo_repo(state), person(state, "ada").account);
        state.repo_mut(repo).unwrap().statuses.push(CommitStatus {
            id,
            sha: sha.to_string(),
            context: context.to_owned(),
            state: "success".to_owned(),
            description: None,
            target_url: None,
            creator,
            app: None,
            created_at,
        });
    }

    fn refusal(
        state: &mut State,
        login: &str,
        number: u64,
        request: &MergeRequest<'_>,
    ) -> (u16, String) {
        let (actor, repo) = (person(state, login), demo_repo(state));
        let refusal = state.merge_pull(actor, repo, number, request).unwrap_err();
        (refusal.status, refusal.message)
    }

    #[test]
    fn a_merge_waits_for_the_required_checks_unless_an_administrator_does_it() {
        let (mut state, _folder) = seeded();
        let repo = demo_repo(&state);
        let head = put(&mut state, "ada", "topic", "a.txt", "a");
        let number = offer(&mut state, "ada", "topic");
        let blocked = state.mergeability(repo, number).unwrap();
        assert_eq!((blocked.mergeable, blocked.state), (Some(true), "blocked"));
        assert_eq!(
            refusal(&mut state, "ada", number, &PLAIN),
            (405, "2 of 2 required status checks have not succeeded: 2 expected.".to_owned())
        );
        green(&mut state, head, "usher/gates");
        assert_eq!(
            refusal(&mut state, "ada", number, &PLAIN),
            (405, "Required status check \"usher/kustomize\" is expected.".to_owned())
        );
        let sam = person(&state, "sam");
        let commit = state.merge_pull(sam, repo, number, &PLAIN).unwrap();
        let git = state.git(repo).unwrap();
        assert_eq!(git.branch("main"), Some(commit));
        let (issue, pull) = state.pull(repo, number).unwrap();
        assert!(!issue.open);
        assert_eq!(pull.merged_by, Some(sam.account));
        assert_eq!(state.pull_files(repo, number).unwrap().len(), 1);
    }

    #[test]
    fn a_merge_is_pinned_to_the_head_that_was_seen() {
        let (mut state, _folder) = seeded();
        let seen = put(&mut state, "ada", "topic", "a.txt", "a").to_string();
        let number = offer(&mut state, "ada", "topic");
        let head = put(&mut state, "ada", "topic", "a.txt", "b");
        for context in ["usher/gates", "usher/kustomize"] {
            green(&mut state, head, context);
        }
        let pinned = MergeRequest { sha: Some(&seen), ..PLAIN };
        assert_eq!(refusal(&mut state, "ada", number, &pinned).0, 409);
        let now = head.to_string();
        let pinned = MergeRequest { sha: Some(&now), method: MergeMethod::Squash, ..PLAIN };
        let (ada, repo) = (person(&state, "ada"), demo_repo(&state));
        let commit = state.merge_pull(ada, repo, number, &pinned).unwrap();
        let commit = state.git(repo).unwrap().commit(commit).unwrap();
        assert_eq!(commit.parents.len(), 1);
        assert_eq!(
            commit.message,
            "A change (#1)\n\n* Change a.txt\n\nBecause.\n\n* Change a.txt\n\nBecause."
        );
    }

    #[test]
    fn two_sides_that_change_the_same_line_conflict() {
        let (mut state, _folder) = seeded();
        let repo = demo_repo(&state);
        put(&mut state, "ada", "topic", "README.md", "theirs\n");
        let number = offer(&mut state, "ada", "topic");
        assert_eq!(state.mergeability(repo, number).unwrap().mergeable, Some(true));
        put(&mut state, "sam", "main", "README.md", "ours\n");
        let dirty = state.mergeability(repo, number).unwrap();
        assert_eq!((dirty.mergeable, dirty.state), (Some(false), "dirty"));
        assert_eq!(refusal(&mut state, "sam", number, &PLAIN).0, 405);
        assert_eq!(state.test_merge(repo, number).unwrap(), None);
    }

    #[test]
    fn a_pull_request_whose_commits_reach_the_base_otherwise_is_merged() {
        let (mut state, _folder) = seeded();
        let repo = demo_repo(&state);
        let head = put(&mut state, "ada", "topic", "a.txt", "a");
        let number = offer(&mut state, "ada", "topic");
        let push = Push { reference: "refs/heads/main", after: Some(head), force: false };
        state.push(person(&state, "sam"), repo, &push).unwrap();
        assert!(state.pull(repo, number).unwrap().1.merged_at.is_some());
    }

    #[test]
    fn a_deleted_head_branch_closes_its_pull_request() {
        let (mut state, _folder) = seeded();
        let repo = demo_repo(&state);
        put(&mut state, "ada", "topic", "a.txt", "a");
        let number = offer(&mut state, "ada", "topic");
        let push = Push { reference: "refs/heads/topic", after: None, force: true };
        state.push(person(&state, "ada"), repo, &push).unwrap();
        let (issue, pull) = state.pull(repo, number).unwrap();
        assert!(!issue.open && pull.merged_at.is_none());
    }

    #[test]
    fn strangers_offer_changes_from_forks_only() {
        let (mut state, _folder) = seeded();
        put(&mut state, "ada", "topic", "a.txt", "a");
        let stranger = Actor::person(state.add_account("mallory", "", AccountKind::User));
        let new = crate::sandbox::state::NewPull {
            title: "x",
            body: None,
            head: "topic",
            base: "main",
            draft: false,
            maintainer_can_modify: true,
        };
        let refused = state.create_pull(stranger, demo_repo(&state), &new).unwrap_err();
        assert_eq!(refused.status, 403);
    }
}
