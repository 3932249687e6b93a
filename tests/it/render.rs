//! Small kustomizations of our own, each beside what Kustomize v5.5.0 makes of it (`scripts/render-fixtures`), and
//! what holds for every render. It knows nothing of how a render is done.

mod hostile;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use similar::{ChangeTag, TextDiff};
use usher::disk::Disk;
use usher::kustomize::edit::{ImageEdit, set_images};
use usher::kustomize::images::entries;
use usher::kustomize::load::Restriction;
use usher::kustomize::render;
use usher::model::files::{Entry, FileTree};

/// A folder of `fixtures/rendered`.
struct Case {
    name: String,
    folder: PathBuf,
    /// The folder to render, in `in/`.
    target: String,
    restriction: Restriction,
    wanted: Wanted,
}

enum Wanted {
    Output(String),
    /// It is refused, and the message has this in it, in whatever case.
    Refusal(String),
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rendered");
    let folders = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<Case> =
        folders.filter(|path| path.is_dir()).map(|path| case(&path)).collect();
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(cases.len() > 150, "only {} cases were found", cases.len());
    cases
}

fn case(folder: &Path) -> Case {
    let line = |name: &str| {
        let text = std::fs::read_to_string(folder.join(name)).ok()?;
        Some(text.trim_end().to_owned())
    };
    let restriction = match line("restriction").as_deref() {
        None => Restriction::RootOnly,
        Some("none") => Restriction::None,
        Some(other) => panic!("{}: no such restriction: {other}", folder.display()),
    };
    let wanted = line("error").map_or_else(
        || Wanted::Output(std::fs::read_to_string(folder.join("out.yaml")).unwrap()),
        Wanted::Refusal,
    );
    Case {
        name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
        folder: folder.to_owned(),
        target: line("target").unwrap_or_default(),
        restriction,
        wanted,
    }
}

impl Case {
    fn tree(&self) -> Disk {
        Disk::open(&self.folder.join("in")).unwrap()
    }

    fn render(&self, tree: &dyn FileTree) -> Result<String, String> {
        let rendered = render(tree, &self.target, self.restriction);
        rendered.and_then(|rendered| rendered.to_yaml()).map_err(|error| error.to_string())
    }

    /// The kustomization file that is rendered, if there is one.
    fn kustomization(&self) -> Option<(String, Arc<[u8]>)> {
        let tree = self.tree();
        let names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
        let paths = names.map(|name| Path::new(&self.target).join(name).display().to_string());
        paths.into_iter().find_map(|path| match tree.entry(&path) {
            Entry::File(bytes) => Some((path, bytes)),
            _ => None,
        })
    }
}

/// Cases that are to give an output, and do.
fn outputs() -> Vec<(Case, String)> {
    let mut outputs = Vec::new();
    for case in cases() {
        if let Wanted::Output(_) = case.wanted
            && let Ok(output) = case.render(&case.tree())
        {
            outputs.push((case, output));
        }
    }
    assert!(outputs.len() > 90, "only {} cases give an output", outputs.len());
    outputs
}

/// Fails with all that went wrong.
fn hold(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} wrong:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

/// The lines that differ and a few around them, at most thirty.
fn difference(wanted: &str, got: &str) -> String {
    let diff = TextDiff::from_lines(wanted, got);
    let text = diff.unified_diff().context_radius(2).header("wanted", "got").to_string();
    let lines: Vec<&str> = text.lines().collect();
    let more = lines.len().saturating_sub(30);
    let shown = lines[..lines.len() - more].join("\n");
    if more == 0 { shown } else { format!("{shown}\n… and {more} lines more") }
}

#[test]
fn every_case_renders_as_kustomize_renders_it() {
    let mut wrong = Vec::new();
    for case in cases() {
        let name = &case.name;
        match (&case.wanted, case.render(&case.tree())) {
            (Wanted::Output(wanted), Ok(got)) if *wanted != got => {
                wrong.push(format!("{name}:\n{}", difference(wanted, &got)));
            }
            (Wanted::Output(_), Err(message)) => wrong.push(format!("{name}: refused: {message}")),
            (Wanted::Refusal(_), Ok(_)) => wrong.push(format!("{name}: rendered, not refused")),
            (Wanted::Refusal(word), Err(message))
                if !message.to_lowercase().contains(&word.to_lowercase()) =>
            {
                wrong.push(format!("{name}: the message does not say {word:?}: {message}"));
            }
            _ => {}
        }
    }
    hold(&wrong);
}

#[test]
fn a_render_depends_on_nothing_but_the_tree() {
    let mut wrong = Vec::new();
    for case in cases() {
        let tree = case.tree();
        let first = case.render(&tree);
        for second in [case.render(&tree), case.render(&Backwards(case.tree()))] {
            if first != second {
                wrong.push(format!("{}:\n{first:?}\n{second:?}", case.name));
            }
        }
    }
    hold(&wrong);
}

