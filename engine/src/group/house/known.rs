//! What a house remembers of contracts that its set or market does not have any more: enough to book what happens to them, and to
//! charge what is left of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Ending, HouseSnapshot, ListedContract, PriceMoney};
use crate::contract::ContractId;
use crate::parameters::CommodityIndex;
use crate::report::{AccountLevels, required};
use crate::scenario::Row;
use crate::span::{Margining, Portfolio};
use crate::types::{Currency, Decimal, Money, Overflow};

/// The most that one lot loses, in a currency; neither is negative.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct LotRisk {
    /// The currency.
    pub currency: Currency,
    /// Of a lot that is held.
    pub long: Money,
    /// Of a lot that is sold.
    pub short: Money,
}

/// The money of a contract that a house has or once had.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct KnownContract {
    /// What a price is in money.
    pub money: PriceMoney,
    /// The currency of its money.
    pub currency: Currency,
    /// Whether its price is paid when it is traded; else gains and losses are settled.
    pub is_paid: bool,
    /// Whether it is an option.
    pub is_option: bool,
    /// The last accepted mark, if it ever had one.
    pub mark: Option<Decimal>,
    /// When it ends and what it ends at, as a set said last.
    pub ending: Ending,
}

impl KnownContract {
    /// The money of so many lots at a price, as [`ListedContract::money_at`].
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn money_at(&self, price: Decimal, lots: i64) -> Result<Money, Overflow> {
        self.money.of(price, lots)
    }

    fn of_listed(listed: &ListedContract) -> Option<Self> {
        Some(Self {
            money: listed.money?,
            currency: listed.currency.clone(),
            is_paid: listed.is_paid,
            is_option: listed.is_option,
            mark: listed.price,
            ending: listed.ending,
        })
    }
}

/// A contract as it was when a set, a market or a method had it last.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct LastKnown {
    /// Its money.
    pub contract: KnownContract,
    /// The most that a lot lost, by currency; empty where nothing ever margined it.
    pub risk: Vec<LotRisk>,
}

/// What is remembered, by contract.
pub type Retained = Arc<BTreeMap<ContractId, LastKnown>>;

impl HouseSnapshot {
    /// The money of a contract that the house has or ever had, with its last accepted mark: of one that has ended that of before, else what a
    /// set says of it in spite of that.
    #[must_use]
    pub fn known(&self, id: ContractId) -> Option<KnownContract> {
        let retained = self.retained.get(&id).map(|own| &own.contract);
        let listed = self.contract(id);
        match listed.and_then(KnownContract::of_listed) {
            Some(own) => {
                let before = || listed?.before.as_ref()?.price;
                let mark = own.mark.or_else(|| retained?.mark).or_else(before);
                Some(KnownContract { mark, ..own })
            }
            None => retained.cloned(),
        }
    }

    /// What is remembered of contracts that were lost.
    #[must_use]
    pub const fn retained(&self) -> &Retained {
        &self.retained
    }

    /// With what is remembered.
    #[must_use]
    pub fn with_retained(self, retained: Retained) -> Self {
        let mut own = Self { retained, ..self };
        own.end_retained();
        own
    }

    /// The contracts that had a price or were margined before and are not now, each as it was then; ascending.
    #[must_use]
    pub fn lost_since(&self, before: &Self) -> Vec<(ContractId, LastKnown)> {
        let mut lost = BTreeSet::new();
        for (number, own) in (0..=u32::MAX).zip(&before.contracts) {
            let Some(own) = own else { continue };
            let now = self.contracts.get(number as usize).and_then(Option::as_ref);
            let is_priced = |own: &ListedContract| own.is_priced();
            let has_rows = |own: &ListedContract| own.rows.is_ok();
            let id = ContractId::numbered(number);
            // What had ended when it was first listed was never lost before.
            let is_gone = own.before.is_some() && now.is_none() && !before.retained.contains_key(&id);
            if (is_priced(own) && !now.is_some_and(is_priced))
                || (has_rows(own) && !now.is_some_and(has_rows))
                || is_gone
            {
                lost.insert(id);
            }
        }
        for (name, catalogue) in before.methods.iter().flat_map(|own| own.iter()) {
            let now = self.catalogue(name);
            let is_priced = |id| now.is_some_and(|own| matches!(own.contract(id), Some(Ok(_))));
            lost.extend(catalogue.priced().filter(|id| !is_priced(*id)));
        }
        lost.into_iter().filter_map(|id| Some((id, before.last_known(id)?))).collect()
    }

