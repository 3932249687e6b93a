//! Knows what a kustomization file says, checked: fields that exist, of the types they have, with their places.
//!
//! It opens none of the files that it names.

use super::field_specs::FieldSpec;
use super::fields::{Fields, Reading};
use super::images::ImageEntry;
use super::load::Source;
use super::problem::{Place, Problem};
use super::select::Selector;
use super::value::{self, Value};
use super::yaml;

/// The fields of Kustomize 5.5.
pub(super) const FIELDS: [&str; 34] = [
    "apiVersion",
    "bases",
    "buildMetadata",
    "commonAnnotations",
    "commonLabels",
    "components",
    "configMapGenerator",
    "configurations",
    "crds",
    "generatorOptions",
    "generators",
    "helmChartInflationGenerator",
    "helmCharts",
    "helmGlobals",
    "imageTags",
    "images",
    "kind",
    "labels",
    "metadata",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "openapi",
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "replacements",
    "replicas",
    "resources",
    "secretGenerator",
    "sortOptions",
    "transformers",
    "validators",
    "vars",
];

/// A path or a text, and where it was written.
#[derive(Debug, Clone)]
pub struct Named {
    /// As written.
    pub text: String,
    /// Where.
    pub place: Place,
}

/// An entry of `labels`.
#[derive(Debug, Clone)]
pub struct Labels {
    /// The labels, sorted.
    pub pairs: Vec<(String, String)>,
    /// Whether selectors get them too.
    pub selectors: bool,
    /// Whether templates get them too.
    pub templates: bool,
    /// Further places that get them.
    pub fields: Vec<FieldSpec>,
}

/// An entry of `patches` or `patchesJson6902`.
#[derive(Debug, Clone)]
pub struct Patch {
    /// The file with the patch.
    pub path: Option<Named>,
    /// The patch itself.
    pub patch: Option<Named>,
    /// What it is for.
    pub target: Option<Selector>,
    /// Whether it may give its target another name.
    pub may_rename: bool,
    /// Whether it may give its target another kind.
    pub may_change_kind: bool,
    /// Where the entry was written.
    pub place: Place,
}

/// An entry of `replicas`.
#[derive(Debug, Clone)]
pub struct Replicas {
    /// The name of what is scaled, as it is or was.
    pub name: String,
    /// To how many.
    pub count: i64,
    /// Where the entry was written.
    pub place: Place,
}

/// What `sortOptions` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// In the order of loading.
    Fifo,
    /// By kinds: those to come first, those to come last; `None` for Kustomize's own lists.
    Legacy(Option<(Vec<String>, Vec<String>)>),
}

/// What a kustomization file says. Fields that were renamed are under their new names.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are Kustomize's own, and documented there")]
pub struct Kustomization {
    pub is_component: bool,
    pub resources: Vec<Named>,
    pub components: Vec<Named>,
    pub crds: Vec<Named>,
    pub configurations: Vec<Named>,
    pub generators: Vec<Named>,
    pub transformers: Vec<Named>,
    pub validators: Vec<Named>,
    pub config_maps: Vec<Value>,
    pub secrets: Vec<Value>,
    pub generator_options: Option<Value>,
    pub name_prefix: String,
    pub name_suffix: String,
    pub namespace: String,
    pub common_labels: Vec<(String, String)>,
    pub labels: Vec<Labels>,
    pub common_annotations: Vec<(String, String)>,
    pub patches: Vec<Patch>,
    pub patches_strategic_merge: Vec<Named>,
    pub patches_json: Vec<Patch>,
    pub images: Vec<ImageEntry>,
    pub replicas: Vec<Replicas>,
    pub replacements: Vec<Value>,
    pub vars: Vec<Value>,
    pub order: Option<Order>,
    pub openapi_path: Option<Named>,
    pub openapi_version: Option<Named>,
    pub build_metadata: Vec<String>,
}

