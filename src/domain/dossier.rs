//! A promotion's dossier: who asked, what changed, which gates by what evidence, who approved, who merged, when,
//! by which rules; put together from the entries of the record.
//!
//! How it reads is `reply`'s; whether the entries are right is the chain's.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::act::NewAct;
use crate::model::chain::Hash;
use crate::model::evidence::{
    ActEnded, Entry, GateSaid, Judged, LiveStep, Merged, Merging, Opened, WentBack, What, Withdrawn,
};
use crate::model::ids::{EnvName, PrNumber, RepoName, Sha};

/// An entry in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Its place in the chain.
    pub sequence: u64,
    /// Its hash.
    pub hash: Hash,
    /// The entry.
    pub entry: Entry,
}

/// Something that somebody did, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The act.
    pub act: NewAct,
    /// The place of its entry.
    pub sequence: u64,
    /// How it ended, when, and the place of that entry.
    pub ended: Option<(ActEnded, Timestamp, u64)>,
}

/// How a pull request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It has not.
    Open,
    /// It was merged.
    Merged(Box<Merged>, Timestamp),
    /// It was closed.
    Closed(Sha, Timestamp),
}

/// All that the record has about one pull request that promotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dossier {
    /// The repository, as it was last called.
    pub repository: RepoName,
    /// The pull request.
    pub pr: PrNumber,
    /// How it was opened, and when.
    pub opened: Option<(Opened, Timestamp)>,
    /// The environments that it reaches: as it was opened, and by what was pushed until that verdict.
    pub environments: BTreeSet<EnvName>,
    /// The verdict that counted: on the head that was merged, or the last one.
    pub judged: Option<(Judged, u64, Timestamp)>,
    /// Usher's merge, just before it was made.
    pub merging: Option<(Merging, u64, Timestamp)>,
    /// Why Usher closed it.
    pub withdrawn: Option<Withdrawn>,
    /// How it ended.
    pub end: End,
    /// What people gave for it.
    pub given: Vec<Given>,
    /// What stopped its environments in its time.
    pub stops: Vec<Given>,
    /// What it left, where it is a way back that was merged.
    pub went_back: Option<WentBack>,
    /// The ways back that left what it had brought, and when each was recorded.
    pub left_by: Vec<(PrNumber, WentBack)>,
    /// Every entry about it.
    pub entries: Vec<Placed>,
}

impl Dossier {
    /// The gates that counted, the place of the entry that tells them, and when that was. A merge that GitHub
    /// refused is older than the next verdict.
    pub fn gates(&self) -> Option<(&[GateSaid], u64, Timestamp)> {
        let judged = self.judged.as_ref().map(|(_, at, _)| *at);
        match (&self.merging, &self.judged) {
            (Some((merging, at, when)), _)
                if self.is_merged_at(&merging.head) && judged.is_none_or(|judged| judged < *at) =>
            {
                Some((&merging.gates, *at, *when))
            }
            (_, Some((judged, at, when))) => Some((&judged.gates, *at, *when)),
            _ => None,
        }
    }

    fn is_merged_at(&self, head: &Sha) -> bool {
        matches!(&self.end, End::Merged(merged, _) if merged.head == *head)
    }

    /// When the live application was healthy again by Argo CD alone: the last of its targets.
    pub fn healthy_at(&self) -> Option<Timestamp> {
        let healthy = self.entries.iter().filter(|placed| {
            matches!(&placed.entry.what, What::Live(live) if live.step == LiveStep::Healthy)
        });
        healthy.map(|placed| placed.entry.at).max()
    }

    /// When the last thing happened to it.
    pub fn last(&self) -> Option<Timestamp> {
        self.entries.last().map(|placed| placed.entry.at)
    }
}

/// The dossiers of a repository's promotions, by number. `all`: its entries in order. `also`: a pull request that
/// gets one even if it promotes nothing.
pub fn dossiers(all: &[Placed], also: Option<PrNumber>) -> Vec<Dossier> {
    let mut by_pull: BTreeMap<PrNumber, Vec<&Placed>> = BTreeMap::new();
    for placed in all {
        if let Some(pr) = placed.entry.pr {
            by_pull.entry(pr).or_default().push(placed);
        }
    }
    let promotes = |entries: &[&Placed]| {
        entries.iter().any(|placed| matches!(placed.entry.what, What::Opened(_)))
    };
    by_pull
        .into_iter()
        .filter(|(pr, entries)| promotes(entries) || also == Some(*pr))
        .map(|(pr, entries)| dossier(pr, &entries, all))
        .collect()
}

