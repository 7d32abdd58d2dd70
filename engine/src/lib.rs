//! Plimsoll's margin engine: exact, deterministic, pure.
//!
//! There is no I/O, clock, thread, environment or async here; readers take a [`std::io::BufRead`], everything else
//! takes values. The rooms, in the order in which the data passes them:
//!
//! * [`types`]: exact numbers, codes, dates, lots;
//! * [`instruction_set`]: the one place that calls code made for vector units;
//! * [`contract`]: what is traded, and how a caller names it;
//! * [`market`]: what the market says, as immutable snapshots;
//! * [`pricing`]: prices, sensitivities, volatilities, and losses in joint moves;
//! * [`scenario`]: the scan points, and risk arrays as contiguous matrices, from a file or from prices;
//! * [`offset`]: what the risk of several price sources is together;
//! * [`account`]: what a method that is data margins;
//! * `marks`: where the prices and volatilities of its positions come from;
//! * [`doubt`]: what is hardly meant, and what quotes have for nothing;
//! * [`parameters`]: what an exchange publishes, read, cross-checked and compiled into an immutable set;
//! * [`fills`]: what working orders may become, and the search for the worst of it;
//! * [`span`]: the SPAN method, from positions to every number on the way;
//! * [`grid`] and [`rules`]: methods that are data, by scenarios and by formula;
//! * [`report`]: the totals and the outward shape of a result;
//! * [`group`]: the live book as pure state machines;
//! * [`record`]: what a book remembers, as data.

#![deny(clippy::float_arithmetic, clippy::wildcard_enum_match_arm)]

pub mod account;
pub mod contract;
pub mod doubt;
pub mod fills;
pub mod grid;
pub mod group;
pub mod instruction_set;
pub mod market;
mod marks;
pub mod offset;
pub mod parameters;
pub mod pricing;
pub mod record;
pub mod report;
pub mod rules;
pub mod scenario;
pub mod span;
pub mod types;
