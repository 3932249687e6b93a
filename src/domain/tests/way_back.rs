//! The way back over random histories: promotions, whole and of a few services, changes by hand of every kind,
//! rollbacks, rollbacks of rollbacks. What comes after it is read from the files and compared with what was written
//! down before.
//!
//! A history follows from a seed that is printed; `USHER_WAY_BACK_SEED` has one told again.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::domain::promotion::Promised;
use crate::intent::command::{Command, Scope};
use crate::kustomize::images::entries;
use crate::model::act::ActKind;
use crate::model::ids::CommentId;

const HISTORIES: u64 = 200;
const STEPS: usize = 12;
const PROD: &str = "prod/kustomization.yaml";
const SERVICES: [&str; 3] = ["web", "api-cart", "api-mail"];
const RULES: &str = "version: 1
applications:
  - name: shop
    images: [web, 'api-*']
environments:
  - {name: prod, overlay: prod, rollback: {within: 99}}
";

/// The same numbers for the same seed, everywhere.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
}

/// The entries by name.
type State = BTreeMap<String, Promised>;

/// A pull request as it was merged.
struct Merged {
    pr: PrNumber,
    before: State,
    after: State,
    rollback: bool,
}

struct World {
    hub: Hub,
    numbers: Numbers,
    comments: u64,
    /// What ran, oldest first, each once in a row.
    past: Vec<State>,
    /// Where the last way back led to, while nothing else has come.
    reached: Option<(Vec<String>, usize)>,
    merged: Option<Merged>,
    released: usize,
    told: Vec<String>,
}

/// What came about, so that a test that saw nothing does not pass for one that saw everything.
#[derive(Default)]
struct Seen {
    back: usize,
    further: usize,
    refused: usize,
    undone: usize,
    without_memory: usize,
}

fn target() -> crate::model::ids::TargetName {
    crate::model::ids::TargetName::new("prod").unwrap()
}

fn digest(n: usize) -> String {
    format!("sha256:{}", sha(&n.to_string()).as_str().repeat(2).get(..64).unwrap())
}

fn number(tag: &str) -> Option<Vec<u64>> {
    tag.strip_prefix('v')?.split('.').map(|part| part.parse().ok()).collect()
}

fn goes_up(from: &State, to: &State) -> bool {
    let number = |entry: &Promised| number(entry.new_tag.as_deref()?);
    to.iter().any(|(name, to)| {
        let both = from.get(name).and_then(number).zip(number(to));
        both.is_some_and(|(from, to)| to > from)
    })
}

/// An earlier state as far as it can come back: the entries that are meant and still there.
fn present(state: &State, now: &State, scope: &[String]) -> State {
    let meant =
        |name: &String| (scope.is_empty() || scope.contains(name)) && now.contains_key(name);
    state.iter().filter(|(name, _)| meant(name)).map(|(n, e)| (n.clone(), e.clone())).collect()
}

impl World {
    fn new(seed: u64) -> Self {
        let mut hub = Hub::new();
        hub.write(".github/usher.yml", RULES);
        let mut world = Self {
            hub,
            numbers: Numbers(seed),
            comments: 0,
            past: Vec::new(),
            reached: None,
            merged: None,
            released: 0,
            told: Vec::new(),
        };
        let first =
            SERVICES.map(|name| (name.to_owned(), Promised::tag(&target(), name, "v1.0.0")));
        world.write(&first.into());
        world.settle();
        world
    }

    fn text(&self) -> &str {
        &self.hub.branches["main"].1[PROD]
    }

    fn now(&self) -> State {
        let all = entries(self.text().as_bytes()).unwrap().into_iter();
        all.filter(|entry| SERVICES.contains(&entry.name.as_str()))
            .map(|entry| (entry.name.clone(), Promised::of(&target(), &entry)))
            .collect()
    }

    /// The kustomization with these entries, in some order, and written by somebody who likes comments.
    fn written(&mut self, state: &State) -> String {
        let mut all: Vec<&Promised> = state.values().collect();
        if self.numbers.one_in(3) {
            all.reverse();
        }
        let mut out = format!("resources: [web.yaml]\n# {}\nimages:\n", self.told.len());
        for entry in all {
            out += &format!("- name: {} # the shop\n", entry.name);
            let fields = [
                ("newName", &entry.new_name),
                ("newTag", &entry.new_tag),
                ("digest", &entry.digest),
            ];
            for (field, value) in fields {
                if let Some(value) = value {
                    out += &format!("  {field}: {value}\n");
                }
            }
        }
        out + "- name: other\n  newTag: '7'\n"
    }

