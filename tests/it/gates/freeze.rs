//! `freeze`: the calendar stops promotions and changes alike, opens by itself, and says when.

use jiff::{SignedDuration, Timestamp, Unit};

use crate::stage::people::overlay;
use crate::stage::{DEMO, Stage};

/// The bot's time, so many minutes on, as the configuration writes a moment of the week.
fn moment(stage: &Stage, minutes: i64) -> String {
    (now(stage) + SignedDuration::from_mins(minutes)).strftime("%a %H:%M").to_string()
}

fn now(stage: &Stage) -> Timestamp {
    stage.clock().now()
}

/// Freezes an environment of the demo by these windows.
async fn freeze(stage: &Stage, windows: &str) {
    let gates = format!("    gates: {{freeze: {{windows: [{windows}]}}}}\n    overrides: [sam]\n");
    stage.rules(|old| old + &gates).await;
}

/// So many seconds until the clock shows that moment, a little after its full minute.
fn seconds_until(stage: &Stage, minutes: i64) -> i64 {
    let then = now(stage) + SignedDuration::from_mins(minutes);
    let full = then.round(Unit::Minute).unwrap();
    full.duration_since(now(stage)).as_secs() + 61
}

#[tokio::test(flavor = "multi_thread")]
async fn a_green_verdict_turns_red_when_a_freeze_begins_and_green_when_it_ends() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    let window = format!("'{} - {} UTC'", moment(&stage, 120), moment(&stage, 300));
    freeze(&stage, &window).await;
    stage.approve(prod).await;
    stage.is_green(prod).await;
    let (_, text) = stage.gates(prod).await;
    assert!(text.contains("Valid until 20"), "{text}");
    assert!(stage.told(prod).await.contains("Valid until 20"));
    stage.restart().await;
    stage.travel(seconds_until(&stage, 120)).await;
    let (conclusion, text) = stage.gates(prod).await;
    assert_eq!(conclusion, "", "it only waits: {text}");
    assert!(text.starts_with("Frozen until "), "{text}");
    let refused = stage.ask("ada", prod, "/merge").await;
    assert!(refused.contains("frozen until"), "{refused}");
    stage.restart().await;
    stage.travel(seconds_until(&stage, 180)).await;
    stage.is_green(prod).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_stops_other_changes_too_and_no_way_back() {
    let (mut stage, first) = Stage::with_prod("v1.0.1").await;
    let today = now(&stage).strftime("%F").to_string();
    let last = (now(&stage) + SignedDuration::from_hours(2)).strftime("%F").to_string();
    freeze(&stage, &format!("{{from: {today}, to: {last}, reason: 'year end @everybody'}}")).await;
    // A change of anything else in production.
    stage.branch(DEMO, "scale", "main").await;
    let text = stage.file(DEMO, &overlay("prod"), "main").await;
    let more = text.replace("count: 2", "count: 3");
    assert_ne!(text, more);
    stage.write_file(DEMO, "scale", &overlay("prod"), &more).await;
    let change = stage.open_pull("ada", DEMO, "scale").await["number"].as_u64().unwrap();
    let (conclusion, text) = stage.gates(change).await;
    assert_eq!(conclusion, "", "{text}");
    assert!(text.contains("`year end @everybody`"), "inert: {text}");
    // A lock is answered when all are red, also the one that waits already.
    let locked = stage.ask("quinn", change, "/lock prod maintenance").await;
    assert!(locked.contains("locked"), "{locked}");
    stage.is_red(change, "maintenance").await;
    stage.ask("quinn", change, "/unlock prod").await;
    stage.restart().await;
    // Going back is asked for nothing but what `rollback.gates` names.
    stage.ask("ada", first, "/rollback").await;
    let back = stage.open_number("Roll back").await;
    stage.is_green(back).await;
    // The day ends, and nobody has to do anything.
    let midnight: Timestamp = format!("{last}T23:59:59Z").parse().unwrap();
    stage.travel(midnight.duration_since(now(&stage)).as_secs() + 2).await;
    stage.is_green(change).await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hotfix_passes_by_the_word_of_who_may_exempt_it_for_this_commit() {
    let (mut stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    let window = format!("'{} - {} UTC'", moment(&stage, -60), moment(&stage, 300));
    let exempt = "exempt: {label: hotfix, by: ['@acme/sre']}";
    let gates = format!("    gates: {{freeze: {{windows: [{window}], {exempt}}}}}\n");
    stage.rules(|old| old + &gates).await;
    stage.approve(prod).await;
    stage.is_red(prod, "frozen until").await;
    assert!(stage.told(prod).await.contains("the label `hotfix`"));
    // Who may not, and whose label nobody has recorded.
    stage.label("ada", prod, "hotfix").await;
    stage.is_red(prod, "frozen until").await;
    stage.restart().await;
    stage.label("sam", prod, "hotfix").await;
    // Sam released it, and has a hand in it.
    stage.is_red(prod, "that person published the release").await;
    stage.rules(|old| old.replace("by: ['@acme/sre']", "by: [pat]")).await;
    stage.unlabel("sam", prod, "hotfix").await;
    stage.ask("pat", prod, "/approve hotfix").await;
    stage.is_green(prod).await;
    let (_, text) = stage.gates(prod).await;
    assert!(text.contains("exempted by the label `hotfix`, given by `pat`"), "{text}");
    stage.unlabel("pat", prod, "hotfix").await;
    stage.is_red(prod, "frozen until").await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_reddens_what_is_green_whoever_made_it_while_others_wait() {
    let (stage, prod) = Stage::with_prod_asked("v1.0.1").await;
    let window = format!("'{} - {} UTC'", moment(&stage, 240), moment(&stage, 300));
    freeze(&stage, &window).await;
    stage.approve(prod).await;
    stage.is_green(prod).await;
    stage.branch(DEMO, "by-hand", "main").await;
    let text = stage.file(DEMO, &overlay("prod"), "main").await.replace("v1.0.0", "v1.0.1");
    stage.write_file(DEMO, "by-hand", &overlay("prod"), &text).await;
    let hand = stage.open_pull("ada", DEMO, "by-hand").await["number"].as_u64().unwrap();
    stage.approve(hand).await;
    stage.is_green(hand).await;
    let locked = stage.ask("quinn", prod, "/lock prod a leak").await;
    assert!(locked.contains("locked"), "{locked}");
    stage.is_red(prod, "a leak").await;
    stage.is_red(hand, "a leak").await;
    // The wake-up of the green verdict finds the lock and leaves it red.
    stage.travel(600).await;
    stage.is_red(hand, "a leak").await;
    stage.travel(seconds_until(&stage, 240)).await;
    let (_, text) = stage.gates(prod).await;
    assert!(text.starts_with("Locked: prod · frozen until "), "{text}");
    stage.finish().await;
}
