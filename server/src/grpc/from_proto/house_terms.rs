//! What a house states of prices and collateral.

use plimsoll_engine::group::{AssetTerms, Band, CollateralSchedule, FeeSchedule};
use plimsoll_engine::types::{Decimal, Money};
use plimsoll_proto::v1;

use super::book::{MOST_ENTRIES, Reader};
use crate::book::Terms;

impl Reader<'_> {
    /// What a house fixes.
    pub(in crate::grpc) fn house_terms(&mut self, wire: &v1::SetHouseTermsRequest) -> Option<Terms> {
        if wire.bands.len() > MOST_ENTRIES || wire.assets.len() > MOST_ENTRIES {
            return self.fault("bands", &format!("at most {MOST_ENTRIES} bands and assets"));
        }
        let mut terms = Terms::default();
        for (place, own) in wire.bands.iter().enumerate() {
            let contract = self.contract(&format!("bands[{place}].contract"), own.contract.as_ref());
            let low = self.decimal(&format!("bands[{place}].low"), &own.low);
            let high = self.decimal(&format!("bands[{place}].high"), &own.high);
            let (Some(contract), Some(low), Some(high)) = (contract, low, high) else { continue };
            if low > high {
                self.faults.add(|| format!("bands[{place}].high"), "is below the low");
            }
            terms.bands.insert(contract, Band { low, high });
        }
        let mut schedule = CollateralSchedule::default();
        for (place, own) in wire.assets.iter().enumerate() {
            let path = format!("assets[{place}]");
            let asset = self.code(&format!("{path}.asset"), &own.asset);
            let currency = self.code(&format!("{path}.currency"), &own.currency);
            let price = self.decimal(&format!("{path}.price"), &own.price);
            let haircut = self.part(&format!("{path}.haircut"), &own.haircut);
            let most_of_pool = match own.most_of_pool.as_str() {
                "" => Some(None),
                text => self.part(&format!("{path}.most_of_pool"), text).map(Some),
            };
            if let (Some(asset), Some(currency), Some(price), Some(haircut), Some(most_of_pool)) =
                (asset, currency, price, haircut, most_of_pool)
            {
                if price < Decimal::ZERO {
                    self.faults.add(|| format!("{path}.price"), "is negative");
                }
                schedule.assets.insert(asset, AssetTerms { currency, price, haircut, most_of_pool });
            }
        }
        for (place, own) in wire.currency_haircuts.iter().enumerate() {
            let currency = self.code(&format!("currency_haircuts[{place}].currency"), &own.currency);
            let haircut = self.part(&format!("currency_haircuts[{place}].haircut"), &own.haircut);
            schedule.currency_haircuts.extend(currency.zip(haircut));
        }
        schedule.unpriced_add_on = match wire.unpriced_add_on.as_str() {
            "" => None,
            text => self.part("unpriced_add_on", text),
        };
        terms.schedule = schedule;
        terms.fees = self.house_fees(&wire.fees)?;
        Some(terms)
    }

    fn house_fees(&mut self, wire: &[v1::HouseFee]) -> Option<FeeSchedule> {
        if wire.len() > MOST_ENTRIES {
            return self.fault("fees", &format!("at most {MOST_ENTRIES}"));
        }
        let mut schedule = FeeSchedule::default();
        for (place, own) in wire.iter().enumerate() {
            let path = format!("fees[{place}]");
            let currency = self.code(&format!("{path}.currency"), &own.currency);
            let amount = self.money(&format!("{path}.per_lot"), &own.per_lot);
            if amount.is_some_and(|own| own < Money::ZERO) {
                self.faults.add(|| format!("{path}.per_lot"), "is negative");
            }
            let product = self.optional(&format!("{path}.product"), &own.product);
            let (Some(product), Some(currency), Some(amount)) = (product, currency, amount) else { continue };
            let is_twice = match product {
                Some(product) => schedule.by_product.insert(product, (currency, amount)).is_some(),
                None => schedule.by_currency.insert(currency, amount).is_some(),
            };
            if is_twice {
                let field = if own.product.is_empty() { "currency" } else { "product" };
                self.faults.add(|| format!("{path}.{field}"), "has a fee already");
            }
        }
        Some(schedule)
    }
}