    /// The default branch gets another head; the ones before stay to be found.
    fn land(&mut self, text: &str) -> Sha {
        let mut files = self.hub.branches["main"].1.clone();
        files.insert(PROD.to_owned(), text.to_owned());
        let at = self.hub.history.len();
        let past = self.hub.branches["main"].clone();
        self.hub.branches.insert(format!("past-{at}"), past);
        let sha = self.hub.push("main", &account(5, "ada"), &format!("{at}"), files);
        let commit = self.hub.branches["main"].0.clone();
        self.hub.history.insert(0, commit);
        sha
    }

    fn write(&mut self, state: &State) {
        let text = self.written(state);
        self.land(&text);
    }

    /// The bot sees what runs.
    fn settle(&mut self) {
        let now = self.now();
        if self.past.last() != Some(&now) {
            self.past.push(now);
        }
        let decision = self.decide(&Intent::Follow { repo: repo(), reach: Reach::Promotions });
        for effect in decision.effects {
            let Effect::RememberRunning { tag, entries, at, .. } = effect else { continue };
            let entries = Some(entries);
            if self.hub.ran.last().is_none_or(|last| last.entries != entries) {
                self.hub.ran.push(Ran {
                    entries,
                    sha: at.clone(),
                    last: at.clone(),
                    ..ran(&tag, "")
                });
            }
        }
    }

    fn decide(&mut self, intent: &Intent) -> Decision {
        self.hub.asked.clear();
        self.hub.decide(intent)
    }

    fn say(&mut self, thread: Option<PrNumber>, command: Command) -> Decision {
        self.comments += 1;
        let (by, now) = (account(5, "ada"), self.hub.now);
        let said = self.hub.comment(CommentId(self.comments), &by, thread, (command, now));
        self.decide(&said)
    }

    /// Somebody says `/rollback`: with an environment, or on a pull request.
    fn rollback(&mut self, thread: Option<PrNumber>, services: &[String]) -> Decision {
        let command = Command::Rollback {
            environment: thread.is_none().then(|| "prod".to_owned()),
            version: None,
            scope: Scope { services: services.to_vec(), ..Scope::default() },
            argocd: false,
            reason: None,
        };
        self.say(thread, command)
    }

    /// Opens what was decided, merges it, and does what follows; nothing where nothing was opened.
    fn merge(&mut self, decision: &Decision) -> Option<PrNumber> {
        let new = decision.effects.iter().find_map(|effect| match effect {
            Effect::EnsureBranch(new) => Some(new.clone()),
            _ => None,
        })?;
        let text = String::from_utf8(new.files[0].content.clone()).unwrap();
        let files = [(new.files[0].path.as_str(), text.as_str())];
        let pr = self.hub.open(&new.branch, &account(77, "usher[bot]"), &new.message, &files);
        // What people write by hand need not be valid; the way back touches nothing but what it promised. Rendering
        // takes by far the most time, so that it is looked at now and then.
        if self.numbers.one_in(20) {
            let gates = evaluate_quietly(&mut self.hub, pr);
            assert!(gates.summary.contains("✅ | `scope`"), "{gates:?} {:?}", self.told);
        }
        self.landed(pr, &text);
        Some(pr)
    }

    fn landed(&mut self, pr: PrNumber, text: &str) {
        let before = self.now();
        let base = self.hub.branches["main"].0.sha.clone();
        let sha = self.land(text);
        let pull = self.hub.pulls.iter_mut().find(|pull| pull.number == pr).unwrap();
        (pull.open, pull.merged, pull.landed, pull.base.sha) = (false, true, Some(sha), base);
        // It was let through, so that nobody has to find out what a merge without a verdict reached.
        self.hub.judged = Some(passed(&self.hub, pr));
        let decision = self.decide(&Intent::Conclude { repo: repo(), pr });
        for effect in decision.effects {
            match effect {
                Effect::RecordAct(said) => {
                    let id = 1 + self.hub.acts.last().map_or(0, |act| act.id);
                    self.hub.acts.push(Act { id, said });
                }
                Effect::EndActs { ids, .. } => self.hub.acts.retain(|act| !ids.contains(&act.id)),
                _ => {}
            }
        }
        self.settle();
        let after = self.now();
        self.merged = Some(Merged { pr, before, after, rollback: false });
    }

