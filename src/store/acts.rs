//! Acts: recorded once for each cause, ended, never forgotten; each beginning and end with its evidence, in
//! the same transaction.
//!
//! Which of them count, and whether their time is up, it does not know.

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::Store;
use super::database::{Columns, corrupt, micros, text, transact};
use super::evidence::{Pen, append};
use crate::fault::Fault;
use crate::model::act::{Act, ActKind, Ended, NewAct};
use crate::model::evidence::{ActEnded, NewEvidence, Once, What};
use crate::model::ids::{AppName, EnvName, Login, PrNumber, RepoId, Sha, UserId};
use crate::model::read::Account;

/// A query for an [`Act`], for [`read`].
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, kind, cause, pr, environment, application, subject, head, by_id, by_login, by_bot,
                 reason, at, until, ended_at, ended_by, ended_why FROM acts ",
            $rest
        )
    };
}

impl Store {
    /// Records an act, and the evidence of it. `false`: its cause is known already, and nothing was changed, also
    /// when that act has ended.
    pub async fn record_act(&self, pen: &Pen<'_>, act: &NewAct) -> Result<bool, Fault> {
        transact!(self.0.database, |c| {
            let recorded = insert(c, pen.repo.id, act).await?;
            if recorded {
                append(c, pen, &given(act)).await?;
            }
            recorded
        })
    }

    /// Ends those of the acts that stand, all at once, and records that; how one has ended before stays.
    /// `by`: who had it ended; `None` when nobody did, but something that happened.
    pub async fn end_acts(
        &self,
        pen: &Pen<'_>,
        ids: &[i64],
        by: Option<&Login>,
        why: &str,
    ) -> Result<(), Fault> {
        let at = self.0.clock.now();
        // In one order everywhere, so that two replicas cannot wait for each other.
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        transact!(self.0.database, |c| {
            for id in &ids {
                let ended = sqlx::query(
                    "UPDATE acts SET ended_at = $3, ended_by = $4, ended_why = $5
                     WHERE repository = $1 AND id = $2 AND ended_at IS NULL",
                )
                .bind(pen.repo.id.0.cast_signed())
                .bind(*id)
                .bind(micros(at))
                .bind(by.map(Login::as_str))
                .bind(text(why))
                .execute(&mut *c)
                .await?;
                if ended.rows_affected() == 1 {
                    let row =
                        sqlx::query(select!("WHERE id = $1")).bind(*id).fetch_one(&mut *c).await?;
                    append(c, pen, &ended_so(&read(&row)?, by, why, at)).await?;
                }
            }
        })
    }

    /// The acts of a repository that have not been ended, the oldest first. One whose time is up is
    /// among them.
    pub async fn standing_acts(&self, repo: RepoId) -> Result<Vec<Act>, Fault> {
        let rows =
            sqlx::query(select!("WHERE repository = $1 AND ended_at IS NULL ORDER BY at, id"))
                .bind(repo.0.cast_signed())
                .fetch_all(&self.0.database.read)
                .await?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// All acts about a pull request, the oldest first, and how they ended.
    pub async fn acts_of(
        &self,
        repo: RepoId,
        pr: PrNumber,
    ) -> Result<Vec<(Act, Option<Ended>)>, Fault> {
        let rows = sqlx::query(select!("WHERE repository = $1 AND pr = $2 ORDER BY at, id"))
            .bind(repo.0.cast_signed())
            .bind(pr.0.cast_signed())
            .fetch_all(&self.0.database.read)
            .await?;
        let both = |row: &AnyRow| Ok::<_, sqlx::Error>((read(row)?, read_end(row)?));
        Ok(rows.iter().map(both).collect::<Result<_, _>>()?)
    }
}

async fn insert(c: &mut AnyConnection, repo: RepoId, act: &NewAct) -> Result<bool, sqlx::Error> {
    let recorded = sqlx::query(
        "INSERT INTO acts (repository, kind, cause, pr, environment, application, subject, head,
             by_id, by_login, by_bot, reason, at, until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT (repository, cause) DO NOTHING",
    )
    .bind(repo.0.cast_signed())
    .bind(act.kind.as_str())
    .bind(text(&act.cause))
    .bind(act.pr.map(|pr| pr.0.cast_signed()))
    .bind(act.environment.as_ref().map(EnvName::as_str))
    .bind(act.application.as_ref().map(AppName::as_str))
    .bind(text(&act.subject))
    .bind(act.head.as_ref().map(Sha::as_str))
    .bind(act.by.id.0.cast_signed())
    .bind(act.by.login.as_str())
    .bind(i64::from(act.by.bot))
    .bind(text(&act.reason))
    .bind(micros(act.at))
    .bind(act.until.map(micros))
    .execute(c)
    .await?;
    Ok(recorded.rows_affected() == 1)
}

/// That an act was given.
fn given(act: &NewAct) -> NewEvidence {
    NewEvidence {
        pr: act.pr,
        subject: format!("act:{}", act.cause),
        cause: format!("act:{}", act.cause),
        once: Once::Ever,
        at: act.at,
        what: What::Act(Box::new(act.clone())),
    }
}

/// That an act was ended.
fn ended_so(act: &Act, by: Option<&Login>, why: &str, at: Timestamp) -> NewEvidence {
    NewEvidence {
        pr: act.pr,
        subject: format!("act:{}", act.cause),
        cause: format!("end of act:{}", act.cause),
        once: Once::Ever,
        at,
        what: What::ActEnded(Box::new(ActEnded {
            act: act.kind,
            of: act.cause.clone(),
            environment: act.environment.clone(),
            about: act.subject.clone(),
            by: by.cloned(),
            why: why.to_owned(),
        })),
    }
}

fn read(row: &AnyRow) -> Result<Act, sqlx::Error> {
    let kind: &str = row.try_get("kind")?;
    Ok(Act {
        id: row.try_get("id")?,
        said: NewAct {
            kind: ActKind::parse(kind).ok_or_else(|| corrupt("kind", format!("{kind:?}")))?,
            cause: row.try_get("cause")?,
            pr: row.number_if_any("pr")?.map(PrNumber),
            environment: row.word_if_any("environment")?,
            application: row.word_if_any("application")?,
            subject: row.try_get("subject")?,
            head: row.word_if_any("head")?,
            by: Account {
                id: UserId(row.number("by_id")?),
                login: row.word("by_login")?,
                bot: row.try_get::<i64, _>("by_bot")? != 0,
            },
            reason: row.try_get("reason")?,
            at: row.instant("at")?,
            until: row.instant_if_any("until")?,
        },
    })
}

fn read_end(row: &AnyRow) -> Result<Option<Ended>, sqlx::Error> {
    let Some(at) = row.instant_if_any("ended_at")? else { return Ok(None) };
    Ok(Some(Ended { at, by: row.word_if_any("ended_by")?, why: row.try_get("ended_why")? }))
}
