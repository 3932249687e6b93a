//! `soak`: a version waits until it has run whole before for long enough, and nothing shortens that.

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

const HOUR: i64 = 3600;

/// Production asks for a day in staging.
async fn asks_for_a_day(stage: &Stage) {
    stage.rules(|old| old + "    gates: {soak: 24h}\n    overrides: [sam]\n").await;
}

/// Sets staging to a version by a push, without waiting.
async fn push_staging(stage: &Stage, tag: &str) {
    let old = stage.file(DEMO, &overlay("staging"), "main").await;
    let lines = old.lines().map(|line| match line.find("newTag: ") {
        Some(at) => format!("{}newTag: {tag}\n", &line[..at]),
        None => format!("{line}\n"),
    });
    let text: String = lines.collect();
    stage.write_file(DEMO, "main", &overlay("staging"), &text).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_soaks_and_is_let_through_when_its_time_has_come() {
    let mut stage = Stage::with_staging("v1.0.1").await;
    asks_for_a_day(&stage).await;
    stage.ask("ada", 1, "/promote prod").await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    let (conclusion, text) = stage.gates(prod).await;
    assert_eq!(conclusion, "action_required", "people have to do something: {text}");
    let title = text.lines().next().unwrap();
    assert!(title.starts_with("Needs qa-approved from @acme/qa"), "{title}");
    assert!(title.contains(" · soaking until 20"), "with the date, as it is another day: {title}");
    stage.approve(prod).await;
    let (conclusion, text) = stage.gates(prod).await;
    assert_eq!(conclusion, "", "it only waits: {text}");
    assert!(text.starts_with("Soaking until "), "{text}");
    assert!(stage.told(prod).await.contains("soaking until 20"));
    let refused = stage.ask("ada", prod, "/merge").await;
    assert!(refused.contains("soaking until"), "{refused}");
    // Whoever restarts it loses no wake-up, and coming back early changes nothing.
    stage.restart().await;
    stage.travel(23 * HOUR).await;
    stage.is_red(prod, "soaking until").await;
    stage.restart().await;
    stage.travel(HOUR).await;
    stage.is_green(prod).await;
    let merged = stage.ask("ada", prod, "/merge").await;
    assert!(merged.contains("is merged"), "{merged}");
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_comes_in_between_begins_it_anew_also_unseen() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    asks_for_a_day(&stage).await;
    stage.approve(prod).await;
    stage.travel(20 * HOUR).await;
    stage.is_red(prod, "soaking until").await;
    // Staging goes back and forth while nobody is told.
    stage.stop_bot().await;
    push_staging(&stage, "v1.0.0").await;
    push_staging(&stage, "v1.0.1").await;
    stage.leap(HOUR);
    stage.start_bot().await;
    stage.surveyed().await;
    stage.travel(20 * HOUR).await;
    stage.is_red(prod, "soaking until").await;
    // Some services only, and back: not whole for a moment.
    let whole = stage.file(DEMO, &overlay("staging"), "main").await;
    let partly = whole.replacen("v1.0.1", "v1.0.0", 1);
    stage.write_file(DEMO, "main", &overlay("staging"), &partly).await;
    stage.idle().await;
    stage.write_file(DEMO, "main", &overlay("staging"), &whole).await;
    stage.idle().await;
    stage.travel(23 * HOUR).await;
    stage.is_red(prod, "soaking until").await;
    stage.travel(HOUR + 60).await;
    stage.is_green(prod).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_memory_the_merge_tells_since_when_and_a_push_nothing() {
    let mut stage = Stage::start().await;
    asks_for_a_day(&stage).await;
    let staging = stage.to_staging("v1.0.1").await;
    assert_eq!(stage.state(staging).await, "merged");
    stage.travel(20 * HOUR).await;
    stage.forget("once.db").await;
    stage.ask("ada", staging, "/promote prod").await;
    let prod = stage.open_number("v1.0.1 to prod").await;
    stage.approve(prod).await;
    stage.is_red(prod, "soaking until").await;
    stage.travel(4 * HOUR + 60).await;
    stage.is_green(prod).await;
    // What came by a push counts from when it was first seen, whatever date its commit bears.
    push_staging(&stage, "v1.0.0").await;
    push_staging(&stage, "v1.0.1").await;
    stage.travel(20 * HOUR).await;
    stage.forget("twice.db").await;
    for (who, label) in [("quinn", "qa-approved"), ("pat", "pm-approved")] {
        stage.unlabel(who, prod, label).await;
    }
    stage.approve(prod).await;
    stage.travel(23 * HOUR).await;
    stage.is_red(prod, "soaking until").await;
    stage.travel(HOUR + 60).await;
    stage.is_green(prod).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_was_replaced_too_early_never_soaks() {
    let (stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    asks_for_a_day(&stage).await;
    stage.approve(prod).await;
    stage.travel(3 * HOUR).await;
    stage.to_staging("v1.0.2").await;
    stage.travel(30 * HOUR).await;
    let (conclusion, text) = stage.gates(prod).await;
    assert_eq!(conclusion, "failure", "{text}");
    assert!(text.contains("and was replaced before the 1d that it has to"), "{text}");
    assert!(text.contains("for 3h 0min only"), "{text}");
    // Somebody may accept that, with a reason, for this head.
    stage.ask("sam", prod, "/override soak the fix is urgent").await;
    stage.is_green(prod).await;
    stage.finish().await;
}
