//! Knows files that tell of custom types: CustomResourceDefinitions, as YAML or JSON, and JSON Schemas of one kind.

use serde_json::Value as Json;

use super::{Custom, Origin};
use crate::kustomize::emit::to_json;
use crate::kustomize::id::Gvk;
use crate::kustomize::value;
use crate::kustomize::yaml::documents;

/// The largest file that is read: the definitions of a large operator in one file are a few megabytes.
const MAX_FILE: usize = 8 << 20;

/// Whether a file is likely to hold definitions, by its path: `config/crd/bases/x.yaml`, `deploy/crds.yaml`.
pub fn is_likely(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let ends = [".yaml", ".yml", ".json"].iter().any(|end| path.ends_with(end));
    ends && (path.contains("crd") || path.contains("customresourcedefinition"))
}

impl Custom {
    /// Adds what a file tells of. What cannot be read, or is something else, adds nothing.
    ///
    /// A JSON Schema is known by `x-kubernetes-group-version-kind`, or by its path as in collections of them:
    /// `GROUP/KIND_VERSION.json`.
    pub fn learn_file(&mut self, path: &str, bytes: &[u8]) {
        if bytes.len() > MAX_FILE {
            return;
        }
        if path.ends_with(".json")
            && let Ok(json) = serde_json::from_slice::<Json>(bytes)
        {
            if json.get("kind").and_then(Json::as_str).is_some() {
                self.learn_all(&json);
            } else {
                self.learn_json_schema(path, json);
            }
            return;
        }
        for document in documents(bytes).into_iter().flatten().map_while(Result::ok) {
            let value = value::read(document.root(), 0).ok();
            if let Some(json) = value.and_then(|value| to_json(&value).ok()) {
                self.learn_all(&json);
            }
        }
    }

    /// A definition, or a list of some.
    fn learn_all(&mut self, object: &Json) {
        self.learn(object, Origin::Repository);
        let items = object.get("items").and_then(Json::as_array);
        for item in items.into_iter().flatten() {
            self.learn(item, Origin::Repository);
        }
    }

