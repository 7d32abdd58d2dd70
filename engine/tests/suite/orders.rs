//! Working orders: the bound of what they may require against every subset and partial fill.

mod bound;
pub(crate) use bound::outcomes;
mod grid_worlds;
mod grids;
mod worlds;
