//! What is written to an Argo CD: automatic sync is turned off and put back, and an Application goes back.
//!
//! Each is a request of Argo CD's own description; what leads to it is not known here.
//! <https://github.com/argoproj/argo-cd/blob/master/assets/swagger.json>

use http::Method;
use serde_json::{Value, json};

use super::Server;
use crate::model::restoration::Write;

/// A request: its method, what follows the Application in the path, its body, and the right that it needs.
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) below: &'static str,
    pub(super) body: Value,
    pub(super) right: &'static str,
}

/// The request for something that is done to an Application; none where reading it in another way does it.
pub(super) fn request(server: &Server, name: &str, write: &Write) -> Option<Request> {
    let (method, below, mut body, right) = match write {
        Write::Refresh => return None,
        Write::TurnOff => (Method::PATCH, "", patch(&Value::Null), "`get` and `update`"),
        Write::PutBack(automated) => (Method::PATCH, "", patch(automated), "`get` and `update`"),
        Write::Rollback { id, prune } => {
            let body = json!({"id": id, "prune": prune});
            (
                Method::POST,
                "/rollback",
                body,
                "`sync` (or `rollback`, where the server has it enforced)",
            )
        }
    };
    body["name"] = name.into();
    let words = [("appNamespace", &server.namespace), ("project", &server.project)];
    for (key, word) in words {
        if let Some(word) = word {
            body[key] = word.as_str().into();
        }
    }
    Some(Request { method, below, body, right })
}

/// A merge patch, as text within JSON, that leaves all else of the Application alone.
fn patch(automated: &Value) -> Value {
    let patch = json!({"spec": {"syncPolicy": {"automated": automated}}});
    json!({"patch": patch.to_string(), "patchType": "merge"})
}
