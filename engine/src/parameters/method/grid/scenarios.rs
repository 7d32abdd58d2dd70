//! The scenarios of a file: written one by one, as products of moves, or by a venue's price range.

#![allow(clippy::float_arithmetic, reason = "moves are the models'; dampening is exact")]

use super::super::document::{Range, Section};
use super::{Relief, Scenario};
use crate::scenario::{Shock, VolatilityMove};
use crate::types::{Money, Ratio};

/// The most scenarios of a method.
const MOST: usize = 1_000;
const FACTOR: Range = (1e-6, 1e6);
const MOVE: Range = (-0.999_999, 1e6);
const WEIGHT: Range = (0.0, 1e6);

const VOLATILITIES: [(&str, VolatilityMove); 5] = [
    ("none", VolatilityMove::Unchanged),
    ("up", VolatilityMove::Up),
    ("down", VolatilityMove::Down),
    ("skew_linear", VolatilityMove::SkewLinear),
    ("skew_absolute", VolatilityMove::SkewAbsolute),
];

/// All scenarios, in the order: price range, grids, single ones.
pub(super) fn read(root: &Section<'_>) -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    if let Some(section) = root.child("price_range") {
        scenarios.extend(price_range(&section));
        section.finish();
    }
    for section in root.children("grids", MOST) {
        let all = grid(&section);
        if scenarios.len() + all.len() > MOST {
            section.fault("moves", format!("more than {MOST} scenarios with these"));
        } else {
            scenarios.extend(all);
        }
        section.finish();
    }
    for section in root.children("scenarios", MOST) {
        let own = single(&section);
        if !own.name.is_empty() && scenarios.iter().any(|before: &Scenario| before.name == own.name) {
            section.fault("name", "stands here a second time");
        }
        if scenarios.len() == MOST {
            section.fault("spot_factor", format!("one more than {MOST} scenarios"));
        } else {
            scenarios.push(own);
        }
        section.finish();
    }
    if scenarios.is_empty() && !["price_range", "grids", "scenarios"].iter().any(|key| root.has(key)) {
        root.fault("scenarios", "is missing: a method has at least one scenario");
    }
    scenarios
}

fn single(section: &Section<'_>) -> Scenario {
    let word = section.choice("volatility", &VOLATILITIES, Some(VolatilityMove::Unchanged));
    let relative = section.optional_number("volatility_relative", (-1.0, 1e3));
    let points = section.optional_number("volatility_points", (-1e3, 1e3));
    let volatility = if relative.is_some() || points.is_some() {
        if section.has("volatility") {
            section.fault("volatility", "stands beside a move that the scenario states itself");
        }
        VolatilityMove::Stated { relative: relative.unwrap_or(0.0), points: points.unwrap_or(0.0) }
    } else {
        word.unwrap_or(VolatilityMove::Unchanged)
    };
    let shock = Shock {
        spot_factor: section.number("spot_factor", FACTOR, Some(1.0)),
        spot_shift: section.number("spot_shift", (-1e12, 1e12), Some(0.0)),
        forward_factor: section.number("forward_factor", FACTOR, Some(1.0)),
        basis_shift: section.number("basis_shift", (-10.0, 10.0), Some(0.0)),
        volatility,
        rate_shift: section.number("rate_shift", (-10.0, 10.0), Some(0.0)),
        days: section.number("days", (0.0, 36_500.0), Some(0.0)),
    };
    Scenario {
        name: section.text("name", Some("")),
        shock,
        dampening: section.ratio("dampening", WEIGHT, Some(Ratio::ONE)),
        relief: None,
    }
}

