//! Deployments, their statuses and environments as GitHub shows them.
//! It does not know who may deploy.
//! <https://docs.github.com/en/rest/deployments/deployments>, <https://docs.github.com/en/rest/deployments/environments>

use serde_json::{Value, json};

use super::{node, time};
use crate::sandbox::model::{Deployment, DeploymentStatus, Id, Repo};
use crate::sandbox::state::State;

impl State {
    /// A deployment.
    pub(crate) fn deployment_json(&self, repo: &Repo, deployment: &Deployment) -> Value {
        let base = self.repo_url(repo);
        let url = format!("{base}/deployments/{}", deployment.id);
        json!({
            "url": url,
            "id": deployment.id,
            "node_id": node("Deployment", deployment.id),
            "sha": deployment.sha,
            "ref": deployment.git_ref,
            "task": deployment.task,
            "payload": deployment.payload,
            "original_environment": deployment.original_environment,
            "environment": deployment.environment,
            "description": deployment.description,
            "creator": self.account_json(deployment.creator),
            "created_at": time(deployment.created_at),
            "updated_at": time(deployment.updated_at),
            "statuses_url": format!("{url}/statuses"),
            "repository_url": base,
            "transient_environment": deployment.transient,
            "production_environment": deployment.production,
            "performed_via_github_app": self.app_or_null(deployment.app),
        })
    }

    /// How a deployment went at some time.
    pub(crate) fn deployment_status_json(
        &self,
        repo: &Repo,
        deployment: Id,
        status: &DeploymentStatus,
    ) -> Value {
        let base = self.repo_url(repo);
        let url = format!("{base}/deployments/{deployment}");
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        json!({
            "url": format!("{url}/statuses/{}", status.id),
            "id": status.id,
            "node_id": node("DeploymentStatus", status.id),
            "state": status.state,
            "creator": self.account_json(status.creator),
            "description": text(&status.description),
            "environment": status.environment,
            "target_url": text(&status.log_url),
            "created_at": time(status.created_at),
            "updated_at": time(status.created_at),
            "deployment_url": url,
            "repository_url": base,
            "environment_url": text(&status.environment_url),
            "log_url": text(&status.log_url),
            "performed_via_github_app": self.app_or_null(status.app),
        })
    }

    /// An environment; `first` is the deployment that brought it about.
    pub(crate) fn environment_json(&self, repo: &Repo, name: &str, first: &Deployment) -> Value {
        json!({
            "id": first.id,
            "node_id": node("Environment", first.id),
            "name": name,
            "url": format!("{}/environments/{name}", self.repo_url(repo)),
            "html_url": format!("{}/deployments/{name}", self.repo_html(repo)),
            "created_at": time(first.created_at),
            "updated_at": time(first.created_at),
            "protection_rules": [],
            "deployment_branch_policy": null,
        })
    }
}
