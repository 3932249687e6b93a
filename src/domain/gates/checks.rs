//! `checks`: the checks and statuses that the environment names are green on the pull request's head.

use super::expected::{self, known, of_reports};
use super::{Gate, Outcome};
use crate::domain::classify::Effect;
use crate::domain::facts::{Facts, Gap};
use crate::domain::look::Look;
use crate::domain::policy::Expectation;
use crate::domain::reply::gate::reported;

/// Judges from what is reported on the head; no gate where nothing is asked for. Each pattern needs a match,
/// and every match is green.
pub(super) fn judge(
    facts: &Facts,
    look: &Look<'_>,
    touch: &Effect<'_>,
) -> Result<Option<Gate>, Gap> {
    let patterns = &touch.environment.gates().checks;
    if patterns.is_empty() {
        return Ok(None);
    }
    let head = &look.pull().head.sha;
    let reports = match known(facts.reports(look.ground.repo, head))? {
        Ok(reports) if reports.complete => reports,
        Ok(_) => return Ok(Some(unknown(touch, &reported::too_many()))),
        Err(why) => return Ok(Some(unknown(touch, &why))),
    };
    let wanted: Vec<Expectation> = patterns.iter().cloned().map(Expectation::green).collect();
    let reports = of_reports(reports, look.identity);
    let told = expected::judge(facts, (look, touch), &wanted, &reports, None)?;
    let outcome = told.iter().map(|told| told.met.outcome()).max().unwrap_or(Outcome::Passed);
    let said = reported::on_head(head, &told);
    Ok(Some(Gate::new("checks", touch, outcome, said)))
}

fn unknown(touch: &Effect<'_>, why: &str) -> Gate {
    Gate::new("checks", touch, Outcome::Waiting, reported::unreadable("this pull request", why))
}
