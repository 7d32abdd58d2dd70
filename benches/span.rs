//! SPAN on a real exchange's file: 600 portfolios, found in the set beforehand.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use plimsoll_client::portfolio::{self, InputFormat};
use plimsoll_engine::parameters::{ParameterSet, RoundingProfile, build, spn};
use plimsoll_engine::report::{CalculationOptions, report, requirement};
use plimsoll_engine::span::Portfolio;

use crate::measure::medians;
use crate::{Goal, Wanted};

/// Times through all portfolios in one round.
const REPEATS: usize = 20;

pub(crate) fn goals() -> Vec<Goal> {
    let Some((set, portfolios)) = golden() else {
        eprintln!(
            "not measured: span_golden_portfolios_per_s, span_report_cost: the reference material is absent"
        );
        return Vec::new();
    };
    let options = CalculationOptions::default();
    let calculated = |portfolio: &Portfolio| requirement(&set, portfolio, &options).is_ok();
    let reported = |portfolio: &Portfolio| report(&set, portfolio, &options).is_ok();
    let all = |work: &dyn Fn(&Portfolio) -> bool| {
        (0..REPEATS).map(|_| portfolios.iter().filter(|portfolio| work(portfolio)).count()).sum()
    };
    let [alone, whole] = medians([&mut || all(&calculated), &mut || all(&reported)]);
    let count = (REPEATS * portfolios.len()) as f64;
    vec![
        Goal {
            name: "span_golden_portfolios_per_s",
            measured: count / alone,
            unit: "portfolios/s",
            wanted: Wanted::AtLeast(600_000.0),
        },
        Goal {
            name: "span_report_cost",
            measured: whole / alone,
            unit: "ratio",
            wanted: Wanted::AtMost(4.0),
        },
    ]
}

/// A file of the reference material, where it is to be had.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("PLIMSOLL_SHARED").map_or_else(|| PathBuf::from("../shared"), PathBuf::from);
    Some(root.join(path)).filter(|file| file.exists())
}

fn golden() -> Option<(ParameterSet, Vec<Portfolio>)> {
    let open = |name: &str| File::open(shared(&format!("data/span/{name}"))?).map(BufReader::new).ok();
    let reading = spn::read(open("takas.spn")?).ok()?;
    let (set, _) =
        build(&reading.definition, reading.digest, RoundingProfile::Exact, reading.diagnostics).ok()?;
    let read = portfolio::read(open("golden.jsonl")?, InputFormat::JsonLines);
    let found =
        read.map(|line| Portfolio::resolve(&set, &line.ok()?.positions, &[], Default::default()).ok());
    let portfolios = found.collect::<Option<Vec<_>>>()?;
    Some((set, portfolios))
}
