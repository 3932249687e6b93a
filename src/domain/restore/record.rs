//! What is recorded of a live Application that is brought back: what is done to it, before it is done, and what was seen.

use super::step::Next;
use crate::domain::decision::Effect;
use crate::domain::evidence;
use crate::domain::facts::Facts;
use crate::domain::inert::cut;
use crate::model::argocd::Health;
use crate::model::evidence::LiveStep;
use crate::model::restoration::{End, Looks, Restoration, Stage, Write};

/// Of what a server says no more than this is recorded.
const MOST_WORDS: usize = 1_000;

/// The entries of one step. `before`: what was remembered.
pub(super) fn entries(facts: &Facts, before: &Restoration, next: &Next) -> Vec<Effect> {
    let record = &next.record;
    let mut steps = Vec::new();
    match &next.write {
        Some(Write::TurnOff) => steps.push(("off", LiveStep::SyncOff)),
        Some(Write::Rollback { id, .. }) => {
            let revision = record.revision.clone();
            steps.push(("rollback", LiveStep::Rollback { id: *id, revision }));
        }
        Some(Write::PutBack(_)) => steps.push(("put back", LiveStep::SyncBack)),
        Some(Write::Refresh) | None => {}
    }
    let stage = (before.stage != record.stage).then_some(&record.stage);
    match stage {
        Some(Stage::Back) => steps.push(("back", LiveStep::Back)),
        Some(Stage::Failed(why)) => {
            steps.push(("failed", LiveStep::Failed { why: cut(why, MOST_WORDS) }));
        }
        Some(Stage::Over(end)) => {
            steps.push(("over", LiveStep::Over { how: word(end).to_owned() }));
        }
        _ => {}
    }
    if (&record.stage, record.looks) == (&Stage::Back, Looks::Is(Health::Healthy)) {
        steps.push(("healthy", LiveStep::Healthy));
    }
    steps.into_iter().map(|(word, step)| evidence::live(facts, record, word, step)).collect()
}

fn word(end: &End) -> &'static str {
    match end {
        End::Left(_) => "left alone: nothing was written",
        End::NotNeeded => "not needed any more: nothing was written",
        End::PutBack => "automatic sync is as it was",
        End::WasOff => "automatic sync was off before, and is left so",
        End::Taken => "somebody else has turned automatic sync on",
        End::Changed => "somebody else has changed its sync policy",
        End::Lost => "automatic sync could not be put back",
    }
}
