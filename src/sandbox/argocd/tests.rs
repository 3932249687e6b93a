//! This Argo CD by itself: what it syncs by itself, what it refuses, how it is gone back.

use std::collections::BTreeMap;

use git2::Oid;
use jiff::SignedDuration;

use super::{ApplicationChange, Health, Phase, Sync};
use crate::sandbox::folder::Folder;
use crate::sandbox::seed::tests::{put, seeded};
use crate::sandbox::state::State;

const STAGING: &str = "staging-microservices-demo";
const OVERLAY: &str = "kustomize/staging/kustomization.yaml";

struct Desk {
    state: State,
    _folder: Folder,
}

impl Desk {
    fn new() -> Self {
        let (state, folder) = seeded();
        Self { state, _folder: folder }
    }

    /// Lets seconds pass, and looks.
    fn pass(&mut self, seconds: i64) {
        let then = self.state.now() + SignedDuration::from_secs(seconds);
        self.state.around.now = std::sync::Arc::new(move || then);
        self.state.argocd_looks();
    }

    #[expect(clippy::needless_pass_by_value, reason = "it is made where it is said")]
    fn change(&mut self, change: ApplicationChange) {
        self.state.change_application(STAGING, &change).unwrap();
    }

    fn push(&mut self, tag: &str) -> Oid {
        let repo = self.state.repo_named("acme", "microservices-demo").unwrap().id;
        let git = self.state.git(repo).unwrap();
        let tree = git.tree_of(git.branch("main").unwrap()).unwrap();
        let blob = git.blob(git.entry(tree, OVERLAY).unwrap().oid).unwrap();
        let text = String::from_utf8(blob).unwrap();
        let line = text.lines().find(|line| line.contains("newTag:")).unwrap();
        let text = text.replace(line, &format!("    newTag: {tag}"));
        put(&mut self.state, "sam", "main", OVERLAY, &text)
    }

    fn seen(&self) -> (Sync, Health, usize) {
        let one = self.state.argocd.get(STAGING).unwrap();
        (one.sync, one.health, one.history.len())
    }
}

#[test]
fn it_follows_git_by_itself_and_takes_its_time() {
    let mut desk = Desk::new();
    assert_eq!(desk.seen(), (Sync::Synced, Health::Healthy, 1));
    desk.change(ApplicationChange { takes: Some(60), ..Default::default() });
    let pushed = desk.push("v1.0.1");
    desk.pass(10);
    assert_eq!(desk.seen(), (Sync::OutOfSync, Health::Healthy, 1), "it is under way");
    desk.pass(25);
    assert_eq!(desk.seen(), (Sync::Synced, Health::Progressing, 2));
    desk.pass(30);
    assert_eq!(desk.seen(), (Sync::Synced, Health::Healthy, 2));
    let one = desk.state.argocd.get(STAGING).unwrap();
    assert_eq!(one.compared, pushed.to_string());
    assert!(one.live.images.iter().all(|image| image.ends_with(":v1.0.1")), "{:?}", one.live);
    // What does not concern its folder moves the revision and deploys nothing.
    let other = put(&mut desk.state, "sam", "main", "README.md", "hello");
    desk.pass(60);
    assert_eq!(desk.seen(), (Sync::Synced, Health::Healthy, 2));
    assert_eq!(desk.state.argocd.get(STAGING).unwrap().compared, other.to_string());
    // What it builds on does.
    put(&mut desk.state, "sam", "main", "kustomize/base/frontend.yaml", "kind: Other");
    desk.pass(120);
    assert_eq!(desk.seen(), (Sync::Synced, Health::Healthy, 3));
}

#[test]
fn without_automatic_sync_it_is_out_of_sync() {
    let mut desk = Desk::new();
    desk.change(ApplicationChange { automated: Some(false), ..Default::default() });
    desk.push("v1.0.1");
    desk.pass(3600);
    assert_eq!(desk.seen(), (Sync::OutOfSync, Health::Healthy, 1));
}

#[test]
fn what_becomes_of_it_is_what_was_said() {
    let mut desk = Desk::new();
    desk.change(ApplicationChange {
        takes: Some(0),
        becomes: Some("Degraded".to_owned()),
        ..Default::default()
    });
    desk.push("v1.0.1");
    desk.pass(0);
    assert_eq!(desk.seen(), (Sync::Synced, Health::Degraded, 2));
    desk.change(ApplicationChange { fails: Some("no".to_owned()), ..Default::default() });
    desk.push("v1.0.2");
    desk.pass(60);
    assert_eq!(desk.seen(), (Sync::OutOfSync, Health::Degraded, 2));
    let last = desk.state.argocd.get(STAGING).unwrap().operation.clone().unwrap();
    assert_eq!((last.phase, last.message.as_str()), (Phase::Failed, "no"));
    // What somebody changes by hand heals itself; nothing new is deployed by that.
    let mut desk = Desk::new();
    desk.change(ApplicationChange { touched: Some(true), ..Default::default() });
    desk.pass(60);
    assert_eq!(desk.seen().0, Sync::Synced);
}

#[test]
fn an_older_state_comes_up_with_all_that_it_knew() {
    let desk = Desk::new();
    let text = serde_json::to_string(&desk.state).unwrap();
    let state: State = serde_json::from_str(&text).unwrap();
    assert_eq!(state.argocd.get(STAGING).unwrap().history.len(), 1);
    let mut fields: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    fields.remove("argocd");
    let state: State = serde_json::from_value(serde_json::json!(fields)).unwrap();
    assert!(state.argocd.applications.is_empty(), "of a box that had no Argo CD");
}