    fn learn_json_schema(&mut self, path: &str, schema: Json) {
        let said = schema.get("x-kubernetes-group-version-kind").and_then(|said| said.get(0));
        let said = said.and_then(|said| {
            let text = |key| said.get(key).and_then(Json::as_str);
            Some((text("group")?.to_owned(), text("version")?.to_owned(), text("kind")?.to_owned()))
        });
        let by_path = || {
            let (folders, name) = path.strip_suffix(".json")?.rsplit_once('/')?;
            let group = folders.rsplit('/').next()?;
            let (kind, version) = name.rsplit_once('_')?;
            Some((group.to_owned(), version.to_owned(), kind.to_owned()))
        };
        if let Some((group, version, kind)) = said.or_else(by_path) {
            self.learn_schema(Gvk { group: &group, version: &version, kind: &kind }, schema);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Known, Types};
    use super::*;
    use crate::kubernetes::version::Version;
    use crate::kustomize::fields::tests::value_of;

    const DEFINITION: &str = "
kind: CustomResourceDefinition
spec:
  group: acme.io
  names: {kind: Widget}
  versions:
  - name: v1
    served: true
    schema:
      openAPIV3Schema:
        type: object
        required: [spec]
        properties:
          spec:
            type: object
            required: [size, colour, note]
            properties:
              size: {x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}
              colour: {type: string, enum: [red, green]}
              note: {type: string, nullable: true}
              level: {type: integer, default: 1, minimum: 1}
              free: {type: object, x-kubernetes-preserve-unknown-fields: true}
              any: {type: object, additionalProperties: {type: string, pattern: '^a+$'}}
              either:
                type: object
                properties: {a: {type: string}, b: {type: string}}
                oneOf: [{required: [a]}, {required: [b]}]
              pod: {type: object, x-kubernetes-embedded-resource: true, properties: {spec: {type: object}}}
  - {name: v0, served: false}
  - {name: v1beta1, served: true, deprecated: true}
";

    fn types(files: &[(&str, &str)]) -> Types {
        let mut custom = Custom::default();
        for (path, text) in files {
            custom.learn_file(path, text.as_bytes());
        }
        Types::new(Version::newest(), custom)
    }

    fn faults(types: &Types, text: &str) -> Vec<String> {
        let value = value_of(text);
        let text = |key: &str| value.get(key).unwrap().as_text().unwrap().to_owned();
        match types.of(&text("apiVersion"), &text("kind")) {
            Known::Schema(schema) => {
                let faults = schema.check(&value, false).into_iter();
                faults.map(|fault| format!("{} {}", fault.code, fault.message)).collect()
            }
            other => vec![format!("{other:?}")],
        }
    }

    #[test]
    fn a_definition_is_strict_where_the_api_server_is_and_open_where_it_is() {
        let types = types(&[("crds/widget.yaml", DEFINITION)]);
        let widget = |spec: &str| {
            faults(
                &types,
                &format!("{{apiVersion: acme.io/v1, kind: Widget, metadata: {{name: w}}, {spec}}}"),
            )
        };
        for sound in [
            "spec: {size: 1, colour: red, note: n}",
            "spec: {size: 1Gi, colour: green, note: null, level: null}",
            "spec: {size: 1, colour: red, note: n, free: {x: [1]}, any: {k: aa}, either: {a: x}}",
            "spec: {size: 1, colour: red, note: n, pod: {apiVersion: v1, kind: Pod, metadata: {}, spec: {}}}",
        ] {
            assert_eq!(widget(sound), [""; 0], "{sound}");
        }
        for (broken, wanted) in [
            ("status: {}", "missing-field this object lacks the field spec"),
            (
                "spec: {size: 1, colour: red, note: n, sise: 2}",
                "unknown-field spec has no field sise; did you mean size?",
            ),
            (
                "spec: {size: [1], colour: red, note: n}",
                "wrong-type size has to be a whole number or a text",
            ),
            (
                "spec: {size: 1, colour: rad, note: n}",
                "wrong-value colour has to be red, green, and this is \"rad\"; did you mean red?",
            ),
            ("spec: {size: 1, colour: red}", "missing-field spec (spec) lacks the field note"),
            ("spec: {size: 1, colour: red, note: n, level: 0}", "wrong-value level: "),
            ("spec: {size: 1, colour: red, note: n, any: {k: b}}", "wrong-value k: "),
            ("spec: {size: 1, colour: red, note: n, either: {a: x, b: y}}", "wrong-value either: "),
            (
                "spec: {size: 1, colour: red, note: n, either: {c: y}}",
                "unknown-field spec.either has no field c",
            ),
        ] {
            let found = widget(broken);
            assert!(found.iter().any(|one| one.starts_with(wanted)), "{broken}: {found:?}");
        }
    }

    #[test]
    fn versions_are_those_that_are_served() {
        let types = types(&[("crds/widget.yaml", DEFINITION)]);
        let of = |version: &str, kind: &str| types.of(&format!("acme.io/{version}"), kind);
        assert!(matches!(of("v1beta1", "Widget"), Known::Anything));
        assert!(types.deprecation("acme.io/v1beta1", "Widget").is_some());
        let Known::NotServed(message) = of("v0", "Widget") else {
            panic!("{:?}", of("v0", "Widget"))
        };
        assert!(
            message.ends_with("does not serve the version v0; it serves v1, v1beta1"),
            "{message}"
        );
        assert!(matches!(of("v1", "Gadget"), Known::Foreign(None)));
        assert!(
            types.is_foreign("other.io")
                && !types.is_foreign("acme.io")
                && !types.is_foreign("apps")
        );
    }

    #[test]
    fn a_json_schema_is_known_by_its_path_or_by_what_it_says() {
        let schema = r#"{"type":"object","additionalProperties":false,"properties":{"apiVersion":{},"kind":{},"metadata":{},"spec":{"type":"object","properties":{"a":{"type":"integer"}}}}}"#;
        let said = schema.replacen(
            '{',
            r#"{"x-kubernetes-group-version-kind":[{"group":"b.io","version":"v2","kind":"B"}],"#,
            1,
        );
        let types = types(&[("schemas/a.io/A_v1.json", schema), ("schemas/any.json", &said)]);
        let a = "{apiVersion: a.io/v1, kind: A, metadata: {name: x}, spec: {a: one}}";
        assert_eq!(
            faults(&types, a),
            ["wrong-type a has to be a whole number, and this is a text: \"one\""]
        );
        let b = "{apiVersion: b.io/v2, kind: B, metadata: {name: x}, specs: {}}";
        assert_eq!(
            faults(&types, b),
            ["unknown-field this object has no field specs; did you mean spec?"]
        );
    }

    #[test]
    fn definitions_that_are_no_use_do_no_harm() {
        let deep = "{properties: {a: ".repeat(500) + "{}" + &"}}".repeat(500);
        for schema in [
            "7",
            "{type: nothing}",
            "{$ref: 'https://example.com/x.json'}",
            "{pattern: '(', type: string}",
            &deep,
        ] {
            let text = format!(
                "kind: CustomResourceDefinition\nspec:\n  group: g.io\n  names: {{kind: G}}\n  versions: [{{name: v1, schema: {{openAPIV3Schema: {schema}}}}}]\n"
            );
            let types = types(&[("crd.yaml", &text)]);
            let _ = faults(&types, "{apiVersion: g.io/v1, kind: G, metadata: {name: x}}");
        }
        // Each of forty steps doubles what would have to be looked at.
        let steps = (0..40).map(|at| {
            let next = at + 1;
            format!(r##""d{at}":{{"anyOf":[{{"$ref":"#/$defs/d{next}"}},{{"$ref":"#/$defs/d{next}"}}]}}"##)
        });
        let steps: Vec<String> = steps.collect();
        let doubling = format!(
            r##"{{"$ref":"#/$defs/d0","$defs":{{{},"d40":{{"type":"string"}}}}}}"##,
            steps.join(",")
        );
        let types = types(&[("g.io/G_v1.json", &doubling)]);
        assert!(matches!(types.of("g.io/v1", "G"), Known::Anything));
        assert!(is_likely("config/crd/bases/a.yaml") && is_likely("deploy/CRDs.yml"));
        assert!(!is_likely("config/crd/README.md") && !is_likely("apps/web.yaml"));
    }
}
