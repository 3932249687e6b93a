//! Reviews of pull requests, their remarks, and the reviewers asked for.
//! <https://docs.github.com/en/rest/pulls/reviews>, <https://docs.github.com/en/rest/pulls/review-requests>

use serde_json::{Value, json};

use crate::sandbox::http::{Answer, Call, READ, Reply, Route, WRITE};
use crate::sandbox::model::issue::ReviewState;
use crate::sandbox::model::{Id, Level, Review, Role};
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::{NewReview, State};

const SEE: &[(&str, Level)] = &[("pull_requests", READ)];
const EDIT: &[(&str, Level)] = &[("pull_requests", WRITE)];

pub(super) fn routes() -> Vec<Route> {
    const ALL: &str = "/repos/{owner}/{repo}/pulls/{pull_number}/reviews";
    const ONE: &str = "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}";
    const ASKED: &str = "/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers";
    vec![
        Route::get(ALL, list).needs(SEE),
        Route::post(ALL, create).needs(EDIT).role(Role::Read),
        Route::get(ONE, get).needs(SEE),
        Route::put(ONE, update).needs(EDIT).role(Role::Read),
        Route::delete(ONE, discard).needs(EDIT).role(Role::Read),
        Route::post("/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/events", submit)
            .needs(EDIT)
            .role(Role::Read),
        Route::put(
            "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/dismissals",
            dismiss,
        )
        .needs(EDIT),
        Route::get(
            "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/comments",
            comments_of_review,
        )
        .needs(SEE),
        Route::get("/repos/{owner}/{repo}/pulls/{pull_number}/comments", comments).needs(SEE),
        Route::get(ASKED, asked).needs(SEE),
        Route::post(ASKED, ask).needs(EDIT).role(Role::Triage),
        Route::delete(ASKED, ask_no_more).needs(EDIT).role(Role::Triage),
    ]
}

fn number(call: &Call) -> Result<u64, Refusal> {
    call.number("pull_number")
}

/// The review of the path; one that is only begun is seen by its author alone.
fn named<'a>(state: &'a State, call: &Call) -> Result<&'a Review, Refusal> {
    let review = state.review(call.repo()?, number(call)?, call.number("review_id")?)?;
    if seen(call, review) { Ok(review) } else { Err(Refusal::not_found()) }
}

fn seen(call: &Call, review: &Review) -> bool {
    let caller = call.caller.actor().map(|actor| actor.account);
    review.state != ReviewState::Pending || caller == Some(review.author)
}

fn shown(state: &State, call: &Call, id: Id) -> Reply {
    let (repo, number) = (state.repo(call.repo()?)?, number(call)?);
    let review = state.review(repo.id, number, id)?;
    Ok(Answer::ok(state.review_json(repo, number, review)))
}

fn list(state: &mut State, call: &Call) -> Reply {
    let (repo, number) = (state.repo(call.repo()?)?, number(call)?);
    let (_, pull) = state.pull(repo.id, number)?;
    let reviews = pull.reviews.iter().filter(|review| seen(call, review));
    Ok(call.page(reviews.collect(), |review| state.review_json(repo, number, review)))
}

fn get(state: &mut State, call: &Call) -> Reply {
    shown(state, call, named(state, call)?.id)
}

fn verdict(word: &str) -> Result<ReviewState, Refusal> {
    match word {
        "APPROVE" => Ok(ReviewState::Approved),
        "REQUEST_CHANGES" => Ok(ReviewState::ChangesRequested),
        "COMMENT" => Ok(ReviewState::Commented),
        _ => Err(Refusal::unprocessable(format!(
            "Invalid request.\n\n{word} is not a member of [\"APPROVE\", \"REQUEST_CHANGES\", \"COMMENT\"]."
        ))),
    }
}

fn remarks(given: &Value) -> Result<Vec<(String, Option<u64>, String)>, Refusal> {
    let list = match given {
        Value::Null => return Ok(Vec::new()),
        Value::Array(list) => list,
        other => return Err(Refusal::wrong_type("comments", other, "an array")),
    };
    list.iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().ok_or_else(|| Refusal::missing(key));
            let line = one["line"].as_u64().or(one["position"].as_u64());
            Ok((text("path")?.to_owned(), line, text("body")?.to_owned()))
        })
        .collect()
}

fn create(state: &mut State, call: &Call) -> Reply {
    let new = NewReview {
        commit: call.text("commit_id")?.map(str::to_owned),
        body: call.text("body")?.unwrap_or_default().to_owned(),
        verdict: call.text("event")?.map(verdict).transpose()?,
        comments: remarks(&call.body["comments"])?,
    };
    let id = state.create_review(call.actor()?, call.repo()?, number(call)?, new)?;
    shown(state, call, id)
}

