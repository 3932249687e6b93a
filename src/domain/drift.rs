//! Drift: what the default branch has in an environment differs from what the last accepted merge left there, or what is
//! deployed differs from the default branch.
//!
//! What a merge left is remembered as a [`Baseline`]: files and entries. A merge whose gates were passed moves it by that
//! pull request's own changes and by nothing else, so that what came around the gates stays visible whatever follows it.
//! It gathers facts and judges no gate.

pub mod issue;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::back::state;
use super::classify::folders;
use super::decision::Effect;
use super::evidence;
use super::facts::{Facts, Gap};
use super::ground::Ground;
use super::live::{Live, Stand, live};
use super::overlay::overlays;
use super::policy::{self, Application, Environment, Policy};
use super::promotion::Promised;
use super::real::Origin;
use super::rendered::rendered;
use crate::kustomize::edit::{ImageEdit, set_images};
use crate::kustomize::images::entries;
use crate::kustomize::written::is_kustomization;
use crate::model::files::{Entry, FileTree as _, GitTree, Mode};
use crate::model::ids::{AppName, EnvName, RepoRef, Sha};
use crate::model::read::{Commit, PullRequest};

/// So many files and entries are looked up for who changed them; the others are named alone.
const MOST_BLAMED: usize = 5;

/// What an environment is, in one tree or as accepted merges left it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Baseline {
    /// The folders of its overlays.
    pub folders: BTreeSet<String>,
    /// Every file that may matter to it, and what is in it.
    pub files: BTreeMap<String, Sha>,
    /// The promoted entries of each application.
    pub entries: BTreeMap<AppName, Vec<Promised>>,
}

/// How an environment differs from what the last accepted merge left.
#[derive(Debug, Clone, Default)]
pub struct Drift<'a> {
    /// Promoted entries that differ.
    pub entries: Vec<EntryDrift>,
    /// Files that differ in anything else.
    pub files: Vec<FileDrift>,
    /// Targets that are not what the default branch has.
    pub targets: Vec<Live<'a>>,
}

impl Drift<'_> {
    /// Whether the default branch has what it should have.
    pub fn is_clean(&self) -> bool {
        self.entries.is_empty() && self.files.is_empty()
    }
}

/// A promoted entry that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryDrift {
    /// As it was left; none where there was none.
    pub from: Option<Promised>,
    /// As it is; none where it is gone.
    pub to: Option<Promised>,
    /// The commit that touched its file last, as far as it was looked up.
    pub by: Option<Commit>,
}

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDrift {
    /// Where.
    pub path: String,
    /// What became of it.
    pub became: Became,
    /// The commit that touched it last, as far as it was looked up.
    pub by: Option<Commit>,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    /// It came.
    Added,
    /// It went.
    Removed,
    /// It became another one.
    Changed,
}

/// Whether drift is looked for there: where people have a say in what comes, by approvals or reviews, and where somebody
/// asks for `drift`, in the environment or in one that comes after it.
pub fn is_watched(policy: &Policy, environment: &Environment) -> bool {
    let people = !environment.approvals().is_empty()
        || environment.reviews().is_some_and(|reviews| reviews.count > 0);
    let asks = |one: &Environment| {
        one.gates().drift
            && (one.name() == environment.name() || one.after().contains(environment.name()))
    };
    people || policy.environments().iter().any(asks)
}

/// How an environment drifts as the default branch stands; none while nothing is remembered of it.
pub fn drift<'a>(
    facts: &Facts,
    ground: &Ground<'_>,
    (policy, environment): (&Policy, &'a Environment),
) -> Result<Option<Drift<'a>>, Gap> {
    match facts.baseline(ground.repo, environment.name())? {
        Some(left) => against(facts, ground, (policy, environment), left),
        None => Ok(None),
    }
}

