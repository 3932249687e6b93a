//! The door to Argo CD: an Application is asked for, or something is done to it, on a server that the operator named,
//! where the operator lets the repository name it.
//!
//! It knows addresses, tokens and Argo CD's JSON, and nothing of what an Application means to a promotion.

mod wire;
mod write;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};

use crate::fault::Fault;
use crate::model::argocd::{Application, Seen, Unseen};
use crate::model::ids::RepoName;
use crate::model::restoration::Write;
use crate::reach::{self, Answer, Question, Reach};

/// Which Applications a repository may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// The repository: `owner/name`, or `owner/*` for all of an owner.
    pub repository: String,
    /// The Applications, by name; a `*` stands for anything.
    pub applications: Vec<String>,
}

/// A server as the operator describes it.
#[derive(Debug, Clone)]
pub struct Server {
    /// How it is reached.
    pub reach: reach::Options,
    /// What stands before `/api` on it: empty, or `/argocd`.
    pub base: String,
    /// The account's token.
    pub token: SecretString,
    /// The namespace of the Applications, where it is not Argo CD's own.
    pub namespace: Option<String>,
    /// The project that they are in, where only that one is meant.
    pub project: Option<String>,
    /// Who may name what.
    pub allow: Vec<Allowed>,
}

/// The Argo CDs that the operator named, by alias. Cheap to clone.
#[derive(Clone, Default)]
pub struct Argocd(Arc<BTreeMap<String, Line>>);

struct Line {
    reach: Reach,
    server: Server,
}

impl fmt::Debug for Argocd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl Argocd {
    /// Sets the ways up; nothing is called.
    ///
    /// # Errors
    /// Where a server's certificates cannot be used.
    pub fn new(servers: BTreeMap<String, Server>) -> Result<Self, Fault> {
        let line = |(alias, server): (String, Server)| {
            let reach = Reach::new(server.reach.clone())?;
            Ok::<_, Fault>((alias, Line { reach, server }))
        };
        Ok(Self(Arc::new(servers.into_iter().map(line).collect::<Result<_, _>>()?)))
    }

    /// The Application of that name on the server of that alias, if the repository may name it.
    pub async fn application(&self, repo: &RepoName, alias: &str, name: &str) -> Seen {
        let seen = match self.line(repo, alias, name) {
            Ok(line) => line.application(name).await,
            Err(why) => return Err(why),
        };
        if let Err(why) = &seen {
            tracing::info!(
                server = alias,
                application = name,
                ?why,
                "an Application cannot be seen"
            );
        }
        seen
    }

    /// Does something to the Application of that name on the server of that alias, if the repository may name it.
    pub async fn write(
        &self,
        repo: &RepoName,
        alias: &str,
        name: &str,
        write: &Write,
    ) -> Result<(), Unseen> {
        let done = self.line(repo, alias, name)?.write(name, write).await;
        match &done {
            Ok(()) => tracing::info!(server = alias, application = name, ?write, "done"),
            Err(why) => {
                tracing::warn!(server = alias, application = name, ?write, ?why, "not done");
            }
        }
        done
    }

    fn line(&self, repo: &RepoName, alias: &str, name: &str) -> Result<&Line, Unseen> {
        let line = self.0.get(alias).ok_or(Unseen::NoServer)?;
        if !line.server.allow.iter().any(|allowed| allowed.covers(repo, name)) {
            return Err(Unseen::NotAllowed);
        }
        Ok(line)
    }
}

impl Line {
    async fn application(&self, name: &str) -> Seen {
        let answer = self.ask(Question::get(self.read_at(name, None))).await?;
        if answer.status == StatusCode::OK {
            return self.read(name, &answer.body);
        }
        Err(Unseen::Refused(refused(&answer)))
    }

