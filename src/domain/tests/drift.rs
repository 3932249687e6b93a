//! The issue about drift: from what differs, since when, and what was told, to what is told next.

use jiff::SignedDuration;

use super::*;
use crate::domain::drift::issue::Part;
use crate::model::argocd::{Application, Deployed, Health, Operation, Phase, Source, Sync};
use crate::model::write::{IssueEnd, NewIssue};

const RULES: &str = "version: 1
applications:
  - name: shop
    images: [web, 'api-*']
environments:
  - {name: staging, overlay: staging, promote: automatic}
  - {name: prod, overlay: prod, argocd: {server: main, application: shop-prod}, GATES}
";
const ASKED: &str = "gates: {drift: true}";
const FOLLOW: fn() -> Intent = || Intent::Follow { repo: repo(), reach: Reach::Promotions };

/// A repository whose record has begun, with these rules for production.
fn begun(gates: &str) -> Hub {
    let mut hub = Hub::new();
    hub.write(".github/usher.yml", &RULES.replace("GATES", gates));
    let files = hub.branches["main"].1.clone();
    hub.push("kept", &account(5, "ada"), "kept", files);
    follow(&mut hub);
    follow(&mut hub);
    hub
}

/// What following told, remembered as it would be.
fn follow(hub: &mut Hub) -> Spoken {
    let decision = hub.decide(&FOLLOW());
    let mut said = Spoken::default();
    for effect in decision.effects {
        match effect {
            Effect::RememberBaseline { environment, baseline } => {
                hub.baselines.insert(environment.to_string(), baseline);
            }
            Effect::RememberDrift { environment, told } => {
                hub.told_drift.insert(environment, told);
            }
            Effect::EnsureIssue { environment, issue, told } => {
                let issue_number = told.issue.or(Some(PrNumber(7)));
                hub.told_drift.insert(environment, Told { issue: issue_number, ..told.clone() });
                said.issue = Some((issue, told.issue));
            }
            Effect::EndIssue { environment, end, known } => {
                hub.told_drift.insert(environment.clone(), Told::default());
                said.ended.push((environment.to_string(), end, known));
            }
            Effect::ComeAgain { intent, at } if *intent == FOLLOW() => said.again = Some(at),
            _ => {}
        }
    }
    said
}

#[derive(Debug, Default)]
struct Spoken {
    issue: Option<(NewIssue, Option<PrNumber>)>,
    ended: Vec<(String, IssueEnd, Option<PrNumber>)>,
    again: Option<Timestamp>,
}

impl Spoken {
    fn is_nothing(&self) -> bool {
        self.issue.is_none() && self.ended.is_empty() && self.again.is_none()
    }
}

fn later(hub: &mut Hub, seconds: i64) -> Spoken {
    hub.now += SignedDuration::from_secs(seconds);
    follow(hub)
}

#[test]
fn what_stands_is_told_once_and_its_end_once() {
    let mut hub = begun(ASKED);
    assert!(follow(&mut hub).is_nothing(), "{:?}", hub.told_drift);
    hub.write("prod/kustomization.yaml", &STAGING.replace("v1.0.0", "v6.6.6"));
    let first = follow(&mut hub);
    assert!(first.issue.is_none() && first.ended.is_empty());
    assert_eq!(first.again, Some(hub.now + SignedDuration::from_secs(60)));
    assert!(later(&mut hub, 59).issue.is_none());
    let (issue, known) = later(&mut hub, 1).issue.unwrap();
    assert_eq!((known, issue.marker.as_str()), (None, "<!-- usher:drift prod"));
    assert!(issue.body.contains("| image `web` | `v1.0.0` | `v6.6.6` |"), "{}", issue.body);
    assert!(issue.body.contains("-     web:v1.0.0\n+     web:v6.6.6"), "{}", issue.body);
    // What is pushed elsewhere is no news.
    hub.write("README.md", "hello again\n");
    assert!(later(&mut hub, 600).is_nothing());
    hub.write("prod/web.yaml", &WEB.replace("name: w,", "name: v,"));
    let (other, known) = follow(&mut hub).issue.unwrap();
    assert_eq!(known, Some(PrNumber(7)));
    assert_ne!(issue.digest, other.digest);
    // Put right, it is over, and nothing is left to say.
    let files = hub.branches["kept"].1.clone();
    hub.push("main", &account(5, "ada"), "put right", files);
    let told = follow(&mut hub);
    let [(environment, end, known)] = told.ended.as_slice() else { panic!("{told:?}") };
    assert_eq!((environment.as_str(), *known), ("prod", Some(PrNumber(7))));
    assert!(end.comment.contains("`prod` is right again"), "{}", end.comment);
    assert!(follow(&mut hub).is_nothing());
}

