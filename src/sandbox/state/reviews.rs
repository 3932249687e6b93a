//! Reviews of pull requests, and who is asked for one.
//! It does not know how many of them a branch requires.
//! <https://docs.github.com/en/rest/pulls/reviews>, <https://docs.github.com/en/rest/pulls/review-requests>,
//! <https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request_review>

use serde_json::{Value, json};

use super::{Actor, State};
use crate::sandbox::model::issue::{ReviewComment, ReviewState};
use crate::sandbox::model::{Happening, Id, Review};
use crate::sandbox::refusal::Refusal;

/// A review that is to be.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewReview {
    /// The commit that was looked at; the head where none is named.
    pub(crate) commit: Option<String>,
    pub(crate) body: String,
    /// `None`: it is begun, and submitted later.
    pub(crate) verdict: Option<ReviewState>,
    /// Path, line, text.
    pub(crate) comments: Vec<(String, Option<u64>, String)>,
}

impl State {
    /// Reviews a pull request.
    pub(crate) fn create_review(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        new: NewReview,
    ) -> Result<Id, Refusal> {
        let (_, pull) = self.pull(repo, number)?;
        let mine = |one: &&Review| one.state == ReviewState::Pending && one.author == actor.account;
        if pull.reviews.iter().any(|one| mine(&one)) {
            return Err(sentence("User can only have one pending review per pull request"));
        }
        let commit = new.commit.unwrap_or_else(|| pull.head.sha.clone());
        let known = self.pull_commits(repo, number)?;
        if !known.iter().any(|one| one.sha.to_string() == commit) {
            return Err(sentence("Commit is not part of the pull request"));
        }
        if let Some(verdict) = new.verdict {
            let silent = new.body.trim().is_empty() && new.comments.is_empty();
            self.check_verdict(actor, repo, number, verdict, silent)?;
        }
        let (id, now) = (self.new_id(), self.now());
        let comments = new.comments.into_iter().map(|(path, line, body)| {
            let id = self.new_id();
            ReviewComment { id, path, line, body, created_at: now }
        });
        let review = Review {
            id,
            author: actor.account,
            body: new.body,
            state: ReviewState::Pending,
            commit,
            submitted_at: None,
            comments: comments.collect(),
        };
        self.pull_mut(repo, number)?.reviews.push(review);
        match new.verdict {
            Some(verdict) => self.submit(actor, repo, number, id, verdict)?,
            None => self.touch(repo, number)?,
        }
        Ok(id)
    }

    /// Submits a review that was begun.
    pub(crate) fn submit_review(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        id: Id,
        body: Option<&str>,
        verdict: ReviewState,
    ) -> Result<(), Refusal> {
        let review = self.review(repo, number, id)?;
        if review.author != actor.account {
            return Err(Refusal::not_found());
        }
        if review.state != ReviewState::Pending {
            return Err(sentence("Can not submit a review that was submitted before"));
        }
        let body = body.unwrap_or(&review.body).to_owned();
        let silent = body.trim().is_empty() && review.comments.is_empty();
        self.check_verdict(actor, repo, number, verdict, silent)?;
        self.review_mut(repo, number, id)?.body = body;
        self.submit(actor, repo, number, id, verdict)
    }

    fn check_verdict(
        &self,
        actor: Actor,
        repo: Id,
        number: u64,
        verdict: ReviewState,
        silent: bool,
    ) -> Result<(), Refusal> {
        let own = self.issue(repo, number)?.author == actor.account;
        match verdict {
            ReviewState::Approved if own => Err(sentence("Can not approve your own pull request")),
            ReviewState::ChangesRequested if own => {
                Err(sentence("Can not request changes on your own pull request"))
            }
            ReviewState::ChangesRequested | ReviewState::Commented if silent => {
                Err(sentence("Body can't be blank"))
            }
            _ => Ok(()),
        }
    }

    fn submit(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        id: Id,
        verdict: ReviewState,
    ) -> Result<(), Refusal> {
        let now = self.now();
        let review = self.review_mut(repo, number, id)?;
        review.state = verdict;
        review.submitted_at = Some(now);
        let comments: Vec<Id> = review.comments.iter().map(|comment| comment.id).collect();
        let pull = self.pull_mut(repo, number)?;
        pull.requested_reviewers.remove(&actor.account);
        self.touch(repo, number)?;
        self.tell_review(actor, repo, number, id, "submitted", json!({}))?;
        for comment in comments {
            let (issue, pull) = self.pull(repo, number)?;
            let (seen, review) = (self.repo(repo)?, self.review(repo, number, id)?);
            let body = json!({
                "comment": self.review_comment_json(seen, number, review, comment),
                "pull_request": self.pull_json(seen, issue, pull),
            });
            self.emit(repo, actor, "pull_request_review_comment", Some("created"), body);
        }
        Ok(())
    }

