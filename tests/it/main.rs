//! The integration tests: one binary, so that they are built once.
//! What each file holds is said there.

mod hooks;
mod store;
mod tidy;
