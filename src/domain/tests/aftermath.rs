//! What is recorded and told when a way back was merged.

use super::states::Scene;
use super::*;
use crate::model::evidence::{Brought, WentBack, What};
use crate::model::ids::CommentId;

const CHECK: &str = "usher/rollback shop v1.0.0 prod";

fn at(time: &str) -> Timestamp {
    format!("2026-11-20T{time}Z").parse().unwrap()
}

/// A rollback of #3, which had brought v1.0.0 at ten; ada asked for it in a comment.
fn back() -> Scene {
    let mut scene = Scene::back();
    scene.hub.release("v1.0.0");
    let mut undone = scene.hub.pulls[0].clone();
    (undone.number, undone.open, undone.merged) = (PrNumber(3), false, true);
    undone.merged_at = Some(at("10:00:00"));
    scene.hub.pulls.push(undone);
    said(&mut scene, &account(5, "ada"), "11:25:00");
    scene
}

fn said(scene: &mut Scene, author: &Account, time: &str) {
    let (id, author, body) = (CommentId(900), author.clone(), "/rollback".to_owned());
    scene.hub.comments = vec![Comment { id, author, body, written_at: at(time), edited: false }];
}

/// It is merged, by sam at half past eleven.
fn merged(scene: &mut Scene) -> Decision {
    scene.hub.judged = Some(passed(&scene.hub, scene.pr));
    let pull = scene.hub.pulls.iter_mut().find(|pull| pull.number == scene.pr).unwrap();
    (pull.open, pull.merged, pull.landed) = (false, true, Some(pull.head.sha.clone()));
    (pull.merged_by, pull.merged_at) = (Some(account(6, "sam")), Some(at("11:30:00")));
    scene.hub.decide(&Intent::Conclude { repo: repo(), pr: scene.pr })
}

fn recorded(decision: &Decision) -> WentBack {
    let mut all = decision.effects.iter().filter_map(|effect| match effect {
        Effect::RecordEvidence { new: Some(new), .. } => match &new.what {
            What::WentBack(went) => Some((**went).clone()),
            _ => None,
        },
        _ => None,
    });
    let (Some(one), None) = (all.next(), all.next()) else {
        panic!("it is recorded once: {decision:?}");
    };
    one
}

/// What is told on a pull request, beside its status.
fn told(decision: &Decision, on: PrNumber) -> Option<&str> {
    decision.effects.iter().find_map(|effect| match effect {
        Effect::EnsureComment { pr, body, .. } if *pr == on => Some(body.as_str()),
        _ => None,
    })
}

#[test]
fn how_long_it_took_is_counted_from_what_asked_for_it() {
    let decision = merged(&mut back());
    let went = recorded(&decision);
    assert_eq!(went.leaves, ["v1.0.0"]);
    assert_eq!(went.brought, [Brought { pr: PrNumber(3), merged_at: Some(at("10:00:00")) }]);
    assert_eq!(went.asked_at, Some(at("11:25:00")));
    let took = "1h 30min from the merge of what was left and 5min from `/rollback`";
    for on in [PrNumber(3), PrNumber(1)] {
        assert!(told(&decision, on).is_some_and(|text| text.contains(took)), "{decision:?}");
    }
    // Somebody else's comment did not ask, nor one that came later.
    for (who, time) in [(account(9, "eve"), "11:25:00"), (account(5, "ada"), "11:31:00")] {
        let mut scene = back();
        said(&mut scene, &who, time);
        assert_eq!(recorded(&merged(&mut scene)).asked_at, None, "{who:?} {time}");
    }
}

#[test]
fn the_commit_is_told_in_its_own_repository_alone() {
    let decision = merged(&mut back());
    let said = check(&decision, CHECK);
    assert_eq!((said.conclusion, &said.head), (Some(Conclusion::Neutral), &sha("v1.0.0")));
    assert!(said.summary.contains("`500s everywhere`"), "{}", said.summary);
    let mut elsewhere = back();
    let name = RepoName::new("acme/source").unwrap();
    elsewhere.hub.source = Ok(Some(RepoRef { id: RepoId(2), name, ..repo() }));
    let decision = merged(&mut elsewhere);
    let writes = |effect: &Effect| matches!(effect, Effect::EnsureCheck(_));
    assert!(!decision.effects.iter().any(writes), "{decision:?}");
    assert!(told(&decision, PrNumber(3)).is_some(), "it is told where the job may write");
}
