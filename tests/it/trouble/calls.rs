//! Each call that the bot makes from a release to a merge meets each trouble that GitHub can make.
//! What passes is waited out; what is refused is said, and done once it may be.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use futures_util::stream::{self, StreamExt as _};
use serde_json::{Value, json};
use usher::sandbox::{Fault, FaultAnswer, Seen};
use usher::store::{Job, JobState};

use super::{answer, delivery_ids, fault, jobs, list, publish, restart, retry, settled, text};
use crate::stage::{DEMO, Stage};

/// What a played error says, as the sandbox words it.
pub(super) const SAID: &str = "A fault was played";
pub(super) const TROUBLE: &str = "<!-- usher:trouble ";
const STAGING: &str = "kustomize/staging/kustomization.yaml";

/// Everything that is over after a while.
pub(super) const PASSING: [&str; 8] =
    ["401", "409", "429", "500", "secondary limit", "page", "lost", "dropped"];

pub(super) fn played(trouble: &str) -> FaultAnswer {
    let with = |status, headers: &[(&str, &str)], body| FaultAnswer::Answer {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body,
    };
    match trouble {
        "429" => with(429, &[("retry-after", "1")], None),
        "secondary limit" => with(
            403,
            &[("retry-after", "1")],
            Some(json!({"message": "You have exceeded a secondary rate limit."})),
        ),
        "page" => with(
            200,
            &[("content-type", "text/html; charset=utf-8")],
            Some(json!("<!DOCTYPE html><title>We'll be right back</title>")),
        ),
        "lost" => FaultAnswer::Lose,
        "dropped" => FaultAnswer::Drop,
        status => answer(status.parse().unwrap()),
    }
}

/// A call of the bot's: method, and path as a glob.
pub(super) type Call = (String, String);

/// One thing that happens in the life of a repository, and the troubles that the bot meets meanwhile.
#[derive(Debug, Clone, Default)]
pub(super) struct Step {
    pub(super) trouble: String,
    pub(super) calls: Vec<Call>,
    pub(super) times: u32,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let calls: Vec<String> =
            self.calls.iter().map(|(method, path)| format!("{method} {path}")).collect();
        let times = if self.lasts() { "lasting".to_owned() } else { format!("{} x", self.times) };
        write!(f, "{times} {} at {}", self.trouble, calls.join(", "))
    }
}

impl Step {
    pub(super) fn of(trouble: &str, calls: &[Call], times: u32) -> Self {
        Self { trouble: trouble.to_owned(), calls: calls.to_vec(), times }
    }

    pub(super) fn faults(&self) -> impl Iterator<Item = Fault> {
        self.calls
            .iter()
            .map(|(method, path)| fault(method, path, self.times, played(&self.trouble)))
    }

    pub(super) fn lasts(&self) -> bool {
        self.times > 100
    }
}

/// A sandbox and a bot that live through one step after the other.
struct Life {
    stage: Stage,
    /// How many releases there have been; so many pull requests there should be.
    age: usize,
    complaints: Vec<String>,
}

impl Life {
    async fn begin() -> Self {
        let mut life = Self { stage: Stage::start().await, age: 0, complaints: Vec::new() };
        life.release(&Step::default()).await;
        life
    }

    /// With one promotion merged and the next one open.
    async fn begin_with_merge() -> Self {
        let mut life = Self::begin().await;
        life.merge(&Step::default()).await;
        life.release(&Step::default()).await;
        life
    }

    fn version(age: usize) -> String {
        format!("v1.1.{}", 100 + age)
    }

    /// The next release, which supersedes the one before.
    async fn release(&mut self, step: &Step) -> Value {
        // A new bot has a burst of calls free, and nothing cached that it should read.
        if step.calls.iter().any(is_read) || self.age.is_multiple_of(2) {
            restart(&mut self.stage).await;
        }
        self.age += 1;
        let tag = Self::version(self.age);
        self.meet(step, async |stage| publish(stage, &tag).await).await;
        self.state().await
    }

    /// The open promotion is merged.
    async fn merge(&mut self, step: &Step) -> Value {
        let path = format!("/repos/{DEMO}/pulls/{}/merge", self.age);
        self.meet(step, async |stage| {
            stage.act("sam", "PUT", &path, json!({})).await;
        })
        .await;
        self.state().await
    }

