//! The door's verbs one by one, each in all its ways, also those that a story does not come by.

use std::collections::BTreeSet;

use serde_json::json;
use usher::app;
use usher::github::{BranchOutcome, GitHub, Merged, Options, Priority, Question, Repo};
use usher::model::ids::{AppId, CommentId, Login, PrNumber, RepoRef, Sha};
use usher::model::write::{
    DeploymentReview, FileChange, MergeMethod, NewBranch, NewCheck, NewCommit, NewMerge, NewPull,
    Reaction, Tip,
};

use super::Proxy;
use crate::stage::{DEMO, Stage};

async fn door(stage: &Stage, proxy: &Proxy) -> Repo {
    let door = GitHub::new(Options {
        api: format!("{}/api/v3", proxy.url),
        app: AppId(stage.github.app_id),
        key: stage.github.private_key_pem.clone().into(),
        clock: app::clock(),
        entropy: app::entropy(),
        user_agent: "usher/test".to_owned(),
    })
    .unwrap();
    let installation = door.installations().await.unwrap().remove(0).id;
    let found = door.repositories(installation).await.unwrap().remove(0);
    assert_eq!(found.name.as_str(), DEMO);
    door.at(&RepoRef { id: found.id, name: found.name, installation }, Priority::Person)
}

async fn new_branch(repo: &Repo, name: &str, files: &[&str]) -> NewBranch {
    let head = repo.head_commit("main").await.unwrap().unwrap();
    NewBranch {
        branch: format!("usher/{name}"),
        parent: head.sha,
        base_tree: head.tree,
        files: files
            .iter()
            .map(|path| FileChange { path: (*path).to_owned(), content: b"new\n".to_vec() })
            .collect(),
        message: format!("Promote {name}"),
    }
}

/// Branches and commits, made and made again, claimed and gone on with.
async fn branches(repo: &Repo) -> (Sha, PrNumber) {
    let one = new_branch(repo, "one", &["a b/ü.yaml"]).await;
    let two = new_branch(repo, "two", &["README.md", "b.yaml"]).await;
    for new in [&one, &two] {
        let made = repo.ensure_branch(new).await.unwrap();
        let again = repo.ensure_branch(new).await.unwrap();
        assert!(matches!((made, again), (BranchOutcome::Made(_), BranchOutcome::Ours(_))));
    }
    let BranchOutcome::Taken(head) = repo
        .ensure_branch(&NewBranch { message: "Another".to_owned(), ..one.clone() })
        .await
        .unwrap()
    else {
        panic!("it holds something else");
    };
    let new = NewPull {
        branch: one.branch.clone(),
        base: "main".to_owned(),
        title: one.message.clone(),
        body: "What changes".to_owned(),
        labels: vec!["usher".to_owned(), "env: a/b".to_owned()],
    };
    let pull = repo.ensure_pull(&new).await.unwrap().number;
    let replaced = NewCommit {
        branch: one.branch.clone(),
        at: head,
        parents: vec![one.parent.clone()],
        base_tree: one.base_tree,
        files: one.files,
        message: "Promote one again".to_owned(),
    };
    let head = repo.ensure_commit(&replaced).await.unwrap();
    let on_top = NewCommit {
        at: head.clone(),
        parents: vec![head, one.parent],
        message: "Bring it up to date".to_owned(),
        ..replaced
    };
    (repo.ensure_commit(&on_top).await.unwrap(), pull)
}

/// A merge, waited for.
async fn ended(repo: &Repo, number: PrNumber, merge: &NewMerge) -> Merged {
    let mut came = repo.merge(number, merge).await.unwrap();
    while let Merged::Pending(uuid) = &came {
        came = repo.asked_merge(number, uuid).await.unwrap();
    }
    came
}

