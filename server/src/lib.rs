//! The Plimsoll server: gRPC around the margin engine.
//!
//! [`Settings`] -> [`App::build`] -> [`App::spawn`] -> [`Running::drain`]. The rooms, in the order in which data passes
//! them:
//!
//! * `settings`, `app`: what the server is told, and what it is put together from;
//! * `connections`: accepted sockets, bounded;
//! * `grpc`: the calls: their bounds, the two services, and the only files that know the wire's words and the engine's;
//! * `upload`, `directory`, `compile`: the two ways in which parameter files come, and the step both end in;
//! * `book`: margin groups behind one lock each, and what their houses fix;
//! * `registry`: the parameter sets, and which of them is active for whom;
//! * `workers`: threads for what takes long; `until`: a call's time, and whether its decision came before its end.

#![deny(clippy::wildcard_enum_match_arm)]

mod app;
mod book;
mod compile;
mod connections;
mod data;
mod directory;
mod events;
mod grpc;
mod registry;
mod set_files;
mod settings;
mod until;
mod upload;
mod workers;

pub use app::{App, BuildError, Drained, Running};
pub use data::{DataError, Expiring, Preview, Quarantined, ToldLater, Verified, preview, quarantine, verify};
pub use settings::{SettingFault, Settings, SettingsError};
