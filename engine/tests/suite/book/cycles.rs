//! Random trades, cancellations, settlement runs in and out of order, corrections and expiries, against a ledger that forms every number from
//! all that it was told. Runs may miss the group and be told to it later, in any order.
//!
//! `PLIMSOLL_SEED=7` replays one seed; a failure names its seed and step.

mod ledger;

use std::sync::Arc;

use num_rational::BigRational;
use num_traits::Zero;
use plimsoll_engine::contract::ContractId;
use plimsoll_engine::group::{Becomes, Clearing, Expiry, Fact, Fill, PriceMoney, SettlementRun, TradeLeg};
use plimsoll_engine::types::{Decimal, Lots, Money};

use super::desk::{Desk, code, day, money, text};
use crate::generate::Dice;
use ledger::{Cycle, Ends, Known, Ledger, Leg, Position, Run, Trade, exact};

const SEEDS: u64 = 120;
const STEPS: usize = 60;
/// Of the option settled daily the auditor looks for one.
const NAMES: [&str; 5] = [
    "HCL FUT 202612",
    "HCL FUT 202703",
    "HAU FUT 202612",
    "HCLO OOF 202612 C 70.00",
    "HCLO OOF 202612 P 70.00",
];

struct Play {
    desk: Desk,
    ledger: Ledger,
    dice: Dice,
    ids: Vec<ContractId>,
    trades: Vec<String>,
    runs: Vec<Run>,
    /// What the house was told and the group was not.
    missed: Vec<Run>,
    number: u32,
}

fn contracts(desk: &mut Desk) -> Vec<ContractId> {
    let mut ids: Vec<ContractId> = NAMES.iter().map(|name| desk.contract(name)).collect();
    let listed = desk.registry.contracts().iter().map(|own| (own, desk.registry.id(&own.key).unwrap()));
    let of_gold = listed.filter(|(own, _)| own.key.product.as_str() == "HAUO").map(|(_, id)| id);
    ids.extend(of_gold.filter(|id| !desk.house.known(*id).unwrap().is_paid).take(1));
    assert_eq!(ids.len(), NAMES.len() + 1);
    ids
}

impl Play {
    fn new(seed: u64) -> Self {
        let mut desk = Desk::sample("0");
        let ids = contracts(&mut desk);
        let known = ids.iter().map(|id| {
            let own = desk.house.known(*id).unwrap();
            let Some(PriceMoney::Point(factor)) = desk.house.contract(*id).unwrap().money else {
                panic!("a factor")
            };
            Known { factor, is_paid: own.is_paid, is_option: own.is_option, mark: own.mark.unwrap() }
        });
        let ledger = Ledger::new(known.collect());
        let (trades, runs, missed) = (Vec::new(), Vec::new(), Vec::new());
        Self { desk, ledger, dice: Dice::new(seed), ids, trades, runs, missed, number: 0 }
    }

    fn next(&mut self) -> u32 {
        self.number += 1;
        self.number
    }

    fn price(&mut self, contract: usize) -> Decimal {
        let shift = Decimal::new(self.dice.between(-20, 20), 1).unwrap();
        let mark = self.ledger.contracts[contract].mark;
        mark.plus(shift).filter(|own| own.is_positive()).unwrap_or(mark)
    }

    /// A cycle about the last that was settled.
    fn cycle(&mut self, earlier: i64, later: i64) -> Cycle {
        let last = self.ledger.last().map_or(10, |last| i64::from(last.0));
        let date = (last + self.dice.between(-earlier, later)).clamp(3, 27);
        (u8::try_from(date).unwrap(), u32::try_from(self.dice.between(0, 2)).unwrap())
    }

    fn trade(&mut self) {
        let clearing = self.cycle(2, 2);
        let count = if self.dice.chance(75) { 1 } else { 2 };
        let legs = (0..count).map(|_| {
            let contract = self.dice.index(self.ids.len());
            let lots = self.dice.between(1, 4) * if self.dice.chance(50) { 1 } else { -1 };
            Leg { contract, lots, price: self.price(contract) }
        });
        let legs = legs.collect();
        let account = if self.dice.chance(70) { "A" } else { "B" };
        let due = clearing.0 + u8::try_from(self.dice.between(0, 2)).unwrap();
        let mut trade = Trade { account, legs, clearing, due, fee: self.dice.between(-1, 3) };
        let id = if self.dice.chance(85) || self.trades.is_empty() {
            format!("T{}", self.next())
        } else {
            let id = self.dice.pick(&self.trades).clone();
            if let Some(known) = self.ledger.trade(&id).filter(|_| self.dice.chance(50)) {
                trade = known.clone();
            }
            id
        };
        self.trades.push(id.clone());
        let legs = trade.legs.iter().map(|own| TradeLeg {
            contract: self.ids[own.contract],
            lots: own.lots,
            price: own.price,
        });
        let fill = Fill {
            trade: code(&id),
            account: code(trade.account),
            order: None,
            units: 1,
            legs: legs.collect(),
            closes: false,
            fee: Some((code("USD"), money(&trade.fee.to_string()))),
            clearing: Clearing { date: day(trade.clearing.0), cycle: trade.clearing.1 },
            due: day(trade.due),
        };
        let expected = self.ledger.traded(&id, &trade);
        self.told(Fact::Fill(Box::new(fill)), expected);
    }

