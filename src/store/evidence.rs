//! Evidence: appended to the chain of its repository, in the transaction that moves the chain's head.
//! Nothing here changes an entry or takes one away.
//!
//! What an entry tells it does not know.

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::Store;
use super::database::{Columns, corrupt, text, transact};
use crate::fault::Fault;
use crate::model::chain::{Hash, Link, canonical, entry_message, link};
use crate::model::evidence::{Entry, FORMAT, NewEvidence, Once};
use crate::model::ids::{DeliveryId, Login, PrNumber, RepoId, RepoName, RepoRef};
use crate::model::notary::{Notary, PublicKey};

/// Whose record it goes into, and who signs.
#[derive(Debug, Clone, Copy)]
pub struct Pen<'a> {
    /// The repository.
    pub repo: &'a RepoRef,
    /// The delivery that led to it, if one did.
    pub delivery: Option<&'a DeliveryId>,
    /// Who did what that tells of.
    pub actor: Option<&'a Login>,
    /// Who signs.
    pub notary: &'a Notary,
}

/// A repository's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The repository.
    pub repo: RepoId,
    /// What it was last called.
    pub name: RepoName,
    /// How many entries there are.
    pub sequence: u64,
    /// The hash of the last one.
    pub hash: Hash,
}

/// An entry as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The entry in its place.
    pub link: Link,
    /// Whether the columns by which it is found say what the entry says.
    pub is_found: bool,
}

impl Store {
    /// Records evidence. `false`: it was recorded before, and nothing was changed.
    pub async fn record_evidence(&self, pen: &Pen<'_>, new: &NewEvidence) -> Result<bool, Fault> {
        transact!(self.0.database, |c| { append(c, pen, new).await? })
    }

    /// The newest entry with this subject.
    pub async fn last_evidence(&self, repo: RepoId, subject: &str) -> Result<Option<Entry>, Fault> {
        let row = sqlx::query(
            "SELECT entry FROM evidence WHERE repository = $1 AND subject = $2
             ORDER BY sequence DESC LIMIT 1",
        )
        .bind(repo.0.cast_signed())
        .bind(text(subject))
        .fetch_optional(&self.0.database.read)
        .await?;
        Ok(row.map(|row| row.json("entry")).transpose()?)
    }

    /// The pull requests of whose lives the last entry is that they stand open.
    pub async fn unended(&self, repo: RepoId) -> Result<Vec<PrNumber>, Fault> {
        let rows = sqlx::query(
            "SELECT pr FROM evidence e
             WHERE repository = $1 AND cause LIKE 'life:%:open' AND NOT EXISTS
                 (SELECT 1 FROM evidence later WHERE later.repository = e.repository
                  AND later.subject = e.subject AND later.sequence > e.sequence) ORDER BY pr",
        )
        .bind(repo.0.cast_signed())
        .fetch_all(&self.0.database.read)
        .await?;
        Ok(rows.iter().map(|row| row.number("pr").map(PrNumber)).collect::<Result<_, _>>()?)
    }

    /// The chains that there are, also of repositories that are gone.
    pub async fn chains(&self) -> Result<Vec<Chain>, Fault> {
        let rows = sqlx::query(
            "SELECT repository, name, sequence, hash FROM evidence_heads ORDER BY repository",
        )
        .fetch_all(&self.0.database.read)
        .await?;
        let chain = |row: &AnyRow| {
            Ok::<_, sqlx::Error>(Chain {
                repo: RepoId(row.number("repository")?),
                name: row.word("name")?,
                sequence: row.number("sequence")?,
                hash: row.word("hash").unwrap_or(Hash::NONE),
            })
        };
        Ok(rows.iter().map(chain).collect::<Result<_, _>>()?)
    }

    /// Repositories that have entries and no head.
    pub async fn headless_chains(&self) -> Result<Vec<RepoId>, Fault> {
        let rows = sqlx::query(
            "SELECT DISTINCT repository FROM evidence
             WHERE repository NOT IN (SELECT repository FROM evidence_heads) ORDER BY repository",
        )
        .fetch_all(&self.0.database.read)
        .await?;
        let repo = |row: &AnyRow| Ok::<_, sqlx::Error>(RepoId(row.number("repository")?));
        Ok(rows.iter().map(repo).collect::<Result<_, _>>()?)
    }

