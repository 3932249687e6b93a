//! After a rollback: it is told where what went had come from, recorded with how long it took, and what went stays bad.

use crate::evidence::dossier;
use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

const CHECK: &str = "usher/rollback microservices-demo v1.0.1 prod";

fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

impl Stage {
    /// What a way back left on what it took back; once.
    async fn told_by(&self, pr: u64, back: u64) -> String {
        let told = self.comments_of(pr, &format!("<!-- usher:back {back} -->")).await;
        assert_eq!(told.len(), 1, "on #{pr} by #{back}: {told:?}");
        told[0].clone()
    }

    async fn release_commit(&self, tag: &str) -> String {
        let commit = self.get(&format!("/repos/{DEMO}/commits/{tag}")).await;
        commit["sha"].as_str().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_is_told_where_it_came_from_and_how_long_that_took() {
    let (mut stage, prod) = Stage::with_prod("v1.0.1").await;
    stage.travel(3600).await;
    stage.ask("sam", 1, "/rollback prod --reason it loses carts @acme/all").await;
    let back = stage.open_number("to v1.0.0 in prod").await;
    stage.travel(60).await;
    stage.ask("ada", back, "/merge").await;
    assert_eq!(stage.state(back).await, "merged");
    let told = stage.told_by(prod, back).await;
    has(
        &told,
        &[
            &format!(
                "**Rolled back in `prod` by #{back}**: `v1.0.1` went, `v1.0.0` is there again."
            ),
            "- Who: asked for by `sam`, merged by `usher[bot]` on ",
            "- Why: `it loses carts @acme/all`",
            "- Time to restore: 1h ",
            " from the merge of what was left and 1min from `/rollback`",
            "only with `/override bad-version REASON`",
        ],
    );
    has(&stage.told(back).await, &["**Time to restore:** 1h ", " and 1min from `/rollback`."]);
    let sha = stage.release_commit("v1.0.1").await;
    let (conclusion, title, summary) = stage.check(DEMO, &sha, CHECK).await;
    assert_eq!(conclusion, "neutral");
    assert_eq!(title, format!("v1.0.1 was rolled back in prod by #{back}"));
    has(&summary, &["`it loses carts @acme/all`"]);
    let left = format!("| Went back from | `v1.0.1`, brought by `#{prod}` |");
    has(&dossier(&stage, back), &[&left, "| Time to restore | 1h "]);
    has(&dossier(&stage, prod), &[&format!("| Left by | `#{back}`, merged ")]);
    // Told twice of the merge, it is said and recorded once.
    stage.restart().await;
    assert!(stage.replay("pull_request", "\"merged\":true").await > 0);
    stage.told_by(prod, back).await;
    assert_eq!(dossier(&stage, back).matches("| went back to `v1.0.0` from ").count(), 1);

    // Undone, it is told there, and nothing is bad any more.
    stage.ask("sam", back, "/rollback").await;
    let forth = stage.open_number("to v1.0.1 in prod").await;
    stage.ask("ada", forth, "/merge").await;
    let told = stage.told_by(back, forth).await;
    has(&told, &["**Undone in `prod` by #", "`v1.0.1` is there again", "no reason was given"]);
    assert!(!told.contains("Time to restore") && !told.contains("bad-version"), "{told}");
    let (conclusion, title, _) = stage.check(DEMO, &sha, CHECK).await;
    assert_eq!(
        (conclusion.as_str(), title),
        ("success", format!("v1.0.1 is back in prod by #{forth}"))
    );
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_comes_again_only_if_somebody_accepts_that_also_by_hand() {
    let (mut stage, prod) = Stage::with_prod("v1.0.1").await;
    stage.rules(|old| format!("{old}    overrides: [\"@acme/sre\"]\n")).await;
    stage.ask("sam", prod, "/rollback").await;
    let back = stage.open_number("to v1.0.0 in prod").await;
    stage.ask("sam", back, "/merge").await;
    stage.restart().await;
    stage.ask("ada", 1, "/promote prod v1.0.1").await;
    let again = stage.open_number("v1.0.1 to prod").await;
    stage.is_red(again, "was rolled back here by `sam`").await;
    stage.ask("ada", again, "/cancel").await;
    stage.branch(DEMO, "by-hand", "main").await;
    let text = stage.file(DEMO, &overlay("prod"), "main").await;
    stage.push("ada", "by-hand", &overlay("prod"), &text.replace("v1.0.0", "v1.0.1")).await;
    let hand = stage.open_pull("ada", DEMO, "by-hand").await["number"].as_u64().unwrap();
    stage.approve(hand).await;
    stage.is_red(hand, "was rolled back here by `sam`").await;
    let refused = stage.ask("ada", hand, "/override bad-version it is fine now").await;
    assert!(refused.contains("You may not do that here"), "{refused}");
    stage.restart().await;
    stage.ask("sam", hand, "/override bad-version the database was at fault").await;
    // The hold is another matter, and ends by its own word.
    stage.is_red(hand, "eld in prod").await;
    stage.ask("ada", hand, "/unhold prod").await;
    stage.is_green(hand).await;
    stage.ask("ada", hand, "/merge").await;
    assert_eq!(stage.runs("prod").await, "v1.0.1 x9");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_fresh_memory_it_is_found_who_had_brought_it() {
    let (mut stage, prod) = Stage::with_prod("v1.0.1").await;
    stage.forget("other.db").await;
    stage.ask("sam", 1, "/rollback prod").await;
    let back = stage.open_number("to v1.0.0 in prod").await;
    stage.ask("sam", back, "/merge").await;
    has(&stage.told_by(prod, back).await, &["**Rolled back in `prod` by #", "from `/rollback`"]);
    stage.finish().await;
}
