//! A second book of trades and settlement runs, naive on purpose: it keeps all that it was told and forms cash, what is due, bases, lots and
//! deliveries from the whole of it every time, with fractions.
//!
//! A trade is worth its own price until a run of its cycle or a later one has a price for the contract; of several the latest cycle
//! counts, and of one cycle what was told last. A contract that has ended is worth what it became.

use std::collections::{BTreeMap, BTreeSet};

use num_rational::BigRational;
use num_traits::Zero;
use plimsoll_engine::contract::ContractId;
use plimsoll_engine::group::Delivery;
use plimsoll_engine::types::Decimal;

/// Date in September and cycle.
pub(super) type Cycle = (u8, u32);

/// What the ledger knows of a contract.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) factor: Decimal,
    pub(super) is_paid: bool,
    pub(super) is_option: bool,
    pub(super) mark: Decimal,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Leg {
    pub(super) contract: usize,
    pub(super) lots: i64,
    pub(super) price: Decimal,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Trade {
    pub(super) account: &'static str,
    pub(super) legs: Vec<Leg>,
    pub(super) clearing: Cycle,
    pub(super) due: u8,
    pub(super) fee: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ends {
    Cash(Decimal),
    Delivery(Decimal),
    /// So many lots of another contract at a price.
    Into(usize, i64, Decimal),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    pub(super) id: String,
    pub(super) clearing: Cycle,
    pub(super) corrects: Option<String>,
    pub(super) prices: BTreeMap<usize, Decimal>,
    pub(super) ends: BTreeMap<usize, Ends>,
}

/// A trade with what has become of each of its legs.
struct Booked {
    trade: Trade,
    /// Whether a leg is booked, by place.
    legs: Vec<bool>,
    has_fee: bool,
    is_cancelled: bool,
    /// Whether nothing of it was booked, because everything had become something else.
    is_suspended: bool,
}

#[derive(Default)]
pub(super) struct Ledger {
    pub(super) contracts: Vec<Known>,
    trades: BTreeMap<String, Booked>,
    /// Trades that were cancelled before they were told.
    early: BTreeSet<String>,
    runs: BTreeMap<String, Cycle>,
    last: Option<Cycle>,
    /// What was said of a contract, in the order in which it was told.
    prices: Vec<(usize, Cycle, Decimal)>,
    ended: BTreeMap<usize, Ends>,
    /// Deliveries in the order in which they were opened; whether they are done.
    deliveries: Vec<(&'static str, usize, i64, BigRational)>,
    done: BTreeSet<usize>,
    queued: BTreeSet<String>,
}

/// What a group has by it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Position {
    pub(super) cash: BigRational,
    pub(super) due: BigRational,
    pub(super) basis: BTreeMap<(&'static str, usize), BigRational>,
    /// Lots bought less lots sold.
    pub(super) lots: BTreeMap<(&'static str, usize), i64>,
}

pub(super) fn exact(value: Decimal) -> BigRational {
    BigRational::new(value.mantissa().into(), num_bigint::BigInt::from(10).pow(u32::from(value.places())))
}

fn whole(value: i64) -> BigRational {
    BigRational::from_integer(value.into())
}

impl Ledger {
    pub(super) fn new(contracts: Vec<Known>) -> Self {
        Self { contracts, ..Self::default() }
    }

    fn value(&self, contract: usize, lots: i64, price: Decimal) -> BigRational {
        exact(price) * exact(self.contracts[contract].factor) * whole(lots)
    }

    fn has_changed(&self, contract: usize) -> bool {
        matches!(self.ended.get(&contract), Some(Ends::Delivery(_) | Ends::Into(..)))
    }

    pub(super) fn has_ended(&self, contract: usize) -> bool {
        self.ended.contains_key(&contract)
    }

    pub(super) fn is_cash(&self, contract: usize) -> bool {
        matches!(self.ended.get(&contract), Some(Ends::Cash(_)))
    }

    pub(super) fn last(&self) -> Option<Cycle> {
        self.last
    }

    pub(super) fn trade(&self, id: &str) -> Option<&Trade> {
        self.trades.get(id).map(|own| &own.trade)
    }

    pub(super) fn open_deliveries(&self) -> Vec<usize> {
        (0..self.deliveries.len()).filter(|own| !self.done.contains(own)).collect()
    }

    /// Whether a delivery of the group is one of these.
    pub(super) fn is_delivery(&self, place: usize, own: &Delivery, ids: &[ContractId]) -> bool {
        let (account, contract, lots, _) = &self.deliveries[place];
        (own.account.as_str(), own.contract, own.lots) == (*account, ids[*contract], *lots)
    }

    /// The price that lots are settled at that clear in a cycle.
    fn settled_at(&self, contract: usize, clearing: Cycle) -> Option<Decimal> {
        let own = self.prices.iter().filter(|own| own.0 == contract && own.1 >= clearing);
        own.max_by_key(|own| own.1).map(|own| own.2)
    }

    /// Everything that is booked and not cancelled.
    fn legs(&self) -> impl Iterator<Item = (&Trade, &Leg)> {
        self.trades.values().filter(|own| !own.is_suspended).flat_map(|own| {
            let legs = own.trade.legs.iter().zip(&own.legs);
            legs.filter(|(_, is_booked)| **is_booked).map(|(leg, _)| (&own.trade, leg))
        })
    }

    /// The kinds of the items that it raises.
    pub(super) fn traded(&mut self, id: &str, trade: &Trade) -> Vec<&'static str> {
        if let Some(known) = self.trades.get(id) {
            return if known.trade == *trade { Vec::new() } else { vec!["trade_id_reused"] };
        }
        let legs: Vec<bool> = trade.legs.iter().map(|own| !self.has_changed(own.contract)).collect();
        let is_suspended = legs.iter().all(|own| !own);
        let is_early = self.early.contains(id);
        let mut raised = vec!["late_after_expiry"; legs.iter().filter(|own| !**own).count()];
        if is_suspended {
            raised.truncate(usize::from(!is_early));
        }
        let booked =
            Booked { trade: trade.clone(), legs, has_fee: !is_suspended, is_cancelled: false, is_suspended };
        self.trades.insert(id.to_owned(), booked);
        if is_early {
            raised.extend(self.cancelled(id));
        }
        raised
    }

    pub(super) fn cancelled(&mut self, id: &str) -> Vec<&'static str> {
        let ended: Vec<bool> = match self.trades.get(id) {
            Some(own) => own.trade.legs.iter().map(|leg| self.has_changed(leg.contract)).collect(),
            None => {
                let is_new = self.early.insert(id.to_owned());
                return if is_new { vec!["unknown_trade"] } else { Vec::new() };
            }
        };
        let Some(own) = self.trades.get_mut(id).filter(|own| !own.is_cancelled) else { return Vec::new() };
        own.is_cancelled = true;
        if own.is_suspended {
            return Vec::new();
        }
        if ended.iter().all(|own| *own) {
            return vec!["late_after_expiry"];
        }
        // What has become something else stays as it is.
        for (is_booked, has_changed) in own.legs.iter_mut().zip(&ended) {
            *is_booked = *is_booked && *has_changed;
        }
        own.has_fee = false;
        vec!["late_after_expiry"; ended.iter().filter(|own| **own).count()]
    }

    pub(super) fn delivered(&mut self, place: usize) {
        self.done.insert(place);
    }

    /// A run that the house is told.
    pub(super) fn settled(&mut self, run: &Run) -> Vec<&'static str> {
        let is_known = self.runs.contains_key(&run.id);
        if is_known && !self.queued.contains(&run.id) {
            return Vec::new();
        }
        let misplaced = match &run.corrects {
            None => self.last.filter(|last| run.clearing < *last).map(|_| "run_out_of_order"),
            Some(own) => (self.runs.get(own) != Some(&run.clearing)).then_some("unknown_run"),
        };
        // What is to correct nothing cannot be corrected either.
        if misplaced != Some("unknown_run") {
            self.runs.insert(run.id.clone(), run.clearing);
        }
        if let Some(kind) = misplaced {
            // One open item says so.
            return if self.queued.insert(run.id.clone()) { vec![kind] } else { Vec::new() };
        }
        let mut raised = Vec::new();
        if run.corrects.is_none() {
            raised.extend(self.unpriced(run).iter().map(|_| "no_settlement_price"));
            self.last = Some(run.clearing);
        }
        let said = run.prices.iter().map(|(contract, price)| (*contract, run.clearing, *price));
        // What has ended has its last price.
        self.prices.extend(said.filter(|own| !self.ended.contains_key(&own.0)));
        for (contract, ends) in &run.ends {
            raised.extend(self.ends(run.clearing, *contract, ends));
        }
        raised
    }

    /// Positions that clear by a run which has no price for them.
    fn unpriced(&self, run: &Run) -> Vec<(&'static str, usize)> {
        let mut sums: BTreeMap<(&'static str, usize), (i64, BigRational)> = BTreeMap::new();
        for (trade, leg) in self.legs().filter(|(trade, _)| trade.clearing <= run.clearing) {
            let contract = &self.contracts[leg.contract];
            let ends_itself = match run.ends.get(&leg.contract) {
                Some(Ends::Cash(_) | Ends::Delivery(_)) => true,
                Some(Ends::Into(..)) => contract.is_option,
                None => false,
            };
            if contract.is_paid
                || self.has_ended(leg.contract)
                || run.prices.contains_key(&leg.contract)
                || ends_itself
            {
                continue;
            }
            let price = self.settled_at(leg.contract, trade.clearing).unwrap_or(leg.price);
            let sum = sums.entry((trade.account, leg.contract)).or_insert((0, BigRational::zero()));
            *sum = (sum.0 + leg.lots, sum.1.clone() + self.value(leg.contract, leg.lots, price));
        }
        sums.into_iter().filter(|(_, sum)| sum.0 != 0 || !sum.1.is_zero()).map(|(key, _)| key).collect()
    }

    fn ends(&mut self, clearing: Cycle, contract: usize, ends: &Ends) -> Vec<&'static str> {
        match (self.ended.get(&contract), ends) {
            (None, _) | (Some(Ends::Cash(_)), Ends::Cash(_)) => {}
            (Some(_), _) => return vec!["unknown_run"],
        }
        let is_new = self.ended.insert(contract, ends.clone()).is_none();
        if !is_new {
            return Vec::new();
        }
        for account in ["A", "B"] {
            let own = self.legs().filter(|(trade, leg)| trade.account == account && leg.contract == contract);
            let lots: i64 = own.map(|(_, leg)| leg.lots).sum();
            match ends {
                Ends::Cash(_) => {}
                Ends::Delivery(_) if lots == 0 => {}
                Ends::Delivery(points) => {
                    let money = -self.value(contract, lots, *points);
                    self.deliveries.push((account, contract, lots, money));
                }
                Ends::Into(other, each, price) => {
                    let leg = Leg { contract: *other, lots: lots * each, price: *price };
                    let trade = Trade { account, legs: vec![leg], clearing, due: clearing.0, fee: 0 };
                    let booked = Booked {
                        trade,
                        legs: vec![lots != 0],
                        has_fee: false,
                        is_cancelled: false,
                        is_suspended: false,
                    };
                    self.trades.insert(format!("{contract} became {other} in {account}"), booked);
                }
            }
        }
        Vec::new()
    }

    /// What there is, from everything that was told.
    pub(super) fn position(&self) -> Position {
        let mut sum = Position::default();
        for (trade, leg) in self.legs() {
            let contract = leg.contract;
            let paid = self.value(contract, leg.lots, leg.price);
            let ended = self.ended.get(&contract);
            if ended.is_none() {
                *sum.lots.entry((trade.account, contract)).or_default() += leg.lots;
            }
            let worth = |price: Decimal| self.value(contract, leg.lots, price);
            if self.contracts[contract].is_paid {
                let is_due = self.last.is_none_or(|last| trade.due > last.0);
                *(if is_due { &mut sum.due } else { &mut sum.cash }) -= paid;
                if let Some(Ends::Cash(points)) = ended {
                    sum.cash += worth(*points);
                }
                continue;
            }
            let settled = self.settled_at(contract, trade.clearing);
            match (ended, settled) {
                (Some(Ends::Cash(points)), _) => sum.cash += worth(*points) - paid,
                (Some(Ends::Delivery(points)), _) if !self.contracts[contract].is_option => {
                    sum.cash += worth(*points) - paid;
                }
                // An option that becomes something else ends at nothing.
                (Some(Ends::Delivery(_) | Ends::Into(..)), _) if self.contracts[contract].is_option => {
                    sum.cash -= paid;
                }
                // A future at its last price, whenever its trades clear.
                (Some(_), _) => {
                    let own = self.prices.iter().filter(|own| own.0 == contract);
                    let last = own.max_by_key(|own| own.1).unwrap().2;
                    sum.cash += worth(last) - paid;
                }
                (None, Some(price)) => {
                    sum.cash += worth(price) - paid;
                    *sum.basis.entry((trade.account, contract)).or_default() += worth(price);
                }
                (None, None) => {
                    *sum.basis.entry((trade.account, contract)).or_default() += paid;
                }
            }
        }
        for own in self.trades.values().filter(|own| own.has_fee) {
            sum.cash -= whole(own.trade.fee);
        }
        for place in &self.done {
            sum.cash += &self.deliveries[*place].3;
        }
        sum.lots.retain(|_, lots| *lots != 0);
        sum.basis.retain(|_, basis| !basis.is_zero());
        sum
    }

    /// What is to be delivered: account, contract, lots and money, ascending.
    pub(super) fn to_deliver(&self) -> Vec<(&'static str, usize, i64, BigRational)> {
        let mut open: Vec<_> =
            self.open_deliveries().iter().map(|own| self.deliveries[*own].clone()).collect();
        open.sort();
        open
    }
}