impl Kustomization {
    /// Reads a kustomization file.
    pub fn read(source: &Source) -> Result<Self, Problem> {
        let at = |line, column| Place { file: source.file, line, column };
        let documents = yaml::parse(&source.bytes)
            .map_err(|error| Problem::new(error.message, at(error.line, error.column)))?;
        let empty = || Problem::new("the kustomization is empty", at(1, 1));
        let document = documents.first().ok_or_else(empty)?;
        let value = value::read_config(document.root(), source.file)?;
        if value.is_null() {
            return Err(empty());
        }
        let fields = Fields::of(&value, "a kustomization", &FIELDS, Reading::Strict)?;
        if let Some(chart) = ["helmCharts", "helmChartInflationGenerator", "helmGlobals"]
            .iter()
            .find_map(|name| fields.get(name))
        {
            let message = "Helm charts are not run here; render the chart and commit what it gives";
            return Err(Problem::refused(message, chart.place));
        }
        let is_component = kind(&fields)?;
        let mut rest = FIELDS.iter().filter(|name| !["apiVersion", "kind"].contains(name));
        if !rest.any(|name| fields.get(name).is_some()) {
            return Err(empty());
        }
        let mut it = Self { is_component, ..Self::default() };
        it.read_names(&fields)?;
        it.read_rules(&fields)?;
        it.read_objects(&fields)?;
        Ok(it)
    }

    fn read_names(&mut self, fields: &Fields<'_>) -> Result<(), Problem> {
        let named = |name| -> Result<Vec<Named>, Problem> {
            let texts = fields.texts(name)?.into_iter();
            Ok(texts.map(|(text, place)| Named { text, place }).collect())
        };
        self.resources = named("resources")?;
        self.resources.extend(named("bases")?);
        self.components = named("components")?;
        self.crds = named("crds")?;
        self.configurations = named("configurations")?;
        self.generators = named("generators")?;
        self.transformers = named("transformers")?;
        self.validators = named("validators")?;
        self.patches_strategic_merge = named("patchesStrategicMerge")?;
        self.build_metadata = named("buildMetadata")?.into_iter().map(|named| named.text).collect();
        if let Some(value) = fields.get("openapi") {
            let openapi = Fields::of(value, "openapi", &["path", "version"], Reading::Lenient)?;
            let named = |name| -> Result<Option<Named>, Problem> {
                let Some(value) = openapi.get(name) else {
                    return Ok(None);
                };
                Ok(Some(Named { text: openapi.text(name)?, place: value.place }))
            };
            self.openapi_path = named("path")?;
            self.openapi_version = named("version")?;
        }
        Ok(())
    }

    fn read_rules(&mut self, fields: &Fields<'_>) -> Result<(), Problem> {
        let text = |name| fields.text(name);
        self.name_prefix = text("namePrefix")?;
        self.name_suffix = text("nameSuffix")?;
        self.namespace = text("namespace")?;
        self.common_labels = pairs(fields, "commonLabels")?;
        self.common_annotations = pairs(fields, "commonAnnotations")?;
        self.labels = each(fields, "labels", Labels::read)?;
        self.patches = each(fields, "patches", Patch::read)?;
        self.patches_json = each(fields, "patchesJson6902", Patch::read)?;
        self.images = each(fields, "images", ImageEntry::read)?;
        self.images.extend(each(fields, "imageTags", ImageEntry::read)?);
        self.replicas = each(fields, "replicas", Replicas::read)?;
        self.order = fields.get("sortOptions").map(Order::read).transpose()?;
        Ok(())
    }

    fn read_objects(&mut self, fields: &Fields<'_>) -> Result<(), Problem> {
        let values = |name| -> Result<Vec<Value>, Problem> {
            Ok(fields.list(name)?.iter().filter(|value| !value.is_null()).cloned().collect())
        };
        self.config_maps = values("configMapGenerator")?;
        self.secrets = values("secretGenerator")?;
        self.replacements = values("replacements")?;
        self.vars = values("vars")?;
        self.generator_options = fields.get("generatorOptions").cloned();
        Ok(())
    }
}

/// Whether it is a component; kind and version have to fit each other.
fn kind(fields: &Fields<'_>) -> Result<bool, Problem> {
    let place = |name| fields.get(name).map_or(fields.place, |value| value.place);
    let component = match fields.text("kind")?.as_str() {
        "" | "Kustomization" => false,
        "Component" => true,
        other => {
            let message = format!("kind is Kustomization or Component, and not {other}");
            return Err(Problem::new(message, place("kind")));
        }
    };
    let version = if component { "v1alpha1" } else { "v1beta1" };
    let wanted = format!("kustomize.config.k8s.io/{version}");
    match fields.text("apiVersion")? {
        found if found.is_empty() || found == wanted => Ok(component),
        found => {
            let message = format!("apiVersion is {wanted} here, and not {found}");
            Err(Problem::new(message, place("apiVersion")))
        }
    }
}

