//! Opinions, and nothing else: facts go in, a decision comes out; no clock, no network, no files.
//!
//! Each intent family has a module of its own; what they share are the words of a decision, the
//! facts, and the text that people read.

pub mod acts;
mod aftermath;
pub mod alike;
mod arrival;
pub mod back;
pub mod between;
pub mod calendar;
pub mod candidate;
pub mod classify;
mod command;
mod conclude;
pub mod configuration;
pub mod decision;
pub mod dossier;
pub mod drift;
pub mod evaluate;
pub mod evidence;
pub mod facts;
mod follow;
pub mod gates;
pub mod given;
pub mod ground;
mod group;
pub mod hands;
pub mod inert;
mod label;
mod leaving;
pub mod live;
pub mod look;
pub mod memo;
pub mod merge;
mod merging;
pub mod minimal;
mod others;
pub mod overlay;
pub mod page;
pub mod parity;
pub mod people;
pub mod plan;
pub mod policy;
pub mod promote;
pub mod promotion;
mod protect;
pub mod real;
mod reconsider;
pub mod rendered;
mod replan;
pub mod reply;
mod restore;
pub mod running;
mod supersede;
mod unneeded;
pub mod validation;
mod via;
mod watch;
mod withdraw;

pub use command::preview::{Asked, Preview, preview};

use crate::intent::Intent;
use decision::{Decision, Effect, Verdict};
use facts::{Facts, Gap};
use reply::reason;

/// What the intent comes to, as things stand; or what has to be known first.
pub fn decide(intent: &Intent, facts: &Facts) -> Result<Decision, Gap> {
    match intent {
        Intent::Promote { repo, trigger } => promote::promote(facts, repo, trigger),
        Intent::Reconsider { repo, source, what } => {
            reconsider::reconsider(facts, repo, source, what)
        }
        Intent::Command { repo, remark, answers, half } => {
            command::command(facts, repo, remark, answers, half.as_ref())
        }
        Intent::Label { repo, pr, label, on, by, head, at } => {
            let given = label::Given { pr: *pr, label, by, head, at: *at };
            if *on { label::on(facts, repo, &given) } else { label::off(facts, repo, &given) }
        }
        Intent::Push { repo, pr, head, at, .. } => label::push(facts, repo, *pr, head, *at),
        Intent::Evaluate { repo, pr } => evaluate::evaluate(facts, repo, *pr),
        Intent::Merge { repo, pr, asked } => merging::merge(facts, repo, *pr, asked.as_ref()),
        Intent::Restore { repo, pr } => restore::restore(facts, repo, *pr),
        Intent::Group { repo, group } => group::group(facts, repo, group),
        Intent::Protect { repo, deployment, said } => {
            protect::protect(facts, repo, deployment, said.as_deref())
        }
        Intent::Conclude { repo, pr } => conclude::conclude(facts, repo, *pr),
        Intent::Watch { repo, pr } => watch::watch(facts, repo, *pr),
        Intent::Onward { repo, pr } => via::onward(facts, repo, *pr),
        Intent::Follow { repo, reach } => follow::follow(facts, repo, *reach),
        Intent::Press { repo, button, head, by, shown } => {
            command::press::press(facts, repo, &command::press::Pressed { button, head, by, shown })
        }
        Intent::Lapse { repo, .. } => Ok(label::lapsed(repo)),
        Intent::Survey { installation } => follow::survey(facts, *installation),
        Intent::Forget { repo } => Ok(gone(Effect::ForgetRepository(repo.clone()))),
        Intent::Leave { installation } => {
            Ok(gone(Effect::ForgetInstallation { installation: *installation }))
        }
        // Fanned out by `route`; they are never jobs of their own.
        Intent::Release { .. } | Intent::People { .. } => {
            Ok(Decision::nothing(reason::no_follower()))
        }
    }
}

fn gone(effect: Effect) -> Decision {
    let reason = reason::installation_gone();
    Decision { verdict: Verdict::Accepted, reasons: vec![reason], effects: vec![effect] }
}

#[cfg(test)]
mod tests;
