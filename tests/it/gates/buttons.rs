//! The buttons of `usher/gates`: each does what its command does, for who may, for the head that it stood on.

use base64::Engine as _;
use serde_json::{Value, json};

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

impl Stage {
    /// The present run of `usher/gates` on a commit.
    async fn run_on(&self, sha: &str) -> Value {
        let path = format!("/repos/{DEMO}/commits/{sha}/check-runs?check_name=usher/gates");
        self.get(&path).await["check_runs"][0].clone()
    }

    /// The identifiers of the buttons that the sandbox shows on a run.
    async fn offered(&self, pr: u64) -> u64 {
        let (_, sha) = self.head_of(pr).await;
        self.run_on(&sha).await["id"].as_u64().unwrap()
    }

    /// Presses a button of the present run as somebody, and waits.
    async fn press(&self, login: &str, pr: u64, button: &str) {
        let run = self.offered(pr).await;
        self.pass(1);
        self.github.press(login, "microservices-demo", run, button).unwrap();
        self.idle().await;
    }

    /// No pull request is open.
    async fn nothing_is_open(&self) {
        let pulls = self.pulls(DEMO).await;
        assert!(pulls.iter().all(|pull| pull["state"] != "open"), "{pulls:?}");
    }

    /// What the bot has said there to somebody, without its status comment.
    async fn said_to(&self, login: &str, pr: u64) -> Vec<String> {
        let begins = format!("@{login} ");
        let comments = self.comments(DEMO, pr).await.into_iter();
        comments
            .filter(|(by, _)| by == "usher[bot]")
            .filter_map(|(_, body)| Some(body.split_once('\n')?.1.to_owned()))
            .filter(|body| body.starts_with(&begins))
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_approves_what_the_person_may_approve_once_for_this_head() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.press("quinn", prod, "approve").await;
    assert!(stage.labels(prod).await.contains(&"qa-approved".to_owned()));
    assert!(!stage.labels(prod).await.contains(&"pm-approved".to_owned()), "only her own");
    stage.is_red(prod, "`qa-approved` by `quinn`").await;
    stage.press("pat", prod, "approve").await;
    stage.is_green(prod).await;
    assert_eq!(stage.said_to("quinn", prod).await.len(), 0, "the check says it");
    // The same press again, under another id, after the label was taken off: it revives nothing.
    stage.unlabel("quinn", prod, "qa-approved").await;
    let replayed = stage.replay("check_run", "\"identifier\":\"approve\"").await;
    assert!(replayed > 0);
    stage.is_red(prod, "`qa-approved` is missing").await;
    stage.restart().await;
    // Pressed anew on the verdict as it stands now, it counts.
    stage.press("quinn", prod, "approve").await;
    stage.is_green(prod).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_is_for_the_head_that_the_check_is_about() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    let run = stage.offered(prod).await;
    let (branch, _) = stage.head_of(prod).await;
    stage.push("ada", &branch, "README.md", "one more commit\n").await;
    stage.github.press("quinn", "microservices-demo", run, "approve").unwrap();
    stage.idle().await;
    assert!(!stage.labels(prod).await.contains(&"qa-approved".to_owned()));
    stage.restart().await;
    // A push that the press overtakes ends it all the same.
    stage.ask("ada", prod, "/retry").await;
    stage.press("quinn", prod, "approve").await;
    stage.press("pat", prod, "approve").await;
    stage.is_green(prod).await;
    stage.push("ada", &branch, "README.md", "and another\n").await;
    stage.is_red(prod, "nobody allowed gave it for this commit").await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_is_told_so_once_a_day_and_nothing_is_recorded() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    let refused = async |stage: &Stage| {
        let told = stage.said_to("ada", prod).await;
        told.iter().filter(|text| text.contains("You may not do that here")).count()
    };
    stage.press("ada", prod, "approve").await;
    stage.label("pat", prod, "pm-approved").await;
    stage.press("ada", prod, "override").await;
    stage.unlabel("pat", prod, "pm-approved").await;
    stage.press("ada", prod, "approve").await;
    assert_eq!(refused(&stage).await, 1);
    stage.travel(25 * 3600).await;
    stage.label("pat", prod, "pm-approved").await;
    stage.press("ada", prod, "approve").await;
    assert_eq!(refused(&stage).await, 2);
    stage.unlabel("pat", prod, "pm-approved").await;
    assert!(!stage.labels(prod).await.iter().any(|label| label.ends_with("approved")));
    stage.is_red(prod, "is missing").await;
    // Reading alone is no right to press: GitHub says so itself.
    let run = stage.offered(prod).await;
    assert!(stage.github.press("eve", "microservices-demo", run, "approve").is_err());
    // A bot's press is nobody's word.
    stage.github.add_bot("helper[bot]").unwrap();
    stage.github.press("helper[bot]", "microservices-demo", run, "approve").unwrap();
    stage.idle().await;
    stage.is_red(prod, "is missing").await;
    stage.restart().await;
    // Whoever asked for it has a hand in it, by whatever way it is said.
    let login = "pat";
    stage.ask(login, prod, "/cancel").await;
    stage.ask(login, 1, "/promote prod").await;
    let own = stage.open_number("v1.0.1 to prod").await;
    stage.press(login, own, "approve").await;
    let told = stage.said_to(login, own).await;
    assert!(told.iter().any(|text| text.contains("you asked for this promotion")), "{told:?}");
    assert!(!stage.labels(own).await.contains(&"pm-approved".to_owned()));
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn override_answers_with_the_lines_to_say() {
    let (stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.rules(|old| old + "    overrides: {approvals: [sam], lock: [\"@acme/qa\"]}\n").await;
    stage.press("sam", prod, "override").await;
    let told = stage.said_to("sam", prod).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("\n/override approvals REASON\n"), "{}", told[0]);
    stage.is_red(prod, "is missing").await;
    // Again on the same verdict: it stands there already.
    stage.press("sam", prod, "override").await;
    assert_eq!(stage.said_to("sam", prod).await.len(), 1);
    // Quinn may override locks, and none stands.
    stage.press("quinn", prod, "override").await;
    let told = stage.said_to("quinn", prod).await;
    assert!(told[0].contains("You may not do that here. It takes `sam`"), "{told:?}");
    // What was answered is no command: only what the person then says is.
    stage.ask("sam", prod, "/override approvals they are all on holiday").await;
    stage.is_green(prod).await;
    stage.press("sam", prod, "again").await;
    stage.is_green(prod).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn buttons_work_on_forks_whose_pull_requests_github_does_not_name() {
    let stage = Stage::with_staging("v1.0.1").await;
    stage.github.add_person("mallory", "Mallory").unwrap();
    let fork = stage.act("mallory", "POST", &format!("/repos/{DEMO}/forks"), json!({})).await;
    let fork = fork["full_name"].as_str().unwrap().to_owned();
    let path = format!("/repos/{fork}/contents/{}", overlay("prod"));
    let old = stage.get(&path).await;
    let text = stage.file(DEMO, &overlay("prod"), "main").await.replace("v1.0.0", "v1.0.1");
    let content = base64::engine::general_purpose::STANDARD.encode(text);
    let change = json!({"message": "x", "content": content, "branch": "main", "sha": old["sha"]});
    stage.act("mallory", "PUT", &path, change).await;
    let pr = stage.open_pull("mallory", DEMO, "mallory:main").await["number"].as_u64().unwrap();
    assert!(
        stage
            .github
            .press("mallory", "microservices-demo", stage.offered(pr).await, "approve")
            .is_err()
    );
    stage.press("quinn", pr, "approve").await;
    stage.press("pat", pr, "approve").await;
    stage.is_green(pr).await;
    let run = stage.offered(pr).await;
    stage.act("ada", "POST", &format!("/repos/{DEMO}/check-runs/{run}/rerequest"), json!({})).await;
    stage.idle().await;
    stage.is_green(pr).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_goes_back_from_what_was_merged() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.approve(prod).await;
    stage.press("sam", prod, "rollback").await;
    let early = stage.said_to("sam", prod).await;
    assert!(early[0].contains("is not merged, so there is nothing to go back from"), "{early:?}");
    stage.restart().await;
    stage.ask("ada", prod, "/merge").await;
    // Who may not say it may not press it.
    stage.rules(|old| format!("{old}    promoters: [\"@acme/sre\"]\n")).await;
    stage.press("ada", prod, "rollback").await;
    let refused = stage.said_to("ada", prod).await;
    assert!(refused.iter().any(|text| text.contains("You may not do that here")), "{refused:?}");
    stage.nothing_is_open().await;
    stage.restart().await;
    stage.press("sam", prod, "rollback").await;
    let back = stage.open_number("to v1.0.0 in prod").await;
    let said = stage.said_to("sam", prod).await;
    assert!(said.iter().any(|text| text.contains(&format!("#{back} is open"))), "{said:?}");
    stage.replay("check_run", "\"identifier\":\"rollback\"").await;
    assert_eq!(stage.open_number("to v1.0.0 in prod").await, back, "once");
    stage.is_green(back).await;
    stage.ask("sam", back, "/merge").await;
    assert_eq!(stage.runs("prod").await, "v1.0.0 x9");
    stage.finish().await;
}
