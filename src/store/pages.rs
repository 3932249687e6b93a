//! What Usher's own pages show: one for each pull request and head, kept while a link to it may open.
//!
//! A page is JSON; what it tells it does not know.

use jiff::{SignedDuration, Timestamp};
use sqlx::Row;

use super::Store;
use super::database::{Columns, micros, text};
use crate::fault::Fault;
use crate::model::ids::{PrNumber, RepoRef, Sha};
use crate::model::links::PageId;

/// A page that says the same as before is written again only after so long: it may be large, and is made often.
pub(super) const FRESH: SignedDuration = SignedDuration::from_hours(24);

impl Store {
    /// Keeps a page in place of the one that there was.
    pub async fn keep_page(
        &self,
        repo: &RepoRef,
        pr: PrNumber,
        head: &Sha,
        content: &str,
    ) -> Result<(), Fault> {
        let now = self.0.clock.now();
        let stale = now.checked_sub(FRESH).unwrap_or(Timestamp::MIN);
        sqlx::query(
            "INSERT INTO pages (repository, pr, head, installation, at, content)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (repository, pr, head) DO UPDATE
             SET installation = excluded.installation, at = excluded.at, content = excluded.content
             WHERE pages.at < $7 OR pages.content <> excluded.content
                OR pages.installation <> excluded.installation",
        )
        .bind(repo.id.0.cast_signed())
        .bind(pr.0.cast_signed())
        .bind(head.as_str())
        .bind(repo.installation.0.cast_signed())
        .bind(micros(now))
        .bind(text(content))
        .bind(micros(stale))
        .execute(&self.0.database.write)
        .await?;
        Ok(())
    }

    /// A page, and since when it says that, as far as was noted.
    pub async fn page(&self, page: &PageId) -> Result<Option<(String, Timestamp)>, Fault> {
        let row = sqlx::query(
            "SELECT content, at FROM pages WHERE repository = $1 AND pr = $2 AND head = $3",
        )
        .bind(page.repo.0.cast_signed())
        .bind(page.pr.0.cast_signed())
        .bind(page.head.as_str())
        .fetch_optional(&self.0.database.read)
        .await?;
        let read =
            row.map(|row| Ok::<_, sqlx::Error>((row.try_get("content")?, row.instant("at")?)));
        Ok(read.transpose()?)
    }
}
