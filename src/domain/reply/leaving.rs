//! What is told of a way back for which something else came while it waited.

use super::both;
use super::status::MARKER;
use crate::domain::decision::Reason;
use crate::domain::inert::span;
use crate::domain::promotion::Promotion;
use crate::model::ids::{EnvName, PrNumber};

/// What it would leave now, in place of what its description tells.
pub fn changed(leaves: &[String], environment: &EnvName) -> String {
    let place = span(environment.as_str());
    let versions: Vec<String> = leaves.iter().map(|version| span(version)).collect();
    let now = match versions.as_slice() {
        [] => format!("nothing is bad in {place} after the merge"),
        [one] => format!("after the merge {one} is bad in {place}"),
        all => format!("after the merge {} are bad in {place}", both(all)),
    };
    format!(
        "\n**Something else came to {place} since this was opened**, and goes with it: {now}, whatever the description says. \
         Usher does not merge it by itself; `/cancel` keeps what came.\n"
    )
}

/// It is withdrawn: the comment on it.
pub fn withdrawn(promotion: &Promotion) -> String {
    let place = &promotion.environment;
    format!(
        "{MARKER}\n**Withdrawn: something else came to {} meanwhile**, for all that this was to put back, and it stays. \
         `/rollback {place}` goes back from there.\n",
        span(place.as_str())
    )
}

/// Why it is withdrawn.
pub fn moved_on(pr: PrNumber) -> Reason {
    Reason::new(
        "rollback.moved-on",
        format!("something else came for all that #{pr} was to put back"),
    )
}
