//! What is told at once is what REST tells one by one, in many states of a repository; and what of ours is posted is
//! what is there.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use usher::github::{Question, Repo, Told};
use usher::model::ids::{Login, PrNumber, Sha};
use usher::model::read::{Conclusion, PullRequest};
use usher::model::write::NewCheck;

use super::{FILE, Stage};

fn login(login: &str) -> Login {
    Login::new(login).unwrap()
}

fn sorted(mut pulls: Vec<PullRequest>) -> Vec<PullRequest> {
    // GitHub orders labels in one way here and in another there.
    pulls.iter_mut().for_each(|pull| pull.labels.sort());
    pulls
}

/// The answer of REST.
async fn by_rest(repo: &Repo, question: &Question) -> Option<Told> {
    Some(match question {
        Question::Repository => Told::Repository(repo.repository().await.unwrap()?),
        Question::Head(branch) => Told::Head(repo.head_commit(branch).await.unwrap()?),
        Question::Pull(pr) => Told::Pull(sorted(vec![repo.pull(*pr).await.unwrap()?]).remove(0)),
        Question::OpenPulls => Told::OpenPulls(sorted(repo.open_pulls().await.unwrap())),
        Question::Reviews(pr) => Told::Reviews(repo.reviews(*pr).await.unwrap()),
        Question::PullsOfCommit(sha) => {
            Told::PullsOfCommit(sorted(repo.pulls_of_commit(sha).await.unwrap()))
        }
        Question::Reviewed(from, to) => Told::Reviewed(repo.reviewed(from, to).await.unwrap()),
        Question::Reports(sha) => Told::Reports(repo.reports(sha).await.unwrap()),
        Question::Tag(tag) => Told::Tag(repo.tag(tag).await.unwrap()?),
        Question::Releases => Told::Releases(repo.releases().await.unwrap()),
        Question::Blob(sha) => Told::Blob(repo.blob(sha).await.unwrap()),
        Question::Access(login) => Told::Access(repo.access(login).await.unwrap()),
        Question::Member(organisation, team, login) => {
            Told::Member(repo.member(organisation.as_str(), team, login).await.unwrap())
        }
    })
}

fn plain(told: &Told) -> String {
    match told.clone() {
        Told::Pull(pull) => format!("{:#?}", sorted(vec![pull])),
        Told::OpenPulls(pulls) | Told::PullsOfCommit(pulls) => format!("{:#?}", sorted(pulls)),
        told => format!("{told:#?}"),
    }
}

/// Asks everything both ways; gives back what could not be told at once.
async fn agree(stage: &Stage, when: &str, commits: &[Sha]) -> Vec<Question> {
    let repo = &stage.repo;
    let mut questions = BTreeSet::from([
        Question::Repository,
        Question::Head("main".to_owned()),
        Question::OpenPulls,
        Question::Releases,
    ]);
    for number in 1..=6 {
        if repo.pull(PrNumber(number)).await.unwrap().is_some() {
            questions.insert(Question::Pull(PrNumber(number)));
            questions.insert(Question::Reviews(PrNumber(number)));
        }
    }
    questions.extend(commits.iter().cloned().map(Question::PullsOfCommit));
    questions.extend(commits.iter().cloned().map(Question::Reports));
    questions.insert(Question::Tag("v1.0.0".to_owned()));
    for who in ["ada", "quinn", "sam", "eve", "ghost"] {
        questions.insert(Question::Access(login(who)));
        for team in ["qa", "sre", "void"] {
            questions.insert(Question::Member(login("acme"), team.to_owned(), login(who)));
        }
    }
    let head = repo.head_commit("main").await.unwrap().unwrap();
    let tree = repo.tree(&head.tree).await.unwrap();
    questions.extend(tree.entries.values().map(|(_, sha)| Question::Blob(sha.clone())));
    let snapshot = repo.snapshot(&questions).await.unwrap();
    let mut open = questions;
    for (question, told) in &snapshot.told {
        let rest = by_rest(repo, question).await;
        let rest = rest.unwrap_or_else(|| panic!("{when}: only told at once: {question:?}"));
        assert_eq!(plain(told), plain(&rest), "{when}: {question:?}");
        open.remove(question);
    }
    open.into_iter().collect()
}

