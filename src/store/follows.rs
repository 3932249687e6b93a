//! Who follows whom: the repositories of the installations and the sources that their configurations
//! name. What a configuration says beyond that it does not know.

use std::collections::HashSet;

use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::Store;
use super::database::{Columns, transact};
use crate::fault::Fault;
use crate::model::ids::{InstallationId, RepoId, RepoName, RepoRef, Sha};

/// A source as a configuration names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name; upper and lower case are the same.
    pub name: RepoName,
    /// Its id where it is known: it survives a rename, and a stranger who takes the name lacks it.
    pub id: Option<RepoId>,
}

impl Store {
    /// The repositories that follow a source. One that is known by its id is found by its id alone;
    /// where only the name was known, the id is noted now.
    pub async fn follows(&self, id: RepoId, name: &RepoName) -> Result<Vec<RepoRef>, Fault> {
        let name = name.as_str().to_ascii_lowercase();
        let rows = sqlx::query(
            "SELECT r.id, r.name, r.installation, f.source_id FROM follows f
             JOIN repositories r ON r.id = f.repository
             WHERE f.source_id = $1 OR (f.source_id IS NULL AND f.source = $2) ORDER BY r.id",
        )
        .bind(id.0.cast_signed())
        .bind(name.as_str())
        .fetch_all(&self.0.database.read)
        .await?;
        let mut news = false;
        let mut repos = Vec::with_capacity(rows.len());
        for row in &rows {
            news |= row.try_get::<Option<i64>, _>("source_id").map_err(Fault::from)?.is_none();
            repos.push(read(row)?);
        }
        if news {
            sqlx::query(
                "UPDATE follows SET source_id = $1 WHERE source = $2 AND source_id IS NULL",
            )
            .bind(id.0.cast_signed())
            .bind(name)
            .execute(&self.0.database.write)
            .await?;
        }
        repos.dedup();
        Ok(repos)
    }

    /// Notes a repository, what it is called now, and the sources that its configuration names.
    /// `config`: the configuration they were read from; `None` where there is none.
    pub async fn set_follows(
        &self,
        repo: &RepoRef,
        sources: &[Source],
        config: Option<&Sha>,
    ) -> Result<(), Fault> {
        transact!(self.0.database, |c| {
            note(c, repo).await?;
            sqlx::query("UPDATE repositories SET config_sha = $2 WHERE id = $1")
                .bind(repo.id.0.cast_signed())
                .bind(config.map(Sha::as_str))
                .execute(&mut *c)
                .await?;
            follow(c, repo.id, sources).await?;
        })
    }

    /// Notes a repository and what it is called now; whom it follows stays.
    pub async fn note_repo(&self, repo: &RepoRef) -> Result<(), Fault> {
        transact!(self.0.database, |c| { note(c, repo).await? })
    }

    /// The configuration that [`Self::set_follows`] was last called with for a repository: the last
    /// valid one, since an invalid one changes nothing.
    pub async fn config_sha(&self, repo: RepoId) -> Result<Option<Sha>, Fault> {
        let row = sqlx::query("SELECT config_sha FROM repositories WHERE id = $1")
            .bind(repo.0.cast_signed())
            .fetch_optional(&self.0.database.read)
            .await?;
        Ok(row.map(|row| row.word_if_any("config_sha")).transpose()?.flatten())
    }

