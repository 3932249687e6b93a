//! What people read in each state of a promotion: the check's headline and the status comment.

use super::*;
use crate::domain::promotion::{Back, Direction, Request};
use crate::model::act::{ActKind, NewAct};
use crate::model::ids::{AppName, CommentId, EnvName, ImageTag};
use crate::model::read::ReviewState;

pub(super) const RULES: &str = "version: 1
applications:
  - name: shop
    images: [web, 'api-*']
environments:
  - {name: staging, overlay: staging}
  - name: prod
    overlay: prod
    promoters: ['@acme/release']
    approvals:
      - {label: qa-approved, by: ['@acme/qa']}
      - {label: pm-approved, by: [pat]}
    overrides: ['@acme/sre']
    rollback: {by: ['@acme/oncall']}
";

/// A repository whose staging runs v1.1.0, and a promotion of it to prod that ada asked for.
pub(super) struct Scene {
    pub(super) hub: Hub,
    pub(super) pr: PrNumber,
}

impl Scene {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Promotion)) -> Self {
        Self::under(RULES, change)
    }

    /// The same under other rules.
    pub(super) fn under(rules: &str, change: impl FnOnce(&mut Promotion)) -> Self {
        Self::after(&STAGING.replace("v1.0.0", "v1.1.0"), rules, change)
    }

    /// The same with another kustomization in staging.
    pub(super) fn after(staging: &str, rules: &str, change: impl FnOnce(&mut Promotion)) -> Self {
        let mut hub = Hub::new();
        hub.write(".github/usher.yml", rules);
        hub.write("staging/kustomization.yaml", staging);
        hub.members = ["qa quinn", "sre sam", "release ada"].map(String::from).into();
        hub.release("v1.1.0");
        let mut promotion = crate::domain::promotion::tests::promotion("prod", "v1.1.0");
        promotion.application = AppName::new("shop").unwrap();
        promotion.source = RepoName::new("acme/shop").unwrap();
        promotion.tag = Some(ImageTag::new("v1.1.0").unwrap());
        promotion.commit = Some(sha("v1.1.0"));
        promotion.request = Some(Request {
            by: Login::new("ada").unwrap(),
            id: UserId(5),
            comment: CommentId(900),
        });
        change(&mut promotion);
        let tag = promotion.tag.clone().unwrap();
        let text = STAGING.replace("v1.0.0", tag.as_str());
        let (branch, message) = (promotion.branch(), promotion.message(&sealer()));
        let files = [("prod/kustomization.yaml", text.as_str())];
        let pr = hub.open(&branch, &account(77, "usher[bot]"), &message, &files);
        Self { hub, pr }
    }

    /// A rollback of prod from v1.0.0 to v0.9.0.
    pub(super) fn back() -> Self {
        Self::with(|promotion| {
            promotion.direction = Direction::Back;
            promotion.version = "v0.9.0".to_owned();
            promotion.tag = Some(ImageTag::new("v0.9.0").unwrap());
            promotion.back = Some(Back {
                leaves: vec!["v1.0.0".to_owned()],
                undoes: Some(PrNumber(3)),
                reason: Some("500s everywhere".to_owned()),
                ..Back::default()
            });
        })
    }

    pub(super) fn act(&mut self, kind: ActKind, subject: &str, by: &Account) -> &mut NewAct {
        let id = 1 + self.hub.acts.len() as i64;
        let head = self.hub.pulls.last().unwrap().head.sha.clone();
        self.hub.acts.push(Act {
            id,
            said: NewAct {
                kind,
                cause: format!("test:{id}"),
                pr: Some(self.pr),
                environment: None,
                application: None,
                subject: subject.to_owned(),
                head: Some(head),
                by: by.clone(),
                reason: String::new(),
                at: "2026-11-20T11:00:00Z".parse().unwrap(),
                until: None,
            },
        });
        &mut self.hub.acts.last_mut().unwrap().said
    }

    /// Writes a file on the default branch, and as if it had always been there.
    pub(super) fn write(&mut self, path: &str, text: &str) {
        self.hub.write(path, text);
        let branch = self.hub.pulls[0].head.branch.clone();
        let all = &mut self.hub.branches.get_mut(&branch).unwrap().1;
        all.insert(path.to_owned(), text.to_owned());
    }

    /// Other rules.
    pub(super) fn rules(&mut self, rules: &str) {
        self.write(".github/usher.yml", rules);
    }

    /// The label is on, and recorded as this person's.
    pub(super) fn approve(&mut self, label: &str, by: &Account) {
        self.act(ActKind::Approval, label, by);
        self.hub.pulls.last_mut().unwrap().labels.push(label.to_owned());
    }

    /// A stop of prod.
    fn stop(&mut self, kind: ActKind, reason: &str) -> &mut NewAct {
        let act = self.act(kind, "", &account(8, "sam"));
        act.pr = None;
        act.head = None;
        act.environment = Some(EnvName::new("prod").unwrap());
        reason.clone_into(&mut act.reason);
        act
    }

    fn approve_all(&mut self) {
        self.approve("qa-approved", &account(6, "quinn"));
        self.approve("pm-approved", &account(7, "pat"));
    }

    /// The headline and conclusion of the check, and the comment.
    pub(super) fn reads(&mut self) -> String {
        let decision = evaluate(&mut self.hub, self.pr);
        let gates = check(&decision, "usher/gates");
        let comment = decision.effects.iter().find_map(|effect| match effect {
            Effect::EnsureComment { body, .. } => Some(body.as_str()),
            _ => None,
        });
        format!("{:?}: {}\n\n{}", gates.conclusion, gates.title, comment.unwrap_or("no comment"))
    }
}