    /// A contract as it is now, with what is remembered of what it lacks.
    pub(in crate::group) fn last_known(&self, id: ContractId) -> Option<LastKnown> {
        let contract = self.known(id)?;
        let mut risk: Vec<LotRisk> = Vec::new();
        let listed = self.contract(id);
        let rows = listed.and_then(|own| own.rows.as_deref().ok());
        risk.extend(rows.and_then(|rows| self.risk_by_set(rows)).into_iter().flatten());
        risk.extend(self.risk_by_methods(id));
        if risk.is_empty() {
            risk.extend(self.retained.get(&id).map(|own| own.risk.clone()).unwrap_or_default());
        }
        if risk.is_empty() {
            let before = listed.and_then(|own| own.before.as_ref()?.rows.as_deref());
            risk.extend(before.and_then(|rows| self.risk_by_set(rows)).into_iter().flatten());
        }
        Some(LastKnown { contract, risk: largest(risk) })
    }

    /// The most that a lot requires under the active set, at the dearest of its levels, without what options are worth.
    fn risk_by_set(&self, rows: &[(CommodityIndex, Row)]) -> Option<Vec<LotRisk>> {
        let set = self.set.as_ref()?;
        let count = set.levels().all().len();
        let levels: Vec<Option<usize>> = std::iter::once(None).chain((0..count).map(Some)).collect();
        let side = |lots: i64| -> Option<Vec<(Currency, Money)>> {
            let rows = rows.iter().map(|(commodity, row)| (*commodity, *row, lots));
            let portfolio = Portfolio::of_rows(set, rows, Margining::Net).ok()?;
            let mut most: BTreeMap<Currency, Money> = BTreeMap::new();
            for level in &levels {
                let levels = AccountLevels { initial: *level, maintenance: *level };
                for own in required(set, &portfolio, set.rounding(), levels).ok()? {
                    let risk = own.initial.plus(own.net_option_value).ok()?.max(own.risk).max(Money::ZERO);
                    let sum = most.entry(own.currency).or_default();
                    *sum = (*sum).max(risk);
                }
            }
            Some(most.into_iter().collect())
        };
        let of = |(currency, amount): (Currency, Money), is_long: bool| LotRisk {
            currency,
            long: if is_long { amount } else { Money::ZERO },
            short: if is_long { Money::ZERO } else { amount },
        };
        let long = side(1)?.into_iter().map(|own| of(own, true));
        let short = side(-1)?.into_iter().map(|own| of(own, false));
        Some(long.chain(short).collect())
    }

    /// The same under every method that has it.
    fn risk_by_methods(&self, id: ContractId) -> Vec<LotRisk> {
        let by = |catalogue: &Arc<crate::grid::Catalogue>| -> Option<LotRisk> {
            let row = catalogue.contract(id)?.ok()?.row;
            let side =
                |lots| Some(catalogue.margin(&[(row, lots)]).ok()?.requirement.initial.max(Money::ZERO));
            let currency = catalogue.method().currency.clone();
            Some(LotRisk { currency, long: side(1)?, short: side(-1)? })
        };
        let catalogues = self.methods.iter().flat_map(|own| own.iter());
        catalogues.filter_map(|(_, catalogue)| by(catalogue)).collect()
    }
}

/// One entry a currency, of each side the largest.
fn largest(risks: Vec<LotRisk>) -> Vec<LotRisk> {
    let mut by_currency: BTreeMap<Currency, LotRisk> = BTreeMap::new();
    for own in risks {
        match by_currency.get_mut(&own.currency) {
            Some(known) => {
                (known.long, known.short) = (known.long.max(own.long), known.short.max(own.short));
            }
            None => drop(by_currency.insert(own.currency.clone(), own)),
        }
    }
    by_currency.into_values().collect()
}
