//! Knows how objects are put into a namespace.

use std::collections::HashSet;

use crate::kustomize::field_specs::{FieldSpec, Make};
use crate::kustomize::object::Object;
use crate::kustomize::problem::Problem;
use crate::kustomize::value::{Budget, Content, Scalar, Value};

/// Which subjects of role bindings are put into the namespace as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Subjects {
    /// Those named `default`.
    #[default]
    NamedDefault,
    /// All service accounts.
    ServiceAccounts,
    /// None.
    None,
}

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Namespace<'a> {
    /// The namespace.
    pub name: &'a str,
    /// Further fields that hold it.
    pub fields: &'a [FieldSpec],
    /// Whether a namespace that is there stays.
    pub unset_only: bool,
    /// Which subjects of role bindings follow.
    pub subjects: Subjects,
}

impl Namespace<'_> {
    /// Puts the objects into the namespace.
    pub fn put(&self, objects: &mut [Object], budget: &Budget) -> Result<(), Problem> {
        budget.bytes(self.name.len().saturating_mul(objects.len()))?;
        for object in &mut *objects {
            object.remember_id();
            self.put_one(object)?;
        }
        let mut seen = HashSet::new();
        for object in objects.iter() {
            let id = object.id();
            if !seen.insert((id.gvk, id.name, id.effective_namespace())) {
                let message = format!("the namespace {} would have {id} twice", self.name);
                return Err(Problem::new(message, object.place()));
            }
        }
        Ok(())
    }

    /// Puts one object into the namespace.
    pub fn put_one(&self, object: &mut Object) -> Result<(), Problem> {
        if !object.gvk().is_cluster_scoped() {
            let field = object.metadata().get_or_insert("namespace", Value::blank);
            if field.is_null() {
                field.content = Value::blank().content;
            }
            self.set(field)?;
        }
        let is_binding = matches!(object.kind(), "RoleBinding" | "ClusterRoleBinding");
        if is_binding {
            self.put_subjects(object)?;
        }
        let in_core = object.gvk().group.is_empty() && object.gvk().version == "v1";
        for field in self.fields {
            let own = match field.path.as_str() {
                "metadata/namespace" => true,
                "metadata/name" => !in_core,
                "subjects/namespace" => {
                    is_binding && matches!(&*field.gvk.kind, "RoleBinding" | "ClusterRoleBinding")
                }
                _ => false,
            };
            if !own && field.selects(object) {
                field.visit(&mut object.value, Make::Text, &mut |value| self.set(value))?;
            }
        }
        Ok(())
    }

    fn put_subjects(&self, object: &mut Object) -> Result<(), Problem> {
        let Some(subjects) = object.value.get_mut("subjects").filter(|value| !value.is_null())
        else {
            return Ok(());
        };
        if self.subjects == Subjects::None {
            return Ok(());
        }
        let place = subjects.place;
        let wrong =
            |place| Problem::new("the subjects of a role binding are a list of mappings", place);
        for subject in subjects.as_list_mut().ok_or_else(|| wrong(place))? {
            let place = subject.place;
            let map = subject.as_map_mut().ok_or_else(|| wrong(place))?;
            let (field, wanted) = match self.subjects {
                Subjects::ServiceAccounts => ("kind", "ServiceAccount"),
                _ => ("name", "default"),
            };
            if map.get(field).and_then(Value::as_text) == Some(wanted) {
                self.set(map.get_or_insert("namespace", Value::blank))?;
            }
        }
        Ok(())
    }

    fn set(&self, value: &mut Value) -> Result<(), Problem> {
        match &mut value.content {
            Content::Scalar(scalar) => {
                let stays = self.unset_only && !value_is_empty(scalar);
                if !stays {
                    let quoted = scalar.quoted;
                    *scalar = Scalar { quoted, ..Scalar::string(self.name) };
                }
                Ok(())
            }
            _ => {
                let message = format!("a namespace is a text, and this is {}", value.kind_name());
                Err(Problem::new(message, value.place))
            }
        }
    }
}

fn value_is_empty(scalar: &Scalar) -> bool {
    scalar.kind == crate::kustomize::value::ScalarKind::Null || scalar.text.is_empty()
}
