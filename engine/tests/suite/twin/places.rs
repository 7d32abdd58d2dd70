//! Where the profiles round, half away from zero.

use num_traits::Zero;
use plimsoll_engine::parameters::RoundingProfile;

use super::{Exact, power_of_ten};

/// The places of a profile's numbers.
pub(super) struct Places {
    pub(super) profile: RoundingProfile,
}

/// The value at so many places.
fn at(value: &Exact, places: i32) -> Exact {
    (value * power_of_ten(places)).round() / power_of_ten(places)
}

impl Places {
    fn where_cme(&self, value: Exact, places: i32) -> Exact {
        if self.profile == RoundingProfile::Cme { at(&value, places) } else { value }
    }

    pub(super) fn is_cme(&self) -> bool {
        self.profile == RoundingProfile::Cme
    }

    pub(super) fn is_takasbank(&self) -> bool {
        self.profile == RoundingProfile::Takasbank
    }

    /// A loss, charge, credit or option value.
    pub(super) fn money(&self, value: Exact) -> Exact {
        self.where_cme(value, 0)
    }

    /// A net delta, or the delta that spreads use.
    pub(super) fn delta(&self, value: Exact) -> Exact {
        self.where_cme(value, 4)
    }

    /// A number of spreads.
    pub(super) fn count(&self, value: Exact) -> Exact {
        self.where_cme(value, 4)
    }

    /// Weighted price risk.
    pub(super) fn weighted(&self, value: Exact) -> Exact {
        self.where_cme(value, 2)
    }

    /// Scan risk of a part from its largest loss, and what price risk is formed from.
    pub(super) fn scan_and_base(&self, largest: &Exact, cap: Option<&Exact>) -> (Exact, Exact) {
        let floored = largest.clone().max(Exact::zero());
        if self.is_takasbank() {
            let capped = cap.map_or_else(|| largest.clone(), |cap| largest.clone().min(cap.clone()));
            return (capped.round(), largest.clone());
        }
        (self.money(floored.clone()), self.money(floored))
    }
}
