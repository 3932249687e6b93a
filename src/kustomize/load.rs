//! Knows how a render reads files: paths as written in a kustomization, links, the restriction to its folder.
//!
//! It numbers the files that are read, so that places can name them. It knows nothing of what they hold.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::paths::{self, Place as Found};
use super::problem::{Place, Problem};
use super::value::{self, Budget, Value};
use super::yaml;
use crate::model::files::FileTree;

/// The names of kustomization files.
pub(super) const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The most bases that name one another in a row: real trees have five, and each takes its share of the stack.
const MAX_DEPTH: usize = 50;

/// Whether files may be read from outside of the folder of the kustomization that names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Restriction {
    /// Only what is in the folder or below it, as Kustomize does by default.
    #[default]
    RootOnly,
    /// Anything in the tree.
    None,
}

/// All that one render reads.
pub struct Loader<'t> {
    tree: &'t dyn FileTree,
    restriction: Restriction,
    files: RefCell<Files>,
    /// What is left to read and copy.
    pub budget: Budget,
}

/// The files that were read, by number and by path.
#[derive(Default)]
struct Files {
    paths: Vec<String>,
    numbers: HashMap<String, u32>,
}

/// A folder with a kustomization, from where paths are followed.
#[derive(Clone)]
pub struct Folder<'l, 't> {
    loader: &'l Loader<'t>,
    /// Where it really is, links followed.
    path: String,
    /// The folders of the kustomizations that led here.
    above: Option<Rc<Above>>,
}

/// A folder and those above it.
struct Above {
    path: String,
    above: Option<Rc<Above>>,
}

/// The content of a file and its number.
#[derive(Debug, Clone)]
pub struct Source {
    /// The file's number in [`Loader::files`].
    pub file: u32,
    /// What it holds.
    pub bytes: Arc<[u8]>,
    /// The lines above it, for a text within a file.
    above: u32,
}

impl Source {
    /// A text that stands within a file, at `place`: places in it are those of the file if it stands there as a block.
    pub fn inline(text: &str, place: Place) -> Self {
        let above = if text.contains('\n') { place.line } else { place.line.saturating_sub(1) };
        Self { file: place.file, bytes: Arc::from(text.as_bytes()), above }
    }

    /// The lines above it, for a text within a file.
    pub fn above(&self) -> u32 {
        self.above
    }

    /// A problem within the text as one within the file.
    pub fn shifted(&self, problem: Problem) -> Problem {
        let Place { file, line, column } = problem.place;
        if file != self.file || !problem.place.is_known() {
            return problem;
        }
        Problem { place: Place { file, line: line + self.above, column }, ..problem }
    }
}

impl<'t> Loader<'t> {
    /// A loader that has read nothing yet.
    pub fn new(tree: &'t dyn FileTree, restriction: Restriction) -> Self {
        Self { tree, restriction, files: RefCell::default(), budget: Budget::default() }
    }

    /// The paths of the files by their numbers.
    pub fn files(&self) -> Vec<String> {
        self.files.borrow().paths.clone()
    }

    /// The outermost folder.
    pub fn open(&self, path: &str) -> Result<Folder<'_, 't>, Problem> {
        let nowhere = Place::NOWHERE;
        let inside = paths::join("", path);
        let inside = inside.ok_or_else(|| Problem::new("it leads out of the tree", nowhere))?;
        match paths::follow(self.tree, &inside) {
            Found::Folder { path } => Ok(Folder { loader: self, path, above: None }),
            Found::File { .. } => {
                Err(Problem::new(format!("{path} is a file, not a folder"), nowhere))
            }
            other => Err(Problem::new(refusal(path, &other), nowhere)),
        }
    }

    fn number(&self, path: &str) -> u32 {
        let mut files = self.files.borrow_mut();
        if let Some(number) = files.numbers.get(path) {
            return *number;
        }
        let number = u32::try_from(files.paths.len()).unwrap_or(u32::MAX);
        files.paths.push(path.to_owned());
        files.numbers.insert(path.to_owned(), number);
        number
    }
}

impl<'l, 't> Folder<'l, 't> {
    /// Where it is, from the root of the tree.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether this is where the render began.
    pub fn is_outermost(&self) -> bool {
        self.above.is_none()
    }

