//! Requirement levels, and the multiple of a commodity's risk that each requires.
//!
//! A level that an `adjRate` gives as a multiple of the base level (the one that arrays and rates are for) requires that
//! multiple. An `adjRate` of the base level to itself is the factor of maintenance: it applies to the base level if that
//! is a maintenance level, else to the maintenance levels without an adjustment of their own. (Takasbank's file states
//! `r = baseR = 1, val = 0.75` with level 1 initial and level 2 maintenance, and its calculator reports maintenance as
//! 0.75 of the requirement.)

use std::collections::BTreeSet;

use crate::parameters::commodity::LevelFactor;
use crate::parameters::definition::{CommodityDefinition, Definition, LevelAdjustment, LevelDefinition};
use crate::parameters::diagnostic::Diagnostics;
use crate::parameters::set::Level;
use crate::types::Decimal;

/// The most levels of a file; CME's have two dozen.
const LEVELS_LIMIT: usize = 128;

pub(super) struct Levels<'a> {
    kept: Vec<&'a LevelDefinition>,
    base: u32,
}

/// The levels that every commodity gives a factor for; the others are named and left out.
pub(super) fn levels<'a>(definition: &'a Definition, diagnostics: &mut Diagnostics) -> Levels<'a> {
    let base = definition.base_level;
    let mut kept = Vec::new();
    if let Some(level) = definition.levels.get(LEVELS_LIMIT) {
        diagnostics.error(level.line, "pbRateDef", format!("more than {LEVELS_LIMIT} levels"));
        return Levels { kept, base };
    }
    let mut numbers = BTreeSet::new();
    for level in &definition.levels {
        if !numbers.insert(level.level) {
            diagnostics.error(level.line, "pbRateDef", format!("a second level {}", level.level));
        }
        let lacks =
            definition.commodities.iter().find(|c| factor(&c.terms.adjustments, level, base).is_none());
        match lacks {
            None => kept.push(level),
            Some(commodity) => {
                let message =
                    format!("level {} has no adjustment in {}: not reported", level.level, commodity.code);
                diagnostics.warning(level.line, "pbRateDef", message);
            }
        }
    }
    Levels { kept, base }
}

impl Levels<'_> {
    /// The factors of one commodity, for each level kept.
    pub(super) fn factors(
        &self,
        commodity: &CommodityDefinition,
        diagnostics: &mut Diagnostics,
    ) -> Vec<LevelFactor> {
        let mut pairs = BTreeSet::new();
        for adjustment in &commodity.terms.adjustments {
            if !pairs.insert((adjustment.level, adjustment.base)) {
                diagnostics.error(adjustment.line, "adjRate", "a second factor for the same levels");
            }
            if !adjustment.factor.is_positive() {
                diagnostics.error(adjustment.line, "adjRate", "the factor is to be greater than zero");
            }
        }
        self.kept.iter().filter_map(|level| factor(&commodity.terms.adjustments, level, self.base)).collect()
    }

    pub(super) fn into_levels(self) -> Vec<Level> {
        let level = |definition: &LevelDefinition| Level {
            number: definition.level,
            account_type: definition.account_type.clone(),
            is_customer: definition.is_customer,
            is_maintenance: definition.is_maintenance,
            is_reserve: definition.class == "RESRV",
        };
        self.kept.into_iter().map(level).collect()
    }
}

fn factor(adjustments: &[LevelAdjustment], level: &LevelDefinition, base: u32) -> Option<Decimal> {
    let find =
        |number: u32| adjustments.iter().find(|a| a.level == number && a.base == base).map(|a| a.factor);
    let to_itself = find(base);
    if level.level != base && adjustments.iter().any(|adjustment| adjustment.level == level.level) {
        // A multiple of a level that is not the base is not derived.
        return find(level.level);
    }
    match (level.level == base, level.is_maintenance) {
        (true, true) => Some(to_itself.unwrap_or(Decimal::ONE)),
        (true, false) => Some(Decimal::ONE),
        (false, true) => to_itself,
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factor_of(adjustments: &[(u32, u32, &str)], level: u32, is_maintenance: bool) -> Option<String> {
        let adjustment = |&(level, base, factor): &(u32, u32, &str)| LevelAdjustment {
            line: 1,
            level,
            base,
            factor: factor.parse().unwrap(),
        };
        let definition = LevelDefinition {
            line: 1,
            level,
            is_customer: true,
            account_type: "H".to_owned(),
            is_maintenance,
            class: "CORE".to_owned(),
        };
        let adjustments: Vec<_> = adjustments.iter().map(adjustment).collect();
        factor(&adjustments, &definition, 1).map(|factor| factor.to_string())
    }

    #[test]
    fn factors_of_levels() {
        let takasbank = [(1, 1, "0.75")];
        assert_eq!(factor_of(&takasbank, 1, false).as_deref(), Some("1"));
        assert_eq!(factor_of(&takasbank, 2, true).as_deref(), Some("0.75"));
        let maintenance_based = [(1, 1, "1.00"), (2, 1, "1.10"), (3, 1, "1.35")];
        assert_eq!(factor_of(&maintenance_based, 1, true).as_deref(), Some("1.00"));
        assert_eq!(factor_of(&maintenance_based, 2, false).as_deref(), Some("1.10"));
        assert_eq!(factor_of(&maintenance_based, 3, true).as_deref(), Some("1.35"));
        assert_eq!(factor_of(&[], 2, false), None);
        assert_eq!(factor_of(&[(1, 1, "0.75"), (3, 2, "0.9")], 3, true), None);
    }
}