/// How an environment drifts from what was left; none where it was elsewhere then.
fn against<'a>(
    facts: &Facts,
    ground: &Ground<'_>,
    (policy, environment): (&Policy, &'a Environment),
    left: &Baseline,
) -> Result<Option<Drift<'a>>, Gap> {
    let sides = (ground.tree, Origin::Repository);
    let here = snapshot(facts, ground.repo, sides, policy, environment)?;
    if left.folders != here.folders {
        return Ok(None);
    }
    let mut drift = Drift { entries: left.moved_to(&here), ..Drift::default() };
    for (path, became) in left.files_that_differ(&here) {
        let (old, new) = (left.files.get(&path), here.files.get(&path));
        if !only_images(facts, (ground.repo, ground.tree), policy, &path, (old, new))? {
            drift.files.push(FileDrift { path, became, by: None });
        }
    }
    blame(facts, ground, (policy, environment), &mut drift)?;
    for application in policy.applications() {
        let now = overlays(facts, ground.repo, ground.tree, environment, application)?;
        let Ok(now) = now else { continue };
        for one in live(facts, ground, (environment, application), &now)? {
            if !matches!(one.stand, Stand::NotConfigured) && !drift.targets.contains(&one) {
                drift.targets.push(one);
            }
        }
    }
    Ok(Some(drift))
}

/// Finds who touched what differs last.
fn blame(
    facts: &Facts,
    ground: &Ground<'_>,
    (policy, environment): (&Policy, &Environment),
    drift: &mut Drift<'_>,
) -> Result<(), Gap> {
    let mut file_of = BTreeMap::new();
    for application in policy.applications() {
        let found = overlays(facts, ground.repo, ground.tree, environment, application)?;
        for (target, file, _) in found.unwrap_or_default().files {
            file_of.insert(target, file);
        }
    }
    let mut known: BTreeMap<String, Option<Commit>> = BTreeMap::new();
    let mut last = |path: &str| -> Result<Option<Commit>, Gap> {
        if let Some(commit) = known.get(path) {
            return Ok(commit.clone());
        }
        if known.len() >= MOST_BLAMED {
            return Ok(None);
        }
        let found = facts.commits_of(ground.repo, &ground.head.sha, path)?.first().cloned();
        known.insert(path.to_owned(), found.clone());
        Ok(found)
    };
    for entry in &mut drift.entries {
        let target = entry.to.as_ref().or(entry.from.as_ref()).map(|entry| &entry.target);
        if let Some(file) = target.and_then(|target| file_of.get(target)) {
            entry.by = last(file)?;
        }
    }
    for file in &mut drift.files {
        file.by = last(&file.path)?;
    }
    Ok(())
}

/// What accepted merges have left, as the default branch stands.
pub(super) struct Kept {
    /// What has to be remembered of it.
    pub(super) effects: Vec<Effect>,
    /// What was left of each environment of which that was known before.
    pub(super) left: BTreeMap<EnvName, Baseline>,
}

/// What has to be remembered as the default branch stands. Of environments of which nothing is remembered yet, or which
/// are elsewhere now: what is there is where it begins; so it is where rules stop nothing, however it came. Where something
/// differs, the merge that brought it may never have been told of.
pub(super) fn keep_up(facts: &Facts, ground: &Ground<'_>, policy: &Policy) -> Result<Kept, Gap> {
    let mut kept = Kept { effects: Vec::new(), left: BTreeMap::new() };
    let mut here = BTreeMap::new();
    let observes = policy.mode() == policy::Mode::Observe;
    for environment in watched(policy) {
        let sides = (ground.tree, Origin::Repository);
        let now = snapshot(facts, ground.repo, sides, policy, environment)?;
        let (name, left) = (environment.name(), facts.baseline(ground.repo, environment.name())?);
        let stands = |left: &&Baseline| left.folders == now.folders && (!observes || **left == now);
        match left.as_ref().filter(stands) {
            None => kept
                .effects
                .push(Effect::RememberBaseline { environment: name.clone(), baseline: now }),
            Some(left) => {
                kept.left.insert(name.clone(), left.clone());
                here.insert(name.clone(), now);
            }
        }
    }
    for pull in brought(facts, ground, &kept.left, &here)? {
        for (name, baseline) in accepted(facts, ground, policy, pull, &kept.left)? {
            // One that was taken notice of long ago may have touched a path last, and others have been merged since:
            // only what brings it nearer to what is there was missed.
            let Some(now) = here.get(&name) else { continue };
            if baseline.distance(now) < kept.left.get(&name).map_or(0, |left| left.distance(now)) {
                kept.left.insert(name.clone(), baseline.clone());
                kept.effects.push(Effect::RememberBaseline { environment: name, baseline });
            }
        }
    }
    Ok(kept)
}

