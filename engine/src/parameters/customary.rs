//! What SPAN files customarily have: sixteen scenarios, points of the composite delta, account types and their levels.

use super::definition::{AccountTypeDefinition, LevelDefinition};
use crate::scenario::{DeltaPoint, ScanFraction, ScanPoint};
use crate::types::Decimal;

fn decimal(mantissa: i64, places: u8) -> Decimal {
    Decimal::new(mantissa, places).expect("Invariant: these numbers have six places")
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
pub(super) fn scan_points() -> Vec<ScanPoint> {
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
pub(super) fn delta_points() -> Vec<DeltaPoint> {
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

/// Hedgers, members and speculators.
pub(super) fn account_types() -> Vec<AccountTypeDefinition> {
    [("H", "Hedger", 20), ("M", "Member", 10), ("S", "Speculator", 30)].map(account_type).to_vec()
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

/// Maintenance and initial of hedgers, speculators and members, from 1; the first is what the arrays give.
pub(super) fn levels() -> Vec<LevelDefinition> {
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
