//! What goes back when files and entries are not any more what they were: names and digests come back exactly, and what
//! was moved or removed since is told.

use serde_json::json;

use crate::stage::people::{CONFIG, overlay};
use crate::stage::{DEMO, Stage};

const REGISTRY: &str = "registry.digitalocean.com/microservices-demo";
const MOVED: &str = "kustomize/production/kustomization.yaml";

fn digest() -> String {
    format!("sha256:{}", "a".repeat(64))
}

/// The lines of one entry.
fn entry<'a>(text: &'a str, name: &str) -> &'a str {
    let from = text.find(&format!("  - name: {name}\n")).unwrap();
    let rest = &text[from + 4..];
    let end = rest.find("  - name: ").map_or(text.len(), |end| from + 4 + end);
    &text[from..end]
}

/// Production ran v1.0.0 with a name and a digest of its own, then v1.0.1 without; then an entry was removed, and the
/// overlay moved.
async fn with_changes_since() -> Stage {
    let stage = Stage::without_bot().await;
    let old = stage.file(DEMO, &overlay("prod"), "main").await;
    let cart = entry(&old, "cartservice").to_owned();
    let first = old
        .replace(&format!("{REGISTRY}/frontend"), "registry.acme.test/shop/frontend")
        .replace(&cart, &format!("{cart}    digest: {}\n", digest()));
    stage.write_file(DEMO, "main", &overlay("prod"), &first).await;
    stage
        .act("sam", "POST", &format!("/repos/{DEMO}/releases"), json!({"tag_name": "v1.0.1"}))
        .await;
    for environment in ["staging", "prod"] {
        let next = old.replace("newTag: v1.0.0", "newTag: v1.0.1");
        let next = next.replace("-prod", &format!("-{environment}"));
        stage.write_file(DEMO, "main", &overlay(environment), &next).await;
    }
    let now = stage.file(DEMO, &overlay("prod"), "main").await;
    let now = now.replace(entry(&now, "emailservice"), "");
    stage.write_file(DEMO, "main", MOVED, &now).await;
    let rules = stage.file(DEMO, CONFIG, "main").await;
    assert!(rules.contains("kustomize/prod\n"), "{rules}");
    let rules = rules.replace("kustomize/prod\n", "kustomize/production\n");
    stage.write_file(DEMO, "main", CONFIG, &rules).await;
    stage.act("ada", "POST", &format!("/repos/{DEMO}/issues"), json!({"title": "Talk"})).await;
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_digests_come_back_to_where_the_file_stands_now() {
    let mut stage = with_changes_since().await;
    stage.start_bot().await;
    stage.surveyed().await;
    let answer = stage.ask("sam", 1, "/rollback prod").await;
    assert!(answer.contains(" is open"), "{answer}");
    let back = stage.open_number("to v1.0.0 in prod").await;
    let moved = format!("`{}` was moved to `{MOVED}` since", overlay("prod"));
    let removed = "`emailservice` was removed from `images:` since, so it is not put back";
    let body = stage.pull(back).await["body"].as_str().unwrap().to_owned();
    for told in [&answer, &body] {
        assert!(told.contains(&moved) && told.contains(removed), "{told}");
    }
    stage.is_green(back).await;
    stage.ask("sam", back, "/merge").await;
    assert_eq!(stage.state(back).await, "merged", "{}", stage.gates(back).await.1);
    let text = stage.file(DEMO, MOVED, "main").await;
    let (front, cart) = (entry(&text, "frontend"), entry(&text, "cartservice"));
    assert!(front.contains("newName: registry.acme.test/shop/frontend\n"), "{text}");
    assert!(cart.contains(&format!("digest: {}\n", digest())), "{text}");
    assert!(!text.contains("v1.0.1") && !text.contains("/emailservice"), "{text}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_is_undone_also_where_its_file_was_moved_since() {
    let (stage, prod) = Stage::with_prod("v1.0.1").await;
    let text = stage.file(DEMO, &overlay("prod"), "main").await;
    let text = text.replace(entry(&text, "emailservice"), "");
    stage.write_file(DEMO, "main", MOVED, &text).await;
    stage.rules(|old| old.replace("kustomize/prod\n", "kustomize/production\n")).await;
    let answer = stage.ask("sam", prod, "/rollback").await;
    assert!(answer.contains(" is open"), "{answer}");
    let back = stage.open_number("to v1.0.0 in prod").await;
    let moved = format!("`{}` was moved to `{MOVED}` since", overlay("prod"));
    assert!(answer.contains(&moved) && answer.contains("`emailservice` was removed"), "{answer}");
    stage.is_green(back).await;
    stage.ask("sam", back, "/merge").await;
    assert!(!stage.file(DEMO, MOVED, "main").await.contains("v1.0.1"));
    // What is left there is only what that one did not bring.
    let over = stage.ask("sam", prod, "/rollback").await;
    assert!(over.contains("does not run in `prod` any more"), "{over}");
    stage.finish().await;
}
