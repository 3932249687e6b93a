//! The fields of each kind of thing, as GitHub's schema names them.
//! It does not know how they are selected.

pub(super) mod check;
pub(super) mod commit;
pub(super) mod deployment;
pub(super) mod git;
pub(super) mod people;
pub(super) mod pull;
pub(super) mod query;
pub(super) mod release;
pub(super) mod repository;
