//! Combinations and options on them: split into rows of their legs' commodities, or given several rows of their own.
//!
//! A position in such a contract is the same number of lots in each of its rows, so that every sum stays linear and exact:
//! a leg of ratio 0.696 is a row with 0.696 times the leg's array and delta.

use std::collections::BTreeSet;

use super::commodities::{seen_once, underlying_of};
use super::contracts::{Contract, Linked, Listed, Losses, Rows, listed};
use super::families::Families;
use crate::contract::ProductType;
use crate::parameters::commodity::{CommodityIndex, ContractKind};
use crate::parameters::conversion::Conversions;
use crate::parameters::definition::{CombinationLeg, CombinationMethod, Definition, ProductLink, Side};
use crate::parameters::diagnostic::Diagnostics;
use crate::parameters::listing::Listing;
use crate::scenario::Row;
use crate::types::{Currency, Decimal, Delta, Money};

/// The most legs of a combination; a strip of a year has twelve.
const LEGS_LIMIT: usize = 64;

/// A family of combinations or of options on them, waiting for its legs' commodities.
pub(super) struct Combination<'a> {
    pub(super) family: usize,
    pub(super) commodity: CommodityIndex,
    pub(super) link: &'a ProductLink,
    pub(super) method: CombinationMethod,
}

/// What a leg adds: its share of lots, and everything known of its contract.
struct Leg<'a> {
    share: Decimal,
    commodity: CommodityIndex,
    link: &'a ProductLink,
    family: usize,
    contract: Listed<'a>,
}

