//! Families on their way into a definition: records `P`, `B` and the arrays linked by the names of contracts.

use std::collections::BTreeMap;

use super::arrays::{Joined, describe};
use super::columns::array_key as key;
use super::price::{Quotation, signed};
use super::products::{FamilyName, Product, Terms};
use super::record::{Record, times_power_of_ten};
use crate::contract::{OptionRight, OptionTerms, Period, ProductType};
use crate::parameters::definition::{
    ArrayDefinition, ArrayTable, ContractDefinition, ContractReference, FamilyDefinition, FamilyReference,
    OptionDefinition, ScanRange, SeriesDefinition, Valuation,
};
use crate::parameters::diagnostic::Diagnostics;
use crate::types::{Decimal, ProductCode};

/// What record `2` says of a product.
#[derive(Clone, Copy, Default)]
pub(super) struct Linked {
    pub(super) locator: i32,
    pub(super) is_futures_style: bool,
}

/// What tells the series of one family apart: underlying product, its month and their own period.
type SeriesName = (Option<ProductCode>, Option<Period>, Period);

pub(super) struct Family {
    pub(super) own: FamilyDefinition,
    name: FamilyName,
    price: Quotation,
    strike: Quotation,
    linked: Linked,
    has_variable_tick: bool,
    contracts: BTreeMap<Period, usize>,
    series: BTreeMap<SeriesName, usize>,
    /// Records `B` by the months that they name.
    terms: BTreeMap<(Option<Period>, Option<Period>), usize>,
    /// Where the first contract without a record `B` stands, and how many there are.
    without_terms: Option<(u64, u64)>,
    /// For each series its underlying product and month as the file names them.
    underlyings: Vec<(Option<ProductCode>, Option<Period>)>,
    next_contract: u64,
}

pub(super) struct Families {
    pub(super) all: Vec<Family>,
    by_name: BTreeMap<FamilyName, usize>,
    terms: Vec<Terms>,
}

impl Families {
    /// One family for each record `P`, numbered as they come.
    pub(super) fn new(
        products: Vec<Product>,
        linked: &BTreeMap<FamilyName, Linked>,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let mut families = Self { all: Vec::new(), by_name: BTreeMap::new(), terms: Vec::new() };
        for product in products {
            if families.by_name.contains_key(&product.name) {
                diagnostics.error(
                    product.line,
                    "P",
                    format!("{}: a second record of the product", product.name),
                );
                continue;
            }
            let index = families.all.len();
            families.by_name.insert(product.name.clone(), index);
            let own = linked.get(&product.name).copied().unwrap_or_default();
            let family_id = u32::try_from(index).unwrap_or(u32::MAX - 1) + 1;
            families.all.push(Family::new(product, own, family_id));
        }
        families
    }

    pub(super) fn find(&self, name: &FamilyName) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Takes the records `B` and lists what is no option.
    pub(super) fn take_terms(&mut self, terms: Vec<Terms>, diagnostics: &mut Diagnostics) {
        for (index, own) in terms.iter().enumerate() {
            let Some(family) = self.by_name.get(&own.name).and_then(|&index| self.all.get_mut(index)) else {
                diagnostics.error(own.line, "B", format!("{}: no record P of the product", own.name));
                continue;
            };
            let future = own.future.or((!own.name.kind.is_option()).then(spot));
            if family.terms.insert((future, own.option), index).is_some() {
                let message = format!("{}: a second record of the contract", own.name);
                diagnostics.error(own.line, "B", message);
                continue;
            }
            if let (false, Some(period)) = (own.name.kind.is_option(), future) {
                family.contract(period, own.line, Some(own));
            }
        }
        self.terms = terms;
    }

    /// Gives every array to its contract; contracts that no other record names are listed.
    pub(super) fn take_arrays(
        &mut self,
        arrays: &[Joined],
        table: &mut ArrayTable,
        diagnostics: &mut Diagnostics,
    ) {
        let mut last: Option<([u8; 16], Option<usize>)> = None;
        for joined in arrays {
            let bytes = joined.key.family();
            let index = match last {
                Some((same, index)) if same == bytes => index,
                _ => {
                    let index = self.family_of(joined, diagnostics);
                    last = Some((bytes, index));
                    index
                }
            };
            let Some(family) = index.and_then(|index| self.all.get_mut(index)) else { continue };
            let added = joined.key.with_record(joined.line, |record| {
                family.array(record, joined, &self.terms, table, diagnostics)
            });
            debug_assert!(added.is_some());
        }
        for family in &mut self.all {
            for series in &mut family.own.series {
                series.options.sort_by_key(|option| (option.terms.strike, option.terms.right));
            }
            if let Some((line, count)) = family.without_terms {
                let message = format!(
                    "{}: {count} contracts or series without a record B have a delta scaling of 1",
                    family.name
                );
                diagnostics.warning(line, "81", message);
            }
        }
    }

