//! Releases and tags as GitHub shows them.
//! It does not know who may see drafts.
//! <https://docs.github.com/en/rest/releases/releases#get-a-release>

use git2::Oid;
use serde_json::{Value, json};

use super::{node, node_id, time, time_or_null};
use crate::sandbox::model::{Release, Repo};
use crate::sandbox::state::State;

impl State {
    /// A release.
    pub(crate) fn release_json(&self, repo: &Repo, release: &Release) -> Value {
        let (url, html) = (self.repo_url(repo), self.repo_html(repo));
        let own = format!("{url}/releases/{}", release.id);
        let ball = |kind: &str| match release.draft {
            true => Value::Null,
            false => format!("{url}/{kind}/{}", release.tag).into(),
        };
        // A draft has an address that does not tell its tag.
        let page = match release.draft {
            true => format!("untagged-{:020x}", release.id),
            false => release.tag.clone(),
        };
        let mut shown = json!({
            "url": own,
            "assets_url": format!("{own}/assets"),
            "upload_url": format!("{}/uploads/repos/{}/releases/{}/assets{{?name,label}}", self.api(), self.full_name(repo), release.id),
            "html_url": format!("{html}/releases/tag/{page}"),
            "id": release.id,
            "node_id": node("Release", release.id),
            "author": self.account_json(release.author),
            "tag_name": release.tag,
            "target_commitish": release.target,
            "name": release.name,
            "body": release.body,
            "draft": release.draft,
            "immutable": false,
            "prerelease": release.prerelease,
            "created_at": time(release.created_at),
            "updated_at": time(release.updated_at),
            "published_at": time_or_null(release.published_at),
            "assets": [],
            "tarball_url": ball("tarball"),
            "zipball_url": ball("zipball"),
        });
        if !release.reactions.is_empty() {
            shown["reactions"] = self.rollup_json(&release.reactions, &format!("{own}/reactions"));
        }
        shown
    }

    /// A tag in the list of tags.
    pub(crate) fn tag_entry_json(&self, repo: &Repo, name: &str, commit: Oid) -> Value {
        let url = self.repo_url(repo);
        json!({
            "name": name,
            "zipball_url": format!("{url}/zipball/refs/tags/{name}"),
            "tarball_url": format!("{url}/tarball/refs/tags/{name}"),
            "commit": {"sha": commit.to_string(), "url": format!("{url}/commits/{commit}")},
            "node_id": node_id("Ref", format!("{}:refs/tags/{name}", repo.id)),
        })
    }
}
