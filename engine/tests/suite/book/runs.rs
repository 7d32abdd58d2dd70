//! Settlement runs: cycles, runs told again, late and out of order, corrections.

use std::sync::Arc;

use plimsoll_engine::group::{Clearing, Expiry, Fact, SettlementRun};
use plimsoll_engine::types::Decimal;

use super::desk::{Desk, code, day};

const FUTURE: &str = "HCL FUT 202612";

/// A price that many points above the mark; a point of three lots is 3,000.
fn above(desk: &mut Desk, points: i64) -> Decimal {
    desk.mark(FUTURE).plus(Decimal::whole(points)).unwrap()
}

fn trade(desk: &mut Desk, id: &str, lots: i64, points: i64, clears: (u8, u32)) {
    let price = above(desk, points);
    let clearing = Clearing { date: day(clears.0), cycle: clears.1 };
    let fill = plimsoll_engine::group::Fill { clearing, ..desk.fill(id, lots, FUTURE, price) };
    desk.fact(Fact::Fill(Box::new(fill)));
}

fn run(desk: &mut Desk, id: &str, cycle: (u8, u32), points: i64) -> SettlementRun {
    let price = above(desk, points);
    SettlementRun { cycle: cycle.1, ..desk.run(id, cycle.0, &[(FUTURE, price)]) }
}

fn told(desk: &mut Desk, run: &SettlementRun) {
    desk.fact(Fact::Settle(Arc::new(run.clone())));
}

/// Cash above the first deposit and variation, in whole units.
fn gains(desk: &Desk) -> [i64; 2] {
    let [cash, _, variation] = desk.equity();
    [cash, variation].map(|own| own.trim_end_matches(".000000").parse().unwrap())
}

#[test]
fn a_run_settles_what_clears_by_its_cycle_and_no_more() {
    let mut desk = Desk::sample("0");
    trade(&mut desk, "T1", 3, 0, (18, 1));
    trade(&mut desk, "T2", 3, 0, (18, 2));
    trade(&mut desk, "T3", 3, 0, (19, 1));
    for (id, cycle, cash) in
        [("R0", (18, 0), 0), ("R1", (18, 1), 3_000), ("R2", (18, 2), 6_000), ("R3", (19, 1), 9_000)]
    {
        let own = run(&mut desk, id, cycle, 1);
        told(&mut desk, &own);
        assert_eq!(gains(&desk), [cash, -cash], "{id}");
    }
    assert_eq!(desk.queue(), Vec::<&str>::new());
    let account = &desk.group.position_accounts[&code("A")];
    assert!(account.holdings.values().all(|own| own.unsettled.is_empty()));
}

#[test]
fn a_run_told_again_does_not_settle_what_was_traded_since() {
    let mut desk = Desk::sample("0");
    let first = run(&mut desk, "R1", (18, 1), 5);
    told(&mut desk, &first);
    let (house, registry, terms) =
        (desk.house.clone(), desk.registry.clone(), desk.group.margin_accounts[&code("M")].clone());
    // A group that was opened since.
    let mut other = Desk::open(house, registry, desk.group.currency.clone(), terms, "0");
    trade(&mut other, "T1", 3, 0, (19, 1));
    told(&mut other, &first);
    assert_eq!((gains(&other), other.queue()), ([0, 0], vec![]));
    // What was of the run's day is settled by it, whenever it is told.
    trade(&mut other, "T2", 3, 0, (18, 1));
    assert_eq!(gains(&other), [15_000, -15_000]);
    let second = run(&mut desk, "R2", (19, 1), 1);
    told(&mut other, &second);
    assert_eq!((gains(&other), other.queue()), ([6_000, -6_000], vec![]));
}

#[test]
fn an_earlier_run_after_a_later_one_books_nothing() {
    let mut desk = Desk::sample("0");
    trade(&mut desk, "T1", 3, 0, (18, 1));
    let later = run(&mut desk, "R2", (19, 1), 2);
    told(&mut desk, &later);
    for (id, cycle) in [("R1", (18, 1)), ("R0", (19, 0))] {
        let mut early = run(&mut desk, id, cycle, 9);
        let contract = desk.contract(FUTURE);
        let becomes = plimsoll_engine::group::Becomes::Cash(Decimal::ONE);
        early.expiries.push(Expiry { contract, becomes });
        told(&mut desk, &early);
        assert_eq!(gains(&desk), [6_000, -6_000], "{id}");
    }
    assert_eq!(desk.queue(), ["run_out_of_order", "run_out_of_order"]);
    // Nor is it what trades told late are settled at.
    trade(&mut desk, "T2", 3, 0, (18, 1));
    assert_eq!(gains(&desk), [12_000, -12_000]);
    // The same cycle once more is in order: its price stands.
    let same = run(&mut desk, "R3", (19, 1), 1);
    told(&mut desk, &same);
    assert_eq!(gains(&desk), [6_000, -6_000]);
    assert_eq!(desk.queue().len(), 2);
}

