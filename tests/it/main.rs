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

mod attacks;
mod cli;
mod commands;
mod comment;
mod contract;
mod corpus;
mod crash;
mod decided;
mod evaluate;
mod fuzz;
mod gates;
mod github;
mod guards;
mod hooks;
mod mutants;
mod pages;
mod promote;
mod readme;
mod real_kustomize;
mod render;
mod requests;
mod stage;
mod store;
mod story;
mod sweep;
mod tidy;
mod trouble;
mod validation;
