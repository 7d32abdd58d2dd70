//! Contracts on their way into a commodity: the terms of one row each, or why there is none.

use crate::contract::{OptionRight, OptionTerms, Period, ProductType};
use crate::parameters::commodity::{CommodityIndex, ContractKind};
use crate::parameters::conversion::ConversionStep;
use crate::parameters::definition::{
    ArrayDefinition, CombinationLeg, ContractDefinition, ContractReference, Definition, FamilyDefinition,
    ProductLink, Valuation,
};
use crate::parameters::diagnostic::Diagnostics;
use crate::parameters::listing::{Entry, Listing, Source};
use crate::scenario::Row;
use crate::types::{Decimal, Delta, Money};

/// One row on its way into a commodity.
pub(super) struct Contract {
    pub(super) period: Period,
    pub(super) kind: ContractKind,
    pub(super) is_spot: bool,
    pub(super) delta: Delta,
    pub(super) option_count: Delta,
    pub(super) option_value: Money,
    /// Price scan range for one unit of delta, as published: price range and delta scaling.
    pub(super) scan_range: Option<(Decimal, Delta)>,
    pub(super) losses: Losses,
}

impl Contract {
    /// Whether it counts for no short option minimum.
    pub(super) fn option_count_is_nothing(&self) -> bool {
        self.kind == ContractKind::Plain || self.option_count.is_zero()
    }
}

/// Where the losses of a row come from.
#[derive(Clone, Copy)]
pub(super) enum Losses {
    /// None: only its delta counts.
    Nothing,
    /// An array of the file.
    Array(u32),
    /// So many times an array of the file.
    Part(u32, Decimal),
}

/// A contract of a family, plain or option, in one shape.
pub(super) struct Listed<'a> {
    pub(super) line: u64,
    pub(super) period: Period,
    pub(super) option: Option<OptionTerms>,
    pub(super) price: Option<Decimal>,
    /// Of an option as the file states it.
    pub(super) value: Option<Decimal>,
    pub(super) factor: Option<Decimal>,
    pub(super) scaling: Decimal,
    pub(super) underlying: Option<&'a ContractReference>,
    pub(super) array: Option<ArrayDefinition>,
    /// What it is made of, combinations only.
    pub(super) legs: &'a [CombinationLeg],
    pub(super) price_range: Option<Decimal>,
    /// Its last day as the file writes it.
    pub(super) ends: &'a str,
    /// Money for one point of strike, options only.
    pub(super) strike_factor: Option<Decimal>,
}

impl<'a> Listed<'a> {
    /// A contract that is no option.
    pub(super) fn plain(contract: &'a ContractDefinition) -> Self {
        Self {
            line: contract.line,
            period: contract.period,
            option: None,
            price: contract.price,
            value: None,
            factor: contract.contract_value_factor,
            scaling: contract.scaling,
            underlying: contract.underlying.as_ref(),
            array: contract.array,
            legs: &contract.legs,
            price_range: contract.scan.map(|scan| scan.price),
            ends: &contract.settlement_date,
            strike_factor: None,
        }
    }
}

impl Listed<'_> {
    /// Where it is found, and what the file says of its price.
    pub(super) fn entry(
        &self,
        family: &FamilyDefinition,
        underlying: Option<Source>,
        listing: Listing,
    ) -> Entry {
        let factor = first_positive([self.factor, family.contract_value_factor]);
        let price = self.price.filter(|price| !is_no_price(*price));
        Entry {
            period: self.period,
            option: self.option,
            underlying: underlying.map(|own| own.period),
            listing,
            price,
            factor,
            ends: self.ends.trim().parse().ok(),
            strike_factor: self.strike_factor,
            source: underlying,
        }
    }
}

/// The rows of one commodity as they are found.
pub(super) struct Rows {
    pub(super) commodity: CommodityIndex,
    pub(super) contracts: Vec<Contract>,
}

impl Rows {
    /// Adds a row.
    pub(super) fn push(&mut self, contract: Contract) -> Option<(CommodityIndex, Row)> {
        let row = u32::try_from(self.contracts.len()).ok()?;
        self.contracts.push(contract);
        Some((self.commodity, Row::new(row)))
    }
}

/// The family that a contract belongs to, and how it is linked to its commodity.
#[derive(Clone, Copy)]
pub(super) struct Linked<'a> {
    pub(super) definition: &'a Definition,
    pub(super) family: &'a FamilyDefinition,
    pub(super) link: &'a ProductLink,
    /// The way from the family's currency to the commodity's, where there is one.
    pub(super) path: Option<&'a [ConversionStep]>,
}