#[test]
fn what_is_put_right_before_it_stood_was_nothing() {
    let mut hub = begun(ASKED);
    hub.write("prod/kustomization.yaml", &STAGING.replace("v1.0.0", "v6.6.6"));
    follow(&mut hub);
    let files = hub.branches["kept"].1.clone();
    hub.push("main", &account(5, "ada"), "put right", files);
    assert!(later(&mut hub, 30).issue.is_none());
    // It begins anew, and is not known from before.
    hub.write("prod/kustomization.yaml", &STAGING.replace("v1.0.0", "v6.6.6"));
    assert!(later(&mut hub, 31).issue.is_none());
    assert!(later(&mut hub, 60).issue.is_some());
}

#[test]
fn it_is_told_where_people_have_a_say_and_rules_bind() {
    let drifts = |hub: &mut Hub| {
        hub.write("prod/kustomization.yaml", &STAGING.replace("v1.0.0", "v6.6.6"));
        follow(hub);
        later(hub, 60).issue.is_some()
    };
    for asked in [ASKED, "approvals: [{label: qa, by: [pat]}]", "reviews: {count: 1}"] {
        assert!(drifts(&mut begun(asked)), "{asked}");
    }
    assert!(!drifts(&mut begun("gates: {soak: 1h}")));
    let observed = RULES.replace("GATES", ASKED).replace("version: 1", "version: 1\nmode: observe");
    let mut hub = begun(ASKED);
    hub.write(".github/usher.yml", &observed);
    assert!(!drifts(&mut hub));
    // Whoever stops asking for it has it closed; where nothing was told nothing is said.
    for rules in [observed, RULES.replace("GATES", "promote: manual")] {
        let mut hub = begun(ASKED);
        assert!(drifts(&mut hub));
        hub.write(".github/usher.yml", &rules);
        let told = follow(&mut hub);
        assert_eq!(told.ended.len(), 1, "{told:?}");
        assert!(told.ended[0].1.comment.contains("Nobody asks for drift of `prod` any more"));
        assert!(follow(&mut hub).is_nothing());
    }
}

#[test]
fn what_came_while_rules_stopped_nothing_is_no_drift() {
    let enforced = RULES.replace("GATES", ASKED);
    let observed = enforced.replace("version: 1", "version: 1\nmode: observe");
    let mut hub = begun(ASKED);
    hub.write(".github/usher.yml", &observed);
    follow(&mut hub);
    hub.write("prod/kustomization.yaml", &STAGING.replace("v1.0.0", "v6.6.6"));
    let files = hub.branches["main"].1.clone();
    hub.push("brought", &account(5, "ada"), "brought", files);
    follow(&mut hub);
    let left = hub.baselines.clone();
    hub.write(".github/usher.yml", &enforced);
    assert!(follow(&mut hub).is_nothing() && later(&mut hub, 60).is_nothing());
    assert_eq!(hub.baselines, left, "it goes on from there");
    // What comes from then on is.
    hub.write("prod/kustomization.yaml", &STAGING.replace("v1.0.0", "v7.7.7"));
    follow(&mut hub);
    let (issue, _) = later(&mut hub, 60).issue.unwrap();
    assert!(issue.body.contains("| image `web` | `v6.6.6` | `v7.7.7` |"), "{}", issue.body);
}

