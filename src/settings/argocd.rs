//! The operator's table `argocd`: Argo CDs by alias, and which repository may name which Application there.
//!
//! It knows what the table has to look like. What is asked of a server is not known here.

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use crate::argocd::{Allowed, Server};
use crate::model::ids::RepoName;
use crate::reach::{Options, Origin};

/// A token is a line; what is longer is another file.
const LONGEST_TOKEN: usize = 16 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    url: String,
    token_file: PathBuf,
    ca: Option<PathBuf>,
    #[serde(default)]
    plain_http: bool,
    #[serde(default)]
    private: bool,
    namespace: Option<String>,
    project: Option<String>,
    #[serde(default)]
    allow: Vec<Allow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Allow {
    repository: String,
    applications: Vec<String>,
}

/// Reads the table.
pub(super) fn read(table: toml::Value) -> Result<BTreeMap<String, Server>, String> {
    let toml::Value::Table(servers) = table else {
        return Err("`argocd` is no table; write `[argocd.NAME]` for each server".to_owned());
    };
    servers
        .into_iter()
        .map(|(alias, table)| {
            let server = server(&alias, table)?;
            Ok((alias, server))
        })
        .collect()
}

fn server(alias: &str, table: toml::Value) -> Result<Server, String> {
    let key = |name: &str| format!("argocd.{alias}.{name}");
    let table: Table = table.try_into().map_err(|error: toml::de::Error| {
        format!("table `argocd.{alias}`: {}", error.message().trim())
    })?;
    let (origin, base) =
        Origin::of_url(&table.url).map_err(|wrong| format!("{} {wrong}", key("url")))?;
    if base.contains('?') {
        return Err(format!("{} has a `?`; write https://HOST, a path is allowed", key("url")));
    }
    let loopback = origin.host() == "localhost"
        || origin.literal().is_some_and(|address| address.is_loopback());
    let plain = table.plain_http && loopback;
    if !origin.is_tls() && !plain {
        let why = if loopback {
            "write https, or `plain_http = true` beside it"
        } else {
            "the token would be read on the way; write https (plain HTTP is for this machine alone)"
        };
        return Err(format!("{} is not https; {why}", key("url")));
    }
    let token = read_file(&key("token_file"), &table.token_file)?;
    let token = String::from_utf8(token).unwrap_or_default();
    let token = token.trim();
    let sendable = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    if !sendable || token.len() > LONGEST_TOKEN {
        return Err(format!(
            "{}: {} holds no token; it is one line, as `argocd account generate-token` prints it",
            key("token_file"),
            table.token_file.display()
        ));
    }
    let ca = table.ca.as_ref().map(|file| read_file(&key("ca"), file)).transpose()?;
    if table.allow.is_empty() {
        return Err(format!(
            "{} is missing, so nobody may name an Application there; \
             write [{{repository = \"OWNER/NAME\", applications = [\"NAME-*\"]}}]",
            key("allow")
        ));
    }
    let allow = table.allow.into_iter().map(|allow| allowed(&key("allow"), allow));
    let mut reach = Options::new(origin);
    (reach.private, reach.ca) = (table.private || loopback, ca);
    Ok(Server {
        reach,
        base: base.trim_end_matches('/').to_owned(),
        token: SecretString::from(token),
        namespace: table.namespace,
        project: table.project,
        allow: allow.collect::<Result<_, _>>()?,
    })
}

fn allowed(key: &str, allow: Allow) -> Result<Allowed, String> {
    let one = allow.repository.strip_suffix("/*");
    let one = one.map_or_else(|| allow.repository.clone(), |owner| format!("{owner}/x"));
    if RepoName::new(one).is_err() {
        return Err(format!(
            "{key}: {:?} names no repository; write \"OWNER/NAME\", or \"OWNER/*\" for all of an owner",
            allow.repository
        ));
    }
    if allow.applications.is_empty() || allow.applications.iter().any(String::is_empty) {
        return Err(format!(
            "{key}: no Applications for {:?}; name them, a `*` stands for anything",
            allow.repository
        ));
    }
    Ok(Allowed { repository: allow.repository, applications: allow.applications })
}

fn read_file(key: &str, path: &PathBuf) -> Result<Vec<u8>, String> {
    std::fs::read(path)
        .map_err(|error| format!("{key}: {} cannot be read: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn parsed(text: &str) -> Result<BTreeMap<String, Server>, String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [("token", " abc.def\n"), ("empty", "\n"), ("odd", "a b")] {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        let text = text.replace("DIR", &folder.path().display().to_string());
        read(toml::Value::Table(toml::from_str(&text).unwrap()))
    }

    const ALLOW: &str = "allow = [{repository = 'acme/shop', applications = ['shop-*']}]";

    #[test]
    fn a_server_has_an_address_a_token_and_those_who_may_name_it() {
        let servers = parsed(&format!(
            "[main]\nurl = 'https://argo.acme.io/argocd/'\ntoken_file = 'DIR/token'\nproject = 'shop'\n{ALLOW}\n\
             [here]\nurl = 'http://127.0.0.1:8080'\nplain_http = true\ntoken_file = 'DIR/token'\n{ALLOW}\n"
        ))
        .unwrap();
        let main = &servers["main"];
        assert_eq!(main.base, "/argocd");
        assert_eq!(main.token.expose_secret(), "abc.def");
        assert_eq!(main.project.as_deref(), Some("shop"));
        assert!(!main.reach.private && servers["here"].reach.private);
    }

    #[test]
    fn mistakes_say_what_and_what_to_do_and_show_no_token() {
        let whole = "token_file = 'DIR/token'\n";
        let cases = [
            (format!("url = 'https://a.io'\n{ALLOW}"), "missing field `token_file`"),
            (format!("{whole}{ALLOW}"), "missing field `url`"),
            (format!("url = 'a.io'\n{whole}{ALLOW}"), "argocd.main.url is"),
            (
                format!("url = 'http://a.io'\nplain_http = true\n{whole}{ALLOW}"),
                "write https (plain",
            ),
            (format!("url = 'http://127.0.0.1'\n{whole}{ALLOW}"), "or `plain_http = true`"),
            (
                format!("url = 'https://u:p@a.io'\n{whole}{ALLOW}"),
                "argocd.main.url has a user name",
            ),
            (format!("url = 'https://a.io/?x'\n{whole}{ALLOW}"), "has a `?`"),
            (format!("url = 'https://a.io'\ntoken_file = 'DIR/gone'\n{ALLOW}"), "cannot be read"),
            (format!("url = 'https://a.io'\ntoken_file = 'DIR/empty'\n{ALLOW}"), "holds no token"),
            (format!("url = 'https://a.io'\ntoken_file = 'DIR/odd'\n{ALLOW}"), "holds no token"),
            (format!("url = 'https://a.io'\n{whole}"), "allow is missing, so nobody may name"),
            (
                format!(
                    "url = 'https://a.io'\n{whole}allow = [{{repository = 'acme', applications = ['x']}}]"
                ),
                "names no repository; write",
            ),
            (
                format!(
                    "url = 'https://a.io'\n{whole}allow = [{{repository = 'a/b', applications = []}}]"
                ),
                "no Applications for \"a/b\"; name them",
            ),
            (
                format!("url = 'https://a.io'\n{whole}{ALLOW}\ninsecure = true"),
                "unknown field `insecure`",
            ),
        ];
        for (text, wanted) in cases {
            let message = parsed(&format!("[main]\n{text}")).unwrap_err();
            assert!(message.contains(wanted), "{text}: {message}");
            assert!(!message.contains("abc.def"), "{message}");
        }
    }
}
