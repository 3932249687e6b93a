//! The event table: which events and actions mean what.
//!
//! Unknown events and actions mean nothing, so that a new one never stops an old one; the JSON fields
//! are known to [`payload`]. Events: <https://docs.github.com/en/webhooks/webhook-events-and-payloads>.

mod payload;

use payload::{CheckFields, Payload, PullFields, RepositoryFields};

use super::command::Remark;
use super::{Basis, Deployment, Group, Intent, RULES, Reach, comment};
use crate::model::ids::{AppId, Login, RepoRef, Sha};

/// The events that the App subscribes to. `installation` and `installation_repositories` reach every
/// App without being asked for, and so are not among them.
pub const EVENTS: &[&str] = &[
    "check_run",
    "check_suite",
    "create",
    "delete",
    "deployment_protection_rule",
    "deployment_status",
    "issue_comment",
    "member",
    "membership",
    "merge_group",
    "organization",
    "pull_request",
    "pull_request_review",
    "push",
    "release",
    "repository",
    "status",
    "team",
    "workflow_run",
];

/// The button that has a check run again, as GitHub's own does.
pub const AGAIN: &str = "again";

/// A delivery that cannot be understood: it is buried with this reason, where an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the `{event}` event cannot be read: {reason}")]
pub struct Unreadable {
    /// The event's name.
    pub event: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Who did what a delivery tells of; none where that is not told.
pub fn sender(body: &[u8]) -> Option<Login> {
    let payload: Payload = serde_json::from_slice(body).ok()?;
    Some(payload.sender?.account()?.login)
}

/// What the delivery of `event` with `body` asks for; nothing for what does not concern Usher.
pub fn parse(event: &str, body: &[u8]) -> Result<Vec<Intent>, Unreadable> {
    if !EVENTS.contains(&event) && !matches!(event, "installation" | "installation_repositories") {
        return Ok(Vec::new());
    }
    let unreadable = |reason: String| Unreadable { event: event.to_owned(), reason };
    let payload: Payload =
        serde_json::from_slice(body).map_err(|error| unreadable(error.to_string()))?;
    let action = payload.action.as_deref().unwrap_or_default();
    match event {
        "installation" => Ok(installation(&payload, action)),
        "installation_repositories" => Ok(installation_repositories(&payload)),
        // what happens in an organisation names no repository
        "membership" | "team" => Ok(people(&payload)),
        "organization" if matches!(action, "member_added" | "member_removed") => {
            Ok(people(&payload))
        }
        "organization" => Ok(Vec::new()),
        _ => {
            // Without an installation the event came from a hook that is not the App's: nothing can be done there.
            let Some(repo) = payload.repo() else {
                return match payload.installation {
                    None => Ok(Vec::new()),
                    Some(_) => {
                        Err(unreadable("it names no repository that could exist".to_owned()))
                    }
                };
            };
            Ok(in_repository(event, action, repo, &payload))
        }
    }
}

fn in_repository(event: &str, action: &str, repo: RepoRef, payload: &Payload) -> Vec<Intent> {
    match (event, action) {
        ("issue_comment", "created") => command(repo, payload).into_iter().collect(),
        ("release", "published" | "released") => {
            release(repo, payload.release.as_ref().and_then(|release| release.tag_name.clone()))
        }
        ("release", "edited" | "unpublished" | "deleted") => {
            version(repo, payload.release.as_ref().and_then(|release| release.tag_name.clone()))
        }
        ("delete", _) if payload.ref_type.as_deref() == Some("tag") => {
            version(repo, payload.reference.clone())
        }
        ("create", _) if payload.ref_type.as_deref() == Some("tag") => {
            release(repo, payload.reference.clone())
        }
        ("push", _) => push(repo, payload),
        ("pull_request", "opened" | "reopened" | "synchronize") => {
            let pushed = new_head(&repo, action, payload);
            pushed.into_iter().chain(evaluate(&repo, payload.pull_request.iter())).collect()
        }
        ("pull_request", "labeled" | "unlabeled") => match label(&repo, action, payload) {
            Some(label) => vec![label],
            // Something is missing of who did what: the state itself says what stands now.
            None => evaluate(&repo, payload.pull_request.iter()),
        },
        ("pull_request", "ready_for_review" | "converted_to_draft" | "edited" | "dequeued")
        | ("pull_request_review", "submitted" | "edited" | "dismissed") => {
            evaluate(&repo, payload.pull_request.iter())
        }
        ("merge_group", "checks_requested") => group(repo, payload).into_iter().collect(),
        ("deployment_protection_rule", "requested") => protect(repo, payload).into_iter().collect(),
        ("pull_request", "closed") => match payload.pull_request.as_ref() {
            Some(pull) => vec![Intent::Conclude { repo, pr: pull.number }],
            None => Vec::new(),
        },
        ("check_run", "rerequested" | "requested_action") => {
            pressed(&repo, action, payload, payload.check_run.as_ref())
        }
        ("check_run", "created" | "completed") => reported(repo, payload.check_run.as_ref()),
        ("check_suite", "completed") => reported(repo, payload.check_suite.as_ref()),
        // The App of a workflow's run is GitHub's own, and the run does not tell it.
        ("workflow_run", "completed") => reported(repo, payload.workflow_run.as_ref()),
        ("status", _) => {
            let sha = payload.sha.clone();
            reports(repo, sha.and_then(|sha| Sha::new(sha).ok()), None)
        }
        ("deployment_status", _) => {
            let sha = payload.deployment.as_ref().and_then(|deployment| deployment.sha.clone());
            reports(repo, sha.and_then(|sha| Sha::new(sha).ok()), None)
        }
        ("check_suite", "rerequested") => {
            pressed(&repo, action, payload, payload.check_suite.as_ref())
        }
        (
            "repository",
            "renamed" | "transferred" | "edited" | "unarchived" | "publicized" | "privatized",
        ) => {
            vec![Intent::Follow { repo, reach: Reach::Everything }]
        }
        ("repository", "deleted" | "archived") => vec![Intent::Forget { repo }],
        ("member", "added" | "edited" | "removed") => {
            vec![Intent::Follow { repo, reach: Reach::Everything }]
        }
        _ => Vec::new(),
    }
}

/// The commands of a new comment, if there is one in it. What its writer, who is gone, said is not done.
fn command(repo: RepoRef, payload: &Payload) -> Option<Intent> {
    let (comment, issue) = (payload.comment.as_ref()?, payload.issue.as_ref()?);
    let author = comment.user.as_ref()?.account()?;
    let text = comment.body.as_deref()?;
    let (spoken, dropped) = comment::read(text);
    if spoken.is_empty() {
        return None;
    }
    let remark = Remark {
        at: repo.clone(),
        home: payload.repository.as_ref()?.described(repo.name.clone())?,
        thread: issue.number?,
        on_pull: issue.pull_request.is_some(),
        id: comment.id?,
        author,
        written_at: comment.created_at?,
        digest: digest(text),
        spoken,
        dropped,
    };
    Some(Intent::Command { repo, remark: Box::new(remark), answers: Vec::new(), half: None })
}

/// A group whose checks a merge queue asks for.
fn group(repo: RepoRef, payload: &Payload) -> Option<Intent> {
    let group = payload.merge_group.as_ref()?;
    let head = Sha::new(group.head_sha.clone()?).ok()?;
    let branch = group.base_ref.as_deref()?.strip_prefix("refs/heads/")?.to_owned();
    Some(Intent::Group { repo, group: Group { head, branch } })
}

/// A deployment that waits for us. Of the address to answer to only the run's number is read: what is called is
/// GitHub's API, and no address that an event names.
fn protect(repo: RepoRef, payload: &Payload) -> Option<Intent> {
    let environment = payload.environment.as_ref()?.as_str()?.to_owned();
    let deployment = payload.deployment.as_ref()?;
    let sha = Sha::new(deployment.sha.clone()?).ok()?;
    let path = payload.deployment_callback_url.as_deref()?;
    let (_, rest) = path.rsplit_once("/actions/runs/")?;
    let run = rest.strip_suffix("/deployment_protection_rule")?.parse().ok()?;
    Some(Intent::Protect { repo, deployment: Deployment { run, environment, sha }, said: None })
}

fn digest(text: &str) -> String {
    use sha2::{Digest as _, Sha256};
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn new_head(repo: &RepoRef, action: &str, payload: &Payload) -> Option<Intent> {
    let pull = payload.pull_request.as_ref()?;
    let before = payload.before.as_ref().filter(|_| action == "synchronize");
    Some(Intent::Push {
        repo: repo.clone(),
        pr: pull.number,
        head: pull.head()?,
        before: before.and_then(|before| before.parse().ok()),
        at: pull.updated_at?,
    })
}

fn label(repo: &RepoRef, action: &str, payload: &Payload) -> Option<Intent> {
    let pull = payload.pull_request.as_ref()?;
    Some(Intent::Label {
        repo: repo.clone(),
        pr: pull.number,
        label: payload.label.as_ref()?.name.clone()?,
        on: action == "labeled",
        by: payload.sender.as_ref()?.account()?,
        head: pull.head()?,
        at: pull.updated_at?,
    })
}

/// A button of a check of ours, or GitHub's own that has it run again. Pull requests from forks are not named.
fn pressed(
    repo: &RepoRef,
    action: &str,
    payload: &Payload,
    check: Option<&CheckFields>,
) -> Vec<Intent> {
    let button = payload.requested_action.as_ref().and_then(|action| action.identifier.clone());
    let button = match (action, button) {
        ("requested_action", Some(button)) => Some(button),
        _ if check.is_some_and(|check| check.pull_requests.is_empty()) => Some(AGAIN.to_owned()),
        _ => None,
    };
    let press = || {
        Some(Intent::Press {
            repo: repo.clone(),
            button: button?,
            head: check?.head()?,
            by: payload.sender.as_ref()?.account()?,
            shown: check?.state(),
        })
    };
    match press() {
        Some(press) => vec![press],
        None => evaluate(repo, check.iter().flat_map(|check| check.pull_requests.iter())),
    }
}

fn people(payload: &Payload) -> Vec<Intent> {
    let installation = payload.installation.as_ref().map(|fields| fields.id);
    installation.map(|installation| Intent::People { installation }).into_iter().collect()
}

fn release(source: RepoRef, tag: Option<String>) -> Vec<Intent> {
    tag.map(|tag| Intent::Release { source, tag }).into_iter().collect()
}

/// A version's tag or release is not what it was.
fn version(source: RepoRef, tag: Option<String>) -> Vec<Intent> {
    let what = tag.map(|tag| Basis::Version { tag });
    what.map(|what| Intent::Reconsider { repo: source.clone(), source, what }).into_iter().collect()
}

fn reported(repo: RepoRef, check: Option<&CheckFields>) -> Vec<Intent> {
    reports(repo, check.and_then(CheckFields::head), check.and_then(CheckFields::by))
}

fn reports(repo: RepoRef, sha: Option<Sha>, by: Option<AppId>) -> Vec<Intent> {
    let what = sha.map(|sha| Basis::Reports { sha, by });
    what.map(|what| Intent::Reconsider { repo: repo.clone(), source: repo, what })
        .into_iter()
        .collect()
}

fn push(repo: RepoRef, payload: &Payload) -> Vec<Intent> {
    let reference = payload.reference.as_deref().unwrap_or_default();
    if let Some(tag) = reference.strip_prefix("refs/tags/") {
        let tag = tag.to_owned();
        let was_there = payload.before.as_ref().is_some_and(|sha| sha.chars().any(|c| c != '0'));
        return match payload.deleted {
            Some(true) => version(repo, Some(tag)),
            // It was moved: what was promoted of it is another commit, and so is what may be. A move forward
            // is no forced one.
            _ if was_there => version(repo.clone(), Some(tag.clone()))
                .into_iter()
                .chain(release(repo, Some(tag)))
                .collect(),
            _ => release(repo, Some(tag)),
        };
    }
    if payload.deleted == Some(true) {
        Vec::new()
    } else if payload
        .repository
        .as_ref()
        .and_then(|repository| repository.default_branch.as_deref())
        == reference.strip_prefix("refs/heads/")
    {
        let mut commits = payload.commits.iter().flatten();
        let rules = commits.any(|commit| commit.touches(RULES));
        let reach = if rules { Reach::Everything } else { Reach::Promotions };
        vec![Intent::Follow { repo, reach }]
    } else {
        Vec::new()
    }
}

fn evaluate<'a>(repo: &RepoRef, pulls: impl Iterator<Item = &'a PullFields>) -> Vec<Intent> {
    pulls.map(|pull| Intent::Evaluate { repo: repo.clone(), pr: pull.number }).collect()
}

fn installation(payload: &Payload, action: &str) -> Vec<Intent> {
    let Some(installation) = payload.installation.as_ref().map(|fields| fields.id) else {
        return Vec::new();
    };
    match action {
        "created" | "unsuspend" | "new_permissions_accepted" => {
            vec![Intent::Survey { installation }]
        }
        "deleted" | "suspend" => vec![Intent::Leave { installation }],
        _ => Vec::new(),
    }
}

fn installation_repositories(payload: &Payload) -> Vec<Intent> {
    let Some(installation) = payload.installation.as_ref().map(|fields| fields.id) else {
        return Vec::new();
    };
    let reference = |fields: &RepositoryFields| fields.at(installation);
    let added = payload.repositories_added.iter().filter_map(reference);
    let removed = payload.repositories_removed.iter().filter_map(reference);
    added
        .map(|repo| Intent::Follow { repo, reach: Reach::Everything })
        .chain(removed.map(|repo| Intent::Forget { repo }))
        .collect()
}

#[cfg(test)]
mod tests;
