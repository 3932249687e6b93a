//! Who has a hand in what, over the whole chain, and what follows where somebody has no name.

use super::states::{RULES, Scene};
use super::*;
use crate::model::read::ReviewState;

/// A commit of the source.
pub(super) fn commit(name: &str, author: Option<&Account>, message: &str) -> Commit {
    Commit {
        sha: sha(name),
        tree: sha("tree"),
        parents: vec![sha("before")],
        message: message.to_owned(),
        author: author.cloned(),
        committer: author.cloned(),
        verified: false,
    }
}

/// How a gate stands: its sign, why, and what helps.
pub(super) fn row(decision: &Decision, gate: &str) -> String {
    let summary = &check(decision, "usher/gates").summary;
    let of_gate = |line: &&str| line.contains(&format!("| `{gate}` |"));
    summary.lines().find(of_gate).unwrap_or_else(|| panic!("no {gate}: {summary}")).to_owned()
}

/// Somebody reviews the present head.
pub(super) fn review(hub: &mut Hub, by: &Account, state: ReviewState) {
    let head = Some(hub.pulls.last().unwrap().head.sha.clone());
    hub.reviews.push(Review { author: by.clone(), state, head, at: None });
}

pub(super) fn people() -> (Account, Account, Account, Account) {
    (account(5, "ada"), account(6, "quinn"), account(7, "pat"), account(8, "sam"))
}

fn approved() -> Scene {
    let mut scene = Scene::new();
    let (_, quinn, pat, _) = people();
    scene.approve("qa-approved", &quinn);
    scene.approve("pm-approved", &pat);
    scene
}

fn approvals(scene: &mut Scene) -> String {
    row(&evaluate(&mut scene.hub, scene.pr), "approvals")
}

#[test]
fn who_wrote_the_release_does_not_approve_it() {
    let (ada, quinn, ..) = people();
    let mut scene = approved();
    scene.hub.brought = Ok(vec![commit("a", Some(&ada), "Mend it")]);
    assert!(approvals(&mut scene).contains("✅"), "somebody else wrote it");
    scene.hub.brought =
        Ok(vec![commit("a", Some(&ada), "Mend it"), commit("b", Some(&quinn), "More")]);
    let said = approvals(&mut scene);
    assert!(
        said.contains(
            "`qa-approved` by `quinn` does not count: that person has commits in the release"
        ),
        "{said}"
    );
    let together = "Mend it\n\nCo-authored-by: Quinn <6+quinn@users.noreply.github.com>\n";
    scene.hub.brought = Ok(vec![commit("a", Some(&ada), together)]);
    let said = approvals(&mut scene);
    assert!(said.contains("has commits in the release"), "a co-author wrote it, too: {said}");
}

#[test]
fn a_co_author_whom_nobody_can_name_takes_one_more_approver() {
    let (ada, ..) = people();
    let mut scene = approved();
    let together = "Mend it\n\nCo-authored-by: Quinn <quinn@acme.io>\n";
    scene.hub.brought = Ok(vec![commit("a", Some(&ada), together)]);
    let said = approvals(&mut scene);
    let name = format!("GitHub does not name all authors of commit `{}`", sha("a").short());
    assert!(said.contains("🙋") && said.contains(&name), "{said}");
}

