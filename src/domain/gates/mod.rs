//! Gates: named conditions on a pull request, each with an outcome and what it rests on.
//!
//! One file a gate; each is a pure function of facts. What is not known is not passed.

mod approvals;
mod artifacts;
mod bad_version;
mod checks;
mod config;
mod drift;
mod expected;
mod freeze;
mod health;
mod hold;
mod kustomize;
mod lock;
mod migrations;
mod one_more;
mod order;
mod overridden;
mod parity;
mod release;
mod reviewed;
mod reviews;
mod scope;
mod soak;
mod ticket;
mod unjudged;
mod verified;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::classify::Effect as Touch;
use super::facts::{Facts, Gap, Lacking};
use super::look::Look;
use super::policy::{Environment, Problem};
use super::reply::Said;
use super::via;
use crate::model::ids::EnvName;

pub use artifacts::{Found, Image, Missing, note_digests};
pub use config::CONFIG;
pub use drift::is_drifting;
pub use expected::{Met, Named, Told};
pub use overridden::{is_possible, who};
pub use reviews::{Discount, Discounted};

/// How often a promotion by hand looks whether what it waits for is there.
const POLLED: SignedDuration = SignedDuration::from_mins(5);
pub use ticket::{NamedTicket, fits, is_name};
pub use verified::{Stay, met};

/// How a gate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing is missing.
    Passed,
    /// It is not passed, and somebody accepted that.
    Overridden,
    /// A machine or the calendar has to get there.
    Waiting,
    /// A person has to act.
    Needs,
    /// It cannot pass as it is.
    Failed,
}

impl Outcome {
    /// Whether nothing stands in the way.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Passed | Self::Overridden)
    }
}

/// A gate's outcome, with its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// Which gate, by the name that commands and configuration use.
    pub name: String,
    /// Where; none where it is about the repository's own rules.
    pub environment: Option<EnvName>,
    /// How it stands.
    pub outcome: Outcome,
    /// Why, and what would help.
    pub said: Said,
    /// When it has to be judged anew, should nothing else happen before: what it waits for may be there then,
    /// or what it passed by may have ended.
    pub again: Option<Timestamp>,
    /// How long it stays passed at most, where that is known.
    pub valid_until: Option<Timestamp>,
}

impl Gate {
    fn new(name: &str, touch: &Touch<'_>, outcome: Outcome, said: Said) -> Self {
        let environment = Some(touch.environment.name().clone());
        Self { name: name.to_owned(), environment, outcome, said, again: None, valid_until: None }
    }

    /// The same, to be judged anew at that time.
    fn again(self, at: Timestamp) -> Self {
        Self { again: Some(at), ..self }
    }

    /// The same, passed until that time and judged anew then.
    fn until(self, at: Timestamp) -> Self {
        Self { again: Some(at), valid_until: Some(at), ..self }
    }
}

/// Every gate of a pull request, in the order in which they are best put right. `rules`: what would be
/// wrong with the configuration after the merge, if the merge changes it.
pub fn judge(facts: &Facts, look: &Look<'_>, rules: Option<&[Problem]>) -> Result<Vec<Gate>, Gap> {
    let mut round = Round::default();
    if let Some(problems) = rules {
        round.take(config::judge(facts, look, problems).map(Some))?;
    }
    for touch in &look.touches {
        round.take(judge_touch(facts, look, touch))?;
    }
    let mut gates = round.done()?;
    overridden::apply(facts, look, &mut gates)?;
    Ok(gates)
}

