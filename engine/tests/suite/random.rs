//! Random portfolios: the engine against its naive twin, and properties that hold whatever the numbers are.

mod sets;

use std::cell::Cell;
use std::fs::File;
use std::io::BufReader;

use plimsoll_engine::contract::{ContractKey, ContractQuery};
use plimsoll_engine::parameters::{Definition, Listing, ParameterSet, RoundingProfile, build, sample, spn};
use plimsoll_engine::report::{
    CalculationOptions, CommodityReport, MarginReport, PortfolioRequest, calculate, requirement,
};
use plimsoll_engine::span::{AwayDelta, Margining, Portfolio, Position};
use plimsoll_engine::types::{Amount, Lots};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::shared::shared;
use crate::twin;

/// A set with the definition it came from and all contracts that it margins.
struct World {
    definition: Definition,
    set: ParameterSet,
    contracts: Vec<ContractQuery>,
    /// Deltas that every account has elsewhere.
    away: Vec<AwayDelta>,
}

fn world(definition: Definition, rounding: RoundingProfile) -> World {
    let mut bytes = Vec::new();
    spn::write(&definition, &mut bytes).unwrap();
    let reading = spn::read(bytes.as_slice()).unwrap();
    let (set, _) = build(&reading.definition, reading.digest, rounding, reading.diagnostics).unwrap();
    let margined = set.listings().iter().filter(|(_, listing)| matches!(listing, Listing::Row(..)));
    let contracts = margined.map(|(key, _)| query(key)).collect();
    World { definition, set, contracts, away: Vec::new() }
}

fn query(key: ContractKey) -> ContractQuery {
    ContractQuery {
        exchange: Some(key.exchange),
        product: key.product,
        product_type: key.product_type,
        period: key.period,
        underlying_period: key.underlying_period,
        option: key.option,
    }
}

fn report(world: &World, positions: Vec<Position>, rounding: RoundingProfile) -> MarginReport {
    let options = CalculationOptions { rounding: Some(rounding), ..CalculationOptions::default() };
    calculate(&world.set, &PortfolioRequest { positions, away: world.away.clone(), options }).unwrap()
}

/// Positions from arbitrary picks: each contract once, sizes from one lot to a million.
fn positions(world: &World, picks: &[(Index, i64, u32)]) -> Vec<Position> {
    let mut positions: Vec<Position> = Vec::new();
    for (index, lots, zeros) in picks {
        let contract = index.get(&world.contracts).clone();
        let lots = lots.saturating_mul(10_i64.pow(*zeros)).clamp(-1_000_000, 1_000_000);
        if let (Ok(lots), false) = (Lots::new(lots), positions.iter().any(|other| other.contract == contract))
        {
            positions.push(Position { contract, lots });
        }
    }
    positions
}

fn picks(most: usize) -> impl Strategy<Value = Vec<(Index, i64, u32)>> {
    prop::collection::vec((any::<Index>(), -100_i64..=100, 0_u32..=5), 1..most)
}

/// The numbers of the engine and of the twin that differ by more than rounding to six places can make them.
fn differences(
    world: &World,
    positions: &[Position],
    rounding: RoundingProfile,
    margining: Margining,
) -> Vec<String> {
    let options = CalculationOptions { rounding: Some(rounding), margining, ..CalculationOptions::default() };
    let away = if margining == Margining::Net { world.away.clone() } else { Vec::new() };
    let request = PortfolioRequest { positions: positions.to_vec(), away, options };
    let report = calculate(&world.set, &request).unwrap();
    let twins = match margining {
        Margining::Net | Margining::GrossByClient => {
            twin::calculate(&world.definition, positions, &world.away, rounding)
        }
        Margining::GrossSides => twin::calculate_gross(&world.definition, positions, rounding),
    };
    let mut found = Vec::new();
    let mut compare = |what: String, actual: Amount, expected: &twin::Exact| {
        let expected = twin::amount(expected);
        if (actual.millionths() - expected.millionths()).abs() > 2 {
            found.push(format!("{what}: {actual} instead of {expected}"));
        }
    };
    for own in &report.commodities {
        let Some(twin) = twins.get(own.commodity.as_str()) else { continue };
        let rate = rate_to_report(world, &report, own);
        for (name, actual, expected) in [
            ("scan risk", own.scan_risk, &twin.scan),
            ("time risk", own.time_risk, &twin.time),
            ("volatility risk", own.volatility_risk, &twin.volatility),
            ("price risk", own.price_risk, &twin.price),
            ("weighted price risk", own.weighted_price_risk, &twin.weighted),
            ("intra charge", own.intra_charge, &twin.intra),
            ("delivery charge", own.delivery_charge, &twin.delivery),
            ("inter credit", own.inter_credit, &twin.inter),
            ("short option minimum", own.short_option_minimum, &twin.minimum),
            ("long option value", own.long_option_value, &twin.long_value),
            ("short option value", own.short_option_value, &twin.short_value),
            ("risk", own.risk, &twin.risk),
        ] {
            compare(format!("{} {name}", own.commodity), actual, &(expected * &rate));
        }
        compare(format!("{} net delta", own.commodity), own.net_delta, &twin.net_delta);
        for (scenario, (actual, expected)) in (1..).zip(own.scenario_losses.iter().zip(&twin.losses)) {
            compare(format!("{} loss {scenario}", own.commodity), *actual, &(expected * &rate));
        }
    }
    for own in &report.commodities {
        match twins.get(own.commodity.as_str()) {
            Some(twin) if usize::from(own.active_scenario) == twin.active => {}
            Some(twin) => {
                found.push(format!("{} active: {} not {}", own.commodity, own.active_scenario, twin.active));
            }
            None => found.push(format!("{}: the twin has none", own.commodity)),
        }
    }
    if report.commodities.len() < twins.len() {
        found.push(format!("{} commodities instead of {:?}", report.commodities.len(), twins.keys()));
    }
    found
}