#[test]
fn who_published_the_release_is_known_by_what_its_image_is_called() {
    let (ada, quinn, ..) = people();
    for (template, image, ran) in [
        ("{tag}", "v1.1.0".to_owned(), "v1.0.0".to_owned()),
        ("{version}", "1.1.0".to_owned(), "1.0.0".to_owned()),
        ("web-{version}", "web-1.1.0".to_owned(), "web-1.0.0".to_owned()),
        ("{sha7}", sha("v1.1.0").short().to_owned(), sha("v1.0.0").short().to_owned()),
    ] {
        let rules = RULES
            .replace("  - name: shop\n", &format!("  - name: shop\n    tag: \"{template}\"\n"));
        let mut scene = Scene::under(&rules, |_| {});
        let hub = &mut scene.hub;
        hub.untagged = ["1.1.0", "1.0.0"].map(str::to_owned).into();
        hub.release("v1.0.0");
        hub.releases
            .iter_mut()
            .for_each(|one| one.author = (one.tag == "v1.1.0").then(|| quinn.clone()));
        let kustomization = |tag: &str| STAGING.replace("v1.0.0", &format!("'{tag}'"));
        hub.write("staging/kustomization.yaml", &kustomization(&image));
        hub.write("prod/kustomization.yaml", &kustomization(&ran));
        let bumped = kustomization(&image);
        scene.pr = hub.open("by-hand", &ada, "Bump", &[("prod/kustomization.yaml", &bumped)]);
        scene.approve("qa-approved", &quinn);
        let said = approvals(&mut scene);
        assert!(
            said.contains(
                "`qa-approved` by `quinn` does not count: that person published the release"
            ),
            "{template}: {said}"
        );
    }
}

#[test]
fn what_goes_back_was_written_before_what_runs() {
    let mut scene = Scene::back();
    scene.hub.brought = Err("it is not asked".to_owned());
    assert!(scene.reads().starts_with("Some(Success)"));
}

#[test]
fn an_author_without_a_name_is_listed_and_takes_one_more_approver() {
    let (ada, quinn, pat, sam) = people();
    let nameless = || {
        let mut scene = approved();
        scene.hub.brought = Ok(vec![commit("a", None, "By nobody"), commit("b", Some(&ada), "x")]);
        scene.hub.members.push("qa quirin".to_owned());
        scene
    };
    let quirin = account(9, "quirin");
    let mut scene = nameless();
    let said = approvals(&mut scene);
    let name = format!("GitHub does not name all authors of commit `{}`", sha("a").short());
    assert!(said.contains("🙋") && said.contains(&name), "{said}");
    assert!(said.contains("/approve qa-approved"), "{said}");

    // One more gives the label as well.
    let mut scene = nameless();
    scene.approve("qa-approved", &quirin);
    let said = approvals(&mut scene);
    assert!(said.contains("✅") && said.contains("`quirin` approves as one more"), "{said}");

    // By a review of this commit, who may give one of the labels.
    let mut scene = nameless();
    review(&mut scene.hub, &quirin, ReviewState::Approved);
    assert!(approvals(&mut scene).contains("✅"));
    // Nobody else does, nor who approves already, nor who has a hand in it.
    for (who, state) in [
        (&sam, ReviewState::Approved),
        (&pat, ReviewState::Approved),
        (&quinn, ReviewState::Approved),
        (&ada, ReviewState::Approved),
        (&quirin, ReviewState::Dismissed),
        (&quirin, ReviewState::Commented),
    ] {
        let mut scene = nameless();
        scene.hub.members.push("qa ada".to_owned());
        review(&mut scene.hub, who, state);
        let said = approvals(&mut scene);
        assert!(said.contains("🙋"), "{} {state:?}: {said}", who.login);
    }
    // Of another commit.
    let mut scene = nameless();
    review(&mut scene.hub, &quirin, ReviewState::Approved);
    scene.hub.reviews[0].head = Some(sha("older"));
    assert!(approvals(&mut scene).contains("🙋"));
}

#[test]
fn what_cannot_be_told_of_the_release_takes_one_more_approver() {
    type Change = fn(&mut Scene);
    let cases: [(&str, Change, &str); 5] = [
        ("too many", |scene| scene.hub.unlisted = 2_000, "not all authors of 2000 commits"),
        (
            "no tag",
            |scene| scene.hub.untagged.push("v1.0.0".to_owned()),
            "the source has no version for `v1.0.0`",
        ),
        (
            "not installed",
            |scene| scene.hub.source = Ok(None),
            "the App is not installed in `acme/shop`",
        ),
        (
            "no source",
            |scene| scene.hub.source = Err("it is away".to_owned()),
            "who has a hand in it cannot be read",
        ),
        (
            "no comparison",
            |scene| scene.hub.brought = Err("it is away".to_owned()),
            "who has a hand in it cannot be read",
        ),
    ];
    for (name, change, why) in cases {
        let mut scene = approved();
        change(&mut scene);
        let said = approvals(&mut scene);
        assert!(!said.contains("✅") && said.contains(why), "{name}: {said}");
    }
}

