//! Knows what each rule of a kustomization does to objects.
//!
//! It knows nothing of files, and nothing of the order in which rules are applied.

pub mod images;
pub mod labels;
pub mod names;
pub mod namespace;
pub mod patches;
pub mod references;
pub mod replicas;

use std::sync::Arc;

use super::add_value::AddValue;
use super::field_specs::{Config, FieldSpec};
use super::hash;
use super::images::ImageEntry;
use super::json_patch::JsonPatch;
use super::kustomization::Replicas;
use super::object::Object;
use super::problem::{Place, Problem};
use super::replace::{self, Replacement};
use super::select::Selector;
use names::Affix;
use namespace::{Namespace, Subjects};
use patches::{Change, Tools, as_copied, drop_deleted, no_twins};

/// The fields that a rule is about.
#[derive(Debug, Clone)]
pub enum Specs {
    /// Those of a configuration.
    Of(Arc<Config>, fn(&Config) -> &[FieldSpec]),
    /// Its own.
    Own(Vec<FieldSpec>),
}

impl Specs {
    /// The fields, one by one.
    pub fn list(&self) -> &[FieldSpec] {
        match self {
            Self::Of(config, pick) => pick(config),
            Self::Own(list) => list,
        }
    }
}

/// One rule, ready to be applied.
#[derive(Debug)]
#[expect(missing_docs, reason = "each is the transformer of Kustomize that its kind names")]
pub enum Rule {
    MergePatches(Vec<Object>),
    Patch { change: Change, target: Option<Selector>, place: Place },
    Operations { operations: JsonPatch, target: Selector },
    Namespace { name: String, fields: Specs, unset_only: bool, subjects: Subjects },
    Prefix { text: String, fields: Specs },
    Suffix { text: String, fields: Specs },
    Labels { pairs: Vec<(String, String)>, fields: Specs },
    Annotations { pairs: Vec<(String, String)>, fields: Specs },
    Replicas { replicas: Replicas, fields: Specs },
    Images { entry: ImageEntry, fields: Specs },
    Replacements(Vec<Replacement>),
    AddValue(AddValue),
    Hash,
}

impl Rule {
    /// The kind of transformer that it is in Kustomize.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::MergePatches(_) => "PatchStrategicMergeTransformer",
            Self::Patch { .. } => "PatchTransformer",
            Self::Operations { .. } => "PatchJson6902Transformer",
            Self::Namespace { .. } => "NamespaceTransformer",
            Self::Prefix { .. } => "PrefixTransformer",
            Self::Suffix { .. } => "SuffixTransformer",
            Self::Labels { .. } => "LabelTransformer",
            Self::Annotations { .. } => "AnnotationsTransformer",
            Self::Replicas { .. } => "ReplicaCountTransformer",
            Self::Images { .. } => "ImageTagTransformer",
            Self::Replacements(_) => "ReplacementTransformer",
            Self::AddValue(_) => "ValueAddTransformer",
            Self::Hash => "HashTransformer",
        }
    }

    /// About how many steps it takes for each object, aside from walks through it.
    pub fn steps(&self) -> usize {
        match self {
            Self::MergePatches(_) | Self::Hash => 16,
            Self::Patch { target, .. } => 4 + target.as_ref().map_or(16, Selector::steps),
            Self::Operations { target, .. } => target.steps(),
            Self::Namespace { fields, .. }
            | Self::Prefix { fields, .. }
            | Self::Suffix { fields, .. }
            | Self::Images { fields, .. } => 8 + fields.list().len(),
            Self::Labels { pairs, fields } | Self::Annotations { pairs, fields } => {
                fields.list().len() + pairs.len()
            }
            Self::Replicas { .. } => 1,
            // They pay themselves: each has several sources and targets.
            Self::Replacements(_) | Self::AddValue(_) => 0,
        }
    }

    /// Applies it.
    pub fn apply(&self, objects: &mut Vec<Object>, tools: Tools<'_>) -> Result<(), Problem> {
        let budget = tools.budget;
        match self {
            Self::MergePatches(patches) => {
                let patches: Vec<Object> = patches.iter().map(as_copied).collect();
                tools.merge_all(objects, &patches)?;
                drop_deleted(objects);
                no_twins(objects)
            }
            Self::Patch { change, target, place } => {
                patch(objects, change, target.as_ref(), *place, tools)
            }
            Self::Operations { operations, target } => {
                tools.operate(objects, operations, target, false)
            }
            Self::Namespace { name, fields, unset_only, subjects } => {
                let (unset_only, subjects) = (*unset_only, *subjects);
                Namespace { name, fields: fields.list(), unset_only, subjects }.put(objects, budget)
            }
            Self::Prefix { text, fields } => {
                names::add(objects, Affix::Prefix(text), fields.list(), budget)
            }
            Self::Suffix { text, fields } => {
                names::add(objects, Affix::Suffix(text), fields.list(), budget)
            }
            Self::Labels { pairs, fields } | Self::Annotations { pairs, fields } => {
                labels::put(objects, pairs, fields.list(), budget)
            }
            Self::Replicas { replicas, fields } => replicas::set(objects, replicas, fields.list()),
            Self::Images { entry, fields } => images::set(objects, entry, fields.list(), budget),
            Self::Replacements(replacements) => replace::apply(objects, replacements, budget),
            Self::AddValue(add) => add.apply(objects, budget),
            Self::Hash => append_hashes(objects),
        }
    }
}

fn patch(
    objects: &mut Vec<Object>,
    change: &Change,
    target: Option<&Selector>,
    place: Place,
    tools: Tools<'_>,
) -> Result<(), Problem> {
    match (change, target) {
        (Change::Merge(patches), None) => tools.merge_all(objects, patches),
        (Change::Merge(patches), Some(target)) => match patches.as_slice() {
            [one] => tools.merge_selected(objects, one, target),
            _ => Err(Problem::new("with a target there may be one patch only", place)),
        },
        (Change::Operations(operations), Some(target)) => {
            tools.operate(objects, operations, target, true)
        }
        (Change::Operations(_), None) => {
            Err(Problem::new("a patch of operations needs a target", place))
        }
    }
}

/// Appends the hash of its content to the name of each object that wants it.
pub fn append_hashes(objects: &mut [Object]) -> Result<(), Problem> {
    for object in objects.iter_mut().filter(|object| object.needs_hash) {
        let name = format!("{}-{}", object.name(), hash::suffix(&object.value)?);
        object.remember_id();
        object.set_name(&name);
    }
    Ok(())
}
