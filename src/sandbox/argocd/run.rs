//! What Argo CD's controller does: it compares with Git, syncs where that is automatic, and sees workloads come up.
//! All of it happens when somebody looks or something is pushed, by the clock: nothing runs in between.
//! <https://argo-cd.readthedocs.io/en/stable/user-guide/auto_sync/#automated-sync-semantics>

use std::collections::BTreeSet;

use git2::Oid;
use jiff::{SignedDuration, Timestamp};
use serde_yaml::Value as Yaml;
use sha2::{Digest as _, Sha256};

use super::model::{Application, Content, Deployment, Initiator, Operation};
use super::{Health, Phase, Sync};
use crate::sandbox::git::Git;
use crate::sandbox::model::Id;
use crate::sandbox::state::State;

/// What Argo CD calls a sync that has ended well.
const DONE: &str = "successfully synced (all tasks run)";
/// The most entries of the history, as Argo CD keeps them.
const MOST_HISTORY: usize = 10;

impl State {
    /// Sees what has been pushed, and lets the time pass that has passed.
    pub(crate) fn argocd_looks(&mut self) {
        let now = self.now();
        let names: Vec<String> = self.argocd.applications.keys().cloned().collect();
        for name in names {
            let Some(mut application) = self.argocd.applications.remove(&name) else { continue };
            let before = application.clone();
            go_on(&mut application, now);
            let seen = application.compared.clone();
            let last = Some(seen.as_str()).filter(|_| application.asleep);
            let wanted = self.content(&application, last);
            compare(&mut application, wanted, now);
            // What began just now may be done at once.
            go_on(&mut application, now);
            if application != before {
                application.resource_version += 1;
            }
            self.argocd.applications.insert(name, application);
        }
    }

    /// What an Application would deploy: at its target revision, or at another one.
    pub(super) fn content(&self, application: &Application, at: Option<&str>) -> Option<Content> {
        let repo = self.followed(application.source("repoURL"))?;
        let git = self.git(repo).ok()?;
        let target = at.unwrap_or_else(|| application.source("targetRevision"));
        let target = match target {
            "" | "HEAD" => self.repo(repo).ok()?.default_branch.as_str(),
            named => named,
        };
        content(&git, git.resolve(target)?, application.source("path"))
    }

    /// The repository that a URL means, if it is one of the box.
    fn followed(&self, url: &str) -> Option<Id> {
        let path = url.strip_prefix(self.html())?.trim_matches('/');
        let (owner, name) = path.strip_suffix(".git").unwrap_or(path).split_once('/')?;
        self.repo_named(owner, name).map(|repo| repo.id)
    }

    /// Deploys what Git has, as if it had been there always.
    pub(super) fn deploy_at_once(&mut self, name: &str) {
        let now = self.now();
        let found = self.argocd.get(name).and_then(|one| self.content(one, None));
        if let (Some(content), Some(application)) = (found, self.argocd.applications.get_mut(name))
        {
            let by = Initiator { automated: application.is_automated(), username: None };
            let takes = std::mem::replace(&mut application.takes, 0);
            begin(application, content, by, now);
            go_on(application, now);
            application.takes = takes;
        }
        self.argocd_looks();
    }
}

/// Holds what is deployed against what Git says, and syncs where that happens by itself.
fn compare(application: &mut Application, wanted: Option<Content>, now: Timestamp) {
    application.reconciled_at = now;
    // Whoever changes what an ApplicationSet makes is undone by it.
    if application.owner.is_some() && application.spec != application.template {
        application.spec = application.template.clone();
        application.generation += 1;
    }
    let Some(wanted) = wanted else {
        application.sync = Sync::Unknown;
        return;
    };
    application.compared.clone_from(&wanted.revision);
    let same = wanted.print == application.live.print && !application.touched;
    application.sync = if same { Sync::Synced } else { Sync::OutOfSync };
    if same || application.is_running() || !application.is_automated() {
        return;
    }
    // One try for each commit, unless it heals itself; what has failed is not tried again.
    let tried = application.operation.as_ref().is_some_and(|last| {
        let failed = matches!(last.phase, Phase::Failed | Phase::Error);
        last.content.revision == wanted.revision && (failed || !application.heals())
    });
    if !tried {
        begin(application, wanted, Initiator { automated: true, username: None }, now);
    }
}

