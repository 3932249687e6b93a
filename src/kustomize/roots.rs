//! Knows how the kustomizations of a tree hang together: which includes which, and which nothing else includes.
//!
//! It reads kustomization files only, and what these name by name; nothing is rendered.

use std::collections::{BTreeMap, BTreeSet};

use super::load::NAMES;
use super::paths::join;
use super::yaml::{Kind, Node, parse};
use crate::model::files::{Entry, FileTree};

/// The kustomizations of a tree.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// By folder.
    kustomizations: BTreeMap<String, Kustomization>,
    /// Kustomization files that are there and have not been read: fetch them and ask again, until there are none.
    pub needs: Vec<String>,
}

#[derive(Debug, Clone, Default)]
struct Kustomization {
    file: String,
    is_component: bool,
    /// Paths that it names, files and folders alike.
    names: BTreeSet<String>,
    /// Whether it names configurations of plugins, which may name further files.
    has_plugins: bool,
}

impl Graph {
    /// Reads the kustomizations among some files of a tree.
    pub fn read<'f>(tree: &dyn FileTree, files: impl IntoIterator<Item = &'f str>) -> Self {
        let mut graph = Self::default();
        for file in files {
            let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
            // Of several only one could be meant, and Kustomize says so.
            if !NAMES.contains(&name) || graph.kustomizations.contains_key(folder) {
                continue;
            }
            match tree.entry(file) {
                Entry::File(bytes) => {
                    let kustomization = Kustomization::read(folder, file, &bytes);
                    graph.kustomizations.insert(folder.to_owned(), kustomization);
                }
                Entry::Unread => graph.needs.push(file.to_owned()),
                Entry::Folder | Entry::Link(_) | Entry::Absent => {}
            }
        }
        graph
    }

    /// The folders of kustomizations that no other one includes; components are for including.
    pub fn roots(&self) -> BTreeSet<String> {
        let included: BTreeSet<&String> = self
            .kustomizations
            .iter()
            .flat_map(|(folder, one)| one.names.iter().filter(move |name| *name != folder))
            .collect();
        let is_root = |(folder, one): &(&String, &Kustomization)| {
            !one.is_component && !included.contains(folder)
        };
        self.kustomizations.iter().filter(is_root).map(|(folder, _)| folder.clone()).collect()
    }

    /// Whether a folder has a kustomization.
    pub fn has(&self, folder: &str) -> bool {
        self.kustomizations.contains_key(folder)
    }

    /// Whether a change of any of these files may change what a folder renders to. It is generous.
    pub fn depends(&self, folder: &str, changed: &BTreeSet<String>) -> bool {
        let mut seen = BTreeSet::new();
        let mut left = vec![folder];
        while let Some(folder) = left.pop() {
            let Some(one) = self.kustomizations.get(folder).filter(|_| seen.insert(folder)) else {
                continue;
            };
            let below = |path: &String| {
                path.strip_prefix(folder)
                    .is_some_and(|rest| folder.is_empty() || rest.starts_with('/'))
            };
            let gone = |name: &String| {
                !self.kustomizations.contains_key(name)
                    && NAMES.iter().any(|file| changed.contains(&format!("{name}/{file}")))
            };
            if changed.contains(&one.file)
                || one.names.iter().any(|name| changed.contains(name) || gone(name))
                || (one.has_plugins && changed.iter().any(below))
            {
                return true;
            }
            left.extend(one.names.iter().map(String::as_str));
        }
        false
    }
}

impl Kustomization {
    fn read(folder: &str, file: &str, bytes: &[u8]) -> Self {
        let mut read = Self { file: file.to_owned(), ..Self::default() };
        let documents = parse(bytes).unwrap_or_default();
        let Some(root) = documents.first().map(|document| document.root()) else { return read };
        read.is_component = root.get("kind").and_then(Node::as_str) == Some("Component");
        let plugins = ["generators", "transformers", "validators"];
        read.has_plugins = root.entries().any(|(key, _)| {
            key.as_str()
                .is_some_and(|key| plugins.iter().any(|name| name.eq_ignore_ascii_case(key)))
        });
        read.names(folder, root);
        read
    }

    /// Takes note of every text that could be a path: one that is none names nothing that is there.
    fn names(&mut self, folder: &str, node: Node<'_>) {
        let node = node.target();
        match node.kind() {
            Kind::Sequence => node.items().for_each(|item| self.names(folder, item)),
            Kind::Mapping => node.entries().for_each(|(_, value)| self.names(folder, value)),
            Kind::Scalar | Kind::Alias => {
                let text = node.as_str().filter(|text| !text.contains('\n')).unwrap_or_default();
                let path = text.split_once('=').map_or(text, |(_, path)| path);
                if !path.is_empty() {
                    self.names.extend(join(folder, path));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn tree(files: &[(&str, &str)]) -> BTreeMap<String, Arc<[u8]>> {
        let files = files.iter();
        files.map(|(path, text)| ((*path).to_owned(), Arc::from(text.as_bytes()))).collect()
    }

    fn graph(tree: &BTreeMap<String, Arc<[u8]>>) -> Graph {
        Graph::read(tree, tree.keys().map(String::as_str))
    }

    #[test]
    fn roots_are_what_nothing_else_includes() {
        let tree = tree(&[
            ("kustomization.yaml", "resources: [apps/a]\n"),
            ("apps/a/Kustomization", "resources: [../base]\n"),
            ("apps/b/kustomization.yml", "resources: [../base, b.yaml]\ncomponents: [../part]\n"),
            ("apps/base/kustomization.yaml", "resources: [x.yaml]\n"),
            ("apps/part/kustomization.yaml", "kind: Component\npatches: [{path: p.yaml}]\n"),
            ("apps/lone/kustomization.yaml", "kind: Component\n"),
            ("apps/broken/kustomization.yaml", "resources: [\n"),
        ]);
        let graph = graph(&tree);
        let roots: Vec<String> = graph.roots().into_iter().collect();
        assert_eq!(roots, ["", "apps/b", "apps/broken"]);
        assert!(graph.has("apps/part") && !graph.has("apps"));
    }

    #[test]
    fn a_change_is_followed_to_the_roots_that_it_may_change() {
        let tree = tree(&[
            (
                "over/kustomization.yaml",
                "resources: [../base]\nconfigMapGenerator: [{name: c, files: [k=f/c.txt]}]\n",
            ),
            ("base/kustomization.yaml", "resources: [x.yaml, ../gone]\ncomponents: [../part]\n"),
            ("part/kustomization.yaml", "kind: Component\ntransformers: [t.yaml]\n"),
            ("other/kustomization.yaml", "resources: [y.yaml]\n"),
        ]);
        let graph = graph(&tree);
        for (changed, over, other) in [
            ("over/f/c.txt", true, false),
            ("base/x.yaml", true, false),
            ("base/kustomization.yaml", true, false),
            ("part/deep/any.yaml", true, false),
            ("party/any.yaml", false, false),
            ("gone/kustomization.yml", true, false),
            ("over/notes.md", false, false),
            ("other/y.yaml", false, true),
        ] {
            let changed = BTreeSet::from([changed.to_owned()]);
            let found = (graph.depends("over", &changed), graph.depends("other", &changed));
            assert_eq!(found, (over, other), "{changed:?}");
        }
    }
}
