//! Inputs that are no paths, no texts or no patterns as one expects them.
//! It does not know what is made of them.

use super::Builder;
use super::held::{Held, config_map, repeat};

/// All of them.
pub(super) const TREES: &[Builder] = &[
    ("patterns-that-go-back", patterns_that_go_back),
    ("patterns-that-grow", patterns_that_grow),
    ("selectors-without-end", selectors_without_end),
    ("paths-of-fields", paths_of_fields),
    ("paths-of-fields-that-go-deeper", paths_that_go_deeper),
    ("paths-that-climb", paths_that_climb),
    ("paths-of-odd-characters", paths_of_odd_characters),
    ("not-utf-8", not_utf_8),
    ("not-yaml", not_yaml),
    ("shapes-that-do-not-fit", shapes_that_do_not_fit),
    ("openapi-that-goes-round", openapi_that_goes_round),
    ("crds-that-go-round", crds_that_go_round),
];

fn target(field: &str, text: &str) -> String {
    let text = serde_json::to_string(text).unwrap();
    format!(
        "patches:\n- target: {{{field}: {text}}}\n  patch: '[{{\"op\": \"add\", \"path\": \"/data\", \"value\": {{}}}}]'\n"
    )
}

fn patterns_that_go_back() -> Held {
    let name = "a".repeat(5000);
    let patterns = [
        "(a+)+b",
        "(a|aa)+$b",
        "(.*)*x",
        "(a*)*(a*)*(a*)*b",
        "(?:a?){1000}a{1000}",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
    ];
    let targets = patterns.iter().flat_map(|pattern| {
        [target("name", pattern), target("kind", pattern), target("namespace", pattern)]
    });
    let images = patterns.iter().map(|pattern| {
        format!("images: [{{name: {}, newTag: x}}]\n", serde_json::to_string(pattern).unwrap())
    });
    let all = config_map(&name, &format!("containers: [{{image: {name}}}]\n"));
    Held::many(&all, targets.chain(images))
}

fn patterns_that_grow() -> Held {
    let patterns = [
        "a{1000}{1000}{1000}".to_owned(),
        "(((a{100}){100}){100}){100}".to_owned(),
        "(".repeat(10_000) + &")".repeat(10_000),
        "[".repeat(10_000),
        "a|".repeat(500_000),
        "\\pL{1000}".repeat(1000),
        "(?i)".repeat(10_000),
        "(?P<a>".to_owned(),
        "*".to_owned(),
        "\\".to_owned(),
        "\u{0}".to_owned(),
    ];
    Held::many(&config_map("c", ""), patterns.iter().map(|pattern| target("name", pattern)))
}

fn selectors_without_end() -> Held {
    let selectors = [
        repeat(100_000, |n| format!("k{n}!=v,")) + "a=b",
        format!("a in ({})", repeat(100_000, |n| format!("v{n},"))),
        "!".repeat(100_000),
        "(".repeat(100_000),
        "a in (".to_owned(),
        "a notin".to_owned(),
        ",,,".to_owned(),
        "a==b==c".to_owned(),
        "a > 99999999999999999999".to_owned(),
        "=".to_owned(),
        "é in (ü)".to_owned(),
    ];
    let all = config_map("c", "  labels: {a: b}\n");
    let fields = ["labelSelector", "annotationSelector"];
    let targets = fields.iter().flat_map(|field| selectors.iter().map(|text| target(field, text)));
    Held::many(&all, targets)
}

fn replacement(path: &str) -> String {
    let path = serde_json::to_string(path).unwrap();
    format!(
        "replacements:\n- source: {{kind: ConfigMap, fieldPath: metadata.name}}\n  targets:\n  - select: {{kind: ConfigMap}}\n    \
         fieldPaths: [{path}]\n    options: {{create: true}}\n- source: {{kind: ConfigMap, fieldPath: {path}}}\n  \
         targets: [{{select: {{kind: ConfigMap}}, fieldPaths: [data.a]}}]\n"
    )
}

fn paths_of_fields() -> Held {
    let paths = [
        "a.".repeat(100_000) + "a",
        "[a=b].".repeat(10_000) + "a",
        "0.".repeat(10_000) + "a",
        "*.".repeat(10_000) + "a",
        ".".repeat(10_000),
        "[".repeat(10_000),
        "a\\".to_owned(),
        "\\.\\.\\.".to_owned(),
        "list.[".to_owned(),
        "list.]".to_owned(),
        "list.[]".to_owned(),
        "list.[=]".to_owned(),
        "list.[a=b=c]".to_owned(),
        "list.[name=(]".to_owned(),
        "list.-1".to_owned(),
        "list.99999999999999999999".to_owned(),
        "list.4294967296".to_owned(),
        "metadata".to_owned(),
        "kind".to_owned(),
        "é.ü.[ö=ß]".to_owned(),
        String::new(),
    ];
    let all = config_map("c", "data: {a: b}\nlist: [{name: a}, b, [c]]\n");
    Held::many(&all, paths.iter().map(|path| replacement(path)))
}

