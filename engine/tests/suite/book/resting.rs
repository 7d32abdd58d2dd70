//! What the numbers of a group rest on.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_engine::group::{CollateralSchedule, HouseMethods, HouseSnapshot};
use plimsoll_engine::market::{Observed, Quote, QuoteKind, QuoteUsed};
use plimsoll_engine::types::{Moment, PriceSource};

use super::desk::{Desk, code, reason, sample_set};
use super::venue;

const CALL: &str = "BTC OOP 202610 C 60000";
const PERPETUAL: &str = "BTC FUT PERP";

fn an_hour_later() -> Moment {
    Moment::from_seconds(1_790_000_000 + 3_600, 0).unwrap()
}

/// The venue when the prices of coin and perpetual are an hour newer than all else.
fn renewed(desk: &Desk) -> HouseSnapshot {
    let time = an_hour_later();
    let observed = |value| Observed::new(value, time, 1.0).unwrap();
    let source = PriceSource::new("BTC").unwrap();
    let quotes = [
        Quote::Price { source: source.clone(), price: observed(60_000.0) },
        Quote::Perpetual { source, price: observed(60_050.0) },
    ];
    let market = venue::market(60_000.0).next(time, &quotes).unwrap();
    let methods = [venue::DERIVE, venue::DERIBIT].map(|name| (code(name), Arc::new(venue::method(name))));
    let methods = HouseMethods::new(market, &methods.into(), desk.registry.specified()).unwrap();
    let (bands, schedule) = (BTreeMap::new(), CollateralSchedule::default());
    HouseSnapshot::without_set(2, code("VENUE"), &desk.registry, bands, schedule)
        .with_methods(methods, &desk.registry)
}

fn kind_and_time(used: Option<&QuoteUsed>) -> Option<(QuoteKind, &str, Moment)> {
    used.map(|own| (own.kind, own.of.as_str(), own.time))
}

#[test]
fn the_oldest_quote_is_of_what_is_held_and_ordered() {
    let mut desk = venue::desk("60000");
    desk.house = renewed(&desk);
    desk.kept = None;
    assert_eq!(desk.standing().rests_on.oldest_quote, None, "nothing is held");
    let mark = desk.mark(PERPETUAL);
    desk.trade("T1", 1, PERPETUAL, mark);
    let held = desk.standing().rests_on;
    let newer = Some((QuoteKind::Price, "BTC", an_hour_later()));
    assert_eq!((kind_and_time(held.oldest_quote.as_ref()), held.business_date), (newer, None));
    // The rate of the option's expiry is the first of those that are older.
    let older = Some((QuoteKind::SourceRate, "BTC", venue::now()));
    let mark = desk.mark(CALL);
    let order = desk.limit("O1", 1, CALL, mark);
    let accepted = desk.order(order);
    let checked = accepted.checked.as_ref().unwrap();
    assert_eq!(reason(&accepted), "granted");
    assert_eq!(kind_and_time(checked.rests_on.oldest_quote.as_ref()), older);
    let order = desk.limit("O2", -1_000, CALL, mark);
    let refused = desk.order(order);
    assert_eq!(reason(&refused), "insufficient_margin");
    let rests_on = refused.refused.unwrap().rests_on.unwrap();
    assert_eq!(kind_and_time(rests_on.oldest_quote.as_ref()), older);
}

#[test]
fn under_a_set_numbers_rest_on_its_business_date() {
    const FUTURE: &str = "HCL FUT 202612";
    let date = Some(sample_set().vintage().business_date);
    let mut desk = Desk::sample("50000");
    let mark = desk.mark(FUTURE);
    desk.trade("T1", 1, FUTURE, mark);
    let held = desk.standing().rests_on;
    assert_eq!((held.business_date, held.oldest_quote), (date, None));
    let order = desk.limit("O1", 1, FUTURE, mark);
    assert_eq!(desk.order(order).checked.unwrap().rests_on.business_date, date);
    let order = desk.limit("O2", 10_000, FUTURE, mark);
    assert_eq!(desk.order(order).refused.unwrap().rests_on.unwrap().business_date, date);
}
