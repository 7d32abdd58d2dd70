//! Under scenario methods: what a catalogue margins is what a calculation of its own does, and no outcome of working orders is above
//! the bound.

use std::collections::BTreeSet;

use plimsoll_engine::account::{Counted, HeldPosition, MarginAccount, PositionAccount, Stated};
use plimsoll_engine::fills::{Amounts, Effort};
use plimsoll_engine::grid::{Catalogue, GridOrders, GridResult, worst_required};
use plimsoll_engine::market::{Quote, Snapshot};
use plimsoll_engine::report::{MethodResult, by_method};
use plimsoll_engine::types::{Amount, Currency, Decimal, Money, Overflow, PriceSource, Quantity};

use super::bound::{outcomes, told};
use super::grid_worlds::{Case, World, world};
use super::seeds;
use crate::generate::Dice;

fn calculated(world: &World, case: &Case) -> GridResult {
    let held = |(id, lots): &(_, i64)| HeldPosition {
        contract: world.registry.get(*id).unwrap().specification.clone().unwrap(),
        quantity: Quantity::from_decimal_half_away(Decimal::whole(*lots)).unwrap(),
        counted: Counted::Contracts,
        stated: Stated::default(),
        unrealised_profit: Money::ZERO,
        unrealised_funding: Money::ZERO,
        collateral: Money::ZERO,
    };
    // Bought and sold again: it is as if it had never been there.
    let all = case.lots.iter().chain(&case.closed);
    let positions = all.map(held).collect();
    let account = MarginAccount {
        position_accounts: vec![PositionAccount { name: String::new(), positions }],
        ..MarginAccount::default()
    };
    match by_method(&world.method, &world.snapshot, &account).unwrap() {
        MethodResult::Grid(own) => *own,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_catalogue_margins_as_a_calculation_does() {
    let mut compared = 0;
    for seed in 0..400 {
        let mut dice = Dice::new(seed);
        let world = world(&mut dice);
        let case = world.case(&mut dice, 0, 9);
        let (own, anew) = (world.catalogue.margin(&case.rows).unwrap(), calculated(&world, &case));
        assert_eq!(own.requirement, anew.requirement, "seed {seed} {}", world.method.name);
        assert_eq!(own.charges, anew.charges, "seed {seed}");
        assert_eq!(own.equity.position_value, anew.equity.position_value, "seed {seed}");
        for own in &own.sources {
            let anew = anew.sources.iter().find(|anew| anew.source == own.source).unwrap();
            assert_eq!(own.results, anew.results, "seed {seed} {}", own.source);
            assert_eq!(own.worst_index, anew.worst_index, "seed {seed} {}", own.source);
        }
        compared += 1;
    }
    assert!(compared > 200, "{compared}");
}

#[test]
fn what_has_no_price_is_named_and_changes_nothing_else() {
    let mut dice = Dice::new(7);
    let whole = loop {
        let world = world(&mut dice);
        if world.method.currency.as_str() != "BTC" {
            break world;
        }
    };
    let source = PriceSource::new("ETH").unwrap();
    let price = whole.snapshot.of(&source).unwrap().price.unwrap();
    let quotes = [Quote::Price { source, price }];
    let bare = Snapshot::empty(whole.snapshot.time()).next(whole.snapshot.time(), &quotes).unwrap();
    let specified = || whole.registry.specified();
    let catalogue = Catalogue::new(&whole.method, &bare, specified()).unwrap();
    // Of each source an asset, a perpetual, three futures and eighteen options: two of one source have a price.
    assert_eq!(catalogue.counts(), (2, 67));
    let reasons: BTreeSet<&str> =
        specified().filter_map(|(id, _)| catalogue.contract(id).unwrap().err()).collect();
    assert!(
        reasons.contains("no price of BTC is known") && reasons.contains("no forward is known"),
        "{reasons:?}"
    );
    for (id, _) in specified().filter(|(id, _)| catalogue.contract(*id).unwrap().is_ok()) {
        let of =
            |own: &Catalogue| own.margin(&[(own.contract(id).unwrap().unwrap().row, 3)]).unwrap().requirement;
        let alone = specified().filter(|(own, _)| *own == id);
        assert_eq!(of(&catalogue), of(&Catalogue::new(&whole.method, &bare, alone).unwrap()));
    }
}

/// What one outcome requires, by a calculation, and what the fills cost.
fn outcome(world: &World, case: &Case, currencies: &[Currency], filled: &[i64]) -> Amounts {
    let legs = case.orders.iter().zip(filled);
    let more =
        legs.flat_map(|(fill, units)| fill.legs.iter().map(move |(row, lots)| (*row, lots.get() * units)));
    let rows: Vec<_> = case.rows.iter().copied().chain(more).collect();
    let place = |currency: &Currency| currencies.binary_search(currency).unwrap();
    let mut amounts: Amounts = currencies.iter().map(|_| Money::ZERO).collect();
    amounts[place(&world.method.currency)] = world.catalogue.margin(&rows).unwrap().requirement.initial;
    for (fill, units) in case.orders.iter().zip(filled) {
        for (currency, amount) in &fill.cash {
            let sum = &mut amounts[place(currency)];
            *sum = (0..*units).try_fold(*sum, |sum, _| sum.plus(*amount)).unwrap();
        }
    }
    amounts
}

/// The bound over the worst outcome, in thousandths; fails where an outcome is above the bound.
fn ratio(world: &World, case: &Case, what: &str) -> Option<(i128, usize)> {
    let weigh = |_: &Currency, amount: Money| Ok::<_, Overflow>(amount);
    let own = GridOrders {
        catalogue: &world.catalogue,
        lots: &case.rows,
        orders: &case.orders,
        open: &case.open,
        weigh: &weigh,
    };
    let (currencies, worst) = worst_required(own, Effort::SEARCH).unwrap();
    let total = |amounts: &Amounts| amounts.iter().try_fold(Money::ZERO, |sum, own| sum.plus(*own)).unwrap();
    assert_eq!(outcome(world, case, &currencies, &worst.filled), worst.found, "{what}: the outcome found");
    let (mut most, bound) = (total(&worst.found), total(&worst.heaviest));
    for filled in outcomes(case.open.open(), 600) {
        if !case.open.allows(&filled) {
            continue;
        }
        let amounts = outcome(world, case, &currencies, &filled);
        for ((amount, bound), currency) in amounts.iter().zip(&worst.at_most).zip(&currencies) {
            assert!(amount <= bound, "{what}: {filled:?} requires {amount:?} {currency}, above {bound:?}");
        }
        let weight = total(&amounts);
        assert!(weight <= bound, "{what}: {filled:?} weighs {weight:?}, above {bound:?}");
        most = most.max(weight);
    }
    if !most.is_positive() {
        return None;
    }
    let ratio = Amount::rounded_half_away(bound.ratio_to_half_away(most).unwrap());
    Some((ratio.millionths() / 1_000, worst.regions))
}

#[test]
fn no_outcome_is_above_the_bound_under_scenario_methods() {
    let mut ratios = Vec::new();
    for seed in seeds(0..250) {
        let mut dice = Dice::new(seed);
        let world = world(&mut dice);
        let orders = dice.index(6) + 1;
        let case = world.case(&mut dice, orders, 3);
        ratios.extend(ratio(&world, &case, &format!("seed {seed} {}", world.method.name)));
    }
    let median = told("scenario methods", ratios);
    assert!(median <= 1_050, "{median}");
}

#[test]
fn twelve_orders_under_scenario_methods() {
    let mut ratios = Vec::new();
    for seed in 1_000..1_020 {
        let mut dice = Dice::new(seed);
        let world = world(&mut dice);
        let case = world.case(&mut dice, 12, 3);
        ratios.extend(ratio(&world, &case, &format!("seed {seed} {}", world.method.name)));
    }
    let median = told("twelve orders under scenario methods", ratios);
    assert!(median <= 1_050, "{median}");
}
