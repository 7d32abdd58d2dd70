//! Contracts, prices, rates, bands and methods that are gone: what is shown without them, and what is still possible.

use std::sync::Arc;

use plimsoll_engine::contract::ContractId;
use plimsoll_engine::group::{Fact, HouseSnapshot, NewOrder, Request, Standing};
use plimsoll_engine::parameters::Definition;
use plimsoll_engine::parameters::{Digest, FamilyReference, ParameterSet, RoundingProfile, build, sample};
use plimsoll_engine::types::{Decimal, Money};

use super::desk::{Desk, code, money, reason, text};
use crate::generate::Dice;

const FUTURE: &str = "HCL FUT 202612";
const OPTION: &str = "HCLO OOF 202612 C 70.00";

/// The sample exchange with something taken away.
pub(super) fn set_without(without: impl Fn(&mut Definition)) -> ParameterSet {
    let mut definition = sample::definition();
    without(&mut definition);
    build(&definition, Digest([8; 32]), RoundingProfile::Exact, Default::default()).unwrap().0
}

/// Crude oil is not listed any more.
pub(super) fn without_crude(definition: &mut Definition) {
    let is_crude = |product: &str| product == "HCL" || product == "HCLO";
    for family in definition.families.iter_mut().filter(|own| is_crude(own.product.as_str())) {
        family.contracts.clear();
        family.series.clear();
    }
}

/// The house under another set, as a server makes it of the one before.
pub(super) fn under(before: &HouseSnapshot, set: ParameterSet, desk: &Desk) -> HouseSnapshot {
    let (bands, schedule) = (Default::default(), before.schedule().clone());
    let house = HouseSnapshot::new(before.version() + 1, Arc::new(set), &desk.registry, bands, schedule);
    let mut retained = (**before.retained()).clone();
    retained.extend(house.lost_since(before));
    house.with_retained(Arc::new(retained))
}

#[test]
fn a_house_remembers_the_money_and_the_risk_of_what_it_once_had() {
    let mut desk = Desk::sample("100000");
    let (future, option) = (desk.contract(FUTURE), desk.contract(OPTION));
    let (mark, premium) = (desk.mark(FUTURE), desk.mark(OPTION));
    desk.trade("T", 1, FUTURE, mark);
    let one = desk.standing().initial.requirement;
    let less = under(&desk.house, set_without(without_crude), &desk);
    assert!(less.contract(future).is_none() && less.contract(option).is_none());
    let known = less.known(future).unwrap();
    assert_eq!((known.mark, known.is_paid, known.is_option), (Some(mark), false, false));
    assert_eq!(
        text(
            known
                .money_at(mark.plus("1".parse().unwrap()).unwrap(), -2)
                .unwrap()
                .minus(known.money_at(mark, -2).unwrap())
                .unwrap()
        ),
        "-2000.000000"
    );
    let risk = &less.retained()[&future].risk;
    assert_eq!((risk.len(), risk[0].currency.as_str()), (1, "USD"));
    assert!(risk[0].long >= one && risk[0].long <= one.plus(one).unwrap(), "{risk:?}");
    assert!(risk[0].short.is_positive());
    let option = less.known(option).unwrap();
    assert_eq!((option.mark, option.is_paid), (Some(premium), true));
    // What comes back is what it is then; what goes again is remembered as it was last.
    let again = under(&less, set_without(|_| ()), &desk);
    assert!(again.contract(future).is_some());
    assert_eq!(again.lost_since(&less), Vec::new());
    assert_eq!(less.lost_since(&again).len(), less.retained().len());
    // What nobody ever listed is not known.
    let unknown = HouseSnapshot::new(
        1,
        Arc::new(set_without(without_crude)),
        &desk.registry,
        Default::default(),
        Default::default(),
    );
    assert_eq!(unknown.known(future), None);
}

/// The group of a desk under another set.
pub(super) fn moves_to(desk: &mut Desk, without: impl Fn(&mut Definition)) {
    desk.house = under(&desk.house, set_without(without), desk);
    desk.kept = None;
}

fn shown(standing: &Standing) -> Money {
    assert!(standing.is_shown(), "{:?}", standing.missing);
    standing.with_orders.excess
}

fn lacking(standing: &Standing) -> Vec<&'static str> {
    standing.missing.iter().map(|own| own.kind.name()).collect()
}

fn points(price: Decimal, more: &str) -> Decimal {
    price.plus(more.parse().unwrap()).unwrap()
}

