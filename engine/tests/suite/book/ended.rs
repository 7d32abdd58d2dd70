//! Contracts that have ended in a run: what is told of them late.

use std::sync::Arc;

use plimsoll_engine::contract::ContractId;
use plimsoll_engine::group::{Becomes, Exercise, Expiry, Fact, Fill, SettlementRun, Suspense, TradeLeg};
use plimsoll_engine::types::{Decimal, Lots};

use super::desk::{Desk, code, day, money, reason, text};

const FUTURE: &str = "HCL FUT 202612";
const OPTION: &str = "HCLO OOF 202612 C 70.00";
const OTHER: &str = "HAU FUT 202612";

fn points(price: Decimal, more: i64) -> Decimal {
    price.plus(Decimal::whole(more)).unwrap()
}

/// A run in which a contract ends.
fn ending(desk: &mut Desk, id: &str, contract: &str, becomes: Becomes) -> SettlementRun {
    // A delivery is at the last price of its future, which the run settles too.
    let last = match &becomes {
        Becomes::Delivery(price) => vec![(contract, *price)],
        Becomes::Cash(_) | Becomes::Contract(..) => Vec::new(),
    };
    let mut run = desk.run(id, 18, &last);
    let contract = desk.contract(contract);
    run.expiries.push(Expiry { contract, becomes });
    run
}

fn ends(desk: &mut Desk, contract: &str, becomes: Becomes) {
    let run = ending(desk, "R1", contract, becomes);
    desk.fact(Fact::Settle(Arc::new(run)));
    assert_eq!(desk.queue(), Vec::<&str>::new());
}

/// Cash and what is due, of nothing paid in; and nothing is held.
fn settled(desk: &Desk) -> [String; 2] {
    assert!(desk.group.position_accounts.values().all(|own| own.holdings.is_empty()));
    let [cash, due, variation] = desk.equity();
    assert_eq!(variation, "0.000000");
    [cash, due]
}

#[test]
fn late_trades_and_busts_of_what_ended_in_cash_get_its_value() {
    let mut desk = Desk::sample("0");
    let mark = desk.mark(FUTURE);
    desk.trade("T1", 3, FUTURE, mark);
    ends(&mut desk, FUTURE, Becomes::Cash(points(mark, 2)));
    assert_eq!(settled(&desk), ["6000.000000", "0.000000"]);
    desk.trade("T2", -1, FUTURE, points(mark, 5));
    assert_eq!(settled(&desk), ["9000.000000", "0.000000"]);
    // In an account of both sides there is nothing left to close either.
    let fill = Fill { account: code("B"), closes: true, ..desk.fill("T3", 2, FUTURE, mark) };
    desk.fact(Fact::Fill(Box::new(fill)));
    assert_eq!(settled(&desk), ["13000.000000", "0.000000"]);
    for (id, cash) in [("T1", "7000.000000"), ("T3", "3000.000000"), ("T2", "0.000000")] {
        desk.fact(Fact::Bust(code(id), day(21)));
        assert_eq!(settled(&desk)[0], cash, "{id}");
    }
    assert_eq!(desk.queue(), Vec::<&str>::new());
    let order = desk.limit("O1", 1, FUTURE, mark);
    assert_eq!(reason(&desk.order(order)), "contract_ended");
    // So it is in a group that was opened since.
    let terms = desk.group.margin_accounts[&code("M")].clone();
    let mut other = Desk::open(desk.house.clone(), desk.registry.clone(), code("USD"), terms, "0");
    other.trade("T1", 3, FUTURE, mark);
    assert_eq!((settled(&other), other.queue()), (["6000.000000".into(), "0.000000".into()], vec![]));
    let order = other.limit("O1", 1, FUTURE, mark);
    assert_eq!(reason(&other.order(order)), "contract_ended");
}

