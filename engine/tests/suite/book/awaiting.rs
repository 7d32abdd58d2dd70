//! Contracts between their expiry and their settlement price.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_engine::contract::Period;
use plimsoll_engine::group::{CollateralSchedule, HouseMethods, HouseSnapshot, Request, Standing};
use plimsoll_engine::market::{Observed, Quote};
use plimsoll_engine::parameters::{Digest, ParameterSet, RoundingProfile, build, sample};
use plimsoll_engine::types::{Decimal, Moment, Money, PriceSource};

use super::desk::{Desk, code, day, money, reason, text};
use super::venue;

const CALL: &str = "BTC OOP 202610 C 60000";
const FUTURE: &str = "BTC FUT 202610";
const PERPETUAL: &str = "BTC FUT PERP";

/// The venue at the moment of the expiry, with another price of the coin.
fn expired(desk: &Desk, price: f64) -> HouseSnapshot {
    let time = Moment::from_seconds(1_790_000_000 + 30 * 86_400, 0).unwrap();
    let observed = |value| Observed::new(value, time, 1.0).unwrap();
    let source = PriceSource::new("BTC").unwrap();
    let quotes = [
        Quote::Price { source: source.clone(), price: observed(price) },
        Quote::Perpetual { source, price: observed(price + 50.0) },
    ];
    let market = venue::market(60_000.0).next(time, &quotes).unwrap();
    let methods = [venue::DERIVE, venue::DERIBIT].map(|name| (code(name), Arc::new(venue::method(name))));
    let methods = HouseMethods::new(market, &methods.into(), desk.registry.specified()).unwrap();
    let (bands, schedule) = (BTreeMap::new(), CollateralSchedule::default());
    let house = HouseSnapshot::without_set(2, code("VENUE"), &desk.registry, bands, schedule);
    let house = house.with_methods(methods, &desk.registry);
    let lost = house.lost_since(&desk.house);
    house.with_retained(Arc::new(lost.into_iter().collect()))
}

/// A position at its mark, before and after the expiry.
fn held(lots: i64, contract: &str, price: f64) -> (Desk, Decimal, Standing, Standing) {
    let mut desk = venue::desk("60000");
    let mark = desk.mark(contract);
    desk.trade("T1", lots, contract, mark);
    let before = desk.standing();
    assert!(before.is_complete());
    desk.house = expired(&desk, price);
    desk.kept = None;
    let after = desk.standing();
    let missing: Vec<&str> = after.missing.iter().map(|own| own.kind.name()).collect();
    assert_eq!(
        (missing, after.is_shown()),
        (vec!["settlement_price"], true),
        "{contract} {:?}",
        after.missing
    );
    (desk, mark, before, after)
}

/// Ten lots of a tenth of a coin: one coin.
fn of_coin(price: Decimal) -> Money {
    Money::from_decimal(price).unwrap()
}

#[test]
fn what_is_sold_is_worth_the_greater_and_what_is_held_the_lesser() {
    for (price, intrinsic) in [(70_000.0, 10_000), (61_000.0, 1_000), (50_000.0, 0)] {
        let intrinsic = Decimal::whole(intrinsic);
        let (_, mark, before, after) = held(-10, CALL, price);
        let own = &after.currencies[&code("USDC")];
        let worth = of_coin(mark.max(intrinsic));
        assert!(own.unpriced >= worth && own.position_value.is_zero(), "{price}: {own:?}");
        // The whole risk that it had.
        let risk = own.unpriced.minus(worth).unwrap();
        assert!(risk >= before.initial.requirement.times_half_away("0.99".parse().unwrap()).unwrap());
        let (_, mark, _, after) = held(10, CALL, price);
        let own = &after.currencies[&code("USDC")];
        assert_eq!(own.position_value, of_coin(mark.min(intrinsic)), "{price}");
        assert_eq!(own.withheld, own.position_value);
        assert!(own.unpriced <= own.position_value, "it loses no more than it is worth");
    }
}