    async fn meet(&mut self, step: &Step, happens: impl AsyncFnOnce(&Stage)) {
        let stage = &self.stage;
        stage.github.clear_requests();
        let known = delivery_ids(stage).await;
        for fault in step.faults() {
            stage.github.fault(fault).unwrap();
        }
        happens(stage).await;
        settled(stage).await;
        let requests = stage.github.requests();
        let swept = requests.iter().any(|seen| seen.path == "/app/hook/deliveries");
        let requests = requests.len();
        let waiting = stage.github.waiting_faults();
        stage.github.clear_faults();
        let buried = jobs(stage, JobState::Buried).await;
        let mut wrong = Vec::new();
        if requests > 500 {
            wrong.push(format!("it took {requests} requests"));
        }
        if step.lasts() {
            for job in &buried {
                wrong.extend(self.is_not_told(step, job).await);
                // A sweep that came in between looks at everything of its own accord.
                if job.delivery.is_none() && !swept {
                    wrong.push(format!("no delivery of {job:?}"));
                }
            }
            for job in buried.iter().filter(|job| job.delivery.is_none()) {
                assert!(stage.store().retry_job(job.id).await.unwrap(), "{job:?}");
            }
            let new = delivery_ids(stage).await;
            retry(stage, new.difference(&known).cloned()).await;
            if step.calls.iter().any(|(method, _)| method == "DELETE") {
                delete_branches(stage).await;
            }
        } else if !waiting.is_empty() {
            wrong.push(format!("never met: {waiting:?}"));
        }
        let reason = |job: Job| job.reason.unwrap_or_default();
        let buried = jobs(stage, JobState::Buried).await.into_iter();
        wrong.extend(buried.map(|job| format!("given up: {}", reason(job))));
        self.complain(step, wrong);
    }

    fn complain(&mut self, step: &Step, wrong: impl IntoIterator<Item = String>) {
        let wrong = wrong.into_iter().map(|wrong| format!("{step}: {wrong}"));
        self.complaints.extend(wrong);
    }

    /// Where it lacks something: the reason names call and answer, and the pull request tells, if there is one.
    async fn is_not_told(&self, step: &Step, job: &Job) -> Option<String> {
        let reason = job.reason.clone().unwrap_or_default();
        let (method, path) = &step.calls[0];
        let start = path.split(['*', '?']).next().unwrap();
        for part in [&format!("{method} {start}"), &step.trouble, &SAID.to_owned()] {
            if !reason.contains(part.as_str()) {
                return Some(format!("{part:?} is missing in {reason:?}"));
            }
        }
        let about_release = job.intent["trigger"]["by"] == "release";
        let told = match job.intent["pr"].as_u64() {
            Some(number) if !path.contains("comments") => {
                let comments = self.stage.comments(DEMO, number).await;
                // Where another delivery had the same done without the call, it is over already.
                let named = |(by, said): &(String, String)| {
                    let from = said.contains("delivery `") || job.delivery.is_none();
                    let told = said.contains(SAID) && from || said.contains("it is over");
                    by == "usher[bot]" && said.starts_with(TROUBLE) && told
                };
                comments.iter().any(named)
            }
            None if about_release && !path.contains("check-runs") && !is_ref(path) => {
                let told = self.told().await;
                told.len() == 1 && told[0][1] == "failure" && text(&told[0][3]).contains(SAID)
            }
            _ => true,
        };
        (!told).then(|| format!("nobody is told of {reason}"))
    }

    /// What the newest release's commit says became of it.
    async fn told(&self) -> Vec<Value> {
        let tag = Self::version(self.age);
        let name = format!("usher%2Fpromotion%20microservices-demo%20{tag}");
        let runs = self
            .stage
            .get(&format!("/repos/{DEMO}/commits/{tag}/check-runs?check_name={name}"))
            .await;
        list(&runs["check_runs"]).iter().map(run_state).collect()
    }

    /// What people see of the newest promotion and the one before, without what differs from age to age.
    async fn state(&self) -> Value {
        let stage = &self.stage;
        let pulls = stage.pulls(DEMO).await;
        let newest = pull_state(stage, pulls.last()).await;
        let before = pull_state(stage, pulls.iter().rev().nth(1)).await;
        let refs = stage.get(&format!("/repos/{DEMO}/git/matching-refs/heads/")).await;
        let refs: Vec<&str> =
            list(&refs).iter().map(|one| without_hash(text(&one["ref"]))).collect();
        let (new, old) = (Self::version(self.age), Self::version(self.age - 1));
        let told = self.told().await;
        let tag = stage.file(DEMO, STAGING, "main").await;
        let tag = tag.lines().find(|line| line.contains("newTag")).unwrap_or_default();
        let state = json!({
            "newest": newest, "before": before, "more or less": pulls.len() as i64 - self.age as i64, "refs": refs, "told": told, "runs": tag,
        });
        let state = state.to_string().replace(&new, "NEW").replace(&old, "OLD");
        let state = state.replace(&format!("#{}", self.age), "#NEW");
        serde_json::from_str(&state).unwrap()
    }
}

