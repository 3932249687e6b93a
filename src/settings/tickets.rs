//! The operator's tables `tickets`: which servers are asked for change tickets, by whom, and with which token.
//!
//! It knows what the tables have to look like. How a server is asked is not known here.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::servers;
use crate::tickets::Options;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    repositories: Vec<String>,
    token_file: Option<PathBuf>,
    username: Option<String>,
    #[serde(default)]
    plain_http: bool,
    #[serde(default)]
    allow_private: bool,
    ca_file: Option<PathBuf>,
}

/// Reads the tables.
pub(super) fn read(tables: toml::Value) -> Result<Vec<Options>, String> {
    let tables: BTreeMap<String, Table> = tables
        .try_into()
        .map_err(|error: toml::de::Error| format!("table `tickets`: {}", error.message().trim()))?;
    tables.into_iter().map(|(host, table)| one(host, &table)).collect()
}

fn one(host: String, table: &Table) -> Result<Options, String> {
    let at = format!("tickets.{host:?}");
    // As the configuration of repositories has it, which knows `https` only.
    servers::origin(&at, &host, false)?;
    let origin = match (table.plain_http, host.contains(':')) {
        // Without a port that one is meant which `https` would mean.
        (true, false) => servers::origin(&at, &format!("{host}:443"), true)?,
        (plain, _) => servers::origin(&at, &host, plain)?,
    };
    servers::repositories(&at, &table.repositories)?;
    let token = match &table.token_file {
        Some(file) => Some(servers::secret(&format!("{at}.token_file"), file)?),
        None => None,
    };
    let authorization = match (token, &table.username) {
        (None, None) => None,
        (Some(token), None) => Some(format!("Bearer {}", token.expose_secret())),
        (Some(token), Some(user)) => {
            Some(format!("Basic {}", STANDARD.encode(format!("{user}:{}", token.expose_secret()))))
        }
        (None, Some(_)) => {
            return Err(format!(
                "{at} has a username and no token_file; write where its password is"
            ));
        }
    };
    Ok(Options {
        reach: servers::reach(&at, origin, table.allow_private, table.ca_file.as_deref())?,
        authorization: authorization.map(SecretString::from),
        repositories: table.repositories.clone(),
        host,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<Options>, String> {
        read(toml::Value::Table(toml::from_str(text).unwrap()))
    }

    #[test]
    fn a_server_and_repositories_are_enough() {
        let one = parsed("['itsm.acme.io']\nrepositories = ['acme/*']").unwrap().remove(0);
        assert_eq!((one.host.as_str(), one.authorization.is_none()), ("itsm.acme.io", true));
        assert_eq!(one.reach.origin.to_string(), "https://itsm.acme.io");
        assert!(!one.reach.private);
    }

    #[test]
    fn a_token_is_shown_alone_or_as_a_password() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "hunter2\n").unwrap();
        let whole = format!(
            "['localhost:8080']\nrepositories = ['acme/*']\nplain_http = true\nallow_private = true\ntoken_file = '{}'\n",
            path.display()
        );
        let shown = |text: &str| {
            let one = parsed(text).unwrap().remove(0);
            assert_eq!(one.reach.origin.to_string(), "http://localhost:8080");
            one.authorization.unwrap().expose_secret().to_owned()
        };
        assert_eq!(shown(&whole), "Bearer hunter2");
        let basic = format!("Basic {}", STANDARD.encode("usher:hunter2"));
        assert_eq!(shown(&format!("{whole}username = 'usher'")), basic);
    }

    #[test]
    fn mistakes_say_what_and_what_to_do() {
        let whole = "['itsm.acme.io']\nrepositories = ['acme/shop']\n";
        let cases = [
            ("['itsm.acme.io']".to_owned(), "missing field `repositories`"),
            (
                "['https://itsm.acme.io/x']\nrepositories = ['acme/shop']".to_owned(),
                "is no server; write",
            ),
            ("['u@itsm.acme.io']\nrepositories = ['acme/shop']".to_owned(), "is no server; write"),
            ("['itsm.acme.io']\nrepositories = []".to_owned(), "repositories is empty; name"),
            (format!("{whole}token = 'hunter2'"), "unknown field `token`"),
            (format!("{whole}token_file = '/nowhere'"), "cannot be read"),
            (format!("{whole}username = 'u'"), "write where its password is"),
        ];
        for (text, wanted) in cases {
            let message = parsed(&text).unwrap_err();
            assert!(message.contains(wanted) && !message.contains("hunter2"), "{text}: {message}");
        }
    }
}