#[test]
fn late_trades_and_busts_of_options_that_ended_in_cash_pay_the_premium_and_get_the_value() {
    let one = Decimal::ONE;
    // One option before and one late: a point of each is 1,000.
    let mut desk = Desk::sample("0");
    desk.trade("T1", 1, OPTION, points(one, 1));
    ends(&mut desk, OPTION, Becomes::Cash(points(one, 4)));
    assert_eq!(settled(&desk), ["5000.000000", "-2000.000000"]);
    desk.trade("T2", 2, OPTION, points(one, 2));
    assert_eq!(settled(&desk), ["15000.000000", "-8000.000000"]);
    desk.fact(Fact::Bust(code("T1"), day(21)));
    assert_eq!(settled(&desk), ["10000.000000", "-6000.000000"]);
    desk.fact(Fact::Bust(code("T2"), day(21)));
    assert_eq!((settled(&desk), desk.queue()), (["0.000000".into(), "0.000000".into()], vec![]));
    assert!(desk.group.payables.is_empty());
}

#[test]
fn an_amended_value_is_paid_for_early_and_late_lots_alike() {
    let mut desk = Desk::sample("0");
    let mark = desk.mark(FUTURE);
    desk.trade("T1", 3, FUTURE, mark);
    ends(&mut desk, FUTURE, Becomes::Cash(points(mark, 2)));
    desk.trade("T2", 2, FUTURE, mark);
    assert_eq!(settled(&desk)[0], "10000.000000");
    let amended = ending(&mut desk, "C1", FUTURE, Becomes::Cash(points(mark, 3)));
    let amended = SettlementRun { corrects: Some(code("R1")), ..amended };
    desk.fact(Fact::Settle(Arc::new(amended)));
    assert_eq!(settled(&desk)[0], "15000.000000");
    desk.trade("T3", 1, FUTURE, mark);
    assert_eq!(settled(&desk)[0], "18000.000000");
    for id in ["T1", "T2", "T3"] {
        desk.fact(Fact::Bust(code(id), day(21)));
    }
    assert_eq!((settled(&desk)[0].as_str(), desk.queue()), ("0.000000", vec![]));
}

#[test]
fn nothing_is_inferred_of_late_trades_and_busts_of_what_became_something_else() {
    for is_delivery in [true, false] {
        let mut desk = Desk::sample("1000000");
        let contract = if is_delivery { FUTURE } else { OPTION };
        let (mark, into) = (desk.mark(contract), desk.contract(FUTURE));
        let becomes = if is_delivery {
            Becomes::Delivery(mark)
        } else {
            Becomes::Contract(into, Lots::new(1).unwrap(), "70".parse().unwrap())
        };
        desk.trade("T1", 2, contract, mark);
        ends(&mut desk, contract, becomes);
        let (before, accounts) = (desk.equity(), desk.group.position_accounts.clone());
        let same = |desk: &Desk| {
            assert_eq!(desk.equity(), before, "{contract}");
            assert_eq!(desk.group.position_accounts, accounts, "{contract}");
            assert!(desk.standing().is_complete());
        };
        desk.trade("T2", 1, contract, points(mark, 5));
        same(&desk);
        assert_eq!(desk.queue(), ["late_after_expiry"]);
        assert_eq!(desk.group.trades[&code("T2")].suspense, Some(Suspense::LateAfterExpiry));
        // Cancelled, the late one is no matter any more; one of before is.
        desk.fact(Fact::Bust(code("T2"), day(21)));
        assert_eq!(desk.queue(), Vec::<&str>::new());
        desk.fact(Fact::Bust(code("T1"), day(21)));
        assert_eq!(desk.queue(), ["late_after_expiry"]);
        assert!(desk.fact(Fact::Bust(code("T1"), day(21))).is_known);
        same(&desk);
        let order = desk.limit("O1", 1, contract, mark);
        assert_eq!(reason(&desk.order(order)), "contract_ended");
    }
}

