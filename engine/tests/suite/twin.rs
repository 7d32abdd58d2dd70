//! SPAN as the textbook has it, in exact rational arithmetic, written to be obvious rather than fast.
//!
//! It reads what the file says (the definition), not the compiled set, and shares no step with the engine.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};
use plimsoll_engine::contract::{OptionRight, Period, ProductType};
use plimsoll_engine::parameters::{
    ArrayDefinition, CommodityDefinition, ContractReference, Definition, FamilyDefinition, LegDefinition,
    LegPlace, OptionMinimumMethod, RoundingProfile, Side, TierDefinition, Valuation,
};
use plimsoll_engine::span::Position;
use plimsoll_engine::types::{Amount, Decimal};

pub(crate) type Exact = BigRational;

/// The numbers of one commodity.
#[derive(Debug, Default)]
pub(crate) struct Twin {
    pub(crate) losses: Vec<Exact>,
    pub(crate) active: usize,
    pub(crate) scan: Exact,
    pub(crate) time: Exact,
    pub(crate) volatility: Exact,
    pub(crate) price: Exact,
    pub(crate) weighted: Exact,
    pub(crate) net_delta: Exact,
    pub(crate) intra: Exact,
    pub(crate) inter: Exact,
    pub(crate) minimum: Exact,
    pub(crate) long_value: Exact,
    pub(crate) short_value: Exact,
    pub(crate) risk: Exact,
}

/// One position with all that the file says of its contract.
struct Held {
    commodity: usize,
    lots: Exact,
    right: Option<OptionRight>,
    losses: Vec<Exact>,
    delta: Exact,
    scaling: Exact,
    value: Option<Exact>,
    month: Period,
}

pub(crate) fn exact(value: Decimal) -> Exact {
    Exact::new(BigInt::from(value.mantissa()), BigInt::from(10).pow(u32::from(value.places())))
}

fn whole(value: i64) -> Exact {
    Exact::from_integer(BigInt::from(value))
}

/// Six places, half away from zero.
pub(crate) fn amount(value: &Exact) -> Amount {
    let millionths = (value * whole(1_000_000)).round().to_integer().to_i128().expect("fits");
    let sign = if millionths < 0 { "-" } else { "" };
    let size = millionths.unsigned_abs();
    format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000).parse().expect("an amount")
}

pub(crate) fn calculate(
    definition: &Definition,
    positions: &[Position],
    rounding: RoundingProfile,
) -> BTreeMap<String, Twin> {
    let held: Vec<Held> = positions.iter().map(|position| hold(definition, position)).collect();
    let mut twins: BTreeMap<usize, Twin> = BTreeMap::new();
    for (index, commodity) in definition.commodities.iter().enumerate() {
        let own: Vec<&Held> = held.iter().filter(|position| position.commodity == index).collect();
        if !own.is_empty() {
            twins.insert(index, outright(definition, commodity, &own, rounding));
        }
    }
    credit(definition, &mut twins);
    let named = |(index, mut twin): (usize, Twin)| {
        twin.risk = (&twin.scan + &twin.intra - &twin.inter).max(twin.minimum.clone());
        (definition.commodities[index].code.to_string(), twin)
    };
    twins.into_iter().map(named).collect()
}

