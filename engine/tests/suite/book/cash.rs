//! The cash equation of every event, as the glossary states it.

use plimsoll_engine::group::{AssetTerms, Becomes, Exercise, Expiry, Fact, Keeping, Request};
use plimsoll_engine::types::{Decimal, Lots};

use super::desk::{Desk, code, day, money, reason, text};

const FUTURE: &str = "HCL FUT 202612";
const OPTION: &str = "HCLO OOF 202612 C 70.00";
const UNDERLYING: &str = "HCL FUT 202612";

fn plus(price: Decimal, points: &str) -> Decimal {
    price.plus(points.parse().unwrap()).unwrap()
}

/// Equity less requirement without option value: what an event may change by its fee only.
fn worth(desk: &Desk) -> String {
    let own = desk.standing();
    let of_currency = &own.currencies[&desk.group.currency];
    let options =
        own.accounts.iter().flat_map(|account| account.held.required()).map(|own| own.net_option_value);
    let equity = of_currency.cash.plus(of_currency.due).unwrap().plus(of_currency.variation).unwrap();
    text(options.fold(equity, |sum, value| sum.plus(value).unwrap()))
}

#[test]
fn variation_runs_until_it_is_settled() {
    let mut desk = Desk::sample("1000000");
    let mark = desk.mark(FUTURE);
    let two_up = plus(mark, "2");
    desk.trade("T1", 3, FUTURE, plus(mark, "-1"));
    // 1,000 barrels: three lots bought a point below the mark.
    assert_eq!(desk.equity(), ["1000000.000000", "0.000000", "3000.000000"]);
    let mut run = desk.run("R1", 18, &[(FUTURE, two_up)]);
    desk.fact(Fact::Settle(std::sync::Arc::new(run.clone())));
    // Nine points settled, and the mark of the set two below the price of the run.
    assert_eq!(desk.equity(), ["1009000.000000", "0.000000", "-6000.000000"]);
    // The same run again changes nothing.
    assert!(desk.fact(Fact::Settle(std::sync::Arc::new(run.clone()))).is_known);
    run.cycle = 2;
    assert_eq!(desk.fact(Fact::Settle(std::sync::Arc::new(run))).exceptions.len(), 1);
    assert_eq!(desk.queue(), ["reference_reused"]);
    assert_eq!(desk.equity(), ["1009000.000000", "0.000000", "-6000.000000"]);
}

#[test]
fn buying_at_the_mark_costs_the_fee_only() {
    for (contract, lots) in [(FUTURE, 5), (FUTURE, -5), (OPTION, 4), (OPTION, -4)] {
        let mut desk = Desk::sample("1000000");
        let mark = desk.mark(contract);
        let mut fill = desk.fill("T1", lots, contract, mark);
        fill.fee = Some((desk.group.currency.clone(), money("2.5")));
        desk.fact(Fact::Fill(Box::new(fill)));
        assert_eq!(worth(&desk), "999997.500000", "{contract} {lots}");
        let price = desk.mark(FUTURE);
        let run = desk.run("R1", 18, &[(FUTURE, price)]);
        desk.fact(Fact::Settle(std::sync::Arc::new(run)));
        assert_eq!(worth(&desk), "999997.500000", "{contract} {lots} after a run");
    }
}

#[test]
fn a_premium_is_due_and_then_paid() {
    let mut desk = Desk::sample("1000000");
    let mark = desk.mark(OPTION);
    let contract = desk.contract(OPTION);
    let premium = desk.house.contract(contract).unwrap().money_at(mark, 4).unwrap();
    desk.trade("T1", 4, OPTION, mark);
    let due = text(premium.negated());
    assert_eq!(desk.equity(), ["1000000.000000", due.as_str(), "0.000000"]);
    let early = desk.run("R1", 18, &[]);
    desk.fact(Fact::Settle(std::sync::Arc::new(early)));
    assert_eq!(desk.equity()[1], due);
    let run = desk.run("R2", 21, &[]);
    desk.fact(Fact::Settle(std::sync::Arc::new(run)));
    let paid = text(money("1000000").minus(premium).unwrap());
    assert_eq!(desk.equity(), [paid.as_str(), "0.000000", "0.000000"]);
    assert_eq!(desk.queue(), Vec::<&str>::new());
}

