//! `parity`: the environment, as merging would leave it, differs from another only where it may.

use std::collections::BTreeMap;

use super::{Gate, Outcome};
use crate::domain::classify::Effect;
use crate::domain::facts::{Facts, Gap};
use crate::domain::look::Look;
use crate::domain::parity::differences;
use crate::domain::policy::{Environment, Parity};
use crate::domain::real::Origin;
use crate::domain::rendered::rendered;
use crate::domain::reply::gate::parity as say;
use crate::kustomize::diff::Diff;
use crate::model::ids::TargetName;

/// Judges one environment; nothing where it need not be like another.
pub(super) fn judge(
    facts: &Facts,
    look: &Look<'_>,
    touch: &Effect<'_>,
) -> Result<Option<Gate>, Gap> {
    let Some(parity) = &touch.environment.gates().parity else {
        return Ok(None);
    };
    let stands = |outcome, said| Ok(Some(Gate::new("parity", touch, outcome, said)));
    let Some(other) = look.policy.environment(&parity.with) else {
        return stands(Outcome::Failed, say::no_such(&parity.with));
    };
    let pairs = match pairs(look, touch.environment, other) {
        Ok(pairs) => pairs,
        Err(alone) => return stands(Outcome::Failed, say::alone(&alone, other)),
    };
    let mut found: Vec<(TargetName, Diff)> = Vec::new();
    let mut objects = 0;
    for (target, here, there) in pairs {
        match compare(facts, look, parity, (&here, &there))? {
            Err(folder) => return stands(Outcome::Failed, say::cannot_be_rendered(&folder)),
            Ok((many, diff)) => {
                objects += many;
                found.push((target, diff));
            }
        }
    }
    found.retain(|(_, diff)| !diff.is_empty());
    if found.is_empty() {
        return stands(Outcome::Passed, say::alike(other, &parity.allow, objects));
    }
    stands(Outcome::Failed, say::differs(other, &found))
}

/// The overlays that are held against each other: by their targets' names, or all against the only one of the
/// other environment. The error is a target that has no counterpart.
fn pairs(
    look: &Look<'_>,
    environment: &Environment,
    other: &Environment,
) -> Result<Vec<(TargetName, String, String)>, TargetName> {
    let mut pairs: BTreeMap<String, (TargetName, String, String)> = BTreeMap::new();
    for application in look.policy.applications() {
        let there = other.targets_for(application.name());
        for (target, folder) in environment.targets_for(application.name()) {
            let counterpart = match there.as_slice() {
                [(_, only)] => Some(only),
                all => all.iter().find(|(name, _)| *name == target).map(|(_, folder)| folder),
            };
            let Some(counterpart) = counterpart else {
                return Err(target);
            };
            pairs.insert(folder.clone(), (target, folder, counterpart.clone()));
        }
    }
    Ok(pairs.into_values().collect())
}

/// How one overlay differs from the other where it may not, and how many objects it has; or the folder that cannot
/// be rendered.
fn compare(
    facts: &Facts,
    look: &Look<'_>,
    parity: &Parity,
    (here, there): (&str, &str),
) -> Result<Result<(usize, Diff), String>, Gap> {
    let (repo, origin) = (look.ground.repo, Origin::of(look.pull()));
    let one = rendered(facts, repo, (&look.change.merged.tree, origin), here)?;
    let other = rendered(facts, repo, (look.ground.tree, origin), there)?;
    let (Ok(one), Ok(other)) = (&one.result, &other.result) else {
        let folder = if one.result.is_err() { here } else { there };
        return Ok(Err(folder.to_owned()));
    };
    let diff = differences(&one.objects, &other.objects, &parity.allow);
    Ok(Ok((one.objects.len(), diff)))
}
