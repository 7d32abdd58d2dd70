//! Random exchanges: every step of the method against the naive twin, and properties of portfolios on them.

use std::collections::BTreeMap;

use plimsoll_engine::parameters::{Digest, RoundingProfile, build, spn};
use plimsoll_engine::span::{Margining, Position};
use plimsoll_engine::types::Lots;

use super::{World, differences, report};
use crate::generate::{self, Dice};
use crate::twin;

const SETS: u64 = 400;
const PORTFOLIOS: usize = 5;

fn world(dice: &mut Dice, seed: u64) -> World {
    let definition = generate::definition(dice);
    let built = build(&definition, Digest([0; 32]), RoundingProfile::Exact, Default::default());
    let (set, _) = built.unwrap_or_else(|refused| panic!("seed {seed}: {:?}", refused.0));
    let contracts = generate::contracts(&definition);
    let away = generate::away(dice, &definition);
    World { definition, set, contracts, away }
}

/// Runs a property on every set, each with portfolios of its own.
fn on_every_set(sets: u64, property: impl Fn(&World, Vec<Position>, &mut Dice)) {
    for seed in 0..sets {
        let mut dice = Dice::new(seed);
        let world = world(&mut dice, seed);
        for _ in 0..PORTFOLIOS {
            let positions = generate::portfolio(&mut dice, &world.contracts);
            property(&world, positions, &mut dice);
        }
    }
}

/// Leaves out positions and makes them single lots as long as the engine and the twin still differ.
fn smallest(positions: &[Position], differ: &dyn Fn(&[Position]) -> bool) -> Vec<Position> {
    let mut smallest = positions.to_vec();
    let mut place = 0;
    while place < smallest.len() {
        let mut without = smallest.clone();
        without.remove(place);
        if !without.is_empty() && differ(&without) {
            smallest = without;
            continue;
        }
        let mut single = smallest.clone();
        single[place].lots = Lots::new(single[place].lots.get().signum()).unwrap();
        if differ(&single) {
            smallest = single;
        }
        place += 1;
    }
    smallest
}

fn text(positions: &[Position]) -> String {
    positions.iter().map(|own| format!("{} {}\n", own.lots.get(), own.contract)).collect()
}

/// Portfolios that the engine and the twin do not agree on, made small.
#[derive(Default)]
struct Disagreements(Vec<String>);

impl Disagreements {
    /// The most that are made small, which takes many calculations.
    const SHOWN: usize = 6;

    fn look(
        &mut self,
        seed: u64,
        world: &World,
        positions: &[Position],
        rounding: RoundingProfile,
        margining: Margining,
    ) {
        let differ = |positions: &[Position]| !differences(world, positions, rounding, margining).is_empty();
        if !differ(positions) {
            return;
        }
        if self.0.len() >= Self::SHOWN {
            self.0.push(String::new());
            return;
        }
        let positions = smallest(positions, &differ);
        let found = differences(world, &positions, rounding, margining).join("\n");
        self.0.push(format!("set {seed}, {rounding:?}, {margining:?}\n{}{found}\n", text(&positions)));
    }

    fn are_none(&self) {
        assert!(self.0.is_empty(), "{} portfolios differ, as\n\n{}", self.0.len(), self.0.join("\n").trim());
    }
}

/// The steps that the portfolios on random sets are to reach in a net account.
const STEPS: [&str; 36] = [
    "array divided over months",
    "charge for basis risk",
    "combination split into its legs",
    "credit against delta held elsewhere",
    "super-credit against delta held elsewhere",
    "credit of a dated tier",
    "credit of a target",
    "delivery charge",
    "delta divided over months",
    "every period scanned apart",
    "flat inter-commodity spread",
    "flat intra-commodity spread",
    "flat super-spread",
    "gain in every scenario",
    "greater of short calls and short puts",
    "intra-commodity spread charged by months",
    "intra-commodity spread of three legs",
    "legs of one side and the same months",
    "periods in no scanning tier",
    "rate of a single leg",
    "risk of long options capped at their value",
    "short option minimum above the rest",
    "short options in a dated tier",
    "spread of three legs",
    "spread scanned as one",
    "super-spread scanned as one",
    "target without positions",
    "tiers scanned apart",
    "two tiers of one commodity in one spread",
    "weighted inter-commodity spread",
    "weighted price risk capped by the scan range",
    "weighted price risk is the scan range",
    "weighted price risk of a super-spread capped by scan risk",
    "weighted super-spread",
    "contract that stands several times",
    "months between the legs of a spread",
];

