//! Merging: once, at the head that was judged, and by GitHub's own rules.
//!
//! It does not judge whether a pull request may be merged.

use http::{Method, StatusCode};
use serde_json::json;

use crate::fault::Fault;
use crate::github::Repo;
use crate::github::answer;
use crate::github::pace::Cost;
use crate::github::text::{body, line};
use crate::model::ids::{PrNumber, Sha};
use crate::model::write::{MergeMethod, NewMerge};

const TITLE: usize = 256;

/// What became of a wanted merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// It is merged, now or before, at the head that was wanted.
    Done,
    /// GitHub refused, in its own words: a conflict, the branch's protection, a head that has moved.
    Refused(String),
}

impl Repo {
    /// Sees to it that a pull request is merged at that head, or tells what stands against it.
    ///
    /// It is looked at first: where the answer to an earlier try was lost, it may have been merged.
    pub async fn merge(&self, number: PrNumber, new: &NewMerge) -> Result<Merged, Fault> {
        if self.is_merged(number, &new.head).await? {
            return Ok(Merged::Done);
        }
        let mut wanted = json!({"sha": new.head, "merge_method": new.method});
        if new.method != MergeMethod::Rebase {
            wanted["commit_title"] = json!(line(&new.title, TITLE));
            wanted["commit_message"] = json!(body(&new.message));
        }
        let path = self.path(format_args!("/pulls/{number}/merge"));
        let (asked, raw) =
            self.line.try_write(Method::PUT, &path, Some(&wanted), Cost::Content).await?;
        match raw.status {
            status if status.is_success() => Ok(Merged::Done),
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::CONFLICT => {
                // perhaps because somebody was quicker
                if self.is_merged(number, &new.head).await? {
                    return Ok(Merged::Done);
                }
                Ok(Merged::Refused(answer::said(&raw)))
            }
            _ => Err(answer::fault(&asked, &raw)),
        }
    }

    async fn is_merged(&self, number: PrNumber, head: &Sha) -> Result<bool, Fault> {
        let repo = &self.repo.name;
        let Some(pull) = self.pull(number).await? else {
            return Err(Fault::Denied(format!("{repo} has no pull request #{number}")));
        };
        if pull.merged && pull.head.sha == *head {
            return Ok(true);
        }
        if pull.open {
            return Ok(false);
        }
        let how = if pull.merged { "merged at another head" } else { "closed" };
        Err(Fault::Stale(format!("{repo}#{number} has been {how} meanwhile")))
    }
}
