//! Where an environment can go back to: what ran there, from the record, or from the history of its files.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::acts::Acts;
use super::configuration::Configuration;
use super::facts::{Facts, Gap};
use super::ground::Ground;
use super::overlay::{Overlays, overlays};
use super::policy::{Application, Environment, Policy};
use super::promotion::Promised;
use crate::model::files::GitTree;
use crate::model::ids::TargetName;
use crate::model::read::Commit;

/// The entries of an application in an environment, at some time.
pub type State = Vec<Promised>;

/// What is looked for.
pub struct Search<'a> {
    /// Of which application.
    pub application: &'a Application,
    /// Where.
    pub environment: &'a Environment,
    /// The services that are meant; empty for all.
    pub services: &'a [String],
    /// The targets that are meant; empty for all.
    pub targets: &'a [TargetName],
    /// What would do.
    pub goal: Goal<'a>,
}

/// Which state would do.
pub enum Goal<'a> {
    /// The newest that may be gone back to.
    Newest,
    /// One whose entries all carry one of these image tags.
    Tags(&'a [String]),
    /// One that has these tags and digests, entry by entry.
    Entries(&'a State),
}

/// What does not simply go back, because somebody has changed it since.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aside {
    /// The overlay's file stood elsewhere; its entries go back where they stand now.
    Moved {
        /// Where it stood then.
        from: String,
        /// Where it stands now.
        to: String,
    },
    /// The entry of that name was there then, and was removed.
    Removed(String),
    /// The entry of that name was not there then.
    New(String),
    /// Something else came for the entry of that name.
    Replaced(String),
}

/// So many moves of an environment's overlays are followed back.
const MOST_MOVES: usize = 3;

/// A state that was found, and how many versions ago it ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The entries in scope as they were.
    pub state: State,
    /// Files that stood elsewhere then.
    pub moved: Vec<Aside>,
    /// 1 for the one before the present one.
    pub ago: u64,
    /// Whether it is back, and nothing is known against it.
    pub is_safe: bool,
}

/// The entries in scope as the overlays have them.
pub fn state(found: &Overlays) -> State {
    let carried = found.carried.iter();
    carried.map(|carried| Promised::of(&carried.target, &carried.entry)).collect()
}

/// The overlays as a tree had them: where the configuration of today has them, or else where the tree's own had them.
pub fn overlays_then(
    facts: &Facts,
    ground: &Ground<'_>,
    tree: &GitTree,
    (environment, application): (&Environment, &Application),
) -> Result<Option<Overlays>, Gap> {
    if let Ok(found) = overlays(facts, ground.repo, tree, environment, application)? {
        return Ok(Some(found));
    }
    let Some(policy) = policy_then(facts, ground, tree)? else { return Ok(None) };
    let Some(environment) = policy.environment(environment.name()) else { return Ok(None) };
    Ok(overlays(facts, ground.repo, tree, environment, application)?.ok())
}

/// The configuration of a tree, where that is valid.
fn policy_then(
    facts: &Facts,
    ground: &Ground<'_>,
    tree: &GitTree,
) -> Result<Option<Arc<Policy>>, Gap> {
    let then = Configuration::read(facts, ground.repo, &ground.home.name, tree)?;
    Ok(match then {
        Configuration::Valid(policy, _) => Some(policy),
        Configuration::Absent | Configuration::Invalid(_) => None,
    })
}

/// The files of targets that stood elsewhere then.
pub fn moved(then: &Overlays, now: &Overlays) -> Vec<Aside> {
    let mut moved = BTreeSet::new();
    for (target, from, _) in &then.files {
        let here = now.files.iter().find(|(other, ..)| other == target);
        if let Some((_, to, _)) = here.filter(|(_, to, _)| to != from) {
            moved.insert(Aside::Moved { from: from.clone(), to: to.clone() });
        }
    }
    moved.into_iter().collect()
}

/// Looks back from the present, first in the record and then in the history of the files, which is there
/// for a fresh database too.
pub fn look_back(
    facts: &Facts,
    ground: &Ground<'_>,
    search: &Search<'_>,
    now: &Overlays,
) -> Result<Option<Found>, Gap> {
    let acts = Acts::read(facts, ground.repo)?;
    let present = search.scoped(&state(now));
    let mut walk = Walk { search, acts: &acts, now: &present, seen: Vec::new(), left: Vec::new() };
    let ran = facts.ran(ground.repo, search.environment.name(), search.application.name())?;
    walk.left = walk.left_behind(ran.iter().filter_map(|run| run.entries.as_ref()));
    for run in ran.iter().rev() {
        if let Some(entries) = &run.entries
            && let Some(found) = walk.meets(entries)
        {
            return Ok(Some(found));
        }
    }
    from_history(facts, ground, search, (&mut walk, now))
}