    fn bust(&mut self) {
        let id = if self.dice.chance(10) || self.trades.is_empty() {
            // Its trade comes later.
            let id = format!("T{}", self.next());
            self.trades.push(id.clone());
            id
        } else {
            self.dice.pick(&self.trades).clone()
        };
        let expected = self.ledger.cancelled(&id);
        self.told(Fact::Bust(code(&id), day(28)), expected);
    }

    fn deliver(&mut self) {
        let open = self.ledger.open_deliveries();
        let group = self.desk.group.deliveries.iter();
        let open: Vec<(u64, usize)> = group
            .filter_map(|(number, own)| {
                let place = open.iter().find(|place| self.ledger.is_delivery(**place, own, &self.ids))?;
                Some((*number, *place))
            })
            .collect();
        if !open.is_empty() {
            let (number, place) = *self.dice.pick(&open);
            self.ledger.delivered(place);
            self.told(Fact::Delivered(number), Vec::new());
        }
    }

    fn run(&mut self) -> Run {
        let mut clearing = self.cycle(0, 2);
        let mut corrects = None;
        if self.dice.chance(30) && !self.runs.is_empty() {
            let own = self.dice.pick(&self.runs).clone();
            corrects = Some(own.id);
            clearing = if self.dice.chance(90) { own.clearing } else { clearing };
        } else if self.dice.chance(15) {
            clearing = self.cycle(3, 0);
        }
        let mut run = Run {
            id: format!("R{}", self.next()),
            clearing,
            corrects,
            prices: Default::default(),
            ends: Default::default(),
        };
        let all = self.dice.chance(60);
        for contract in 0..self.ids.len() {
            if !self.ledger.contracts[contract].is_paid && (all || self.dice.chance(60)) {
                run.prices.insert(contract, self.price(contract));
            }
        }
        if self.dice.chance(25) {
            let contract = self.dice.index(self.ids.len());
            if let Some(ends) = self.end(&run, contract) {
                run.ends.insert(contract, ends);
            }
        }
        run
    }

    /// What becomes of a contract; of one that has ended in cash another value.
    fn end(&mut self, run: &Run, contract: usize) -> Option<Ends> {
        if run.corrects.is_some() || self.ledger.has_ended(contract) {
            let amended = run.corrects.is_some() && self.ledger.is_cash(contract);
            return amended.then(|| Ends::Cash(self.price(contract)));
        }
        // What a run makes that the group is told later is an item if it has ended meanwhile: the ledger does not go after that.
        let is_made = |own: &Ends| matches!(own, Ends::Into(other, ..) if *other == contract);
        if self.missed.iter().any(|run| run.ends.values().any(is_made)) {
            return None;
        }
        let price = self.price(contract);
        // Gold's option has another future.
        let other = match contract {
            0 => 1,
            3 | 4 => 0,
            5 => 2,
            _ => return Some(if self.dice.chance(50) { Ends::Cash(price) } else { Ends::Delivery(price) }),
        };
        let is_priced = self.ledger.contracts[contract].is_option || run.prices.contains_key(&contract);
        Some(match self.dice.between(0, 2) {
            0 if is_priced && !self.ledger.has_ended(other) => {
                let each = if self.dice.chance(50) { 1 } else { -1 };
                Ends::Into(other, each, self.price(other))
            }
            1 => Ends::Delivery(price),
            _ => Ends::Cash(price),
        })
    }

    fn in_words(&self, run: &Run) -> SettlementRun {
        let expiries = run.ends.iter().map(|(contract, ends)| Expiry {
            contract: self.ids[*contract],
            becomes: match ends {
                Ends::Cash(points) => Becomes::Cash(*points),
                Ends::Delivery(points) => Becomes::Delivery(*points),
                Ends::Into(other, each, price) => {
                    Becomes::Contract(self.ids[*other], Lots::new(*each).unwrap(), *price)
                }
            },
        });
        SettlementRun {
            id: code(&run.id),
            date: day(run.clearing.0),
            cycle: run.clearing.1,
            corrects: run.corrects.as_deref().map(code),
            prices: run.prices.iter().map(|(contract, price)| (self.ids[*contract], *price)).collect(),
            expiries: expiries.collect(),
        }
    }

    fn settle(&mut self) {
        let run = self.run();
        let words = self.in_words(&run);
        let expected = self.ledger.settled(&run);
        self.runs.push(run.clone());
        let is_misplaced = expected.iter().any(|kind| *kind != "no_settlement_price");
        if !is_misplaced && self.dice.chance(20) {
            println!("missed: {words:?}");
            self.desk.told_to_house(&words);
            self.missed.push(run);
        } else {
            self.told(Fact::Settle(Arc::new(words)), expected);
        }
    }

