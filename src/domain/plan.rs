//! What a promotion would change: the entries that move, the files as it leaves them, and how it is called.
//!
//! It plans for releases, for commands and for the way back alike; it opens nothing.

use super::back::Aside;
use super::decision::Reason;
use super::facts::{Facts, Gap};
use super::ground::Ground;
use super::overlay::{Carried, Overlays};
use super::policy::{Application, Environment};
use super::promotion::{Direction, Promotion};
use super::reply::{self, reason};
use crate::kustomize::edit::{ImageEdit, set_images};
use crate::kustomize::images::entries;
use crate::model::write::{FileChange, NewBranch, NewPull};

/// A promotion that could be opened.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Its identity.
    pub promotion: Promotion,
    /// The entries that move, as they are now.
    pub moves: Vec<Carried>,
    /// The files as it leaves them.
    pub files: Vec<FileChange>,
    /// What does not simply go back with it.
    pub asides: Vec<Aside>,
}

/// Why nothing is planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// Nothing has to be done.
    Rests(Reason),
    /// It should move, and cannot.
    Refused(Reason),
}

/// Plans what the promotion promises on what the overlays carry now.
pub fn plan(
    application: &Application,
    environment: &Environment,
    found: &Overlays,
    promotion: Promotion,
) -> Result<Plan, Stop> {
    let moves: Vec<Carried> = found
        .carried
        .iter()
        .filter(|carried| within(&promotion, carried))
        .filter(|carried| {
            promotion
                .promised(&carried.target, &carried.entry.name)
                .is_some_and(|promised| !promotion.is_kept(&promised, &carried.entry))
        })
        .cloned()
        .collect();
    if moves.is_empty() {
        return Err(Stop::Rests(reason::already_there(&promotion.version, environment.name())));
    }
    if promotion.direction == Direction::Forward {
        forward(application, environment, &moves, &promotion)?;
    }
    let files = edits(&moves, found, &promotion).map_err(Stop::Refused)?;
    Ok(Plan { promotion, moves, files, asides: Vec::new() })
}

/// Whether an entry is in the promotion's scope.
pub fn within(promotion: &Promotion, carried: &Carried) -> bool {
    (promotion.services.is_empty() || promotion.services.contains(&carried.entry.name))
        && (promotion.targets.is_empty() || promotion.targets.contains(&carried.target))
}

/// What goes forward is higher than what runs, and no digest would win over its tag.
fn forward(
    application: &Application,
    environment: &Environment,
    moves: &[Carried],
    promotion: &Promotion,
) -> Result<(), Stop> {
    let version = promotion.version.as_str();
    for carried in moves {
        let (image, file) = (carried.entry.name.as_str(), carried.file.as_str());
        let promised = promotion.promised(&carried.target, image);
        let tag = promised.and_then(|promised| promised.new_tag).unwrap_or_default();
        let at = carried.entry.new_tag.as_deref().unwrap_or_default();
        let running = application.version_of_image(at);
        let wanted = application.version_of_image(&tag).or_else(|| application.version(version));
        if running.is_some() && running >= wanted {
            let place = environment.name();
            return Err(Stop::Rests(reason::not_higher(version, place, image, at)));
        }
        if carried.entry.digest.is_some() {
            return Err(Stop::Refused(reason::pinned(image, file, version)));
        }
    }
    Ok(())
}

/// The files as the promotion leaves them, proved to say what it promises.
fn edits(
    moves: &[Carried],
    found: &Overlays,
    promotion: &Promotion,
) -> Result<Vec<FileChange>, Reason> {
    let mut files = Vec::new();
    for (target, path, content) in &found.files {
        let promised: Vec<_> = moves
            .iter()
            .filter(|carried| carried.target == *target)
            .filter_map(|carried| promotion.promised(target, &carried.entry.name))
            .collect();
        if promised.is_empty() {
            continue;
        }
        let edits: Vec<ImageEdit> = promised
            .iter()
            .map(|promised| ImageEdit {
                name: promised.name.clone(),
                new_name: promised.new_name.clone(),
                tag: promised.new_tag.clone(),
                digest: promised.digest.clone(),
                add_if_absent: false,
                exact: promotion.direction == Direction::Back,
            })
            .collect();
        let content = set_images(content, &edits)
            .map_err(|error| reason::edit_refused(path, &error.to_string()))?;
        let after = entries(&content).unwrap_or_default();
        let kept = promised.iter().find(|promised| {
            !after
                .iter()
                .any(|entry| entry.name == promised.name && promotion.is_kept(promised, entry))
        });
        if let Some(promised) = kept {
            return Err(reason::not_expressible(path, &promised.name));
        }
        files.push(FileChange { path: path.clone(), content });
    }
    Ok(files)
}

/// The branch and the pull request that carry a plan.
pub fn opening(
    facts: &Facts,
    ground: &Ground<'_>,
    (application, environment): (&Application, &Environment),
    plan: &Plan,
) -> Result<(NewBranch, NewPull), Gap> {
    let promotion = &plan.promotion;
    let branch = NewBranch {
        branch: promotion.branch(),
        parent: ground.head.sha.clone(),
        base_tree: ground.head.tree.clone(),
        files: plan.files.clone(),
        message: promotion.message(&facts.sealer(ground.repo)),
    };
    let pull = NewPull {
        branch: promotion.branch(),
        base: ground.home.default_branch.clone(),
        title: promotion.title(),
        body: reply::body::promotion(facts, ground, (application, environment), plan)?,
        labels: promotion.labels(),
    };
    Ok((branch, pull))
}