    fn family_of(&self, joined: &Joined, diagnostics: &mut Diagnostics) -> Option<usize> {
        joined.key.with_record(joined.line, |record| {
            let name = FamilyName::read(record, [key::EXCHANGE, key::PRODUCT, key::KIND], diagnostics)?;
            let found = self.find(&name);
            if found.is_none() {
                record.fault(format!("{name}: no record P of the product"), diagnostics);
            }
            found
        })?
    }

    /// The contract of a family and period; listed without an array where no record of its own names it, so that its month
    /// is known.
    pub(super) fn reference(&mut self, index: usize, period: Period, line: u64) -> ContractReference {
        let family = &mut self.all[index];
        let place = family.contract(period, line, None);
        ContractReference {
            exchange: family.own.exchange.clone(),
            family_id: family.own.family_id,
            contract_id: family.own.contracts[place].contract_id,
        }
    }

    /// Names the contract that each series is on, and the physical that a future is on.
    pub(super) fn link_underlyings(&mut self, diagnostics: &mut Diagnostics) {
        for index in 0..self.all.len() {
            if self.all[index].own.product_type.is_option() {
                self.link_series(index, diagnostics);
            } else if self.all[index].own.product_type == ProductType::Future {
                self.link_futures(index);
            }
        }
    }

    fn link_series(&mut self, index: usize, diagnostics: &mut Diagnostics) {
        let kind = self.all[index].own.product_type;
        let underlying_kind = if kind == ProductType::OptionOnPhysical {
            ProductType::Physical
        } else if kind == ProductType::OptionOnCombination {
            ProductType::Combination
        } else {
            ProductType::Future
        };
        for place in 0..self.all[index].own.series.len() {
            let family = &self.all[index];
            let (product, month) = family.underlyings[place].clone();
            let line = family.own.series[place].line;
            let name = family.name.clone();
            let Some(product) = product else {
                diagnostics.error(line, "81", format!("{name}: the underlying product is missing"));
                continue;
            };
            let wanted = FamilyName { exchange: name.exchange.clone(), product, kind: underlying_kind };
            let Some(found) = self.find(&wanted) else {
                // The delta of an option on a physical without a month needs none of it.
                if kind != ProductType::OptionOnPhysical || month.is_some_and(|month| !is_zero(month)) {
                    let message = format!("{name}: the underlying product {wanted} has no record P");
                    diagnostics.error(line, "81", message);
                }
                continue;
            };
            let Some(month) = month.or((kind == ProductType::OptionOnPhysical).then(spot)) else {
                diagnostics.error(line, "81", format!("{name}: the month of the underlying is missing"));
                continue;
            };
            let reference = self.reference(found, month, line);
            let underlying = &self.all[found].own;
            let family_reference = FamilyReference {
                exchange: underlying.exchange.clone(),
                family_id: underlying.family_id,
                product: underlying.product.clone(),
                product_type: underlying.product_type.code().to_owned(),
            };
            let own = &mut self.all[index].own;
            own.underlying.get_or_insert(family_reference);
            own.series[place].underlying = Some(reference);
        }
    }

    /// A future whose underlying product is a physical with a single contract is on that.
    fn link_futures(&mut self, index: usize) {
        let terms = self.all[index].terms.values().filter_map(|&own| self.terms.get(own));
        let Some(product) = terms.into_iter().find_map(|own| own.underlying.clone()) else { return };
        let exchange = self.all[index].own.exchange.clone();
        let Some(found) = self.find(&FamilyName { exchange, product, kind: ProductType::Physical }) else {
            return;
        };
        let physical = &self.all[found].own;
        let [contract] = physical.contracts.as_slice() else { return };
        let reference = ContractReference {
            exchange: physical.exchange.clone(),
            family_id: physical.family_id,
            contract_id: contract.contract_id,
        };
        for contract in &mut self.all[index].own.contracts {
            contract.underlying = Some(reference.clone());
        }
    }

    /// Where options on a physical have their delta: `Some(true)` in their own period, where the month of their underlying is
    /// zero or blank.
    pub(super) fn delta_by_period(&self, index: usize, diagnostics: &mut Diagnostics) -> Option<bool> {
        let family = &self.all[index];
        if family.own.product_type != ProductType::OptionOnPhysical {
            return None;
        }
        let without_month = |(_, month): &&(Option<ProductCode>, Option<Period>)| month.is_none_or(is_zero);
        let count = family.underlyings.iter().filter(without_month).count();
        if count != 0 && count != family.underlyings.len() {
            let message = format!("{}: options with and without a month of the underlying", family.name);
            diagnostics.error(family.own.line, "P", message);
        }
        Some(count > 0)
    }
}

