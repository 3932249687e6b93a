//! `/rollback` in its other forms: an environment, a version, a few services, several steps; and from the
//! history of the files alone.

use serde_json::json;

use crate::stage::people::{CONFIG, overlay};
use crate::stage::{DEMO, Stage};

/// Production ran v1.0.0, v1.0.1, v1.0.2 and v1.0.3, by hand, each seen by the bot or not.
async fn with_past() -> Stage {
    let stage = Stage::without_bot().await;
    for (before, tag) in [("v1.0.0", "v1.0.1"), ("v1.0.1", "v1.0.2"), ("v1.0.2", "v1.0.3")] {
        let release = json!({"tag_name": tag});
        stage.act("sam", "POST", &format!("/repos/{DEMO}/releases"), release).await;
        for environment in ["staging", "prod"] {
            let text = stage.file(DEMO, &overlay(environment), "main").await;
            let text = text.replace(&format!("newTag: {before}"), &format!("newTag: {tag}"));
            stage.write_file(DEMO, "main", &overlay(environment), &text).await;
        }
    }
    stage.act("ada", "POST", &format!("/repos/{DEMO}/issues"), json!({"title": "Talk"})).await;
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn history_alone_knows_the_way_back() {
    let mut stage = with_past().await;
    stage.start_bot().await;
    stage.surveyed().await;
    let further = stage.ask("sam", 1, "/rollback prod v1.0.1 --reason \"it loses carts\"").await;
    let back = stage.open_number("to v1.0.1 in prod").await;
    assert!(further.contains(&format!("#{back} is open")), "{further}");
    stage.is_green(back).await;
    stage.ask("sam", back, "/cancel").await;
    stage.restart().await;
    let never = stage.ask("sam", 1, "/rollback prod v0.1.0").await;
    assert!(never.contains("never ran in `prod`"), "{never}");
    stage.ask("sam", 1, "/rollback prod").await;
    let back = stage.open_number("to v1.0.2 in prod").await;
    stage.ask("sam", back, "/merge").await;
    assert_eq!(stage.runs("prod").await, "v1.0.2 x9");
    stage.restart().await;
    // The next step back leaves out what is bad.
    stage.ask("sam", 1, "/rollback prod").await;
    let back = stage.open_number("to v1.0.1 in prod").await;
    stage.ask("sam", back, "/merge").await;
    assert_eq!(stage.runs("prod").await, "v1.0.1 x9");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_few_services_go_back_alone() {
    let mut stage = with_past().await;
    stage.start_bot().await;
    stage.surveyed().await;
    stage.ask("ada", 1, "/rollback prod --services frontend,cartservice").await;
    let back = stage.open_number("to v1.0.2 in prod (cartservice, frontend)").await;
    stage.is_green(back).await;
    stage.ask("ada", back, "/merge").await;
    assert_eq!(stage.runs("prod").await, "v1.0.2 x2, v1.0.3 x7");
    stage.restart().await;
    // A reader does not go back.
    let refused = stage.ask("eve", back, "/rollback").await;
    assert!(refused.contains("You may not do that here"), "{refused}");
    stage.ask("ada", back, "/rollback").await;
    let forth = stage.open_number("to v1.0.3 in prod").await;
    stage.ask("ada", forth, "/merge").await;
    assert_eq!(stage.runs("prod").await, "v1.0.3 x9");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_is_undone_also_with_a_fresh_memory() {
    let (mut stage, prod) = Stage::with_prod("v1.0.1").await;
    stage.forget("other.db").await;
    let answer = stage.ask("sam", prod, "/rollback").await;
    let back = stage.open_number("to v1.0.0 in prod").await;
    assert!(answer.contains(&format!("#{back} is open")), "{answer}");
    stage.is_green(back).await;
    stage.ask("sam", back, "/merge").await;
    assert_eq!(stage.runs("prod").await, "v1.0.0 x9");
    let over = stage.ask("sam", prod, "/rollback").await;
    assert!(over.contains("does not run in `prod` any more"), "{over}");
    stage.forget("third.db").await;
    stage.ask("sam", back, "/rollback").await;
    let forth = stage.open_number("to v1.0.1 in prod").await;
    stage.ask("sam", forth, "/merge").await;
    assert_eq!(stage.runs("prod").await, "v1.0.1 x9");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_passes_a_lock_and_shows_it() {
    let (mut stage, prod) = Stage::with_prod("v1.0.1").await;
    stage.ask("ada", 1, "/lock prod incident").await;
    stage.ask("sam", prod, "/rollback").await;
    let back = stage.open_number("to v1.0.0 in prod").await;
    stage.is_green(back).await;
    assert!(stage.told(back).await.contains("a rollback goes through"));
    stage.restart().await;
    let again = stage.ask("ada", prod, "/rollback").await;
    assert!(again.contains(&format!("#{back} is open already")), "{again}");
    let later = stage.ask("ada", prod, "/rollback --argocd").await;
    assert!(later.contains("Nobody may do that here"), "{later}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_gates_that_are_named_stand_in_the_way_and_only_so_far_back() {
    let mut stage = with_past().await;
    let gates = "    gates: {soak: 1h, reviewed: true, checks: [\"ci / *\"]}\n";
    let back = "    rollback: {gates: [kustomize, approvals], within: 1}\n";
    let old = stage.file(DEMO, CONFIG, "main").await;
    stage.write_file(DEMO, "main", CONFIG, &format!("{old}{gates}{back}")).await;
    stage.start_bot().await;
    stage.surveyed().await;
    stage.ask("ada", 1, "/lock prod incident").await;
    stage.ask("sam", 1, "/rollback prod").await;
    let back = stage.open_number("to v1.0.2 in prod").await;
    stage.is_red(back, "eeds qa-approved").await;
    let (_, text) = stage.gates(back).await;
    for gate in ["kustomize", "scope", "lock", "approvals"] {
        assert!(text.contains(&format!("| `{gate}` |")), "{gate}: {text}");
    }
    for gate in ["soak", "reviewed", "checks", "order", "hold", "bad-version"] {
        assert!(!text.contains(&format!("| `{gate}` |")), "{gate}: {text}");
    }
    stage.restart().await;
    stage.rules(|old| old.replace(", approvals], within", "], within")).await;
    stage.is_green(back).await;
    assert!(stage.told(back).await.contains("a rollback goes through"), "the lock is shown");
    stage.ask("sam", back, "/cancel").await;
    stage.restart().await;
    // Two versions ago is further than the rules let a rollback go.
    stage.ask("sam", 1, "/rollback prod v1.0.1").await;
    let further = stage.open_number("to v1.0.1 in prod").await;
    stage.is_red(further, "`v1.0.1` does not run in `staging`").await;
    let (_, text) = stage.gates(further).await;
    for gate in ["soak", "reviewed", "checks", "order"] {
        assert!(text.contains(&format!("| `{gate}` |")), "{gate}: {text}");
    }
    stage.finish().await;
}