/// Every question that can be asked together with others.
async fn at_once(repo: &Repo, head: &Sha, pull: PrNumber) {
    let login = |login: &str| Login::new(login).unwrap();
    let mut questions = BTreeSet::from([
        Question::Repository,
        Question::Head("main".to_owned()),
        Question::Pull(pull),
        Question::OpenPulls,
        Question::Reviews(pull),
        Question::PullsOfCommit(head.clone()),
        Question::Reports(head.clone()),
        Question::Tag("v1.0.0".to_owned()),
        Question::Releases,
        Question::Access(login("sam")),
        Question::Member(login("acme"), "qa".to_owned(), login("quinn")),
        Question::Member(login("acme"), "sre".to_owned(), login("quinn")),
    ]);
    let tree = repo.tree(&repo.commit(head).await.unwrap().tree).await.unwrap();
    questions.extend(tree.entries.values().map(|(_, sha)| Question::Blob(sha.clone())));
    let told = repo.snapshot(&questions).await.unwrap().told.len();
    assert!(told >= 10, "{told} of {}", questions.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_verb_of_the_door_violates_githubs_description() {
    let Ok(checker) = std::env::var("USHER_TEST_CONTRACT") else {
        eprintln!("skipped: USHER_TEST_CONTRACT names no checker");
        return;
    };
    let stage = Stage::without_bot().await;
    let proxy = Proxy::start(&checker, &stage.github.url()).await;
    let repo = door(&stage, &proxy).await;
    let (head, pull) = branches(&repo).await;

    assert_eq!(repo.commits_of("README.md", "main").await.unwrap().len(), 1);
    assert_eq!(repo.head_commit("no/such").await.unwrap(), None);
    for who in ["sam", "eve", "nobody", "usher[bot]"] {
        let login = Login::new(who).unwrap();
        repo.access(&login).await.unwrap();
        repo.member("acme", "qa", &login).await.unwrap();
    }
    assert!(repo.member("acme", "qa", &Login::new("quinn").unwrap()).await.unwrap());

    let said = json!({"body": "/promote prod"});
    let comments = format!("/repos/{DEMO}/issues/{pull}/comments");
    let said = stage.act("ada", "POST", &comments, said).await;
    let said = CommentId(said["id"].as_u64().unwrap());
    assert!(repo.comment(said).await.unwrap().is_some());
    assert_eq!(repo.comment(CommentId(1)).await.unwrap(), None);
    for reaction in [Reaction::Eyes, Reaction::Rocket, Reaction::Confused] {
        repo.react(said, reaction).await.unwrap();
    }
    let review = json!({"event": "APPROVE"});
    stage.act("quinn", "POST", &format!("/repos/{DEMO}/pulls/{pull}/reviews"), review).await;
    assert_eq!(repo.reviews(pull).await.unwrap().len(), 1);
    for _ in 0..2 {
        repo.remove_label(pull, "env: a/b").await.unwrap();
    }

    let tip = Tip { branch: "main".to_owned(), sha: repo.head("main").await.unwrap().unwrap() };
    let merge = |method| NewMerge {
        head: head.clone(),
        base: tip.clone(),
        method,
        title: "Promote one (#1)".to_owned(),
        message: "Every gate has passed.".to_owned(),
    };
    let told = ended(&repo, pull, &merge(MergeMethod::Rebase)).await;
    assert!(matches!(told, Merged::Refused(_)), "{told:?}");
    for name in ["usher/gates", "usher/kustomize"] {
        let check = NewCheck {
            name: name.to_owned(),
            head: head.clone(),
            conclusion: Some(usher::model::read::Conclusion::Success),
            title: "All is well".to_owned(),
            summary: "All is well.".to_owned(),
            text: String::new(),
            annotations: Vec::new(),
            details: usher::model::write::Details::default(),
        };
        repo.ensure_check(&check).await.unwrap();
    }
    for _ in 0..2 {
        let done = ended(&repo, pull, &merge(MergeMethod::Squash)).await;
        at_once(&repo, &head, pull).await;
        assert_eq!(done, Merged::Done);
    }
    let run = stage.github.deploy("ada", "microservices-demo", "main", "prod").unwrap();
    for approved in [None, Some(true)] {
        let (environment, comment) = ("prod".to_owned(), "It has to wait.".to_owned());
        let review = DeploymentReview { run, environment, approved, comment };
        repo.review_deployment(&review).await.unwrap();
    }
    assert_eq!(stage.github.said_to_deployment(run).len(), 2);
    proxy.nothing_wrong(50).await;
}
