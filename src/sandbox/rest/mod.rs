//! GitHub's REST API, one file for each resource with its `routes()`.
//! It does not know how a thing is done: that is in `state`; nor how it looks: that is in `shape`.

mod apps;
mod branches;
mod checks;
mod collaborators;
mod comments;
mod commits;
mod contents;
mod deployments;
mod events;
mod forks;
mod git;
mod hooks;
mod installations;
mod issues;
mod labels;
mod orgs;
mod pulls;
mod reactions;
mod releases;
mod repos;
mod reviews;
mod rulesets;
mod statuses;
mod teams;
mod users;

use super::graphql;
use super::http::Table;

/// All endpoints, that of GraphQL included.
pub(crate) fn table() -> Table {
    let resources = [
        apps::routes(),
        branches::routes(),
        checks::routes(),
        collaborators::routes(),
        comments::routes(),
        commits::routes(),
        contents::routes(),
        deployments::routes(),
        events::routes(),
        forks::routes(),
        git::routes(),
        graphql::routes(),
        hooks::routes(),
        installations::routes(),
        issues::routes(),
        labels::routes(),
        orgs::routes(),
        pulls::routes(),
        reactions::routes(),
        releases::routes(),
        repos::routes(),
        reviews::routes(),
        rulesets::routes(),
        statuses::routes(),
        teams::routes(),
        users::routes(),
    ];
    Table::new(resources.concat())
}