/// Gives every waiting family its listings; returns the rows of the contracts that are split.
#[allow(clippy::too_many_arguments)]
pub(super) fn split(
    definition: &Definition,
    waiting: &[Combination<'_>],
    links: &[Option<(CommodityIndex, &ProductLink)>],
    currencies: &[&Currency],
    conversions: &Conversions,
    families: &mut Families<'_>,
    all_rows: &mut [Rows],
    diagnostics: &mut Diagnostics,
) -> Vec<Vec<(CommodityIndex, Row)>> {
    let mut splits = Vec::new();
    for own in waiting {
        let family = families.family(own.family);
        let currency = currencies[own.commodity.index()];
        let path = conversions.path(family.currency.as_ref().unwrap_or(currency), currency);
        let linked = Linked { definition, family, link: own.link, path: path.as_deref() };
        let (mut seen, mut entries) = (BTreeSet::new(), Vec::new());
        for contract in listed(family) {
            let underlying = underlying_of(&contract, own.family, families, diagnostics);
            seen_once(
                &contract,
                own.family,
                underlying.map(|own| own.period),
                families,
                &mut seen,
                diagnostics,
            );
            let listing = if own.method == CombinationMethod::None {
                Err(Listing::NotCalculated)
            } else {
                let legs = legs(own, &contract, links, families, diagnostics);
                rows_of(own, &contract, &legs, &linked, all_rows, diagnostics)
            };
            let listing = listing.and_then(|rows| {
                let index = u32::try_from(splits.len()).map_err(|_| Listing::NotCalculated)?;
                splits.push(rows);
                Ok(Listing::Split(index))
            });
            let listing = listing.unwrap_or_else(|without| without);
            entries.push(contract.entry(family, underlying, listing));
        }
        families.claim(own.family, entries);
    }
    splits
}

/// The legs of a combination, or of the combination that an option is on.
fn legs<'a>(
    own: &Combination<'a>,
    contract: &Listed<'a>,
    links: &[Option<(CommodityIndex, &'a ProductLink)>],
    families: &Families<'a>,
    diagnostics: &mut Diagnostics,
) -> Vec<Leg<'a>> {
    let family = families.family(own.family);
    let stated: &[CombinationLeg] = match contract.underlying {
        Some(reference) if contract.option.is_some() => families
            .contract(reference, Some(ProductType::Combination))
            .map_or(&[], |(_, combination)| combination.legs.as_slice()),
        _ => contract.legs,
    };
    let name = || format!("{} {} {}", family.product, family.product_type, contract.period);
    if stated.is_empty() || stated.len() > LEGS_LIMIT {
        let message = format!("{}: {} legs: expected 1 to {LEGS_LIMIT}", name(), stated.len());
        diagnostics.error(contract.line, "undC", message);
        return Vec::new();
    }
    let mut legs = Vec::with_capacity(stated.len());
    for leg in stated {
        let found = families
            .contract(&leg.contract, None)
            .filter(|(index, _)| !matches!(families.family(*index).product_type, ProductType::Combination));
        let Some((index, contract)) = found else {
            let message = format!("{}: a leg is no contract of the file that has an array", name());
            diagnostics.error(leg.line, "undC", message);
            continue;
        };
        let Some((commodity, link)) = links[index] else { continue };
        if !leg.ratio.is_positive() {
            diagnostics.error(leg.line, "i", format!("{}: a leg's ratio is to be greater than zero", name()));
        }
        let share = match leg.side {
            Side::A => leg.ratio,
            Side::B => leg.ratio.negated(),
        };
        let contract = Listed::plain(contract);
        legs.push(Leg { share, commodity, link, family: index, contract });
    }
    legs
}

fn rows_of(
    own: &Combination<'_>,
    contract: &Listed<'_>,
    legs: &[Leg<'_>],
    linked: &Linked<'_>,
    all_rows: &mut [Rows],
    diagnostics: &mut Diagnostics,
) -> Result<Vec<(CommodityIndex, Row)>, Listing> {
    let Some(first) = legs.first() else { return Err(Listing::NotCalculated) };
    let becomes_legs = contract.option.is_none() && own.method != CombinationMethod::DeltaSplit;
    let contracts = if becomes_legs {
        leg_rows(contract, legs, linked, diagnostics)?
    } else {
        if legs.iter().any(|leg| leg.commodity != own.commodity) {
            let message = "the delta of a combination is split inside its own commodity only";
            diagnostics.error(contract.line, "undC", message);
        }
        let whole = linked.terms(contract, first.contract.period, diagnostics)?;
        let is_divided = contract.option.is_some() && own.method == CombinationMethod::ModifiedSplit;
        own_rows(own, contract, whole, legs, is_divided, diagnostics)
    };
    let added = contracts.into_iter().map(|(commodity, row)| all_rows[commodity.index()].push(row));
    added.collect::<Option<Vec<_>>>().ok_or(Listing::NotCalculated)
}

/// A combination as its legs: the share of each leg's array and delta, in the leg's commodity.
fn leg_rows(
    contract: &Listed<'_>,
    legs: &[Leg<'_>],
    linked: &Linked<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<Vec<(CommodityIndex, Contract)>, Listing> {
    let mut rows = Vec::with_capacity(legs.len());
    for leg in legs {
        let family = &linked.definition.families[leg.family];
        let of_leg = Linked { family, link: leg.link, ..*linked };
        let terms = of_leg.terms(&leg.contract, leg.contract.period, diagnostics)?;
        let Losses::Array(array) = terms.losses else { return Err(Listing::NoArray) };
        let delta = shared(terms.delta, leg.share, contract.line, diagnostics);
        let losses = Losses::Part(array, leg.share);
        let (kind, option_count) = (ContractKind::Plain, Delta::ZERO);
        rows.push((leg.commodity, Contract { delta, losses, kind, option_count, scan_range: None, ..terms }));
    }
    Ok(rows)
}

/// A contract that keeps its array: its delta in the legs' periods, its option value in the first, its array in the first or
/// divided over all.
fn own_rows(
    own: &Combination<'_>,
    contract: &Listed<'_>,
    whole: Contract,
    legs: &[Leg<'_>],
    is_divided: bool,
    diagnostics: &mut Diagnostics,
) -> Vec<(CommodityIndex, Contract)> {
    let Losses::Array(array) = whole.losses else { return Vec::new() };
    let parts = if is_divided { parts(contract, legs, diagnostics) } else { Vec::new() };
    let row = |(place, leg): (usize, &Leg<'_>)| {
        let is_first = place == 0;
        let losses = match parts.get(place) {
            Some(part) => Losses::Part(array, *part),
            None if is_first => Losses::Array(array),
            None => Losses::Nothing,
        };
        let row = Contract {
            period: leg.contract.period,
            kind: whole.kind,
            is_spot: whole.is_spot,
            delta: shared(whole.delta, leg.share, contract.line, diagnostics),
            option_count: if is_first { whole.option_count } else { Delta::ZERO },
            option_value: if is_first { whole.option_value } else { Money::ZERO },
            scan_range: None,
            losses,
        };
        (own.commodity, row)
    };
    legs.iter().enumerate().map(row).collect()
}

/// What each leg gets of an array, in proportion to its ratio; together exactly one.
fn parts(contract: &Listed<'_>, legs: &[Leg<'_>], diagnostics: &mut Diagnostics) -> Vec<Decimal> {
    const PLACES: u8 = 4;
    let sizes: Option<Vec<i128>> = legs.iter().map(|leg| leg.share.scaled_exact(8).map(i128::abs)).collect();
    let sizes = sizes.unwrap_or_default();
    let total: i128 = sizes.iter().sum();
    if total == 0 {
        diagnostics.error(contract.line, "i", "the legs' ratios have more than eight places");
        return Vec::new();
    }
    let unit = 10_i128.pow(PLACES.into());
    let (mut before, mut given) = (0, 0);
    let part = |size: i128| {
        before += size;
        // Rounded as a running sum, so that the parts add up to one.
        let until = (2 * before * unit + total) / (2 * total);
        let part = until - given;
        given = until;
        i64::try_from(part).ok().and_then(|part| Decimal::new(part, PLACES)).unwrap_or_default()
    };
    sizes.into_iter().map(part).collect()
}

fn shared(delta: Delta, share: Decimal, line: u64, diagnostics: &mut Diagnostics) -> Delta {
    let scaled = delta.times_half_away(share);
    scaled.unwrap_or_else(|overflow| {
        diagnostics.error(line, "i", overflow.to_string());
        Delta::ZERO
    })
}
