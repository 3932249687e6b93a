//! What every page is made with: the state, who looks, the frame around the page, and a way to ask
//! the REST API in the viewer's name. It does not know HTTP.

use askama::Template;
use http::Method;
use serde_json::Value;

use super::assets::{SCRIPT_URL, STYLE_URL};
use super::markdown::{self, Place};
use super::parts::{Avatar, Html, Icon, Who, icon, segment};
use super::visit::Page;
use crate::sandbox::auth::Caller;
use crate::sandbox::git::Git;
use crate::sandbox::http::{Body, Table, perform};
use crate::sandbox::model::{AccountKind, Id, Repo, Role};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::State;

/// Where a page is made.
pub(super) struct Desk<'a> {
    pub(super) state: &'a mut State,
    pub(super) table: &'a Table,
    pub(super) webhook_url: String,
    pub(super) viewer: Id,
    /// The path that was asked for.
    pub(super) path: String,
    pub(super) query: String,
}

/// What stands around a page.
pub(super) struct Frame {
    pub(super) title: String,
    pub(super) style: &'static str,
    pub(super) script: &'static str,
    /// The stream of changes.
    pub(super) live: String,
    pub(super) viewer: Person,
    pub(super) people: Vec<Person>,
    /// Where the user menu leads back to.
    pub(super) back: String,
    pub(super) repo: Option<RepoHead>,
    /// Why something was not done.
    pub(super) alert: Option<String>,
}

/// Somebody of the user menu.
pub(super) struct Person {
    pub(super) who: Who,
    /// "write · team qa".
    pub(super) role: String,
}

/// The head of a repository's pages.
pub(super) struct RepoHead {
    pub(super) owner: String,
    pub(super) name: String,
    /// `/owner/name`.
    pub(super) home: String,
    pub(super) description: Option<String>,
    pub(super) private: bool,
    pub(super) tab: &'static str,
    pub(super) pulls: usize,
    pub(super) issues: usize,
    pub(super) releases: usize,
}

impl Desk<'_> {
    /// A repository that the viewer may see; an old name leads to it too.
    pub(super) fn repo(&self, owner: &str, name: &str) -> Result<&Repo, Refusal> {
        let state = &*self.state;
        let found = state.repo_named(owner, name).or_else(|| state.repo_formerly(owner, name));
        found
            .filter(|repo| state.role(self.viewer, repo.id) > Role::None)
            .ok_or_else(Refusal::not_found)
    }

    /// `/owner/name` of a repository.
    pub(super) fn home(&self, repo: &Repo) -> String {
        home(self.state, repo)
    }

    /// The object store of a repository.
    pub(super) fn git(&self, repo: Id) -> Result<Git, Refusal> {
        self.state.git(repo)
    }

    /// What the viewer may do in a repository.
    pub(super) fn role(&self, repo: Id) -> Role {
        self.state.role(self.viewer, repo)
    }

    /// A word of the query.
    pub(super) fn asked(&self, name: &str) -> Option<&str> {
        let mut pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Renders a text that stands in a repository.
    pub(super) fn markdown(&self, repo: &Repo, text: &str, breaks: bool) -> Html {
        let home = self.home(repo);
        let place = Place { state: self.state, home: &home, breaks };
        markdown::render(text, place)
    }

    /// Asks the REST API in the viewer's name. `path` is below `/api/v3`.
    pub(super) fn ask(
        &mut self,
        method: &Method,
        path: &str,
        body: Value,
    ) -> Result<Value, Refusal> {
        self.ask_as(Caller::Person(self.viewer), method, path, body)
    }

    /// The same in another name.
    pub(super) fn ask_as(
        &mut self,
        caller: Caller,
        method: &Method,
        path: &str,
        body: Value,
    ) -> Result<Value, Refusal> {
        let answer = perform(self.state, self.table, caller, method, path, body)?;
        Ok(match answer.body {
            Body::Json(value) => value,
            Body::Empty | Body::Raw(..) => Value::Null,
        })
    }

    /// The frame of a page that belongs to no repository.
    pub(super) fn frame(&self, title: &str) -> Frame {
        let state = &*self.state;
        let people = state.accounts.values().filter(|account| account.kind == AccountKind::User);
        let person = |id: Id| Person { who: Who::of(state, id), role: standing(state, id) };
        Frame {
            title: title.to_owned(),
            style: &STYLE_URL,
            script: &SCRIPT_URL,
            live: "/live".to_owned(),
            viewer: person(self.viewer),
            people: people.map(|account| person(account.id)).collect(),
            back: self.path.clone(),
            repo: None,
            alert: None,
        }
    }

    /// The frame of a repository's page under one of its tabs.
    pub(super) fn repo_frame(&self, title: &str, repo: &Repo, tab: &'static str) -> Frame {
        let full = self.state.full_name(repo);
        let open = |pulls: bool| {
            let issues = repo.issues.values();
            issues.filter(|issue| issue.open && issue.pull.is_some() == pulls).count()
        };
        Frame {
            live: format!("/live?repo={}", repo.id),
            repo: Some(RepoHead {
                owner: self.state.login(repo.owner).to_owned(),
                name: repo.name.clone(),
                home: self.home(repo),
                description: repo.description.clone(),
                private: repo.private,
                tab,
                pulls: open(true),
                issues: open(false),
                releases: repo.releases.values().filter(|release| !release.draft).count(),
            }),
            ..self.frame(&format!("{title} · {full}"))
        }
    }

    /// A template as an answer.
    #[expect(clippy::unused_self, reason = "reads as what the desk does last")]
    pub(super) fn render(&self, status: u16, page: &impl Template) -> Result<Page, Refusal> {
        let html = page
            .render()
            .map_err(|error| Refusal::new(500, format!("The page could not be made: {error}")))?;
        Ok(Page::Shown(status, Html::trusted(html)))
    }
}

