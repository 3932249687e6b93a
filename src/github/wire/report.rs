//! The JSON of commit statuses and deployments.
//!
//! It does not know which of them count.

use jiff::Timestamp;
use serde::Deserialize;

use super::User;
use crate::model::report::{CommitStatus, DeployState, Deployed, StatusState};

#[derive(Deserialize)]
pub(in crate::github) struct WireCombined {
    pub(in crate::github) statuses: Vec<WireStatus>,
}

#[derive(Deserialize)]
pub(in crate::github) struct WireStatus {
    id: u64,
    context: String,
    #[serde(default)]
    state: String,
    description: Option<String>,
    creator: Option<User>,
    created_at: Timestamp,
}

impl WireStatus {
    /// With its number.
    pub(in crate::github) fn into_status(self) -> (u64, CommitStatus) {
        let status = CommitStatus {
            context: self.context,
            state: state(&self.state),
            description: self.description.filter(|text| !text.is_empty()),
            creator: self.creator.map(User::into_account),
            at: self.created_at,
        };
        (self.id, status)
    }
}

pub(in crate::github) fn state(word: &str) -> StatusState {
    match word {
        "success" => StatusState::Success,
        "pending" => StatusState::Pending,
        "failure" => StatusState::Failure,
        // one not known yet is not green
        _ => StatusState::Error,
    }
}

#[derive(Deserialize)]
pub(in crate::github) struct WireDeployment {
    pub(in crate::github) id: u64,
    pub(in crate::github) sha: String,
    pub(in crate::github) task: String,
    pub(in crate::github) environment: String,
    creator: Option<User>,
    created_at: Timestamp,
}

#[derive(Deserialize)]
pub(in crate::github) struct WireDeploymentStatus {
    id: u64,
    #[serde(default)]
    state: String,
    description: Option<String>,
    creator: Option<User>,
    created_at: Timestamp,
}

impl WireDeployment {
    /// With what was said of it, in whatever order.
    pub(in crate::github) fn into_deployed(self, said: Vec<WireDeploymentStatus>) -> Deployed {
        let told = said.into_iter().filter(|one| one.state != "inactive");
        let last = told.max_by_key(|one| one.id);
        let (id, task, environment) = (self.id, self.task, self.environment);
        match last {
            None => {
                let creator = self.creator.map(User::into_account);
                let (state, description, at) = (None, None, self.created_at);
                Deployed { id, task, environment, state, description, creator, at }
            }
            Some(last) => Deployed {
                id,
                task,
                environment,
                state: Some(match last.state.as_str() {
                    "success" => DeployState::Success,
                    "pending" | "queued" | "in_progress" => DeployState::Pending,
                    _ => DeployState::Failure,
                }),
                description: last.description.filter(|text| !text.is_empty()),
                creator: last.creator.map(User::into_account),
                at: last.created_at,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read<T: for<'a> Deserialize<'a>>(json: Value) -> T {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn an_unheard_of_state_is_not_green() {
        let at = "2026-11-20T12:00:00Z";
        let status: WireStatus =
            read(json!({"id": 1, "context": "ci", "state": "splendid", "created_at": at}));
        assert_eq!(status.into_status().1.state, StatusState::Error);
        let deployment = || -> WireDeployment {
            read(
                json!({"id": 1, "sha": "a", "task": "deploy", "environment": "staging", "created_at": at}),
            )
        };
        let said = |id: u64, state: &str| -> WireDeploymentStatus {
            read(json!({"id": id, "state": state, "created_at": at}))
        };
        let state = |said: Vec<WireDeploymentStatus>| deployment().into_deployed(said).state;
        assert_eq!(state(vec![said(1, "splendid")]), Some(DeployState::Failure));
        assert_eq!(state(Vec::new()), None);
        // What is said last counts, not what is told last; that another took its place says nothing.
        let all = vec![said(3, "inactive"), said(1, "failure"), said(2, "success")];
        assert_eq!(state(all), Some(DeployState::Success));
    }
}
