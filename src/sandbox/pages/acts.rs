//! What the buttons of issues and pull requests do: requests to the REST API in the viewer's name.
//! It does not know whether they are allowed: the REST API does.

use http::Method;
use serde_json::{Value, json};

use super::desk::Desk;
use super::parts::segment;
use super::visit::Fields;
use crate::sandbox::refusal::Refusal;

/// Does what a button of a pull request asks for.
pub(super) fn perform(
    desk: &mut Desk<'_>,
    home: &str,
    number: u64,
    branch: &str,
    fields: &Fields,
) -> Result<(), Refusal> {
    let api = format!("/repos{home}");
    let text = fields.get("body");
    match fields.get("do").as_str() {
        "review" => {
            let body = json!({"event": fields.get("event"), "body": text});
            desk.ask(&Method::POST, &format!("{api}/pulls/{number}/reviews"), body)?;
        }
        "merge" => {
            let head = Some(fields.get("head")).filter(|head| !head.is_empty());
            let body = json!({"merge_method": fields.get("method"), "sha": head});
            desk.ask(&Method::PUT, &format!("{api}/pulls/{number}/merge"), body)?;
        }
        "update" => {
            let body = json!({"expected_head_sha": fields.get("head")});
            desk.ask(&Method::PUT, &format!("{api}/pulls/{number}/update-branch"), body)?;
        }
        "delete-branch" => {
            let path = format!("{api}/git/refs/heads/{}", segment(branch, true));
            desk.ask(&Method::DELETE, &path, Value::Null)?;
        }
        _ => converse(desk, &api, number, fields)?,
    }
    Ok(())
}

/// What can be done on issues and pull requests alike: comments, labels, closing.
pub(super) fn converse(
    desk: &mut Desk<'_>,
    api: &str,
    number: u64,
    fields: &Fields,
) -> Result<(), Refusal> {
    let issue = format!("{api}/issues/{number}");
    let text = fields.get("body");
    let label = fields.get("label");
    match fields.get("do").as_str() {
        "comment" => {
            desk.ask(&Method::POST, &format!("{issue}/comments"), json!({"body": text}))?;
        }
        "edit-comment" => {
            desk.ask(&Method::PATCH, &comment(api, fields), json!({"body": text}))?;
        }
        "delete-comment" => {
            desk.ask(&Method::DELETE, &comment(api, fields), Value::Null)?;
        }
        "label" => {
            desk.ask(&Method::POST, &format!("{issue}/labels"), json!({"labels": [label.trim()]}))?;
        }
        "unlabel" => {
            desk.ask(
                &Method::DELETE,
                &format!("{issue}/labels/{}", segment(&label, false)),
                Value::Null,
            )?;
        }
        change @ ("close" | "reopen") => {
            if !text.trim().is_empty() {
                desk.ask(&Method::POST, &format!("{issue}/comments"), json!({"body": text}))?;
            }
            let state = if change == "close" { "closed" } else { "open" };
            desk.ask(&Method::PATCH, &issue, json!({"state": state}))?;
        }
        _ => {
            return Err(Refusal::unprocessable("This button is not known. Open the page again."));
        }
    }
    Ok(())
}

fn comment(api: &str, fields: &Fields) -> String {
    format!("{api}/issues/comments/{}", segment(&fields.get("comment"), false))
}