    /// So many entries of a chain at most, those after a place first.
    pub async fn evidence(&self, repo: RepoId, after: u64, most: u32) -> Result<Vec<Kept>, Fault> {
        let rows = sqlx::query(
            "SELECT sequence, pr, subject, cause, entry, previous, hash, key, signature FROM evidence
             WHERE repository = $1 AND sequence > $2 ORDER BY sequence LIMIT $3",
        )
        .bind(repo.0.cast_signed())
        .bind(after.cast_signed())
        .bind(super::limit(most))
        .fetch_all(&self.0.database.read)
        .await?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// The public keys that have signed, as the database has them.
    pub async fn evidence_keys(&self) -> Result<Vec<PublicKey>, Fault> {
        let rows = sqlx::query("SELECT public FROM evidence_keys ORDER BY id")
            .fetch_all(&self.0.database.read)
            .await?;
        let key = |row: &AnyRow| {
            PublicKey::parse(row.try_get("public")?).map_err(|why| corrupt("public", why))
        };
        Ok(rows.iter().map(key).collect::<Result<_, _>>()?)
    }
}

/// Appends an entry, in the transaction of a connection. Should another replica have appended meanwhile,
/// the place is taken, and the transaction is made anew.
pub(super) async fn append(
    c: &mut AnyConnection,
    pen: &Pen<'_>,
    new: &NewEvidence,
) -> Result<bool, sqlx::Error> {
    let repo = pen.repo.id;
    // The place first: PostgreSQL shows each statement what has been committed until then, so what another
    // replica appends after this is seen by the next statement, or is found in the place.
    let (sequence, previous) = match head(c, repo).await? {
        Some((sequence, hash)) => (sequence + 1, hash),
        None => (1, Hash::NONE),
    };
    if is_known(c, repo, new).await? {
        return Ok(false);
    }
    let key = pen.notary.public();
    let entry = Entry {
        format: FORMAT,
        repository: pen.repo.name.clone(),
        pr: new.pr,
        subject: new.subject.clone(),
        cause: new.cause.clone(),
        delivery: pen.delivery.cloned(),
        actor: pen.actor.cloned(),
        at: new.at,
        what: new.what.clone(),
        key: key.id(),
    };
    let entry = serde_json::to_value(&entry).map_err(|error| corrupt("entry", error))?;
    let entry = canonical(&entry);
    let hash = link(&previous, sequence, repo, &entry);
    sqlx::query(
        "INSERT INTO evidence_keys (id, public) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
    )
    .bind(key.id())
    .bind(key.to_pem())
    .execute(&mut *c)
    .await?;
    sqlx::query(
        "INSERT INTO evidence (repository, sequence, pr, subject, cause, entry, previous, hash, key, signature)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(repo.0.cast_signed())
    .bind(sequence.cast_signed())
    .bind(new.pr.map(|pr| pr.0.cast_signed()))
    .bind(text(&new.subject))
    .bind(text(&new.cause))
    .bind(entry)
    .bind(previous.to_string())
    .bind(hash.to_string())
    .bind(key.id())
    .bind(pen.notary.sign(&entry_message(&hash)))
    .execute(&mut *c)
    .await?;
    let moved = sqlx::query(
        "INSERT INTO evidence_heads (repository, name, sequence, hash) VALUES ($1, $2, $3, $4)
         ON CONFLICT (repository) DO UPDATE
         SET name = excluded.name, sequence = excluded.sequence, hash = excluded.hash
         WHERE evidence_heads.sequence = $5 AND evidence_heads.hash = $6",
    )
    .bind(repo.0.cast_signed())
    .bind(pen.repo.name.as_str())
    .bind(sequence.cast_signed())
    .bind(hash.to_string())
    .bind((sequence - 1).cast_signed())
    .bind(previous.to_string())
    .execute(&mut *c)
    .await?;
    if moved.rows_affected() != 1 {
        return Err(corrupt("evidence_heads", "the chain's head moved while it was appended to"));
    }
    Ok(true)
}

async fn is_known(
    c: &mut AnyConnection,
    repo: RepoId,
    new: &NewEvidence,
) -> Result<bool, sqlx::Error> {
    let (statement, of) = match new.once {
        Once::Ever => {
            ("SELECT cause FROM evidence WHERE repository = $1 AND cause = $2 LIMIT 1", &new.cause)
        }
        Once::InARow => (
            "SELECT cause FROM evidence WHERE repository = $1 AND subject = $2
             ORDER BY sequence DESC LIMIT 1",
            &new.subject,
        ),
    };
    let row =
        sqlx::query(statement).bind(repo.0.cast_signed()).bind(text(of)).fetch_optional(c).await?;
    let cause = row.map(|row| row.try_get::<String, _>("cause")).transpose()?;
    Ok(cause.is_some_and(|cause| cause == text(&new.cause)))
}

async fn head(c: &mut AnyConnection, repo: RepoId) -> Result<Option<(u64, Hash)>, sqlx::Error> {
    let row = sqlx::query("SELECT sequence, hash FROM evidence_heads WHERE repository = $1")
        .bind(repo.0.cast_signed())
        .fetch_optional(c)
        .await?;
    row.map(|row| Ok((row.number("sequence")?, row.word("hash")?))).transpose()
}

fn read(row: &AnyRow) -> Result<Kept, sqlx::Error> {
    let kept: &str = row.try_get("entry")?;
    // What is no JSON was changed by somebody, and is shown as what it is.
    let entry: serde_json::Value = serde_json::from_str(kept).unwrap_or_else(|_| kept.into());
    let same = |field: &str, column: &str| {
        let said = entry[field].as_str().map(text);
        Ok::<_, sqlx::Error>(said.as_deref() == Some(row.try_get::<&str, _>(column)?))
    };
    let pr = row.number_if_any("pr")?.map(PrNumber);
    let (previous, hash) = (row.word("previous"), row.word("hash"));
    let is_found = canonical(&entry) == kept
        && previous.is_ok()
        && hash.is_ok()
        && same("subject", "subject")?
        && same("cause", "cause")?
        && entry["pr"].as_u64().map(PrNumber) == pr;
    let link = Link {
        sequence: row.number("sequence")?,
        previous: previous.unwrap_or(Hash::NONE),
        hash: hash.unwrap_or(Hash::NONE),
        key: row.try_get("key")?,
        signature: row.try_get("signature")?,
        entry: Some(entry),
    };
    Ok(Kept { link, is_found })
}
