//! Knows what kustomizations add up to: objects, fields and variables, each there once.

use std::sync::Arc;

use crate::kustomize::field_specs::Config;
use crate::kustomize::generate::absorb;
use crate::kustomize::index::Index;
use crate::kustomize::object::{Behavior, Object};
use crate::kustomize::problem::Problem;
use crate::kustomize::vars::Var;

/// What kustomizations have added up to so far.
#[derive(Default)]
pub(super) struct Accumulated {
    pub(super) objects: Vec<Object>,
    pub(super) config: Option<Arc<Config>>,
    pub(super) vars: Vec<Var>,
    /// The identities of the objects, while nothing changes them.
    pub(super) known: Option<Index>,
}

impl Accumulated {
    /// Adds objects; none may be there already.
    pub(super) fn append(&mut self, objects: Vec<Object>) -> Result<(), Problem> {
        let known = self.known.get_or_insert_with(|| Index::of(&self.objects));
        for object in objects {
            if known.has(&self.objects, object.id()) {
                let message = format!("{} is here already", object.id());
                return Err(Problem::new(message, object.place()));
            }
            known.add(self.objects.len(), &object);
            self.objects.push(object);
        }
        Ok(())
    }

    /// Adds what a base has added up to.
    pub(super) fn merge(&mut self, other: Self) -> Result<(), Problem> {
        self.append(other.objects)?;
        if let Some(config) = &other.config {
            self.merge_config(config)?;
        }
        other.vars.into_iter().try_for_each(|var| self.add_var(var))
    }

    /// Adds fields.
    pub(super) fn merge_config(&mut self, more: &Arc<Config>) -> Result<(), Problem> {
        match &mut self.config {
            // Most kustomizations have nothing but what Kustomize has itself.
            None if Arc::ptr_eq(more, &Config::builtin()) => self.config = Some(more.clone()),
            None => {
                let mut config = Config::default();
                config.merge(more)?;
                self.config = Some(Arc::new(config));
            }
            Some(config) if Arc::ptr_eq(config, more) => {}
            Some(config) => Arc::make_mut(config).merge(more)?,
        }
        Ok(())
    }

    /// Adds a variable.
    pub(super) fn add_var(&mut self, var: Var) -> Result<(), Problem> {
        if self.vars.iter().any(|known| known.name == var.name) {
            let message = format!("there is a var {} already", var.name);
            return Err(Problem::new(message, var.place));
        }
        self.vars.push(var);
        Ok(())
    }

    /// Adds a generated object: it is new, or it takes the place of one that is there.
    pub(super) fn absorb(&mut self, object: Object) -> Result<(), Problem> {
        let id = object.id();
        let known = self.known.get_or_insert_with(|| Index::of(&self.objects));
        let same = known.find(&self.objects, id);
        let (first, second) = (same.first().copied(), same.get(1));
        let problem = |message: String| Err(Problem::new(message, object.place()));
        match (first, second, object.behavior) {
            (None, _, Behavior::Create) => self.append(vec![object]),
            (None, ..) => problem(format!("there is no {id} that could be merged or replaced")),
            (Some(_), None, Behavior::Create) => {
                problem(format!("{id} is here already; its behavior has to be merge or replace"))
            }
            (Some(at), None, _) => {
                let new = absorb(&self.objects[at], object);
                known.add(at, &new);
                self.objects[at] = new;
                Ok(())
            }
            (Some(_), Some(_), _) => {
                problem(format!("there are several {id} that this may be for"))
            }
        }
    }
}
