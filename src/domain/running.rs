//! Since when something runs: what the record tells, and what the default branch got since it was last looked at.
//!
//! It decides what "runs" means; how long that has to be it does not know. What counts is never earlier than the
//! landing of the commit: the merge of its pull request by GitHub's clock, or else when it was first seen. The dates
//! in commits are whatever their authors wrote, and count for nothing.

use jiff::Timestamp;

use super::back::{State, common, state};
use super::facts::{Facts, Gap, Ran};
use super::ground::Ground;
use super::live;
use super::overlay::overlays;
use super::policy::{Application, Environment, Policy};
use super::promotion::Promised;
use crate::model::files::GitTree;
use crate::model::ids::Sha;
use crate::model::read::{Commit, PullRequest};

/// So many commits that landed unseen are looked into; more of them count as a break.
const MOST_UNSEEN: usize = 50;
/// So far back a history without a record is looked into; what runs longer counts from there.
const MOST_HISTORY: usize = 30;

/// What an environment ran of an application for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spell {
    /// The image tag that every entry carried; empty where they differed, or nothing could be read.
    pub tag: String,
    /// The entries.
    pub entries: State,
    /// The commit at which that was so.
    pub at: Sha,
    /// Since when, where that is known otherwise than by seeing it now.
    pub since: Option<Timestamp>,
}

/// How a version stands in an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// Every entry of the scope carries it in every target.
    Runs {
        /// Without a break since then.
        since: Timestamp,
    },
    /// It did, and something else came after it.
    Ran {
        /// The beginning of the last time.
        since: Timestamp,
        /// Until then at least.
        until: Timestamp,
    },
    /// It never was seen to.
    Never,
}

/// How these tags of these entries stand in an environment, as a whole: since all of them were there at once and
/// nothing about them has changed. A target that is new, another digest, or a while with anything else begin anew.
pub fn stands(
    facts: &Facts,
    (ground, policy): (&Ground<'_>, &Policy),
    of: (&Environment, &Application),
    wanted: &[(&str, &str)],
) -> Result<Stands, Gap> {
    let past = facts.ran(ground.repo, of.0.name(), of.1.name())?;
    let unseen = unseen(facts, ground, policy, of)?.into_iter();
    let mut all: Vec<Ran> = past.clone();
    for spell in unseen {
        let same = all.last().is_some_and(|last| last.entries.as_ref() == Some(&spell.entries));
        let since = spell.since.unwrap_or(facts.now);
        match all.last_mut() {
            Some(last) if same => last.until = facts.now,
            last => {
                // Nobody saw how long the one before ran on, unless a merge tells.
                if let Some(last) = last.filter(|last| spell.since.is_some() && last.until < since)
                {
                    last.until = since;
                }
                let entries = Some(spell.entries);
                let (tag, last) = (spell.tag, spell.at);
                let sha = last.clone();
                all.push(Ran { tag, entries, sha, since, last, until: facts.now });
            }
        }
    }
    match read(&all, wanted) {
        Stands::Runs { since } => deployed(facts, ground, of, since),
        gone => Ok(gone),
    }
}

/// Where Argo CD deploys, what the default branch has runs once it is synced and healthy there.
fn deployed(
    facts: &Facts,
    ground: &Ground<'_>,
    of: (&Environment, &Application),
    since: Timestamp,
) -> Result<Stands, Gap> {
    if of.0.targets().iter().all(|target| target.argocd.is_none()) {
        return Ok(Stands::Runs { since });
    }
    let Ok(found) = overlays(facts, ground.repo, ground.tree, of.0, of.1)? else {
        return Ok(Stands::Never);
    };
    Ok(match live::since(&live::live(facts, ground, of, &found)?) {
        Some(told) => Stands::Runs { since: told.map_or(since, |told| since.max(told)) },
        None => Stands::Never,
    })
}

fn read(all: &[Ran], wanted: &[(&str, &str)]) -> Stands {
    let Some(end) = all.iter().rposition(|spell| carries(spell, wanted)) else {
        return Stands::Never;
    };
    let Some(last) = all.get(end) else { return Stands::Never };
    let alike = all.iter().take(end).rev();
    let alike = alike.take_while(|spell| carries(spell, wanted) && same(spell, last, wanted));
    let since = alike.last().unwrap_or(last).since;
    if end + 1 == all.len() {
        Stands::Runs { since }
    } else {
        Stands::Ran { since, until: last.until }
    }
}

/// Whether all that is wanted was there, in every target.
fn carries(spell: &Ran, wanted: &[(&str, &str)]) -> bool {
    !wanted.is_empty()
        && wanted.iter().all(|(name, tag)| match &spell.entries {
            None => spell.tag == *tag,
            Some(entries) => {
                let mut there = entries.iter().filter(|entry| entry.name == *name).peekable();
                there.peek().is_some() && there.all(|entry| entry.new_tag.as_deref() == Some(tag))
            }
        })
}

/// Whether nothing about what is wanted differed.
fn same(one: &Ran, other: &Ran, wanted: &[(&str, &str)]) -> bool {
    let scope = |spell: &Ran| -> Option<State> {
        let meant = |entry: &&Promised| wanted.iter().any(|(name, _)| entry.name == *name);
        Some(spell.entries.as_ref()?.iter().filter(meant).cloned().collect())
    };
    // What was noted before entries were is known by its tag alone.
    match (scope(one), scope(other)) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

/// What an environment ran since the record was last brought up to date, the present state last; nothing more than
/// that where it is up to date.
///
/// What lands by one push ran for no moment, but which commits came by one push nobody can tell afterwards: so each
/// commit on the way counts. Where the way cannot be told, there was a break.
pub fn unseen(
    facts: &Facts,
    ground: &Ground<'_>,
    policy: &Policy,
    of: (&Environment, &Application),
) -> Result<Vec<Spell>, Gap> {
    let now = spell(facts, ground, of, (ground.tree, &ground.head.sha))?;
    // Nobody asks how long anything ran.
    if !policy.environments().iter().any(|environment| environment.gates().soak.is_some()) {
        return Ok(vec![now]);
    }
    let past = facts.ran(ground.repo, of.0.name(), of.1.name())?;
    let Some(last) = past.last() else {
        return Ok(vec![Spell { since: from_history(facts, ground, of, &now)?, ..now }]);
    };
    if last.last == ground.head.sha {
        return Ok(vec![now]);
    }
    let Some(way) = way(facts, ground, &last.last)? else {
        let gap = Spell { tag: String::new(), entries: State::new(), ..now.clone() };
        return Ok(vec![gap, now]);
    };
    let mut spells: Vec<Spell> = Vec::new();
    let mut before = last.entries.clone();
    for commit in way {
        let tree = facts.tree(ground.repo, &commit.tree)?;
        let mut next = spell(facts, ground, of, (tree, &commit.sha))?;
        if before.as_ref() != Some(&next.entries) {
            next.since = merged(facts, ground, &commit.sha)?.and_then(|pull| pull.merged_at);
            before = Some(next.entries.clone());
            spells.push(next);
        }
    }
    if spells.last().is_none_or(|spell| spell.at != now.at) {
        spells.push(now);
    }
    Ok(proven(of.0, spells))
}

/// Where Argo CD deploys, nobody saw what came and went meanwhile synced and healthy: it was a break, and never ran.
fn proven(environment: &Environment, mut spells: Vec<Spell>) -> Vec<Spell> {
    if environment.targets().iter().any(|target| target.argocd.is_some())
        && let Some((_, gone)) = spells.split_last_mut()
    {
        for spell in gone {
            (spell.tag, spell.entries) = (String::new(), State::new());
        }
    }
    spells
}

/// The commits that the default branch got since it was at that one, oldest first, its head last; none where that
/// cannot be told: after a push by force, or where there are too many.
fn way<'a>(
    facts: &'a Facts,
    ground: &Ground<'a>,
    from: &Sha,
) -> Result<Option<Vec<&'a Commit>>, Gap> {
    // By far the most pushes are of one commit.
    let only = ground.head.parents.as_slice() == std::slice::from_ref(from);
    if only {
        return Ok(Some(vec![ground.head]));
    }
    let Some(compared) = facts.between(ground.repo, from, &ground.head.sha)? else {
        return Ok(None);
    };
    if compared.total_commits != compared.commits.len() as u64 {
        return Ok(None);
    }
    let mut way = vec![ground.head];
    while way.len() <= MOST_UNSEEN {
        let first = way.last().and_then(|commit| commit.parents.first());
        match first {
            Some(parent) if parent == from => {
                way.reverse();
                return Ok(Some(way));
            }
            Some(parent) => match compared.commits.iter().find(|commit| commit.sha == *parent) {
                Some(commit) => way.push(commit),
                None => return Ok(None),
            },
            None => return Ok(None),
        }
    }
    Ok(None)
}

