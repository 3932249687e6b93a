//! `verified`: smoke tests, a deployment and a person's word in the environment before, after the version ran there.

use serde_json::json;

use crate::stage::{DEMO, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn production_waits_for_what_is_verified_in_staging() {
    let mut stage = Stage::start().await;
    stage
        .rules(|old| {
            let owned = "    promote: automatic\n    owners: {verification: \"@acme/qa\"}\n";
            let old = old.replacen("    promote: automatic\n", owned, 1);
            format!("{old}    gates: {{verified: [smoke, uat, deploy]}}\n")
        })
        .await;
    let staging = stage.to_staging("v1.0.1").await;
    stage.ask("ada", staging, "/promote prod").await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    stage.is_red(prod, "`smoke` has not been reported").await;
    stage.restart().await;

    let merge = stage.landed(staging).await;
    let early = json!({"conclusion": "success", "started_at": "2020-01-01T00:00:00Z"});
    stage.report("ci", &merge, "smoke", early).await;
    stage.is_red(prod, "`smoke` was reported before it ran there, which does not count").await;
    // On the pull request that is to go to production it says nothing of staging.
    let (_, head) = stage.head_of(prod).await;
    stage.concluded("ci", &head, "smoke", "success").await;
    stage.is_red(prod, "`smoke` was reported before it ran there").await;
    stage.concluded("ci", &merge, "smoke", "success").await;
    stage.is_red(prod, "`uat` has not been reported").await;
    stage.deployed("ci", &merge, "prod", "success").await;
    stage.is_red(prod, "`deploy` has not been reported").await;
    stage.deployed("ci", &merge, "Staging", "failure").await;
    stage.is_red(prod, "`deploy` failed").await;
    stage.deployed("ci", &merge, "Staging", "success").await;
    stage.is_red(prod, "`uat` has not been reported").await;
    stage.restart().await;

    for (login, thread, said, answer) in [
        ("ada", staging, "/verified uat", "It takes `@acme/qa`"),
        ("quinn", prod, "/verified uat", "Nobody may do that here"),
        ("quinn", 1, "/verified lunch", "what is asked for is `smoke`, `uat` or `deploy`"),
    ] {
        let told = stage.ask(login, thread, said).await;
        assert!(told.contains(answer), "{login} {said}: {told}");
    }
    let told = stage.ask("eve", staging, "/verified uat").await;
    assert!(told.contains("You may not do that here"), "{told}");
    stage.is_red(prod, "`uat` has not been reported").await;
    let told = stage.ask("quinn", staging, "/verified uat").await;
    assert!(told.contains("`uat` is well with `v1.0.1` in `staging`"), "{told}");
    stage.approve(prod).await;
    stage.is_green(prod).await;
    stage.restart().await;

    let told = stage.ask("quinn", staging, "/verified uat --failed").await;
    assert!(told.contains("`uat` fails with `v1.0.1` in `staging`"), "{told}");
    stage.is_red(prod, "`uat` was found to fail").await;
    stage.ask("quinn", staging, "/verified uat").await;
    stage.is_green(prod).await;
    // Who may not any more has said nothing.
    stage.act("sam", "DELETE", "/orgs/acme/teams/qa/memberships/quinn", json!({})).await;
    stage.idle().await;
    stage.is_red(prod, "`uat` has not been reported").await;
    assert_eq!(stage.state(prod).await, "open", "{DEMO}");
    stage.finish().await;
}
