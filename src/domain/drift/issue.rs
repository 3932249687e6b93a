//! The one issue that tells of an environment's drift: when it is opened, kept up to date, and closed.
//!
//! What differs is found by the same facts as for the gate. What was told is remembered, so that GitHub is asked for
//! nothing while nothing changes; what the issue says is worded elsewhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Baseline, Drift, EntryDrift, against, is_watched};
use crate::domain::back::state;
use crate::domain::decision::Effect;
use crate::domain::facts::{Facts, Gap};
use crate::domain::gates::{has_drifted, is_untold};
use crate::domain::ground::Ground;
use crate::domain::live::{Live, Stand, deployed_last};
use crate::domain::overlay::{kustomization, overlays};
use crate::domain::policy::{Environment, Mode, Policy};
use crate::domain::promotion::Promised;
use crate::domain::real::Origin;
use crate::domain::rendered::{Rerender, rendered, rerender};
use crate::domain::reply::drift as say;
use crate::intent::{Intent, Reach};
use crate::kustomize::edit::{ImageEdit, set_images};
use crate::kustomize::images::entries;
use crate::model::files::{Entry, FileTree as _, GitTree, Mode as FileMode};
use crate::model::ids::{EnvName, PrNumber, Sha};
use crate::model::write::{IssueEnd, NewIssue};

/// What differs on the default branch is told once it stands so long: who merges is asked of GitHub, which may know the
/// merge a moment later than the commit.
const BRANCH_STANDS: SignedDuration = SignedDuration::from_secs(60);
/// And what is deployed: Argo CD puts a lot right by itself, and tells of a sync before and after it.
const LIVE_STANDS: SignedDuration = SignedDuration::from_secs(5 * 60);

/// What was told of an environment's drift.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Told {
    /// The issue that tells it; none while nothing stands.
    pub issue: Option<PrNumber>,
    /// All that it says, as a digest; empty while nothing stands.
    pub says: String,
    /// Since when each part of what differs was seen to.
    pub since: BTreeMap<Part, Timestamp>,
}

/// A part of what differs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum Part {
    /// What the default branch has.
    Branch,
    /// What is deployed for a target of that name.
    Target(String),
}

impl From<Part> for String {
    fn from(part: Part) -> Self {
        match part {
            Part::Branch => "branch".to_owned(),
            Part::Target(name) => format!("target {name}"),
        }
    }
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        match text.strip_prefix("target ") {
            Some(name) => Self::Target(name.to_owned()),
            None => Self::Branch,
        }
    }
}

/// A target for which something else is deployed than the default branch has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetDrift<'a> {
    /// The target, and how it stands.
    pub live: Live<'a>,
    /// The commit that was deployed last, and when.
    pub deployed: Option<(Sha, Option<Timestamp>)>,
    /// The promoted entries that are others there (`from`) than on the default branch (`to`).
    pub entries: Vec<EntryDrift>,
}

/// Everything that an issue tells.
#[derive(Debug)]
pub struct Tale<'a> {
    /// The policy, and the environment in it.
    pub place: (&'a Policy, &'a Environment),
    /// What the default branch has otherwise; nothing where that does not stand yet.
    pub drift: Drift<'a>,
    /// How it renders otherwise.
    pub rendered: Vec<Rerender>,
    /// Targets for which something else is deployed.
    pub targets: Vec<TargetDrift<'a>>,
}

/// Why an issue ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Nothing differs any more.
    Right,
    /// Nobody asks for drift there any more.
    Unwatched,
}

/// What has to be told of drift, and of its end. `left`: what accepted merges have left of the environments.
pub(in crate::domain) fn tell(
    facts: &Facts,
    ground: &Ground<'_>,
    policy: &Policy,
    left: &BTreeMap<EnvName, Baseline>,
) -> Result<Vec<Effect>, Gap> {
    let known = facts.told_drift(ground.repo)?;
    let mut effects = Vec::new();
    for (name, told) in known {
        let watched = policy.environment(name).is_some_and(|one| is_told(policy, one));
        if !watched && *told != Told::default() {
            effects.push(end(ground, name, told, Over::Unwatched));
        }
    }
    for environment in policy.environments().iter().filter(|one| is_told(policy, one)) {
        let Some(left) = left.get(environment.name()) else { continue };
        let place = (policy, environment);
        let Some(drift) = against(facts, ground, place, left)? else { continue };
        let told = known.get(environment.name());
        effects.extend(of_environment(facts, ground, place, (left, drift, told))?);
    }
    Ok(effects)
}

/// Whether an issue tells of drift there. Where rules stop nothing, what comes around them is nothing to tell of.
fn is_told(policy: &Policy, environment: &Environment) -> bool {
    policy.mode() == Mode::Enforce && is_watched(policy, environment)
}

