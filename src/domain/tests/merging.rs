//! What is merged by itself, onto what, and how often; merge queues' groups; deployments that wait.

use super::*;
use crate::intent::{Asked, Deployment, Group, Half};
use crate::model::act::{Act, ActKind, NewAct};
use crate::model::ids::EnvName;
use crate::model::report::{CommitStatus, StatusState};
use crate::model::write::{DeploymentReview, NewMerge};

const AUTOMATIC: &str = "version: 1
applications:
  - name: shop
    images: [web, 'api-*']
environments:
  - {name: staging, overlay: staging, promote: automatic, merge: automatic, method: rebase}
  - {name: prod, overlay: prod}
";

fn automatic() -> (Hub, PrNumber) {
    let mut hub = Hub::new();
    hub.write(".github/usher.yml", AUTOMATIC);
    let pr = promoted(&mut hub, "v1.1.0");
    (hub, pr)
}

/// Whether a merge follows from the verdict.
fn follows(hub: &mut Hub, pr: PrNumber) -> bool {
    let decision = evaluate(hub, pr);
    let merge =
        |effect: &Effect| matches!(effect, Effect::Enqueue(Intent::Merge { asked: None, .. }));
    decision.effects.iter().any(merge)
}

/// The merge that is asked for.
fn asked(hub: &mut Hub, pr: PrNumber) -> Option<NewMerge> {
    let decision = hub.decide(&Intent::Merge { repo: repo(), pr, asked: None });
    decision.effects.into_iter().find_map(|effect| match effect {
        Effect::Merge { merge, .. } => Some(merge),
        _ => None,
    })
}

#[test]
fn a_merge_by_itself_is_pinned_to_the_head_and_the_base_that_were_judged() {
    let (mut hub, pr) = automatic();
    assert!(follows(&mut hub, pr));
    let merge = asked(&mut hub, pr).unwrap();
    assert_eq!(merge.head, hub.pulls[0].head.sha);
    let main = hub.branches["main"].0.sha.clone();
    assert_eq!((merge.base.branch.as_str(), merge.base.sha), ("main", main));
    assert_eq!(merge.method, crate::model::write::MergeMethod::Rebase);
}

/// What is changed before it is judged.
type Change = fn(&mut Hub);

#[test]
fn nothing_else_is_merged_by_itself() {
    let rules = |from: &'static str, to: &str| {
        let text = AUTOMATIC.replace(from, to);
        assert_ne!(text, AUTOMATIC);
        text
    };
    let observe = rules("version: 1", "version: 1\nmode: observe");
    let manual = rules("merge: automatic", "merge: manual");
    let labelled = rules("method: rebase", "approvals: [{label: ok, by: [pat]}]");
    for text in [observe, manual, labelled] {
        let (mut hub, _) = automatic();
        hub.write(".github/usher.yml", &text);
        hub.pulls.clear();
        let pr = promoted(&mut hub, "v1.2.0");
        assert!(!follows(&mut hub, pr), "{text}");
        assert_eq!(asked(&mut hub, pr), None, "{text}");
    }
    let changes: [(&str, Change); 4] = [
        ("a draft", |hub| hub.pulls[0].draft = true),
        ("one of somebody else's", |hub| hub.pulls[0].author = account(5, "ada")),
        ("one that goes elsewhere", |hub| hub.pulls[0].base.branch = "release".to_owned()),
        ("one that is closed", |hub| hub.pulls[0].open = false),
    ];
    for (what, change) in changes {
        let (mut hub, pr) = automatic();
        change(&mut hub);
        assert!(!follows(&mut hub, pr), "{what}");
        assert_eq!(asked(&mut hub, pr), None, "{what}");
    }
}