#[test]
fn authors_of_the_pull_request_itself_have_a_hand_in_it() {
    let (ada, quinn, _, _) = people();
    let bumped = STAGING.replace("v1.0.0", "v1.1.0");
    let files = [("prod/kustomization.yaml", bumped.as_str())];
    let together = "Bump\n\nCo-authored-by: <6+quinn@users.noreply.github.com>";
    for (opened, message) in [(&quinn, "Bump"), (&ada, together)] {
        let mut scene = Scene::new();
        scene.pr = scene.hub.open("by-hand", opened, message, &files);
        scene.approve("qa-approved", &quinn);
        let said = approvals(&mut scene);
        assert!(said.contains("`qa-approved` by `quinn` does not count"), "{said}");
    }
    // Nobody knows who wrote it.
    let mut scene = Scene::new();
    scene.pr = scene.hub.open("by-hand", &ada, "Bump", &files);
    scene.hub.branches.get_mut("by-hand").unwrap().0.author = None;
    scene.approve("qa-approved", &quinn);
    scene.approve("pm-approved", &account(7, "pat"));
    let said = approvals(&mut scene);
    assert!(said.contains("🙋") && said.contains("GitHub does not name all authors of"), "{said}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(40))]

    /// Whatever people do: with an author who has no name it passes exactly if somebody without a hand in it
    /// could be left out.
    #[test]
    fn one_more_is_somebody_who_could_be_left_out(
        qa in proptest::collection::btree_set(1_u64..5, 0..4),
        pm in proptest::collection::btree_set(1_u64..5, 0..4),
        reviewers in proptest::collection::btree_set(1_u64..5, 0..4),
        wrote in 0_u64..5,
        count in 0_u64..3,
    ) {
        let people: Vec<Account> = (1..5).map(|id| account(id, &format!("p{id}"))).collect();
        let rules = RULES.replace("by: [pat]", "by: [p1, p2, p3, p4]").replace("['@acme/qa']", "[p1, p2, p3, p4]");
        let mut scene = Scene::under(&format!("{rules}    reviews: {count}\n"), |_| {});
        let author = people.iter().find(|one| one.id.0 == wrote);
        let mut brought = vec![commit("a", None, "By nobody")];
        brought.extend(author.map(|author| commit("b", Some(author), "x")));
        scene.hub.brought = Ok(brought);
        for (label, givers) in [("qa-approved", &qa), ("pm-approved", &pm)] {
            for id in givers {
                scene.approve(label, &account(*id, &format!("p{id}")));
            }
        }
        for id in &reviewers {
            review(&mut scene.hub, &account(*id, &format!("p{id}")), ReviewState::Approved);
        }
        let decision = evaluate(&mut scene.hub, scene.pr);
        let passed = check(&decision, "usher/gates").conclusion == Some(Conclusion::Success);
        let given = |without: u64| {
            let counts = |all: &std::collections::BTreeSet<u64>| {
                all.iter().filter(|id| **id != wrote && **id != without).count() as u64
            };
            counts(&qa) > 0 && counts(&pm) > 0 && counts(&reviewers) >= count
        };
        let speaks = |id: u64| qa.contains(&id) || pm.contains(&id) || reviewers.contains(&id);
        let expected = (1..5).any(|id| id != wrote && speaks(id) && given(id));
        proptest::prop_assert_eq!(passed, expected, "{}", check(&decision, "usher/gates").summary);
    }
}
