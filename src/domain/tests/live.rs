//! What Argo CD reports and what it comes to: `health`, `order`, `drift`, and what is remembered to run.

use super::*;
use crate::domain::gates::Outcome;
use crate::model::argocd::{
    Application, Automated, Health, Operation, Phase, Seen, Source, Sync, Unseen,
};

const WITH_ARGOCD: &str = "version: 1
applications:
  - name: shop
    images: [web, 'api-*']
environments:
  - {name: staging, overlay: staging, promote: automatic, argocd: {server: main, application: shop-staging}}
  - {name: prod, overlay: prod, GATES}
";

fn application(hub: &Hub) -> Application {
    Application {
        sources: vec![Source {
            url: "https://github.test/acme/shop.git".to_owned(),
            path: "staging".to_owned(),
            follows: "HEAD".to_owned(),
            revision: Some(hub.branches["main"].0.sha.clone()),
        }],
        automated: Some(Automated { prune: true, self_heal: true }),
        policy: Some(serde_json::json!({"prune": true, "selfHeal": true})),
        owner: None,
        sync: Sync::Synced,
        health: Health::Healthy,
        health_message: None,
        health_since: None,
        operation: None,
        history: Vec::new(),
        images: Vec::new(),
        compared_at: None,
    }
}

fn operation(phase: Phase, revision: Option<Sha>) -> Option<Operation> {
    let message = "what it says".to_owned();
    Some(Operation { phase, message, revision, started_at: None, finished_at: None })
}

/// A promotion to production of what staging has, with these gates.
fn asked(gates: &str) -> (Hub, PrNumber) {
    let mut hub = Hub::new();
    hub.write(".github/usher.yml", &WITH_ARGOCD.replace("GATES", gates));
    hub.write("staging/kustomization.yaml", &STAGING.replace("v1.0.0", "v1.0.1"));
    let change = STAGING.replace("v1.0.0", "v1.0.1");
    let change = [("prod/kustomization.yaml", change.as_str())];
    let pr = hub.open("by-hand", &account(5, "ada"), "promote", &change);
    (hub, pr)
}

