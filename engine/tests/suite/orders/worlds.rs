//! Accounts with working orders on random exchanges, on the sample exchange and on a real one.

use std::fs::File;
use std::io::BufReader;

use plimsoll_engine::contract::ContractQuery;
use plimsoll_engine::fills::{Link, OpenFills, Weighed};
use plimsoll_engine::parameters::{
    Definition, Digest, LevelAdjustment, ParameterSet, RoundingProfile, build, sample, spn,
};
use plimsoll_engine::report::AccountLevels;
use plimsoll_engine::span::{Fill, Margining, Portfolio, Position};
use plimsoll_engine::types::{Currency, Decimal, Lots, Money};

use crate::generate::{self, Dice};
use crate::shared::shared;

pub(super) struct World {
    pub(super) set: ParameterSet,
    pub(super) contracts: Vec<ContractQuery>,
}

/// The set that a definition makes, and every contract that it margins.
fn world(definition: &Definition) -> World {
    let built = build(definition, Digest([0; 32]), RoundingProfile::Exact, Default::default());
    let (set, _) = built.unwrap();
    World { set, contracts: generate::contracts(definition) }
}

/// A random exchange on which the levels of each commodity are other multiples.
pub(super) fn random_world(dice: &mut Dice) -> World {
    let mut definition = generate::definition(dice);
    for (commodity, factor) in definition.commodities.iter_mut().zip(["1.10", "1.35", "1.00", "1.25", "1.2"])
    {
        let one = "1.00";
        let factors = [(1, 1, one), (2, 1, factor), (3, 1, one), (4, 3, factor), (5, 1, one), (6, 5, one)];
        let adjustment = |(level, base, factor): (_, _, &str)| LevelAdjustment {
            line: 0,
            level,
            base,
            factor: factor.parse().unwrap(),
        };
        commodity.terms.adjustments = factors.map(adjustment).to_vec();
    }
    world(&definition)
}

pub(super) fn sample_world() -> World {
    world(&sample::definition())
}

/// A real exchange's file.
pub(super) fn real_world() -> Option<World> {
    let file = File::open(shared("data/span/takas.spn")?).unwrap();
    let reading = spn::read(BufReader::new(file)).unwrap();
    let contracts = generate::contracts(&reading.definition);
    let (set, _) =
        build(&reading.definition, reading.digest, RoundingProfile::Exact, reading.diagnostics).unwrap();
    Some(World { set, contracts })
}

/// An account with working orders.
pub(super) struct Case {
    pub(super) portfolio: Portfolio,
    pub(super) orders: Vec<Fill>,
    pub(super) open: OpenFills,
    pub(super) levels: AccountLevels,
    pub(super) currency: Currency,
}

fn found(world: &World, positions: &[Position], margining: Margining) -> Option<Portfolio> {
    Portfolio::resolve(&world.set, positions, &[], margining).ok().filter(|own| own.unmatched().is_empty())
}

/// What one unit of an order does; it costs the options' value and a little more.
pub(super) fn fill(world: &World, dice: &mut Dice, legs: &[Position]) -> Option<Fill> {
    let mut fill = Fill::default();
    let mut cost = Money::ZERO;
    for leg in legs {
        let one = found(world, std::slice::from_ref(leg), Margining::Net)?;
        for holding in one.holdings() {
            let own = &world.set.commodities()[holding.commodity.index()];
            for &(row, lots) in &holding.positions {
                fill.legs.push((holding.commodity, row, lots));
                cost = cost.plus(own.contract(row).option_value.times_lots(lots).unwrap()).unwrap();
            }
        }
    }
    let (commodity, ..) = *fill.legs.first()?;
    let slippage = Money::from_decimal(Decimal::whole(dice.between(0, 20))).unwrap();
    let currency = world.set.commodities()[commodity.index()].currency().clone();
    fill.cash.push((currency, cost.plus(slippage).unwrap()));
    Some(fill)
}

/// Links of each kind between the first orders.
pub(super) fn links(dice: &mut Dice, orders: usize, most_lots: i64) -> Vec<Link> {
    if orders < 3 {
        return Vec::new();
    }
    let kind = dice.between(1, 7);
    let mut sum = |weights: [i64; 3], most: i64| {
        let members = weights.into_iter().enumerate().map(|(place, weight)| Weighed { place, weight });
        Link::AtMost(members.collect(), dice.between(1, most))
    };
    match kind {
        1 => vec![Link::OneOf(vec![vec![0], vec![1]])],
        2 => vec![Link::OneOf(vec![vec![0, 1], vec![2]])],
        3 => vec![Link::OneWhole(vec![0, 1, 2])],
        4 => vec![sum([1, 1, 1], most_lots + 1)],
        5 => vec![sum([3, 5, 2], 5 * most_lots)],
        _ => Vec::new(),
    }
}

/// A few positions and orders in the same contracts or others.
pub(super) fn case(
    world: &World,
    dice: &mut Dice,
    orders: usize,
    most_lots: i64,
    margining: Margining,
) -> Option<Case> {
    let few: Vec<ContractQuery> = (0..6).map(|_| dice.pick(&world.contracts).clone()).collect();
    let lots = |dice: &mut Dice| {
        let size = dice.between(1, most_lots);
        Lots::new(if dice.chance(50) { size } else { -size }).unwrap()
    };
    let held = (0..dice.between(0, 5)).map(|_| {
        let contract = dice.pick(&few).clone();
        Position { contract, lots: lots(dice) }
    });
    let portfolio = found(world, &held.collect::<Vec<_>>(), margining)?;
    let (mut fills, mut open) = (Vec::new(), Vec::new());
    while fills.len() < orders {
        let one = Lots::new(if dice.chance(50) { 1 } else { -1 }).unwrap();
        let from = if dice.chance(80) { &few } else { &world.contracts };
        let contract = dice.pick(from).clone();
        let mut legs = vec![Position { contract, lots: one }];
        if dice.chance(20) && margining == Margining::Net {
            let contract = dice.pick(&few).clone();
            legs.push(Position { contract, lots: Lots::new(-one.get()).unwrap() });
        }
        fills.push(fill(world, dice, &legs)?);
        open.push(dice.between(1, most_lots));
    }
    let links = links(dice, orders, most_lots);
    let levels = AccountLevels::of(&world.set, None).unwrap();
    let currency = world.set.base_currency().clone();
    Some(Case { portfolio, orders: fills, open: OpenFills::new(open, links), levels, currency })
}
