//! Pull requests of ours: opened, closed.
//!
//! It does not write their texts, and leaves those of others alone.

use http::Method;
use serde_json::json;

use crate::fault::Fault;
use crate::github::Repo;
use crate::github::answer;
use crate::github::pace::Cost;
use crate::github::text::{body, escape_query, line};
use crate::github::wire::WirePull;
use crate::model::ids::PrNumber;
use crate::model::read::PullRequest;
use crate::model::write::NewPull;

const TITLE: usize = 256;

impl Repo {
    /// Sees to it that there is an open pull request of ours from that branch. One that is there
    /// already is taken as it is; only missing labels are added, which the result does not show yet.
    pub async fn ensure_pull(&self, new: &NewPull) -> Result<PullRequest, Fault> {
        let pull = self.open_pull(new).await?;
        let missing = pull.missing_labels(&new.labels);
        if !missing.is_empty() {
            self.ensure_labels(pull.number, &missing).await?;
        }
        Ok(pull)
    }

    /// Sees to it that a pull request of ours is closed; one by somebody else is refused.
    pub async fn close_pull(&self, number: PrNumber) -> Result<(), Fault> {
        let repo = &self.repo.name;
        let path = self.path(format_args!("/pulls/{number}"));
        let pull = self.line.read::<WirePull>(&path).await?.into_pull();
        if !pull.open {
            return Ok(());
        }
        let us = self.line.github.identity().await?;
        if pull.author.id != us.bot.id {
            let author = pull.author.login;
            return Err(Fault::Denied(format!(
                "{repo}#{number} was opened by {author}, so it is not Usher's to close"
            )));
        }
        let closed = json!({"state": "closed"});
        self.line.write(Method::PATCH, &path, Some(&closed), Cost::Write).await?;
        Ok(())
    }

    async fn open_pull(&self, new: &NewPull) -> Result<PullRequest, Fault> {
        let wanted = json!({
            "title": line(&new.title, TITLE),
            "head": new.branch,
            "base": new.base,
            "body": body(&new.body),
        });
        let path = self.path("/pulls");
        let (asked, raw) =
            self.line.try_write(Method::POST, &path, Some(&wanted), Cost::Content).await?;
        if raw.status.is_success() {
            let made: WirePull = answer::parse(&asked, &raw)?;
            return Ok(made.into_pull());
        }
        let fault = answer::fault(&asked, &raw);
        if !raw.status.is_client_error() {
            return Err(fault);
        }
        // GitHub opens none where there is one: an earlier self may have opened it
        self.our_open_pull(new).await?.ok_or(fault)
    }

    async fn our_open_pull(&self, new: &NewPull) -> Result<Option<PullRequest>, Fault> {
        let head = escape_query(&format!("{}:{}", self.repo.name.owner(), new.branch));
        let base = escape_query(&new.base);
        let path = format!("/pulls?state=open&head={head}&base={base}&per_page=100");
        let us = self.line.github.identity().await?;
        let open = self.pulls(&path).await?.into_iter();
        Ok(open
            .filter(|pull| pull.author.id == us.bot.id && pull.same_repository())
            .find(|pull| pull.head.branch == new.branch && pull.base.branch == new.base))
    }
}