#[test]
fn a_losing_position_that_lost_its_price_keeps_its_loss_and_a_winning_one_its_risk_only() {
    for (more, kept) in [("5", "-5000.000000"), ("-5", "0.000000")] {
        let mut desk = Desk::sample("20000");
        let mark = desk.mark(FUTURE);
        desk.trade("T", 1, FUTURE, points(mark, more));
        let before = desk.standing();
        assert!(before.is_complete());
        moves_to(&mut desk, without_crude);
        let after = desk.standing();
        let own = &after.currencies[&code("USD")];
        assert_eq!((text(own.variation), lacking(&after)), (kept.to_owned(), vec!["position"]), "{more}");
        // What it required, and a tenth of its value at the last mark.
        let value = money("1000").times_half_away(mark).unwrap();
        let add_on = value.times_half_away("0.1".parse().unwrap()).unwrap();
        assert!(own.unpriced >= before.initial.requirement.plus(add_on).unwrap(), "{more}");
        assert!(shown(&after) < before.with_orders.excess && after.initial == after.with_orders);
        // The number may be paid out, no more.
        let much = shown(&after).plus(money("0.000001")).unwrap();
        assert_eq!(reason(&desk.request(Request::Withdraw(code("USD"), much))), "insufficient_margin");
        assert_eq!(reason(&desk.request(Request::Withdraw(code("USD"), shown(&after)))), "granted");
        assert_eq!(text(shown(&desk.standing())), "0.000000");
        // With its price everything is as it was.
        moves_to(&mut desk, |_| ());
        let again = desk.standing();
        assert!(again.is_complete());
        assert_eq!(again.initial.requirement, before.initial.requirement);
    }
}

#[test]
fn options_count_nothing_where_they_are_held_and_their_value_where_they_are_sold() {
    let required = |lots: i64| {
        let mut desk = Desk::sample("100000");
        let mark = desk.mark(OPTION);
        desk.trade("T", lots, OPTION, mark);
        let before = desk.standing();
        moves_to(&mut desk, without_crude);
        let after = desk.standing();
        assert_eq!(lacking(&after), ["position"]);
        assert!(shown(&after) <= before.with_orders.excess, "{lots}");
        (after.initial.requirement, after.currencies[&code("USD")].due, before.initial.requirement)
    };
    let (long, due, _) = required(3);
    assert!(long.is_zero() && due.is_negative(), "the premium is owed all the same");
    let (short, _, before) = required(-3);
    assert!(short > before);
}

#[test]
fn a_balance_without_a_rate_counts_nothing_and_a_debt_without_one_shows_no_number() {
    let mut desk = Desk::sample("20000");
    let mark = desk.mark(FUTURE);
    desk.trade("T", 1, FUTURE, mark);
    let before = shown(&desk.standing());
    assert_eq!(reason(&desk.fact(Fact::Deposit(code("D2"), code("JPY"), money("500")))), "granted");
    let standing = desk.standing();
    assert_eq!((shown(&standing), lacking(&standing)), (before, vec!["conversion"]));
    assert_eq!(reason(&desk.request(Request::Withdraw(code("USD"), money("1000")))), "granted");
    // A fee of more than there is.
    let mut fill = desk.fill("T2", 1, FUTURE, mark);
    fill.fee = Some((code("JPY"), money("800")));
    desk.fact(Fact::Fill(Box::new(fill)));
    assert!(!desk.standing().is_shown());
    assert_eq!(reason(&desk.request(Request::Withdraw(code("USD"), money("1")))), "no_conversion");
    let opening = desk.limit("O1", 1, FUTURE, mark);
    assert_eq!(reason(&desk.order(opening)), "no_conversion");
    // Out of a position, at no loss: nothing is lacking more than before.
    let closing = desk.limit("O2", -1, FUTURE, mark);
    let outcome = desk.order(closing);
    let checked = outcome.checked.unwrap();
    assert!(!checked.before_is_shown && !checked.after_is_shown && !checked.is_complete);
    // Paid in, and all is told again.
    assert_eq!(reason(&desk.fact(Fact::Deposit(code("D3"), code("JPY"), money("300")))), "granted");
    assert!(shown(&desk.standing()) < before);
    assert!(desk.standing().is_complete(), "nothing is left of it");
}

#[test]
fn an_order_whose_contract_is_gone_is_reserved_as_it_was_last() {
    let mut desk = Desk::sample("90000");
    let mark = desk.mark(FUTURE);
    let order = desk.limit("O1", 1, FUTURE, points(mark, "1"));
    let before = desk.order(order).checked.unwrap().after;
    moves_to(&mut desk, without_crude);
    let standing = desk.standing();
    assert_eq!(lacking(&standing), ["order"]);
    assert_eq!(standing.missing[0].order, Some(code("O1")));
    assert!(shown(&standing) < before.excess && standing.initial.requirement.is_zero());
    // Other things go on, by the number that is left.
    let gold = desk.mark("HAU FUT 202612");
    let other = desk.limit("O2", 1, "HAU FUT 202612", gold);
    let checked = desk.order(other).checked.unwrap();
    assert!(!checked.is_complete && checked.before_is_shown && checked.after_is_shown);
    assert!(checked.after.excess < shown(&standing));
    let new = desk.limit("O3", 1, FUTURE, mark);
    assert_eq!(reason(&desk.order(new)), "contract_not_marginable");
    desk.fact(Fact::Cancelled(code("O1")));
    desk.fact(Fact::Cancelled(code("O2")));
    assert_eq!(text(shown(&desk.standing())), "90000.000000");
}

