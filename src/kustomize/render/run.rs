//! Knows in which order a kustomization is loaded and its rules applied, and what is done once at the end.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use super::accumulated::Accumulated;
use super::error::Failure;
use crate::kustomize::field_specs::{Config, FieldSpec};
use crate::kustomize::fields::Reading;
use crate::kustomize::generate::{Kind, MapArgs, Options, generate};
use crate::kustomize::images::ImageEntry;
use crate::kustomize::kustomization::{Kustomization, Labels, Named, Order};
use crate::kustomize::load::{Folder, Loader, Source};
use crate::kustomize::object::Object;
use crate::kustomize::origin::Origin;
use crate::kustomize::problem::{Place, Problem};
use crate::kustomize::schema::Schemas;
use crate::kustomize::transform::patches::{Tools, drop_deleted, no_twins};
use crate::kustomize::transform::{Rule, Specs, append_hashes, images, labels, references};
use crate::kustomize::value::Value;
use crate::kustomize::vars::Var;
use crate::kustomize::{crds, field_specs, order, origin, plugins, resources, schema, vars};

/// Objects with this annotation are for people and tools, not for the cluster.
const LOCAL: &str = "config.kubernetes.io/local-config";
/// What `managedByLabel` says, as `kubectl` says it.
const MANAGER: &str = "kustomize-(devel)";

/// One render under way.
#[derive(Default)]
pub(super) struct Run {
    /// The types of the first kustomization that says something of them.
    schemas: RefCell<Option<Rc<Schemas>>>,
    /// Whether an object was loaded whose type Kubernetes does not have: Kustomize then looks for it among Kubernetes'
    /// types, and from then on has them, whatever other types are named later.
    met_unknown: Cell<bool>,
    /// The entries of the outermost kustomization's `images` that changed nothing.
    pub(super) unused_images: RefCell<Vec<ImageEntry>>,
    /// What the outermost kustomization wants to be noted on objects.
    build_metadata: RefCell<Vec<String>>,
}

/// A kustomization that is being accumulated.
struct Here<'r, 'l, 't> {
    run: &'r Run,
    folder: Folder<'l, 't>,
    /// The name of the kustomization file.
    file: &'static str,
    kustomization: Kustomization,
    /// The way here from the outermost folder, if origins are noted.
    origin: Option<String>,
}

impl Run {
    /// Renders the kustomization in a folder.
    pub(super) fn whole(&self, loader: &Loader<'_>, folder: &str) -> Result<Vec<Object>, Failure> {
        let folder = loader.open(folder)?;
        let (file, source) = folder.kustomization()?;
        let kustomization = Kustomization::read(&source)?;
        let build_metadata = kustomization.build_metadata.clone();
        let order = kustomization.order.clone();
        let origin = (!build_metadata.is_empty()).then(String::new);
        self.build_metadata.replace(build_metadata.clone());
        let here = Here { run: self, folder, file, kustomization, origin };
        here.learn_types()?;
        let Accumulated { mut objects, config, vars, .. } =
            here.accumulate(Accumulated::default())?;
        let config = config.unwrap_or_else(Config::builtin);
        append_hashes(&mut objects)?;
        references::fix(&mut objects, &config, &loader.budget)?;
        vars::resolve(&mut objects, &vars, &config.var_reference, &loader.budget)?;
        for object in &objects {
            resources::check(&object.value)?;
        }
        let local =
            |object: &Object| object.note("annotations", LOCAL).is_some_and(|text| text != "false");
        objects.retain(|object| !local(object));
        order::sort(&mut objects, &order.unwrap_or(Order::Legacy(None)));
        let wants = |what: &str| build_metadata.iter().any(|wanted| wanted == what);
        if wants("managedByLabel") {
            let pairs = [("app.kubernetes.io/managed-by".to_owned(), MANAGER.to_owned())];
            let field = FieldSpec::new(Default::default(), "metadata/labels", true);
            labels::put(&mut objects, &pairs, &[field], &loader.budget)?;
        }
        for object in &mut objects {
            if !wants("originAnnotations") {
                object.drop_annotation(origin::ORIGIN);
            }
            if !wants("transformerAnnotations") {
                object.drop_annotation(origin::TRANSFORMATIONS);
            }
            object.finish();
        }
        Ok(objects)
    }
}

