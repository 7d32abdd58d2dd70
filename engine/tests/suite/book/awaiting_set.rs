//! Contracts of a parameter set between their last day and their settlement price.

use std::sync::Arc;

use plimsoll_engine::group::{Becomes, Expiry, Fact, HouseSnapshot, OrderLeg, SettlementRun, Standing};
use plimsoll_engine::parameters::{Definition, Digest, ParameterSet, RoundingProfile, build, sample};
use plimsoll_engine::types::{BusinessDate, Decimal, Lots};

use super::desk::{Desk, code, day, order, reason, text};
use super::unpriced::{under, without_crude};

const CALL: &str = "HCLO OOF 202612 C 70.00";
const PUT: &str = "HCLO OOF 202612 P 70.00";
const CRUDE: &str = "HCL FUT 202612";
/// On an index, which is a physical.
const INDEX: &str = "HX30 FUT 202612S0";

/// The sample exchange on a day, with something changed.
fn on(date: BusinessDate, change: impl Fn(&mut Definition)) -> ParameterSet {
    let mut definition = sample::definition();
    definition.business_date = Some(date);
    for family in &mut definition.families {
        let is_crude = family.product.as_str() == "HCLO";
        let series = family.series.iter_mut().filter(|own| is_crude && own.period.as_str() == "202612");
        series.for_each(|own| own.settlement_date = "20260918".to_owned());
        let is_index = family.product.as_str() == "HX30";
        let contracts =
            family.contracts.iter_mut().filter(|own| is_index && own.period.as_str() == "202612S0");
        contracts.for_each(|own| own.settlement_date = "20260918".to_owned());
    }
    change(&mut definition);
    let digest = Digest([u8::try_from(date.days_since_1970() % 251).unwrap(); 32]);
    build(&definition, digest, RoundingProfile::Exact, Default::default()).unwrap().0
}

/// Crude oil and the index at a price.
fn at(definition: &mut Definition, crude: &str, index: &str) {
    for family in &mut definition.families {
        let price = match family.product.as_str() {
            "HCL" => crude,
            "HX30" => index,
            _ => continue,
        };
        for own in
            family.contracts.iter_mut().filter(|own| ["202612", "000000"].contains(&own.period.as_str()))
        {
            own.price = Some(price.parse().unwrap());
        }
    }
}

/// What has ended is not listed any more.
fn without_ended(definition: &mut Definition) {
    for family in &mut definition.families {
        family.series.retain(|own| own.settlement_date.is_empty());
        family.contracts.retain(|own| own.settlement_date.is_empty());
    }
}