/// How a gate stands, and its sentence.
fn gate(hub: &mut Hub, pr: PrNumber, name: &str, seen: Seen) -> (Outcome, String) {
    hub.applications.insert("main/shop-staging".to_owned(), seen);
    let decision = evaluate(hub, pr);
    let reasons = decision.reasons.iter();
    let found = reasons.clone().find(|reason| reason.code.starts_with(&format!("{name}.")));
    let found = found.unwrap_or_else(|| panic!("no {name} in {:?}", codes(&decision)));
    let outcome = match found.code.rsplit('.').next().unwrap() {
        "passed" => Outcome::Passed,
        "waiting" => Outcome::Waiting,
        "needs" => Outcome::Needs,
        "failed" => Outcome::Failed,
        other => panic!("{other}"),
    };
    (outcome, found.sentence.clone())
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn each_state_of_an_application_has_its_outcome() {
    let (mut hub, pr) = asked("gates: {health: true}");
    let good = application(&hub);
    let head = hub.branches["main"].0.sha.clone();
    let with = |change: fn(&mut Application)| {
        let mut one = good.clone();
        change(&mut one);
        Ok(one)
    };
    let cases: Vec<(Seen, Outcome, Outcome, &str)> = vec![
        (Ok(good.clone()), Outcome::Passed, Outcome::Passed, "is synced and healthy"),
        (
            with(|one| one.health = Health::Progressing),
            Outcome::Waiting,
            Outcome::Waiting,
            "comes up",
        ),
        (
            with(|one| one.health = Health::Suspended),
            Outcome::Waiting,
            Outcome::Waiting,
            "is suspended",
        ),
        (
            with(|one| one.health = Health::Degraded),
            Outcome::Failed,
            Outcome::Waiting,
            "is degraded",
        ),
        (with(|one| one.health = Health::Missing), Outcome::Failed, Outcome::Waiting, "is missing"),
        (
            with(|one| one.health = Health::Unknown),
            Outcome::Waiting,
            Outcome::Waiting,
            "cannot tell",
        ),
        (
            with(|one| one.sync = Sync::OutOfSync),
            Outcome::Waiting,
            Outcome::Waiting,
            "waits to be synced",
        ),
        (with(|one| one.sync = Sync::Unknown), Outcome::Waiting, Outcome::Waiting, "cannot tell"),
        (
            with(|one| one.operation = operation(Phase::Running, None)),
            Outcome::Waiting,
            Outcome::Waiting,
            "is being synced",
        ),
        (
            with(|one| {
                one.sync = Sync::OutOfSync;
                one.operation = operation(Phase::Failed, None);
            }),
            Outcome::Failed,
            Outcome::Waiting,
            "could not be synced",
        ),
        // A sync that failed and was put right since is no matter.
        (
            with(|one| one.operation = operation(Phase::Failed, None)),
            Outcome::Passed,
            Outcome::Passed,
            "is synced and healthy",
        ),
        (
            with(|one| one.sources[0].revision = None),
            Outcome::Waiting,
            Outcome::Waiting,
            "cannot tell",
        ),
        // A commit that the repository does not have.
        (
            with(|one| one.sources[0].revision = Some(sha("nowhere"))),
            Outcome::Waiting,
            Outcome::Waiting,
            "cannot tell",
        ),
        (
            with(|one| one.sources[0].path = "prod".to_owned()),
            Outcome::Failed,
            Outcome::Waiting,
            "is not what",
        ),
        (
            with(|one| one.sources[0].url = "https://github.test/evil/shop".to_owned()),
            Outcome::Failed,
            Outcome::Waiting,
            "is not what",
        ),
        (with(|one| one.sources.clear()), Outcome::Failed, Outcome::Waiting, "is not what"),
        (
            Err(Unseen::Unreachable("it rests".into())),
            Outcome::Waiting,
            Outcome::Waiting,
            "cannot be reached",
        ),
        (
            Err(Unseen::Unreadable("what".into())),
            Outcome::Waiting,
            Outcome::Waiting,
            "cannot be understood",
        ),
        (Err(Unseen::Refused("403".into())), Outcome::Failed, Outcome::Waiting, "does not let"),
        (Err(Unseen::NoServer), Outcome::Failed, Outcome::Waiting, "operator's settings"),
        (
            Err(Unseen::NotAllowed),
            Outcome::Failed,
            Outcome::Waiting,
            "does not let this repository",
        ),
    ];
    for (seen, health, order, words) in cases {
        let (outcome, said) = gate(&mut hub, pr, "health", seen.clone());
        assert_eq!(outcome, health, "{seen:?}: {said}");
        assert!(said.contains(words), "{words:?} in {said:?}");
        let (outcome, said) = gate(&mut hub, pr, "order", seen.clone());
        assert_eq!(outcome, order, "{seen:?}: {said}");
    }
    // A commit before this one, with other entries: it has not been compared with what is there now.
    let old = hub.push(
        "old",
        &account(5, "ada"),
        "old",
        files(&[("staging/kustomization.yaml", STAGING)]),
    );
    let mut behind = good.clone();
    behind.sources[0].revision = Some(old);
    let (outcome, said) = gate(&mut hub, pr, "health", Ok(behind));
    assert_eq!(
        (outcome, said.contains("not synced to the default branch yet")),
        (Outcome::Waiting, true)
    );
    // One with the same entries will do.
    let text = STAGING.replace("v1.0.0", "v1.0.1");
    let alike =
        hub.push("alike", &account(5, "ada"), "x", files(&[("staging/kustomization.yaml", &text)]));
    let mut same = good.clone();
    same.sources[0].revision = Some(alike);
    assert_ne!(same.sources[0].revision, Some(head));
    assert_eq!(gate(&mut hub, pr, "health", Ok(same)).0, Outcome::Passed);
}

#[test]
fn health_needs_something_that_tells_it() {
    let (mut hub, pr) = asked("gates: {health: true}");
    let rules = WITH_ARGOCD.replace("GATES", "gates: {health: true}");
    let rules = rules.replace(", argocd: {server: main, application: shop-staging}", "");
    hub.write(".github/usher.yml", &rules);
    let (outcome, said) = gate(&mut hub, pr, "health", Err(Unseen::NoServer));
    assert_eq!(outcome, Outcome::Failed);
    assert!(said.contains("nothing is configured that could tell how `staging` is"), "{said}");
    let (outcome, _) = gate(&mut hub, pr, "order", Err(Unseen::NoServer));
    assert_eq!(outcome, Outcome::Passed, "where nobody deploys, Git alone says what runs");
}

#[test]
fn only_what_is_synced_and_healthy_is_remembered_to_run() {
    let (mut hub, _) = asked("");
    let follow = Intent::Follow { repo: repo(), reach: Reach::Promotions };
    let remembered = |hub: &mut Hub, seen: Seen| {
        hub.applications.insert("main/shop-staging".to_owned(), seen);
        let decision = hub.decide(&follow);
        let effects = decision.effects.iter();
        let ran = effects.filter_map(|effect| match effect {
            Effect::RememberRunning { environment, .. } => Some(environment.to_string()),
            _ => None,
        });
        ran.collect::<Vec<_>>()
    };
    let good = application(&hub);
    assert_eq!(remembered(&mut hub, Ok(good.clone())), ["staging", "prod"]);
    let slow = Application { health: Health::Progressing, ..good };
    assert_eq!(remembered(&mut hub, Ok(slow)), ["prod"]);
    assert_eq!(remembered(&mut hub, Err(Unseen::Unreachable(String::new()))), ["prod"]);
}

#[test]
fn what_came_and_went_without_being_seen_healthy_never_ran() {
    let (mut hub, _) = asked("gates: {soak: 1h}");
    let (start, main) = (hub.branches["main"].0.sha.clone(), hub.branches["main"].1.clone());
    let now = hub.now;
    hub.ran = vec![Ran { since: now, last: start.clone(), until: now, ..ran("v1.0.1", "x") }];
    let staging = |tag: &str| {
        let mut files = main.clone();
        let text = STAGING.replace("v1.0.0", tag);
        files.insert("staging/kustomization.yaml".to_owned(), text);
        files
    };
    hub.push("middle", &account(5, "ada"), "v1.0.2", staging("v1.0.2"));
    hub.branches.get_mut("middle").unwrap().0.parents = vec![start];
    hub.push("main", &account(5, "ada"), "v1.0.3", staging("v1.0.3"));
    let middle = hub.branches["middle"].0.clone();
    hub.branches.get_mut("main").unwrap().0.parents = vec![middle.sha.clone()];
    let head = hub.branches["main"].0.clone();
    let commits = vec![middle, head.clone()];
    hub.between = Some(Comparison { merge_base: head, commits, total_commits: 2 });
    let good = application(&hub);
    hub.applications.insert("main/shop-staging".to_owned(), Ok(good));
    let seen = |hub: &mut Hub| {
        let follow = Intent::Follow { repo: repo(), reach: Reach::Promotions };
        let decision = hub.decide(&follow);
        let effects = decision.effects.iter();
        let tags = effects.filter_map(|effect| match effect {
            Effect::RememberRunning { environment, tag, .. } => {
                Some(format!("{environment} {tag}"))
            }
            _ => None,
        });
        tags.filter(|seen| seen.starts_with("staging")).collect::<Vec<_>>()
    };
    assert_eq!(seen(&mut hub), ["staging ", "staging v1.0.3"]);
}

fn baselines(decision: &Decision) -> BTreeMap<String, Baseline> {
    let effects = decision.effects.iter();
    let kept = effects.filter_map(|effect| match effect {
        Effect::RememberBaseline { environment, baseline } => {
            Some((environment.to_string(), baseline.clone()))
        }
        _ => None,
    });
    kept.collect()
}

#[test]
fn drift_is_seen_from_where_it_began_and_a_merge_that_passed_moves_that() {
    let (mut hub, pr) = asked("gates: {drift: true}");
    let mut seen = application(&hub);
    assert_eq!(
        gate(&mut hub, pr, "drift", Ok(seen.clone())).0,
        Outcome::Waiting,
        "nothing is on record"
    );
    let follow = Intent::Follow { repo: repo(), reach: Reach::Promotions };
    hub.baselines = baselines(&hub.decide(&follow));
    assert_eq!(hub.baselines.keys().collect::<Vec<_>>(), ["prod", "staging"]);
    assert!(baselines(&hub.decide(&follow)).is_empty(), "it begins once");
    assert_eq!(gate(&mut hub, pr, "drift", Ok(seen.clone())).0, Outcome::Passed);
    // What is deployed was changed by hand; what waits for a sync is ours.
    seen.sync = Sync::OutOfSync;
    assert_eq!(gate(&mut hub, pr, "drift", Ok(seen.clone())).0, Outcome::Waiting);
    seen.operation = operation(Phase::Succeeded, seen.sources[0].revision.clone());
    assert_eq!(gate(&mut hub, pr, "drift", Ok(seen.clone())).0, Outcome::Failed);
    (seen.sync, seen.health) = (Sync::Synced, Health::Degraded);
    assert_eq!(
        gate(&mut hub, pr, "drift", Ok(seen)).0,
        Outcome::Passed,
        "how it is doing is no drift"
    );
    // An entry and a file, by hand; the text of a file is anybody's.
    let old = hub.branches["main"].1.clone();
    hub.push("kept", &account(5, "ada"), "kept", old.clone());
    hub.write("prod/kustomization.yaml", &STAGING.replace("v1.0.0", "v6.6.6"));
    let now = application(&hub);
    let (outcome, said) = gate(&mut hub, pr, "drift", Ok(now.clone()));
    assert_eq!(outcome, Outcome::Failed);
    assert!(said.contains("`web` from `v1.0.0` to `v6.6.6`"), "{said}");
    hub.write("staging/web.yaml", &WEB.replace("image: web", "image: web # @acme/sre"));
    let (_, said) = gate(&mut hub, pr, "drift", Ok(now));
    assert!(said.contains("`staging/web.yaml` changed"), "{said}");
    hub.push("main", &account(5, "ada"), "write", old);
    let now = application(&hub);
    assert_eq!(gate(&mut hub, pr, "drift", Ok(now)).0, Outcome::Passed, "put right");
    // Merged: what it brought is where it goes on from, if it was green.
    let at = hub.pulls.iter().position(|pull| pull.number == pr).unwrap();
    (hub.pulls[at].open, hub.pulls[at].merged) = (false, true);
    let concluded = Intent::Conclude { repo: repo(), pr };
    let judged = passed(&hub, pr);
    hub.judged = Some(Judged { verdict: Word::Blocked, ..judged.clone() });
    assert!(baselines(&hub.decide(&concluded)).is_empty());
    hub.judged = Some(Judged { verdict: Word::Blocked, binds: false, ..judged.clone() });
    assert_eq!(baselines(&hub.decide(&concluded)).len(), 1, "it was observed, and stopped nobody");
    hub.judged = Some(judged);
    let moved = baselines(&hub.decide(&concluded));
    assert_eq!(moved.keys().collect::<Vec<_>>(), ["prod"]);
    let entries = moved["prod"].entries.values().next().unwrap();
    assert_eq!(entries[0].new_tag.as_deref(), Some("v1.0.1"));
}