#[test]
fn a_trade_cancelled_or_told_late_books_its_cash_today() {
    let mut desk = Desk::sample("1000000");
    let mark = desk.mark(FUTURE);
    desk.trade("T1", 3, FUTURE, mark);
    let run = desk.run("R1", 18, &[(FUTURE, plus(mark, "1"))]);
    desk.fact(Fact::Settle(std::sync::Arc::new(run)));
    assert_eq!(desk.equity(), ["1003000.000000", "0.000000", "-3000.000000"]);
    desk.fact(Fact::Bust(code("T1"), day(21)));
    assert_eq!(desk.equity(), ["1000000.000000", "0.000000", "0.000000"]);
    // A second cancellation says nothing new; a trade nobody knows is an item.
    desk.fact(Fact::Bust(code("T1"), day(21)));
    desk.fact(Fact::Bust(code("T9"), day(21)));
    assert_eq!(desk.equity()[0], "1000000.000000");
    assert_eq!(desk.queue(), ["unknown_trade"]);
    // A trade of the settled day, though nothing was held then: a point below the run's price, in cash at once.
    desk.trade("T2", 2, FUTURE, mark);
    assert_eq!(desk.equity(), ["1002000.000000", "0.000000", "-2000.000000"]);
    let mut desk = Desk::sample("1000000");
    desk.trade("T1", 1, FUTURE, mark);
    let run = desk.run("R1", 18, &[(FUTURE, plus(mark, "1"))]);
    desk.fact(Fact::Settle(std::sync::Arc::new(run)));
    desk.trade("T2", 2, FUTURE, plus(mark, "-1"));
    assert_eq!(desk.equity(), ["1005000.000000", "0.000000", "-3000.000000"]);
}

#[test]
fn options_end_in_cash_in_futures_or_at_nothing() {
    let mut desk = Desk::sample("1000000");
    let mark = desk.mark(OPTION);
    desk.trade("T1", 4, OPTION, mark);
    let before = desk.equity();
    let contract = desk.contract(OPTION);
    let exercise = |id: &str, lots: i64, becomes: Becomes| {
        let account = code("A");
        let lots = Lots::new(lots).unwrap();
        Fact::Exercise(Box::new(Exercise { id: code(id), date: day(18), account, contract, lots, becomes }))
    };
    let value = desk.house.contract(contract).unwrap().money_at("12.5".parse().unwrap(), 1).unwrap();
    desk.fact(exercise("E1", 1, Becomes::Cash("12.5".parse().unwrap())));
    assert_eq!(desk.group.holding(&code("A"), contract).long, 3);
    let paid = money("1000000").plus(value).unwrap();
    assert_eq!(desk.equity()[0], text(paid));
    // Two become futures at the strike: the loss against the mark is variation.
    let index = desk.contract(UNDERLYING);
    let strike: Decimal = "70".parse().unwrap();
    desk.fact(exercise("E2", 2, Becomes::Contract(index, Lots::new(1).unwrap(), strike)));
    assert_eq!(desk.group.holding(&code("A"), index).long, 2);
    let own = desk.house.contract(index).unwrap();
    let variation =
        own.money_at(own.price.unwrap(), 2).unwrap().minus(own.money_at(strike, 2).unwrap()).unwrap();
    assert_eq!(desk.equity()[2], text(variation));
    // More than is held, and a second time with other content.
    desk.fact(exercise("E3", 5, Becomes::Cash(Decimal::ONE)));
    assert_eq!(desk.queue(), ["beyond_position"]);
    assert_eq!(desk.group.holding(&code("A"), contract).long, 0);
    desk.fact(exercise("E3", 5, Becomes::Cash(Decimal::ONE)));
    assert_eq!(desk.queue(), ["beyond_position"]);
    desk.fact(exercise("E3", 6, Becomes::Cash(Decimal::ONE)));
    assert_eq!(desk.queue(), ["beyond_position", "reference_reused"]);
    assert_eq!(desk.equity()[1], before[1]);
}

#[test]
fn a_future_expires_into_a_delivery_that_is_margined_until_it_is_done() {
    let mut desk = Desk::sample("1000000");
    let mark = desk.mark(FUTURE);
    desk.trade("T1", 2, FUTURE, plus(mark, "-1"));
    let required = text(desk.standing().initial.requirement);
    let mut run = desk.run("R1", 18, &[(FUTURE, mark)]);
    let contract = desk.contract(FUTURE);
    run.expiries.push(Expiry { contract, becomes: Becomes::Delivery(mark) });
    desk.fact(Fact::Settle(std::sync::Arc::new(run)));
    assert_eq!(desk.equity(), ["1002000.000000", "0.000000", "0.000000"]);
    assert!(desk.group.position_accounts[&code("A")].holdings.is_empty());
    assert_eq!(text(desk.standing().initial.requirement), required, "margined as the future was");
    let price = desk.house.contract(contract).unwrap().money_at(mark, 2).unwrap();
    desk.fact(Fact::Delivered(1));
    assert_eq!(desk.equity()[0], text(money("1002000").minus(price).unwrap()));
    assert_eq!(text(desk.standing().initial.requirement), "0.000000");
    assert!(desk.fact(Fact::Delivered(1)).is_known);
    desk.fact(Fact::Delivered(2));
    assert_eq!(desk.queue(), ["unknown_delivery"]);
}