/// A position at its mark, on its last day and on the next one.
fn held(lots: i64, contract: &str, next: ParameterSet) -> (Desk, Decimal, Standing, Standing) {
    let mut desk = Desk::new(on(day(18), |_| ()), "900000");
    let mark = desk.mark(contract);
    desk.trade("T1", lots, contract, mark);
    let before = desk.standing();
    assert!(before.is_complete(), "its last day is a day of it");
    desk.house = under(&desk.house, next, &desk);
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

fn ended_sets(crude: &str, index: &str) -> [ParameterSet; 2] {
    let listed = on(day(21), |definition| at(definition, crude, index));
    let unlisted = on(day(21), |definition| {
        at(definition, crude, index);
        without_ended(definition);
    });
    [listed, unlisted]
}

#[test]
fn options_are_worth_the_lesser_held_and_the_greater_sold_whether_they_are_listed_or_not() {
    for (contract, crude, intrinsic) in
        [(CALL, "90", "20"), (CALL, "71", "1"), (CALL, "60", "0"), (PUT, "90", "0"), (PUT, "40.5", "29.5")]
    {
        let intrinsic: Decimal = intrinsic.parse().unwrap();
        for (set, other) in ended_sets(crude, "5000").into_iter().zip(ended_sets(crude, "5000")) {
            let (desk, mark, before, after) = held(-3, contract, set);
            let worth = |desk: &Desk, price: Decimal| {
                let id = desk.group.position_accounts[&code("A")].holdings.keys().next().copied().unwrap();
                desk.house.known(id).unwrap().money_at(price, 3).unwrap()
            };
            let own = &after.currencies[&code("USD")];
            let value = worth(&desk, mark.max(intrinsic));
            assert!(own.unpriced >= value && own.position_value.is_zero(), "{contract} {crude}: {own:?}");
            // The whole risk that it had; the requirement of a sold option has its value in it.
            let risk = before.initial.requirement.minus(worth(&desk, mark)).unwrap();
            assert!(own.unpriced.minus(value).unwrap() >= risk, "{contract} {crude}");
            let (desk, mark, _, after) = held(3, contract, other);
            let own = &after.currencies[&code("USD")];
            assert_eq!(own.position_value, worth(&desk, mark.min(intrinsic)), "{contract} {crude}");
            assert_eq!(own.withheld, own.position_value);
            assert!(own.unpriced <= own.position_value, "it loses no more than it is worth");
        }
    }
}

#[test]
fn a_future_on_an_index_loses_up_to_the_index_and_gains_nothing_by_it() {
    for (lots, index, more) in
        [(2, "5400", false), (2, "4800", true), (-2, "5400", true), (-2, "4800", false)]
    {
        for set in ended_sets("70", index) {
            let (mut desk, mark, before, after) = held(lots, INDEX, set);
            let id = desk.contract(INDEX);
            let known = desk.house.known(id).unwrap();
            let price = if more { index.parse().unwrap() } else { mark };
            let gain =
                known.money_at(price, lots).unwrap().minus(known.money_at(mark, lots).unwrap()).unwrap();
            let own = &after.currencies[&known.currency];
            assert_eq!(text(own.variation), text(gain), "{lots} {index}");
            assert!(own.unpriced >= before.initial.requirement, "{lots} {index}");
        }
    }
}

#[test]
fn what_its_source_was_accepted_at_last_counts_where_the_source_is_gone_too() {
    let gone = on(day(21), without_crude);
    let (mut desk, mark, _, after) = held(3, CALL, gone);
    let id = desk.contract(CALL);
    let crude = desk.contract(CRUDE);
    let last = desk.house.known(crude).unwrap().mark.unwrap();
    let intrinsic = last.plus("-70".parse().unwrap()).unwrap().max(Decimal::ZERO);
    assert_eq!(desk.house.awaiting(id).unwrap().intrinsic, Some(intrinsic));
    let worth = desk.house.known(id).unwrap().money_at(mark.min(intrinsic), 3).unwrap();
    assert_eq!(after.currencies[&code("USD")].position_value, worth);
}

#[test]
fn a_set_that_is_the_first_says_what_it_was_worth_last() {
    let mut desk = Desk::new(on(day(21), |definition| at(definition, "90", "5000")), "900000");
    let id = desk.contract(CALL);
    let known = desk.house.known(id).unwrap();
    assert!(known.mark.is_some());
    desk.trade("T1", -1, CALL, Decimal::ONE);
    assert!(desk.standing().is_shown(), "{:?}", desk.standing().missing);
    let worth = known.money_at("20".parse().unwrap(), 1).unwrap();
    assert!(desk.standing().currencies[&code("USD")].unpriced > worth);
    // It is remembered when it goes.
    let unpriced = desk.standing().currencies[&code("USD")].unpriced;
    let [_, unlisted] = ended_sets("90", "5000");
    desk.house = under(&desk.house, unlisted, &desk);
    desk.kept = None;
    assert_eq!(desk.standing().currencies[&code("USD")].unpriced, unpriced);
}

/// What a file states goes before the period; a month has ended with its last day.
#[test]
fn contracts_end_with_the_day_that_is_stated_else_with_their_period() {
    let date = |text: &str| text.parse::<BusinessDate>().unwrap();
    for (stated, today, ended) in [
        ("", "20261231", false),
        ("", "20270104", true),
        ("20261120", "20261120", false),
        ("20261120", "20261123", true),
        ("2026-11-20", "20261123", true),
        ("20270115", "20270104", false),
        ("20270115", "20270118", true),
        // No date at all.
        ("20261131", "20261231", false),
    ] {
        let state = |definition: &mut Definition| {
            let crude = definition.families.iter_mut().find(|own| own.product.as_str() == "HCL").unwrap();
            let own = crude.contracts.iter_mut().find(|own| own.period.as_str() == "202612").unwrap();
            own.settlement_date = stated.to_owned();
        };
        let mut desk = Desk::new(on(day(18), state), "1000");
        let (crude, index) = (desk.contract(CRUDE), desk.contract("HX30 PHY 000000"));
        assert!(desk.house.awaiting(crude).is_none());
        let listed = under(&desk.house, on(date(today), state), &desk);
        let unlisted = under(&desk.house, on(date(today), without_crude), &desk);
        for house in [listed, unlisted] {
            assert_eq!(house.awaiting(crude).is_some(), ended, "{stated} {today}");
            assert!(house.awaiting(index).is_none(), "what is no contract of a month does not end");
        }
    }
}

fn ends(desk: &mut Desk, id: &str, contract: &str) -> SettlementRun {
    let contract = desk.contract(contract);
    let expiries = vec![Expiry { contract, becomes: Becomes::Cash(Decimal::ONE) }];
    SettlementRun { expiries, ..desk.run(id, 21, &[]) }
}

#[test]
fn a_price_ends_nothing_and_what_has_ended_is_refused_first() {
    let [set, _] = ended_sets("71", "5000");
    let (mut desk, mark, ..) = held(3, CALL, set);
    let (call, put) = (desk.contract(CALL), desk.contract(PUT));
    let price = desk.run("R1", 21, &[(CALL, Decimal::ONE), (CRUDE, "71".parse().unwrap())]);
    desk.fact(Fact::Settle(Arc::new(price)));
    assert!(desk.house.awaiting(call).is_some(), "a price settles nothing that is paid, and ends nothing");
    let legs = |desk: &Desk, contracts: [_; 2]| {
        let leg = |contract| OrderLeg { contract, lots: Lots::new(-1).unwrap(), price: Some(mark) };
        let mut own = order(&format!("O{}", desk.group.sequence), contracts.map(leg).to_vec(), 1);
        own.terms.closes = false;
        own
    };
    let both = legs(&desk, [call, put]);
    assert_eq!(reason(&desk.order(both)), "awaiting_settlement");
    let run = ends(&mut desk, "R2", CALL);
    desk.fact(Fact::Settle(Arc::new(run)));
    assert!(desk.house.awaiting(call).is_none() && desk.house.awaiting(put).is_some());
    assert!(desk.standing().is_complete());
    for contracts in [[call, put], [put, call]] {
        let both = legs(&desk, contracts);
        assert_eq!(reason(&desk.order(both)), "contract_ended");
    }
    // A later price of it changes nothing of that.
    let late = SettlementRun { cycle: 2, ..desk.run("R3", 21, &[(CALL, Decimal::whole(9))]) };
    desk.fact(Fact::Settle(Arc::new(late)));
    assert!(desk.house.awaiting(call).is_none() && desk.house.settlements().ended(call).is_some());
}

/// A house is made anew of what it stated, in whatever order.
#[test]
fn what_is_remembered_says_when_it_ends() {
    let [_, unlisted] = ended_sets("71", "5000");
    let (mut desk, ..) = held(3, CALL, unlisted);
    let id = desk.contract(CALL);
    let set = Arc::clone(desk.house.set().unwrap());
    let anew = HouseSnapshot::new(9, set, &desk.registry, Default::default(), Default::default());
    let retained = Arc::clone(desk.house.retained());
    assert_eq!(anew.clone().awaiting(id).map(|own| own.intrinsic), None, "only its month is known");
    assert_eq!(anew.with_retained(retained).awaiting(id), desk.house.awaiting(id));
    assert_eq!(desk.house.awaiting(id).unwrap().intrinsic, Some(Decimal::ONE));
}