impl Linked<'_> {
    /// The terms of a contract in the period that has its delta, or what is known of a contract without.
    pub(super) fn terms(
        &self,
        contract: &Listed<'_>,
        period: Period,
        diagnostics: &mut Diagnostics,
    ) -> Result<Contract, Listing> {
        let Self { definition, family, link, .. } = *self;
        let Some(array) = contract.array else { return Err(Listing::NoArray) };
        if definition.arrays.values(array.array).len() != definition.points.len() {
            diagnostics.error(contract.line, "ra", "not one value for every scan point");
        }
        let premium_style = family.product_type.is_option() && family.valuation == Valuation::PremiumStyle;
        if premium_style && contract.price.is_none_or(is_no_price) {
            return Err(Listing::NoPrice);
        }
        if premium_style && contract.price.is_some_and(|price| price < Decimal::ZERO) {
            diagnostics.error(contract.line, "p", "an option's price is not to be negative");
        }
        if !contract.scaling.is_positive() {
            diagnostics.error(contract.line, "sc", "delta scaling is to be greater than zero");
        }
        let delta = Delta::from_product(&[array.delta, contract.scaling, link.scaling]);
        let option_count = Delta::from_product(&[contract.scaling, link.scaling]);
        let option_count = option_count.ok().filter(|count| count.fits_lots());
        let (Ok(delta), Some(option_count)) = (delta, option_count) else {
            diagnostics.error(contract.line, "d", "composite delta times scaling has more than 18 places");
            return Err(Listing::NoArray);
        };
        let option_value =
            if premium_style { self.option_value(contract, diagnostics) } else { Ok(Money::ZERO) };
        let option_value = option_value.unwrap_or_else(|message| {
            diagnostics.error(contract.line, "cvf", message);
            Money::ZERO
        });
        let kind = match contract.option.map(|terms| terms.right) {
            None => ContractKind::Plain,
            Some(OptionRight::Call) => ContractKind::Call,
            Some(OptionRight::Put) => ContractKind::Put,
        };
        Ok(Contract {
            period,
            kind,
            is_spot: link.has_basis_risk,
            delta,
            option_count,
            option_value,
            scan_range: contract
                .price_range
                .filter(|_| kind == ContractKind::Plain)
                .map(|range| (range, option_count)),
            losses: Losses::Array(array.array),
        })
    }

    /// What one option is worth, in the commodity's currency: price times contract value factor, unless the file states another value. A
    /// cabinet quote is not in points of price, and its value says what it is.
    fn option_value(&self, contract: &Listed<'_>, diagnostics: &mut Diagnostics) -> Result<Money, String> {
        let factor = first_positive([contract.factor, self.family.contract_value_factor]);
        let factor =
            factor.ok_or("a premium-style option needs a contract value factor greater than zero")?;
        let product = Money::from_product(&[contract.price.unwrap_or_default(), factor]);
        let product = product.map_err(|_| "price times contract value factor has more than 18 places")?;
        let value = match contract.value {
            Some(stated) if !is_printed_as(product, stated)? => {
                let message = format!("the stated value {stated} counts: price times factor is another");
                diagnostics.warning(contract.line, "val", message);
                Money::from_decimal(stated).map_err(|e| e.to_string())?
            }
            Some(_) | None => product,
        };
        let path = self.path.ok_or("no conversion from the family's currency to the commodity's")?;
        let converted = path.iter().try_fold(value, |value, step| step.convert_half_away(value));
        let converted = converted.map_err(|e| e.to_string())?;
        if converted.fits_lots() {
            Ok(converted)
        } else {
            Err("the value of one contract is beyond any market's".to_owned())
        }
    }

    /// Whether the delta of a contract sits in its own period rather than in its underlying's.
    pub(super) fn has_own_period(&self) -> bool {
        let by_period = self.link.option_delta_by_period.unwrap_or(self.definition.option_delta_by_period);
        !self.family.product_type.is_option()
            || (by_period && self.family.product_type != ProductType::OptionOnFuture)
    }
}

/// Whether a value differs from what is printed of it by no more than the last printed place.
fn is_printed_as(value: Money, printed: Decimal) -> Result<bool, String> {
    if printed < Decimal::ZERO {
        return Err("an option's value is not to be negative".to_owned());
    }
    let place = Decimal::new(1, printed.places()).unwrap_or(Decimal::ONE);
    let [printed, place] = [printed, place].map(Money::from_decimal);
    let (printed, place) = (printed.map_err(|e| e.to_string())?, place.map_err(|e| e.to_string())?);
    Ok(value.minus(printed).map_err(|e| e.to_string())?.magnitude() <= place)
}

/// Files that need a number where they have no price write nines only, seven digits of them.
fn is_no_price(price: Decimal) -> bool {
    let digits = price.mantissa().to_string();
    digits.len() >= 7 && digits.bytes().all(|digit| digit == b'9')
}

/// Files write 0 for what is stated elsewhere.
fn first_positive<const N: usize>(factors: [Option<Decimal>; N]) -> Option<Decimal> {
    factors.into_iter().flatten().find(|factor| factor.is_positive())
}

pub(super) fn listed(family: &FamilyDefinition) -> impl Iterator<Item = Listed<'_>> {
    let plain = family.contracts.iter().map(Listed::plain);
    let options = family.series.iter().flat_map(|series| {
        series.options.iter().map(|option| Listed {
            line: option.line,
            period: series.period,
            option: Some(option.terms),
            price: option.price,
            value: option.value,
            factor: first_positive([option.contract_value_factor, series.contract_value_factor]),
            scaling: option.scaling.unwrap_or(series.scaling),
            underlying: series.underlying.as_ref(),
            array: option.array,
            legs: &[],
            price_range: None,
            ends: &series.settlement_date,
            strike_factor: series.strike_value_factor,
        })
    });
    plain.chain(options)
}
