//! The pages that a person uses.
//! It does not know how anything is done: that is in `state`.

use axum::Router;

use super::hub::Hub;

/// The routes of the pages.
pub(crate) fn router(_hub: Hub) -> Router {
    Router::new()
}
