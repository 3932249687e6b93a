//! The integration tests: one binary, so that they are built once.
//! What each file holds is said there.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    unreachable_pub,
    reason = "tests fail by panicking, say what they skip, and read what they need"
)]

mod argocd;
mod attacks;
mod budget;
mod cli;
mod commands;
mod comment;
mod contract;
mod corpus;
mod crash;
mod decided;
mod deployments;
mod drift;
mod evaluate;
mod evidence;
mod fuzz;
mod gates;
mod github;
mod guards;
mod hooks;
mod model;
mod mutants;
mod pages;
mod promote;
mod queue;
mod readme;
mod real_kustomize;
mod registry;
mod render;
mod requests;
mod scripted;
mod stage;
mod store;
mod story;
mod sweep;
mod tickets;
mod tidy;
mod trouble;
mod validation;
mod watch;
