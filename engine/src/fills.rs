//! What working orders may become: each filled not at all, in part or whole, within what links them.
//!
//! `region` is a set of such outcomes, `linear` the most that a number which grows with every unit filled can be in a region (`linked`: with
//! what a link makes of it),
//! `search` halves regions until what it can prove of the worst outcome and the worst that it has found lie close together.

mod linear;
mod linked;
mod region;
mod search;

pub use linear::{Linear, LinearDelta, LinearMoney, Places};
pub use region::{Link, OpenFills, Range, Region, Weighed};
pub use search::{Amounts, Bound, Effort, Requirement, Worst, worst};