fn pat() -> Account {
    account(7, "pat")
}

#[test]
fn nothing_is_given_yet() {
    insta::assert_snapshot!("nothing_given", Scene::new().reads());
}

#[test]
fn one_of_two_is_given() {
    let mut scene = Scene::new();
    scene.approve("qa-approved", &account(6, "quinn"));
    insta::assert_snapshot!("one_given", scene.reads());
}

#[test]
fn all_is_given() {
    let mut scene = Scene::new();
    scene.approve_all();
    insta::assert_snapshot!("all_given", scene.reads());
}

#[test]
fn labels_that_count_for_nothing_say_why() {
    let mut scene = Scene::new();
    // On without a record, by somebody who left, by the requester.
    scene.hub.pulls.last_mut().unwrap().labels.push("qa-approved".to_owned());
    scene.approve("pm-approved", &pat());
    scene.hub.access.insert("pat".to_owned(), Access::Read);
    insta::assert_snapshot!("counting_for_nothing", scene.reads());

    let mut scene = Scene::with(|promotion| {
        promotion.request = Some(Request {
            by: Login::new("pat").unwrap(),
            id: UserId(7),
            comment: CommentId(900),
        });
    });
    scene.approve_all();
    insta::assert_snapshot!("by_who_asked", scene.reads());
}

#[test]
fn labels_that_were_taken_off_stand_with_their_reason() {
    let mut scene = Scene::new();
    scene.act(ActKind::Refused, "qa-approved", &account(9, "eve"));
    insta::assert_snapshot!("taken_off", scene.reads());
}

#[test]
fn an_approval_of_another_commit_is_none() {
    let mut scene = Scene::new();
    scene.approve_all();
    for act in &mut scene.hub.acts {
        act.said.head = Some(sha("another"));
    }
    let decision = evaluate(&mut scene.hub, scene.pr);
    let ended = decision
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::EndActs { ids, .. } if *ids == [1, 2]));
    assert!(ended, "{:?}", decision.effects);
    assert_ne!(check(&decision, "usher/gates").conclusion, Some(Conclusion::Success));
}

#[test]
fn who_released_it_does_not_approve_it() {
    let mut scene = Scene::new();
    scene.approve_all();
    scene.hub.releases[0].author = Some(account(6, "quinn"));
    assert!(scene.reads().contains("that person published the release"));
}

