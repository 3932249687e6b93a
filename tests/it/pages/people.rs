//! What people do to each other's words and places: comments changed and deleted, labels, reviews, teams.
//! Knows nothing of the bot.

use serde_json::{Value, json};

use super::browser::{Window, act_as, picture, press, until, until_there, write};
use super::visitor::{REPO, Visitor, has, location};

/// The id of the newest comment of an issue or pull request.
async fn newest_comment(visitor: &Visitor, number: u64) -> String {
    let path = format!("/issues/{number}/comments");
    let comments = visitor.api("GET", &path, Value::Null).await;
    comments.as_array().unwrap().last().unwrap()["id"].to_string()
}

#[tokio::test]
async fn a_comment_is_changed_and_deleted_by_who_may() {
    let mut visitor = Visitor::new("eve").await;
    let issue = json!({"title": "Promote, please"});
    let number = visitor.api("POST", "/issues", issue).await["number"].as_u64().unwrap();
    let issue = format!("{REPO}/issues/{number}");
    visitor.login = "ada";
    visitor.send(&issue, &[("do", "comment"), ("body", "/promote prod <b>")]).await;
    let id = newest_comment(&visitor, number).await;
    has(&visitor.see(&issue).await, &["/promote prod", "Edit this comment", "Delete this comment"]);
    let form = visitor.see(&format!("{issue}?edit={id}")).await;
    has(&form, &["/promote prod &#60;b&#62;</textarea>", "Save"]);

    // who only reads changes nobody's words but their own
    visitor.login = "eve";
    let page = visitor.see(&format!("{issue}?edit={id}")).await;
    assert!(!page.contains("Edit this comment") && !page.contains("Save"), "{page}");
    for act in ["edit-comment", "delete-comment"] {
        let fields = [("do", act), ("comment", id.as_str()), ("body", "/promote prod --now")];
        let answer = visitor.send(&issue, &fields).await;
        assert_eq!(answer.status(), 403, "{act}");
        has(&answer.text().await.unwrap(), &["role=\"alert\""]);
    }

    // maintainers change everybody's
    visitor.login = "sam";
    let change = [("do", "edit-comment"), ("comment", id.as_str()), ("body", "/promote staging")];
    assert_eq!(location(&visitor.send(&issue, &change).await), issue);
    has(&visitor.see(&issue).await, &["/promote staging", "ada"]);
    let delete = [("do", "delete-comment"), ("comment", id.as_str())];
    assert_eq!(location(&visitor.send(&issue, &delete).await), issue);
    let page = visitor.see(&issue).await;
    assert!(!page.contains("/promote staging"), "{page}");
}

#[tokio::test]
async fn who_only_reads_is_offered_no_labels() {
    let mut visitor = Visitor::new("eve").await;
    let issue = json!({"title": "Slow carts"});
    let number = visitor.api("POST", "/issues", issue).await["number"].as_u64().unwrap();
    let issue = format!("{REPO}/issues/{number}");
    let page = visitor.see(&issue).await;
    assert!(page.contains("Close issue") && !page.contains("Change labels"), "{page}");
    visitor.login = "quinn";
    has(&visitor.see(&issue).await, &["Change labels", "Any label"]);
    let label = [("do", "label"), ("label", "needs a look")];
    assert_eq!(location(&visitor.send(&issue, &label).await), issue);
    has(&visitor.see(&issue).await, &["needs a look", "added the label"]);
}

