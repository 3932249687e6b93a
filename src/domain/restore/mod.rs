//! The live Application is brought back by Argo CD while its pull request waits: once that one's gates have passed,
//! automatic sync is remembered and turned off, Argo CD's rollback is called and followed, and when the pull request has
//! ended automatic sync is put back as it was.
//!
//! `step` says what comes next for one Application; here that is gathered for, done, and told.

mod record;
mod step;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use super::decision::{Decision, Effect, Verdict};
use super::evaluate::Assessment;
use super::evidence;
use super::facts::{Facts, Gap};
use super::ground::Ground;
use super::live::is_overlay;
use super::look::{Change, Look, ours};
use super::overlay::kustomization;
use super::policy::{Environment, Mode, Policy, Target};
use super::promotion::{Promised, Promotion};
use super::reply::reason;
use super::reply::restore as say;
use crate::intent::Intent;
use crate::kustomize::images::{ImageEntry, entries};
use crate::model::argocd::{Application, Deployed, Seen, Unseen};
use crate::model::files::{Entry, FileTree as _, GitTree};
use crate::model::ids::{PrNumber, RepoRef, Sha, TargetName};
use crate::model::read::PullRequest;
use crate::model::restoration::{Looks, Restoration, Stage};
use step::{Next, Pull, Sight, next};

/// How often people are told that automatic sync is off.
const HOUR: i64 = 60 * 60;

/// What follows from a verdict: what Argo CD is wanted for begins when the gates have passed.
pub(super) fn follows(
    facts: &Facts,
    look: &Look<'_>,
    assessment: &Assessment,
) -> Result<Option<Effect>, Gap> {
    let wanted = look.promotion.as_ref().is_some_and(is_wanted);
    let judged = matches!(assessment, Assessment::Judged { mode: Mode::Enforce, .. });
    if !wanted || !judged || assessment.blocks() {
        return Ok(None);
    }
    let (repo, pr) = (look.ground.repo.clone(), look.pull().number);
    let known = &facts.restorations(&repo, &pr)?.all;
    let waits = known.is_empty() || known.iter().any(|one| one.stage == Stage::Asked);
    Ok(waits.then_some(Effect::Enqueue(Intent::Restore { repo, pr })))
}

/// What is gone on with, should its own job be lost: after the end of a pull request, and with every sweep.
pub(super) fn go_on(
    facts: &Facts,
    repo: &RepoRef,
    pr: Option<PrNumber>,
) -> Result<Vec<Effect>, Gap> {
    let open = facts.open_restorations(repo)?.iter();
    let mut all: Vec<PrNumber> = open.map(|one| one.pr).collect();
    all.dedup();
    all.retain(|one| pr.is_none_or(|pr| pr == *one));
    let intent = |pr| Intent::Restore { repo: repo.clone(), pr };
    Ok(all.into_iter().map(|pr| Effect::Enqueue(intent(pr))).collect())
}

/// Decides [`Intent::Restore`].
pub(super) fn restore(facts: &Facts, repo: &RepoRef, pr: PrNumber) -> Result<Decision, Gap> {
    let kept = facts.restorations(repo, &pr)?;
    let Some(pull) = facts.pull(repo, &pr)? else {
        return Ok(Decision::nothing(reason::pull_closed(pr)));
    };
    let ground = Ground::read(facts, repo)?.ok();
    let begins = kept.all.is_empty() || kept.all.iter().any(|one| one.stage == Stage::Asked);
    let around = Around::read(facts, pull, ground.as_ref(), (repo, begins))?;
    let records = if kept.all.is_empty() { around.begun()? } else { kept.all.clone() };
    if records.is_empty() {
        return Ok(Decision::nothing(reason::nothing_to_restore(pr)));
    }
    let mut steps = Vec::new();
    for record in &records {
        steps.push(around.step(record)?);
    }
    let mut effects = Vec::new();
    let now: Vec<Restoration> = steps.iter().map(|step| step.record.clone()).collect();
    for (before, step) in records.iter().zip(&steps) {
        effects.extend(record::entries(facts, before, step));
    }
    if now != kept.all {
        // Before anything is done, so that whoever comes after a crash knows of it.
        effects.push(Effect::KeepRestorations { all: now.clone() });
    }
    for Next { record, write, .. } in &steps {
        if let Some(write) = write {
            let record = Box::new(record.clone());
            effects.push(Effect::WriteArgocd { record, write: write.clone() });
        }
    }
    let ended = records.iter().zip(&now).any(|(before, one)| one.is_over() && !before.is_over());
    if ended {
        // Others may have waited for that.
        let others = facts.open_restorations(repo)?.iter().filter(|other| other.pr != pr);
        let again = |other: &Restoration| Intent::Restore { repo: repo.clone(), pr: other.pr };
        effects.extend(others.map(again).map(Effect::Enqueue));
    }
    effects.extend(told(facts, (pr, pull.open), &now, (&kept.told, kept.reminded)));
    if let Some(at) = again(facts.now, &steps) {
        let intent = Box::new(Intent::Restore { repo: repo.clone(), pr });
        effects.push(Effect::ComeAgain { intent, at });
    }
    let reasons = now.iter().map(reason::restoration).collect();
    Ok(Decision { verdict: Verdict::Accepted, reasons, effects })
}

