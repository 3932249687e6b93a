//! Webhook deliveries as GitHub shows them.
//! It does not know how they were sent.
//! <https://docs.github.com/en/rest/apps/webhooks#get-a-delivery-for-an-app-webhook>

use serde_json::{Value, json};

use super::{merge, time};
use crate::sandbox::model::Delivery;

/// A delivery in the list.
pub(crate) fn delivery_item(delivery: &Delivery) -> Value {
    json!({
        "id": delivery.id,
        "guid": delivery.guid,
        "delivered_at": time(delivery.delivered_at),
        "redelivery": delivery.redelivery,
        "duration": delivery.duration,
        "status": delivery.status,
        "status_code": delivery.status_code,
        "event": delivery.event,
        "action": delivery.action,
        "installation_id": delivery.installation,
        "repository_id": delivery.repository,
        "throttled_at": null,
    })
}

/// A delivery with what was sent and answered.
pub(crate) fn delivery_whole(delivery: &Delivery) -> Value {
    let mut shown = delivery_item(delivery);
    let answered = (delivery.status_code != 0).then_some(&delivery.response_body);
    let more = json!({
        "url": delivery.url,
        "request": {"headers": delivery.request_headers, "payload": delivery.payload},
        "response": {"headers": delivery.response_headers, "payload": answered},
    });
    merge(&mut shown, more);
    shown
}
