//! The Plimsoll server.
