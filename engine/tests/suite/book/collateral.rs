//! What fills change in cash changes what counts of collateral: an accepted order can be paid for all the same, also once what was due has
//! been paid. Fills are told as facts, and the group is looked at as it is then.

use plimsoll_engine::group::{AssetTerms, Enforcement, Fact, Fill, LinkRule, OnFill, OrderLink, Request};
use plimsoll_engine::types::{Amount, Decimal, Money, Quantity, Ratio};

use super::desk::{Desk, code, day, money, reason, text};
use crate::generate::Dice;
use crate::orders::seeds;

const NAMES: [&str; 6] = [
    "HCL FUT 202612",
    "HCLO OOF 202612 C 70.00",
    "HCLO OOF 202612 P 70.00",
    "HX30 FUT 202612S0",
    "HX30 OOP 202612S0 C 5200",
    "HX30 OOP 202612S0 P 5200",
];

fn quantity(units: i64) -> Quantity {
    Quantity::from_decimal_half_away(Decimal::whole(units)).unwrap()
}

fn asset(currency: &str, haircut: &str, most: &str) -> AssetTerms {
    let ratio = |text: &str| Ratio::from_decimal(text.parse().unwrap()).unwrap();
    AssetTerms {
        currency: code(currency),
        price: "100".parse().unwrap(),
        haircut: ratio(haircut),
        most_of_pool: Some(ratio(most)),
    }
}

#[test]
fn a_premium_takes_from_the_pool_what_assets_count_by() {
    let mut desk = Desk::sample("5000");
    desk.with(&[], &[("SHARE", asset("USD", "0", "0.5"))], &[]);
    desk.fact(Fact::DepositAsset(code("D1"), code("SHARE"), quantity(1_000)));
    // The pool is 105,000, of which shares may be half.
    assert_eq!(text(desk.standing().with_orders.excess), "57500.000000");
    let option = "HCLO OOF 202612 C 70.00";
    let mark = desk.mark(option);
    let order = desk.limit("O1", 1, option, mark);
    assert_eq!(reason(&desk.order(order)), "granted");
    let promised = desk.standing().with_orders.excess;
    let fill = Fill { order: Some((code("O1"), 0)), ..desk.fill("T1", 1, option, mark) };
    desk.fact(Fact::Fill(Box::new(fill)));
    let filled = desk.standing().initial.excess;
    assert_eq!(text(filled), text(promised), "the only outcome is the worst");
    // The premium is due, then paid: it is none of the pool on either day.
    let due = desk.equity()[1].clone();
    assert!(due.starts_with('-'), "{due}");
    let run = desk.run("R1", 21, &[]);
    desk.fact(Fact::Settle(std::sync::Arc::new(run)));
    assert_eq!(desk.equity()[1], "0.000000");
    assert_eq!(text(desk.standing().initial.excess), text(filled));
}

/// A group whose assets count up to parts of its pool, near what it can pay for.
fn group(dice: &mut Dice) -> Desk {
    let mut desk = Desk::sample(&dice.between(0, 40_000).to_string());
    let part = |dice: &mut Dice| format!("0.{}", dice.between(1, 9));
    let assets = [("BOND", asset("USD", "0.1", &part(dice))), ("SHARE", asset("EUR", "0.3", &part(dice)))];
    let haircut = Decimal::new(dice.between(0, 10), 2).unwrap();
    desk.with(&[], &assets, &[("EUR", haircut)]);
    if dice.chance(70) {
        let euros = money(&dice.between(1, 20_000).to_string());
        desk.fact(Fact::Deposit(code("EUROS"), code("EUR"), euros));
    }
    for (asset, most) in [("BOND", 400), ("SHARE", 400)] {
        desk.fact(Fact::DepositAsset(code(asset), code(asset), quantity(dice.between(0, most))));
    }
    for number in 0..dice.between(0, 2) {
        let name = *dice.pick(&NAMES);
        let mark = desk.mark(name);
        desk.trade(&format!("H{number}"), if dice.chance(50) { 1 } else { -1 }, name, mark);
    }
    desk
}

fn order(desk: &mut Desk, dice: &mut Dice, more: &mut Dice, id: &str) {
    let name = *dice.pick(&NAMES);
    let units = dice.between(1, 2);
    let mark = desk.mark(name);
    let price = mark.plus(Decimal::new(dice.between(-10, 10), 2).unwrap()).unwrap();
    let price = if price.is_positive() { price } else { mark };
    let mut order = desk.limit(id, if dice.chance(50) { units } else { -units }, name, price);
    if dice.chance(60) {
        let currency = if dice.chance(50) { "USD" } else { "EUR" };
        let fee = dice.between(1, 200);
        // A rebate may come, and is not counted on.
        let fee = if more.chance(20) { -fee } else { fee };
        order.terms.fee = Some((code(currency), money(&fee.to_string())));
    }
    if more.chance(25) {
        let enforcement = Enforcement::VenueAtomic(OnFill::FirstHit);
        order.link = Some(OrderLink { name: code("L"), rule: LinkRule::OneCancelsOther, enforcement });
    }
    desk.order(order);
}

