//! Knows how patches are told from each other, and how they are applied to the objects that they are for.

use std::collections::HashSet;

use crate::kustomize::index::Index;
use crate::kustomize::json_patch::JsonPatch;
use crate::kustomize::load::{Folder, Source};
use crate::kustomize::merge::{Merged, merge};
use crate::kustomize::object::{Object, texts_anew};
use crate::kustomize::problem::{Place, Problem};
use crate::kustomize::resources;
use crate::kustomize::schema::Schemas;
use crate::kustomize::select::Selector;
use crate::kustomize::value::{Budget, Content, Value};

/// A patch that has been read.
#[derive(Debug)]
pub enum Change {
    /// Strategic merge patches.
    Merge(Vec<Object>),
    /// Operations by JSON 6902.
    Operations(JsonPatch),
}

impl Change {
    /// Reads a patch of either sort; exactly one has to make sense of it.
    pub fn read(folder: &Folder<'_, '_>, source: &Source, place: Place) -> Result<Self, Problem> {
        let text = String::from_utf8_lossy(&source.bytes);
        let merge = resources::read(folder, source);
        let operations = JsonPatch::read(source);
        match (merge, operations) {
            (Ok(objects), Err(_)) if !objects.is_empty() => Ok(Self::Merge(objects)),
            (Err(_), Ok(operations)) => Ok(Self::Operations(operations)),
            (Ok(_), Ok(_)) | (Ok(_), Err(_)) => Err(Problem::new("the patch is empty", place)),
            (Err(merge), Err(operations)) => {
                let list = text.trim_start().starts_with(['[', '-']);
                Err(if list { operations } else { merge }.or_at(place).while_at("not a patch"))
            }
        }
    }
}

/// What patches are applied with.
#[derive(Debug, Clone, Copy)]
pub struct Tools<'a> {
    /// What is known of the types of objects.
    pub schemas: &'a Schemas,
    /// What is left to copy.
    pub budget: &'a Budget,
}

impl Tools<'_> {
    /// Applies strategic merge patches, each to the one object that it names. What is deleted stays as a null.
    pub fn merge_all(self, objects: &mut [Object], patches: &[Object]) -> Result<(), Problem> {
        let mut index = Index::of(objects);
        for patch in patches {
            let wanted = patch.original_id();
            let mut named = index.find(objects, wanted);
            named.retain(|at| objects.get(*at).is_some_and(|object| !object.value.is_empty()));
            let problem = |message: String| Err(Problem::new(message, patch.place()));
            match named.as_slice() {
                [] => return problem(format!("there is no {wanted} for this patch")),
                [at] => {
                    let Some(object) = objects.get_mut(*at) else { continue };
                    self.merge_one(object, patch)?;
                    index.add(*at, object);
                }
                _ => {
                    return problem(format!("this patch may mean any of several called {wanted}"));
                }
            }
        }
        Ok(())
    }

    /// Applies a strategic merge patch to all that a selector matches.
    pub fn merge_selected(
        self,
        objects: &mut Vec<Object>,
        patch: &Object,
        target: &Selector,
    ) -> Result<(), Problem> {
        let selector = target.compile()?;
        let mut patch = as_copied(patch);
        let kind = patch.kind().to_owned();
        for object in objects.iter_mut() {
            if !selector.matches(object)? {
                continue;
            }
            patch.set_api_version(&object.gvk().api_version());
            patch.set_kind(&kind);
            self.merge_one(object, &patch)?;
        }
        drop_deleted(objects);
        no_twins(objects)
    }

    /// Applies operations to all that a selector matches.
    pub fn operate(
        self,
        objects: &mut [Object],
        operations: &JsonPatch,
        target: &Selector,
        remember: bool,
    ) -> Result<(), Problem> {
        let selector = target.compile()?;
        for object in objects.iter_mut() {
            if selector.matches(object)? {
                if remember {
                    object.remember_id();
                }
                object.operate(|value| operations.apply(value, self.budget))?;
            }
        }
        Ok(())
    }

    fn merge_one(self, object: &mut Object, patch: &Object) -> Result<(), Problem> {
        let (name, kind) = (object.name().to_owned(), object.kind().to_owned());
        let namespace = object.namespace().to_owned();
        if patch.may_rename || patch.may_change_kind {
            object.remember_id();
        }
        object.merge(|value| {
            if merge(value, &patch.value, self.schemas, self.budget)? == Merged::Deleted {
                *value = Value::null();
            }
            Ok(())
        })?;
        if object.value.is_null() {
            return Ok(());
        }
        if !patch.may_change_kind {
            object.set_kind(&kind);
        }
        if !patch.may_rename {
            object.set_name(&name);
        }
        object.set_namespace(&namespace);
        Ok(())
    }
}

/// Takes out what a patch has deleted.
pub fn drop_deleted(objects: &mut Vec<Object>) {
    objects.retain(|object| !object.value.is_empty());
}

/// Fails if two objects have the same identity.
pub fn no_twins(objects: &[Object]) -> Result<(), Problem> {
    let mut seen = HashSet::new();
    for object in objects {
        let id = object.id();
        if !seen.insert((id.gvk, id.name, id.effective_namespace())) {
            return Err(Problem::new(format!("there would be {id} twice"), object.place()));
        }
    }
    Ok(())
}

/// The patch as Kustomize copies it in some ways: labels and annotations as texts, a null as the text it is.
pub fn as_copied(patch: &Object) -> Object {
    let mut patch = patch.clone();
    patch.set_api_version(&patch.gvk().api_version());
    let kind = patch.kind().to_owned();
    patch.set_kind(&kind);
    for section in ["labels", "annotations"] {
        as_texts(&mut patch, section);
    }
    patch
}

fn as_texts(object: &mut Object, section: &str) {
    let Some(notes) = object.metadata().get_mut(section) else {
        return;
    };
    match &mut notes.content {
        Content::Map(map) if !map.is_empty() => texts_anew(map),
        _ => {
            object.metadata().remove(section);
        }
    }
}
