//! Merge queues: pull requests are put on top of each other on temporary branches, checked there, and merged
//! when the required checks are green. It does not know who asks.
//! <https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue>

use git2::Oid;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::protection::CheckState;
use super::{Actor, MergeRequest, State};
use crate::sandbox::git::MergeMethod;
use crate::sandbox::model::rules::{QueueEntry, QueueRule};
use crate::sandbox::model::{Id, RequiredCheck};
use crate::sandbox::refusal::Refusal;

/// What the temporary branches of groups begin with.
const PREFIX: &str = "gh-readonly-queue/";

/// What becomes of a queue next.
enum Turn {
    /// Nothing has changed.
    Rest,
    /// So many entries from the front are merged.
    Merge(usize),
    /// This entry is taken out.
    Drop(usize, &'static str),
    /// All groups are built anew: the branch has moved.
    Rebuild,
}

impl State {
    /// Puts a pull request into its base branch's merge queue; gives the entry's id. One that is in it already
    /// stays where it is.
    pub(crate) fn enqueue(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        expected: Option<&str>,
    ) -> Result<Id, Refusal> {
        let (issue, pull) = self.pull(repo, number)?;
        let (head, branch) = (pull.head.sha.clone(), pull.base.branch.clone());
        if let Some(entry) = self.queue_entry(repo, number)? {
            return Ok(entry.id);
        }
        if !issue.open || pull.draft {
            return Err(Refusal::unprocessable("Pull request is not in a mergeable state"));
        }
        if expected.is_some_and(|sha| sha != head) {
            return Err(Refusal::unprocessable(
                "Head branch was modified. Review and try the merge again.",
            ));
        }
        if self.queue_rule(repo, &branch)?.is_none() {
            return Err(Refusal::unprocessable(
                "Pull request cannot be enqueued: the base branch has no merge queue",
            ));
        }
        if let Some(objection) = self.merge_objections(actor, repo, number)?.first() {
            return Err(Refusal::unprocessable(objection.clone()));
        }
        let (id, now) = (self.new_id(), self.now());
        let entry = QueueEntry {
            id,
            pull: number,
            pull_head: head,
            account: actor.account,
            app: actor.app,
            enqueued_at: now,
            base: String::new(),
            head: String::new(),
            branch: String::new(),
            built_at: now,
        };
        self.repo_mut(repo)?.queues.entry(branch.clone()).or_default().push(entry);
        self.emit_about(actor, repo, number, "enqueued", json!({}))?;
        let last = self.queue(repo, &branch)?.len() - 1;
        if !self.build(repo, &branch, last)? {
            self.take_out(repo, &branch, last, "dequeued", "MERGE_CONFLICT")?;
            return Err(Refusal::unprocessable("Pull request has merge conflicts"));
        }
        Ok(id)
    }

    /// The entry of a pull request, where it is in a queue.
    pub(crate) fn queue_entry(
        &self,
        repo: Id,
        number: u64,
    ) -> Result<Option<&QueueEntry>, Refusal> {
        let mut entries = self.repo(repo)?.queues.values().flatten();
        Ok(entries.find(|entry| entry.pull == number))
    }

    /// A branch's queue, first in first.
    pub(crate) fn queue(&self, repo: Id, branch: &str) -> Result<&[QueueEntry], Refusal> {
        Ok(self.repo(repo)?.queues.get(branch).map_or(&[], Vec::as_slice))
    }

    /// Lets every queue go on as far as it can.
    pub(crate) fn turn_queues(&mut self) {
        let all: Vec<(Id, String)> = self
            .repos
            .values()
            .flat_map(|repo| {
                repo.queues.iter().map(move |(branch, entries)| (repo.id, branch, entries))
            })
            .filter(|(_, _, entries)| !entries.is_empty())
            .map(|(repo, branch, _)| (repo, branch.clone()))
            .collect();
        for (repo, branch) in all {
            // As many turns as there could be entries; a queue that cannot go on is left as it is.
            for _ in 0..100 {
                match self.turn(repo, &branch) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(refusal) => {
                        tracing::warn!(reason = %refusal.message, branch, "a merge queue does not go on");
                        break;
                    }
                }
            }
        }
    }

