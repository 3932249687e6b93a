//! Opinions, and nothing else: facts go in, a decision comes out; no clock, no network, no files.
//!
//! Each intent family has a module with its facts, what it still needs to know, and how it decides.

pub mod decision;
pub mod facts;
pub mod inert;
pub mod merge;
pub mod policy;
pub mod promotion;
