//! Knows how names get prefixes and suffixes.

use crate::kustomize::field_specs::{FieldSpec, Make, set_text};
use crate::kustomize::id::Id;
use crate::kustomize::object::Object;
use crate::kustomize::problem::Problem;
use crate::kustomize::value::{Budget, shared};

/// What is added to names.
#[derive(Debug, Clone, Copy)]
pub enum Affix<'a> {
    /// In front.
    Prefix(&'a str),
    /// Behind.
    Suffix(&'a str),
}

impl<'a> Affix<'a> {
    fn text(self) -> &'a str {
        match self {
            Self::Prefix(text) | Self::Suffix(text) => text,
        }
    }
}

/// Adds to the names of objects, and to the other fields.
pub fn add(
    objects: &mut [Object],
    affix: Affix<'_>,
    fields: &[FieldSpec],
    budget: &Budget,
) -> Result<(), Problem> {
    for object in objects {
        let original = object.original_id();
        if keeps_its_name(original) {
            continue;
        }
        let fields: Vec<&FieldSpec> =
            fields.iter().filter(|field| original.gvk.is_selected_by(&field.gvk)).collect();
        let before = object.shared();
        for field in fields {
            if field.path == "metadata/name" {
                remember(object, affix);
            }
            if !field.selects(object) {
                continue;
            }
            field.visit(&mut object.value, Make::Text, &mut |value| {
                let text = value.as_text().unwrap_or_default();
                budget.bytes(affix.text().len().saturating_add(text.len()))?;
                let text = match affix {
                    Affix::Prefix(prefix) => format!("{prefix}{text}"),
                    Affix::Suffix(suffix) => format!("{text}{suffix}"),
                };
                set_text(value, text)
            })?;
        }
        shared::spread(&mut object.value, &before);
    }
    Ok(())
}

fn remember(object: &mut Object, affix: Affix<'_>) {
    let (list, text) = match affix {
        Affix::Prefix(text) => (&mut object.prefixes, text),
        Affix::Suffix(text) => (&mut object.suffixes, text),
    };
    if !text.is_empty() {
        list.push(text.into());
        object.remember_id();
    }
}

/// Kinds whose names mean something to others.
fn keeps_its_name(id: Id<'_>) -> bool {
    match id.gvk.kind {
        "CustomResourceDefinition" | "Namespace" => true,
        "APIService" => id.gvk.group == "apiregistration.k8s.io",
        _ => false,
    }
}
