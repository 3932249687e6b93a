//! Deliveries as GitHub sends them, cut to what is read, and what they ask for.
//!
//! The commands in a comment are tried with the comments.

use super::*;
use crate::intent::command::Command;
use crate::model::ids::{
    AppId, CommentId, InstallationId, Login, PrNumber, RepoId, RepoName, Sha, UserId,
};
use crate::model::read::{Account, Repository, Visibility};
use serde_json::{Value, json};

fn body(mut extra: Value) -> Vec<u8> {
    let fields = extra.as_object_mut().unwrap();
    fields.insert(
        "repository".into(),
        json!({"id": 7, "full_name": "acme/demo", "default_branch": "main"}),
    );
    fields.insert("installation".into(), json!({"id": 3}));
    extra.to_string().into_bytes()
}

fn repo() -> RepoRef {
    RepoRef {
        id: RepoId(7),
        name: RepoName::new("acme/demo").unwrap(),
        installation: InstallationId(3),
    }
}

#[test]
fn a_published_release_and_a_pushed_tag_mean_the_same() {
    let release = json!({"action": "published", "release": {"tag_name": "v1.0.1"}});
    let created = json!({"ref": "v1.0.1", "ref_type": "tag"});
    let pushed = json!({"ref": "refs/tags/v1.0.1", "deleted": false});
    let expected = vec![Intent::Release { source: repo(), tag: "v1.0.1".into() }];
    for (event, payload) in [("release", release), ("create", created), ("push", pushed)] {
        assert_eq!(parse(event, &body(payload)).unwrap(), expected, "{event}");
    }
}

#[test]
fn only_the_default_branch_is_followed() {
    let main = body(json!({"ref": "refs/heads/main"}));
    let other = body(json!({"ref": "refs/heads/feature"}));
    let gone = body(json!({"ref": "refs/tags/v1", "deleted": true}));
    let expected = Intent::Follow { repo: repo(), reach: Reach::Promotions };
    assert_eq!(parse("push", &main).unwrap(), [expected]);
    assert_eq!(parse("push", &other).unwrap(), []);
    let what = Basis::Version { tag: "v1".into() };
    let version = Intent::Reconsider { repo: repo(), source: repo(), what };
    assert_eq!(parse("push", &gone).unwrap(), [version]);
}

#[test]
fn unknown_events_and_actions_mean_nothing() {
    for event in ["gollum", "", "release\n", "issues", "ping"] {
        assert_eq!(parse(event, b"not even JSON").unwrap(), [], "{event:?}");
    }
    assert_eq!(parse("pull_request", &body(json!({"action": "beatified"}))).unwrap(), []);
    assert_eq!(
        parse("release", &body(json!({"action": "published"}))).unwrap(),
        [],
        "a release without a tag"
    );
}

