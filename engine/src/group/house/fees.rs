//! What a house charges for a lot: its schedule of fees, by contract.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::HouseSnapshot;
use crate::contract::{ContractId, Registry};
use crate::group::order::OrderTerms;
use crate::types::{Currency, Money, Overflow, ProductCode};

/// The fees that a house charges for every lot that is traded; never negative.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct FeeSchedule {
    /// Of all contracts of a product, whatever the currency of their money.
    pub by_product: BTreeMap<ProductCode, (Currency, Money)>,
    /// Of all other contracts, by the currency of their money.
    pub by_currency: BTreeMap<Currency, Money>,
}

impl FeeSchedule {
    fn of(
        &self,
        product: &ProductCode,
        currency: impl FnOnce() -> Option<Currency>,
    ) -> Option<(Currency, Money)> {
        self.by_product.get(product).cloned().or_else(|| {
            let currency = currency()?;
            let amount = *self.by_currency.get(&currency)?;
            Some((currency, amount))
        })
    }
}

impl HouseSnapshot {
    /// With a schedule of fees, for the contracts that the house has or ever had: it comes after everything that says what those are.
    #[must_use]
    pub fn with_fees(self, schedule: &FeeSchedule, registry: &Registry) -> Self {
        let fees = registry.numbered().filter_map(|(id, own)| {
            let fee = schedule.of(&own.key.product, || Some(self.known(id)?.currency))?;
            Some((id, fee))
        });
        let is_empty = schedule.by_product.is_empty() && schedule.by_currency.is_empty();
        let fees = if is_empty { BTreeMap::new() } else { fees.collect() };
        Self { fees, ..self }
    }

    /// What the schedule has for a lot of a contract; `None` where it says nothing.
    #[must_use]
    pub fn fee(&self, id: ContractId) -> Option<&(Currency, Money)> {
        self.fees.get(&id)
    }

    /// What an order says, with the fees of the schedule of today where it states none of its own.
    pub(in crate::group) fn scheduled(&self, terms: &OrderTerms) -> Result<OrderTerms, Overflow> {
        let fee = |(currency, amount): &(Currency, Money), lots: i64| {
            Ok((currency.clone(), amount.times_whole(lots)?.magnitude()))
        };
        let by_leg = |leg: &crate::group::order::OrderLeg| {
            self.fee(leg.contract).map(|own| fee(own, leg.lots.get())).transpose()
        };
        let scheduled_fees = match terms.fee {
            None if !self.fees.is_empty() => {
                terms.legs.iter().map(by_leg).collect::<Result<Vec<_>, Overflow>>()?
            }
            None | Some(_) => Vec::new(),
        };
        Ok(OrderTerms { scheduled_fees, ..terms.clone() })
    }
}
