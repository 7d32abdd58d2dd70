//! Net deltas between the limits of a commodity's dated inter-commodity tiers.

use std::collections::BTreeMap;

use num_traits::{Signed, Zero};
use plimsoll_engine::contract::{Period, YearMonth};
use plimsoll_engine::parameters::{CommodityDefinition, TierDefinition};

use super::scan::covers;
use super::{Account, Exact};

/// Months that no tier cuts, front to back, and the net delta left in them.
pub(super) struct Bucket {
    pub(super) months: Vec<Period>,
    pub(super) left: Exact,
}

/// Whether the tier is a part of the commodity.
pub(super) fn is_dated(tier: &TierDefinition) -> bool {
    tier.first.is_some() || tier.last.is_some()
}

pub(super) fn cut(commodity: &CommodityDefinition, months: &BTreeMap<Period, Exact>) -> Vec<Bucket> {
    let dated: Vec<&TierDefinition> =
        commodity.terms.inter_tiers.iter().filter(|tier| is_dated(tier)).collect();
    // The limits that a month lies behind. Limits are in order of time, so months between two limits, and only
    // they, are behind the same ones.
    let behind = |month: &Period| -> Vec<bool> {
        let month: Option<YearMonth> = month.year_month();
        let starts = dated.iter().map(|tier| match tier.first.and_then(|first| first.year_month()) {
            Some(first) => month >= Some(first),
            None => month.is_some(),
        });
        let ends = dated.iter().map(|tier| match tier.last.and_then(|last| last.year_month()) {
            Some(last) => month > Some(last),
            None => false,
        });
        starts.chain(ends).collect()
    };
    let mut buckets: Vec<(Vec<bool>, Bucket)> = Vec::new();
    for (month, delta) in months {
        let key = behind(month);
        match buckets.last_mut() {
            Some((last, bucket)) if *last == key => {
                bucket.months.push(*month);
                bucket.left += delta;
            }
            _ => buckets.push((key, Bucket { months: vec![*month], left: delta.clone() })),
        }
    }
    buckets.into_iter().map(|(_, bucket)| bucket).collect()
}

impl Account<'_> {
    /// Whether a bucket is part of a tier; what scanning-based spreads add is in no month.
    fn is_inside(bucket: &Bucket, tier: &TierDefinition) -> bool {
        if is_dated(tier) { bucket.months.first().is_some_and(|month| covers(tier, *month)) } else { true }
    }

    /// What a tier has left.
    pub(super) fn left_in(&self, tier: &TierDefinition) -> Exact {
        let inside = self.buckets.iter().filter(|bucket| Self::is_inside(bucket, tier));
        inside.map(|bucket| &bucket.left).sum()
    }

    /// Takes a delta from a tier, front to back from the buckets that have its sign; a super-spread takes it from the
    /// months as well, front to back from those that have its sign.
    pub(super) fn take(&mut self, tier: &TierDefinition, used: &Exact, is_super: bool) {
        let mut wanted = used.abs();
        for bucket in &mut self.buckets {
            if !Self::is_inside(bucket, tier) || !have_one_sign(&bucket.left, used) {
                continue;
            }
            let taken = take_up_to(&mut bucket.left, &wanted);
            wanted -= &taken;
            let mut from_months = if is_super { taken } else { Exact::zero() };
            for month in &bucket.months {
                let left = self.left.get_mut(month).expect("a month of the account");
                if have_one_sign(left, used) {
                    from_months -= take_up_to(left, &from_months);
                }
            }
        }
        assert!(wanted.is_zero(), "more was used than was left");
    }
}

pub(super) fn have_one_sign(one: &Exact, other: &Exact) -> bool {
    (one.is_positive() && other.is_positive()) || (one.is_negative() && other.is_negative())
}

/// Brings a delta nearer to zero by so much, or to zero; returns how much that was.
pub(super) fn take_up_to(delta: &mut Exact, most: &Exact) -> Exact {
    let taken = most.clone().min(delta.abs());
    if delta.is_positive() {
        *delta -= &taken;
    } else {
        *delta += &taken;
    }
    taken
}