/// Every move with every volatility, in the order in which they are written.
fn grid(section: &Section<'_>) -> Vec<Scenario> {
    let moves = section.numbers("moves", MOVE, MOST);
    let dampening = section.ratio("dampening", WEIGHT, Some(Ratio::ONE));
    let volatilities = volatilities(section);
    let mut scenarios = Vec::new();
    if moves.is_empty() {
        section.fault("moves", "expected at least one");
    }
    once(section, "moves", &moves);
    if moves.len() * volatilities.len() > MOST {
        section.fault("moves", format!("{} scenarios: at most {MOST}", moves.len() * volatilities.len()));
        return scenarios;
    }
    for own in moves {
        for volatility in &volatilities {
            let shock = Shock { spot_factor: 1.0 + own, volatility: *volatility, ..Shock::NOTHING };
            scenarios.push(Scenario { name: String::new(), shock, dampening, relief: None });
        }
    }
    scenarios
}

fn volatilities(section: &Section<'_>) -> Vec<VolatilityMove> {
    let words = section.texts("volatilities", VOLATILITIES.len());
    let known: Vec<VolatilityMove> = words
        .iter()
        .filter_map(|word| VOLATILITIES.iter().find(|(name, _)| name == word).map(|(_, own)| *own))
        .collect();
    if known.is_empty() || known.len() < words.len() {
        section.fault("volatilities", "expected one or more of none, up, down, skew_linear, skew_absolute");
    }
    once(section, "volatilities", &words);
    known
}

/// Notes what a list has twice.
fn once<T: PartialEq + std::fmt::Display>(section: &Section<'_>, key: &'static str, list: &[T]) {
    if let Some((_, own)) = list.iter().enumerate().find(|(place, own)| list[..*place].contains(own)) {
        section.fault(key, format!("{own} stands here a second time"));
    }
}

/// A grid of equal steps up to a range either way, and far moves that count as much as the edge and are softened by money.
fn price_range(section: &Section<'_>) -> Vec<Scenario> {
    let range = section.number("range", (0.000_001, 0.999), None);
    let buckets = section.number("buckets", (1.0, 100.0), None);
    let volatilities = volatilities(section);
    let far = section.numbers("extended_moves", MOVE, MOST);
    once(section, "extended_moves", &far);
    let volatility = section.choice("extended_volatility", &VOLATILITIES, Some(VolatilityMove::Up));
    let factor = section.number("extended_factor", WEIGHT, Some(1.0));
    let in_coin = section.flag("extended_in_coin", false);
    let dampener = section.number("extended_dampener", (0.0, 1e12), Some(0.0));
    if buckets.fract() != 0.0 {
        section.fault("buckets", "expected a whole number");
    }
    #[expect(clippy::cast_possible_truncation, reason = "from 1 to 100")]
    let buckets_a_side = buckets as i32;
    let mut scenarios = Vec::new();
    for bucket in -buckets_a_side..=buckets_a_side {
        let own = range * f64::from(bucket) / buckets;
        for volatility in &volatilities {
            let shock = Shock { spot_factor: 1.0 + own, volatility: *volatility, ..Shock::NOTHING };
            let name = String::new();
            scenarios.push(Scenario { name, shock, dampening: Ratio::ONE, relief: None });
        }
    }
    let volatility = volatility.unwrap_or(VolatilityMove::Up);
    for own in far {
        let edge = 1.0 + range.copysign(own);
        let exact = |value: f64| Ratio::from_f64_half_away(value).unwrap_or(Ratio::ZERO);
        // A linear position in a coin shows its value at the edge in every far cell then.
        let of_coin = if in_coin { (1.0 + own) / edge } else { 1.0 };
        let weight = if own == 0.0 { 1.0 } else { range / own.abs() * of_coin };
        let softened = ((own.abs() / range).max(1.0) - 1.0) * dampener;
        let relief = Relief {
            money: Money::from_f64_half_away(softened).unwrap_or(Money::ZERO),
            price_factor: exact(edge),
        };
        let shock = Shock { spot_factor: 1.0 + own, volatility, ..Shock::NOTHING };
        let dampening = exact(factor * weight);
        scenarios.push(Scenario { name: String::new(), shock, dampening, relief: Some(relief) });
    }
    scenarios
}
