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

/// Why a run settles nothing. It was so when the house heard of it first, and stays so.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Misplaced {
    /// A run of a later cycle had settled before it.
    After(Clearing),
    /// It corrects a run that was not known then, or was of another cycle.
    NothingToCorrect,
}

/// A run that a house has heard of.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Heard {
    clearing: Clearing,
    misplaced: Option<Misplaced>,
}

/// What the settlement runs of a house have said: its runs, the last price of every contract, and what became of those that ended.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Settlements {
    runs: BTreeMap<Reference, Heard>,
    last: Option<Clearing>,
    prices: BTreeMap<ContractId, Settlement>,
    ended: BTreeMap<ContractId, Becomes>,
}

impl Settlements {
    /// Notes a run, the first time that it is told. One that is misplaced settles nothing.
    pub fn told(&mut self, run: &SettlementRun) {
        if self.runs.contains_key(&run.id) {
            return;
        }
        let (clearing, misplaced) = (run.clearing(), self.misplaced(run));
        self.runs.insert(run.id.clone(), Heard { clearing, misplaced });
        if misplaced.is_some() {
            return;
        }
        if run.corrects.is_none() {
            self.last = Some(clearing);
        }
        // What has ended has its last price.
        let lives = |own: &&ContractId| !self.ended.contains_key(own);
        for (contract, price) in run.prices.iter().filter(|(own, _)| lives(own)) {
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

    /// Why a run settles nothing in any group; of one that the house has heard of as it was then.
    #[must_use]
    pub fn misplaced(&self, run: &SettlementRun) -> Option<Misplaced> {
        let clearing = run.clearing();
        if let Some(heard) = self.runs.get(&run.id) {
            return heard.misplaced;
        }
        match &run.corrects {
            None => self.last.filter(|last| clearing < *last).map(Misplaced::After),
            Some(corrected) => {
                let heard = self.runs.get(corrected);
                let is_meant = |own: &&Heard| {
                    own.clearing == clearing && own.misplaced != Some(Misplaced::NothingToCorrect)
                };
                heard.filter(is_meant).is_none().then_some(Misplaced::NothingToCorrect)
            }
        }
    }

    /// The cycle of a run.
    #[must_use]
    pub fn run(&self, id: &Reference) -> Option<Clearing> {
        self.runs.get(id).map(|own| own.clearing)
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
