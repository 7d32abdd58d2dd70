//! Clearing cycles, and what the settlement runs of a house have said of its contracts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::command::{Becomes, SettlementRun};
use crate::contract::ContractId;
use crate::types::{BusinessDate, Decimal, Reference};

/// A clearing cycle: what trades clear in, and what a settlement run settles up to. It is stored as it prints, so that it may be a key.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Clearing {
    /// The business date.
    pub date: BusinessDate,
    /// The cycle of that date, ascending; 0 where the date has only one.
    pub cycle: u32,
}

impl std::fmt::Display for Clearing {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} cycle {}", self.date, self.cycle)
    }
}

impl From<Clearing> for String {
    fn from(own: Clearing) -> Self {
        own.to_string()
    }
}

impl TryFrom<String> for Clearing {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let parts = text.split_once(" cycle ");
        let read = parts.and_then(|(date, cycle)| Some((date.parse().ok()?, cycle.parse().ok()?)));
        let (date, cycle) = read.ok_or_else(|| format!("{text:?} is no clearing cycle"))?;
        Ok(Self { date, cycle })
    }
}

/// A price that everything of a contract is settled at which cleared by then.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Settlement {
    /// What is settled: trades that clear in this cycle or before.
    pub clearing: Clearing,
    /// The price.
    pub price: Decimal,
}

/// What the settlement runs of a house have said: its runs, the last price of every contract, and what became of those that ended.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Settlements {
    runs: BTreeMap<Reference, Clearing>,
    last: Option<Clearing>,
    prices: BTreeMap<ContractId, Settlement>,
    ended: BTreeMap<ContractId, Becomes>,
}

impl Settlements {
    /// Notes a run. One that comes after a later one, and does not correct, settles nothing.
    pub fn told(&mut self, run: &SettlementRun) {
        let clearing = run.clearing();
        self.runs.entry(run.id.clone()).or_insert(clearing);
        if run.corrects.is_none() {
            if self.last.is_some_and(|last| clearing < last) {
                return;
            }
            self.last = Some(clearing);
        }
        for (contract, price) in &run.prices {
            let is_earlier = |own: &Settlement| clearing < own.clearing;
            if !self.prices.get(contract).is_some_and(is_earlier) {
                self.prices.insert(*contract, Settlement { clearing, price: *price });
            }
        }
        for expiry in &run.expiries {
            // A correction amends a value in cash; what became something else stays so.
            let is_cash = |own: &Becomes| matches!(own, Becomes::Cash(_));
            let known = self.ended.get(&expiry.contract);
            if known.is_none_or(|known| is_cash(known) && is_cash(&expiry.becomes)) {
                self.ended.insert(expiry.contract, expiry.becomes.clone());
            }
        }
    }

    /// The cycle of a run.
    #[must_use]
    pub fn run(&self, id: &Reference) -> Option<Clearing> {
        self.runs.get(id).copied()
    }

    /// The last cycle that a run has settled.
    #[must_use]
    pub const fn last(&self) -> Option<Clearing> {
        self.last
    }

    /// The last settlement of a contract.
    #[must_use]
    pub fn settlement(&self, contract: ContractId) -> Option<Settlement> {
        self.prices.get(&contract).copied()
    }

    /// What became of a contract that has ended: it does not trade any more.
    #[must_use]
    pub fn ended(&self, contract: ContractId) -> Option<&Becomes> {
        self.ended.get(&contract)
    }
}
