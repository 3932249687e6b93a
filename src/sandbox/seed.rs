//! What the box starts with: the organisation `acme`, its people, its App and its GitOps repository.
//! It does not know what happens to it afterwards.

use std::collections::{BTreeMap, BTreeSet};

use git2::Oid;
use serde::Deserialize;

use super::git::NewCommit;
use super::gitops::File;
use super::keys;
use super::model::{
    AccountKind, App, Id, Installation, OrgRole, Permissions, Protection, Release, RequiredCheck,
    RequiredChecks, Role,
};
use super::refusal::Refusal;
use super::state::{Actor, NewRepo, State};

/// The App is registered from the manifest from which it is on GitHub: it may do and is told of no more.
/// <https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest>
const MANIFEST: &str = include_str!("../../app-manifest.yml");

#[derive(Deserialize)]
struct Manifest {
    name: String,
    description: String,
    default_permissions: Permissions,
    default_events: BTreeSet<String>,
}

/// Fills an empty state.
pub(crate) fn seed(state: &mut State, files: &[File], secret: String) -> Result<(), Refusal> {
    let org = state.add_org("acme", "Acme", Role::Read);
    let mut person = |login: &str, name: &str| {
        let id = state.add_account(login, name, AccountKind::User);
        state.add_member(org, id, OrgRole::Member);
        id
    };
    let ada = person("ada", "Ada Developer");
    let quinn = person("quinn", "Quinn Tester");
    person("pat", "Pat Product");
    let sam = person("sam", "Sam Operations");
    person("eve", "Eve Reader");
    state.add_member(org, sam, OrgRole::Admin);
    state.add_team(org, "qa", "Says whether a release is good", &[quinn]);
    state.add_team(org, "sre", "Keeps production running", &[sam]);
    register(state, org, secret)?;
    let owner = Actor::person(sam);
    let repo = state.create_repo(
        owner,
        &NewRepo {
            owner: org,
            name: "microservices-demo",
            description: Some("The Online Boutique, and where each version of it runs"),
            private: false,
            default_branch: "main",
            parent: None,
        },
    )?;
    staff(state, repo)?;
    let first = commit(state, owner, repo, files, "Deploy v1.0.0 everywhere")?;
    release(state, ada, repo, first, "v1.0.0")?;
    let checks = ["usher/gates", "usher/kustomize"]
        .map(|context| RequiredCheck { context: context.to_owned(), app: None });
    let protection = Protection {
        checks: Some(RequiredChecks { strict: false, checks: checks.to_vec() }),
        ..Protection::default()
    };
    state.repo_mut(repo)?.protections.insert("main".to_owned(), protection);
    state.seed_argocd(repo, files)?;
    // Nobody was there to listen.
    state.around.outbox.clear();
    Ok(())
}

/// Adds a repository of `acme` with these files.
pub(crate) fn repository(
    state: &mut State,
    name: &str,
    private: bool,
    files: &[File],
) -> Result<Id, Refusal> {
    let named = |login: &str| {
        let account = state.account_named(login).ok_or_else(Refusal::not_found)?;
        Ok::<Id, Refusal>(account.id)
    };
    let (owner, actor) = (named("acme")?, Actor::person(named("sam")?));
    let new =
        NewRepo { owner, name, description: None, private, default_branch: "main", parent: None };
    let repo = state.create_repo(actor, &new)?;
    staff(state, repo)?;
    if !files.is_empty() {
        commit(state, actor, repo, files, "Begin")?;
    }
    Ok(repo)
}

/// Gives the seeded people their roles in a repository of `acme`.
pub(crate) fn staff(state: &mut State, repo: Id) -> Result<(), Refusal> {
    for login in ["ada", "quinn", "pat"] {
        let person = state.account_named(login).ok_or_else(Refusal::not_found)?.id;
        state.add_collaborator(repo, person, Role::Write)?;
    }
    let teams = [("qa", Role::Write), ("sre", Role::Admin)];
    for (slug, role) in teams {
        let (_, team) = state.team_named("acme", slug).ok_or_else(Refusal::not_found)?;
        let team = team.id;
        state.add_repo_team(repo, team, role)?;
    }
    Ok(())
}

fn register(state: &mut State, org: Id, secret: String) -> Result<(), Refusal> {
    let manifest: Manifest = serde_yaml::from_str(MANIFEST)
        .map_err(|error| Refusal::new(500, format!("The App's manifest: {error}")))?;
    let private_key = keys::private_key()
        .map_err(|error| Refusal::new(500, format!("The App's key: {error}")))?;
    let bot = state.add_account("usher[bot]", "usher[bot]", AccountKind::Bot);
    let (app, installation, hook_id) = (state.new_id(), state.new_id(), state.new_id());
    let now = state.now();
    let (permissions, events) = (manifest.default_permissions, manifest.default_events);
    state.apps.insert(
        app,
        App {
            id: app,
            slug: "usher".to_owned(),
            name: manifest.name,
            description: manifest.description,
            client_id: format!("Iv23li{app:014}"),
            owner: org,
            bot,
            permissions: permissions.clone(),
            events: events.clone(),
            webhook_secret: secret,
            hook_id,
            private_key,
            created_at: now,
        },
    );
    state.installations.insert(
        installation,
        Installation {
            id: installation,
            app,
            account: org,
            selected: None,
            permissions,
            events,
            suspended_at: None,
            created_at: now,
            updated_at: now,
        },
    );
    Ok(())
}