/// The merged pull requests that touched what differs last, in the order in which they were merged.
fn brought<'a>(
    facts: &'a Facts,
    ground: &Ground<'_>,
    left: &BTreeMap<EnvName, Baseline>,
    here: &BTreeMap<EnvName, Baseline>,
) -> Result<Vec<&'a PullRequest>, Gap> {
    let mut paths = BTreeSet::new();
    for (name, left) in left {
        let differ = here.get(name).map(|now| left.files_that_differ(now)).unwrap_or_default();
        paths.extend(differ.into_iter().map(|(path, _)| path).take(MOST_BLAMED));
    }
    let mut found: Vec<&PullRequest> = Vec::new();
    for path in paths {
        let commits = facts.commits_of(ground.repo, &ground.head.sha, &path)?;
        let Some(last) = commits.first() else { continue };
        let pulls = facts.pulls_of_commit(ground.repo, &last.sha)?.iter();
        for pull in pulls.filter(|pull| pull.merged) {
            if !found.iter().any(|known| known.number == pull.number) {
                found.push(pull);
            }
        }
    }
    found.sort_by_key(|pull| (pull.merged_at, pull.number));
    Ok(found)
}

fn watched(policy: &Policy) -> impl Iterator<Item = &Environment> {
    policy.environments().iter().filter(move |one| is_watched(policy, one))
}

/// What a merged pull request left, if nothing kept it shut at the head that was merged.
pub(super) fn accept(
    facts: &Facts,
    ground: &Ground<'_>,
    policy: &Policy,
    pull: &PullRequest,
) -> Result<Vec<Effect>, Gap> {
    let mut left = BTreeMap::new();
    for environment in watched(policy) {
        if let Some(known) = facts.baseline(ground.repo, environment.name())? {
            left.insert(environment.name().clone(), known.clone());
        }
    }
    let accepted = accepted(facts, ground, policy, pull, &left)?.into_iter();
    Ok(accepted
        .map(|(environment, baseline)| Effect::RememberBaseline { environment, baseline })
        .collect())
}

/// What was left becomes this by a merged pull request, if nothing kept it shut at the head that was merged.
fn accepted(
    facts: &Facts,
    ground: &Ground<'_>,
    policy: &Policy,
    pull: &PullRequest,
    left: &BTreeMap<EnvName, Baseline>,
) -> Result<Vec<(EnvName, Baseline)>, Gap> {
    let repo = ground.repo;
    let here = pull.base.branch == ground.home.default_branch;
    let passed = || {
        let last = evidence::last_verdict(facts, repo, pull)?;
        // Where the verdict did not bind, red was no word against it.
        Ok::<_, Gap>(last.is_some_and(|last| last.verdict.lets_through() || !last.binds))
    };
    if left.is_empty() || !here || !passed()? {
        return Ok(Vec::new());
    }
    let comparison = facts.comparison(repo, &pull.base.sha, &pull.head.sha)?;
    let before = facts.tree(repo, &comparison.merge_base.tree)?;
    let head = facts.commit(repo, &pull.head.sha)?;
    let after = facts.tree(repo, &head.tree)?;
    let mut accepted = Vec::new();
    for (name, left) in left {
        let Some(environment) = policy.environment(name) else { continue };
        let one = snapshot(facts, repo, (before, Origin::Repository), policy, environment)?;
        let other = snapshot(facts, repo, (after, Origin::of(pull)), policy, environment)?;
        let mut images_alone = BTreeSet::new();
        for (path, _) in one.files_that_differ(&other) {
            let contents = (one.files.get(&path), other.files.get(&path));
            if only_images(facts, (repo, after), policy, &path, contents)? {
                images_alone.insert(path);
            }
        }
        let baseline = left.after(&one, &other, &images_alone);
        if baseline != *left {
            accepted.push((name.clone(), baseline));
        }
    }
    Ok(accepted)
}

/// What an environment is in a tree.
fn snapshot(
    facts: &Facts,
    repo: &RepoRef,
    (tree, origin): (&GitTree, Origin),
    policy: &Policy,
    environment: &Environment,
) -> Result<Baseline, Gap> {
    let mut found = Baseline { folders: folders(policy, environment), ..Baseline::default() };
    for folder in &found.folders {
        for path in &rendered(facts, repo, (tree, origin), folder)?.files {
            if let Some((_, sha)) = tree.entries.get(path) {
                found.files.insert(path.clone(), sha.clone());
            }
        }
    }
    for application in policy.applications() {
        let there = overlays(facts, repo, tree, environment, application)?.unwrap_or_default();
        found.entries.insert(application.name().clone(), state(&there));
    }
    Ok(found)
}

