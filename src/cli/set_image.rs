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
pub(crate) struct Args {
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
pub(crate) fn run(args: &Args) -> Result<(), String> {
    let edits = args.images.iter().map(|text| parse_edit(text)).collect::<Result<Vec<_>, _>>()?;
    let shown = args.file.display();
    if args.file.is_dir() {
        return Err(format!("{shown} is a folder; name the kustomization.yaml in it"));
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
        Some((image, digest)) => {
            (image, Some(Digest::new(digest).map_err(|error| format!("{text:?}: {error}"))?))
        }
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
        return Err(format!("{text:?} has no name in front of the colon; {usage}"));
    }
    let tag = tag
        .map(ImageTag::new)
        .transpose()
        .map_err(|error| format!("{text:?}: {error}; {usage}"))?;
    Ok(ImageEdit {
        name: name.to_owned(),
        new_name: new_name.map(str::to_owned),
        tag: tag.map(String::from),
        digest: digest.map(String::from),
        add_if_absent: true,
        exact: false,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn set(file: &Path, images: &[&str]) -> Result<(), String> {
        run(&Args {
            file: file.to_owned(),
            images: images.iter().map(|&image| image.to_owned()).collect(),
        })
    }

    #[test]
    fn every_overlay_comes_out_byte_for_byte() {
        let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/overlays");
        let work = tempfile::tempdir().unwrap();
        let mut count = 0;
        for case in fs::read_dir(cases).unwrap() {
            let case = case.unwrap().path();
            let Ok(images) = fs::read_to_string(case.join("images")) else {
                continue;
            };
            let file = work.path().join("kustomization.yaml");
            fs::copy(case.join("in/kustomization.yaml"), &file).unwrap();
            set(&file, &images.lines().collect::<Vec<_>>()).unwrap();
            assert_eq!(
                fs::read_to_string(&file).unwrap(),
                fs::read_to_string(case.join("out/kustomization.yaml")).unwrap(),
                "{}",
                case.display()
            );
            count += 1;
        }
        assert!(count >= 20, "only {count} cases were found");
    }

    #[test]
    fn an_image_is_asked_for_in_four_ways() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let parsed = |text: &str| {
            let edit = parse_edit(text).unwrap();
            (edit.name, edit.new_name, edit.tag, edit.digest)
        };
        let some = |text: &str| Some(text.to_owned());
        let name = || "host:5000/a".to_owned();
        assert_eq!(parsed("host:5000/a=v1"), (name(), None, some("v1"), None));
        assert_eq!(
            parsed("host:5000/a=host:80/b:v1"),
            (name(), some("host:80/b"), some("v1"), None)
        );
        assert_eq!(parsed(&format!("host:5000/a=@{digest}")), (name(), None, None, some(&digest)));
        assert_eq!(
            parsed(&format!("host:5000/a=host:80/b@{digest}")),
            (name(), some("host:80/b"), None, some(&digest))
        );
        for bad in ["a", "=v1", "a=", "a=b/c", "a=:v1", "a=v1; rm", "a=@sha256:12", "a=x:", "a=x@"]
        {
            assert!(parse_edit(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_refusal_writes_nothing_and_says_where() {
        let work = tempfile::tempdir().unwrap();
        let file = work.path().join("kustomization.yaml");
        fs::write(&file, "images:\n- name: a\n  newTag: v1\n- name: b\n  newTag: [v1]\n").unwrap();
        let error = set(&file, &["a=v2", "b=v2"]).unwrap_err();
        assert!(error.ends_with("kustomization.yaml:5:11: `newTag` is not a text"), "{error}");
        assert!(fs::read_to_string(&file).unwrap().contains("newTag: v1\n- name: b"));
        assert!(set(work.path(), &["a=v2"]).unwrap_err().contains("is a folder"));
        assert!(set(&work.path().join("none"), &["a=v2"]).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let work = tempfile::tempdir().unwrap();
        let (file, link) = (work.path().join("real.yaml"), work.path().join("link.yaml"));
        fs::write(&file, "images:\n- name: a\n  newTag: v1\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("real.yaml", &link).unwrap();
        set(&link, &["a=v2"]).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "images:\n- name: a\n  newTag: v2\n");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(work.path()).unwrap().count(), 2, "no temporary file is left");
    }
}
