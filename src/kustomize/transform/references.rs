//! Knows how names of objects are followed when the objects get other names.
//!
//! A field that names an object gets that object's name of now. Which object is meant is told by the names, kinds and
//! namespaces that it had, and by the prefixes and suffixes that both got.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::kustomize::field_specs::{Config, FieldSpec, Make, set_text};
use crate::kustomize::id::{GvkPattern, Id};
use crate::kustomize::object::Object;
use crate::kustomize::problem::Problem;
use crate::kustomize::value::{Budget, Content, Value};

/// An object as others name it.
struct Target {
    name: String,
    namespace: String,
    /// In which namespace it is now; empty for those that are in none.
    effective: String,
    original_namespace: String,
    is_account: bool,
    previous: Vec<(String, String, String, String)>,
    prefixes: Vec<Arc<str>>,
    suffixes: Vec<Arc<str>>,
}

/// Objects by the names that they had.
struct Targets {
    all: Vec<Target>,
    /// Those of one name by the namespace they are in, and then in order.
    by_name: HashMap<String, Vec<usize>>,
    /// The namespaces that objects were written with, each with those they are in now.
    namespaces: HashMap<String, HashSet<String>>,
}

/// The object whose fields are looked at.
struct Referrer {
    id: String,
    /// Empty for those that are in none.
    effective: String,
    /// The namespaces of a role binding's service accounts.
    accounts: HashSet<String>,
    role: Option<GvkPattern>,
    prefixes: Vec<Arc<str>>,
    suffixes: Vec<Arc<str>>,
}

/// Gives every field that names an object the object's name of now.
pub fn fix(objects: &mut [Object], config: &Config, budget: &Budget) -> Result<(), Problem> {
    let targets = Targets::of(objects);
    let mut by_kind: HashMap<&str, Vec<(&GvkPattern, &FieldSpec)>> = HashMap::new();
    for referrers in &config.name_reference {
        for field in &referrers.fields {
            by_kind.entry(&field.gvk.kind).or_default().push((&referrers.target, field));
        }
    }
    for object in objects.iter_mut() {
        let original = object.original_id();
        let named = by_kind.get(original.gvk.kind).into_iter().chain(by_kind.get("")).flatten();
        let rules: Vec<_> =
            named.filter(|(_, field)| original.gvk.is_selected_by(&field.gvk)).collect();
        if rules.is_empty() {
            continue;
        }
        let referrer = Referrer::of(object)?;
        for (kind, field) in rules {
            let search = Search { targets: &targets, referrer: &referrer, kind, field, budget };
            field.visit(&mut object.value, Make::Nothing, &mut |value| search.fix(value))?;
        }
    }
    Ok(())
}

fn place_of(id: Id<'_>) -> String {
    if id.gvk.is_cluster_scoped() { String::new() } else { id.effective_namespace().to_owned() }
}

impl Targets {
    fn of(objects: &[Object]) -> Self {
        let target = |object: &Object| {
            let previous = object.previous_ids().map(|id| {
                let gvk = id.gvk;
                let text = |text: &str| text.to_owned();
                (text(id.name), text(gvk.group), text(gvk.version), text(gvk.kind))
            });
            Target {
                name: object.name().to_owned(),
                namespace: object.namespace().to_owned(),
                effective: place_of(object.id()),
                original_namespace: place_of(object.original_id()),
                is_account: object.kind() == "ServiceAccount",
                previous: previous.collect(),
                prefixes: object.prefixes.clone(),
                suffixes: object.suffixes.clone(),
            }
        };
        let all: Vec<Target> = objects.iter().map(target).collect();
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        let mut namespaces: HashMap<String, HashSet<String>> = HashMap::new();
        for (at, target) in all.iter().enumerate() {
            for (name, ..) in &target.previous {
                let known = by_name.entry(name.clone()).or_default();
                if known.last() != Some(&at) {
                    known.push(at);
                }
            }
            let now = namespaces.entry(target.original_namespace.clone()).or_default();
            if !now.contains(&target.effective) {
                now.insert(target.effective.clone());
            }
        }
        let place = |at: &usize| all.get(*at).map(|target| target.effective.as_str());
        for known in by_name.values_mut() {
            known.sort_by(|one, other| place(one).cmp(&place(other)));
        }
        Self { all, by_name, namespaces }
    }
}