impl Baseline {
    /// How much another state has otherwise.
    fn distance(&self, other: &Self) -> usize {
        self.files_that_differ(other).len() + self.moved_to(other).len()
    }

    /// The entries that another state has otherwise.
    fn moved_to(&self, other: &Self) -> Vec<EntryDrift> {
        let all = |one: &Self| -> BTreeMap<_, Promised> {
            let entries = one.entries.iter().flat_map(|(application, entries)| {
                entries.iter().map(move |entry| {
                    ((application.clone(), entry.target.clone(), entry.name.clone()), entry.clone())
                })
            });
            entries.collect()
        };
        let (old, new) = (all(self), all(other));
        let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
        let differ = keys.into_iter().filter(|key| old.get(*key) != new.get(*key));
        let drift = differ.map(|key| {
            let (from, to) = (old.get(key).cloned(), new.get(key).cloned());
            EntryDrift { from, to, by: None }
        });
        drift.collect()
    }

    /// The files that another state has otherwise.
    fn files_that_differ(&self, other: &Self) -> Vec<(String, Became)> {
        let paths: BTreeSet<&String> = self.files.keys().chain(other.files.keys()).collect();
        let became = |path: &&String| {
            let became = match (self.files.get(*path), other.files.get(*path)) {
                (None, Some(_)) => Became::Added,
                (Some(_), None) => Became::Removed,
                (old, new) if old != new => Became::Changed,
                _ => return None,
            };
            Some(((*path).clone(), became))
        };
        paths.iter().filter_map(became).collect()
    }

    /// What it becomes by the change that leads from `before` to `after`. What that change leaves alone stays as it was
    /// left, whatever it has become in the meantime. `images_alone`: files in which it changes nothing but promoted entries.
    fn after(&self, before: &Self, after: &Self, images_alone: &BTreeSet<String>) -> Self {
        let mut left = self.clone();
        for (path, became) in before.files_that_differ(after) {
            let as_left = self.files.get(&path) == before.files.get(&path);
            // The entries are compared by themselves; the rest of the file is as it was left.
            if images_alone.contains(&path) && !as_left {
                continue;
            }
            match after.files.get(&path).filter(|_| became != Became::Removed) {
                Some(sha) => left.files.insert(path, sha.clone()),
                None => left.files.remove(&path),
            };
        }
        for moved in before.moved_to(after) {
            let owner = |entries: &BTreeMap<AppName, Vec<Promised>>, entry: &Promised| {
                let mut all = entries.iter();
                all.find(|(_, entries)| entries.contains(entry)).map(|(name, _)| name.clone())
            };
            let name = match (&moved.from, &moved.to) {
                (_, Some(to)) => owner(&after.entries, to),
                (Some(from), None) => owner(&before.entries, from),
                (None, None) => None,
            };
            let Some(name) = name else { continue };
            let Some(key) = moved.to.as_ref().or(moved.from.as_ref()) else { continue };
            let entries = left.entries.entry(name).or_default();
            let at =
                entries.iter().position(|one| one.target == key.target && one.name == key.name);
            match (at, moved.to.clone()) {
                (Some(at), Some(to)) => entries[at] = to,
                (Some(at), None) => drop(entries.remove(at)),
                (None, Some(to)) => entries.push(to),
                (None, None) => {}
            }
        }
        left
    }
}