/// Puts files into an empty repository, as the first commit of its default branch.
pub(crate) fn commit(
    state: &mut State,
    actor: Actor,
    repo: Id,
    files: &[File],
    message: &str,
) -> Result<Oid, Refusal> {
    let git = state.git(repo)?;
    let mut edits = BTreeMap::new();
    for file in files {
        let mode = if file.executable { 0o100_755 } else { 0o100_644 };
        edits.insert(file.path.clone(), Some((mode, git.write_blob(&file.bytes)?)));
    }
    let tree = git.edit_tree(None, &edits)?;
    let person = state.person(actor);
    let commit = git.write_commit(&NewCommit {
        tree,
        parents: &[],
        message,
        author: &person,
        committer: &person,
    })?;
    let branch = state.repo(repo)?.default_branch.clone();
    git.set_reference(&format!("refs/heads/{branch}"), commit)?;
    Ok(commit)
}

fn release(state: &mut State, author: Id, repo: Id, commit: Oid, tag: &str) -> Result<(), Refusal> {
    state.git(repo)?.set_reference(&format!("refs/tags/{tag}"), commit)?;
    let id = state.new_id();
    let now = state.now();
    let release = Release {
        id,
        tag: tag.to_owned(),
        target: "main".to_owned(),
        name: Some(tag.to_owned()),
        body: Some("The boutique opens.".to_owned()),
        draft: false,
        prerelease: false,
        author,
        created_at: now,
        published_at: Some(now),
        updated_at: now,
        latest: true,
        reactions: Vec::new(),
    };
    state.repo_mut(repo)?.releases.insert(id, release);
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::sandbox::folder::Folder;
    use crate::sandbox::gitops::{CONFIGURATION, demo};
    use crate::sandbox::state::{NewPull, Push, Surroundings};

    const EVENTS: [&str; 14] = [
        "deployment",
        "deployment_status",
        "issue_comment",
        "issues",
        "label",
        "member",
        "membership",
        "organization",
        "pull_request_review",
        "pull_request_review_comment",
        "status",
        "team",
        "delete",
        "workflow_run",
    ];

    /// A state as the box starts with it, and the folder in which its objects are.
    pub(crate) fn seeded() -> (State, Folder) {
        let folder = Folder::open(None).unwrap();
        let around = Surroundings {
            now: Arc::new(|| "2026-11-20T12:00:00Z".parse().unwrap()),
            root: folder.path().join("git"),
            url: "http://box".to_owned(),
            ..Surroundings::default()
        };
        let mut state = State::new(around);
        seed(&mut state, &demo(), "secret".to_owned()).unwrap();
        // An App that is told of everything: what is sent can be looked at then.
        for installation in state.installations.values_mut() {
            installation.events.extend(EVENTS.map(str::to_owned));
        }
        (state, folder)
    }

    /// Somebody in the seeded box.
    pub(crate) fn person(state: &State, login: &str) -> Actor {
        Actor::person(state.account_named(login).unwrap().id)
    }

    /// The repository that is seeded.
    pub(crate) fn demo_repo(state: &State) -> Id {
        state.repo_named("acme", "microservices-demo").unwrap().id
    }

    /// Puts a file on a branch, which is made from the default branch where it does not exist.
    pub(crate) fn put(state: &mut State, login: &str, branch: &str, path: &str, text: &str) -> Oid {
        let (actor, repo) = (person(state, login), demo_repo(state));
        let git = state.git(repo).unwrap();
        let tip = git.branch(branch).or_else(|| git.branch("main")).unwrap();
        let edits = BTreeMap::from([(
            path.to_owned(),
            Some((0o100_644, git.write_blob(text.as_bytes()).unwrap())),
        )]);
        let author = state.person(actor);
        let commit = git
            .write_commit(&NewCommit {
                tree: git.edit_tree(git.tree_of(tip), &edits).unwrap(),
                parents: &[tip],
                message: &format!("Change {path}\n\nBecause."),
                author: &author,
                committer: &author,
            })
            .unwrap();
        let push =
            Push { reference: &format!("refs/heads/{branch}"), after: Some(commit), force: false };
        state.push(actor, repo, &push).unwrap();
        commit
    }

    /// Opens a pull request from a branch to `main`.
    pub(crate) fn offer(state: &mut State, login: &str, branch: &str) -> u64 {
        let (actor, repo) = (person(state, login), demo_repo(state));
        let new = NewPull {
            title: "A change",
            body: None,
            head: branch,
            base: "main",
            draft: false,
            maintainer_can_modify: true,
        };
        state.create_pull(actor, repo, &new).unwrap()
    }

    #[test]
    fn the_box_starts_as_promised() {
        let (state, _folder) = seeded();
        let repo = state.repo_named("acme", "microservices-demo").unwrap();
        let role = |login: &str| state.role(state.account_named(login).unwrap().id, repo.id);
        assert_eq!(role("ada"), Role::Write);
        assert_eq!(role("quinn"), Role::Write);
        assert_eq!(role("pat"), Role::Write);
        assert_eq!(role("sam"), Role::Admin);
        assert_eq!(role("eve"), Role::Read);
        let git = state.git(repo.id).unwrap();
        let tree = git.tree_of(git.branch("main").unwrap()).unwrap();
        for environment in ["dev", "staging", "prod"] {
            let path = format!("kustomize/{environment}/kustomization.yaml");
            let entry = git.entry(tree, &path).unwrap();
            let text = String::from_utf8(git.blob(entry.oid).unwrap()).unwrap();
            assert_eq!(text.matches("newTag: v1.0.0\n").count(), 9, "{path}");
            assert_eq!(text.matches("v1.0.").count(), 9, "{path}");
        }
        assert!(git.entry(tree, CONFIGURATION).is_some());
        assert_eq!(git.resolve("v1.0.0"), git.branch("main"));
    }
}
