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

    /// A delivery of an App.
    pub(crate) fn delivery(&self, app: Id, id: Id) -> Result<&Delivery, Refusal> {
        self.deliveries_of(app)
            .into_iter()
            .find(|one| one.id == id)
            .ok_or_else(Refusal::not_found)
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
