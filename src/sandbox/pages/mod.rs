//! The pages that a person uses: repositories, releases, pull requests, checks, and what the App
//! was told. It does not know how anything is done: that is in `state`, behind the REST API.

mod activity;
mod acts;
mod argocd;
mod assets;
mod changes;
mod checks;
mod code;
mod commit;
mod desk;
mod diff;
mod guard;
mod home;
mod issues;
mod live;
mod markdown;
mod merge;
mod parts;
mod people;
mod pull;
mod pulls;
mod releases;
mod settings;
mod timeline;
mod visit;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{get, post};

use super::hub::Hub;

/// The routes of the pages; a form is posted to the address of its page.
pub(crate) fn router(hub: Hub) -> Router {
    Router::new()
        .route("/", get(home::home))
        .route("/viewer", post(visit::choose))
        .route("/live", get(live::live))
        .route("/assets/{file}", get(assets::serve))
        .route("/favicon.svg", get(assets::favicon))
        .route("/argocd", get(argocd::list))
        .route("/argocd/{name}", post(argocd::act))
        .route("/{owner}", get(home::account))
        .route("/{owner}/{repo}", get(code::root))
        .route("/{owner}/{repo}/tree/{*path}", get(code::tree))
        .route("/{owner}/{repo}/blob/{*path}", get(code::file))
        .route("/{owner}/{repo}/raw/{*path}", get(code::raw))
        .route("/{owner}/{repo}/commits/{*name}", get(commit::history))
        .route("/{owner}/{repo}/commit/{sha}", get(commit::one))
        .route("/{owner}/{repo}/compare/{*range}", get(commit::compare))
        .route("/{owner}/{repo}/runs/{id}", get(checks::run))
        .route("/{owner}/{repo}/releases", get(releases::list))
        .route("/{owner}/{repo}/releases/new", get(releases::form).post(releases::publish))
        .route("/{owner}/{repo}/releases/tag/{*tag}", get(releases::one))
        .route("/{owner}/{repo}/pulls", get(pulls::list))
        .route("/{owner}/{repo}/pull/{number}", get(pull::conversation).post(pull::act))
        .route("/{owner}/{repo}/pull/{number}/commits", get(pull::commits))
        .route("/{owner}/{repo}/pull/{number}/checks", get(pull::checks).post(pull::act_on_checks))
        .route("/{owner}/{repo}/pull/{number}/files", get(pull::files))
        .route("/{owner}/{repo}/issues", get(issues::list))
        .route("/{owner}/{repo}/issues/new", get(issues::form).post(issues::open))
        .route("/{owner}/{repo}/issues/{number}", get(issues::one).post(issues::act))
        .route("/{owner}/{repo}/activity", get(activity::list))
        .route("/{owner}/{repo}/activity/{id}", get(activity::one).post(activity::redeliver))
        .route("/{owner}/{repo}/settings", get(settings::show).post(settings::act))
        .fallback(visit::nowhere)
        .layer(from_fn(guard::guard))
        .with_state(hub)
}