/// Whether a file differs in nothing but promoted entries: setting these in the old one gives the new one.
fn only_images(
    facts: &Facts,
    (repo, tree): (&RepoRef, &GitTree),
    policy: &Policy,
    path: &str,
    (old, new): (Option<&Sha>, Option<&Sha>),
) -> Result<bool, Gap> {
    let (Some(old), Some(new)) = (old, new) else {
        return Ok(false);
    };
    if !is_kustomization(path) {
        return Ok(false);
    }
    let read = |sha: &Sha| {
        let item = (Mode::File, sha.clone());
        let alone =
            GitTree { sha: tree.sha.clone(), entries: BTreeMap::from([(path.to_owned(), item)]) };
        match facts.view(&alone).entry(path) {
            Entry::File(bytes) => Ok(bytes),
            _ => Err(facts.lacks_files(repo, &alone, &[path.to_owned()])),
        }
    };
    let (old, new) = (read(old)?, read(new)?);
    let (Ok(before), Ok(after)) = (entries(&old), entries(&new)) else {
        return Ok(false);
    };
    let promoted =
        |name: &str| policy.applications().iter().any(|one: &Application| one.carries(name));
    let mut edits = Vec::new();
    for entry in after.iter().filter(|entry| promoted(&entry.name)) {
        let Some(from) = before.iter().find(|from| from.name == entry.name) else {
            return Ok(false);
        };
        if from.new_name != entry.new_name {
            return Ok(false);
        }
        if (&from.new_tag, &from.digest) != (&entry.new_tag, &entry.digest) {
            edits.push(ImageEdit {
                name: entry.name.clone(),
                new_name: None,
                tag: entry.new_tag.clone(),
                digest: entry.digest.clone(),
                add_if_absent: false,
                exact: false,
            });
        }
    }
    Ok(set_images(&old, &edits).is_ok_and(|expected| *expected == *new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::TargetName;

    fn sha(c: char) -> Sha {
        Sha::new(c.to_string().repeat(40)).unwrap()
    }

    fn app() -> AppName {
        AppName::new("shop").unwrap()
    }

    fn state(files: &[(&str, char)], tags: &[(&str, &str)]) -> Baseline {
        let target = TargetName::new("prod").unwrap();
        let entries = tags.iter().map(|(name, tag)| Promised::tag(&target, name, tag)).collect();
        Baseline {
            folders: ["prod".to_owned()].into(),
            files: files.iter().map(|(path, c)| ((*path).to_owned(), sha(*c))).collect(),
            entries: [(app(), entries)].into(),
        }
    }

    fn tags(baseline: &Baseline) -> Vec<(String, String)> {
        let tag = |one: &Promised| (one.name.clone(), one.new_tag.clone().unwrap());
        baseline.entries[&app()].iter().map(tag).collect()
    }

    #[test]
    fn an_accepted_change_moves_what_it_changes_and_nothing_else() {
        let images: BTreeSet<String> = ["k".to_owned()].into();
        let none = BTreeSet::new();
        // Nothing else happened: what it left is what is there.
        let left = state(&[("k", '1'), ("base", '1')], &[("web", "v1"), ("api", "v1")]);
        let after = state(&[("k", '2'), ("base", '1')], &[("web", "v2"), ("api", "v1")]);
        assert_eq!(left.after(&left, &after, &images), after);
        // Somebody set `api` by hand before: that stays visible.
        let before = state(&[("k", '3'), ("base", '1')], &[("web", "v1"), ("api", "v9")]);
        let after = state(&[("k", '4'), ("base", '1')], &[("web", "v2"), ("api", "v9")]);
        let now = left.after(&before, &after, &images);
        assert_eq!(tags(&now), [("web".into(), "v2".into()), ("api".into(), "v1".into())]);
        assert_eq!(now.files["k"], sha('1'), "the file's rest is held against what was left");
        let drift = now.moved_to(&after);
        assert_eq!(drift.len(), 1);
        assert_eq!(drift[0].to.as_ref().unwrap().new_tag.as_deref(), Some("v9"));
        // Somebody changed a base by hand before: that stays visible too.
        let before = state(&[("k", '1'), ("base", '9')], &[("web", "v1"), ("api", "v1")]);
        let after = state(&[("k", '2'), ("base", '9')], &[("web", "v2"), ("api", "v1")]);
        let now = left.after(&before, &after, &images);
        assert_eq!(now.files_that_differ(&after), [("base".to_owned(), Became::Changed)]);
        // A reviewed change of the configuration is no drift, but where it goes on from.
        let after =
            state(&[("k", '1'), ("base", '2'), ("new", '1')], &[("web", "v1"), ("api", "v1")]);
        let now = left.after(&left, &after, &none);
        assert_eq!(now, after);
        let gone = state(&[("k", '1')], &[("web", "v1")]);
        assert_eq!(now.after(&after, &gone, &none), gone);
    }

    #[test]
    fn what_is_applied_twice_is_applied_once() {
        let images: BTreeSet<String> = ["k".to_owned()].into();
        let left = state(&[("k", '1')], &[("web", "v1")]);
        let after = state(&[("k", '2')], &[("web", "v2")]);
        let once = left.after(&left, &after, &images);
        assert_eq!(once.after(&left, &after, &images), once);
    }
}
