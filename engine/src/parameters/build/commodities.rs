//! Commodities: contracts become rows of one matrix, periods become indexes, tiers become lists of periods.

use std::collections::BTreeSet;
use std::sync::Arc;

use ndarray::Array2;

use super::families::Families;
use super::levels::Levels;
use super::spreads;
use crate::contract::{OptionTerms, Period, ProductType};
use crate::parameters::commodity::{
    Commodity, CommodityIndex, ContractTerms, OptionMinimum, PeriodIndex, PeriodRange,
};
use crate::parameters::conversion::{ConversionStep, Conversions};
use crate::parameters::definition::{
    ArrayDefinition, CommodityDefinition, ContractReference, Definition, FamilyDefinition, ProductLink,
    TierDefinition, Valuation,
};
use crate::parameters::diagnostic::Diagnostics;
use crate::parameters::listing::{Entry, Listing};
use crate::scenario::{RiskArrays, Row};
use crate::types::{Currency, Decimal, Delta, Money};

/// The largest and smallest power of ten that amounts may be stated in.
const EXPONENT_LIMIT: i32 = 9;
/// The most periods of a commodity; a metal with daily prompt dates has about 800.
const PERIODS_LIMIT: usize = 4_000;
/// The most combined commodities of a file, ten times CME's.
const COMMODITIES_LIMIT: usize = 20_000;
/// The most tiers of a set; files number them with two digits.
pub(super) const TIERS_LIMIT: usize = 100;

pub(super) fn commodities(
    definition: &Definition,
    families: &mut Families<'_>,
    conversions: &Conversions,
    levels: &Levels<'_>,
    diagnostics: &mut Diagnostics,
) -> Vec<Commodity> {
    let mut sorted: Vec<&CommodityDefinition> = definition.commodities.iter().collect();
    sorted.sort_by(|a, b| a.code.cmp(&b.code));
    if let Some(own) = sorted.get(COMMODITIES_LIMIT) {
        diagnostics.error(own.line, "ccDef", format!("more than {COMMODITIES_LIMIT} combined commodities"));
        sorted.truncate(COMMODITIES_LIMIT);
    }
    for pair in sorted.windows(2).filter(|pair| pair[0].code == pair[1].code) {
        diagnostics.error(pair[1].line, "ccDef", format!("a second combined commodity {}", pair[1].code));
    }
    let mut commodities = Vec::with_capacity(sorted.len());
    for (index, own) in (0..).zip(sorted) {
        let mut rows =
            Rows { definition, conversions, commodity: CommodityIndex(index), contracts: Vec::new() };
        let Some(currency) = own.terms.currency.clone() else {
            diagnostics.error(own.line, "ccDef", format!("{}: currency is missing or faulty", own.code));
            continue;
        };
        if own.terms.risk_exponent.abs() > EXPONENT_LIMIT {
            diagnostics.error(own.line, "riskExponent", format!("beyond 10^{EXPONENT_LIMIT}"));
            continue;
        }
        for link in &own.terms.links {
            rows.link(link, &currency, families, diagnostics);
        }
        commodities.push(rows.into_commodity(own, currency, levels, diagnostics));
    }
    commodities
}

/// One contract on its way into a commodity.
struct Contract {
    period: Period,
    terms: ContractTerms,
    array: u32,
}

/// A contract of a family, plain or option, in one shape.
struct Listed<'a> {
    line: u64,
    period: Period,
    option: Option<OptionTerms>,
    price: Option<Decimal>,
    factor: Option<Decimal>,
    scaling: Decimal,
    underlying: Option<&'a ContractReference>,
    array: Option<ArrayDefinition>,
}

struct Rows<'a> {
    definition: &'a Definition,
    conversions: &'a Conversions,
    commodity: CommodityIndex,
    contracts: Vec<Contract>,
}