    /// What may not come back.
    fn bad(&self) -> BTreeSet<&str> {
        let bad = self.hub.acts.iter().filter(|act| act.kind == ActKind::Bad);
        bad.map(|act| act.subject.as_str()).collect()
    }

    fn some_services(&mut self) -> Vec<String> {
        let now = self.now();
        if self.numbers.one_in(2) {
            return Vec::new();
        }
        let mut some: Vec<String> = now.keys().cloned().collect();
        some.retain(|_| self.numbers.one_in(2));
        some
    }

    /// A release goes in, whole or in part, by a pull request.
    fn promote(&mut self) {
        self.released += 1;
        let (services, mut state) = (self.some_services(), self.now());
        for (name, entry) in &mut state {
            if services.is_empty() || services.contains(name) {
                entry.new_tag = Some(format!("v1.{}.0", self.released));
                entry.digest = None;
            }
        }
        let text = self.written(&state);
        let pr = self.hub.open("release", &account(5, "ada"), "release", &[(PROD, &text)]);
        self.landed(pr, &text);
        self.told.push(format!("#{pr} promotes v1.{}.0 {services:?}", self.released));
        self.reached = None;
    }

    /// Somebody writes what they like, without a pull request.
    fn by_hand(&mut self) {
        let mut state = self.now();
        let name = SERVICES[self.numbers.below(3)];
        let entry = state.entry(name.to_owned());
        let entry = entry.or_insert_with(|| Promised::tag(&target(), name, "v1.0.0"));
        let n = self.numbers.below(4);
        match self.numbers.below(8) {
            0 => entry.new_name = Some(format!("mirror-{n}.io/{name}")),
            1 => entry.new_name = None,
            2 => (entry.new_tag, entry.digest) = (None, Some(digest(n))),
            3 => entry.digest = Some(digest(n)),
            4 => entry.new_tag = Some(format!("build-{}", ["a", "b", "c", "d"][n])),
            5 => entry.new_tag = Some(format!("v0.{n}.0")),
            6 => (entry.new_tag, entry.digest) = (Some(format!("v1.{n}.5")), None),
            _ => {
                state.remove(name);
            }
        }
        if state.is_empty() {
            return;
        }
        self.write(&state);
        self.settle();
        self.told.push(format!("by hand {name}"));
        self.reached = None;
    }

    /// The earlier states that may come back, newest first: by their place.
    fn may_come_back(&self, scope: &[String], bound: usize) -> Vec<usize> {
        let (now, bad) = (self.now(), self.bad());
        let own = present(&now, &now, scope);
        let then: Vec<State> = self.past.iter().map(|state| present(state, &now, scope)).collect();
        let differs =
            |state: &State| state.iter().any(|(name, entry)| own.get(name) != Some(entry));
        // What lies between a state and its return, where that was no way forward, was left.
        let left = |at: usize| {
            (0..at).any(|before| {
                (at + 1..then.len()).any(|after| {
                    then[before] == then[after]
                        && !then[before + 1..after].contains(&then[after])
                        && !goes_up(&then[after - 1], &then[after])
                        && !(after..then.len()).any(|again| then[again] == then[at])
                })
            })
        };
        let safe = |state: &State| {
            let all = state.values().flat_map(|entry| [&entry.new_tag, &entry.digest]).flatten();
            all.into_iter().all(|version| !bad.contains(version.as_str())) && !goes_up(&own, state)
        };
        (0..bound.min(then.len()))
            .rev()
            .filter(|at| differs(&then[*at]) && safe(&then[*at]) && !left(*at))
            .collect()
    }

    /// `/rollback prod`: what comes is what was written down, further back each time, and never bad.
    fn go_back(&mut self, seen: &mut Seen) {
        let again = self.reached.take();
        let scope = match &again {
            Some((scope, _)) if !self.numbers.one_in(4) => scope.clone(),
            _ => self.some_services(),
        };
        let bound = match &again {
            Some((before, at)) if *before == scope => *at,
            _ => self.past.len(),
        };
        let may = self.may_come_back(&scope, bound);
        let before = self.now();
        let decision = self.rollback(None, &scope);
        if self.numbers.one_in(4) && !self.told.iter().any(|told| told.contains("back")) {
            self.without_memory(&decision, &scope, seen);
        }
        let Some(pr) = self.merge(&decision) else {
            assert_eq!(
                may,
                Vec::<usize>::new(),
                "nothing is left of {scope:?}? {:#?} {decision:?}",
                self.told
            );
            self.told.push(format!("nothing to go back to {scope:?}"));
            seen.refused += 1;
            return;
        };
        let after = self.now();
        let came = may.first().map(|at| (*at, present(&self.past[*at], &before, &scope)));
        let Some((at, then)) = came else {
            panic!("#{pr} brings {after:#?}: {scope:?} {:#?}", self.told);
        };
        for (name, entry) in &before {
            let wanted = then.get(name).unwrap_or(entry);
            assert_eq!(
                after.get(name),
                Some(wanted),
                "{scope:?} from {before:#?}: {:#?}",
                self.told
            );
        }
        assert_eq!(after.len(), before.len());
        seen.back += 1;
        seen.further += usize::from(bound < self.past.len());
        self.told.push(format!("#{pr} back {scope:?}"));
        self.reached = Some((scope, at));
        if let Some(merged) = &mut self.merged {
            merged.rollback = true;
        }
    }

