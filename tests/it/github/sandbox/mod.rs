//! The same verbs against the sandbox: two opinions of GitHub that have to agree.

mod acts;
mod again;
mod reports;
mod snapshot;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use usher::github::{BranchOutcome, GitHub, Options, Priority, Repo};
use usher::model::clock::{Clock, Entropy};
use usher::model::files::Mode;
use usher::model::ids::{AppId, CommentId, PrNumber, RepoRef, Sha};
use usher::model::read::{PullRequest, Visibility};
use usher::model::write::Reaction;
use usher::model::write::{FileChange, NewBranch, NewPull};
use usher::sandbox;

const FILE: &str = "kustomize/staging/kustomization.yaml";

struct Stage {
    sandbox: sandbox::Running,
    door: GitHub,
    repo: Repo,
}

impl Stage {
    async fn set() -> Self {
        // nobody listens there: every webhook fails
        let options = sandbox::Options::new("127.0.0.1:0".parse().unwrap(), "127.0.0.1:9");
        let sandbox = sandbox::start(options).await.unwrap();
        let door = GitHub::new(Options {
            api: sandbox.api_url(),
            app: AppId(sandbox.app_id),
            key: sandbox.private_key_pem.clone().into(),
            clock: clock(),
            entropy: Entropy::new(|bytes| bytes.fill(7)),
            user_agent: "usher/test".to_owned(),
        })
        .unwrap();
        let installation = door.installations().await.unwrap().remove(0);
        let repositories = door.repositories(installation.id).await.unwrap();
        let found = repositories
            .into_iter()
            .find(|r| r.name.as_str() == "acme/microservices-demo")
            .unwrap();
        let repo = RepoRef { id: found.id, name: found.name, installation: installation.id };
        let repo = door.at(&repo, Priority::Person);
        Self { sandbox, door, repo }
    }

    /// A call that a person makes.
    async fn by(&self, login: &str, method: &str, path: &str, body: Value) -> Value {
        self.at(login, method, &format!("/repos/acme/microservices-demo{path}"), body).await
    }

    /// The same anywhere.
    async fn at(&self, login: &str, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.sandbox.api_url());
        let mut call = reqwest::Client::new()
            .request(method.parse().unwrap(), url)
            .header("user-agent", "a person")
            .bearer_auth(login);
        if !body.is_null() {
            call = call.json(&body);
        }
        let answer = call.send().await.unwrap();
        let status = answer.status();
        let body: Value = answer.json().await.unwrap_or_default();
        assert!(status.is_success(), "{method} {path}: {status} {body}");
        body
    }

    /// The blob of a file of the default branch.
    async fn blob_of(&self, path: &str) -> Sha {
        let head = self.repo.head_commit("main").await.unwrap().unwrap();
        self.repo.tree(&head.tree).await.unwrap().entries[path].1.clone()
    }

    async fn new_branch(&self) -> NewBranch {
        let parent = self.repo.head("main").await.unwrap().unwrap();
        let base_tree = self.repo.commit(&parent).await.unwrap().tree;
        let tree = self.repo.tree(&base_tree).await.unwrap();
        let blob = self.repo.blob(&tree.entries[FILE].1).await.unwrap();
        let text = String::from_utf8(blob.to_vec()).unwrap();
        assert!(text.contains("newTag: v1.0.0"));
        NewBranch {
            branch: "usher/staging/shop-v1.0.1-abcd1234".to_owned(),
            parent,
            base_tree,
            files: vec![FileChange {
                path: FILE.to_owned(),
                content: text.replace("v1.0.0", "v1.0.1").into_bytes(),
            }],
            message: "Promote shop v1.0.1 to staging".to_owned(),
        }
    }

    async fn open(&self) -> (NewBranch, Sha, NewPull, PrNumber) {
        let branch = self.new_branch().await;
        let made = self.repo.ensure_branch(&branch).await.unwrap();
        let BranchOutcome::Made(head) = made else {
            panic!("{made:?}");
        };
        let pull = NewPull {
            branch: branch.branch.clone(),
            base: "main".to_owned(),
            title: branch.message.clone(),
            body: "What changes".to_owned(),
            labels: vec!["usher".to_owned(), "env: staging".to_owned()],
        };
        let number = self.repo.ensure_pull(&pull).await.unwrap().number;
        (branch, head, pull, number)
    }

    /// Every test ends here: the door called nothing that GitHub does not have.
    async fn strike(self) {
        let unknown = self.sandbox.unknown_routes();
        assert!(unknown.is_empty(), "{unknown:?}");
        self.sandbox.shutdown().await;
    }
}

