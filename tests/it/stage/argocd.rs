//! The Argo CD of the stage: the bot's way to it, and what is done to Applications.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde_json::Value;
use usher::argocd::{Allowed, Server};
use usher::reach::{Options, Origin};
use usher::sandbox::ApplicationChange;

use super::Stage;

/// The Application of an environment of the demo.
pub fn application(environment: &str) -> String {
    format!("{environment}-microservices-demo")
}

impl Stage {
    /// What the bot is told of the sandbox's Argo CD: it is the server `main`, and the demo may name its own.
    pub fn argocd(&self) -> BTreeMap<String, Server> {
        let (origin, _) = Origin::of_url(&self.github.argocd_url()).unwrap();
        let mut reach = Options::new(origin);
        reach.private = true;
        let allowed = Allowed {
            repository: "acme/microservices-demo".to_owned(),
            applications: vec!["*-microservices-demo".to_owned()],
        };
        let server = Server {
            reach,
            base: String::new(),
            token: SecretString::from(self.github.argocd_token("usher").unwrap()),
            namespace: None,
            project: None,
            allow: vec![allowed],
        };
        BTreeMap::from([("main".to_owned(), server)])
    }

    /// Makes an environment's Application healthy or ill.
    pub fn set_health(&self, environment: &str, health: &str) {
        let change = ApplicationChange { health: Some(health.to_owned()), ..Default::default() };
        self.change(environment, &change);
    }

    /// Makes an environment's Application what somebody says.
    pub fn change(&self, environment: &str, change: &ApplicationChange) {
        self.github.change_application(&application(environment), change).unwrap();
    }

    /// An environment's Application, as its Argo CD tells it.
    pub async fn live(&self, environment: &str) -> Value {
        let token = self.github.argocd_token("admin").unwrap();
        let path = format!("/api/v1/applications/{}", application(environment));
        let (status, one) = self.argo(&token, "GET", &path, None).await;
        assert_eq!(status, 200, "{one}");
        one
    }

    /// What was written to the Argo CD by the bot: method, path and body, with what was answered.
    pub fn written(&self) -> Vec<(String, String, Value, u16)> {
        let all = self.github.argocd_requests().into_iter();
        all.filter(|one| one.method != "GET" && one.who.as_deref() == Some("usher"))
            .map(|one| (one.method, one.path, one.body, one.status))
            .collect()
    }

    /// The bot's comments on a pull request that begin with this hidden line, or with what it begins with.
    pub async fn comments_of(&self, pr: u64, marker: &str) -> Vec<String> {
        let comments = self.comments(super::DEMO, pr).await.into_iter();
        let ours =
            comments.filter(|(login, body)| login == "usher[bot]" && body.starts_with(marker));
        ours.map(|(_, body)| body).collect()
    }

    /// What the one comment on a pull request tells of Argo CD.
    pub async fn told_of_argocd(&self, pr: u64) -> String {
        let told = self.comments_of(pr, "<!-- usher:argocd -->").await;
        assert_eq!(told.len(), 1, "comments on #{pr}: {told:?}");
        told[0].clone()
    }

    /// Lets a few seconds pass at a time until that is told of Argo CD.
    pub async fn until_told(&self, pr: u64, wanted: &str) -> String {
        for _ in 0..60 {
            let told = self.comments_of(pr, "<!-- usher:argocd -->").await;
            if told.iter().any(|told| told.contains(wanted)) {
                return self.told_of_argocd(pr).await;
            }
            self.travel(2).await;
        }
        panic!(
            "not told of #{pr}: {wanted:?} in {:?}\n{}",
            self.comments(super::DEMO, pr).await,
            self.troubles().await
        );
    }

    /// Asks the sandbox's Argo CD for something; gives status and body.
    pub async fn argo(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("{}{path}", self.github.argocd_url());
        let mut request = self.client.request(method, url);
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }
}
