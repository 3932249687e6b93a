//! Deployments and how they go.
//! It does not know who may deploy.
//! <https://docs.github.com/en/rest/deployments/deployments>, <https://docs.github.com/en/rest/deployments/statuses>,
//! <https://docs.github.com/en/webhooks/webhook-events-and-payloads#deployment>

use std::collections::BTreeMap;

use git2::Oid;
use serde_json::{Value, json};

use super::{Actor, Push, State, combined, newest};
use crate::sandbox::git::NewCommit;
use crate::sandbox::model::{Deployment, DeploymentStatus, Id};
use crate::sandbox::refusal::Refusal;

/// A deployment that is to be.
#[derive(Clone, Debug)]
pub(crate) struct NewDeployment<'a> {
    /// Branch, tag or SHA.
    pub(crate) git_ref: &'a str,
    pub(crate) task: &'a str,
    pub(crate) environment: &'a str,
    pub(crate) description: Option<&'a str>,
    pub(crate) payload: Value,
    pub(crate) transient: bool,
    pub(crate) production: bool,
    /// Whether a branch that lacks commits of the default branch gets them first.
    pub(crate) auto_merge: bool,
    /// What has to be green; `None` is everything that there is.
    pub(crate) required: Option<Vec<String>>,
}

/// A status that is to be.
#[derive(Clone, Debug)]
pub(crate) struct NewDeploymentStatus<'a> {
    pub(crate) state: &'a str,
    pub(crate) description: Option<&'a str>,
    pub(crate) environment: Option<&'a str>,
    pub(crate) environment_url: Option<&'a str>,
    pub(crate) log_url: Option<&'a str>,
    /// Whether success makes the deployments before it inactive.
    pub(crate) auto_inactive: bool,
}

/// What can be asked of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deployed {
    /// It was made.
    Made(Id),
    /// The default branch was merged into the branch instead: ask again.
    Merged(String),
}

const STATES: [&str; 7] =
    ["error", "failure", "inactive", "in_progress", "queued", "pending", "success"];
/// GitHub's limit for a description.
const LONGEST: usize = 140;

impl State {
    /// Makes a deployment.
    pub(crate) fn create_deployment(
        &mut self,
        actor: Actor,
        repo: Id,
        new: NewDeployment<'_>,
    ) -> Result<Deployed, Refusal> {
        let git = self.git(repo)?;
        let Some(commit) = git.resolve(new.git_ref) else {
            return Err(Refusal::unprocessable(format!("No ref found for: {}", new.git_ref)));
        };
        check_description("Deployment", new.description)?;
        if new.auto_merge
            && let Some(message) = self.catch_up(actor, repo, new.git_ref)?
        {
            return Ok(Deployed::Merged(message));
        }
        let sha = commit.to_string();
        if !self.green(repo, &sha, new.required.as_deref())? {
            return Err(Refusal::new(
                409,
                format!("Conflict: Commit status checks failed for {}.", new.git_ref),
            ));
        }
        let (id, now) = (self.new_id(), self.now());
        let deployment = Deployment {
            id,
            sha,
            git_ref: new.git_ref.to_owned(),
            task: new.task.to_owned(),
            environment: new.environment.to_owned(),
            original_environment: new.environment.to_owned(),
            description: new.description.map(str::to_owned),
            payload: new.payload,
            transient: new.transient,
            production: new.production,
            creator: actor.account,
            app: actor.app,
            created_at: now,
            updated_at: now,
            statuses: Vec::new(),
        };
        let seen = self.repo(repo)?;
        let body = json!({
            "deployment": self.deployment_json(seen, &deployment),
            "workflow": null,
            "workflow_run": null,
        });
        self.repo_mut(repo)?.deployments.insert(id, deployment);
        self.emit(repo, actor, "deployment", Some("created"), body);
        Ok(Deployed::Made(id))
    }