#[test]
fn what_was_put_into_a_queue_is_not_put_in_again_at_the_same_head_onto_the_same_base() {
    let (mut hub, pr) = automatic();
    let (head, base) = (hub.pulls[0].head.sha.clone(), hub.branches["main"].0.sha.clone());
    let at = |text: &str| text.parse().unwrap();
    let long_ago = at("2026-11-20T11:00:00Z");
    let tried = |came: Half, head: &Sha, base: &Sha, when: Timestamp| {
        Some((Asked { head: head.clone(), base: base.clone(), came }, when))
    };
    let refused = || Half::Refused("\"build\" is expected".to_owned());
    let waits = |since: &str| Half::Waiting { uuid: "u-1".to_owned(), since: at(since) };
    for (what, past, expected) in [
        ("queued", tried(Half::Queued, &head, &base, long_ago), false),
        ("queued at another head", tried(Half::Queued, &sha("x"), &base, long_ago), true),
        ("queued onto another base", tried(Half::Queued, &head, &sha("x"), long_ago), true),
        ("asked for", tried(waits("2026-11-20T11:31:00Z"), &head, &base, long_ago), false),
        ("asked for, and lost", tried(waits("2026-11-20T11:29:00Z"), &head, &base, long_ago), true),
        ("refused a while ago", tried(refused(), &head, &base, long_ago), true),
        ("refused just now", tried(refused(), &head, &base, at("2026-11-20T11:59:55Z")), false),
    ] {
        hub.tried = past;
        assert_eq!(follows(&mut hub, pr), expected, "{what}");
    }
    hub.tried = tried(refused(), &head, &base, long_ago);
    let told = evaluate(&mut hub, pr).effects.into_iter().find_map(|effect| match effect {
        Effect::EnsureComment { body, .. } => Some(body),
        _ => None,
    });
    assert!(told.unwrap().contains("GitHub does not merge it:** `\"build\" is expected`"));
}

#[test]
fn what_github_refuses_onto_a_base_that_moved_is_planned_anew_there() {
    let (mut hub, pr) = automatic();
    let before = hub.branches["main"].clone();
    hub.branches.insert("before".to_owned(), before.clone());
    hub.write("README.md", "moved\n");
    hub.parted = Some(before.0.clone());
    let (head, base) = (hub.pulls[0].head.sha.clone(), hub.branches["main"].0.sha.clone());
    let parents = |hub: &mut Hub| {
        evaluate(hub, pr).effects.into_iter().find_map(|effect| match effect {
            Effect::EnsureCommit(new) => Some(new.parents),
            _ => None,
        })
    };
    let tried = |came: Half, base: &Sha| {
        let at = "2026-11-20T11:59:55Z".parse().unwrap();
        Some((Asked { head: head.clone(), base: base.clone(), came }, at))
    };
    let refused = || Half::Refused("2 of 2 required status checks are expected.".to_owned());
    let long_ago: Timestamp = "2026-11-20T11:00:00Z".parse().unwrap();
    for (what, past) in [
        ("not tried", None),
        ("refused onto the base before", tried(refused(), &before.0.sha)),
        ("in the queue", tried(Half::Queued, &base)),
        ("refused long ago", tried(refused(), &base).map(|(asked, _)| (asked, long_ago))),
    ] {
        hub.tried = past;
        assert_eq!(parents(&mut hub), None, "{what}");
    }
    hub.tried = tried(refused(), &base);
    let said = |state: StatusState| {
        let (context, at) = ("build".to_owned(), "2026-11-20T11:00:00Z".parse().unwrap());
        let status = CommitStatus { context, state, description: None, creator: None, at };
        Ok(Reports::new(Vec::new(), vec![(1, status)], true))
    };
    hub.reports.insert(head.clone(), said(StatusState::Pending));
    assert_eq!(parents(&mut hub), None, "it may be that what runs is missing");
    hub.reports.insert(head.clone(), said(StatusState::Success));
    assert_eq!(parents(&mut hub), Some(vec![head.clone(), base]));
    hub.parted = None;
    assert_eq!(parents(&mut hub), None, "it is up to date");
}

#[test]
fn a_file_that_both_sides_changed_is_never_taken_for_no_promotion() {
    let mut hub = Hub::new();
    let text = STAGING.replace("v1.0.0", "v9.9.9");
    let pr = hub.open("hand", &account(5, "ada"), "by hand", &[("prod/kustomization.yaml", &text)]);
    // The base changes another line of it: GitHub merges the two.
    let parent = hub.branches["main"].clone();
    hub.branches.insert("before".to_owned(), parent.clone());
    hub.write("prod/kustomization.yaml", &STAGING.replace("'7'", "'8'"));
    hub.parted = Some(parent.0);
    let decision = evaluate(&mut hub, pr);
    let gates = check(&decision, "usher/gates");
    assert_ne!(gates.conclusion, Some(Conclusion::Success), "{}", gates.title);
    assert!(gates.summary.contains("prod/kustomization.yaml"), "{}", gates.summary);
}

/// Puts pull requests on top of each other, as GitHub's queue does; gives the group.
fn queued(hub: &mut Hub, pulls: &[PrNumber]) -> Group {
    let mut below = hub.branches["main"].clone();
    hub.parted = Some(below.0.clone());
    for pr in pulls {
        let pull = hub.pulls.iter().find(|pull| pull.number == *pr).unwrap().clone();
        let (main, theirs) =
            (hub.branches["main"].1.clone(), hub.branches[&pull.head.branch].1.clone());
        let mut files = below.1.clone();
        for (path, text) in theirs {
            if main.get(&path) != Some(&text) {
                files.insert(path, text);
            }
        }
        let name = format!("gh-readonly-queue/main/pr-{pr}-{}", below.0.sha);
        hub.push(&name, &account(19_864_447, "web-flow"), &format!("#{pr}"), files);
        below = hub.branches[&name].clone();
    }
    Group { head: below.0.sha, branch: "main".to_owned() }
}

