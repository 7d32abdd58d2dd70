//! Commodities: contracts become rows of one matrix, periods become indexes, tiers become ranges of periods.

use std::collections::BTreeSet;
use std::sync::Arc;

use ndarray::Array2;

use super::combinations::{self, Combination};
use super::contracts::{Contract, Linked, Listed, Losses, Rows, listed};
use super::families::Families;
use super::levels::Levels;
use super::{charges, spreads, tiers};
use crate::contract::{Period, ProductType};
use crate::parameters::commodity::{Commodity, CommodityIndex, ContractTerms};
use crate::parameters::conversion::Conversions;
use crate::parameters::definition::{CommodityDefinition, Definition, ProductLink};
use crate::parameters::diagnostic::Diagnostics;
use crate::parameters::listing::{Entry, Listing, Source};
use crate::scenario::{RiskArrays, Row};
use crate::types::{Currency, Decimal, Delta};

/// The largest and smallest power of ten that amounts may be stated in.
const EXPONENT_LIMIT: i32 = 9;
/// The most combined commodities of a file, ten times CME's.
const COMMODITIES_LIMIT: usize = 20_000;

/// The commodities by code, and the rows of contracts that are split.
pub(super) fn commodities(
    definition: &Definition,
    families: &mut Families<'_>,
    conversions: &Conversions,
    levels: &Levels<'_>,
    diagnostics: &mut Diagnostics,
) -> (Vec<Commodity>, Vec<Vec<(CommodityIndex, Row)>>) {
    let defined = defined(definition, diagnostics);
    let mut all_rows: Vec<Rows> = Vec::with_capacity(defined.len());
    let mut links: Vec<Option<(CommodityIndex, &ProductLink)>> = vec![None; definition.families.len()];
    let mut waiting = Vec::new();
    for (index, (own, currency)) in (0..).zip(&defined) {
        let commodity = CommodityIndex(index);
        let mut rows = Rows { commodity, contracts: Vec::new() };
        for link in &own.terms.links {
            let Some(family) = claimed(link, families, diagnostics) else { continue };
            links[family] = Some((commodity, link));
            let method = link.combination_method.unwrap_or(own.terms.combination_method);
            if is_combined(definition.families[family].product_type) {
                waiting.push(Combination { family, commodity, link, method });
            } else {
                let listings =
                    plain(definition, family, link, currency, conversions, families, &mut rows, diagnostics);
                families.claim(family, listings);
            }
        }
        all_rows.push(rows);
    }
    let currencies: Vec<&Currency> = defined.iter().map(|(_, currency)| currency).collect();
    let splits = combinations::split(
        definition,
        &waiting,
        &links,
        &currencies,
        conversions,
        families,
        &mut all_rows,
        diagnostics,
    );
    let compiled = defined.iter().zip(all_rows);
    let compiled = compiled.map(|((own, currency), rows)| {
        compile(definition, own, currency.clone(), &rows, levels, diagnostics)
    });
    (compiled.collect(), splits)
}

const fn is_combined(product_type: ProductType) -> bool {
    matches!(product_type, ProductType::Combination | ProductType::OptionOnCombination)
}

/// The commodities that can be compiled, by code, each with its currency.
fn defined<'a>(
    definition: &'a Definition,
    diagnostics: &mut Diagnostics,
) -> Vec<(&'a CommodityDefinition, Currency)> {
    let mut sorted: Vec<&CommodityDefinition> = definition.commodities.iter().collect();
    sorted.sort_by(|a, b| a.code.cmp(&b.code));
    if let Some(own) = sorted.get(COMMODITIES_LIMIT) {
        diagnostics.error(own.line, "ccDef", format!("more than {COMMODITIES_LIMIT} combined commodities"));
        sorted.truncate(COMMODITIES_LIMIT);
    }
    for pair in sorted.windows(2).filter(|pair| pair[0].code == pair[1].code) {
        diagnostics.error(pair[1].line, "ccDef", format!("a second combined commodity {}", pair[1].code));
    }
    let mut defined = Vec::with_capacity(sorted.len());
    // One text for all commodities of a currency: equal ones are mostly told without reading them.
    let mut currencies = BTreeSet::new();
    for own in sorted {
        let Some(currency) = own.terms.currency.clone() else {
            diagnostics.error(own.line, "ccDef", format!("{}: currency is missing or faulty", own.code));
            continue;
        };
        currencies.insert(currency.clone());
        let currency = currencies.get(&currency).cloned().unwrap_or(currency);
        if own.terms.risk_exponent.abs() > EXPONENT_LIMIT {
            diagnostics.error(own.line, "riskExponent", format!("beyond 10^{EXPONENT_LIMIT}"));
            continue;
        }
        defined.push((own, currency));
    }
    defined
}

