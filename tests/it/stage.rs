//! The whole bot on the whole sandbox, over real HTTP on free ports: what the end-to-end tests play on.
//!
//! There are no sleeps for luck: `idle` asks the sandbox and the bot's own store.

pub mod argocd;
pub mod machines;
pub mod people;
pub mod story;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use usher::app::{self, Role};
use usher::model::clock::Clock;
use usher::model::ids::AppId;
use usher::sandbox::{self, Options};
use usher::settings::{GitHubSettings, OperatorFile, Settings};
use usher::store::{Job, JobFilter, JobState, Store};

/// The repository that the sandbox starts with.
pub const DEMO: &str = "acme/microservices-demo";

fn later(seconds: i64) -> jiff::Timestamp {
    app::clock().now() + jiff::SignedDuration::from_secs(seconds)
}

/// A sandbox and the bot installed in it.
pub struct Stage {
    pub github: sandbox::Running,
    bot: Option<app::Running>,
    store: Option<Store>,
    client: reqwest::Client,
    database: String,
    /// What the operator's file says.
    pub operator: OperatorFile,
    /// So many seconds GitHub's clock is ahead of the bot's.
    ahead: Arc<AtomicI64>,
    /// So many seconds both are ahead of the machine's.
    travelled: Arc<AtomicI64>,
    _folder: TempDir,
}

impl Stage {
    /// Sandbox and bot, at rest.
    pub async fn start() -> Self {
        let mut stage = Self::without_bot().await;
        stage.start_bot().await;
        stage.surveyed().await;
        stage
    }

    /// The sandbox alone.
    pub async fn without_bot() -> Self {
        Self::set_up(tempfile::tempdir().unwrap(), |_| ()).await
    }

    /// The sandbox alone, going on from what a folder has of an earlier life.
    pub async fn in_folder(folder: TempDir) -> Self {
        let data = folder.path().join("github");
        let begin = |options: &mut Options| (options.data, options.keep) = (Some(data), false);
        Self::set_up(folder, begin).await
    }

    /// The sandbox alone, with a GitOps repository of these files in the place of its own.
    pub async fn of_files(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (data, root) = (folder.path().join("github"), folder.path().join("gitops"));
        for (path, text) in files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let begin = |options: &mut Options| {
            (options.data, options.keep, options.gitops) = (Some(data), false, Some(root));
        };
        Self::set_up(folder, begin).await
    }

    /// The Git objects of the repository that a sandbox in a folder starts with.
    pub fn object_store(&self) -> git2::Repository {
        let all = std::fs::read_dir(self.folder().join("github/git")).unwrap();
        let mut all = all.map(|entry| entry.unwrap().path());
        git2::Repository::open_bare(all.next().unwrap()).unwrap()
    }

    /// Where all is that is kept.
    pub fn folder(&self) -> &Path {
        self._folder.path()
    }

    async fn set_up(folder: TempDir, set: impl FnOnce(&mut Options)) -> Self {
        let local = ([127, 0, 0, 1], 0).into();
        let (ahead, travelled) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
        let seconds = (ahead.clone(), travelled.clone());
        let mut options = Options::new(local, "127.0.0.1:9");
        set(&mut options);
        options.now = Arc::new(move || {
            let seconds = seconds.0.load(Ordering::SeqCst) + seconds.1.load(Ordering::SeqCst);
            later(seconds)
        });
        let github = sandbox::start(options).await.unwrap();
        let database = format!("sqlite:{}", folder.path().join("usher.db").display());
        Self {
            github,
            bot: None,
            store: None,
            client: reqwest::Client::new(),
            database,
            operator: OperatorFile::default(),
            ahead,
            travelled,
            _folder: folder,
        }
    }

    /// Starts the bot, with the memory that it had before.
    pub async fn start_bot(&mut self) {
        let settings = self.settings(self.github.api_url());
        let bot = app::start_at(settings, Role::All, self.clock()).await.unwrap();
        self.adopt(bot);
    }

    /// Takes a bot that was started otherwise; webhooks go to it.
    pub fn adopt(&mut self, bot: app::Running) {
        self.github.set_bot(&bot.address.to_string());
        self.bot = Some(bot);
    }

    /// What the bot is started with.
    pub fn settings(&self, api: String) -> Settings {
        Settings {
            listen: ([127, 0, 0, 1], 0).into(),
            url: Some("http://127.0.0.1".to_owned()),
            github: GitHubSettings {
                api,
                app: AppId(self.github.app_id),
                key: SecretString::from(self.github.private_key_pem.clone()),
            },
            webhook_secrets: vec![SecretString::from(self.github.webhook_secret.clone())],
            database: SecretString::from(self.database()),
            operator: OperatorFile { argocd: self.argocd(), ..self.operator.clone() },
            evidence_key: Some(self.folder().join("usher-evidence.key")),
            remarks: Vec::new(),
        }
    }

    /// Where the bot's memory lies.
    pub fn database(&self) -> String {
        self.database.clone()
    }

