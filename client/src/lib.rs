//! The Plimsoll client.
