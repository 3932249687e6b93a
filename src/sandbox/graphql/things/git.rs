//! Refs and Git's objects.
//! It does not know what is said about commits.

use git2::Oid;

use crate::sandbox::git::TreeEntry;
use crate::sandbox::graphql::problem::Problem;
use crate::sandbox::graphql::thing::{At, Found, Out, Thing};
use crate::sandbox::model::Repo;
use crate::sandbox::shape::node_id;

/// Longer texts are cut.
const LONGEST: usize = 512 << 10;

/// The ref of that full name.
pub(in crate::sandbox::graphql) fn found<'a>(at: At<'a>, repo: &'a Repo, full: &str) -> Found<'a> {
    let oid = at.state.git(repo.id)?.reference(full);
    Ok(Out::maybe(oid.map(|oid| Thing::Ref(repo, full.to_owned(), oid))))
}

/// The ref of a name in full, or of a branch or a tag.
pub(in crate::sandbox::graphql) fn named<'a>(at: At<'a>, repo: &'a Repo, name: &str) -> Found<'a> {
    if name.starts_with("refs/") {
        return found(at, repo, name);
    }
    match found(at, repo, &format!("refs/heads/{name}"))? {
        Out::Null => found(at, repo, &format!("refs/tags/{name}")),
        branch => Ok(branch),
    }
}

/// The object of an id, or what an expression such as `main:path` or `main` means.
pub(in crate::sandbox::graphql) fn object<'a>(
    at: At<'a>,
    repo: &'a Repo,
    oid: Option<&str>,
    expression: Option<&str>,
) -> Found<'a> {
    let git = at.state.git(repo.id)?;
    let found = match (oid, expression) {
        (Some(oid), _) => git.object(oid),
        (None, Some(expression)) => match expression.split_once(':') {
            None => git.resolve(expression),
            Some((at, path)) => git.resolve(at).and_then(|oid| git.tree_of(oid)).and_then(|tree| {
                if path.is_empty() { Some(tree) } else { Some(git.entry(tree, path)?.oid) }
            }),
        },
        (None, None) => {
            let message = "One of `oid` or `expression` is needed to look up an object";
            return Err(Problem::new("UNPROCESSABLE", message));
        }
    };
    match found {
        Some(oid) => thing(at, repo, oid),
        None => Ok(Out::Null),
    }
}

/// An object by its id.
pub(in crate::sandbox::graphql) fn thing<'a>(at: At<'a>, repo: &'a Repo, oid: Oid) -> Found<'a> {
    let git = at.state.git(repo.id)?;
    Ok(Out::maybe(match git.kind(oid) {
        "commit" => git.commit(oid).map(|commit| Thing::Commit(repo, Box::new(commit))),
        "tree" => Some(Thing::Tree(repo, oid)),
        "blob" => Some(Thing::Blob(repo, oid)),
        "tag" => Some(Thing::Tag(repo, oid)),
        _ => None,
    }))
}

/// The commit of a SHA.
pub(in crate::sandbox::graphql) fn commit<'a>(at: At<'a>, repo: &'a Repo, sha: &str) -> Found<'a> {
    match Oid::from_str(sha) {
        Ok(oid) => thing(at, repo, oid),
        Err(_no_sha) => Ok(Out::Null),
    }
}

/// What every object has.
fn every<'a>(at: At<'a>, repo: &'a Repo, kind: &str, oid: Oid, name: &str) -> Out<'a> {
    let sha = oid.to_string();
    match name {
        "oid" => Out::leaf(sha),
        "abbreviatedOid" => Out::leaf(&sha[..7]),
        "id" => Out::leaf(node_id(kind, sha)),
        "commitUrl" => Out::leaf(format!("{}/commit/{sha}", at.state.repo_html(repo))),
        "repository" => Out::Thing(Thing::Repository(repo)),
        _ => Out::Null,
    }
}

pub(in crate::sandbox::graphql) fn every_commit<'a>(
    at: At<'a>,
    repo: &'a Repo,
    oid: Oid,
    name: &str,
) -> Out<'a> {
    every(at, repo, "Commit", oid, name)
}

pub(in crate::sandbox::graphql) fn reference<'a>(
    at: At<'a>,
    repo: &'a Repo,
    (full, oid): (&str, Oid),
    name: &str,
) -> Found<'a> {
    let prefix = ["refs/heads/", "refs/tags/", "refs/"];
    let prefix = prefix.into_iter().find(|prefix| full.starts_with(prefix)).unwrap_or_default();
    Ok(match name {
        "id" => Out::leaf(node_id("Ref", format!("{}:{full}", repo.id))),
        "name" => Out::leaf(&full[prefix.len()..]),
        "prefix" => Out::leaf(prefix),
        "repository" => Out::Thing(Thing::Repository(repo)),
        "target" => return thing(at, repo, oid),
        _ => Out::Null,
    })
}

pub(in crate::sandbox::graphql) fn tree<'a>(
    at: At<'a>,
    repo: &'a Repo,
    oid: Oid,
    name: &str,
) -> Found<'a> {
    if name != "entries" {
        return Ok(every(at, repo, "Tree", oid, name));
    }
    let entries = at.state.git(repo.id)?.tree(oid, false)?.into_iter();
    Ok(Out::List(entries.map(|entry| Out::Thing(Thing::Entry(repo, entry))).collect()))
}

pub(in crate::sandbox::graphql) fn entry<'a>(
    at: At<'a>,
    repo: &'a Repo,
    entry: &TreeEntry,
    name: &str,
) -> Found<'a> {
    Ok(match name {
        "mode" => Out::leaf(entry.mode),
        "name" => Out::leaf(entry.path.rsplit('/').next().unwrap_or_default()),
        "path" => Out::leaf(entry.path.as_str()),
        "oid" => Out::leaf(entry.oid.to_string()),
        "type" => Out::leaf(entry.kind()),
        "size" if entry.kind() == "blob" => Out::leaf(at.state.git(repo.id)?.size(entry.oid)),
        "size" => Out::leaf(0),
        "object" => return thing(at, repo, entry.oid),
        _ => Out::Null,
    })
}

/// What is no text, or has a zero in its beginning, is binary and has no text. What is not UTF-8 is shown
/// with its bad bytes replaced.
pub(in crate::sandbox::graphql) fn blob<'a>(
    at: At<'a>,
    repo: &'a Repo,
    oid: Oid,
    name: &str,
) -> Found<'a> {
    let bytes = at.state.git(repo.id)?.blob(oid).unwrap_or_default();
    let binary = bytes.iter().take(8000).any(|byte| *byte == 0);
    Ok(match name {
        "byteSize" => Out::leaf(bytes.len()),
        "isBinary" => Out::leaf(binary),
        "isTruncated" => Out::leaf(bytes.len() > LONGEST),
        "text" if binary => Out::Null,
        "text" => {
            let shown = &bytes[..bytes.len().min(LONGEST)];
            Out::leaf(String::from_utf8_lossy(shown).into_owned())
        }
        _ => every(at, repo, "Blob", oid, name),
    })
}

pub(in crate::sandbox::graphql) fn tag<'a>(
    at: At<'a>,
    repo: &'a Repo,
    oid: Oid,
    name: &str,
) -> Found<'a> {
    let Some(tag) = at.state.git(repo.id)?.tag(oid) else { return Ok(Out::Null) };
    Ok(match name {
        "name" => Out::leaf(tag.name),
        "message" => Out::leaf(tag.message),
        "target" => return thing(at, repo, tag.target),
        _ => every(at, repo, "Tag", oid, name),
    })
}