    /// One step of a queue; whether something has changed.
    fn turn(&mut self, repo: Id, branch: &str) -> Result<bool, Refusal> {
        match self.next_turn(repo, branch)? {
            Turn::Rest => return Ok(false),
            Turn::Merge(many) => self.merge_front(repo, branch, many)?,
            Turn::Drop(at, why) => self.take_out(repo, branch, at, "dequeued", why)?,
            Turn::Rebuild => self.rebuild(repo, branch, 0)?,
        }
        Ok(true)
    }

    fn next_turn(&self, repo: Id, branch: &str) -> Result<Turn, Refusal> {
        let entries = self.queue(repo, branch)?;
        let (Some(first), Some(rule)) = (entries.first(), self.queue_rule(repo, branch)?) else {
            return Ok(if entries.is_empty() {
                Turn::Rest
            } else {
                Turn::Drop(0, "QUEUE_CLEARED")
            });
        };
        for (at, entry) in entries.iter().enumerate() {
            let (issue, pull) = self.pull(repo, entry.pull)?;
            if !issue.open || pull.base.branch != branch {
                return Ok(Turn::Drop(at, "MANUAL"));
            }
            if pull.head.sha != entry.pull_head {
                return Ok(Turn::Drop(at, "BRANCH_PROTECTIONS"));
            }
        }
        if self.git(repo)?.branch(branch).map(|tip| tip.to_string()).as_ref() != Some(&first.base) {
            return Ok(Turn::Rebuild);
        }
        let required = self.required_checks(repo, branch)?;
        let states: Vec<CheckState> =
            entries.iter().map(|entry| self.group_state(repo, entry, &required, &rule)).collect();
        let head_green = rule.grouping_strategy == "HEADGREEN";
        let green = if head_green {
            states.iter().rposition(|state| *state == CheckState::Passed).map_or(0, |at| at + 1)
        } else {
            states.iter().take_while(|state| **state == CheckState::Passed).count()
        };
        let waited = self.now().duration_since(first.enqueued_at)
            >= SignedDuration::from_mins(rule.min_entries_to_merge_wait_minutes);
        if green > 0 && (green >= rule.min_entries_to_merge || waited) {
            return Ok(Turn::Merge(green.min(rule.max_entries_to_merge.max(1))));
        }
        let red = |state: &CheckState| *state == CheckState::Failing;
        let failing = if head_green {
            // Those before it may still come in with one behind it.
            states.last().filter(|state| red(state)).map(|_| states.len() - 1)
        } else {
            states.iter().position(red)
        };
        Ok(failing.map_or(Turn::Rest, |at| Turn::Drop(at, "CI_FAILURE")))
    }

    /// How the required checks stand on a group.
    fn group_state(
        &self,
        repo: Id,
        entry: &QueueEntry,
        required: &[RequiredCheck],
        rule: &QueueRule,
    ) -> CheckState {
        let states: Vec<CheckState> =
            required.iter().map(|check| self.check_state(repo, &entry.head, check)).collect();
        if states.contains(&CheckState::Failing) {
            return CheckState::Failing;
        }
        if states.iter().all(|state| *state == CheckState::Passed) {
            return CheckState::Passed;
        }
        let waited = self.now().duration_since(entry.built_at)
            >= SignedDuration::from_mins(rule.check_response_timeout_minutes);
        if waited { CheckState::Failing } else { CheckState::Pending }
    }

