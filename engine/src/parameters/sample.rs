//! The project's own exchange: small, invented, whole, and the same on every machine.
//!
//! House `HARBOR`, exchange `HBX`, final settlement of 2026-09-18. It has what the method needs to be seen at work: futures,
//! options on futures and on physicals, a mini contract with its own delta scaling, several tiers, calendar spreads and a
//! butterfly, inter-commodity spreads with two and three legs, short option minimums counted both ways, two currencies.
//! Arrays and composite deltas come from an arbitrage-free option price that needs nothing but whole numbers (`pricing`), so
//! that writing it gives the same bytes everywhere.

mod commodities;
mod pricing;
mod products;

use super::customary;
use super::definition::{ConversionDefinition, CurrencyDefinition, Definition};
use crate::types::{BusinessDate, Code, Decimal};

/// The sample exchange, as a file would say it.
///
/// # Panics
/// Never: every invented number is one that the types accept, which the tests prove.
#[must_use]
pub fn definition() -> Definition {
    let mut definition = Definition {
        created: "202609181930".to_owned(),
        business_date: BusinessDate::new(2026, 9, 18).ok(),
        is_settlement: true,
        settlement_qualifier: "final".to_owned(),
        house: Code::new("HARBOR").ok(),
        house_name: "Harbour Clearing (invented)".to_owned(),
        base_level: 1,
        currencies: [("USD", "$", "US dollar"), ("EUR", "E", "Euro")].map(currency).to_vec(),
        account_types: customary::account_types(),
        conversions: vec![ConversionDefinition {
            line: 0,
            from: code("EUR"),
            to: code("USD"),
            factor: decimal(1_085_000, 6),
        }],
        levels: customary::levels(),
        points: customary::scan_points(),
        delta_points: customary::delta_points(),
        ..Definition::default()
    };
    products::list(&mut definition);
    commodities::list(&mut definition);
    definition
}

fn code<K: crate::types::Kind>(text: &str) -> Code<K> {
    Code::new(text).expect("Invariant: invented codes are short and printable")
}

fn decimal(mantissa: i64, places: u8) -> Decimal {
    Decimal::new(mantissa, places).expect("Invariant: invented numbers have few places")
}

fn currency((own, symbol, name): (&str, &str, &str)) -> CurrencyDefinition {
    CurrencyDefinition { currency: code(own), symbol: symbol.to_owned(), name: name.to_owned(), places: 2 }
}

#[cfg(test)]
#[path = "sample/tests.rs"]
mod tests;
