//! What the operator's tables of servers have in common: hosts, repositories, files with secrets and certificates.
//!
//! It knows how they are written and which mistakes there are. What kind of server it is is not known here.

use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;

use crate::model::ids::RepoName;
use crate::reach::{self, Origin};

/// A secret that is longer is a mistake in the file's name.
const LONGEST_SECRET: usize = 64 * 1024;

/// Where a server is, from what the operator wrote. `at` names the key, `host` is `HOST` or `HOST:PORT`.
pub(super) fn origin(at: &str, host: &str, plain: bool) -> Result<Origin, String> {
    Origin::of_authority(!plain, host).map_err(|_| {
        format!("{at}: {host:?} is no server; write its host, with :PORT where it has one, and nothing else")
    })
}

/// How a server is reached.
pub(super) fn reach(
    at: &str,
    origin: Origin,
    private: bool,
    ca: Option<&Path>,
) -> Result<reach::Options, String> {
    let mut options = reach::Options::new(origin);
    options.private = private;
    // A pull request waits for the answer: what is slower is asked again later.
    options.limits.connect = Duration::from_secs(3);
    options.limits.whole = Duration::from_secs(10);
    if let Some(ca) = ca {
        let key = format!("{at}.ca_file");
        let pem = std::fs::read(ca).map_err(|error| unreadable(&key, ca, &error))?;
        options.ca = Some(pem);
    }
    // Also says whether the certificates are some.
    match reach::Reach::new(options.clone()) {
        Ok(_) => Ok(options),
        Err(fault) => Err(format!("{at}: {fault}")),
    }
}

/// The repositories that may have a server asked.
pub(super) fn repositories(at: &str, names: &[String]) -> Result<(), String> {
    let key = format!("{at}.repositories");
    if names.is_empty() {
        return Err(format!(
            "{key} is empty; name those that may have it asked, such as \"acme/shop\", or \"acme/*\" for all of acme"
        ));
    }
    for name in names {
        let one =
            name.strip_suffix("/*").map_or_else(|| name.clone(), |owner| format!("{owner}/x"));
        if RepoName::new(one).is_err() {
            return Err(format!(
                "{key}: {name:?} names no repository; write \"OWNER/NAME\", or \"OWNER/*\" for all of an owner"
            ));
        }
    }
    Ok(())
}

/// What a file holds on its one line. It is never shown.
pub(super) fn secret(key: &str, path: &Path) -> Result<SecretString, String> {
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(key, path, &error))?;
    let text = text.trim();
    let fit = !text.is_empty()
        && text.len() <= LONGEST_SECRET
        && text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    if !fit {
        let shown = path.display();
        return Err(format!(
            "{key}: {shown} holds no secret; write it there, on one line, and nothing else"
        ));
    }
    Ok(SecretString::from(text))
}

/// A file that cannot be read.
pub(super) fn unreadable(key: &str, path: &Path, error: &std::io::Error) -> String {
    format!(
        "{key}: {} cannot be read ({error}); write where it is, and let Usher read it",
        path.display()
    )
}