fn dossier(pr: PrNumber, entries: &[&Placed], all: &[Placed]) -> Dossier {
    let last = |wanted: fn(&What) -> bool| {
        entries.iter().rev().find(|placed| wanted(&placed.entry.what)).map(|placed| &placed.entry)
    };
    let opened = entries.iter().find_map(|placed| match &placed.entry.what {
        What::Opened(opened) => Some(((**opened).clone(), placed.entry.at)),
        _ => None,
    });
    let life = last(|what| matches!(what, What::Opened(_) | What::Merged(_) | What::Closed { .. }));
    let end = match life.map(|entry| (&entry.what, entry.at)) {
        Some((What::Merged(merged), at)) => End::Merged(merged.clone(), at),
        Some((What::Closed { head }, at)) => End::Closed(head.clone(), at),
        _ => End::Open,
    };
    let head = match &end {
        End::Merged(merged, _) => Some(&merged.head),
        End::Closed(..) | End::Open => None,
    };
    let judged = entries.iter().rev().find_map(|placed| match &placed.entry.what {
        What::Judged(judged) if head.is_none_or(|head| *head == judged.head) => {
            Some(((**judged).clone(), placed.sequence, placed.entry.at))
        }
        _ => None,
    });
    let merging = entries.iter().rev().find_map(|placed| match &placed.entry.what {
        What::Merging(merging) => Some((merging.clone(), placed.sequence, placed.entry.at)),
        _ => None,
    });
    let withdrawn = entries.iter().rev().find_map(|placed| match &placed.entry.what {
        What::Withdrawn(withdrawn) => Some(withdrawn.clone()),
        _ => None,
    });
    let environments = reaches(
        opened.as_ref().map(|(opened, _)| opened),
        judged.as_ref().map(|(judged, ..)| judged),
    );
    // The order of the entries counts: GitHub's clock and ours are not the same.
    let begin = entries.first().map(|placed| (placed.sequence, placed.entry.at));
    let over = entries.iter().rev().find(|placed| {
        matches!(placed.entry.what, What::Merged(_) | What::Closed { .. }) && end != End::Open
    });
    let in_its_time = |given: &Given| {
        let began = over.is_none_or(|over| given.sequence < over.sequence);
        let over = begin.is_some_and(|(begin, at)| match &given.ended {
            Some((.., ended)) => *ended < begin,
            None => given.act.until.is_some_and(|until| until < at),
        });
        began && !over
    };
    let stops = acts(all.iter().filter(|placed| placed.entry.pr.is_none()))
        .into_iter()
        .filter(|given| {
            given.act.environment.as_ref().is_some_and(|one| environments.contains(one))
        })
        .filter(in_its_time)
        .collect();
    Dossier {
        repository: entries
            .last()
            .map_or_else(|| all[0].entry.repository.clone(), |last| last.entry.repository.clone()),
        pr,
        opened,
        environments,
        judged,
        merging,
        withdrawn,
        end,
        given: acts(entries.iter().copied()),
        stops,
        went_back: entries.iter().find_map(|placed| went_back(placed).cloned()),
        left_by: all
            .iter()
            .filter_map(|placed| Some((placed.entry.pr?, went_back(placed)?)))
            .filter(|(_, went)| went.brought.iter().any(|brought| brought.pr == pr))
            .map(|(by, went)| (by, went.clone()))
            .collect(),
        entries: entries.iter().map(|placed| (*placed).clone()).collect(),
    }
}

/// The environments as it was opened, and those of a verdict: by entries that move, and by gates where nobody can
/// say what moves.
fn reaches(opened: Option<&Opened>, judged: Option<&Judged>) -> BTreeSet<EnvName> {
    let opened = opened.into_iter().flat_map(|opened| &opened.environments);
    let judged = judged.into_iter().flat_map(|judged| {
        let gates = judged.gates.iter().filter_map(|gate| gate.environment.as_ref());
        judged.changes.iter().map(|change| &change.environment).chain(gates)
    });
    opened.chain(judged).cloned().collect()
}

fn went_back(placed: &Placed) -> Option<&WentBack> {
    match &placed.entry.what {
        What::WentBack(went) => Some(went),
        _ => None,
    }
}

/// What people did, in order, each with its end.
fn acts<'a>(entries: impl Iterator<Item = &'a Placed>) -> Vec<Given> {
    let mut given: Vec<Given> = Vec::new();
    for placed in entries {
        match &placed.entry.what {
            What::Act(act) => {
                given.push(Given { act: (**act).clone(), sequence: placed.sequence, ended: None });
            }
            What::ActEnded(ended) => {
                if let Some(one) = given.iter_mut().rfind(|one| one.act.cause == ended.of) {
                    one.ended = Some(((**ended).clone(), placed.entry.at, placed.sequence));
                }
            }
            _ => {}
        }
    }
    given
}