#[expect(clippy::disallowed_methods, reason = "the sandbox tells real time, so its client has to")]
fn clock() -> Clock {
    Clock::new(Timestamp::now)
}

#[tokio::test]
async fn the_app_knows_itself_and_its_repository() {
    let stage = Stage::set().await;
    let us = stage.door.identity().await.unwrap();
    assert_eq!(us.app.0, stage.sandbox.app_id);
    assert_eq!(us.bot.login.as_str(), format!("{}[bot]", us.slug));
    assert!(us.bot.bot);
    let repo = stage.repo.repository().await.unwrap().unwrap();
    assert_eq!(repo.id, stage.repo.reference().id);
    assert_eq!(repo.default_branch, "main");
    assert!(!repo.archived && repo.visibility >= Visibility::Private);
    let head = stage.repo.head("main").await.unwrap().unwrap();
    let commit = stage.repo.commit(&head).await.unwrap();
    let tree = stage.repo.tree(&commit.tree).await.unwrap();
    assert_eq!(tree.entries[FILE].0, Mode::File);
    assert_eq!(stage.repo.head("no/such").await.unwrap(), None);
    assert_eq!(stage.repo.pull(PrNumber(999)).await.unwrap(), None);
    stage.strike().await;
}

#[tokio::test]
async fn a_branch_twice_is_a_branch_once() {
    let stage = Stage::set().await;
    let new = stage.new_branch().await;
    let made = stage.repo.ensure_branch(&new).await.unwrap();
    let BranchOutcome::Made(head) = made else {
        panic!("{made:?}");
    };
    assert_eq!(stage.repo.ensure_branch(&new).await.unwrap(), BranchOutcome::Ours(head.clone()));
    let us = stage.door.identity().await.unwrap();
    let commit = stage.repo.commit(&head).await.unwrap();
    assert!(commit.verified, "GitHub signs what an App commits");
    assert_eq!(commit.author, Some(us.bot));
    assert_eq!(commit.parents, std::slice::from_ref(&new.parent));
    assert_eq!(
        stage.repo.branches_below("usher/").await.unwrap(),
        [(new.branch.clone(), head.clone())]
    );
    let compared = stage.repo.compare(&new.parent, &head).await.unwrap();
    assert_eq!(compared.merge_base.sha, new.parent);
    assert_eq!((compared.commits, compared.total_commits), (vec![commit], 1));
    assert!(stage.repo.delete_branch(&new.branch, &head).await.unwrap());
    assert!(stage.repo.delete_branch(&new.branch, &head).await.unwrap());
    assert_eq!(stage.repo.head(&new.branch).await.unwrap(), None);
    stage.strike().await;
}

#[tokio::test]
async fn a_branch_that_a_person_pushed_to_is_theirs() {
    let stage = Stage::set().await;
    let (branch, head, ..) = stage.open().await;
    let file = json!({"message": branch.message, "content": "aGkK", "branch": branch.branch});
    stage.by("ada", "PUT", "/contents/hello.txt", file).await;
    let theirs = stage.repo.head(&branch.branch).await.unwrap().unwrap();
    assert_ne!(theirs, head);
    assert_eq!(
        stage.repo.ensure_branch(&branch).await.unwrap(),
        BranchOutcome::Taken(theirs.clone())
    );
    assert!(!stage.repo.delete_branch(&branch.branch, &head).await.unwrap());
    assert_eq!(stage.repo.head(&branch.branch).await.unwrap(), Some(theirs));
    stage.strike().await;
}