    fn settle_again(&mut self) {
        if self.runs.is_empty() {
            return;
        }
        let run = self.dice.pick(&self.runs).clone();
        if !self.missed.contains(&run) {
            let before = self.desk.group.clone();
            self.desk.fact(Fact::Settle(Arc::new(self.in_words(&run))));
            assert_eq!(self.desk.group, before, "{run:?} told again");
        }
    }

    /// The group is told a run that it has missed.
    fn catch_up(&mut self) {
        if self.missed.is_empty() {
            return;
        }
        let run = self.missed.remove(self.dice.index(self.missed.len()));
        let words = self.in_words(&run);
        let outcome = self.desk.fact(Fact::Settle(Arc::new(words)));
        let raised = outcome.exceptions.iter().map(|number| self.desk.group.exceptions[number].kind.name());
        let raised: Vec<&str> = raised.filter(|kind| *kind != "no_settlement_price").collect();
        assert_eq!(raised, Vec::<&str>::new(), "{run:?} told late");
    }

    fn told(&mut self, fact: Fact, mut expected: Vec<&'static str>) {
        let what = format!("{fact:?}");
        println!("{what}");
        let outcome = self.desk.fact(fact);
        let raised = outcome.exceptions.iter().map(|number| self.desk.group.exceptions[number].kind.name());
        let mut raised: Vec<&str> = raised.collect();
        if !self.missed.is_empty() {
            // What it lacks a price for the group says by what it was told.
            raised.retain(|kind| *kind != "no_settlement_price");
            expected.retain(|kind| *kind != "no_settlement_price");
        }
        raised.sort_unstable();
        expected.sort_unstable();
        assert_eq!(raised, expected, "{what}");
    }

    /// What the group has is what the ledger has.
    fn agree(&self) {
        let ours = self.ledger.position();
        let theirs = self.position();
        if self.missed.is_empty() {
            assert_eq!(theirs, ours);
            let mut deliveries: Vec<_> = self.desk.group.deliveries.values().collect();
            deliveries.sort_by_key(|own| (own.account.clone(), own.contract));
            let deliveries = deliveries.into_iter().map(|own| {
                let contract = self.ids.iter().position(|id| *id == own.contract).unwrap();
                (if own.account.as_str() == "A" { "A" } else { "B" }, contract, own.lots, of(own.amount))
            });
            let mut deliveries: Vec<_> = deliveries.collect();
            deliveries.sort();
            assert_eq!(deliveries, self.ledger.to_deliver());
        } else if self.missed.iter().all(|run| run.ends.is_empty()) {
            // Whatever has been settled, nothing is gained or lost by it.
            let sum = |own: &Position| {
                let basis: BigRational = own.basis.values().cloned().sum();
                &own.cash + &own.due - basis
            };
            assert_eq!((sum(&theirs), theirs.lots), (sum(&ours), ours.lots));
        }
    }

    fn position(&self) -> Position {
        let group = &self.desk.group;
        let mut sum = Position { cash: group.cash.values().map(|own| of(*own)).sum(), ..Position::default() };
        sum.due = group.payables.iter().map(|own| of(own.amount)).sum();
        for (account, own) in &group.position_accounts {
            let account = if account.as_str() == "A" { "A" } else { "B" };
            for (id, holding) in &own.holdings {
                let contract = self.ids.iter().position(|own| own == id).unwrap();
                sum.lots.insert((account, contract), holding.net());
                sum.basis.insert((account, contract), of(holding.basis));
            }
        }
        sum.lots.retain(|_, lots| *lots != 0);
        sum.basis.retain(|_, basis| !basis.is_zero());
        sum
    }
}

fn of(money: Money) -> BigRational {
    exact(text(money).parse().unwrap())
}

fn play(seed: u64) {
    let mut play = Play::new(seed);
    for number in 0..STEPS {
        let at = std::panic::AssertUnwindSafe(|| {
            match play.dice.between(1, 100) {
                1..=45 => play.trade(),
                46..=60 => play.bust(),
                61..=64 => play.deliver(),
                65..=82 => play.settle(),
                83..=88 => play.settle_again(),
                _ => play.catch_up(),
            }
            play.agree();
        });
        let result = std::panic::catch_unwind(at);
        assert!(result.is_ok(), "seed {seed}, step {number}: PLIMSOLL_SEED={seed} replays it");
    }
    while !play.missed.is_empty() {
        play.catch_up();
    }
    play.agree();
}

#[test]
fn whatever_is_told_in_whatever_order_the_group_has_what_the_ledger_has() {
    let one = std::env::var("PLIMSOLL_SEED").ok().map(|seed| seed.parse().unwrap());
    let most = std::env::var("PLIMSOLL_SEEDS").ok().map_or(SEEDS, |seeds| seeds.parse().unwrap());
    for seed in one.map_or(0..most, |seed: u64| seed..seed + 1) {
        play(seed);
    }
}
