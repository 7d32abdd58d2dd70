//! SPAN on a set far larger than the caches: 600,000 arrays in 1,000 commodities, every portfolio on rows that nobody has touched
//! for long.
//!
//! Beside it, as a plain loop: gathering the same rows of the same matrices and adding them up, nothing else. (The engine's own sums
//! are vectorised, and by themselves three times as fast as that loop.)

use std::hint::black_box;

use plimsoll_engine::contract::{OptionRight, OptionTerms, Period, ProductType};
use plimsoll_engine::parameters::{
    ArrayDefinition, ContractDefinition, Definition, OptionDefinition, ParameterSet, RoundingProfile,
    SeriesDefinition, build, sample,
};
use plimsoll_engine::report::{CalculationOptions, requirement};
use plimsoll_engine::scenario::Losses;
use plimsoll_engine::span::{Margining, Portfolio, Position};
use plimsoll_engine::types::{Code, Decimal, Lots};

use crate::measure::medians;
use crate::{Goal, Wanted};

const COMMODITIES: usize = 1_000;
const ARRAYS_EACH: usize = 600;
/// Contract months of a commodity; each has its future and the options on it.
const MONTHS: usize = 12;
/// Portfolios, each with so many commodities and so many positions in each: together they touch most of the set, and every
/// round goes through all of them, so that nothing of a portfolio is in a cache when its turn comes.
const PORTFOLIOS: usize = 4_000;
const COMMODITIES_HELD: usize = 4;
const POSITIONS_EACH: usize = 16;

pub(crate) fn goals() -> Vec<Goal> {
    let set = set();
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let portfolios: Vec<Portfolio> = (0..PORTFOLIOS).map(|_| portfolio(&set, &mut random)).collect();
    let options = CalculationOptions::default();
    let calculate =
        || portfolios.iter().filter(|portfolio| requirement(&set, portfolio, &options).is_ok()).count();
    let gather = || portfolios.iter().map(|portfolio| gathered(&set, portfolio)).sum();
    let [whole, limit] = medians([&mut { calculate }, &mut { gather }]);
    vec![Goal {
        name: "span_cold_vs_gather",
        measured: whole / limit,
        unit: "ratio",
        wanted: Wanted::AtMost(2.0),
    }]
}

/// The sums of all rows of a portfolio, scenario by scenario.
fn gathered(set: &ParameterSet, portfolio: &Portfolio) -> usize {
    let mut sums = [0_i64; 16];
    for holding in portfolio.holdings() {
        let losses = set.commodities()[holding.commodity.index()].arrays().losses();
        let Losses::Narrow(losses) = losses else { return 0 };
        let Some((rows, [])) = losses.as_slice().map(<[i32]>::as_chunks::<16>) else { return 0 };
        for (row, lots) in &holding.positions {
            for (sum, loss) in sums.iter_mut().zip(&rows[row.index()]) {
                *sum = sum.wrapping_add(lots.get().wrapping_mul(i64::from(*loss)));
            }
        }
    }
    black_box(sums);
    1
}

fn portfolio(set: &ParameterSet, random: &mut Random) -> Portfolio {
    let mut positions = Vec::with_capacity(COMMODITIES_HELD * POSITIONS_EACH);
    for _ in 0..COMMODITIES_HELD {
        let commodity = random.below(COMMODITIES);
        for _ in 0..POSITIONS_EACH {
            let lots = i64::try_from(random.below(100)).unwrap_or(0) + 1;
            let lots = Lots::new(if random.below(2) == 0 { lots } else { -lots });
            let contract = contract(commodity, random.below(ARRAYS_EACH));
            positions.extend(lots.ok().map(|lots| Position { contract, lots }));
        }
    }
    Portfolio::resolve(set, &positions, &[], Margining::Net)
        .expect("Invariant: every contract is listed once")
}

/// The contract of a commodity with this number: the months' futures first, then options, month by month.
fn contract(commodity: usize, number: usize) -> plimsoll_engine::contract::ContractQuery {
    let (product_type, month, option) = match number.checked_sub(MONTHS) {
        None => (ProductType::Future, number, None),
        Some(option) => (ProductType::OptionOnPhysical, option % MONTHS, Some(terms(option / MONTHS))),
    };
    plimsoll_engine::contract::ContractQuery {
        exchange: None,
        product: Code::new(&format!("C{commodity:03}")).expect("Invariant: a short code"),
        product_type,
        period: period(month),
        underlying_period: None,
        option,
    }
}

