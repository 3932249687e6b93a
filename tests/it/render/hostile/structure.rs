//! Trees whose shape is the attack: circles, chains, diamonds, nesting, aliases of aliases, links.
//! It does not know what is made of them.

use super::Builder;
use super::held::{Held, config_map, repeat};

/// All of them.
pub(super) const TREES: &[Builder] = &[
    ("bases-in-circles", bases_in_circles),
    ("bases-in-a-chain", || chain("")),
    ("bases-in-a-chain-of-prefixes", || chain("namePrefix: some-prefix-\n")),
    ("bases-in-a-diamond", bases_in_a_diamond),
    ("components-in-a-diamond", components_in_a_diamond),
    ("transformers-in-a-diamond", transformers_in_a_diamond),
    ("one-base-many-times", one_base_many_times),
    ("one-file-many-times", one_file_many_times),
    ("nested-flows", || nested(&"[".repeat(10_000), &"]".repeat(10_000))),
    ("nested-maps", || nested(&"{a: ".repeat(10_000), &"}".repeat(10_000))),
    ("nested-dashes", || nested(&format!("\n  {}x", "- ".repeat(10_000)), "")),
    ("nested-blocks", || {
        nested(&repeat(3000, |deep| format!("\n{}a:", " ".repeat(deep + 1))), " x")
    }),
    ("nested-flows-in-all-places", nested_in_all_places),
    ("nested-lists-of-objects", nested_lists_of_objects),
    ("aliases-of-aliases", aliases_of_aliases),
    ("aliases-of-maps", aliases_of_maps),
    ("aliases-of-themselves", aliases_of_themselves),
    ("aliases-of-one-large-text", aliases_of_one_large_text),
    ("merge-keys-of-merge-keys", merge_keys_of_merge_keys),
    ("links-in-circles", links_in_circles),
    ("links-in-a-chain", links_in_a_chain),
    ("links-that-multiply", links_that_multiply),
];

fn bases_in_circles() -> Held {
    Held::default()
        .file("a/kustomization.yaml", "resources: [../b]")
        .file("b/kustomization.yaml", "resources: [../c/deeper]")
        .file("c/deeper/kustomization.yaml", "resources: [../../a]")
        .file("d/kustomization.yaml", "transformers: [../e]\nresources: [../x.yaml]")
        .file("e/kustomization.yaml", "generators: [../d]")
        .file("x.yaml", config_map("x", ""))
        .render("a")
        .render("b")
        .render_freely("d")
}

fn chain(more: &str) -> Held {
    let last = 5000;
    let mut tree = Held::default().file(format!("{last}/all.yaml"), config_map("c", ""));
    for level in 0..last {
        let text = format!("{more}resources: [../{}]\n", level + 1);
        tree = tree.file(format!("{level}/kustomization.yaml"), text);
    }
    tree.file(format!("{last}/kustomization.yaml"), "resources: [all.yaml]\n").render("0")
}

fn bases_in_a_diamond() -> Held {
    let mut tree = Held::default().file("30/all.yaml", config_map("c", ""));
    for level in 0..30 {
        let next = level + 1;
        for side in ["a", "b"] {
            let text = format!("namePrefix: {side}\nresources: [../../{next}]\n");
            tree = tree.file(format!("{level}/{side}/kustomization.yaml"), text);
        }
        tree = tree.file(format!("{level}/kustomization.yaml"), "resources: [a, b]\n");
    }
    tree.file("30/kustomization.yaml", "resources: [all.yaml]\n").render("0")
}

/// It never has more than one object: only the visits double.
fn components_in_a_diamond() -> Held {
    let mut tree = Held::with("resources: [all.yaml]\ncomponents: [c0/a]\n", config_map("c", ""));
    for level in 0..30 {
        for side in ["a", "b"] {
            let text =
                format!("kind: Component\ncomponents: [../../c{0}/a, ../../c{0}/b]\n", level + 1);
            tree = tree.file(format!("c{level}/{side}/kustomization.yaml"), text);
        }
    }
    for side in ["a", "b"] {
        let text = "kind: Component\ncommonAnnotations: {a: b}\n";
        tree = tree.file(format!("c30/{side}/kustomization.yaml"), text);
    }
    tree
}

fn transformers_in_a_diamond() -> Held {
    let mut tree = Held::with("resources: [all.yaml]\ntransformers: [t0/a]\n", config_map("c", ""));
    let transformer = |name: &str| {
        format!(
            "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {{name: {name}}}\nprefix: a\nfieldSpecs: [{{path: metadata/name}}]\n"
        )
    };
    for level in 0..24 {
        for side in ["a", "b"] {
            let next = level + 1;
            let text = format!(
                "nameSuffix: {side}\nresources: [t.yaml]\ntransformers: [../../t{next}/a, ../../t{next}/b]\n"
            );
            tree = tree.file(format!("t{level}/{side}/kustomization.yaml"), text);
            tree = tree
                .file(format!("t{level}/{side}/t.yaml"), transformer(&format!("t{level}{side}")));
        }
    }
    for side in ["a", "b"] {
        tree = tree.file(format!("t24/{side}/kustomization.yaml"), "resources: [t.yaml]\n");
        tree = tree.file(format!("t24/{side}/t.yaml"), transformer(&format!("t{side}")));
    }
    tree
}

fn one_base_many_times() -> Held {
    let components = repeat(100_000, |_| "- part\n".to_owned());
    Held::with(format!("resources: [all.yaml]\ncomponents:\n{components}"), config_map("c", ""))
        .file("part/kustomization.yaml", "kind: Component\nnamePrefix: a\n")
}

