//! Refs that move: pushes and what follows from them for events and pull requests.
//! It does not know how commits are made.
//! <https://docs.github.com/en/rest/git/refs>

use git2::Oid;
use serde_json::{Value, json};

use super::{Actor, Attempt, State};
use crate::sandbox::git::{Commit, is_ref_name};
use crate::sandbox::model::issue::{Happening, ReviewState};
use crate::sandbox::model::{Id, Issue};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::shape::time;

/// A ref that shall move.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Push<'a> {
    /// The full name.
    pub(crate) reference: &'a str,
    /// Where to; `None` removes it.
    pub(crate) after: Option<Oid>,
    /// Also where commits are lost by it.
    pub(crate) force: bool,
}

const NOWHERE: &str = "0000000000000000000000000000000000000000";

impl State {
    /// Makes a ref; refused where there is one already.
    pub(crate) fn create_ref(
        &mut self,
        actor: Actor,
        repo: Id,
        name: &str,
        to: Oid,
    ) -> Result<(), Refusal> {
        if !is_ref_name(name) {
            return Err(Refusal::unprocessable(format!(
                "{name} is not a valid ref name. It must start with 'refs' and have at least two slashes."
            )));
        }
        let git = self.git(repo)?;
        if git.reference(name).is_some() {
            return Err(Refusal::unprocessable("Reference already exists"));
        }
        let push = Push { reference: name, after: Some(to), force: false };
        self.push(actor, repo, &push)
    }

    /// Moves, makes or removes a ref as a push does: protection may refuse it.
    pub(crate) fn push(&mut self, actor: Actor, repo: Id, push: &Push<'_>) -> Result<(), Refusal> {
        let git = self.git(repo)?;
        let before = git.reference(push.reference);
        let branch = push.reference.strip_prefix("refs/heads/");
        let lost = matches!((before, push.after), (Some(before), Some(after)) if branch.is_some() && !git.contains(after, before));
        if let Some(after) = push.after {
            if branch.is_some() && git.peel(after) != Some(after) {
                return Err(Refusal::unprocessable(
                    "Reference update failed: a branch has to point at a commit",
                ));
            }
            if lost && !push.force {
                return Err(Refusal::unprocessable("Update is not a fast forward"));
            }
        }
        if let Some(branch) = branch {
            let attempt = match push.after {
                Some(after) => Attempt::Push { after, forced: lost, created: before.is_none() },
                None => Attempt::Delete,
            };
            self.protected_push(actor, repo, branch, attempt)?;
        }
        match push.after {
            Some(after) => git
                .set_reference(push.reference, after)
                .map_err(|_clash| Refusal::unprocessable("Reference update failed"))?,
            None => git.remove_reference(push.reference)?,
        }
        self.moved(actor, repo, push.reference, before, push.after)
    }

    /// Tells of a ref that has moved, and lets the pull requests follow it.
    pub(crate) fn moved(
        &mut self,
        actor: Actor,
        repo: Id,
        reference: &str,
        before: Option<Oid>,
        after: Option<Oid>,
    ) -> Result<(), Refusal> {
        if before == after {
            return Ok(());
        }
        let now = self.now();
        let moved = self.repo_mut(repo)?;
        moved.pushed_at = now;
        moved.updated_at = now;
        let kind = ["refs/heads/", "refs/tags/"]
            .iter()
            .zip(["branch", "tag"])
            .find_map(|(prefix, kind)| Some((kind, reference.strip_prefix(prefix)?)));
        let Some((kind, short)) = kind else {
            return Ok(());
        };
        let made = before.is_none() || after.is_none();
        if made {
            let master = self.repo(repo)?.default_branch.clone();
            let mut body = json!({"ref": short, "ref_type": kind, "pusher_type": "user"});
            let event = if after.is_some() {
                body["full_ref"] = reference.into();
                body["master_branch"] = master.into();
                body["description"] = self.repo(repo)?.description.clone().into();
                "create"
            } else {
                "delete"
            };
            self.emit(repo, actor, event, None, body);
        }
        let payload = self.push_payload(actor, repo, reference, before, after)?;
        self.emit(repo, actor, "push", None, payload);
        if kind == "branch" {
            if let Some(after) = after {
                let before = before.map(|before| before.to_string());
                self.open_suites(actor, repo, short, before.as_deref(), &after.to_string())?;
            }
            self.follow(actor, repo, short, before, after)?;
            self.argocd_looks();
        }
        Ok(())
    }