/// What turns a commodity's amounts into those of the report.
fn rate_to_report(world: &World, report: &MarginReport, own: &CommodityReport) -> twin::Exact {
    let commodity = world.set.commodities().iter().find(|c| c.code() == &own.commodity).unwrap();
    let currency = commodity.currency();
    report
        .conversions
        .iter()
        .filter(|step| step.from == *currency && *currency != report.currency)
        .map(|step| if step.divides { twin::exact(step.rate).recip() } else { twin::exact(step.rate) })
        .product()
}

fn agrees_with_the_twin(world: &World, positions: &[Position], rounding: RoundingProfile) {
    let report = report(world, positions.to_vec(), rounding);
    let options = CalculationOptions { rounding: Some(rounding), ..CalculationOptions::default() };
    let portfolio = Portfolio::resolve(&world.set, positions, &[], Default::default()).unwrap();
    let alone = requirement(&world.set, &portfolio, &options).unwrap();
    assert_eq!(Amount::rounded_half_away(alone.requirement), report.requirement);
    assert_eq!(Amount::rounded_half_away(alone.risk), report.risk);
    assert_eq!(differences(world, positions, rounding, Margining::Net), Vec::<String>::new());
}

/// Which steps of the method the portfolios of a run have exercised.
#[derive(Debug, Default)]
struct Exercised {
    intra: Cell<u32>,
    several_intra: Cell<u32>,
    inter: Cell<u32>,
    three_legs: Cell<u32>,
    two_currencies: Cell<u32>,
}

impl Exercised {
    fn count(&self, report: &MarginReport) {
        let any = |test: &dyn Fn(&CommodityReport) -> bool| report.commodities.iter().any(test);
        let nothing = Amount::default();
        for (step, seen) in [
            (&self.intra, any(&|own| own.intra_charge > nothing)),
            (&self.several_intra, any(&|own| own.intra_spreads.len() > 2)),
            (&self.inter, any(&|own| own.inter_credit > nothing)),
            (&self.three_legs, report.inter_spreads.iter().any(|formed| formed.legs.len() == 3)),
            (&self.two_currencies, report.by_currency.len() > 1),
        ] {
            step.set(step.get() + u32::from(seen));
        }
    }
}

/// Runs a property on fixed seeds, so that every run is the same run.
fn check(cases: u32, most: usize, world: &World, property: impl Fn(&World, Vec<Position>)) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    let outcome = runner.run(&picks(most), |picks| {
        let positions = positions(world, &picks);
        if !positions.is_empty() {
            property(world, positions);
        }
        Ok(())
    });
    outcome.unwrap();
}

fn sample_world() -> World {
    world(sample::definition(), RoundingProfile::Exact)
}

#[test]
fn the_engine_is_its_twin_on_the_sample_exchange_in_every_step() {
    let world = sample_world();
    let exercised = Exercised::default();
    for (most, rounding) in
        [(4, RoundingProfile::Exact), (24, RoundingProfile::Exact), (24, RoundingProfile::Takasbank)]
    {
        check(300, most, &world, |world, positions| {
            exercised.count(&report(world, positions.clone(), rounding));
            agrees_with_the_twin(world, &positions, rounding);
        });
    }
    let Exercised { intra, several_intra, inter, three_legs, two_currencies } = &exercised;
    for step in [intra, several_intra, inter, three_legs, two_currencies] {
        assert!(step.get() > 0, "a step was never exercised: {exercised:?}");
    }
}

#[test]
fn the_engine_is_its_twin_on_the_real_file() {
    let Some(file) = shared("data/span/takas.spn") else { return };
    let reading = spn::read(BufReader::new(File::open(file).unwrap())).unwrap();
    let world = world(reading.definition, RoundingProfile::Exact);
    for (cases, most) in [(100, 20), (20, 400)] {
        for rounding in [RoundingProfile::Exact, RoundingProfile::Takasbank] {
            check(cases, most, &world, |world, positions| agrees_with_the_twin(world, &positions, rounding));
        }
    }
}

#[test]
fn the_order_of_positions_does_not_matter() {
    check(100, 24, &sample_world(), |world, mut positions| {
        let forwards = report(world, positions.clone(), RoundingProfile::Exact);
        positions.reverse();
        assert_eq!(report(world, positions, RoundingProfile::Exact), forwards);
    });
}

#[test]
fn a_requirement_is_never_negative_and_the_mirror_has_the_mirrored_losses() {
    check(100, 24, &sample_world(), |world, positions| {
        let own = report(world, positions.clone(), RoundingProfile::Exact);
        assert!(own.requirement >= Amount::default());
        let mirrored = positions
            .into_iter()
            .map(|position| Position { lots: Lots::new(-position.lots.get()).unwrap(), ..position });
        let mirror = report(world, mirrored.collect(), RoundingProfile::Exact);
        for (own, mirror) in own.commodities.iter().zip(&mirror.commodities) {
            for (loss, gain) in own.scenario_losses.iter().zip(&mirror.scenario_losses) {
                assert_eq!(loss.millionths(), -gain.millionths());
            }
            assert_eq!(own.long_option_value, mirror.short_option_value);
            assert_eq!(own.intra_charge, mirror.intra_charge);
        }
    });
}