    /// Has the memory lie elsewhere.
    pub fn set_database(&mut self, url: &str) {
        url.clone_into(&mut self.database);
    }

    /// The bot's clock.
    pub fn clock(&self) -> Clock {
        let (now, passed) = (self.travelled.clone(), self.travelled.clone());
        let leapt =
            move || Duration::from_secs(u64::try_from(passed.load(Ordering::SeqCst)).unwrap_or(0));
        Clock::new(move || later(now.load(Ordering::SeqCst))).leaping(leapt)
    }

    /// Lets so many seconds pass for GitHub and the bot.
    pub fn leap(&self, seconds: i64) {
        self.travelled.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Lets so many seconds pass for GitHub and the bot, and waits until what fell due is done.
    pub async fn travel(&self, seconds: i64) {
        self.leap(seconds);
        self.idle().await;
    }

    /// The jobs that are due or will be in a moment, or that are tried again; without those that only look
    /// again some time later.
    pub async fn under_way(&self) -> Vec<Job> {
        let soon = self.clock().now() + jiff::SignedDuration::from_secs(60);
        let mut jobs = Vec::new();
        for state in [JobState::Waiting, JobState::Leased] {
            let filter = JobFilter { state: Some(state), ..JobFilter::default() };
            jobs.extend(self.store().jobs(&filter).await.unwrap());
        }
        jobs.retain(|job| job.attempts > 0 || job.due_at <= soon);
        jobs
    }

    /// Stops the bot as SIGTERM does.
    pub async fn stop_bot(&mut self) {
        if let Some(bot) = self.bot.take() {
            bot.stop().await;
        }
    }

    /// Opens the memory of a bot that runs as a process of its own.
    pub async fn open_store(&mut self) {
        let url = SecretString::from(self.database());
        let mut opened = Store::open(&url, self.clock(), app::entropy()).await;
        for _ in 0..5 {
            // Where many are opened at once, one may have to wait.
            if opened.is_err() {
                opened = Store::open(&url, self.clock(), app::entropy()).await;
            }
        }
        self.store = Some(opened.unwrap());
    }

    /// The bot's memory.
    pub fn store(&self) -> &Store {
        self.store.as_ref().or_else(|| self.bot.as_ref().map(app::Running::store)).unwrap()
    }

    /// Where the bot listens.
    pub fn bot_url(&self) -> String {
        format!("http://{}", self.bot.as_ref().unwrap().address)
    }

    /// Lets GitHub's clock, which tells whole seconds, go on by so many; back, if there is a minus.
    pub fn pass(&self, seconds: i64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Waits until the first sweep has looked at the repositories, and all that follows is done.
    pub async fn surveyed(&self) {
        self.until("the first survey", async || !self.store().repos().await.unwrap().is_empty())
            .await;
        self.idle().await;
    }

    /// Waits until no webhook is under way and the bot has nothing left to do.
    pub async fn idle(&self) {
        self.until("rest", async || self.at_rest().await).await;
    }

    /// Whether no webhook is under way and the bot has nothing left to do.
    pub async fn at_rest(&self) -> bool {
        let quiet = || self.github.webhooks_underway() == 0;
        quiet() && self.bot_rests().await && quiet()
    }

    /// Whether the bot has nothing left to do.
    pub async fn bot_rests(&self) -> bool {
        let idle = async || self.store().idle().await.unwrap();
        // What is put in while the question is on its way is due after the moment that it asks about: so it is asked twice.
        idle().await && idle().await
    }

    /// Waits for something to become so; fails loudly when it does not.
    pub async fn until(&self, what: &str, so: impl AsyncFn() -> bool) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(180);
        while !so().await {
            assert!(
                tokio::time::Instant::now() < deadline,
                "no {what} within three minutes:\n{}",
                self.troubles().await
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// What the bot's jobs complain of, for the message of a failing test.
    pub async fn troubles(&self) -> String {
        let jobs = self.store().jobs(&JobFilter::default()).await.unwrap();
        let lines = jobs.iter().filter_map(|job| {
            Some(format!("{:?} {} {}", job.state, job.intent, job.reason.as_ref()?))
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Calls the sandbox's API as somebody; gives status and body.
    pub async fn call(
        &self,
        login: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let url = format!("{}{path}", self.github.api_url());
        let mut request =
            self.client.request(method, url).bearer_auth(login).header("user-agent", "stage");
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// Reads something as `ada`.
    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("ada", "GET", path, None).await;
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    /// Writes something as somebody; it has to succeed.
    pub async fn act(&self, login: &str, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.call(login, method, path, Some(body)).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer
    }

    /// Publishes a release as `ada`, and waits until all that follows is done.
    pub async fn publish(&self, repo: &str, tag: &str) {
        self.publish_with(
            repo,
            json!({"tag_name": tag, "name": tag, "body": format!("What is new in {tag}.")}),
        )
        .await;
    }

    /// Publishes a release with everything said.
    pub async fn publish_with(&self, repo: &str, release: Value) {
        self.act("ada", "POST", &format!("/repos/{repo}/releases"), release).await;
        self.idle().await;
    }

    /// The pull requests of a repository, oldest first.
    pub async fn pulls(&self, repo: &str) -> Vec<Value> {
        let pulls = self
            .get(&format!("/repos/{repo}/pulls?state=all&sort=created&direction=asc&per_page=100"))
            .await;
        pulls.as_array().unwrap().clone()
    }

    /// The open pull requests' titles, oldest first.
    pub async fn open_titles(&self, repo: &str) -> Vec<String> {
        let pulls = self.pulls(repo).await;
        let open = pulls.iter().filter(|pull| pull["state"] == "open");
        open.map(|pull| pull["title"].as_str().unwrap().to_owned()).collect()
    }

    /// The one check run of that name on a commit, as `(conclusion, title, summary)`.
    pub async fn check(&self, repo: &str, sha: &str, name: &str) -> (String, String, String) {
        let runs = self.get(&format!("/repos/{repo}/commits/{sha}/check-runs")).await;
        let runs: Vec<_> = runs["check_runs"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|run| run["name"] == name)
            .cloned()
            .collect();
        assert_eq!(runs.len(), 1, "check runs {name} on {sha}: {runs:?}");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (
            text(&runs[0]["conclusion"]),
            text(&runs[0]["output"]["title"]),
            text(&runs[0]["output"]["summary"]),
        )
    }

    /// The comments of a pull request, as `(login, body)`.
    pub async fn comments(&self, repo: &str, number: u64) -> Vec<(String, String)> {
        let comments = self.get(&format!("/repos/{repo}/issues/{number}/comments")).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        comments
            .as_array()
            .unwrap()
            .iter()
            .map(|c| (text(&c["user"]["login"]), text(&c["body"])))
            .collect()
    }

    /// A file of a branch or commit.
    pub async fn file(&self, repo: &str, path: &str, at: &str) -> String {
        use base64::Engine as _;
        let file = self.get(&format!("/repos/{repo}/contents/{path}?ref={at}")).await;
        let content: String = file["content"].as_str().unwrap().split_whitespace().collect();
        String::from_utf8(base64::engine::general_purpose::STANDARD.decode(content).unwrap())
            .unwrap()
    }

    /// Commits a file to a branch as `sam`, whom the protection of `main` does not bind.
    pub async fn write_file(&self, repo: &str, branch: &str, path: &str, text: &str) -> String {
        use base64::Engine as _;
        let (_, old) = self
            .call("sam", "GET", &format!("/repos/{repo}/contents/{path}?ref={branch}"), None)
            .await;
        let mut body = json!({
            "message": format!("Write {path}"),
            "content": base64::engine::general_purpose::STANDARD.encode(text),
            "branch": branch,
        });
        if let Some(sha) = old["sha"].as_str() {
            body["sha"] = json!(sha);
        }
        let written = self.act("sam", "PUT", &format!("/repos/{repo}/contents/{path}"), body).await;
        written["commit"]["sha"].as_str().unwrap().to_owned()
    }

    /// Makes a branch at the head of another.
    pub async fn branch(&self, repo: &str, name: &str, from: &str) {
        let head = self.head(repo, from).await;
        self.act(
            "sam",
            "POST",
            &format!("/repos/{repo}/git/refs"),
            json!({"ref": format!("refs/heads/{name}"), "sha": head}),
        )
        .await;
    }

    /// The commit that a branch points to.
    pub async fn head(&self, repo: &str, branch: &str) -> String {
        self.get(&format!("/repos/{repo}/git/ref/heads/{branch}")).await["object"]["sha"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Opens a pull request to `main` as somebody, waits, and gives it back.
    pub async fn open_pull(&self, login: &str, repo: &str, head: &str) -> Value {
        let body =
            json!({"title": format!("Change {head}"), "head": head, "base": "main", "body": ""});
        let pull = self.act(login, "POST", &format!("/repos/{repo}/pulls"), body).await;
        self.idle().await;
        pull
    }

    /// Merges as an administrator, and waits.
    pub async fn merge(&self, repo: &str, number: u64) {
        self.act("sam", "PUT", &format!("/repos/{repo}/pulls/{number}/merge"), json!({})).await;
        self.idle().await;
    }

    /// The end of a test: the bot called nothing unknown, and gave nothing up.
    pub async fn finish(mut self) {
        self.idle().await;
        let unknown: Vec<_> =
            self.github.unknown_routes().iter().map(|seen| format!("{seen:?}")).collect();
        assert!(unknown.is_empty(), "routes that the sandbox does not know: {unknown:?}");
        let buried = JobFilter { state: Some(JobState::Buried), ..Default::default() };
        let buried = self.store().jobs(&buried).await.unwrap();
        assert!(buried.is_empty(), "jobs that were given up: {buried:?}");
        self.stop_bot().await;
    }
}
