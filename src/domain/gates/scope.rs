//! `scope`: nothing changes but the images of the promoted scope, and our branch holds our commits only.

use super::{Gate, Outcome};
use crate::domain::classify::Effect;
use crate::domain::inert::{plain, span};
use crate::domain::merge::Merged;
use crate::domain::promotion::Promotion;
use crate::model::read::{Commit, Identity};

/// What the gate looks at besides the environment's own changes.
pub struct Evidence<'a> {
    /// What merging would change.
    pub merged: &'a Merged,
    /// The commits that merging would bring.
    pub commits: &'a [Commit],
    /// Whether GitHub listed them all.
    pub complete: bool,
    /// Whether our App opened it, from a branch of ours.
    pub ours: bool,
    /// The promotion that our commit on it tells of.
    pub promotion: Option<&'a Promotion>,
    /// Who we are.
    pub identity: &'a Identity,
}

const CLEAN: &str = "Close it; the next release opens a clean one.";

/// Judges one environment of a pull request that is a promotion there.
pub fn judge(effect: &Effect<'_>, evidence: &Evidence<'_>) -> Gate {
    let name = effect.environment.name();
    let failed = |sentence: String| Gate::new("scope", name, Outcome::Failed, sentence);
    if let Some(path) = evidence.merged.conflicts.first() {
        return failed(format!("{} changed on the base branch as well", span(path)))
            .help("Bring the pull request up to date with its base branch.");
    }
    if evidence.ours && evidence.promotion.is_none() {
        return failed("the commit that Usher made is not on its branch any more".to_owned())
            .help(CLEAN);
    }
    if let Some(promotion) = evidence.promotion {
        if let Some(trouble) = foreign_commit(evidence, promotion) {
            return failed(trouble).help(CLEAN);
        }
        if let Some(trouble) = not_asked_for(effect, promotion) {
            return failed(trouble).help("Bring the pull request back to what Usher committed.");
        }
    }
    if let Some(image) = effect.images.iter().find(|image| image.stray) {
        let to = image.to.as_deref().unwrap_or_default();
        return failed(format!(
            "{} would run {} without an `images:` entry of the overlay changing",
            span(&image.object),
            span(to)
        ))
        .help(
            "Promote it by its entry in the overlay, and leave the rest for another pull request.",
        );
    }
    let allowed: Vec<&str> = effect
        .moving
        .iter()
        .flat_map(|moving| &moving.moves)
        .filter_map(|one| Some(one.to.as_ref()?.file.as_str()))
        .collect();
    let stranger = effect.other.first().or_else(|| match evidence.promotion {
        // In a promotion of ours every file counts, whether an environment uses it or not.
        Some(_) => evidence.merged.changed.iter().find(|path| !allowed.contains(&path.as_str())),
        None => None,
    });
    match stranger {
        Some(path) => failed(format!("{} changes in more than promoted images", span(path)))
            .help("Split it: one pull request for the images, another for the rest."),
        None => Gate::new("scope", name, Outcome::Passed, "only promoted images change"),
    }
}

fn foreign_commit(evidence: &Evidence<'_>, promotion: &Promotion) -> Option<String> {
    if !evidence.complete {
        return Some("it has more commits than GitHub lists".to_owned());
    }
    let foreign = evidence.commits.iter().find(|commit| {
        !evidence.identity.made(commit)
            || Promotion::from_message(&commit.message).as_ref() != Some(promotion)
    })?;
    let by = foreign
        .author
        .as_ref()
        .map_or_else(String::new, |author| format!(" by {}", span(author.login.as_str())));
    Some(format!("commit `{}`{by} is not Usher's", plain(foreign.sha.short())))
}

/// A move that the promotion did not ask for, or one that it asked for and that is missing.
fn not_asked_for(effect: &Effect<'_>, promotion: &Promotion) -> Option<String> {
    if *effect.environment.name() != promotion.environment {
        return Some(format!(
            "it changes {}, not {}",
            effect.environment.name(),
            promotion.environment
        ));
    }
    effect.moving.iter().find_map(|moving| {
        if *moving.application.name() != promotion.application {
            return Some(format!(
                "it changes images of {}",
                span(moving.application.name().as_str())
            ));
        }
        moving.moves.iter().find_map(|one| match &one.to {
            Some(to)
                if to.entry.new_tag.as_deref() == Some(promotion.tag.as_str())
                    && to.entry.digest.is_none() =>
            {
                None
            }
            Some(to) => Some(format!(
                "{} does not become {}",
                span(&to.entry.name),
                span(promotion.tag.as_str())
            )),
            None => Some("an entry goes away".to_owned()),
        })
    })
}