    /// <https://docs.github.com/en/webhooks/webhook-events-and-payloads#push>
    fn push_payload(
        &self,
        actor: Actor,
        repo: Id,
        reference: &str,
        before: Option<Oid>,
        after: Option<Oid>,
    ) -> Result<Value, Refusal> {
        let git = self.git(repo)?;
        let tip = after.and_then(|after| git.peel(after));
        let default = git.branch(&self.repo(repo)?.default_branch);
        let known = before.or(default.filter(|default| Some(*default) != tip));
        let commits = match (known, tip) {
            (Some(known), Some(tip)) if git.commit(known).is_some() => git.between(known, tip)?,
            (_, Some(tip)) => git.commit(tip).into_iter().collect(),
            _ => Vec::new(),
        };
        let shown = commits
            .iter()
            .map(|commit| self.pushed_commit(repo, commit))
            .collect::<Result<Vec<Value>, Refusal>>()?;
        let head = match tip.and_then(|tip| git.commit(tip)) {
            Some(commit) => self.pushed_commit(repo, &commit)?,
            None => Value::Null,
        };
        let sha = |oid: Option<Oid>| oid.map_or(NOWHERE.to_owned(), |oid| oid.to_string());
        let (from, to) = (sha(before), sha(after));
        let forced =
            matches!((before, after), (Some(before), Some(after)) if !git.contains(after, before));
        let html = self.repo_html(self.repo(repo)?);
        Ok(json!({
            "ref": reference,
            "before": from,
            "after": to,
            "created": before.is_none(),
            "deleted": after.is_none(),
            "forced": forced,
            "base_ref": null,
            "compare": format!("{html}/compare/{}...{}", &from[..12], &to[..12]),
            "commits": shown,
            "head_commit": head,
            "pusher": {"name": self.login(actor.account), "email": self.email(actor.account)},
        }))
    }

    fn pushed_commit(&self, repo: Id, commit: &Commit) -> Result<Value, Refusal> {
        let git = self.git(repo)?;
        let parent = commit.parents.first().and_then(|parent| git.tree_of(*parent));
        let changes = git.changes(parent, commit.tree)?;
        let files = |status: &[&str]| -> Vec<&str> {
            changes
                .iter()
                .filter(|change| status.contains(&change.status))
                .map(|change| change.path.as_str())
                .collect()
        };
        let person = |person: &crate::sandbox::git::Person| {
            let mut shown =
                json!({"name": person.name, "email": person.email, "date": time(person.at)});
            if let Some(account) = self.account_by_email(&person.email) {
                shown["username"] = account.login.clone().into();
            }
            shown
        };
        Ok(json!({
            "id": commit.sha.to_string(),
            "tree_id": commit.tree.to_string(),
            "distinct": true,
            "message": commit.message,
            "timestamp": time(commit.committer.at),
            "url": format!("{}/commit/{}", self.repo_html(self.repo(repo)?), commit.sha),
            "author": person(&commit.author),
            "committer": person(&commit.committer),
            "added": files(&["added", "renamed"]),
            "removed": files(&["removed"]),
            "modified": files(&["modified", "changed"]),
        }))
    }

    /// Lets the pull requests from and to a branch follow it.
    fn follow(
        &mut self,
        actor: Actor,
        repo: Id,
        branch: &str,
        before: Option<Oid>,
        after: Option<Oid>,
    ) -> Result<(), Refusal> {
        let from: Vec<(Id, u64)> = self.open_pulls(|_, issue| {
            let head = issue.pull.as_ref().map(|pull| &pull.head);
            head.is_some_and(|head| head.repo == Some(repo) && head.branch == branch)
        });
        for (base, number) in from {
            match after {
                Some(after) => self.synchronize(actor, base, number, before, after)?,
                None => {
                    self.happened(actor, base, number, Happening::HeadRefDeleted)?;
                    self.set_open(actor, base, number, false, None)?;
                }
            }
        }
        let to: Vec<(Id, u64)> = self.open_pulls(|id, issue| {
            let base = issue.pull.as_ref().map(|pull| &pull.base);
            id == repo && base.is_some_and(|base| base.branch == branch)
        });
        for (base, number) in to {
            let head = self.pull(base, number)?.1.head.sha.clone();
            let Some(after) = after else {
                self.set_open(actor, base, number, false, None)?;
                continue;
            };
            let arrived = Oid::from_str(&head)
                .is_ok_and(|head| self.git(base).is_ok_and(|git| git.contains(after, head)));
            if arrived {
                self.mark_merged(actor, base, number, &after.to_string())?;
            }
        }
        Ok(())
    }