impl Referrer {
    fn of(object: &Object) -> Result<Self, Problem> {
        let text = |value: Option<&Value>| value.and_then(Value::as_text).map(str::to_owned);
        let mut accounts = HashSet::new();
        if object.kind() == "RoleBinding" {
            let subjects =
                object.value.get("subjects").and_then(Value::as_list).unwrap_or_default();
            for subject in subjects {
                let Some(namespace) = subject.get("namespace") else { continue };
                if text(subject.get("kind")).as_deref() != Some("ServiceAccount") {
                    continue;
                }
                match text(Some(namespace)).filter(|_| !namespace.is_null()) {
                    Some(namespace) => accounts.insert(namespace),
                    None => {
                        let message = "the namespace of a service account is blank";
                        return Err(Problem::new(message, namespace.place));
                    }
                };
            }
        }
        let role = |field| text(object.value.at_path(&["roleRef", field]));
        let role = role("apiGroup").zip(role("kind")).map(|(group, kind)| GvkPattern {
            group,
            version: String::new(),
            kind,
        });
        Ok(Self {
            id: object.id().to_string(),
            effective: place_of(object.id()),
            accounts,
            role,
            prefixes: object.prefixes.clone(),
            suffixes: object.suffixes.clone(),
        })
    }

    /// Whether it may name an object that is there at all.
    fn sees(&self, effective: &str) -> bool {
        self.effective.is_empty()
            || effective.is_empty()
            || effective == self.effective
            || self.accounts.contains(effective)
    }
}

/// The search for what one field names.
struct Search<'a> {
    targets: &'a Targets,
    referrer: &'a Referrer,
    kind: &'a GvkPattern,
    field: &'a FieldSpec,
    budget: &'a Budget,
}

