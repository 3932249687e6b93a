//! Knows what has to hold for any bytes: nothing panics, what is printed is read again, an edit changes one image.
//!
//! One function for each target, which takes what a fuzzer made up and panics where something does not hold. The
//! tests of Usher include this file and try the corpus and some thousand changes of it.
#![expect(clippy::panic, reason = "a property fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;

use usher::kustomize::edit::{ImageEdit, set_images};
use usher::kustomize::emit::print;
use usher::kustomize::images::entries;
use usher::kustomize::load::Restriction;
use usher::kustomize::render::render;
use usher::kustomize::value::{Value, read, read_config};
use usher::kustomize::yaml;

/// A tag that no input has.
const TAG: &str = "set-by-a-fuzzer";

/// YAML: what can be printed is read as the same thing again.
pub fn yaml(bytes: &[u8]) {
    let Ok(documents) = yaml::parse(bytes) else { return };
    for document in &documents {
        if let Ok(value) = read(document.root(), 0)
            && let Ok(text) = print(&value)
        {
            is_read_again(&text);
        }
    }
}

/// A tree of files, in which `#: PATH` begins a file: a render says the same twice, and what it says can be read.
pub fn render_tree(bytes: &[u8]) {
    let tree = tree(bytes);
    for restriction in [Restriction::RootOnly, Restriction::None] {
        let once = || render(&tree, "", restriction).and_then(|rendered| rendered.to_yaml());
        let first = once();
        assert_eq!(first, once(), "two renders differ");
        match first {
            Ok(text) => text.split_inclusive("---\n").for_each(|_| {}),
            Err(error) => assert!(!error.message.is_empty(), "refused without a word"),
        }
        if let Ok(rendered) = render(&tree, "", restriction) {
            for object in &rendered.objects {
                if let Ok(text) = print(&object.value) {
                    is_read_again(&text);
                }
            }
        }
    }
}

/// A kustomization: an image that is set is set, and nothing else is.
pub fn edit(bytes: &[u8]) {
    let Ok(before) = entries(bytes) else { return };
    for name in before.iter().map(|entry| &entry.name) {
        let Ok(edited) = set_images(bytes, &[ImageEdit::tag(name, TAG)]) else { continue };
        let after = entries(&edited).unwrap_or_else(|error| panic!("after the edit: {error}"));
        assert_eq!(before.len(), after.len(), "an entry has come or gone");
        for (before, after) in before.iter().zip(&after) {
            let mut wanted = before.clone();
            if before.name == *name {
                (wanted.new_tag, wanted.digest) = (Some(TAG.to_owned()), None);
            }
            (wanted.line, wanted.column) = (after.line, after.column);
            assert_eq!(wanted, *after, "setting {name}");
        }
        let (before, after) = (without_images(bytes), without_images(&edited));
        let same = before.iter().zip(&after).all(|(before, after)| before.means(after));
        assert!(before.len() == after.len() && same, "setting {name} has changed something else");
    }
}

/// Printed once, a value stays as it is.
fn is_read_again(text: &str) {
    let again = parsed(text).unwrap_or_else(|why| panic!("{why}: {text:?}"));
    let second = print(&again).unwrap_or_else(|why| panic!("{}: {text:?}", why.message));
    assert_eq!(text, second, "printed again it is another text");
}

fn parsed(text: &str) -> Result<Value, String> {
    let document = yaml::parse_one(text.as_bytes()).map_err(|error| error.to_string())?;
    read(document.root(), 0).map_err(|problem| problem.message)
}

/// The values of all documents but for their images.
fn without_images(bytes: &[u8]) -> Vec<Value> {
    let documents = yaml::parse(bytes).unwrap_or_default();
    let values = documents.iter().filter_map(|document| read_config(document.root(), 0).ok());
    let mut values: Vec<Value> = values.collect();
    values.iter_mut().filter_map(Value::as_map_mut).for_each(|map| drop(map.remove("images")));
    values
}

fn tree(bytes: &[u8]) -> BTreeMap<String, Arc<[u8]>> {
    let mut files = BTreeMap::new();
    let (mut path, mut content) = ("kustomization.yaml".to_owned(), Vec::new());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let named = line.strip_prefix(b"#: ").and_then(|name| std::str::from_utf8(name).ok());
        match named.map(str::trim).filter(|name| is_path(name)) {
            Some(next) => {
                let whole: Vec<u8> = std::mem::take(&mut content);
                files.insert(std::mem::replace(&mut path, next.to_owned()), Arc::from(whole));
            }
            None => content.extend_from_slice(line),
        }
    }
    files.insert(path, Arc::from(content));
    files
}

/// Whether it is a path as trees have them.
fn is_path(name: &str) -> bool {
    name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}