    /// Changes what a review says.
    pub(crate) fn edit_review(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        id: Id,
        body: &str,
    ) -> Result<(), Refusal> {
        let review = self.review_mut(repo, number, id)?;
        if review.author != actor.account {
            return Err(Refusal::new(403, "Only its author may edit a review."));
        }
        let before = std::mem::replace(&mut review.body, body.to_owned());
        if review.state == ReviewState::Pending {
            return Ok(());
        }
        let changes = json!({"changes": {"body": {"from": before}}});
        self.tell_review(actor, repo, number, id, "edited", changes)
    }

    /// Throws a review away that was not submitted.
    pub(crate) fn discard_review(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        id: Id,
    ) -> Result<(), Refusal> {
        let review = self.review(repo, number, id)?;
        if review.author != actor.account {
            return Err(Refusal::not_found());
        }
        if review.state != ReviewState::Pending {
            return Err(sentence("Can not delete a non-pending pull request review"));
        }
        let reviews = &mut self.pull_mut(repo, number)?.reviews;
        reviews.retain(|review| review.id != id);
        Ok(())
    }

    /// Dismisses a review, so that it counts no more.
    pub(crate) fn dismiss_review(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        id: Id,
        message: &str,
    ) -> Result<(), Refusal> {
        let review = self.review_mut(repo, number, id)?;
        let before = review.state;
        match before {
            ReviewState::Approved | ReviewState::ChangesRequested => {}
            ReviewState::Pending => return Err(Refusal::not_found()),
            ReviewState::Commented => {
                return Err(sentence("Can not dismiss a commented pull request review"));
            }
            ReviewState::Dismissed => {
                return Err(sentence("Can not dismiss a dismissed pull request review"));
            }
        }
        review.state = ReviewState::Dismissed;
        let what = Happening::ReviewDismissed(id, before, message.to_owned());
        self.happened(actor, repo, number, what)?;
        self.touch(repo, number)?;
        self.tell_review(actor, repo, number, id, "dismissed", json!({}))
    }

    /// Asks people and teams for a review, or (`false`) asks them no more.
    pub(crate) fn request_review(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        (people, teams): (&[Id], &[Id]),
        wanted: bool,
    ) -> Result<(), Refusal> {
        let action = if wanted { "review_requested" } else { "review_request_removed" };
        let people = people.iter().map(|id| (Some(*id), None));
        let teams = teams.iter().map(|id| (None, Some(*id)));
        for (person, team) in people.chain(teams) {
            let pull = self.pull_mut(repo, number)?;
            let set = match person {
                Some(_) => &mut pull.requested_reviewers,
                None => &mut pull.requested_teams,
            };
            let Some(id) = person.or(team) else { continue };
            let changed = if wanted { set.insert(id) } else { set.remove(&id) };
            if !changed {
                continue;
            }
            let what = if wanted {
                Happening::ReviewRequested(person, team)
            } else {
                Happening::ReviewRequestRemoved(person, team)
            };
            self.happened(actor, repo, number, what)?;
            self.touch(repo, number)?;
            let more = match person {
                Some(person) => json!({"requested_reviewer": self.account_json(person)}),
                None => json!({"requested_team": self.team_json(self.repo(repo)?.owner, id)}),
            };
            self.emit_about(actor, repo, number, action, more)?;
        }
        Ok(())
    }

    /// A review by id.
    pub(crate) fn review(&self, repo: Id, number: u64, id: Id) -> Result<&Review, Refusal> {
        let (_, pull) = self.pull(repo, number)?;
        let mut reviews = pull.reviews.iter();
        reviews.find(|review| review.id == id).ok_or_else(Refusal::not_found)
    }

    fn review_mut(&mut self, repo: Id, number: u64, id: Id) -> Result<&mut Review, Refusal> {
        let reviews = &mut self.pull_mut(repo, number)?.reviews;
        reviews.iter_mut().find(|review| review.id == id).ok_or_else(Refusal::not_found)
    }

    fn tell_review(
        &mut self,
        actor: Actor,
        repo: Id,
        number: u64,
        id: Id,
        action: &str,
        mut body: Value,
    ) -> Result<(), Refusal> {
        let (issue, pull) = self.pull(repo, number)?;
        let seen = self.repo(repo)?;
        let mut shown = self.review_json(seen, number, self.review(repo, number, id)?);
        // Webhooks write it small, and have no empty text.
        let state = shown["state"].as_str().unwrap_or_default().to_lowercase();
        shown["state"] = state.into();
        if shown["body"] == "" {
            shown["body"] = Value::Null;
        }
        body["review"] = shown;
        body["pull_request"] = self.pull_json(seen, issue, pull);
        self.emit(repo, actor, "pull_request_review", Some(action), body);
        Ok(())
    }
}

