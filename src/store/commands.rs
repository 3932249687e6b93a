//! Commands: which comments were answered, and how much their authors have asked for lately.
//!
//! What they said and what is too much it does not know.

use jiff::Timestamp;
use sqlx::Row;

use super::Store;
use super::database::micros;
use crate::fault::Fault;
use crate::model::ids::{CommentId, PrNumber, RepoId, UserId};
use crate::model::read::CommandPast;

impl Store {
    /// What is known of a comment in a repository, and of its author besides it: in all
    /// repositories since `since_hour`, on this thread since `since_day`.
    pub async fn command_past(
        &self,
        at: RepoId,
        comment: CommentId,
        author: UserId,
        thread: PrNumber,
        since_hour: Timestamp,
        since_day: Timestamp,
    ) -> Result<CommandPast, Fault> {
        let row = sqlx::query(
            "SELECT
                 (SELECT count(*) FROM commands WHERE repository = $1 AND comment = $2) AS handled,
                 (SELECT CAST(COALESCE(sum(lines), 0) AS BIGINT) FROM commands
                  WHERE author = $3 AND at >= $5 AND NOT (repository = $1 AND comment = $2)) AS lines,
                 (SELECT count(*) FROM commands
                  WHERE author = $3 AND at >= $6 AND repository = $1 AND thread = $4
                  AND refused = 1 AND comment <> $2) AS refused",
        )
        .bind(at.0.cast_signed())
        .bind(comment.0.cast_signed())
        .bind(author.0.cast_signed())
        .bind(thread.0.cast_signed())
        .bind(micros(since_hour))
        .bind(micros(since_day))
        .fetch_one(&self.0.database.read)
        .await?;
        let number = |column| row.try_get::<i64, _>(column).map_err(Fault::from);
        Ok(CommandPast {
            handled: number("handled")? > 0,
            within_hour: u32::try_from(number("lines")?).unwrap_or(u32::MAX),
            refused_today: number("refused")? > 0,
        })
    }

    /// Notes that a comment with so many commands was answered now. The first note of a comment
    /// stays.
    pub async fn handled_command(
        &self,
        at: RepoId,
        comment: CommentId,
        author: UserId,
        thread: PrNumber,
        lines: u32,
        refused: bool,
    ) -> Result<(), Fault> {
        sqlx::query(
            "INSERT INTO commands (repository, comment, author, thread, lines, refused, at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (repository, comment) DO NOTHING",
        )
        .bind(at.0.cast_signed())
        .bind(comment.0.cast_signed())
        .bind(author.0.cast_signed())
        .bind(thread.0.cast_signed())
        .bind(i64::from(lines))
        .bind(i64::from(refused))
        .bind(self.now())
        .execute(&self.0.database.write)
        .await?;
        Ok(())
    }
}