fn of_environment<'a>(
    facts: &Facts,
    ground: &Ground<'_>,
    place: (&'a Policy, &'a Environment),
    (left, drift, told): (&Baseline, Drift<'a>, Option<&Told>),
) -> Result<Vec<Effect>, Gap> {
    let name = place.1.name();
    let seen = Seen::of(facts.now, &drift, told);
    let mut effects = Vec::new();
    if seen.since.is_empty() {
        // What nothing is remembered of may have been told in an earlier life.
        if told.is_none_or(|told| *told != Told::default()) {
            let nothing = Told::default();
            effects.push(end(ground, name, told.unwrap_or(&nothing), Over::Right));
        }
        return Ok(effects);
    }
    let known = told.cloned().unwrap_or_default();
    let told_now = if seen.stands.is_empty() {
        Told { since: seen.since.clone(), ..known }
    } else {
        let tale = tale(facts, ground, place, (left, drift, &seen))?;
        let issue = issue(facts, ground, &tale);
        let says = digest(&format!("{} {}", issue.digest, issue.body));
        let now = Told { issue: known.issue, says, since: seen.since.clone() };
        if now.says != known.says {
            let environment = name.clone();
            effects.push(Effect::EnsureIssue { environment, issue, told: now.clone() });
        }
        now
    };
    if effects.is_empty() && told != Some(&told_now) {
        effects.push(Effect::RememberDrift { environment: name.clone(), told: told_now });
    }
    if let Some(at) = seen.next {
        let repo = ground.repo.clone();
        let intent = Box::new(Intent::Follow { repo, reach: Reach::Promotions });
        effects.push(Effect::ComeAgain { intent, at });
    }
    Ok(effects)
}

/// What differs, since when, and what of it stands.
struct Seen {
    since: BTreeMap<Part, Timestamp>,
    stands: Vec<Part>,
    /// When the next part does.
    next: Option<Timestamp>,
}

impl Seen {
    fn of(now: Timestamp, drift: &Drift<'_>, told: Option<&Told>) -> Self {
        let targets = drift.targets.iter().filter(|one| has_drifted(&one.stand));
        let targets = targets.map(|one| Part::Target(one.target.name.to_string()));
        let branch = (!drift.is_clean()).then_some(Part::Branch);
        let mut seen = Self { since: BTreeMap::new(), stands: Vec::new(), next: None };
        for part in branch.into_iter().chain(targets) {
            let known = told.and_then(|told| told.since.get(&part)).copied();
            let since = known.unwrap_or(now).min(now);
            let stands = match &part {
                Part::Branch => BRANCH_STANDS,
                Part::Target(_) => LIVE_STANDS,
            };
            let at = since.checked_add(stands).unwrap_or(now);
            if at <= now {
                seen.stands.push(part.clone());
            } else {
                seen.next = Some(seen.next.map_or(at, |next| next.min(at)));
            }
            seen.since.insert(part, since);
        }
        // Of what cannot be seen now it is not known that it is over.
        for one in drift.targets.iter().filter(|one| is_untold(&one.stand)) {
            let part = Part::Target(one.target.name.to_string());
            if let Some(since) = told.and_then(|told| told.since.get(&part)) {
                seen.since.insert(part, *since);
            }
        }
        seen
    }

    fn stands(&self, target: &Live<'_>) -> bool {
        self.stands.contains(&Part::Target(target.target.name.to_string()))
    }
}

fn tale<'a>(
    facts: &Facts,
    ground: &Ground<'_>,
    place: (&'a Policy, &'a Environment),
    (left, mut drift, seen): (&Baseline, Drift<'a>, &Seen),
) -> Result<Tale<'a>, Gap> {
    let mut targets = Vec::new();
    for live in std::mem::take(&mut drift.targets) {
        if has_drifted(&live.stand) && seen.stands(&live) {
            targets.push(deployed(facts, ground, place, live)?);
        }
    }
    let mut renders = Vec::new();
    if seen.stands.contains(&Part::Branch) {
        let (supposed, tree) = as_left(facts, ground, place, left)?;
        for folder in &left.folders {
            let sides = (
                rendered(&supposed, ground.repo, (&tree, Origin::Repository), folder)?,
                rendered(facts, ground.repo, (ground.tree, Origin::Repository), folder)?,
            );
            let other = rerender(folder, &sides.0, &sides.1);
            if !other.changes_nothing() {
                renders.push(other);
            }
        }
    } else {
        drift = Drift::default();
    }
    Ok(Tale { place, drift, rendered: renders, targets })
}

/// What is deployed for a target, beside what the default branch has.
fn deployed<'a>(
    facts: &Facts,
    ground: &Ground<'_>,
    (policy, environment): (&Policy, &Environment),
    live: Live<'a>,
) -> Result<TargetDrift<'a>, Gap> {
    let deployed = deployed_last(facts, ground, &live)?;
    let mut differ = Vec::new();
    let commit = match &deployed {
        Some((sha, _)) => facts.commit_if_any(ground.repo, sha)?.as_ref(),
        None => None,
    };
    if let Some(commit) = commit {
        let there = facts.tree(ground.repo, &commit.tree)?;
        for application in policy.applications() {
            let read = |tree| overlays(facts, ground.repo, tree, environment, application);
            let (Ok(old), Ok(new)) = (read(there)?, read(ground.tree)?) else { continue };
            let (old, new) = (state(&old), state(&new));
            let here = |entry: &&Promised| entry.target == live.target.name;
            for to in new.iter().filter(here) {
                let from =
                    old.iter().find(|from| (&from.target, &from.name) == (&to.target, &to.name));
                if from != Some(to) {
                    let (from, to) = (from.cloned(), Some(to.clone()));
                    differ.push(EntryDrift { from, to, by: None });
                }
            }
        }
    }
    Ok(TargetDrift { live, deployed, entries: differ })
}