fn judge_touch(facts: &Facts, look: &Look<'_>, touch: &Touch<'_>) -> Result<Vec<Gate>, Gap> {
    let mut round = Round::default();
    if !touch.is_promotion() && look.promotion.is_none() {
        round.add([kustomize::judge(touch)]);
        round.take(reviews::of_changes(facts, look, touch))?;
        round.add([lock::judge(look, touch)]);
        round.take(freeze::judge(facts, look, touch))?;
        return round.done();
    }
    let polled = |gate: Option<Gate>| gate.map(|gate| polled(facts, look, gate));
    round.add([kustomize::judge(touch)]);
    round.take(order::judge(facts, look, touch).map(Some))?;
    round.add([scope::judge(look, touch)]);
    round.add(bad_version::judge(look, touch));
    round.take(checks::judge(facts, look, touch).map(polled))?;
    round.take(release::judge(facts, look, touch).map(polled))?;
    round.take(verified::judge(facts, look, touch).map(polled))?;
    round.take(reviewed::judge(facts, look, touch))?;
    round.take(artifacts::judge(facts, look, touch))?;
    round.take(approvals::judge(facts, look, touch))?;
    round.take(reviews::judge(facts, look, touch))?;
    round.take(soak::judge(facts, look, touch))?;
    round.take(ticket::judge(facts, look, touch))?;
    round.take(parity::judge(facts, look, touch))?;
    round.take(migrations::judge(facts, look, touch))?;
    round.add([hold::judge(look, touch), lock::judge(look, touch)]);
    round.take(health::judge(facts, look, touch))?;
    round.take(drift::judge(facts, look, touch))?;
    round.take(freeze::judge(facts, look, touch))?;
    round.add(unjudged::judge(look.policy, touch));
    let mut gates = round.done()?;
    if look.is_rollback() {
        // `scope` makes it the rollback that was asked for, and nothing else; `migrations` has it cross none unseen;
        // a lock is shown.
        let always = ["scope", "migrations", "lock"];
        gates.retain(|gate| {
            is_asked(look, touch, &gate.name) || always.contains(&gate.name.as_str())
        });
    }
    Ok(gates)
}

/// Gates that are judged one after the other; what they lack is asked for at once.
#[derive(Default)]
struct Round {
    gates: Vec<Gate>,
    lacking: Lacking,
}

impl Round {
    fn add(&mut self, gates: impl IntoIterator<Item = Gate>) {
        self.gates.extend(gates);
    }

    fn take(&mut self, judged: Result<impl IntoIterator<Item = Gate>, Gap>) -> Result<(), Gap> {
        let gates = self.lacking.take(judged)?;
        self.add(gates.into_iter().flatten());
        Ok(())
    }

    fn done(self) -> Result<Vec<Gate>, Gap> {
        self.lacking.done(self.gates)
    }
}

/// Whether a gate that rests on what is read elsewhere is judged at all: a rollback passes by those that its
/// rules do not name, and nothing is read for them.
fn is_asked(look: &Look<'_>, touch: &Touch<'_>, name: &str) -> bool {
    let rollback = touch.environment.rollback();
    let named = rollback.map_or(name == "kustomize", |back| back.gates.iter().any(|it| it == name));
    !look.is_rollback() || named || (SECOND.contains(&name) && goes_second(look, touch).is_some())
}

/// The gates of an environment that goes back after another one, whatever its rules name.
const SECOND: [&str; 3] = ["order", "verified", "approvals"];

/// The environment that has to have gone back first, where it is a rollback and one has to.
fn goes_second<'a>(look: &Look<'a>, touch: &Touch<'_>) -> Option<&'a Environment> {
    via::before(look.policy, touch.environment).filter(|_| look.is_rollback())
}

/// The environments that what moves is held against: those before, or the one that has to have gone back first.
fn held_against<'a>(look: &Look<'a>, touch: &Touch<'_>) -> Vec<&'a Environment> {
    let before = touch.environment.after().iter();
    match goes_second(look, touch) {
        Some(first) => vec![first],
        None => before.filter_map(|name| look.policy.environment(name)).collect(),
    }
}

/// What is reported tells who waits for it, and the sweep looks after promotions of ours. One by hand is found
/// by neither where it waits for another commit than its own, and looks itself.
fn polled(facts: &Facts, look: &Look<'_>, gate: Gate) -> Gate {
    let at = facts.now.checked_add(POLLED).ok();
    match at.filter(|_| gate.outcome == Outcome::Waiting && !look.ours) {
        Some(at) => gate.again(at),
        None => gate,
    }
}
