//! Margin accounts that are gross by client: each position account is netted by itself, with its spreads, and the requirements are summed.

use plimsoll_engine::group::{
    Enforcement, Fact, Fill, Group, LinkRule, MarginTerms, OnFill, OrderLink, Request, bounded, searched,
    standing,
};
use plimsoll_engine::span::Margining;
use plimsoll_engine::types::AccountName;

use super::desk::{Desk, code, reason, text};
use super::omnibus::{CLIENTS, Terms, opened, order, trade};
use crate::generate::Dice;

const NAMES: [&str; 5] = [
    "HCL FUT 202612",
    "HCL FUT 202703",
    "HGO FUT 202612",
    "HCLO OOF 202612 C 70.00",
    "HCLO OOF 202612 P 70.00",
];

fn desk(cash: &str, is_one: bool) -> Desk {
    let by_client = MarginTerms::Span { account_type: None, margining: Margining::GrossByClient };
    let net = MarginTerms::Span { account_type: None, margining: Margining::Net };
    opened(Desk::sample(cash), &Terms { by_client, net }, is_one)
}

#[test]
fn clients_are_not_netted_with_each_other_and_each_keeps_its_spreads() {
    let mut desk = desk("1000000", true);
    trade(&mut desk, "T1", "C1", 2, "HCL FUT 202612");
    let one = desk.standing().initial.requirement;
    trade(&mut desk, "T2", "C3", -2, "HCL FUT 202612");
    let both = desk.standing().initial.requirement;
    assert_eq!(text(both), text(one.plus(one).unwrap()), "the client that sold as much needs as much again");
    // Against the same client's long it would need next to nothing, and what it has for a spread is credited to it.
    trade(&mut desk, "T3", "C1", -2, "HCL FUT 202703");
    assert!(desk.standing().initial.requirement < both);
}

#[test]
fn an_order_that_closes_a_clients_position_needs_no_more() {
    let mut desk = desk("100000", true);
    trade(&mut desk, "T1", "C1", 3, "HCL FUT 202612");
    trade(&mut desk, "T2", "C2", -3, "HCL FUT 202612");
    let before = desk.standing();
    let spare = before.with_orders.excess;
    desk.request(Request::Withdraw(desk.group.currency.clone(), spare));
    assert_eq!(text(desk.standing().with_orders.excess), "0.000000");
    assert_eq!(order(&mut desk, "O1", "C1", -3, "HCL FUT 202612"), "granted");
    assert_eq!(order(&mut desk, "O2", "C2", 3, "HCL FUT 202612"), "granted");
    assert_eq!(order(&mut desk, "O3", "C3", -1, "HCL FUT 202612"), "insufficient_margin");
}

#[test]
fn what_fills_of_a_link_is_known_of_its_orders_of_other_clients() {
    let future = "HCL FUT 202612";
    let mut desk = desk("900000", true);
    let mark = desk.mark(future);
    for (id, client) in [("O1", "C1"), ("O3", "C3")] {
        let mut order = desk.limit(id, 3, future, mark);
        order.account = code(client);
        let enforcement = Enforcement::VenueAtomic(OnFill::CompleteFill);
        order.link = Some(OrderLink { name: code("L"), rule: LinkRule::MostFilled(3), enforcement });
        assert_eq!(reason(&desk.order(order)), "granted");
    }
    let fill = Fill { order: Some((code("O1"), 0)), account: code("C1"), ..desk.fill("T", 2, future, mark) };
    desk.fact(Fact::Fill(Box::new(fill)));
    let kept = desk.kept.clone().unwrap().by_bound(&desk.group, &desk.house).unwrap();
    let anew = bounded(&desk.group, &desk.house).unwrap();
    assert_eq!(kept.with_orders, anew.with_orders);
    // Each of the two may fill the one lot that is left: no link binds the orders of two clients together.
    let more = anew.with_orders.requirement.minus(anew.initial.requirement).unwrap();
    assert_eq!(text(more), text(anew.initial.requirement));
}

/// The numbers of a group, which do not depend on how its clients' accounts are called.
fn numbers(group: &Group, desk: &Desk) -> (Vec<plimsoll_engine::group::Room>, u64) {
    let own = standing(group, &desk.house).unwrap();
    (vec![own.initial, own.maintenance, own.with_orders, own.found], own.work.done)
}

#[test]
fn the_whole_is_the_sum_of_its_clients() {
    let mut refused = 0;
    for seed in 0..12 {
        let mut dice = Dice::new(seed);
        let mut desks = [desk("60000", true), desk("60000", false)];
        for step in 0..25 {
            let (client, name) = (*dice.pick(&CLIENTS), *dice.pick(&NAMES));
            let lots = dice.between(1, 3) * if dice.chance(50) { 1 } else { -1 };
            let is_trade = dice.chance(40);
            let mut answers = Vec::new();
            for desk in &mut desks {
                if is_trade {
                    trade(desk, &format!("T{step}"), client, lots, name);
                } else {
                    answers.push(order(desk, &format!("O{step}"), client, lots, name));
                }
            }
            answers.dedup();
            assert!(answers.len() <= 1, "seed {seed} step {step}: {answers:?}");
            refused += usize::from(answers.first().is_some_and(|answer| *answer != "granted"));
            let [one, each] = &desks;
            assert_eq!(numbers(&one.group, one), numbers(&each.group, each), "seed {seed} step {step}");
            // What decisions left is what is formed anew.
            let Some(kept) = &one.kept else { continue };
            let kept = searched(&one.group, &one.house, kept).unwrap();
            assert_eq!(kept.with_orders, standing(&one.group, &one.house).unwrap().with_orders);
            assert_eq!(kept.accounts.len(), bounded(&one.group, &one.house).unwrap().accounts.len());
        }
        let listed = desks[0].standing();
        let clients: Vec<Option<AccountName>> =
            listed.accounts.iter().map(|own| own.netted.client.clone()).collect();
        let expected: Vec<Option<AccountName>> =
            [None].into_iter().chain(CLIENTS.map(|client| Some(code(client)))).collect();
        assert_eq!(clients, expected);
    }
    assert!(refused > 10, "{refused}");
}
