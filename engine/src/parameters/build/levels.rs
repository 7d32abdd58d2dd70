//! Requirement levels, and the multiple of a commodity's risk that each requires.
//!
//! A level that an `adjRate` gives as a multiple of another level requires that multiple of it, and so on down to the base
//! level (the one that arrays and rates are for). An `adjRate` of the base level to itself is the factor of maintenance: it
//! applies to the base level, and so to its multiples, if that is a maintenance level, else to the maintenance levels without
//! an adjustment of their own. (Takasbank's file states `r = baseR = 1, val = 0.75` with level 1 initial and level 2
//! maintenance, and its calculator reports maintenance as 0.75 of the requirement.)

use std::collections::BTreeSet;

use crate::parameters::commodity::LevelFactor;
use crate::parameters::definition::{CommodityDefinition, Definition, LevelAdjustment, LevelDefinition};
use crate::parameters::diagnostic::Diagnostics;
use crate::parameters::level::Level;

/// The most levels of a file; CME's have two dozen.
const LEVELS_LIMIT: usize = 128;

pub(super) struct Levels<'a> {
    kept: Vec<&'a LevelDefinition>,
    base: Base,
}

/// The level that arrays and rates are given for.
#[derive(Clone, Copy)]
struct Base {
    number: u32,
    is_maintenance: bool,
}

/// The levels that every commodity gives a factor for; the others are named and left out.
pub(super) fn levels<'a>(definition: &'a Definition, diagnostics: &mut Diagnostics) -> Levels<'a> {
    let number = definition.base_level;
    let is_maintenance = definition.levels.iter().any(|level| level.level == number && level.is_maintenance);
    let base = Base { number, is_maintenance };
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

/// The multiples of the base level's risk that make a level, one after the other.
fn factor(adjustments: &[LevelAdjustment], level: &LevelDefinition, base: Base) -> Option<LevelFactor> {
    let Base { number: base, is_maintenance: base_is_maintenance } = base;
    let to_itself = adjustments.iter().find(|a| a.level == base && a.base == base).map(|a| a.factor);
    let own = |factor: Option<_>| factor.into_iter().collect::<LevelFactor>();
    let mut chain = Vec::new();
    let mut number = level.level;
    while number != base {
        // A chain that is longer than there are adjustments goes round in a circle.
        let next = adjustments.iter().find(|a| a.level == number && a.level != a.base);
        let Some(next) = next.filter(|_| chain.len() <= adjustments.len()) else {
            let has_none = chain.is_empty() && adjustments.iter().all(|a| a.level != level.level);
            return (has_none && level.is_maintenance && to_itself.is_some()).then(|| own(to_itself));
        };
        chain.push(next.factor);
        number = next.base;
    }
    // The factor of maintenance is part of a base level that is a maintenance level, and so of its multiples.
    let mut factors = if base_is_maintenance { own(to_itself) } else { LevelFactor::new() };
    factors.extend(chain.into_iter().rev());
    Some(factors)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factor_of(
        base_is_maintenance: bool,
        adjustments: &[(u32, u32, &str)],
        level: u32,
        is_maintenance: bool,
    ) -> Option<String> {
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
        let factors =
            factor(&adjustments, &definition, Base { number: 1, is_maintenance: base_is_maintenance })?;
        Some(factors.iter().map(ToString::to_string).collect::<Vec<_>>().join("*"))
    }

    #[test]
    fn factors_of_levels() {
        let takasbank = [(1, 1, "0.75")];
        assert_eq!(factor_of(false, &takasbank, 1, false).as_deref(), Some(""));
        assert_eq!(factor_of(false, &takasbank, 2, true).as_deref(), Some("0.75"));
        let maintenance_based = [(1, 1, "0.90"), (2, 1, "1.10"), (3, 1, "1.35"), (4, 3, "1.2")];
        assert_eq!(factor_of(true, &maintenance_based, 1, true).as_deref(), Some("0.90"));
        assert_eq!(factor_of(true, &maintenance_based, 2, false).as_deref(), Some("0.90*1.10"));
        assert_eq!(factor_of(true, &maintenance_based, 3, true).as_deref(), Some("0.90*1.35"));
        assert_eq!(factor_of(true, &maintenance_based, 4, true).as_deref(), Some("0.90*1.35*1.2"));
        assert_eq!(factor_of(false, &[], 2, false), None);
        assert_eq!(factor_of(false, &[(1, 1, "0.75"), (3, 2, "0.9")], 3, true), None);
        assert_eq!(factor_of(false, &[(2, 3, "0.75"), (3, 2, "0.9")], 3, true), None);
    }
}
