//! Pull requests as GitHub shows them.
//! It does not know how they are made or merged.
//! <https://docs.github.com/en/rest/pulls/pulls>

use serde_json::{Value, json};

use super::{merge, node, time, time_or_null};
use crate::sandbox::model::{Id, Issue, Pull, PullSide, Repo};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::State;

impl State {
    /// A pull request as lists have it.
    pub(crate) fn pull_json(&self, repo: &Repo, issue: &Issue, pull: &Pull) -> Value {
        let (url, html) = (self.repo_url(repo), self.repo_html(repo));
        let number = issue.number;
        let here = format!("{url}/pulls/{number}");
        let page = format!("{html}/pull/{number}");
        let assignees: Vec<Value> =
            issue.assignees.iter().map(|person| self.account_json(*person)).collect();
        let reviewers = pull.requested_reviewers.iter();
        let teams = pull.requested_teams.iter();
        let links = [
            ("self", here.clone()),
            ("html", page.clone()),
            ("issue", format!("{url}/issues/{number}")),
            ("comments", format!("{url}/issues/{number}/comments")),
            ("review_comments", format!("{here}/comments")),
            ("review_comment", format!("{url}/pulls/comments{{/number}}")),
            ("commits", format!("{here}/commits")),
            ("statuses", format!("{url}/statuses/{}", pull.head.sha)),
        ];
        let links: serde_json::Map<String, Value> = links
            .into_iter()
            .map(|(name, href)| (name.to_owned(), json!({"href": href})))
            .collect();
        let mut shown = json!({
            "id": pull.id,
            "node_id": node("PullRequest", pull.id),
            "number": number,
            "url": here,
            "html_url": page,
            "diff_url": format!("{page}.diff"),
            "patch_url": format!("{page}.patch"),
            "issue_url": format!("{url}/issues/{number}"),
            "commits_url": format!("{here}/commits"),
            "review_comments_url": format!("{here}/comments"),
            "review_comment_url": format!("{url}/pulls/comments{{/number}}"),
            "comments_url": format!("{url}/issues/{number}/comments"),
            "statuses_url": format!("{url}/statuses/{}", pull.head.sha),
            "head": self.side_json(&pull.head),
            "base": self.side_json(&pull.base),
            "_links": links,
        });
        let about = json!({
            "state": if issue.open { "open" } else { "closed" },
            "locked": issue.locked,
            "active_lock_reason": null,
            "title": issue.title,
            "body": issue.body,
            "user": self.account_json(issue.author),
            "author_association": self.association(issue.author, repo.id),
            "labels": self.labels_json(repo, &issue.labels),
            "assignee": assignees.first(),
            "assignees": assignees,
            "requested_reviewers": reviewers.map(|person| self.account_json(*person)).collect::<Value>(),
            "requested_teams": teams.map(|team| self.team_json(repo.owner, *team)).collect::<Value>(),
            "milestone": null,
            "draft": pull.draft,
            "auto_merge": null,
            "created_at": time(issue.created_at),
            "updated_at": time(issue.updated_at),
            "closed_at": time_or_null(issue.closed_at),
            "merged_at": time_or_null(pull.merged_at),
            "merge_commit_sha": pull.merge_commit,
        });
        merge(&mut shown, about);
        shown
    }

    /// A pull request in a list, where labels have a description, be it empty.
    pub(crate) fn listed_pull_json(&self, repo: &Repo, issue: &Issue, pull: &Pull) -> Value {
        let mut shown = self.pull_json(repo, issue, pull);
        for label in shown["labels"].as_array_mut().into_iter().flatten() {
            if label["description"].is_null() {
                label["description"] = json!("");
            }
        }
        shown
    }

    /// A pull request with everything, as one gets it by number.
    pub(crate) fn full_pull_json(&self, id: Id, number: u64) -> Result<Value, Refusal> {
        let repo = self.repo(id)?;
        let (issue, pull) = self.pull(id, number)?;
        let mut shown = self.pull_json(repo, issue, pull);
        let merging = self.mergeability(id, number)?;
        if issue.open && merging.mergeable == Some(true) {
            let test = self.test_merge(id, number)?;
            shown["merge_commit_sha"] = test.map(|oid| oid.to_string()).into();
        }
        let files = self.pull_files(id, number)?;
        let remarks: usize = pull.reviews.iter().map(|review| review.comments.len()).sum();
        let more = json!({
            "merged": pull.merged_at.is_some(),
            "merged_by": self.account_or_null(pull.merged_by),
            "mergeable": merging.mergeable,
            "rebaseable": merging.mergeable,
            "mergeable_state": merging.state,
            "comments": issue.comments.len(),
            "review_comments": remarks,
            "maintainer_can_modify": pull.maintainer_can_modify,
            "commits": self.pull_commits(id, number)?.len(),
            "additions": files.iter().map(|file| file.additions).sum::<usize>(),
            "deletions": files.iter().map(|file| file.deletions).sum::<usize>(),
            "changed_files": files.len(),
        });
        merge(&mut shown, more);
        Ok(shown)
    }

    fn side_json(&self, side: &PullSide) -> Value {
        let repo = side.repo.and_then(|repo| self.repos.get(&repo));
        json!({
            "label": format!("{}:{}", self.login(side.owner), side.branch),
            "ref": side.branch,
            "sha": side.sha,
            "user": self.account_json(side.owner),
            "repo": repo.map_or(Value::Null, |repo| {
                let mut shown = self.repository_json(repo);
                merge(&mut shown, json!({
                    "allow_squash_merge": true,
                    "allow_merge_commit": true,
                    "allow_rebase_merge": true,
                    "allow_auto_merge": false,
                    "allow_update_branch": true,
                    "delete_branch_on_merge": repo.delete_branch_on_merge,
                }));
                shown
            }),
        })
    }
}
