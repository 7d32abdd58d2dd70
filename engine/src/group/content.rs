//! What tells contents apart: a digest of what something says, however it was sent.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::command::{Body, Command};

/// SHA-256 of what something says, in one form: forms of the wire are not in it, and equal numbers are equal.
pub(crate) fn content_of<T: Serialize>(own: &T) -> [u8; 32] {
    let mut bytes = Vec::new();
    let mut serializer = rmp_serde::Serializer::new(&mut bytes).with_human_readable();
    // Everything that commands are made of can be stored.
    own.serialize(&mut serializer).unwrap_or_else(|error| unreachable!("a content: {error}"));
    Sha256::digest(bytes).into()
}

impl Body {
    /// What it says: equal for bodies that mean the same, whoever gives them under whatever id.
    #[must_use]
    pub fn content(&self) -> [u8; 32] {
        content_of(self)
    }
}

impl Command {
    /// The content of its body.
    #[must_use]
    pub fn content(&self) -> [u8; 32] {
        self.body.content()
    }
}
