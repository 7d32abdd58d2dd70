//! Offsets between price sources.

use plimsoll_engine::offset::{CorrelationMatrix, Limits, SourceRisk, by_correlation};
use plimsoll_engine::types::{Decimal, Money, Ratio};
use proptest::prelude::*;

use super::{Rolled, account, grid, method, rolled, sum};

fn group(rule: &str) -> String {
    format!("[[offsets]]\nname = \"g\"\nsources = [\"BTC\", \"ETH\"]\n{rule}\n")
}

fn perpetual(of_btc: bool, quantity: i64) -> Rolled {
    Rolled { of_btc, kind: 0, is_long_dated: false, strike: 10, quantity }
}

/// One BTC and twenty ETH are worth the same.
fn hedged() -> [Rolled; 2] {
    [perpetual(true, 100), perpetual(false, -2_000)]
}

fn close(actual: Money, expected: f64) {
    assert!((actual.to_f64() - expected).abs() < 1e-6, "{actual:?} instead of {expected}");
}

#[test]
fn a_long_against_a_correlated_short_is_below_either_leg() {
    // Each leg alone loses 16 percent of 60,000 in its worst scenario.
    let rule = |correlation: &str| {
        group(&format!(
            "rule = \"correlation\"\nup = 25\ndown = 1\nmatrix = [[1, {correlation}], [{correlation}, 1]]"
        ))
    };
    for (correlation, expected) in
        [("0.9", 9_600.0 * 0.2_f64.sqrt()), ("1", 0.0), ("0", 9_600.0 * 2.0_f64.sqrt())]
    {
        let result = grid(&method(&rule(correlation)), &account(&[&hedged()]));
        close(result.market_risk, expected);
        close(result.groups[0].sum, 19_200.0);
        close(result.groups[0].benefit, 19_200.0 - expected);
    }
    // Two longs that are wholly correlated are the sum, and anti-correlated ones cancel out.
    let longs = [perpetual(true, 100), perpetual(false, 2_000)];
    close(grid(&method(&rule("1")), &account(&[&longs])).market_risk, 19_200.0);
    close(grid(&method(&rule("-1")), &account(&[&longs])).market_risk, 0.0);
}

/// What two sources require by a correlation of a half, up in the first scenario and down in the second.
fn correlated(one: &[i64], other: &[i64]) -> f64 {
    let money = |own: &[i64]| -> Vec<Money> {
        own.iter().map(|units| Money::from_decimal(Decimal::new(*units, 6).unwrap()).unwrap()).collect()
    };
    let results = [money(one), money(other)];
    let alone = |results: &[Money]| results.iter().copied().min().unwrap().negated().max(Money::ZERO);
    let risks = results.each_ref().map(|results| SourceRisk { results, alone: alone(results) });
    let rows = [["1", "0.5"], ["0.5", "1"]];
    let ratio = |text: &str| Ratio::from_decimal(text.parse().unwrap()).unwrap();
    let rows: Vec<Vec<Ratio>> = rows.iter().map(|row| row.iter().map(|own| ratio(own)).collect()).collect();
    let matrix = CorrelationMatrix::new(&rows).unwrap();
    by_correlation(&risks, &matrix, 0, 1, Limits::NONE).unwrap().amount.to_f64() * 1e6
}

#[test]
fn a_source_that_goes_to_nothing_leaves_what_is_without_it() {
    // The worst of the first is in no common move; it gains in both.
    for one in [[300, 200, -90], [-50, 400, -90], [-90, 10, -20], [500, -70, 0]] {
        let alone = -one.iter().min().unwrap() as f64;
        for other in [[-40, 60, -80], [70, -30, 10], [-9, -9, -9], [80, 90, 70]] {
            for power in 0..7 {
                let scaled = |own: &[i64], by: i64| own.iter().map(|units| units * by).collect::<Vec<_>>();
                let size = 1_000_000 / 10_i64.pow(power);
                let whole = correlated(&scaled(&one, 1_000_000), &scaled(&other, size)) / 1e6;
                // It moves by at most what the other loses, and what it may gain against the first.
                let near = (whole - alone).abs();
                assert!(
                    near * 10_f64.powf(f64::from(power)) < 200.0,
                    "{one:?} {other:?} / 10^{power}: {whole}"
                );
            }
        }
    }
}

