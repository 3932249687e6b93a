//! Reviews: of promotions, of other changes, and of what a release brings.

use super::hands::{commit, people, review, row};
use super::states::{RULES, Scene};
use super::*;
use crate::model::read::{ReviewState, ReviewedCommit, ReviewedPull};

const TWO: &str = "    reviews: {count: 2, by: ['@acme/qa', sam, ada]}\n";

/// A promotion with its labels, into an environment that has more rules.
fn scene(more: &str) -> Scene {
    let mut scene = Scene::under(&format!("{RULES}{more}"), |_| {});
    scene.approve("qa-approved", &account(6, "quinn"));
    scene.approve("pm-approved", &account(7, "pat"));
    scene.hub.members.push("qa quirin".to_owned());
    scene
}

fn judged(scene: &mut Scene, gate: &str) -> String {
    row(&evaluate(&mut scene.hub, scene.pr), gate)
}

#[test]
fn so_many_of_those_who_may_approve_this_commit() {
    use ReviewState::{Approved, ChangesRequested, Commented, Dismissed, Pending};
    let (ada, quinn, pat, sam) = people();
    let (bot, quirin) = (account(10, "friend[bot]"), account(9, "quirin"));
    type Case<'a> = (&'a [(&'a Account, ReviewState)], &'a str, &'a str);
    let cases: &[Case<'_>] = &[
        (&[], "🙋", "0 of 2 approving reviews of this commit"),
        (&[(&quinn, Approved)], "🙋", "1 of 2"),
        (&[(&quinn, Approved), (&quinn, Approved)], "🙋", "1 of 2"),
        (&[(&quinn, Approved), (&sam, Approved)], "✅", "approved by `quinn` and `sam`"),
        (&[(&quinn, Approved), (&quinn, Commented), (&sam, Approved)], "✅", "`quinn`"),
        (&[(&quinn, Approved), (&sam, Approved), (&quinn, Dismissed)], "🙋", "1 of 2"),
        (&[(&quinn, Approved), (&sam, Approved), (&quirin, Pending)], "✅", ""),
        // None of those whose reviews count; a bot; who asked for it.
        (
            &[(&quinn, Approved), (&pat, Approved)],
            "🙋",
            "`pat` is not among those whose reviews count",
        ),
        (&[(&quinn, Approved), (&bot, Approved)], "🙋", "1 of 2"),
        (
            &[(&quinn, Approved), (&ada, Approved)],
            "🙋",
            "`ada` does not count: that person asked for this promotion",
        ),
        // Whoever may push may ask for changes, until that is taken back.
        (
            &[(&quinn, Approved), (&sam, Approved), (&pat, ChangesRequested)],
            "🙋",
            "`pat` asks for changes",
        ),
        (&[(&sam, ChangesRequested), (&quinn, Approved), (&sam, Approved)], "✅", ""),
        (
            &[(&quinn, Approved), (&sam, Approved), (&pat, ChangesRequested), (&pat, Dismissed)],
            "✅",
            "",
        ),
        (
            &[(&quinn, Approved), (&sam, Approved), (&pat, ChangesRequested), (&pat, Commented)],
            "🙋",
            "asks for changes",
        ),
        (&[(&quinn, Approved), (&sam, Approved), (&bot, ChangesRequested)], "✅", ""),
    ];
    for (given, sign, why) in cases {
        let mut scene = scene(TWO);
        for (who, state) in *given {
            review(&mut scene.hub, who, *state);
        }
        let said = judged(&mut scene, "reviews");
        assert!(said.contains(sign) && said.contains(why), "{given:?}: {said}");
    }
}

#[test]
fn who_may_not_push_reviews_for_nothing() {
    let (_, quinn, pat, sam) = people();
    for access in [Access::None, Access::Read, Access::Triage] {
        let mut scene = scene(TWO);
        review(&mut scene.hub, &quinn, ReviewState::Approved);
        review(&mut scene.hub, &sam, ReviewState::Approved);
        scene.hub.access.insert("sam".to_owned(), access);
        assert!(judged(&mut scene, "reviews").contains("🙋"), "{access:?}");
        scene.hub.access.insert("sam".to_owned(), Access::Write);
        // Nor does an outsider stop anything.
        review(&mut scene.hub, &pat, ReviewState::ChangesRequested);
        scene.hub.access.insert("pat".to_owned(), access);
        assert!(judged(&mut scene, "reviews").contains("✅"), "{access:?}");
    }
}

#[test]
fn a_review_counts_for_its_commit_and_an_objection_for_all() {
    let (_, quinn, _, sam) = people();
    for (older, sign, why) in [
        (ReviewState::Approved, "🙋", "`sam` approved an older commit"),
        (ReviewState::ChangesRequested, "🙋", "`sam` asks for changes"),
        (ReviewState::Dismissed, "🙋", "1 of 2"),
    ] {
        let mut scene = scene(TWO);
        review(&mut scene.hub, &quinn, ReviewState::Approved);
        let head = Some(sha("older"));
        scene.hub.reviews.push(Review { author: sam.clone(), state: older, head, at: None });
        let said = judged(&mut scene, "reviews");
        assert!(said.contains(sign) && said.contains(why), "{older:?}: {said}");
        // Where GitHub no longer knows the commit, it is none of these.
        scene.hub.reviews.last_mut().unwrap().head = None;
        assert!(judged(&mut scene, "reviews").contains(sign));
    }
}

#[test]
fn a_push_ends_a_review_also_when_its_commit_comes_back() {
    let (_, quinn, _, sam) = people();
    let at = |minute: u32| format!("2026-11-20T11:{minute:02}:00Z").parse().unwrap();
    for (reviewed, sign) in [(10, "🙋"), (29, "🙋"), (30, "🙋"), (31, "✅")] {
        let mut scene = scene(TWO);
        let head = scene.hub.pulls.last().unwrap().head.sha.clone();
        scene.hub.heads = vec![(head.clone(), at(0)), (sha("another"), at(20)), (head, at(30))];
        for who in [&quinn, &sam] {
            review(&mut scene.hub, who, ReviewState::Approved);
            scene.hub.reviews.last_mut().unwrap().at = Some(at(reviewed));
        }
        let said = judged(&mut scene, "reviews");
        assert!(said.contains(sign), "at {reviewed}: {said}");
    }
}

#[test]
fn who_wrote_the_release_reviews_it_for_nothing_and_who_is_nameless_takes_one_more() {
    let (ada, quinn, _, sam) = people();
    let mut scene = scene(TWO);
    review(&mut scene.hub, &quinn, ReviewState::Approved);
    review(&mut scene.hub, &sam, ReviewState::Approved);
    scene.hub.brought = Ok(vec![commit("a", Some(&sam), "Mend it")]);
    let said = judged(&mut scene, "reviews");
    assert!(
        said.contains("`sam` does not count: that person has commits in the release"),
        "{said}"
    );
    scene.hub.brought = Ok(vec![commit("a", None, "By nobody"), commit("b", Some(&ada), "x")]);
    assert!(judged(&mut scene, "reviews").contains("🙋"));
    review(&mut scene.hub, &account(9, "quirin"), ReviewState::Approved);
    assert!(judged(&mut scene, "reviews").contains("✅"));
    scene.hub.brought = Err("it is away".to_owned());
    assert!(judged(&mut scene, "reviews").contains("⏳"));
}

#[test]
fn none_is_asked_for_where_none_is_configured() {
    for more in ["", "    reviews: 0\n", "    changes: {reviews: 1}\n"] {
        let mut scene = scene(more);
        assert!(scene.reads().starts_with("Some(Success)"), "{more}");
    }
}

#[test]
fn other_changes_take_reviews_of_their_own() {
    let (ada, quinn, _, sam) = people();
    let replicas = WEB.replace("spec: {selector", "spec: {replicas: 3, selector");
    let files = [("prod/web.yaml", replicas.as_str())];
    let changed = |more: &str, message: &str| {
        let mut scene = scene(more);
        scene.pr = scene.hub.open("replicas", &ada, message, &files);
        scene
    };
    let rules = "    reviews: 2\n    changes: {reviews: 1}\n";
    let mut scene = changed(rules, "More");
    let said = judged(&mut scene, "changes");
    assert!(said.contains("0 of 1 approving review"), "{said}");
    assert!(!scene.reads().contains("`reviews`"));
    // Its author's own, also through somebody else's account at GitHub; then somebody else's.
    review(&mut scene.hub, &ada, ReviewState::Approved);
    assert!(
        judged(&mut scene, "changes")
            .contains("`ada` does not count: that person opened this pull request")
    );
    review(&mut scene.hub, &sam, ReviewState::Approved);
    assert!(judged(&mut scene, "changes").contains("✅"));
    let decision = evaluate(&mut scene.hub, scene.pr);
    assert_eq!(check(&decision, "usher/gates").conclusion, Some(Conclusion::Success));

    let mut scene = changed(rules, "More\n\nCo-authored-by: <8+sam@users.noreply.github.com>");
    review(&mut scene.hub, &sam, ReviewState::Approved);
    assert!(judged(&mut scene, "changes").contains("that person has commits in it"));
    scene.hub.branches.get_mut("replicas").unwrap().0.author = None;
    review(&mut scene.hub, &quinn, ReviewState::Approved);
    assert!(judged(&mut scene, "changes").contains("🙋"), "one of them may be its author");
    // What promotes is judged as a promotion.
    let mut scene = scene_of_promotion();
    assert!(!scene.reads().contains("changes"));
}

fn scene_of_promotion() -> Scene {
    scene("    changes: {reviews: 1}\n")
}

const REVIEWED: &str = "    gates: {reviewed: true}\n";

fn pull(number: u64, author: &Account, approvers: &[(&Account, ReviewState)]) -> ReviewedPull {
    let reviews = approvers.iter().map(|(who, state)| Review {
        author: (*who).clone(),
        state: *state,
        head: Some(sha("any")),
        at: None,
    });
    ReviewedPull {
        number: PrNumber(number),
        author: author.clone(),
        base: "main".to_owned(),
        landed: Some(sha("merge")),
        reviews: reviews.collect(),
    }
}

fn brings(scene: &mut Scene, commit: Commit, pulls: Vec<ReviewedPull>) -> String {
    let numbers = pulls.iter().map(|pull| pull.number).collect();
    let commits = vec![ReviewedCommit { commit, pulls: numbers }];
    scene.hub.reviewed = Ok(Reviewed { commits, total: 1, pulls });
    judged(scene, "reviewed")
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn each_commit_came_by_a_pull_request_that_somebody_else_approved() {
    use ReviewState::{Approved, ChangesRequested, Dismissed};
    let (ada, quinn, pat, sam) = people();
    let bot = account(10, "friend[bot]");
    let of = |author: &Account| commit("a", Some(author), "Mend it");
    let elsewhere = |pull: ReviewedPull| ReviewedPull { base: "wip".to_owned(), ..pull };
    let together = "Mend it\n\nCo-authored-by: <6+quinn@users.noreply.github.com>";
    let merge = |by: &Account, committer: &str| Commit {
        sha: sha("merge"),
        parents: vec![sha("before"), sha("a")],
        verified: true,
        committer: Some(account(11, committer)),
        ..of(by)
    };
    let cases: Vec<(&str, Commit, Vec<ReviewedPull>, bool)> = vec![
        ("approved", of(&ada), vec![pull(4, &ada, &[(&quinn, Approved)])], true),
        ("pushed", of(&ada), vec![], false),
        ("not approved", of(&ada), vec![pull(4, &ada, &[])], false),
        ("by its author", of(&ada), vec![pull(4, &ada, &[(&ada, Approved)])], false),
        ("by the commit's author", of(&quinn), vec![pull(4, &ada, &[(&quinn, Approved)])], false),
        (
            "by a co-author",
            commit("a", Some(&ada), together),
            vec![pull(4, &ada, &[(&quinn, Approved)])],
            false,
        ),
        (
            "dismissed",
            of(&ada),
            vec![pull(4, &ada, &[(&quinn, Approved), (&quinn, Dismissed)])],
            false,
        ),
        (
            "taken back",
            of(&ada),
            vec![pull(4, &ada, &[(&quinn, Approved), (&quinn, ChangesRequested)])],
            false,
        ),
        ("by a bot", of(&ada), vec![pull(4, &ada, &[(&bot, Approved)])], false),
        ("by who may not push", of(&ada), vec![pull(4, &ada, &[(&pat, Approved)])], false),
        (
            "into another branch",
            of(&ada),
            vec![elsewhere(pull(4, &ada, &[(&quinn, Approved)]))],
            false,
        ),
        (
            "by a second one",
            of(&ada),
            vec![pull(4, &ada, &[]), pull(5, &ada, &[(&sam, Approved)])],
            true,
        ),
        (
            "nameless, one",
            commit("a", None, "x"),
            vec![pull(4, &ada, &[(&quinn, Approved)])],
            false,
        ),
        (
            "nameless, two",
            commit("a", None, "x"),
            vec![pull(4, &ada, &[(&quinn, Approved), (&sam, Approved)])],
            true,
        ),
        (
            "merged by the approver",
            merge(&quinn, "web-flow"),
            vec![pull(4, &ada, &[(&quinn, Approved)])],
            true,
        ),
        (
            "joined by the approver",
            merge(&quinn, "quinn"),
            vec![pull(4, &ada, &[(&quinn, Approved)])],
            false,
        ),
    ];
    for (name, commit, pulls, passes) in cases {
        let mut scene = scene(REVIEWED);
        scene.hub.access.insert("pat".to_owned(), Access::Triage);
        let said = brings(&mut scene, commit, pulls);
        assert_eq!(said.contains("✅"), passes, "{name}: {said}");
        assert!(
            passes || said.contains("came by no merged pull request that somebody else approved"),
            "{name}: {said}"
        );
    }
    // The branch that the release was made of.
    let mut scene = scene(REVIEWED);
    scene.hub.releases[0].branch = Some("wip".to_owned());
    assert!(
        brings(&mut scene, of(&ada), vec![elsewhere(pull(4, &ada, &[(&quinn, Approved)]))])
            .contains("✅")
    );
}

#[test]
fn what_is_not_known_of_its_commits_is_not_passed() {
    type Change = fn(&mut Hub);
    let cases: [(Change, &str, &str); 5] = [
        (
            |hub| hub.reviewed = Err("it is away".to_owned()),
            "⏳",
            "how its commits were reviewed cannot be read",
        ),
        (|hub| hub.reviewed.as_mut().unwrap().total = 300, "❌", "300 commits come with it"),
        (
            |hub| hub.untagged.push("v1.0.0".to_owned()),
            "🙋",
            "the source has no version for `v1.0.0`",
        ),
        (|hub| hub.source = Ok(None), "🙋", "the App is not installed in `acme/shop`"),
        (|hub| hub.source = Err("it is away".to_owned()), "⏳", "it is away"),
    ];
    for (change, sign, why) in cases {
        let mut scene = scene(REVIEWED);
        change(&mut scene.hub);
        let said = judged(&mut scene, "reviewed");
        assert!(said.contains(sign) && said.contains(why), "{said}");
    }
}

#[test]
fn ten_of_many_are_named() {
    let mut scene = scene(REVIEWED);
    let commits: Vec<ReviewedCommit> = (0..12)
        .map(|n| ReviewedCommit { commit: commit(&n.to_string(), None, "x"), pulls: Vec::new() })
        .collect();
    scene.hub.reviewed = Ok(Reviewed { commits, total: 12, pulls: Vec::new() });
    let said = judged(&mut scene, "reviewed");
    assert!(said.contains("and 2 more") && said.contains(sha("9").short()), "{said}");
    assert!(!said.contains(sha("10").short()), "{said}");
}
