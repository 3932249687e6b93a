//! Issues of ours: opened, kept up to date, closed.
//!
//! It does not write their texts, and finds its own by author and hidden marker, never by marker alone.

use http::Method;
use serde_json::json;

use super::comment::same_text;
use crate::fault::Fault;
use crate::github::Repo;
use crate::github::pace::Cost;
use crate::github::text::{body, escape_query, line};
use crate::github::wire::WireIssue;
use crate::model::ids::PrNumber;
use crate::model::write::{IssueEnd, NewIssue};

const TITLE: usize = 256;

/// So many pages are looked through for an issue of ours whose number is not known any more: an account like ours
/// opens many pull requests, which are listed among the issues.
const MOST_PAGES: usize = 5;
const A_PAGE: usize = 100;

impl Repo {
    /// Sees to it that the one issue of ours with that marker says this; gives its number. `known`: which it was.
    ///
    /// One that somebody has closed stays closed while it tells about the same; what is told about something else is
    /// another issue then.
    pub async fn ensure_issue(
        &self,
        known: Option<PrNumber>,
        new: &NewIssue,
    ) -> Result<PrNumber, Fault> {
        let first_line = new.first_line();
        let (title, text) = (line(&new.title, TITLE), body(&format!("{first_line}\n{}", new.body)));
        match self.our_issue(known, &new.marker).await? {
            Some(ours) if ours.state == "open" => {
                if ours.title != title || !same_text(ours.text(), &text) {
                    let edit = json!({"title": title, "body": text});
                    self.edit_issue(ours.number, &edit).await?;
                }
                Ok(ours.number)
            }
            Some(ours) if ours.text().starts_with(&first_line) => Ok(ours.number),
            _ => {
                let new = json!({"title": title, "body": text});
                let path = self.path("/issues");
                let made: WireIssue =
                    self.line.write_for(Method::POST, &path, &new, Cost::Content).await?;
                Ok(made.number)
            }
        }
    }

    /// Sees to it that no issue of ours with that marker is open, and that the last one says why.
    pub async fn end_issue(&self, known: Option<PrNumber>, end: &IssueEnd) -> Result<(), Fault> {
        let Some(ours) = self.our_issue(known, &end.marker).await? else { return Ok(()) };
        let first_line = end.first_line();
        let (open, told) = (ours.state == "open", ours.text().starts_with(&first_line));
        if told && !open {
            return Ok(());
        }
        let rest = match ours.text().split_once('\n') {
            Some((line, rest)) if line.starts_with(&end.marker) => rest,
            _ => ours.text(),
        };
        let mut edit = json!({"body": body(&format!("{first_line}\n{rest}"))});
        if open {
            self.ensure_comment(ours.number, &end.comment_marker, &end.comment).await?;
            edit["state"] = json!("closed");
            edit["state_reason"] = json!("completed");
        }
        self.edit_issue(ours.number, &edit).await
    }

    /// The issue of ours with that marker: the one that it was, or the newest, an open one before others.
    async fn our_issue(
        &self,
        known: Option<PrNumber>,
        marker: &str,
    ) -> Result<Option<WireIssue>, Fault> {
        let us = self.identity().await?.bot;
        // What begins in the same way may be about something that is only called similarly.
        let begins = format!("{marker} ");
        if let Some(number) = known {
            let path = self.path(format_args!("/issues/{number}"));
            let found: Option<WireIssue> = self.line.find(&path).await?;
            if let Some(found) = found.filter(|issue| issue.is_issue_of(us.id)) {
                return Ok(Some(found));
            }
        }
        let creator = escape_query(us.login.as_str());
        let path = self.path(format_args!("/issues?creator={creator}&state=all&per_page={A_PAGE}"));
        let all = self
            .line
            .pages(&path, |page: Vec<WireIssue>| page, |all| all.len() >= MOST_PAGES * A_PAGE)
            .await?;
        let is_ours =
            |issue: &WireIssue| issue.is_issue_of(us.id) && issue.text().starts_with(&begins);
        let mut ours: Vec<WireIssue> = all.into_iter().filter(is_ours).collect();
        ours.sort_by_key(|issue| (issue.state != "open", std::cmp::Reverse(issue.number)));
        Ok(ours.into_iter().next())
    }

    async fn edit_issue(&self, number: PrNumber, edit: &serde_json::Value) -> Result<(), Fault> {
        let path = self.path(format_args!("/issues/{number}"));
        self.line.write(Method::PATCH, &path, Some(edit), Cost::Write).await?;
        Ok(())
    }
}
