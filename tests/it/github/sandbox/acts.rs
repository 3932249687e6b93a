//! What people do, as the door reads it; commits on branches that are there; labels and merges.

use serde_json::{Value, json};
use usher::fault::Fault;
use usher::github::{BranchOutcome, Merged, Repo};
use usher::model::ids::{CommentId, Login, PrNumber, Sha};
use usher::model::read::{Access, Conclusion, ReviewState};
use usher::model::write::{Details, MergeMethod, NewCheck, NewCommit, NewMerge, Tip};

use super::{FILE, Stage};

fn login(text: &str) -> Login {
    Login::new(text).unwrap()
}

#[tokio::test]
async fn roles_and_teams_are_as_they_are_now() {
    let stage = Stage::set().await;
    let access = async |who: &str| stage.repo.access(&login(who)).await.unwrap();
    assert_eq!(access("sam").await, Access::Admin);
    assert_eq!(access("ada").await, Access::Write);
    assert_eq!(access("eve").await, Access::Read);
    assert_eq!(access("nobody").await, Access::None);
    stage.by("sam", "PUT", "/collaborators/eve", json!({"permission": "maintain"})).await;
    assert_eq!(access("eve").await, Access::Maintain);
    stage.by("sam", "PUT", "/collaborators/eve", json!({"permission": "triage"})).await;
    assert_eq!(access("eve").await, Access::Triage);

    let member =
        async |team: &str, who: &str| stage.repo.member("acme", team, &login(who)).await.unwrap();
    assert!(member("qa", "quinn").await && !member("qa", "ada").await);
    assert!(!member("no-such", "quinn").await && !member("qa", "nobody").await);
    let memberships = "../../../orgs/acme/teams/qa/memberships";
    stage.by("sam", "PUT", &format!("/{memberships}/ada"), json!({})).await;
    stage.by("sam", "DELETE", &format!("/{memberships}/quinn"), Value::Null).await;
    assert!(member("qa", "ada").await && !member("qa", "quinn").await);
    stage.strike().await;
}

#[tokio::test]
async fn what_was_said_is_read_with_whether_it_was_changed() {
    let stage = Stage::set().await;
    let (_, head, _, number) = stage.open().await;
    let said = json!({"body": "/promote prod"});
    let said = stage.by("ada", "POST", &format!("/issues/{number}/comments"), said).await;
    let id = CommentId(said["id"].as_u64().unwrap());
    let comment = stage.repo.comment(id).await.unwrap().unwrap();
    assert_eq!((comment.author.login.as_str(), comment.edited), ("ada", false));
    stage.by("ada", "DELETE", &format!("/issues/comments/{id}"), Value::Null).await;
    assert_eq!(stage.repo.comment(id).await.unwrap(), None);

    let reviews = format!("/pulls/{number}/reviews");
    for (who, event) in [("quinn", "COMMENT"), ("quinn", "APPROVE"), ("sam", "REQUEST_CHANGES")] {
        let review = json!({"event": event, "body": "I looked."});
        stage.by(who, "POST", &reviews, review).await;
    }
    let found = stage.repo.reviews(number).await.unwrap();
    let found: Vec<_> =
        found.iter().map(|r| (r.author.login.as_str(), r.state, r.head.clone())).collect();
    assert_eq!(
        found,
        [
            ("quinn", ReviewState::Commented, Some(head.clone())),
            ("quinn", ReviewState::Approved, Some(head.clone())),
            ("sam", ReviewState::ChangesRequested, Some(head)),
        ]
    );
    stage.strike().await;
}

#[tokio::test]
async fn a_paths_history_is_its_own() {
    let stage = Stage::set().await;
    let branch = stage.new_branch().await;
    let made = stage.repo.ensure_branch(&branch).await.unwrap();
    let BranchOutcome::Made(head) = made else {
        panic!("{made:?}");
    };
    let history = stage.repo.commits_of(FILE, head.as_str()).await.unwrap();
    assert_eq!(history.iter().map(|c| &c.sha).collect::<Vec<_>>(), [&head, &branch.parent]);
    assert_eq!(stage.repo.commits_of(FILE, "main").await.unwrap().len(), 1);
    assert_eq!(stage.repo.commits_of("no/such", "main").await.unwrap(), []);
    let commit = stage.repo.head_commit(&branch.branch).await.unwrap().unwrap();
    assert_eq!(commit, history[0]);
    assert_eq!(stage.repo.head_commit("no/such").await.unwrap(), None);
    stage.strike().await;
}

