//! The state of the box: GitHub as a value, with a method for each thing that can be done to it.
//! REST and pages share these methods; it does not know HTTP.

mod accounts;
mod background;
mod checks;
mod deliveries;
mod deployments;
mod events;
mod forks;
mod installs;
mod issues;
mod labels;
mod merge;
mod notes;
mod people;
mod persist;
mod protection;
mod protection_rule;
mod pulls;
mod push;
mod queue;
mod reactions;
mod releases;
mod repos;
mod reviews;
mod rules;
mod statuses;
mod suites;
mod tokens;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

pub(crate) use background::AsyncRequest;
pub(crate) use checks::{Output, RunChange, newest, no_commit};
pub(crate) use deployments::{Deployed, NewDeployment, NewDeploymentStatus};
pub(crate) use events::{Change, Outgoing};
pub(crate) use merge::MergeRequest;
pub(crate) use people::permission_word;
pub(crate) use protection::Attempt;
pub(crate) use pulls::{NewPull, PullEdit};
pub(crate) use push::Push;
pub(crate) use reactions::Subject;
pub(crate) use releases::{MakeLatest, ReleaseChange};
pub(crate) use repos::NewRepo;
pub(crate) use reviews::NewReview;
pub(crate) use rules::RulesetChange;
pub(crate) use statuses::{NewStatus, combined};
pub(crate) use tokens::TokenRequest;

use super::argocd::Argo;
use super::git::Git;
use super::http::Limits;
use super::model::{
    Account, AccountKind, App, Delivery, Id, Installation, Issue, Organization, Pull, Repo, Token,
};
use super::refusal::Refusal;

/// Tells the time.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Everything there is.
#[derive(Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) accounts: BTreeMap<Id, Account>,
    pub(crate) orgs: BTreeMap<Id, Organization>,
    pub(crate) repos: BTreeMap<Id, Repo>,
    pub(crate) apps: BTreeMap<Id, App>,
    pub(crate) installations: BTreeMap<Id, Installation>,
    pub(crate) tokens: Vec<Token>,
    /// The Argo CD beside it.
    #[serde(default)]
    pub(crate) argocd: Argo,
    /// Oldest first.
    pub(crate) deliveries: Vec<Delivery>,
    /// Whom GitHub shows where an account is gone.
    ghost: Account,
    /// In whose name GitHub itself commits.
    #[serde(skip, default = "accounts::committer")]
    web_flow: Account,
    last_id: Id,
    #[serde(skip)]
    pub(crate) around: Surroundings,
}

/// What the state is run with; nothing of it is kept.
pub(crate) struct Surroundings {
    pub(crate) now: Now,
    /// Where the object stores are.
    pub(crate) root: PathBuf,
    /// `http://host:port`, without a slash at the end.
    pub(crate) url: String,
    /// Where webhooks are sent.
    pub(crate) hook_url: String,
    /// Webhooks to be sent, in order.
    pub(crate) outbox: Vec<Outgoing>,
    /// The ids of webhooks that no request in the log is known to have set off.
    pub(crate) set_off: Vec<String>,
    /// Tells the pages what has changed.
    pub(crate) changes: broadcast::Sender<Change>,
    pub(crate) limits: Limits,
    /// Merges that were asked for asynchronously wait while this is true.
    pub(crate) merges_held: bool,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self {
            now: Arc::new(|| Timestamp::UNIX_EPOCH),
            root: PathBuf::new(),
            url: String::new(),
            hook_url: String::new(),
            outbox: Vec::new(),
            set_off: Vec::new(),
            changes: broadcast::Sender::new(256),
            limits: Limits::default(),
            merges_held: false,
        }
    }
}

/// In whose name something is done, and through which App.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Actor {
    pub(crate) account: Id,
    pub(crate) app: Option<Id>,
}

impl Actor {
    /// A person who acts for themselves.
    pub(crate) fn person(account: Id) -> Self {
        Self { account, app: None }
    }
}