#[test]
fn what_only_gains_requires_nothing() {
    assert!(correlated(&[30, 20, 10], &[5, 1, 2]).abs() < 1e-9);
    // Up both gain, and what they lose down is all: the gains are no risk.
    let down = correlated(&[300, -40, 0], &[200, -30, 0]);
    let root = (40.0_f64 * 40.0 + 30.0 * 30.0 + 40.0 * 30.0).sqrt();
    assert!((down - root).abs() < 1e-6, "{down} instead of {root}");
    // A source that only gains counts nothing against the other.
    assert!((correlated(&[-10, -60, -5], &[50, 80, 20]) - 60.0).abs() < 1e-6);
}

#[test]
fn limits_hold() {
    let rule = "rule = \"correlation\"\nup = 25\ndown = 1\nmatrix = [[1, 1], [1, 1]]\n";
    for (limit, expected) in [("most_benefit = 0.75", 4_800.0), ("floor = 0.25", 2_400.0)] {
        let result = grid(&method(&group(&format!("{rule}{limit}"))), &account(&[&hedged()]));
        close(result.market_risk, expected);
    }
}

#[test]
fn gains_count_in_part_and_up_to_an_amount() {
    for (rule, expected) in [
        ("rule = \"gains\"\nfraction = 0.6", 9_600.0 * 0.4),
        ("rule = \"gains\"\nfraction = 0.6\nmost = 1000", 8_600.0),
        ("rule = \"pairs\"\npairs = [{ one = \"BTC\", other = \"ETH\", fraction = 0.9 }]", 960.0),
        ("rule = \"pairs\"\npairs = []", 19_200.0),
        ("rule = \"gains\"\nfraction = 0", 19_200.0),
    ] {
        close(grid(&method(&group(rule)), &account(&[&hedged()])).market_risk, expected);
    }
}

fn rules() -> impl Strategy<Value = String> {
    let part = || (0_u32..=100).prop_map(|percent| f64::from(percent) / 100.0);
    prop_oneof![
        part().prop_map(|part| format!("rule = \"gains\"\nfraction = {part}")),
        part().prop_map(|part| format!(
            "rule = \"pairs\"\npairs = [{{ one = \"BTC\", other = \"ETH\", fraction = {part} }}]"
        )),
        part().prop_map(|part| format!(
            "rule = \"correlation\"\nup = 25\ndown = 1\nmatrix = [[1, {part}], [{part}, 1]]"
        )),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn together_is_never_more_than_the_sum_nor_less_than_the_floor(
        book in prop::collection::vec(rolled(), 0..10),
        rule in rules(),
        floor in 0_u32..=100,
    ) {
        let alone = grid(&method(""), &account(&[&book]));
        let whole = sum(alone.sources.iter().map(|own| own.market_risk));
        prop_assert_eq!(alone.market_risk, whole);
        let floor = f64::from(floor) / 100.0;
        let result = grid(&method(&group(&format!("{rule}\nfloor = {floor}"))), &account(&[&book]));
        prop_assert!(result.market_risk <= whole);
        let greatest = alone.sources.iter().map(|own| own.market_risk).max().unwrap_or_default();
        let part = Ratio::from_decimal(format!("{floor}").parse::<Decimal>().unwrap()).unwrap();
        prop_assert!(result.market_risk >= greatest.times_ratio_half_away(part).unwrap());
    }

    #[test]
    fn no_offsets_are_the_sum(book in prop::collection::vec(rolled(), 0..10)) {
        let alone = grid(&method(""), &account(&[&book]));
        for rule in ["rule = \"gains\"\nfraction = 0", "rule = \"pairs\"\npairs = [{ one = \"BTC\", other = \"ETH\", fraction = 0 }]"] {
            prop_assert_eq!(grid(&method(&group(rule)), &account(&[&book])).market_risk, alone.market_risk);
        }
    }

    #[test]
    fn shares_and_the_rest_are_the_whole_across_sources(
        books in prop::collection::vec(prop::collection::vec(rolled(), 0..5), 2..4),
        rule in rules(),
    ) {
        let parts: Vec<&[Rolled]> = books.iter().map(Vec::as_slice).collect();
        let result = grid(&method(&group(&rule)), &account(&parts));
        let initial = sum(result.shares.iter().map(|share| share.initial)).plus(result.unallocated.0).unwrap();
        prop_assert_eq!(initial, result.requirement.initial);
    }
}