/// What people are told: how it stands, in one comment that is edited; and, hour by hour, that automatic sync is off.
fn told(
    facts: &Facts,
    (pr, is_open): (PrNumber, bool),
    records: &[Restoration],
    (told, reminded): (&str, u32),
) -> Vec<Effect> {
    let body = say::progress(records, is_open);
    let digest = hex::encode(Sha256::digest(&body))[..16].to_owned();
    let off: Vec<&Restoration> = records.iter().filter(|one| one.off_since.is_some()).collect();
    let first = off.iter().filter_map(|one| one.off_since).min();
    let hours = first.map_or(0, |first| facts.now.duration_since(first).as_secs() / HOUR);
    let hours = u32::try_from(hours).unwrap_or(0);
    let mut effects = Vec::new();
    if digest != told {
        let marker = say::MARKER.to_owned();
        effects.push(Effect::EnsureComment { pr, marker, body, first: false });
    }
    if hours > reminded {
        let marker = say::reminder_marker(hours);
        let body = say::reminder(&off, hours, is_open);
        effects.push(Effect::EnsureComment { pr, marker, body, first: false });
    }
    if !effects.is_empty() {
        let reminded = reminded.max(hours);
        effects.push(Effect::ToldRestorations { pr, told: digest, reminded });
    }
    effects
}

/// When it is looked at again: when a step says so, and on the hour.
fn again(now: Timestamp, steps: &[Next]) -> Option<Timestamp> {
    let soonest = steps.iter().filter_map(|step| step.again).min()?;
    let to_the_hour = |off: Timestamp| HOUR - now.duration_since(off).as_secs().rem_euclid(HOUR);
    let hour = steps.iter().filter_map(|step| step.record.off_since).map(to_the_hour).min();
    let hour = hour.map_or(soonest, SignedDuration::from_secs);
    now.checked_add(soonest.min(hour)).ok()
}

/// Whether a promotion is to bring the live Application back as well.
fn is_wanted(promotion: &Promotion) -> bool {
    promotion.back.as_ref().is_some_and(|back| back.argocd)
}

/// Everything around the Applications of a pull request.
struct Around<'a> {
    facts: &'a Facts,
    repo: &'a RepoRef,
    pull: &'a PullRequest,
    ground: Option<&'a Ground<'a>>,
    policy: Option<&'a Policy>,
    /// What an open pull request would bring, and the promotion that it is; read only while something may begin.
    brings: Option<(Change<'a>, Promotion)>,
    state: Pull,
}

