//! The key that signs evidence: read from its file, or made there once.
//!
//! It knows files and their modes; what is signed it does not know.

use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;

use crate::model::clock::Entropy;
use crate::model::notary::Notary;

/// Where the key lies if nothing is said: beside a database that is a file, else in the working folder. A
/// database that is not kept needs none that is.
pub(super) fn standard(database: &str) -> Option<PathBuf> {
    let Some(file) = database.strip_prefix("sqlite:") else {
        return Some(PathBuf::from("usher-evidence.key"));
    };
    let file = Path::new(file.strip_prefix("//").unwrap_or(file));
    if file.as_os_str() == ":memory:" {
        return None;
    }
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    Some(file.with_file_name(format!("{stem}-evidence.key")))
}

/// Opens the key; makes it where there is none. Of several processes that start at once one makes it, and all
/// have the same. Without a path it is of this process alone.
pub fn open(path: Option<&Path>, entropy: &Entropy) -> Result<Notary, String> {
    let Some(path) = path else {
        return Ok(drawn(entropy));
    };
    if let Some(notary) = read(path)? {
        return Ok(notary);
    }
    make(path, entropy).map_err(|error| {
        format!(
            "the key that signs evidence cannot be made at {path:?}: {error}; make the folder writable, or name \
             another file in USHER_EVIDENCE_KEY_FILE"
        )
    })?;
    read(path)?.ok_or_else(|| format!("the key that signs evidence is gone again from {path:?}"))
}

/// Reads the key; none where there is no file.
pub fn read(path: &Path) -> Result<Option<Notary>, String> {
    let pem = match std::fs::read_to_string(path) {
        Ok(pem) => pem,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(format!(
                "the key that signs evidence cannot be read from {path:?}: {error}; let Usher's user read it, or \
                 name another file in USHER_EVIDENCE_KEY_FILE"
            ));
        }
    };
    let notary = Notary::from_pem(&pem).map_err(|why| {
        format!(
            "{path:?} holds no key that signs evidence: {why}; put the right file there, have \
             `openssl genpkey -algorithm ed25519` write one, or take it away, so that a new one is made"
        )
    })?;
    Ok(Some(notary))
}

/// Whether others than its owner may read the file.
pub fn is_open_to_others(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

fn drawn(entropy: &Entropy) -> Notary {
    let mut seed = [0; 32];
    entropy.fill(&mut seed);
    Notary::new(seed)
}

/// Writes a key beside its place, and links it there: whoever finds the file finds all of it, and who comes
/// second leaves the first one's.
fn make(path: &Path, entropy: &Entropy) -> std::io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", entropy.hex(8)));
    let draft = PathBuf::from(draft);
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = file
        .write_all(drawn(entropy).to_pem().expose_secret().as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| match std::fs::hard_link(&draft, path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        });
    let _ = std::fs::remove_file(&draft);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entropy() -> Entropy {
        Entropy::new(|buffer| getrandom::fill(buffer).unwrap())
    }

    #[test]
    fn the_standard_place_is_beside_the_database() {
        let standard = |url| standard(url).map(|path| path.display().to_string());
        assert_eq!(standard("sqlite:usher.db").unwrap(), "usher-evidence.key");
        assert_eq!(standard("sqlite:///var/lib/usher.db").unwrap(), "/var/lib/usher-evidence.key");
        assert_eq!(standard("postgres://u@h/d").unwrap(), "usher-evidence.key");
        assert_eq!(standard("sqlite::memory:"), None);
    }

    #[test]
    fn of_many_that_start_at_once_all_have_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usher-evidence.key");
        let start = std::sync::Barrier::new(16);
        let names: std::collections::BTreeSet<String> = std::thread::scope(|scope| {
            let opened = |_| {
                scope.spawn(|| {
                    start.wait();
                    open(Some(&path), &entropy()).unwrap().public().id()
                })
            };
            let all: Vec<_> = (0..16).map(opened).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(names.len(), 1);
        assert!(!is_open_to_others(&path));
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(files.len(), 1, "no draft is left: {files:?}");
    }

    #[test]
    fn a_file_that_holds_no_key_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for content in
            ["", "hunter2", "-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\n"]
        {
            std::fs::write(&path, content).unwrap();
            let why = open(Some(&path), &entropy()).unwrap_err();
            assert!(why.contains("holds no key") && why.contains("genpkey"), "{why}");
            assert!(!why.contains("hunter2"), "{why}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
        }
        let nowhere = folder.path().join("no/folder/key");
        let why = open(Some(&nowhere), &entropy()).unwrap_err();
        assert!(why.contains("USHER_EVIDENCE_KEY_FILE"), "{why}");
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        let why = open(Some(&path), &entropy()).unwrap_err();
        assert!(why.contains("cannot be read"), "{why}");
    }
}