#[test]
fn the_live_leg_of_a_late_combination_is_booked() {
    let mut desk = Desk::sample("1000000");
    let (mark, gold) = (desk.mark(FUTURE), desk.mark(OTHER));
    ends(&mut desk, FUTURE, Becomes::Delivery(mark));
    let live = desk.contract(OTHER);
    let mut fill = desk.fill("T1", 1, FUTURE, mark);
    fill.legs.push(TradeLeg { contract: live, lots: -1, price: gold });
    desk.fact(Fact::Fill(Box::new(fill)));
    let account = &desk.group.position_accounts[&code("A")];
    assert_eq!((account.holdings.len(), desk.group.holding(&code("A"), live).short), (1, 1));
    assert_eq!(desk.queue(), ["late_after_expiry"]);
    desk.fact(Fact::Bust(code("T1"), day(21)));
    assert!(desk.group.position_accounts[&code("A")].holdings.is_empty());
    assert_eq!(desk.equity(), ["1000000.000000", "0.000000", "0.000000"]);
}

/// Of an option that is settled daily, exercise in cash pays its value less its basis: all that changes is value less mark.
#[test]
fn exercise_in_cash_of_futures_style_options_changes_equity_by_value_less_mark() {
    for (account, lots, is_settled) in
        [("A", 4, false), ("A", 4, true), ("A", -4, false), ("A", -4, true), ("B", 4, false), ("B", -4, true)]
    {
        let what = format!("{account} {lots} {is_settled}");
        let mut desk = Desk::sample("1000000");
        let listed = desk.registry.contracts().iter().map(|own| desk.registry.id(&own.key).unwrap());
        let is_meant = |id: &ContractId| {
            let key = &desk.registry.contracts()[id.number() as usize].key;
            key.product.as_str() == "HAUO" && desk.house.known(*id).unwrap().mark.unwrap() > Decimal::ONE
        };
        let contract = listed.clone().find(is_meant).unwrap();
        let own = desk.house.known(contract).unwrap();
        assert!(!own.is_paid && own.is_option);
        let mark = own.mark.unwrap();
        let leg = TradeLeg { contract, lots, price: points(mark, -1) };
        let fill = Fill { account: code(account), legs: vec![leg], ..desk.fill("T1", lots, OTHER, mark) };
        desk.fact(Fact::Fill(Box::new(fill)));
        if is_settled {
            let run =
                SettlementRun { prices: [(contract, points(mark, 3))].into(), ..desk.run("R1", 17, &[]) };
            desk.fact(Fact::Settle(Arc::new(run)));
            let run =
                SettlementRun { prices: [(contract, points(mark, 3))].into(), ..desk.run("R2", 18, &[]) };
            desk.fact(Fact::Settle(Arc::new(run)));
        }
        let equity = |desk: &Desk| {
            let own = desk.standing().currencies[&code("USD")].clone();
            own.cash.plus(own.variation).unwrap()
        };
        let before = equity(&desk);
        let ends = lots.signum();
        let exercise = Exercise {
            id: code("E1"),
            date: day(18),
            account: code(account),
            contract,
            lots: Lots::new(ends).unwrap(),
            becomes: Becomes::Cash(points(mark, 7)),
        };
        desk.fact(Fact::Exercise(Box::new(exercise)));
        // Seven points above the mark; a point of a lot is 100.
        let gain = money(if ends > 0 { "700" } else { "-700" });
        assert_eq!(equity(&desk).minus(before).unwrap(), gain, "{what}");
        let held = desk.group.holding(&code(account), contract);
        assert_eq!((held.net(), desk.queue()), (lots - ends, vec![]), "{what}");
        // What is left is settled as if nothing else had been.
        let run = SettlementRun { prices: [(contract, mark)].into(), ..desk.run("R3", 19, &[]) };
        desk.fact(Fact::Settle(Arc::new(run)));
        let left = desk.standing().currencies[&code("USD")].clone();
        assert_eq!((text(left.variation).as_str(), left.cash), ("0.000000", equity(&desk)), "{what}");
        assert_eq!(left.cash.minus(before).unwrap(), gain, "{what}");
        assert!(desk.group.holding(&code(account), contract).unsettled.is_empty(), "{what}");
    }
}
