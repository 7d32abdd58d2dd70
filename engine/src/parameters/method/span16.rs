//! A house without an exchange's file: SPAN risk arrays from market data and scan ranges.

use super::document::Section;
use crate::types::{Decimal, House, PriceSource};

const MOST_PRODUCTS: usize = 200;
const MOST_STRIKES: usize = 1_000;

/// What is listed, and how far it is scanned.
#[derive(Clone, Debug)]
pub struct Span16Method {
    /// The house that the set is for.
    pub house: House,
    /// The products.
    pub products: Vec<Span16Product>,
}

/// A price source with a future to every expiry that the market has a forward to, and options on it.
#[derive(Clone, Debug)]
pub struct Span16Product {
    /// What moves its prices; also the code of its products and of their commodity.
    pub source: PriceSource,
    /// Units of the source in one contract.
    pub multiplier: Decimal,
    /// The price scan range, as a part of the price of the source.
    pub price_scan: f64,
    /// The volatility scan range, as a part of the volatility.
    pub volatility_scan: f64,
    /// Money for each short option at least.
    pub short_option_minimum: Decimal,
    /// Money for each spread between two expiries.
    pub spread_charge: Decimal,
    /// What initial levels are of maintenance.
    pub initial_factor: Decimal,
    /// Places of prices and of risk arrays.
    pub places: u8,
    /// Strikes, the same for all expiries.
    pub strikes: Vec<Decimal>,
}

/// Reads the listing.
pub(super) fn read(root: &Section<'_>) -> Span16Method {
    let house = House::new(&root.text("house", None));
    if let Err(error) = &house {
        root.fault("house", error.to_string());
    }
    let mut products: Vec<Span16Product> = Vec::new();
    for section in root.children("products", MOST_PRODUCTS) {
        if let Some(own) = product(&section) {
            if products.iter().any(|before| before.source == own.source) {
                section.fault("source", "stands here a second time");
            }
            products.push(own);
        }
        section.finish();
    }
    if products.is_empty() {
        root.fault("products", "expected at least one product");
    }
    let nobody =
        || House::new("-").expect("Invariant: one character is a house, which no method is used with");
    Span16Method { house: house.unwrap_or_else(|_| nobody()), products }
}

fn product(section: &Section<'_>) -> Option<Span16Product> {
    let source = PriceSource::new(&section.text("source", None));
    if let Err(error) = &source {
        section.fault("source", error.to_string());
    }
    let places = section.number("places", (0.0, 8.0), Some(2.0));
    if places.fract() != 0.0 {
        section.fault("places", "expected a whole number");
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 8")]
    let places = places as u8;
    let multiplier =
        if section.has("multiplier") { section.decimal("multiplier", (1e-9, 1e9)) } else { Decimal::ONE };
    let initial_factor = if section.has("initial_factor") {
        section.decimal("initial_factor", (1.0, 100.0))
    } else {
        Decimal::ONE
    };
    let mut strikes = section.decimals("strikes", (1e-9, 1e12), MOST_STRIKES);
    strikes.sort();
    if let Some(pair) = strikes.windows(2).find(|pair| pair[0] == pair[1]) {
        section.fault("strikes", format!("{} stands here a second time", pair[1]));
    }
    Some(Span16Product {
        source: source.ok()?,
        multiplier,
        price_scan: section.number("price_scan", (1e-6, 0.33), None),
        volatility_scan: section.number("volatility_scan", (0.0, 1.0), None),
        short_option_minimum: section.decimal("short_option_minimum", (0.0, 1e9)),
        spread_charge: section.decimal("spread_charge", (0.0, 1e9)),
        initial_factor,
        places,
        strikes,
    })
}
