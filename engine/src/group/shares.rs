//! Orders that the venue cuts in proportion: what is left of each once some have filled.

use super::link::LinkState;
use super::order::WorkingOrder;

/// What is filled of orders that are cut in proportion, in parts of a whole that every order's units go into evenly.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Shares {
    /// The whole.
    pub(super) whole: i64,
    /// What is left of it; not negative.
    pub(super) left: i64,
}

impl Shares {
    /// Of a link's working orders and those that work no more; `None` where no such whole fits.
    pub(super) fn of<'a>(
        state: &LinkState,
        orders: impl Iterator<Item = &'a WorkingOrder> + Clone,
    ) -> Option<Self> {
        let shares = || state.closed.iter().copied().chain(orders.clone().map(WorkingOrder::share));
        let whole = shares().try_fold(1, |whole, own| common_multiple(whole, own.units))?;
        let mut left = whole;
        for own in shares() {
            left = left.checked_sub((whole / own.units).checked_mul(own.filled)?)?;
        }
        Some(Self { whole, left: left.max(0) })
    }

    /// What remains of so many units, rounded up: how the venue rounds is not known.
    pub(super) fn of_units(self, units: i64) -> i64 {
        let part = i128::from(units) * i128::from(self.left);
        let whole = i128::from(self.whole);
        i64::try_from(part / whole + i128::from(part % whole > 0)).unwrap_or(i64::MAX)
    }
}

fn common_multiple(a: i64, b: i64) -> Option<i64> {
    let (mut divisor, mut rest) = (a, b);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    (a / divisor).checked_mul(b).filter(|own| *own > 0)
}

#[cfg(test)]
mod tests {
    use super::super::link::{Enforcement, LinkRule, OnFill, Share};
    use super::*;

    #[test]
    fn what_is_left_of_others_is_rounded_up() {
        let link = LinkState::new(LinkRule::OneCancelsOther, Enforcement::VenueAtomic(OnFill::Incremental));
        let closed = |shares: &[(i64, i64)]| LinkState {
            closed: shares.iter().map(|&(filled, units)| Share { filled, units }).collect(),
            ..link.clone()
        };
        let shares = |own: &[(i64, i64)]| Shares::of(&closed(own), std::iter::empty());
        assert!(link.is_cut_in_proportion());
        assert_eq!(shares(&[]), Some(Shares { whole: 1, left: 1 }));
        let own = shares(&[(2, 5), (1, 3)]).unwrap();
        assert_eq!((own, own.of_units(3), own.of_units(15)), (Shares { whole: 15, left: 4 }, 1, 4));
        assert_eq!(shares(&[(5, 5), (1, 3)]).map(|own| own.of_units(7)), Some(0));
        let far = [(1, 999_999_937), (1, 999_999_929), (1, 999_999_893)];
        assert_eq!(shares(&far), None);
    }
}