impl<'a> Around<'a> {
    /// `begins`: something may be begun, for which it is read what the pull request would bring.
    fn read(
        facts: &'a Facts,
        pull: &'a PullRequest,
        ground: Option<&'a Ground<'a>>,
        (repo, begins): (&'a RepoRef, bool),
    ) -> Result<Self, Gap> {
        let policy = ground.and_then(|ground| ground.policy()).map(AsRef::as_ref);
        let mut brings = None;
        if let Some(ground) = ground.filter(|_| pull.open && begins) {
            let change = Change::read(facts, ground, pull)?;
            let (identity, sealer) = (facts.identity()?, facts.sealer(repo));
            let promotion = ours(pull, &change.comparison.commits, identity, &sealer);
            brings = promotion.map(|promotion| (change, promotion));
        }
        let passed = || {
            let last = evidence::last_verdict(facts, repo, pull)?;
            Ok::<_, Gap>(last.is_some_and(|last| last.verdict.lets_through() && last.binds))
        };
        let state = match pull.open {
            false => Pull::Ended,
            true if passed()? => Pull::Passed,
            true => Pull::Shut,
        };
        Ok(Self { facts, repo, pull, ground, policy, brings, state })
    }

    /// What is to be brought back, where nothing is remembered yet: each target that the pull request changes.
    fn begun(&self) -> Result<Vec<Restoration>, Gap> {
        let (Some((change, promotion)), Some(policy), Some(ground)) =
            (&self.brings, self.policy, self.ground)
        else {
            return Ok(Vec::new());
        };
        let Some(environment) = policy.environment(&promotion.environment) else {
            return Ok(Vec::new());
        };
        if !is_wanted(promotion) || self.state != Pull::Passed {
            return Ok(Vec::new());
        }
        let mut begun = Vec::new();
        for target in environment.targets() {
            let folder = target.overlay.of(&promotion.application);
            let now = self.images(ground.tree, policy, (&target.name, &folder))?;
            if now == self.images(&change.merged.tree, policy, (&target.name, &folder))? {
                continue;
            }
            let argocd = target.argocd.as_ref();
            begun.push(Restoration {
                pr: self.pull.number,
                environment: environment.name().clone(),
                application: promotion.application.clone(),
                target: target.name.clone(),
                server: argocd.map_or_else(String::new, |argocd| argocd.server.clone()),
                name: argocd.map_or_else(String::new, |argocd| argocd.application.clone()),
                by: promotion.request.as_ref().map(|request| request.by.clone()),
                stage: Stage::Asked,
                since: self.facts.now,
                was: None,
                off_since: None,
                id: None,
                revision: None,
                before: None,
                tries: 0,
                trouble: None,
                looks: Looks::Plain,
            });
        }
        Ok(begun)
    }

    fn step(&self, record: &Restoration) -> Result<Next, Gap> {
        let nowhere = Err(Unseen::NoServer);
        let seen = if record.is_over() || record.name.is_empty() {
            &nowhere
        } else {
            self.facts.application(self.repo, &record.server, &record.name)?
        };
        let target = self.target(record);
        let named = target.is_some();
        let mut sight = Sight {
            seen,
            named,
            deploys: false,
            found: None,
            pull: self.state,
            behind: self.is_behind(seen),
            other: None,
            now: self.facts.now,
        };
        let begins = record.stage == Stage::Asked && self.state == Pull::Passed;
        if let (Some((_, target)), Ok(one), Some(ground), true) =
            (target, seen, self.ground, begins)
        {
            let folder = target.overlay.of(&record.application);
            let (pages, name) = (&*self.facts.github_pages, &ground.home.name);
            let mut sources = one.sources.iter();
            sight.deploys = sources.any(|source| is_overlay(source, pages, name, &folder));
            sight.found = self.found(one, (&target.name, &folder))?;
            let open = self.facts.open_restorations(self.repo)?.iter();
            let mut others = open.filter(|other| {
                let same = (&other.server, &other.name) == (&record.server, &record.name);
                same && other.pr != record.pr && other.stage != Stage::Asked
            });
            sight.other = others.next();
        }
        Ok(next(record, &sight))
    }

    /// Whether the pull request was merged, and the server has not looked at the default branch since.
    fn is_behind(&self, seen: &Seen) -> bool {
        let (Some(ground), Ok(one), true) = (self.ground, seen, self.pull.merged) else {
            return false;
        };
        let mut compared = one.sources.iter().map(|source| source.revision.as_ref());
        !compared.any(|revision| revision == Some(&ground.head.sha))
    }

    /// The target, if the configuration still has that Application deploy it.
    fn target(&self, record: &Restoration) -> Option<(&'a Environment, &'a Target)> {
        let environment = self.policy?.environment(&record.environment)?;
        let mut targets = environment.targets().iter();
        let target = targets.find(|target| target.name == record.target)?;
        let argocd = target.argocd.as_ref()?;
        let same = (&argocd.server, &argocd.application) == (&record.server, &record.name);
        same.then_some((environment, target))
    }

    /// The newest entry of an Application's history with the images that the pull request brings.
    fn found<'b>(
        &self,
        one: &'b Application,
        place: (&TargetName, &str),
    ) -> Result<Option<&'b Deployed>, Gap> {
        let (Some((change, _)), Some(policy)) = (&self.brings, self.policy) else {
            return Ok(None);
        };
        let Some(wanted) = self.images(&change.merged.tree, policy, place)? else {
            return Ok(None);
        };
        for past in one.history.iter().rev() {
            let [revision] = past.revisions.as_slice() else { continue };
            let Ok(revision) = Sha::new(revision.clone()) else { continue };
            let Some(commit) = self.facts.commit_if_any(self.repo, &revision)? else { continue };
            let tree = self.facts.tree(self.repo, &commit.tree)?;
            if self.images(tree, policy, place)?.as_ref() == Some(&wanted) {
                return Ok(Some(past));
            }
        }
        Ok(None)
    }

    /// The entries of an overlay that any application carries; none where it cannot be read.
    fn images(
        &self,
        tree: &GitTree,
        policy: &Policy,
        (target, folder): (&TargetName, &str),
    ) -> Result<Option<Vec<Promised>>, Gap> {
        let files = self.facts.view(tree);
        let Some(file) = kustomization(&files, folder) else { return Ok(None) };
        let all = match files.entry(&file) {
            Entry::Unread => return Err(self.facts.lacks_files(self.repo, tree, &[file])),
            Entry::File(content) => entries(&content).unwrap_or_default(),
            _ => return Ok(None),
        };
        let is_carried =
            |entry: &&ImageEntry| policy.applications().iter().any(|one| one.carries(&entry.name));
        let carried = all.iter().filter(is_carried).map(|entry| Promised::of(target, entry));
        let mut carried: Vec<Promised> = carried.collect();
        carried.sort();
        Ok((!carried.is_empty()).then_some(carried))
    }
}

#[cfg(test)]
mod tests;
