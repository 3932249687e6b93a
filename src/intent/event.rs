//! The event table: which events and actions mean what, and the few JSON fields that are read.
//!
//! Fields are optional wherever GitHub may leave them out, and unknown events and actions mean
//! nothing, so that a new one never stops an old one.
//! Fields: <https://docs.github.com/en/webhooks/webhook-events-and-payloads>.

use serde::Deserialize;

use super::{Intent, Reach};
use crate::model::ids::{InstallationId, PrNumber, RepoId, RepoName, RepoRef};

/// The events that the App subscribes to. `installation` and `installation_repositories` reach every
/// App without being asked for, and so are not among them.
pub const EVENTS: &[&str] =
    &["check_run", "check_suite", "create", "pull_request", "push", "release", "repository"];

/// A delivery that cannot be understood: it is buried with this reason, where an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the `{event}` event cannot be read: {reason}")]
pub struct Unreadable {
    /// The event's name.
    pub event: String,
    /// What is wrong with it.
    pub reason: String,
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
        ("release", "published" | "released") => {
            release(repo, payload.release.as_ref().and_then(|release| release.tag_name.clone()))
        }
        ("create", _) if payload.ref_type.as_deref() == Some("tag") => {
            release(repo, payload.reference.clone())
        }
        ("push", _) => push(repo, payload),
        (
            "pull_request",
            "opened" | "synchronize" | "reopened" | "ready_for_review" | "converted_to_draft"
            | "edited",
        ) => evaluate(&repo, payload.pull_request.iter()),
        ("pull_request", "closed") => match payload.pull_request.as_ref() {
            Some(pull) => vec![Intent::Conclude { repo, pr: pull.number }],
            None => Vec::new(),
        },
        ("check_run", "rerequested") => {
            evaluate(&repo, payload.check_run.iter().flat_map(|run| run.pull_requests.iter()))
        }
        ("check_suite", "rerequested") => {
            evaluate(&repo, payload.check_suite.iter().flat_map(|suite| suite.pull_requests.iter()))
        }
        (
            "repository",
            "renamed" | "transferred" | "edited" | "unarchived" | "publicized" | "privatized",
        ) => {
            vec![Intent::Follow { repo, reach: Reach::Everything }]
        }
        ("repository", "deleted" | "archived") => vec![Intent::Forget { repo }],
        _ => Vec::new(),
    }
}

fn release(source: RepoRef, tag: Option<String>) -> Vec<Intent> {
    tag.map(|tag| Intent::Release { source, tag }).into_iter().collect()
}

