//! Knows what a strategic merge asks about types: which fields are objects, which lists merge, and by which keys.
//!
//! It knows nothing of values that are merged, and nothing else of Kubernetes' API.

mod custom;
mod table;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::id::Gvk;
use super::problem::Problem;
use super::value::Value;

/// The version of Kubernetes' API that Kustomize 5.5 has built in, as `openapi: {version: …}` names it.
pub const BUILTIN_VERSION: &str = "v1.21.2";
/// The group of Kustomize's own kinds, which it knows whatever schemas a kustomization brings.
const KUSTOMIZE: &str = "kustomize.config.k8s.io";

/// Texts of the built-in table are borrowed.
type Text = Cow<'static, str>;
/// The place of a type in [`Schemas::types`].
type TypeAt = usize;

/// The types of all kinds that are known.
#[derive(Debug, Default)]
pub struct Schemas {
    /// By kind: the types by group and version.
    kinds: HashMap<Text, Vec<(Text, Text, TypeAt)>>,
    types: Vec<Type>,
    /// The types of the built-in table by their names there.
    names: HashMap<&'static str, TypeAt>,
    /// Which of Kubernetes' own kinds are known as well.
    builtin: Builtin,
}

/// Which of the built-in kinds custom schemas stand beside.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Builtin {
    /// None: this is the built-in table itself.
    #[default]
    Itself,
    /// Those of Kustomize.
    OfKustomize,
    /// All.
    All,
}

/// What is known of a type.
#[derive(Debug, Default)]
struct Type {
    /// The fields by name; of one with a reference that leads nowhere nothing is known.
    fields: HashMap<Text, Option<TypeAt>>,
    /// What fields with other names have.
    others: Option<TypeAt>,
    /// What elements have, if it is a list.
    elements: Option<TypeAt>,
    /// The keys by which elements are the same, if it is a list that merges.
    merge_keys: Option<Vec<Text>>,
    /// The name of the built-in type that it is, if that is beside.
    built_in: Option<String>,
}

/// A type.
#[derive(Debug, Clone, Copy)]
pub struct Schema<'s> {
    schemas: &'s Schemas,
    of: &'s Type,
}

impl Schemas {
    /// The types that Kustomize 5.5 has built in.
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Schemas> =
            LazyLock::new(|| table::parse(include_str!("kubernetes-1.21.txt")));
        &BUILTIN
    }

    /// The types of an OpenAPI description, which a kustomization names in its field `openapi`.
    ///
    /// They replace those of Kubernetes (`initSchema` in `kyaml/openapi/openapi.go`).
    pub fn custom(source: &Value) -> Result<Self, Problem> {
        custom::read(source)
    }

    /// The same beside those that are built in, which win.
    ///
    /// So it is in Kustomize when objects were there before the first `openapi` was read.
    #[must_use]
    pub fn beside_builtin(self) -> Self {
        Self { builtin: Builtin::All, ..self }
    }

    /// The type of a kind.
    pub fn of(&self, gvk: Gvk<'_>) -> Option<Schema<'_>> {
        let beside = match self.builtin {
            Builtin::Itself => false,
            Builtin::OfKustomize => gvk.group == KUSTOMIZE,
            Builtin::All => true,
        };
        let builtin = beside.then(|| Self::builtin().of(gvk)).flatten();
        builtin.or_else(|| {
            let known = self.kinds.get(gvk.kind)?.iter();
            let mut known = known.filter(|known| known.0 == gvk.group && known.1 == gvk.version);
            self.at(known.next_back()?.2)
        })
    }

    fn at(&self, at: TypeAt) -> Option<Schema<'_>> {
        let of = self.types.get(at)?;
        match &of.built_in {
            None => Some(Schema { schemas: self, of }),
            Some(name) if self.builtin == Builtin::All => {
                let builtin = Self::builtin();
                builtin.at(*builtin.names.get(name.as_str())?)
            }
            Some(_) => None,
        }
    }

    /// Makes room for a type.
    fn reserve(&mut self) -> TypeAt {
        self.types.push(Type::default());
        self.types.len() - 1
    }
}

impl<'s> Schema<'s> {
    /// The type of a field.
    pub fn field(self, name: &str) -> Option<Self> {
        let at = self.of.fields.get(name).copied().unwrap_or(self.of.others);
        self.schemas.at(at?)
    }

    /// The type of elements.
    pub fn elements(self) -> Option<Self> {
        self.schemas.at(self.of.elements?)
    }

    /// Of a list that merges: the keys by which elements are the same, none for elements that are scalars.
    /// Any other list is replaced.
    pub fn merge_keys(self) -> Option<&'s [Cow<'static, str>]> {
        self.of.merge_keys.as_deref()
    }
}

#[cfg(test)]
mod tests;
