//! Typed client of Plimsoll, and what its command line is made of.
//!
//! The rooms, in the order in which the data passes them:
//!
//! * [`portfolio`]: the portfolios of a file, read and checked;
//! * [`market`] and [`margin_account`]: what a method that is data is asked for, in the same way;
//! * [`request`] and [`answer`]: what is asked of a server and what it says, in the engine's own words;
//! * [`client`]: the calls;
//! * [`output`]: reports as JSON lines and as tables.
//!
//! `to_proto` and `from_proto` are the only files that know both vocabularies. A server's answer is checked like any other
//! input: a malformed one is an error, never a panic.

#![deny(clippy::wildcard_enum_match_arm)]

pub mod answer;
pub mod client;
mod document;
pub mod error;
mod from_proto;
pub mod json;
pub mod margin_account;
pub mod market;
pub mod output;
pub mod portfolio;
pub mod request;
pub mod rows;
mod to_proto;