    /// Merges the default branch into a branch that lacks some of it, and says so.
    fn catch_up(
        &mut self,
        actor: Actor,
        repo: Id,
        branch: &str,
    ) -> Result<Option<String>, Refusal> {
        let git = self.git(repo)?;
        let main = self.repo(repo)?.default_branch.clone();
        let (Some(head), Some(base)) = (git.branch(branch), git.branch(&main)) else {
            return Ok(None);
        };
        if git.contains(head, base) {
            return Ok(None);
        }
        let conflict = || Refusal::new(409, format!("Conflict merging {main} into {branch}."));
        let tree = git.merged_tree(head, base)?.ok_or_else(conflict)?;
        let merged: Oid = git.write_commit(&NewCommit {
            tree,
            parents: &[head, base],
            message: &format!("Merge branch '{main}' into {branch}"),
            author: &self.person(actor),
            committer: &self.web_flow(),
        })?;
        let push =
            Push { reference: &format!("refs/heads/{branch}"), after: Some(merged), force: false };
        self.push(actor, repo, &push)?;
        Ok(Some(format!("Auto-merged {main} into {branch} on deployment.")))
    }

    /// Whether the required checks and statuses of a commit have passed.
    fn green(&self, repo: Id, sha: &str, required: Option<&[String]>) -> Result<bool, Refusal> {
        let repo = self.repo(repo)?;
        let runs = repo.check_runs.values().filter(|run| run.head_sha == sha);
        let runs = newest(runs.collect()).into_iter().map(|run| {
            let passed = ["success", "neutral", "skipped"];
            let conclusion = run.conclusion.as_deref();
            (run.name.as_str(), conclusion.is_some_and(|word| passed.contains(&word)))
        });
        let (statuses, _) = combined(repo, sha);
        let statuses =
            statuses.into_iter().map(|status| (status.context.as_str(), status.state == "success"));
        let mut passed: BTreeMap<&str, bool> = BTreeMap::new();
        for (name, green) in runs.chain(statuses) {
            let all = passed.entry(name).or_insert(true);
            *all = *all && green;
        }
        Ok(match required {
            None => passed.values().all(|green| *green),
            Some(names) => names.iter().all(|name| passed.get(name.as_str()) == Some(&true)),
        })
    }

    /// Says how a deployment goes.
    pub(crate) fn create_deployment_status(
        &mut self,
        actor: Actor,
        repo: Id,
        id: Id,
        new: &NewDeploymentStatus<'_>,
    ) -> Result<Id, Refusal> {
        if !STATES.contains(&new.state) {
            return Err(Refusal::invalid("DeploymentStatus", "state", "inclusion"));
        }
        check_description("DeploymentStatus", new.description)?;
        let environment =
            new.environment.unwrap_or(&self.deployment(repo, id)?.environment).to_owned();
        let status = self.put_status(actor, repo, id, new, &environment)?;
        if new.state == "success" && new.auto_inactive {
            self.retire_before(actor, repo, id, &environment)?;
        }
        Ok(status)
    }

    fn put_status(
        &mut self,
        actor: Actor,
        repo: Id,
        id: Id,
        new: &NewDeploymentStatus<'_>,
        environment: &str,
    ) -> Result<Id, Refusal> {
        let (status_id, now) = (self.new_id(), self.now());
        let status = DeploymentStatus {
            id: status_id,
            state: new.state.to_owned(),
            description: new.description.map(str::to_owned),
            environment: environment.to_owned(),
            environment_url: new.environment_url.map(str::to_owned),
            log_url: new.log_url.map(str::to_owned),
            creator: actor.account,
            app: actor.app,
            created_at: now,
        };
        let deployments = &mut self.repo_mut(repo)?.deployments;
        let deployment = deployments.get_mut(&id).ok_or_else(Refusal::not_found)?;
        environment.clone_into(&mut deployment.environment);
        deployment.updated_at = now;
        deployment.statuses.push(status.clone());
        let (seen, deployment) = (self.repo(repo)?, self.deployment(repo, id)?);
        let body = json!({
            "deployment_status": self.deployment_status_json(seen, id, &status),
            "deployment": self.deployment_json(seen, deployment),
            "check_run": null,
            "workflow": null,
            "workflow_run": null,
        });
        self.emit(repo, actor, "deployment_status", Some("created"), body);
        Ok(status_id)
    }

    /// A success makes what was successful there before inactive, unless it is transient or production.
    fn retire_before(
        &mut self,
        actor: Actor,
        repo: Id,
        id: Id,
        environment: &str,
    ) -> Result<(), Refusal> {
        let retired: Vec<Id> = self
            .repo(repo)?
            .deployments
            .range(..id)
            .map(|(_, one)| one)
            .filter(|one| one.environment == environment && !one.transient && !one.production)
            .filter(|one| one.statuses.last().is_some_and(|last| last.state == "success"))
            .map(|one| one.id)
            .collect();
        let inactive = NewDeploymentStatus {
            state: "inactive",
            description: None,
            environment: None,
            environment_url: None,
            log_url: None,
            auto_inactive: false,
        };
        for old in retired {
            self.put_status(actor, repo, old, &inactive, environment)?;
        }
        Ok(())
    }

