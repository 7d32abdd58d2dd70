//! What a portfolio holds: each position with all that the file says of its contract, combinations in their legs.

use std::collections::BTreeMap;

use num_traits::{Signed, Zero};
use plimsoll_engine::contract::{ContractQuery, OptionRight, Period, ProductType};
use plimsoll_engine::parameters::{
    ArrayDefinition, CombinationLeg, CombinationMethod, CommodityDefinition, ContractDefinition,
    ContractReference, Definition, FamilyDefinition, OptionDefinition, ProductLink, SeriesDefinition, Side,
    Valuation,
};
use plimsoll_engine::span::Position;
use plimsoll_engine::types::Decimal;

use super::{Exact, exact, power_of_ten, whole};

/// One position in a commodity.
pub(super) struct Held {
    pub(super) commodity: usize,
    pub(super) lots: Exact,
    /// On which side of a gross account it stands: that of the position in the portfolio, for legs too.
    pub(super) is_long: bool,
    /// Whether it is the leg of a combination.
    pub(super) is_leg: bool,
    pub(super) right: Option<OptionRight>,
    /// Money lost on one contract in every scenario.
    pub(super) losses: Vec<Exact>,
    /// The parts of the array and the months that they are scanned with; parts sum to one.
    pub(super) shares: Vec<(Period, Exact)>,
    /// Scaled delta of one contract by month.
    pub(super) deltas: Vec<(Period, Exact)>,
    /// How many one short contract counts for the short option minimum.
    pub(super) scaling: Exact,
    /// Market value of one contract.
    pub(super) value: Option<Exact>,
    /// The month that it counts in as an option.
    pub(super) month: Period,
    pub(super) has_basis_risk: bool,
}

/// A contract as the file has it.
#[derive(Clone, Copy)]
struct Listed<'a> {
    family: &'a FamilyDefinition,
    contract: Kind<'a>,
}

#[derive(Clone, Copy)]
enum Kind<'a> {
    Plain(&'a ContractDefinition),
    Option(&'a SeriesDefinition, &'a OptionDefinition),
}

/// Contracts in the order of the file, with the sum of their positions where that is not zero.
pub(super) fn net(definition: &Definition, positions: &[Position]) -> Vec<Held> {
    let mut sums: BTreeMap<ContractQuery, Exact> = BTreeMap::new();
    for position in positions {
        *sums.entry(position.contract.clone()).or_default() += whole(position.lots.get());
    }
    let kept = sums.into_iter().filter(|(_, lots)| !lots.is_zero());
    kept.flat_map(|(contract, lots)| hold(definition, &contract, &lots)).collect()
}

/// Every position by itself.
pub(super) fn gross(definition: &Definition, positions: &[Position]) -> Vec<Held> {
    let held = |position: &Position| hold(definition, &position.contract, &whole(position.lots.get()));
    positions.iter().flat_map(held).collect()
}

fn find<'a>(definition: &'a Definition, query: &ContractQuery) -> Listed<'a> {
    let mut families = definition.families.iter();
    let family = families
        .find(|family| {
            family.product == query.product
                && family.product_type == query.product_type
                && query.exchange.as_ref().is_none_or(|exchange| *exchange == family.exchange)
        })
        .expect("a listed family");
    let Some(terms) = query.option else {
        let contract = family.contracts.iter().find(|contract| contract.period == query.period);
        return Listed { family, contract: Kind::Plain(contract.expect("a listed contract")) };
    };
    for series in family.series.iter().filter(|series| series.period == query.period) {
        let underlying = series.underlying.as_ref().map(|own| referenced(definition, own).1.period);
        if query.underlying_period.is_some() && query.underlying_period != underlying {
            continue;
        }
        if let Some(option) = series.options.iter().find(|option| option.terms == terms) {
            return Listed { family, contract: Kind::Option(series, option) };
        }
    }
    panic!("{query} is not listed")
}

/// The contract that a reference means; the families of a definition here differ in their numbers.
fn referenced<'a>(
    definition: &'a Definition,
    reference: &ContractReference,
) -> (&'a FamilyDefinition, &'a ContractDefinition) {
    let mut families = definition
        .families
        .iter()
        .filter(|family| family.exchange == reference.exchange && family.family_id == reference.family_id);
    families
        .find_map(|family| {
            let own = family.contracts.iter().find(|own| own.contract_id == reference.contract_id);
            own.map(|own| (family, own))
        })
        .expect("a listed underlying")
}

/// The commodity and the link of a family.
fn link<'a>(
    definition: &'a Definition,
    family: &FamilyDefinition,
) -> (usize, &'a CommodityDefinition, &'a ProductLink) {
    for (index, commodity) in definition.commodities.iter().enumerate() {
        let own = commodity.terms.links.iter().find(|link| {
            link.family.exchange == family.exchange
                && link.family.family_id == family.family_id
                && link.family.product == family.product
                && ProductType::from_code(&link.family.product_type)
                    .is_none_or(|product_type| product_type == family.product_type)
        });
        if let Some(own) = own {
            return (index, commodity, own);
        }
    }
    panic!("{} is not linked", family.product)
}