#[tokio::test]
async fn a_claim_that_was_left_is_taken_up_on_the_base_as_it_is_now() {
    let stage = Stage::set().await;
    let old = stage.new_branch().await;
    let claim = json!({"ref": format!("refs/heads/{}", old.branch), "sha": old.parent});
    stage.by("sam", "POST", "/git/refs", claim).await;
    let file = json!({"message": "Say hello", "content": "aGkK", "branch": "main"});
    stage.by("sam", "PUT", "/contents/hello.txt", file).await;
    let new = stage.new_branch().await;
    assert_ne!(new.parent, old.parent);
    let made = stage.repo.ensure_branch(&new).await.unwrap();
    let BranchOutcome::Made(head) = made else {
        panic!("{made:?}");
    };
    let commit = stage.repo.commit(&head).await.unwrap();
    assert_eq!(commit.parents, [new.parent]);
    let us = stage.door.identity().await.unwrap();
    assert!(us.made(&commit), "{commit:?}");
    stage.strike().await;
}

#[tokio::test]
async fn of_two_replicas_at_once_one_makes_the_branch() {
    let stage = Stage::set().await;
    let branch = stage.new_branch().await;
    let both = async || {
        let one = stage.repo.ensure_branch(&branch);
        let (a, b) = tokio::join!(one, stage.repo.ensure_branch(&branch));
        (a.unwrap(), b.unwrap())
    };
    let (a, b) = both().await;
    let head = stage.repo.head(&branch.branch).await.unwrap().unwrap();
    for outcome in [&a, &b] {
        let (BranchOutcome::Made(at) | BranchOutcome::Ours(at)) = outcome else {
            panic!("{a:?} {b:?}");
        };
        assert_eq!(*at, head);
    }
    let compared = stage.repo.compare(&branch.parent, &head).await.unwrap();
    assert_eq!(compared.total_commits, 1);
    stage.strike().await;
}

#[tokio::test]
async fn a_commit_of_ours_replaces_what_was_seen_and_nothing_else() {
    let stage = Stage::set().await;
    let (branch, head, _, number) = stage.open().await;
    let file = json!({"message": "Say hello", "content": "aGkK", "branch": branch.branch});
    let theirs = stage.by("ada", "PUT", "/contents/hello.txt", file).await;
    let theirs = Sha::new(theirs["commit"]["sha"].as_str().unwrap()).unwrap();
    let new = NewCommit {
        branch: branch.branch.clone(),
        at: head,
        parents: vec![branch.parent.clone()],
        base_tree: branch.base_tree.clone(),
        files: branch.files.clone(),
        message: branch.message.clone(),
    };
    let fault = stage.repo.ensure_commit(&new).await.unwrap_err();
    assert!(matches!(fault, Fault::Stale(_)), "it was not seen: {fault}");
    let new = NewCommit { at: theirs, ..new };
    let made = stage.repo.ensure_commit(&new).await.unwrap();
    assert_eq!(stage.repo.ensure_commit(&new).await.unwrap(), made, "twice is once");
    let commit = stage.repo.head_commit(&branch.branch).await.unwrap().unwrap();
    assert_eq!((&commit.sha, commit.parents), (&made, vec![branch.parent]));
    assert!(stage.door.identity().await.unwrap().made(&stage.repo.commit(&made).await.unwrap()));
    assert_eq!(stage.repo.pull(number).await.unwrap().unwrap().head.sha, made);

    // on top of what is there
    let on_top = NewCommit {
        at: made.clone(),
        parents: vec![made],
        base_tree: commit.tree,
        files: Vec::new(),
        message: "Again".to_owned(),
        ..new
    };
    let top = stage.repo.ensure_commit(&on_top).await.unwrap();
    assert_eq!(stage.repo.ensure_commit(&on_top).await.unwrap(), top);
    assert_eq!(stage.repo.head(&branch.branch).await.unwrap(), Some(top));
    stage.strike().await;
}

#[tokio::test]
async fn labels_of_ours_get_a_look_once_and_keep_the_one_that_people_gave_them() {
    let stage = Stage::set().await;
    let (.., number) = stage.open().await;
    let labels = ["usher", "env: staging", "urgent"].map(str::to_owned);
    stage.repo.ensure_labels(number, &labels).await.unwrap();
    let look = async |name: &str| {
        let label = stage.by("ada", "GET", &format!("/labels/{name}"), Value::Null).await;
        (label["color"].as_str().unwrap().to_owned(), label["description"].clone())
    };
    let (usher, said) = look("usher").await;
    assert_ne!(usher, "ededed");
    assert_eq!(said, "Set by Usher");
    assert_eq!(look("urgent").await, ("ededed".to_owned(), Value::Null));
    stage.by("ada", "PATCH", "/labels/usher", json!({"color": "123456"})).await;
    stage.sandbox.clear_requests();
    stage.repo.ensure_labels(number, &labels).await.unwrap();
    assert_eq!(stage.sandbox.requests().len(), 1);
    assert_eq!(look("usher").await.0, "123456");
    for _ in 0..2 {
        stage.repo.remove_label(number, "env: staging").await.unwrap();
    }
    let pull = stage.repo.pull(number).await.unwrap().unwrap();
    assert_eq!(pull.labels, ["usher", "urgent"]);
    stage.strike().await;
}