    /// Removes a deployment; an active one only where there is no other.
    pub(crate) fn delete_deployment(&mut self, repo: Id, id: Id) -> Result<(), Refusal> {
        let inactive =
            self.deployment(repo, id)?.statuses.last().is_some_and(|last| last.state == "inactive");
        let deployments = &mut self.repo_mut(repo)?.deployments;
        if !inactive && deployments.len() > 1 {
            return Err(Refusal::unprocessable(
                "We cannot delete an active deployment unless it is the only deployment in a given environment.",
            ));
        }
        deployments.remove(&id);
        Ok(())
    }

    /// A deployment by id.
    pub(crate) fn deployment(&self, repo: Id, id: Id) -> Result<&Deployment, Refusal> {
        let deployments = &self.repo(repo)?.deployments;
        deployments.get(&id).ok_or_else(Refusal::not_found)
    }
}

fn check_description(resource: &str, description: Option<&str>) -> Result<(), Refusal> {
    if description.unwrap_or_default().chars().count() > LONGEST {
        return Err(Refusal::custom(
            resource,
            format!("description is too long (maximum is {LONGEST} characters)"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::seed::tests::seeded;
    use crate::sandbox::state::NewStatus;

    fn wanted(environment: &str, required: Option<Vec<String>>) -> NewDeployment<'_> {
        NewDeployment {
            git_ref: "main",
            task: "deploy",
            environment,
            description: None,
            payload: json!({}),
            transient: false,
            production: environment == "production",
            auto_merge: false,
            required,
        }
    }

    fn success<'a>() -> NewDeploymentStatus<'a> {
        NewDeploymentStatus {
            state: "success",
            description: None,
            environment: None,
            environment_url: None,
            log_url: None,
            auto_inactive: true,
        }
    }

    #[test]
    fn a_success_retires_the_one_before_but_not_in_production() {
        let (mut state, _folder) = seeded();
        let ada = Actor::person(state.account_named("ada").unwrap().id);
        let repo = state.repo_named("acme", "microservices-demo").unwrap().id;
        let mut deploy = |environment: &str| {
            let made = state.create_deployment(ada, repo, wanted(environment, None)).unwrap();
            let Deployed::Made(id) = made else { panic!("{made:?}") };
            state.create_deployment_status(ada, repo, id, &success()).unwrap();
            id
        };
        let (staging, other, live) = (deploy("staging"), deploy("dev"), deploy("production"));
        let (newer, _) = (deploy("staging"), deploy("production"));
        let last =
            |id: Id| state.deployment(repo, id).unwrap().statuses.last().unwrap().state.clone();
        assert_eq!(last(staging), "inactive");
        assert_eq!([last(other), last(live), last(newer)], ["success", "success", "success"]);
    }

    #[test]
    fn what_is_required_has_to_be_green() {
        let (mut state, _folder) = seeded();
        let ada = Actor::person(state.account_named("ada").unwrap().id);
        let repo = state.repo_named("acme", "microservices-demo").unwrap().id;
        let sha = state.git(repo).unwrap().branch("main").unwrap().to_string();
        let set = |state: &mut State, word: &str| {
            let new = NewStatus {
                sha: &sha,
                state: word,
                context: "ci",
                description: None,
                target_url: None,
            };
            state.create_status(ada, repo, &new).unwrap();
        };
        set(&mut state, "pending");
        let refused = state.create_deployment(ada, repo, wanted("dev", None)).unwrap_err();
        assert_eq!(refused.status, 409);
        assert!(state.create_deployment(ada, repo, wanted("dev", Some(Vec::new()))).is_ok());
        set(&mut state, "success");
        assert!(state.create_deployment(ada, repo, wanted("dev", None)).is_ok());
        let absent = Some(vec!["lint".to_owned()]);
        assert_eq!(
            state.create_deployment(ada, repo, wanted("dev", absent)).unwrap_err().status,
            409
        );
    }
}
