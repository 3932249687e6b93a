//! Repositories: made, renamed, given to people and teams.
//! It does not know their object store, beyond that there is one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{Actor, State};
use crate::sandbox::git::Git;
use crate::sandbox::gitops::File;
use crate::sandbox::model::{Id, Label, Repo, Role};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::seed;

/// A repository that is to be.
#[derive(Clone, Debug)]
pub(crate) struct NewRepo<'a> {
    pub(crate) owner: Id,
    pub(crate) name: &'a str,
    pub(crate) description: Option<&'a str>,
    pub(crate) private: bool,
    pub(crate) default_branch: &'a str,
    /// The repository of which it is a fork.
    pub(crate) parent: Option<Id>,
}

/// The labels that GitHub puts into every new repository.
const LABELS: [(&str, &str, &str); 9] = [
    ("bug", "d73a4a", "Something isn't working"),
    ("documentation", "0075ca", "Improvements or additions to documentation"),
    ("duplicate", "cfd3d7", "This issue or pull request already exists"),
    ("enhancement", "a2eeef", "New feature or request"),
    ("good first issue", "7057ff", "Good for newcomers"),
    ("help wanted", "008672", "Extra attention is needed"),
    ("invalid", "e4e669", "This doesn't seem right"),
    ("question", "d876e3", "Further information is requested"),
    ("wontfix", "ffffff", "This will not be worked on"),
];

impl State {
    /// Makes an empty repository.
    /// <https://docs.github.com/en/rest/repos/repos#create-an-organization-repository>
    pub(crate) fn create_repo(&mut self, actor: Actor, new: &NewRepo<'_>) -> Result<Id, Refusal> {
        check_name(new.name)?;
        let taken = self.repo_named(self.login(new.owner), new.name).is_some();
        if taken {
            return Err(Refusal::custom("Repository", "name already exists on this account"));
        }
        let id = self.new_id();
        let network =
            new.parent.map_or(Ok(id), |parent| self.repo(parent).map(|repo| repo.network))?;
        let labels = LABELS
            .map(|(name, color, description)| Label {
                id: self.new_id(),
                name: name.to_owned(),
                color: color.to_owned(),
                description: Some(description.to_owned()),
                default: true,
            })
            .to_vec();
        let now = self.now();
        let repo = Repo {
            id,
            owner: new.owner,
            name: new.name.to_owned(),
            description: new.description.map(str::to_owned),
            private: new.private,
            archived: false,
            default_branch: new.default_branch.to_owned(),
            parent: new.parent,
            network,
            created_at: now,
            updated_at: now,
            pushed_at: now,
            delete_branch_on_merge: false,
            former_names: BTreeSet::new(),
            collaborators: BTreeMap::new(),
            teams: BTreeMap::new(),
            labels,
            protections: BTreeMap::new(),
            verified: BTreeSet::new(),
            last_number: 0,
            issues: BTreeMap::new(),
            releases: BTreeMap::new(),
            check_suites: BTreeMap::new(),
            check_runs: BTreeMap::new(),
            statuses: Vec::new(),
            deployments: BTreeMap::new(),
            rulesets: BTreeMap::new(),
            queues: BTreeMap::new(),
            async_merges: Vec::new(),
            waiting: Vec::new(),
        };
        self.repos.insert(id, repo);
        if network == id {
            Git::create(&self.around.root, self.repo(id)?)?;
        }
        self.emit(id, actor, "repository", Some("created"), json!({}));
        self.cover_new_repo(actor, id)?;
        Ok(id)
    }

    /// Gives a repository another name; the old one leads there from now on.
    pub(crate) fn rename_repo(
        &mut self,
        actor: Actor,
        repo: Id,
        name: &str,
    ) -> Result<(), Refusal> {
        check_name(name)?;
        let (owner, old) = {
            let repo = self.repo(repo)?;
            (self.login(repo.owner).to_owned(), repo.name.clone())
        };
        if self.repo_named(&owner, name).is_some_and(|other| other.id != repo) {
            return Err(Refusal::custom("Repository", "name already exists on this account"));
        }
        let renamed = self.repo_mut(repo)?;
        renamed.former_names.insert(format!("{owner}/{old}").to_lowercase());
        name.clone_into(&mut renamed.name);
        let changes = json!({"changes": {"repository": {"name": {"from": old}}}});
        self.emit(repo, actor, "repository", Some("renamed"), changes);
        Ok(())
    }

