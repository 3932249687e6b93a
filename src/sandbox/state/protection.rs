//! Protected branches: what they require, and what GitHub says to those who try otherwise.
//! It does not move refs.
//! <https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-protected-branches/about-protected-branches>

use git2::Oid;

use super::{Actor, State};
use crate::sandbox::model::issue::ReviewState;
use crate::sandbox::model::{Id, Protection, RequiredCheck, Role};
use crate::sandbox::refusal::Refusal;

/// What somebody tries with a branch.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Attempt {
    /// Points it at a commit.
    Push {
        after: Oid,
        /// Commits are lost by it.
        forced: bool,
        /// It does not exist yet.
        created: bool,
    },
    Delete,
}

/// How a required check stands on a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CheckState {
    Passed,
    Expected,
    Pending,
    Failing,
}

impl CheckState {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Passed => "passing",
            Self::Expected => "expected",
            Self::Pending => "pending",
            Self::Failing => "failing",
        }
    }
}

impl State {
    /// Refuses a push to a protected branch that does not fulfil what the branch requires.
    pub(crate) fn protected_push(
        &self,
        actor: Actor,
        repo: Id,
        branch: &str,
        attempt: Attempt,
    ) -> Result<(), Refusal> {
        if let Attempt::Push { after, created: false, .. } = attempt {
            self.rules_on_push(actor, repo, branch, &after.to_string())?;
        }
        let Some(protection) = self.repo(repo)?.protections.get(branch) else {
            return Ok(());
        };
        match attempt {
            Attempt::Delete if protection.deletions => return Ok(()),
            Attempt::Delete => {
                return Err(Refusal::unprocessable("Cannot delete a protected branch"));
            }
            Attempt::Push { forced: true, .. } if !protection.force_pushes => {
                return Err(Refusal::unprocessable("Cannot force-push to a protected branch"));
            }
            Attempt::Push { .. } => {}
        }
        if !self.bound(actor, repo, protection) {
            return Ok(());
        }
        let Attempt::Push { after, created, .. } = attempt else {
            return Ok(());
        };
        if created && !protection.block_creations {
            return Ok(());
        }
        if protection.lock_branch {
            return Err(Refusal::unprocessable("Cannot change this locked branch"));
        }
        if !self.may_push(actor, protection) {
            return Err(Refusal::new(403, "You're not authorized to push to this branch."));
        }
        if protection.reviews.is_some() {
            return Err(Refusal::unprocessable("Changes must be made through a pull request."));
        }
        let required = protection.checks.as_ref().map_or(&[][..], |checks| &checks.checks);
        match self.checks_objection(repo, &after.to_string(), required) {
            Some(objection) => Err(Refusal::unprocessable(objection)),
            None => Ok(()),
        }
    }

    /// What stands against merging a pull request, as GitHub words it.
    pub(crate) fn merge_objections(
        &self,
        actor: Actor,
        repo: Id,
        number: u64,
    ) -> Result<Vec<String>, Refusal> {
        let (issue, pull) = self.pull(repo, number)?;
        let mut objections = self.rules_on_merge(actor, repo, number)?;
        let Some(protection) = self.repo(repo)?.protections.get(&pull.base.branch) else {
            return Ok(objections);
        };
        if !self.bound(actor, repo, protection) {
            return Ok(objections);
        }
        if protection.lock_branch {
            objections.push("Cannot change this locked branch".to_owned());
        }
        if !self.may_push(actor, protection) {
            objections.push("You're not authorized to push to this branch.".to_owned());
        }
        let required = protection.checks.as_ref().map_or(&[][..], |checks| &checks.checks);
        objections.extend(self.checks_objection(repo, &pull.head.sha, required));
        let strict = protection.checks.as_ref().is_some_and(|checks| checks.strict);
        if strict && !self.up_to_date(repo, number)? {
            objections.push("The head branch is not up to date with the base branch.".to_owned());
        }
        if let Some(required) = &protection.reviews {
            objections.extend(self.reviews_objection(
                repo,
                issue.author,
                &pull.reviews,
                required.count,
            ));
        }
        Ok(objections)
    }

    /// What the reviews so far have against a merge that needs so many.
    pub(super) fn reviews_objection(
        &self,
        repo: Id,
        author: Id,
        reviews: &[crate::sandbox::model::Review],
        count: u64,
    ) -> Option<String> {
        let newest = self.newest_reviews(repo, author, reviews);
        let say = |state: ReviewState| {
            newest.iter().filter(move |(_, said)| *said == state).count() as u64
        };
        if say(ReviewState::ChangesRequested) > 0 {
            return Some("Changes have been requested by reviewers with write access.".to_owned());
        }
        let plural = if count == 1 { "review is" } else { "reviews are" };
        (say(ReviewState::Approved) < count).then(|| {
            format!("At least {count} approving {plural} required by reviewers with write access.")
        })
    }

    /// Whether the head of a pull request has all of its base.
    pub(crate) fn up_to_date(&self, repo: Id, number: u64) -> Result<bool, Refusal> {
        let (_, pull) = self.pull(repo, number)?;
        let git = self.git(repo)?;
        Ok(match (git.branch(&pull.base.branch), Oid::from_str(&pull.head.sha)) {
            (Some(base), Ok(head)) => git.contains(head, base),
            _ => false,
        })
    }

    /// What each reviewer with write access says now, the author left out.
    fn newest_reviews(
        &self,
        repo: Id,
        author: Id,
        reviews: &[crate::sandbox::model::Review],
    ) -> Vec<(Id, ReviewState)> {
        let mut newest: Vec<(Id, ReviewState)> = Vec::new();
        for review in reviews {
            let counts = matches!(
                review.state,
                ReviewState::Approved | ReviewState::ChangesRequested | ReviewState::Dismissed
            );
            if counts && review.author != author && self.role(review.author, repo) >= Role::Write {
                newest.retain(|(reviewer, _)| *reviewer != review.author);
                newest.push((review.author, review.state));
            }
        }
        newest
    }

