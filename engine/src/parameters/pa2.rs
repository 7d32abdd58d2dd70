//! SPAN risk-parameter files in fixed columns (`.pa2`, expanded and unpacked, "U2"): the reader and the
//! writer.
//!
//! The reader streams: bytes -> lines (`source`) -> records (`record`, by the table in `columns`) -> what each kind of
//! record says (`header`, `products`, `arrays`, `commodities`, `spreads`, `notes`). When the last line is read,
//! `families` and `assembly` link what was collected into a [`Definition`](super::Definition): records may stand in any
//! order behind the header.

mod arrays;
mod assembly;
mod columns;
mod commodities;
mod families;
mod header;
mod notes;
mod price;
mod products;
mod read;
mod record;
mod source;
mod spreads;
mod tiers;
mod write;

pub use super::reading::{ReadError, Reading};
pub use read::read;
pub use write::{WriteError, write};