impl State {
    /// An empty box.
    pub(crate) fn new(around: Surroundings) -> Self {
        let ghost = Account {
            id: 10_137,
            login: "ghost".to_owned(),
            name: "Deleted user".to_owned(),
            kind: AccountKind::User,
            created_at: Timestamp::UNIX_EPOCH,
        };
        Self {
            accounts: BTreeMap::new(),
            orgs: BTreeMap::new(),
            repos: BTreeMap::new(),
            apps: BTreeMap::new(),
            installations: BTreeMap::new(),
            tokens: Vec::new(),
            argocd: Argo::default(),
            deliveries: Vec::new(),
            ghost,
            web_flow: accounts::committer(),
            last_id: 20_000,
            around,
        }
    }

    /// The present instant, in whole seconds as GitHub shows it.
    pub(crate) fn now(&self) -> Timestamp {
        let now = (self.around.now)();
        Timestamp::from_second(now.as_second()).unwrap_or(now)
    }

    /// A new id.
    pub(crate) fn new_id(&mut self) -> Id {
        self.last_id += 1;
        self.last_id
    }

    /// The base of page addresses.
    pub(crate) fn html(&self) -> &str {
        &self.around.url
    }

    /// The base of API addresses.
    pub(crate) fn api(&self) -> String {
        format!("{}/api/v3", self.around.url)
    }

    /// An account; the ghost where it is gone.
    pub(crate) fn account(&self, id: Id) -> &Account {
        let own = Some(&self.web_flow).filter(|account| account.id == id);
        self.accounts.get(&id).or(own).unwrap_or(&self.ghost)
    }

    /// The login of an account.
    pub(crate) fn login(&self, id: Id) -> &str {
        &self.account(id).login
    }

    /// An account by login, in whatever case.
    pub(crate) fn account_named(&self, login: &str) -> Option<&Account> {
        self.accounts.values().find(|account| account.login.eq_ignore_ascii_case(login))
    }

    /// A repository by id.
    pub(crate) fn repo(&self, id: Id) -> Result<&Repo, Refusal> {
        self.repos.get(&id).ok_or_else(Refusal::not_found)
    }

    /// A repository by id, to be changed.
    pub(crate) fn repo_mut(&mut self, id: Id) -> Result<&mut Repo, Refusal> {
        self.repos.get_mut(&id).ok_or_else(Refusal::not_found)
    }

    /// A repository by owner and name, in whatever case.
    pub(crate) fn repo_named(&self, owner: &str, name: &str) -> Option<&Repo> {
        let owner = self.account_named(owner)?.id;
        self.repos.values().find(|repo| repo.owner == owner && repo.name.eq_ignore_ascii_case(name))
    }

    /// The repository that was once known so, and is called otherwise now.
    pub(crate) fn repo_formerly(&self, owner: &str, name: &str) -> Option<&Repo> {
        let known = format!("{owner}/{name}").to_lowercase();
        self.repos.values().find(|repo| repo.former_names.contains(&known))
    }

    /// `owner/name`.
    pub(crate) fn full_name(&self, repo: &Repo) -> String {
        format!("{}/{}", self.login(repo.owner), repo.name)
    }

    /// The object store of a repository.
    pub(crate) fn git(&self, repo: Id) -> Result<Git, Refusal> {
        Ok(Git::open(&self.around.root, self.repo(repo)?)?)
    }

    /// An issue or pull request.
    pub(crate) fn issue(&self, repo: Id, number: u64) -> Result<&Issue, Refusal> {
        let issues = &self.repo(repo)?.issues;
        issues.get(&number).ok_or_else(Refusal::not_found)
    }

    /// An issue or pull request, to be changed.
    pub(crate) fn issue_mut(&mut self, repo: Id, number: u64) -> Result<&mut Issue, Refusal> {
        let issues = &mut self.repo_mut(repo)?.issues;
        issues.get_mut(&number).ok_or_else(Refusal::not_found)
    }

    /// A pull request, with the issue that it is.
    pub(crate) fn pull(&self, repo: Id, number: u64) -> Result<(&Issue, &Pull), Refusal> {
        let issue = self.issue(repo, number)?;
        let pull = issue.pull.as_ref().ok_or_else(Refusal::not_found)?;
        Ok((issue, pull))
    }

    /// A pull request, to be changed.
    pub(crate) fn pull_mut(&mut self, repo: Id, number: u64) -> Result<&mut Pull, Refusal> {
        let issue = self.issue_mut(repo, number)?;
        issue.pull.as_mut().ok_or_else(Refusal::not_found)
    }
}
