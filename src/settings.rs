//! What the operator sets: the only reader of `USHER_…` environment variables and of the operator's file.
//!
//! It knows names, forms and defaults, and nothing of what is done with them. All mistakes are
//! reported at once, each by the name of its setting; secrets are wrapped and never shown.

#![expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment and its files"
)]

mod argocd;
pub mod evidence;
mod kustomize;
mod registries;
mod servers;
mod tickets;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use crate::argocd::Server as Argocd;
use crate::model::ids::AppId;
use crate::{real_kustomize, registry};

/// GitHub's own REST base.
const GITHUB_API: &str = "https://api.github.com";

/// The tables of the operator's file. Not all are used by this version; each is known, so that a file written for a
/// later one is told apart from a misspelt one.
const OPERATOR_TABLES: &[&str] = &["argocd", "registries", "tickets", "kustomize", "retention"];

/// Settings that may be given as flags; a flag wins over its variable. Secrets have no flag, because
/// command lines are seen by everybody on the machine.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Flags {
    /// Address to listen on (USHER_LISTEN; default 127.0.0.1:3000)
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Public base URL, for links (USHER_URL; default http://LISTEN)
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// The App's number on GitHub (USHER_APP_ID)
    #[arg(long, value_name = "NUMBER")]
    pub app_id: Option<String>,
    /// File with the App's private key, PEM (USHER_PRIVATE_KEY_FILE, or the key itself in USHER_PRIVATE_KEY)
    #[arg(long, value_name = "FILE")]
    pub private_key_file: Option<String>,
    /// Base URL of GitHub's REST API (USHER_GITHUB_API; default GitHub's own, `…/api/v3` for Enterprise Server)
    #[arg(long, value_name = "URL")]
    pub github_api: Option<String>,
    /// Those that other commands take too.
    #[command(flatten)]
    pub common: CommonFlags,
    /// The key that signs evidence.
    #[command(flatten)]
    pub evidence: EvidenceFlags,
    /// The operator's TOML file (USHER_SETTINGS)
    #[arg(long, value_name = "FILE")]
    pub settings: Option<String>,
}

/// The settings that every command with a database takes.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct CommonFlags {
    /// Database: `sqlite:FILE` or `postgres://…` (USHER_DATABASE; default sqlite:usher.db)
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// What is logged, as `level` or `target=level,…` (USHER_LOG; default info)
    #[arg(long, value_name = "FILTER")]
    pub log: Option<String>,
}

/// Where the key that signs evidence lies.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct EvidenceFlags {
    /// File with the key that signs evidence, made on first start (USHER_EVIDENCE_KEY_FILE; default
    /// NAME-evidence.key beside the database file, or usher-evidence.key)
    #[arg(long, value_name = "FILE")]
    pub evidence_key_file: Option<String>,
}

/// Everything `usher serve` needs to know.
#[derive(Debug)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The public base of links, without a slash at the end; where it listens, if none is given.
    pub url: Option<String>,
    /// Who Usher is on GitHub.
    pub github: GitHubSettings,
    /// What proves that a delivery is GitHub's; several while one is being changed.
    pub webhook_secrets: Vec<SecretString>,
    /// The database.
    pub database: SecretString,
    /// What the operator's file says.
    pub operator: OperatorFile,
    /// Where the key that signs evidence lies; `None` where it is of this process alone.
    pub evidence_key: Option<PathBuf>,
    /// Remarks for the log: settings that are given and have no effect.
    pub remarks: Vec<String>,
}

/// Who Usher is on GitHub, and where GitHub is.
#[derive(Debug, Clone)]
pub struct GitHubSettings {
    /// The REST base, without a slash at the end.
    pub api: String,
    /// The App's number.
    pub app: AppId,
    /// The App's private key, PEM.
    pub key: SecretString,
}

/// A setting that is missing or malformed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Its name, as a variable.
    pub name: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.message)
    }
}