fn push(repo: RepoRef, payload: &Payload) -> Vec<Intent> {
    let reference = payload.reference.as_deref().unwrap_or_default();
    if payload.deleted == Some(true) {
        Vec::new()
    } else if let Some(tag) = reference.strip_prefix("refs/tags/") {
        release(repo, Some(tag.to_owned()))
    } else if payload
        .repository
        .as_ref()
        .and_then(|repository| repository.default_branch.as_deref())
        == reference.strip_prefix("refs/heads/")
    {
        vec![Intent::Follow { repo, reach: Reach::Promotions }]
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

#[derive(Deserialize)]
struct Payload {
    action: Option<String>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    ref_type: Option<String>,
    deleted: Option<bool>,
    repository: Option<RepositoryFields>,
    installation: Option<InstallationFields>,
    release: Option<ReleaseFields>,
    pull_request: Option<PullFields>,
    check_run: Option<CheckFields>,
    check_suite: Option<CheckFields>,
    #[serde(default)]
    repositories_added: Vec<RepositoryFields>,
    #[serde(default)]
    repositories_removed: Vec<RepositoryFields>,
}

#[derive(Deserialize)]
struct RepositoryFields {
    id: RepoId,
    full_name: String,
    default_branch: Option<String>,
}

#[derive(Deserialize)]
struct InstallationFields {
    id: InstallationId,
}

#[derive(Deserialize)]
struct ReleaseFields {
    tag_name: Option<String>,
}

#[derive(Deserialize)]
struct PullFields {
    number: PrNumber,
}

#[derive(Deserialize)]
struct CheckFields {
    #[serde(default)]
    pull_requests: Vec<PullFields>,
}

impl Payload {
    fn repo(&self) -> Option<RepoRef> {
        self.repository.as_ref()?.at(self.installation.as_ref()?.id)
    }
}

impl RepositoryFields {
    fn at(&self, installation: InstallationId) -> Option<RepoRef> {
        Some(RepoRef {
            id: self.id,
            name: RepoName::new(self.full_name.clone()).ok()?,
            installation,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn body(mut extra: Value) -> Vec<u8> {
        let fields = extra.as_object_mut().unwrap();
        fields.insert(
            "repository".into(),
            json!({"id": 7, "full_name": "acme/demo", "default_branch": "main"}),
        );
        fields.insert("installation".into(), json!({"id": 3}));
        extra.to_string().into_bytes()
    }

    fn repo() -> RepoRef {
        RepoRef {
            id: RepoId(7),
            name: RepoName::new("acme/demo").unwrap(),
            installation: InstallationId(3),
        }
    }

    #[test]
    fn a_published_release_and_a_pushed_tag_mean_the_same() {
        let release = json!({"action": "published", "release": {"tag_name": "v1.0.1"}});
        let created = json!({"ref": "v1.0.1", "ref_type": "tag"});
        let pushed = json!({"ref": "refs/tags/v1.0.1", "deleted": false});
        let expected = vec![Intent::Release { source: repo(), tag: "v1.0.1".into() }];
        for (event, payload) in [("release", release), ("create", created), ("push", pushed)] {
            assert_eq!(parse(event, &body(payload)).unwrap(), expected, "{event}");
        }
    }

    #[test]
    fn only_the_default_branch_is_followed() {
        let main = body(json!({"ref": "refs/heads/main"}));
        let other = body(json!({"ref": "refs/heads/feature"}));
        let gone = body(json!({"ref": "refs/tags/v1", "deleted": true}));
        let expected = Intent::Follow { repo: repo(), reach: Reach::Promotions };
        assert_eq!(parse("push", &main).unwrap(), [expected]);
        assert_eq!(parse("push", &other).unwrap(), []);
        assert_eq!(parse("push", &gone).unwrap(), []);
    }

    #[test]
    fn unknown_events_and_actions_mean_nothing() {
        for event in ["gollum", "", "release\n", "issue_comment"] {
            assert_eq!(parse(event, b"not even JSON").unwrap(), [], "{event:?}");
        }
        assert_eq!(parse("pull_request", &body(json!({"action": "beatified"}))).unwrap(), []);
        assert_eq!(
            parse("release", &body(json!({"action": "published"}))).unwrap(),
            [],
            "a release without a tag"
        );
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let nested = format!("{{\"action\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        for bad in [b"{".as_slice(), b"\xff\xfe", b"[]", nested.as_bytes()] {
            let error = parse("push", bad).unwrap_err().to_string();
            assert!(error.starts_with("the `push` event cannot be read: "), "{error}");
        }
        let evil =
            json!({"repository": {"id": 1, "full_name": "a/../../b"}, "installation": {"id": 1}})
                .to_string();
        assert!(parse("push", evil.as_bytes()).is_err());
    }

    #[test]
    fn repositories_come_and_go() {
        let payload = json!({
            "installation": {"id": 3},
            "repositories_added": [{"id": 7, "full_name": "acme/demo"}],
            "repositories_removed": [{"id": 7, "full_name": "acme/demo"}],
        });
        assert_eq!(
            parse("installation_repositories", payload.to_string().as_bytes()).unwrap(),
            [
                Intent::Follow { repo: repo(), reach: Reach::Everything },
                Intent::Forget { repo: repo() }
            ]
        );
    }

    proptest::proptest! {
        #[test]
        fn random_bytes_never_panic(event in "[a-z_]{0,12}", bytes: Vec<u8>) {
            let _ = parse(&event, &bytes);
            for event in EVENTS { let _ = parse(event, &bytes); }
        }
    }
}