    /// All repositories that are known.
    pub async fn repos(&self) -> Result<Vec<RepoRef>, Fault> {
        let rows = sqlx::query("SELECT id, name, installation FROM repositories ORDER BY id")
            .fetch_all(&self.0.database.read)
            .await?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// The repositories of an installation whose configuration was read.
    pub async fn repos_of_installation(&self, id: InstallationId) -> Result<Vec<RepoRef>, Fault> {
        let rows = sqlx::query(
            "SELECT id, name, installation FROM repositories
             WHERE installation = $1 AND config_sha IS NOT NULL ORDER BY id",
        )
        .bind(id.0.cast_signed())
        .fetch_all(&self.0.database.read)
        .await?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// A repository by its id.
    pub async fn repo(&self, id: RepoId) -> Result<Option<RepoRef>, Fault> {
        let row = sqlx::query("SELECT id, name, installation FROM repositories WHERE id = $1")
            .bind(id.0.cast_signed())
            .fetch_optional(&self.0.database.read)
            .await?;
        Ok(row.map(|row| read(&row)).transpose()?)
    }

    /// The repository that is meant by a source's name: the one that was found under it before, also if it
    /// has been renamed since; else the one that is called so.
    pub async fn source(&self, name: &RepoName) -> Result<Option<RepoRef>, Fault> {
        let row = sqlx::query(
            "SELECT r.id, r.name, r.installation FROM repositories r
             LEFT JOIN follows f ON f.source_id = r.id AND f.source = $1
             WHERE f.source = $1 OR lower(r.name) = $1
             ORDER BY CASE WHEN f.source = $1 THEN 0 ELSE 1 END, r.id LIMIT 1",
        )
        .bind(name.as_str().to_ascii_lowercase())
        .fetch_optional(&self.0.database.read)
        .await?;
        Ok(row.map(|row| read(&row)).transpose()?)
    }

    /// Forgets a repository, its pages and whom it follows; what is on record stays: its history and its acts.
    pub async fn forget(&self, repo: RepoId) -> Result<(), Fault> {
        transact!(self.0.database, |c| {
            for statement in [
                "DELETE FROM pages WHERE repository = $1",
                "DELETE FROM follows WHERE repository = $1",
                "DELETE FROM repositories WHERE id = $1",
            ] {
                let query = sqlx::query(statement).bind(repo.0.cast_signed());
                query.execute(&mut *c).await?;
            }
        })
    }

    /// Forgets all repositories of an installation.
    pub async fn forget_installation(&self, id: InstallationId) -> Result<(), Fault> {
        transact!(self.0.database, |c| {
            for statement in [
                "DELETE FROM pages WHERE installation = $1",
                "DELETE FROM follows WHERE repository IN (SELECT id FROM repositories WHERE installation = $1)",
                "DELETE FROM repositories WHERE installation = $1",
            ] {
                let query = sqlx::query(statement).bind(id.0.cast_signed());
                query.execute(&mut *c).await?;
            }
        })
    }
}

async fn note(c: &mut AnyConnection, repo: &RepoRef) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO repositories (id, name, installation) VALUES ($1, $2, $3)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, installation = excluded.installation",
    )
    .bind(repo.id.0.cast_signed())
    .bind(repo.name.as_str())
    .bind(repo.installation.0.cast_signed())
    .execute(c)
    .await
    .map(drop)
}

async fn follow(
    c: &mut AnyConnection,
    repo: RepoId,
    sources: &[Source],
) -> Result<(), sqlx::Error> {
    let repo = repo.0.cast_signed();
    let name = |source: &Source| source.name.as_str().to_ascii_lowercase();
    let named: HashSet<String> = sources.iter().map(name).collect();
    let followed = sqlx::query("SELECT source FROM follows WHERE repository = $1")
        .bind(repo)
        .fetch_all(&mut *c)
        .await?;
    for row in &followed {
        let source: String = row.try_get("source")?;
        if !named.contains(&source) {
            sqlx::query("DELETE FROM follows WHERE repository = $1 AND source = $2")
                .bind(repo)
                .bind(source)
                .execute(&mut *c)
                .await?;
        }
    }
    for source in sources {
        sqlx::query(
            "INSERT INTO follows (repository, source, source_id) VALUES ($1, $2, $3)
             ON CONFLICT (repository, source) DO UPDATE SET source_id = COALESCE(excluded.source_id, follows.source_id)",
        )
        .bind(repo)
        .bind(name(source))
        .bind(source.id.map(|id| id.0.cast_signed()))
        .execute(&mut *c)
        .await?;
    }
    Ok(())
}

fn read(row: &AnyRow) -> Result<RepoRef, sqlx::Error> {
    Ok(RepoRef {
        id: RepoId(row.number("id")?),
        name: row.word("name")?,
        installation: InstallationId(row.number("installation")?),
    })
}