impl Search<'_> {
    fn fix(&self, value: &mut Value) -> Result<(), Problem> {
        if value.is_null() {
            return Ok(());
        }
        match &mut value.content {
            Content::Scalar(_) => self.fix_text(value),
            Content::Map(_) => self.fix_map(value),
            Content::List(list) => list.iter_mut().try_for_each(|item| match item.content {
                Content::Map(_) => self.fix_map(item),
                Content::Scalar(_) => self.fix_text(item),
                Content::List(_) => {
                    let message = "a name has to be a text, or stand in a mapping";
                    Err(Problem::new(message, item.place))
                }
            }),
        }
    }

    fn fix_text(&self, value: &mut Value) -> Result<(), Problem> {
        let old = value.as_text().unwrap_or_default();
        let Some(at) = self.find(old, None).map_err(|problem| problem.or_at(value.place))? else {
            return Ok(());
        };
        let name = &self.targets.all[at].name;
        if name == old {
            return Ok(());
        }
        self.budget.bytes(name.len())?;
        set_text(value, name.clone())
    }

    fn fix_map(&self, value: &mut Value) -> Result<(), Problem> {
        let place = value.place;
        let Some(name) = value.get("name") else {
            let misspelt = value.as_map().and_then(|map| map.misspelt("name"));
            let place = misspelt.map_or(place, |key| key.place);
            return Err(Problem::new("there has to be a name here", place));
        };
        let old = name.as_text().unwrap_or_default().to_owned();
        let namespace = value.get("namespace").map(|value| value.as_text().unwrap_or_default());
        let found = self.find(&old, Some(namespace)).map_err(|problem| problem.or_at(place))?;
        let Some(at) = found else {
            return Ok(());
        };
        let target = &self.targets.all[at];
        let map = value.make_map();
        if target.name != old {
            match map.get_mut("name") {
                Some(name) => set_text(name, target.name.clone())?,
                None => map.insert("name", Value::string(target.name.as_str())),
            }
        }
        if !target.namespace.is_empty() {
            match map.get_mut("namespace").filter(|value| value.as_scalar().is_some()) {
                Some(namespace) => set_text(namespace, target.namespace.clone())?,
                None => map.insert("namespace", Value::string(target.namespace.as_str())),
            }
        }
        Ok(())
    }

    /// The object meant by a name: `None` for a text, for a map with its namespace, if it has one.
    fn find(&self, name: &str, map: Option<Option<&str>>) -> Result<Option<usize>, Problem> {
        let Some(had) = self.targets.by_name.get(name) else {
            return Ok(None);
        };
        let group = map.flatten().map(|namespace| (namespace, self.was_used(namespace)));
        let by_role = self.field.path.ends_with("roleRef/name");
        let is = |at: &&usize, kind: &GvkPattern| {
            self.targets.all[**at].previous.iter().any(|(_, group, version, name)| {
                crate::kustomize::id::Gvk { group, version, kind: name }.is_selected_by(kind)
            })
        };
        let near = self.near(had)?;
        let candidates = near.iter().filter(|at| {
            let target = &self.targets.all[**at];
            let beside = self.referrer.effective.is_empty()
                || target.effective.is_empty()
                || target.is_account
                || target.effective == self.referrer.effective;
            let grouped = match group {
                None => true,
                Some((namespace, true)) => target.original_namespace == namespace,
                Some((namespace, false)) => target.effective == namespace,
            };
            self.referrer.sees(&target.effective)
                && beside
                && grouped
                && is(at, self.kind)
                && self.referrer.role.as_ref().is_none_or(|role| !by_role || is(at, role))
        });
        let mut found: Vec<usize> = candidates.copied().collect();
        if found.len() > 1 {
            found.retain(|at| self.shares_affixes(*at, true));
        }
        if found.len() > 1 {
            found.retain(|at| self.shares_affixes(*at, false));
        }
        let (Some(first), rest) = (found.first(), found.get(1..).unwrap_or_default()) else {
            return Ok(None);
        };
        let (first, all) = (*first, &self.targets.all);
        let same = rest.iter().all(|at| {
            all[*at].name == all[first].name
                && (map.is_none() || all[*at].namespace == all[first].namespace)
        });
        if same {
            return Ok(Some(first));
        }
        let names: Vec<&str> = found.iter().map(|at| all[*at].name.as_str()).collect();
        Err(Problem::new(
            format!(
                "{} of {} may mean any of {}",
                self.field.path,
                self.referrer.id,
                names.join(", ")
            ),
            crate::kustomize::problem::Place::NOWHERE,
        ))
    }

    /// Those of some objects of one name that are where the referrer may see them, in order.
    fn near(&self, had: &[usize]) -> Result<Vec<usize>, Problem> {
        let referrer = self.referrer;
        let place = |at: &usize| self.targets.all[*at].effective.as_str();
        let seen = referrer.accounts.iter().map(String::as_str);
        let seen = seen.chain([referrer.effective.as_str(), ""]);
        let mut near = Vec::new();
        if referrer.effective.is_empty() || had.len() <= referrer.accounts.len() {
            near.extend_from_slice(had);
        } else {
            for seen in seen {
                let from = had.partition_point(|at| place(at) < seen);
                let there = had.get(from..).unwrap_or_default();
                near.extend(there.iter().take_while(|at| place(at) == seen));
            }
        }
        self.budget.steps(near.len() + referrer.accounts.len().min(had.len()))?;
        near.sort_unstable();
        near.dedup();
        Ok(near)
    }

    /// Whether an object that may be named was written with this namespace.
    fn was_used(&self, namespace: &str) -> bool {
        let referrer = self.referrer;
        let Some(now) = self.targets.namespaces.get(namespace) else { return false };
        if referrer.effective.is_empty() {
            return true;
        }
        // What is in no namespace was written with none.
        let mut seen = referrer.accounts.iter().chain([&referrer.effective]);
        match now.len() < referrer.accounts.len() {
            _ if namespace.is_empty() => false,
            true => {
                now.iter().any(|now| *now == referrer.effective || referrer.accounts.contains(now))
            }
            false => seen.any(|seen| now.contains(seen)),
        }
    }

    fn shares_affixes(&self, at: usize, lenient: bool) -> bool {
        let target = &self.targets.all[at];
        let fits = |mine: &[Arc<str>], others: &[Arc<str>]| {
            let shorter = mine.len().min(others.len());
            (lenient && shorter == 0)
                || (shorter > 0 || mine.len() == others.len())
                    && mine[mine.len() - shorter..] == others[others.len() - shorter..]
        };
        fits(&self.referrer.prefixes, &target.prefixes)
            && fits(&self.referrer.suffixes, &target.suffixes)
    }
}
