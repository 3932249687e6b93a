//! Numbers that do not fit, wherever a kustomization takes one.
//! It does not know what is made of them.

use super::Builder;
use super::held::{Held, config_map};

/// All of them.
pub(super) const TREES: &[Builder] = &[("numbers-that-do-not-fit", numbers)];

const NUMBERS: [&str; 12] = [
    "-1",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551616",
    "4294967296",
    "1e400",
    "-1e-400",
    ".inf",
    ".nan",
    "0x7fffffffffffffffffff",
    "1.5",
];

fn numbers() -> Held {
    let all = config_map(
        "c",
        "data: {a: a/b/c, five: 5}\nlist: [a, b]\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n",
    );
    let kustomizations = NUMBERS.iter().flat_map(|number| {
        let replacement = |options: &str| {
            format!(
                "replacements:\n- source: {{kind: ConfigMap, fieldPath: data.a{options}}}\n  targets:\n  \
                 - select: {{kind: ConfigMap}}\n    fieldPaths: [data.a]\n"
            )
        };
        let patch = |patch: &str| {
            format!("patches:\n- target: {{kind: ConfigMap}}\n  patch: |-\n    - {{{patch}}}\n")
        };
        [
            format!("replicas: [{{name: d, count: {number}}}]\n"),
            replacement(&format!(", options: {{delimiter: \"/\", index: {number}}}")),
            replacement("") + &format!("    options: {{delimiter: \"/\", index: {number}}}\n"),
            replacement("") + &format!("    options: {{delimiter: \"\", index: {number}}}\n"),
            patch(&format!("op: add, path: /list/{number}, value: a")),
            patch(&format!("op: remove, path: /list/{number}")),
            patch(&format!("op: copy, from: /list/{number}, path: /list/-")),
            patch(&format!("op: replace, path: /data/five, value: {number}")),
            patch(&format!("op: test, path: /data/five, value: {number}")),
            format!("commonLabels: {{a: {number}}}\n"),
            format!("images: [{{name: a, newTag: {number}}}]\n"),
            format!("namePrefix: {number}\n"),
            format!(
                "transformers:\n- |-\n  apiVersion: builtin\n  kind: ValueAddTransformer\n  metadata: {{name: v}}\n  \
                 value: x\n  targets: [{{selector: {{kind: ConfigMap}}, fieldPath: data/a, filePathPosition: {number}}}]\n"
            ),
            format!("vars: [{{name: A, objref: {{kind: ConfigMap, name: c, apiVersion: v1}}, fieldref: {{fieldpath: \"list[{number}]\"}}}}]\n"),
        ]
    });
    Held::many(&all, kustomizations)
}
