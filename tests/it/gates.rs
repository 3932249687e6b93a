//! Gates on the whole bot and the whole sandbox: a story for each, in the module of its name.

mod approvals;
mod artifacts;
mod buttons;
mod changes;
mod checks;
mod drift;
mod freeze;
mod health;
mod lock;
mod merge;
mod migrations;
mod parity;
mod release;
mod reviewed;
mod reviews;
mod scope;
mod soak;
mod ticket;
mod verified;
