//! Deltas that the account has at other clearing organisations, as the caller states them.

use super::portfolio::{EntryFault, EntryList, Margining};
use super::rounding::Rounding;
use crate::parameters::{AwayPlace, ParameterSet};
use crate::types::{CommodityCode, Decimal, Delta, House, Overflow};

/// A net delta at another clearing organisation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AwayDelta {
    /// The clearing organisation.
    pub house: House,
    /// Its commodity.
    pub commodity: CommodityCode,
    /// The number of the tier, as the legs of spreads name it.
    pub tier: i32,
    /// How much, long positive, in its units.
    pub delta: Decimal,
}

impl AwayDelta {
    /// The most of one portfolio.
    pub const MOST: usize = 1_000;
    /// The largest either way: the most lots of a contract with a thousand units of delta.
    pub const LARGEST: i64 = 1_000_000_000_000;

    fn is_too_large(&self) -> bool {
        let largest = Decimal::whole(Self::LARGEST);
        self.delta > largest || self.delta.negated() > largest
    }
}

/// The deltas by the places of the set; none where nothing is stated.
pub(super) fn resolve(
    set: &ParameterSet,
    stated: &[AwayDelta],
    margining: Margining,
    faults: &mut Vec<EntryFault>,
) -> Vec<Delta> {
    if stated.is_empty() {
        return Vec::new();
    }
    let mut fault =
        |index, field, message| faults.push(EntryFault { list: EntryList::Away, index, field, message });
    if stated.len() > AwayDelta::MOST {
        let message = format!("{} deltas: at most {} are used", stated.len(), AwayDelta::MOST);
        fault(AwayDelta::MOST, "", message);
        return Vec::new();
    }
    if margining.has_sides() {
        fault(0, "", "a gross account forms no spreads: deltas held elsewhere do not count".to_owned());
        return Vec::new();
    }
    let mut deltas = vec![None; set.away_places().len()];
    for (index, own) in stated.iter().enumerate() {
        if own.is_too_large() {
            fault(index, "delta", format!("at most {} either way", AwayDelta::LARGEST));
        }
        let AwayDelta { house, commodity, tier, delta } = own;
        let place = AwayPlace { house: house.clone(), commodity: commodity.clone(), tier: *tier };
        let found = set.away_places().binary_search(&place).ok().and_then(|place| deltas.get_mut(place));
        match (found, Delta::from_decimal(*delta)) {
            (None, _) => fault(index, "", format!("no spread of the parameter set has a leg at {place}")),
            (Some(Some(_)), _) => fault(index, "", format!("{place} is stated a second time")),
            (Some(_), Err(overflow)) => fault(index, "delta", overflow.to_string()),
            (Some(free), Ok(delta)) => *free = Some(delta),
        }
    }
    deltas.into_iter().map(Option::unwrap_or_default).collect()
}

/// What is left before any spread has formed: stated deltas have the places that the profile gives to net deltas.
pub(super) fn left(stated: &[Delta], rounding: Rounding) -> Result<Vec<Delta>, Overflow> {
    stated.iter().map(|&delta| rounding.delta(delta)).collect()
}