#[test]
fn a_correction_books_the_difference() {
    let mut desk = Desk::sample("0");
    trade(&mut desk, "T1", 3, 0, (18, 1));
    trade(&mut desk, "T2", 3, 0, (19, 1));
    let first = run(&mut desk, "R1", (18, 1), 1);
    told(&mut desk, &first);
    trade(&mut desk, "T3", 3, 0, (18, 1));
    assert_eq!(gains(&desk), [6_000, -6_000]);
    let amended = |desk: &mut Desk, id: &str, corrects: &str, points| SettlementRun {
        corrects: Some(code(corrects)),
        ..run(desk, id, (18, 1), points)
    };
    // The price was three, then two: the corrected run or its correction may be named.
    for (id, corrects, points) in [("C1", "R1", 3), ("C2", "R1", 2), ("C3", "C2", 4)] {
        let own = amended(&mut desk, id, corrects, points);
        told(&mut desk, &own);
        assert_eq!(gains(&desk), [6_000 * points, -6_000 * points], "{id}");
        told(&mut desk, &own);
        assert_eq!(desk.queue(), Vec::<&str>::new(), "another command of the same run is known");
        assert_eq!(gains(&desk), [6_000 * points, -6_000 * points], "{id} again");
    }
    // A trade told late gets the price that is right.
    trade(&mut desk, "T4", 3, 0, (18, 1));
    assert_eq!(gains(&desk), [36_000, -36_000]);
    // Once a later run has settled the position again the difference comes to nothing.
    let next = run(&mut desk, "R2", (19, 1), 1);
    told(&mut desk, &next);
    assert_eq!(gains(&desk), [12_000, -12_000]);
    let late = amended(&mut desk, "C4", "R1", 9);
    told(&mut desk, &late);
    assert_eq!((gains(&desk), desk.queue()), ([12_000, -12_000], vec![]));
}

#[test]
fn a_correction_of_nothing_known_is_an_item() {
    let mut desk = Desk::sample("0");
    trade(&mut desk, "T1", 3, 0, (18, 1));
    let first = run(&mut desk, "R1", (18, 1), 1);
    told(&mut desk, &first);
    for (id, corrects, cycle) in [("C1", "R9", (18, 1)), ("C2", "R1", (18, 2))] {
        let own = SettlementRun { corrects: Some(code(corrects)), ..run(&mut desk, id, cycle, 5) };
        told(&mut desk, &own);
        assert_eq!(gains(&desk), [3_000, -3_000], "{id}");
    }
    assert_eq!(desk.queue(), ["unknown_run", "unknown_run"]);
}

#[test]
fn a_trade_cancelled_after_its_run_was_corrected_leaves_nothing() {
    let mut desk = Desk::sample("0");
    trade(&mut desk, "T1", 3, 0, (18, 1));
    let first = run(&mut desk, "R1", (18, 1), 1);
    told(&mut desk, &first);
    let own = SettlementRun { corrects: Some(code("R1")), ..run(&mut desk, "C1", (18, 1), 3) };
    told(&mut desk, &own);
    desk.fact(Fact::Bust(code("T1"), day(19)));
    assert_eq!(gains(&desk), [0, 0]);
    assert!(desk.group.position_accounts[&code("A")].holdings.is_empty());
}

#[test]
fn trades_that_add_up_to_nothing_are_settled_too() {
    let mut desk = Desk::sample("0");
    trade(&mut desk, "T1", 3, 0, (18, 0));
    trade(&mut desk, "T2", -3, 0, (18, 1));
    let first = run(&mut desk, "R1", (18, 1), 1);
    told(&mut desk, &first);
    // What is left has been settled at one point more.
    desk.fact(Fact::Bust(code("T2"), day(19)));
    assert_eq!((gains(&desk), desk.queue()), ([3_000, -3_000], vec![]));
}

#[test]
fn a_run_that_a_group_missed_settles_what_its_correction_says() {
    let mut desk = Desk::sample("0");
    let option = desk.contract("HCLO OOF 202612 C 70.00");
    let leg = plimsoll_engine::group::TradeLeg { contract: option, lots: 3, price: Decimal::ONE };
    let fill = desk.fill("T1", 3, FUTURE, Decimal::ONE);
    desk.fact(Fact::Fill(Box::new(plimsoll_engine::group::Fill { legs: vec![leg], ..fill })));
    let mut missed = run(&mut desk, "R1", (18, 1), 1);
    // Three futures at the mark come of it.
    let into = desk.contract(FUTURE);
    let one = plimsoll_engine::types::Lots::new(1).unwrap();
    let becomes = plimsoll_engine::group::Becomes::Contract(into, one, desk.mark(FUTURE));
    missed.expiries.push(Expiry { contract: option, becomes });
    desk.told_to_house(&missed);
    let amended = SettlementRun { corrects: Some(code("R1")), ..run(&mut desk, "C1", (18, 1), 4) };
    told(&mut desk, &amended);
    let later = SettlementRun { prices: Default::default(), ..run(&mut desk, "R2", (19, 1), 0) };
    told(&mut desk, &later);
    told(&mut desk, &missed);
    assert_eq!((gains(&desk), desk.queue()), ([12_000, -12_000], vec![]));
}
