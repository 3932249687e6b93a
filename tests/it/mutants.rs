//! Trees that are valid are broken in one place, in ways that people break them, and the finding has to stand on that
//! line: in bases, in patches, in kustomizations and what these generate from.
//!
//! The trees are those of the corpus and our own fixtures; what is broken where follows from a seed that is printed
//! (`USHER_MUTANTS_SEED` sets it).

mod break_kustomizations;
mod break_objects;
mod trees;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use usher::kubernetes::validate::{Rulebook, Subject, validate};
use usher::kustomize::files::reached;
use usher::kustomize::load::Restriction;
use usher::kustomize::render::render;
use usher::model::read::{Finding, Severity};

use trees::{Tree, trees};

/// So many mutants of each kind, if there are as many places.
const EACH: usize = 80;
const SEED: u64 = 20_261_120;

/// A tree with one thing broken.
pub struct Mutant {
    /// How it is broken.
    pub kind: &'static str,
    /// What is broken: a base, a patch, a kustomization, a file that is generated from.
    pub role: &'static str,
    /// The file.
    pub file: String,
    /// The lines on which a finding is right, from 1.
    pub lines: Vec<u32>,
    /// What the file holds instead.
    pub text: String,
}

impl Mutant {
    /// Some lines of a file become others; `right`: where a finding is right. Lines count from 0.
    pub fn new(
        (kind, role, file): (&'static str, &'static str, &str),
        lines: &[&str],
        at: Range<usize>,
        instead: Vec<String>,
        right: &[usize],
    ) -> Self {
        let before = lines[..at.start].iter().map(|line| (*line).to_owned());
        let after = lines[at.end..].iter().map(|line| (*line).to_owned());
        let all: Vec<String> = before.chain(instead).chain(after).collect();
        Self {
            kind,
            role,
            file: file.to_owned(),
            lines: right.iter().map(|line| *line as u32 + 1).collect(),
            text: all.join("\n") + "\n",
        }
    }
}

/// What became of the mutants of one kind.
#[derive(Default, Clone, Copy)]
struct Tally {
    made: usize,
    caught: usize,
    as_error: usize,
    exact: usize,
}

/// The same numbers for the same seed, everywhere.
pub struct Numbers(u64);

impl Numbers {
    /// A number below `most`.
    pub fn below(&mut self, most: usize) -> usize {
        // splitmix64, <https://prng.di.unimi.it/splitmix64.c>
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % most.max(1) as u64).unwrap()
    }
}

pub fn findings(tree: &Tree) -> Vec<Finding> {
    let kustomization = reached(&tree.files, &tree.folder).kustomization;
    let result = render(&tree.files, &tree.folder, Restriction::RootOnly);
    let subject = Subject {
        tree: &tree.files,
        folder: &tree.folder,
        kustomization: kustomization.as_deref().unwrap_or(&tree.folder),
        result: &result,
    };
    validate(&subject, &Rulebook::default()).findings
}

/// What was found that was not found before, by what it says: lines may have moved.
fn news(before: &[Finding], after: Vec<Finding>) -> Vec<Finding> {
    let said: BTreeSet<_> = before.iter().map(|one| (&one.code, &one.file, &one.message)).collect();
    let known = |one: &Finding| said.contains(&(&one.code, &one.file, &one.message));
    after.into_iter().filter(|one| !known(one)).collect()
}

/// What becomes of each, in their order, worked out on all cores.
fn each<T: Sync, U: Send>(all: &[T], of: impl Fn(&T) -> U + Sync) -> Vec<U> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let parts = all.chunks(all.len().div_ceil(cores).max(1));
        let parts: Vec<_> =
            parts.map(|part| scope.spawn(|| part.iter().map(&of).collect::<Vec<U>>())).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    })
}

#[test]
fn what_is_broken_is_found_on_its_line() {
    let seed = std::env::var("USHER_MUTANTS_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or(SEED);
    println!("seed {seed}");
    let mut numbers = Numbers(seed);
    let (trees, with_corpus) = trees();
    let baselines = each(&trees, findings);
    let sound = |at: &usize| baselines[*at].iter().all(|one| one.severity != Severity::Error);
    let mut by_kind: BTreeMap<(&str, &str), Vec<(usize, Mutant)>> = BTreeMap::new();
    for at in (0..trees.len()).filter(sound) {
        let mutants = break_objects::mutants(&trees[at], &mut numbers);
        let more = break_kustomizations::mutants(&trees[at], &mut numbers);
        for mutant in mutants.into_iter().chain(more) {
            by_kind.entry((mutant.kind, mutant.role)).or_default().push((at, mutant));
        }
    }
    let mut chosen = Vec::new();
    for ((kind, role), mut places) in by_kind {
        for _ in 0..EACH.min(places.len()) {
            let (at, mutant) = places.swap_remove(numbers.below(places.len()));
            chosen.push((kind, role, at, mutant));
        }
    }
    let found = |(_, _, at, mutant): &(&str, &str, usize, Mutant)| {
        let mut tree = trees[*at].clone();
        tree.files.insert(mutant.file.clone(), mutant.text.as_bytes().into());
        news(&baselines[*at], findings(&tree))
    };
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut missed = Vec::new();
    for ((kind, role, at, mutant), found) in chosen.iter().zip(each(&chosen, found)) {
        let exact =
            found.iter().any(|one| one.file == mutant.file && mutant.lines.contains(&one.line));
        for name in ["all", kind, role] {
            let tally = tallies.entry(name).or_default();
            tally.made += 1;
            tally.caught += usize::from(!found.is_empty());
            tally.as_error += usize::from(found.iter().any(|one| one.severity == Severity::Error));
            tally.exact += usize::from(exact);
        }
        if !exact {
            let said =
                found.first().map(|one| format!("{}:{} {}", one.file, one.line, one.message));
            let said = said.unwrap_or_else(|| "nothing".to_owned());
            missed.push(format!(
                "{kind}, {role}: {} {}:{:?}: {said}",
                trees[*at].name, mutant.file, mutant.lines
            ));
        }
    }
    println!("{:28} {:>6} {:>8} {:>9} {:>8}", "", "made", "caught", "as error", "on line");
    for (name, tally) in &tallies {
        let share = |count: usize| format!("{:.1} %", 100.0 * count as f64 / tally.made as f64);
        println!(
            "{name:28} {:>6} {:>8} {:>9} {:>8}",
            tally.made,
            share(tally.caught),
            share(tally.as_error),
            share(tally.exact)
        );
    }
    println!("{}", missed.join("\n"));
    let all = tallies["all"];
    assert!(all.made >= if with_corpus { 2_000 } else { 200 }, "{} mutants", all.made);
    assert!(all.caught * 100 >= all.made * 99, "{} of {} caught", all.caught, all.made);
    assert!(all.exact * 100 >= all.made * 95, "{} of {} on the line", all.exact, all.made);
}