fn submit(state: &mut State, call: &Call) -> Reply {
    let id = named(state, call)?.id;
    let (actor, body) = (call.actor()?, call.text("body")?);
    let verdict = verdict(call.require("event")?)?;
    state.submit_review(actor, call.repo()?, number(call)?, id, body, verdict)?;
    shown(state, call, id)
}

fn update(state: &mut State, call: &Call) -> Reply {
    let id = named(state, call)?.id;
    let body = call.require("body")?;
    state.edit_review(call.actor()?, call.repo()?, number(call)?, id, body)?;
    shown(state, call, id)
}

fn discard(state: &mut State, call: &Call) -> Reply {
    let id = named(state, call)?.id;
    let answer = shown(state, call, id)?;
    state.discard_review(call.actor()?, call.repo()?, number(call)?, id)?;
    Ok(answer)
}

fn dismiss(state: &mut State, call: &Call) -> Reply {
    let id = named(state, call)?.id;
    let message = call.require("message")?;
    state.dismiss_review(call.actor()?, call.repo()?, number(call)?, id, message)?;
    shown(state, call, id)
}

fn comments_of_review(state: &mut State, call: &Call) -> Reply {
    let (repo, number) = (state.repo(call.repo()?)?, number(call)?);
    let review = named(state, call)?;
    let comments = review.comments.iter().map(|comment| comment.id).collect();
    Ok(call.page(comments, |id| state.review_comment_json(repo, number, review, id)))
}

fn comments(state: &mut State, call: &Call) -> Reply {
    let (repo, number) = (state.repo(call.repo()?)?, number(call)?);
    let (_, pull) = state.pull(repo.id, number)?;
    let reviews = pull.reviews.iter();
    let submitted = reviews.filter(|review| review.state != ReviewState::Pending);
    let comments: Vec<(&Review, Id)> = submitted
        .flat_map(|review| review.comments.iter().map(move |one| (review, one.id)))
        .collect();
    Ok(call.page(comments, |(review, id)| state.review_comment_json(repo, number, review, id)))
}

fn asked(state: &mut State, call: &Call) -> Reply {
    let repo = state.repo(call.repo()?)?;
    let (_, pull) = state.pull(repo.id, number(call)?)?;
    let users = pull.requested_reviewers.iter();
    let teams = pull.requested_teams.iter();
    Ok(Answer::ok(json!({
        "users": users.map(|person| state.account_json(*person)).collect::<Value>(),
        "teams": teams.map(|team| state.team_json(repo.owner, *team)).collect::<Value>(),
    })))
}

/// People and teams named in the body; all must be able to enter.
fn reviewers(state: &State, call: &Call) -> Result<(Vec<Id>, Vec<Id>), Refusal> {
    let repo = state.repo(call.repo()?)?;
    let stranger = || {
        Refusal::unprocessable(format!(
            "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the {} repository.",
            state.full_name(repo)
        ))
    };
    let (issue, _) = state.pull(repo.id, number(call)?)?;
    let mut people = Vec::new();
    for login in call.texts("reviewers")?.unwrap_or_default() {
        let person = state.account_named(&login).ok_or_else(stranger)?.id;
        if person == issue.author {
            return Err(Refusal::unprocessable(
                "Review cannot be requested from pull request author.",
            ));
        }
        if !state.is_collaborator(person, repo) {
            return Err(stranger());
        }
        people.push(person);
    }
    let mut teams = Vec::new();
    for slug in call.texts("team_reviewers")?.unwrap_or_default() {
        let found = state.team_named(state.login(repo.owner), &slug);
        let (_, team) = found.ok_or_else(stranger)?;
        if !repo.teams.contains_key(&team.id) {
            return Err(stranger());
        }
        teams.push(team.id);
    }
    Ok((people, teams))
}

fn ask(state: &mut State, call: &Call) -> Reply {
    change_asked(state, call, true)
}

fn ask_no_more(state: &mut State, call: &Call) -> Reply {
    change_asked(state, call, false)
}

fn change_asked(state: &mut State, call: &Call, wanted: bool) -> Reply {
    let (people, teams) = reviewers(state, call)?;
    let (actor, id, number) = (call.actor()?, call.repo()?, number(call)?);
    state.request_review(actor, id, number, (&people, &teams), wanted)?;
    let (issue, pull) = state.pull(id, number)?;
    let shown = state.pull_json(state.repo(id)?, issue, pull);
    Ok(Answer::json(if wanted { 201 } else { 200 }, shown))
}
