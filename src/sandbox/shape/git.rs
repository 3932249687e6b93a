//! Commits, refs, trees, files and comparisons as GitHub shows them.
//! It does not know where they come from.
//! <https://docs.github.com/en/rest/git>, <https://docs.github.com/en/rest/commits>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use git2::Oid;
use serde_json::{Value, json};

use super::{merge, node_id, time};
use crate::sandbox::git::{Commit, FileChange, Git, Person, Tag, TreeEntry};
use crate::sandbox::model::Repo;
use crate::sandbox::state::State;

impl State {
    /// A commit as lists have it.
    pub(crate) fn commit_json(&self, repo: &Repo, commit: &Commit) -> Value {
        let (url, html, sha) = (self.repo_url(repo), self.repo_html(repo), commit.sha.to_string());
        let account = |person: &Person| {
            let account = self.account_by_email(&person.email);
            self.account_or_null(account.map(|account| account.id))
        };
        json!({
            "sha": sha,
            "node_id": node_id("Commit", &sha),
            "commit": {
                "author": person_json(&commit.author),
                "committer": person_json(&commit.committer),
                "message": commit.message,
                "tree": {"sha": commit.tree.to_string(), "url": format!("{url}/git/trees/{}", commit.tree)},
                "url": format!("{url}/git/commits/{sha}"),
                "comment_count": 0,
                "verification": verification(repo, commit),
            },
            "url": format!("{url}/commits/{sha}"),
            "html_url": format!("{html}/commit/{sha}"),
            "comments_url": format!("{url}/commits/{sha}/comments"),
            "author": account(&commit.author),
            "committer": account(&commit.committer),
            "parents": self.parents(repo, commit, "commits"),
        })
    }

    /// A commit with what it changes, as one gets it by SHA.
    pub(crate) fn full_commit_json(
        &self,
        repo: &Repo,
        commit: &Commit,
        files: &[FileChange],
    ) -> Value {
        let mut shown = self.commit_json(repo, commit);
        let additions: usize = files.iter().map(|file| file.additions).sum();
        let deletions: usize = files.iter().map(|file| file.deletions).sum();
        let sha = commit.sha.to_string();
        let more = json!({
            "stats": {"additions": additions, "deletions": deletions, "total": additions + deletions},
            "files": files.iter().map(|file| self.file_json(repo, &sha, file)).collect::<Value>(),
        });
        merge(&mut shown, more);
        shown
    }

    /// A commit as the Git database API has it.
    pub(crate) fn git_commit_json(&self, repo: &Repo, commit: &Commit) -> Value {
        let (url, sha) = (self.repo_url(repo), commit.sha.to_string());
        json!({
            "sha": sha,
            "node_id": node_id("Commit", &sha),
            "url": format!("{url}/git/commits/{sha}"),
            "html_url": format!("{}/commit/{sha}", self.repo_html(repo)),
            "author": person_json(&commit.author),
            "committer": person_json(&commit.committer),
            "tree": {"sha": commit.tree.to_string(), "url": format!("{url}/git/trees/{}", commit.tree)},
            "message": commit.message,
            "parents": self.parents(repo, commit, "git/commits"),
            "verification": verification(repo, commit),
        })
    }

    fn parents(&self, repo: &Repo, commit: &Commit, below: &str) -> Value {
        let (url, html) = (self.repo_url(repo), self.repo_html(repo));
        let parents = commit.parents.iter().map(|parent| {
            json!({
                "sha": parent.to_string(),
                "url": format!("{url}/{below}/{parent}"),
                "html_url": format!("{html}/commit/{parent}"),
            })
        });
        parents.collect()
    }

    /// A ref.
    pub(crate) fn ref_json(&self, repo: &Repo, git: &Git, name: &str, target: Oid) -> Value {
        let (url, kind) = (self.repo_url(repo), git.kind(target));
        json!({
            "ref": name,
            "node_id": node_id("Ref", format!("{}:{name}", repo.id)),
            "url": format!("{url}/git/{name}"),
            "object": {
                "sha": target.to_string(),
                "type": kind,
                "url": format!("{url}/git/{kind}s/{target}"),
            },
        })
    }

    /// A branch with the little that lists have.
    pub(crate) fn branch_json(&self, repo: &Repo, name: &str, tip: Oid) -> Value {
        let url = self.repo_url(repo);
        let protection = repo.protections.get(name);
        let contexts: Vec<&str> = protection
            .and_then(|protection| protection.checks.as_ref())
            .map(|checks| checks.checks.iter().map(|check| check.context.as_str()).collect())
            .unwrap_or_default();
        let level = match protection {
            None => "off",
            Some(protection) if protection.enforce_admins => "everyone",
            Some(_) => "non_admins",
        };
        let checks: Vec<Value> = protection
            .and_then(|protection| protection.checks.as_ref())
            .map(|checks| {
                let checks = checks.checks.iter();
                checks.map(|check| json!({"context": check.context, "app_id": check.app})).collect()
            })
            .unwrap_or_default();
        json!({
            "name": name,
            "commit": {"sha": tip.to_string(), "url": format!("{url}/commits/{tip}")},
            "protected": protection.is_some(),
            "protection": {
                "enabled": protection.is_some(),
                "required_status_checks": {"enforcement_level": level, "contexts": contexts, "checks": checks},
            },
            "protection_url": format!("{url}/branches/{name}/protection"),
        })
    }

