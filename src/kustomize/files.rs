//! Knows which files a kustomization reads, without rendering it: all that it names, and all that these name.
//!
//! It is generous: what is broken is passed over, and what may be read counts as read, so that no file is missed whose
//! change could matter. It says which files have to be fetched before anything can be rendered.

use std::collections::BTreeSet;

use super::load::NAMES;
use super::paths::{Place, follow, join};
use super::yaml::{Document, Kind, Node, parse};
use crate::model::files::FileTree;

/// The most kustomizations that are looked at: several times what the largest repositories have.
const MAX_KUSTOMIZATIONS: usize = 10_000;

/// The fields that name resources, bases, components and configurations of plugins.
const RESOURCES: [&str; 6] =
    ["resources", "bases", "components", "generators", "transformers", "validators"];

/// The fields, of a kustomization or of the configuration of a plugin, whose texts may be paths.
const PATHS: [&str; 13] = [
    "additionalValuesFiles",
    "configurations",
    "crds",
    "env",
    "envs",
    "files",
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "path",
    "paths",
    "targetFilePath",
    "valuesFile",
];

/// The fields that make a kustomization read Helm charts.
const CHARTS: [&str; 3] = ["helmCharts", "helmChartInflationGenerator", "helmGlobals"];

/// Where Helm charts are unless `chartHome` says otherwise.
const CHART_HOME: &str = "charts";

/// What a kustomization reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reached {
    /// The kustomization file itself, if there is one.
    pub kustomization: Option<String>,
    /// All files that rendering may read, symbolic links on the way included.
    pub files: BTreeSet<String>,
    /// The folders of all kustomizations, and those that hold the Helm charts.
    pub folders: BTreeSet<String>,
    /// Files that are there but have not been read: fetch them and call again, until there are none.
    pub needs: Vec<String>,
}

/// Looks through the kustomization in `folder` and all that it builds on.
pub fn reached(tree: &dyn FileTree, folder: &str) -> Reached {
    let mut search = Search {
        tree,
        reached: Reached::default(),
        needs: BTreeSet::new(),
        visited: BTreeSet::new(),
        left: Vec::new(),
    };
    search.path("", folder);
    let first = search.left.first().cloned();
    while let Some(folder) = search.left.pop() {
        if search.visited.len() < MAX_KUSTOMIZATIONS && search.visited.insert(folder.clone()) {
            search.reached.folders.insert(folder.clone());
            let file = search.kustomization(&folder);
            if first.as_ref() == Some(&folder) {
                search.reached.kustomization = file;
            }
        }
    }
    search.reached.needs = search.needs.into_iter().collect();
    search.reached
}

struct Search<'t> {
    tree: &'t dyn FileTree,
    reached: Reached,
    needs: BTreeSet<String>,
    visited: BTreeSet<String>,
    left: Vec<String>,
}