/// Where variables come from: the process's own, or a table in tests.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The process's own environment.
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl Settings {
    /// Reads everything that `serve` needs, or all that is wrong with it.
    pub fn read(flags: &Flags, variables: Variables<'_>) -> Result<Self, Vec<Problem>> {
        let mut read = Reader { variables, problems: Vec::new(), remarks: Vec::new() };
        let listen = read.listen(flags.listen.as_ref());
        let url = read.url("USHER_URL", flags.url.as_ref());
        if url.is_none() {
            let remark = "USHER_URL is not set: the links in checks lead to where Usher listens";
            read.remarks.push(remark.to_owned());
        }
        let api = read.url("USHER_GITHUB_API", flags.github_api.as_ref());
        let api = api.unwrap_or_else(|| GITHUB_API.to_owned());
        let app = read.app_id(flags.app_id.as_ref());
        let key = read.private_key(flags.private_key_file.as_ref());
        let webhook_secrets = read.webhook_secrets();
        let database = read.database(&flags.common);
        let operator = read.operator_file(flags.settings.as_ref());
        let evidence_key = read.evidence_key(&flags.evidence, &database);
        if read.problems.is_empty() {
            let github = GitHubSettings { api, app, key };
            let remarks = read.remarks;
            Ok(Self {
                listen,
                url,
                github,
                webhook_secrets,
                database,
                operator,
                evidence_key,
                remarks,
            })
        } else {
            Err(read.problems)
        }
    }
}

/// The database alone, for commands that need nothing else.
pub fn database(
    flags: &CommonFlags,
    variables: Variables<'_>,
) -> Result<SecretString, Vec<Problem>> {
    let mut read = Reader { variables, problems: Vec::new(), remarks: Vec::new() };
    let database = read.database(flags);
    if read.problems.is_empty() { Ok(database) } else { Err(read.problems) }
}

/// The database, and where the key lies that signs its evidence.
pub fn database_and_key(
    flags: &CommonFlags,
    evidence: &EvidenceFlags,
    variables: Variables<'_>,
) -> Result<(SecretString, Option<PathBuf>), Vec<Problem>> {
    let mut read = Reader { variables, problems: Vec::new(), remarks: Vec::new() };
    let database = read.database(flags);
    let key = read.evidence_key(evidence, &database);
    if read.problems.is_empty() { Ok((database, key)) } else { Err(read.problems) }
}

/// What is logged: flag, then variable, then `info`.
pub fn log_filter(flags: &CommonFlags, variables: Variables<'_>) -> String {
    flags.log.clone().or_else(|| variables("USHER_LOG")).unwrap_or_else(|| "info".to_owned())
}

struct Reader<'a> {
    variables: Variables<'a>,
    problems: Vec<Problem>,
    remarks: Vec<String>,
}

