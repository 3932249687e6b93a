//! Reviews and their remarks as GitHub shows them.
//! It does not know what they mean for a merge.
//! <https://docs.github.com/en/rest/pulls/reviews>, <https://docs.github.com/en/rest/pulls/comments>

use serde_json::{Value, json};

use super::{node, time};
use crate::sandbox::model::{Id, Repo, Review};
use crate::sandbox::state::State;

impl State {
    /// A review.
    pub(crate) fn review_json(&self, repo: &Repo, number: u64, review: &Review) -> Value {
        let pull = format!("{}/pulls/{number}", self.repo_url(repo));
        let html =
            format!("{}/pull/{number}#pullrequestreview-{}", self.repo_html(repo), review.id);
        let mut shown = json!({
            "id": review.id,
            "node_id": node("PullRequestReview", review.id),
            "user": self.account_json(review.author),
            "body": review.body,
            "state": review.state,
            "html_url": html,
            "pull_request_url": pull,
            "_links": {"html": {"href": html}, "pull_request": {"href": pull}},
            "commit_id": review.commit,
            "author_association": self.association(review.author, repo.id),
        });
        if let Some(at) = review.submitted_at {
            shown["submitted_at"] = time(at).into();
            shown["updated_at"] = time(at).into();
        }
        shown
    }

    /// A remark of a review on a line.
    pub(crate) fn review_comment_json(
        &self,
        repo: &Repo,
        number: u64,
        review: &Review,
        comment: Id,
    ) -> Value {
        let Some(comment) = review.comments.iter().find(|one| one.id == comment) else {
            return Value::Null;
        };
        let base = self.repo_url(repo);
        let url = format!("{base}/pulls/comments/{}", comment.id);
        let pull = format!("{base}/pulls/{number}");
        let html = format!("{}/pull/{number}#discussion_r{}", self.repo_html(repo), comment.id);
        json!({
            "id": comment.id,
            "node_id": node("PullRequestReviewComment", comment.id),
            "url": url,
            "pull_request_review_id": review.id,
            "diff_hunk": "",
            "path": comment.path,
            "position": comment.line.unwrap_or(1),
            "original_position": comment.line.unwrap_or(1),
            "line": comment.line.unwrap_or(1),
            "original_line": comment.line.unwrap_or(1),
            "start_line": null,
            "original_start_line": null,
            "start_side": null,
            "side": "RIGHT",
            "subject_type": if comment.line.is_some() { "line" } else { "file" },
            "commit_id": review.commit,
            "original_commit_id": review.commit,
            "user": self.account_json(review.author),
            "body": comment.body,
            "created_at": time(comment.created_at),
            "updated_at": time(comment.created_at),
            "html_url": html,
            "pull_request_url": pull,
            "author_association": self.association(review.author, repo.id),
            "_links": {
                "self": {"href": url},
                "html": {"href": html},
                "pull_request": {"href": pull},
            },
            "reactions": self.rollup_json(&[], &format!("{url}/reactions")),
        })
    }
}
