//! What is said to a deployment that waits for a protection rule of ours.
//!
//! <https://docs.github.com/en/rest/actions/workflow-runs#review-custom-deployment-protection-rules-for-a-workflow-run>

use http::{Method, StatusCode};
use serde_json::json;

use crate::fault::Fault;
use crate::github::Repo;
use crate::github::answer;
use crate::github::pace::Cost;
use crate::github::text::body;
use crate::model::write::DeploymentReview;

impl Repo {
    /// Says it. What is decided already, or waits no more, is left alone.
    pub async fn review_deployment(&self, review: &DeploymentReview) -> Result<(), Fault> {
        let mut said =
            json!({"environment_name": review.environment, "comment": body(&review.comment)});
        if let Some(approved) = review.approved {
            said["state"] = json!(if approved { "approved" } else { "rejected" });
        }
        let rest = format!("/actions/runs/{}/deployment_protection_rule", review.run);
        let path = self.path(rest);
        let (asked, raw) =
            self.line.try_write(Method::POST, &path, Some(&said), Cost::Write).await?;
        match raw.status {
            status if status.is_success() => Ok(()),
            StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY => {
                tracing::info!(run = review.run, %asked, "the deployment does not wait for us");
                Ok(())
            }
            _ => Err(answer::fault(&asked, &raw)),
        }
    }
}