/// The default branch's tree with the environment as it was left, and its files.
fn as_left(
    facts: &Facts,
    ground: &Ground<'_>,
    (policy, environment): (&Policy, &Environment),
    left: &Baseline,
) -> Result<(Facts, GitTree), Gap> {
    let mut tree = ground.tree.clone();
    for folder in &left.folders {
        let read = rendered(facts, ground.repo, (ground.tree, Origin::Repository), folder)?;
        tree.entries.retain(|path, _| !read.files.contains(path) || left.files.contains_key(path));
    }
    for (path, sha) in &left.files {
        let mode = tree.entries.get(path).map_or(FileMode::File, |(mode, _)| *mode);
        tree.entries.insert(path.clone(), (mode, sha.clone()));
    }
    // Files are kept as they were last left whole; what was promoted in them since is in the entries.
    let mut contents: Vec<(Sha, Arc<[u8]>)> = Vec::new();
    let mut edited = tree.clone();
    for (target, folder) in folders_of(policy, environment) {
        let view = facts.view(&tree);
        let Some(file) = kustomization(&view, &folder) else { continue };
        let content = match view.entry(&file) {
            Entry::Unread => return Err(facts.lacks_files(ground.repo, &tree, &[file])),
            Entry::File(content) => content,
            _ => continue,
        };
        let there = entries(&content).unwrap_or_default();
        let wanted =
            left.entries.values().flatten().filter(|entry| entry.target.as_str() == target);
        let wanted = wanted.filter(|wanted| {
            let target = &wanted.target;
            there.iter().any(|entry| entry.name == wanted.name)
                && !there.iter().any(|entry| Promised::of(target, entry) == **wanted)
        });
        let edits: Vec<ImageEdit> = wanted.map(edit).collect();
        let Some(text) = set_images(&content, &edits).ok().filter(|_| !edits.is_empty()) else {
            continue;
        };
        let name = hex::encode(Sha256::digest(&text));
        let Ok(sha) = Sha::new(&name[..40]) else { continue };
        contents.push((sha.clone(), Arc::from(text.as_slice())));
        edited.entries.insert(file, (FileMode::File, sha));
    }
    Ok((facts.supposing(contents), edited))
}

/// Each target's folder, once for each application.
fn folders_of<'a>(
    policy: &'a Policy,
    environment: &'a Environment,
) -> impl Iterator<Item = (String, String)> + 'a {
    let mut all: Vec<(String, String)> = policy
        .applications()
        .iter()
        .flat_map(|application| environment.targets_for(application.name()))
        .map(|(target, folder)| (target.to_string(), folder))
        .collect();
    all.sort();
    all.dedup();
    all.into_iter()
}

fn edit(entry: &Promised) -> ImageEdit {
    ImageEdit {
        name: entry.name.clone(),
        new_name: entry.new_name.clone(),
        tag: entry.new_tag.clone(),
        digest: entry.digest.clone(),
        add_if_absent: false,
        exact: true,
    }
}

fn issue(facts: &Facts, ground: &Ground<'_>, tale: &Tale<'_>) -> NewIssue {
    let environment = tale.place.1;
    NewIssue {
        marker: say::marker(environment.name()),
        digest: digest(&identity(ground, tale)),
        title: say::title(environment.name()),
        body: say::body(&facts.github_pages, ground, tale),
    }
}

/// What differs, whoever did it and however it is told.
fn identity(ground: &Ground<'_>, tale: &Tale<'_>) -> String {
    let entries = tale.drift.entries.iter().map(|one| format!("{:?} {:?}", one.from, one.to));
    let contents = |path: &String| ground.tree.entries.get(path).map(|(_, sha)| sha);
    let files = tale.drift.files.iter();
    let files = files.map(|one| format!("{} {:?} {:?}", one.path, one.became, contents(&one.path)));
    let targets = tale.targets.iter().map(|one| {
        let how = matches!(one.live.stand, Stand::SyncFailed(_));
        let deployed = one.deployed.as_ref().map(|(sha, _)| sha);
        format!("{} {how} {deployed:?} {:?}", one.live.target.name, one.entries)
    });
    entries.chain(files).chain(targets).collect::<Vec<_>>().join("\n")
}

fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text))[..16].to_owned()
}

fn end(ground: &Ground<'_>, environment: &EnvName, told: &Told, over: Over) -> Effect {
    let end = IssueEnd {
        marker: say::marker(environment),
        comment_marker: say::end_marker(&told.says),
        comment: say::end(environment, &ground.home.default_branch, over),
    };
    Effect::EndIssue { environment: environment.clone(), known: told.issue, end }
}
