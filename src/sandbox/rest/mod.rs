//! GitHub's REST API, one file for each resource with its `routes()`.
//! It does not know how a thing is done: that is in `state`; nor how it looks: that is in `shape`.

mod apps;
mod checks;
mod collaborators;
mod forks;
mod hooks;
mod installations;
mod orgs;
mod releases;
mod repos;
mod statuses;
mod teams;
mod users;

use super::http::Table;

/// All endpoints.
pub(crate) fn table() -> Table {
    let resources = [
        apps::routes(),
        checks::routes(),
        collaborators::routes(),
        forks::routes(),
        hooks::routes(),
        installations::routes(),
        orgs::routes(),
        releases::routes(),
        repos::routes(),
        statuses::routes(),
        teams::routes(),
        users::routes(),
    ];
    Table::new(resources.concat())
}
