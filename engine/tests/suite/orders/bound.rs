//! The bound is never below an outcome, and close to the worst of them.

use plimsoll_engine::fills::{Amounts, Effort};
use plimsoll_engine::parameters::{Commodity, InterSpread, RoundingProfile};
use plimsoll_engine::report::{AccountOrders, required, worst_required};
use plimsoll_engine::span::{Holding, Margining, Portfolio, margin};
use plimsoll_engine::types::{Amount, Currency, Money};

use super::seeds;
use super::worlds::{Case, World, case, random_world, real_world, sample_world};
use crate::generate::Dice;

/// Positions and fills together.
fn portfolio_at(world: &World, case: &Case, filled: &[i64]) -> Portfolio {
    let legs = case.orders.iter().zip(filled).filter(|(_, units)| **units > 0);
    let more = legs.flat_map(|(fill, units)| {
        fill.legs.iter().map(move |(commodity, row, lots)| (*commodity, *row, lots.get() * units))
    });
    case.portfolio.with(&world.set, more).unwrap()
}

/// What one outcome requires, by the plain way: positions and fills together, and what the fills cost.
fn outcome(
    world: &World,
    case: &Case,
    profile: RoundingProfile,
    currencies: &[Currency],
    filled: &[i64],
) -> Amounts {
    let portfolio = portfolio_at(world, case, filled);
    let required = required(&world.set, &portfolio, profile, case.levels).unwrap();
    let mut amounts: Amounts = currencies.iter().map(|_| Money::ZERO).collect();
    for own in required {
        amounts[currencies.binary_search(&own.currency).unwrap()] = own.initial;
    }
    for (fill, units) in case.orders.iter().zip(filled) {
        for (currency, amount) in &fill.cash {
            let sum = &mut amounts[currencies.binary_search(currency).unwrap()];
            *sum = (0..*units).try_fold(*sum, |sum, _| sum.plus(*amount)).unwrap();
        }
    }
    amounts
}

/// Every outcome, or of long lists those where each order is filled not at all, half or whole.
pub(crate) fn outcomes(open: &[i64], most: usize) -> Vec<Vec<i64>> {
    let all: usize = open.iter().map(|open| usize::try_from(open + 1).unwrap()).product();
    let is_few = 3_usize.saturating_pow(u32::try_from(open.len()).unwrap()) <= most;
    let steps = |open: i64| -> Vec<i64> {
        let mut steps = match all {
            few if few <= most => (0..=open).collect(),
            _ if is_few => vec![0, open / 2, open],
            _ => vec![0, open],
        };
        steps.dedup();
        steps
    };
    let mut outcomes = vec![Vec::new()];
    for own in open {
        let longer = |outcome: Vec<i64>| {
            steps(*own).into_iter().map(move |units| {
                let mut next = outcome.clone();
                next.push(units);
                next
            })
        };
        outcomes = outcomes.into_iter().flat_map(longer).collect();
    }
    outcomes
}

fn weighed(world: &World, case: &Case, currencies: &[Currency], amounts: &Amounts) -> Money {
    currencies.iter().zip(amounts).fold(Money::ZERO, |sum, (currency, amount)| {
        let path = world.set.conversions().path(currency, &case.currency).unwrap();
        let converted = path.iter().try_fold(*amount, |amount, step| step.convert_half_away(amount)).unwrap();
        sum.plus(converted).unwrap()
    })
}

/// The bound over the worst outcome, in thousandths; fails where an outcome is above the bound.
fn ratio(world: &World, case: &Case, profile: RoundingProfile, what: &str) -> Option<(i128, usize)> {
    let own = AccountOrders {
        set: &world.set,
        portfolio: &case.portfolio,
        orders: &case.orders,
        sides: None,
        open: &case.open,
        profile,
        levels: case.levels,
        currency: &case.currency,
    };
    let (currencies, worst) = worst_required(own, Effort::SEARCH).unwrap();
    let found = outcome(world, case, profile, &currencies, &worst.filled);
    assert_eq!(found, worst.found, "{what}: the outcome found");
    let mut most = weighed(world, case, &currencies, &worst.found);
    let bound = weighed(world, case, &currencies, &worst.heaviest);
    for filled in outcomes(case.open.open(), 5_000) {
        if !case.open.allows(&filled) {
            continue;
        }
        let amounts = outcome(world, case, profile, &currencies, &filled);
        for ((amount, bound), currency) in amounts.iter().zip(&worst.at_most).zip(&currencies) {
            assert!(amount <= bound, "{what}: {filled:?} requires {amount:?} {currency}, above {bound:?}");
        }
        let weight = weighed(world, case, &currencies, &amounts);
        assert!(weight <= bound, "{what}: {filled:?} weighs {weight:?}, above {bound:?}");
        most = most.max(weight);
    }
    if !most.is_positive() {
        return None;
    }
    let ratio = Amount::rounded_half_away(bound.ratio_to_half_away(most).unwrap());
    if ratio.millionths() > 1_250_000 {
        println!("{what}: {bound:?} over {most:?}, {} regions, final {}", worst.regions, worst.is_final);
    }
    Some((ratio.millionths() / 1_000, worst.regions))
}

/// Median and 99th percentile of the ratios, which is at most 1.25, and how many regions were looked at.
pub(super) fn told(what: &str, mut ratios: Vec<(i128, usize)>) -> i128 {
    ratios.sort_unstable();
    let at = |percent: usize| ratios[(ratios.len() - 1) * percent / 100].0;
    let regions: usize = ratios.iter().map(|own| own.1).sum();
    println!(
        "{what}: {} cases, bound over worst in thousandths: median {}, p90 {}, p99 {}; {} regions in the mean",
        ratios.len(),
        at(50),
        at(90),
        at(99),
        regions / ratios.len()
    );
    assert!(at(99) <= 1_250, "{what}: the 99th percentile is {}", at(99));
    at(50)
}