#[tokio::test]
async fn a_pull_request_twice_is_a_pull_request_once() {
    let stage = Stage::set().await;
    let (branch, head, new, number) = stage.open().await;
    let again = stage.repo.ensure_pull(&new).await.unwrap();
    assert_eq!(again.number, number);
    let alone = stage.repo.pull(number).await.unwrap().unwrap();
    assert_eq!(alone.comments, Some(0), "lists do not tell");
    assert_eq!(again, PullRequest { comments: None, ..alone });
    assert_eq!((&again.title, &again.body), (&new.title, &new.body));
    assert_eq!(again.head.sha, head);
    assert!(again.open && !again.merged && !again.draft && again.same_repository());
    assert_eq!(BTreeSet::from_iter(again.labels.clone()), BTreeSet::from_iter(new.labels.clone()));
    assert_eq!(stage.repo.open_pulls().await.unwrap(), std::slice::from_ref(&again));
    assert_eq!(stage.repo.pulls_of_commit(&head).await.unwrap(), [again]);
    let files = stage.repo.pull_files(number).await.unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!((files[0].path.as_str(), &files[0].previous), (FILE, &None));
    for _ in 0..2 {
        stage.repo.close_pull(number).await.unwrap();
    }
    let of_branch = stage.repo.pulls_of_branch(&branch.branch).await.unwrap();
    assert_eq!(of_branch.len(), 1);
    assert!(!of_branch[0].open && !of_branch[0].merged);
    // a closed one is never opened again
    assert_ne!(stage.repo.ensure_pull(&new).await.unwrap().number, number);
    stage.strike().await;
}

#[tokio::test]
async fn a_comment_twice_is_a_comment_once() {
    let stage = Stage::set().await;
    let (.., number) = stage.open().await;
    let marker = "<!-- usher:status -->";
    let path = format!("/issues/{number}/comments");
    let forged = json!({"body": format!("{marker}\nall is well")});
    stage.by("eve", "POST", &path, forged).await;
    let ensure = |text: &'static str| stage.repo.ensure_comment(number, marker, text);
    let id = ensure("waiting").await.unwrap();
    assert_eq!(ensure("waiting").await.unwrap(), id);
    assert_eq!(ensure("passed").await.unwrap(), id);
    let comments = stage.repo.comments(number).await.unwrap();
    let bodies: Vec<&str> = comments.iter().map(|c| c.body.as_str()).collect();
    assert_eq!(bodies, ["<!-- usher:status -->\nall is well", "<!-- usher:status -->\npassed"]);
    for _ in 0..2 {
        stage.repo.react(id, Reaction::Eyes).await.unwrap();
    }
    let CommentId(id) = id;
    let path = format!("/issues/comments/{id}/reactions");
    let reactions = stage.by("ada", "GET", &path, Value::Null).await;
    assert_eq!(reactions.as_array().unwrap().len(), 1);
    stage.strike().await;
}

#[tokio::test]
async fn releases_and_tags_are_found_and_failed_deliveries_are_asked_for_again() {
    let stage = Stage::set().await;
    let began = clock().now() - jiff::SignedDuration::from_secs(60);
    let release = json!({
        "tag_name": "v1.0.1", "name": "One", "body": "notes", "prerelease": true,
    });
    stage.by("sam", "POST", "/releases", release).await;
    let head = stage.repo.head("main").await.unwrap().unwrap();
    let found = stage.repo.release_by_tag("v1.0.1").await.unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.notes.as_str()), ("One", "notes"));
    assert!(found.prerelease && !found.draft);
    assert_eq!(stage.repo.releases().await.unwrap()[0], found);
    assert_eq!(stage.repo.release_by_tag("v9").await.unwrap(), None);
    assert_eq!(stage.repo.tag("v1.0.1").await.unwrap(), Some(head.clone()));
    assert!(stage.repo.tags().await.unwrap().contains(&("v1.0.1".to_owned(), head.clone())));
    let annotated = json!({"tag": "v2", "message": "two", "object": head, "type": "commit"});
    let tag = stage.by("sam", "POST", "/git/tags", annotated).await;
    let reference = json!({"ref": "refs/tags/v2", "sha": tag["sha"]});
    stage.by("sam", "POST", "/git/refs", reference).await;
    assert_eq!(stage.repo.tag("v2").await.unwrap(), Some(head));

    let idle = stage.sandbox.webhooks_idle();
    tokio::time::timeout(Duration::from_secs(20), idle).await.unwrap();
    let failed = stage.door.failed_attempts(began).await.unwrap();
    assert!(!failed.is_empty(), "nobody took the release's delivery");
    let deliveries: BTreeSet<_> = failed.iter().map(|a| a.delivery.clone()).collect();
    assert_eq!(deliveries.len(), failed.len());
    stage.door.redeliver(failed[0].id).await.unwrap();
    let idle = stage.sandbox.webhooks_idle();
    tokio::time::timeout(Duration::from_secs(20), idle).await.unwrap();
    let again = stage.door.failed_attempts(began).await.unwrap();
    let newer = again.iter().find(|a| a.delivery == failed[0].delivery);
    assert!(newer.unwrap().id > failed[0].id, "the newest attempt is told");
    stage.strike().await;
}