async fn tip(repo: &Repo) -> Tip {
    Tip { branch: "main".to_owned(), sha: repo.head("main").await.unwrap().unwrap() }
}

/// A merge, waited for.
async fn ended(repo: &Repo, number: PrNumber, merge: &NewMerge) -> Merged {
    let mut came = repo.merge(number, merge).await.unwrap();
    while let Merged::Pending(uuid) = &came {
        came = repo.asked_merge(number, uuid).await.unwrap();
    }
    came
}

#[tokio::test]
async fn a_merge_is_refused_in_words_and_done_once() {
    let stage = Stage::set().await;
    let (_, head, _, number) = stage.open().await;
    let merge = NewMerge {
        head: head.clone(),
        base: tip(&stage.repo).await,
        method: MergeMethod::Squash,
        title: "Promote shop v1.0.1 to staging (#1)".to_owned(),
        message: "Every gate has passed.".to_owned(),
    };
    let told = ended(&stage.repo, number, &merge).await;
    let Merged::Refused(why) = told else {
        panic!("{told:?}");
    };
    assert_eq!(why, "2 of 2 required status checks have not succeeded: 2 expected.");
    for name in ["usher/gates", "usher/kustomize"] {
        stage.repo.ensure_check(&passed(name, &head)).await.unwrap();
    }
    let other = NewMerge { head: Sha::new("0".repeat(40)).unwrap(), ..merge.clone() };
    let fault = stage.repo.merge(number, &other).await.unwrap_err();
    assert!(matches!(fault, Fault::Stale(_)), "{fault}");
    let moved = Tip { sha: Sha::new("0".repeat(40)).unwrap(), ..merge.base.clone() };
    let moved = NewMerge { base: moved, ..merge.clone() };
    let fault = stage.repo.merge(number, &moved).await.unwrap_err();
    assert!(matches!(fault, Fault::Stale(_)), "{fault}");
    let fault = usher::sandbox::Fault {
        method: Some("PUT".to_owned()),
        path: format!("/repos/acme/microservices-demo/pulls/{number}/merge-async"),
        nth: 1,
        times: 1,
        answer: usher::sandbox::FaultAnswer::Lose,
    };
    stage.sandbox.fault(fault).unwrap();
    let lost = stage.repo.merge(number, &merge).await.unwrap_err();
    assert!(matches!(lost, Fault::Transient { .. }), "{lost}");
    assert_eq!(ended(&stage.repo, number, &merge).await, Merged::Done);
    let merges = stage.sandbox.requests().into_iter();
    assert_eq!(merges.filter(|seen| seen.path.ends_with("/merge-async")).count(), 2);
    let commit = stage.repo.head_commit("main").await.unwrap().unwrap();
    assert_eq!(commit.message.trim_end(), format!("{}\n\n{}", merge.title, merge.message));
    stage.strike().await;
}

fn passed(name: &str, head: &Sha) -> NewCheck {
    NewCheck {
        name: name.to_owned(),
        head: head.clone(),
        conclusion: Some(Conclusion::Success),
        title: "All is well".to_owned(),
        summary: "All is well.".to_owned(),
        text: String::new(),
        annotations: Vec::new(),
        details: Details::default(),
    }
}

#[tokio::test]
async fn a_forks_head_is_checked_where_it_wants_to_go() {
    let stage = Stage::set().await;
    stage.by("eve", "POST", "/forks", json!({})).await;
    let fork = "../../eve/microservices-demo";
    let file = json!({"message": "Say hello", "content": "aGkK", "branch": "main"});
    stage.by("eve", "PUT", &format!("/{fork}/contents/hello.txt"), file).await;
    let offer = json!({"title": "Hello", "head": "eve:main", "base": "main"});
    let pull = stage.by("eve", "POST", "/pulls", offer).await;
    let pull = PrNumber(pull["number"].as_u64().unwrap());
    let pull = stage.repo.pull(pull).await.unwrap().unwrap();
    assert!(!pull.same_repository());
    let check = passed("usher/gates", &pull.head.sha);
    let id = stage.repo.ensure_check(&check).await.unwrap();
    assert_eq!(stage.repo.ensure_check(&check).await.unwrap(), id);
    let run = stage.by("ada", "GET", &format!("/check-runs/{id}"), Value::Null).await;
    assert_eq!(run["pull_requests"], json!([]), "as GitHub has it for forks");
    stage.strike().await;
}
