//! Rollbacks that are taken back, whole or in part: what is bad then, and what is not any more.

use super::meanwhile::{between, comes};
use super::*;
use crate::domain::promotion::Back;
use crate::intent::command::Scope;
use crate::model::act::{ActKind, NewAct};
use crate::model::ids::CommentId;

/// What ada says on a merged pull request, and the pull request that it opens.
fn rollback(hub: &mut Hub, on: PrNumber, services: &[&str]) -> (PrNumber, Promotion) {
    let services = services.iter().map(|name| (*name).to_owned()).collect();
    let command = Command::Rollback {
        environment: None,
        version: None,
        scope: Scope { services, ..Scope::default() },
        argocd: false,
        reason: None,
    };
    let (ada, now) = (account(5, "ada"), hub.now);
    let id = CommentId(901 + hub.pulls.len() as u64);
    let said = hub.comment(id, &ada, Some(on), (command, now));
    hub.asked.clear();
    hub.parted = None;
    let decision = hub.decide(&said);
    let new = decision.effects.iter().find_map(|effect| match effect {
        Effect::EnsureBranch(new) => Some(new.clone()),
        _ => None,
    });
    let new = new.unwrap_or_else(|| panic!("{decision:?}"));
    let text = String::from_utf8(new.files[0].content.clone()).unwrap();
    let bot = account(77, "usher[bot]");
    let pr = hub.open(&new.branch, &bot, &new.message, &[(&new.files[0].path, &text)]);
    hub.parted = Some(hub.branches["main"].0.clone());
    (pr, Promotion::from_message(&new.message, &sealer()).unwrap())
}

/// It is merged, and production has these then; gives what follows. Acts are kept.
fn merge(hub: &mut Hub, pr: PrNumber, web: &str, cart: &str) -> Decision {
    let base = hub.branches["main"].0.sha.clone();
    comes(hub, web, cart);
    let landed = hub.branches["main"].0.sha.clone();
    let pull = hub.pulls.iter_mut().find(|pull| pull.number == pr).unwrap();
    (pull.open, pull.merged, pull.landed, pull.base.sha) = (false, true, Some(landed), base);
    hub.judged = Some(passed(hub, pr));
    hub.asked.clear();
    let decision = hub.decide(&Intent::Conclude { repo: repo(), pr });
    for effect in &decision.effects {
        match effect {
            Effect::RecordAct(said) => {
                let id = 1 + hub.acts.last().map_or(0, |act| act.id);
                hub.acts.push(Act { id, said: said.clone() });
            }
            Effect::EndActs { ids, .. } => hub.acts.retain(|act| !ids.contains(&act.id)),
            _ => {}
        }
    }
    decision
}

/// What is bad, and whether anything is held.
fn stands(hub: &Hub) -> (Vec<&str>, bool) {
    let of = |kind: ActKind| {
        let is = move |said: &&NewAct| said.kind == kind;
        hub.acts.iter().map(|act| &act.said).filter(is)
    };
    let bad = of(ActKind::Bad).map(|said| said.subject.as_str()).collect();
    (bad, of(ActKind::Hold).next().is_some())
}

/// What is told on a pull request.
fn told(decision: &Decision, on: PrNumber) -> &str {
    let found = decision.effects.iter().find_map(|effect| match effect {
        Effect::EnsureComment { pr, body, .. } if *pr == on => Some(body.as_str()),
        _ => None,
    });
    found.unwrap_or_default()
}

#[test]
fn what_takes_a_rollback_back_leaves_nothing_also_where_versions_cannot_be_compared() {
    let (mut hub, back) = between("build-b", "build-a", |_| {});
    merge(&mut hub, back, "build-a", "build-a");
    assert_eq!(stands(&hub), (vec!["build-b"], true));
    let (again, promotion) = rollback(&mut hub, back, &[]);
    let plain = Back { undoes: Some(back), ..Back::default() };
    assert_eq!(promotion.back, Some(plain));
    let decision = merge(&mut hub, again, "build-b", "build-b");
    assert_eq!(stands(&hub), (Vec::new(), false));
    assert!(told(&decision, back).contains("**Undone in `prod`"), "{decision:?}");
    // Taking that back goes back once more.
    let (third, promotion) = rollback(&mut hub, again, &[]);
    assert_eq!(promotion.back.unwrap().leaves, ["build-b"]);
    merge(&mut hub, third, "build-a", "build-a");
    assert_eq!(stands(&hub), (vec!["build-b"], true));
}

#[test]
fn a_rollback_that_is_taken_back_in_part_stands_for_the_rest() {
    let (mut hub, back) = between("v3.0.0", "v2.0.0", |_| {});
    merge(&mut hub, back, "v2.0.0", "v2.0.0");
    let (part, _) = rollback(&mut hub, back, &["api-cart"]);
    let decision = merge(&mut hub, part, "v2.0.0", "v3.0.0");
    assert_eq!(stands(&hub), (vec!["v3.0.0"], true));
    assert!(told(&decision, back).contains("**Undone in part in `prod`"), "{decision:?}");
    let check = |effect: &Effect| matches!(effect, Effect::EnsureCheck(check) if check.name.contains("rollback"));
    assert!(!decision.effects.iter().any(check), "it is bad there still: {decision:?}");
    let (rest, _) = rollback(&mut hub, back, &[]);
    merge(&mut hub, rest, "v3.0.0", "v3.0.0");
    assert_eq!(stands(&hub), (Vec::new(), false));
}

#[test]
fn what_was_replaced_since_does_not_stand_as_the_rollback_left_it() {
    let (mut hub, back) = between("v3.0.0", "v2.0.0", |_| {});
    merge(&mut hub, back, "v2.0.0", "v2.0.0");
    comes(&mut hub, "v4.0.0", "v2.0.0");
    let (rest, _) = rollback(&mut hub, back, &[]);
    merge(&mut hub, rest, "v4.0.0", "v3.0.0");
    assert_eq!(stands(&hub), (Vec::new(), false));
}

#[test]
fn who_brought_a_digest_is_told_too() {
    let digest = |c: &str| format!("sha256:{}", c.repeat(64));
    let (mut hub, back) = between(&digest("b"), &digest("a"), |_| {});
    hub.history = vec![hub.branches["main"].0.clone()];
    let mut by = hub.pulls[0].clone();
    (by.number, by.open, by.merged) = (PrNumber(9), false, true);
    by.landed = Some(hub.history[0].sha.clone());
    hub.brought_by = vec![by];
    let decision = merge(&mut hub, back, &digest("a"), &digest("a"));
    let said = told(&decision, PrNumber(9));
    assert!(said.contains("**Rolled back in `prod` by #1**"), "{decision:?}");
}
