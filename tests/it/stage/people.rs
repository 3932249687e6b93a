//! What people do on the stage: they comment, label, review, push and merge, and look at what came of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use usher::settings::OperatorFile;
use usher::store::{DeliveryFilter, HistoryFilter, JobFilter, JobState};

use super::{DEMO, Stage};

/// Where the rules are.
pub const CONFIG: &str = ".github/usher.yml";

/// Where the overlay of an environment is.
pub fn overlay(environment: &str) -> String {
    format!("kustomize/{environment}/kustomization.yaml")
}

fn texts(list: &Value, field: &str) -> Vec<String> {
    let all = list.as_array().unwrap().iter();
    all.map(|one| one[field].as_str().unwrap().to_owned()).collect()
}

impl Stage {
    /// Comments as somebody, waits, and gives the comment's id. A second has passed before.
    pub async fn say(&self, login: &str, thread: u64, text: &str) -> u64 {
        let id = self.say_at_once(login, DEMO, thread, text).await;
        self.idle().await;
        // A command that came before the push that it follows is put off for a moment.
        let patience = tokio::time::Instant::now() + Duration::from_secs(60);
        while self.is_put_off(id).await && tokio::time::Instant::now() < patience {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        id
    }

    async fn is_put_off(&self, comment: u64) -> bool {
        self.has_waiting_job_of(comment).await || !self.at_rest().await
    }

    async fn has_waiting_job_of(&self, comment: u64) -> bool {
        let waiting = JobFilter { state: Some(JobState::Waiting), ..JobFilter::default() };
        let jobs = self.store().jobs(&waiting).await.unwrap();
        jobs.iter().any(|job| job.intent["remark"]["id"] == comment)
    }

    /// Comments as somebody, without waiting for what follows.
    pub async fn say_at_once(&self, login: &str, repo: &str, thread: u64, text: &str) -> u64 {
        self.pass(1);
        let path = format!("/repos/{repo}/issues/{thread}/comments");
        let comment = self.act(login, "POST", &path, json!({"body": text})).await;
        comment["id"].as_u64().unwrap()
    }

    /// Comments as somebody, and gives the bot's answer.
    pub async fn ask(&self, login: &str, thread: u64, text: &str) -> String {
        let id = self.say(login, thread, text).await;
        self.answer(thread, id).await
    }

    /// The bot's one answer to a comment of the demo's.
    pub async fn answer(&self, thread: u64, comment: u64) -> String {
        self.answer_in(DEMO, thread, comment).await
    }

    /// The bot's one answer to a comment.
    pub async fn answer_in(&self, repo: &str, thread: u64, comment: u64) -> String {
        let patience = tokio::time::Instant::now() + Duration::from_secs(60);
        let mut answers = self.answers_in(repo, thread, comment).await;
        while answers.is_empty() && tokio::time::Instant::now() < patience {
            tokio::time::sleep(Duration::from_millis(100)).await;
            self.idle().await;
            answers = self.answers_in(repo, thread, comment).await;
        }
        if answers.len() != 1 {
            panic!("answers to {comment}: {answers:?}\n{}", self.account().await);
        }
        answers[0].clone()
    }

    /// What the bot was told of and did last, for the message of a failing test.
    async fn account(&self) -> String {
        let store = self.store();
        let told = store.deliveries(&DeliveryFilter::default()).await.unwrap();
        let did = store.history(&HistoryFilter::default()).await.unwrap();
        let did: Vec<String> = did.iter().take(6).map(|one| format!("{one:?}")).collect();
        format!("{}\n{:#?}\n{did:#?}", self.troubles().await, &told[..told.len().min(6)])
    }

    /// What the bot answered to a comment of the demo's, without the hidden line.
    pub async fn answers(&self, thread: u64, comment: u64) -> Vec<String> {
        self.answers_in(DEMO, thread, comment).await
    }

    async fn answers_in(&self, repo: &str, thread: u64, comment: u64) -> Vec<String> {
        let marker = format!("<!-- usher:answer {comment} -->\n");
        let comments = self.comments(repo, thread).await.into_iter();
        let ours = comments.filter(|(login, _)| login == "usher[bot]");
        ours.filter_map(|(_, body)| Some(body.strip_prefix(&marker)?.to_owned())).collect()
    }

    /// The bot's reactions to a comment of the demo's.
    pub async fn reactions(&self, comment: u64) -> Vec<String> {
        let path = format!("/repos/{DEMO}/issues/comments/{comment}/reactions");
        let all = self.get(&path).await;
        let bots = all.as_array().unwrap().iter();
        let bots: Vec<Value> =
            bots.filter(|one| one["user"]["login"] == "usher[bot]").cloned().collect();
        texts(&json!(bots), "content")
    }

    /// Puts a label on as somebody, and waits.
    pub async fn label(&self, login: &str, pr: u64, label: &str) {
        self.pass(1);
        let path = format!("/repos/{DEMO}/issues/{pr}/labels");
        self.act(login, "POST", &path, json!({"labels": [label]})).await;
        self.idle().await;
    }

    /// Takes a label off as somebody, and waits.
    pub async fn unlabel(&self, login: &str, pr: u64, label: &str) {
        self.pass(1);
        let path = format!("/repos/{DEMO}/issues/{pr}/labels/{label}");
        self.act(login, "DELETE", &path, json!({})).await;
        self.idle().await;
    }

    /// The labels of a pull request.
    pub async fn labels(&self, pr: u64) -> Vec<String> {
        let labels = self.get(&format!("/repos/{DEMO}/issues/{pr}/labels")).await;
        texts(&labels, "name")
    }

    /// Reviews as somebody, and waits: `APPROVE`, `REQUEST_CHANGES`, `COMMENT`.
    pub async fn review(&self, login: &str, pr: u64, event: &str) {
        self.pass(1);
        let path = format!("/repos/{DEMO}/pulls/{pr}/reviews");
        self.act(login, "POST", &path, json!({"event": event, "body": "I looked."})).await;
        self.idle().await;
    }

    /// A pull request.
    pub async fn pull(&self, pr: u64) -> Value {
        self.get(&format!("/repos/{DEMO}/pulls/{pr}")).await
    }

    /// Its branch and its head.
    pub async fn head_of(&self, pr: u64) -> (String, String) {
        let pull = self.pull(pr).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (text(&pull["head"]["ref"]), text(&pull["head"]["sha"]))
    }

    /// `open`, `closed`, `merged`.
    pub async fn state(&self, pr: u64) -> String {
        let pull = self.pull(pr).await;
        if pull["merged"] == true {
            return "merged".to_owned();
        }
        pull["state"].as_str().unwrap().to_owned()
    }

    /// How `usher/gates` stands on a pull request's head: conclusion, and title with summary.
    pub async fn gates(&self, pr: u64) -> (String, String) {
        let (_, sha) = self.head_of(pr).await;
        let (conclusion, title, summary) = self.check(DEMO, &sha, "usher/gates").await;
        (conclusion, format!("{title}\n{summary}"))
    }

    /// It is green.
    pub async fn is_green(&self, pr: u64) {
        let (conclusion, text) = self.gates(pr).await;
        assert_eq!(conclusion, "success", "#{pr}: {text}");
    }

    /// It is not green, and says why.
    pub async fn is_red(&self, pr: u64, why: &str) {
        let (conclusion, text) = self.gates(pr).await;
        assert_ne!(conclusion, "success", "#{pr}: {text}");
        assert!(text.contains(why), "#{pr} says not {why:?}: {text}");
    }

    /// The status comment of a promotion.
    pub async fn told(&self, pr: u64) -> String {
        let comments = self.comments(DEMO, pr).await.into_iter();
        let ours: Vec<String> = comments
            .filter(|(login, body)| {
                login == "usher[bot]" && body.starts_with("<!-- usher:status -->")
            })
            .map(|(_, body)| body)
            .collect();
        assert_eq!(ours.len(), 1, "status comments of #{pr}: {ours:?}");
        ours[0].clone()
    }

    /// Gives `main` a merge queue that asks for our checks from our App; gives the ruleset's id. Sam is not bound.
    pub async fn queue(&self, strategy: &str, least: u64, wait_minutes: u64) -> u64 {
        let app = self.github.app_id;
        let check = |name: &str| json!({"context": name, "integration_id": app});
        let sam = self.get("/users/sam").await["id"].clone();
        let body = json!({
            "name": "queue", "target": "branch", "enforcement": "active",
            "bypass_actors": [{"actor_type": "User", "actor_id": sam, "bypass_mode": "always"}],
            "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
            "rules": [
                {"type": "merge_queue", "parameters": {
                    "check_response_timeout_minutes": 60, "grouping_strategy": strategy,
                    "max_entries_to_build": 5, "max_entries_to_merge": 5, "merge_method": "SQUASH",
                    "min_entries_to_merge": least, "min_entries_to_merge_wait_minutes": wait_minutes,
                }},
                {"type": "required_status_checks", "parameters": {
                    "strict_required_status_checks_policy": false,
                    "required_status_checks": [check("usher/gates"), check("usher/kustomize")],
                }},
            ],
        });
        let made = self.act("sam", "POST", &format!("/repos/{DEMO}/rulesets"), body).await;
        made["id"].as_u64().unwrap()
    }

    /// Puts a pull request into the merge queue as somebody, without waiting for what follows.
    pub async fn enqueue(&self, login: &str, pr: u64) -> Value {
        let path = format!("/repos/{DEMO}/pulls/{pr}/merge-async");
        let (_, told) =
            self.call(login, "PUT", &path, Some(json!({"merge_action": "merge_queue"}))).await;
        // It is done between one request and the next.
        let uuid = told["details"]["uuid"].as_str().unwrap_or_default();
        let (_, came) = self.call(login, "GET", &format!("{path}/{uuid}"), None).await;
        came
    }

    /// Everything that is in the merge queue of `main`, as temporary branches with their commits.
    pub async fn groups(&self) -> Vec<(String, String)> {
        let path = format!("/repos/{DEMO}/git/matching-refs/heads/gh-readonly-queue/main/");
        let all = self.get(&path).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let all = all.as_array().unwrap().iter();
        all.map(|one| (text(&one["ref"]), text(&one["object"]["sha"]))).collect()
    }

    /// The image tags that an environment runs, with how often each.
    pub async fn runs(&self, environment: &str) -> String {
        let text = self.file(DEMO, &overlay(environment), "main").await;
        let mut tags: Vec<(String, usize)> = Vec::new();
        for tag in text.lines().filter_map(|line| line.trim().strip_prefix("newTag: ")) {
            match tags.iter_mut().find(|(known, _)| known == tag) {
                Some((_, count)) => *count += 1,
                None => tags.push((tag.to_owned(), 1)),
            }
        }
        tags.sort();
        let shown: Vec<String> =
            tags.iter().map(|(tag, count)| format!("{tag} x{count}")).collect();
        shown.join(", ")
    }

    /// Changes the rules on the default branch, and waits.
    pub async fn rules(&self, edit: impl Fn(String) -> String) {
        let old = self.file(DEMO, CONFIG, "main").await;
        let new = edit(old.clone());
        assert_ne!(old, new, "the edit changes nothing");
        self.pass(1);
        self.write_file(DEMO, "main", CONFIG, &new).await;
        self.idle().await;
    }

    /// Commits a file to a branch as somebody, and waits; gives the new head.
    pub async fn push(&self, login: &str, branch: &str, path: &str, text: &str) -> String {
        use base64::Engine as _;
        self.pass(1);
        let at = format!("/repos/{DEMO}/contents/{path}");
        let (_, old) = self.call(login, "GET", &format!("{at}?ref={branch}"), None).await;
        let mut body = json!({
            "message": format!("Write {path}"), "branch": branch,
            "content": base64::engine::general_purpose::STANDARD.encode(text),
        });
        if let Some(sha) = old["sha"].as_str() {
            body["sha"] = json!(sha);
        }
        let written = self.act(login, "PUT", &at, body).await;
        self.idle().await;
        written["commit"]["sha"].as_str().unwrap().to_owned()
    }

    /// Sets a branch to a commit by force, and waits.
    pub async fn force(&self, login: &str, branch: &str, sha: &str) {
        self.pass(1);
        let path = format!("/repos/{DEMO}/git/refs/heads/{branch}");
        self.act(login, "PATCH", &path, json!({"sha": sha, "force": true})).await;
        self.idle().await;
    }

    /// The number of the one open pull request whose title has this in it.
    pub async fn open_number(&self, title: &str) -> u64 {
        let pulls = self.pulls(DEMO).await;
        let mut fitting = pulls.iter().filter(|pull| {
            pull["state"] == "open" && pull["title"].as_str().unwrap().contains(title)
        });
        let (one, other) = (fitting.next(), fitting.next());
        assert!(other.is_none(), "several are open with {title:?} in the title");
        one.unwrap_or_else(|| panic!("none is open with {title:?} in the title"))["number"]
            .as_u64()
            .unwrap()
    }

    /// Sandbox and bot at rest, staging runs this version already, and there is an issue to talk on: #1.
    pub async fn with_staging(tag: &str) -> Self {
        Self::with_operator(tag, OperatorFile::default()).await
    }

    /// The same with settings of an operator.
    pub async fn with_operator(tag: &str, operator: OperatorFile) -> Self {
        let mut stage = Self::without_bot().await;
        stage.operator = operator;
        stage.stands_in_staging(tag).await;
        let issue = json!({"title": "Talk"});
        stage.act("ada", "POST", &format!("/repos/{DEMO}/issues"), issue).await;
        stage.start_bot().await;
        stage.surveyed().await;
        stage
    }

    /// A version is released by sam, who also brings it to staging by hand.
    pub async fn stands_in_staging(&self, tag: &str) {
        let text = self.file(DEMO, &overlay("staging"), "main").await;
        let lines = text.lines().map(|line| match line.find("newTag: ") {
            Some(at) => format!("{}newTag: {tag}\n", &line[..at]),
            None => format!("{line}\n"),
        });
        let text: String = lines.collect();
        self.write_file(DEMO, "main", &overlay("staging"), &text).await;
        let release =
            json!({"tag_name": tag, "name": tag, "body": format!("What is new in {tag}.")});
        self.act("sam", "POST", &format!("/repos/{DEMO}/releases"), release).await;
    }

    /// The same, and ada has asked for production; gives the number of its pull request.
    pub async fn with_prod_asked(tag: &str) -> (Self, u64) {
        let stage = Self::with_staging(tag).await;
        stage.ask("ada", 1, "/promote prod").await;
        let pr = stage.open_number(&format!("{tag} to prod")).await;
        (stage, pr)
    }

    /// Releases a version and has it merged into staging; gives the number of that pull request.
    pub async fn to_staging(&self, tag: &str) -> u64 {
        self.publish(DEMO, tag).await;
        let staging = self.open_number(&format!("{tag} to staging")).await;
        self.merge(DEMO, staging).await;
        staging
    }

    /// Another bot process with the same memory. It also has its whole burst of requests again: a long
    /// story would wait for that.
    pub async fn restart(&mut self) {
        self.stop_bot().await;
        let swept = |stage: &Self| {
            let all = stage.github.requests();
            all.iter().filter(|seen| seen.path.starts_with("/installation/repositories")).count()
        };
        let before = swept(self);
        self.start_bot().await;
        self.until("the sweep on start", async || swept(self) > before).await;
        self.surveyed().await;
    }

    /// Quinn and pat give what production asks for.
    pub async fn approve(&self, pr: u64) {
        self.label("quinn", pr, "qa-approved").await;
        self.label("pat", pr, "pm-approved").await;
    }

    /// Sandbox and bot, and production runs this version by the whole way: #2 brought it. Ada asked for it,
    /// and sam released it.
    pub async fn with_prod(tag: &str) -> (Self, u64) {
        let (mut stage, pr) = Self::with_prod_asked(tag).await;
        stage.restart().await;
        stage.approve(pr).await;
        stage.ask("ada", pr, "/merge").await;
        assert_eq!(stage.state(pr).await, "merged", "{}", stage.gates(pr).await.1);
        stage.restart().await;
        (stage, pr)
    }

    /// Forgets all that the bot remembers: it starts anew with an empty memory.
    pub async fn forget(&mut self, name: &str) {
        self.stop_bot().await;
        let folder = self._folder.path().join(name);
        self.set_database(&format!("sqlite:{}", folder.display()));
        self.start_bot().await;
        self.surveyed().await;
    }

    /// Delivers again, under a new id, every delivery of an event whose body has this in it; waits.
    pub async fn replay(&self, event: &str, with: &str) -> usize {
        let replayed = self.replay_underway(event, &[with]).await;
        self.idle().await;
        replayed
    }

    /// The same for bodies that have all of these in them, without waiting for the sandbox's own webhooks.
    pub async fn replay_underway(&self, event: &str, with: &[&str]) -> usize {
        let known = self.store().deliveries(&DeliveryFilter::default()).await.unwrap();
        let mut replayed = 0;
        for delivery in known.iter().filter(|delivery| delivery.event == event) {
            let body = self.store().body(&delivery.id).await.unwrap().unwrap();
            let text = String::from_utf8_lossy(&body);
            if with.iter().all(|part| text.contains(part)) {
                self.deliver(event, &format!("again-{replayed}-{}", delivery.id), body.to_vec())
                    .await;
                replayed += 1;
            }
        }
        self.until("rest of the bot", async || self.bot_rests().await).await;
        replayed
    }

    /// Comments while webhooks are held back, and has only that comment delivered, signed as GitHub does.
    pub async fn say_alone(&self, login: &str, pr: u64, text: &str) {
        let id = self.say_at_once(login, DEMO, pr, text).await;
        let comment = self.get(&format!("/repos/{DEMO}/issues/comments/{id}")).await;
        let body = json!({"action": "created", "comment": comment, "issue": {"number": pr, "pull_request": {}}});
        self.deliver_alone("issue_comment", body).await;
        // As with `say`: one that came in the same second as a push is put off for a moment.
        let done = async || !self.has_waiting_job_of(id).await && self.bot_rests().await;
        self.until("rest of the bot", done).await;
    }

    /// Has one event of the demo's delivered, and waits for the bot alone: webhooks are held back.
    pub async fn deliver_alone(&self, event: &str, mut body: Value) {
        let repos = self.store().repos().await.unwrap();
        let demo = repos.iter().find(|repo| repo.name.as_str() == DEMO).unwrap();
        body["repository"] = self.get(&format!("/repos/{DEMO}")).await;
        body["installation"] = json!({"id": demo.installation});
        static DELIVERED: AtomicU64 = AtomicU64::new(0);
        let id = format!("alone-{}", DELIVERED.fetch_add(1, Ordering::SeqCst));
        self.deliver(event, &id, body.to_string().into_bytes()).await;
        self.until("rest of the bot", async || self.bot_rests().await).await;
    }

    /// Delivers a webhook, signed as GitHub does.
    pub async fn deliver(&self, event: &str, id: &str, body: Vec<u8>) {
        let secret = self.github.webhook_secret.as_bytes();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret).unwrap();
        mac.update(&body);
        let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        let answer = self
            .client
            .post(format!("{}/webhook", self.bot_url()))
            .header("content-type", "application/json")
            .header("x-github-event", event)
            .header("x-github-delivery", id)
            .header("x-hub-signature-256", signature)
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 202);
    }
}
