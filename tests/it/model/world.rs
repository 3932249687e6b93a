//! A small GitOps repository with the bot on it, and what people do there.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};
use usher::model::evidence::{Entry, Merging, What as Evidence};
use usher::sandbox::{Fault, FaultAnswer};

use super::chronicle::{Chronicle, Event, What};
use super::dice::Dice;
use super::oracle::Merge;
use super::rules::Rules;
use crate::stage::people::CONFIG;
use crate::stage::{DEMO, Stage};

const OVERLAY: &str = "prod/kustomization.yaml";

const OBJECT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n  \
    template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers: [{name: web, image: web}]\n";

/// What a run has come to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub interleavings: usize,
    /// Merges by the bot.
    pub merges: usize,
    /// Of those, with a change between the first look and the call.
    pub raced: usize,
    /// Interleavings after which what was to be merged was not.
    pub stopped: usize,
    pub requests: usize,
}

impl Tally {
    /// Adds another.
    pub fn add(&mut self, other: &Self) {
        self.interleavings += other.interleavings;
        self.merges += other.merges;
        self.raced += other.raced;
        self.stopped += other.stopped;
        self.requests += other.requests;
    }
}

/// Something that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Label(&'static str, &'static str),
    Unlabel(&'static str, &'static str),
    Say(&'static str, &'static str),
    /// Somebody's commit on the promotion's branch.
    Push(&'static str),
    /// The branch goes back by force to the last commit of the bot's.
    Force(&'static str),
    Report(&'static str, &'static str),
    Rules,
    Enforce,
    /// A commit on the default branch: elsewhere, in the overlay, at the entry itself.
    Elsewhere,
    Inside,
    Entry,
    Release,
    Close,
    Side,
    /// Webhooks wait, or go on.
    Late,
    Flow,
    /// Something that was told before is told again.
    Replay,
    Leap(i64),
}

/// Sandbox and bot, and what was seen of them.
pub struct World {
    pub stage: Stage,
    pub dice: Dice,
    pub rules: Rules,
    pub tally: Tally,
    chronicle: Chronicle,
    known_rules: HashMap<String, Rules>,
    judged: usize,
    evidence: u64,
    claims: Vec<(u64, Merging)>,
    /// The commit that is released.
    first: String,
    version: u64,
    notes: u64,
    /// Whether webhooks are held back.
    held: bool,
    /// Whether somebody has locked or held, and nobody has lifted it since.
    pub stops: [bool; 2],
    /// The last payloads that were sent.
    told: Vec<(String, Value)>,
    /// What was done in this interleaving, for the message of a failing run.
    pub done: Vec<Act>,
}

static DELIVERED: AtomicU64 = AtomicU64::new(0);

impl World {
    /// A new one, at rest.
    pub async fn new(automatic: bool, dice: Dice) -> Self {
        let rules = Rules::first(automatic);
        let text = rules.text();
        let overlay = "resources: [web.yaml]\n# notes\n# notes\n# notes\nimages:\n  - name: web\n    newTag: v1.0.0\n";
        let files = [
            (CONFIG, text.as_str()),
            (OVERLAY, overlay),
            ("prod/web.yaml", OBJECT),
            ("side/kustomization.yaml", overlay),
            ("side/web.yaml", OBJECT),
        ];
        let mut stage = Stage::of_files(&files).await;
        let protection = format!("/repos/{DEMO}/branches/main/protection");
        stage.act("sam", "DELETE", &protection, json!({})).await;
        let issue = json!({"title": "Talk"});
        stage.act("ada", "POST", &format!("/repos/{DEMO}/issues"), issue).await;
        stage.start_bot().await;
        stage.surveyed().await;
        let first = stage.head(DEMO, "main").await;
        let known_rules = HashMap::from([(text.clone(), rules.clone())]);
        let mut world = Self {
            stage,
            dice,
            rules,
            tally: Tally::default(),
            chronicle: Chronicle::default(),
            known_rules,
            judged: 0,
            evidence: 0,
            claims: Vec::new(),
            first,
            version: 0,
            notes: 0,
            held: false,
            stops: [false; 2],
            told: Vec::new(),
            done: Vec::new(),
        };
        world.chronicle.take_down(&world.stage);
        // Nobody was there when the repository was made.
        let tip = world.stage.head(DEMO, "main").await;
        let moved = What::Moved { branch: "main".to_owned(), after: tip };
        world.chronicle.events.insert(0, Event { at: 0, what: moved });
        world
    }

    /// The open promotion into production: number, branch, head, labels.
    pub async fn promotion(&self) -> Option<(u64, String, String, Vec<String>)> {
        let open = self.stage.get(&format!("/repos/{DEMO}/pulls?state=open")).await;
        let pull = open
            .as_array()
            .unwrap()
            .iter()
            .find(|pull| pull["head"]["ref"].as_str().unwrap().starts_with("usher/prod/"))?;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let labels = pull["labels"].as_array().unwrap().iter().map(|one| text(&one["name"]));
        let number = pull["number"].as_u64().unwrap();
        Some((number, text(&pull["head"]["ref"]), text(&pull["head"]["sha"]), labels.collect()))
    }

    /// The last commit of the bot's on a promotion.
    pub async fn ours(&self, pull: &(u64, String, String, Vec<String>)) -> String {
        let mut sha = pull.2.clone();
        loop {
            let commit = self.stage.get(&format!("/repos/{DEMO}/git/commits/{sha}")).await;
            if commit["author"]["name"] == "usher[bot]" {
                return sha;
            }
            sha = commit["parents"][0]["sha"].as_str().unwrap().to_owned();
        }
    }

    /// Waits until nothing is left to be done, however long that takes by the clock.
    pub async fn rest(&mut self) {
        self.held = false;
        self.stage.github.hold_webhooks(false);
        self.stage.idle().await;
        for _ in 0..20 {
            if self.stage.under_way().await.is_empty() {
                break;
            }
            self.stage.leap(31);
            self.wake().await;
            self.stage.idle().await;
        }
        self.stage.github.clear_faults();
        let sent = self.stage.github.webhooks();
        self.told = sent.into_values().filter(|(event, _)| event != "installation").collect();
        self.told.sort_by_cached_key(|(event, told)| (event.clone(), told.to_string()));
        self.chronicle.take_down(&self.stage);
        self.tally.requests = self.chronicle.len();
    }

    /// The bot looks for work once a second, or when it is told something.
    async fn wake(&self) {
        self.deliver("ping", &json!({"zen": "Keep it logically awesome."})).await;
    }

    async fn deliver(&self, event: &str, body: &Value) {
        let id = format!("model-{}", DELIVERED.fetch_add(1, Ordering::SeqCst));
        self.stage.deliver(event, &id, body.to_string().into_bytes()).await;
    }

    /// Waits until the bot has made so many requests, or has nothing left to do.
    pub async fn let_work(&self, requests: usize) {
        let until = self.stage.github.served() + requests;
        for look in 0_u32.. {
            if self.stage.github.served() >= until {
                break;
            }
            tokio::time::sleep(Duration::from_micros(500)).await;
            if look % 16 == 15 && self.is_done().await {
                break;
            }
        }
    }

    /// Has a call of the bot's take a moment, so that something may come between: the one that merges, the look at
    /// the base before it, or what facts are read by.
    pub fn slow_down(&mut self) {
        let calls = [
            ("PUT", format!("/repos/{DEMO}/pulls/*/merge-async")),
            ("GET", format!("/repos/{DEMO}/git/ref/heads/main")),
            ("POST", "/graphql".to_owned()),
        ];
        let (method, path) = self.dice.of(&calls).clone();
        let answer = FaultAnswer::Delay { ms: 30 };
        let slow = Fault { method: Some(method.to_owned()), path, nth: 1, times: 1, answer };
        self.stage.github.fault(slow).unwrap();
    }

    /// Waits until that call has come; `false` where the bot is done and it has not.
    pub async fn call_is_slow(&self) -> bool {
        for look in 0_u32.. {
            if self.stage.github.waiting_faults().is_empty() {
                return true;
            }
            tokio::time::sleep(Duration::from_micros(500)).await;
            if look % 16 == 15 && self.is_done().await {
                break;
            }
        }
        false
    }

    /// Whether the bot has nothing left to do. Where webhooks are held back, it may not have been told of everything.
    async fn is_done(&self) -> bool {
        let told = self.held || self.stage.github.webhooks_underway() == 0;
        told && self.stage.bot_rests().await
    }

    async fn put(
        &self,
        login: &str,
        branch: &str,
        path: &str,
        text: &str,
        old: Option<String>,
    ) -> bool {
        let mut body = json!({
            "message": format!("Write {path}"), "branch": branch,
            "content": base64::engine::general_purpose::STANDARD.encode(text),
        });
        if let Some(old) = old {
            body["sha"] = json!(old);
        }
        let path = format!("/repos/{DEMO}/contents/{path}");
        let (status, said) = self.stage.call(login, "PUT", &path, Some(body)).await;
        assert!(status < 500, "{status} {said}");
        status < 300
    }

    async fn edit(&self, path: &str, edit: impl FnOnce(String) -> String) -> bool {
        let file = self.stage.get(&format!("/repos/{DEMO}/contents/{path}?ref=main")).await;
        let content: String = file["content"].as_str().unwrap().split_whitespace().collect();
        let text = base64::engine::general_purpose::STANDARD.decode(content).unwrap();
        let text = edit(String::from_utf8(text).unwrap());
        self.put("sam", "main", path, &text, file["sha"].as_str().map(str::to_owned)).await
    }

    async fn set_rules(&mut self, new: Rules) {
        let text = new.text();
        self.known_rules.insert(text.clone(), new.clone());
        if self.edit(CONFIG, |_| text).await {
            self.rules = new;
        }
    }

    async fn release(&mut self) {
        self.version += 1;
        let tag = format!("v1.{}.0", self.version);
        // The first commit: nobody had a hand in it but who releases it.
        let release = json!({"tag_name": tag, "name": tag, "target_commitish": self.first});
        self.stage.act("ada", "POST", &format!("/repos/{DEMO}/releases"), release).await;
    }

    async fn inside(&mut self) {
        self.notes += 1;
        let prefix = format!("namePrefix: n{}-\n", self.notes);
        self.edit(OVERLAY, |text| {
            let rest = text.lines().filter(|line| !line.starts_with("namePrefix"));
            prefix + &rest.map(|line| format!("{line}\n")).collect::<String>()
        })
        .await;
    }

    async fn entry(&mut self) {
        self.notes += 1;
        let tag = format!("newTag: v0.9.{}", self.notes);
        self.edit(OVERLAY, |text| {
            let lines = text.lines().map(|line| match line.find("newTag: ") {
                Some(at) => format!("{}{tag}\n", &line[..at]),
                None => format!("{line}\n"),
            });
            lines.collect()
        })
        .await;
    }

    /// Does something to the open promotion, or to what it rests on. What GitHub refuses was too late.
    pub async fn act(&mut self, act: Act, (pr, branch, ours): (u64, &str, &str)) {
        self.done.push(act);
        let call = async |login: &str, method: &str, path: String, body: Value| {
            let path = format!("/repos/{DEMO}{path}");
            let (status, said) = self.stage.call(login, method, &path, Some(body)).await;
            assert!(status < 500, "{act:?}: {status} {said}");
        };
        match act {
            Act::Label(who, label) => {
                call(who, "POST", format!("/issues/{pr}/labels"), json!({"labels": [label]})).await;
            }
            Act::Unlabel(who, label) => {
                call(who, "DELETE", format!("/issues/{pr}/labels/{label}"), json!({})).await;
            }
            Act::Say(who, text) => {
                for (stop, words) in ["lock", "hold"].into_iter().enumerate() {
                    let lifts = text.starts_with(&format!("/un{words}"));
                    let stops = who != "eve" && text.starts_with(&format!("/{words}"));
                    self.stops[stop] = stops || (self.stops[stop] && !lifts);
                }
                call(who, "POST", format!("/issues/{pr}/comments"), json!({"body": text})).await;
            }
            Act::Push(who) => {
                self.notes += 1;
                let path = format!("notes/{}.txt", self.notes);
                self.put(who, branch, &path, "A note.\n", None).await;
            }
            Act::Force(who) => {
                let body = json!({"sha": ours, "force": true});
                call(who, "PATCH", format!("/git/refs/heads/{branch}"), body).await;
            }
            Act::Report(check, state) => {
                let head = self.head(branch).await;
                let body = json!({"state": state, "context": check});
                call("ada", "POST", format!("/statuses/{head}"), body).await;
            }
            Act::Rules => {
                let new = self.rules.changed(&mut self.dice);
                self.set_rules(new).await;
            }
            Act::Enforce => {
                let new = Rules { observe: false, ..self.rules.clone() };
                self.set_rules(new).await;
            }
            Act::Elsewhere => {
                self.notes += 1;
                let path = format!("notes/{}.txt", self.notes);
                self.put("sam", "main", &path, "A note.\n", None).await;
            }
            Act::Inside => self.inside().await,
            Act::Entry => self.entry().await,
            Act::Release => self.release().await,
            Act::Close => {
                call("sam", "PATCH", format!("/pulls/{pr}"), json!({"state": "closed"})).await;
            }
            Act::Side => {
                call(
                    "ada",
                    "POST",
                    "/issues/1/comments".to_owned(),
                    json!({"body": "/promote side"}),
                )
                .await;
            }
            Act::Late | Act::Flow => {
                self.held = act == Act::Late;
                self.stage.github.hold_webhooks(self.held);
            }
            Act::Replay => {
                if !self.told.is_empty() {
                    let (event, told) = self.dice.of(&self.told).clone();
                    self.deliver(&event, &told).await;
                }
            }
            Act::Leap(seconds) => self.stage.leap(seconds),
        }
    }

    async fn head(&self, branch: &str) -> String {
        let path = format!("/repos/{DEMO}/git/ref/heads/{branch}");
        let (_, found) = self.stage.call("ada", "GET", &path, None).await;
        found["object"]["sha"]
            .as_str()
            .unwrap_or("0000000000000000000000000000000000000000")
            .to_owned()
    }

    /// Judges every merge since the last time; gives how many there were.
    pub async fn judge(&mut self) -> usize {
        let repos = self.stage.store().repos().await.unwrap();
        let repo = repos.iter().find(|repo| repo.name.as_str() == DEMO).unwrap();
        let new = self.stage.store().evidence(repo.id, self.evidence, 10_000).await.unwrap();
        for kept in new {
            self.evidence = kept.link.sequence;
            let entry: Entry = serde_json::from_value(kept.link.entry.unwrap()).unwrap();
            if let (Evidence::Merging(claim), Some(pr)) = (entry.what, entry.pr) {
                self.claims.push((pr.0, claim));
            }
        }
        let git = self.stage.object_store();
        let mut merges = 0;
        for event in &self.chronicle.events[self.judged..] {
            let What::Merged { pr, head, commit, by } = &event.what else { continue };
            if by != "usher[bot]" {
                continue;
            }
            let mut claims = self.claims.iter().rev();
            let claim = claims.find(|(of, _)| of == pr).map(|(_, claim)| claim);
            let claim = claim.unwrap_or_else(|| panic!("no evidence for the merge of #{pr}"));
            if !self.chronicle.branch_of(*pr).starts_with("usher/prod/") {
                continue;
            }
            let merge = Merge {
                chronicle: &self.chronicle,
                git: &git,
                rules: &self.known_rules,
                pr: *pr,
                at: event.at,
                head,
                commit,
                claim,
            };
            let window = merge.window().unwrap_or_else(|why| panic!("#{pr}: {why}"));
            if let Err(why) = merge.judge(&window) {
                let around = self.chronicle.around(window.from, event.at);
                panic!(
                    "#{pr} at {head}, call {}, first look {}: {why}\n{claim:?}\ndone: {:?}\n{around}",
                    window.call, window.from, self.done
                );
            }
            merges += 1;
            let between = self.chronicle.events.iter();
            let raced = between.filter(|one| (window.from..window.call).contains(&one.at)).count();
            self.tally.raced += usize::from(raced > 0);
        }
        self.judged = self.chronicle.events.len();
        self.tally.merges += merges;
        merges
    }
}
