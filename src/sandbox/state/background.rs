//! Merges that are asked for and run in the background, between one request and the next.
//! It does not know what stands against a merge.
//! <https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request-asynchronously>

use jiff::SignedDuration;

use super::{Actor, MergeRequest, State};
use crate::sandbox::git::MergeMethod;
use crate::sandbox::model::Id;
use crate::sandbox::model::rules::{AsyncMerge, AsyncResult};
use crate::sandbox::refusal::Refusal;

/// How long a result can be read.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// A merge that is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AsyncRequest<'a> {
    /// `default`, `merge`, `squash` or `rebase`.
    pub(crate) method: &'a str,
    pub(crate) action: &'a str,
    pub(crate) sha: Option<&'a str>,
    pub(crate) title: Option<&'a str>,
    pub(crate) message: Option<&'a str>,
}

impl State {
    /// Takes a merge on; the one that is under way already where there is one (`false`).
    pub(crate) fn ask_for_merge(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        asked: &AsyncRequest<'_>,
    ) -> Result<(bool, AsyncMerge), Refusal> {
        let (now, head) = (self.now(), self.pull(repo, number)?.1.head.sha.clone());
        let mut all = self.repo(repo)?.async_merges.iter();
        if let Some(under_way) = all.find(|one| one.pull == number && one.result.is_none()) {
            return Ok((false, under_way.clone()));
        }
        let id = self.new_id();
        let merge = AsyncMerge {
            uuid: format!("00000000-0000-4000-8000-{id:012x}"),
            pull: number,
            account: actor.account,
            app: actor.app,
            method: asked.method.to_owned(),
            action: asked.action.to_owned(),
            head: asked.sha.map_or(head, str::to_owned),
            title: asked.title.map(str::to_owned),
            message: asked.message.map(str::to_owned),
            updated_at: now,
            result: None,
        };
        self.repo_mut(repo)?.async_merges.push(merge.clone());
        Ok((true, merge))
    }

    /// A merge that was asked for, for as long as its result is kept.
    pub(crate) fn asked_merge(
        &self,
        repo: Id,
        number: u64,
        uuid: &str,
    ) -> Result<&AsyncMerge, Refusal> {
        let mut all = self.repo(repo)?.async_merges.iter();
        all.find(|one| one.pull == number && one.uuid == uuid)
            .filter(|one| self.now().duration_since(one.updated_at) < KEPT)
            .ok_or_else(Refusal::not_found)
    }

    /// Does what runs in the background.
    pub(crate) fn go_on(&mut self) {
        self.turn_queues();
        if self.around.merges_held {
            return;
        }
        let waiting: Vec<(Id, AsyncMerge)> = self
            .repos
            .values()
            .flat_map(|repo| repo.async_merges.iter().map(move |one| (repo.id, one)))
            .filter(|(_, one)| one.result.is_none())
            .map(|(repo, one)| (repo, one.clone()))
            .collect();
        for (repo, merge) in waiting {
            let result = self
                .run_merge(repo, &merge)
                .unwrap_or_else(|refusal| AsyncResult::Failed(refusal.message));
            let now = self.now();
            if let Ok(repo) = self.repo_mut(repo)
                && let Some(kept) = repo.async_merges.iter_mut().find(|one| one.uuid == merge.uuid)
            {
                (kept.result, kept.updated_at) = (Some(result), now);
            }
        }
    }

    fn run_merge(&mut self, repo: Id, merge: &AsyncMerge) -> Result<AsyncResult, Refusal> {
        let actor = Actor { account: merge.account, app: merge.app };
        let branch = self.pull(repo, merge.pull)?.1.base.branch.clone();
        let queued = match merge.action.as_str() {
            "merge_queue" => true,
            "direct_merge" => false,
            _ => self.queue_rule(repo, &branch)?.is_some(),
        };
        if queued {
            self.enqueue(actor, repo, merge.pull, Some(&merge.head))?;
            return Ok(AsyncResult::Enqueued);
        }
        let request = MergeRequest {
            method: MergeMethod::parse(&merge.method).unwrap_or(MergeMethod::Merge),
            sha: Some(&merge.head),
            title: merge.title.as_deref(),
            message: merge.message.as_deref(),
        };
        let commit = self.merge_pull(actor, repo, merge.pull, &request)?;
        Ok(AsyncResult::Merged(commit.to_string()))
    }
}
