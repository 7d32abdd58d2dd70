//! What a house states of prices and collateral.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_engine::contract::ContractId;
use plimsoll_engine::group::{AssetTerms, Band, CollateralSchedule, FeeSchedule};
use plimsoll_engine::types::{AssetCode, Decimal, Money, Ratio};
use plimsoll_proto::v1;

use super::book::{MOST_ENTRIES, Reader, STATED_TWICE, again};
use crate::book::Terms;

impl Reader<'_> {
    /// What a house fixes. Nothing may be stated twice.
    pub(in crate::grpc) fn house_terms(&mut self, wire: &v1::SetHouseTermsRequest) -> Option<Terms> {
        let counts = [
            ("bands", wire.bands.len()),
            ("assets", wire.assets.len()),
            ("currency_haircuts", wire.currency_haircuts.len()),
            ("fees", wire.fees.len()),
        ];
        let beyond = counts.into_iter().filter(|(_, count)| *count > MOST_ENTRIES);
        let beyond: Vec<_> = beyond.map(|(path, _)| path).collect();
        for path in &beyond {
            self.faults.add(|| (*path).to_owned(), format!("at most {MOST_ENTRIES}"));
        }
        if !beyond.is_empty() {
            return None;
        }
        let bands = self.bands(&wire.bands);
        let assets = self.assets(&wire.assets);
        let (mut currency_haircuts, mut stated) = (BTreeMap::new(), BTreeSet::new());
        for (place, own) in wire.currency_haircuts.iter().enumerate() {
            let path = format!("currency_haircuts[{place}]");
            let currency = self.code(&format!("{path}.currency"), &own.currency);
            let haircut = self.part(&format!("{path}.haircut"), &own.haircut);
            if currency.clone().is_some_and(|own| !stated.insert(own)) {
                self.faults.add(|| format!("{path}.currency"), STATED_TWICE);
            }
            currency_haircuts.extend(currency.zip(haircut));
        }
        let unpriced_add_on = match wire.unpriced_add_on.as_str() {
            "" => None,
            text => self.part("unpriced_add_on", text),
        };
        let most_price_ratio = match wire.most_price_ratio.as_str() {
            "" => None,
            text => self.decimal("most_price_ratio", text).and_then(|own| {
                let ratio = Ratio::from_decimal(own).ok().filter(|own| *own >= Ratio::ONE);
                if ratio.is_none() {
                    self.faults.add(|| "most_price_ratio".to_owned(), "expected at least 1");
                }
                ratio
            }),
        };
        let schedule = CollateralSchedule { assets, currency_haircuts, unpriced_add_on, most_price_ratio };
        Some(Terms { bands, schedule, fees: self.house_fees(&wire.fees) })
    }

    fn bands(&mut self, wire: &[v1::PriceBand]) -> BTreeMap<ContractId, Band> {
        let (mut bands, mut stated) = (BTreeMap::new(), BTreeSet::new());
        for (place, own) in wire.iter().enumerate() {
            let path = format!("bands[{place}]");
            let contract = self.contract(&format!("{path}.contract"), own.contract.as_ref());
            let low = self.decimal(&format!("{path}.low"), &own.low);
            let high = self.decimal(&format!("{path}.high"), &own.high);
            if low.zip(high).is_some_and(|(low, high)| low > high) {
                self.faults.add(|| format!("{path}.high"), "is below the low");
            }
            if contract.is_some_and(|contract| !stated.insert(contract)) {
                let again = again(own.contract.as_ref());
                self.faults.add(|| format!("{path}.contract"), again);
            }
            let band = low.zip(high).map(|(low, high)| Band { low, high });
            bands.extend(contract.zip(band));
        }
        bands
    }

    fn assets(&mut self, wire: &[v1::AssetTerms]) -> BTreeMap<AssetCode, AssetTerms> {
        let (mut assets, mut stated) = (BTreeMap::new(), BTreeSet::new());
        for (place, own) in wire.iter().enumerate() {
            let path = format!("assets[{place}]");
            let asset = self.code(&format!("{path}.asset"), &own.asset);
            let currency = self.code(&format!("{path}.currency"), &own.currency);
            let price = self.decimal(&format!("{path}.price"), &own.price);
            let haircut = self.part(&format!("{path}.haircut"), &own.haircut);
            let most_of_pool = match own.most_of_pool.as_str() {
                "" => Some(None),
                text => self.part(&format!("{path}.most_of_pool"), text).map(Some),
            };
            if price.is_some_and(|price| price < Decimal::ZERO) {
                self.faults.add(|| format!("{path}.price"), "is negative");
            }
            if asset.clone().is_some_and(|own| !stated.insert(own)) {
                self.faults.add(|| format!("{path}.asset"), STATED_TWICE);
            }
            let (Some(asset), Some(currency), Some(price), Some(haircut), Some(most_of_pool)) =
                (asset, currency, price, haircut, most_of_pool)
            else {
                continue;
            };
            assets.insert(asset, AssetTerms { currency, price, haircut, most_of_pool });
        }
        assets
    }

    fn house_fees(&mut self, wire: &[v1::HouseFee]) -> FeeSchedule {
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
        schedule
    }
}