#[test]
fn the_way_out_of_a_contract_that_is_gone_is_open() {
    let mut desk = Desk::sample("7000");
    let mark = desk.mark(FUTURE);
    desk.trade("T", 2, FUTURE, mark);
    moves_to(&mut desk, without_crude);
    assert!(desk.standing().with_orders.is_deficit());
    let closing = |desk: &mut Desk, id: &str, lots, price| desk.limit(id, lots, FUTURE, price);
    for (id, lots, more, expected) in [
        ("O1", 1, "0", "contract_not_marginable"),
        ("O2", -3, "0", "contract_not_marginable"),
        // Twenty points less than the last mark lose more than the lot requires.
        ("O3", -1, "-20", "deepens_deficit"),
        ("O4", -1, "0", "granted"),
    ] {
        let order = closing(&mut desk, id, lots, points(mark, more));
        assert_eq!(reason(&desk.order(order)), expected, "{id}");
    }
    let forced = closing(&mut desk, "O5", -1, points(mark, "-20"));
    let opening = closing(&mut desk, "O6", 1, mark);
    let force = |order: NewOrder| Request::ForceClose(Box::new(order), "the desk decided".to_owned());
    assert_eq!(reason(&desk.request(force(opening))), "not_reducing");
    let outcome = desk.request(force(forced));
    assert_eq!(
        (reason(&outcome), outcome.exceptions.len(), desk.queue()),
        ("granted", 1, vec!["forced_close"])
    );
    assert_eq!(desk.group.orders.len(), 2);
}

/// Takes products, arrays with their prices, or rates away.
fn without_some(definition: &mut Definition, seed: u64) {
    let mut dice = Dice::new(seed);
    let of = |own: &Option<FamilyReference>| own.as_ref().map(|own| own.family_id);
    let underlying: Vec<u32> = definition.families.iter().filter_map(|own| of(&own.underlying)).collect();
    let mut gone = Vec::new();
    for family in &mut definition.families {
        match dice.between(1, 4) {
            // What others are options on goes with them.
            1 => gone.push(family.family_id),
            2 if !underlying.contains(&family.family_id) => {
                for contract in &mut family.contracts {
                    (contract.price, contract.array) = (None, None);
                }
            }
            3 => {
                let options = family.series.iter_mut().flat_map(|own| &mut own.options);
                options.for_each(|own| (own.price, own.array) = (None, None));
            }
            _ => {}
        }
    }
    for family in &mut definition.families {
        if gone.contains(&family.family_id) || of(&family.underlying).is_some_and(|own| gone.contains(&own)) {
            family.contracts.clear();
            family.series.clear();
        }
    }
    if dice.chance(30) {
        definition.conversions.clear();
    }
}

/// Whatever is taken away, the number is no better than with everything at its last values, and comes back with it.
#[test]
fn a_number_is_never_too_good() {
    let mut numbers = 0;
    for seed in 0..120_u64 {
        let mut dice = Dice::new(seed);
        let mut desk = Desk::sample("400000");
        let named: Vec<ContractId> = {
            let priced = desk.registry.contracts().iter().filter_map(|own| desk.registry.id(&own.key));
            priced.filter(|id| desk.house.rows(*id).is_ok()).collect()
        };
        for number in 0..dice.between(1, 8) {
            let contract = named[dice.index(named.len())];
            let mark = desk.house.contract(contract).unwrap().price.unwrap();
            let lots = dice.between(1, 3) * if dice.chance(50) { 1 } else { -1 };
            let price = points(mark, &dice.between(-1, 1).to_string());
            if dice.chance(30) {
                let mut order = desk.limit(&format!("O{number}"), lots, FUTURE, price);
                order.terms.legs[0].contract = contract;
                desk.order(order);
            } else {
                let mut fill = desk.fill(&format!("T{number}"), lots, FUTURE, price);
                fill.legs[0].contract = contract;
                desk.fact(Fact::Fill(Box::new(fill)));
            }
        }
        let before = desk.standing();
        assert!(before.is_complete(), "seed {seed}");
        moves_to(&mut desk, |definition| without_some(definition, seed));
        let less = desk.standing();
        if less.is_shown() {
            numbers += usize::from(!less.is_complete());
            for (lesser, whole) in [
                (less.initial, before.initial),
                (less.maintenance, before.maintenance),
                // The worst of the orders is known as far as it was found.
                (less.with_orders, before.found),
            ] {
                assert!(
                    lesser.excess <= whole.excess,
                    "seed {seed}: {lesser:?} {whole:?} {:?}",
                    less.missing
                );
            }
        }
        moves_to(&mut desk, |_| ());
        let again = desk.standing();
        assert_eq!(
            (again.with_orders, &again.currencies),
            (before.with_orders, &before.currencies),
            "seed {seed}"
        );
    }
    assert!(numbers > 60, "{numbers} of them were incomplete and shown");
}