/// Takes away what Usher may not: nothing rests on it, and it does not come back to it.
pub(super) async fn delete_branches(stage: &Stage) {
    for pull in stage.pulls(DEMO).await.iter().filter(|pull| pull["state"] == "closed") {
        let path = format!("/repos/{DEMO}/git/refs/heads/{}", text(&pull["head"]["ref"]));
        stage.call("sam", "DELETE", &path, None).await;
    }
    settled(stage).await;
}

/// A branch of ours without the hash at its end, which differs from version to version.
fn without_hash(branch: &str) -> &str {
    branch.rsplit_once('-').map_or(branch, |(name, _)| name)
}

pub(super) fn run_state(run: &Value) -> Value {
    json!([run["name"], run["conclusion"], run["output"]["title"], run["output"]["summary"]])
}

pub(super) async fn pull_state(stage: &Stage, pull: Option<&Value>) -> Value {
    let Some(pull) = pull else { return Value::Null };
    let number = pull["number"].as_u64().unwrap();
    let files = stage.get(&format!("/repos/{DEMO}/pulls/{number}/files")).await;
    let files: Vec<Value> =
        list(&files).iter().map(|file| json!([file["filename"], file["additions"]])).collect();
    let sha = text(&pull["head"]["sha"]);
    let runs = stage.get(&format!("/repos/{DEMO}/commits/{sha}/check-runs")).await;
    let mut runs: Vec<Value> = list(&runs["check_runs"]).iter().map(run_state).collect();
    runs.sort_by_key(Value::to_string);
    let mut labels: Vec<&str> =
        list(&pull["labels"]).iter().map(|label| text(&label["name"])).collect();
    labels.sort_unstable();
    let mut comments = stage.comments(DEMO, number).await;
    // That there was trouble may be told for ever, as long as it is said to be over.
    comments.retain(|(_, said)| !(said.starts_with(TROUBLE) && said.contains("it is over")));
    json!({
        "title": pull["title"], "state": pull["state"], "merged": pull["merged_at"].is_string(),
        "branch": without_hash(text(&pull["head"]["ref"])), "body": text(&pull["body"]).split("### What is in it").next(),
        "labels": labels, "files": files, "checks": runs, "comments": comments,
    })
}

/// The routes that the bot called, reads first.
pub(super) fn calls(requests: &[Seen]) -> Vec<Call> {
    let people = ["ada", "quinn", "pat", "sam"];
    let by_bot = requests.iter().filter(|seen| !people.contains(&seen.who.as_str()));
    let routes: BTreeSet<Call> =
        by_bot.map(|seen| (seen.method.clone(), glob(seen.route.unwrap(), &seen.path))).collect();
    routes.into_iter().collect()
}

/// A route as a glob that fits it alone, as it was called.
fn glob(route: &str, path: &str) -> String {
    let route = route.replace("/repos/{owner}/{repo}", &format!("/repos/{DEMO}"));
    let mut out = String::new();
    for part in route.split('/').skip(1) {
        let part = match part {
            // A branch's head or a commit, and nothing that is below one.
            "{ref+}" if path.contains("/commits/heads/") => "heads/*".to_owned(),
            "{ref+}" if out.ends_with("/commits") => "?".repeat(40),
            _ if part.starts_with('{') => "*".to_owned(),
            _ => part.to_owned(),
        };
        let _ = write!(out, "/{part}");
    }
    out
}

/// Whether it asks where a name points to: there nobody can be told without asking it.
fn is_ref(path: &str) -> bool {
    path.contains("/git/ref/") || path.contains("/commits/heads/")
}

pub(super) fn is_read((method, path): &Call) -> bool {
    method == "GET" || path == "/graphql"
}

