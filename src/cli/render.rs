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
struct Restrictor {
    /// From where files may be read: only the kustomization's own folder and below, or anywhere
    #[arg(long, value_name = "HOW", default_value = "LoadRestrictionsRootOnly")]
    load_restrictor: LoadRestrictor,
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
    let restriction = match restrictor.load_restrictor {
        LoadRestrictor::RootOnly => Restriction::RootOnly,
        LoadRestrictor::None => Restriction::None,
    };
    render(&disk, &path, restriction).map_err(|error| {
        let message = told(&error);
        let nowhere = error.place.is_none() && error.chain.is_empty();
        Failure::Trouble(if nowhere { format!("{}: {message}", folder.display()) } else { message })
    })
}

/// The error with paths as they are seen from here.
fn told(error: &RenderError) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let seen = |place: &FilePlace| {
        let path = Path::new("/").join(&place.file);
        let file = path.strip_prefix(&here).unwrap_or(&path).display().to_string();
        FilePlace { file, ..place.clone() }
    };
    let chain = error.chain.iter().map(seen).collect();
    RenderError { place: error.place.as_ref().map(seen), chain, ..error.clone() }.to_string()
}