fn each<T>(
    fields: &Fields<'_>,
    name: &str,
    read: impl Fn(&Value) -> Result<T, Problem>,
) -> Result<Vec<T>, Problem> {
    fields.list(name)?.iter().filter(|value| !value.is_null()).map(read).collect()
}

/// The pairs of a map, sorted.
fn pairs(fields: &Fields<'_>, name: &str) -> Result<Vec<(String, String)>, Problem> {
    let mut pairs = fields.pairs(name)?.unwrap_or_default();
    pairs.sort();
    Ok(pairs)
}

impl Labels {
    fn read(value: &Value) -> Result<Self, Problem> {
        let known = ["pairs", "includeSelectors", "includeTemplates", "fields"];
        let fields = Fields::of(value, "an entry of labels", &known, Reading::Strict)?;
        Ok(Self {
            pairs: pairs(&fields, "pairs")?,
            selectors: fields.truth("includeSelectors")?,
            templates: fields.truth("includeTemplates")?,
            fields: each(&fields, "fields", |spec| FieldSpec::read(spec, Reading::Strict))?,
        })
    }
}

impl Patch {
    /// Reads an entry of `patches`.
    pub fn read(value: &Value) -> Result<Self, Problem> {
        Self::of(value, Reading::Strict)
    }

    /// Reads the configuration object of a transformer.
    pub fn lenient(value: &Value) -> Result<Self, Problem> {
        Self::of(value, Reading::Lenient)
    }

    fn of(value: &Value, reading: Reading) -> Result<Self, Problem> {
        let known = ["path", "patch", "target", "options"];
        let fields = Fields::of(value, "an entry of patches", &known, reading)?;
        let named = |name| -> Result<Option<Named>, Problem> {
            let text = Some(fields.text(name)?).filter(|text| !text.trim().is_empty());
            let place = fields.get(name).map_or(value.place, |value| value.place);
            Ok(text.map(|text| Named { text, place }))
        };
        let none = Value::null();
        let options = fields.get("options").unwrap_or(&none);
        let options = Fields::of(options, "options", &[], Reading::Lenient)?;
        Ok(Self {
            path: named("path")?,
            patch: named("patch")?,
            target: fields.get("target").map(|value| Selector::read(value, reading)).transpose()?,
            may_rename: options.truth("allowNameChange")?,
            may_change_kind: options.truth("allowKindChange")?,
            place: value.place,
        })
    }
}

impl Replicas {
    /// Reads an entry.
    pub fn read(value: &Value) -> Result<Self, Problem> {
        let fields =
            Fields::of(value, "an entry of replicas", &["name", "count"], Reading::Strict)?;
        Ok(Self { name: fields.text("name")?, count: fields.number("count")?, place: value.place })
    }
}

impl Order {
    /// Reads `sortOptions`.
    pub fn read(value: &Value) -> Result<Self, Problem> {
        let known = ["order", "legacySortOptions"];
        let fields = Fields::of(value, "sortOptions", &known, Reading::Strict)?;
        let lists = match fields.get("legacySortOptions") {
            None => None,
            Some(lists) => {
                let known = ["orderFirst", "orderLast"];
                let fields = Fields::of(lists, "legacySortOptions", &known, Reading::Strict)?;
                let kinds = |name| -> Result<Vec<String>, Problem> {
                    Ok(fields.texts(name)?.into_iter().map(|(text, _)| text).collect())
                };
                Some((kinds("orderFirst")?, kinds("orderLast")?))
            }
        };
        match (fields.text("order")?.as_str(), lists) {
            ("fifo", None) => Ok(Self::Fifo),
            ("fifo", Some(_)) => Err(Problem::new(
                "legacySortOptions are for the order legacy, and this one is fifo",
                value.place,
            )),
            ("legacy", lists) => Ok(Self::Legacy(lists)),
            _ => Err(Problem::new("the order is legacy or fifo", value.place)),
        }
    }
}
