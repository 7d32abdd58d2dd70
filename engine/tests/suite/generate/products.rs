//! Families: futures, a physical, options on both, combinations and options on these.

use plimsoll_engine::contract::{OptionRight, OptionTerms, Period, ProductType};
use plimsoll_engine::parameters::{
    ArrayDefinition, CombinationLeg, CombinationMethod, ContractDefinition, ContractReference, Definition,
    FamilyDefinition, OptionDefinition, ScanRange, SeriesDefinition, Side, Valuation,
};
use plimsoll_engine::types::{Code, Decimal};

use super::{Dice, EXCHANGE, Plan, code, family, number, period, period_of};

/// Everything that needs only the commodity itself.
pub(super) fn list(dice: &mut Dice, definition: &mut Definition, plan: &mut Plan) {
    let futures = futures(dice, definition, plan, "");
    if dice.chance(40) {
        self::futures(dice, definition, plan, "M");
    }
    if dice.chance(40) {
        let id = start(dice, definition, plan, "", ProductType::Physical);
        let physical = contract(dice, definition, 1, period("00000S"));
        last(definition, id).contracts.push(physical);
    }
    if dice.chance(60) {
        let id = start(dice, definition, plan, "", ProductType::OptionOnFuture);
        for contract_id in 0..dice.between(1, 3) {
            let contract_id = u64::try_from(contract_id).unwrap();
            let contracts = &family(definition, futures).contracts;
            let Some(underlying) = contracts.get(usize::try_from(contract_id).unwrap()) else { continue };
            let own = if dice.chance(60) { underlying.period } else { period("202611") };
            let reference = reference(futures, underlying.contract_id);
            let series = series(dice, definition, (id, contract_id), own, Some(reference));
            last(definition, id).series.push(series);
        }
    }
    if dice.chance(45) {
        let id = start(dice, definition, plan, "", ProductType::OptionOnPhysical);
        for (number, month) in (0..).zip(plan.months.clone().into_iter().take(2)) {
            let series = series(dice, definition, (id, number), month, None);
            last(definition, id).series.push(series);
        }
    }
}

fn futures(dice: &mut Dice, definition: &mut Definition, plan: &mut Plan, suffix: &str) -> u32 {
    let id = start(dice, definition, plan, suffix, ProductType::Future);
    for (contract_id, month) in (1..).zip(plan.months.clone()) {
        if suffix.is_empty() || dice.chance(60) {
            let own = contract(dice, definition, contract_id, month);
            last(definition, id).contracts.push(own);
        }
    }
    id
}

/// Ratios of the legs of combinations. Their parts of the sum have at most four places, which is what sets keep of them.
const RATIOS: &[&[&str]] = &[
    &["1", "1"],
    &["1", "3"],
    &["0.696", "0.304"],
    &["2", "0.5"],
    &["0.75", "0.25"],
    &["1", "2", "1"],
    &["2", "2", "1"],
    &["0.5", "0.25", "0.25"],
];

/// Combinations and options on them; returns the commodity's method.
pub(super) fn combine(
    dice: &mut Dice,
    definition: &mut Definition,
    plans: &mut [Plan],
    index: usize,
) -> CombinationMethod {
    const METHODS: [CombinationMethod; 7] = [
        CombinationMethod::Split,
        CombinationMethod::DeltaSplit,
        CombinationMethod::ModifiedSplit,
        CombinationMethod::Split,
        CombinationMethod::DeltaSplit,
        CombinationMethod::ModifiedSplit,
        CombinationMethod::None,
    ];
    let method = *dice.pick(&METHODS);
    if !dice.chance(55) {
        return method;
    }
    let splits = matches!(method, CombinationMethod::Split | CombinationMethod::ModifiedSplit);
    // Options want all legs in their own commodity.
    let crosses = splits && dice.chance(30);
    let id = start(dice, definition, &mut plans[index], "", ProductType::Combination);
    for contract_id in 1..=2 {
        let mut legs = Vec::new();
        for (number, ratio) in (0..).zip(*dice.pick(RATIOS)) {
            let place = if crosses && number > 0 { dice.index(plans.len()) } else { index };
            legs.push(leg(dice, definition, &plans[place], ratio));
        }
        let first = period_of(definition, &legs[0].contract);
        let own = format!("{}K{contract_id}", &first.as_str()[..6]);
        let mut combination = contract(dice, definition, contract_id, period(&own));
        combination.legs = legs;
        combination.scan = None;
        if splits && dice.chance(30) {
            combination.array = None;
        }
        last(definition, id).contracts.push(combination);
    }
    if !crosses && dice.chance(65) {
        let own = start(dice, definition, &mut plans[index], "", ProductType::OptionOnCombination);
        for contract_id in 1..=2 {
            let month = family(definition, id).contracts[0].period;
            let underlying = reference(id, contract_id);
            let series = series(dice, definition, (own, contract_id), month, Some(underlying));
            last(definition, own).series.push(series);
        }
    }
    method
}

