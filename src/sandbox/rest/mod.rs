//! GitHub's REST API, one file for each resource with its `routes()`.
//! It does not know how a thing is done: that is in `state`; nor how it looks: that is in `shape`.

mod apps;
mod repos;

use super::http::Table;

/// All endpoints.
pub(crate) fn table() -> Table {
    Table::new([apps::routes(), repos::routes()].concat())
}
