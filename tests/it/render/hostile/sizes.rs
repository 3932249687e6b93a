//! Trees that are large, or that small entries make large: products of entries and objects, doublings.
//! It does not know what is made of them.

use super::Builder;
use super::held::{Held, config_map, deployment, repeat};

/// All of them.
pub(super) const TREES: &[Builder] = &[
    ("one-long-scalar", one_long_scalar),
    ("one-long-line-of-everything", one_long_line),
    ("a-million-keys", a_million_keys),
    ("a-million-times-the-same-key", same_key),
    ("a-million-empty-documents", || {
        Held::with("resources: [all.yaml]\n", "--- {}\n".repeat(1_000_000))
    }),
    ("a-million-bare-marks", || Held::with("resources: [all.yaml]\n", "---\n".repeat(1_000_000))),
    ("many-objects", || objects("namePrefix: a-\n", 100_000)),
    ("many-objects-of-one-id", many_objects_of_one_id),
    ("objects-that-name-each-other", objects_that_name_each_other),
    ("objects-of-one-name", objects_of_one_name),
    ("roles-that-name-everything", roles_that_name_everything),
    ("a-large-patch-of-many-objects", a_large_patch),
    ("patches-by-objects", patches_by_objects),
    ("merges-by-objects", merges_by_objects),
    ("images-by-objects", || {
        entries("images", |n| format!("- {{name: shop/image{n}, newTag: \"{n}\"}}\n"))
    }),
    ("image-patterns-by-objects", || {
        entries("images", |n| format!("- {{name: \"(s|h|o|p|/|x{n})*cart\", newTag: \"{n}\"}}\n"))
    }),
    ("replicas-by-objects", || entries("replicas", |n| format!("- {{name: d{n}, count: {n}}}\n"))),
    ("labels-by-objects", || {
        entries("labels", |n| format!("- {{pairs: {{l{n}: a}}, includeSelectors: true}}\n"))
    }),
    ("replacements-by-objects", || {
        entries("replacements", |_| {
            "- {source: {name: d0}, targets: [{select: {kind: Deployment}, fieldPaths: [metadata.name]}]}\n".to_owned()
        })
    }),
    ("transformers-told-of", transformers_told_of),
    ("a-long-prefix", || objects(&format!("namePrefix: {}\n", "p".repeat(1 << 20)), 10_000)),
    ("a-long-annotation", || {
        objects(&format!("commonAnnotations: {{a: {}}}\n", "p".repeat(1 << 20)), 10_000)
    }),
    ("many-literals", many_literals),
    ("many-generators", many_generators),
    ("a-large-secret", a_large_secret),
    ("merges-of-long-lists", merges_of_long_lists),
    ("replacements-that-double-a-map", replacements_that_double_a_map),
    ("replacements-that-double-a-text", replacements_that_double_a_text),
    ("replacements-of-stars", replacements_of_stars),
    ("copies-that-double", copies_that_double),
    ("inserts-at-the-front", inserts_at_the_front),
    ("vars-that-multiply", vars_that_multiply),
    ("vars-without-number", vars_without_number),
];

fn one_long_scalar() -> Held {
    let text = "a b\tc: ".repeat(16 << 17);
    let data = format!("data:\n  t: {}\n", serde_json::to_string(&text).unwrap());
    Held::with("resources: [all.yaml]\nnamePrefix: a-\n", config_map("c", &data))
}

fn one_long_line() -> Held {
    let list = repeat(500_000, |number| format!("{{k{number}: [a]}},"));
    Held::with("resources: [all.yaml]\n", config_map("c", &format!("data: [{list}]\n")))
}

fn a_million_keys() -> Held {
    let keys = repeat(1_000_000, |number| format!("  k{number}: v\n"));
    Held::with("resources: [all.yaml]\n", config_map("c", &format!("data:\n{keys}")))
}

fn same_key() -> Held {
    let keys = "  k: v\n".repeat(1_000_000);
    Held::with("resources: [all.yaml]\n", config_map("c", &format!("data:\n{keys}")))
}

fn objects(more: &str, number: usize) -> Held {
    let all = repeat(number, |number| config_map(&format!("c{number}"), ""));
    Held::with(format!("{more}resources: [all.yaml]\n"), all)
}