    /// What is left to read and copy.
    pub fn budget(&self) -> &'l Budget {
        &self.loader.budget
    }

    /// The kustomization file here: its name and its content.
    pub fn kustomization(&self) -> Result<(&'static str, Source), Problem> {
        let found: Vec<_> = NAMES
            .into_iter()
            .filter_map(|name| Some((name, self.read(name, Place::NOWHERE).ok()?)))
            .collect();
        let here = if self.path.is_empty() { "the folder" } else { &self.path };
        let wrong = match found.len() {
            1 => return found.into_iter().next().ok_or_else(|| Problem::new("", Place::NOWHERE)),
            0 => format!("{here} has no kustomization.yaml"),
            _ => format!("{here} has several kustomization files, of which there may be one"),
        };
        Err(Problem::new(wrong, Place::NOWHERE))
    }

    /// The content of a file named at `place`.
    pub fn read(&self, path: &str, place: Place) -> Result<Source, Problem> {
        let problem = |message: String| Problem::new(message, place);
        let inside = paths::join(&self.path, path);
        let inside =
            inside.ok_or_else(|| elsewhere(path, place, Some("leads out of the repository")))?;
        match paths::follow(self.loader.tree, &inside) {
            Found::File { path: real, bytes } => {
                if self.loader.restriction == Restriction::RootOnly
                    && !paths::is_within(&real, &self.path)
                {
                    return Err(problem(format!(
                        "{path} is {real}, which is not in {} or below it; \
                         Kustomize reads files only from there",
                        self.path
                    )));
                }
                self.budget().bytes(bytes.len()).map_err(|problem| problem.or_at(place))?;
                Ok(Source { file: self.loader.number(&real), bytes, above: 0 })
            }
            Found::Folder { .. } => Err(problem(format!("{path} is a folder, not a file"))),
            Found::Absent => Err(elsewhere(path, place, None)),
            other => Err(problem(refusal(path, &other))),
        }
    }

    /// The folder of another kustomization, named at `place`.
    pub fn enter(&self, path: &str, place: Place) -> Result<Self, Problem> {
        let problem = |message: String| Problem::new(message, place);
        if path.is_empty() {
            return Err(problem("this path is empty; name a file or a folder".to_owned()));
        }
        if is_remote(path) {
            return Err(elsewhere(path, place, None));
        }
        let inside = paths::join(&self.path, path);
        let inside =
            inside.ok_or_else(|| elsewhere(path, place, Some("leads out of the repository")))?;
        let path = match paths::follow(self.loader.tree, &inside) {
            Found::Folder { path } => path,
            Found::File { .. } => return Err(problem(format!("{path} is a file, not a folder"))),
            Found::Absent => return Err(elsewhere(path, place, None)),
            other => return Err(problem(refusal(path, &other))),
        };
        self.budget().visit().map_err(|problem| problem.or_at(place))?;
        let above = Some(Rc::new(Above { path: self.path.clone(), above: self.above.clone() }));
        // A folder that holds this one would be read again and again, by way of this one.
        let (mut next, mut depth) = (above.as_deref(), 0);
        while let Some(visited) = next {
            if paths::is_within(&visited.path, &path) {
                return Err(problem(format!(
                    "{path} leads back to itself: bases go round in circles"
                )));
            }
            depth += 1;
            if depth > MAX_DEPTH {
                return Err(problem(format!(
                    "bases name bases more than {MAX_DEPTH} levels deep; Usher goes no further"
                )));
            }
            next = visited.above.as_deref();
        }
        Ok(Self { loader: self.loader, path, above })
    }

    /// Whether a path as written leads to a folder.
    pub fn is_folder(&self, path: &str) -> bool {
        !is_remote(path)
            && paths::join(&self.path, path).is_some_and(|inside| {
                matches!(paths::follow(self.loader.tree, &inside), Found::Folder { .. })
            })
    }

    /// The values of all documents of a file with objects.
    pub fn values(&self, source: &Source) -> Result<Vec<Value>, Problem> {
        check_separators(source)?;
        self.values_by(source, value::read)
    }

    /// The values of all documents of a file with a configuration.
    pub fn config_values(&self, source: &Source) -> Result<Vec<Value>, Problem> {
        self.values_by(source, value::read_config)
    }

    fn values_by(
        &self,
        source: &Source,
        read: fn(yaml::Node<'_>, u32) -> Result<Value, Problem>,
    ) -> Result<Vec<Value>, Problem> {
        let refused = |error: yaml::YamlError| {
            let place = Place { file: source.file, line: error.line, column: error.column };
            source.shifted(Problem::new(error.message, place))
        };
        let documents = yaml::documents(&source.bytes).map_err(refused)?;
        let values = documents.map(|document| {
            let document = document.map_err(refused)?;
            let mut value =
                read(document.root(), source.file).map_err(|problem| source.shifted(problem))?;
            self.budget().copies(&value, 1)?;
            if source.above > 0 {
                value.move_down(source.above);
            }
            Ok(value)
        });
        values.collect()
    }
}

/// Kustomize splits a file at lines that begin with `---` before it reads any YAML: nothing may follow there but a
/// comment, and nothing may stand before but objects.
fn check_separators(source: &Source) -> Result<(), Problem> {
    let wrong = |line: usize, message: &str| {
        let place =
            Place { file: source.file, line: u32::try_from(line).unwrap_or(u32::MAX), column: 1 };
        Err(source.shifted(Problem::new(message, place)))
    };
    if source.bytes.starts_with(b"%") {
        return wrong(1, "this YAML begins with a directive, which Kustomize does not read");
    }
    for (at, line) in source.bytes.split(|byte| *byte == b'\n').enumerate().skip(1) {
        if let Some(rest) = line.strip_prefix(b"---")
            && rest.trim_ascii().first().is_some_and(|first| *first != b'#')
        {
            return wrong(at + 1, "nothing but a comment may follow --- on its line");
        }
    }
    Ok(())
}

/// Whether a path names something outside of any tree of files.
pub fn is_remote(path: &str) -> bool {
    path.contains("://")
        || path.starts_with("git@")
        || path.starts_with("git::")
        || ["github.com/", "gitlab.com/", "bitbucket.org/"]
            .iter()
            .any(|host| path.starts_with(host))
}

/// What is not here: since it is somewhere else, or for another reason.
fn elsewhere(path: &str, place: Place, why: Option<&str>) -> Problem {
    let far = ["?ref=", "?version=", ".git/"].iter().any(|sign| path.contains(sign));
    if is_remote(path) || far || path.ends_with(".git") {
        let message = format!(
            "{path} is remote, somewhere else, and nothing is fetched here: copy it into the repository"
        );
        return Problem::refused(message, place);
    }
    let message = match (path.starts_with('/'), why) {
        (true, _) => format!("{path} is absolute; name it as it is seen from the kustomization"),
        (false, None) => format!("there is no {path}"),
        (false, Some(why)) => format!("{path} {why}"),
    };
    Problem::new(message, place)
}

fn refusal(path: &str, found: &Found) -> String {
    match found {
        Found::Astray(why) => format!("{path} cannot be followed: {why}"),
        Found::Unread { .. } => format!("{path} has not been read yet"),
        _ => format!("there is no {path}"),
    }
}
