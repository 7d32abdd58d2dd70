//! What holds of any bytes that are given to the reader of methods.

use plimsoll_engine::account::{Counted, HeldPosition, MarginAccount, PositionAccount, Stated};
use plimsoll_engine::contract::{
    Exercise, Instrument, OptionModel, OptionRight, Settlement, SpecificationTerms,
};
use plimsoll_engine::market::{Observed, Quote, Snapshot};
use plimsoll_engine::parameters::from_market;
use plimsoll_engine::parameters::method::{MethodKind, read_method};
use plimsoll_engine::report::by_method;
use plimsoll_engine::types::{Currency, Decimal, Moment, Money, PriceSource, Quantity};

/// Reads a method and margins a book with it. Returns whether it was accepted.
pub(crate) fn check(bytes: &[u8]) -> bool {
    let method = match read_method(bytes) {
        Ok(method) => method,
        Err(diagnostics) => {
            assert!(diagnostics.refuses() && !diagnostics.as_slice().is_empty(), "refused without a reason");
            return false;
        }
    };
    let snapshot = snapshot();
    if let MethodKind::Span16(listing) = &method.kind {
        let made = from_market(&method, listing, &snapshot);
        assert!(made.is_ok() || made.is_err_and(|faults| !faults.is_empty()), "no set without a reason");
        return true;
    }
    // A method may refuse the book, but it says why, and what it does not refuse fits.
    match by_method(&method, &snapshot, &book(&method.currency)) {
        Ok(result) => {
            let standing = result.standing();
            assert!(standing.initial_headroom().is_ok(), "{standing:?}");
        }
        Err(error) => assert!(!error.to_string().is_empty(), "{error:?}"),
    }
    true
}

fn expiry() -> Moment {
    Moment::from_seconds(30 * 86_400, 0).expect("a day of 1970")
}

fn source() -> PriceSource {
    PriceSource::new("BTC").expect("a code")
}

fn snapshot() -> Snapshot {
    let now = Moment::EPOCH;
    let observed = |value: f64| Observed::new(value, now, 0.5).expect("a number");
    let (expiry, rate) = (expiry(), observed(0.05));
    let quotes = [
        Quote::Price { source: source(), price: observed(60_000.0) },
        Quote::OpenInterest { source: source(), money: observed(1e9) },
        Quote::Forward { source: source(), expiry, forward: observed(60_300.0) },
        Quote::SourceRate { source: source(), expiry, rate },
    ];
    Snapshot::empty(now).next(now, &quotes).expect("a market")
}

fn book(quote: &Currency) -> MarginAccount {
    let held = |instrument: Instrument, settlement: Settlement, quantity: i64| {
        let terms = SpecificationTerms {
            price_source: source(),
            instrument,
            multiplier: Decimal::ONE,
            quote: quote.clone(),
            settlement,
        };
        HeldPosition {
            contract: terms.check().expect("terms that fit"),
            quantity: Quantity::from_decimal_half_away(Decimal::whole(quantity)).expect("a quantity"),
            counted: Counted::Contracts,
            stated: Stated { volatility: Some(0.6), ..Stated::default() },
            unrealised_profit: Money::ZERO,
            unrealised_funding: Money::ZERO,
            collateral: Money::ZERO,
        }
    };
    let option = |strike: i64, right: OptionRight| Instrument::Option {
        expiry: expiry(),
        strike: Decimal::whole(strike),
        right,
        exercise: Exercise::European,
        model: OptionModel::Lognormal,
    };
    let (call, put) = (option(66_000, OptionRight::Call), option(54_000, OptionRight::Put));
    let first =
        vec![held(Instrument::Perpetual, Settlement::FuturesStyle, 3), held(call, Settlement::Premium, -2)];
    let second = vec![held(put, Settlement::Premium, -1)];
    let own =
        |(name, positions): (&str, Vec<HeldPosition>)| PositionAccount { name: name.to_owned(), positions };
    MarginAccount {
        position_accounts: [("a", first), ("b", second)].map(own).to_vec(),
        ..MarginAccount::default()
    }
}
