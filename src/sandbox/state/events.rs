//! What a change sets off: a webhook for each App that listens, and a word to the open pages.
//! It does not know how a webhook is sent.

use serde_json::{Map, Value};

use super::{Actor, State};
use crate::sandbox::model::Id;

/// Something that has changed, for pages that stay up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) repo: Option<Id>,
    /// The issue or pull request, where it is about one.
    pub(crate) number: Option<u64>,
    /// GitHub's name of the event.
    pub(crate) event: String,
}

/// A webhook that is to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) app: Id,
    pub(crate) guid: String,
    pub(crate) event: String,
    pub(crate) action: Option<String>,
    pub(crate) installation: Option<Id>,
    pub(crate) repository: Option<Id>,
    pub(crate) redelivery: bool,
    pub(crate) payload: Value,
}

impl State {
    /// Tells of an event in a repository. `body` has the event's own objects; what every payload
    /// has (`repository`, `organization`, `sender`, `installation`) is added here.
    /// <https://docs.github.com/en/webhooks/webhook-events-and-payloads>
    pub(crate) fn emit(
        &mut self,
        repo: Id,
        actor: Actor,
        event: &str,
        action: Option<&str>,
        body: Value,
    ) {
        self.emit_to(repo, actor, event, action, body, None);
    }

    /// Like [`emit`](Self::emit), but only to one App: for events that come to the App alone that
    /// made the thing.
    pub(crate) fn emit_to(
        &mut self,
        repo: Id,
        actor: Actor,
        event: &str,
        action: Option<&str>,
        mut body: Value,
        only: Option<Id>,
    ) {
        leave_out_new_events(&mut body);
        let number = ["pull_request", "issue"].iter().find_map(|key| body[key]["number"].as_u64());
        self.tell(Change { repo: Some(repo), number, event: event.to_owned() });
        let Ok(seen) = self.repo(repo) else {
            return;
        };
        let (owner, repository) = (seen.owner, self.repository_json(seen));
        let listening: Vec<(Id, Id)> = self
            .installations
            .values()
            .filter(|installation| {
                installation.account == owner
                    && installation.suspended_at.is_none()
                    && installation.events.contains(event)
                    && only.is_none_or(|app| app == installation.app)
                    && installation
                        .selected
                        .as_ref()
                        .is_none_or(|selected| selected.contains(&repo))
            })
            .map(|installation| (installation.app, installation.id))
            .collect();
        for (app, installation) in listening {
            let mut payload = match action {
                Some(action) => Map::from_iter([("action".to_owned(), action.into())]),
                None => Map::new(),
            };
            if let Value::Object(body) = body.clone() {
                payload.extend(body);
            }
            payload.insert("repository".to_owned(), repository.clone());
            if self.orgs.contains_key(&owner) {
                payload.insert("organization".to_owned(), self.organization_json(owner));
            }
            payload.insert("sender".to_owned(), self.account_json(actor.account));
            payload.insert("installation".to_owned(), self.installation_stub(installation));
            self.send(Outgoing {
                app,
                guid: String::new(),
                event: event.to_owned(),
                action: action.map(str::to_owned),
                installation: Some(installation),
                repository: Some(repo),
                redelivery: false,
                payload: payload.into(),
            });
        }
    }

    /// Puts a webhook into the outbox; without a `guid` it gets a new one.
    pub(crate) fn send(&mut self, mut outgoing: Outgoing) {
        if outgoing.guid.is_empty() {
            outgoing.guid = guid();
        }
        self.around.set_off.push(outgoing.guid.clone());
        self.around.outbox.push(outgoing);
    }

    /// Tells the open pages. Nobody may be looking, which is no failure.
    pub(crate) fn tell(&self, change: Change) {
        self.around.changes.send(change).ok();
    }
}

/// GitHub's descriptions of payloads are older than some of the events that the Apps in them may
/// listen to: these are left out there.
fn leave_out_new_events(value: &mut Value) {
    let new = ["deployment_protection_rule", "merge_group", "workflow_job"];
    match value {
        Value::Array(items) => items.iter_mut().for_each(leave_out_new_events),
        Value::Object(fields) => {
            if let Some(Value::Array(events)) = fields.get_mut("events") {
                events.retain(|event| !new.iter().any(|name| event == name));
            }
            fields.values_mut().for_each(leave_out_new_events);
        }
        _ => {}
    }
}

/// A random UUID (version 4).
fn guid() -> String {
    let mut bytes: [u8; 16] = crate::sandbox::keys::random();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex::encode(bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