/// The commits that touched the overlays, newest first, each as it left them. Where the overlays were moved, it goes on
/// where they stood before.
fn from_history(
    facts: &Facts,
    ground: &Ground<'_>,
    search: &Search<'_>,
    (walk, now): (&mut Walk<'_>, &Overlays),
) -> Result<Option<Found>, Gap> {
    let place = (search.environment, search.application);
    // What the record has told is told again here, in the same order.
    walk.seen.clear();
    let mut from = ground.head.sha.clone();
    let mut above = folder_above(place.0, place.1);
    for _ in 0..=MOST_MOVES {
        let commits = facts.commits_of(ground.repo, &from, &above)?;
        for commit in commits {
            let tree = facts.tree(ground.repo, &commit.tree)?;
            // A time when the overlays could not be read is no state to go back to.
            let Some(then) = overlays_then(facts, ground, tree, place)? else { continue };
            let there = state(&then);
            if walk.would_do(&there) && !stood(facts, ground, search, (commit, &there))? {
                continue;
            }
            if let Some(found) = walk.meets(&there) {
                return Ok(Some(Found { moved: moved(&then, now), ..found }));
            }
        }
        let Some(parent) = commits.last().and_then(|first| first.parents.first()) else { break };
        let before = facts.tree(ground.repo, &facts.commit(ground.repo, parent)?.tree)?;
        let Some(policy) = policy_then(facts, ground, before)? else { break };
        let Some(environment) = policy.environment(place.0.name()) else { break };
        let stood = folder_above(environment, place.1);
        if stood == above {
            break;
        }
        (from, above) = (parent.clone(), stood);
    }
    Ok(None)
}

/// The folder that holds the overlays of all targets.
fn folder_above(environment: &Environment, application: &Application) -> String {
    let folders = environment.targets_for(application.name());
    let folders: Vec<&str> = folders.iter().map(|(_, folder)| folder.as_str()).collect();
    common(&folders)
}

/// Whether a commit that brings a state left the default branch with it. History also holds the steps in
/// between of merged pull requests, which never ran anywhere and which nobody approved.
fn stood(
    facts: &Facts,
    ground: &Ground<'_>,
    search: &Search<'_>,
    (commit, state_then): (&Commit, &State),
) -> Result<bool, Gap> {
    let pulls = facts.pulls_of_commit(ground.repo, &commit.sha)?.iter();
    let branch = &ground.home.default_branch;
    let mut landed = pulls.filter(|pull| pull.base.branch == *branch).peekable();
    if landed.peek().is_none() {
        return Ok(true);
    }
    for at in landed.filter_map(|pull| pull.landed.as_ref()) {
        if *at == commit.sha {
            return Ok(true);
        }
        let tree = facts.tree(ground.repo, &facts.commit(ground.repo, at)?.tree)?;
        let there = overlays_then(facts, ground, tree, (search.environment, search.application))?;
        if there.is_some_and(|there| search.scoped(&state(&there)) == search.scoped(state_then)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The folder that holds all of these.
pub(super) fn common(folders: &[&str]) -> String {
    let mut parts: Option<Vec<&str>> = None;
    for folder in folders {
        let next: Vec<&str> = folder.trim_matches('/').split('/').collect();
        parts = Some(match parts {
            None => next,
            Some(before) => {
                let same = before.iter().zip(&next).take_while(|(one, other)| one == other);
                same.map(|(part, _)| *part).collect()
            }
        });
    }
    parts.unwrap_or_default().join("/")
}

/// A walk back through states, newest first.
struct Walk<'a> {
    search: &'a Search<'a>,
    acts: &'a Acts<'a>,
    now: &'a State,
    seen: Vec<State>,
    /// What was gone back from, and did not come again since.
    left: Vec<State>,
}

impl Walk<'_> {
    /// Takes the next older state; gives it back if it is the one.
    fn meets(&mut self, entries: &[Promised]) -> Option<Found> {
        let state = self.present(entries);
        if !self.is_new(&state) {
            return None;
        }
        self.seen.push(state.clone());
        let ago = self.seen.len() as u64;
        let is_safe = self.is_safe(&state);
        // What cannot be put back is told, too.
        let found = Found { state: self.search.scoped(entries), moved: Vec::new(), ago, is_safe };
        self.fits(&state).then_some(found)
    }

    /// The entries in scope that are still there, in the order in which they stand now: no others can go back.
    fn present(&self, entries: &[Promised]) -> State {
        let mut all = self.search.scoped(entries);
        all.retain(|entry| self.place(entry).is_some());
        all.sort_by_key(|entry| self.place(entry));
        all
    }

    fn place(&self, entry: &Promised) -> Option<usize> {
        self.now.iter().position(|now| now.target == entry.target && now.name == entry.name)
    }

    /// What was gone back from, by what ran, oldest first: a state that comes again, and goes up in no version,
    /// ends all that came after it. `/rollback` once more goes further back, whatever the tags are like.
    fn left_behind<'s>(&'s self, ran: impl Iterator<Item = &'s State>) -> Vec<State> {
        let (mut way, mut left): (Vec<State>, Vec<State>) = (Vec::new(), Vec::new());
        for state in ran.chain([self.now]).map(|entries| self.present(entries)) {
            if state.is_empty() || way.last() == Some(&state) {
                continue;
            }
            let up = way.last().is_some_and(|last| self.goes_up(last, &state));
            match way.iter().position(|earlier| *earlier == state) {
                Some(at) if up => {
                    way.remove(at);
                }
                Some(at) => left.extend(way.drain(at..).skip(1)),
                None => {}
            }
            left.retain(|gone| *gone != state);
            way.push(state);
        }
        left
    }

    /// Whether a state would be the one, if it ran.
    fn would_do(&self, entries: &[Promised]) -> bool {
        let state = self.present(entries);
        self.is_new(&state) && self.fits(&state)
    }

    /// Whether something goes back with it that did not before: what has gone or come since does not.
    fn is_new(&self, state: &State) -> bool {
        !difference(self.now, state).0.is_empty() && !self.seen.contains(state)
    }

    fn fits(&self, state: &State) -> bool {
        let carried = |tag: &String| state.iter().all(|entry| entry.new_tag.as_ref() == Some(tag));
        let what = |entry: &Promised| (entry.new_tag.clone(), entry.digest.clone());
        let has = |to: &Promised| {
            let mut all = state.iter().filter(|one| one.target == to.target && one.name == to.name);
            all.any(|one| what(one) == what(to))
        };
        match self.search.goal {
            Goal::Newest => self.is_safe(state),
            Goal::Tags(tags) => tags.iter().any(carried),
            Goal::Entries(goal) => state.len() == goal.len() && goal.iter().all(has),
        }
    }

    fn is_safe(&self, state: &State) -> bool {
        !self.is_bad(state) && !self.left.contains(state) && !self.goes_up(self.now, state)
    }

    /// Whether any of its versions was sent away here, tag or digest.
    fn is_bad(&self, state: &State) -> bool {
        let (place, what) = (self.search.environment.name(), self.search.application.name());
        let mut versions = state.iter().flat_map(|entry| [&entry.new_tag, &entry.digest]).flatten();
        versions.any(|version| !self.acts.against(place, what, version).is_empty())
    }

    /// Whether an entry has a higher version in the one than in the other. Versions that cannot be compared go
    /// nowhere.
    fn goes_up(&self, from: &State, to: &State) -> bool {
        let version =
            |entry: &Promised| self.search.application.version_of_image(entry.new_tag.as_deref()?);
        to.iter().any(|entry| {
            let mut from = from.iter();
            let same = from.find(|from| from.target == entry.target && from.name == entry.name);
            match (same.and_then(version), version(entry)) {
                (Some(from), Some(to)) => to > from,
                _ => false,
            }
        })
    }
}

impl Search<'_> {
    /// The entries that are meant.
    pub fn scoped(&self, entries: &[Promised]) -> State {
        let meant = |entry: &&Promised| {
            (self.services.is_empty() || self.services.contains(&entry.name))
                && (self.targets.is_empty() || self.targets.contains(&entry.target))
        };
        entries.iter().filter(meant).cloned().collect()
    }
}

