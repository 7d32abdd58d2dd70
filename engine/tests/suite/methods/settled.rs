//! Contracts whose expiry has come: market risk in full until the settlement price is stated, and none from then on.

use plimsoll_engine::contract::Instrument;
use plimsoll_engine::grid::GridResult;
use plimsoll_engine::market::{Observed, Quote, Snapshot};
use plimsoll_engine::parameters::method::{Method, read_method};
use plimsoll_engine::report::{MethodResult, by_method};
use plimsoll_engine::types::{Moment, Money};

use super::{Rolled, account, expiry, source};

/// Ten in the hundred either way, and whatever else a grid adds to a contract.
fn method(average: u32) -> Method {
    let text = format!(
        "schema = 1\nname = \"m\"\nkind = \"scenario-grid\"\ncurrency = \"USD\"\n\
         [[grids]]\nmoves = [-0.1, 0.1]\nvolatilities = [\"none\"]\n\
         [valuation]\ndiscounts = false\nsettlement_average_seconds = {average}\n\
         [margin]\nmaintenance_factor = 1\ninitial_factor = 1\nlong_discount = 0.9\n\
         [basis]\nup_factor = 1.05\ndown_factor = 0.95\nadd = 1\nmultiplier = 0\ncounts = \"added\"\n\
         [roll]\nminimum_move = 0.01\n[delta_shock]\nthreshold = 0\nmove_per_money = 0.0001\nmost = 0.1\n\
         [floor]\nnet_delta = 0.02\nhedged_delta = 0.02\nshort_option = 0.02\ncontract = 50\n\
         [contingency]\nfuture_maintenance = 0.01\noption_maintenance = 0.01\nfee = 0.001\ndelivery_hours = 12\ndelivery_maintenance = 0.01\n\
         [[concentration]]\nabove = 0\nfraction = 0.001\n"
    );
    read_method(text.as_bytes()).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// Bitcoin five minutes after an expiry, with a forward that was stated so many seconds after it.
fn market(stated: i64) -> Snapshot {
    let at = |seconds: i64| Moment::from_seconds(7 * 86_400 + seconds, 0).unwrap();
    let observed = |value: f64, seconds: i64| Observed::new(value, at(seconds), 1.0).unwrap();
    let quotes = [
        Quote::Price { source: source("BTC"), price: observed(61_000.0, 300) },
        Quote::Forward { source: source("BTC"), expiry: expiry(7), forward: observed(60_600.0, stated) },
    ];
    Snapshot::empty(at(300)).next(at(300), &quotes).unwrap()
}

/// Hundredths of a future (3), a call (1) or a put (2), with its strike in percent of 60,000.
fn of_kind(kind: u8, strike: i64, quantity: i64) -> Rolled {
    Rolled { of_btc: true, kind, is_long_dated: false, strike, quantity }
}

fn margined(average: u32, stated: i64, held: &[Rolled]) -> GridResult {
    let mut account = account(&[held]);
    for own in &mut account.position_accounts[0].positions {
        // Its volatility does not matter any more.
        if matches!(own.contract.terms().instrument, Instrument::Option { .. }) {
            own.stated.volatility = Some(-1e12);
        }
    }
    match by_method(&method(average), &market(stated), &account).unwrap() {
        MethodResult::Grid(own) => *own,
        other => panic!("{other:?}"),
    }
}

fn money(value: i64) -> Money {
    Money::from_decimal(plimsoll_engine::types::Decimal::whole(value)).unwrap()
}

#[test]
fn what_has_a_settlement_price_is_money() {
    // A future, two calls sold that pay 600 each, and three puts held that pay 5,400 each.
    let held = [of_kind(3, 10, 100), of_kind(1, 10, -200), of_kind(2, 11, 300)];
    for stated in [0, 1, 300] {
        let own = margined(0, stated, &held);
        assert_eq!(own.equity.position_value, money(3 * 5_400 - 2 * 600), "{stated}");
        assert!(own.market_risk.is_zero() && own.charges.is_empty(), "{stated}: {own:?}");
        assert!(own.requirement.initial.is_zero() && own.requirement.maintenance.is_zero());
        assert!(own.sources[0].deltas.unwrap().net.is_zero() && own.sources[0].basis.is_zero());
    }
}

#[test]
fn before_that_it_has_its_market_risk_in_full() {
    // Of a future ten in the hundred, of what a put pays in the worse move: 66,000 less 66,660.
    for (held, scan) in [
        (of_kind(3, 10, 100), 6_060),
        (of_kind(3, 10, -100), 6_060),
        (of_kind(2, 11, 100), 5_400),
        (of_kind(2, 11, -100), 6_060),
        (of_kind(1, 10, -100), 6_060),
    ] {
        for average in [0, 1_800] {
            let own = margined(average, -1, &[held]);
            assert_eq!(own.sources[0].worst.negated(), money(scan), "{held:?} {average}");
            assert!(own.requirement.maintenance > own.market_risk, "charged besides");
        }
    }
}

#[test]
fn a_method_with_an_averaged_settlement_price_discounts_and_charges_what_is_held() {
    // A tenth of what the put pays, and a hundredth of the price for the call that is sold.
    let long = margined(1_800, 0, &[of_kind(2, 11, 100)]);
    assert!((long.market_risk.to_f64() - 540.0).abs() < 1e-9, "{:?}", long.market_risk);
    let short = margined(1_800, 0, &[of_kind(1, 10, -100)]);
    assert!(short.market_risk.is_zero());
    assert!(short.charges.iter().any(|own| own.maintenance == money(610)), "{:?}", short.charges);
}
