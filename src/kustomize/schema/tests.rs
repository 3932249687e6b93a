//! What the table says, and what descriptions of others say, held against what Kustomize does with them.

use super::*;
use crate::kustomize::yaml;

fn value(text: &str) -> Value {
    let documents = yaml::parse(text.as_bytes()).unwrap();
    super::super::value::read(documents[0].root(), 0).unwrap()
}

/// The type at a path of fields, with `[]` for elements.
fn at<'s>(schemas: &'s Schemas, api_version: &str, kind: &str, path: &str) -> Option<Schema<'s>> {
    let start = schemas.of(Gvk::new(api_version, kind))?;
    path.split('.').filter(|part| !part.is_empty()).try_fold(start, |schema, part| match part {
        "[]" => schema.elements(),
        field => schema.field(field),
    })
}

/// The merge keys there, joined; a list that is replaced has none.
fn keys(schemas: &Schemas, api_version: &str, kind: &str, path: &str) -> Option<String> {
    Some(at(schemas, api_version, kind, path)?.merge_keys()?.join(","))
}

#[test]
fn lists_of_kubernetes_merge_by_their_keys() {
    for (api_version, kind, path, expected) in [
        ("apps/v1", "Deployment", "spec.template.spec.containers", Some("name")),
        (
            "apps/v1",
            "Deployment",
            "spec.template.spec.containers.[].ports",
            Some("containerPort,protocol"),
        ),
        (
            "batch/v1",
            "CronJob",
            "spec.jobTemplate.spec.template.spec.containers.[].volumeMounts",
            Some("mountPath"),
        ),
        ("v1", "Service", "spec.ports", Some("port,protocol")),
        ("v1", "ServiceAccount", "secrets", Some("name")),
        ("v1", "ConfigMap", "metadata.finalizers", Some("")),
        ("v1", "Pod", "spec.topologySpreadConstraints", Some("topologyKey,whenUnsatisfiable")),
        ("v1", "Pod", "spec.tolerations", None),
        ("v1", "Pod", "spec.containers.[].args", None),
        ("networking.k8s.io/v1", "Ingress", "spec.rules", None),
        ("kustomize.config.k8s.io/v1beta1", "Kustomization", "configMapGenerator", Some("name")),
    ] {
        let found = keys(Schemas::builtin(), api_version, kind, path);
        assert_eq!(found.as_deref(), expected, "{kind} {path}");
    }
}

#[test]
fn kinds_are_known_by_group_and_version() {
    let known = |api_version, kind| at(Schemas::builtin(), api_version, kind, "").is_some();
    assert!(known("apps/v1", "Deployment"));
    assert!(!known("apps/v1beta1", "Deployment"), "Kubernetes 1.21 has it no more");
    assert!(!known("v1", "Deployment"));
    assert!(!known("example.com/v1", "Widget"));
    assert!(
        at(Schemas::builtin(), "autoscaling/v1", "HorizontalPodAutoscaler", "spec.scaleTargetRef")
            .is_some(),
        "objects without lists are known as well"
    );
}

#[test]
fn a_description_replaces_the_kinds_of_kubernetes() {
    let source = value(
        "definitions:
  widget:
    type: object
    properties:
      parts: {$ref: '#/definitions/parts'}
      nowhere: {$ref: '#/definitions/none'}
      plain: {type: array, items: {type: string}, x-kubernetes-patch-strategy: replace}
      many:
        type: [array]
        items: {properties: {again: {$ref: '#/definitions/widget'}}}
        x-kubernetes-patch-strategy: retainKeys,merge
        x-kubernetes-patch-merge-key: a
        x-kubernetes-list-map-keys: [a, b]
      untyped: {items: {}, x-kubernetes-patch-strategy: merge}
    additionalProperties: {$ref: '#/definitions/parts'}
    x-kubernetes-group-version-kind:
    - {group: example.com, version: v1, kind: Widget}
    - {version: v2, kind: Widget}
  parts:
    type: array
    items: {$ref: '#/definitions/widget/properties/many/items'}
    x-kubernetes-patch-strategy: merge
    x-kubernetes-patch-merge-key: id
",
    );
    let schemas = Schemas::custom(&source).unwrap();
    for (path, expected) in [
        ("parts", Some("id")),
        ("anything", Some("id")),
        ("nowhere", None),
        ("plain", None),
        ("many", Some("a,b")),
        ("untyped", Some("")),
        ("parts.[].again.many.[].again.parts", Some("id")),
        ("untyped.[]", None),
    ] {
        let found = keys(&schemas, "example.com/v1", "Widget", path);
        assert_eq!(found.as_deref(), expected, "{path}");
    }
    assert!(at(&schemas, "v2", "Widget", "").is_some());
    assert!(at(&schemas, "example.com/v1", "Widget", "nowhere").is_none());
    assert!(at(&schemas, "v1", "Pod", "").is_none());
    assert!(at(&schemas, "kustomize.config.k8s.io/v1beta1", "Kustomization", "").is_some());
    let both = schemas.beside_builtin();
    assert!(at(&both, "v1", "Pod", "").is_some());
    assert!(at(&both, "v2", "Widget", "").is_some());
}

#[test]
fn references_in_circles_end() {
    let source = value(
        "definitions:
  a: {$ref: '#/definitions/b'}
  b: {$ref: '#/definitions/a'}
  c:
    properties: {a: {$ref: '#/definitions/a'}, c: {$ref: '#/definitions/c'}}
    x-kubernetes-group-version-kind: [{group: g, version: v1, kind: C}]
",
    );
    let schemas = Schemas::custom(&source).unwrap();
    assert!(at(&schemas, "g/v1", "C", "a").is_none());
    assert!(at(&schemas, "g/v1", "C", "c.c.c.c").is_some());
}

#[test]
fn what_is_no_description_is_refused_where_it_stands() {
    for (text, line, column) in [
        ("[]", 1, 1),
        ("definitions: []", 1, 14),
        ("definitions: {a: {x-kubernetes-group-version-kind: [{kind: A}]}}", 1, 53),
        (
            "definitions:\n  a:\n    x-kubernetes-group-version-kind: [{version: v1, kind: A}]\n    \
             x-kubernetes-patch-strategy: [merge]",
            4,
            34,
        ),
    ] {
        let problem = Schemas::custom(&value(text)).unwrap_err();
        assert_eq!((problem.place.line, problem.place.column), (line, column), "{problem:?}");
    }
}