fn judged(hub: &mut Hub, group: &Group) -> (Conclusion, String, String) {
    let decision = hub.decide(&Intent::Group { repo: repo(), group: group.clone() });
    let gates = check(&decision, "usher/gates");
    assert_eq!(gates.head, group.head);
    (gates.conclusion.unwrap(), gates.title.clone(), gates.summary.clone())
}

const CHAIN: &str = "version: 1
applications:
  - name: shop
    images: [web, 'api-*']
environments:
  - {name: staging, overlay: staging, promote: automatic}
  - {name: prod, overlay: prod, after: [staging]}
";

#[test]
fn a_group_is_judged_whole_and_order_counts_as_before_it() {
    let mut hub = Hub::new();
    hub.write(".github/usher.yml", CHAIN);
    let staging = promoted(&mut hub, "v1.1.0");
    let text = STAGING.replace("v1.0.0", "v1.1.0");
    let ada = account(5, "ada");
    let prod = hub.open("prod", &ada, "by hand", &[("prod/kustomization.yaml", &text)]);
    let readme = hub.open("readme", &ada, "words", &[("README.md", "bye\n")]);
    let alone = queued(&mut hub, &[staging]);
    assert_eq!(judged(&mut hub, &alone).0, Conclusion::Success);
    hub.branches.retain(|name, _| !name.starts_with("gh-"));
    let both = queued(&mut hub, &[staging, readme]);
    let (conclusion, title, _) = judged(&mut hub, &both);
    assert_eq!(
        (conclusion, title.as_str()),
        (Conclusion::Success, "2 pull requests: all of them passed")
    );
    // Staging has it only once the group is merged: it has not run there.
    hub.branches.retain(|name, _| !name.starts_with("gh-"));
    let order = queued(&mut hub, &[staging, prod]);
    let (conclusion, title, summary) = judged(&mut hub, &order);
    assert_eq!(conclusion, Conclusion::Failure, "{summary}");
    assert!(title.starts_with("#2: order failed"), "{title}");
    // The worst counts for what comes behind it, too.
    hub.branches.retain(|name, _| !name.starts_with("gh-"));
    let behind = queued(&mut hub, &[prod, readme]);
    assert_eq!(judged(&mut hub, &behind).0, Conclusion::Failure);
}

#[test]
fn what_is_in_a_queue_is_not_superseded() {
    let mut hub = Hub::new();
    let older = promoted(&mut hub, "v1.1.0");
    let newer = promoted(&mut hub, "v1.2.0");
    let closes = |hub: &mut Hub| {
        let effects = evaluate(hub, newer).effects;
        effects.iter().any(|effect| matches!(effect, Effect::ClosePull { pr } if *pr == older))
    };
    assert!(closes(&mut hub));
    queued(&mut hub, &[older]);
    assert!(!closes(&mut hub));
    hub.branches.retain(|name, _| !name.starts_with("gh-"));
    queued(&mut hub, &[newer]);
    assert!(closes(&mut hub), "another one is in the queue");
}

#[test]
fn a_group_whose_tree_is_not_what_its_pull_requests_make_is_red() {
    let mut hub = Hub::new();
    let staging = promoted(&mut hub, "v1.1.0");
    let group = queued(&mut hub, &[staging]);
    let name = hub.queue()[0].0.clone();
    let mut files = hub.branches[&name].1.clone();
    files.insert("prod/kustomization.yaml".to_owned(), STAGING.replace("v1.0.0", "v6.6.6"));
    let head = hub.push(&name, &account(5, "ada"), "#1", files);
    let (conclusion, _, summary) = judged(&mut hub, &Group { head, ..group });
    assert_eq!(conclusion, Conclusion::Failure);
    assert!(summary.contains("not what #1 makes"), "{summary}");
}