    /// A tree; `path`s of a recursive one have folders.
    pub(crate) fn tree_json(
        &self,
        repo: &Repo,
        git: &Git,
        sha: Oid,
        entries: &[TreeEntry],
        cut: bool,
    ) -> Value {
        let url = self.repo_url(repo);
        let entries = entries.iter().map(|entry| {
            let mut shown = json!({
                "path": entry.path,
                "mode": format!("{:06o}", entry.mode),
                "type": entry.kind(),
                "sha": entry.oid.to_string(),
            });
            match entry.kind() {
                "blob" => {
                    shown["size"] = git.size(entry.oid).into();
                    shown["url"] = format!("{url}/git/blobs/{}", entry.oid).into();
                }
                "tree" => shown["url"] = format!("{url}/git/trees/{}", entry.oid).into(),
                _ => {}
            }
            shown
        });
        json!({
            "sha": sha.to_string(),
            "url": format!("{url}/git/trees/{sha}"),
            "tree": entries.collect::<Value>(),
            "truncated": cut,
        })
    }

    /// An annotated tag.
    pub(crate) fn tag_json(&self, repo: &Repo, git: &Git, tag: &Tag) -> Value {
        let (url, kind) = (self.repo_url(repo), git.kind(tag.target));
        let nobody = || json!({"name": "", "email": "", "date": "1970-01-01T00:00:00Z"});
        json!({
            "node_id": node_id("Tag", tag.sha),
            "tag": tag.name,
            "sha": tag.sha.to_string(),
            "url": format!("{url}/git/tags/{}", tag.sha),
            "message": tag.message,
            "tagger": tag.tagger.as_ref().map_or_else(nobody, person_json),
            "object": {
                "sha": tag.target.to_string(),
                "type": kind,
                "url": format!("{url}/git/{kind}s/{}", tag.target),
            },
            "verification": unsigned(),
        })
    }

    /// A changed file, GitHub's "diff entry".
    pub(crate) fn file_json(&self, repo: &Repo, commit: &str, file: &FileChange) -> Value {
        let (url, html) = (self.repo_url(repo), self.repo_html(repo));
        let mut shown = json!({
            "sha": file.blob.to_string(),
            "filename": file.path,
            "status": file.status,
            "additions": file.additions,
            "deletions": file.deletions,
            "changes": file.additions + file.deletions,
            "blob_url": format!("{html}/blob/{commit}/{}", file.path),
            "raw_url": format!("{html}/raw/{commit}/{}", file.path),
            "contents_url": format!("{url}/contents/{}?ref={commit}", file.path),
        });
        if let Some(patch) = &file.patch {
            shown["patch"] = patch.clone().into();
        }
        if let Some(previous) = &file.previous {
            shown["previous_filename"] = previous.clone().into();
        }
        shown
    }

    /// A file or folder as the contents API shows it, without what is in it.
    pub(crate) fn entry_json(&self, repo: &Repo, git: &Git, entry: &TreeEntry, at: &str) -> Value {
        let (url, html) = (self.repo_url(repo), self.repo_html(repo));
        let (path, sha) = (&entry.path, entry.oid.to_string());
        let (kind, below) = match (entry.kind(), entry.mode) {
            ("tree", _) => ("dir", "trees"),
            ("commit", _) => ("submodule", "trees"),
            (_, 0o120_000) => ("symlink", "blobs"),
            _ => ("file", "blobs"),
        };
        let here = format!("{url}/contents/{path}?ref={at}");
        let git_url = format!("{url}/git/{below}/{sha}");
        let page = format!("{html}/{}/{at}/{path}", if kind == "dir" { "tree" } else { "blob" });
        let raw = (kind == "file").then(|| format!("{html}/raw/{at}/{path}"));
        json!({
            "name": path.rsplit('/').next(),
            "path": path,
            "sha": sha,
            "size": if kind == "file" { git.size(entry.oid) } else { 0 },
            "type": kind,
            "url": here,
            "html_url": page,
            "git_url": git_url,
            "download_url": raw,
            "_links": {"self": here, "git": git_url, "html": page},
        })
    }
}

/// Base64 as GitHub sends it, in lines of 60 characters.
pub(crate) fn base64_lines(bytes: &[u8]) -> String {
    let mut lines = String::new();
    for chunk in bytes.chunks(45) {
        lines.push_str(&STANDARD.encode(chunk));
        lines.push('\n');
    }
    lines
}

/// The author or committer of a commit.
pub(crate) fn person_json(person: &Person) -> Value {
    json!({"name": person.name, "email": person.email, "date": time(person.at)})
}

/// <https://docs.github.com/en/authentication/managing-commit-signature-verification/about-commit-signature-verification>
fn verification(repo: &Repo, commit: &Commit) -> Value {
    if !repo.verified.contains(&commit.sha.to_string()) {
        return unsigned();
    }
    json!({
        "verified": true,
        "reason": "valid",
        "signature": "-----BEGIN PGP SIGNATURE-----\n\nsigned by the sandbox\n-----END PGP SIGNATURE-----\n",
        "payload": format!("tree {}\n\n{}", commit.tree, commit.message),
        "verified_at": time(commit.committer.at),
    })
}

fn unsigned() -> Value {
    json!({"verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null})
}
