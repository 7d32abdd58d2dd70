//! A group on a real exchange: its future is marked at 7.60, scans 90 lira a lot, and a point of price is 100 lira.

use std::fs::File;
use std::io::BufReader;

use plimsoll_engine::parameters::{RoundingProfile, build, spn};

use super::desk::Desk;
use crate::shared::shared;

pub(super) const BANK: &str = "AKBNKE FUT 201606S0";

/// A group with cash; `None` where the exchange's file is absent.
pub(super) fn takas(cash: &str) -> Option<Desk> {
    let file = File::open(shared("data/span/takas.spn")?).unwrap();
    let reading = spn::read(BufReader::new(file)).unwrap();
    let built = build(&reading.definition, reading.digest, RoundingProfile::Exact, reading.diagnostics);
    Some(Desk::new(built.unwrap().0, cash))
}
