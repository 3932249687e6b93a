//! `duplicate-object`: the same object twice, whatever the version it is written in.

use std::collections::HashMap;

use super::Rule;
use crate::kubernetes::scene::{Remark, Scene, Type, is_custom};
use crate::model::read::Severity;

pub(super) const RULE: Rule = Rule {
    code: "duplicate-object",
    severity: Some(Severity::Error),
    finds: "an object that the overlay has twice, so that one overwrites the other",
    check,
};

fn check(scene: &Scene<'_>, remarks: &mut Vec<Remark>) {
    let mut seen = HashMap::new();
    for (at, object) in scene.objects.iter().enumerate() {
        if object.name().is_empty() {
            continue;
        }
        let namespace = if object.gvk().is_cluster_scoped() { "" } else { object.namespace() };
        let identity = (Type::of(object.gvk()), namespace, object.name());
        let Some(first) = seen.insert(identity, at) else { continue };
        let api_version = |at: usize| scene.objects[at].gvk().api_version();
        let message = format!(
            "{} is here twice, as {} and as {}: it is one object to Kubernetes, and one overwrites the other; take \
             one out",
            object.id(),
            api_version(first),
            api_version(at)
        );
        let name = object.value.at_path(&["metadata", "name"]).map(|name| name.place);
        let place = super::known(&[name.unwrap_or(object.place()), object.place()]);
        // Samples of several versions of a type of somebody's own stand together, for people to read.
        let severity = if is_custom(object) { Severity::Warning } else { Severity::Error };
        remarks.push(Remark::new(at, place, message).as_bad_as(severity));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    #[test]
    fn versions_and_groups_that_moved_are_one() {
        let objects = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n---\n\
            apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: a}\n---\n\
            apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: b}\n---\n\
            apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: b, namespace: other}\n---\n\
            apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\n---\n\
            apiVersion: v1\nkind: Service\nmetadata: {name: a}\n";
        insta::assert_snapshot!(found(&RULE, objects), @"7:18 error: Deployment a is here twice, as apps/v1 and as extensions/v1beta1: it is one object to Kubernetes, and one overwrites the other; take one out");
    }
}
