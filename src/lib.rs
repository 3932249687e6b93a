//! Usher walks releases from environment to environment in GitOps repositories.
//!
//! The house plan is five verbs: **receive → route → gather → decide → apply**.
//! [`web`] receives, [`worker`] routes, gathers and applies, [`domain`] decides.
//! Only `receive` meets strangers, only `gather` and `apply` meet the network, only `decide` has
//! opinions, and it meets nobody. Modules stand here in layer order; each may name only those above
//! it (`tests/it/tidy.rs` holds that).

// 0: words
pub mod fault;
pub mod model;

// 1: pure
pub mod domain;
pub mod intent;
pub mod kubernetes;
pub mod kustomize;

// 1½: the way out, for doors
pub mod reach;

// 2: doors
pub mod argocd;
pub mod disk;
pub mod github;
pub mod local_git;
pub mod real_kustomize;
pub mod registry;
pub mod store;
pub mod tickets;

// 2½
pub mod world;

// 3: shell
pub mod web;
pub mod worker;

// an independent opinion of GitHub: names nothing of the crate
pub mod sandbox;

// 4: wire
pub mod app;
pub mod cli;
pub mod settings;
