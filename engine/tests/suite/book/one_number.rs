//! What a group is told, what it may pay out and why it is refused is one number, whatever was asked before.

use plimsoll_engine::group::{
    Body, Command, Decision, Depth, RefusalReason, Request, Standing, bounded, check, check_within, decide,
    decide_within, searched,
};
use plimsoll_engine::types::{Amount, Decimal, Money};

use super::desk::{Desk, code, reason};
use super::venue;
use crate::generate::Dice;

const OF_THE_SAMPLE: [&str; 5] = [
    "HCL FUT 202612",
    "HCL FUT 202703",
    "HGO FUT 202612",
    "HCLO OOF 202612 C 70.00",
    "HCLO OOF 202612 P 70.00",
];
const OF_THE_VENUE: [&str; 4] =
    ["BTC FUT PERP", "BTC FUT 202610", "BTC OOP 202610 C 60000", "BTC OOP 202610 P 60000"];

/// A group with positions, working orders on both sides, and more cash than it has to have.
fn group(dice: &mut Dice, of_venue: bool) -> Desk {
    let mut desk = if of_venue { venue::desk("400000") } else { Desk::sample("400000") };
    let names: &[&str] = if of_venue { &OF_THE_VENUE } else { &OF_THE_SAMPLE };
    let lots = |dice: &mut Dice| {
        let size = dice.between(1, 4);
        if dice.chance(50) { size } else { -size }
    };
    for number in 0..3 {
        let name = *dice.pick(names);
        let mark = desk.mark(name);
        desk.trade(&format!("T{number}"), lots(dice), name, mark);
    }
    for number in 0..dice.between(1, 8) {
        let name = *dice.pick(names);
        let mark = desk.mark(name);
        let order = desk.limit(&format!("O{number}"), lots(dice), name, mark);
        desk.order(order);
    }
    desk
}

fn millionths(amount: Money) -> i128 {
    Amount::rounded_half_away(amount).millionths()
}

fn withdrawal(desk: &mut Desk, millionths: i128) -> Command {
    let amount = Decimal::new(i64::try_from(millionths).unwrap(), 6).unwrap();
    let currency = desk.group.currency.clone();
    desk.command(Body::Request(Request::Withdraw(currency, Money::from_decimal(amount).unwrap())))
}

#[test]
fn exactly_what_a_group_is_told_may_be_paid_out() {
    let mut refused = 0;
    for seed in 0..60 {
        let mut dice = Dice::new(seed);
        let mut desk = group(&mut dice, seed % 3 == 0);
        let told = millionths(desk.standing().with_orders.excess);
        if told <= 0 || desk.group.cash[&desk.group.currency] < Money::ZERO {
            continue;
        }
        let balance = millionths(desk.group.cash[&desk.group.currency]);
        if told < balance {
            let more = withdrawal(&mut desk, told + 1);
            let answer = desk.give(&more).0;
            assert_eq!(reason(&answer), "insufficient_margin", "seed {seed}");
            assert_eq!(
                answer.refused.unwrap().detail,
                format!("0.000001 {} are lacking", desk.group.currency)
            );
            refused += 1;
        }
        let all = withdrawal(&mut desk, told.min(balance));
        let answer = desk.give(&all).0;
        assert_eq!(reason(&answer), "granted", "seed {seed}");
        let checked = answer.checked.unwrap();
        assert!(checked.work.limit == 0 || checked.work.done > 0);
        let left = desk.standing().with_orders;
        assert_eq!(
            millionths(left.excess),
            told - told.min(balance),
            "seed {seed}: the number does not jump"
        );
        if checked.after_is_searched {
            assert_eq!(checked.after, left, "seed {seed}");
        } else {
            assert!(checked.after.excess <= left.excess, "seed {seed}");
        }
    }
    assert!(refused > 20, "{refused}");
}

/// An order that is near what the group can pay for.
fn near(desk: &mut Desk, dice: &mut Dice, names: &[&str]) -> Command {
    let told = millionths(desk.standing().with_orders.excess);
    let spare = told - i128::from(dice.between(0, 4_000)) * 1_000_000;
    let balance = millionths(desk.group.cash[&desk.group.currency]);
    let spare = withdrawal(desk, spare.min(balance).max(1));
    desk.give(&spare);
    let name = *dice.pick(names);
    let mark = desk.mark(name);
    let order = desk.limit("NEXT", if dice.chance(50) { 1 } else { -1 }, name, mark);
    desk.command(Body::Request(Request::Order(Box::new(order))))
}