/// A tree that lists its files the other way round.
struct Backwards(Disk);

impl FileTree for Backwards {
    fn entry(&self, path: &str) -> Entry {
        self.0.entry(path)
    }

    fn files_below(&self, folder: &str) -> Vec<String> {
        let mut files = self.0.files_below(folder);
        files.reverse();
        files
    }
}

/// What a render writes is read again as the same thing: no scalar, key or text is written so that it becomes another.
///
/// Kustomize does not keep it up for the annotations of `buildMetadata` alone: it takes them off what it reads.
#[test]
fn an_output_rendered_again_stays_as_it_is() {
    let kustomization = "sortOptions: {order: fifo}\nresources: [out.yaml]\n";
    let mut wrong = Vec::new();
    for (case, output) in outputs() {
        if ["config.kubernetes.io/origin:", "config.kubernetes.io/transformations:"]
            .iter()
            .any(|annotation| output.contains(annotation))
        {
            continue;
        }
        let files = [("kustomization.yaml", kustomization), ("out.yaml", &output)];
        let tree: BTreeMap<String, Arc<[u8]>> = files
            .map(|(path, text)| (path.to_owned(), Arc::from(text.as_bytes())))
            .into_iter()
            .collect();
        let again = render(&tree, "", Restriction::RootOnly);
        match again.and_then(|again| again.to_yaml()) {
            Ok(again) if again == output => {}
            Ok(again) => {
                wrong.push(format!("{}:\n{}", case.name, difference(&output, &again)));
            }
            Err(error) => wrong.push(format!("{}: its output is refused: {error}", case.name)),
        }
    }
    hold(&wrong);
}

/// A tag that no fixture has.
const TAG: &str = "set-by-a-test";

/// A tree in which one file has another content.
struct Edited {
    tree: Disk,
    path: String,
    bytes: Arc<[u8]>,
}

impl FileTree for Edited {
    fn entry(&self, path: &str) -> Entry {
        if path == self.path { Entry::File(self.bytes.clone()) } else { self.tree.entry(path) }
    }

    fn files_below(&self, folder: &str) -> Vec<String> {
        self.tree.files_below(folder)
    }
}

#[test]
fn setting_an_image_changes_that_image_and_nothing_else() {
    let (mut wrong, mut looked) = (Vec::new(), 0);
    for (case, before) in outputs() {
        let Some((path, source)) = case.kustomization() else { continue };
        let names: BTreeSet<String> =
            entries(&source).unwrap_or_default().into_iter().map(|entry| entry.name).collect();
        for name in names {
            let Ok(bytes) = set_images(&source, &[ImageEdit::tag(&name, TAG)]) else { continue };
            let tree = Edited { tree: case.tree(), path: path.clone(), bytes: Arc::from(bytes) };
            looked += 1;
            let told = match case.render(&tree) {
                Ok(after) => only_one_image_differs(&before, &after),
                Err(message) => Err(format!("refused: {message}")),
            };
            wrong.extend(told.err().map(|why| format!("{}: {name}: {why}", case.name)));
        }
    }
    assert!(looked >= 12, "only {looked} images were set");
    hold(&wrong);
}

/// Whether all lines that differ are the same image with [`TAG`] in place of what it had, and whether one does.
fn only_one_image_differs(before: &str, after: &str) -> Result<(), String> {
    let diff = TextDiff::from_lines(before, after);
    let lines = |tag: ChangeTag| -> Vec<&str> {
        let changes = diff.iter_all_changes().filter(|change| change.tag() == tag);
        changes.map(|change| change.value().trim_end()).collect()
    };
    let (gone, new) = (lines(ChangeTag::Delete), lines(ChangeTag::Insert));
    let images: BTreeSet<&str> = new.iter().map(|line| image_of(line).1).collect();
    let same = gone.len() == new.len()
        && gone.iter().zip(&new).all(|(gone, new)| image_of(gone) == image_of(new))
        && new.iter().all(|line| line.contains(TAG))
        && images.len() == 1;
    if same { Ok(()) } else { Err(difference(before, after)) }
}

/// What stands before an image in a line, and the image without its tag and its digest.
fn image_of(line: &str) -> (&str, &str) {
    let (field, image) = line.rsplit_once(' ').unwrap_or(("", line));
    let name = image.split_once('@').map_or(image, |(name, _)| name);
    let port_or_tag = name.rfind(':').filter(|colon| !name[*colon..].contains('/'));
    (field, port_or_tag.map_or(name, |colon| &name[..colon]))
}