/// The family that a link means, if nobody has it yet.
fn claimed(link: &ProductLink, families: &mut Families<'_>, diagnostics: &mut Diagnostics) -> Option<usize> {
    let name = format!("{} {}", link.family.product, link.family.product_type);
    let Some(index) = families.find(&link.family) else {
        diagnostics.warning(link.line, "pfLink", format!("{name} is not in the file"));
        return None;
    };
    if families.is_claimed(index) {
        diagnostics.error(link.line, "pfLink", format!("{name} is linked a second time"));
        return None;
    }
    if !link.scaling.is_positive() {
        diagnostics.error(link.line, "pfLink", format!("{name}: sc is to be greater than zero"));
    }
    families.claim(index, Vec::new());
    Some(index)
}

/// The contracts of a family that is neither of combinations nor of options on them.
#[allow(clippy::too_many_arguments)]
fn plain(
    definition: &Definition,
    index: usize,
    link: &ProductLink,
    currency: &Currency,
    conversions: &Conversions,
    families: &Families<'_>,
    rows: &mut Rows,
    diagnostics: &mut Diagnostics,
) -> Vec<Entry> {
    let family = families.family(index);
    let path = conversions.path(family.currency.as_ref().unwrap_or(currency), currency);
    let linked = Linked { definition, family, link, path: path.as_deref() };
    let mut seen = BTreeSet::new();
    let mut entries = Vec::new();
    for contract in listed(family) {
        let underlying = underlying_of(&contract, index, families, diagnostics);
        let month = underlying.map(|own| own.period);
        seen_once(&contract, index, month, families, &mut seen, diagnostics);
        let listing = match own_row(&contract, &linked, month, diagnostics) {
            Ok(terms) => rows.push(terms).map_or(Listing::NoArray, |(own, row)| Listing::Row(own, row)),
            Err(listing) => listing,
        };
        entries.push(contract.entry(family, underlying, listing));
    }
    entries
}

