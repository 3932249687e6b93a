//! Knows what Kustomize learns from the types that `crds` names: which fields are labels, annotations, names.
//!
//! The files hold OpenAPI definitions by name, as Go programs of custom resources publish them.

use super::field_specs::{Config, FieldSpec, Referrers};
use super::id::GvkPattern;
use super::problem::Problem;
use super::value::{Map, Value};

/// How deep definitions are followed into each other.
const MAX_DEPTH: usize = 30;
/// How many fields are looked at, all in all.
const MAX_FIELDS: usize = 100_000;

/// The configuration that the definitions of a file amount to.
pub fn config(value: &Value) -> Result<Config, Problem> {
    let mut walk = Walk { definitions: None, config: Config::default(), left: MAX_FIELDS };
    if value.is_null() {
        return Ok(walk.config);
    }
    let definitions = value
        .as_map()
        .ok_or_else(|| Problem::new("definitions are a mapping by name", value.place))?;
    walk.definitions = Some(definitions);
    for (name, definition) in definitions.iter() {
        let Some(properties) = properties(definition) else { continue };
        if ["kind", "apiVersion", "metadata"].iter().all(|field| properties.contains(field)) {
            let kind = name.text.rsplit('.').next().unwrap_or_default().to_owned();
            walk.definition(
                &GvkPattern { kind, ..GvkPattern::default() },
                definition,
                &mut Vec::new(),
            )?;
        }
    }
    Ok(walk.config)
}

fn properties(definition: &Value) -> Option<&Map> {
    let schema = definition.get("Schema").or_else(|| definition.get("schema"))?;
    schema.get("properties")?.as_map()
}

struct Walk<'v> {
    definitions: Option<&'v Map>,
    config: Config,
    left: usize,
}

impl<'v> Walk<'v> {
    fn definition(
        &mut self,
        gvk: &GvkPattern,
        definition: &'v Value,
        path: &mut Vec<&'v str>,
    ) -> Result<(), Problem> {
        for (name, property) in properties(definition).into_iter().flat_map(Map::iter) {
            self.left = self.left.checked_sub(1).ok_or_else(|| {
                Problem::new(format!("there are more than {MAX_FIELDS} fields"), property.place)
            })?;
            path.push(&name.text);
            self.property(gvk, property, path)?;
            path.pop();
        }
        Ok(())
    }

    fn property(
        &mut self,
        gvk: &GvkPattern,
        property: &'v Value,
        path: &mut Vec<&'v str>,
    ) -> Result<(), Problem> {
        let says = |key: &str| property.get(key).and_then(Value::as_text);
        let field = |path: &[&str]| FieldSpec::new(gvk.clone(), path.join("/"), false);
        let part = |list: &mut Vec<FieldSpec>| super::field_specs::merge(list, &[field(path)]);
        if says("x-kubernetes-annotation").is_some() {
            part(&mut self.config.common_annotations)?;
        }
        if says("x-kubernetes-label-selector").is_some() {
            part(&mut self.config.common_labels)?;
        }
        if says("x-kubernetes-identity").is_some() {
            part(&mut self.config.name_prefix)?;
        }
        if let (Some(version), Some(kind)) =
            (says("x-kubernetes-object-ref-api-version"), says("x-kubernetes-object-ref-kind"))
        {
            let key = says("x-kubernetes-object-ref-name-key").unwrap_or("name");
            let named = path.iter().copied().chain([key]).collect::<Vec<_>>();
            let target = GvkPattern {
                version: version.to_owned(),
                kind: kind.to_owned(),
                ..GvkPattern::default()
            };
            self.config.refer(&Referrers { target, fields: vec![field(&named)] })?;
        }
        let Some(name) = says("$ref") else {
            return Ok(());
        };
        if path.len() > MAX_DEPTH {
            return Err(Problem::new("definitions refer to each other too deep", property.place));
        }
        match self.definitions.and_then(|definitions| definitions.get(name)) {
            Some(definition) => self.definition(gvk, definition, path),
            None => Ok(()),
        }
    }
}
