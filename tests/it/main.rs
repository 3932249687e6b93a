//! The integration tests: one binary, so that they are built once.
//! What each file holds is said there.

mod contract;
mod crash;
mod evaluate;
mod github;
mod hooks;
mod pages;
mod promote;
mod readme;
mod stage;
mod store;
mod tidy;