impl Search<'_> {
    /// Takes note of what a path leads to; gives the documents of a file.
    fn path(&mut self, folder: &str, text: &str) -> Option<Vec<Document>> {
        let path = join(folder, text)?;
        let documents = match follow(self.tree, &path) {
            Place::File { path, bytes } => {
                self.reached.files.insert(path);
                parse(&bytes).ok()
            }
            Place::Folder { path } => {
                self.left.push(path);
                None
            }
            Place::Unread { path } => {
                self.reached.files.insert(path.clone());
                self.needs.insert(path);
                None
            }
            Place::Absent | Place::Astray(_) => return None,
        };
        // A link on the way is a file of its own.
        let mut way = String::new();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            way = if way.is_empty() { part.to_owned() } else { format!("{way}/{part}") };
            if matches!(self.tree.entry(&way), crate::model::files::Entry::Link(_)) {
                self.reached.files.insert(way.clone());
            }
        }
        documents
    }

    /// Looks through the kustomization in a folder; gives its file.
    fn kustomization(&mut self, folder: &str) -> Option<String> {
        let mut file = None;
        for name in NAMES {
            let before = self.reached.files.len();
            let documents = self.path(folder, name);
            if self.reached.files.len() > before || documents.is_some() {
                file = file.or_else(|| join(folder, name));
            }
            for document in documents.iter().flatten().take(1) {
                self.named(folder, document.root());
            }
        }
        file
    }

    /// Follows all that a kustomization names.
    fn named(&mut self, folder: &str, root: Node<'_>) {
        for (key, value) in root.entries() {
            let Some(key) = key.as_str() else { continue };
            let is = |name: &&&str| name.eq_ignore_ascii_case(key);
            if let Some(name) = RESOURCES.iter().find(is) {
                for item in value.items() {
                    self.resource(folder, name, item);
                }
            } else {
                self.paths(folder, key, value);
            }
            if CHARTS.iter().any(|name| name.eq_ignore_ascii_case(key)) {
                self.charts(folder, CHART_HOME);
            }
        }
    }

    /// All that is below a folder with Helm charts may be read.
    fn charts(&mut self, folder: &str, home: &str) {
        let folders = self.left.len();
        self.path(folder, home);
        for home in self.left.split_off(folders) {
            self.reached.files.extend(self.tree.files_below(&home));
            self.reached.folders.insert(home);
        }
    }

    fn resource(&mut self, folder: &str, field: &str, item: Node<'_>) {
        let Some(text) = item.as_str() else { return };
        let plugin = ["generators", "transformers", "validators"].contains(&field);
        let inline = text.contains('\n').then(|| parse(text.as_bytes()).ok()).flatten();
        let documents = inline.or_else(|| self.path(folder, text));
        for document in documents.iter().flatten().filter(|_| plugin) {
            let kind = document.root().entries().find(|(key, _)| key.as_str() == Some("kind"));
            if kind.and_then(|(_, kind)| kind.as_str()) == Some("HelmChartInflationGenerator") {
                self.charts(folder, CHART_HOME);
            }
            self.paths(folder, "", document.root());
        }
    }

    /// Follows every text below a node that stands where paths may stand.
    fn paths(&mut self, folder: &str, key: &str, node: Node<'_>) {
        let node = node.target();
        match node.kind() {
            Kind::Sequence => node.items().for_each(|item| self.paths(folder, key, item)),
            Kind::Mapping => {
                for (key, value) in node.entries() {
                    self.paths(folder, key.as_str().unwrap_or_default(), value);
                }
            }
            Kind::Scalar | Kind::Alias => {
                let Some(text) = node.as_str().filter(|text| !text.contains('\n')) else { return };
                if key.eq_ignore_ascii_case("chartHome") {
                    self.charts(folder, text);
                } else if PATHS.iter().any(|name| name.eq_ignore_ascii_case(key)) {
                    // `key=path` names the key of the entry that the file becomes.
                    let path = text.split_once('=').map_or(text, |(_, path)| path);
                    let folders = self.left.len();
                    self.path(folder, path);
                    self.left.truncate(folders);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::model::files::Entry;

    struct Tree(BTreeMap<&'static str, Entry>);

    impl FileTree for Tree {
        fn entry(&self, path: &str) -> Entry {
            let below = |file: &&&str| path.is_empty() || file.starts_with(&format!("{path}/"));
            match self.0.get(path) {
                Some(entry) => entry.clone(),
                None if self.0.keys().any(|file| below(&file)) => Entry::Folder,
                None => Entry::Absent,
            }
        }

        fn files_below(&self, folder: &str) -> Vec<String> {
            let below = |file: &&&str| file.starts_with(&format!("{folder}/"));
            self.0.keys().filter(below).map(|file| (*file).to_owned()).collect()
        }
    }

    fn file(text: &str) -> Entry {
        Entry::File(Arc::from(text.as_bytes()))
    }

    #[test]
    fn all_that_may_be_read_is_reached() {
        let overlay = "resources: [../base, own.yaml, \"https://example.com/x.yaml\"]\npatches: [{path: p.yaml}]\n\
            configMapGenerator: [{name: c, files: [key=data/f.txt], envs: [e.env]}]\nreplacements: [{path: r.yaml}]\n\
            transformers:\n- t.yaml\n- |-\n  kind: PatchTransformer\n  path: q.yaml\nopenapi: {path: o.json}\n\
            components: [../part]\nconfigurations: [c.yaml]\nunknown: {path: u.yaml}\n";
        let tree = Tree(
            [
                ("over/kustomization.yaml", file(overlay)),
                ("over/own.yaml", Entry::Unread),
                ("over/p.yaml", file("")),
                ("over/q.yaml", file("")),
                ("over/data", Entry::Link("../real".to_owned())),
                ("real/f.txt", file("x")),
                ("over/e.env", file("")),
                ("over/r.yaml", file("")),
                (
                    "over/t.yaml",
                    file("kind: X\nfiles: [\"a=tt.txt\"]\nfieldSpecs: [{path: metadata/name}]\n"),
                ),
                ("over/tt.txt", file("")),
                ("over/o.json", file("{}")),
                ("over/c.yaml", file("")),
                ("over/u.yaml", file("")),
                ("over/not-named.yaml", file("")),
                ("base/Kustomization", file("resources: [../over, b.yaml]\n")),
                ("base/b.yaml", file("a: [")),
                ("part/kustomization.yml", Entry::Unread),
            ]
            .into(),
        );
        let reached = reached(&tree, "over");
        assert_eq!(reached.kustomization.as_deref(), Some("over/kustomization.yaml"));
        let files: Vec<&str> = reached.files.iter().map(String::as_str).collect();
        assert_eq!(
            files,
            [
                "base/Kustomization",
                "base/b.yaml",
                "over/c.yaml",
                "over/data",
                "over/e.env",
                "over/kustomization.yaml",
                "over/o.json",
                "over/own.yaml",
                "over/p.yaml",
                "over/q.yaml",
                "over/r.yaml",
                "over/t.yaml",
                "over/tt.txt",
                "over/u.yaml",
                "part/kustomization.yml",
                "real/f.txt",
            ]
        );
        assert_eq!(reached.needs, ["over/own.yaml", "part/kustomization.yml"]);
        let folders: Vec<&str> = reached.folders.iter().map(String::as_str).collect();
        assert_eq!(folders, ["base", "over", "part"]);
        assert_eq!(super::reached(&tree, "nowhere"), Reached::default());
    }

    #[test]
    fn helm_charts_are_read_whole() {
        let tree = Tree(
            [
                ("a/kustomization.yaml", file("helmCharts: [{name: x, valuesFile: v.yaml}]\n")),
                ("a/v.yaml", file("")),
                ("a/charts/x/Chart.yaml", Entry::Unread),
                ("a/charts/x/templates/t.yaml", Entry::Unread),
                ("b/kustomization.yaml", file("helmGlobals: {chartHome: ../shared}\n")),
                ("shared", Entry::Link("real".to_owned())),
                ("real/y/Chart.yaml", Entry::Unread),
                ("c/kustomization.yaml", file("generators: [g.yaml]\n")),
                ("c/g.yaml", file("kind: HelmChartInflationGenerator\n")),
                ("c/charts/z/Chart.yaml", Entry::Unread),
            ]
            .into(),
        );
        let files = |folder: &str| {
            let reached = reached(&tree, folder);
            assert_eq!(reached.needs, Vec::<String>::new());
            reached.files.into_iter().collect::<Vec<_>>()
        };
        let a = ["a/charts/x/Chart.yaml", "a/charts/x/templates/t.yaml"];
        assert_eq!(files("a"), [a[0], a[1], "a/kustomization.yaml", "a/v.yaml"]);
        assert_eq!(files("b"), ["b/kustomization.yaml", "real/y/Chart.yaml", "shared"]);
        assert_eq!(files("c"), ["c/charts/z/Chart.yaml", "c/g.yaml", "c/kustomization.yaml"]);
        assert!(reached(&tree, "b").folders.contains("real"));
    }
}
