//! Merging: once, at the head and onto the base that were judged, and by GitHub's own rules.
//!
//! It does not judge whether a pull request may be merged, and never asks to go around a rule.
//! <https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request-asynchronously>

use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::github::Repo;
use crate::github::answer::{self, Asked};
use crate::github::pace::Cost;
use crate::github::text::{body, line};
use crate::github::transport::Raw;
use crate::model::ids::PrNumber;
pub use crate::model::write::Merged;
use crate::model::write::{MergeMethod, NewMerge};

const TITLE: usize = 256;

/// How a merge in the background stands.
#[derive(Deserialize)]
struct Told {
    status: String,
    details: Details,
}

#[derive(Deserialize)]
struct Details {
    #[serde(default)]
    message: String,
    uuid: Option<String>,
    expected_head_sha: Option<String>,
}

impl Repo {
    /// Sees to it that a pull request is merged at that head onto that base, or tells what stands against it.
    ///
    /// It is looked at first: where the answer to an earlier try was lost, it may have been merged. GitHub holds
    /// on to the head by itself; that the base is the one that was judged is read immediately before.
    pub async fn merge(&self, number: PrNumber, new: &NewMerge) -> Result<Merged, Fault> {
        if self.is_merged(number, new).await? {
            return Ok(Merged::Done);
        }
        self.holds_still(new).await?;
        let mut wanted = wanted(new);
        wanted["merge_action"] = json!("default");
        let path = self.path(format_args!("/pulls/{number}/merge-async"));
        let (asked, raw) =
            self.line.try_write(Method::PUT, &path, Some(&wanted), Cost::Content).await?;
        match raw.status {
            // An older GitHub, which merges at once or not at all.
            StatusCode::NOT_FOUND => self.merge_at_once(number, new).await,
            StatusCode::OK
            | StatusCode::ACCEPTED
            | StatusCode::BAD_REQUEST
            | StatusCode::CONFLICT => self.came(number, new, told(&asked, &raw)?).await,
            _ => refused(&asked, &raw),
        }
    }

    /// What became of a merge that GitHub does in the background.
    pub async fn asked_merge(&self, number: PrNumber, uuid: &str) -> Result<Merged, Fault> {
        let path = self.path(format_args!("/pulls/{number}/merge-async/{uuid}"));
        let Some(told) = self.line.find::<Told>(&path).await? else {
            // It keeps that for a day; the pull request itself tells the rest.
            let merged = self.pull(number).await?.is_some_and(|pull| pull.merged);
            let why = "GitHub does not know any more what became of it";
            return Ok(if merged { Merged::Done } else { Merged::Refused(why.to_owned()) });
        };
        Ok(match told.status.as_str() {
            "merged" => Merged::Done,
            "enqueued" => Merged::Queued,
            "failed" => Merged::Refused(told.details.message),
            _ => Merged::Pending(uuid.to_owned()),
        })
    }

    async fn came(&self, number: PrNumber, new: &NewMerge, told: Told) -> Result<Merged, Fault> {
        let repo = &self.repo.name;
        let Details { message, uuid, expected_head_sha } = told.details;
        match (told.status.as_str(), uuid) {
            ("merged", _) => {
                // Perhaps because somebody was quicker, and at another head.
                let done = self.is_merged(number, new).await?;
                if done { Ok(Merged::Done) } else { Ok(Merged::Refused(message)) }
            }
            ("enqueued", _) => Ok(Merged::Queued),
            ("pending", Some(uuid)) if expected_head_sha.as_deref() == Some(new.head.as_str()) => {
                Ok(Merged::Pending(uuid))
            }
            ("pending", _) => Err(Fault::transient(format!(
                "{repo}#{number} is being merged at another head: that has to end first"
            ))),
            _ => Ok(Merged::Refused(message)),
        }
    }

    /// The same by the older call.
    async fn merge_at_once(&self, number: PrNumber, new: &NewMerge) -> Result<Merged, Fault> {
        self.holds_still(new).await?;
        let path = self.path(format_args!("/pulls/{number}/merge"));
        let (asked, raw) =
            self.line.try_write(Method::PUT, &path, Some(&wanted(new)), Cost::Content).await?;
        match raw.status {
            status if status.is_success() => Ok(Merged::Done),
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::CONFLICT => {
                // perhaps because somebody was quicker
                if self.is_merged(number, new).await? {
                    return Ok(Merged::Done);
                }
                let said = answer::said(&raw);
                Ok(self.enqueue(number, new, &said).await?.unwrap_or(Merged::Refused(said)))
            }
            _ => refused(&asked, &raw),
        }
    }

    /// Whether the base still points to where it was judged: whatever has come since was not.
    async fn holds_still(&self, new: &NewMerge) -> Result<(), Fault> {
        let (repo, branch) = (&self.repo.name, &new.base.branch);
        match self.head(branch).await? {
            Some(tip) if tip == new.base.sha => Ok(()),
            _ => Err(Fault::Stale(format!("{branch} of {repo} has moved since it was judged"))),
        }
    }

    async fn is_merged(&self, number: PrNumber, new: &NewMerge) -> Result<bool, Fault> {
        let repo = &self.repo.name;
        let Some(pull) = self.pull(number).await? else {
            return Err(Fault::Denied(format!("{repo} has no pull request #{number}")));
        };
        if pull.merged && pull.head.sha == new.head {
            return Ok(true);
        }
        let stale =
            |how: &str| Err(Fault::Stale(format!("{repo}#{number} has been {how} meanwhile")));
        match (pull.open, pull.merged) {
            (true, _) if pull.head.sha != new.head => stale("pushed to"),
            (true, _) if pull.base.branch != new.base.branch => stale("pointed at another branch"),
            (true, _) if pull.draft => stale("made a draft"),
            (true, _) => Ok(false),
            (false, true) => stale("merged at another head"),
            (false, false) => stale("closed"),
        }
    }
}

fn wanted(new: &NewMerge) -> Value {
    let mut wanted = json!({"sha": new.head, "merge_method": new.method});
    if new.method != MergeMethod::Rebase {
        wanted["commit_title"] = json!(line(&new.title, TITLE));
        wanted["commit_message"] = json!(body(&new.message));
    }
    wanted
}

/// GitHub's no, in its own words, since people wait for the merge; all else is the fault that it is.
pub(super) fn refused(asked: &Asked, raw: &Raw) -> Result<Merged, Fault> {
    match answer::fault(asked, raw) {
        Fault::Denied(_) | Fault::Broken(_) => Ok(Merged::Refused(answer::said(raw))),
        fault => Err(fault),
    }
}

fn told(asked: &Asked, raw: &Raw) -> Result<Told, Fault> {
    serde_json::from_slice(&raw.body).map_err(|_other_words| answer::fault(asked, raw))
}