fn period(month: usize) -> Period {
    Period::new(&format!("2027{:02}", month + 1)).expect("Invariant: a month")
}

/// Calls and puts in turn, strikes rising.
fn terms(number: usize) -> OptionTerms {
    let right = if number.is_multiple_of(2) { OptionRight::Call } else { OptionRight::Put };
    OptionTerms { right, strike: Decimal::whole(i64::try_from(100 + number / 2).unwrap_or(100)) }
}

/// A thousand commodities in the shape of the sample's, each with its own arrays of six digits.
fn set() -> ParameterSet {
    let model = sample::definition();
    let mut definition = Definition {
        families: Vec::new(),
        arrays: Default::default(),
        commodities: Vec::new(),
        inter_spreads: Vec::new(),
        ..sample::definition()
    };
    let mut random = Random(1);
    for commodity in 0..COMMODITIES {
        add(&mut definition, &model, commodity, &mut random);
    }
    for pair in 0..COMMODITIES / 2 {
        let mut spread = model.inter_spreads[1].clone();
        for (leg, own) in spread.legs.iter_mut().zip([2 * pair, 2 * pair + 1]) {
            leg.commodity = Code::new(&format!("C{own:03}")).expect("Invariant: a short code");
        }
        spread.priority = u32::try_from(pair).unwrap_or(0) + 1;
        definition.inter_spreads.push(spread);
    }
    let digest = plimsoll_engine::parameters::Digest([0; 32]);
    let built = build(&definition, digest, RoundingProfile::Exact, Default::default());
    built.expect("Invariant: what is generated fits together").0
}

fn add(definition: &mut Definition, model: &Definition, commodity: usize, random: &mut Random) {
    let name = Code::new(&format!("C{commodity:03}")).expect("Invariant: a short code");
    let id = u32::try_from(commodity * 2).unwrap_or(0) + 1;
    // The sample's index has futures, options on a physical and one tier over all months.
    let model_of = |wanted: ProductType| {
        let mut families = model.families.iter();
        families.find(|family| family.product_type == wanted && family.product.as_str() == "HX30")
    };
    let mut futures = model_of(ProductType::Future).expect("Invariant: the sample has it").clone();
    let mut options = model_of(ProductType::OptionOnPhysical).expect("Invariant: the sample has it").clone();
    let future = futures.contracts[0].clone();
    let series = options.series[0].clone();
    futures.contracts.clear();
    options.series.clear();
    for month in 0..MONTHS {
        let array = array(definition, random, "1");
        futures.contracts.push(ContractDefinition {
            contract_id: month as u64,
            period: period(month),
            underlying: None,
            array: Some(array),
            ..future.clone()
        });
        let listed = (0..ARRAYS_EACH - MONTHS).filter(|number| number % MONTHS == month);
        let one = |number: usize| OptionDefinition {
            value: None,
            contract_id: number as u64,
            terms: terms(number / MONTHS),
            price: Some(Decimal::new(1_234, 2).unwrap_or_default()),
            array: Some(self::array(definition, random, "0.4321")),
            ..series.options[0].clone()
        };
        let listed = listed.map(one).collect();
        options.series.push(SeriesDefinition {
            period: period(month),
            underlying: None,
            options: listed,
            ..series.clone()
        });
    }
    let mut own =
        model.commodities.iter().find(|own| own.code.as_str() == "HX30").expect("Invariant").clone();
    own.terms.links.retain(|link| link.family.product_type != "PHY");
    for (link, family) in own.terms.links.iter_mut().zip([&mut futures, &mut options]) {
        family.product = name.clone();
        family.family_id = id;
        link.family.product = name.clone();
        link.family.family_id = id;
    }
    own.code = Code::new(name.as_str()).expect("Invariant: a short code");
    for leg in own.terms.spreads.iter_mut().flat_map(|spread| &mut spread.legs) {
        leg.commodity = own.code.clone();
    }
    definition.families.extend([futures, options]);
    definition.commodities.push(own);
}

fn array(definition: &mut Definition, random: &mut Random, delta: &str) -> ArrayDefinition {
    let array = definition.arrays.begin().expect("Invariant: 600,000 arrays");
    for _ in 0..16 {
        let value = i64::try_from(random.below(200_000)).unwrap_or(0) - 100_000;
        let value = Decimal::new(value, 2).expect("Invariant: two places");
        definition.arrays.push(value).expect("Invariant: six digits");
    }
    ArrayDefinition { array, delta: delta.parse().expect("Invariant: a number") }
}

/// A small generator (xorshift): the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap_or(0)
    }
}
