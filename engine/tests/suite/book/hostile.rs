//! Numbers at the edges of what is accepted: facts go to suspense, requests are refused, nothing panics or wraps.

use plimsoll_engine::group::{Body, Fact, Fill, NewOrder, Request, TradeLeg};
use plimsoll_engine::types::{Decimal, Lots, Money};

use super::desk::{Desk, code, day, money, reason};
use crate::generate::Dice;

const CONTRACTS: [&str; 3] = ["HCL FUT 202612", "HCL FUT 202703", "HCLO OOF 202612 C 70.00"];

fn price(dice: &mut Dice) -> Decimal {
    let mantissa = *dice.pick(&[0, 1, -1, 7_086, 999_999_999_999, -999_999_999_999, i64::MAX]);
    Decimal::new(mantissa, *dice.pick(&[0, 2, 9])).unwrap()
}

fn lots(dice: &mut Dice) -> i64 {
    *dice.pick(&[1, -1, 1_000, Lots::MAX, -Lots::MAX])
}

fn body(desk: &mut Desk, dice: &mut Dice, number: u64) -> Body {
    let contract = *dice.pick(&CONTRACTS);
    match dice.between(1, 6) {
        1 | 2 => {
            let (lots, price) = (lots(dice), price(dice));
            let order = desk.limit(&format!("O{number}"), lots, contract, price);
            Body::Request(Request::Order(Box::new(order)))
        }
        3 => {
            let fill = desk.fill(&format!("T{number}"), lots(dice), contract, price(dice));
            let fee = dice.chance(50).then(|| (code("USD"), Money::MOST));
            Body::Fact(Fact::Fill(Box::new(Fill { fee, ..fill })))
        }
        4 => Body::Fact(Fact::Deposit(code(&format!("D{number}")), code("USD"), Money::MOST)),
        5 => {
            let prices: Vec<(&str, Decimal)> = CONTRACTS.iter().map(|name| (*name, price(dice))).collect();
            let run = desk.run(&format!("R{number}"), 18, &prices);
            Body::Fact(Fact::Settle(std::sync::Arc::new(run)))
        }
        _ => Body::Fact(Fact::Bust(code(&format!("T{}", number / 2)), day(18))),
    }
}

#[test]
fn extreme_numbers_are_refused_or_in_suspense() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..60 {
        let mut dice = Dice::new(seed);
        let mut desk = Desk::sample("1000000");
        for number in 0..40 {
            let body = body(&mut desk, &mut dice, number);
            let command = desk.command(body);
            let (outcome, _) = desk.give(&command);
            seen.insert(reason(&outcome));
            // A standing there is, or a reason why not.
            let _ =
                plimsoll_engine::group::standing(&desk.group, &desk.house).map_err(|error| error.to_string());
        }
        seen.extend(desk.queue());
    }
    for expected in ["granted", "too_large", "insufficient_margin"] {
        assert!(seen.contains(expected), "{expected} in {seen:?}");
    }
}

#[test]
fn a_contract_that_nobody_can_price_holds_up_orders_and_is_named() {
    let mut desk = Desk::sample("1000000");
    let mark = desk.mark(CONTRACTS[0]);
    // A contract that became known later than the active set.
    let mut key = desk.registry.contracts()[0].key.clone();
    key.product = code("NEW");
    let unknown = desk.registry.intern(key, None).unwrap();
    let mut fill = desk.fill("T1", 2, CONTRACTS[0], mark);
    fill.legs = vec![TradeLeg { contract: unknown, lots: 2, price: mark }];
    desk.fact(Fact::Fill(Box::new(fill)));
    assert_eq!(desk.queue(), ["pending_contract"]);
    assert_eq!(desk.group.holding(&code("A"), unknown).long, 0, "nothing of it is booked yet");
    let standing = desk.standing();
    assert_eq!((standing.missing.len(), standing.missing[0].kind.name()), (1, "trade"));
    assert!(!standing.is_complete() && !standing.is_shown());
    let order: NewOrder = desk.limit("O1", 1, CONTRACTS[0], mark);
    assert_eq!(reason(&desk.order(order)), "position_not_marginable");
    assert_eq!(reason(&desk.request(Request::Withdraw(code("USD"), money("1")))), "position_not_marginable");
}