    /// Gives a repository its first commit, a README.
    pub(crate) fn begin_repo(&mut self, actor: Actor, repo: Id) -> Result<(), Refusal> {
        let readme = File {
            path: "README.md".to_owned(),
            bytes: format!("# {}\n", self.repo(repo)?.name).into_bytes(),
            executable: false,
        };
        let first = seed::commit(self, actor, repo, &[readme], "Initial commit")?;
        let branch = format!("refs/heads/{}", self.repo(repo)?.default_branch);
        self.moved(actor, repo, &branch, None, Some(first))
    }

    /// Chooses another default branch.
    pub(crate) fn set_default_branch(
        &mut self,
        actor: Actor,
        repo: Id,
        branch: &str,
    ) -> Result<(), Refusal> {
        let old = self.repo(repo)?.default_branch.clone();
        if old == branch {
            return Ok(());
        }
        if self.git(repo)?.branch(branch).is_none() {
            return Err(Refusal::custom(
                "Repository",
                format!(
                    "The branch {branch} was not found. Please push that ref first or create it via the Git Data API."
                ),
            ));
        }
        branch.clone_into(&mut self.repo_mut(repo)?.default_branch);
        let changes = json!({"changes": {"default_branch": {"from": old}}});
        self.emit(repo, actor, "repository", Some("edited"), changes);
        Ok(())
    }

    /// Makes a repository private or public.
    pub(crate) fn set_private(
        &mut self,
        actor: Actor,
        repo: Id,
        private: bool,
    ) -> Result<(), Refusal> {
        let changed = self.repo_mut(repo)?;
        if std::mem::replace(&mut changed.private, private) != private {
            let action = if private { "privatized" } else { "publicized" };
            self.emit(repo, actor, "repository", Some(action), json!({}));
        }
        Ok(())
    }

    /// Makes a repository read-only, or writable again.
    pub(crate) fn set_archived(
        &mut self,
        actor: Actor,
        repo: Id,
        archived: bool,
    ) -> Result<(), Refusal> {
        let changed = self.repo_mut(repo)?;
        if std::mem::replace(&mut changed.archived, archived) != archived {
            let action = if archived { "archived" } else { "unarchived" };
            self.emit(repo, actor, "repository", Some(action), json!({}));
        }
        Ok(())
    }

    /// Removes a repository with everything in it.
    pub(crate) fn delete_repo(&mut self, actor: Actor, repo: Id) -> Result<(), Refusal> {
        self.repo(repo)?;
        self.emit(repo, actor, "repository", Some("deleted"), json!({}));
        self.repos.remove(&repo);
        let issues = self.repos.values_mut().flat_map(|other| other.issues.values_mut());
        for pull in issues.filter_map(|issue| issue.pull.as_mut()) {
            pull.head.repo = pull.head.repo.filter(|head| *head != repo);
        }
        for installation in self.installations.values_mut() {
            if let Some(selected) = &mut installation.selected {
                selected.remove(&repo);
            }
        }
        Ok(())
    }

    /// Lets somebody into a repository with a role.
    pub(crate) fn add_collaborator(
        &mut self,
        repo: Id,
        person: Id,
        role: Role,
    ) -> Result<(), Refusal> {
        self.repo_mut(repo)?.collaborators.insert(person, role);
        Ok(())
    }

    /// Lets a team into a repository with a role.
    pub(crate) fn add_repo_team(&mut self, repo: Id, team: Id, role: Role) -> Result<(), Refusal> {
        self.repo_mut(repo)?.teams.insert(team, role);
        Ok(())
    }

    /// The repositories that somebody may see, in order of id.
    pub(crate) fn visible_repos(&self, person: Option<Id>) -> Vec<&Repo> {
        let seen = |repo: &&Repo| match person {
            Some(person) => self.role(person, repo.id) > Role::None,
            None => !repo.private,
        };
        self.repos.values().filter(seen).collect()
    }
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let sound = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let reserved = [".", ".."].contains(&name) || name.ends_with(".git");
    if name.is_empty() || name.len() > 100 || reserved || !name.chars().all(sound) {
        return Err(Refusal::invalid("Repository", "name", "invalid"));
    }
    Ok(())
}
