//! Custom deployment protection rules: a job that deploys waits for what an App says.
//! It does not run jobs.
//! <https://docs.github.com/en/actions/deployment/protecting-deployments/creating-custom-deployment-protection-rules>

use serde_json::{Value, json};

use super::{Actor, Deployed, NewDeployment, State};
use crate::sandbox::model::Id;
use crate::sandbox::model::rules::WaitingDeployment;
use crate::sandbox::refusal::Refusal;

impl State {
    /// A workflow run wants to deploy a commit into an environment that a protection rule guards; gives the run.
    pub(crate) fn await_deployment(
        &mut self,
        actor: Actor,
        repo: Id,
        git_ref: &str,
        environment: &str,
    ) -> Result<Id, Refusal> {
        let new = NewDeployment {
            git_ref,
            task: "deploy",
            environment,
            description: None,
            payload: json!({}),
            transient: false,
            production: false,
            auto_merge: false,
            required: Some(Vec::new()),
        };
        let Deployed::Made(deployment) = self.create_deployment(actor, repo, new)? else {
            return Err(Refusal::unprocessable("The deployment was not made"));
        };
        let run = self.new_id();
        let waiting = WaitingDeployment {
            run,
            environment: environment.to_owned(),
            deployment,
            reviews: Vec::new(),
        };
        self.repo_mut(repo)?.waiting.push(waiting);
        let seen = self.repo(repo)?;
        let made = self.deployment(repo, deployment)?;
        let numbers: Vec<u64> =
            self.pulls_at(repo, &made.sha).into_iter().map(|issue| issue.number).collect();
        let pulls: Result<Vec<Value>, Refusal> =
            numbers.into_iter().map(|number| self.full_pull_json(repo, number)).collect();
        let url = format!("{}/actions/runs/{run}/deployment_protection_rule", self.repo_url(seen));
        let body = json!({
            "environment": environment,
            "event": "push",
            "sha": made.sha,
            "ref": format!("refs/heads/{git_ref}"),
            "deployment_callback_url": url,
            "deployment": self.deployment_json(seen, made),
            "pull_requests": pulls?,
        });
        self.emit(repo, actor, "deployment_protection_rule", Some("requested"), body);
        Ok(run)
    }

    /// What an App says to a deployment that waits. Nothing more can be said once it is decided.
    pub(crate) fn review_deployment(
        &mut self,
        repo: Id,
        run: Id,
        environment: &str,
        state: Option<&str>,
        comment: &str,
    ) -> Result<(), Refusal> {
        let mut all = self.repo_mut(repo)?.waiting.iter_mut();
        let waiting = all
            .find(|one| one.run == run && one.environment == environment)
            .ok_or_else(Refusal::not_found)?;
        if waiting.reviews.iter().any(|(state, _)| state.is_some()) {
            return Err(Refusal::unprocessable(
                "There are no pending deployment protection rules to approve or reject",
            ));
        }
        waiting.reviews.push((state.map(str::to_owned), comment.to_owned()));
        Ok(())
    }
}
