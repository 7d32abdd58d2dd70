//! Scenario methods: what has to hold for any portfolio, and the grid once more, plainly, beside the engine (`twin`).

mod clients;
mod offsets;
mod settled;
mod twin;

use plimsoll_engine::account::{Counted, HeldPosition, MarginAccount, PositionAccount, Stated};
use plimsoll_engine::contract::{
    Exercise, Instrument, OptionModel, OptionRight, Settlement, SpecificationTerms,
};
use plimsoll_engine::grid::GridResult;
use plimsoll_engine::market::{Observed, Quote, Snapshot};
use plimsoll_engine::parameters::method::{Method, read_method};
use plimsoll_engine::report::{MethodResult, by_method};
use plimsoll_engine::types::{Currency, Decimal, Moment, Money, PriceSource, Quantity};
use proptest::prelude::*;

const HEAD: &str = "schema = 1\nname = \"m\"\nkind = \"scenario-grid\"\ncurrency = \"USD\"\n";

/// A grid of nine prices and three volatilities on top of what is given.
fn method(more: &str) -> Method {
    let text = format!(
        "{HEAD}{more}\n[[grids]]\nmoves = [-0.16, -0.12, -0.08, -0.04, 0.0, 0.04, 0.08, 0.12, 0.16]\n\
         volatilities = [\"up\", \"none\", \"down\"]\n\
         [volatility_shock]\nrange_up = 0.5\nrange_down = 0.25\nshort_term_power = 0.3\nlong_term_power = 0.13\n\
         [margin]\nmaintenance_factor = 0.8\ninitial_factor = 1\nlong_discount = 0.95\nlong_rate_add = 0.1\n\
         [basis]\nup_factor = 1.05\ndown_factor = 0.95\nadd = 0.5\nmultiplier = 2\n\
         [contingency]\nperp_maintenance = 0.03\nperp_initial = 0.01\noption_maintenance = 0.003\noption_initial = 0.002\n"
    );
    read_method(text.as_bytes()).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn source(name: &str) -> PriceSource {
    PriceSource::new(name).unwrap()
}

fn expiry(days: i64) -> Moment {
    Moment::from_seconds(days * 86_400, 0).unwrap()
}

/// Two sources with two expiries each.
fn snapshot() -> Snapshot {
    let now = Moment::EPOCH;
    let observed = |value: f64| Observed::new(value, now, 1.0).unwrap();
    let mut quotes = Vec::new();
    for (name, price) in [("BTC", 60_000.0), ("ETH", 3_000.0)] {
        quotes.push(Quote::Price { source: source(name), price: observed(price) });
        for days in [7, 60] {
            let (source, expiry) = (source(name), expiry(days));
            let rate = observed(0.05);
            quotes.push(Quote::SourceRate { source: source.clone(), expiry, rate });
            quotes.push(Quote::Forward { source, expiry, forward: observed(price * 1.01) });
        }
    }
    Snapshot::empty(now).next(now, &quotes).unwrap()
}

/// A position as the generator rolls it: source, kind, strike in percent of the price, quantity in hundredths.
#[derive(Clone, Copy, Debug)]
struct Rolled {
    of_btc: bool,
    kind: u8,
    is_long_dated: bool,
    strike: i64,
    quantity: i64,
}

fn rolled() -> impl Strategy<Value = Rolled> {
    (any::<bool>(), 0_u8..4, any::<bool>(), 7_i64..14, -300_i64..300).prop_map(
        |(of_btc, kind, is_long_dated, strike, quantity)| Rolled {
            of_btc,
            kind,
            is_long_dated,
            strike,
            quantity,
        },
    )
}

fn held(rolled: Rolled) -> HeldPosition {
    let (name, price) = if rolled.of_btc { ("BTC", 60_000) } else { ("ETH", 3_000) };
    let right = if rolled.kind == 1 { OptionRight::Call } else { OptionRight::Put };
    let (instrument, settlement) = if rolled.kind == 0 {
        (Instrument::Perpetual, Settlement::FuturesStyle)
    } else if rolled.kind == 3 {
        let expiry = expiry(if rolled.is_long_dated { 60 } else { 7 });
        (Instrument::Future { expiry }, Settlement::FuturesStyle)
    } else {
        let expiry = expiry(if rolled.is_long_dated { 60 } else { 7 });
        let strike = Decimal::whole(price / 10 * rolled.strike);
        let (exercise, model) = (Exercise::European, OptionModel::Lognormal);
        (Instrument::Option { expiry, strike, right, exercise, model }, Settlement::Premium)
    };
    let quote = Currency::new("USD").unwrap();
    let terms = SpecificationTerms {
        price_source: source(name),
        instrument,
        multiplier: Decimal::ONE,
        quote,
        settlement,
    };
    HeldPosition {
        contract: terms.check().unwrap(),
        quantity: Quantity::from_decimal_half_away(Decimal::new(rolled.quantity, 2).unwrap()).unwrap(),
        counted: Counted::Contracts,
        stated: Stated { volatility: Some(0.6), ..Stated::default() },
        unrealised_profit: Money::ZERO,
        unrealised_funding: Money::ZERO,
        collateral: Money::ZERO,
    }
}

fn account(parts: &[&[Rolled]]) -> MarginAccount {
    let own = |(place, part): (usize, &&[Rolled])| PositionAccount {
        name: if parts.len() > 1 { format!("P{place}") } else { String::new() },
        positions: part.iter().copied().map(held).collect(),
    };
    MarginAccount {
        position_accounts: parts.iter().enumerate().map(own).collect(),
        ..MarginAccount::default()
    }
}

fn grid(method: &Method, account: &MarginAccount) -> GridResult {
    match by_method(method, &snapshot(), account).unwrap() {
        MethodResult::Grid(own) => *own,
        other => panic!("{other:?}"),
    }
}

fn sum(parts: impl IntoIterator<Item = Money>) -> Money {
    parts.into_iter().try_fold(Money::ZERO, Money::plus).unwrap()
}

/// Hundredths of futures of Bitcoin.
fn future(is_long_dated: bool, quantity: i64) -> Rolled {
    Rolled { of_btc: true, kind: 3, is_long_dated, strike: 10, quantity }
}

#[test]
fn a_calendar_spread_of_futures_has_its_basis_contingency() {
    // Every forward of 60,600 moves by five in the hundred, each against the other: no scenario sees it.
    let of = |days: f64| 60_600.0 * 0.05 * (0.5 + 2.0 * days / 365.0);
    let spread = grid(&method(""), &account(&[&[future(false, 100), future(true, -100)]]));
    let own = &spread.sources[0];
    assert!(own.results.iter().all(|result| result.is_zero()), "{:?}", own.results);
    assert!((own.basis.to_f64() + of(7.0) + of(60.0)).abs() < 1e-6, "{:?}", own.basis);
    assert_eq!((own.worst_index, spread.market_risk), (own.results.len(), own.basis.negated()));
    // What nets in one expiry has none; an outright has its own, below its scenarios.
    let nothing = grid(&method(""), &account(&[&[future(false, 100), future(false, -100)]]));
    assert!(nothing.market_risk.is_zero());
    let outright = grid(&method(""), &account(&[&[future(true, -100)]]));
    assert!((outright.sources[0].basis.to_f64() + of(60.0)).abs() < 1e-6);
    assert!(outright.sources[0].worst_index < own.results.len());
    // In two accounts each has the part of its own leg.
    let shared = grid(&method(""), &account(&[&[future(false, 100)], &[future(true, -100)]]));
    assert_eq!(shared.requirement, spread.requirement);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn one_more_scenario_never_lowers_the_scan(book in prop::collection::vec(rolled(), 0..12), factor in 0.2_f64..4.0) {
        let few = grid(&method(""), &account(&[&book]));
        let more = grid(&method(&format!("[[scenarios]]\nspot_factor = {factor}\nvolatility = \"up\"\n")), &account(&[&book]));
        prop_assert!(more.market_risk >= few.market_risk);
        prop_assert!(more.requirement.initial >= few.requirement.initial);
    }

    #[test]
    fn redistributing_positions_changes_nothing(book in prop::collection::vec(rolled(), 1..12), cut in 0_usize..12) {
        let (first, second) = book.split_at(cut.min(book.len()));
        let together = grid(&method(""), &account(&[&book]));
        let apart = grid(&method(""), &account(&[second, first]));
        prop_assert_eq!(together.requirement, apart.requirement);
        prop_assert_eq!(together.equity, apart.equity);
        for (one, other) in together.sources.iter().zip(&apart.sources) {
            prop_assert_eq!(&one.results, &other.results);
        }
    }

    #[test]
    fn shares_and_the_rest_are_the_whole(
        books in prop::collection::vec(prop::collection::vec(rolled(), 0..5), 2..4),
        leave_one_out in any::<bool>(),
    ) {
        let parts: Vec<&[Rolled]> = books.iter().map(Vec::as_slice).collect();
        let rule = if leave_one_out { "shares = \"leave_one_out\"" } else { "" };
        let result = grid(&method(rule), &account(&parts));
        let initial = sum(result.shares.iter().map(|share| share.initial)).plus(result.unallocated.0).unwrap();
        let maintenance = sum(result.shares.iter().map(|share| share.maintenance)).plus(result.unallocated.1).unwrap();
        prop_assert_eq!((initial, maintenance), (result.requirement.initial, result.requirement.maintenance));
        // The requirement is homogeneous here: what falls on none are roundings.
        let dust = Money::from_decimal("0.000001".parse::<Decimal>().unwrap()).unwrap();
        let all_without = leave_one_out && sum(result.shares.iter().map(|share| share.initial)).is_zero();
        prop_assert!(all_without || result.unallocated.0.magnitude() < dust, "{:?}", result.unallocated);
    }

    #[test]
    fn an_options_value_counts_once(book in prop::collection::vec(rolled(), 1..8)) {
        // What is paid for a premium comes back as value: the account's equity is that of the empty one.
        let result = grid(&method(""), &account(&[&book]));
        let mut paid = account(&[&book]);
        paid.cash = result.equity.position_value.negated();
        let bought = grid(&method(""), &paid);
        prop_assert_eq!(bought.equity.total, Money::ZERO);
        prop_assert_eq!(bought.requirement, result.requirement);
        // A scenario in which nothing moves, without discounts, asks for nothing.
        let text = format!("{HEAD}[[scenarios]]\nspot_factor = 1\n[margin]\nmaintenance_factor = 1\ninitial_factor = 1\n");
        let still = grid(&read_method(text.as_bytes()).unwrap(), &account(&[&book]));
        prop_assert_eq!(still.requirement.initial, Money::ZERO);
    }
}
