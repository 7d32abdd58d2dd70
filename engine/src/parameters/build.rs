//! Cross-checks a definition and compiles it into a set.

mod charges;
mod clear;
mod combinations;
mod commodities;
mod contracts;
mod families;
mod inter;
mod levels;
mod spreads;
mod tiers;

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use super::conversion::Conversions;
use super::definition::Definition;
use super::diagnostic::Diagnostics;
use super::level::LevelBook;
use super::listing::Listings;
use super::set::{ParameterSet, RoundingProfile};
use super::vintage::{Digest, Stage, Vintage};
use crate::scenario::ScanPoints;
use crate::types::{Currency, House};

/// The most currency conversions of a file.
const CONVERSIONS_LIMIT: usize = 1_000;

/// A definition that cannot be trusted, with every finding about it.
#[derive(Debug, Error)]
#[error("the file is refused")]
pub struct Refused(pub Diagnostics);

/// Links and checks everything a file says and compiles it into an immutable set; findings are added to those of the
/// reader and come back with the set.
///
/// # Errors
/// [`Refused`] with all findings when any of them is an error.
pub fn build(
    definition: &Definition,
    digest: Digest,
    rounding: RoundingProfile,
    mut diagnostics: Diagnostics,
) -> Result<(ParameterSet, Diagnostics), Refused> {
    let header = header(definition, &mut diagnostics);
    let points = points(definition, &mut diagnostics);
    check_conversions(definition, &mut diagnostics);
    let conversions = Conversions::new(definition.conversions.iter().take(CONVERSIONS_LIMIT));
    let mut families = families::Families::index(definition, &mut diagnostics);
    let levels = levels::levels(definition, &mut diagnostics);
    let (commodities, splits) =
        commodities::commodities(definition, &mut families, &conversions, &levels, &mut diagnostics);
    families.check_linked(&mut diagnostics);
    let books = inter::inter_spreads(definition, &commodities, &mut diagnostics);
    let base_currency = base_currency(definition);
    if base_currency.is_none() {
        diagnostics.error(
            definition.lines.clearing_organisation,
            "ccDef",
            "the file holds no combined commodity with a currency",
        );
    }
    let (Some((house, vintage)), Some(points), Some(base_currency), false) =
        (header, points, base_currency, diagnostics.refuses())
    else {
        return Err(Refused(diagnostics));
    };
    let short_digest: String = digest.to_string().chars().take(12).collect();
    let (date, stage) = (vintage.business_date.compact(), vintage.stage.name());
    let set = ParameterSet {
        id: format!("{house}-{date}-{stage}-{short_digest}"),
        vintage,
        digest,
        rounding,
        base_currency,
        points,
        levels: LevelBook::new(levels.into_levels()),
        conversions,
        commodities,
        super_spreads: books.super_spreads,
        inter_spreads: books.inter_spreads,
        super_clear_spreads: books.super_clear_spreads,
        clear_spreads: books.clear_spreads,
        away_places: books.away_places,
        is_asymmetric: definition.is_asymmetric,
        listings: Listings::new(house.clone(), families.into_listings(), splits),
        house,
    };
    Ok((set, diagnostics))
}

fn header(definition: &Definition, diagnostics: &mut Diagnostics) -> Option<(House, Vintage)> {
    let stage = match (definition.is_settlement, definition.settlement_qualifier.as_str()) {
        (false, _) => Stage::Intraday,
        (true, "early") => Stage::EarlySettlement,
        (true, "complete") => Stage::CompleteSettlement,
        (true, "final" | "") => Stage::FinalSettlement,
        (true, other) => {
            diagnostics.warning(
                definition.lines.point_in_time,
                "setlQualifier",
                format!("{other:?} is not known, taken as final"),
            );
            Stage::FinalSettlement
        }
    };
    if definition.house.is_none() {
        diagnostics.error(definition.lines.clearing_organisation, "clearingOrg", "ec is missing or faulty");
    }
    let Some(business_date) = definition.business_date else {
        diagnostics.error(definition.lines.point_in_time, "pointInTime", "date is missing or faulty");
        return None;
    };
    let created = definition.created.clone();
    Some((definition.house.clone()?, Vintage { business_date, stage, run: definition.run, created }))
}

fn points(definition: &Definition, diagnostics: &mut Diagnostics) -> Option<ScanPoints> {
    ScanPoints::new(definition.points.clone())
        .map_err(|faults| {
            let line = definition.lines.points;
            faults.iter().for_each(|fault| diagnostics.error(line, "pointDef", fault.to_string()));
        })
        .ok()
}

fn check_conversions(definition: &Definition, diagnostics: &mut Diagnostics) {
    let mut pairs = BTreeSet::new();
    if let Some(conversion) = definition.conversions.get(CONVERSIONS_LIMIT) {
        diagnostics.error(conversion.line, "curConv", format!("more than {CONVERSIONS_LIMIT} conversions"));
    }
    for conversion in &definition.conversions {
        let pair = (&conversion.from, &conversion.to);
        if !conversion.factor.is_positive() {
            diagnostics.error(conversion.line, "curConv", "the factor is to be greater than zero");
        }
        if !pairs.insert(pair) {
            diagnostics.error(
                conversion.line,
                "curConv",
                format!("a second rate from {} to {}", pair.0, pair.1),
            );
        }
    }
}

/// The currency of most commodities; of equals, and without any, the one that most conversions lead to; else the alphabetically first.
fn base_currency(definition: &Definition) -> Option<Currency> {
    let mut counts: BTreeMap<&Currency, (usize, usize)> = BTreeMap::new();
    for own in definition.commodities.iter().filter_map(|commodity| commodity.terms.currency.as_ref()) {
        counts.entry(own).or_default().0 += 1;
    }
    for conversion in &definition.conversions {
        counts.entry(&conversion.to).or_default().1 += 1;
    }
    // Of equals the last: the alphabetically first, backwards.
    counts.into_iter().rev().max_by_key(|(_, counts)| *counts).map(|(currency, _)| currency.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::definition::ConversionDefinition;
    use crate::parameters::sample;

    #[test]
    fn the_currency_of_most_commodities_is_the_base() {
        let base = |commodities: &[&str], conversions: &[(&str, &str)]| {
            let mut definition = sample::definition();
            definition.commodities.truncate(commodities.len());
            for (own, currency) in definition.commodities.iter_mut().zip(commodities) {
                own.terms.currency = Some(Currency::new(currency).unwrap());
            }
            let conversion = |(from, to): &(&str, &str)| ConversionDefinition {
                line: 1,
                from: Currency::new(from).unwrap(),
                to: Currency::new(to).unwrap(),
                factor: crate::types::Decimal::ONE,
            };
            definition.conversions = conversions.iter().map(conversion).collect();
            base_currency(&definition).map(|own| own.to_string()).unwrap_or_default()
        };
        assert_eq!(base(&["INR", "INR"], &[("INR", "USD")]), "INR");
        assert_eq!(base(&["USD", "INR", "INR"], &[("INR", "USD"), ("EUR", "USD")]), "INR");
        assert_eq!(base(&["INR", "USD"], &[("INR", "USD")]), "USD", "of equals the one that rates lead to");
        assert_eq!(base(&["USD", "EUR"], &[]), "EUR", "else the alphabetically first");
        assert_eq!(base(&[], &[("USD", "TRY")]), "TRY");
        assert_eq!(base(&[], &[]), "");
    }
}
