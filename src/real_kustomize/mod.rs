//! The door to a real Kustomize, where the operator allows one: files in, what it prints out.
//!
//! It knows how a program is run that nobody trusts with anything, and nothing of what it prints. The program runs as a
//! child that confines itself before it becomes that program (`confine.rs`); one runs at a time.

mod cache;
mod confine;
#[cfg(target_os = "linux")]
mod linux;
mod order;
mod room;
mod run;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::model::bundle::{Bundle, NotPrinted, Printed};
use crate::model::ids::RepoName;
use cache::Cache;
use room::Room;

pub use confine::confined;

/// The code that the child ends with where it does not become the program.
pub const NOT_CONFINED: u8 = 125;

/// What the operator sets.
#[derive(Debug, Clone)]
pub struct Options {
    /// The program that is run, and what it is given first.
    pub command: Vec<String>,
    /// The Helm that it may run; without one it is not told to.
    pub helm: Option<PathBuf>,
    /// The repositories that it is run for: `owner/name`, or `owner/*` for all of an owner.
    pub repositories: Vec<String>,
    /// How long it may take.
    pub seconds: u64,
    /// How much memory each of its processes may have.
    pub memory_mb: u64,
    /// How much it may print, and how large the files may be that it writes.
    pub output_mb: u64,
    /// The program that confines itself and then becomes `command`: this one.
    pub usher: PathBuf,
}

/// A real Kustomize, or none. Cheap to clone.
#[derive(Clone)]
pub struct RealKustomize(Option<Arc<Allowed>>);

struct Allowed {
    options: Options,
    room: Room,
    /// What was printed; whoever holds it runs.
    known: Mutex<Cache>,
}

impl RealKustomize {
    /// None: nothing is ever run.
    pub fn off() -> Self {
        Self(None)
    }

    /// The one that the operator allows. Throws away what a process that was killed has left behind.
    ///
    /// # Errors
    /// Where no folder can be made for its files.
    pub fn open(options: Options) -> std::io::Result<Self> {
        let room = Room::open()?;
        #[cfg(target_os = "linux")]
        linux::hide();
        Ok(Self(Some(Arc::new(Allowed { options, room, known: Mutex::default() }))))
    }

    /// Whether it may be run for a repository.
    pub fn is_allowed(&self, repo: &RepoName) -> bool {
        self.0.as_ref().is_some_and(|allowed| allowed.covers(repo))
    }

    /// What it prints for the files of a repository; the same files are not given to it twice.
    pub async fn print(&self, repo: &RepoName, bundle: &Bundle) -> Printed {
        let Some(allowed) = self.0.as_ref().filter(|allowed| allowed.covers(repo)) else {
            return Err(NotPrinted::NotRun("it is not allowed for this repository".to_owned()));
        };
        let mut known = allowed.known.lock().await;
        if let Some(printed) = known.get(bundle.id()) {
            return printed;
        }
        let printed = run::run(allowed, bundle).await;
        match &printed {
            Ok(text) => tracing::info!(%repo, bytes = text.len(), "a real kustomize has rendered"),
            Err(NotPrinted::NotRun(why)) => {
                tracing::warn!(%repo, %why, "a real kustomize could not be run");
                return printed;
            }
            Err(_) => tracing::info!(%repo, "a real kustomize has rendered nothing"),
        }
        known.put(bundle.id(), printed.clone());
        printed
    }
}

impl Allowed {
    fn covers(&self, repo: &RepoName) -> bool {
        let covers = |pattern: &String| {
            let pattern = pattern.to_lowercase();
            let name = repo.to_string().to_lowercase();
            match pattern.strip_suffix('*') {
                Some(owner) => name.starts_with(owner),
                None => name == pattern,
            }
        };
        self.options.repositories.iter().any(covers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_named_repositories_are_covered() {
        let options = Options {
            command: vec!["/bin/true".to_owned()],
            helm: None,
            repositories: vec!["acme/Shop".to_owned(), "corp/*".to_owned()],
            seconds: 1,
            memory_mb: 1,
            output_mb: 1,
            usher: PathBuf::from("/bin/false"),
        };
        let real = RealKustomize::open(options).unwrap();
        let allowed = |name: &str| real.is_allowed(&RepoName::new(name).unwrap());
        assert!(allowed("acme/shop") && allowed("Corp/anything"));
        assert!(!allowed("acme/shop2") && !allowed("corporation/x") && !allowed("acme/other"));
        assert!(!RealKustomize::off().is_allowed(&RepoName::new("acme/shop").unwrap()));
    }
}