#[test]
fn a_run_without_a_price_says_so() {
    let mut desk = Desk::sample("1000000");
    let mark = desk.mark(FUTURE);
    desk.trade("T1", 2, FUTURE, mark);
    let run = desk.run("R1", 18, &[]);
    let outcome = desk.fact(Fact::Settle(std::sync::Arc::new(run)));
    assert_eq!((desk.queue(), outcome.exceptions), (vec!["no_settlement_price"], vec![1]));
    let resolved = desk.request(Request::Resolve(1, "priced by hand".to_owned()));
    assert_eq!(reason(&resolved), "granted");
    assert_eq!(desk.queue(), Vec::<&str>::new());
    assert_eq!(reason(&desk.request(Request::Resolve(1, "again".to_owned()))), "unknown_exception");
}

#[test]
fn an_account_of_both_sides_keeps_them() {
    let mut desk = Desk::sample("1000000");
    let (mark, contract) = (desk.mark(FUTURE), desk.contract(FUTURE));
    let trade = |desk: &mut Desk, id: &str, lots: i64, closes: bool| {
        let fill = desk.fill(id, lots, FUTURE, mark);
        let fill = plimsoll_engine::group::Fill { account: code("B"), closes, ..fill };
        desk.fact(Fact::Fill(Box::new(fill)));
        let own = desk.group.holding(&code("B"), contract);
        (own.long, own.short)
    };
    assert_eq!(trade(&mut desk, "T1", 5, false), (5, 0));
    assert_eq!(trade(&mut desk, "T2", -3, false), (5, 3));
    assert_eq!(trade(&mut desk, "T3", -2, true), (3, 3));
    assert_eq!(trade(&mut desk, "T4", 4, true), (4, 0));
    assert_eq!(desk.group.position_accounts[&code("B")].keeping, Keeping::Gross);
    desk.fact(Fact::Bust(code("T3"), day(18)));
    let own = desk.group.holding(&code("B"), contract);
    assert_eq!((own.long, own.short), (6, 0));
}

#[test]
fn collateral_counts_after_haircuts_and_limits() {
    let mut desk = Desk::sample("1000");
    let terms = |haircut: &str, most: Option<&str>| AssetTerms {
        currency: code("USD"),
        price: "100".parse().unwrap(),
        haircut: plimsoll_engine::types::Ratio::from_decimal(haircut.parse().unwrap()).unwrap(),
        most_of_pool: most
            .map(|most| plimsoll_engine::types::Ratio::from_decimal(most.parse().unwrap()).unwrap()),
    };
    desk.with(
        &[],
        &[("BOND", terms("0.1", None)), ("SHARE", terms("0.5", Some("0.25")))],
        &[("EUR", "0.05".parse().unwrap())],
    );
    let quantity = |units: &str| {
        plimsoll_engine::types::Quantity::from_decimal_half_away(units.parse().unwrap()).unwrap()
    };
    desk.fact(Fact::DepositAsset(code("D1"), code("BOND"), quantity("10")));
    assert_eq!(text(desk.standing().initial.excess), "1900.000000");
    // 40 shares count half, 2,000; the pool is 1,000 + 900 + 2,000, a quarter of it 975.
    desk.fact(Fact::DepositAsset(code("D2"), code("SHARE"), quantity("40")));
    assert_eq!(text(desk.standing().initial.excess), "2875.000000");
    assert_eq!(
        reason(&desk.request(Request::WithdrawAsset(code("SHARE"), quantity("41")))),
        "insufficient_balance"
    );
    assert_eq!(reason(&desk.request(Request::WithdrawAsset(code("SHARE"), quantity("40")))), "granted");
    // 100 euros at 1.085, five percent less.
    desk.fact(Fact::Deposit(code("D3"), code("EUR"), money("100")));
    assert_eq!(text(desk.standing().initial.excess), "2003.075000");
}
