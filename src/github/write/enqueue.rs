//! Merge queues on a GitHub without the asynchronous merge: there a pull request is put in by a mutation.
//!
//! Whether it is to be merged it does not judge. What is in the queue is left there; what is put in is put in once, at
//! the head that was judged. <https://docs.github.com/en/graphql/reference/mutations#enqueuepullrequest>

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::merge::refused;
use crate::fault::Fault;
use crate::github::pace::Cost;
use crate::github::query::PATH;
use crate::github::text::presentable;
use crate::github::{Repo, answer};
use crate::model::ids::PrNumber;
use crate::model::write::{Merged, NewMerge};

/// By what words the older call tells of a queue.
const QUEUE: &str = "merge queue";

const ENTRY: &str = "query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) { id isInMergeQueue } }
}";

const ENQUEUE: &str = "mutation($id: ID!, $head: GitObjectID!) {
  enqueuePullRequest(input: {pullRequestId: $id, expectedHeadOid: $head}) { mergeQueueEntry { id } }
}";

#[derive(Deserialize)]
struct Answered {
    #[serde(default)]
    errors: Vec<Problem>,
}

#[derive(Deserialize)]
struct Problem {
    message: String,
}

impl Repo {
    /// Where the refusal of the older call tells of a merge queue: what came of putting it in.
    pub(super) async fn enqueue(
        &self,
        number: PrNumber,
        new: &NewMerge,
        said: &str,
    ) -> Result<Option<Merged>, Fault> {
        if !said.to_lowercase().contains(QUEUE) {
            return Ok(None);
        }
        let repo = &self.repo.name;
        let wanted = json!({"owner": repo.owner(), "name": repo.name(), "number": number});
        let Some(mut found) = self.line.query(ENTRY, &wanted).await? else { return Ok(None) };
        let pull = found.root("repository").and_then(|mut found| found.remove("pullRequest"));
        let Some((id, is_in)) = pull.as_ref().and_then(Value::as_object).and_then(entry) else {
            return Ok(None);
        };
        if is_in {
            return Ok(Some(Merged::Queued));
        }
        let body = json!({"query": ENQUEUE, "variables": {"id": id, "head": new.head}});
        let (asked, raw) =
            self.line.try_write(Method::POST, PATH, Some(&body), Cost::Content).await?;
        if !raw.status.is_success() {
            return refused(&asked, &raw).map(Some);
        }
        let answered: Answered = answer::parse(&asked, &raw)?;
        let said: Vec<String> =
            answered.errors.iter().map(|problem| presentable(&problem.message)).collect();
        Ok(Some(if said.is_empty() { Merged::Queued } else { Merged::Refused(said.join("; ")) }))
    }
}

/// What it is called, and whether it is in the queue.
fn entry(pull: &Map<String, Value>) -> Option<(&str, bool)> {
    Some((pull.get("id")?.as_str()?, pull.get("isInMergeQueue")?.as_bool()?))
}