impl Rows<'_> {
    fn link(
        &mut self,
        link: &ProductLink,
        currency: &Currency,
        families: &mut Families<'_>,
        diagnostics: &mut Diagnostics,
    ) {
        let name = format!("{} {}", link.family.product, link.family.product_type);
        let Some(index) = families.find(&link.family) else {
            diagnostics.warning(link.line, "pfLink", format!("{name} is not in the file"));
            return;
        };
        if families.is_claimed(index) {
            diagnostics.error(link.line, "pfLink", format!("{name} is linked a second time"));
            return;
        }
        if !link.scaling.is_positive() {
            diagnostics.error(link.line, "pfLink", format!("{name}: sc is to be greater than zero"));
        }
        let family = families.family(index);
        let currency_of_family = family.currency.as_ref().unwrap_or(currency);
        let path = self.conversions.path(currency_of_family, currency);
        let mut seen = BTreeSet::new();
        let mut entries = Vec::new();
        for contract in listed(family) {
            let underlying =
                contract.underlying.map(|reference| families.underlying_period(family, reference));
            if underlying == Some(None) {
                diagnostics.error(
                    contract.line,
                    "undC",
                    format!("{name}: the underlying contract is not in the file"),
                );
            }
            let underlying = underlying.flatten();
            let key = (contract.period, contract.option, underlying);
            if !seen.insert(key) {
                let terms =
                    contract.option.map(|o| format!(" {} {}", o.right.code(), o.strike)).unwrap_or_default();
                let message = format!("{name} {}{terms} stands here a second time", contract.period);
                diagnostics.error(contract.line, "cId", message);
            }
            let listing = self.list(&contract, family, link, underlying, path.as_deref(), diagnostics);
            entries.push(Entry { period: contract.period, option: contract.option, underlying, listing });
        }
        families.claim(index, entries);
    }

    fn list(
        &mut self,
        contract: &Listed<'_>,
        family: &FamilyDefinition,
        link: &ProductLink,
        underlying: Option<Period>,
        path: Option<&[ConversionStep]>,
        diagnostics: &mut Diagnostics,
    ) -> Listing {
        if matches!(family.product_type, ProductType::Combination | ProductType::OptionOnCombination) {
            return Listing::NotCalculated;
        }
        let Some(array) = contract.array else { return Listing::NoArray };
        if self.definition.arrays.values(array.array).len() != self.definition.points.len() {
            diagnostics.error(contract.line, "ra", "not one value for every scan point");
        }
        let premium_style = family.product_type.is_option() && family.valuation == Valuation::PremiumStyle;
        if premium_style && contract.price.is_none_or(is_no_price) {
            return Listing::NoPrice;
        }
        if premium_style && contract.price.is_some_and(|price| price < Decimal::ZERO) {
            diagnostics.error(contract.line, "p", "an option's price is not to be negative");
        }
        let option_value = premium_style.then(|| option_value(contract, family, path)).transpose();
        let scaling = [contract.scaling, link.scaling];
        let delta = Delta::from_product(&[array.delta, contract.scaling, link.scaling]);
        let option_count = Delta::from_product(&scaling);
        if !contract.scaling.is_positive() {
            diagnostics.error(contract.line, "sc", "delta scaling is to be greater than zero");
        }
        let (Ok(delta), Ok(option_count)) = (delta, option_count) else {
            diagnostics.error(contract.line, "d", "composite delta times scaling has more than 18 places");
            return Listing::NoArray;
        };
        let option_value = option_value.unwrap_or_else(|message| {
            diagnostics.error(contract.line, "cvf", message);
            None
        });
        let by_period = link.option_delta_by_period.unwrap_or(self.definition.option_delta_by_period);
        let own_period = !family.product_type.is_option()
            || (by_period && family.product_type != ProductType::OptionOnFuture);
        let period = if own_period { Some(contract.period) } else { underlying };
        let Some(period) = period else {
            diagnostics.error(
                contract.line,
                "undC",
                "the underlying contract, whose month has the delta, is missing",
            );
            return Listing::NoArray;
        };
        let Ok(row) = u32::try_from(self.contracts.len()) else { return Listing::NoArray };
        let right = contract.option.map(|terms| terms.right);
        let terms = ContractTerms { right, delta, option_count, option_value, period: PeriodIndex(0) };
        self.contracts.push(Contract { period, terms, array: array.array });
        Listing::Row(self.commodity, Row::new(row))
    }

    fn into_commodity(
        self,
        own: &CommodityDefinition,
        currency: Currency,
        levels: &Levels<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Commodity {
        let mut periods: Vec<Period> = self.contracts.iter().map(|contract| contract.period).collect();
        periods.sort_unstable();
        periods.dedup();
        check_periods(own, &mut periods, diagnostics);
        let (scenarios, arrays) = (self.definition.points.len(), &self.definition.arrays);
        let mut values = Vec::with_capacity(self.contracts.len() * scenarios);
        let mut contracts = Vec::with_capacity(self.contracts.len());
        for contract in &self.contracts {
            values.extend(arrays.values(contract.array).iter().chain(std::iter::repeat(&0)).take(scenarios));
            let period = period_index(&periods, contract.period);
            contracts.push(ContractTerms { period, ..contract.terms });
        }
        let losses = Array2::from_shape_vec((contracts.len(), scenarios), values).unwrap_or_default();
        let terms = &own.terms;
        let base_level = self.definition.base_level;
        let option_minimum = option_minimum(own, base_level, &contracts, &periods, diagnostics);
        Commodity {
            code: own.code.clone(),
            name: terms.name.clone(),
            currency,
            risk_exponent: terms.risk_exponent,
            cap_option_value: terms.cap_option_value.unwrap_or(self.definition.cap_option_value),
            arrays: Arc::new(RiskArrays::new(losses, arrays.places())),
            contracts,
            intra_spreads: spreads::intra_spreads(own, self.definition.base_level, &periods, diagnostics),
            option_minimum,
            level_factors: levels.factors(own, diagnostics),
            periods,
        }
    }
}

