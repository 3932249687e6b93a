//! The operator's tables `registries`: which are asked for images, by whom, and with which credentials.
//!
//! It knows what the tables have to look like, and Docker's file of credentials. How a registry is asked is not known here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use serde::Deserialize;

use super::servers;
use crate::reach::Origin;
use crate::registry::{Credentials, DOCKER_HUB, Options, is_registry};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    repositories: Vec<String>,
    username: Option<String>,
    password_file: Option<PathBuf>,
    docker_config: Option<PathBuf>,
    #[serde(default)]
    realms: Vec<String>,
    #[serde(default)]
    plain_http: bool,
    #[serde(default)]
    allow_private: bool,
    ca_file: Option<PathBuf>,
}

/// Reads the tables.
pub(super) fn read(tables: toml::Value) -> Result<Vec<Options>, String> {
    let tables: BTreeMap<String, Table> = tables.try_into().map_err(|error: toml::de::Error| {
        format!("table `registries`: {}", error.message().trim())
    })?;
    tables.into_iter().map(|(registry, table)| one(&registry, &table)).collect()
}

fn one(registry: &str, table: &Table) -> Result<Options, String> {
    let at = format!("registries.{registry:?}");
    if !is_registry(registry) {
        return Err(format!(
            "{at} is no registry; write its host as names of images have it, in lower case, with :PORT where it has one"
        ));
    }
    let (docker, docker_host, docker_realm) = DOCKER_HUB;
    let host = if registry == docker { docker_host } else { registry };
    let origin = servers::origin(&at, host, table.plain_http)?;
    servers::repositories(&at, &table.repositories)?;
    let ca = table.ca_file.as_deref();
    let mut realms = Vec::new();
    let usual = (registry == docker).then(|| docker_realm.to_owned());
    for realm in table.realms.iter().chain(&usual) {
        let origin = realm_of(&at, realm, table.plain_http)?;
        realms.push(servers::reach(&at, origin, table.allow_private, ca)?);
    }
    Ok(Options {
        registry: registry.to_owned(),
        credentials: credentials(&at, registry, table)?,
        reach: servers::reach(&at, origin, table.allow_private, ca)?,
        realms,
        repositories: table.repositories.clone(),
    })
}

/// A token server, by its host; by its URL where it is reached without TLS.
fn realm_of(at: &str, realm: &str, plain_http: bool) -> Result<Origin, String> {
    let key = format!("{at}.realms");
    let Some(host) = realm.strip_prefix("http://") else {
        return servers::origin(&key, realm.strip_prefix("https://").unwrap_or(realm), false);
    };
    if !plain_http {
        return Err(format!(
            "{key}: {realm:?} is reached without TLS; write https, or set plain_http = true where nobody can listen"
        ));
    }
    servers::origin(&key, host, true)
}

fn credentials(at: &str, registry: &str, table: &Table) -> Result<Credentials, String> {
    match (&table.username, &table.password_file, &table.docker_config) {
        (None, None, None) => Ok(Credentials::None),
        (Some(user), Some(file), None) => {
            if user.is_empty() || user.contains(':') || user.chars().any(char::is_control) {
                return Err(format!("{at}.username is no name of a user; it has no colon in it"));
            }
            let password = servers::secret(&format!("{at}.password_file"), file)?;
            Ok(Credentials::Password { user: user.clone(), password })
        }
        (None, None, Some(file)) => of_docker(&format!("{at}.docker_config"), registry, file),
        (_, _, Some(_)) => {
            Err(format!("{at} has docker_config, and username or password_file too; keep one"))
        }
        _ => Err(format!("{at} has one of username and password_file; write both, or neither")),
    }
}

#[derive(Deserialize)]
struct DockerConfig {
    #[serde(default)]
    auths: BTreeMap<String, DockerAuth>,
    #[serde(default, rename = "credHelpers")]
    helpers: BTreeMap<String, String>,
    #[serde(rename = "credsStore")]
    store: Option<String>,
}