/// In every rounding profile, net and gross. Clients that are margined apart are as many net accounts: each is bounded by itself.
#[test]
fn random_exchanges() {
    for (profile, name) in RoundingProfile::NAMES {
        for margining in [Margining::Net, Margining::GrossByClient, Margining::GrossSides] {
            let mut ratios = Vec::new();
            for seed in seeds(0..100) {
                let mut dice = Dice::new(seed);
                let world = random_world(&mut dice);
                let orders = dice.index(8) + 1;
                let Some(case) = case(&world, &mut dice, orders, 3, margining) else { continue };
                ratios.extend(ratio(&world, &case, profile, &format!("seed {seed} {name} {margining:?}")));
            }
            told(&format!("random exchanges, {name}, {margining:?}"), ratios);
        }
    }
}

#[test]
fn twelve_orders() {
    let worlds = [("sample", Some(sample_world())), ("real", real_world())];
    for (name, world) in worlds {
        let Some(world) = world else { continue };
        let mut ratios = Vec::new();
        for seed in seeds(0..300) {
            let mut dice = Dice::new(seed);
            let orders = dice.index(12) + 1;
            let Some(case) = case(&world, &mut dice, orders, 10, Margining::Net) else { continue };
            ratios.extend(ratio(&world, &case, RoundingProfile::Exact, &format!("{name} seed {seed}")));
        }
        let median = told(name, ratios);
        assert!(median <= 1_050, "{name}: {median}");
    }
}

/// Under `takasbank` long options alone lose no more than they are worth, also where they are in one of several tiers of a scan.
#[test]
fn long_options_of_one_scanning_tier_lose_no_more_than_they_are_worth() {
    let mut dice = Dice::new(86);
    let world = random_world(&mut dice);
    let orders = dice.index(8) + 1;
    let case = case(&world, &mut dice, orders, 3, Margining::GrossSides).unwrap();
    let is_tiered = |own: &Holding| !world.set.commodities()[own.commodity.index()].scan_tiers().is_empty();
    assert!(case.portfolio.holdings().iter().any(is_tiered));
    let (thousandths, regions) = ratio(&world, &case, RoundingProfile::Takasbank, "seed 86").unwrap();
    assert!(thousandths <= 1_001 && regions < 100, "{thousandths} after {regions} regions");
}

/// Of the spreads between months only those that can form are charged for, and of a charge by months those between the legs.
#[test]
fn spreads_between_months_that_cannot_form_are_not_charged() {
    for (seed, profile) in [(1_999, RoundingProfile::Exact), (1_782, RoundingProfile::Cme)] {
        let mut dice = Dice::new(seed);
        let world = random_world(&mut dice);
        let orders = dice.index(8) + 1;
        let case = case(&world, &mut dice, orders, 3, Margining::Net).unwrap();
        let has_spreads = |own: &Commodity| !own.intra_spreads().is_empty();
        assert!(world.set.commodities().iter().any(has_spreads));
        let (thousandths, regions) = ratio(&world, &case, profile, &format!("seed {seed}")).unwrap();
        assert!(thousandths <= 1_001 && regions < 400, "{thousandths} after {regions} regions");
    }
}

/// The losses of one commodity are the gains of another where both are scanned as one for certain.
#[test]
fn commodities_that_are_scanned_as_one_net() {
    let mut dice = Dice::new(1_255);
    let world = random_world(&mut dice);
    let orders = dice.index(8) + 1;
    let case = case(&world, &mut dice, orders, 3, Margining::GrossByClient).unwrap();
    let worst = portfolio_at(&world, &case, &[3, 1, 2, 0, 1, 2, 2]);
    let formed = margin(&world.set, &worst, RoundingProfile::Exact).unwrap();
    assert!(!formed.scanning_spreads.is_empty());
    let (thousandths, regions) = ratio(&world, &case, RoundingProfile::Exact, "seed 1255").unwrap();
    assert!(thousandths <= 1_001 && regions < 100, "{thousandths} after {regions} regions");
}

/// Long options that are scanned with a short future, by a scanning-based spread, may lose more than they are worth.
#[test]
fn long_options_that_are_scanned_with_others_are_not_capped() {
    let mut dice = Dice::new(1_006);
    let world = random_world(&mut dice);
    let orders = dice.index(8) + 1;
    let case = case(&world, &mut dice, orders, 3, Margining::Net).unwrap();
    let spreads = world.set.super_spreads().as_slice();
    assert!(spreads.iter().any(|own| matches!(own, InterSpread::Scanning(_))));
    ratio(&world, &case, RoundingProfile::Takasbank, "seed 1006").unwrap();
}

/// A super-spread credits no more than scan risk, which is what long options are worth where there is nothing else.
#[test]
fn a_super_spread_credits_no_more_than_long_options_are_worth() {
    let mut dice = Dice::new(31_322);
    let world = random_world(&mut dice);
    let orders = dice.index(8) + 1;
    let case = case(&world, &mut dice, orders, 3, Margining::GrossByClient).unwrap();
    let spreads = world.set.super_spreads().as_slice();
    assert!(spreads.iter().any(|own| matches!(own, InterSpread::Delta(_))));
    ratio(&world, &case, RoundingProfile::Takasbank, "seed 31322").unwrap();
}
