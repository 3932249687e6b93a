//! A model of merging: people push, label, lock, change the rules and ask for merges in any order, while the bot is at
//! work, its webhooks are late or come twice, and time leaps. Whatever the order: a merge by the bot is of the head and
//! onto the base that it judged, and every gate held on facts read after the last change that could be seen.
//!
//! `USHER_TEST_SEED` repeats a run, `USHER_TEST_INTERLEAVINGS` makes it shorter or longer. A seed gives the same acts;
//! how far the bot has got when one of them comes is the machine's to say.

mod chronicle;
mod dice;
mod oracle;
mod rules;
mod world;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use dice::Dice;
use world::{Act, Tally, World};

/// So many interleavings are played where nothing else is said: continuous integration plays ten times as many.
const INTERLEAVINGS: usize = 200;

/// So many are played in one sandbox, one after the other; what one leaves is where the next begins.
const IN_A_WORLD: usize = 40;

/// So many sandboxes side by side.
const SIDE_BY_SIDE: usize = 4;

fn set(name: &str) -> Option<u64> {
    Some(std::env::var(name).ok()?.parse().unwrap())
}

/// What is done so that the promotion may be merged, as far as it is known to be missing.
async fn towards(
    world: &mut World,
    pull: &(u64, String, String, Vec<String>),
    ours: &str,
) -> Vec<Act> {
    let mut acts = Vec::new();
    let dice = &mut world.dice;
    if pull.2 != ours {
        acts.push(if dice.percent(70) { Act::Force("ada") } else { Act::Say("ada", "/retry") });
    }
    if world.rules.observe {
        acts.push(Act::Enforce);
    }
    for (stopped, text) in world.stops.into_iter().zip(["/unlock prod", "/unhold"]) {
        if dice.percent(if stopped { 85 } else { 5 }) {
            acts.push(Act::Say("ada", text));
        }
    }
    for (label, by) in &world.rules.approvals {
        let who = *dice.of(by);
        let command = match (*label, who) {
            ("ok", _) => "/approve ok",
            _ => "/approve fine",
        };
        if dice.percent(20) {
            acts.push(Act::Say(who, command));
            continue;
        }
        // Put on once more it would tell nobody anything.
        if pull.3.iter().any(|on| on == label) && dice.percent(60) {
            acts.push(Act::Unlabel(who, label));
        }
        acts.push(Act::Label(who, label));
    }
    for check in &world.rules.checks {
        acts.push(Act::Report(check, "success"));
    }
    if dice.percent(6) {
        let one = dice.below(acts.len().max(1));
        acts.truncate(one);
    }
    if !world.rules.automatic || dice.percent(10) {
        let who = ["ada", "sam", "pat"][dice.below(3)];
        acts.push(Act::Say(who, "/merge"));
    }
    acts
}

/// Something that comes between.
fn between(dice: &mut Dice) -> Act {
    let push = [Act::Push("ada"), Act::Push("pat"), Act::Push("sam")];
    let say = [
        Act::Say("ada", "/lock prod not now"),
        Act::Say("pat", "/hold wait"),
        Act::Say("ada", "/unlock prod"),
        Act::Say("ada", "/unhold"),
        Act::Say("eve", "/merge"),
        Act::Say("eve", "/lock prod"),
        Act::Say("ada", "/merge"),
        Act::Say("sam", "/merge"),
        Act::Say("ada", "/approve ok"),
        Act::Say("ada", "/retry"),
    ];
    let label = [
        Act::Label("ada", "ok"),
        Act::Label("sam", "fine"),
        Act::Label("sam", "ok"),
        Act::Unlabel("ada", "ok"),
        Act::Unlabel("pat", "ok"),
        Act::Unlabel("sam", "fine"),
    ];
    let report = [
        Act::Report("build", "failure"),
        Act::Report("build", "pending"),
        Act::Report("smoke", "failure"),
        Act::Report("build", "success"),
    ];
    let (push, say, label, report) =
        (*dice.of(&push), *dice.of(&say), *dice.of(&label), *dice.of(&report));
    let leap = Act::Leap(i64::try_from(1 + dice.below(9)).unwrap());
    dice.weighed(&[
        (14, push),
        (6, Act::Force("ada")),
        (26, say),
        (18, label),
        (10, report),
        (8, Act::Rules),
        (6, Act::Elsewhere),
        (4, Act::Inside),
        (3, Act::Entry),
        (2, Act::Release),
        (1, Act::Close),
        (2, Act::Side),
        (6, Act::Replay),
        (5, leap),
        (6, Act::Late),
    ])
}

