//! Knows `usher set-image FILE NAME=TAG…`: reads the file, has it edited, and puts the result in its place at once.
//!
//! How an edit is made and proved it leaves to `kustomize::edit`.
#![expect(
    clippy::disallowed_methods,
    reason = "this command is about one file of the person who calls it"
)]

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::kustomize::edit::{ImageEdit, set_images};
use crate::model::ids::{Digest, ImageTag};

/// Set image tags, names and digests in a kustomization, and leave every other byte as it is
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The kustomization.yaml to change
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// NAME=TAG, NAME=NEWNAME:TAG, NAME=@sha256:… or NAME=NEWNAME@sha256:…
    ///
    /// NAME is the `name` of an `images:` entry; one that is absent is added at the end. Setting a tag
    /// removes the entry's digest, and the other way round.
    #[arg(value_name = "NAME=TAG", required = true)]
    images: Vec<String>,
}

/// Makes all edits, or none and says why.
pub fn run(args: &Args) -> Result<(), String> {
    let edits = args
        .images
        .iter()
        .map(|text| parse_edit(text))
        .collect::<Result<Vec<_>, _>>()?;
    let shown = args.file.display();
    if args.file.is_dir() {
        return Err(format!(
            "{shown} is a folder; name the kustomization.yaml in it"
        ));
    }
    // The real path, so that a symbolic link stays a link.
    let path = fs::canonicalize(&args.file).map_err(|error| format!("{shown}: {error}"))?;
    let before = fs::read(&path).map_err(|error| format!("{shown}: {error}"))?;
    let after = set_images(&before, &edits)
        .map_err(|error| format!("{shown}:{}:{}: {}", error.line, error.column, error.message))?;
    if after == before {
        return Ok(());
    }
    replace(&path, &after).map_err(|error| format!("{shown}: {error}"))
}

fn parse_edit(text: &str) -> Result<ImageEdit, String> {
    let usage = "write NAME=TAG, NAME=NEWNAME:TAG, NAME=@sha256:… or NAME=NEWNAME@sha256:…";
    let (name, wanted) = text
        .split_once('=')
        .filter(|(name, wanted)| !name.is_empty() && !wanted.is_empty())
        .ok_or_else(|| format!("{text:?} names no image and tag; {usage}"))?;
    let (image, digest) = match wanted.split_once('@') {
        Some((image, digest)) => (
            image,
            Some(Digest::new(digest).map_err(|error| error.to_string())?),
        ),
        None => (wanted, None),
    };
    // A colon in front of a slash is a registry's port.
    let colon = image.rfind(':').filter(|at| !image[*at..].contains('/'));
    let (new_name, tag) = match colon {
        Some(at) => (Some(&image[..at]), Some(&image[at + 1..])),
        None if digest.is_some() => (Some(image).filter(|image| !image.is_empty()), None),
        None => (None, Some(image)),
    };
    if new_name == Some("") {
        return Err(format!(
            "{text:?} has no name in front of the colon; {usage}"
        ));
    }
    let tag = tag
        .map(ImageTag::new)
        .transpose()
        .map_err(|error| format!("{error}; {usage}"))?;
    Ok(ImageEdit {
        name: name.to_owned(),
        new_name: new_name.map(str::to_owned),
        tag: tag.map(String::from),
        digest: digest.map(String::from),
        add_if_absent: true,
    })
}

/// Puts `bytes` at `path` so that readers see the old file or the new one, with the same permissions.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.usher-{}", std::process::id()));
    let write = || {
        let mut file = File::create_new(&beside)?;
        file.write_all(bytes)?;
        file.set_permissions(fs::metadata(path)?.permissions())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    let written = write();
    let taken = matches!(&written, Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists);
    if written.is_err() && !taken {
        let _ = fs::remove_file(&beside);
    }
    written
}
