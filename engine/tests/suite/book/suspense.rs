//! Trades of contracts that the set lacks, or that nobody ever listed, and trades that were cancelled before they were told.

use plimsoll_engine::group::{Fact, Fill, HouseSnapshot, Request, Suspense};
use plimsoll_engine::types::Decimal;

use super::desk::{Desk, code, day, money, reason};
use super::unpriced::{moves_to, set_without, without_crude};

const FUTURE: &str = "HCL FUT 202612";
const OPTION: &str = "HCLO OOF 202612 C 70.00";

/// A lot bought five points above the mark: it loses 5,000, and a fee of 10.
fn losing(desk: &mut Desk, contract: &str, mark: Decimal) -> Fact {
    let price = mark.plus("5".parse().unwrap()).unwrap();
    let fee = Some((code("USD"), money("10")));
    Fact::Fill(Box::new(Fill { fee, ..desk.fill("T1", 1, contract, price) }))
}

/// A house that never had crude oil, and the mark of a contract where it is listed.
fn never_listed(contract: &str, cash: &str) -> (Desk, Decimal) {
    let mut listed = Desk::sample("0");
    let (mark, set) = (listed.mark(contract), set_without(without_crude));
    let house = HouseSnapshot::new(
        1,
        std::sync::Arc::new(set),
        &listed.registry,
        Default::default(),
        Default::default(),
    );
    let terms = listed.group.margin_accounts[&code("M")].clone();
    (Desk::open(house, listed.registry, code("USD"), terms, cash), mark)
}

fn is_clean(desk: &Desk) -> bool {
    desk.group.position_accounts[&code("A")].holdings.is_empty() && desk.group.payables.is_empty()
}

/// The standing that decisions kept says the same as one formed anew.
fn lacking(desk: &Desk) -> Vec<&'static str> {
    let standing = desk.standing();
    if let Some(kept) = &desk.kept {
        assert_eq!(kept.missing, standing.missing);
    }
    standing.missing.iter().map(|own| own.kind.name()).collect()
}

#[test]
fn a_trade_told_while_the_set_lacks_its_contract_costs_what_it_costs() {
    for contract in [FUTURE, OPTION] {
        let mut before = Desk::sample("9000");
        let mark = before.mark(contract);
        let fact = losing(&mut before, contract, mark);
        before.fact(fact);
        moves_to(&mut before, without_crude);
        let mut since = Desk::sample("9000");
        let fact = losing(&mut since, contract, mark);
        moves_to(&mut since, without_crude);
        assert_eq!(reason(&since.fact(fact)), "granted");
        assert_eq!(since.equity(), before.equity(), "{contract}");
        assert_eq!(since.standing().with_orders, before.standing().with_orders, "{contract}");
        for desk in [&mut before, &mut since] {
            moves_to(desk, |_| ());
        }
        assert_eq!(since.equity(), before.equity(), "{contract}");
        assert_eq!(since.standing().with_orders, before.standing().with_orders, "{contract}");
        if contract == FUTURE {
            assert_eq!(since.equity(), ["8990.000000", "0.000000", "-5000.000000"]);
        }
        // Cancelled, whether the set has the contract or not, it leaves nothing.
        moves_to(&mut before, without_crude);
        for desk in [&mut before, &mut since] {
            desk.fact(Fact::Bust(code("T1"), day(18)));
            assert_eq!(desk.equity(), ["9000.000000", "0.000000", "0.000000"], "{contract}");
            assert!(is_clean(desk) && desk.queue().is_empty(), "{contract} {:?}", desk.queue());
        }
    }
}