/// What a contract is on, where it is on another.
pub(super) fn underlying_of(
    contract: &Listed<'_>,
    index: usize,
    families: &Families<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Source> {
    let family = families.family(index);
    let underlying = contract.underlying.map(|reference| families.underlying(family, reference));
    if underlying == Some(None) {
        let name = format!("{} {}", family.product, family.product_type);
        diagnostics.error(
            contract.line,
            "undC",
            format!("{name}: the underlying contract is not in the file"),
        );
    }
    underlying.flatten()
}

type ContractIdentity = (Period, Option<crate::contract::OptionTerms>, Option<Period>);

/// Notes a contract that a family lists twice.
pub(super) fn seen_once(
    contract: &Listed<'_>,
    index: usize,
    underlying: Option<Period>,
    families: &Families<'_>,
    seen: &mut BTreeSet<ContractIdentity>,
    diagnostics: &mut Diagnostics,
) {
    if !seen.insert((contract.period, contract.option, underlying)) {
        let family = families.family(index);
        let terms = contract.option.map(|o| format!(" {} {}", o.right.code(), o.strike)).unwrap_or_default();
        let message = format!(
            "{} {} {}{terms} stands here a second time",
            family.product, family.product_type, contract.period
        );
        diagnostics.error(contract.line, "cId", message);
    }
}

fn own_row(
    contract: &Listed<'_>,
    linked: &Linked<'_>,
    underlying: Option<Period>,
    diagnostics: &mut Diagnostics,
) -> Result<Contract, Listing> {
    let period = if linked.has_own_period() { Some(contract.period) } else { underlying };
    let terms = linked.terms(contract, period.unwrap_or(contract.period), diagnostics)?;
    if period.is_none() {
        let message = "the underlying contract, whose month has the delta, is missing";
        diagnostics.error(contract.line, "undC", message);
        return Err(Listing::NoArray);
    }
    Ok(terms)
}

fn compile(
    definition: &Definition,
    own: &CommodityDefinition,
    currency: Currency,
    rows: &Rows,
    levels: &Levels<'_>,
    diagnostics: &mut Diagnostics,
) -> Commodity {
    let mut periods: Vec<Period> = rows.contracts.iter().map(|contract| contract.period).collect();
    periods.sort_unstable();
    periods.dedup();
    tiers::check_periods(own, &mut periods, diagnostics);
    let (terms, base_level) = (&own.terms, definition.base_level);
    let (inter_tiers, buckets) = tiers::inter_tiers(own, &periods, &rows.contracts, diagnostics);
    let mut option_counts = vec![Delta::ZERO];
    let delta_places = delta_places(&rows.contracts);
    let contracts = rows
        .contracts
        .iter()
        .map(|one| row_terms(one, own, &periods, delta_places, &mut option_counts, diagnostics));
    let contracts: Vec<ContractTerms> = contracts.collect();
    let mut option_minimum = tiers::option_minimum(own, base_level, &rows.contracts, &periods, diagnostics);
    option_minimum.by_lots = option_minimum.by_lots(&option_counts);
    Commodity {
        code: own.code.clone(),
        name: terms.name.clone(),
        currency,
        risk_exponent: terms.risk_exponent,
        cap_option_value: terms.cap_option_value.unwrap_or(definition.cap_option_value),
        contracts,
        arrays: Arc::new(arrays(definition, own, &rows.contracts, diagnostics)),
        delta_places,
        option_counts,
        scan_tiers: tiers::scan_tiers(own, &periods, diagnostics),
        weighted_risk_method: terms.weighted_risk_method,
        inter_tiers,
        buckets,
        intra_spreads: spreads::intra_spreads(own, base_level, &periods, diagnostics),
        delivery: charges::delivery(own, base_level, &periods, diagnostics),
        basis_rate: charges::basis_rate(own, base_level, diagnostics),
        option_minimum,
        level_factors: levels.factors(own, diagnostics),
        periods,
    }
}

/// The fewest places that hold every delta exactly.
fn delta_places(contracts: &[Contract]) -> u8 {
    let needs = |contract: &Contract| {
        let mut raw = contract.delta.raw();
        let mut places = Decimal::MAX_PLACES;
        while places > 0 && raw % 10 == 0 {
            raw /= 10;
            places -= 1;
        }
        places
    };
    contracts.iter().map(needs).max().unwrap_or(0)
}

fn row_terms(
    contract: &Contract,
    own: &CommodityDefinition,
    periods: &[Period],
    delta_places: u8,
    option_counts: &mut Vec<Delta>,
    diagnostics: &mut Diagnostics,
) -> ContractTerms {
    let scale = 10_i128.pow(u32::from(Decimal::MAX_PLACES - delta_places));
    let delta = i64::try_from(contract.delta.raw() / scale).unwrap_or_else(|_| {
        let message = format!("{}: composite delta times scaling has too many digits", own.code);
        diagnostics.error(own.line, "d", message);
        0
    });
    let count = if contract.option_count_is_nothing() { Delta::ZERO } else { contract.option_count };
    let place = option_counts.iter().position(|known| *known == count).unwrap_or_else(|| {
        option_counts.push(count);
        option_counts.len() - 1
    });
    let option_count = u16::try_from(place).unwrap_or_else(|_| {
        let message = format!("{}: too many different delta scalings", own.code);
        diagnostics.error(own.line, "sc", message);
        0
    });
    ContractTerms {
        option_value: contract.option_value,
        delta,
        option_count,
        period: tiers::period_index(periods, contract.period),
        kind: contract.kind,
        is_spot: contract.is_spot,
        has_losses: !matches!(contract.losses, Losses::Nothing),
    }
}

/// The matrix of a commodity; parts of arrays may need more places than the file's.
fn arrays(
    definition: &Definition,
    own: &CommodityDefinition,
    contracts: &[Contract],
    diagnostics: &mut Diagnostics,
) -> RiskArrays {
    let part = |contract: &Contract| match contract.losses {
        Losses::Part(_, part) => part.normalized().places(),
        Losses::Nothing | Losses::Array(_) => 0,
    };
    let more = contracts.iter().map(part).max().unwrap_or(0);
    let (scenarios, table) = (definition.points.len(), &definition.arrays);
    let places = table.places() + more;
    let mut values = Vec::with_capacity(contracts.len() * scenarios);
    let mut fits = places <= Decimal::MAX_PLACES;
    for contract in contracts {
        let (array, factor) = match contract.losses {
            Losses::Nothing => (u32::MAX, Some(0)),
            Losses::Array(array) => (array, 10_i64.checked_pow(more.into())),
            Losses::Part(array, part) => {
                (array, part.scaled_exact(more).and_then(|factor| i64::try_from(factor).ok()))
            }
        };
        let whole = table.values(array).iter().chain(std::iter::repeat(&0)).take(scenarios);
        values.extend(whole.map(|value| {
            let scaled = factor.and_then(|factor| value.checked_mul(factor));
            fits &= scaled.is_some();
            scaled.unwrap_or(0)
        }));
    }
    if !fits {
        let message = format!("{}: parts of arrays have too many digits", own.code);
        diagnostics.error(own.line, "a", message);
    }
    let losses = Array2::from_shape_vec((contracts.len(), scenarios), values).unwrap_or_default();
    RiskArrays::new(&losses, places)
}