#[test]
fn stops_name_who_and_why() {
    let mut scene = Scene::new();
    scene.approve_all();
    scene.stop(ActKind::Lock, "database move").until =
        Some("2026-11-20T14:05:00Z".parse().unwrap());
    insta::assert_snapshot!("locked", scene.reads());

    let mut scene = Scene::new();
    scene.approve_all();
    scene.stop(ActKind::Hold, "waiting for legal").application =
        Some(AppName::new("shop").unwrap());
    insta::assert_snapshot!("held", scene.reads());

    // What a promoter asked for passes the hold that a rollback left.
    scene.hub.acts.last_mut().unwrap().said.subject = "automatic".to_owned();
    assert!(scene.reads().starts_with("Some(Success)"));

    // A lock whose time is over stands no more.
    let mut scene = Scene::new();
    scene.approve_all();
    scene.stop(ActKind::Lock, "").until = Some("2026-11-20T11:59:59Z".parse().unwrap());
    assert!(scene.reads().starts_with("Some(Success)"));
}

#[test]
fn a_bad_version_is_overridden_only_by_who_may() {
    let mut scene = Scene::new();
    scene.approve_all();
    let bad = scene.stop(ActKind::Bad, "rolled back by #3");
    bad.application = Some(AppName::new("shop").unwrap());
    bad.subject = "v1.1.0".to_owned();
    insta::assert_snapshot!("bad_version", scene.reads());
    scene.act(ActKind::Override, "bad-version", &account(5, "ada")).reason = "I say so".to_owned();
    assert!(scene.reads().starts_with("Some(Failure)"));
    scene.act(ActKind::Override, "bad-version", &account(8, "sam")).reason = "fixed".to_owned();
    insta::assert_snapshot!("overridden", scene.reads());
}

#[test]
fn observing_blocks_nothing_and_says_what_it_would() {
    let mut scene = Scene::new();
    let observing = RULES.replace("version: 1", "version: 1\nmode: observe");
    scene.rules(&observing);
    insta::assert_snapshot!("observing", scene.reads());
}

#[test]
fn a_rollback_passes_its_own_gates_and_shows_a_lock() {
    let mut scene = Scene::back();
    scene.stop(ActKind::Lock, "database move");
    insta::assert_snapshot!("rollback", scene.reads());
}

#[test]
fn further_back_than_allowed_every_gate_stands() {
    let mut scene = Scene::with(|promotion| {
        promotion.direction = Direction::Back;
        promotion.back = Some(Back { beyond: true, ..Back::default() });
    });
    assert!(scene.reads().starts_with("Some(ActionRequired): Needs qa-approved"));
}

#[test]
fn nobody_changes_the_rules_alone() {
    let mut hub = Hub::new();
    let loose = POLICY.replace("promote: automatic}", "promote: manual}");
    let bumped = STAGING.replace("v1.0.0", "v1.1.0");
    let changes = [(".github/usher.yml", loose.as_str()), ("prod/kustomization.yaml", &bumped)];
    let pr = hub.open("loosen", &account(5, "ada"), "change", &changes);
    let mut review = |by: &Account, access: Access, head: &str| {
        hub.access.insert(by.login.to_string(), access);
        let head = if head.is_empty() { hub.pulls[0].head.sha.clone() } else { sha(head) };
        hub.reviews.push(Review {
            author: by.clone(),
            state: ReviewState::Approved,
            head: Some(head),
            at: None,
        });
        let decision = evaluate(&mut hub, pr);
        (check(&decision, "usher/gates").clone(), check(&decision, "usher/config").clone())
    };
    let (gates, config) = review(&account(5, "ada"), Access::Admin, "");
    assert!(gates.summary.contains("changes the rules"), "its author: {}", gates.summary);
    assert!(config.summary.contains("What merging this changes"), "{}", config.summary);
    let (gates, _) = review(&account(6, "quinn"), Access::Write, "");
    assert!(gates.summary.contains("changes the rules"), "no administrator");
    let (gates, _) = review(&account(7, "pat"), Access::Admin, "an older head");
    assert!(gates.summary.contains("changes the rules"), "of another commit");
    let (gates, _) = review(&account(8, "sam"), Access::Admin, "");
    assert!(gates.summary.contains("approved by `sam`"), "{}", gates.summary);
    assert_eq!(gates.conclusion, Some(Conclusion::Failure), "the image still has its own gates");
}
