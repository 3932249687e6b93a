//! `/plan`, `/status`, `/diff`, `/validate`, `/help`: they only tell.

use serde_json::json;
use usher::sandbox::Seen;

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_says_what_would_be_and_does_nothing() {
    let stage = Stage::with_staging("v1.0.1").await;
    let planned = stage.ask("pat", 1, "/plan prod").await;
    for part in [
        "@pat Nothing is done; this is what `Promote microservices-demo v1.0.1 to prod` would be.",
        "  Deployment frontend in microservices-demo-prod\n    spec.template.spec.containers[server].image\n",
        "-     registry.digitalocean.com/microservices-demo/frontend:v1.0.0\n",
        "+     registry.digitalocean.com/microservices-demo/frontend:v1.0.1\n",
        "`qa-approved` is missing",
        "Verification owner",
    ] {
        assert!(planned.contains(part), "{part}: {planned}");
    }
    let dry = stage.ask("pat", 1, "/promote prod --dry-run").await;
    assert_eq!(planned, dry);
    let part = stage.ask("pat", 1, "/plan prod --services frontend").await;
    assert_eq!(part.matches(":v1.0.1\n").count(), 1, "{part}");
    let older = stage.ask("pat", 1, "/plan prod v1.0.0").await;
    assert!(!older.contains("Nothing is done"), "{older}");
    assert_eq!(stage.pulls(DEMO).await.len(), 0);
    let branches = stage.get(&format!("/repos/{DEMO}/git/matching-refs/heads/usher/")).await;
    assert_eq!(branches, json!([]));
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn status_diff_and_validate_tell_how_it_stands() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    stage.restart().await;
    let status = stage.ask("ada", 1, "/status").await;
    assert!(status.contains("| `staging` | `v1.0.1` | – | – |"), "{status}");
    assert!(status.contains(&format!("| `prod` | `v1.0.0` | #{prod} `v1.0.1` | – |")), "{status}");
    let only = stage.ask("ada", prod, "/status PROD").await;
    assert!(only.contains("`prod`") && !only.contains("`staging`"), "{only}");
    let wrong = stage.ask("ada", prod, "/status pord").await;
    assert!(wrong.contains("There is no environment `pord`; did you mean `prod`?"), "{wrong}");

    let diff = stage.ask("ada", prod, "/diff").await;
    assert_eq!(diff.matches(":v1.0.1\n").count(), 9, "{diff}");
    let nothing = stage.ask("ada", prod, "/diff staging").await;
    assert!(nothing.contains(&format!("#{prod} changes no environment")), "{nothing}");

    stage.github.clear_requests();
    let again = stage.ask("ada", prod, "/validate").await;
    assert!(again.contains("The checks run again"), "{again}");
    let requests = stage.github.requests();
    let looks = |seen: &&Seen| seen.path == "/graphql" || seen.path.ends_with("/check-runs");
    let judged = requests.iter().filter(looks);
    assert!(judged.count() > 0, "the checks were looked at");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn help_says_what_this_person_may_do() {
    let stage = Stage::with_staging("v1.0.1").await;
    let ada = stage.ask("ada", 1, "/help").await;
    assert!(ada.contains("| ✅ | `/promote ENV"), "{ada}");
    assert!(ada.contains("| – | `/approve LABEL`"), "{ada}");
    let quinn = stage.ask("quinn", 1, "/usher help").await;
    assert!(quinn.contains("| ✅ | `/approve LABEL`"), "{quinn}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_repository_speaks_for_the_one_that_follows_it() {
    let mut stage = Stage::without_bot().await;
    stage.github.add_repository("shop", false, &[("README.md", "# Shop\n")]).unwrap();
    let config = stage.file(DEMO, crate::stage::people::CONFIG, "main").await;
    let config = config.replacen("    images:", "    source: acme/shop\n    images:", 1);
    stage.write_file(DEMO, "main", crate::stage::people::CONFIG, &config).await;
    for tag in ["v1.0.0", "v1.0.1"] {
        let release = json!({"tag_name": tag});
        stage.act("sam", "POST", "/repos/acme/shop/releases", release).await;
    }
    stage.stands_in_staging("v1.0.1").await;
    stage.act("ada", "POST", "/repos/acme/shop/issues", json!({"title": "Out with it"})).await;
    stage.start_bot().await;
    stage.surveyed().await;

    let asked = stage.say_at_once("ada", "acme/shop", 1, "/promote prod").await;
    stage.idle().await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    let answer = stage.answer_in("acme/shop", 1, asked).await;
    assert!(answer.starts_with(&format!("@ada {DEMO}#{prod} is open")), "{answer}");
    let (branch, _) = stage.head_of(prod).await;
    let text = stage.file(DEMO, &overlay("prod"), &branch).await;
    assert_eq!(text.matches("newTag: v1.0.1").count(), 9);

    // The right is asked for where it acts: in the source alone it is worth nothing.
    let path = "/repos/acme/shop/collaborators/eve";
    stage.act("sam", "PUT", path, json!({"permission": "admin"})).await;
    let asked = stage.say_at_once("eve", "acme/shop", 1, "/lock prod").await;
    stage.idle().await;
    let answer = stage.answer_in("acme/shop", 1, asked).await;
    assert!(answer.contains("You may not do that here"), "{answer}");
    let status = stage.say_at_once("ada", "acme/shop", 1, "/status prod").await;
    stage.idle().await;
    let status = stage.answer_in("acme/shop", 1, status).await;
    assert!(!status.contains("locked"), "{status}");
    stage.finish().await;
}
