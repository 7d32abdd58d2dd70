//! The commodities of a portfolio while their spreads are formed: what is left of their deltas, and which are merged.

use super::intra::{can_form, take};
use super::options::OptionTotals;
use super::outright::CommodityMargin;
use super::rounding::Rounding;
use super::scan::Scan;
use super::weighted;
use smallvec::SmallVec;

use crate::parameters::{Commodity, CommodityIndex, ParameterSet, TierIndex};
use crate::scenario::Row;
use crate::types::{Delta, Lots, Overflow};

/// A commodity while its spreads are formed.
pub(super) struct Working<'a> {
    pub(super) own: &'a Commodity,
    pub(super) positions: &'a [(Row, Lots)],
    pub(super) margin: CommodityMargin,
    /// What spreads between commodities have left of each bucket's net delta, and behind them of deltas merged into the
    /// commodity; empty until a spread asks.
    left: SmallVec<[Delta; 2]>,
    /// What super-spreads have left of each period's net delta, if they have used any.
    months: Option<Vec<Delta>>,
    /// The commodity that it is scanned with, if it has disappeared in another.
    pub(super) merged_into: Option<CommodityIndex>,
}

/// The commodities of a portfolio, by code.
pub(super) struct Commodities<'a> {
    pub(super) set: &'a ParameterSet,
    pub(super) rounding: Rounding,
    all: Vec<Working<'a>>,
}

impl<'a> Commodities<'a> {
    pub(super) const fn new(set: &'a ParameterSet, rounding: Rounding, all: Vec<Working<'a>>) -> Self {
        Self { set, rounding, all }
    }

    /// Those that are there, merged or not.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Working<'a>> {
        self.all.iter_mut()
    }

    /// The indexes of those that have not been merged.
    pub(super) fn held(&self) -> impl Iterator<Item = CommodityIndex> {
        self.all
            .iter()
            .filter(|working| working.merged_into.is_none())
            .map(|working| working.margin.commodity)
    }

    /// Where a commodity stands that has positions and has not been merged.
    pub(super) fn place(&self, commodity: CommodityIndex) -> Option<usize> {
        let place = self.any_place(commodity).ok()?;
        self.all[place].merged_into.is_none().then_some(place)
    }

    fn any_place(&self, commodity: CommodityIndex) -> Result<usize, usize> {
        self.all.binary_search_by(|working| working.margin.commodity.cmp(&commodity))
    }

    /// Where a target stands; it is added if it has no positions of its own. `None` if it has been merged itself.
    pub(super) fn target(&mut self, commodity: CommodityIndex) -> Option<usize> {
        match self.any_place(commodity) {
            Ok(place) => self.all[place].merged_into.is_none().then_some(place),
            Err(place) => {
                let own = &self.set.commodities()[commodity.index()];
                let scan = Scan::nothing(self.set.points());
                let mut margin = CommodityMargin::new(commodity, scan, OptionTotals::NOTHING);
                margin.period_deltas = vec![Delta::ZERO; own.periods().len()];
                self.all.insert(place, Working::new(own, &[], margin));
                Some(place)
            }
        }
    }

    pub(super) fn working(&self, place: usize) -> &Working<'a> {
        &self.all[place]
    }

    pub(super) fn working_mut(&mut self, place: usize) -> &mut Working<'a> {
        &mut self.all[place]
    }

    /// The margins of those that have not been merged, and those of the others with where they went.
    pub(super) fn into_margins(self) -> (Vec<CommodityMargin>, Vec<(CommodityMargin, CommodityIndex)>) {
        let (mut margins, mut merged) = (Vec::with_capacity(self.all.len()), Vec::new());
        for working in self.all {
            match working.merged_into {
                None => margins.push(working.margin),
                Some(target) => merged.push((working.margin, target)),
            }
        }
        (margins, merged)
    }
}

impl<'a> Working<'a> {
    pub(super) const fn new(
        own: &'a Commodity,
        positions: &'a [(Row, Lots)],
        margin: CommodityMargin,
    ) -> Self {
        Self { own, positions, margin, left: SmallVec::new_const(), months: None, merged_into: None }
    }

    /// Forms the buckets' net deltas, if that has not been done.
    pub(super) fn prepare_left(&mut self) -> Result<(), Overflow> {
        if self.left.is_empty() {
            for bucket in self.own.buckets() {
                let months = self.margin.period_deltas[bucket.indexes()].iter();
                self.left.push(months.copied().try_fold(Delta::ZERO, Delta::plus)?);
            }
            self.left.push(Delta::ZERO);
        }
        Ok(())
    }

    /// What is left in a tier; the whole commodity has what was merged into it besides.
    pub(super) fn left_in(&self, tier: TierIndex) -> Result<Delta, Overflow> {
        self.left[self.buckets(tier)].iter().copied().try_fold(Delta::ZERO, Delta::plus)
    }

    fn buckets(&self, tier: TierIndex) -> std::ops::Range<usize> {
        if tier == TierIndex::WHOLE {
            0..self.left.len()
        } else {
            self.own.inter_tiers()[tier.index()].buckets.clone()
        }
    }

    /// Uses delta of a tier, its buckets front to back; a super-spread uses it up in the months too.
    pub(super) fn use_up(
        &mut self,
        tier: TierIndex,
        is_long: bool,
        used: Delta,
        is_super: bool,
    ) -> Result<(), Overflow> {
        let buckets = self.buckets(tier);
        let mut taken = Vec::new();
        take(buckets, is_long, used, &mut self.left, |bucket, amount| {
            if is_super {
                taken.push((bucket, amount));
            }
        })?;
        if is_super {
            let months = self.months.get_or_insert_with(|| self.margin.period_deltas.clone());
            for (bucket, amount) in taken {
                if let Some(periods) = self.own.buckets().get(bucket) {
                    take(periods.indexes(), is_long, amount, months, |_, _| {})?;
                }
            }
        }
        Ok(())
    }

    /// Takes everything that is left away, for another commodity to have.
    pub(super) fn take_all(&mut self) -> Result<Delta, Overflow> {
        self.prepare_left()?;
        let all = self.left_in(TierIndex::WHOLE)?;
        self.left.iter_mut().for_each(|delta| *delta = Delta::ZERO);
        Ok(all)
    }

    /// Adds what other commodities had left.
    pub(super) fn merge(&mut self, delta: Delta) -> Result<(), Overflow> {
        self.prepare_left()?;
        if let Some(last) = self.left.last_mut() {
            *last = last.plus(delta)?;
        }
        Ok(())
    }

    /// What intra-commodity spreads may use of each period's net delta.
    pub(super) fn months(&mut self) -> Vec<Delta> {
        self.months.take().unwrap_or_else(|| self.margin.period_deltas.clone())
    }

    /// Whether there is anything to charge inside the commodity.
    pub(super) fn has_charges(&self) -> bool {
        let own = self.own;
        let has_delivery = !own.delivery().is_empty() || own.basis_rate().is_some();
        has_delivery || !own.intra_spreads().is_empty() && can_form(&self.margin.period_deltas)
    }

    /// The scan of a dated tier.
    pub(super) fn tier_scan(
        &self,
        set: &ParameterSet,
        tier: TierIndex,
        rounding: Rounding,
    ) -> Result<Scan, Overflow> {
        let tier = &self.own.inter_tiers()[tier.index()];
        weighted::tier_scan(set, self.own, self.positions, &self.margin, tier, rounding)
    }
}