fn many_objects_of_one_id() -> Held {
    let all = repeat(50_000, |number| {
        format!(
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: n{number}}}\n"
        )
    });
    Held::with("resources: [all.yaml]\nnamespace: one\n", all)
}

fn objects_that_name_each_other() -> Held {
    let all = repeat(50_000, |number| {
        let pod = format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{number}}}\nspec:\n  \
             volumes: [{{configMap: {{name: c{}}}}}]\n",
            (number + 1) % 50_000
        );
        config_map(&format!("c{number}"), "") + &pod
    });
    Held::with("resources: [all.yaml]\nnamePrefix: a-\n", all)
}

/// Every reference has twenty thousand candidates, of which the namespace leaves one.
fn objects_of_one_name() -> Held {
    let all = repeat(20_000, |n| {
        format!(
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: n{n}}}\n---\napiVersion: v1\n\
             kind: Pod\nmetadata: {{name: p, namespace: n{n}}}\nspec: {{volumes: [{{configMap: {{name: c}}}}]}}\n"
        )
    });
    Held::with("resources: [all.yaml]\nnamePrefix: a-\n", all)
}

fn roles_that_name_everything() -> Held {
    let names = repeat(10_000, |number| format!("c{number},"));
    let maps = repeat(10_000, |number| config_map(&format!("c{number}"), ""));
    let roles = repeat(50, |number| {
        format!(
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: r{number}}}\n\
             rules: [{{resources: [configmaps], resourceNames: [{names}]}}]\n"
        )
    });
    Held::with("resources: [all.yaml]\nnamePrefix: a-\n", maps + &roles)
}

fn a_large_patch() -> Held {
    let text = "x".repeat(1 << 20);
    let patch =
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: any}}\ndata: {{t: {text}}}\n");
    objects("patches: [{path: p.yaml, target: {kind: ConfigMap}}]\n", 10_000).file("p.yaml", patch)
}

fn patches_by_objects() -> Held {
    let patch = |n: usize| {
        format!(
            "- target: {{name: \"c.*{n}\", labelSelector: \"a notin (b, c{n})\"}}\n  \
             patch: '[{{\"op\": \"add\", \"path\": \"/data\", \"value\": {{\"a\": \"{n}\"}}}}]'\n"
        )
    };
    objects(&format!("patches:\n{}", repeat(3000, patch)), 3000)
}

fn merges_by_objects() -> Held {
    let patches =
        repeat(10_000, |n| config_map(&format!("c{n}"), &format!("data: {{a: \"{n}\"}}\n")));
    objects("patches: [{path: p.yaml}]\n", 10_000).file("p.yaml", patches)
}

fn entries(field: &str, entry: impl Fn(usize) -> String) -> Held {
    let all = repeat(3000, |number| deployment(&format!("d{number}")));
    Held::with(format!("resources: [all.yaml]\n{field}:\n{}", repeat(3000, entry)), all)
}

/// Each transformer adds a line to an annotation of each object.
fn transformers_told_of() -> Held {
    let transformer = repeat(1000, |n| {
        format!(
            "---\napiVersion: builtin\nkind: AnnotationsTransformer\nmetadata: {{name: t{n}}}\nannotations: {{a: \"{n}\"}}\n\
             fieldSpecs: [{{path: metadata/annotations, create: true}}]\n"
        )
    });
    objects("buildMetadata: [transformerAnnotations]\ntransformers: [t.yaml]\n", 1000)
        .file("t.yaml", transformer)
}

fn many_literals() -> Held {
    let literals = repeat(100_000, |number| format!("  - k{number}=v\n"));
    Held::of(format!("configMapGenerator:\n- name: c\n  literals:\n{literals}"))
}

fn many_generators() -> Held {
    let generators = repeat(20_000, |number| format!("- {{name: c{number}, literals: [a=b]}}\n"));
    Held::of(format!("configMapGenerator:\n{generators}secretGenerator:\n{generators}"))
}

fn a_large_secret() -> Held {
    let binary: Vec<u8> = (0..16_usize << 20).map(|at| (at % 251) as u8).collect();
    Held::of("secretGenerator: [{name: s, files: [b.bin]}]\nconfigMapGenerator: [{name: c, files: [b.bin]}]\n")
        .file("b.bin", binary)
}

