//! The JSON of Git data and releases.
//!
//! It knows no pull requests and no checks.

use serde::Deserialize;

use super::User;
use crate::model::ids::Sha;
use crate::model::read::{Account, Commit, Release};

/// A thing that is only a pointer to an object.
#[derive(Deserialize)]
pub(in crate::github) struct Pointer {
    pub(in crate::github) sha: Sha,
    #[serde(default, rename = "type")]
    pub(in crate::github) kind: String,
}

#[derive(Deserialize)]
pub(in crate::github) struct Ref {
    #[serde(rename = "ref")]
    pub(in crate::github) name: String,
    pub(in crate::github) object: Pointer,
}

#[derive(Deserialize)]
pub(in crate::github) struct AnnotatedTag {
    pub(in crate::github) object: Pointer,
}

#[derive(Deserialize)]
pub(in crate::github) struct NamedTag {
    pub(in crate::github) name: String,
    pub(in crate::github) commit: Pointer,
}

#[derive(Deserialize)]
pub(in crate::github) struct WireCommit {
    sha: Sha,
    commit: CommitBody,
    author: Option<MaybeUser>,
    committer: Option<MaybeUser>,
    parents: Vec<Pointer>,
}

/// GitHub's description allows an empty object where it knows no account.
#[derive(Deserialize)]
#[serde(untagged)]
enum MaybeUser {
    User(User),
    Empty {},
}

impl MaybeUser {
    fn into_account(self) -> Option<Account> {
        match self {
            Self::User(user) => Some(user.into_account()),
            Self::Empty {} => None,
        }
    }
}

#[derive(Deserialize)]
struct CommitBody {
    message: String,
    tree: Pointer,
    verification: Option<Verification>,
}

#[derive(Deserialize)]
struct Verification {
    verified: bool,
}

impl WireCommit {
    pub(in crate::github) fn into_commit(self) -> Commit {
        Commit {
            sha: self.sha,
            tree: self.commit.tree.sha,
            parents: self.parents.into_iter().map(|p| p.sha).collect(),
            message: self.commit.message,
            author: self.author.and_then(MaybeUser::into_account),
            committer: self.committer.and_then(MaybeUser::into_account),
            verified: self.commit.verification.is_some_and(|v| v.verified),
        }
    }
}

/// What writing a file answers.
#[derive(Deserialize)]
pub(in crate::github) struct WireWritten {
    pub(in crate::github) commit: WrittenCommit,
}

#[derive(Deserialize)]
pub(in crate::github) struct WrittenCommit {
    pub(in crate::github) sha: Sha,
    #[serde(default)]
    pub(in crate::github) parents: Vec<Pointer>,
}

#[derive(Deserialize)]
pub(in crate::github) struct WireComparison {
    pub(in crate::github) merge_base_commit: WireCommit,
    pub(in crate::github) commits: Vec<WireCommit>,
    pub(in crate::github) total_commits: u64,
}

#[derive(Deserialize)]
pub(in crate::github) struct WireTree {
    pub(in crate::github) tree: Vec<TreeEntry>,
    #[serde(default)]
    pub(in crate::github) truncated: bool,
}

#[derive(Deserialize)]
pub(in crate::github) struct TreeEntry {
    pub(in crate::github) path: String,
    pub(in crate::github) mode: String,
    pub(in crate::github) sha: Sha,
}

#[derive(Deserialize)]
pub(in crate::github) struct Blob {
    pub(in crate::github) content: String,
    pub(in crate::github) encoding: String,
}

#[derive(Deserialize)]
pub(in crate::github) struct WireRelease {
    tag_name: String,
    name: Option<String>,
    body: Option<String>,
    draft: bool,
    prerelease: bool,
    html_url: String,
    author: Option<User>,
    target_commitish: Option<String>,
}

impl WireRelease {
    pub(in crate::github) fn into_release(self) -> Release {
        Release {
            tag: self.tag_name,
            name: self.name.unwrap_or_default(),
            notes: self.body.unwrap_or_default(),
            draft: self.draft,
            prerelease: self.prerelease,
            url: self.html_url,
            author: self.author.map(User::into_account),
            branch: self.target_commitish,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_commit_without_known_author_is_read() {
        for author in [json!(null), json!({})] {
            let commit: WireCommit = serde_json::from_value(json!({
                "sha": "a".repeat(40), "author": author, "parents": [],
                "commit": {"message": "m", "tree": {"sha": "b".repeat(40)}},
            }))
            .unwrap();
            let commit = commit.into_commit();
            assert!(commit.author.is_none() && !commit.verified);
        }
    }
}