#[test]
fn what_cannot_be_read_says_why() {
    let nested = format!("{{\"action\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    for bad in [b"{".as_slice(), b"\xff\xfe", b"[]", nested.as_bytes()] {
        let error = parse("push", bad).unwrap_err().to_string();
        assert!(error.starts_with("the `push` event cannot be read: "), "{error}");
    }
    let evil =
        json!({"repository": {"id": 1, "full_name": "a/../../b"}, "installation": {"id": 1}})
            .to_string();
    assert!(parse("push", evil.as_bytes()).is_err());
}

#[test]
fn repositories_come_and_go() {
    let payload = json!({
        "installation": {"id": 3},
        "repositories_added": [{"id": 7, "full_name": "acme/demo"}],
        "repositories_removed": [{"id": 7, "full_name": "acme/demo"}],
    });
    assert_eq!(
        parse("installation_repositories", payload.to_string().as_bytes()).unwrap(),
        [
            Intent::Follow { repo: repo(), reach: Reach::Everything },
            Intent::Forget { repo: repo() }
        ]
    );
}

#[test]
fn a_version_that_is_not_what_it_was_is_reconsidered() {
    let what = Basis::Version { tag: "v1.0.1".into() };
    let expected = Intent::Reconsider { repo: repo(), source: repo(), what };
    for action in ["deleted", "unpublished", "edited"] {
        let release = json!({"action": action, "release": {"tag_name": "v1.0.1"}});
        let intents = parse("release", &body(release)).unwrap();
        assert_eq!(intents, std::slice::from_ref(&expected), "{action}");
    }
    let gone = json!({"ref": "v1.0.1", "ref_type": "tag"});
    assert_eq!(parse("delete", &body(gone)).unwrap(), std::slice::from_ref(&expected));
    let branch = json!({"ref": "feature", "ref_type": "branch"});
    assert_eq!(parse("delete", &body(branch)).unwrap(), []);
    let moved = json!({"ref": "refs/tags/v1.0.1", "deleted": false, "before": BEFORE});
    let release = Intent::Release { source: repo(), tag: "v1.0.1".into() };
    assert_eq!(parse("push", &body(moved)).unwrap(), [expected, release.clone()]);
    let made = json!({"ref": "refs/tags/v1.0.1", "deleted": false, "before": "0".repeat(40)});
    assert_eq!(parse("push", &body(made)).unwrap(), [release]);
}

#[test]
fn what_is_reported_on_a_commit_is_told_with_who_reported() {
    let reports = |by: Option<u64>| {
        let what = Basis::Reports { sha: sha(HEAD), by: by.map(AppId) };
        vec![Intent::Reconsider { repo: repo(), source: repo(), what }]
    };
    let check = json!({"head_sha": HEAD, "app": {"id": 8}, "pull_requests": []});
    for (event, action, key, fields, expected) in [
        ("check_run", "completed", "check_run", check.clone(), reports(Some(8))),
        ("check_run", "created", "check_run", check.clone(), reports(Some(8))),
        ("check_suite", "completed", "check_suite", check.clone(), reports(Some(8))),
        ("check_suite", "requested", "check_suite", check, Vec::new()),
        ("workflow_run", "completed", "workflow_run", json!({"head_sha": HEAD}), reports(None)),
        ("workflow_run", "in_progress", "workflow_run", json!({"head_sha": HEAD}), Vec::new()),
        ("deployment_status", "created", "deployment", json!({"sha": HEAD}), reports(None)),
        ("status", "", "sha", json!(HEAD), reports(None)),
        ("status", "", "sha", json!("main"), Vec::new()),
        ("check_run", "completed", "check_run", json!({"app": null}), Vec::new()),
    ] {
        let payload = json!({"action": action, key: fields});
        assert_eq!(parse(event, &body(payload)).unwrap(), expected, "{event} {action}");
    }
}

const HEAD: &str = "1111111111111111111111111111111111111111";
const BEFORE: &str = "2222222222222222222222222222222222222222";
const AT: &str = "2026-11-20T12:00:00Z";

fn sha(text: &str) -> Sha {
    Sha::new(text).unwrap()
}

fn ada() -> Account {
    Account { id: UserId(11), login: Login::new("ada").unwrap(), bot: false }
}

fn said(text: &str) -> Value {
    json!({
        "action": "created",
        "issue": {"number": 5, "pull_request": {"url": "https://api.github.com/…"}, "user": null},
        "comment": {
            "id": 99,
            "user": {"id": 11, "login": "ada", "type": "User"},
            "body": text,
            "created_at": AT,
        },
    })
}

#[test]
fn a_comment_with_commands_is_one_intent() {
    let [Intent::Command { repo: at, remark, answers, half }] =
        &parse("issue_comment", &body(said("hi\n\n/merge\n/help"))).unwrap()[..]
    else {
        panic!("no command");
    };
    assert_eq!((at, &remark.at, answers.len(), half), (&repo(), &repo(), 0, &None));
    let home = Repository {
        id: RepoId(7),
        name: RepoName::new("acme/demo").unwrap(),
        default_branch: "main".into(),
        visibility: Visibility::Private,
        archived: false,
    };
    assert_eq!(remark.home, home);
    assert_eq!((remark.thread, remark.on_pull), (PrNumber(5), true));
    assert_eq!((remark.id, &remark.author), (CommentId(99), &ada()));
    assert_eq!(remark.written_at.to_string(), AT);
    assert_eq!(remark.digest, "b45b56a9007c3bbf58566f9270a786d3f6787867c0cc7726750ab82de17cfbdb");
    let said: Vec<_> = remark.spoken.iter().map(|spoken| spoken.meant.clone()).collect();
    assert_eq!(said, [Ok(Command::Merge), Ok(Command::Help)]);
    assert_eq!(remark.dropped, 0);
}

#[test]
fn comments_that_command_nothing_mean_nothing() {
    let without = |path: &str, value: Value| {
        let mut payload = said("/merge");
        *payload.pointer_mut(path).unwrap() = value;
        parse("issue_comment", &body(payload)).unwrap()
    };
    assert_eq!(without("/action", json!("edited")), []);
    assert_eq!(without("/action", json!("deleted")), []);
    assert_eq!(without("/comment/user", Value::Null), [], "whose account is gone");
    assert_eq!(without("/comment/body", Value::Null), []);
    assert_eq!(without("/comment/body", json!("`/merge`")), []);
    assert_eq!(without("/comment/body", json!("/lgtm")), []);
    assert_eq!(without("/comment/user/login", json!("not a login")), []);
    let remark = |intents: Vec<Intent>| match &intents[..] {
        [Intent::Command { remark, .. }] => remark.clone(),
        other => panic!("{other:?}"),
    };
    assert!(remark(without("/comment/user/type", json!("Bot"))).author.bot);
    assert!(!remark(without("/issue/pull_request", Value::Null)).on_pull);
}

#[test]
fn how_many_see_a_repository_is_not_overrated() {
    for (told, visibility) in [
        (json!({"private": false, "visibility": "public"}), Visibility::Public),
        (json!({"private": false}), Visibility::Public),
        (json!({"visibility": "public"}), Visibility::Public),
        (json!({"private": true, "visibility": "internal"}), Visibility::Internal),
        (json!({"private": true, "visibility": "private"}), Visibility::Private),
        (json!({"private": true, "visibility": "public"}), Visibility::Private),
        (json!({"private": false, "visibility": "secret"}), Visibility::Private),
        (json!({}), Visibility::Private),
    ] {
        let mut payload: Value = serde_json::from_slice(&body(said("/merge"))).unwrap();
        let fields = payload["repository"].as_object_mut().unwrap();
        fields.extend(told.as_object().unwrap().clone());
        let intents = parse("issue_comment", payload.to_string().as_bytes()).unwrap();
        let Intent::Command { remark, .. } = &intents[0] else { panic!("{intents:?}") };
        assert_eq!(remark.home.visibility, visibility, "{told}");
    }
}

fn pulled(action: &str) -> Value {
    json!({
        "action": action,
        "before": BEFORE,
        "label": {"name": "qa-approved"},
        "sender": {"id": 11, "login": "ada", "type": "User"},
        "pull_request": {"number": 5, "head": {"sha": HEAD}, "updated_at": AT},
    })
}

#[test]
fn a_new_head_is_recorded_before_it_is_judged() {
    let evaluate = Intent::Evaluate { repo: repo(), pr: PrNumber(5) };
    for (action, before) in
        [("opened", None), ("reopened", None), ("synchronize", Some(sha(BEFORE)))]
    {
        let pushed = Intent::Push {
            repo: repo(),
            pr: PrNumber(5),
            head: sha(HEAD),
            before,
            at: AT.parse().unwrap(),
        };
        let intents = parse("pull_request", &body(pulled(action))).unwrap();
        assert_eq!(intents, [pushed, evaluate.clone()], "{action}");
    }
    for action in ["edited", "ready_for_review", "converted_to_draft"] {
        assert_eq!(
            parse("pull_request", &body(pulled(action))).unwrap(),
            std::slice::from_ref(&evaluate)
        );
    }
    for action in ["submitted", "edited", "dismissed"] {
        assert_eq!(
            parse("pull_request_review", &body(pulled(action))).unwrap(),
            std::slice::from_ref(&evaluate)
        );
    }
    for action in [
        "auto_merge_enabled",
        "auto_merge_disabled",
        "assigned",
        "locked",
        "review_requested",
        "enqueued",
    ] {
        assert_eq!(parse("pull_request", &body(pulled(action))).unwrap(), [], "{action}");
    }
    let mut headless = pulled("opened");
    headless["pull_request"]["head"]["sha"] = json!("main");
    assert_eq!(parse("pull_request", &body(headless)).unwrap(), [evaluate]);
}

#[test]
fn a_label_is_its_senders_for_its_head() {
    for (action, on) in [("labeled", true), ("unlabeled", false)] {
        let label = Intent::Label {
            repo: repo(),
            pr: PrNumber(5),
            label: "qa-approved".into(),
            on,
            by: ada(),
            head: sha(HEAD),
            at: AT.parse().unwrap(),
        };
        assert_eq!(parse("pull_request", &body(pulled(action))).unwrap(), [label]);
    }
    for missing in ["label", "sender"] {
        let mut payload = pulled("labeled");
        payload[missing] = Value::Null;
        let evaluate = Intent::Evaluate { repo: repo(), pr: PrNumber(5) };
        assert_eq!(parse("pull_request", &body(payload)).unwrap(), [evaluate], "{missing}");
    }
}

#[test]
fn a_button_is_its_senders_for_the_head_of_its_check() {
    let check = |action: &str, pulls: Value| {
        json!({
            "action": action,
            "sender": {"id": 11, "login": "ada", "type": "User"},
            "requested_action": {"identifier": "approve"},
            "check_run": {"head_sha": HEAD, "completed_at": AT, "external_id": "usher:1:2", "pull_requests": pulls},
        })
    };
    let press = |button: &str| Intent::Press {
        repo: repo(),
        button: button.to_owned(),
        head: sha(HEAD),
        by: ada(),
        shown: format!("{AT} usher:1:2"),
    };
    let evaluate = Intent::Evaluate { repo: repo(), pr: PrNumber(5) };
    let named = json!([{"number": 5}]);
    let of = |payload: Value| parse("check_run", &body(payload)).unwrap();
    assert_eq!(of(check("requested_action", named.clone())), [press("approve")]);
    assert_eq!(of(check("requested_action", json!([]))), [press("approve")], "from a fork");
    let wanted = std::slice::from_ref(&evaluate);
    assert_eq!(of(check("rerequested", named.clone())), wanted);
    assert_eq!(of(check("rerequested", json!([]))), [press("again")], "from a fork");
    // Where it is not told who or at which commit, it is judged again and no more.
    for missing in ["/sender", "/check_run/head_sha", "/requested_action"] {
        let mut payload = check("requested_action", named.clone());
        *payload.pointer_mut(missing).unwrap() = Value::Null;
        assert_eq!(of(payload), wanted, "{missing}");
    }
}

#[test]
fn people_come_and_go() {
    let people = vec![Intent::People { installation: InstallationId(3) }];
    let of_repository = vec![Intent::Follow { repo: repo(), reach: Reach::Everything }];
    for (event, action, expected) in [
        ("membership", "added", &people),
        ("membership", "removed", &people),
        ("team", "removed_from_repository", &people),
        ("organization", "member_added", &people),
        ("organization", "member_removed", &people),
        ("organization", "member_invited", &Vec::new()),
        ("organization", "renamed", &Vec::new()),
        ("member", "added", &of_repository),
        ("member", "removed", &of_repository),
    ] {
        let payload = json!({"action": action});
        assert_eq!(&parse(event, &body(payload)).unwrap(), expected, "{event} {action}");
        if event != "member" {
            let nowhere = json!({"action": action, "installation": {"id": 3}}).to_string();
            assert_eq!(&parse(event, nowhere.as_bytes()).unwrap(), expected, "{event} {action}");
            let not_ours = json!({"action": action}).to_string();
            assert_eq!(parse(event, not_ours.as_bytes()).unwrap(), [], "{event} {action}");
        }
    }
}

proptest::proptest! {
    #[test]
    fn random_bytes_never_panic(event in "[a-z_]{0,12}", bytes: Vec<u8>) {
        let _ = parse(&event, &bytes);
        for event in EVENTS { let _ = parse(event, &bytes); }
    }
}