/// Every call with every trouble; those that the bot gets over within a call share a step.
fn steps(calls: &[Call]) -> Vec<Step> {
    let (reads, writes): (Vec<Call>, Vec<Call>) = calls.iter().cloned().partition(is_read);
    let step = Step::of;
    let mut steps = Vec::new();
    for trouble in PASSING {
        let at_once = match trouble {
            "401" => 100,
            "500" | "page" | "lost" | "dropped" => 8,
            _ => 3,
        };
        steps.extend(reads.chunks(at_once).map(|reads| step(trouble, reads, 1)));
        let at_once = if trouble == "401" { 100 } else { 2 };
        steps.extend(writes.chunks(at_once).map(|writes| step(trouble, writes, 1)));
    }
    for (turn, call) in calls.iter().enumerate() {
        let refusals: &[&str] = match (is_read(call), turn % 6) {
            (false, _) => &["403", "404", "422"],
            (true, 1) => &["401", "404"],
            (true, 3) => &["403", "404"],
            (true, 5) => &["404", "422"],
            (true, _) => &["404"],
        };
        steps.extend(
            refusals.iter().map(|status| step(status, std::slice::from_ref(call), u32::MAX)),
        );
    }
    for (turn, call) in calls.iter().enumerate().filter(|(turn, _)| turn % 5 == 0) {
        let trouble = ["500", "429", "dropped"][turn / 5 % 3];
        steps.push(step(trouble, std::slice::from_ref(call), 3));
    }
    steps
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_meets_every_trouble_and_a_promotion_opens_all_the_same() {
    let mut life = Life::begin().await;
    let expected = life.release(&Step::default()).await;
    assert_eq!(expected["newest"]["state"], "open", "{expected:#}");
    assert_eq!(expected["before"]["state"], "closed", "{expected:#}");
    let calls = calls(&life.stage.github.requests());
    assert!(calls.len() >= 20, "{calls:?}");
    life.stage.finish().await;

    let steps = steps(&calls);
    all_well(steps.chunks(12).map(|steps| live(steps, &expected, false))).await;
}

/// Goes through the steps, each with the same end; says where it is another.
async fn live(steps: &[Step], expected: &Value, merges: bool) -> Vec<String> {
    let mut complaints = Vec::new();
    let begin = async || {
        if merges { Life::begin_with_merge().await } else { Life::begin().await }
    };
    let mut life = begin().await;
    for step in steps {
        let state = if merges { life.merge(step).await } else { life.release(step).await };
        let parts: &[&str] = if merges { &["/newest", "/refs", "/runs"] } else { &[""] };
        let mut others = Vec::new();
        for part in parts {
            differ(
                state.pointer(part).unwrap(),
                expected.pointer(part).unwrap(),
                part,
                &mut others,
            );
        }
        life.complain(step, others);
        if !life.complaints.is_empty() {
            // What comes next should not suffer from it.
            let ended = std::mem::replace(&mut life, begin().await);
            complaints.extend(ended.complaints);
        } else if merges {
            life.release(&Step::default()).await;
        }
    }
    life.stage.finish().await;
    complaints
}

/// Names the places where two values differ.
pub(super) fn differ(is: &Value, should: &Value, at: &str, out: &mut Vec<String>) {
    match (is, should) {
        (Value::Object(is), Value::Object(should)) => {
            for (key, should) in should {
                differ(is.get(key).unwrap_or(&Value::Null), should, &format!("{at}/{key}"), out);
            }
        }
        (Value::Array(is), Value::Array(should)) if is.len() == should.len() => {
            for (index, (is, should)) in is.iter().zip(should).enumerate() {
                differ(is, should, &format!("{at}/{index}"), out);
            }
        }
        _ if is != should => out.push(format!("{at} is {is} instead of {should}")),
        _ => {}
    }
}

pub(super) async fn all_well<F: Future<Output = Vec<String>>>(lives: impl Iterator<Item = F>) {
    let complaints: Vec<Vec<String>> = stream::iter(lives).buffer_unordered(12).collect().await;
    let complaints = complaints.concat();
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_meets_every_trouble_and_a_merge_is_followed_up_all_the_same() {
    let mut life = Life::begin_with_merge().await;
    let expected = life.merge(&Step::default()).await;
    assert_eq!(expected["runs"], "    newTag: NEW", "{expected:#}");
    let calls = calls(&life.stage.github.requests());
    life.stage.finish().await;
    let steps = steps(&calls);
    all_well(steps.chunks(6).map(|steps| live(steps, &expected, true))).await;
}