fn leg(dice: &mut Dice, definition: &Definition, plan: &Plan, ratio: &str) -> CombinationLeg {
    let futures = plan.families[0];
    let contracts = &family(definition, futures).contracts;
    let contract_id = dice.pick(contracts).contract_id;
    CombinationLeg {
        line: 0,
        contract: reference(futures, contract_id),
        side: if dice.chance(50) { Side::A } else { Side::B },
        ratio: number(ratio),
    }
}

fn reference(family_id: u32, contract_id: u64) -> ContractReference {
    ContractReference { exchange: code(EXCHANGE), family_id, contract_id }
}

fn last(definition: &mut Definition, family_id: u32) -> &mut FamilyDefinition {
    definition.families.iter_mut().find(|family| family.family_id == family_id).unwrap()
}

/// Begins a family; the numbers of families differ whatever their kind.
fn start(
    dice: &mut Dice,
    definition: &mut Definition,
    plan: &mut Plan,
    suffix: &str,
    product_type: ProductType,
) -> u32 {
    let family_id = u32::try_from(definition.families.len()).unwrap() + 1;
    let is_premium_style = product_type.is_option() && dice.chance(65);
    definition.families.push(FamilyDefinition {
        line: 0,
        exchange: code(EXCHANGE),
        product_type,
        family_id,
        product: Code::new(&format!("{}{suffix}", plan.code)).unwrap(),
        name: String::new(),
        currency: Some(code(plan.currency)),
        contract_value_factor: Some(Decimal::whole(10)),
        price_places: None,
        strike_places: None,
        valuation: if is_premium_style { Valuation::PremiumStyle } else { Valuation::FuturesStyle },
        settlement: String::new(),
        exercise: String::new(),
        pricing_model: String::new(),
        underlying: None,
        contracts: Vec::new(),
        series: Vec::new(),
    });
    plan.families.push(family_id);
    family_id
}

fn scaling(dice: &mut Dice) -> Decimal {
    number(dice.pick::<&str>(&["1", "1", "1", "1", "0.1", "2", "0.5"]))
}

fn contract(
    dice: &mut Dice,
    definition: &mut Definition,
    contract_id: u64,
    own: Period,
) -> ContractDefinition {
    let delta = number(dice.pick::<&str>(&["1", "1", "1", "1", "0.5", "-1", "0"]));
    ContractDefinition {
        line: 0,
        contract_id,
        period: own,
        price: Some(Decimal::whole(dice.between(10, 99))),
        contract_value_factor: Some(Decimal::ONE),
        scaling: scaling(dice),
        settlement_date: String::new(),
        years: None,
        underlying: None,
        legs: Vec::new(),
        scan: Some(ScanRange {
            price: Decimal::new(dice.between(1, 400), 1).unwrap(),
            volatility: number("0.25"),
            volatility_is_relative: true,
        }),
        array: Some(ArrayDefinition { array: array(dice, definition), delta }),
    }
}

fn series(
    dice: &mut Dice,
    definition: &mut Definition,
    (family_id, number_of_series): (u32, u64),
    own: Period,
    underlying: Option<ContractReference>,
) -> SeriesDefinition {
    let mut options = Vec::new();
    for right in [OptionRight::Call, OptionRight::Put] {
        for strike in 1..=dice.between(1, 2) {
            let contract_id = number_of_series * 100 + u64::try_from(options.len()).unwrap();
            let terms = OptionTerms { right, strike: Decimal::whole(strike * 50) };
            let size = dice.between(0, 20);
            let delta = Decimal::new(if right == OptionRight::Call { size } else { -size } * 5, 2).unwrap();
            options.push(OptionDefinition {
                value: None,
                line: 0,
                contract_id,
                terms,
                price: Some(Decimal::new(dice.between(0, 90), 1).unwrap()),
                volatility: None,
                contract_value_factor: dice.maybe(20, |dice| Decimal::whole(dice.between(0, 3))),
                scaling: dice.maybe(15, scaling),
                array: Some(ArrayDefinition { array: array(dice, definition), delta }),
            });
        }
    }
    let stated_by_family = family(definition, family_id).contract_value_factor;
    SeriesDefinition {
        line: 0,
        period: own,
        contract_value_factor: dice.maybe(80, |_| number("2.5")).or(stated_by_family),
        strike_value_factor: None,
        scaling: scaling(dice),
        settlement_date: String::new(),
        years: None,
        underlying,
        scan: None,
        options,
    }
}

/// Sixteen losses: the moves of a price, anything, nothing, or a gain everywhere.
fn array(dice: &mut Dice, definition: &mut Definition) -> u32 {
    let thirds = [0, 0, 1, 1, -1, -1, 2, 2, -2, -2, 3, 3, -3, -3, 3, -3];
    let (shape, range) = (dice.between(1, 100), dice.between(-6, 12));
    let places = u8::try_from(dice.between(0, 2)).unwrap();
    let index = definition.arrays.begin().unwrap();
    for third in thirds {
        let anything = if dice.chance(20) { 0 } else { dice.between(-20, 20) };
        let value = match shape {
            1..=50 => -third * range,
            51..=58 => 0,
            59..=68 => -dice.between(1, 20),
            69..=80 => -third * range + anything / 5,
            _ => anything,
        };
        definition.arrays.push(Decimal::new(value, places).unwrap()).unwrap();
    }
    index
}
