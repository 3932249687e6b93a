//! The trees that are broken: the corpus' real repositories, where it is there, and our own fixtures.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A tree in memory, and the folder of the overlay in it.
#[derive(Clone)]
pub struct Tree {
    /// What it is called.
    pub name: String,
    /// Its files.
    pub files: BTreeMap<String, Arc<[u8]>>,
    /// Where the overlay is.
    pub folder: String,
}

impl Tree {
    /// The text of a file.
    pub fn text(&self, file: &str) -> Option<&str> {
        std::str::from_utf8(self.files.get(file)?).ok()
    }
}

/// All trees, and whether those of the corpus are among them.
pub fn trees() -> (Vec<Tree>, bool) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = ["prod"].map(|folder| Tree {
        name: format!("nine {folder}"),
        files: files(&here.join("fixtures/nine")),
        folder: folder.to_owned(),
    });
    let mut trees: Vec<Tree> = own.into_iter().filter(|tree| !tree.files.is_empty()).collect();
    let shared =
        std::env::var("USHER_SHARED").map_or_else(|_| here.join("../shared"), PathBuf::from);
    let Ok(cases) = std::fs::read_dir(shared.join("corpus/trees")) else {
        println!("skipped: no corpus in {}", shared.display());
        return (trees, false);
    };
    let mut cases: Vec<PathBuf> = cases.map(|case| case.unwrap().path()).collect();
    cases.sort();
    for case in cases {
        let about: serde_json::Value =
            serde_json::from_slice(&std::fs::read(case.join("case.json")).unwrap()).unwrap();
        if about["error"] == true || about["load_restrictor_none"] == true {
            continue;
        }
        let folder = about["dir"].as_str().unwrap().trim_start_matches("./");
        trees.push(Tree {
            name: case.file_name().unwrap().to_string_lossy().into_owned(),
            files: files(&case.join("input")),
            folder: if folder == "." { String::new() } else { folder.to_owned() },
        });
    }
    (trees, true)
}

fn files(root: &Path) -> BTreeMap<String, Arc<[u8]>> {
    let mut found = BTreeMap::new();
    let mut left = vec![root.to_owned()];
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                left.push(path);
            } else if let Ok(bytes) = std::fs::read(&path) {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                found.insert(name, bytes.into());
            }
        }
    }
    found
}
