//! Knows which fields each kind of rule is about: Kustomize's own, and those of `configurations` and `crds`.
//!
//! It does not know what the rules do.

use std::sync::Arc;

use super::{FieldSpec, builtin, merge, pattern};
use crate::kustomize::fields::{Fields, Reading};
use crate::kustomize::id::GvkPattern;
use crate::kustomize::order;
use crate::kustomize::problem::Problem;
use crate::kustomize::value::Value;

/// The fields that name objects of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referrers {
    /// What is named.
    pub target: GvkPattern,
    /// The fields that name it.
    pub fields: Vec<FieldSpec>,
}

/// The fields of each kind of rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// What `namePrefix` changes.
    pub name_prefix: Vec<FieldSpec>,
    /// What `nameSuffix` changes.
    pub name_suffix: Vec<FieldSpec>,
    /// What `namespace` changes, besides the namespaces of the objects.
    pub namespace: Vec<FieldSpec>,
    /// What `commonLabels` changes: labels, selectors and templates.
    pub common_labels: Vec<FieldSpec>,
    /// What `labels` changes besides what it says itself.
    pub labels: Vec<FieldSpec>,
    /// What `labels` changes with `includeTemplates`.
    pub template_labels: Vec<FieldSpec>,
    /// What `commonAnnotations` changes.
    pub common_annotations: Vec<FieldSpec>,
    /// The fields with names of other objects.
    pub name_reference: Vec<Referrers>,
    /// The fields in which variables are expanded.
    pub var_reference: Vec<FieldSpec>,
    /// The fields with images, besides those of containers.
    pub images: Vec<FieldSpec>,
    /// What `replicas` changes.
    pub replicas: Vec<FieldSpec>,
}

/// The parts of a configuration file that are plain lists of fields.
const PARTS: [&str; 10] = [
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "templateLabels",
    "commonAnnotations",
    "varReference",
    "images",
    "replicas",
];

impl Config {
    /// Kustomize's own.
    pub fn builtin() -> Arc<Self> {
        builtin::config()
    }

    /// Of one of the files that `configurations` names.
    pub fn read(value: &Value) -> Result<Self, Problem> {
        let mut config = Self::default();
        if value.is_null() {
            return Ok(config);
        }
        let known: Vec<&str> = PARTS.into_iter().chain(["nameReference"]).collect();
        let fields = Fields::of(value, "a transformer configuration", &known, Reading::Strict)?;
        for (name, part) in PARTS.into_iter().zip(config.parts_mut()) {
            *part = fields
                .list(name)?
                .iter()
                .map(|spec| FieldSpec::read(spec, Reading::Strict))
                .collect::<Result<_, _>>()?;
        }
        for item in fields.list("nameReference")? {
            let known = ["group", "version", "kind", "fieldSpecs"];
            let reference = Fields::of(item, "a name reference", &known, Reading::Strict)?;
            let target = pattern(&reference)?;
            let fields = reference
                .list("fieldSpecs")?
                .iter()
                .map(|spec| FieldSpec::read(spec, Reading::Strict));
            let fields = fields.collect::<Result<_, _>>()?;
            config.name_reference.push(Referrers { target, fields });
        }
        Ok(config)
    }

    /// Adds another's fields, those not covered yet, and sorts them: what comes first covers what comes later, so that
    /// a field named for one kind keeps the same field for all kinds out on the next merge.
    pub fn merge(&mut self, other: &Self) -> Result<(), Problem> {
        for (mine, others) in self.parts_mut().into_iter().zip(other.parts()) {
            merge(mine, others)?;
            mine.sort_by_cached_key(|spec| order::spec_key(&spec.gvk));
        }
        for referrers in &other.name_reference {
            self.refer(referrers)?;
        }
        self.name_reference.sort_by_cached_key(|referrers| order::spec_key(&referrers.target));
        Ok(())
    }

    /// Adds fields that name objects of one kind.
    pub fn refer(&mut self, more: &Referrers) -> Result<(), Problem> {
        match self.name_reference.iter_mut().find(|known| known.target == more.target) {
            Some(known) => merge(&mut known.fields, &more.fields),
            None => {
                self.name_reference.push(more.clone());
                Ok(())
            }
        }
    }

    fn parts(&self) -> [&Vec<FieldSpec>; PARTS.len()] {
        [
            &self.name_prefix,
            &self.name_suffix,
            &self.namespace,
            &self.common_labels,
            &self.labels,
            &self.template_labels,
            &self.common_annotations,
            &self.var_reference,
            &self.images,
            &self.replicas,
        ]
    }

    fn parts_mut(&mut self) -> [&mut Vec<FieldSpec>; PARTS.len()] {
        [
            &mut self.name_prefix,
            &mut self.name_suffix,
            &mut self.namespace,
            &mut self.common_labels,
            &mut self.labels,
            &mut self.template_labels,
            &mut self.common_annotations,
            &mut self.var_reference,
            &mut self.images,
            &mut self.replicas,
        ]
    }
}