fn told(decision: &Decision) -> (&[plimsoll_engine::group::Event], &plimsoll_engine::group::Outcome) {
    (&decision.events, &decision.outcome)
}

#[test]
fn what_was_asked_before_changes_no_decision() {
    let (mut by_bound, mut by_search, mut refused) = (0, 0, 0);
    for seed in 0..60 {
        let mut dice = Dice::new(seed);
        let of_venue = seed % 3 == 0;
        let mut desk = group(&mut dice, of_venue);
        let names: &[&str] = if of_venue { &OF_THE_VENUE } else { &OF_THE_SAMPLE };
        let command = near(&mut desk, &mut dice, names);
        let (group, house) = (&desk.group, &desk.house);
        let bound = bounded(group, house).unwrap();
        let asked = searched(group, house, &bound).unwrap();
        let unasked = decide(group, house, &command, None);
        for known in [&bound, &asked] {
            let again = decide(group, house, &command, Some(known));
            assert_eq!(told(&again), told(&unasked), "seed {seed}");
            let inline = decide_within(group, house, &command, Some(known), Depth::Bound);
            match &inline {
                Some(inline) => assert_eq!(told(inline), told(&unasked), "seed {seed}"),
                None => by_search += 1,
            }
            by_bound += usize::from(inline.is_some());
        }
        if let Some(refusal) = &unasked.outcome.refused {
            assert_eq!(refusal.reason, RefusalReason::InsufficientMargin, "seed {seed}");
            refused += 1;
        }
        let Body::Request(Request::Order(order)) = &command.body else { unreachable!() };
        let checked = check(group, house, order, Some(&asked));
        assert_eq!(checked.as_ref().ok(), unasked.outcome.checked.as_deref(), "seed {seed}: a preview");
        let within = check_within(group, house, order, None, Depth::Bound);
        assert!(within == Ok(None) || within == checked.map(Some), "seed {seed}");
    }
    println!("{by_bound} by the bound, {by_search} by a search, {refused} refused");
    assert!(by_bound > 10 && by_search > 2 && refused > 3, "{by_bound} {by_search} {refused}");
}

#[test]
fn a_search_is_a_count_of_work_shared_by_the_accounts_with_orders() {
    let mut desk = Desk::sample("40000000");
    desk.request(Request::OpenMarginAccount(code("N"), desk.group.margin_accounts[&code("M")].clone()));
    desk.request(Request::OpenPositionAccount(code("C"), code("N"), plimsoll_engine::group::Keeping::Net));
    let mut dice = Dice::new(1);
    for account in ["A", "C"] {
        for number in 0..40 {
            let name = *dice.pick(&OF_THE_SAMPLE);
            let mark = desk.mark(name);
            let lots = if dice.chance(50) { 5 } else { -5 };
            let mut order = desk.limit(&format!("{account}{number}"), lots, name, mark);
            order.account = code(account);
            assert_eq!(reason(&desk.order(order)), "granted");
        }
    }
    let limits = |own: &Standing| -> Vec<u64> {
        own.accounts.iter().map(|own| own.reserved(Depth::Search).limit).collect()
    };
    let both = desk.standing();
    let whole = limits(&both)[0] * 2;
    assert_eq!(limits(&both), [whole / 2, whole / 2]);
    assert!(both.work.done <= both.work.limit && both.work.limit == whole, "{:?}", both.work);
    // With orders in one account the whole work is that account's.
    desk.fact(plimsoll_engine::group::Fact::MassCancelled(plimsoll_engine::group::OrderFilter::Account(
        code("C"),
    )));
    let alone = desk.standing();
    assert_eq!(limits(&alone), [whole, 0]);
    assert_eq!(alone.work.limit, whole);
    // What decisions left is what is formed anew, though each account's part has changed.
    let kept = searched(&desk.group, &desk.house, desk.kept.as_ref().unwrap()).unwrap();
    assert_eq!((kept.with_orders, kept.work), (alone.with_orders, alone.work));
    let many = plimsoll_engine::fills::Effort { work: 1_000 };
    assert_eq!(
        [1, 2, 3, 4, 5, 1_000].map(|accounts| many.shared(accounts).work),
        [1_000, 500, 250, 250, 125, 0]
    );
}
