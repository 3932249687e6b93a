//! `/ticket`: somebody with write access names the change ticket of a pull request.

use super::Step;
use super::context::Context;
use crate::domain::decision::Effect;
use crate::domain::facts::Gap;
use crate::domain::gates;
use crate::domain::reply::command as say;
use crate::intent::Intent;
use crate::model::act::{ActKind, NewAct};

/// Names it; the newest name counts, until the pull request is closed.
pub(super) fn ticket(context: &Context<'_>, ticket: &str) -> Result<Step, Gap> {
    let pull = match context.open_pull() {
        Ok(pull) => pull,
        Err(why) => return Ok(Step::refused(why)),
    };
    if !gates::is_name(ticket) {
        return Ok(Step::refused(say::no_ticket(ticket, None)));
    }
    let places = match &context.promotion {
        Some(promotion) => vec![promotion.environment.clone()],
        None => super::ownership::touched(context)?,
    };
    let wanted = places.iter().filter_map(|name| context.policy.environment(name));
    let wanted: Vec<_> = wanted.filter_map(|place| place.gates().ticket.as_ref()).collect();
    if let Some(other) = wanted.iter().find(|wanted| !gates::fits(wanted, ticket)) {
        return Ok(Step::refused(say::no_ticket(ticket, Some(other.pattern.as_str()))));
    }
    let act = NewAct {
        pr: Some(pull.number),
        subject: ticket.to_owned(),
        ..context.act(ActKind::Ticket, &format!("ticket:{ticket}"))
    };
    let repo = context.ground.repo.clone();
    let evaluate = Effect::Enqueue(Intent::Evaluate { repo, pr: pull.number });
    Ok(Step::done(
        say::ticket_named(ticket, !wanted.is_empty()),
        vec![Effect::RecordAct(act), evaluate],
    ))
}
