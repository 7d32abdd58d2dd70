//! Measures what the project has promised and prints one line a goal:
//! `goal NAME measured VALUE unit UNIT wanted <=|>= VALUE met|missed`.
//!
//! Figures are medians of interleaved rounds on one thread. A goal that needs the reference material beside the checkout
//! says so where it is absent, on standard error, and is not measured.

mod cold;
mod load;
mod measure;
mod peers;
mod pricing;
mod span;

use std::fmt;

/// As in the binaries that are shipped.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a goal wants of its figure.
enum Wanted {
    AtLeast(f64),
    AtMost(f64),
}

/// A goal and what was measured.
struct Goal {
    name: &'static str,
    measured: f64,
    unit: &'static str,
    wanted: Wanted,
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, value, met) = match self.wanted {
            Wanted::AtLeast(value) => (">=", value, self.measured >= value),
            Wanted::AtMost(value) => ("<=", value, self.measured <= value),
        };
        let Self { name, measured, unit, .. } = self;
        let outcome = if met { "met" } else { "missed" };
        write!(f, "goal {name} measured {measured:.2} unit {unit} wanted {sign} {value} {outcome}")
    }
}

fn main() {
    for goal in span::goals().into_iter().chain(cold::goals()).chain(load::goals()).chain(pricing::goals()) {
        println!("{goal}");
    }
}