/// Each step is short; together they nest ten thousand levels deep.
fn paths_that_go_deeper() -> Held {
    let copies = repeat(10_000, |_| {
        "    - {op: copy, from: /data, path: /next}\n    - {op: move, from: /next, path: /data/a}\n"
            .to_owned()
    });
    let long = "/a".repeat(10_000);
    Held::many(
        &config_map("c", "data: {}\n"),
        [
            format!("patches:\n- target: {{kind: ConfigMap}}\n  patch: |-\n{copies}"),
            format!(
                "patches:\n- target: {{kind: ConfigMap}}\n  patch: |-\n    - {{op: add, path: {long}, value: a}}\n"
            ),
            format!(
                "transformers:\n- |-\n  apiVersion: builtin\n  kind: LabelTransformer\n  metadata: {{name: l}}\n  \
                 labels: {{a: b}}\n  fieldSpecs: [{{path: data{long}, create: true}}]\n"
            ),
            format!(
                "transformers:\n- |-\n  apiVersion: builtin\n  kind: ValueAddTransformer\n  metadata: {{name: l}}\n  \
                 value: a\n  targets: [{{fieldPath: data{long}}}]\n"
            ),
        ],
    )
}

fn paths_that_climb() -> Held {
    let paths = [
        "../../../../../../../../etc/passwd".to_owned(),
        "/etc/passwd".to_owned(),
        "a/../../etc".to_owned(),
        "..".to_owned(),
        "../".repeat(100_000),
        "out".to_owned(),
        "out/etc/hostname".to_owned(),
        "up/../../etc".to_owned(),
    ];
    let mut tree = Held::default();
    let mut number = 0;
    for path in &paths {
        let quoted = serde_json::to_string(path).unwrap();
        for kustomization in [
            format!("resources: [{quoted}]\n"),
            format!("configMapGenerator: [{{name: c, files: [{quoted}]}}]\n"),
            format!("components: [{quoted}]\nnamePrefix: a\n"),
        ] {
            let folder = format!("deep/{number}");
            tree = tree
                .file(format!("{folder}/kustomization.yaml"), kustomization)
                .link(&format!("{folder}/out"), "/")
                .link(&format!("{folder}/up"), "../../../..")
                .render(&folder)
                .render_freely(&folder);
            number += 1;
        }
    }
    tree
}

fn paths_of_odd_characters() -> Held {
    let paths = [
        "a\u{0}b.yaml".to_owned(),
        "\u{0}".to_owned(),
        "a\nb.yaml".to_owned(),
        "a\\b.yaml".to_owned(),
        "C:\\all.yaml".to_owned(),
        "\u{202e}lmay.lla".to_owned(),
        "a".repeat(1 << 20),
        "a/".repeat(100_000),
        "./".repeat(100_000) + "all.yaml",
        "all.yaml/".to_owned(),
        "all.yaml/.".to_owned(),
        "//all.yaml".to_owned(),
        "?ref=main".to_owned(),
        "https://".to_owned(),
        "://".to_owned(),
        "=".to_owned(),
        "a==b".to_owned(),
        " ".to_owned(),
    ];
    let quoted: Vec<String> =
        paths.iter().map(|path| serde_json::to_string(path).unwrap()).collect();
    let kustomizations = quoted.iter().flat_map(|path| {
        [
            format!("components: [{path}]\n"),
            format!("configMapGenerator: [{{name: c, files: [{path}]}}]\n"),
            format!("configMapGenerator: [{{name: c, envs: [{path}]}}]\n"),
            format!("patches: [{{path: {path}}}]\n"),
            format!("openapi: {{path: {path}}}\n"),
            format!("crds: [{path}]\n"),
        ]
    });
    Held::many(&config_map("c", ""), kustomizations)
}

fn not_utf_8() -> Held {
    let bytes = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \xff\xfe\x80}\n".to_vec();
    let utf_16: Vec<u8> = "\u{feff}a: b\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let kustomizations = "resources: [all.yaml]\n";
    Held::default()
        .file("a/kustomization.yaml", kustomizations)
        .file("a/all.yaml", bytes.clone())
        .file("b/kustomization.yaml", bytes.clone())
        .file("c/kustomization.yaml", kustomizations)
        .file("c/all.yaml", utf_16.clone())
        .file("d/kustomization.yaml", utf_16)
        .file("e/kustomization.yaml", "configMapGenerator: [{name: c, envs: [all.yaml]}]\n")
        .file("e/all.yaml", bytes)
        .file("f/kustomization.yaml", kustomizations)
        .file("f/all.yaml", vec![0; 1 << 20])
        .render("a")
        .render("b")
        .render("c")
        .render("d")
        .render("e")
        .render("f")
}