/// Begins to bring something.
pub(super) fn begin(
    application: &mut Application,
    content: Content,
    by: Initiator,
    now: Timestamp,
) {
    let source = application.spec["source"].clone();
    application.operation = Some(Operation {
        content,
        source,
        by,
        prune: application.spec["syncPolicy"]["automated"]["prune"] == true,
        dry_run: false,
        phase: Phase::Running,
        message: "waiting for completion of hooks and resources".to_owned(),
        started_at: now,
        finished_at: None,
    });
}

/// Lets a sync end, and workloads become what they become, when their time has come.
fn go_on(application: &mut Application, now: Timestamp) {
    let Some(operation) = application.operation.as_mut() else { return };
    let at = |seconds: i64| {
        let later = operation.started_at.checked_add(SignedDuration::from_secs(seconds));
        later.unwrap_or(operation.started_at)
    };
    let (applied, settled) = (at(application.takes / 2), at(application.takes));
    if operation.phase == Phase::Running && now >= applied {
        operation.finished_at = Some(applied);
        if let Some(why) = application.breaks.take() {
            (operation.phase, operation.message) = (Phase::Error, why);
            return;
        }
        if let Some(why) = application.fails.take() {
            (operation.phase, operation.message) = (Phase::Failed, why);
            return;
        }
        (operation.phase, operation.message) = (Phase::Succeeded, DONE.to_owned());
        if operation.dry_run {
            return;
        }
        let deployed = Deployment {
            id: application.next_id,
            content: operation.content.clone(),
            started_at: operation.started_at,
            deployed_at: applied,
            source: operation.source.clone(),
            by: operation.by.clone(),
        };
        application.next_id += 1;
        application.live = operation.content.clone();
        application.touched = false;
        application.history.push(deployed);
        let surplus = application.history.len().saturating_sub(MOST_HISTORY);
        application.history.drain(..surplus);
        application.health_message = None;
        application.set_health(Health::Progressing, applied);
    }
    if application.health == Health::Progressing
        && now >= settled
        && application.operation.as_ref().is_some_and(|last| last.phase == Phase::Succeeded)
    {
        let becomes = application.becomes;
        application.set_health(becomes, settled);
    }
}

/// A folder of a commit: its images, and what tells it apart from others.
fn content(git: &Git, commit: Oid, path: &str) -> Option<Content> {
    let tree = git.tree_of(commit)?;
    let mut folders = BTreeSet::new();
    let mut images = Vec::new();
    let mut print = Sha256::new();
    let mut waiting = vec![path.trim_matches('/').to_owned()];
    while let Some(folder) = waiting.pop() {
        if !folders.insert(folder.clone()) {
            continue;
        }
        let found = git.entry(tree, &folder)?;
        print.update(format!("{folder} {}\n", found.oid));
        let names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
        let file = names.iter().find_map(|name| git.entry(tree, &below(&folder, name)));
        let Some(text) = file.and_then(|file| git.blob(file.oid)) else { continue };
        let Ok(kustomization) = serde_yaml::from_slice::<Yaml>(&text) else { continue };
        if folders.len() == 1 {
            images = entries(&kustomization);
        }
        for key in ["resources", "bases", "components"] {
            let listed = kustomization.get(key).and_then(Yaml::as_sequence);
            let listed = listed.into_iter().flatten().filter_map(Yaml::as_str);
            for other in listed.filter(|other| !other.contains("://")) {
                let other = below(&folder, other);
                match git.entry(tree, &other) {
                    Some(entry) if git.kind(entry.oid) == "tree" => waiting.push(other),
                    Some(entry) => print.update(format!("{other} {}\n", entry.oid)),
                    None => {}
                }
            }
        }
    }
    let print = hex::encode(print.finalize());
    Some(Content { revision: commit.to_string(), print, images })
}

/// The images that the entries of a kustomization make.
fn entries(kustomization: &Yaml) -> Vec<String> {
    let listed = kustomization.get("images").and_then(Yaml::as_sequence);
    let text = |entry: &Yaml, key: &str| match entry.get(key)? {
        Yaml::String(text) => Some(text.clone()),
        Yaml::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let image = |entry: &Yaml| {
        let name = text(entry, "newName").or_else(|| text(entry, "name"))?;
        Some(match (text(entry, "digest"), text(entry, "newTag")) {
            (Some(digest), _) => format!("{name}@{digest}"),
            (None, Some(tag)) => format!("{name}:{tag}"),
            (None, None) => name,
        })
    };
    let mut images: Vec<String> = listed.into_iter().flatten().filter_map(image).collect();
    images.sort();
    images
}

/// A path within a folder, with the steps up taken.
fn below(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