/// 422 as the review endpoints word it: the errors are sentences.
fn sentence(message: &str) -> Refusal {
    Refusal { errors: vec![message.into()], ..Refusal::unprocessable("Unprocessable Entity") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::seed::tests::seeded;
    use crate::sandbox::state::NewPull;

    fn scene() -> (State, crate::sandbox::folder::Folder, Id, u64) {
        let (mut state, folder) = seeded();
        let repo = state.repo_named("acme", "microservices-demo").unwrap().id;
        let ada = actor(&state, "ada");
        let git = state.git(repo).unwrap();
        let main = git.branch("main").unwrap();
        let person = state.person(ada);
        let change = git
            .write_commit(&crate::sandbox::git::NewCommit {
                tree: git.edit_tree(None, &[].into()).unwrap(),
                parents: &[main],
                message: "empty",
                author: &person,
                committer: &person,
            })
            .unwrap();
        state.create_ref(ada, repo, "refs/heads/topic", change).unwrap();
        let new = NewPull {
            title: "Topic",
            body: None,
            head: "topic",
            base: "main",
            draft: false,
            maintainer_can_modify: true,
        };
        let number = state.create_pull(ada, repo, &new).unwrap();
        state.around.outbox.clear();
        (state, folder, repo, number)
    }

    fn actor(state: &State, login: &str) -> Actor {
        Actor::person(state.account_named(login).unwrap().id)
    }

    fn says(verdict: ReviewState, body: &str) -> NewReview {
        NewReview { verdict: Some(verdict), body: body.to_owned(), ..NewReview::default() }
    }

    #[test]
    fn nobody_approves_their_own_and_silence_says_nothing() {
        let (mut state, _folder, repo, number) = scene();
        let (ada, quinn) = (actor(&state, "ada"), actor(&state, "quinn"));
        let mut refused = |who: Actor, review: NewReview| {
            state.create_review(who, repo, number, review).unwrap_err().errors[0].clone()
        };
        assert_eq!(
            refused(ada, says(ReviewState::Approved, "")),
            "Can not approve your own pull request"
        );
        assert_eq!(refused(quinn, says(ReviewState::Commented, " ")), "Body can't be blank");
        let elsewhere =
            NewReview { commit: Some("0".repeat(40)), ..says(ReviewState::Approved, "") };
        assert_eq!(refused(quinn, elsewhere), "Commit is not part of the pull request");
        assert!(state.around.outbox.is_empty());
        state.create_review(ada, repo, number, says(ReviewState::Commented, "note")).unwrap();
    }

    #[test]
    fn a_review_is_begun_submitted_and_dismissed() {
        let (mut state, _folder, repo, number) = scene();
        let (quinn, sam) = (actor(&state, "quinn"), actor(&state, "sam"));
        state.request_review(sam, repo, number, (&[quinn.account], &[]), true).unwrap();
        state.around.outbox.clear();
        let id = state.create_review(quinn, repo, number, NewReview::default()).unwrap();
        assert!(state.create_review(quinn, repo, number, NewReview::default()).is_err());
        assert!(state.around.outbox.is_empty(), "what is only begun is told to nobody");
        assert!(state.submit_review(sam, repo, number, id, None, ReviewState::Approved).is_err());
        state.submit_review(quinn, repo, number, id, None, ReviewState::Approved).unwrap();
        assert!(state.pull(repo, number).unwrap().1.requested_reviewers.is_empty());
        state.dismiss_review(sam, repo, number, id, "stale").unwrap();
        assert!(state.dismiss_review(sam, repo, number, id, "again").is_err());
        let told: Vec<(String, String)> = std::mem::take(&mut state.around.outbox)
            .into_iter()
            .map(|one| (one.event, one.payload["review"]["state"].as_str().unwrap().to_owned()))
            .collect();
        let review = "pull_request_review".to_owned();
        assert_eq!(
            told,
            [(review.clone(), "approved".to_owned()), (review, "dismissed".to_owned())]
        );
        let issue = state.issue(repo, number).unwrap();
        let history = state.timeline(state.repo(repo).unwrap(), issue).unwrap();
        let words: Vec<&str> = history.iter().map(|one| one["event"].as_str().unwrap()).collect();
        assert_eq!(words, ["committed", "review_requested", "reviewed", "review_dismissed"]);
        assert_eq!(history[3]["dismissed_review"]["state"], "approved");
    }
}