/// Price times contract value factor, in the commodity's currency.
fn option_value(
    contract: &Listed<'_>,
    family: &FamilyDefinition,
    path: Option<&[ConversionStep]>,
) -> Result<Money, String> {
    let factor = first_positive([contract.factor, family.contract_value_factor]);
    let factor = factor.ok_or("a premium-style option needs a contract value factor greater than zero")?;
    let value = Money::from_product(&[contract.price.unwrap_or_default(), factor]);
    let value = value.map_err(|_| "price times contract value factor has more than 18 places")?;
    let path = path.ok_or("no conversion from the family's currency to the commodity's")?;
    let converted = path.iter().try_fold(value, |value, step| step.convert_half_away(value));
    converted.map_err(|e| e.to_string())
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

fn listed(family: &FamilyDefinition) -> impl Iterator<Item = Listed<'_>> {
    let plain = family.contracts.iter().map(|contract| Listed {
        line: contract.line,
        period: contract.period,
        option: None,
        price: contract.price,
        factor: contract.contract_value_factor,
        scaling: contract.scaling,
        underlying: contract.underlying.as_ref(),
        array: contract.array,
    });
    let options = family.series.iter().flat_map(|series| {
        series.options.iter().map(|option| Listed {
            line: option.line,
            period: series.period,
            option: Some(option.terms),
            price: option.price,
            factor: first_positive([option.contract_value_factor, series.contract_value_factor]),
            scaling: option.scaling.unwrap_or(series.scaling),
            underlying: series.underlying.as_ref(),
            array: option.array,
        })
    });
    plain.chain(options)
}