fn hold(definition: &Definition, position: &Position) -> Held {
    let query = &position.contract;
    let mut families = definition.families.iter();
    let family = families
        .find(|f| f.product == query.product && f.product_type == query.product_type)
        .expect("listed");
    let (right, array, price, factor, scaling, underlying) = match query.option {
        None => {
            let found =
                family.contracts.iter().find(|contract| contract.period == query.period).expect("listed");
            (
                None,
                found.array,
                found.price,
                found.contract_value_factor,
                found.scaling,
                found.underlying.as_ref(),
            )
        }
        Some(terms) => {
            let fits = |series: &&_| -> bool {
                let series: &plimsoll_engine::parameters::SeriesDefinition = series;
                series.period == query.period && series.options.iter().any(|option| option.terms == terms)
            };
            let series = family.series.iter().find(fits).expect("listed");
            let option = series.options.iter().find(|option| option.terms == terms).expect("listed");
            let factor = option.contract_value_factor.or(series.contract_value_factor);
            let scaling = option.scaling.unwrap_or(series.scaling);
            (Some(terms.right), option.array, option.price, factor, scaling, series.underlying.as_ref())
        }
    };
    let ArrayDefinition { array, delta } = array.expect("has an array");
    let linked = |c: &CommodityDefinition| {
        c.terms.links.iter().position(|link| link.family.family_id == family.family_id)
    };
    let (commodity, link) =
        definition.commodities.iter().enumerate().find_map(|(i, c)| Some((i, linked(c)?))).expect("linked");
    let terms = &definition.commodities[commodity].terms;
    let scaling = exact(scaling) * exact(terms.links[link].scaling);
    let unit = exact(Decimal::new(1, definition.arrays.places()).expect("few places"));
    let month = month(definition, family, query.period, underlying);
    let premium = query.option.is_some() && family.valuation == Valuation::PremiumStyle;
    Held {
        commodity,
        lots: whole(position.lots.get()),
        right,
        losses: definition.arrays.values(array).iter().map(|&value| whole(value) * &unit).collect(),
        delta: exact(delta) * &scaling,
        scaling,
        value: premium.then(|| exact(price.expect("priced")) * exact(factor.expect("has a factor"))),
        month,
    }
}

/// Options on futures have their delta in the future's month; everything else in its own.
fn month(
    definition: &Definition,
    family: &FamilyDefinition,
    own: Period,
    underlying: Option<&ContractReference>,
) -> Period {
    match (family.product_type, underlying) {
        (ProductType::OptionOnFuture, Some(reference)) => {
            let future =
                definition.families.iter().find(|f| f.family_id == reference.family_id).expect("listed");
            future.contracts.iter().find(|c| c.contract_id == reference.contract_id).expect("listed").period
        }
        _ => own,
    }
}

fn outright(
    definition: &Definition,
    commodity: &CommodityDefinition,
    held: &[&Held],
    rounding: RoundingProfile,
) -> Twin {
    let mut twin = Twin::default();
    for scenario in 0..definition.points.len() {
        twin.losses.push(held.iter().map(|position| &position.lots * &position.losses[scenario]).sum());
    }
    let largest = twin.losses.iter().max().expect("scenarios").clone();
    twin.active = twin.losses.iter().position(|loss| *loss == largest).expect("reached") + 1;
    let paired = usize::from(definition.points[twin.active - 1].paired) - 1;
    let floored = if largest.is_negative() { Exact::zero() } else { largest.clone() };
    twin.time = (&twin.losses[0] + &twin.losses[1]) / whole(2);
    twin.volatility = (&largest - &twin.losses[paired]) / whole(2);
    twin.net_delta = held.iter().map(|position| &position.lots * &position.delta).sum();
    for position in held {
        let size = position.lots.abs();
        let Some(value) = &position.value else { continue };
        let side = if position.lots.is_negative() { &mut twin.short_value } else { &mut twin.long_value };
        *side += size * value;
    }
    let only_long_options =
        held.iter().all(|position| position.right.is_some() && position.lots.is_positive());
    let base = match rounding {
        RoundingProfile::Exact => {
            if largest.is_negative() {
                twin.volatility = (&twin.losses[0] - &twin.losses[1]) / whole(2);
            }
            twin.scan = floored.clone();
            floored
        }
        RoundingProfile::Takasbank | RoundingProfile::Cme => {
            let capped = if only_long_options {
                largest.clone().min(twin.long_value.clone())
            } else {
                largest.clone()
            };
            twin.scan = capped.round();
            largest
        }
    };
    twin.price = (base - &twin.volatility - &twin.time).max(Exact::zero());
    if !twin.net_delta.is_zero() {
        twin.weighted = &twin.price / twin.net_delta.abs();
    }
    twin.intra = intra(commodity, held);
    twin.minimum = minimum(commodity, held);
    twin
}

fn covers(tier: &TierDefinition, month: Period) -> bool {
    match month.year_month() {
        None => tier.first.is_none() && tier.last.is_none(),
        Some(month) => {
            tier.first.is_none_or(|first| first.year_month() <= Some(month))
                && tier.last.is_none_or(|last| Some(month) <= last.year_month())
        }
    }
}

