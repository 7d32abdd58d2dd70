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

use super::definition::{
    AccountTypeDefinition, ConversionDefinition, CurrencyDefinition, Definition, LevelDefinition,
};
use crate::scenario::{DeltaPoint, ScanFraction, ScanPoint};
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
        account_types: [("H", "Hedger", 20), ("M", "Member", 10), ("S", "Speculator", 30)]
            .map(account_type)
            .to_vec(),
        conversions: vec![ConversionDefinition {
            line: 0,
            from: code("EUR"),
            to: code("USD"),
            factor: decimal(1_085_000, 6),
        }],
        levels: levels(),
        points: scan_points(),
        delta_points: delta_points(),
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

fn account_type((own, name, priority): (&str, &str, i32)) -> AccountTypeDefinition {
    AccountTypeDefinition {
        is_customer: true,
        code: own.to_owned(),
        name: name.to_owned(),
        is_net: true,
        priority,
    }
}

/// Maintenance is what the arrays give; initial is a multiple of it, more for speculators.
fn levels() -> Vec<LevelDefinition> {
    let level = |(number, account_type, is_maintenance): (u32, &str, bool)| LevelDefinition {
        line: 0,
        level: number,
        is_customer: true,
        account_type: account_type.to_owned(),
        is_maintenance,
        class: "CORE".to_owned(),
    };
    let hedger_maintenance = (1, "H", true);
    [hedger_maintenance, (2, "H", false), (3, "S", true), (4, "S", false), (5, "M", true), (6, "M", false)]
        .map(level)
        .to_vec()
}

fn fraction(numerator: i64, denominator: i64) -> ScanFraction {
    let millionths = numerator * 1_000_000;
    let half = if numerator < 0 { -denominator / 2 } else { denominator / 2 };
    ScanFraction {
        multiplier: decimal((millionths + half) / denominator, 6),
        numerator: decimal(numerator * 1_000_000, 6),
        denominator: decimal(denominator * 1_000_000, 6),
    }
}

/// The sixteen standard scenarios, extreme moves at three scan ranges and 33 percent cover.
fn scan_points() -> Vec<ScanPoint> {
    let thirds = [0, 1, -1, 2, -2, 3, -3];
    let paired = thirds.into_iter().flat_map(|third| [(third, 1), (third, -1)]);
    let mut points: Vec<ScanPoint> = (1..)
        .zip(paired)
        .map(|(number, (third, volatility))| ScanPoint {
            number,
            price: fraction(third, 3),
            volatility: fraction(volatility, 1),
            weight: decimal(1_000_000, 6),
            paired: if volatility > 0 { number + 1 } else { number - 1 },
        })
        .collect();
    points.extend([(15, 3), (16, -3)].map(|(number, ranges)| ScanPoint {
        number,
        price: fraction(ranges, 1),
        volatility: fraction(0, 1),
        weight: decimal(330_000, 6),
        paired: number,
    }));
    points
}

/// Seven price moves, weighted by how likely they are.
fn delta_points() -> Vec<DeltaPoint> {
    let weights = [37, 111, 217, 270, 217, 111, 37];
    let moves = (1..).zip((-3..=3).zip(weights));
    moves
        .map(|(number, (third, thousandths))| DeltaPoint {
            number,
            price: fraction(third, 3),
            volatility: fraction(0, 1),
            weight: decimal(thousandths * 1_000, 6),
        })
        .collect()
}

#[cfg(test)]
#[path = "sample/tests.rs"]
mod tests;