impl Frame {
    /// The same with word of what was refused.
    pub(super) fn refused(mut self, refusal: Option<&Refusal>) -> Self {
        self.alert = refusal.map(reason);
        self
    }

    /// The tabs of a repository.
    pub(super) fn tabs(&self) -> Vec<Tab> {
        let Some(repo) = &self.repo else {
            return Vec::new();
        };
        let tab = |key: &'static str, sign: &'static str, word, below: &str, count| Tab {
            icon: icon(sign),
            word,
            href: format!("{}{below}", repo.home),
            count,
            here: repo.tab == key,
        };
        vec![
            tab("code", "code", "Code", "", None),
            tab("issues", "issue", "Issues", "/issues", Some(repo.issues)),
            tab("pulls", "pull", "Pull requests", "/pulls", Some(repo.pulls)),
            tab("releases", "tag", "Releases", "/releases", Some(repo.releases)),
            tab("activity", "pulse", "Activity", "/activity", None),
            tab("settings", "gear", "Settings", "/settings", None),
        ]
    }
}

/// A tab of a repository.
pub(super) struct Tab {
    pub(super) icon: Icon,
    pub(super) word: &'static str,
    pub(super) href: String,
    pub(super) count: Option<usize>,
    pub(super) here: bool,
}

impl Person {
    /// See [`Who::avatar`].
    pub(super) fn avatar(&self) -> Avatar {
        self.who.avatar()
    }
}

/// `/owner/name` of a repository.
pub(super) fn home(state: &State, repo: &Repo) -> String {
    format!("/{}/{}", segment(state.login(repo.owner), false), segment(&repo.name, false))
}

/// A refusal as a sentence.
pub(super) fn reason(refusal: &Refusal) -> String {
    let told = refusal.errors.iter().map(|error| {
        if let Some(sentence) = error.as_str().or(error["message"].as_str()) {
            return sentence.to_owned();
        }
        let field = error["field"].as_str().unwrap_or("something").replace('_', " ");
        match error["code"].as_str() {
            Some("missing_field" | "missing") => format!("{field} is missing"),
            Some("already_exists") => format!("{field} already exists"),
            Some("invalid") => format!("{field} is not valid"),
            Some(code) => format!("{field}: {code}"),
            None => field,
        }
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() {
        refusal.message.trim().to_owned()
    } else {
        format!("{}: {}", refusal.message, told.join(", "))
    }
}

/// What somebody is in the organisations, in few words.
fn standing(state: &State, person: Id) -> String {
    let most = state.repos.keys().map(|repo| state.role(person, *repo)).max().unwrap_or_default();
    let teams = state.orgs.values().flat_map(|org| &org.teams);
    let teams = teams.filter(|team| team.members.contains_key(&person));
    let mut words = vec![most.word().to_owned()];
    words.extend(teams.map(|team| format!("team {}", team.slug)));
    words.join(" · ")
}

/// The page for what is not there, or went wrong.
#[derive(Template)]
#[template(path = "sandbox/pages/templates/lost.html")]
pub(super) struct Lost {
    frame: Frame,
    status: u16,
    sentence: String,
}

impl Lost {
    /// Says what a refusal says.
    pub(super) fn of(desk: &Desk<'_>, refusal: &Refusal) -> Self {
        let sentence = match refusal.status {
            404 => "There is nothing here, or nothing that you may see.".to_owned(),
            _ => reason(refusal),
        };
        Self { frame: desk.frame("Not found"), status: refusal.status, sentence }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_read_as_sentences() {
        assert_eq!(reason(&Refusal::not_found()), "Not Found");
        assert_eq!(
            reason(&Refusal::invalid("Release", "tag_name", "already_exists")),
            "Validation Failed: tag name already exists"
        );
        assert_eq!(
            reason(&Refusal::custom("Release", "no such commit")),
            "Validation Failed: no such commit"
        );
    }
}