    /// Builds an entry's group on top of the one before it; `false` where they conflict.
    fn build(&mut self, repo: Id, branch: &str, at: usize) -> Result<bool, Refusal> {
        let git = self.git(repo)?;
        let entries = self.queue(repo, branch)?;
        let Some(entry) = entries.get(at).cloned() else { return Ok(false) };
        let base = match at.checked_sub(1).and_then(|before| entries.get(before)) {
            Some(before) => Oid::from_str(&before.head)?,
            None => git.branch(branch).ok_or_else(Refusal::not_found)?,
        };
        let head = Oid::from_str(&entry.pull_head)?;
        let Some(tree) = git.merged_tree(base, head)? else { return Ok(false) };
        let rule = self.queue_rule(repo, branch)?.ok_or_else(Refusal::not_found)?;
        let method = MergeMethod::parse(&rule.merge_method.to_lowercase());
        let method = method.unwrap_or(MergeMethod::Merge);
        let request = MergeRequest { method, sha: None, title: None, message: None };
        let actor = Actor { account: entry.account, app: entry.app };
        let commit =
            self.merge_commit(actor, repo, entry.pull, &request, &git, (base, head, tree))?;
        let (now, name) = (self.now(), format!("{PREFIX}{branch}/pr-{}-{base}", entry.pull));
        let reference = format!("refs/heads/{name}");
        let before = git.reference(&reference);
        git.set_reference(&reference, commit)?;
        let queue = self.repo_mut(repo)?.queues.get_mut(branch).ok_or_else(Refusal::not_found)?;
        if let Some(entry) = queue.get_mut(at) {
            (entry.base, entry.head) = (base.to_string(), commit.to_string());
            (entry.branch, entry.built_at) = (name, now);
        }
        self.repo_mut(repo)?.verified.insert(commit.to_string());
        self.moved(actor, repo, &reference, before, Some(commit))?;
        let entry = self.queue(repo, branch)?.get(at).cloned().ok_or_else(Refusal::not_found)?;
        let body = json!({"merge_group": self.merge_group_json(repo, branch, &entry)?});
        self.emit(repo, actor, "merge_group", Some("checks_requested"), body);
        Ok(true)
    }

    /// Builds the groups from `from` on anew; what conflicts is taken out.
    fn rebuild(&mut self, repo: Id, branch: &str, from: usize) -> Result<(), Refusal> {
        let mut at = from;
        let stale: Vec<QueueEntry> = self.queue(repo, branch)?.iter().skip(from).cloned().collect();
        for entry in &stale {
            self.destroy(repo, branch, entry, "invalidated")?;
        }
        while at < self.queue(repo, branch)?.len() {
            if self.build(repo, branch, at)? {
                at += 1;
            } else {
                self.forget_entry(repo, branch, at, "MERGE_CONFLICT")?;
            }
        }
        Ok(())
    }

    /// Takes an entry out; those behind it are built without it.
    fn take_out(
        &mut self,
        repo: Id,
        branch: &str,
        at: usize,
        word: &str,
        why: &str,
    ) -> Result<(), Refusal> {
        if let Some(entry) = self.queue(repo, branch)?.get(at).cloned() {
            self.destroy(repo, branch, &entry, word)?;
        }
        self.forget_entry(repo, branch, at, why)?;
        self.rebuild(repo, branch, at)
    }

    fn forget_entry(
        &mut self,
        repo: Id,
        branch: &str,
        at: usize,
        why: &str,
    ) -> Result<(), Refusal> {
        let queue = self.repo_mut(repo)?.queues.get_mut(branch).ok_or_else(Refusal::not_found)?;
        if at >= queue.len() {
            return Ok(());
        }
        let entry = queue.remove(at);
        let actor = Actor { account: entry.account, app: entry.app };
        self.emit_about(actor, repo, entry.pull, "dequeued", json!({"reason": why}))
    }

    /// Merges so many groups from the front.
    fn merge_front(&mut self, repo: Id, branch: &str, many: usize) -> Result<(), Refusal> {
        let queue = self.repo_mut(repo)?.queues.get_mut(branch).ok_or_else(Refusal::not_found)?;
        let merged: Vec<QueueEntry> = queue.drain(..many.min(queue.len())).collect();
        let Some(first) = merged.first() else { return Ok(()) };
        let (actor, base) =
            (Actor { account: first.account, app: first.app }, Oid::from_str(&first.base)?);
        let merges: Result<Vec<(u64, Oid)>, Refusal> =
            merged.iter().map(|entry| Ok((entry.pull, Oid::from_str(&entry.head)?))).collect();
        self.arrive(actor, repo, branch, base, &merges?)?;
        for entry in &merged {
            self.destroy(repo, branch, entry, "merged")?;
        }
        Ok(())
    }

