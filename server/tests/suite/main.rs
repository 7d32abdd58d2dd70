//! The server's integration tests, one binary: a real server in process on a free port, and a real client.

#![allow(clippy::unwrap_used)]

mod activation;
mod batches;
mod binary;
mod book;
mod bounds;
mod directory;
mod durable;
mod extremes;
mod full_disk;
mod golden;
mod groups;
mod hostile_files;
mod house_terms;
mod links;
mod listing;
mod malformed;
mod method_clients;
mod methods;
mod offline;
mod operation;
mod price_terms;
mod raw;
mod remembered;
mod runs;
mod sample;
mod served;
mod shared;
mod streams;
mod undecodable;
mod unknown_contracts;
mod uploads;
