//! Random small exchanges with everything that the method knows, and random portfolios on them.
//!
//! Numbers are small and have few places, so that ties and zeros happen. Everything comes from one seed.

mod commodities;
pub(crate) mod dice;
mod products;
mod spreads;

use plimsoll_engine::contract::{ContractQuery, Period, ProductType};
use plimsoll_engine::parameters::{
    ArrayTable, CombinationMethod, ContractReference, Definition, FamilyDefinition, TierDefinition, sample,
};
use plimsoll_engine::span::Position;
use plimsoll_engine::types::{Code, Decimal, Kind, Lots};

pub(crate) use dice::Dice;
pub(crate) use spreads::{away, is_writable};

pub(crate) const EXCHANGE: &str = "X";

/// A number as text would have it.
fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn code<K: Kind>(text: &str) -> Code<K> {
    Code::new(text).unwrap()
}

fn period(text: &str) -> Period {
    Period::new(text).unwrap()
}

/// What the parts of a commodity need to know of it.
struct Plan {
    code: String,
    currency: &'static str,
    /// The months of its futures, front to back.
    months: Vec<Period>,
    /// Whether it may stand in scanning-based spreads, which want one scan and no dated inter tiers.
    is_plain: bool,
    families: Vec<u32>,
}

/// A definition whose parts fit together. Points, levels and dates are those of the sample exchange.
pub(crate) fn definition(dice: &mut Dice) -> Definition {
    let mut definition = Definition {
        families: Vec::new(),
        arrays: ArrayTable::default(),
        commodities: Vec::new(),
        inter_spreads: Vec::new(),
        cap_option_value: dice.chance(50),
        ..sample::definition()
    };
    let mut plans: Vec<Plan> = Vec::new();
    for index in 0..dice.between(2, 5) {
        plans.push(plan(dice, usize::try_from(index).unwrap()));
    }
    for plan in &mut plans {
        products::list(dice, &mut definition, plan);
    }
    // Combinations may have legs in other commodities, whose futures are all there by now.
    let methods: Vec<CombinationMethod> =
        (0..plans.len()).map(|index| products::combine(dice, &mut definition, &mut plans, index)).collect();
    for (plan, method) in plans.iter().zip(methods) {
        let terms = commodities::terms(dice, &definition, plan, method);
        definition.commodities.push(terms);
    }
    spreads::list(dice, &mut definition, &plans);
    definition
}

fn plan(dice: &mut Dice, index: usize) -> Plan {
    const MONTHS: [&str; 9] =
        ["202611", "202612", "202612S1", "202701", "202703", "202703S0", "202706", "202712", "202803"];
    let mut months: Vec<Period> = MONTHS.into_iter().filter(|_| dice.chance(45)).map(period).collect();
    if months.len() < 2 {
        months = ["202612", "202703"].map(period).to_vec();
    }
    Plan {
        code: ["AA", "BB", "CC", "DD", "EE"][index].to_owned(),
        currency: if dice.chance(20) { "EUR" } else { "USD" },
        months,
        is_plain: dice.chance(60),
        families: Vec::new(),
    }
}

fn family(definition: &Definition, family_id: u32) -> &FamilyDefinition {
    definition.families.iter().find(|family| family.family_id == family_id).unwrap()
}

/// The period of a contract that a reference means.
fn period_of(definition: &Definition, reference: &ContractReference) -> Period {
    let contracts = &family(definition, reference.family_id).contracts;
    contracts.iter().find(|own| own.contract_id == reference.contract_id).unwrap().period
}

const fn tier(number: i32, first: Option<Period>, last: Option<Period>) -> TierDefinition {
    TierDefinition { line: 0, number, first, last, rates: Vec::new() }
}

/// Every contract that a set of the definition margins.
pub(crate) fn contracts(definition: &Definition) -> Vec<ContractQuery> {
    let mut contracts = Vec::new();
    for commodity in &definition.commodities {
        for link in &commodity.terms.links {
            let family = family(definition, link.family.family_id);
            let method = link.combination_method.unwrap_or(commodity.terms.combination_method);
            let combines =
                matches!(family.product_type, ProductType::Combination | ProductType::OptionOnCombination);
            if combines && method == CombinationMethod::None {
                continue;
            }
            let query = ContractQuery {
                exchange: Some(family.exchange.clone()),
                product: family.product.clone(),
                product_type: family.product_type,
                period: period("00000S"),
                underlying_period: None,
                option: None,
            };
            let plain = family.contracts.iter();
            contracts.extend(plain.map(|own| ContractQuery { period: own.period, ..query.clone() }));
            for series in &family.series {
                let underlying_period =
                    series.underlying.as_ref().map(|reference| period_of(definition, reference));
                let option = |terms| ContractQuery {
                    period: series.period,
                    underlying_period,
                    option: Some(terms),
                    ..query.clone()
                };
                contracts.extend(series.options.iter().map(|own| option(own.terms)));
            }
        }
    }
    contracts
}

/// A few positions, most of them small; a contract may stand several times.
pub(crate) fn portfolio(dice: &mut Dice, contracts: &[ContractQuery]) -> Vec<Position> {
    let most = *dice.pick(&[2, 5, 12]);
    let only_long_options = dice.chance(6);
    let mut positions = Vec::new();
    for _ in 0..dice.between(1, most) {
        let contract = dice.pick(contracts).clone();
        let size = if dice.chance(5) { dice.between(1, 100_000) } else { dice.between(1, 6) };
        let lots = if dice.chance(50) { size } else { -size };
        if !only_long_options {
            positions.push(Position { contract, lots: Lots::new(lots).unwrap() });
        } else if contract.option.is_some() {
            positions.push(Position { contract, lots: Lots::new(size).unwrap() });
        }
    }
    if positions.is_empty() {
        positions.push(Position { contract: dice.pick(contracts).clone(), lots: Lots::new(1).unwrap() });
    }
    positions
}