/// What is always left to REST: people who are no collaborators, teams that are not there.
fn usual(question: &Question) -> bool {
    match question {
        Question::Access(who) => who.as_str() == "ghost",
        Question::Member(_, team, _) => team == "void",
        _ => false,
    }
}

async fn all_agree(stage: &Stage, when: &str, commits: &[Sha]) {
    let mut open = agree(stage, when, commits).await;
    open.retain(|question| !usual(question));
    // What is in memory is not asked for.
    open.retain(|question| !matches!(question, Question::Blob(_)));
    assert!(open.is_empty(), "{when}: not told at once: {open:?}");
}

fn check(head: &Sha, title: &str) -> NewCheck {
    NewCheck {
        name: "usher/gates".to_owned(),
        head: head.clone(),
        conclusion: Some(Conclusion::Failure),
        title: title.to_owned(),
        summary: String::new(),
        text: String::new(),
        annotations: Vec::new(),
        details: usher::model::write::Details::default(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_at_once_is_what_rest_tells() {
    let stage = Stage::set().await;
    all_agree(&stage, "at first", &[]).await;
    let (_, head, _, number) = stage.open().await;
    let main = stage.repo.head("main").await.unwrap().unwrap();
    all_agree(&stage, "with a promotion", &[head.clone(), main.clone()]).await;
    let issue = format!("/issues/{number}");
    for (who, text) in [("ada", "Hello"), ("eve", "\u{202e}odd ü\r\n")] {
        stage.by(who, "POST", &format!("{issue}/comments"), json!({"body": text})).await;
    }
    stage.repo.add_comment(number, "<!-- x -->\nOurs").await.unwrap();
    let reviews = format!("/pulls/{number}/reviews");
    for (who, event) in
        [("quinn", "APPROVE"), ("pat", "REQUEST_CHANGES"), ("eve", "COMMENT"), ("sam", "APPROVE")]
    {
        stage.by(who, "POST", &reviews, json!({"event": event, "body": "I looked."})).await;
    }
    let all = stage.by("ada", "GET", &reviews, Value::Null).await;
    let dismissal = format!("{reviews}/{}/dismissals", all[0]["id"]);
    stage.by("sam", "PUT", &dismissal, json!({"message": "It was another."})).await;
    stage.by("ada", "POST", &reviews, json!({"body": "Only begun."})).await;
    stage
        .by(
            "sam",
            "POST",
            &format!("{issue}/labels"),
            json!({"labels": ["zebra", "aardvark", "bug"]}),
        )
        .await;
    for (context, state) in [("ci / unit", "pending"), ("CI / unit", "success"), ("lint", "error")]
    {
        let said = json!({"state": state, "context": context, "description": ""});
        stage.by("ada", "POST", &format!("/statuses/{head}"), said).await;
    }
    for (name, conclusion) in [("usher/gates", Some(Conclusion::Success)), ("usher/x", None)] {
        let check = NewCheck { name: name.to_owned(), conclusion, ..check(&head, "told") };
        stage.repo.ensure_check(&check).await.unwrap();
    }
    all_agree(&stage, "with talk", std::slice::from_ref(&head)).await;
    let fork = stage.by("eve", "POST", "/forks", json!({})).await;
    let fork = fork["full_name"].as_str().unwrap().to_owned();
    stage.at("eve", "PUT", &format!("/repos/{fork}/contents/{FILE}"), json!({"message": "Mine", "branch": "main", "content": "YQo=", "sha": stage.blob_of(FILE).await})).await;
    let body = json!({"title": "From a fork", "head": "eve:main", "base": "main", "draft": true});
    stage.by("eve", "POST", "/pulls", body).await;
    all_agree(&stage, "with a fork's", std::slice::from_ref(&head)).await;
    stage
        .by("sam", "PUT", &format!("/pulls/{number}/merge"), json!({"merge_method": "squash"}))
        .await;
    let merged = stage.repo.head("main").await.unwrap().unwrap();
    all_agree(&stage, "merged", &[head, merged, main]).await;
    stage.by("ada", "POST", "/releases", json!({"tag_name": "v1.0.1", "body": "Notes"})).await;
    stage.by("ada", "POST", "/releases", json!({"tag_name": "v1.0.2", "draft": true})).await;
    all_agree(&stage, "with releases", &[]).await;
    let releases = stage.by("ada", "GET", "/releases", Value::Null).await;
    let newest = format!("/releases/{}", releases[0]["id"]);
    stage.by("ada", "PATCH", &newest, json!({"body": "Other notes"})).await;
    all_agree(&stage, "with a release edited", &[]).await;
    stage.at("eve", "DELETE", &format!("/repos/{fork}"), Value::Null).await;
    let open = agree(&stage, "the fork is gone", &[]).await;
    assert!(open.contains(&Question::OpenPulls), "{open:?}");
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_of_ours_is_posted_is_not_looked_for_again() {
    let stage = Stage::set().await;
    let (_, head, _, number) = stage.open().await;
    let check = |title: &str| check(&head, title);
    let marker = "<!-- usher:status -->";
    let text = |what: &str| format!("{marker}\n{what}");
    let knowing = async || {
        let questions = BTreeSet::from([Question::Pull(number)]);
        let posted = stage.repo.snapshot(&questions).await.unwrap().posted.map(std::sync::Arc::new);
        assert!(posted.is_some());
        stage.sandbox.clear_requests();
        stage.repo.clone().knowing(posted.as_ref())
    };
    let seen = || {
        let all = stage.sandbox.requests();
        all.into_iter()
            .map(|seen| {
                format!("{} {}", seen.method, seen.route.unwrap().rsplit('/').next().unwrap())
            })
            .collect::<Vec<_>>()
    };
    // Somebody else's comment with our marker is not ours.
    stage
        .by("eve", "POST", &format!("/issues/{number}/comments"), json!({"body": text("Forged")}))
        .await;
    let repo = knowing().await;
    let first = repo.ensure_check(&check("one")).await.unwrap();
    let said = repo.ensure_comment(number, marker, &text("one")).await.unwrap();
    assert_eq!(seen(), ["POST check-runs", "POST comments"]);
    let repo = knowing().await;
    assert_eq!(repo.ensure_check(&check("one")).await.unwrap(), first);
    repo.ensure_checks(&[&check("one")]).await.unwrap();
    assert_eq!(repo.ensure_comment(number, marker, &text("one")).await.unwrap(), said);
    assert!(seen().is_empty());
    assert_eq!(repo.ensure_check(&check("two")).await.unwrap(), first);
    assert_eq!(repo.ensure_comment(number, marker, &text("two")).await.unwrap(), said);
    assert_eq!(seen(), ["PATCH {check_run_id}", "PATCH {comment_id}"]);
    // A head that was not looked at is looked at.
    let main = stage.repo.head("main").await.unwrap().unwrap();
    let repo = knowing().await;
    repo.ensure_check(&NewCheck { head: main, ..check("two") }).await.unwrap();
    assert_eq!(seen(), ["GET check-runs", "POST check-runs"]);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_comments_are_looked_through_to_the_end() {
    let stage = Stage::set().await;
    let (_, _, _, number) = stage.open().await;
    for n in 0..31 {
        stage
            .by(
                "ada",
                "POST",
                &format!("/issues/{number}/comments"),
                json!({"body": n.to_string()}),
            )
            .await;
    }
    let marker = "<!-- usher:status -->";
    let said = stage.repo.add_comment(number, &format!("{marker}\none")).await.unwrap();
    let questions = BTreeSet::from([Question::Pull(number)]);
    let posted = stage.repo.snapshot(&questions).await.unwrap().posted.map(std::sync::Arc::new);
    let repo = stage.repo.clone().knowing(posted.as_ref());
    assert_eq!(repo.ensure_comment(number, marker, &format!("{marker}\ntwo")).await.unwrap(), said);
    stage.strike().await;
}