#[tokio::test]
async fn people_come_and_go_by_the_settings() {
    let mut visitor = Visitor::new("sam").await;
    let settings = format!("{REPO}/settings");
    let page = visitor.see(&settings).await;
    has(&page, &["@acme/qa", "Take quinn out of team qa", "Organisation", "Remove eve from acme"]);
    let answers = [
        vec![("do", "join-team"), ("team", "qa"), ("login", "ada")],
        vec![("do", "leave-team"), ("team", "qa"), ("login", "quinn")],
        vec![("do", "new-team"), ("team", "Release Managers")],
        vec![("do", "team-role"), ("team", "release-managers"), ("role", "maintain")],
        vec![("do", "join-team"), ("team", "release-managers"), ("login", "pat")],
        vec![("do", "role"), ("login", "eve"), ("role", "triage")],
        vec![("do", "role"), ("login", "ada"), ("role", "")],
    ];
    for fields in answers {
        assert_eq!(location(&visitor.send(&settings, &fields).await), settings, "{fields:?}");
    }
    let page = visitor.see(&settings).await;
    has(&page, &["Take ada out of team qa", "@acme/release-managers", "Take pat out of team Rel"]);
    assert!(!page.contains("Take quinn out"), "{page}");
    let role = async |login: &str| {
        let path = format!("/collaborators/{login}/permission");
        let role = visitor.api("GET", &path, Value::Null).await["role_name"].clone();
        role.as_str().unwrap().to_owned()
    };
    assert_eq!(role("pat").await, "maintain");
    assert_eq!(role("eve").await, "triage");
    assert_eq!(role("ada").await, "write", "by team qa");
    let leave = [("do", "leave"), ("login", "ada")];
    assert_eq!(location(&visitor.send(&settings, &leave).await), settings);
    assert_eq!(role("ada").await, "read", "as everybody");

    // nobody but who may
    visitor.login = "quinn";
    let page = visitor.see(&settings).await;
    assert!(!page.contains("Take ") && !page.contains("Remove "), "{page}");
    for fields in [
        vec![("do", "join-team"), ("team", "qa"), ("login", "quinn")],
        vec![("do", "role"), ("login", "quinn"), ("role", "admin")],
        vec![("do", "leave"), ("login", "sam")],
        vec![("do", "explode")],
    ] {
        let answer = visitor.send(&settings, &fields).await;
        assert!(answer.status().is_client_error(), "{fields:?}");
        has(&answer.text().await.unwrap(), &["role=\"alert\""]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_people_work_on_a_pull_request_by_mouse() {
    let Some(window) = Window::open().await else {
        return;
    };
    let visitor = Visitor::new("ada").await;
    let base = visitor.sandbox.url();
    let number = visitor.open_pull("Promote v1.0.1 to staging", "It is time.").await;
    let page = window.visit(&format!("{base}{REPO}/pull/{number}")).await;

    act_as(&page, "quinn").await;
    write(&page, "#comment", "/promote prod").await;
    press(&page, "#comment-form button[value=comment]").await;
    until(&page, "#timeline", "/promote prod").await;
    let id = newest_comment(&visitor, number).await;
    let eyes = json!({"content": "eyes"});
    visitor.api("POST", &format!("/issues/comments/{id}/reactions"), eyes).await;
    until(&page, ".reactions", "👀 1").await;

    press(&page, "#label-menu > summary").await;
    until_there(&page, "#label-menu[open]", true).await;
    picture(&page, "labels").await;
    write(&page, "#label-menu input[name=label]", "qa-approved").await;
    press(&page, "#label-menu button[data-main]").await;
    until(&page, "#labels-box", "qa-approved").await;
    until(&page, "#timeline", "added the label").await;
    press(&page, "#review-menu > summary").await;
    write(&page, "#review-body", "Tried it, it holds.").await;
    picture(&page, "review").await;
    press(&page, "#review-menu button[data-main]").await;
    until(&page, "#timeline", "approved these changes").await;

    act_as(&page, "pat").await;
    press(&page, "#review-menu > summary").await;
    write(&page, "#review-body", "Not before Monday.").await;
    press(&page, "#review-menu input[value=REQUEST_CHANGES]").await;
    press(&page, "#review-menu button[data-main]").await;
    until(&page, "#merge-box", "Changes requested").await;
    press(&page, "#label-menu > summary").await;
    press(&page, "#label-menu button[value=qa-approved]").await;
    until(&page, "#timeline", "removed the label").await;

    // one's own words are changed, and taken back
    act_as(&page, "quinn").await;
    press(&page, &format!("#issuecomment-{id} a[title=Edit]")).await;
    write(&page, &format!("#text-{id}"), " v1.0.1").await;
    picture(&page, "editing").await;
    press(&page, ".editing button[data-main]").await;
    until(&page, "#timeline", "edited").await;
    picture(&page, "conversation").await;
    press(&page, &format!("#issuecomment-{id} button[value=delete-comment]")).await;
    until_there(&page, &format!("#issuecomment-{id}"), false).await;

    // closed by one, opened again by another, merged by a third
    press(&page, "#comment-form button[value=close]").await;
    until(&page, "main", "closed this").await;
    act_as(&page, "ada").await;
    press(&page, "#comment-form button[value=reopen]").await;
    until(&page, "main", "reopened this").await;
    act_as(&page, "sam").await;
    press(&page, "#merge-box button[value=merge]").await;
    until(&page, "main", "merged this as commit").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_team_changes_hands_by_mouse() {
    let Some(window) = Window::open().await else {
        return;
    };
    let visitor = Visitor::new("sam").await;
    let base = visitor.sandbox.url();
    let page = window.visit(&base).await;
    picture(&page, "home").await;
    let page = window.visit(&format!("{base}{REPO}/settings")).await;
    act_as(&page, "sam").await;
    until(&page, "#team-qa .members", "quinn").await;
    picture(&page, "settings").await;
    press(&page, "#team-qa .members form.end button").await;
    until_there(&page, "#team-qa .member button[value=ada]", true).await;
    press(&page, "#team-qa .member button[value=quinn]").await;
    until_there(&page, "#team-qa .member button[value=quinn]", false).await;
    act_as(&page, "eve").await;
    until(&page, "#people", "eve").await;
    picture(&page, "settings-of-a-reader").await;
    window.close().await;
}
