//! Where the box keeps its files: a folder that is given, or one that goes with it.
//! It does not know what is kept.

use std::fs;
use std::path::{Path, PathBuf};

use super::keys;

/// A folder of the box.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Removed when the box ends.
    temporary: bool,
}

impl Folder {
    /// This folder, made where it does not exist; without one, a new one that only we may read.
    pub(crate) fn open(kept: Option<&Path>) -> std::io::Result<Self> {
        let folder = match kept {
            Some(path) => Self { path: path.to_owned(), temporary: false },
            None => Self {
                path: std::env::temp_dir()
                    .join(format!("sandbox-{}", hex::encode(keys::random::<8>()))),
                temporary: true,
            },
        };
        fs::create_dir_all(folder.path.join("git"))?;
        #[cfg(unix)]
        if folder.temporary {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&folder.path, fs::Permissions::from_mode(0o700))?;
        }
        Ok(folder)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary {
            // What is left of a temporary folder is the system's to clear.
            fs::remove_dir_all(&self.path).ok();
        }
    }
}
