//! The list of guards holds together: each stands where it says, and the test that misses it exists. That it
//! does miss it is what `scripts/guards` finds out, which takes its time.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
struct List {
    guard: Vec<Guard>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Guard {
    name: String,
    file: String,
    find: String,
    replace: String,
    test: String,
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The file that a test stands in, from its name.
fn home(kind: &str, test: &str) -> (String, String) {
    let (modules, name) = test.rsplit_once("::").unwrap();
    let root = if kind == "lib" { "src" } else { "tests/it" };
    // Tests that run on several stores are called by the store, in a module of their own name; others stand beside
    // the code that they test.
    let beside = modules.strip_suffix("::tests").map(|modules| (modules, name));
    for (modules, name) in
        [Some((modules, name)), beside, modules.rsplit_once("::")].into_iter().flatten()
    {
        let path = format!("{root}/{}", modules.replace("::", "/"));
        for file in [format!("{path}.rs"), format!("{path}/mod.rs")] {
            if Path::new(env!("CARGO_MANIFEST_DIR")).join(&file).exists() {
                return (file, name.to_owned());
            }
        }
    }
    panic!("no file for {test}");
}

#[test]
fn every_guard_stands_once_where_it_says_and_has_its_test() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guards");
    let lists = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let guards: Vec<Guard> = lists
        .flat_map(|list| {
            let text = std::fs::read_to_string(&list).unwrap();
            toml::from_str::<List>(&text)
                .unwrap_or_else(|e| panic!("{}: {e}", list.display()))
                .guard
        })
        .collect();
    assert!(guards.len() >= 15);
    let mut names = BTreeSet::new();
    for guard in guards {
        let name = &guard.name;
        assert!(names.insert(name.clone()), "{name} stands twice");
        assert_eq!(read(&guard.file).matches(&guard.find).count(), 1, "{name}: {}", guard.file);
        assert_ne!(guard.find, guard.replace, "{name}");
        let (kind, test) = guard.test.split_once(' ').unwrap();
        assert!(matches!(kind, "lib" | "it"), "{name}: {kind}");
        let (file, function) = home(kind, test);
        let text = read(&file);
        assert!(text.contains(&format!("fn {function}(")), "{name}: no {function} in {file}");
    }
}
