//! The process is killed after each of its writes, when nobody will ever hear the answer; started again, it comes
//! to the same end as if nothing had happened.
//!
//! Each step of a story is played undisturbed once, and what was there before it is kept: the deaths in it start
//! from there.

mod argocd;
mod process;
mod state;

use std::path::Path;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use usher::app;
use usher::model::clock::Clock;
use usher::sandbox::{Fault, FaultAnswer, Seen};
use usher::store::{JobFilter, JobState, Store};

use crate::stage::story::{DRIFT, Deaths, STORY, Step, Write};
use crate::stage::{DEMO, Stage};
use process::Process;
use state::state;

const PEOPLE: [&str; 4] = ["ada", "quinn", "pat", "sam"];

/// A step as it is without trouble.
struct Scene {
    step: &'static Step,
    /// So far GitHub's clock is ahead.
    ahead: i64,
    /// Everything, before it.
    before: TempDir,
    /// What the bot wrote, in order.
    writes: Vec<Write>,
    /// How it ended.
    after: Value,
}

/// The writes that a bot made. People's count as well where it is said the how-manieth of its kind each is: what is
/// to hit one of the bot's hits by that.
fn writes(requests: &[Seen]) -> Vec<Write> {
    let mut all: Vec<(Write, bool)> = Vec::new();
    for seen in requests {
        let reads = seen.method == "GET"
            || ["/graphql", "access_tokens"].iter().any(|path| seen.path.contains(path));
        if reads {
            continue;
        }
        let glob = glob(seen.route.unwrap());
        let alike =
            |((method, path, _), _): &&(Write, bool)| *method == seen.method && *path == glob;
        let nth = u32::try_from(all.iter().filter(alike).count()).unwrap() + 1;
        all.push(((seen.method.clone(), glob, nth), PEOPLE.contains(&seen.who.as_str())));
    }
    all.into_iter().filter(|(_, by_people)| !by_people).map(|(write, _)| write).collect()
}

