//! The command line and the client library, as they are used. One binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod book;
mod calc;
mod golden;
mod hostile;
mod journal;
mod live_book;
mod methods;
mod params;
mod program;
mod remote;
mod replay;
mod server;
mod shared;
