//! Measures what the project has promised and prints one line a goal:
//! `goal NAME measured VALUE unit UNIT wanted <=|>= VALUE met|missed`.
//!
//! Figures are medians of interleaved rounds on one thread. A goal that needs the reference material beside the checkout
//! says so where it is absent, on standard error, and is not measured.

mod cold;
mod commit;
mod load;
mod measure;
mod peers;
mod pricing;
mod recover;
mod span;
mod stall;
mod stores;

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

/// Those of a room.
type Goals = fn() -> Vec<Goal>;

/// All of them, or those of the rooms that are named: `goals commit recover`.
fn main() {
    let rooms: [(&str, Goals); 7] = [
        ("span", span::goals),
        ("cold", cold::goals),
        ("load", load::goals),
        ("pricing", pricing::goals),
        ("commit", commit::goals),
        ("recover", recover::goals),
        ("stall", stall::goals),
    ];
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    for (_, goals) in
        rooms.iter().filter(|(name, _)| wanted.is_empty() || wanted.iter().any(|own| own == name))
    {
        goals().iter().for_each(|goal| println!("{goal}"));
    }
}
