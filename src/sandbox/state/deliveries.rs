//! The App's webhook deliveries: found again, and sent once more on request.
//! It does not know how they are sent.
//! <https://docs.github.com/en/rest/apps/webhooks>

use jiff::SignedDuration;

use super::{Outgoing, State};
use crate::sandbox::model::{Delivery, Id};
use crate::sandbox::refusal::Refusal;

/// How long GitHub keeps deliveries.
const KEPT: SignedDuration = SignedDuration::from_hours(3 * 24);

impl State {
    /// The deliveries of an App that are still kept, newest first.
    pub(crate) fn deliveries_of(&self, app: Id) -> Vec<&Delivery> {
        let since = self.now() - KEPT;
        self.deliveries
            .iter()
            .rev()
            .filter(|one| one.app == app && one.delivered_at >= since)
            .collect()
    }

    /// Forgets what GitHub would not keep any more.
    pub(crate) fn forget_old_deliveries(&mut self) {
        let since = self.now() - KEPT;
        self.deliveries.retain(|one| one.delivered_at >= since);
    }

    /// A delivery of an App.
    pub(crate) fn delivery(&self, app: Id, id: Id) -> Result<&Delivery, Refusal> {
        self.deliveries_of(app).into_iter().find(|one| one.id == id).ok_or_else(Refusal::not_found)
    }

    /// Sends a delivery once more: the same event under the same guid, as a delivery of its own.
    pub(crate) fn redeliver(&mut self, app: Id, id: Id) -> Result<(), Refusal> {
        let again = self.delivery(app, id)?;
        let outgoing = Outgoing {
            app,
            guid: again.guid.clone(),
            event: again.event.clone(),
            action: again.action.clone(),
            installation: again.installation,
            repository: again.repository,
            redelivery: true,
            payload: again.payload.clone(),
        };
        self.send(outgoing);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::sandbox::seed::tests::seeded;

    #[test]
    fn a_redelivery_is_the_same_event_under_the_same_guid() {
        let (mut state, _folder) = seeded();
        let app = *state.apps.keys().next().unwrap();
        let (id, delivered_at) = (state.new_id(), state.now());
        let delivery = Delivery {
            id,
            guid: "0b989ba4".to_owned(),
            app,
            event: "release".to_owned(),
            action: Some("published".to_owned()),
            installation: None,
            repository: None,
            redelivery: false,
            delivered_at,
            duration: 0.1,
            status_code: 500,
            status: "Internal Server Error".to_owned(),
            url: String::new(),
            request_headers: BTreeMap::new(),
            payload: json!({"action": "published"}),
            response_headers: BTreeMap::new(),
            response_body: String::new(),
        };
        let mut old = delivery.clone();
        old.id = state.new_id();
        old.delivered_at = delivered_at - KEPT - SignedDuration::from_secs(1);
        state.deliveries.extend([old.clone(), delivery]);
        state.redeliver(app, id).unwrap();
        let again = &state.around.outbox[0];
        assert_eq!(again.guid, "0b989ba4");
        assert_eq!(again.payload, json!({"action": "published"}));
        assert!(again.redelivery);
        assert_eq!(state.redeliver(app, old.id).unwrap_err().status, 404);
        assert_eq!(state.redeliver(app + 1, id).unwrap_err().status, 404);
        assert_eq!(state.deliveries_of(app).len(), 1);
        state.forget_old_deliveries();
        assert_eq!(state.deliveries.len(), 1);
    }
}