/// What the environment runs in a tree; nothing where its overlays cannot be read.
fn spell(
    facts: &Facts,
    ground: &Ground<'_>,
    (environment, application): (&Environment, &Application),
    (tree, at): (&GitTree, &Sha),
) -> Result<Spell, Gap> {
    let found = overlays(facts, ground.repo, tree, environment, application)?.unwrap_or_default();
    let tag = found.running().unwrap_or_default().to_owned();
    Ok(Spell { tag, entries: state(&found), at: at.clone(), since: None })
}

/// Since when the present state stands by the history of its files, where there is no record: since the merge that
/// brought it.
fn from_history(
    facts: &Facts,
    ground: &Ground<'_>,
    of: (&Environment, &Application),
    now: &Spell,
) -> Result<Option<Timestamp>, Gap> {
    let folders = of.0.targets_for(of.1.name());
    let folders: Vec<&str> = folders.iter().map(|(_, folder)| folder.as_str()).collect();
    let mut first = None;
    let commits = facts.commits_of(ground.repo, &ground.head.sha, &common(&folders))?.iter();
    for commit in commits.take(MOST_HISTORY) {
        let tree = facts.tree(ground.repo, &commit.tree)?;
        if spell(facts, ground, of, (tree, &commit.sha))?.entries != now.entries {
            break;
        }
        first = Some(commit);
    }
    let Some(first) = first else { return Ok(None) };
    Ok(merged(facts, ground, &first.sha)?.and_then(|pull| pull.merged_at))
}

/// The pull request by which a commit landed on the default branch, the last one where there are several.
fn merged<'a>(
    facts: &'a Facts,
    ground: &Ground<'_>,
    commit: &Sha,
) -> Result<Option<&'a PullRequest>, Gap> {
    let branch = &ground.home.default_branch;
    let pulls = facts.pulls_of_commit(ground.repo, commit)?.iter();
    let landed = pulls.filter(|pull| pull.merged && pull.base.branch == *branch);
    Ok(landed.max_by_key(|pull| pull.merged_at))
}