impl Reader<'_> {
    fn optional(&self, name: &'static str, flag: Option<&String>) -> Option<String> {
        flag.cloned()
            .or_else(|| (self.variables)(name))
            .map(|value| value.trim().to_owned())
            .filter(|v| !v.is_empty())
    }

    fn problem(&mut self, name: &'static str, message: impl Into<String>) {
        self.problems.push(Problem { name, message: message.into() });
    }

    fn listen(&mut self, flag: Option<&String>) -> SocketAddr {
        let standard = SocketAddr::from(([127, 0, 0, 1], 3000));
        let Some(text) = self.optional("USHER_LISTEN", flag) else {
            return standard;
        };
        text.parse().unwrap_or_else(|_| {
            self.problem(
                "USHER_LISTEN",
                format!("{text:?} is not an address; write IP:PORT, such as 0.0.0.0:3000"),
            );
            standard
        })
    }

    fn url(&mut self, name: &'static str, flag: Option<&String>) -> Option<String> {
        let text = self.optional(name, flag)?;
        let valid = text.parse::<http::Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some()
                && uri.query().is_none()
        });
        if !valid {
            self.problem(
                name,
                format!("{text:?} is not a URL; write http(s)://HOST, a path is allowed"),
            );
        }
        Some(text.trim_end_matches('/').to_owned())
    }

    fn app_id(&mut self, flag: Option<&String>) -> AppId {
        match self.optional("USHER_APP_ID", flag).map(|text| (text.parse(), text)) {
            Some((Ok(id), _)) => return AppId(id),
            Some((Err(_), text)) => {
                self.problem("USHER_APP_ID", format!("{text:?} is not a number"));
            }
            None => self.problem(
                "USHER_APP_ID",
                "is missing; it is the App ID on the App's settings page on GitHub",
            ),
        }
        AppId(0)
    }

    fn private_key(&mut self, flag: Option<&String>) -> SecretString {
        const HELP: &str =
            "the PEM file that GitHub gave when the key was made (Settings → Private keys)";
        let inline = (self.variables)("USHER_PRIVATE_KEY").filter(|key| !key.trim().is_empty());
        let (name, pem) = match (inline, self.optional("USHER_PRIVATE_KEY_FILE", flag)) {
            (Some(_), Some(_)) => {
                self.problem(
                    "USHER_PRIVATE_KEY",
                    "is set, and USHER_PRIVATE_KEY_FILE too; keep one",
                );
                return SecretString::default();
            }
            // One-line variables carry the line ends as `\n`.
            (Some(key), None) => ("USHER_PRIVATE_KEY", key.replace("\\n", "\n")),
            (None, Some(path)) => match std::fs::read_to_string(&path) {
                Ok(pem) => ("USHER_PRIVATE_KEY_FILE", pem),
                Err(error) => {
                    self.problem(
                        "USHER_PRIVATE_KEY_FILE",
                        format!("{path:?} cannot be read: {error}"),
                    );
                    return SecretString::default();
                }
            },
            (None, None) => {
                self.problem(
                    "USHER_PRIVATE_KEY_FILE",
                    format!("is missing, and USHER_PRIVATE_KEY too; give {HELP}"),
                );
                return SecretString::default();
            }
        };
        if jsonwebtoken::EncodingKey::from_rsa_pem(pem.as_bytes()).is_err() {
            self.problem(name, format!("is not an RSA private key in PEM form; give {HELP}"));
        }
        pem.into()
    }

    fn webhook_secrets(&mut self) -> Vec<SecretString> {
        let text = (self.variables)("USHER_WEBHOOK_SECRET").unwrap_or_default();
        let secrets: Vec<_> =
            text.split(',').map(str::trim).filter(|secret| !secret.is_empty()).collect();
        if secrets.is_empty() {
            let message = "is missing; it is the webhook secret of the App (several, comma separated, while one is being changed)";
            self.problem("USHER_WEBHOOK_SECRET", message);
        }
        secrets.into_iter().map(SecretString::from).collect()
    }

    fn database(&mut self, flags: &CommonFlags) -> SecretString {
        let url = self
            .optional("USHER_DATABASE", flags.database.as_ref())
            .unwrap_or_else(|| "sqlite:usher.db".to_owned());
        let known = ["sqlite:", "postgres://", "postgresql://"];
        if !known.iter().any(|scheme| url.starts_with(scheme)) {
            // The value may hold a password, so it is not shown.
            self.problem("USHER_DATABASE", "is neither sqlite:FILE nor postgres://USER@HOST/NAME");
        }
        url.into()
    }

    fn evidence_key(&self, flags: &EvidenceFlags, database: &SecretString) -> Option<PathBuf> {
        let named = self.optional("USHER_EVIDENCE_KEY_FILE", flags.evidence_key_file.as_ref());
        named.map(PathBuf::from).or_else(|| evidence::standard(database.expose_secret()))
    }

    fn operator_file(&mut self, flag: Option<&String>) -> OperatorFile {
        let Some(path) = self.optional("USHER_SETTINGS", flag).map(PathBuf::from) else {
            return OperatorFile::default();
        };

        match operator_file(&path) {
            Ok((operator, unused)) => {
                self.remarks.extend(unused.iter().map(|table| {
                    format!("USHER_SETTINGS: table `{table}` is not used by this version")
                }));
                operator
            }
            Err(message) => {
                self.problem("USHER_SETTINGS", format!("{}: {message}", path.display()));
                OperatorFile::default()
            }
        }
    }
}