/// The period of a physical, which has no month.
fn spot() -> Period {
    Period::new("000000").expect("Invariant: six digits are a period")
}

fn is_zero(month: Period) -> bool {
    month.as_str().bytes().all(|digit| digit == b'0')
}

impl Family {
    fn new(product: Product, linked: Linked, family_id: u32) -> Self {
        let is_option = product.name.kind.is_option();
        let by_commodity = match is_option && !linked.is_futures_style {
            true => Valuation::PremiumStyle,
            false => Valuation::FuturesStyle,
        };
        let own = FamilyDefinition {
            line: product.line,
            exchange: product.name.exchange.clone(),
            product_type: product.name.kind,
            family_id,
            product: product.name.product.clone(),
            name: product.title,
            currency: product.currency,
            contract_value_factor: product.factor.map(|factor| product.price.factor(factor)),
            price_places: Some(product.price.locator),
            strike_places: is_option.then_some(product.strike.locator),
            valuation: product.valuation.unwrap_or(by_commodity),
            settlement: product.settlement,
            exercise: if is_option { product.exercise } else { String::new() },
            pricing_model: String::new(),
            underlying: None,
            contracts: Vec::new(),
            series: Vec::new(),
        };
        Self {
            own,
            name: product.name,
            price: product.price,
            strike: product.strike,
            linked,
            has_variable_tick: product.has_variable_tick,
            contracts: BTreeMap::new(),
            series: BTreeMap::new(),
            terms: BTreeMap::new(),
            without_terms: None,
            underlyings: Vec::new(),
            next_contract: 0,
        }
    }

    fn next_id(&mut self) -> u64 {
        self.next_contract += 1;
        self.next_contract
    }

    /// The place of a contract that is no option; listed where it is new.
    fn contract(&mut self, period: Period, line: u64, terms: Option<&Terms>) -> usize {
        if let Some(&place) = self.contracts.get(&period) {
            return place;
        }
        let contract_id = self.next_id();
        self.contracts.insert(period, self.own.contracts.len());
        self.own.contracts.push(ContractDefinition {
            line,
            contract_id,
            period,
            price: None,
            contract_value_factor: terms
                .and_then(|terms| terms.factor)
                .map(|factor| self.price.factor(factor)),
            scaling: terms.map_or(Decimal::ONE, |terms| terms.scaling),
            settlement_date: terms.map(|terms| terms.expiration.clone()).unwrap_or_default(),
            years: terms.and_then(|terms| terms.years),
            underlying: None,
            legs: Vec::new(),
            scan: terms.and_then(|terms| terms.scan),
            array: None,
        });
        self.own.contracts.len() - 1
    }

    /// The place of a series; listed where it is new, with the terms of its record `B`, else of the record without its day or
    /// week code.
    fn series(&mut self, name: SeriesName, line: u64, all_terms: &[Terms]) -> usize {
        if let Some(&place) = self.series.get(&name) {
            return place;
        }
        let (_, future, option) = &name;
        let without_code = Period::new(option.as_str().get(..6).unwrap_or_default()).ok();
        let stated = [Some(*option), without_code].into_iter().flatten();
        let found = stated.into_iter().find_map(|option| self.terms.get(&(*future, Some(option))));
        let terms = found.and_then(|&index| all_terms.get(index));
        if terms.is_none() {
            self.without_terms.get_or_insert((line, 0)).1 += 1;
        }
        if let (true, Some(terms)) = (self.own.pricing_model.is_empty(), terms) {
            self.own.pricing_model.clone_from(&terms.model);
        }
        let product = name.0.clone().or_else(|| terms.and_then(|terms| terms.underlying.clone()));
        self.underlyings.push((product, *future));
        let place = self.own.series.len();
        self.own.series.push(SeriesDefinition {
            line,
            period: *option,
            contract_value_factor: terms
                .and_then(|terms| terms.factor)
                .map(|factor| self.price.factor(factor)),
            strike_value_factor: None,
            scaling: terms.map_or(Decimal::ONE, |terms| terms.scaling),
            settlement_date: terms.map(|terms| terms.expiration.clone()).unwrap_or_default(),
            years: terms.and_then(|terms| terms.years),
            underlying: None,
            scan: terms.and_then(|terms| terms.scan),
            options: Vec::new(),
        });
        self.series.insert(name, place);
        place
    }

