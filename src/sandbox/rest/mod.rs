//! GitHub's REST API, one file for each resource with its `routes()`.
//! It does not know how a thing is done: that is in `state`; nor how it looks: that is in `shape`.

mod apps;
mod checks;
mod hooks;
mod releases;
mod repos;
mod statuses;

use super::http::Table;

/// All endpoints.
pub(crate) fn table() -> Table {
    let resources = [
        apps::routes(),
        checks::routes(),
        hooks::routes(),
        releases::routes(),
        repos::routes(),
        statuses::routes(),
    ];
    Table::new(resources.concat())
}
