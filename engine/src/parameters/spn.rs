//! SPAN risk-parameter files in XML (`.spn`, file format 4.00): the reader and the writer.
//!
//! The reader streams: bytes -> UTF-8 (`source`) -> elements (`cursor`, plain ones by `leaf`) -> [`Definition`](super::Definition), section by
//! section (`header`, `products`, `commodities`, `spreads`, all with `values`). Layout: CME's SPAN XML schema, file format 4.00.

// The elements of the schema are 140, and every section reads a few: the others are passed on to one place, which knows them all.
#![allow(clippy::wildcard_enum_match_arm)]

mod commodities;
mod cursor;
mod element;
mod header;
mod leaf;
mod products;
mod read;
mod source;
mod spreads;
mod values;
mod write;

pub use super::reading::{ReadError, Reading};
pub use read::read;
pub use write::write;
