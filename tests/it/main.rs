//! The integration tests.

mod hooks;
mod store;
