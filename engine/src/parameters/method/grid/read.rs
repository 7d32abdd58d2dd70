//! A scenario-grid method from its document.

use super::super::document::{Range, Section};
use super::super::offsets;
use super::{
    BasisContingency, BasisPlace, DeltaShock, Discount, FactorScope, GridMethod, MarginTerms,
    RollContingency, SideDiscount, ValuationTerms, charges, scenarios,
};
use crate::scenario::{ShockRules, SkewCap, SkewShock, TermStructure, VolatilityRange, VolatilityShock};
use crate::types::Ratio;

const PART: Range = (0.0, 1e3);
const ANY: Range = (-1e3, 1e3);
/// The most nodes of a term structure.
const MOST_NODES: usize = 100;

/// Reads what a scenario-grid method has of its own.
pub(in crate::parameters::method) fn read(root: &Section<'_>) -> GridMethod {
    let scenarios = scenarios::read(root);
    let rules = rules(root);
    for (place, own) in scenarios.iter().enumerate() {
        let is_needed = matches!(
            own.shock.volatility,
            crate::scenario::VolatilityMove::Up | crate::scenario::VolatilityMove::Down
        );
        if is_needed && !root.has("volatility_shock") {
            root.fault("volatility_shock", format!("is missing, and scenario {place} needs it"));
            break;
        }
        if own.shock.volatility.is_skew() && !root.has("skew_shock") {
            root.fault("skew_shock", format!("is missing, and scenario {place} needs it"));
            break;
        }
    }
    GridMethod {
        rules,
        valuation: valuation(root),
        margin: margin(root),
        basis: basis(root),
        roll: roll(root),
        delta_shock: delta_shock(root),
        contingency: charges::contingency(root),
        floor: charges::floor(root),
        offsets: offsets::read(root, scenarios.len()),
        collateral: charges::collateral(root),
        scenarios,
    }
}

fn rules(root: &Section<'_>) -> ShockRules {
    let average = root
        .child("valuation")
        .map_or(0.0, |section| section.number("settlement_average_seconds", (0.0, 604_800.0), Some(0.0)));
    ShockRules {
        volatility: volatility_shock(root),
        skew: skew_shock(root),
        settlement_average_seconds: average,
    }
}

fn volatility_shock(root: &Section<'_>) -> VolatilityShock {
    let nothing = VolatilityShock {
        up: VolatilityRange::default(),
        down: VolatilityRange::default(),
        minimum_up: 0.0,
        terms: TermStructure::Flat,
    };
    let Some(section) = root.child("volatility_shock") else { return nothing };
    let range = |relative: &'static str, points: &'static str, section: &Section<'_>| VolatilityRange {
        relative: section.number(relative, PART, Some(0.0)),
        points: section.number(points, PART, Some(0.0)),
    };
    let (up, down) = (range("range_up", "points_up", &section), range("range_down", "points_down", &section));
    let minimum_up = section.number("minimum_up", PART, Some(0.0));
    let has_power = section.has("short_term_power") || section.has("long_term_power");
    let mut nodes: Vec<(f64, VolatilityRange, VolatilityRange)> = Vec::new();
    for node in section.children("terms", MOST_NODES) {
        let days = node.number("days", (0.0, 36_500.0), None);
        if nodes.last().is_some_and(|(before, ..)| *before >= days) {
            node.fault("days", "expected more days than before");
        }
        let node_range = |relative, points| range(relative, points, &node);
        nodes.push((days, node_range("range_up", "points_up"), node_range("range_down", "points_down")));
        node.finish();
    }
    if has_power && !nodes.is_empty() {
        section.fault("terms", "stands beside powers of the term");
    }
    let terms = if !nodes.is_empty() {
        TermStructure::Nodes(nodes)
    } else if has_power {
        TermStructure::Power {
            reference_days: section.number("reference_days", (0.001, 36_500.0), Some(30.0)),
            short_term_power: section.number("short_term_power", (-10.0, 10.0), None),
            long_term_power: section.number("long_term_power", (-10.0, 10.0), None),
            days_floor: section.number("days_floor", (1e-6, 36_500.0), Some(1.0)),
        }
    } else {
        TermStructure::Flat
    };
    section.finish();
    VolatilityShock { up, down, minimum_up, terms }
}