    /// Gives an array to its contract.
    fn array(
        &mut self,
        record: &Record<'_>,
        joined: &Joined,
        terms: &[Terms],
        table: &mut ArrayTable,
        diagnostics: &mut Diagnostics,
    ) {
        let future = record.period(key::FUTURE_MONTH, key::FUTURE_DAY, diagnostics);
        let option = record.period(key::OPTION_MONTH, key::OPTION_DAY, diagnostics);
        let (Some(future), Some(option)) = (future, option) else { return };
        let price = match joined.price.map(|digits| signed(self.price, digits)).transpose() {
            Ok(price) => price,
            Err(message) => {
                record.fault(format!("{}: price: {message}", describe(record)), diagnostics);
                return;
            }
        };
        let Some(array) = self.values(record, joined, table, diagnostics) else { return };
        if self.own.product_type.is_option() {
            self.option(record, joined, (future, option), (price, array), terms, diagnostics);
            return;
        }
        let is_physical = self.own.product_type == ProductType::Physical;
        let Some(period) = future.or_else(|| is_physical.then(spot)) else {
            return record.error(key::FUTURE_MONTH, "a month CCYYMM is missing", diagnostics);
        };
        let is_stated = self.contracts.contains_key(&period);
        if !is_stated {
            self.without_terms.get_or_insert((joined.line, 0)).1 += 1;
        }
        let place = self.contract(period, joined.line, None);
        let has_variable_tick = self.has_variable_tick;
        let contract = &mut self.own.contracts[place];
        if contract.array.is_some() {
            record.fault(format!("{}: a second array of the contract", describe(record)), diagnostics);
        }
        contract.price = price;
        contract.array = Some(array);
        if !is_stated {
            contract.scan = range_of(table, array);
        }
        if let (true, Some(factor)) = (has_variable_tick, joined.factor) {
            contract.contract_value_factor = Some(self.price.factor(factor));
        }
    }

    fn option(
        &mut self,
        record: &Record<'_>,
        joined: &Joined,
        (future, option): (Option<Period>, Option<Period>),
        (price, array): (Option<Decimal>, ArrayDefinition),
        terms: &[Terms],
        diagnostics: &mut Diagnostics,
    ) {
        let Some(option) = option else {
            return record.error(key::OPTION_MONTH, "a month CCYYMM is missing", diagnostics);
        };
        let Some(right) = record.key(key::RIGHT).and_then(OptionRight::from_code) else {
            return record.error(key::RIGHT, "expected C or P", diagnostics);
        };
        let Some(digits) = record.digits(key::STRIKE) else {
            return record.error(key::STRIKE, "the strike is missing", diagnostics);
        };
        let strike = match signed(self.strike, if joined.is_strike_negative { -digits } else { digits }) {
            Ok(strike) => strike,
            Err(message) => return record.error(key::STRIKE, message, diagnostics),
        };
        let has_underlying = !record.is_blank(key::UNDERLYING);
        let underlying = has_underlying.then(|| record.code(key::UNDERLYING, diagnostics)).flatten();
        let contract_id = self.next_id();
        let place = self.series((underlying, future, option), joined.line, terms);
        let series = &mut self.own.series[place];
        let factor = joined.factor.filter(|_| self.has_variable_tick).map(|factor| self.price.factor(factor));
        if let (true, Some(strike_factor)) = (self.has_variable_tick, joined.strike_factor) {
            series.strike_value_factor.get_or_insert(strike_factor);
        }
        series.options.push(OptionDefinition {
            value: None,
            line: joined.line,
            contract_id,
            terms: OptionTerms { right, strike },
            price,
            volatility: joined.volatility,
            contract_value_factor: factor,
            scaling: None,
            array: Some(array),
        });
    }

    fn values(
        &self,
        record: &Record<'_>,
        joined: &Joined,
        table: &mut ArrayTable,
        diagnostics: &mut Diagnostics,
    ) -> Option<ArrayDefinition> {
        let array = table.begin();
        for &value in &joined.values {
            let value = i64::from(value);
            let scaled = match u8::try_from(self.linked.locator) {
                Ok(places) => Decimal::new(value, places),
                Err(_) => times_power_of_ten(Decimal::whole(value), -self.linked.locator),
            };
            let pushed = scaled.ok_or("the value is too large").and_then(|value| table.push(value));
            if let Err(message) = pushed {
                record.fault(format!("{}: {message}", describe(record)), diagnostics);
                return None;
            }
        }
        Some(ArrayDefinition { array: array?, delta: joined.delta })
    }
}

/// The price scan range of what is no option, from its loss when the price falls by a whole range (scenario 13).
fn range_of(table: &ArrayTable, array: ArrayDefinition) -> Option<ScanRange> {
    let loss = *table.values(array.array).get(12)?;
    let price = Decimal::new(loss.checked_abs()?, table.places())?;
    Some(ScanRange { price, volatility: Decimal::ZERO, volatility_is_relative: true })
}
