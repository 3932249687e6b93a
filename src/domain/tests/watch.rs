//! What was promoted is watched for a while: what ends that, what does not, and what is told before anything goes back.

use jiff::SignedDuration;

use super::*;
use crate::model::ids::CheckRunId;
use crate::model::read::CheckRun;

const RULES: &str = "version: 1
applications:
  - name: shop
    images: [web, 'api-*']
environments:
  - name: staging
    overlay: staging
    promote: automatic
    owners: {fallback: '@acme/sre'}
    rollback: {on: [verified], watch: 30m, gates: [kustomize]}
  - {name: prod, overlay: prod, gates: {verified: [smoke]}}
";

/// A promotion to staging that was just merged.
fn merged() -> (Hub, PrNumber) {
    let mut hub = Hub::new();
    hub.write(".github/usher.yml", RULES);
    let before = hub.branches["main"].clone();
    hub.branches.insert("before".to_owned(), before);
    let pr = promoted(&mut hub, "v1.1.0");
    let files = hub.branches[&hub.pulls[0].head.branch].1.clone();
    let landed = hub.push("main", &account(5, "ada"), "merge", files);
    let after = hub.branches["main"].clone();
    hub.branches.insert("after".to_owned(), after);
    hub.last_config = Some(sha(RULES));
    let now = hub.now;
    let pull = &mut hub.pulls[0];
    (pull.open, pull.merged) = (false, true);
    (pull.landed, pull.merged_at) = (Some(landed), Some(now));
    (hub, pr)
}

fn smoke_fails(hub: &mut Hub) {
    let landed = hub.pulls[0].landed.clone().unwrap();
    let run = CheckRun {
        id: CheckRunId(1),
        name: "smoke".to_owned(),
        app: Some(AppId(8)),
        slug: Some("ci".to_owned()),
        conclusion: Some(Conclusion::Failure),
        external_id: None,
        title: None,
        summary: None,
        text: None,
        started: Some(hub.now),
        url: None,
    };
    hub.reports.insert(landed, Ok(Reports::new(vec![run], Vec::new(), true)));
}

fn watch(hub: &mut Hub, pr: PrNumber) -> Decision {
    hub.decide(&Intent::Watch { repo: repo(), pr })
}

#[test]
fn that_it_goes_back_is_told_before_it_does() {
    let (mut hub, pr) = merged();
    smoke_fails(&mut hub);
    let decision = watch(&mut hub, pr);
    let [
        Effect::EnsureComment { pr: there, body, .. },
        Effect::EnsureBranch(_),
        Effect::EnsurePull(_),
    ] = decision.effects.as_slice()
    else {
        panic!("{decision:?}")
    };
    assert_eq!(*there, pr);
    assert!(body.contains("@acme/sre: **`v1.1.0` is ill in `staging`.**"), "{body}");
}

/// When it is looked at again, if it is.
fn again(decision: &Decision) -> Option<Timestamp> {
    decision.effects.iter().find_map(|effect| match effect {
        Effect::EnqueueAt { intent: Intent::Watch { .. }, at } => Some(*at),
        _ => None,
    })
}

#[test]
fn a_mistake_in_the_files_ends_no_watch() {
    let (path, staging) = (".github/usher.yml", "staging/kustomization.yaml");
    for (path, wrong) in [(path, "version: 7\n"), (staging, "images: [\n"), (staging, "{}\n")] {
        let (mut hub, pr) = merged();
        smoke_fails(&mut hub);
        hub.write(path, wrong);
        let decision = watch(&mut hub, pr);
        assert_eq!(codes(&decision), ["watch.unread"], "{wrong}");
        assert_eq!(again(&decision), Some(hub.now + SignedDuration::from_secs(30)), "{wrong}");
        // Put right, it is as if nothing had been.
        let mut right = hub.branches["main"].1.clone();
        right.insert(path.to_owned(), hub.branches["after"].1[path].clone());
        hub.push("main", &account(5, "ada"), "put right", right);
        assert_eq!(opened(&watch(&mut hub, pr)).len(), 1, "{wrong}");
        // Nobody looks for ever.
        hub.write(path, wrong);
        hub.now += SignedDuration::from_mins(31);
        assert_eq!(codes(&watch(&mut hub, pr)), ["watch.over"], "{wrong}");
    }
    // Where there are no rules any more, nobody watches.
    let (mut hub, pr) = merged();
    hub.write(path, "version: 7\n");
    hub.last_config = None;
    assert_eq!(codes(&watch(&mut hub, pr)), ["watch.over"]);
}

#[test]
fn a_watch_begins_whatever_the_configuration_is_like_at_the_merge() {
    for wrong in [false, true] {
        let (mut hub, pr) = merged();
        if wrong {
            hub.write(".github/usher.yml", "version: 7\n");
        }
        let decision = hub.decide(&Intent::Conclude { repo: repo(), pr });
        let begins = Effect::Enqueue(Intent::Watch { repo: repo(), pr });
        assert!(decision.effects.contains(&begins), "{decision:?}");
    }
}