    /// A group is no more: its branch goes, and those who check it are told.
    fn destroy(
        &mut self,
        repo: Id,
        branch: &str,
        entry: &QueueEntry,
        why: &str,
    ) -> Result<(), Refusal> {
        if entry.head.is_empty() {
            return Ok(());
        }
        let git = self.git(repo)?;
        let actor = Actor { account: entry.account, app: entry.app };
        let reference = format!("refs/heads/{}", entry.branch);
        if let Some(old) = git.reference(&reference) {
            git.remove_reference(&reference)?;
            self.moved(actor, repo, &reference, Some(old), None)?;
        }
        let group = self.merge_group_json(repo, branch, entry)?;
        let body = json!({"merge_group": group, "reason": why});
        self.emit(repo, actor, "merge_group", Some("destroyed"), body);
        Ok(())
    }

    /// <https://docs.github.com/en/webhooks/webhook-events-and-payloads#merge_group>
    fn merge_group_json(
        &self,
        repo: Id,
        branch: &str,
        entry: &QueueEntry,
    ) -> Result<Value, Refusal> {
        Ok(json!({
            "head_sha": entry.head,
            "head_ref": format!("refs/heads/{}", entry.branch),
            "base_sha": entry.base,
            "base_ref": format!("refs/heads/{branch}"),
            "head_commit": self.head_commit_json(repo, &entry.head),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::model::rules::Bypass;
    use crate::sandbox::seed::tests::{demo_repo, offer, person, put, seeded};
    use crate::sandbox::state::{NewStatus, RulesetChange};

    /// A queue whose required check is `ci`.
    fn queue(state: &mut State, strategy: &str, bypass: Vec<Bypass>) {
        let repo = demo_repo(state);
        state.repo_mut(repo).unwrap().protections.clear();
        let change = RulesetChange {
            name: "queue".to_owned(),
            enforcement: "active".to_owned(),
            bypass,
            include: vec!["~DEFAULT_BRANCH".to_owned()],
            exclude: Vec::new(),
            rules: vec![
                json!({"type": "merge_queue", "parameters": {"grouping_strategy": strategy}}),
                json!({"type": "required_status_checks", "parameters": {
                    "required_status_checks": [{"context": "ci"}]}}),
            ],
        };
        state.put_ruleset(repo, None, change).unwrap();
    }

    fn report(state: &mut State, sha: &str, word: &str) {
        let (ada, repo) = (person(state, "ada"), demo_repo(state));
        let new =
            NewStatus { sha, state: word, context: "ci", description: None, target_url: None };
        state.create_status(ada, repo, &new).unwrap();
        state.turn_queues();
    }

    /// A pull request that is green by itself and in the queue.
    fn queued(state: &mut State, branch: &str) -> u64 {
        let head = put(state, "ada", branch, &format!("{branch}.txt"), branch).to_string();
        let number = offer(state, "ada", branch);
        report(state, &head, "success");
        let (ada, repo) = (person(state, "ada"), demo_repo(state));
        state.enqueue(ada, repo, number, Some(&head)).unwrap();
        number
    }

    fn groups(state: &State) -> Vec<(u64, String)> {
        let entries = state.queue(demo_repo(state), "main").unwrap();
        entries.iter().map(|entry| (entry.pull, entry.head.clone())).collect()
    }

    fn told(state: &mut State) -> Vec<String> {
        let sent = std::mem::take(&mut state.around.outbox);
        sent.iter()
            .filter(|one| one.event == "merge_group")
            .map(|one| {
                let reason = one.payload["reason"].as_str().unwrap_or_default();
                format!("{} {reason}", one.action.as_deref().unwrap_or_default())
            })
            .collect()
    }

    #[test]
    fn what_is_green_comes_in_and_what_is_red_goes_out_and_those_behind_are_built_anew() {
        let (mut state, _folder) = seeded();
        queue(&mut state, "ALLGREEN", Vec::new());
        let (one, two) = (queued(&mut state, "one"), queued(&mut state, "two"));
        let before = groups(&state);
        let repo = demo_repo(&state);
        let git = state.git(repo).unwrap();
        let contains = |head: &str, other: &str| {
            git.contains(Oid::from_str(head).unwrap(), Oid::from_str(other).unwrap())
        };
        assert!(contains(&before[1].1, &before[0].1), "on top of each other");
        let name = format!("refs/heads/gh-readonly-queue/main/pr-{two}-{}", before[0].1);
        assert_eq!(git.reference(&name).unwrap().to_string(), before[1].1);
        report(&mut state, &before[0].1, "failure");
        let after = groups(&state);
        assert_eq!((after.len(), after[0].0), (1, two));
        assert_ne!(after[0].1, before[1].1, "without the first");
        report(&mut state, &after[0].1, "success");
        assert!(groups(&state).is_empty());
        assert_eq!(state.git(repo).unwrap().branch("main").unwrap().to_string(), after[0].1);
        assert!(state.pull(repo, one).unwrap().0.open);
        assert!(state.pull(repo, two).unwrap().1.merged_at.is_some());
        let merged = told(&mut state).into_iter().filter(|one| one == "destroyed merged");
        assert_eq!(merged.count(), 1);
    }

    #[test]
    fn a_head_that_is_green_takes_those_before_it_along() {
        let (mut state, _folder) = seeded();
        queue(&mut state, "HEADGREEN", Vec::new());
        let (one, two) = (queued(&mut state, "one"), queued(&mut state, "two"));
        let head = groups(&state)[1].1.clone();
        report(&mut state, &head, "success");
        let repo = demo_repo(&state);
        for number in [one, two] {
            assert!(state.pull(repo, number).unwrap().1.merged_at.is_some(), "#{number}");
        }
    }

    #[test]
    fn a_branch_with_a_queue_takes_nothing_directly_except_from_whom_it_does_not_bind() {
        let (mut state, _folder) = seeded();
        let sam = person(&state, "sam");
        let mode = "always".to_owned();
        queue(
            &mut state,
            "ALLGREEN",
            vec![Bypass { kind: "User".to_owned(), id: Some(sam.account), mode }],
        );
        let (repo, ada) = (demo_repo(&state), person(&state, "ada"));
        let head = put(&mut state, "ada", "topic", "a.txt", "a");
        let number = offer(&mut state, "ada", "topic");
        let plain =
            MergeRequest { method: MergeMethod::Merge, sha: None, title: None, message: None };
        let refused = state.merge_pull(ada, repo, number, &plain).unwrap_err();
        assert_eq!(
            (refused.status, refused.message.as_str()),
            (
                405,
                "Repository rule violations found\n\nChanges must be made through the merge queue"
            )
        );
        let refused = state.enqueue(ada, repo, number, None).unwrap_err();
        assert!(refused.message.contains("\"ci\" is expected"), "{}", refused.message);
        let push =
            super::super::Push { reference: "refs/heads/main", after: Some(head), force: false };
        assert_eq!(state.push(ada, repo, &push).unwrap_err().status, 422);
        state.merge_pull(sam, repo, number, &plain).unwrap();
    }

    #[test]
    fn a_push_to_what_is_queued_takes_it_out() {
        let (mut state, _folder) = seeded();
        queue(&mut state, "ALLGREEN", Vec::new());
        let one = queued(&mut state, "one");
        put(&mut state, "ada", "one", "one.txt", "again");
        state.turn_queues();
        assert!(groups(&state).is_empty());
        assert!(state.pull(demo_repo(&state), one).unwrap().0.open);
    }
}