fn agrees_on_every_set(rounding: RoundingProfile) -> BTreeMap<&'static str, u32> {
    let mut reached: BTreeMap<&'static str, u32> = BTreeMap::new();
    let mut disagreements = Disagreements::default();
    for seed in 0..SETS {
        let mut dice = Dice::new(seed);
        let mut world = world(&mut dice, seed);
        // Long options have a risk above their value only where files rarely go.
        world.definition.is_asymmetric = dice.chance(25);
        world.set =
            build(&world.definition, Digest([0; 32]), RoundingProfile::Exact, Default::default()).unwrap().0;
        for _ in 0..PORTFOLIOS {
            let positions = generate::portfolio(&mut dice, &world.contracts);
            disagreements.look(seed, &world, &positions, rounding, Margining::Net);
            let twins = twin::calculate(&world.definition, &positions, &world.away, rounding);
            for step in twins.values().flat_map(|twin| &twin.steps) {
                *reached.entry(step).or_default() += 1;
            }
            let distinct: std::collections::BTreeSet<_> = positions.iter().map(|own| &own.contract).collect();
            if distinct.len() < positions.len() {
                *reached.entry("contract that stands several times").or_default() += 1;
            }
        }
    }
    disagreements.are_none();
    reached
}

#[test]
fn the_engine_is_its_twin_in_every_step_of_random_sets() {
    let reached = agrees_on_every_set(RoundingProfile::Exact);
    for step in STEPS {
        assert!(reached.contains_key(step), "{step} was never reached: {reached:#?}");
    }
}

#[test]
fn the_engine_is_its_twin_on_random_sets_as_takasbank_rounds() {
    agrees_on_every_set(RoundingProfile::Takasbank);
}

#[test]
fn the_engine_is_its_twin_on_random_sets_as_cme_rounds() {
    agrees_on_every_set(RoundingProfile::Cme);
}

#[test]
fn the_engine_is_its_twin_on_gross_accounts_of_random_sets() {
    let mut disagreements = Disagreements::default();
    for seed in 0..SETS {
        let mut dice = Dice::new(seed);
        let world = world(&mut dice, seed);
        for rounding in [RoundingProfile::Exact, RoundingProfile::Takasbank, RoundingProfile::Cme] {
            let positions = generate::portfolio(&mut dice, &world.contracts);
            disagreements.look(seed, &world, &positions, rounding, Margining::GrossSides);
        }
    }
    disagreements.are_none();
}

#[test]
fn a_random_definition_is_the_same_after_writing_and_reading() {
    for seed in 0..SETS {
        let definition = generate::definition(&mut Dice::new(seed));
        if !generate::is_writable(&definition) {
            continue;
        }
        let mut bytes = Vec::new();
        spn::write(&definition, &mut bytes).unwrap();
        let reading = spn::read(bytes.as_slice()).unwrap();
        assert_eq!(reading.diagnostics.as_slice(), &[], "seed {seed}");
        let mut again = Vec::new();
        spn::write(&reading.definition, &mut again).unwrap();
        assert!(bytes == again, "seed {seed}: what was read is not what was written");
        let own = reading.definition;
        assert_eq!(own.scanning_spreads.len(), definition.scanning_spreads.len());
        assert_eq!(own.super_spreads.len(), definition.super_spreads.len());
        assert_eq!(own.inter_spreads.len(), definition.inter_spreads.len());
        assert_eq!(own.clear_spreads.len(), definition.clear_spreads.len());
        assert_eq!(generate::contracts(&own), generate::contracts(&definition));
    }
}

#[test]
fn the_order_of_positions_does_not_matter_on_random_sets() {
    on_every_set(SETS, |world, mut positions, dice| {
        let forwards = report(world, positions.clone(), RoundingProfile::Exact);
        for place in (1..positions.len()).rev() {
            let other = dice.index(place + 1);
            positions.swap(place, other);
        }
        assert_eq!(report(world, positions, RoundingProfile::Exact), forwards);
    });
}

#[test]
fn a_position_in_two_pieces_is_one_position() {
    on_every_set(SETS, |world, mut positions, dice| {
        let whole = report(world, positions.clone(), RoundingProfile::Exact);
        let place = dice.index(positions.len());
        let lots = positions[place].lots.get();
        let piece = *dice.pick(&[1, -1, 7, -7, 1_000]);
        let (Ok(piece), Ok(rest)) = (Lots::new(piece), Lots::new(lots - piece)) else { return };
        let contract = positions[place].contract.clone();
        positions[place].lots = piece;
        positions.push(Position { contract, lots: rest });
        assert_eq!(report(world, positions, RoundingProfile::Exact), whole);
    });
}

#[test]
fn a_portfolio_and_its_mirror_are_nothing() {
    on_every_set(SETS, |world, mut positions, _| {
        let mirrored = positions
            .clone()
            .into_iter()
            .map(|position| Position { lots: Lots::new(-position.lots.get()).unwrap(), ..position });
        positions.extend(mirrored);
        let nothing = report(world, positions, RoundingProfile::Exact);
        assert_eq!((nothing.commodities.len(), nothing.inter_spreads.len()), (0, 0));
        assert_eq!((nothing.risk.millionths(), nothing.requirement.millionths()), (0, 0));
        assert_eq!(nothing.net_option_value.millionths(), 0);
    });
}
