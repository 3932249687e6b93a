//! Each call that the bot makes from `/promote` to `/merge` meets each trouble that GitHub can make. What passes is
//! waited out; what is refused is said to the one who asked, and nothing is merged that should not be.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use usher::sandbox::Fault;
use usher::store::{Job, JobState};

use super::calls::{
    Call, SAID, Step, TROUBLE, all_well, calls, delete_branches, differ, is_read, pull_state,
};
use super::{delivery_ids, jobs, list, restart, retry, settled, text};
use crate::stage::{DEMO, Stage};

/// Where people talk.
const TALK: u64 = 1;
const STATUS: &str = "<!-- usher:status -->";
const ANSWER: &str = "<!-- usher:answer ";

/// What people do to bring a version into production.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Promote,
    Label,
    Approve,
    Merge,
}

const DEEDS: [Deed; 4] = [Deed::Promote, Deed::Label, Deed::Approve, Deed::Merge];

/// A sandbox and a bot that bring one version after the other into production.
struct Life {
    stage: Stage,
    age: u64,
    complaints: Vec<String>,
}

impl Life {
    async fn begin() -> Self {
        let stage = Stage::start().await;
        let talk = json!({"title": "Talk"});
        stage.act("ada", "POST", &format!("/repos/{DEMO}/issues"), talk).await;
        Self { stage, age: 0, complaints: Vec::new() }
    }

    fn tag(&self) -> String {
        format!("v1.1.{}", 100 + self.age)
    }

    /// The pull request of the newest version.
    fn pr(&self) -> u64 {
        TALK + self.age
    }

    /// The next version, from `/promote` to `/merge`.
    async fn walk(&mut self, step: &Step) -> Value {
        self.age += 1;
        self.stage.stands_in_staging(&self.tag()).await;
        settled(&self.stage).await;
        // A new bot has nothing cached that it should read, and a burst of calls free.
        restart(&mut self.stage).await;
        self.stage.github.clear_requests();
        let mut faults: Vec<Fault> = step.faults().collect();
        for deed in DEEDS {
            let left = self.meet(step, deed, faults.clone()).await;
            if !step.lasts() {
                faults = left;
            }
            if !self.complaints.is_empty() {
                return Value::Null;
            }
        }
        if !step.lasts() && !faults.is_empty() {
            self.complaints.push(format!("{step}: never met: {faults:?}"));
        }
        self.state().await
    }

    /// Does it, with these faults for the bot alone; gives back those that it did not meet.
    async fn meet(&mut self, step: &Step, deed: Deed, faults: Vec<Fault>) -> Vec<Fault> {
        let known = delivery_ids(&self.stage).await;
        let github = &self.stage.github;
        github.hold_webhooks(true);
        self.act(deed).await;
        for fault in faults {
            github.fault(fault).unwrap();
        }
        github.hold_webhooks(false);
        settled(&self.stage).await;
        let left = github.waiting_faults();
        github.clear_faults();
        let mut wrong = Vec::new();
        if deed != Deed::Merge && self.runs().await {
            wrong.push(format!("merged before its time, by {deed:?}"));
        }
        if step.lasts() {
            for job in jobs(&self.stage, JobState::Buried).await {
                wrong.extend(self.is_not_told(step, &job).await);
            }
            let new = delivery_ids(&self.stage).await;
            retry(&self.stage, new.difference(&known).cloned()).await;
            if step.calls[0].0 == "DELETE" {
                delete_branches(&self.stage).await;
            }
            if !self.is_done(deed).await {
                // What is refused for good is answered, and said again.
                self.act(deed).await;
                settled(&self.stage).await;
            }
        }
        if deed == Deed::Merge && !self.is_done(deed).await && self.is_refused().await {
            // GitHub itself refused to merge, and that was answered.
            self.act(deed).await;
            settled(&self.stage).await;
        }
        if !self.is_done(deed).await {
            wrong.push(format!("{deed:?} was not done; {}", self.stage.troubles().await));
        }
        let buried = jobs(&self.stage, JobState::Buried).await.into_iter();
        wrong.extend(buried.map(|job| format!("given up: {}", job.reason.unwrap_or_default())));
        self.complaints.extend(wrong.into_iter().map(|wrong| format!("{step}: {wrong}")));
        left
    }

