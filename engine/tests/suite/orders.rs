//! Working orders: the bound of what they may require against every subset and partial fill.

mod bound;
mod grid_worlds;
mod grids;
mod worlds;

pub(crate) use bound::outcomes;

use std::ops::Range;

/// The seeds of a test; `PLIMSOLL_SEEDS=1000..3000` has it try others.
pub(crate) fn seeds(usual: Range<u64>) -> Range<u64> {
    let Ok(text) = std::env::var("PLIMSOLL_SEEDS") else { return usual };
    let (first, last) = text.split_once("..").unwrap_or((&text, &text));
    first.parse().unwrap()..last.parse().unwrap()
}