#[test]
fn a_trade_of_a_contract_nobody_listed_waits_until_it_is_listed() {
    let (mut desk, mark) = never_listed(FUTURE, "9000");
    let fact = losing(&mut desk, FUTURE, mark);
    assert_eq!(reason(&desk.fact(fact.clone())), "granted");
    assert_eq!((desk.queue(), lacking(&desk)), (vec!["pending_contract"], vec!["trade"]));
    assert!(is_clean(&desk) && !desk.standing().is_shown());
    assert_eq!(desk.equity(), ["9000.000000", "0.000000", "0.000000"]);
    assert_eq!(desk.group.trades[&code("T1")].suspense, Some(Suspense::PendingContract));
    // Nobody knows what it loses: nothing is paid out meanwhile.
    let withdrawal = || Request::Withdraw(code("USD"), money("1"));
    assert_eq!(reason(&desk.request(withdrawal())), "position_not_marginable");
    assert!(desk.fact(fact.clone()).is_known);
    assert_eq!(desk.queue(), ["pending_contract"]);
    moves_to(&mut desk, |_| ());
    // The next decision finds it booked, even one that is refused.
    let withdrawal = desk.request(Request::Withdraw(code("USD"), money("3980")));
    assert_eq!(reason(&withdrawal), "insufficient_margin");
    assert_eq!(reason(&desk.fact(Fact::Deposit(code("D"), code("USD"), money("1000")))), "granted");
    assert_eq!((desk.queue(), lacking(&desk)), (vec![], vec![]));
    assert_eq!(desk.equity(), ["9990.000000", "0.000000", "-5000.000000"]);
    assert_eq!((desk.group.trades[&code("T1")].suspense, desk.group.pending.len()), (None, 0));
    assert!(desk.fact(fact).is_known);
    desk.fact(Fact::Bust(code("T1"), day(18)));
    assert_eq!(desk.equity(), ["10000.000000", "0.000000", "0.000000"]);
}

#[test]
fn a_trade_cancelled_while_it_waits_never_books_anything() {
    let (mut desk, mark) = never_listed(FUTURE, "9000");
    let fact = losing(&mut desk, FUTURE, mark);
    desk.fact(fact.clone());
    desk.fact(Fact::Bust(code("T1"), day(18)));
    for _ in 0..2 {
        assert_eq!((desk.queue(), lacking(&desk)), (vec![], vec![]));
        assert_eq!(desk.equity(), ["9000.000000", "0.000000", "0.000000"]);
        assert!(is_clean(&desk) && desk.fact(fact.clone()).is_known);
        moves_to(&mut desk, |_| ());
    }
}

#[test]
fn a_trade_that_waited_is_settled_by_the_runs_since() {
    let (mut desk, mark) = never_listed(FUTURE, "9000");
    let fact = losing(&mut desk, FUTURE, mark);
    desk.fact(fact);
    moves_to(&mut desk, |_| ());
    let run = desk.run("R1", 18, &[(FUTURE, mark)]);
    desk.fact(Fact::Settle(std::sync::Arc::new(run)));
    desk.fact(Fact::Deposit(code("D"), code("USD"), money("1000")));
    assert_eq!(desk.equity(), ["4990.000000", "0.000000", "0.000000"]);
    assert_eq!(desk.queue(), Vec::<&str>::new());
}

#[test]
fn a_cancellation_told_before_its_trade_cancels_it_when_it_comes() {
    for (contract, is_settled, is_listed) in [
        (FUTURE, false, true),
        (FUTURE, true, true),
        (OPTION, false, true),
        (OPTION, true, true),
        (FUTURE, false, false),
    ] {
        let what = format!("{contract} {is_settled} {is_listed}");
        let (mut desk, mark) = if is_listed {
            let mut desk = Desk::sample("9000");
            let mark = desk.mark(contract);
            (desk, mark)
        } else {
            never_listed(contract, "9000")
        };
        if is_settled {
            let run = desk.run("R1", 21, &[(contract, mark)]);
            desk.fact(Fact::Settle(std::sync::Arc::new(run)));
        }
        desk.fact(Fact::Bust(code("T1"), day(18)));
        assert!(desk.fact(Fact::Bust(code("T1"), day(18))).is_known);
        assert_eq!(desk.queue(), ["unknown_trade"], "{what}");
        let fact = losing(&mut desk, contract, mark);
        desk.fact(fact.clone());
        assert_eq!((desk.queue(), lacking(&desk)), (vec![], vec![]), "{what}");
        assert_eq!(desk.equity(), ["9000.000000", "0.000000", "0.000000"], "{what}");
        assert!(is_clean(&desk) && desk.group.trades[&code("T1")].is_busted, "{what}");
        assert!(desk.fact(fact).is_known && desk.fact(Fact::Bust(code("T1"), day(18))).is_known);
    }
}