/// The months that a leg draws on, front to back.
fn months_of(
    commodity: &CommodityDefinition,
    leg: &LegDefinition,
    left: &BTreeMap<Period, Exact>,
) -> Vec<Period> {
    let inside = |month: &Period| match leg.place {
        LegPlace::Period(period) => period == *month,
        LegPlace::Tier(number) => {
            let tier = commodity.terms.intra_tiers.iter().find(|tier| tier.number == number).expect("known");
            covers(tier, *month)
        }
    };
    left.keys().copied().filter(inside).collect()
}

fn intra(commodity: &CommodityDefinition, held: &[&Held]) -> Exact {
    let mut left: BTreeMap<Period, Exact> = BTreeMap::new();
    for position in held {
        *left.entry(position.month).or_default() += &position.lots * &position.delta;
    }
    let mut spreads: Vec<_> = commodity.terms.spreads.iter().collect();
    spreads.sort_by_key(|spread| spread.priority);
    let mut charge = Exact::zero();
    for spread in spreads {
        for a_is_long in [true, false] {
            let on_side = |leg: &LegDefinition, delta: &Exact| {
                if (leg.side == Side::A) == a_is_long { delta.is_positive() } else { delta.is_negative() }
            };
            let available = |leg: &LegDefinition, left: &BTreeMap<Period, Exact>| -> Exact {
                let months = months_of(commodity, leg, left);
                months
                    .iter()
                    .map(|month| &left[month])
                    .filter(|delta| on_side(leg, delta))
                    .map(Exact::abs)
                    .sum()
            };
            let counts = spread.legs.iter().map(|leg| available(leg, &left) / exact(leg.ratio));
            let count = counts.min().expect("has legs");
            charge += &count * exact(spread.rates[0].value);
            for leg in &spread.legs {
                let mut wanted = &count * exact(leg.ratio);
                for month in months_of(commodity, leg, &left) {
                    let delta = left[&month].clone();
                    if on_side(leg, &delta) {
                        let taken = wanted.clone().min(delta.abs());
                        wanted -= &taken;
                        left.insert(month, if delta.is_positive() { delta - taken } else { delta + taken });
                    }
                }
            }
        }
    }
    charge
}

fn minimum(commodity: &CommodityDefinition, held: &[&Held]) -> Exact {
    let mut total = Exact::zero();
    for tier in &commodity.terms.option_minimum_tiers {
        let short = |right: OptionRight| -> Exact {
            let inside = held
                .iter()
                .filter(|p| p.right == Some(right) && p.lots.is_negative() && covers(tier, p.month));
            inside.map(|position| position.lots.abs() * &position.scaling).sum()
        };
        let (calls, puts) = (short(OptionRight::Call), short(OptionRight::Put));
        let count = match commodity.terms.option_minimum_method {
            OptionMinimumMethod::Gross => calls + puts,
            OptionMinimumMethod::Greater => calls.max(puts),
        };
        total += count * tier.rates.first().map_or_else(Exact::zero, |rate| exact(rate.value));
    }
    total
}

fn credit(definition: &Definition, twins: &mut BTreeMap<usize, Twin>) {
    let mut left: BTreeMap<usize, Exact> =
        twins.iter().map(|(&index, twin)| (index, twin.net_delta.clone())).collect();
    let mut spreads: Vec<_> = definition.inter_spreads.iter().collect();
    spreads.sort_by_key(|spread| spread.priority);
    for spread in spreads {
        let index = |leg: &LegDefinition| definition.commodities.iter().position(|c| c.code == leg.commodity);
        let legs: Vec<(usize, &LegDefinition)> =
            spread.legs.iter().map(|leg| (index(leg).expect("known"), leg)).collect();
        if !legs.iter().all(|(index, _)| left.get(index).is_some_and(|delta| !delta.is_zero())) {
            continue;
        }
        let a_is_long =
            |(index, leg): &(usize, &LegDefinition)| left[index].is_positive() == (leg.side == Side::A);
        if legs.iter().any(a_is_long) && !legs.iter().all(a_is_long) {
            continue;
        }
        let count =
            legs.iter().map(|(index, leg)| left[index].abs() / exact(leg.ratio)).min().expect("has legs");
        for (index, leg) in legs {
            let used = &count * exact(leg.ratio);
            let twin = twins.get_mut(&index).expect("held");
            twin.inter += &twin.weighted * &used * exact(spread.rates[0].value);
            let delta = left[&index].clone();
            left.insert(index, if delta.is_positive() { delta - used } else { delta + used });
        }
    }
}
