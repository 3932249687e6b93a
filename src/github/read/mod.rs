//! What is read from GitHub, as the shapes of [`crate::model::read`].
//!
//! It judges nothing. What may be absent is an `Option`; what has to be there and is not, is
//! [`Fault::Denied`](crate::fault::Fault::Denied).

mod app;
mod git;
mod people;
mod pulls;
mod reports;
mod reviewed;

pub use pulls::CheckFilter;
