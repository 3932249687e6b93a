//! What happens in the life of a release, one thing after the other, so that every effect of the bot's is needed
//! once. It does not know what goes wrong meanwhile.

use futures_util::future::{BoxFuture, FutureExt as _};
use serde_json::{Value, json};

use Deaths::{Everywhere, Nowhere, Own};

use super::people::{CONFIG, overlay};
use super::{DEMO, Stage};

/// One thing that somebody does.
pub struct Step {
    pub name: &'static str,
    pub deaths: Deaths,
    pub deed: fn(&Stage) -> BoxFuture<'_, ()>,
}

/// A write of the bot's: method, path as a glob, and the how-manieth of its kind.
pub type Write = (String, String, u32);

/// Where the bot is to die in a step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Deaths {
    /// Nowhere: its writes are those of another step.
    Nowhere,
    /// At those that others do not have as well: the eyes come first, and whatever changes is judged.
    Own,
    /// At each.
    Everywhere,
}

impl Deaths {
    /// Whether it dies after this write.
    pub fn are_at(self, (method, path, nth): &Write) -> bool {
        let first_look = path.contains("/reactions") && *nth == 1;
        let common =
            path.contains("/check-runs") || (method == "PATCH" && path.contains("/labels"));
        self == Self::Everywhere || (self == Self::Own && !common && !first_look)
    }
}

const fn step(name: &'static str, deaths: Deaths, deed: fn(&Stage) -> BoxFuture<'_, ()>) -> Step {
    Step { name, deaths, deed }
}

/// The threads, by number.
const TALK: u64 = 1;
const STAGING: u64 = 3;
const PROD: u64 = 4;
const BACK: u64 = 5;
const FORTH: u64 = 6;
const OTHER: u64 = 7;
const MORE: u64 = 8;

pub const STORY: &[Step] = &[
    step("a release", Nowhere, |stage| publish(stage, "v1.0.1")),
    step("a newer release supersedes it", Everywhere, |stage| publish(stage, "v1.0.2")),
    step("staging is merged by hand", Everywhere, |stage| merge(stage, STAGING)),
    step("/promote", Own, |stage| say(stage, "ada", STAGING, "/promote prod")),
    step("a label", Own, |stage| label(stage, "quinn", PROD, "qa-approved")),
    step("/approve", Own, |stage| say(stage, "pat", PROD, "/approve pm-approved")),
    step("/lock", Own, |stage| say(stage, "sam", TALK, "/lock prod the fair --for 2h")),
    step("/unlock", Nowhere, |stage| say(stage, "sam", TALK, "/unlock prod")),
    step("/hold", Own, |stage| say(stage, "ada", PROD, "/hold not before noon")),
    step("/unhold", Nowhere, |stage| say(stage, "ada", PROD, "/unhold")),
    step("/merge", Own, |stage| say(stage, "ada", PROD, "/merge")),
    step("/rollback", Own, |stage| {
        say(stage, "sam", PROD, "/rollback --reason checkout loses carts")
    }),
    step("the rollback is merged by hand", Everywhere, |stage| merge(stage, BACK)),
    step("/rollback of the rollback", Nowhere, |stage| say(stage, "sam", BACK, "/rollback")),
    step("/cancel", Own, |stage| say(stage, "sam", FORTH, "/cancel")),
    step("/promote a version", Nowhere, |stage| say(stage, "ada", TALK, "/promote prod v1.0.1")),
    step("a forged label", Everywhere, |stage| label(stage, "ada", OTHER, "pm-approved")),
    step("a foreign commit", Own, foreign_commit),
    step("/retry", Own, |stage| say(stage, "ada", OTHER, "/retry")),
    step("a reviewed change of production", Nowhere, more_replicas),
    step("the base moves", Own, |stage| merge(stage, MORE)),
    step("/reject", Own, |stage| say(stage, "quinn", OTHER, "/reject v1.0.1 broken carts")),
    step("a change of the rules", Everywhere, change_of_rules),
];