#[test]
fn what_comes_behind_a_change_of_the_rules_is_judged_by_the_new_ones() {
    let mut hub = Hub::new();
    let staging = promoted(&mut hub, "v1.1.0");
    let ada = account(5, "ada");
    let lax = POLICY.replace("promote: automatic}", "promote: manual}");
    let rules = hub.open("rules", &ada, "rules", &[(".github/usher.yml", &lax)]);
    hub.reviews = vec![Review {
        author: account(8, "boss"),
        state: crate::model::read::ReviewState::Approved,
        head: Some(hub.pulls[1].head.sha.clone()),
        at: None,
    }];
    hub.access.insert("boss".to_owned(), Access::Admin);
    let group = queued(&mut hub, &[rules, staging]);
    let (conclusion, title, summary) = judged(&mut hub, &group);
    assert_eq!(conclusion, Conclusion::Failure, "{title}");
    assert!(summary.contains("judged by the new rules"), "{summary}");
}

#[test]
fn nothing_is_said_of_a_group_that_is_none() {
    let mut hub = Hub::new();
    let staging = promoted(&mut hub, "v1.1.0");
    let group = Group { head: hub.pulls[0].head.sha.clone(), branch: "main".to_owned() };
    let decision = hub.decide(&Intent::Group { repo: repo(), group });
    assert_eq!((codes(&decision)[0], decision.effects.len()), ("group.gone", 0));
    // One that does not stand on the default branch's head is looked at again, and not let through.
    let group = queued(&mut hub, &[staging]);
    hub.write("README.md", "moved\n");
    let decision = hub.decide(&Intent::Group { repo: repo(), group });
    assert_eq!(codes(&decision)[0], "group.elsewhere");
    assert!(matches!(decision.effects.as_slice(), [Effect::ComeAgain { .. }]));
}

fn word(hub: &mut Hub, environment: &str, commit: &Sha) -> (Option<bool>, String) {
    let deployment =
        Deployment { run: 7, environment: environment.to_owned(), sha: commit.clone() };
    let decision = hub.decide(&Intent::Protect { repo: repo(), deployment, said: None });
    let said = decision.effects.iter().find_map(|effect| match effect {
        Effect::ReviewDeployment(DeploymentReview { approved, comment, .. }) => {
            Some((*approved, comment.clone()))
        }
        _ => None,
    });
    said.unwrap()
}

#[test]
fn a_deployment_gets_the_verdict_of_its_pull_request() {
    let mut hub = Hub::new();
    let labelled = POLICY
        .replace("{name: prod,", "{name: prod, after: [], approvals: [{label: ok, by: [pat]}],");
    hub.write(".github/usher.yml", &labelled);
    promoted(&mut hub, "v1.1.0");
    let text = STAGING.replace("v1.0.0", "v1.1.0");
    let ada = account(5, "ada");
    let prod = hub.open("prod", &ada, "by hand", &[("prod/kustomization.yaml", &text)]);
    let (green, waits) = (hub.pulls[0].head.sha.clone(), hub.pulls[1].head.sha.clone());
    assert_eq!(word(&mut hub, "staging", &green).0, Some(true));
    let (approved, why) = word(&mut hub, "prod", &waits);
    assert_eq!(approved, None);
    assert!(why.contains("`ok` is missing"), "{why}");
    assert_eq!(word(&mut hub, "nowhere", &green).0, Some(false));
    // Merged: by the verdict that it was merged with.
    let pull = hub.pulls.iter_mut().find(|pull| pull.number == prod).unwrap();
    (pull.open, pull.merged, pull.landed) = (false, true, Some(sha("landed")));
    hub.brought_by = vec![pull.clone()];
    let judged = passed(&hub, prod);
    let blocked = Judged { verdict: Word::Blocked, ..judged.clone() };
    let observed = Judged { binds: false, ..blocked.clone() };
    let elsewhere = Judged { head: sha("another"), ..judged.clone() };
    for (last, approved) in [
        (None, false),
        (Some(elsewhere), false),
        (Some(blocked), false),
        (Some(observed), true),
        (Some(judged), true),
    ] {
        hub.judged = last;
        assert_eq!(word(&mut hub, "prod", &sha("landed")).0, Some(approved), "{:?}", hub.judged);
    }
    let said = NewAct {
        kind: ActKind::Lock,
        cause: "lock".to_owned(),
        pr: None,
        environment: Some(EnvName::new("prod").unwrap()),
        application: None,
        subject: String::new(),
        head: None,
        by: account(5, "ada"),
        reason: "the fair".to_owned(),
        at: "2026-11-20T11:00:00Z".parse().unwrap(),
        until: None,
    };
    hub.acts.push(Act { id: 1, said });
    assert_eq!(word(&mut hub, "prod", &sha("landed")).0, None, "locked since");
    hub.brought_by.clear();
    assert_eq!(word(&mut hub, "prod", &sha("landed")).0, Some(false), "by nobody's pull request");
}