    /// Whether the rules hold for this actor: administrators may pass unless they are included.
    fn bound(&self, actor: Actor, repo: Id, protection: &Protection) -> bool {
        let admin = actor.app.is_none() && self.role(actor.account, repo) == Role::Admin;
        protection.enforce_admins || !admin
    }

    fn may_push(&self, actor: Actor, protection: &Protection) -> bool {
        let Some(restrictions) = &protection.restrictions else {
            return true;
        };
        let by_team = || {
            self.orgs.values().any(|org| {
                restrictions
                    .teams
                    .iter()
                    .any(|team| self.team_members(org, *team).contains_key(&actor.account))
            })
        };
        match actor.app {
            Some(app) => restrictions.apps.contains(&app),
            None => restrictions.users.contains(&actor.account) || by_team(),
        }
    }

    /// What the required checks have against a commit.
    pub(super) fn checks_objection(
        &self,
        repo: Id,
        sha: &str,
        required: &[RequiredCheck],
    ) -> Option<String> {
        let open: Vec<(&RequiredCheck, CheckState)> = required
            .iter()
            .map(|check| (check, self.check_state(repo, sha, check)))
            .filter(|(_, state)| *state != CheckState::Passed)
            .collect();
        if let [(check, state)] = open.as_slice() {
            return Some(format!(
                "Required status check \"{}\" is {}.",
                check.context,
                state.word()
            ));
        }
        let count = |wanted: CheckState| open.iter().filter(|(_, state)| *state == wanted).count();
        let parts: Vec<String> = [CheckState::Expected, CheckState::Pending, CheckState::Failing]
            .into_iter()
            .map(|state| (count(state), state))
            .filter(|(count, _)| *count > 0)
            .map(|(count, state)| format!("{count} {}", state.word()))
            .collect();
        let (last, before) = parts.split_last()?;
        let list = if before.is_empty() {
            last.clone()
        } else {
            format!("{} and {last}", before.join(", "))
        };
        Some(format!(
            "{} of {} required status checks have not succeeded: {list}.",
            open.len(),
            required.len()
        ))
    }

    /// The newest run of each App and the newest status of that name have to be green together.
    pub(super) fn check_state(&self, repo: Id, sha: &str, check: &RequiredCheck) -> CheckState {
        let Ok(repo) = self.repo(repo) else {
            return CheckState::Expected;
        };
        let reporter = |app: Option<Id>| check.app.is_none_or(|wanted| app == Some(wanted));
        let mut runs = std::collections::BTreeMap::new();
        for run in repo.check_runs.values() {
            if run.head_sha == sha && run.name == check.context && reporter(Some(run.app)) {
                runs.insert(run.app, run);
            }
        }
        let runs = runs.values().map(|run| match run.conclusion.as_deref() {
            None => CheckState::Pending,
            Some("success" | "neutral" | "skipped") => CheckState::Passed,
            Some(_) => CheckState::Failing,
        });
        let status = repo
            .statuses
            .iter()
            .rfind(|status| {
                status.sha == sha && status.context == check.context && reporter(status.app)
            })
            .map(|status| match status.state.as_str() {
                "success" => CheckState::Passed,
                "pending" => CheckState::Pending,
                _ => CheckState::Failing,
            });
        let states: Vec<CheckState> = runs.chain(status).collect();
        [CheckState::Failing, CheckState::Pending, CheckState::Passed]
            .into_iter()
            .find(|state| states.contains(state))
            .unwrap_or(CheckState::Expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::seed::tests::{demo_repo, person, put, seeded};
    use crate::sandbox::state::Push;

    #[test]
    fn a_protected_branch_refuses_pushes_as_github_does() {
        let (mut state, _folder) = seeded();
        let repo = demo_repo(&state);
        let (ada, sam) = (person(&state, "ada"), person(&state, "sam"));
        let old = state.git(repo).unwrap().branch("main").unwrap();
        let new = put(&mut state, "ada", "topic", "a.txt", "a");
        let mut push = |actor: Actor, after: Option<Oid>, force: bool| {
            let push = Push { reference: "refs/heads/main", after, force };
            state.push(actor, repo, &push).map_err(|refusal| (refusal.status, refusal.message))
        };
        let (status, message) = push(ada, Some(new), false).unwrap_err();
        assert_eq!(status, 422);
        assert!(message.contains("2 expected"), "{message}");
        assert_eq!(push(ada, None, true).unwrap_err().1, "Cannot delete a protected branch");
        push(sam, Some(new), false).unwrap();
        assert_eq!(push(sam, Some(old), false).unwrap_err().1, "Update is not a fast forward");
        assert_eq!(
            push(sam, Some(old), true).unwrap_err().1,
            "Cannot force-push to a protected branch"
        );
        assert_eq!(push(sam, None, true).unwrap_err().0, 422);
    }

    #[test]
    fn administrators_are_bound_where_they_are_included() {
        let (mut state, _folder) = seeded();
        let repo = demo_repo(&state);
        let sam = person(&state, "sam");
        let new = put(&mut state, "ada", "topic", "a.txt", "a");
        let home = state.repo_mut(repo).unwrap();
        home.protections.get_mut("main").unwrap().enforce_admins = true;
        let push = Push { reference: "refs/heads/main", after: Some(new), force: false };
        assert_eq!(state.push(sam, repo, &push).unwrap_err().status, 422);
    }
}
