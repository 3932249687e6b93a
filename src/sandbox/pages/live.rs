//! The stream that tells an open page that something on it may have changed.
//! It does not know what is on the page: the page asks for itself again.

use std::convert::Infallible;

use axum::extract::{Query, State as Extract};
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::{Stream, StreamExt as _};
use serde::Deserialize;
use tokio_stream::wrappers::BroadcastStream;

use crate::sandbox::hub::Hub;
use crate::sandbox::model::Id;

/// What a page is about.
#[derive(Deserialize)]
pub(super) struct About {
    repo: Option<Id>,
}

/// An event for each change in the repository, or anywhere for pages that are about all.
pub(super) async fn live(
    Extract(hub): Extract<Hub>,
    Query(about): Query<About>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = BroadcastStream::new(hub.changes());
    let events = changes.filter_map(move |change| async move {
        let name = match change {
            Ok(change) => {
                let concerns =
                    about.repo.is_none() || change.repo.is_none() || change.repo == about.repo;
                concerns.then_some(change.event)
            }
            // So many changes that some were lost: something has surely changed.
            Err(_lagged) => Some("many".to_owned()),
        };
        name.map(|name| Ok(Event::default().event("change").data(name)))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}
