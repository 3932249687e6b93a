//! Knows the configuration objects of Kustomize's built-in transformers and generators.
//!
//! Anything that would run a program, a container or a script is refused.

use super::add_value::AddValue;
use super::field_specs::FieldSpec;
use super::fields::{Fields, Reading};
use super::generate::{Kind, MapArgs, generate};
use super::iam_policy::IamPolicy;
use super::images::ImageEntry;
use super::json_patch::JsonPatch;
use super::kustomization::{Named, Patch, Replicas};
use super::load::{Folder, Source};
use super::object::Object;
use super::problem::{Place, Problem};
use super::replace::{Entry, Replacement};
use super::resources;
use super::select::Selector;
use super::transform::namespace::Subjects;
use super::transform::patches::Change;
use super::transform::{Rule, Specs};
use super::value::Value;

/// The rules that a configuration object stands for.
pub fn rules(object: &Object, folder: &Folder<'_, '_>) -> Result<Vec<Rule>, Problem> {
    built_in(object)?;
    let fields = Fields::of(&object.value, object.kind(), &[], Reading::Lenient)?;
    let specs = || -> Result<Specs, Problem> {
        let specs = fields.list("fieldSpecs")?.iter();
        let specs = specs.map(|spec| FieldSpec::read(spec, Reading::Lenient));
        Ok(Specs::Own(specs.collect::<Result<_, _>>()?))
    };
    let affix = |name: &str| -> Result<(String, Specs), Problem> {
        if fields.get("fieldSpecs").is_none() {
            return Err(Problem::new("fieldSpecs are missing", object.place()));
        }
        Ok((fields.text(name)?, specs()?))
    };
    let prefix = || affix("prefix").map(|(text, fields)| Rule::Prefix { text, fields });
    let suffix = || affix("suffix").map(|(text, fields)| Rule::Suffix { text, fields });
    let pairs = |name: &str| fields.any_pairs(name);
    let rule = match object.kind() {
        "AnnotationsTransformer" => {
            Rule::Annotations { pairs: pairs("annotations")?, fields: specs()? }
        }
        "LabelTransformer" => Rule::Labels { pairs: pairs("labels")?, fields: specs()? },
        "PrefixTransformer" => prefix()?,
        "SuffixTransformer" => suffix()?,
        "PrefixSuffixTransformer" => return Ok(vec![prefix()?, suffix()?]),
        "NamespaceTransformer" => Rule::Namespace {
            name: object.namespace().to_owned(),
            fields: specs()?,
            unset_only: fields.truth("unsetOnly")?,
            subjects: subjects(&fields)?,
        },
        "ImageTagTransformer" => {
            let none = Value::map();
            let entry = ImageEntry::read(fields.get("imageTag").unwrap_or(&none))?;
            Rule::Images { entry, fields: specs()? }
        }
        "ReplicaCountTransformer" => {
            let none = Value::map().at(object.place());
            let replicas = Replicas::read(fields.get("replica").unwrap_or(&none))?;
            Rule::Replicas { replicas, fields: specs()? }
        }
        "PatchTransformer" => patch(&Patch::lenient(&object.value)?, folder)?,
        "PatchJson6902Transformer" => {
            let named = |name: &str| -> Result<Option<Named>, Problem> {
                let place = fields.get(name).map_or(object.place(), |value| value.place);
                let text = Some(fields.text(name)?).filter(|text| !text.is_empty());
                Ok(text.map(|text| Named { text, place }))
            };
            let target = fields.get("target").map(|value| Selector::read(value, Reading::Lenient));
            operations(
                named("path")?,
                named("jsonOp")?,
                target.transpose()?,
                object.place(),
                folder,
            )?
        }
        "PatchStrategicMergeTransformer" => {
            let paths = fields.texts("paths")?.into_iter();
            let paths: Vec<Named> = paths.map(|(text, place)| Named { text, place }).collect();
            let mut patches = merge_patches(&paths, folder)?;
            let inline = fields.text("patches")?;
            if !inline.is_empty() {
                let place = fields.get("patches").map_or(object.place(), |value| value.place);
                patches.extend(resources::read(folder, &Source::inline(&inline, place))?);
            }
            if patches.is_empty() {
                return Err(Problem::new("there is no patch in it", object.place()));
            }
            Rule::MergePatches(patches)
        }
        "ReplacementTransformer" => Rule::Replacements(replacements(
            fields.list("replacements")?,
            Reading::Lenient,
            folder,
        )?),
        "ValueAddTransformer" => Rule::AddValue(AddValue::from_config(&object.value, folder)?),
        "HashTransformer" => Rule::Hash,
        kind => return Err(unknown(kind, object.place())),
    };
    Ok(vec![rule])
}