    async fn act(&self, deed: Deed) {
        let (stage, pr) = (&self.stage, self.pr());
        match deed {
            Deed::Promote => said(stage, "ada", TALK, "/promote prod").await,
            Deed::Label => {
                let label = format!("/repos/{DEMO}/issues/{pr}/labels");
                stage.pass(1);
                stage.call("quinn", "DELETE", &format!("{label}/qa-approved"), None).await;
                stage.act("quinn", "POST", &label, json!({"labels": ["qa-approved"]})).await;
            }
            Deed::Approve => said(stage, "pat", pr, "/approve pm-approved").await,
            Deed::Merge => said(stage, "ada", pr, "/merge").await,
        }
    }

    async fn is_done(&self, deed: Deed) -> bool {
        let pulls = self.stage.pulls(DEMO).await;
        let Some(pull) = pulls.iter().find(|pull| pull["number"] == self.pr()) else {
            return false;
        };
        let sha = text(&pull["head"]["sha"]);
        let runs = self.stage.get(&format!("/repos/{DEMO}/commits/{sha}/check-runs")).await;
        let mut gates = list(&runs["check_runs"]).iter().filter(|run| run["name"] == "usher/gates");
        let gates = gates.next().map_or(Value::Null, |run| run["output"]["title"].clone());
        match deed {
            Deed::Promote => text(&gates).contains("qa-approved"),
            Deed::Label => {
                !text(&gates).contains("qa-approved") && text(&gates).contains("pm-approved")
            }
            Deed::Approve => text(&gates).ends_with("gates passed"),
            Deed::Merge => self.runs().await,
        }
    }

    /// Whether the newest answer is that GitHub does not merge, in GitHub's own words.
    async fn is_refused(&self) -> bool {
        let comments = self.stage.comments(DEMO, self.pr()).await;
        let mut answers = comments.iter().rev().filter(|(_, said)| said.starts_with(ANSWER));
        let refused = "@ada Every gate has passed, and GitHub does not merge it: ";
        answers.next().is_some_and(|(_, said)| said.contains(refused) && said.contains(SAID))
    }

    /// Whether production has it.
    async fn runs(&self) -> bool {
        self.stage.runs("prod").await == format!("{} x9", self.tag())
    }

    /// Where people lack a word of a job that was given up.
    async fn is_not_told(&self, step: &Step, job: &Job) -> Option<String> {
        let reason = job.reason.clone().unwrap_or_default();
        let (method, path) = &step.calls[0];
        if !reason.contains(&format!("{method} ")) || !reason.contains(SAID) {
            return Some(format!("no call is named in {reason:?}"));
        }
        if path.contains("comments") {
            return None;
        }
        let thread = |value: &Value| value.as_u64();
        let (thread, start) = match thread(&job.intent["remark"]["thread"]) {
            Some(thread) => (thread, format!("{ANSWER}{} -->\n@", job.intent["remark"]["id"])),
            None => (thread(&job.intent["pr"])?, TROUBLE.to_owned()),
        };
        let comments = self.stage.comments(DEMO, thread).await;
        let told = comments.iter().any(|(by, said)| {
            by == "usher[bot]"
                && said.starts_with(&start)
                && (said.contains(SAID) && said.contains("delivery `")
                    || said.contains("it is over"))
        });
        (!told).then(|| format!("nobody is told of {reason}"))
    }