/// Fills so many units of every order, each at its limit with its fee.
fn fill(desk: &mut Desk, filled: &[i64]) {
    let orders: Vec<_> = desk.group.orders.clone().into_iter().collect();
    for ((id, order), units) in orders.into_iter().zip(filled).filter(|(_, units)| **units > 0) {
        let leg = order.terms.legs[0];
        let traded = plimsoll_engine::group::TradeLeg {
            contract: leg.contract,
            lots: leg.lots.get() * units,
            price: leg.price.unwrap(),
        };
        let fee = order.terms.fee.clone();
        let fee = fee.map(|(currency, fee)| {
            (currency, (0..*units).fold(Money::ZERO, |sum, _| sum.plus(fee).unwrap()))
        });
        let fact = Fill {
            trade: code(&format!("T{id}")),
            account: order.account.clone(),
            order: Some((id, 0)),
            units: *units,
            legs: vec![traded],
            closes: false,
            fee,
            clearing: plimsoll_engine::group::Clearing { date: day(18), cycle: 0 },
            due: day(21),
        };
        desk.fact(Fact::Fill(Box::new(fact)));
    }
}

fn millionths(amount: Money) -> i128 {
    Amount::rounded_half_away(amount).millionths()
}

/// Every number of fills of every order.
fn outcomes(open: &[i64]) -> Vec<Vec<i64>> {
    open.iter().fold(vec![Vec::new()], |outcomes, open| {
        let longer = |outcome: &Vec<i64>| {
            (0..=*open).map(|units| [outcome.as_slice(), &[units]].concat()).collect::<Vec<_>>()
        };
        outcomes.iter().flat_map(longer).collect()
    })
}

#[test]
fn after_any_fills_there_is_what_was_promised() {
    let (mut told, mut limited, mut near) = (0, 0, 0);
    let usual = 0..50;
    for seed in seeds(usual.clone()) {
        let mut dice = Dice::new(seed);
        let mut more = Dice::new(seed.wrapping_add(1 << 32));
        let mut desk = group(&mut dice);
        for number in 0..3 {
            order(&mut desk, &mut dice, &mut more, &format!("O{number}"));
        }
        // What can be spared is paid out, so that the last order is near what the group can pay for.
        let spare =
            millionths(desk.standing().with_orders.excess) - i128::from(dice.between(0, 3_000)) * 1_000_000;
        let cash = desk.group.cash.get(&desk.group.currency).copied().unwrap_or_default();
        let spare = i64::try_from(spare.min(millionths(cash))).unwrap();
        if spare > 0 {
            let currency = desk.group.currency.clone();
            let amount = Money::from_decimal(Decimal::new(spare, 6).unwrap()).unwrap();
            desk.request(Request::Withdraw(currency, amount));
        }
        order(&mut desk, &mut dice, &mut more, "O9");
        let before = desk.standing();
        if before.with_orders.is_deficit() {
            continue;
        }
        let promised = millionths(before.with_orders.excess);
        limited += usize::from(before.assets.iter().any(|own| own.counted < own.value));
        near += usize::from(promised < 2_000_000_000);
        let open: Vec<i64> = desk.group.orders.values().map(|own| own.open(0)).collect();
        let whole = desk.group.clone();
        let marks: Vec<(&str, Decimal)> = NAMES.into_iter().map(|name| (name, desk.mark(name))).collect();
        let runs = [desk.run("R18", 18, &marks), desk.run("R21", 21, &marks)];
        let linked: Vec<bool> = desk.group.orders.values().map(|own| own.link.is_some()).collect();
        for filled in outcomes(&open) {
            // The venue lets one of a link fill.
            if linked.iter().zip(&filled).filter(|(is_linked, units)| **is_linked && **units > 0).count() > 1
            {
                continue;
            }
            (desk.group, desk.kept) = (whole.clone(), None);
            fill(&mut desk, &filled);
            let check = |desk: &Desk, when: &str| {
                let left = millionths(desk.standing().initial.excess);
                assert!(left >= promised - 2, "seed {seed} {filled:?} {when}: {left} of {promised}");
            };
            check(&desk, "filled");
            for run in &runs {
                desk.fact(Fact::Settle(std::sync::Arc::new(run.clone())));
                check(&desk, run.id.as_str());
            }
            told += 1;
        }
    }
    println!("{told} outcomes, {limited} groups with limited assets, {near} near");
    assert!(
        seeds(usual.clone()) != usual || told > 500 && limited > 30 && near > 4,
        "{told} {limited} {near}"
    );
}