fn one_file_many_times() -> Held {
    let files = repeat(100_000, |_| "- comments.yaml\n".to_owned());
    Held::of(format!("resources:\n{files}configurations:\n{files}"))
        .file("comments.yaml", "# nothing\n".repeat(100_000))
}

fn nested(open: &str, close: &str) -> Held {
    Held::with("resources: [all.yaml]\n", config_map("c", &format!("data: {open}{close}\n")))
}

fn nested_in_all_places() -> Held {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let patch =
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata: {{a: {deep}}}\n");
    let inline = format!(
        "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {{name: c}}\nprefix: {deep}\n"
    );
    let quote = |text: &str| serde_json::to_string(text).unwrap();
    let places = [
        format!("images: {deep}\n"),
        format!("unknown: {deep}\n"),
        format!("patches: [{{patch: {}}}]\n", quote(&patch)),
        format!("patchesStrategicMerge: [{}]\n", quote(&patch)),
        format!("patches: [{{target: {{name: c}}, patch: {}}}]\n", quote(&deep)),
        format!("transformers: [{}]\n", quote(&inline)),
        format!("generators: [{}]\n", quote(&inline)),
        format!(
            "configMapGenerator: [{{name: made, literals: [{}]}}]\n",
            quote(&format!("a={deep}"))
        ),
    ];
    Held::many(&config_map("c", "data: {}\n"), places)
}

fn nested_lists_of_objects() -> Held {
    let list = "{apiVersion: v1, kind: List, items: [".repeat(2000);
    Held::with("resources: [all.yaml]\n", list + &"]}".repeat(2000))
}

fn aliases_of_aliases() -> Held {
    let levels = repeat(30, |level| {
        let aliases = vec![format!("*a{level}"); 10].join(", ");
        format!("  a{0}: &a{0} [{aliases}]\n", level + 1)
    });
    let bomb = format!("data:\n  a0: &a0 [x]\n{levels}");
    let patch = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\n{bomb}");
    Held::default()
        .file("a/kustomization.yaml", "resources: [all.yaml]\n")
        .file("a/all.yaml", config_map("c", &bomb))
        .file("b/kustomization.yaml", format!("{bomb}\nresources: [all.yaml]\n"))
        .file("b/all.yaml", config_map("c", ""))
        .file("c/kustomization.yaml", "resources: [all.yaml]\npatches: [{path: p.yaml}]\n")
        .file("c/all.yaml", config_map("c", ""))
        .file("c/p.yaml", patch)
        .render("a")
        .render("b")
        .render("c")
}

fn aliases_of_maps() -> Held {
    let levels =
        repeat(64, |level| format!("  a{0}: &a{0} {{p: *a{level}, q: *a{level}}}\n", level + 1));
    Held::with(
        "resources: [all.yaml]\n",
        config_map("c", &format!("data:\n  a0: &a0 {{z: z}}\n{levels}")),
    )
}

fn aliases_of_themselves() -> Held {
    let all =
        ["data: &a [*a]\n", "data: &a {b: *a}\n", "data: &a {<<: *a}\n", "data: &a\n  *a : b\n"];
    let mut tree = Held::default();
    for (number, data) in all.iter().enumerate() {
        tree = tree.file(format!("{number}/kustomization.yaml"), "resources: [all.yaml]\n");
        tree = tree
            .file(format!("{number}/all.yaml"), config_map("c", data))
            .render(&number.to_string());
    }
    tree
}

fn aliases_of_one_large_text() -> Held {
    let aliases = repeat(100_000, |number| format!("  a{number}: *t\n"));
    let text = "x".repeat(1 << 20);
    Held::with(
        "resources: [all.yaml]\n",
        config_map("c", &format!("data:\n  t: &t {text}\n{aliases}")),
    )
}

fn merge_keys_of_merge_keys() -> Held {
    let levels = repeat(5000, |level| {
        format!("  a{0}: &a{0} {{<<: [*a{level}, *a{level}], k{level}: v}}\n", level + 1)
    });
    Held::with(
        "resources: [all.yaml]\n",
        config_map("c", &format!("data:\n  a0: &a0 {{z: z}}\n{levels}")),
    )
}

fn links_in_circles() -> Held {
    Held::default()
        .file("a/kustomization.yaml", "resources: [loop.yaml]\n")
        .link("a/loop.yaml", "pool.yaml")
        .link("a/pool.yaml", "loop.yaml")
        .file("b/kustomization.yaml", "resources: [self.yaml]\n")
        .link("b/self.yaml", "self.yaml/self.yaml")
        .file("c/kustomization.yaml", "resources: [here/here/here]\n")
        .link("c/here", ".")
        .link("d/kustomization.yaml", "kustomization.yaml")
        .render("a")
        .render("b")
        .render("c")
        .render("d")
}

fn links_in_a_chain() -> Held {
    let mut tree = Held::of("resources: [l0.yaml]\n").file("l5000.yaml", config_map("c", ""));
    for number in 0..5000 {
        tree = tree.link(&format!("l{number}.yaml"), &format!("l{}.yaml", number + 1));
    }
    tree
}

/// Each link leads twice through the next: the way is 2^35 links long.
fn links_that_multiply() -> Held {
    let mut tree = Held::of("resources: [l0/c.yaml]\n").file("real/c.yaml", config_map("c", ""));
    for number in 0..35 {
        tree = tree.link(&format!("l{number}"), &format!("l{0}/../l{0}", number + 1));
    }
    tree.link("l35", "real")
}