fn merges_of_long_lists() -> Held {
    let pod = |from: usize| {
        let containers = repeat(20_000, |n| format!("{{name: c{}, image: i}},", n + from));
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{containers: [{containers}]}}\n"
        )
    };
    Held::with("resources: [all.yaml]\npatches: [{path: p.yaml}]\n", pod(0))
        .file("p.yaml", pod(10_000))
}

fn replacements_that_double_a_map() -> Held {
    let replacements = repeat(64, |number| {
        format!(
            "- source: {{kind: ConfigMap, fieldPath: data}}\n  targets:\n  - select: {{kind: ConfigMap}}\n    \
             fieldPaths: [data.x{number}]\n    options: {{create: true}}\n"
        )
    });
    Held::with(
        format!("resources: [all.yaml]\nreplacements:\n{replacements}"),
        config_map("c", "data: {a: b}\n"),
    )
}

fn replacements_that_double_a_text() -> Held {
    let replacement = "- source: {kind: ConfigMap, fieldPath: data.a}\n  targets:\n  - select: {kind: ConfigMap}\n    \
                       fieldPaths: [data.a]\n    options: {delimiter: \"/\", index: -1}\n";
    Held::with(
        format!("resources: [all.yaml]\nreplacements:\n{}", replacement.repeat(64)),
        config_map("c", "data: {a: abcdefgh}\n"),
    )
}

/// Every star stands for every element of ever more lists.
fn replacements_of_stars() -> Held {
    let lists = "[".repeat(12) + "a" + &"]".repeat(12);
    let list = (0..12).fold("a".to_owned(), |list, _| format!("[{list},{list},{list}]"));
    let path = format!("data{}", ".*".repeat(12));
    let entry = format!(
        "- source: {{kind: ConfigMap, name: c, fieldPath: metadata.name}}\n  targets:\n  - select: {{kind: ConfigMap}}\n    \
         fieldPaths: [{}]\n",
        vec![path.as_str(); 200].join(", ")
    );
    Held::with(
        format!("resources: [all.yaml]\nreplacements:\n{entry}"),
        config_map("c", &format!("data: {list}\nother: {lists}\n")),
    )
}

fn copies_that_double() -> Held {
    let copies =
        repeat(64, |number| format!("    - {{op: copy, from: /data, path: /data/x{number}}}\n"));
    Held::with(
        format!(
            "resources: [all.yaml]\npatches:\n- target: {{kind: ConfigMap}}\n  patch: |-\n{copies}"
        ),
        config_map("c", "data: {a: b}\n"),
    )
}

fn inserts_at_the_front() -> Held {
    let adds = "    - {op: add, path: /data/0, value: a}\n".repeat(100_000);
    Held::with(
        format!(
            "resources: [all.yaml]\npatches:\n- target: {{kind: ConfigMap}}\n  patch: |-\n{adds}"
        ),
        config_map("c", "data: []\n"),
    )
}

fn vars_that_multiply() -> Held {
    let text = "x".repeat(1 << 20);
    let uses = "$(A)".repeat(1000);
    let pod = format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  - name: c\n    args: [{}]\n",
        vec![uses.as_str(); 100].join(", ")
    );
    Held::with(
        "resources: [all.yaml]\nvars:\n- name: A\n  objref: {apiVersion: v1, kind: ConfigMap, name: c}\n  \
         fieldref: {fieldpath: data.t}\n",
        config_map("c", &format!("data: {{t: {text}}}\n")) + &pod,
    )
}

fn vars_without_number() -> Held {
    let vars = repeat(5000, |n| {
        format!("- {{name: V{n}, objref: {{apiVersion: v1, kind: ConfigMap, name: c{n}}}}}\n")
    });
    let uses = repeat(5000, |n| format!("$(V{n}) $$(V{n}) $(V{n}"));
    let pod = format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  - name: c\n    args: [\"{uses}\"]\n"
    );
    let all = repeat(5000, |n| config_map(&format!("c{n}"), "")) + &pod;
    Held::with(format!("resources: [all.yaml]\nvars:\n{vars}"), all)
}
