//! How two environments differ once rendered, and where they may: what kustomizations set to tell them apart does
//! not count.
//!
//! Objects are the same by group, kind and the name that they were written with.

use std::collections::{HashMap, HashSet};

use super::policy::Allowed;
use crate::kustomize::diff::{Change, Diff};
use crate::kustomize::object::Object;
use crate::kustomize::value::{Content, Value};

/// How `here` differs from `there` where it may not.
pub fn differences(here: &[Object], there: &[Object], allow: &[Allowed]) -> Diff {
    let mut diff = Diff::between(&plain(there), &plain(here));
    for object in &mut diff.objects {
        let kind = object.kind.clone();
        if let Change::Changed(fields) = &mut object.change {
            fields.retain(|field| !allow.iter().any(|one| is_allowed(one, &kind, &field.path)));
        }
    }
    diff.objects
        .retain(|object| !matches!(&object.change, Change::Changed(fields) if fields.is_empty()));
    diff
}

/// Whether they may differ in a field: `spec.template.spec.containers[web].image`.
fn is_allowed(allowed: &Allowed, kind: &str, path: &str) -> bool {
    let bare = without_elements(path);
    match allowed {
        Allowed::Word(word) => {
            let mut parts = bare.split('.');
            match word.as_str() {
                "images" => parts.next_back() == Some("image"),
                "replicas" => parts
                    .next_back()
                    .is_some_and(|last| ["replicas", "minReplicas", "maxReplicas"].contains(&last)),
                "resources" => is_what_a_container_may_use(&bare),
                _ => false,
            }
        }
        Allowed::Field { kind: of, field } => {
            let below = |path: &str| {
                let rest = path.strip_prefix(field.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            };
            of == kind && (below(path) || below(&bare))
        }
    }
}

/// Whether a field is what containers may use, or a part of it, and not the resources that a rule is about.
fn is_what_a_container_may_use(path: &str) -> bool {
    let parts: Vec<&str> = path.split('.').collect();
    parts.iter().enumerate().filter(|(_, part)| **part == "resources").any(|(at, _)| {
        let of = at.checked_sub(1).and_then(|before| parts.get(before));
        match parts.get(at + 1) {
            Some(next) => ["limits", "requests", "claims"].contains(next),
            None => of.is_some_and(|of| !of.to_ascii_lowercase().ends_with("rules")),
        }
    })
}

/// A path without what names the elements of lists; keys that are written in brackets stay.
fn without_elements(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some(at) = rest.find('[') {
        out.push_str(&rest[..at]);
        let quoted = rest[at..].starts_with("[\"");
        let end = if quoted {
            rest[at..].find("\"]").map(|end| end + 2)
        } else {
            rest[at..].find(']').map(|end| end + 1)
        };
        let end = end.map_or(rest.len(), |end| at + end);
        if quoted {
            out.push_str(&rest[at..end]);
        }
        rest = &rest[end..];
    }
    out + rest
}

/// The objects as they were called before kustomizations gave them prefixes, suffixes, hashes and namespaces, with
/// what names them elsewhere called so, too.
fn plain(objects: &[Object]) -> Vec<Object> {
    let renamed =
        |object: &Object| (object.name().to_owned(), object.original_id().name.to_owned());
    let names: HashMap<String, String> =
        objects.iter().map(renamed).filter(|(now, then)| now != then).collect();
    let moved = |object: &&Object| {
        object.id().effective_namespace() != object.original_id().effective_namespace()
    };
    let namespaces: HashSet<String> =
        objects.iter().filter(moved).map(|object| object.namespace().to_owned()).collect();
    let called = Called { names, namespaces };
    let plain = |object: &Object| {
        let mut plain = object.clone();
        let name = object.original_id().name.to_owned();
        plain.needs_hash = false;
        plain.set_name(&name);
        if called.namespaces.contains(object.namespace()) {
            plain.set_namespace("");
        }
        called.settle(&mut plain.value, "");
        plain
    };
    objects.iter().map(plain).collect()
}

/// What kustomizations called things.
struct Called {
    /// Present names, and those before.
    names: HashMap<String, String>,
    /// The namespaces that were set.
    namespaces: HashSet<String>,
}

impl Called {
    /// Gives what names an object or a namespace the name before.
    fn settle(&self, value: &mut Value, key: &str) {
        match &mut value.content {
            Content::Map(map) => {
                map.iter_mut().for_each(|(key, value)| self.settle(value, &key.text));
            }
            Content::List(list) => list.iter_mut().for_each(|item| self.settle(item, key)),
            Content::Scalar(scalar) => {
                let lower = key.to_ascii_lowercase();
                if lower == "namespace" && self.namespaces.contains(&*scalar.text) {
                    *value = Value::string("(set by the kustomization)");
                } else if (lower.ends_with("name") || key == "resourceNames")
                    && let Some(before) = self.names.get(&*scalar.text)
                {
                    *value = Value::string(before.as_str());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_lists_are_left_out_of_a_path_and_keys_are_not() {
        for (path, bare) in [
            ("spec.replicas", "spec.replicas"),
            ("spec.containers[web].env[A].value", "spec.containers.env.value"),
            ("metadata.annotations[\"a.b/c]\"].x", "metadata.annotations[\"a.b/c]\"].x"),
            ("spec.args[3]", "spec.args"),
        ] {
            assert_eq!(without_elements(path), bare);
        }
    }

    #[test]
    fn words_and_fields_allow_what_they_say() {
        let word = |word: &str| Allowed::Word(word.to_owned());
        let field = |kind: &str, field: &str| Allowed::Field {
            kind: kind.to_owned(),
            field: field.to_owned(),
        };
        for (allowed, path, may) in [
            (word("images"), "spec.template.spec.containers[web].image", true),
            (word("images"), "spec.template.spec.containers[web].imagePullPolicy", false),
            (word("images"), "spec.image.size", false),
            (word("replicas"), "spec.replicas", true),
            (word("replicas"), "spec.minReplicas", true),
            (word("resources"), "spec.template.spec.containers[web].resources.limits.cpu", true),
            (word("resources"), "spec.template.spec.initContainers[a].resources", true),
            (
                word("resources"),
                "spec.volumeClaimTemplates[a].spec.resources.requests.storage",
                true,
            ),
            (word("resources"), "spec.template.spec.containers[resources].env[A].value", false),
            (word("resources"), "rules[0].resources[0]", false),
            (word("resources"), "rules[0].resources", false),
            (word("resources"), "spec.matchConstraints.resourceRules[0].resources[1]", false),
            (word("resources"), "spec.rules[a].match.resources.kinds[0]", false),
            (word("resources"), "resources", false),
            (
                field("Deployment", "spec.template.spec.containers.env"),
                "spec.template.spec.containers[web].env[A].value",
                true,
            ),
            (
                field("Deployment", "spec.template.spec.containers[web].env"),
                "spec.template.spec.containers[web].env[A].value",
                true,
            ),
            (
                field("Deployment", "spec.template.spec.containers[api].env"),
                "spec.template.spec.containers[web].env[A].value",
                false,
            ),
            (field("Deployment", "spec.rep"), "spec.replicas", false),
            (field("Service", "spec.replicas"), "spec.replicas", false),
        ] {
            assert_eq!(is_allowed(&allowed, "Deployment", path), may, "{allowed:?} {path}");
        }
    }
}