impl Here<'_, '_, '_> {
    /// Reads the types of `openapi`, unless a kustomization that is further out has some.
    fn learn_types(&self) -> Result<(), Failure> {
        if self.run.schemas.borrow().is_some() {
            return Ok(());
        }
        let kustomization = &self.kustomization;
        let schemas = match (&kustomization.openapi_path, &kustomization.openapi_version) {
            (None, None) => return Ok(()),
            (Some(path), None) => {
                let source = self.folder.read(&path.text, path.place)?;
                let values = self.folder.config_values(&source)?;
                let empty = || Problem::new("there are no types in this file", path.place);
                let schemas = Schemas::custom(values.first().ok_or_else(empty)?)?;
                if self.run.met_unknown.get() { schemas.beside_builtin() } else { schemas }
            }
            (None, Some(version)) if version.text == schema::BUILTIN_VERSION => {
                return Ok(());
            }
            (None, Some(version)) => {
                let message = format!(
                    "openapi: there are no types of {}; there are those of {}",
                    version.text,
                    schema::BUILTIN_VERSION
                );
                return Err(Problem::new(message, version.place).into());
            }
            (Some(_), Some(version)) => {
                let message = "openapi has a path or a version, not both";
                return Err(Problem::new(message, version.place).into());
            }
        };
        self.run.schemas.replace(Some(Rc::new(schemas)));
        Ok(())
    }

    fn accumulate(&self, mut all: Accumulated) -> Result<Accumulated, Failure> {
        all = self.resources(all, &self.kustomization.resources)?;
        all.merge_config(&self.configuration()?)?;
        for named in &self.kustomization.crds {
            let source = self.folder.read(&named.text, named.place)?;
            for value in self.folder.config_values(&source)?.iter().take(1) {
                all.merge_config(&Arc::new(crds::config(value)?))?;
            }
        }
        self.generate(&mut all)?;
        for named in &self.kustomization.components {
            let component =
                self.enter(named, true).map_err(|failure| failure.through(named.place))?;
            all.known = None;
            self.folder.budget().steps(all.objects.len())?;
            all = component.accumulate(all).map_err(|failure| failure.through(named.place))?;
            no_twins(&all.objects)?;
        }
        self.transform(&mut all)?;
        self.validate(&mut all)?;
        for value in &self.kustomization.vars {
            let var = Var::from_value(value)?;
            self.folder.budget().steps(all.objects.len().saturating_add(all.vars.len()))?;
            vars::claim(&mut all.objects, &var)?;
            all.add_var(var)?;
        }
        Ok(all)
    }

    /// The fields that rules are about here: Kustomize's own and those of `configurations`.
    fn configuration(&self) -> Result<Arc<Config>, Failure> {
        let mut config = Config::builtin();
        for named in &self.kustomization.configurations {
            let source = self.folder.read(&named.text, named.place)?;
            for value in self.folder.config_values(&source)?.iter().take(1) {
                Arc::make_mut(&mut config)
                    .merge(&Config::read(value)?)
                    .map_err(|problem| problem.or_at(named.place))?;
            }
        }
        Ok(config)
    }

    /// Adds what a list names: files with objects, and folders with kustomizations.
    fn resources(&self, mut all: Accumulated, list: &[Named]) -> Result<Accumulated, Failure> {
        for named in list {
            if self.folder.is_folder(&named.text) {
                let base =
                    self.enter(named, false).map_err(|failure| failure.through(named.place))?;
                let base = base
                    .accumulate(Accumulated::default())
                    .map_err(|failure| failure.through(named.place))?;
                self.folder.budget().steps(base.objects.len().saturating_mul(8))?;
                all.merge(base).map_err(|problem| problem.or_at(named.place))?;
                continue;
            }
            let source = self.folder.read(&named.text, named.place)?;
            let mut objects = resources::read(&self.folder, &source)?;
            let known = |object: &Object| Schemas::builtin().of(object.gvk()).is_some();
            if !self.run.met_unknown.get() && !objects.iter().all(known) {
                self.run.met_unknown.set(true);
            }
            if let Some(origin) = self.origin_of_file(&named.text) {
                objects.iter_mut().for_each(|object| origin.note(object));
            }
            all.append(objects)?;
        }
        Ok(all)
    }

    fn enter(&self, named: &Named, component: bool) -> Result<Self, Failure> {
        let folder = self.folder.enter(&named.text, named.place)?;
        let (file, source) =
            folder.kustomization().map_err(|problem| problem.or_at(named.place))?;
        let mut kustomization = Kustomization::read(&source)?;
        if kustomization.is_component != component {
            let message = match component {
                true => format!("{} is no component: its kind is not Component", named.text),
                false => format!("{} is a component; name it under components", named.text),
            };
            return Err(Problem::new(message, named.place).into());
        }
        kustomization.build_metadata = self.run.build_metadata.borrow().clone();
        let origin = self.origin.as_ref().map(|here| origin::join(here, &named.text));
        let here = Self { run: self.run, folder, file, kustomization, origin };
        here.learn_types()?;
        Ok(here)
    }

    fn origin_of_file(&self, path: &str) -> Option<Origin> {
        self.origin.as_ref().map(|here| Origin::of_file(origin::join(here, path)))
    }

    /// The origin of what this kustomization's own fields make.
    fn origin_of_field(&self, kind: &str) -> Option<Origin> {
        let here = self.origin.as_ref()?;
        Some(Origin::configured(origin::join(here, self.file), "builtin", kind))
    }

    fn generate(&self, all: &mut Accumulated) -> Result<(), Failure> {
        let global = self.kustomization.generator_options.as_ref();
        let global = global.map(Options::from_value).transpose()?;
        let mut generated = Vec::new();
        for (kind, list) in [
            (Kind::ConfigMap, &self.kustomization.config_maps),
            (Kind::Secret, &self.kustomization.secrets),
        ] {
            let origin = self.origin_of_field(&format!("{}Generator", kind.name()));
            for value in list {
                let mut args = MapArgs::from_value(value, kind)?;
                if let Some(global) = &global {
                    args.options = args.options.within(global);
                }
                generated.push((generate(&args, &self.folder)?, origin.clone()));
            }
        }
        for plugin in self.plugins(&self.kustomization.generators)? {
            let origin = Origin::of_plugin(&plugin);
            for object in plugins::generated(&plugin, &self.folder)? {
                generated.push((object, origin.clone()));
            }
        }
        for (mut object, origin) in generated {
            if let Some(origin) =
                origin.filter(|_| object.note("annotations", origin::ORIGIN).is_none())
            {
                origin.note(&mut object);
            }
            all.absorb(object)?;
        }
        Ok(())
    }

    /// The configuration objects that a list names or holds.
    fn plugins(&self, list: &[Named]) -> Result<Vec<Object>, Failure> {
        let mut all = Accumulated::default();
        let mut paths = Vec::new();
        for named in list {
            match resources::read(&self.folder, &Source::inline(&named.text, named.place)) {
                Ok(mut inline) => {
                    if let Some(origin) = self.origin_of_file(self.file) {
                        inline.iter_mut().for_each(|object| origin.note(object));
                    }
                    all.append(inline)?;
                }
                Err(_) => paths.push(named.clone()),
            }
        }
        Ok(self.resources(all, &paths)?.objects)
    }

    fn transform(&self, all: &mut Accumulated) -> Result<(), Failure> {
        let config = all.config.clone().unwrap_or_else(Config::builtin);
        for rule in self.rules(&config)? {
            let origin = self.origin_of_field(rule.kind());
            if let Rule::Images { entry, fields } = &rule
                && self.folder.is_outermost()
            {
                self.folder.budget().walk()?;
                if !images::is_used(&all.objects, entry, fields.list())? {
                    self.run.unused_images.borrow_mut().push(entry.clone());
                }
            }
            self.apply(&rule, all, origin.as_ref())?;
        }
        for plugin in self.plugins(&self.kustomization.transformers)? {
            let origin = Origin::of_plugin(&plugin);
            // One that stands for several rules is noted once.
            let rules = plugins::rules(&plugin, &self.folder)?;
            for (left, rule) in (0..rules.len()).rev().zip(&rules) {
                self.apply(rule, all, origin.as_ref().filter(|_| left == 0))?;
            }
        }
        Ok(())
    }

    fn apply(
        &self,
        rule: &Rule,
        all: &mut Accumulated,
        origin: Option<&Origin>,
    ) -> Result<(), Failure> {
        all.known = None;
        let schemas = self.run.schemas.borrow().clone();
        let schemas = schemas.as_deref().unwrap_or_else(|| Schemas::builtin());
        let budget = self.folder.budget();
        budget.walk()?;
        budget.steps(rule.steps().saturating_mul(all.objects.len()))?;
        rule.apply(&mut all.objects, Tools { schemas, budget })?;
        drop_deleted(&mut all.objects);
        if let Some(origin) = origin {
            all.objects.iter_mut().try_for_each(|object| origin.note_change(object, budget))?;
        }
        Ok(())
    }

    /// The rules of this kustomization's own fields, in Kustomize's order.
    fn rules(&self, config: &Arc<Config>) -> Result<Vec<Rule>, Failure> {
        let own = &self.kustomization;
        let of = |pick: fn(&Config) -> &[FieldSpec]| Specs::Of(config.clone(), pick);
        let mut rules = Vec::new();
        if !own.patches_strategic_merge.is_empty() {
            let patches = plugins::merge_patches(&own.patches_strategic_merge, &self.folder)?;
            if patches.is_empty() {
                let place =
                    own.patches_strategic_merge.first().map_or(Place::NOWHERE, |named| named.place);
                return Err(Problem::new("there is no patch in it", place).into());
            }
            rules.push(Rule::MergePatches(patches));
        }
        for patch in &own.patches {
            rules.push(plugins::patch(patch, &self.folder)?);
        }
        if !own.namespace.is_empty() {
            rules.push(Rule::Namespace {
                name: own.namespace.clone(),
                fields: of(|config| &config.namespace),
                unset_only: false,
                subjects: Default::default(),
            });
        }
        if !own.name_prefix.is_empty() {
            let fields = of(|config| &config.name_prefix);
            rules.push(Rule::Prefix { text: own.name_prefix.clone(), fields });
        }
        if !own.name_suffix.is_empty() {
            let fields = of(|config| &config.name_suffix);
            rules.push(Rule::Suffix { text: own.name_suffix.clone(), fields });
        }
        for labels in &own.labels {
            let fields = Specs::Own(label_fields(labels, config)?);
            rules.push(Rule::Labels { pairs: labels.pairs.clone(), fields });
        }
        if !own.labels.is_empty() || !own.common_labels.is_empty() {
            let fields = of(|config| &config.common_labels);
            rules.push(Rule::Labels { pairs: own.common_labels.clone(), fields });
        }
        if !own.common_annotations.is_empty() {
            let fields = of(|config| &config.common_annotations);
            rules.push(Rule::Annotations { pairs: own.common_annotations.clone(), fields });
        }
        for patch in &own.patches_json {
            let (path, inline, target) =
                (patch.path.clone(), patch.patch.clone(), patch.target.clone());
            rules.push(plugins::operations(path, inline, target, patch.place, &self.folder)?);
        }
        for replicas in &own.replicas {
            let fields = of(|config| &config.replicas);
            rules.push(Rule::Replicas { replicas: replicas.clone(), fields });
        }
        for entry in &own.images {
            rules.push(Rule::Images { entry: entry.clone(), fields: of(|config| &config.images) });
        }
        if !own.replacements.is_empty() {
            rules.push(Rule::Replacements(plugins::replacements(
                &own.replacements,
                Reading::Strict,
                &self.folder,
            )?));
        }
        Ok(rules)
    }

    /// Runs the validators, which may look but not touch.
    fn validate(&self, all: &mut Accumulated) -> Result<(), Failure> {
        for plugin in self.plugins(&self.kustomization.validators)? {
            // What Kustomize remembers of an object counts as well: it stands in the object's annotations.
            let memory = |object: &Object| object.previous_ids().count();
            let before: Vec<(Value, usize)> =
                all.objects.iter().map(|object| (object.value.clone(), memory(object))).collect();
            for (value, _) in &before {
                self.folder.budget().copies(value, 1)?;
            }
            for rule in plugins::rules(&plugin, &self.folder)? {
                self.apply(&rule, all, None)?;
            }
            let same = before.len() == all.objects.len()
                && before.iter().zip(&all.objects).all(|((value, known), after)| {
                    value.means(&after.value) && *known == memory(after)
                });
            if !same {
                let message =
                    format!("a validator must not change objects, and this {} does", plugin.kind());
                return Err(Problem::new(message, plugin.place()).into());
            }
        }
        Ok(())
    }
}

/// The fields that an entry of `labels` is about.
fn label_fields(labels: &Labels, config: &Config) -> Result<Vec<FieldSpec>, Problem> {
    let mut fields = labels.fields.clone();
    field_specs::merge(&mut fields, &config.labels)?;
    if labels.selectors {
        field_specs::merge(&mut fields, &config.common_labels)?;
        return Ok(fields);
    }
    if labels.templates {
        field_specs::merge(&mut fields, &config.template_labels)?;
    }
    let own = FieldSpec::new(Default::default(), "metadata/labels", true);
    field_specs::merge(&mut fields, &[own])?;
    Ok(fields)
}