    /// What people see of the newest promotion, without what differs from age to age.
    async fn state(&self) -> Value {
        let stage = &self.stage;
        let mut wrong = Vec::new();
        for thread in [TALK, self.pr()] {
            let comments = stage.comments(DEMO, thread).await;
            // That a command was given up is said besides: what comes of its next try is news.
            let given_up = |said: &str| said.contains("delivery `") || said.contains("it is over");
            let answers =
                comments.iter().filter(|(_, said)| said.starts_with(ANSWER) && !given_up(said));
            let answers: Vec<_> = answers.map(|(_, said)| said.lines().next()).collect();
            let once: BTreeSet<_> = answers.iter().collect();
            if once.len() != answers.len() {
                wrong.push(format!("answered twice in #{thread}: {answers:?}"));
            }
        }
        let pull = stage.pull(self.pr()).await;
        let mut state = pull_state(stage, Some(&pull)).await;
        // How often something had to be said is told apart.
        let said = state["comments"].as_array_mut().unwrap();
        said.retain(|said| text(&said[1]).starts_with(STATUS));
        let refs = stage.get(&format!("/repos/{DEMO}/git/matching-refs/heads/usher/")).await;
        let state = json!({"pull": state, "refs": refs, "wrong": wrong}).to_string();
        let state = state.replace(&self.tag(), "NEW").replace(&format!("#{}", self.pr()), "#NEW");
        let before = format!("v1.1.{}", 99 + self.age);
        serde_json::from_str(&state.replace(&before, "OLD")).unwrap()
    }
}

async fn said(stage: &Stage, who: &str, thread: u64, text: &str) {
    stage.say_at_once(who, DEMO, thread, text).await;
}

/// What stands for all that passes: before an effect, after it, and a wait that GitHub asks for. The others meet the
/// same calls in the stories of releases and merges.
const PASSING: [&str; 3] = ["500", "lost", "secondary limit"];

/// Every call with each trouble that passes, a few at once; and each with one that lasts.
fn steps(all: &[Call]) -> Vec<Step> {
    let (reads, writes): (Vec<Call>, Vec<Call>) = all.iter().cloned().partition(is_read);
    let step = Step::of;
    let mut steps = Vec::new();
    for trouble in PASSING {
        // One job may meet them all, one after the other, each time after a longer pause.
        for (calls, at_once) in [(&reads, 5), (&writes, 4)] {
            steps.extend(calls.chunks(at_once).map(|calls| step(trouble, calls, 1)));
        }
    }
    // What is read to judge a pull request is refused in the other stories too.
    let own = |call: &&Call| {
        let judging = ["/git/", "/compare/", "/commits/"];
        !is_read(call) || !judging.iter().any(|part| call.1.contains(part))
    };
    for (turn, call) in all.iter().filter(own).enumerate() {
        let refusal = ["403", "404", "422"][turn % 3];
        steps.push(step(refusal, std::slice::from_ref(call), u32::MAX));
    }
    steps
}

/// Walks through the steps, each with the same end.
async fn live(steps: &[Step], expected: &Value) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut life = Life::begin().await;
    life.walk(&Step::default()).await;
    for step in steps {
        let state = life.walk(step).await;
        let mut others = Vec::new();
        if life.complaints.is_empty() {
            differ(&state, expected, "", &mut others);
        }
        life.complaints.extend(others.into_iter().map(|other| format!("{step}: {other}")));
        if !life.complaints.is_empty() {
            // What comes next should not suffer from it.
            complaints.append(&mut life.complaints);
            life = Life::begin().await;
            life.walk(&Step::default()).await;
        }
    }
    complaints
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_meets_every_trouble_and_production_has_it_all_the_same() {
    let mut life = Life::begin().await;
    life.walk(&Step::default()).await;
    let expected = life.walk(&Step::default()).await;
    assert_eq!(life.complaints, [""; 0]);
    assert_eq!(expected["pull"]["merged"], true, "{expected:#}");
    let calls = calls(&life.stage.github.requests());
    assert!(calls.len() >= 25, "{calls:?}");
    life.stage.finish().await;
    let steps = steps(&calls);
    all_well(steps.chunks(5).map(|steps| live(steps, &expected))).await;
}