    async fn write(&self, name: &str, write: &Write) -> Result<(), Unseen> {
        let Some(request) = write::request(&self.server, name, write) else {
            let answer = self.ask(Question::get(self.read_at(name, Some("normal")))).await?;
            let done = answer.status.is_success();
            return if done { Ok(()) } else { Err(Unseen::Refused(refused(&answer))) };
        };
        let path = format!("{}{}", self.path(name), request.below);
        let mut question = Question { method: request.method, ..Question::get(path) };
        question.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        question.body = Bytes::from(request.body.to_string());
        let answer = self.ask(question).await?;
        match answer.status {
            status if status.is_success() => Ok(()),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Unseen::Refused(format!(
                "{}; the account needs the right {} on the Application",
                refused(&answer),
                request.right
            ))),
            _ => Err(Unseen::Refused(refused(&answer))),
        }
    }

    /// Where an Application is read, from the slash on. `refresh`: how it is to look at its sources before.
    fn read_at(&self, name: &str, refresh: Option<&str>) -> String {
        let (namespace, project) =
            (self.server.namespace.as_deref(), self.server.project.as_deref());
        let words = [("appNamespace", namespace), ("project", project), ("refresh", refresh)];
        let words = words.into_iter().filter_map(|(key, word)| Some((key, word?)));
        let query: Vec<String> =
            words.map(|(key, word)| format!("{key}={}", escape(word))).collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        format!("{}{query}", self.path(name))
    }

    /// Where an Application is, from the slash on.
    fn path(&self, name: &str) -> String {
        format!("{}/api/v1/applications/{}", self.server.base, escape(name))
    }

    async fn ask(&self, mut question: Question) -> Result<Answer, Unseen> {
        let bearer = format!("Bearer {}", self.server.token.expose_secret());
        let mut bearer = HeaderValue::from_str(&bearer)
            .map_err(|_| Unseen::Refused("the token cannot be sent".to_owned()))?;
        bearer.set_sensitive(true);
        question.headers.insert(AUTHORIZATION, bearer);
        question.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        self.reach.ask(question).await.map_err(unseen)
    }

    fn read(&self, name: &str, body: &[u8]) -> Result<Application, Unseen> {
        let read = wire::application(body).map_err(Unseen::Unreadable)?;
        // An answer that was kept by something in between is not the one that was asked for.
        if read.name != name {
            return Err(Unseen::Unreadable("it tells of another Application".to_owned()));
        }
        Ok(read.application)
    }
}

/// What an answer says that is none.
fn refused(answer: &Answer) -> String {
    let status = answer.status;
    if status.is_redirection() {
        return format!("it answers {} and leads elsewhere", status.as_u16());
    }
    let words = wire::message(&answer.body);
    let words = words.map_or_else(String::new, |words| format!(": {words}"));
    format!("it answers {}{words}", status.as_u16())
}

impl Allowed {
    fn covers(&self, repo: &RepoName, application: &str) -> bool {
        let name = repo.as_str().to_lowercase();
        let repository = self.repository.to_lowercase();
        let here = match repository.strip_suffix('*') {
            Some(owner) => name.starts_with(owner),
            None => name == repository,
        };
        here && self.applications.iter().any(|pattern| matches(pattern, application))
    }
}

/// Whether a name is like a pattern, in which each `*` stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut name) = name.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match name.find(part) {
            Some(at) => name = &name[at + part.len()..],
            None => return false,
        }
    }
    name.ends_with(last)
}

/// What the worker would do makes no difference here: a gate says what is unknown, and why.
fn unseen(fault: Fault) -> Unseen {
    match fault {
        Fault::Transient { reason, .. } | Fault::Stale(reason) => Unseen::Unreachable(reason),
        Fault::Denied(reason) => Unseen::Refused(reason),
        Fault::Broken(reason) => Unseen::Unreadable(reason),
    }
}

/// A part of a path or a query, with all that could end it written as numbers.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            b'.' if text != "." && text != ".." => out.push('.'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_names_what_it_is_allowed_to() {
        let allowed = |repository: &str, applications: &[&str]| Allowed {
            repository: repository.to_owned(),
            applications: applications.iter().map(|name| (*name).to_owned()).collect(),
        };
        let shop = RepoName::new("acme/shop").unwrap();
        for (repository, applications, name, wanted) in [
            ("acme/shop", &["shop-*"][..], "shop-prod", true),
            ("Acme/Shop", &["shop-*"], "shop-prod", true),
            ("acme/*", &["prod"], "prod", true),
            ("acme/shop", &["*"], "anything", true),
            ("acme/shop", &["*-prod"], "shop-prod", true),
            ("acme/shop", &["a*b*c"], "axxbyyc", true),
            ("acme/shop", &["a*b*c"], "abc", true),
            ("acme/shop", &["a*b*c"], "acb", false),
            ("acme/shop", &["a*a"], "a", false),
            ("acme/shop", &["shop-*"], "bank-prod", false),
            ("acme/shop", &["prod"], "prod-eu", false),
            ("acme/shop", &["prod"], "Prod", false),
            ("acme/shop", &[], "prod", false),
            ("acme/shop2", &["*"], "prod", false),
            ("acme/sho", &["*"], "prod", false),
            ("corp/*", &["*"], "prod", false),
        ] {
            let covers = allowed(repository, applications).covers(&shop, name);
            assert_eq!(covers, wanted, "{repository} {applications:?} {name}");
        }
    }

    #[test]
    fn a_name_stays_one_part_of_a_path() {
        assert_eq!(escape("shop-prod.eu"), "shop-prod.eu");
        assert_eq!(escape("../x?y=1#z"), "..%2Fx%3Fy%3D1%23z");
        assert_eq!(escape(".."), "%2E%2E");
    }
}
