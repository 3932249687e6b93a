//! What is told where a promotion turned out ill and goes back by itself.

use super::Said;
use super::gate::{live as stands, reported as reports};
use crate::domain::gates::Told;
use crate::domain::inert::span;
use crate::domain::live::Live;
use crate::domain::policy::Environment;
use crate::domain::promotion::Promotion;
use crate::model::ids::Sha;

/// The comment on the promotion is known by this line.
pub const MARKER: &str = "<!-- usher:watch -->";

/// A target that is not well.
pub fn ill(environment: &Environment, live: &Live<'_>) -> Said {
    stands::target(environment, live, true)
}

/// What was reported as failed.
pub fn reported(environment: &Environment, sha: &Sha, told: Vec<Told<'_>>) -> Said {
    reports::told(&[(reports::since(environment, sha), told)])
}

/// All that is wrong, without links.
pub fn in_short(ills: &[Said]) -> String {
    let short = |ill: &Said| ill.brief.clone().unwrap_or_else(|| ill.sentence.clone());
    ills.iter().map(short).collect::<Vec<_>>().join("; ")
}

/// It goes back. `first`: the environment that goes back before.
pub fn going_back(
    promotion: &Promotion,
    (environment, first): (&Environment, Option<&Environment>),
    ills: &[Said],
) -> String {
    let place = span(environment.name().as_str());
    if let Some(first) = first {
        let first = span(first.name().as_str());
        return format!(
            "{}Usher rolls {first} back first, by a pull request of its own, as `rollback.via` says; {place} follows when that is \
             merged.\n",
            gone_ill(promotion, environment, ills)
        );
    }
    let automatic = "It is merged as soon as the gates of `rollback.gates` are passed.";
    format!(
        "{}Usher rolls {place} back to what ran there before, by a pull request of its own that undoes this one. {automatic}\n",
        gone_ill(promotion, environment, ills)
    )
}

/// It should go back, and cannot.
pub fn no_way(promotion: &Promotion, environment: &Environment, ills: &[Said]) -> String {
    format!(
        "{}What ran there before cannot be put back by itself: the entries that this promotion set are new, or cannot be \
         read as they were. `/rollback {} VERSION` goes to a version that you name.\n",
        gone_ill(promotion, environment, ills),
        environment.name()
    )
}

fn gone_ill(promotion: &Promotion, environment: &Environment, ills: &[Said]) -> String {
    let (version, place) = (span(&promotion.version), span(environment.name().as_str()));
    let owner = environment.owners().fallback.as_ref();
    let owner = owner.map_or_else(String::new, |owner| format!("{owner}: "));
    let ills: String = ills.iter().map(|ill| format!("- {}\n", ill.sentence)).collect();
    format!("{MARKER}\n🚨 {owner}**{version} is ill in {place}.**\n\n{ills}\n")
}