/// What the operator's file says, table by table.
#[derive(Debug, Clone, Default)]
pub struct OperatorFile {
    /// The Argo CDs, by alias.
    pub argocd: BTreeMap<String, Argocd>,
    /// The real Kustomize that may be run, if any.
    pub kustomize: Option<real_kustomize::Options>,
    /// The registries that are asked for images.
    pub registries: Vec<registry::Options>,
    /// The servers that are asked for change tickets.
    pub tickets: Vec<crate::tickets::Options>,
}

/// Reads it, and the names of the tables that are not used; an unknown table is a mistake.
fn operator_file(path: &Path) -> Result<(OperatorFile, Vec<String>), String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
    let mut table: toml::Table =
        toml::from_str(&text).map_err(|error| format!("is not TOML: {error}"))?;
    if let Some(key) = table.keys().find(|key| !OPERATOR_TABLES.contains(&key.as_str())) {
        let known = OPERATOR_TABLES.join(", ");
        return Err(format!("there is no table `{key}`; the tables are {known}"));
    }
    let kustomize = table.remove("kustomize").map(kustomize::read).transpose()?;
    let argocd = table.remove("argocd").map(argocd::read).transpose()?;
    let registries = table.remove("registries").map(registries::read).transpose()?;
    let tickets = table.remove("tickets").map(tickets::read).transpose()?;
    let operator = OperatorFile {
        argocd: argocd.unwrap_or_default(),
        kustomize,
        registries: registries.unwrap_or_default(),
        tickets: tickets.unwrap_or_default(),
    };
    Ok((operator, table.keys().cloned().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(variables: &[(&str, &str)]) -> Vec<String> {
        let look = |name: &str| {
            variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        };
        match Settings::read(&Flags::default(), &look) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn everything_missing_is_named_at_once() {
        let names: Vec<_> =
            problems(&[]).iter().map(|p| p.split(':').next().unwrap().to_owned()).collect();
        assert_eq!(names, ["USHER_APP_ID", "USHER_PRIVATE_KEY_FILE", "USHER_WEBHOOK_SECRET"]);
    }

    #[test]
    fn malformed_settings_are_named_and_secrets_not_shown() {
        let all = problems(&[
            ("USHER_LISTEN", "localhost"),
            ("USHER_URL", "usher.acme.io"),
            ("USHER_APP_ID", "abc"),
            ("USHER_PRIVATE_KEY", "hunter2"),
            ("USHER_WEBHOOK_SECRET", " , "),
            ("USHER_DATABASE", "mysql://root:hunter2@db"),
            ("USHER_SETTINGS", "/nowhere/usher.toml"),
        ])
        .join("\n");
        for name in
            ["LISTEN", "URL", "APP_ID", "PRIVATE_KEY", "WEBHOOK_SECRET", "DATABASE", "SETTINGS"]
        {
            assert!(all.contains(&format!("USHER_{name}: ")), "{name} in\n{all}");
        }
        assert!(!all.contains("hunter2"), "{all}");
    }

    #[test]
    fn an_unknown_table_of_the_operator_is_a_mistake() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usher.toml");
        std::fs::write(&path, "[retention]\ndays = 7\n").unwrap();
        assert_eq!(operator_file(&path).unwrap().1, ["retention"]);
        std::fs::write(&path, "[argo]\n").unwrap();
        assert!(operator_file(&path).unwrap_err().contains("there is no table `argo`"));
    }
}