#[derive(Default, Deserialize)]
struct DockerAuth {
    auth: Option<String>,
    identitytoken: Option<String>,
}

/// The credentials of a registry in Docker's own file.
/// <https://docs.docker.com/reference/cli/docker/login/#credential-stores>
fn of_docker(key: &str, registry: &str, path: &Path) -> Result<Credentials, String> {
    let shown = path.display();
    let text = std::fs::read(path).map_err(|error| servers::unreadable(key, path, &error))?;
    // What serde says of a mistake may quote what is secret.
    let config: DockerConfig = serde_json::from_slice(&text).map_err(|error| {
        format!(
            "{key}: {shown} is no configuration of Docker (line {}); write where that is",
            error.line()
        )
    })?;
    let names = |name: &str| {
        let host = name.strip_prefix("https://").or_else(|| name.strip_prefix("http://"));
        let host = host.unwrap_or(name).split('/').next().unwrap_or_default().to_ascii_lowercase();
        host == registry || (registry == DOCKER_HUB.0 && host == "index.docker.io")
    };
    let auth = config.auths.iter().find(|(name, _)| names(name)).map(|(_, auth)| auth);
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    if let Some(token) = auth.and_then(|auth| filled(&auth.identitytoken)) {
        return Ok(Credentials::Identity(SecretString::from(token)));
    }
    if let Some(both) = auth.and_then(|auth| filled(&auth.auth)) {
        let both = STANDARD.decode(both.trim()).ok().and_then(|both| String::from_utf8(both).ok());
        let both = both.as_deref().map(|both| both.trim_end_matches(['\n', '\0']));
        let Some((user, password)) = both.and_then(|both| both.split_once(':')) else {
            return Err(format!(
                "{key}: the `auth` of {registry} in {shown} cannot be read; log in again"
            ));
        };
        let password = SecretString::from(password);
        return Ok(Credentials::Password { user: user.to_owned(), password });
    }
    let helper = config.helpers.iter().find(|(name, _)| names(name)).map(|(_, helper)| helper);
    match helper.or(config.store.as_ref()) {
        Some(helper) => Err(format!(
            "{key}: {shown} leaves the credentials of {registry} to the program docker-credential-{helper}, which Usher \
             does not run; write username and password_file instead"
        )),
        None => Err(format!(
            "{key}: {shown} has no credentials of {registry}; log in there, or leave docker_config out"
        )),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn parsed(text: &str) -> Result<Vec<Options>, String> {
        read(toml::Value::Table(toml::from_str(text).unwrap()))
    }

    fn file(text: &str) -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, text).unwrap();
        let shown = path.display().to_string();
        (folder, shown)
    }

    #[test]
    fn a_registry_and_repositories_are_enough() {
        let all = parsed(
            "['ghcr.io']\nrepositories = ['acme/*']\n['docker.io']\nrepositories = ['acme/shop']",
        );
        let all = all.unwrap();
        assert_eq!(all[1].reach.origin.to_string(), "https://ghcr.io");
        assert!(!all[1].reach.private && all[1].realms.is_empty());
        assert!(matches!(all[1].credentials, Credentials::None));
        assert_eq!(all[0].registry, "docker.io");
        assert_eq!(all[0].reach.origin.to_string(), "https://registry-1.docker.io");
        assert_eq!(all[0].realms[0].origin.to_string(), "https://auth.docker.io");
    }

    #[test]
    fn everything_can_be_said() {
        let (_folder, password) = file("hunter2\n");
        let all = parsed(&format!(
            "['localhost:5000']\nrepositories = ['acme/*']\nusername = 'usher'\npassword_file = '{password}'\n\
             plain_http = true\nallow_private = true\nrealms = ['auth.acme.io', 'http://localhost:5001']"
        ));
        let one = all.unwrap().remove(0);
        assert_eq!(one.reach.origin.to_string(), "http://localhost:5000");
        assert!(one.reach.private);
        let realms: Vec<String> = one.realms.iter().map(|realm| realm.origin.to_string()).collect();
        assert_eq!(realms, ["https://auth.acme.io", "http://localhost:5001"]);
        let Credentials::Password { user, password } = one.credentials else { panic!() };
        assert_eq!((user.as_str(), password.expose_secret()), ("usher", "hunter2"));
    }

    #[test]
    fn credentials_are_found_in_dockers_file() {
        let auth = STANDARD.encode("usher:hunter:2");
        let (_folder, config) = file(&format!(
            r#"{{"auths": {{"ghcr.io": {{"auth": "{auth}"}}, "https://index.docker.io/v1/": {{"identitytoken": "it"}},
            "quay.io": {{}}, "gcr.io": {{"auth": "!"}}}}, "credHelpers": {{"ecr.io": "ecr-login"}}, "credsStore": ""}}"#
        ));
        let of = |registry: &str| of_docker("key", registry, Path::new(&config));
        let Credentials::Password { user, password } = of("ghcr.io").unwrap() else { panic!() };
        assert_eq!((user.as_str(), password.expose_secret()), ("usher", "hunter:2"));
        let Credentials::Identity(token) = of("docker.io").unwrap() else { panic!() };
        assert_eq!(token.expose_secret(), "it");
        for (registry, wanted) in [
            ("ecr.io", "docker-credential-ecr-login, which Usher does not run"),
            ("gcr.io", "cannot be read; log in again"),
        ] {
            let message = of(registry).unwrap_err();
            assert!(message.contains(wanted), "{message}");
        }
        let (_folder, none) = file("{\"auths\": {\"quay.io\": {}}}");
        let message = of_docker("key", "quay.io", Path::new(&none)).unwrap_err();
        assert!(message.contains("has no credentials of quay.io"), "{message}");
        let (_folder, broken) = file("{\"auths\": {\"quay.io\": \"hunter2\"}}");
        let message = of_docker("key", "quay.io", Path::new(&broken)).unwrap_err();
        assert!(message.contains("is no configuration of Docker") && !message.contains("hunter2"));
    }

    #[test]
    fn mistakes_say_what_and_what_to_do() {
        let whole = "['ghcr.io']\nrepositories = ['acme/shop']\n";
        let (_folder, empty) = file("");
        let cases = [
            ("['ghcr.io']".to_owned(), "missing field `repositories`"),
            (
                "['https://ghcr.io']\nrepositories = ['acme/shop']".to_owned(),
                "is no registry; write",
            ),
            ("['u:p@ghcr.io']\nrepositories = ['acme/shop']".to_owned(), "is no registry; write"),
            ("['GHCR.io']\nrepositories = ['acme/shop']".to_owned(), "in lower case"),
            ("['ghcr.io']\nrepositories = []".to_owned(), "repositories is empty; name"),
            ("['ghcr.io']\nrepositories = ['*']".to_owned(), "names no repository; write"),
            (format!("{whole}mirror = true"), "unknown field `mirror`"),
            (format!("{whole}username = 'u'"), "write both, or neither"),
            (format!("{whole}username = 'u'\npassword_file = '/nowhere'"), "cannot be read"),
            (format!("{whole}username = 'u'\npassword_file = '{empty}'"), "holds no secret; write"),
            (format!("{whole}username = 'u:v'\npassword_file = '{empty}'"), "has no colon in it"),
            (format!("{whole}username = 'u'\ndocker_config = '/nowhere'"), "keep one"),
            (format!("{whole}docker_config = '/nowhere'"), "cannot be read"),
            (format!("{whole}realms = ['http://auth.acme.io']"), "is reached without TLS; write"),
            (format!("{whole}realms = ['https://auth.acme.io/token']"), "is no server; write"),
            (format!("{whole}ca_file = '/nowhere'"), "ca_file: /nowhere cannot be read"),
            (format!("{whole}ca_file = '{empty}'"), "holds no certificate"),
        ];
        for (text, wanted) in cases {
            let message = parsed(&text).unwrap_err();
            assert!(message.contains(wanted), "{text}: {message}");
        }
    }
}