/// Something that comes in the very moment of a call.
fn strike(dice: &mut Dice) -> Act {
    dice.weighed(&[
        (30, Act::Push("ada")),
        (15, Act::Elsewhere),
        (10, Act::Inside),
        (10, Act::Rules),
        (10, Act::Unlabel("ada", "ok")),
        (10, Act::Report("build", "failure")),
        (10, Act::Say("ada", "/lock prod not now")),
        (5, Act::Close),
    ])
}

/// One interleaving.
async fn play(world: &mut World) {
    world.done.clear();
    let pull = loop {
        if let Some(pull) = world.promotion().await {
            break pull;
        }
        let nowhere = (0, "", "");
        world.act(Act::Release, nowhere).await;
        world.rest().await;
        world.judge().await;
    };
    let ours = world.ours(&pull).await;
    let mut acts = towards(world, &pull, &ours).await;
    let dice = &mut world.dice;
    for _ in 0..dice.weighed(&[(15, 0), (35, 1), (30, 2), (20, 3)]) {
        // Most where it is closest: between the last word and the merge.
        let at = if dice.percent(50) { acts.len() } else { dice.below(acts.len() + 1) };
        let act = between(dice);
        acts.insert(at, act);
        if act == Act::Late {
            let on = at + 1 + dice.below(acts.len() - at);
            acts.insert(on, Act::Flow);
        }
    }
    let slow = dice.percent(35);
    for (n, act) in acts.iter().copied().enumerate() {
        // What was done before is done with, but for the last word.
        if slow && n + 1 == acts.len() {
            world.let_work(usize::MAX / 2).await;
            world.slow_down();
        }
        // At once, while the bot is at work on what came before, or when it is done.
        match world.dice.below(10) {
            0..=4 => {}
            5..=8 => {
                let requests = 1 + world.dice.below(24);
                world.let_work(requests).await;
            }
            _ => world.let_work(usize::MAX / 2).await,
        }
        if world.dice.percent(50) {
            world.stage.leap(1);
        }
        world.act(act, (pull.0, &pull.1, &ours)).await;
    }
    if slow && world.call_is_slow().await {
        let act = strike(&mut world.dice);
        world.act(act, (pull.0, &pull.1, &ours)).await;
    }
    world.rest().await;
    let merges = world.judge().await;
    world.tally.interleavings += 1;
    world.tally.stopped += usize::from(merges == 0);
    // So that the bot has its whole burst of requests again.
    let minutes = if world.dice.percent(10) { 65 } else { 4 };
    world.stage.leap(minutes * 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_merge_is_of_what_was_judged_in_whatever_order_things_come() {
    let seed = set("USHER_TEST_SEED")
        .unwrap_or_else(|| u64::try_from(jiff::Timestamp::now().as_microsecond()).unwrap());
    let wanted =
        set("USHER_TEST_INTERLEAVINGS").map_or(INTERLEAVINGS, |n| usize::try_from(n).unwrap());
    println!("USHER_TEST_SEED={seed} USHER_TEST_INTERLEAVINGS={wanted}");
    let begun = Instant::now();
    let (next, worlds) = (AtomicUsize::new(0), wanted.div_ceil(IN_A_WORLD));
    let players = (0..SIDE_BY_SIDE).map(async |_| {
        let mut sum = Tally::default();
        loop {
            let which = next.fetch_add(1, Ordering::SeqCst);
            if which >= worlds {
                return sum;
            }
            let dice = Dice::new(seed, which as u64);
            let mut world = World::new(which % 2 == 0, dice).await;
            for _ in 0..IN_A_WORLD.min(wanted - which * IN_A_WORLD) {
                play(&mut world).await;
            }
            sum.add(&world.tally);
            world.stage.stop_bot().await;
        }
    });
    let mut sum = Tally::default();
    for tally in futures_util::future::join_all(players).await {
        sum.add(&tally);
    }
    println!("{sum:?} in {:?}", begun.elapsed());
    assert_eq!(sum.interleavings, wanted);
    if wanted >= 100 {
        // What nothing is merged in can break no rule, and what is always merged meets none.
        assert!(sum.merges * 5 >= wanted, "{sum:?}");
        assert!(sum.stopped * 5 >= wanted, "{sum:?}");
        assert!(sum.raced * 100 >= wanted, "{sum:?}");
    }
}
