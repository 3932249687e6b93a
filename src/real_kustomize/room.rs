//! A folder of its own for each process, where files are laid out for a run and taken away afterwards.
//!
//! It follows no symbolic link of what it lays out. What a process that was killed has left is thrown away by the next.
#![expect(clippy::disallowed_methods, reason = "this is the door to the files of a run")]

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, lchown, symlink};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::model::bundle::Bundle;
use crate::model::files::Entry;

/// How the folders of all processes are called.
const PREFIX: &str = "usher-kustomize-";
/// The file in it that is locked for as long as the process lives.
const LOCK: &str = "lock";
/// How often it is tried to take files away.
const ATTEMPTS: usize = 5;
/// Who runs the program where Usher is root: nobody.
pub(super) const NOBODY: u32 = 65534;

/// The folder of this process.
#[derive(Debug)]
pub(super) struct Room {
    path: PathBuf,
    /// Whether what is laid out is given to nobody, since Usher is root.
    give_away: bool,
    next: AtomicU64,
    _lock: File,
}

/// Files laid out for one run; they go when it is dropped.
#[derive(Debug)]
pub(super) struct Laid {
    path: PathBuf,
}

impl Room {
    /// Makes it, and throws away those of processes that live no more.
    pub(super) fn open() -> io::Result<Self> {
        let temporary = fs::canonicalize(std::env::temp_dir())?;
        sweep(&temporary);
        let (path, give_away) = make(&temporary)?;
        let lock = File::create_new(path.join(LOCK))?;
        lock.lock()?;
        Ok(Self { path, give_away, next: AtomicU64::new(0), _lock: lock })
    }

    /// Lays files out.
    pub(super) fn lay_out(&self, bundle: &Bundle) -> io::Result<Laid> {
        let path = self.path.join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
        self.folder(&path)?;
        let laid = Laid { path };
        let tree = laid.tree();
        self.folder(&tree)?;
        self.folder(&laid.scratch())?;
        // Links come last, so that none is there yet that could be followed.
        let is_link = |entry: &Entry| matches!(entry, Entry::Link(_));
        let (links, files): (Vec<_>, Vec<_>) =
            bundle.files().iter().partition(|(_, entry)| is_link(entry));
        for (path, entry) in files.into_iter().chain(links) {
            let at = tree.join(plain(path)?);
            self.folders_above(&tree, Path::new(path))?;
            match entry {
                Entry::File(bytes) => {
                    let mut file = File::create_new(&at)?;
                    io::Write::write_all(&mut file, bytes)?;
                }
                Entry::Link(target) => symlink(target, &at)?,
                _ => continue,
            }
            self.own(&at)?;
        }
        // Where it begins has to be there, whatever is in it.
        self.folders_above(&tree, &Path::new(plain(bundle.folder())?).join("x"))?;
        Ok(laid)
    }

    fn folders_above(&self, tree: &Path, path: &Path) -> io::Result<()> {
        let mut above: Vec<&Path> = path.ancestors().skip(1).collect();
        above.pop();
        for folder in above.into_iter().rev() {
            let at = tree.join(folder);
            match fs::symlink_metadata(&at) {
                Ok(found) if found.is_dir() => {}
                Ok(_) => return Err(io::Error::other("a file stands where a folder should")),
                Err(_) => self.folder(&at)?,
            }
        }
        Ok(())
    }

    fn folder(&self, path: &Path) -> io::Result<()> {
        DirBuilder::new().mode(0o700).create(path)?;
        self.own(path)
    }