    fn open_pulls(&self, wanted: impl Fn(Id, &Issue) -> bool) -> Vec<(Id, u64)> {
        let all =
            self.repos.values().flat_map(|repo| repo.issues.values().map(|issue| (repo.id, issue)));
        all.filter(|(_, issue)| issue.open && issue.pull.is_some())
            .filter(|(repo, issue)| wanted(*repo, issue))
            .map(|(repo, issue)| (repo, issue.number))
            .collect()
    }

    /// The head of a pull request has moved.
    fn synchronize(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        before: Option<Oid>,
        after: Oid,
    ) -> Result<(), Refusal> {
        let git = self.git(repo)?;
        let (issue, pull) = self.pull(repo, number)?;
        let (author, old, base) = (issue.author, pull.head.sha.clone(), pull.base.branch.clone());
        git.set_reference(&format!("refs/pull/{number}/head"), after)?;
        let tip = git.branch(&base);
        let stale = self
            .repo(repo)?
            .protections
            .get(&base)
            .and_then(|protection| protection.reviews.as_ref())
            .is_some_and(|reviews| reviews.dismiss_stale);
        let pull = self.pull_mut(repo, number)?;
        pull.head.sha = after.to_string();
        if let Some(tip) = tip {
            pull.base.sha = tip.to_string();
        }
        if stale {
            for review in &mut pull.reviews {
                if review.state == ReviewState::Approved && review.author != author {
                    review.state = ReviewState::Dismissed;
                }
            }
        }
        if before.is_some_and(|before| !git.contains(after, before)) {
            let forced = Happening::HeadRefForcePushed(old.clone(), after.to_string());
            self.happened(actor, repo, number, forced)?;
        }
        self.touch(repo, number)?;
        let mut body = self.pull_event(repo, number)?;
        body["before"] = old.into();
        body["after"] = after.to_string().into();
        self.emit(repo, actor, "pull_request", Some("synchronize"), body);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::seed::tests::{demo_repo, offer, person, put, seeded};
    use crate::sandbox::state::PullEdit;

    #[test]
    fn a_pull_request_follows_its_branch_also_where_commits_are_thrown_away() {
        let (mut state, _folder) = seeded();
        let (repo, ada) = (demo_repo(&state), person(&state, "ada"));
        let first = put(&mut state, "ada", "topic", "a.txt", "a");
        let number = offer(&mut state, "ada", "topic");
        let second = put(&mut state, "ada", "topic", "a.txt", "b");
        let back = |force| Push { reference: "refs/heads/topic", after: Some(first), force };
        let refused = state.push(ada, repo, &back(false)).unwrap_err();
        assert_eq!(
            (refused.status, refused.message.as_str()),
            (422, "Update is not a fast forward")
        );
        state.push(ada, repo, &back(true)).unwrap();
        let sent = std::mem::take(&mut state.around.outbox);
        let moves: Vec<_> = sent
            .iter()
            .filter(|one| one.action.as_deref() == Some("synchronize"))
            .map(|one| {
                let text = |key: &str| one.payload[key].as_str().unwrap();
                assert_eq!(one.payload["pull_request"]["head"]["sha"], text("after"));
                (text("before"), text("after"))
            })
            .collect();
        let (first, second) = (first.to_string(), second.to_string());
        assert_eq!(moves, [(first.as_str(), second.as_str()), (second.as_str(), first.as_str())]);
        let mut pushes = sent.iter().rev().filter(|one| one.event == "push");
        assert_eq!(pushes.next().unwrap().payload["forced"], true);
        assert_eq!(state.pull(repo, number).unwrap().1.head.sha, first);
    }

    #[test]
    fn a_pull_request_that_goes_elsewhere_says_where_it_went_before() {
        let (mut state, _folder) = seeded();
        let (repo, ada) = (demo_repo(&state), person(&state, "ada"));
        put(&mut state, "ada", "other", "b.txt", "b");
        put(&mut state, "ada", "topic", "a.txt", "a");
        let number = offer(&mut state, "ada", "topic");
        state.around.outbox.clear();
        let edit = PullEdit { base: Some("other"), ..PullEdit::default() };
        state.edit_pull(ada, repo, number, &edit).unwrap();
        let sent = &state.around.outbox[0];
        assert_eq!((sent.event.as_str(), sent.action.as_deref()), ("pull_request", Some("edited")));
        assert_eq!(sent.payload["changes"]["base"]["ref"]["from"], "main");
        assert_eq!(sent.payload["pull_request"]["base"]["ref"], "other");
    }
}