#[test]
fn a_future_loses_up_to_the_present_price_and_gains_up_to_the_last_mark() {
    for (lots, price, variation) in [
        (10, 70_000.0, "0.000000"),
        (10, 50_000.0, "-10600.000000"),
        (-10, 70_000.0, "-9400.000000"),
        (-10, 50_000.0, "0.000000"),
    ] {
        let (_, mark, before, after) = held(lots, FUTURE, price);
        assert_eq!(mark, Decimal::whole(60_600));
        let own = &after.currencies[&code("USDC")];
        assert_eq!(text(own.variation), variation, "{lots} {price}");
        assert!(own.unpriced >= before.initial.requirement, "{lots} {price}");
    }
}

#[test]
fn nothing_is_ordered_and_nothing_paid_out_of_what_is_not_settled() {
    let (mut desk, mark, _, after) = held(10, CALL, 70_000.0);
    assert!(after.payable.excess < after.with_orders.excess);
    for (id, lots) in [("O1", 1), ("O2", -1)] {
        let order = desk.limit(id, lots, CALL, mark);
        assert_eq!(reason(&desk.order(order)), "awaiting_settlement", "{id}");
    }
    let closing = desk.limit("O3", -1, CALL, mark);
    let force = Request::ForceClose(Box::new(closing), "now".to_owned());
    assert_eq!(reason(&desk.request(force)), "awaiting_settlement");
    let much = after.payable.excess.plus(money("0.000001")).unwrap();
    assert_eq!(reason(&desk.request(Request::Withdraw(code("USDC"), much))), "insufficient_margin");
    assert_eq!(reason(&desk.request(Request::Withdraw(code("USDC"), after.payable.excess))), "granted");
    // It still carries risk.
    let perpetual = desk.mark(PERPETUAL);
    let order = desk.limit("O4", 1, PERPETUAL, perpetual);
    let outcome = desk.order(order);
    assert!(["granted", "insufficient_margin"].contains(&reason(&outcome)), "{outcome:?}");
}

#[test]
fn an_order_of_before_the_expiry_is_still_reserved() {
    let mut desk = venue::desk("60000");
    let mark = desk.mark(CALL);
    let order = desk.limit("O1", -10, CALL, mark);
    assert_eq!(reason(&desk.order(order)), "granted");
    desk.house = expired(&desk, 70_000.0);
    desk.kept = None;
    let after = desk.standing();
    assert_eq!((after.missing.len(), after.is_shown()), (1, true), "{:?}", after.missing);
    let reserved = after.with_orders.requirement.minus(after.initial.requirement).unwrap();
    assert!(reserved >= of_coin(Decimal::whole(10_000)), "{reserved:?}");
}

/// A set of a business date with a future that ends on a day.
fn dated(date: u8) -> ParameterSet {
    let mut definition = sample::definition();
    definition.business_date = Some(day(date));
    let gasoil = definition.families.iter_mut().find(|own| own.product.as_str() == "HGO").unwrap();
    gasoil.contracts[0].period = Period::new("20260918").unwrap();
    let digest = Digest([date; 32]);
    build(&definition, digest, RoundingProfile::Exact, Default::default()).unwrap().0
}

#[test]
fn under_a_set_a_contract_whose_day_has_passed_awaits_its_settlement_price() {
    const DATED: &str = "HGO FUT 20260918";
    let mut desk = Desk::new(dated(18), "50000");
    let mark = desk.mark(DATED);
    desk.trade("T1", 2, DATED, mark.plus(Decimal::ONE).unwrap());
    let before = desk.standing();
    assert!(before.is_complete());
    let (bands, schedule) = (BTreeMap::new(), CollateralSchedule::default());
    let house = HouseSnapshot::new(2, Arc::new(dated(21)), &desk.registry, bands, schedule);
    let lost = house.lost_since(&desk.house);
    desk.house = house.with_retained(Arc::new(lost.into_iter().collect()));
    desk.kept = None;
    let after = desk.standing();
    assert_eq!((after.missing.len(), after.missing[0].kind.name()), (1, "settlement_price"));
    let [own, was] = [&after, &before].map(|own| own.currencies[&code("USD")].clone());
    assert_eq!((own.variation, after.is_shown()), (was.variation, true));
    assert!(own.unpriced >= was.initial && own.initial == own.unpriced);
    let order = desk.limit("O1", -1, DATED, mark);
    assert_eq!(reason(&desk.order(order)), "awaiting_settlement");
}
