//! What can be selected from: each thing of the state, by the name of its type.
//! It does not know what is selected; each kind's fields stand in `things`.

use git2::Oid;
use serde_json::Value;

use super::connection::{Edge, Page, page_info};
use super::problem::Problem;
use super::things;
use super::values::Arguments;
use crate::sandbox::auth::Caller;
use crate::sandbox::git::{Commit, Person, TreeEntry};
use crate::sandbox::http::Window;
use crate::sandbox::model::{
    Account, AccountKind, App, CheckRun, CheckSuite, Comment, CommitStatus, Deployment,
    DeploymentStatus, Issue, Label, Level, Organization, Pull, Release, Repo, Review, Role, Team,
};
use crate::sandbox::state::State;

/// Who asks whom.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) state: &'a State,
    pub(super) caller: &'a Caller,
    /// The caller's hour, after this query.
    pub(super) window: Window,
    /// What this query costs, and how many nodes it may bring.
    pub(super) cost: (u64, u64),
}

/// Something with fields.
#[derive(Clone, Debug)]
pub(super) enum Thing<'a> {
    Query,
    RateLimit,
    Account(&'a Account),
    Organization(&'a Organization),
    Team(&'a Organization, &'a Team),
    /// With whether they manage the team.
    Member(&'a Account, bool),
    Collaborator(&'a Account, Role),
    Repository(&'a Repo),
    Ref(&'a Repo, String, Oid),
    Commit(&'a Repo, Box<Commit>),
    Actor(Person),
    Signature(&'a Repo, Box<Commit>),
    Tree(&'a Repo, Oid),
    Entry(&'a Repo, TreeEntry),
    Blob(&'a Repo, Oid),
    Tag(&'a Repo, Oid),
    Pull(&'a Repo, &'a Issue, &'a Pull),
    PullCommit(&'a Repo, &'a Issue, &'a Pull, Box<Commit>),
    Review(&'a Repo, &'a Issue, &'a Pull, &'a Review),
    Comment(&'a Repo, &'a Issue, &'a Comment),
    Label(&'a Repo, &'a Label),
    App(&'a App),
    Suite(&'a Repo, &'a CheckSuite),
    Run(&'a Repo, &'a CheckRun),
    Annotation(&'a Value),
    Status(&'a Repo, String),
    Context(&'a Repo, &'a CommitStatus),
    Rollup(&'a Repo, String),
    Deployment(&'a Deployment),
    DeploymentStatus(&'a DeploymentStatus),
    Release(&'a Repo, &'a Release),
    Page(Page<'a>),
    Edge(Edge<'a>),
    PageInfo {
        from: usize,
        shown: usize,
        total: usize,
    },
}

/// The value of a field.
#[derive(Clone, Debug)]
pub(super) enum Out<'a> {
    Null,
    Leaf(Value),
    Thing(Thing<'a>),
    List(Vec<Out<'a>>),
}

/// A field's value, or why there is none.
pub(super) type Found<'a> = Result<Out<'a>, Problem>;

impl<'a> Out<'a> {
    pub(super) fn leaf(value: impl Into<Value>) -> Self {
        Self::Leaf(value.into())
    }

    pub(super) fn maybe(thing: Option<Thing<'a>>) -> Self {
        thing.map_or(Self::Null, Self::Thing)
    }
}

impl<'a> Thing<'a> {
    /// The name of its type.
    pub(super) fn kind(&self) -> String {
        let kind = match self {
            Self::Query => "Query",
            Self::RateLimit => "RateLimit",
            Self::Account(account) if account.kind == AccountKind::Bot => "Bot",
            Self::Account(_) | Self::Member(..) | Self::Collaborator(..) => "User",
            Self::Organization(_) => "Organization",
            Self::Team(..) => "Team",
            Self::Repository(_) => "Repository",
            Self::Ref(..) => "Ref",
            Self::Commit(..) => "Commit",
            Self::Actor(_) => "GitActor",
            Self::Signature(..) => "GpgSignature",
            Self::Tree(..) => "Tree",
            Self::Entry(..) => "TreeEntry",
            Self::Blob(..) => "Blob",
            Self::Tag(..) => "Tag",
            Self::Pull(..) => "PullRequest",
            Self::PullCommit(..) => "PullRequestCommit",
            Self::Review(..) => "PullRequestReview",
            Self::Comment(..) => "IssueComment",
            Self::Label(..) => "Label",
            Self::App(_) => "App",
            Self::Suite(..) => "CheckSuite",
            Self::Run(..) => "CheckRun",
            Self::Annotation(_) => "CheckAnnotation",
            Self::Status(..) => "Status",
            Self::Context(..) => "StatusContext",
            Self::Rollup(..) => "StatusCheckRollup",
            Self::Deployment(_) => "Deployment",
            Self::DeploymentStatus(_) => "DeploymentStatus",
            Self::Release(..) => "Release",
            Self::PageInfo { .. } => "PageInfo",
            Self::Page(page) => return page.kind(),
            Self::Edge(edge) => return edge.kind(),
        };
        kind.to_owned()
    }

    /// The value of one of its fields.
    pub(super) fn field(&self, at: At<'a>, name: &str, given: &Arguments) -> Found<'a> {
        match self {
            Self::Query => things::query::query(at, name, given),
            Self::RateLimit => Ok(things::query::rate_limit(at, name)),
            Self::Account(account) | Self::Member(account, _) | Self::Collaborator(account, _) => {
                Ok(things::people::account(at, account, name))
            }
            Self::Organization(org) => things::people::organization(at, org, name, given),
            Self::Team(org, team) => things::people::team(at, org, team, name, given),
            Self::Repository(repo) => things::repository::repository(at, repo, name, given),
            Self::Ref(repo, full, oid) => things::git::reference(at, repo, (full, *oid), name),
            Self::Commit(repo, commit) => things::commit::commit(at, repo, commit, name, given),
            Self::Actor(person) => Ok(things::commit::actor(at, person, name)),
            Self::Signature(repo, commit) => Ok(things::commit::signature(at, repo, commit, name)),
            Self::Tree(repo, oid) => things::git::tree(at, repo, *oid, name),
            Self::Entry(repo, entry) => things::git::entry(at, repo, entry, name),
            Self::Blob(repo, oid) => things::git::blob(at, repo, *oid, name),
            Self::Tag(repo, oid) => things::git::tag(at, repo, *oid, name),
            Self::Pull(repo, issue, pull) => {
                things::pull::pull(at, repo, (issue, pull), name, given)
            }
            Self::PullCommit(repo, issue, pull, commit) => {
                Ok(things::pull::commit(at, repo, (issue, pull), commit, name))
            }
            Self::Review(repo, issue, pull, review) => {
                things::pull::review(at, repo, (issue, pull), review, name)
            }
            Self::Comment(repo, issue, comment) => {
                Ok(things::pull::comment(at, repo, issue, comment, name))
            }
            Self::Label(repo, label) => Ok(things::pull::label(at, repo, label, name)),
            Self::App(app) => Ok(things::check::app(at, app, name)),
            Self::Suite(repo, suite) => things::check::suite(at, repo, suite, name, given),
            Self::Run(repo, run) => things::check::run(at, repo, run, name, given),
            Self::Annotation(annotation) => Ok(things::check::annotation(annotation, name)),
            Self::Status(repo, sha) => Ok(things::check::status(at, repo, sha, name, given)),
            Self::Context(repo, status) => Ok(things::check::context(at, repo, status, name)),
            Self::Rollup(repo, sha) => things::check::rollup(at, repo, sha, name, given),
            Self::Deployment(deployment) => {
                things::deployment::deployment(at, deployment, name, given)
            }
            Self::DeploymentStatus(status) => Ok(things::deployment::status(at, status, name)),
            Self::Release(repo, release) => things::release::release(at, repo, release, name),
            Self::Page(page) => Ok(page.field(name)),
            Self::Edge(edge) => Ok(edge.field(name)),
            Self::PageInfo { from, shown, total } => Ok(page_info(name, *from, *shown, *total)),
        }
    }
}

impl<'a> At<'a> {
    /// Whether the caller sees that a repository is there.
    pub(super) fn sees(&self, repo: &Repo) -> bool {
        match self.caller {
            Caller::Person(person) => self.state.role(*person, repo.id) > Role::None,
            Caller::Installation { token, .. } => {
                !repo.private || self.state.token_reaches(token, repo)
            }
            Caller::Nobody | Caller::App(_) => false,
        }
    }

    /// Refuses where the token's permissions do not reach so far; one of those named has to be there.
    pub(super) fn needs(&self, repo: &Repo, any: &[&str]) -> Result<(), Problem> {
        match self.caller {
            Caller::Installation { token, .. } if self.state.token_reaches(token, repo) => {
                let has = |name: &&str| token.permissions.get(*name) >= Some(&Level::Read);
                if any.iter().any(has) { Ok(()) } else { Err(Problem::forbidden()) }
            }
            _ => Ok(()),
        }
    }

    /// The account behind an id; nobody where it is gone.
    pub(super) fn account(&self, id: u64) -> Out<'a> {
        Out::maybe(self.state.accounts.get(&id).map(Thing::Account))
    }

    /// The person behind an id: no App's bot, which is of another type.
    pub(super) fn user(&self, id: u64) -> Out<'a> {
        let account = self.state.accounts.get(&id);
        let person = account.filter(|account| account.kind == AccountKind::User);
        Out::maybe(person.map(Thing::Account))
    }
}