    /// A database that knows nothing finds the same in the history of the files.
    fn without_memory(&mut self, decision: &Decision, scope: &[String], seen: &mut Seen) {
        let now = self.now();
        let states: Vec<State> =
            self.past.iter().map(|state| present(state, &now, scope)).collect();
        let mut once = BTreeSet::new();
        let mut last = None;
        // Without a record, what came again by hand looks as if it had never gone.
        if states
            .iter()
            .any(|state| last.replace(state) != Some(state) && !once.insert(format!("{state:?}")))
        {
            return;
        }
        let ran = std::mem::take(&mut self.hub.ran);
        let forgotten = self.rollback(None, scope);
        self.hub.ran = ran;
        let files = |decision: &Decision| -> Vec<String> {
            opened(decision).into_iter().map(|(_, files)| files).collect()
        };
        assert_eq!(files(decision), files(&forgotten), "{scope:?} {:#?}", self.told);
        seen.without_memory += 1;
    }

    /// `/rollback` on what was merged last: what it moved and is still so is as it was before.
    fn undo(&mut self, seen: &mut Seen) {
        let Some(Merged { pr: undone, before, after, rollback }) = self.merged.take() else {
            return;
        };
        let now = self.now();
        let mut wanted = now.clone();
        for (name, entry) in &mut wanted {
            if let (Some(from), Some(to)) = (before.get(name), after.get(name))
                && from != to
                && to == entry
            {
                *entry = from.clone();
            }
        }
        let decision = self.rollback(Some(undone), &[]);
        let Some(pr) = self.merge(&decision) else {
            assert_eq!(wanted, now, "#{undone} is not undone: {decision:?} {:#?}", self.told);
            return;
        };
        assert_eq!(self.now(), wanted, "#{pr} undoes #{undone}: {:#?}", self.told);
        let left = format!("rollback:{undone}:");
        assert!(!self.hub.acts.iter().any(|act| act.cause.starts_with(&left)), "{:?}", self.told);
        self.told.push(format!("#{pr} takes back #{undone}"));
        self.reached = None;
        seen.undone += usize::from(rollback);
    }
}

/// The check of a pull request, and nothing else of its evaluation.
fn evaluate_quietly(hub: &mut Hub, pr: PrNumber) -> NewCheck {
    hub.asked.clear();
    check(&evaluate(hub, pr), "usher/gates").clone()
}

#[expect(clippy::print_stdout, reason = "a run that fails is told again by its seed")]
fn history(seed: u64, seen: &mut Seen) {
    println!("seed {seed}");
    let mut world = World::new(seed);
    for _ in 0..STEPS {
        match world.numbers.below(10) {
            0..3 => world.promote(),
            3 => world.by_hand(),
            4..8 => world.go_back(seen),
            _ => world.undo(seen),
        }
    }
}

#[test]
fn whatever_came_before_the_way_back_leads_to_what_ran() {
    let mut seen = Seen::default();
    if let Some(seed) = option_env!("USHER_WAY_BACK_SEED") {
        let seed = seed.parse().unwrap();
        history(seed, &mut seen);
        return;
    }
    for seed in 0..HISTORIES {
        history(seed, &mut seen);
    }
    let Seen { back, further, refused, undone, without_memory } = seen;
    let counts = format!(
        "{back} back, {further} of them further, {refused} with nothing left, {undone} rollbacks undone, \
         {without_memory} from the files alone"
    );
    let enough = back > 240 && further > 40 && refused > 15 && undone > 24 && without_memory > 8;
    assert!(enough, "{counts}");
}
