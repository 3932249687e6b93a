//! The door to registries: against Debian's own registry where this machine has it, and against servers that lie, send
//! elsewhere, and never end.

mod debian;
mod hostile;

use secrecy::SecretString;
use usher::app;
use usher::model::artifact::Artifact;
use usher::model::ids::RepoName;
use usher::reach;
use usher::registry::{Credentials, Options, Registries};

/// What the operator says of a registry on this machine.
pub fn options(registry: &str, reach: reach::Options) -> Options {
    Options {
        registry: registry.to_owned(),
        reach,
        realms: Vec::new(),
        credentials: Credentials::None,
        repositories: vec!["acme/*".to_owned()],
    }
}

pub fn password(user: &str, password: &str) -> Credentials {
    Credentials::Password { user: user.to_owned(), password: SecretString::from(password) }
}

pub fn open(all: Vec<Options>) -> Registries {
    Registries::open(all, app::clock()).unwrap()
}

/// Asks on behalf of a repository that may.
pub async fn find(registries: &Registries, image: &str, reference: &str) -> Artifact {
    registries.find(&RepoName::new("acme/shop").unwrap(), image, reference).await
}

/// Why it could not be asked.
pub async fn why_not(registries: &Registries, image: &str, reference: &str) -> String {
    match find(registries, image, reference).await {
        Artifact::Unreachable(why) => why,
        other => panic!("{image}:{reference} is {other:?}"),
    }
}
