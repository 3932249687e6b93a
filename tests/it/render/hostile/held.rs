//! A tree of files and links in memory, in which a path is found fast however many there are.
//! It knows nothing of what is hostile.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use usher::kustomize::load::Restriction;
use usher::model::files::{Entry, FileTree};

/// Files, links and what is to be rendered.
#[derive(Default)]
pub(super) struct Held {
    entries: BTreeMap<String, Entry>,
    renders: Vec<(String, Restriction)>,
}

impl Held {
    /// A tree with a kustomization at its root, which is what is rendered.
    pub(super) fn of(kustomization: impl Into<Vec<u8>>) -> Self {
        Self::default().file("kustomization.yaml", kustomization)
    }

    /// A tree with the kustomization and the file `all.yaml`.
    pub(super) fn with(kustomization: impl Into<Vec<u8>>, all: impl Into<Vec<u8>>) -> Self {
        Self::of(kustomization).file("all.yaml", all)
    }

    pub(super) fn file(mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.entries.insert(path.into(), Entry::File(Arc::from(bytes.into())));
        self
    }

    pub(super) fn link(mut self, path: &str, target: &str) -> Self {
        self.entries.insert(path.to_owned(), Entry::Link(target.to_owned()));
        self
    }

    /// This folder is to be rendered, instead of the root.
    pub(super) fn render(mut self, folder: &str) -> Self {
        self.renders.push((folder.to_owned(), Restriction::RootOnly));
        self
    }

    /// This folder is to be rendered and may read everything.
    pub(super) fn render_freely(mut self, folder: &str) -> Self {
        self.renders.push((folder.to_owned(), Restriction::None));
        self
    }

    /// Many small kustomizations, each in a folder of its own beside one `all.yaml`.
    pub(super) fn many(all: &str, kustomizations: impl IntoIterator<Item = String>) -> Self {
        let mut tree = Self::default();
        for (number, kustomization) in kustomizations.into_iter().enumerate() {
            let text = format!("resources: [all.yaml]\n{kustomization}");
            tree = tree.file(format!("{number}/kustomization.yaml"), text);
            tree = tree.file(format!("{number}/all.yaml"), all).render(&number.to_string());
        }
        tree
    }

    /// What to render: the root, unless something else was said.
    pub(super) fn renders(&self) -> Vec<(&str, Restriction)> {
        if self.renders.is_empty() {
            return vec![("", Restriction::RootOnly)];
        }
        self.renders.iter().map(|(folder, restriction)| (folder.as_str(), *restriction)).collect()
    }

    /// Puts it all into a folder.
    pub(super) fn write(&self, folder: &Path) {
        for (path, entry) in &self.entries {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            match entry {
                Entry::File(bytes) => std::fs::write(path, bytes).unwrap(),
                Entry::Link(target) => std::os::unix::fs::symlink(target, path).unwrap(),
                other => panic!("{other:?} is never held"),
            }
        }
    }

    fn below<'a>(&'a self, folder: &str) -> impl Iterator<Item = &'a String> + use<'a> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let from = self.entries.range(prefix.clone()..).map(|(path, _)| path);
        from.take_while(move |path| path.starts_with(&prefix))
    }
}

impl FileTree for Held {
    fn entry(&self, path: &str) -> Entry {
        match self.entries.get(path) {
            Some(entry) => entry.clone(),
            None if path.is_empty() || self.below(path).next().is_some() => Entry::Folder,
            None => Entry::Absent,
        }
    }

    fn files_below(&self, folder: &str) -> Vec<String> {
        self.below(folder).cloned().collect()
    }
}

/// Each number from 0 on, written by `line` one after another.
pub(super) fn repeat(times: usize, line: impl Fn(usize) -> String) -> String {
    (0..times).fold(String::new(), |mut text, number| {
        let _ = write!(text, "{}", line(number));
        text
    })
}

/// A ConfigMap in a document of its own, with more below if there is more.
pub(super) fn config_map(name: &str, more: &str) -> String {
    format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n{more}")
}

/// A Deployment in a document of its own.
pub(super) fn deployment(name: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  template:\n    spec:\n      \
         containers:\n      - name: c\n        image: shop/cart\n"
    )
}