fn hold(definition: &Definition, query: &ContractQuery, lots: &Exact) -> Vec<Held> {
    let listed = find(definition, query);
    let (_, commodity, link) = link(definition, listed.family);
    let method = link.combination_method.unwrap_or(commodity.terms.combination_method);
    let is_long = lots.is_positive();
    let splits = matches!(method, CombinationMethod::Split | CombinationMethod::ModifiedSplit);
    if let (Kind::Plain(own), ProductType::Combination, true) =
        (listed.contract, listed.family.product_type, splits)
    {
        let leg = |leg: &CombinationLeg| {
            let (family, contract) = referenced(definition, &leg.contract);
            let listed = Listed { family, contract: Kind::Plain(contract) };
            let lots = lots * signed(leg);
            Held { is_leg: true, ..outright(definition, listed, method, lots, is_long) }
        };
        return own.legs.iter().map(leg).collect();
    }
    vec![outright(definition, listed, method, lots.clone(), is_long)]
}

/// How many of a leg one combination has, sold ones negative.
fn signed(leg: &CombinationLeg) -> Exact {
    if leg.side == Side::A { exact(leg.ratio) } else { -exact(leg.ratio) }
}

/// The legs of a combination or of the combination under an option, with their periods.
fn legs(definition: &Definition, listed: Listed<'_>) -> Vec<(Period, Exact)> {
    let combination = match (listed.contract, listed.family.product_type) {
        (Kind::Plain(own), ProductType::Combination) => own,
        (Kind::Option(series, _), ProductType::OptionOnCombination) => {
            referenced(definition, series.underlying.as_ref().expect("an underlying")).1
        }
        _ => return Vec::new(),
    };
    let leg = |leg: &CombinationLeg| (referenced(definition, &leg.contract).1.period, signed(leg));
    combination.legs.iter().map(leg).collect()
}

fn outright(
    definition: &Definition,
    listed: Listed<'_>,
    method: CombinationMethod,
    lots: Exact,
    is_long: bool,
) -> Held {
    let family = listed.family;
    let (index, commodity, link) = link(definition, family);
    let (array, right, scaling) = match listed.contract {
        Kind::Plain(own) => (own.array, None, own.scaling),
        Kind::Option(series, own) => {
            (own.array, Some(own.terms.right), own.scaling.unwrap_or(series.scaling))
        }
    };
    let ArrayDefinition { array, delta } = array.expect("an array");
    let unit = exact(Decimal::new(1, definition.arrays.places()).expect("few places"))
        * power_of_ten(commodity.terms.risk_exponent);
    let scaling = exact(scaling) * exact(link.scaling);
    let delta = exact(delta) * &scaling;
    let legs = legs(definition, listed);
    let month = legs.first().map_or_else(|| month(definition, listed), |(first, _)| *first);
    let ratios: Exact = legs.iter().map(|(_, ratio)| ratio.abs()).sum();
    let is_divided =
        family.product_type == ProductType::OptionOnCombination && method == CombinationMethod::ModifiedSplit;
    Held {
        commodity: index,
        lots,
        is_long,
        is_leg: false,
        right,
        losses: definition.arrays.values(array).iter().map(|&value| whole(value) * &unit).collect(),
        shares: if is_divided {
            legs.iter().map(|(period, ratio)| (*period, ratio.abs() / &ratios)).collect()
        } else {
            vec![(month, whole(1))]
        },
        deltas: if legs.is_empty() {
            vec![(month, delta)]
        } else {
            legs.iter().map(|(period, ratio)| (*period, &delta * ratio)).collect()
        },
        scaling,
        value: value(listed),
        month,
        has_basis_risk: link.has_basis_risk,
    }
}

/// Options on futures have their delta in the future's month; everything else in its own.
fn month(definition: &Definition, listed: Listed<'_>) -> Period {
    match (listed.contract, listed.family.product_type) {
        (Kind::Option(series, _), ProductType::OptionOnFuture) => {
            referenced(definition, series.underlying.as_ref().expect("an underlying")).1.period
        }
        (Kind::Option(series, _), _) => series.period,
        (Kind::Plain(own), _) => own.period,
    }
}

/// Price times contract value factor of a premium-style option; a factor of zero is stated elsewhere.
fn value(listed: Listed<'_>) -> Option<Exact> {
    let Kind::Option(series, own) = listed.contract else { return None };
    if listed.family.valuation != Valuation::PremiumStyle {
        return None;
    }
    let factors =
        [own.contract_value_factor, series.contract_value_factor, listed.family.contract_value_factor];
    let factor = factors.into_iter().flatten().find(|factor| factor.is_positive()).expect("a factor");
    Some(exact(own.price.expect("a price")) * exact(factor))
}