#[test]
fn foreign_text_is_inert_and_secrets_stay_secret() {
    let mut hub = begun(ASKED);
    let secret = |value: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{pass: {value}}}\n"
        )
    };
    let with = STAGING.replace("[web.yaml]", "[web.yaml, secret.yaml]");
    hub.write("prod/kustomization.yaml", &with);
    hub.write("prod/secret.yaml", &secret("hunter2"));
    hub.history = vec![Commit {
        author: Some(account(6, "eve")),
        message: "@acme/sre look".to_owned(),
        ..hub.branches["main"].0.clone()
    }];
    follow(&mut hub);
    let (first, _) = later(&mut hub, 60).issue.unwrap();
    assert!(first.body.contains("Secret s") && !first.body.contains("hunter2"), "{}", first.body);
    assert!(first.body.contains("by `eve`") && !first.body.contains("@acme"), "{}", first.body);
    // Another value is another difference, which is not shown either.
    hub.write("prod/secret.yaml", &secret("hunter3"));
    let (second, _) = later(&mut hub, 60).issue.unwrap();
    assert_ne!(first.digest, second.digest);
    assert!(!second.body.contains("hunter3"), "{}", second.body);
    // A tag is anybody's.
    hub.write("prod/kustomization.yaml", &with.replace("v1.0.0", "'@acme/sre <!-- `'"));
    let (third, _) = follow(&mut hub).issue.unwrap();
    assert!(third.body.contains("| `` @acme/sre <!-- ` `` |"), "{}", third.body);
}

fn deployed(hub: &mut Hub, sync: Sync, history: &[Sha]) {
    let last = history.last().cloned();
    let past = |revision: &Sha| Deployed { id: 1, revisions: vec![revision.to_string()], at: None };
    let one = Application {
        sources: vec![Source {
            url: "https://github.test/acme/shop.git".to_owned(),
            path: "prod".to_owned(),
            follows: "HEAD".to_owned(),
            revision: Some(hub.branches["main"].0.sha.clone()),
        }],
        automated: None,
        policy: None,
        owner: None,
        sync,
        health: Health::Healthy,
        health_message: None,
        health_since: None,
        operation: Some(Operation {
            phase: Phase::Succeeded,
            message: String::new(),
            revision: last,
            started_at: None,
            finished_at: None,
        }),
        history: history.iter().map(past).collect(),
        images: Vec::new(),
        compared_at: None,
    };
    hub.applications.insert("main/shop-prod".to_owned(), Ok(one));
}

#[test]
fn what_is_deployed_by_hand_is_told_once_it_stands_and_what_waits_for_a_sync_is_not() {
    let mut hub = begun(ASKED);
    let head = hub.branches["main"].0.sha.clone();
    deployed(&mut hub, Sync::OutOfSync, std::slice::from_ref(&head));
    let first = follow(&mut hub);
    assert!(first.issue.is_none());
    assert_eq!(first.again, Some(hub.now + SignedDuration::from_secs(300)));
    assert!(later(&mut hub, 299).issue.is_none());
    let (issue, _) = later(&mut hub, 1).issue.unwrap();
    assert!(issue.body.contains("is out of sync with the default branch"), "{}", issue.body);
    let part = hub.told_drift.values().next().unwrap().since.keys().next().unwrap().clone();
    assert_eq!(part, Part::Target("prod".to_owned()));
    let json = serde_json::to_value(hub.told_drift.values().next().unwrap()).unwrap();
    assert_eq!(serde_json::from_value::<Told>(json).unwrap().since.keys().next(), Some(&part));
    // That nobody can see it is not its end; neither is that it is ill, whatever is deployed.
    let away = Err(Unseen::Unreachable("no route".to_owned()));
    let known = hub.applications.insert("main/shop-prod".to_owned(), away);
    assert!(later(&mut hub, 600).is_nothing());
    let Some(Ok(mut ill)) = known else { panic!("it was told") };
    ill.health = Health::Degraded;
    hub.applications.insert("main/shop-prod".to_owned(), Ok(ill));
    assert!(later(&mut hub, 600).is_nothing());
    deployed(&mut hub, Sync::Synced, std::slice::from_ref(&head));
    assert_eq!(later(&mut hub, 1).ended.len(), 1);
    // Merged, and not synced yet: that is ours.
    let old = hub.branches["kept"].0.sha.clone();
    hub.write("prod/web.yaml", &WEB.replace("name: w,", "name: v,"));
    hub.baselines.clear();
    follow(&mut hub);
    deployed(&mut hub, Sync::OutOfSync, std::slice::from_ref(&old));
    follow(&mut hub);
    assert!(later(&mut hub, 600).issue.is_none());
}