fn glob(route: &str) -> String {
    let parts = route.split('/').map(|part| if part.starts_with('{') { "*" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Waits until nothing is left to do, what is due in a moment included, and until Argo CD has deployed what it is to deploy.
/// Many wait at once, so each asks seldom.
async fn rest(stage: &Stage) {
    let has_settled = async || {
        let one = stage.live("prod").await;
        let (sync, health) = (&one["status"]["sync"]["status"], &one["status"]["health"]["status"]);
        let by_itself = !one["spec"]["syncPolicy"]["automated"].is_null();
        health != "Progressing" && (sync == "Synced" || !by_itself)
    };
    let rests =
        async || has_settled().await && stage.at_rest().await && stage.under_way().await.is_empty();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(120);
    while !rests().await {
        assert!(tokio::time::Instant::now() < deadline, "no rest: {}", stage.troubles().await);
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}

/// Plays a story, with a bot that is started for it.
async fn undisturbed(mut stage: Stage, story: &'static [Step]) -> Vec<Scene> {
    stage.act("ada", "POST", &format!("/repos/{DEMO}/issues"), json!({"title": "Talk"})).await;
    stage.start_bot().await;
    stage.surveyed().await;
    let mut scenes = Vec::new();
    for (ahead, step) in (1..).zip(story) {
        let before = if step.deaths == Deaths::Nowhere {
            tempfile::tempdir().unwrap()
        } else {
            stage.stop_bot().await;
            stage.github.save().unwrap();
            let before = copy(stage.folder());
            stage.start_bot().await;
            stage.surveyed().await;
            before
        };
        stage.github.clear_requests();
        let deployed = stage.written().len();
        stage.pass(1);
        (step.deed)(&stage).await;
        rest(&stage).await;
        let mut writes = writes(&stage.github.requests());
        writes.extend(argocd::writes(&stage, deployed));
        scenes.push(Scene { step, ahead, before, writes, after: state(&stage).await });
    }
    stage.finish().await;
    scenes
}

fn copy(from: &Path) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    let mut left = vec![(from.to_owned(), to.path().to_owned())];
    while let Some((from, to)) = left.pop() {
        std::fs::create_dir_all(&to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let to = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                left.push((entry.path(), to));
            } else {
                std::fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    to
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_each_effect_it_comes_to_the_same_end() {
    let stage = Stage::in_folder(tempfile::tempdir().unwrap()).await;
    let (died, all) = die_everywhere(&undisturbed(stage, STORY).await).await;
    // Deliveries of one moment may change places, and a check that was written twice is written once then.
    assert!(died * 20 >= all * 19 && all > 50, "only {died} of {all} died");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_tells_of_drift_it_tells_of_it_once() {
    let stage = Stage::in_folder(tempfile::tempdir().unwrap()).await;
    let scenes = undisturbed(stage, DRIFT).await;
    // The issue is opened, edited, and talked on before it is closed.
    let writes = scenes.iter().map(|scene| scene.writes.len()).collect::<Vec<_>>();
    assert_eq!(
        writes,
        [1, 1, 2],
        "{:?}",
        scenes.iter().map(|scene| &scene.writes).collect::<Vec<_>>()
    );
    let (died, all) = die_everywhere(&scenes).await;
    assert_eq!((died, all), (4, 4));
}

/// Dies after each write of each scene, and comes to the same end; how many have died, of how many that should.
async fn die_everywhere(scenes: &[Scene]) -> (usize, usize) {
    let cases = scenes.iter().flat_map(|scene| {
        let deadly = scene.writes.iter().filter(|write| scene.step.deaths.are_at(write));
        deadly.map(move |write| (scene, write))
    });
    // Each waits out the lease of the one that was killed; they wait together.
    let mut deaths = stream::iter(cases)
        .map(async |(scene, write)| {
            // How often a comment is edited on the way is the clock's to say: what did not come may come in another life.
            let state = match killed_after(scene, write).await {
                None => killed_after(scene, write).await,
                died => died,
            };
            (scene, write, state)
        })
        .buffer_unordered(24);
    let (mut died, mut all, mut wrong) = (0, 0, Vec::new());
    while let Some((scene, write, state)) = deaths.next().await {
        all += 1;
        died += usize::from(state.is_some());
        let mut others = Vec::new();
        if let Some(state) = state {
            differ(&state, &scene.after, "", &mut others);
        }
        let name = scene.step.name;
        for other in others {
            eprintln!("{name}, killed after {write:?}: {other}");
            wrong.push(format!("{name}, killed after {write:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {all} deaths:\n{}", wrong.len(), wrong.join("\n"));
    println!("{died} deaths of {all}");
    (died, all)
}

/// How it ends; none where the write did not come.
async fn killed_after(scene: &Scene, write: &Write) -> Option<Value> {
    let (method, path, nth) = write.clone();
    let mut stage = Stage::in_folder(copy(scene.before.path())).await;
    stage.pass(scene.ahead);
    stage.open_store().await;
    let process = Process::start(&stage);
    let asked = || stage.github.requests().iter().any(|seen| seen.path == "/app/hook/deliveries");
    stage.until("the first look", async || asked() && stage.at_rest().await).await;
    let answer = FaultAnswer::Hang { ms: 120_000 };
    stage.github.fault(Fault { method: Some(method), path, nth, times: 1, answer }).unwrap();
    (scene.step.deed)(&stage).await;
    let hit = || stage.github.waiting_faults().is_empty();
    let rests = async || stage.at_rest().await && stage.under_way().await.is_empty();
    stage.until("the write, or rest", async || hit() || rests().await).await;
    if !hit() {
        return None;
    }
    process.kill();
    let _process = Process::start(&stage);
    rest(&stage).await;
    Some(state(&stage).await)
}

/// Names the places where two values differ.
fn differ(is: &Value, should: &Value, at: &str, out: &mut Vec<String>) {
    match (is, should) {
        (Value::Object(is), Value::Object(should)) if is.len() == should.len() => {
            for (key, should) in should {
                differ(is.get(key).unwrap_or(&Value::Null), should, &format!("{at}/{key}"), out);
            }
        }
        (Value::Array(is), Value::Array(should)) if is.len() == should.len() => {
            for (index, (is, should)) in is.iter().zip(should).enumerate() {
                differ(is, should, &format!("{at}/{index}"), out);
            }
        }
        _ if is != should => {
            let (is, should) = (is.to_string(), should.to_string());
            let from = is.chars().zip(should.chars()).take_while(|(a, b)| a == b).count();
            let part = |text: &str| text.chars().skip(from.saturating_sub(30)).take(300).collect();
            let (is, should): (String, String) = (part(&is), part(&should));
            out.push(format!("{at} is …{is}… instead of …{should}…"));
        }
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_end_it_loses_nothing_and_goes_on_where_it_was() {
    let mut stage = Stage::without_bot().await;
    stage.open_store().await;
    let process = Process::start(&stage);
    stage.surveyed().await;
    // In the middle of a promotion GitHub takes its time.
    let answer = FaultAnswer::Delay { ms: 3_000 };
    let path = "/repos/*/*/contents/*".to_owned();
    let slow = Fault { method: Some("PUT".to_owned()), path, nth: 1, times: 1, answer };
    stage.github.fault(slow).unwrap();
    let release = json!({"tag_name": "v1.0.1"});
    stage.act("ada", "POST", &format!("/repos/{DEMO}/releases"), release).await;
    stage.until("the slow call", async || stage.github.waiting_faults().is_empty()).await;

    let ended = process.end();
    assert!(ended.success(), "it ends well: {ended}");
    let leased = JobFilter { state: Some(JobState::Leased), ..JobFilter::default() };
    assert!(stage.store().jobs(&leased).await.unwrap().is_empty(), "nothing is held any more");

    let process = Process::start(&stage);
    stage.idle().await;
    let title = "Promote microservices-demo v1.0.1 to staging".to_owned();
    stage
        .until("the pull request", async || stage.open_titles(DEMO).await == [title.as_str()])
        .await;
    drop(process);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_worker_has_taken_over_is_not_gone_on_with() {
    let stage = Stage::start().await;
    // The branch is claimed; GitHub takes its time for that, and another worker takes the job for dead.
    let answer = FaultAnswer::Delay { ms: 8_000 };
    let path = "/repos/*/*/git/refs".to_owned();
    let slow = Fault { method: Some("POST".to_owned()), path, nth: 1, times: 1, answer };
    stage.github.fault(slow).unwrap();
    let release = json!({"tag_name": "v1.0.1"});
    stage.act("ada", "POST", &format!("/repos/{DEMO}/releases"), release).await;
    stage.until("the slow call", async || stage.github.waiting_faults().is_empty()).await;
    let ahead = jiff::SignedDuration::from_secs(60);
    let clock = stage.clock();
    let clock = Clock::new(move || clock.now() + ahead);
    let other = Store::open(&stage.database().into(), clock.clone(), app::entropy()).await.unwrap();
    let lease = other.claim(Duration::from_secs(60)).await.unwrap().unwrap();
    assert_eq!(lease.job.intent["kind"], "promote");

    tokio::time::sleep(Duration::from_secs(10)).await;
    let written = |path: &str| {
        let all = stage.github.requests().into_iter();
        all.filter(|seen| seen.method == "PUT" && seen.path.contains(path)).count()
    };
    assert_eq!(written("/contents/"), 0, "nothing more is written");
    let _ = other.release(&lease, clock.now() - ahead, "it gives it back").await.unwrap();
    let title = "Promote microservices-demo v1.0.1 to staging".to_owned();
    stage
        .until("the pull request", async || stage.open_titles(DEMO).await == [title.as_str()])
        .await;
    assert_eq!(written("/contents/"), 1);
    stage.finish().await;
}
