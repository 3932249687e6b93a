//! Knows what a kustomization says of a ConfigMap or a Secret to be generated.
//!
//! It knows nothing of how one is made.

use crate::kustomize::fields::{Fields, Reading};
use crate::kustomize::object::Behavior;
use crate::kustomize::problem::{Place, Problem};
use crate::kustomize::value::Value;

/// What is generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// A ConfigMap.
    #[default]
    ConfigMap,
    /// A Secret.
    Secret,
}

impl Kind {
    /// Its `kind`.
    pub fn name(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }

    /// The field of a kustomization that asks for one.
    pub fn field(self) -> &'static str {
        match self {
            Self::ConfigMap => "configMapGenerator",
            Self::Secret => "secretGenerator",
        }
    }
}

/// Of an entry of `configMapGenerator` or `secretGenerator`.
#[derive(Debug, Clone)]
pub struct MapArgs {
    /// What is generated.
    pub kind: Kind,
    /// `name`.
    pub name: String,
    /// `namespace`.
    pub namespace: String,
    /// `behavior`, as written.
    pub behavior: String,
    /// `literals`.
    pub literals: Vec<(String, Place)>,
    /// `files`.
    pub files: Vec<(String, Place)>,
    /// `envs`, and in a kustomization file also `env`.
    pub envs: Vec<(String, Place)>,
    /// `type` of a Secret.
    pub secret_type: String,
    /// `options`.
    pub options: Options,
    /// Where the entry was written.
    pub place: Place,
}

/// `generatorOptions`, or the `options` of one generator.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// `labels`.
    pub labels: Option<Vec<(String, String)>>,
    /// `annotations`.
    pub annotations: Option<Vec<(String, String)>>,
    /// `immutable`.
    pub immutable: bool,
    /// `disableNameSuffixHash`.
    pub disable_name_suffix_hash: bool,
}

impl Default for MapArgs {
    fn default() -> Self {
        Self {
            kind: Kind::default(),
            name: String::new(),
            namespace: String::new(),
            behavior: String::new(),
            literals: Vec::new(),
            files: Vec::new(),
            envs: Vec::new(),
            secret_type: String::new(),
            options: Options::default(),
            place: Place::NOWHERE,
        }
    }
}

impl MapArgs {
    /// Of an entry of the list in a kustomization file.
    pub fn from_value(value: &Value, kind: Kind) -> Result<Self, Problem> {
        let known = [
            "name",
            "namespace",
            "behavior",
            "literals",
            "files",
            "envs",
            "env",
            "options",
            "type",
        ];
        let known = match kind {
            Kind::ConfigMap => known.get(..8).unwrap_or(&known),
            Kind::Secret => &known,
        };
        let fields = Fields::of(value, kind.field(), known, Reading::Strict)?;
        let mut args = Self::of_fields(&fields, kind)?;
        if let Some(env) = fields.get("env") {
            let text = fields.text("env")?;
            args.envs.extend((!text.is_empty()).then_some((text, env.place)));
        }
        Ok(args)
    }

    /// Of an object in `generators`: name and namespace may stand in its metadata, `env` is not looked at.
    pub fn from_config(value: &Value, kind: Kind) -> Result<Self, Problem> {
        let fields = Fields::of(value, kind.field(), &[], Reading::Lenient)?;
        let mut args = Self::of_fields(&fields, kind)?;
        if let Some(metadata) = fields.get("metadata") {
            let metadata = Fields::of(metadata, "metadata", &[], Reading::Lenient)?;
            for (own, name) in [(&mut args.name, "name"), (&mut args.namespace, "namespace")] {
                if own.is_empty() {
                    *own = metadata.text(name)?;
                }
            }
        }
        Ok(args)
    }

    fn of_fields(fields: &Fields<'_>, kind: Kind) -> Result<Self, Problem> {
        let secret_type = if kind == Kind::Secret { fields.text("type")? } else { String::new() };
        let options = fields.get("options");
        Ok(Self {
            kind,
            name: fields.text("name")?,
            namespace: fields.text("namespace")?,
            behavior: fields.text("behavior")?,
            literals: fields.texts("literals")?,
            files: fields.texts("files")?,
            envs: fields.texts("envs")?,
            secret_type,
            options: options.map_or(Ok(Options::default()), |options| {
                Options::of(options, "options", fields.reading())
            })?,
            place: fields.place,
        })
    }

    /// What `behavior` means; words that nobody knows mean nothing.
    pub fn behavior(&self) -> Behavior {
        match &*self.behavior {
            "replace" => Behavior::Replace,
            "merge" => Behavior::Merge,
            _ => Behavior::Create,
        }
    }
}

impl Options {
    /// Of `generatorOptions` in a kustomization file.
    pub fn from_value(value: &Value) -> Result<Self, Problem> {
        Self::of(value, "generatorOptions", Reading::Strict)
    }

    fn of(value: &Value, what: &str, reading: Reading) -> Result<Self, Problem> {
        let known = ["labels", "annotations", "immutable", "disableNameSuffixHash"];
        let fields = Fields::of(value, what, &known, reading)?;
        Ok(Self {
            labels: fields.pairs("labels")?,
            annotations: fields.pairs("annotations")?,
            immutable: fields.truth("immutable")?,
            disable_name_suffix_hash: fields.truth("disableNameSuffixHash")?,
        })
    }

    /// These with what `all` generators get: own labels win, and what is true for all is true here
    /// (`MergeGlobalOptionsIntoLocal`).
    #[must_use]
    pub fn within(self, all: &Self) -> Self {
        Self {
            labels: under(&all.labels, self.labels),
            annotations: under(&all.annotations, self.annotations),
            immutable: self.immutable || all.immutable,
            disable_name_suffix_hash: self.disable_name_suffix_hash || all.disable_name_suffix_hash,
        }
    }
}

type Pairs = Option<Vec<(String, String)>>;

/// The pairs for all with the own ones after them: of the same key, the later counts.
fn under(all: &Pairs, own: Pairs) -> Pairs {
    match (all, own) {
        (None, own) => own,
        (Some(all), own) => Some(all.iter().cloned().chain(own.unwrap_or_default()).collect()),
    }
}