fn not_yaml() -> Held {
    let texts = [
        "%".repeat(1 << 20),
        "\t".repeat(1 << 20),
        "? ".repeat(100_000),
        "!".repeat(1 << 20),
        "&a ".repeat(100_000),
        "\"".to_owned() + &"\\".repeat((1 << 20) + 1),
        "\"\\ud800\"".to_owned(),
        "a: |99999999999\n b".to_owned(),
        "- ".repeat(100_000),
        "a: 'x\n".repeat(10_000),
        "--- ".repeat(100_000),
        format!("{}: a", "k".repeat(1 << 20)),
        "%TAG ! tag:x,2000:\n".repeat(10_000) + "---\na: b\n",
        "!<".to_owned() + &"x".repeat(1 << 20) + "> a",
    ];
    let mut tree = Held::default();
    for (number, text) in texts.iter().enumerate() {
        let (as_kustomization, as_resource) = (format!("k{number}"), format!("r{number}"));
        tree = tree
            .file(format!("{as_kustomization}/kustomization.yaml"), text.as_str())
            .file(format!("{as_resource}/kustomization.yaml"), "resources: [all.yaml]\n")
            .file(format!("{as_resource}/all.yaml"), text.as_str())
            .render(&as_kustomization)
            .render(&as_resource);
    }
    tree
}

/// Every field of a kustomization with every kind of value, and objects whose own fields are of every kind.
fn shapes_that_do_not_fit() -> Held {
    let fields = "resources components bases namespace namePrefix nameSuffix labels commonLabels commonAnnotations images \
                  imageTags replicas patches patchesStrategicMerge patchesJson6902 replacements vars configMapGenerator \
                  secretGenerator generatorOptions configurations crds openapi transformers generators validators \
                  sortOptions buildMetadata metadata kind apiVersion helmCharts";
    let values = [
        "",
        "~",
        "5",
        "text",
        "[]",
        "{}",
        "[~]",
        "[[]]",
        "[{}]",
        "[5]",
        "{a: b}",
        "[{name: ~}]",
        "[{a: [b]}]",
        "[\"\"]",
    ];
    let kustomizations = fields
        .split_whitespace()
        .filter(|field| *field != "resources")
        .flat_map(|field| values.iter().map(move |value| format!("{field}: {value}\n")));
    let mut tree = Held::many(&config_map("c", "data: {a: b}\n"), kustomizations);
    let objects = [
        "metadata: 5",
        "metadata: []",
        "metadata: {name: [a]}",
        "metadata: {name: {a: b}}",
        "metadata: {name: a, labels: 5}",
        "metadata: {name: a, annotations: [b]}",
        "metadata: {name: a, namespace: {}}",
        "metadata: {name: ~}",
        "spec: 5",
        "kind: []",
        "[]: a",
        "? {a: b}\n: c",
        "metadata: {name: a}\nspec: {template: []}",
        "metadata: {name: a}\nspec: {template: {spec: {containers: {a: b}}}}",
    ];
    for (number, object) in objects.iter().enumerate() {
        let folder = format!("object{number}");
        let kustomization = "resources: [all.yaml]\nnamePrefix: a\nnamespace: b\ncommonLabels: {c: d}\ncommonAnnotations: {e: f}\n\
                             images: [{name: a, newTag: b}]\npatches: [{target: {kind: Deployment}, patch: \
                             \"{spec: {template: {spec: {containers: [{name: c}]}}}}\"}]\n";
        tree = tree
            .file(format!("{folder}/kustomization.yaml"), kustomization)
            .file(
                format!("{folder}/all.yaml"),
                format!("apiVersion: apps/v1\nkind: Deployment\n{object}\n"),
            )
            .render(&folder);
    }
    tree
}

fn openapi_that_goes_round() -> Held {
    let schema = r##"{"definitions": {
        "a": {"$ref": "#/definitions/b"}, "b": {"$ref": "#/definitions/a"},
        "c": {"properties": {"data": {"$ref": "#/definitions/c"}, "spec": {"$ref": "#/definitions/a"}},
              "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "ConfigMap"}]}}}"##;
    let patch = config_map("c", "data: {data: {data: {a: [b]}}}\nspec: {a: [c]}\n");
    let all = config_map("c", "data: {data: {data: {a: [d]}}}\nspec: {a: [e]}\n");
    Held::with("resources: [all.yaml]\nopenapi: {path: s.json}\npatches: [{path: p.yaml}]\n", all)
        .file("s.json", schema)
        .file("p.yaml", patch)
}

fn crds_that_go_round() -> Held {
    let crd = r##"{"v1.ConfigMap": {"Schema": {"properties": {
        "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"},
        "data": {"$ref": "v1.A"}}}},
        "v1.A": {"Schema": {"properties": {"a": {"$ref": "v1.A"}, "b": {"$ref": "v1.B"}, "c": {"$ref": "v1.ConfigMap"}}}},
        "v1.B": {"Schema": {"properties": {"a": {"$ref": "v1.A"}, "b": {"$ref": "v1.B"},
            "name": {"x-kubernetes-object-ref-kind": "Secret", "x-kubernetes-object-ref-api-version": "v1"}}}}}"##;
    Held::with(
        "resources: [all.yaml]\ncrds: [crd.json]\nnamePrefix: a-\n",
        config_map("c", "data: {a: {a: {b: {}}}}\n"),
    )
    .file("crd.json", crd)
}