fn publish<'a>(stage: &'a Stage, tag: &'static str) -> BoxFuture<'a, ()> {
    act(stage, "ada", "POST", "/releases".to_owned(), json!({"tag_name": tag}))
}

fn merge(stage: &Stage, pr: u64) -> BoxFuture<'_, ()> {
    act(stage, "sam", "PUT", format!("/pulls/{pr}/merge"), json!({}))
}

fn say<'a>(
    stage: &'a Stage,
    who: &'static str,
    thread: u64,
    text: &'static str,
) -> BoxFuture<'a, ()> {
    act(stage, who, "POST", format!("/issues/{thread}/comments"), json!({"body": text}))
}

fn label<'a>(
    stage: &'a Stage,
    who: &'static str,
    pr: u64,
    label: &'static str,
) -> BoxFuture<'a, ()> {
    act(stage, who, "POST", format!("/issues/{pr}/labels"), json!({"labels": [label]}))
}

fn act<'a>(
    stage: &'a Stage,
    who: &'static str,
    method: &'static str,
    path: String,
    body: Value,
) -> BoxFuture<'a, ()> {
    async move {
        stage.act(who, method, &format!("/repos/{DEMO}{path}"), body).await;
    }
    .boxed()
}

fn foreign_commit(stage: &Stage) -> BoxFuture<'_, ()> {
    async move {
        let (branch, _) = stage.head_of(OTHER).await;
        edit(stage, &branch, &overlay("prod"), "count: 2", "count: 4").await;
    }
    .boxed()
}

fn change_of_rules(stage: &Stage) -> BoxFuture<'_, ()> {
    async move {
        stage.branch(DEMO, "rules", "main").await;
        edit(stage, "rules", CONFIG, "pm-approved", "product-approved").await;
        propose(stage, "rules").await;
    }
    .boxed()
}

fn propose<'a>(stage: &'a Stage, branch: &'static str) -> BoxFuture<'a, ()> {
    let pull = json!({"title": format!("Change {branch}"), "head": branch, "base": "main"});
    act(stage, "ada", "POST", "/pulls".to_owned(), pull)
}

/// One that has passed its gates: it is no drift, and what is promoted meanwhile is planned anew on it.
fn more_replicas(stage: &Stage) -> BoxFuture<'_, ()> {
    async move {
        stage.branch(DEMO, "replicas", "main").await;
        edit(stage, "replicas", &overlay("prod"), "count: 2", "count: 3").await;
        propose(stage, "replicas").await;
        label(stage, "quinn", MORE, "qa-approved").await;
        label(stage, "pat", MORE, "pm-approved").await;
    }
    .boxed()
}

/// A change in production that came around the gates.
fn by_hand<'a>(stage: &'a Stage, from: &'static str, to: &'static str) -> BoxFuture<'a, ()> {
    async move { edit(stage, "main", &overlay("prod"), from, to).await }.boxed()
}

async fn edit(stage: &Stage, branch: &str, path: &str, from: &str, to: &str) {
    let old = stage.file(DEMO, path, branch).await;
    let new = old.replace(from, to);
    assert_ne!(old, new, "{path} has no {from:?}");
    stage.write_file(DEMO, branch, path, &new).await;
}

/// The way back by Argo CD, and its end.
pub const ARGOCD: &[Step] = &[
    step("/rollback --argocd", Own, |stage| {
        say(stage, "sam", TALK, "/rollback prod --argocd --reason it loses carts")
    }),
    step("the pull request is merged by hand", Own, |stage| merge(stage, 2)),
];

/// What comes around the gates: an issue tells of it, until it is put back.
pub const DRIFT: &[Step] = &[
    step("a change by hand", Own, |stage| by_hand(stage, "newTag: v1.0.0", "newTag: v0.9.9")),
    step("one more", Own, |stage| by_hand(stage, "count: 2", "count: 3")),
    step("both are put back", Own, |stage| {
        async move {
            edit(stage, "main", &overlay("prod"), "count: 3", "count: 2").await;
            edit(stage, "main", &overlay("prod"), "newTag: v0.9.9", "newTag: v1.0.0").await;
        }
        .boxed()
    }),
];