#[test]
fn who_goes_back_by_hand_is_told_from_a_default_branch_that_goes_back() {
    let mut hub = begun(ASKED);
    let old = hub.branches["kept"].0.sha.clone();
    hub.write("prod/web.yaml", &WEB.replace("name: w,", "name: v,"));
    let new = hub.branches["main"].0.clone();
    let files = hub.branches["main"].1.clone();
    hub.push("new", &account(5, "ada"), "new", files);
    hub.baselines.clear();
    follow(&mut hub);
    // The default branch's own commit was deployed, and then the one before it.
    deployed(&mut hub, Sync::OutOfSync, &[old.clone(), new.sha.clone(), old.clone()]);
    follow(&mut hub);
    assert!(later(&mut hub, 300).issue.is_some());
    // A commit that has the same and came after it says the same, one that came before says nothing: then the default
    // branch has gone back, and waits to be synced.
    for (parted, told) in [(&new, true), (&hub.branches["kept"].0.clone(), false)] {
        let mut hub = begun(ASKED);
        hub.write("prod/web.yaml", &WEB.replace("name: w,", "name: v,"));
        let same = hub.branches["main"].1.clone();
        let same = hub.push("same", &account(5, "ada"), "same", same);
        hub.baselines.clear();
        hub.history = vec![new.clone()];
        hub.between =
            Some(Comparison { merge_base: parted.clone(), commits: Vec::new(), total_commits: 0 });
        follow(&mut hub);
        deployed(&mut hub, Sync::OutOfSync, &[same, old.clone()]);
        follow(&mut hub);
        assert_eq!(later(&mut hub, 300).issue.is_some(), told);
    }
}

#[test]
fn a_merge_that_was_taken_notice_of_before_takes_nothing_back() {
    let mut hub = begun(ASKED);
    // #1 changed two files and was taken notice of; one of them was changed once more since, by #2, as well.
    let pr = hub.open(
        "one",
        &account(5, "ada"),
        "one",
        &[("prod/web.yaml", &WEB.replace("name: w,", "name: v,"))],
    );
    hub.parted = Some(hub.branches["kept"].0.clone());
    hub.judged = Some(passed(&hub, pr));
    let at = hub.pulls.iter().position(|pull| pull.number == pr).unwrap();
    (hub.pulls[at].open, hub.pulls[at].merged) = (false, true);
    hub.write("prod/web.yaml", &WEB.replace("name: w,", "name: u,"));
    hub.baselines.clear();
    follow(&mut hub);
    let left = hub.baselines.clone();
    // Now something else is changed by hand, in a file that #1 touched last as far as GitHub tells.
    hub.write("prod/kustomization.yaml", &STAGING.replace("'7'", "'8'"));
    hub.history = vec![hub.branches["main"].0.clone()];
    hub.brought_by = vec![hub.pulls[at].clone()];
    follow(&mut hub);
    assert_eq!(hub.baselines, left);
}
