//! What machines do on the stage: other Apps than Usher report on commits, and deploy them.

use serde_json::{Value, json};

use super::{DEMO, Stage};

impl Stage {
    /// An App makes a check run on a commit of a repository, and all that follows is done. `more`: what it says
    /// besides, such as its conclusion.
    pub async fn report_in(&self, repo: &str, app: &str, sha: &str, name: &str, more: Value) {
        self.pass(1);
        let mut body = json!({"name": name, "head_sha": sha});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let token = self.github.token_of(app).unwrap();
        self.act(&token, "POST", &format!("/repos/{repo}/check-runs"), body).await;
        self.idle().await;
    }

    /// The same in the demo.
    pub async fn report(&self, app: &str, sha: &str, name: &str, more: Value) {
        self.report_in(DEMO, app, sha, name, more).await;
    }

    /// An App says how a check of the demo's ended.
    pub async fn concluded(&self, app: &str, sha: &str, name: &str, conclusion: &str) {
        self.report(app, sha, name, json!({"conclusion": conclusion})).await;
    }

    /// Somebody sets a status on a commit of a repository, by login or token, and all that follows is done.
    pub async fn status(
        &self,
        who: &str,
        repo: &str,
        sha: &str,
        (context, state, text): (&str, &str, &str),
    ) {
        self.pass(1);
        let body = json!({"context": context, "state": state, "description": text});
        self.act(who, "POST", &format!("/repos/{repo}/statuses/{sha}"), body).await;
        self.idle().await;
    }

    /// An App has deployed a commit of the demo's, or tried to.
    pub async fn deployed(&self, app: &str, sha: &str, environment: &str, state: &str) {
        self.pass(1);
        let token = self.github.token_of(app).unwrap();
        let body = json!({
            "ref": sha, "environment": environment, "auto_merge": false, "required_contexts": [],
        });
        let path = format!("/repos/{DEMO}/deployments");
        let deployment = self.act(&token, "POST", &path, body).await;
        let path = format!("{path}/{}/statuses", deployment["id"]);
        self.act(&token, "POST", &path, json!({"state": state})).await;
        self.idle().await;
    }

    /// The commit that the merge of a pull request of the demo's came to.
    pub async fn landed(&self, pr: u64) -> String {
        self.pull(pr).await["merge_commit_sha"].as_str().unwrap().to_owned()
    }
}
