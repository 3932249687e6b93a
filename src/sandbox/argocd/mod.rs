//! An Argo CD in the box: Applications that follow the box's own Git, and the API that tells of them, on an address of its own.
//! It is an opinion of Argo CD, written from its documentation and its published API description.
//! It knows nothing of a cluster: what would be rendered, and how long it takes to be healthy, is told to it.
//! <https://argo-cd.readthedocs.io/en/stable/developer-guide/api-docs/>

mod api;
mod control;
mod model;
mod run;
mod shape;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use api::ArgoRequest;
pub(crate) use api::router;
pub use control::ApplicationChange;
pub(crate) use control::router as control;
pub(crate) use model::{Application, Health, NewApplication, Phase, Sync};

use super::gitops::{File, walk};
use super::keys;
use super::model::Id;
use super::refusal::Refusal;
use super::state::State;

/// The seconds from the beginning of a sync to the verdict on the workloads, where nobody has said otherwise.
const TAKES: i64 = 5;

/// Everything that this Argo CD knows.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Argo {
    /// By name; all are in one namespace.
    pub(crate) applications: BTreeMap<String, Application>,
    /// Who may come in, by token.
    pub(crate) tokens: BTreeMap<String, Visitor>,
    last_uid: u64,
    /// Where the box's Git was when the Applications were told of it.
    #[serde(default)]
    home: String,
    /// What was asked of the API, oldest first.
    #[serde(skip)]
    pub(crate) log: Vec<ArgoRequest>,
    /// Whether it answers nothing but 503.
    #[serde(skip)]
    pub(crate) down: bool,
}

/// An account with a token, and what its role lets it do.
/// <https://argo-cd.readthedocs.io/en/stable/operator-manual/rbac/>
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Visitor {
    pub(crate) name: String,
    /// `get`, `sync`, `update`.
    pub(crate) may: Vec<String>,
    /// The Applications that it may do it with; a `*` at the end stands for anything.
    pub(crate) applications: String,
}

impl Visitor {
    /// Whether its role lets it do that.
    pub(crate) fn may(&self, action: &str, application: &str) -> bool {
        let named = match self.applications.strip_suffix('*') {
            Some(beginning) => application.starts_with(beginning),
            None => self.applications == application,
        };
        named && self.may.iter().any(|one| one == action)
    }
}

impl Argo {
    /// Makes a token for an account.
    pub(crate) fn add_token(&mut self, name: &str, may: &[&str], applications: &str) -> String {
        let token = format!("argocd-{name}-{}", hex::encode(keys::random::<16>()));
        let may = may.iter().map(|action| (*action).to_owned()).collect();
        let visitor = Visitor { name: name.to_owned(), may, applications: applications.to_owned() };
        self.tokens.insert(token.clone(), visitor);
        token
    }

    /// The token of an account.
    pub(crate) fn token_of(&self, name: &str) -> Option<&str> {
        self.tokens
            .iter()
            .find(|(_, visitor)| visitor.name == name)
            .map(|(token, _)| token.as_str())
    }

    /// An Application by its name.
    pub(crate) fn get(&self, name: &str) -> Option<&Application> {
        self.applications.get(name)
    }

    /// The box's Git is at another address in this life; what is kept still follows it.
    pub(crate) fn move_home(&mut self, home: &str) {
        let before = std::mem::replace(&mut self.home, home.to_owned());
        if before.is_empty() || before == home {
            return;
        }
        let there = |source: &mut Value| {
            let url = source["repoURL"].as_str().and_then(|url| url.strip_prefix(&before));
            if let Some(path) = url.map(str::to_owned) {
                source["repoURL"] = format!("{home}{path}").into();
            }
        };
        for one in self.applications.values_mut() {
            there(&mut one.spec["source"]);
            there(&mut one.template["source"]);
            one.history.iter_mut().for_each(|past| there(&mut past.source));
            one.operation.iter_mut().for_each(|operation| there(&mut operation.source));
        }
    }

    fn next_uid(&mut self) -> String {
        self.last_uid += 1;
        format!("00000000-0000-4000-8000-{:012}", self.last_uid)
    }
}

impl State {
    /// Adds an Application that follows a folder of a repository's default branch, deployed as it is there.
    pub(crate) fn add_application(&mut self, new: &NewApplication) -> Result<(), Refusal> {
        let uid = self.argocd.next_uid();
        self.argocd.home = self.html().to_owned();
        let url = match self.repo(new.repo) {
            Ok(repo) => format!("{}/{}.git", self.html(), self.full_name(repo)),
            Err(refusal) => return Err(refusal),
        };
        let mut policy = json!({});
        if new.automated {
            policy["automated"] = json!({"prune": true, "selfHeal": true});
        }
        let spec = json!({
            "project": "default",
            "source": {"repoURL": url, "path": new.path, "targetRevision": "HEAD"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": new.name},
            "syncPolicy": policy,
        });
        let application = Application::new(new, uid, spec, self.now(), TAKES);
        self.argocd.applications.insert(new.name.clone(), application);
        self.deploy_at_once(&new.name);
        Ok(())
    }

    /// Gives each environment of a GitOps repository its Application, and the bot a token.
    pub(super) fn seed_argocd(&mut self, repo: Id, files: &[File]) -> Result<(), Refusal> {
        self.argocd.add_token("admin", &["get", "sync", "update"], "*");
        self.argocd.add_token("usher", &["get", "sync", "update"], "*");
        let name = self.repo(repo)?.name.clone();
        for (environment, folder) in walk(files) {
            self.add_application(&NewApplication {
                name: format!("{environment}-{name}"),
                repo,
                path: folder,
                automated: true,
                owner: None,
            })?;
        }
        Ok(())
    }
}
