//! Releases.
//! It does not know who sees drafts.

use crate::sandbox::graphql::thing::Thing;
use crate::sandbox::graphql::thing::{At, Found, Out};
use crate::sandbox::graphql::things::git;
use crate::sandbox::model::{Release, Repo};
use crate::sandbox::shape::{node, time, time_or_null};

/// GitHub names people as authors here and no Apps' bots: the field's type is `User`.
pub(in crate::sandbox::graphql) fn release<'a>(
    at: At<'a>,
    repo: &'a Repo,
    release: &Release,
    name: &str,
) -> Found<'a> {
    Ok(match name {
        "id" => Out::leaf(node("Release", release.id)),
        "databaseId" => Out::leaf(release.id),
        "author" => at.user(release.author),
        "tagName" => Out::leaf(release.tag.as_str()),
        "name" => release.name.as_deref().map_or(Out::Null, Out::leaf),
        "description" => release.body.as_deref().map_or(Out::Null, Out::leaf),
        "isDraft" => Out::leaf(release.draft),
        "isPrerelease" => Out::leaf(release.prerelease),
        "isLatest" => {
            let latest = at.state.latest_release(repo.id)?;
            Out::leaf(latest.is_some_and(|latest| latest.id == release.id))
        }
        "createdAt" => Out::leaf(time(release.created_at)),
        "updatedAt" => Out::leaf(time(release.updated_at)),
        "publishedAt" => Out::leaf(time_or_null(release.published_at)),
        "repository" => Out::Thing(Thing::Repository(repo)),
        "tag" => return git::found(at, repo, &format!("refs/tags/{}", release.tag)),
        "tagCommit" => {
            let git = at.state.git(repo.id)?;
            let tag = git.reference(&format!("refs/tags/{}", release.tag));
            return match tag.and_then(|oid| git.peel(oid)) {
                Some(oid) => git::thing(at, repo, oid),
                None => Ok(Out::Null),
            };
        }
        "url" => {
            let shown = at.state.release_json(repo, release);
            Out::leaf(shown["html_url"].clone())
        }
        _ => Out::Null,
    })
}
