use proptest::prelude::*;

use super::*;

fn money(text: &str) -> Money {
    Money::from_decimal(Decimal::parse(text).unwrap()).unwrap()
}

fn delta(text: &str) -> Delta {
    Delta::from_decimal(Decimal::parse(text).unwrap()).unwrap()
}

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

#[test]
fn rounds_half_away_from_zero() {
    for (value, places, expected) in
        [("0.5", 0, "1"), ("-0.5", 0, "-1"), ("1.4999", 0, "1"), ("-2.345", 2, "-2.35"), ("2.344", 2, "2.34")]
    {
        assert_eq!(money(value).rounded_half_away(places).unwrap(), money(expected), "{value}");
    }
    assert_eq!(Fixed::<MoneyUnit>::from_raw(3).half_away().raw(), 2);
    assert_eq!(Fixed::<MoneyUnit>::from_raw(-3).half_away().raw(), -2);
}

#[test]
fn quotients_of_the_published_garane_spread() {
    let count = delta("120").over_half_away(decimal("12.48")).unwrap();
    assert_eq!(count, Delta::from_raw(9_615_384_615_384_615_385));
    let consumed = delta("120").scaled_half_away(decimal("1"), decimal("12.48")).unwrap();
    let credit = money("9550").share_half_away(consumed, delta("10"), decimal("0.6")).unwrap();
    assert_eq!(credit.rounded_half_away(6).unwrap(), money("5509.615385"));
}

#[test]
fn a_ratio_of_one_is_one_however_it_is_written() {
    for ratio in ["1", "1.0", "1.000000"] {
        let charge = money("52.5").for_delta_half_away(delta("3"), decimal(ratio)).unwrap();
        assert_eq!(charge, money("157.5"), "{ratio}");
    }
}

#[test]
fn a_million_lots_of_everything_still_fit() {
    let credit =
        money("400000000000").share_half_away(delta("399999999.999999"), delta("400000000"), decimal("1"));
    assert_eq!(credit.unwrap(), money("399999999999.999"));
}

#[test]
fn what_does_not_fit_is_an_overflow() {
    let most = Money::from_raw(i128::MAX);
    assert_eq!(most.plus(Money::from_raw(1)), Err(Overflow));
    assert_eq!(most.times_half_away(decimal("1.1")), Err(Overflow));
    assert_eq!(money("1").per_delta_half_away(Delta::ZERO), Err(Overflow));
    assert_eq!(
        most.share_half_away(Delta::from_raw(i128::MAX), Delta::from_raw(1), decimal("1")),
        Err(Overflow)
    );
}

proptest! {
    #[test]
    fn narrow_and_wide_quotients_agree(a in -1_000_000_000_000_i128..1_000_000_000_000, b in any::<i64>(),
                                       c in any::<i64>(), shift in -6_i32..6) {
        prop_assume!(c != 0);
        let wide = wide_quotient_half_away(&[a, i128::from(b)], i128::from(c), shift);
        prop_assert_eq!(narrow_quotient_half_away([a, i128::from(b)], i128::from(c), shift), wide);
    }

    #[test]
    fn a_quotient_is_within_half_a_unit(a in any::<i64>(), c in 1_i64..i64::MAX) {
        let q = quotient_half_away([i128::from(a)], i128::from(c), 0).unwrap();
        let twice_rest = 2 * (i128::from(a) - q * i128::from(c)).abs();
        prop_assert!(twice_rest <= i128::from(c));
    }
}

#[test]
fn zeros_are_taken_off_only_where_all_are_there() {
    let million_millions = 10_i128.pow(12);
    for (raw, expected) in [
        (0, (0, 12)),
        (million_millions, (1, 12)),
        (-7 * million_millions, (-7, 12)),
        (million_millions - 1, (million_millions - 1, 0)),
        (million_millions / 10, (million_millions / 10, 0)),
        (1 << 12, (1 << 12, 0)),
        (i128::MIN, (i128::MIN, 0)),
        (i128::MAX / million_millions * million_millions, (i128::MAX / million_millions, 12)),
    ] {
        assert_eq!(without_zeros(raw), expected, "{raw}");
    }
}
