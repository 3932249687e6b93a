//! Repositories as GitHub shows them.
//! It does not know what is in their object store.
//! <https://docs.github.com/en/rest/repos/repos#get-a-repository>

use serde_json::{Map, Value, json};

use super::{node, time};
use crate::sandbox::auth::Caller;
use crate::sandbox::model::{Id, Repo, Role};
use crate::sandbox::state::State;

/// Keys of addresses below the repository's own, with what follows it.
const ADDRESSES: [(&str, &str); 36] = [
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
];

impl State {
    /// The base of a repository's API addresses.
    pub(crate) fn repo_url(&self, repo: &Repo) -> String {
        format!("{}/repos/{}", self.api(), self.full_name(repo))
    }

    /// The base of a repository's page addresses.
    pub(crate) fn repo_html(&self, repo: &Repo) -> String {
        format!("{}/{}", self.html(), self.full_name(repo))
    }

    /// A repository as everybody sees it, as webhooks and lists have it.
    pub(crate) fn repository_json(&self, repo: &Repo) -> Value {
        let (url, html) = (self.repo_url(repo), self.repo_html(repo));
        let forks = self.repos.values().filter(|other| other.parent == Some(repo.id)).count();
        let open = repo.issues.values().filter(|issue| issue.open).count();
        let mut fields: Map<String, Value> = ADDRESSES
            .iter()
            .map(|(key, rest)| ((*key).to_owned(), format!("{url}{rest}").into()))
            .collect();
        let about = json!({
            "id": repo.id,
            "node_id": node("Repository", repo.id),
            "name": repo.name,
            "full_name": self.full_name(repo),
            "private": repo.private,
            "owner": self.account_json(repo.owner),
            "html_url": html,
            "description": repo.description,
            "fork": repo.parent.is_some(),
            "url": url,
            "git_url": format!("{}.git", html.replace("http:", "git:")),
            "ssh_url": format!("git@sandbox:{}.git", self.full_name(repo)),
            "clone_url": format!("{html}.git"),
            "svn_url": html,
            "mirror_url": null,
            "homepage": null,
            "language": null,
            "license": null,
            "visibility": if repo.private { "private" } else { "public" },
            "default_branch": repo.default_branch,
            "created_at": time(repo.created_at),
            "updated_at": time(repo.updated_at),
            "pushed_at": time(repo.pushed_at),
            "archived": repo.archived,
            "disabled": false,
            "is_template": false,
            "topics": [],
        });
        let features = json!({
            "size": 100,
            "forks": forks,
            "forks_count": forks,
            "watchers": 0,
            "watchers_count": 0,
            "stargazers_count": 0,
            "open_issues": open,
            "open_issues_count": open,
            "has_issues": true,
            "has_projects": false,
            "has_wiki": false,
            "has_pages": false,
            "has_downloads": true,
            "has_discussions": false,
            "allow_forking": true,
            "web_commit_signoff_required": false,
        });
        for part in [about, features] {
            if let Value::Object(part) = part {
                fields.extend(part);
            }
        }
        fields.into()
    }

    /// The same with what the caller may do.
    pub(crate) fn repository_for(&self, repo: &Repo, caller: &Caller) -> Value {
        let mut shown = self.repository_json(repo);
        let role = match caller {
            Caller::Person(person) => self.role(*person, repo.id),
            Caller::Installation { token, .. } if self.token_reaches(token, repo) => {
                match token.permissions.get("contents").map(|level| level.word()) {
                    Some("write") => Role::Write,
                    _ => Role::Read,
                }
            }
            _ => Role::Read,
        };
        shown["permissions"] = permissions(role);
        shown
    }

    /// A repository with everything, as one gets it by name.
    pub(crate) fn full_repository(&self, repo: &Repo, caller: &Caller) -> Value {
        let mut shown = self.repository_for(repo, caller);
        let more = json!({
            "network_count": shown["forks_count"],
            "subscribers_count": 0,
            "temp_clone_token": "",
            "allow_squash_merge": true,
            "allow_merge_commit": true,
            "allow_rebase_merge": true,
            "allow_auto_merge": false,
            "allow_update_branch": true,
            "delete_branch_on_merge": repo.delete_branch_on_merge,
            "use_squash_pr_title_as_default": false,
            "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
            "squash_merge_commit_message": "COMMIT_MESSAGES",
            "merge_commit_title": "MERGE_MESSAGE",
            "merge_commit_message": "PR_TITLE",
        });
        merge(&mut shown, more);
        if self.orgs.contains_key(&repo.owner) {
            shown["organization"] = self.account_json(repo.owner);
        }
        let ancestors = [("parent", repo.parent), ("source", Some(repo.network))];
        for (key, id) in ancestors.into_iter().filter(|_| repo.parent.is_some()) {
            if let Some(ancestor) = id.and_then(|id| self.repos.get(&id)) {
                shown[key] = self.repository_json(ancestor);
            }
        }
        shown
    }

    /// The few words that some payloads have for a repository.
    pub(crate) fn repository_stub(&self, repo: Id) -> Value {
        self.repos.get(&repo).map_or(Value::Null, |repo| {
            json!({
                "id": repo.id,
                "node_id": node("Repository", repo.id),
                "name": repo.name,
                "full_name": self.full_name(repo),
                "private": repo.private,
            })
        })
    }
}

/// GitHub's five switches for a role.
pub(crate) fn permissions(role: Role) -> Value {
    json!({
        "admin": role >= Role::Admin,
        "maintain": role >= Role::Maintain,
        "push": role >= Role::Write,
        "triage": role >= Role::Triage,
        "pull": role >= Role::Read,
    })
}

/// Puts the fields of an object into another.
pub(crate) fn merge(object: &mut Value, more: Value) {
    if let (Value::Object(fields), Value::Object(more)) = (object, more) {
        fields.extend(more);
    }
}