/// What differs between what is and what was: the entries to put back, and those that cannot be, because
/// they are gone or were not there then.
pub fn difference(now: &State, then: &State) -> (State, Vec<Aside>) {
    let mut back = Vec::new();
    let mut odd: BTreeSet<Aside> = BTreeSet::new();
    let find = |state: &State, entry: &Promised| {
        let mut all = state.iter();
        all.find(|one| one.target == entry.target && one.name == entry.name).cloned()
    };
    for entry in then {
        match find(now, entry) {
            Some(present) if present != *entry => back.push(entry.clone()),
            Some(_) => {}
            None => {
                odd.insert(Aside::Removed(entry.name.clone()));
            }
        }
    }
    for entry in now {
        if find(then, entry).is_none() {
            odd.insert(Aside::New(entry.name.clone()));
        }
    }
    (back, odd.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_gone_or_come_since_is_told_apart_from_what_goes_back() {
        let target = TargetName::new("prod").unwrap();
        let entry = |name: &str, tag: &str| Promised::tag(&target, name, tag);
        let now = vec![entry("web", "v2"), entry("mail", "v2"), entry("same", "v1")];
        let then = vec![entry("web", "v1"), entry("cart", "v1"), entry("same", "v1")];
        let (back, odd) = difference(&now, &then);
        assert_eq!(back, [entry("web", "v1")]);
        assert_eq!(odd, [Aside::Removed("cart".to_owned()), Aside::New("mail".to_owned())]);
    }

    #[test]
    fn the_common_folder_holds_all() {
        assert_eq!(common(&["kustomize/prod"]), "kustomize/prod");
        assert_eq!(common(&["k/prod-eu", "k/prod-us"]), "k");
        assert_eq!(common(&["a", "b"]), "");
    }
}