/// Periods are to be a bounded number, and months that exist: only then is a tier one range of them.
fn check_periods(own: &CommodityDefinition, periods: &mut Vec<Period>, diagnostics: &mut Diagnostics) {
    if periods.len() > PERIODS_LIMIT {
        diagnostics.error(own.line, "ccDef", format!("more than {PERIODS_LIMIT} periods"));
        periods.truncate(PERIODS_LIMIT);
    }
    let without_month = periods.iter().take_while(|period| period.year_month().is_none()).count();
    for period in periods[without_month..].iter().filter(|period| period.year_month().is_none()) {
        diagnostics.error(
            own.line,
            "ccDef",
            format!("{}: period {period} has no month that exists", own.code),
        );
    }
    let tier_sets = [&own.terms.intra_tiers, &own.terms.inter_tiers, &own.terms.option_minimum_tiers];
    for tiers in tier_sets {
        let mut numbers: Vec<i32> = tiers.iter().map(|tier| tier.number).collect();
        numbers.sort_unstable();
        if numbers.len() > TIERS_LIMIT {
            diagnostics.error(own.line, "tier", format!("{}: more than {TIERS_LIMIT} tiers", own.code));
        }
        if let Some(twice) = numbers.windows(2).find(|pair| pair[0] == pair[1]) {
            diagnostics.error(own.line, "tn", format!("{}: a second tier {}", own.code, twice[0]));
        }
    }
}

fn period_index(periods: &[Period], period: Period) -> PeriodIndex {
    let index = periods.partition_point(|&other| other < period);
    PeriodIndex(u16::try_from(index).unwrap_or(u16::MAX))
}

/// The periods of a tier. Limits compare year and month; a tier without limits has all periods. Periods are sorted, and
/// those without year and month, such as a physical's, stand before all others, so that a tier is one range.
pub(super) fn tier_periods(tier: &TierDefinition, periods: &[Period]) -> PeriodRange {
    let month = |limit: Option<Period>| limit.and_then(|limit| limit.year_month());
    let (first, last) = (month(tier.first), month(tier.last));
    let start = match (first, last) {
        (None, None) => 0,
        _ => periods.partition_point(|period| period.year_month().is_none_or(|own| Some(own) < first)),
    };
    let end = last.map_or(periods.len(), |last| {
        periods.partition_point(|period| period.year_month().is_none_or(|own| own <= last))
    });
    period_range(start..end.max(start))
}

/// A commodity has at most [`PERIODS_LIMIT`] periods, which a range holds.
pub(super) fn period_range(range: std::ops::Range<usize>) -> PeriodRange {
    let index = |place: usize| u16::try_from(place).unwrap_or(u16::MAX);
    PeriodRange { start: index(range.start), end: index(range.end) }
}

fn option_minimum(
    own: &CommodityDefinition,
    base_level: u32,
    contracts: &[ContractTerms],
    periods: &[Period],
    diagnostics: &mut Diagnostics,
) -> OptionMinimum {
    let mut tiers: Vec<(Money, PeriodRange)> = Vec::new();
    for tier in own.terms.option_minimum_tiers.iter().take(TIERS_LIMIT) {
        let rate = spreads::rate_of(&tier.rates, base_level, tier.line, "somTiers", diagnostics);
        let covered = tier_periods(tier, periods);
        if tiers.iter().any(|(_, other)| other.overlaps(covered)) {
            let message = format!("{}: tier {} shares periods with another", own.code, tier.number);
            diagnostics.error(tier.line, "somTiers", message);
        }
        match spreads::money_rate(rate, own.terms.risk_exponent) {
            Some(rate) => tiers.push((rate, covered)),
            None => diagnostics.error(tier.line, "somTiers", "the rate is negative or too large"),
        }
    }
    let uncovered = contracts.iter().filter(|contract| contract.right.is_some()).find(|contract| {
        !tiers.iter().any(|(_, covered)| covered.indexes().contains(&contract.period.index()))
    });
    if let (Some(contract), false) = (uncovered, tiers.is_empty()) {
        let period = periods.get(contract.period.index()).map(ToString::to_string).unwrap_or_default();
        let message = format!("{}: options of {period} are in no tier and have no minimum", own.code);
        diagnostics.warning(own.line, "somTiers", message);
    }
    OptionMinimum { method: own.terms.option_minimum_method, tiers }
}
