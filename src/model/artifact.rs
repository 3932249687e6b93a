//! What others say of images and of change tickets: the shapes that their doors return.
//!
//! It holds no judgement: what an answer is worth is `domain`'s to say.

use serde::{Deserialize, Serialize};

use super::ids::Digest;

/// What a registry says of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Artifact {
    /// It is there, and this is its manifest.
    Present(Digest),
    /// It is not there.
    Absent,
    /// Nobody asks this registry: the operator has not named it, or not for this repository.
    NotAsked {
        /// Which registry.
        registry: String,
    },
    /// It names no image that could be anywhere.
    Malformed,
    /// It is not known whether it is there.
    Unreachable(String),
}

/// Which manifest a tag was when it was first seen to run somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// The image's name, registry included.
    pub image: String,
    /// Its tag.
    pub tag: String,
    /// What it was.
    pub digest: Digest,
}

/// What a server says of a change ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TicketAnswer {
    /// This stands where it was looked for.
    Says(String),
    /// Nothing stands where it was looked for.
    Silent,
    /// It knows no such ticket.
    Absent,
    /// Nobody asks this server: the operator has not named it, or not for this repository.
    NotAsked {
        /// Which server.
        host: String,
    },
    /// It is not known what it would say.
    Unreachable(String),
}