fn skew_shock(root: &Section<'_>) -> SkewShock {
    let Some(section) = root.child("skew_shock") else { return SkewShock::default() };
    let shock = SkewShock {
        linear: SkewCap {
            cap: section.number("linear_cap", ANY, None),
            slope: section.number("linear_slope", ANY, Some(0.0)),
        },
        absolute: SkewCap {
            cap: section.number("absolute_cap", ANY, None),
            slope: section.number("absolute_slope", ANY, Some(0.0)),
        },
        minimum_width: section.number("minimum_width", (0.0, 1e3), None),
        width_scale: section.number("width_scale", ANY, Some(0.0)),
        volatility_static: section.number("volatility_static", ANY, Some(0.0)),
        volatility_slope: section.number("volatility_slope", ANY, Some(0.0)),
    };
    section.finish();
    shock
}

fn valuation(root: &Section<'_>) -> ValuationTerms {
    let mut terms = ValuationTerms { discounts: true, floors_rate_at_zero: true };
    if let Some(section) = root.child("valuation") {
        terms.discounts = section.flag("discounts", true);
        terms.floors_rate_at_zero = section.flag("floors_rate_at_zero", true);
        // Read with the rules of the shocks, which it belongs to.
        section.number("settlement_average_seconds", (0.0, 604_800.0), Some(0.0));
        section.finish();
    }
    terms
}

fn margin(root: &Section<'_>) -> MarginTerms {
    let Some(section) = root.child("margin") else {
        root.fault("margin", "is missing");
        let (maintenance_factor, initial_factor) = (Ratio::ONE, Ratio::ONE);
        let (scope, scan_places, discount) = (FactorScope::Scan, None, None);
        return MarginTerms { maintenance_factor, initial_factor, scope, scan_places, discount };
    };
    let scopes = [("scan", FactorScope::Scan), ("scan_and_contingencies", FactorScope::ScanAndContingencies)];
    let side = |factor, multiplier, add| SideDiscount {
        factor: section.number(factor, (0.0, 1e3), Some(1.0)),
        rate_multiplier: section.number(multiplier, ANY, Some(0.0)),
        rate_add: section.number(add, (-10.0, 10.0), Some(0.0)),
    };
    let stated = |keys: [&'static str; 3]| keys.iter().any(|key| section.has(key));
    let long_keys = ["long_discount", "long_rate_multiplier", "long_rate_add"];
    let short_keys = ["short_discount", "short_rate_multiplier", "short_rate_add"];
    let short = stated(short_keys).then(|| side(short_keys[0], short_keys[1], short_keys[2]));
    let discount = (stated(long_keys) || short.is_some())
        .then(|| Discount { long: side(long_keys[0], long_keys[1], long_keys[2]), short });
    let places = section.optional_number("scan_places", (0.0, 18.0));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 18")]
    let scan_places = places.map(|places| places as u8);
    let terms = MarginTerms {
        scan_places,
        maintenance_factor: section.ratio("maintenance_factor", (0.0, 100.0), None),
        initial_factor: section.ratio("initial_factor", (0.0, 100.0), None),
        scope: section
            .choice("factors_multiply", &scopes, Some(FactorScope::Scan))
            .unwrap_or(FactorScope::Scan),
        discount,
    };
    section.finish();
    terms
}

fn basis(root: &Section<'_>) -> Option<BasisContingency> {
    let section = root.child("basis")?;
    let places = [("worst", BasisPlace::Worst), ("added", BasisPlace::Added)];
    let basis = BasisContingency {
        up_factor: section.number("up_factor", (1e-6, 1e6), None),
        down_factor: section.number("down_factor", (1e-6, 1e6), None),
        add: section.number("add", PART, None),
        multiplier: section.number("multiplier", PART, Some(0.0)),
        place: section.choice("counts", &places, Some(BasisPlace::Worst)).unwrap_or(BasisPlace::Worst),
    };
    section.finish();
    Some(basis)
}

fn roll(root: &Section<'_>) -> Option<RollContingency> {
    let section = root.child("roll")?;
    let roll = RollContingency {
        annualised_move: section.number("annualised_move", PART, Some(0.0)),
        minimum_move: section.number("minimum_move", PART, Some(0.0)),
        perpetuals: section.flag("perpetuals", true),
    };
    section.finish();
    Some(roll)
}

fn delta_shock(root: &Section<'_>) -> Option<DeltaShock> {
    let section = root.child("delta_shock")?;
    let shock = DeltaShock {
        threshold: section.number("threshold", (0.0, 1e15), None),
        move_per_money: section.number("move_per_money", PART, None),
        most: section.number("most", (0.0, 1.0), None),
    };
    section.finish();
    Some(shock)
}
