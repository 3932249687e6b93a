//! Knows `usher render DIR` and `usher diff OLD NEW`: folders in, YAML or differences out.
//!
//! How a kustomization is rendered it leaves to `kustomize`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::Failure;
use crate::disk::Disk;
use crate::kustomize::diff::Diff;
use crate::kustomize::load::Restriction;
use crate::kustomize::render::{FilePlace, RenderError, Rendered, render};

/// Print what a kustomization renders to, as `kubectl kustomize` does
#[derive(Debug, clap::Args)]
pub(crate) struct RenderArgs {
    /// The folder with the kustomization
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    #[command(flatten)]
    restrictor: Restrictor,
}

/// Show how two kustomizations differ once rendered, object by object and field by field
#[derive(Debug, clap::Args)]
pub(crate) struct DiffArgs {
    /// The folder with the one kustomization
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The folder with the other
    #[arg(value_name = "NEW")]
    new: PathBuf,
    #[command(flatten)]
    restrictor: Restrictor,
}

#[derive(Debug, clap::Args)]
pub(super) struct Restrictor {
    /// From where files may be read: only the kustomization's own folder and below, or anywhere
    #[arg(long, value_name = "HOW", default_value = "LoadRestrictionsRootOnly")]
    load_restrictor: LoadRestrictor,
}

impl Restrictor {
    pub(super) fn restriction(&self) -> Restriction {
        match self.load_restrictor {
            LoadRestrictor::RootOnly => Restriction::RootOnly,
            LoadRestrictor::None => Restriction::None,
        }
    }
}

/// As `kubectl kustomize` calls them.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum LoadRestrictor {
    #[value(name = "LoadRestrictionsRootOnly")]
    RootOnly,
    #[value(name = "LoadRestrictionsNone")]
    None,
}

/// Prints the objects.
pub(crate) fn run(args: &RenderArgs) -> Result<(), Failure> {
    let yaml = rendered(&args.folder, &args.restrictor)?;
    let yaml = yaml.to_yaml().map_err(|error| Failure::Trouble(told(&error)))?;
    print(&yaml)
}

/// Prints what differs; nothing if nothing does.
pub(crate) fn diff(args: &DiffArgs) -> Result<(), Failure> {
    let (old, new) =
        (rendered(&args.old, &args.restrictor)?, rendered(&args.new, &args.restrictor)?);
    print(&Diff::between(&old.objects, &new.objects).to_text())
}

fn print(text: &str) -> Result<(), Failure> {
    std::io::stdout().lock().write_all(text.as_bytes()).map_err(super::trouble)
}

fn rendered(folder: &Path, restrictor: &Restrictor) -> Result<Rendered, Failure> {
    let (disk, path) = Disk::around(folder)
        .map_err(|error| Failure::Trouble(format!("{}: {error}", folder.display())))?;
    render(&disk, &path, restrictor.restriction()).map_err(|error| {
        let message = told(&error);
        let nowhere = error.place.is_none() && error.chain.is_empty();
        Failure::Trouble(if nowhere { format!("{}: {message}", folder.display()) } else { message })
    })
}

/// The error with paths as they are seen from here.
fn told(error: &RenderError) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let seen =
        |place: &FilePlace| FilePlace { file: seen_from(&here, &place.file), ..place.clone() };
    let chain = error.chain.iter().map(seen).collect();
    RenderError { place: error.place.as_ref().map(seen), chain, ..error.clone() }.to_string()
}

/// A path from the root of the file system as it is seen from a folder.
pub(super) fn seen_from(here: &Path, path: &str) -> String {
    let path = Path::new("/").join(path);
    let shared = here.ancestors().find(|above| path.starts_with(above)).unwrap_or(Path::new("/"));
    let up = here.strip_prefix(shared).map_or(0, |below| below.components().count());
    let down = path.strip_prefix(shared).unwrap_or(&path);
    // From far away the whole path is easier to read.
    if shared == Path::new("/") && up > 0 {
        return path.display().to_string();
    }
    let seen: PathBuf = std::iter::repeat_n(Path::new(".."), up).chain([down]).collect();
    match seen.as_os_str().is_empty() {
        true => ".".to_owned(),
        false => seen.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_as_they_are_seen_from_here() {
        for (here, path, wanted) in [
            ("/srv/repo", "srv/repo/a/b.yaml", "a/b.yaml"),
            ("/srv/repo/a", "srv/repo/base/b.yaml", "../base/b.yaml"),
            ("/srv/repo", "srv/repo", "."),
            ("/srv/repo", "tmp/b.yaml", "/tmp/b.yaml"),
            ("/", "tmp/b.yaml", "tmp/b.yaml"),
        ] {
            assert_eq!(seen_from(Path::new(here), path), wanted);
        }
    }
}