/// The objects that a configuration object generates.
pub fn generated(object: &Object, folder: &Folder<'_, '_>) -> Result<Vec<Object>, Problem> {
    built_in(object)?;
    let map = |kind| -> Result<Vec<Object>, Problem> {
        Ok(vec![generate(&MapArgs::from_config(&object.value, kind)?, folder)?])
    };
    match object.kind() {
        "ConfigMapGenerator" => map(Kind::ConfigMap),
        "SecretGenerator" => map(Kind::Secret),
        "IAMPolicyGenerator" => Ok(IamPolicy::from_value(&object.value)?.generate()),
        "HelmChartInflationGenerator" => Err(Problem::refused(
            "Helm charts are not run here; render the chart and commit what it gives",
            object.place(),
        )),
        kind => Err(unknown(kind, object.place())),
    }
}

/// The rule of an entry of `patches`.
pub fn patch(entry: &Patch, folder: &Folder<'_, '_>) -> Result<Rule, Problem> {
    let problem = |message: &str| Err(Problem::new(message, entry.place));
    let source = match (&entry.path, &entry.patch) {
        (Some(path), None) => folder.read(&path.text, path.place)?,
        (None, Some(patch)) => Source::inline(patch.text.trim(), patch.place),
        (None, None) => return problem("a patch is missing here, or the path of one"),
        (Some(_), Some(_)) => {
            return problem("there is a patch here and the path of one: keep one");
        }
    };
    let mut change = Change::read(folder, &source, entry.place)?;
    if let Change::Merge(patches) = &mut change {
        for patch in patches {
            patch.may_rename = entry.may_rename;
            patch.may_change_kind = entry.may_change_kind;
        }
    }
    Ok(Rule::Patch { change, target: entry.target.clone(), place: entry.place })
}

/// The rule of an entry of `patchesJson6902`.
pub fn operations(
    path: Option<Named>,
    inline: Option<Named>,
    target: Option<Selector>,
    place: Place,
    folder: &Folder<'_, '_>,
) -> Result<Rule, Problem> {
    let problem = |message: &str| Err(Problem::new(message, place));
    let Some(target) = target.filter(|target| !target.name.is_empty()) else {
        return problem("a target with a name is missing here");
    };
    let source = match (path, inline) {
        (Some(path), None) => folder.read(&path.text, path.place)?,
        (None, Some(patch)) => Source::inline(&patch.text, patch.place),
        (None, None) => return problem("a patch is missing here, or the path of one"),
        (Some(_), Some(_)) => {
            return problem("there is a patch here and the path of one: keep one");
        }
    };
    let operations = JsonPatch::read(&source).map_err(|problem| source.shifted(problem))?;
    if operations.is_empty() {
        return problem("the patch is empty");
    }
    Ok(Rule::Operations { operations, target })
}

/// The patches of `patchesStrategicMerge`: each a patch, or the path of a file with some.
pub fn merge_patches(named: &[Named], folder: &Folder<'_, '_>) -> Result<Vec<Object>, Problem> {
    let mut patches = Vec::new();
    for named in named {
        let inline = resources::read(folder, &Source::inline(&named.text, named.place));
        patches.extend(match inline {
            Ok(inline) => inline,
            Err(_) => resources::read(folder, &folder.read(&named.text, named.place)?)?,
        });
    }
    Ok(patches)
}

/// The replacements of a list, each written there or in a file.
pub fn replacements(
    list: &[Value],
    reading: Reading,
    folder: &Folder<'_, '_>,
) -> Result<Vec<Replacement>, Problem> {
    let mut replacements = Vec::new();
    for item in list {
        match Entry::from_value(item, reading)? {
            Entry::Inline(replacement) => replacements.push(*replacement),
            Entry::File(path, place) => {
                let source = folder.read(&path, place)?;
                for value in folder.config_values(&source)?.iter().take(1) {
                    replacements.extend(Replacement::read(value)?);
                }
            }
        }
    }
    Ok(replacements)
}

fn subjects(fields: &Fields<'_>) -> Result<Subjects, Problem> {
    match fields.text("setRoleBindingSubjects")?.as_str() {
        "" | "defaultOnly" => Ok(Subjects::NamedDefault),
        "allServiceAccounts" => Ok(Subjects::ServiceAccounts),
        "none" => Ok(Subjects::None),
        other => {
            let message = format!(
                "setRoleBindingSubjects is defaultOnly, allServiceAccounts or none, and not {other}"
            );
            Err(Problem::new(message, fields.place))
        }
    }
}

fn built_in(object: &Object) -> Result<(), Problem> {
    let gvk = object.gvk();
    if gvk.group.is_empty() && gvk.version == "builtin" {
        return Ok(());
    }
    let message = format!(
        "{} is no part of Kustomize, and plugins and functions are not run here; \
         run it beforehand and commit what it gives",
        object.kind()
    );
    Err(Problem::refused(message, object.place()))
}

fn unknown(kind: &str, place: Place) -> Problem {
    Problem::new(format!("Kustomize has no {kind} of its own that could be used here"), place)
}
