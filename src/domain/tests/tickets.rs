//! The gate `ticket`, from who named what and what is said of it to its outcome.

use super::states::{RULES, Scene};
use super::*;
use crate::model::act::ActKind;

const PLAIN: &str = "{pattern: 'CHG-[0-9]+|X'}";
const ASKED: &str = "{pattern: 'CHG-[0-9]+', status: {url: 'https://itsm.acme.io/{ticket}?a', json: /state, equals: approved}}";

fn scene(ticket: &str, named: Option<&str>) -> Scene {
    let gates = format!("overlay: prod\n    gates: {{ticket: {ticket}}}\n");
    let rules = RULES.replace("overlay: prod\n", &gates);
    Scene::under(&rules, |promotion| promotion.ticket = named.map(str::to_owned))
}

fn stands(scene: &mut Scene) -> (String, String) {
    let decision = evaluate(&mut scene.hub, scene.pr);
    let mut reasons = decision.reasons.iter();
    let reason = reasons.find(|one| one.code.starts_with("ticket.")).unwrap();
    (reason.code.trim_start_matches("ticket.").to_owned(), reason.sentence.clone())
}

fn is(scene: &mut Scene, outcome: &str, words: &str) {
    let (is, said) = stands(scene);
    assert_eq!(is, outcome, "{said}");
    assert!(said.contains(words), "{said}");
}

#[test]
fn a_name_is_needed_and_the_pattern_matches_all_of_it() {
    is(&mut scene(PLAIN, None), "needs", "no change ticket is named");
    is(
        &mut scene(PLAIN, Some("CHG-1")),
        "passed",
        "`CHG-1`, named when it was asked for; named, not verified",
    );
    is(&mut scene(PLAIN, Some("X")), "passed", "not verified");
    for other in ["CHG-1x", "xCHG-1", "CHG-", "CHG-1\n", "XX", "", "CHG-1/../2"] {
        is(&mut scene(PLAIN, Some(other)), "needs", "does not match `CHG-[0-9]+\\|X`");
    }
}

#[test]
fn the_newest_name_counts_and_pushes_leave_it_alone() {
    let mut scene = scene(PLAIN, Some("CHG-1"));
    scene.act(ActKind::Ticket, "CHG-2", &account(5, "ada")).head = None;
    scene.act(ActKind::Ticket, "CHG-3", &account(6, "quinn")).head = None;
    is(
        &mut scene,
        "passed",
        "`CHG-3`, named by `quinn` at 2026-11-20 11:00 UTC; named, not verified",
    );
    // One of another pull request is none here.
    scene.act(ActKind::Ticket, "CHG-4", &account(6, "quinn")).pr = Some(PrNumber(99));
    is(&mut scene, "passed", "`CHG-3`");
    scene.act(ActKind::Ticket, "nonsense", &account(6, "quinn")).head = None;
    is(&mut scene, "needs", "`nonsense` does not match");
}

#[test]
fn who_may_not_write_any_more_has_named_none() {
    let mut scene = scene(PLAIN, Some("CHG-1"));
    scene.act(ActKind::Ticket, "CHG-2", &account(5, "ada")).head = None;
    scene.act(ActKind::Ticket, "CHG-3", &account(6, "quinn")).head = None;
    scene.hub.access.insert("quinn".to_owned(), Access::Triage);
    is(&mut scene, "passed", "`CHG-2`, named by `ada`");
    scene.hub.access.insert("ada".to_owned(), Access::Read);
    is(&mut scene, "passed", "`CHG-1`, named when it was asked for");
}

#[test]
fn each_answer_of_a_server_has_its_outcome() {
    let says = |text: &str| TicketAnswer::Says(text.to_owned());
    let cases = [
        (says("approved"), "passed", "it is `approved`"),
        (says("Approved"), "waiting", "it is `Approved`, not `approved`"),
        (says("approved "), "waiting", "not `approved`"),
        (says(""), "waiting", "it is `(empty)`"),
        (says("@acme/qa closes #1 <b>\n"), "waiting", "it is `@acme/qa closes #1 <b>"),
        (says(&"a".repeat(900)), "waiting", "aaaa"),
        (TicketAnswer::Silent, "waiting", "the answer says nothing at `/state`"),
        (TicketAnswer::Absent, "needs", "there is no such ticket"),
        (
            TicketAnswer::NotAsked { host: "itsm.acme.io".into() },
            "needs",
            "`itsm.acme.io` is not asked",
        ),
        (TicketAnswer::Unreachable("it is down".into()), "waiting", "is not known: `it is down`"),
    ];
    for (answer, outcome, words) in cases {
        let mut scene = scene(ASKED, Some("CHG-1"));
        scene.hub.tickets.insert("https://itsm.acme.io/CHG-1?a".into(), answer.clone());
        is(&mut scene, outcome, words);
        let (_, said) = stands(&mut scene);
        assert!(said.len() < 400, "{answer:?}: {said}");
        if outcome != "passed" {
            let again =
                evaluate(&mut scene.hub, scene.pr).effects.into_iter().find_map(|one| match one {
                    Effect::LookAgain { at, .. } => Some(at),
                    _ => None,
                });
            let seconds = again.unwrap().duration_since(now()).as_secs();
            assert!((60..=300).contains(&seconds), "{answer:?}: {seconds}");
        }
    }
}

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}