    fn own(&self, path: &Path) -> io::Result<()> {
        if self.give_away { lchown(path, Some(NOBODY), Some(NOBODY)) } else { Ok(()) }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

impl Laid {
    /// The files.
    pub(super) fn tree(&self) -> PathBuf {
        self.path.join("tree")
    }

    /// An empty folder.
    pub(super) fn scratch(&self) -> PathBuf {
        self.path.join("scratch")
    }
}

impl Drop for Laid {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

fn remove(path: &Path) {
    // What is just being killed may still make files.
    for _ in 1..ATTEMPTS {
        if fs::remove_dir_all(path).is_ok() {
            return;
        }
    }
    if let Err(error) = fs::remove_dir_all(path) {
        tracing::warn!(path = %path.display(), %error, "a temporary folder is left behind");
    }
}

/// A path that leads down and nowhere else.
fn plain(path: &str) -> io::Result<&str> {
    let down = |part: Component<'_>| matches!(part, Component::Normal(_));
    if Path::new(path).components().all(down) && !path.contains('\0') {
        return Ok(path);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "a path does not lead down"))
}

/// A new folder that only this user may look into, and whether that user is root.
fn make(temporary: &Path) -> io::Result<(PathBuf, bool)> {
    let mut number = 0;
    loop {
        let path = temporary.join(format!("{PREFIX}{}-{number}", std::process::id()));
        match DirBuilder::new().mode(0o700).create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 1000 => {
                number += 1;
            }
            Err(error) => return Err(error),
            Ok(()) => {
                let root = fs::symlink_metadata(&path)?.uid() == 0;
                if root {
                    lchown(&path, Some(NOBODY), Some(NOBODY))?;
                }
                return Ok((path, root));
            }
        }
    }
}

/// Throws away the folders of processes that live no more: their locks are free.
fn sweep(temporary: &Path) {
    for entry in fs::read_dir(temporary).into_iter().flatten().flatten() {
        let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if !ours || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        // One without a lock is just being made, or was never used.
        if let Ok(lock) = File::open(entry.path().join(LOCK))
            && lock.try_lock().is_ok()
        {
            remove(&entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::files::Mode;
    use crate::model::ids::Sha;

    fn bundle(files: &[(&str, Entry)]) -> Bundle {
        let sha = Sha::new("a".repeat(40)).unwrap();
        let file = |(path, entry): &(&str, Entry)| {
            ((*path).to_owned(), Mode::File, sha.clone(), entry.clone())
        };
        Bundle::new("deploy/prod", files.iter().map(file).collect())
    }

    fn text(text: &str) -> Entry {
        Entry::File(Arc::from(text.as_bytes()))
    }

    #[test]
    fn files_are_laid_out_and_go_again() {
        let room = Room::open().unwrap();
        let link = Entry::Link("../base/x.yaml".to_owned());
        let laid =
            room.lay_out(&bundle(&[("base/x.yaml", text("x")), ("deploy/y", link)])).unwrap();
        let tree = laid.tree();
        assert_eq!(fs::read(tree.join("deploy/y")).unwrap(), b"x");
        assert!(tree.join("deploy/prod").is_dir());
        assert_eq!(fs::metadata(room.path.as_path()).unwrap().mode() & 0o777, 0o700);
        drop(laid);
        assert!(!tree.exists());
        let path = room.path.clone();
        drop(room);
        assert!(!path.exists());
    }

    #[test]
    fn nothing_is_written_through_a_link_or_outside() {
        let outside = tempfile::tempdir().unwrap();
        let room = Room::open().unwrap();
        let away = Entry::Link(outside.path().to_str().unwrap().to_owned());
        let through = [("deploy", away), ("deploy/x", text("x"))];
        assert!(room.lay_out(&bundle(&through)).is_err());
        for path in ["../x", "/tmp/x", "a/../../x", "a/./../x"] {
            assert!(room.lay_out(&bundle(&[(path, text("x"))])).is_err(), "{path}");
        }
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_the_dead_left_is_thrown_away_and_what_the_living_have_is_not() {
        let temporary = tempfile::tempdir().unwrap();
        let dead = temporary.path().join(format!("{PREFIX}1-0"));
        let living = temporary.path().join(format!("{PREFIX}2-0"));
        for folder in [&dead, &living] {
            fs::create_dir_all(folder.join("0/tree")).unwrap();
            File::create_new(folder.join(LOCK)).unwrap();
        }
        let lock = File::open(living.join(LOCK)).unwrap();
        lock.lock().unwrap();
        sweep(temporary.path());
        assert!(!dead.exists() && living.exists());
    }
}
