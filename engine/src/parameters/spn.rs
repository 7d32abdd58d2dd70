//! SPAN risk-parameter files in XML (`.spn`, file format 4.00): the reader and the writer.
//!
//! The reader streams: bytes -> UTF-8 (`source`) -> elements (`cursor`, plain ones by `leaf`) -> [`Definition`](super::Definition), section by
//! section (`header`, `products`, `commodities`, `spreads`, all with `values`). Layout: CME's SPAN XML schema, file format 4.00.

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
