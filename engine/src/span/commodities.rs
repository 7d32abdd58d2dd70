//! The commodities of a portfolio while their spreads are formed: what is left of their deltas, and which are merged.

use std::cmp::Ordering;

use super::intra::{can_form, take};
use super::options::OptionTotals;
use super::outright::CommodityMargin;
use super::portfolio::Holding;
use super::rounding::Rounding;
use super::scan::Scan;
use super::weighted;
use smallvec::SmallVec;

use crate::parameters::{Commodity, CommodityIndex, ParameterSet, TierIndex};
use crate::scenario::Row;
use crate::types::{Delta, Lots, Overflow};

/// What spreads need to know of a commodity besides its margin.
pub(super) struct Working<'a> {
    pub(super) own: &'a Commodity,
    pub(super) positions: &'a [(Row, Lots)],
    /// What spreads between commodities have left of each bucket's net delta, and behind them of deltas merged into the
    /// commodity; empty until a spread asks.
    left: SmallVec<[Delta; 2]>,
    /// What super-spreads have left of each period's net delta, if they have used any.
    months: Option<Vec<Delta>>,
    /// The commodity that it is scanned with, if it has disappeared in another.
    merged_into: Option<CommodityIndex>,
    /// The options of the commodity and of all that were merged into it, if any were.
    held_options: Option<OptionTotals>,
}

/// The commodities of a portfolio, by code: their margins, and beside each what spreads need to know.
pub(super) struct Commodities<'a> {
    pub(super) set: &'a ParameterSet,
    pub(super) rounding: Rounding,
    pub(super) margins: Vec<CommodityMargin>,
    working: Vec<Working<'a>>,
    /// What spreads have left of deltas held elsewhere; none before the first of a net account.
    pub(super) away: Vec<Delta>,
    /// The commodities of the margins, close together: they are searched for every leg of every spread.
    indexes: SmallVec<[CommodityIndex; 8]>,
}

impl<'a> Commodities<'a> {
    /// The commodities of a portfolio, their margins empty.
    pub(super) fn new(set: &'a ParameterSet, rounding: Rounding, holdings: &'a [Holding]) -> Self {
        let margins = holdings.iter().map(|holding| CommodityMargin::empty(holding.commodity)).collect();
        let working = holdings.iter().map(|holding| {
            let own = &set.commodities()[holding.commodity.index()];
            Working::new(own, &holding.positions)
        });
        let indexes = holdings.iter().map(|holding| holding.commodity).collect();
        Self { set, rounding, margins, working: working.collect(), away: Vec::new(), indexes }
    }

    pub(super) fn count(&self) -> usize {
        self.margins.len()
    }

    /// The sign of what is left of each commodity's delta.
    pub(super) fn signs(&self) -> Result<SmallVec<[Ordering; 16]>, Overflow> {
        let mut signs = SmallVec::new();
        for (working, margin) in self.working.iter().zip(&self.margins) {
            let left = if working.left.is_empty() {
                margin.scan.net_delta
            } else {
                working.left_in(TierIndex::WHOLE)?
            };
            signs.push(left.cmp(&Delta::ZERO));
        }
        Ok(signs)
    }

    /// Where a commodity stands that has positions and has not been merged.
    pub(super) fn place(&self, commodity: CommodityIndex) -> Option<usize> {
        let place = self.any_place(commodity).ok()?;
        self.working[place].merged_into.is_none().then_some(place)
    }

    /// Where a commodity stands, merged or not, or would stand.
    pub(super) fn any_place(&self, commodity: CommodityIndex) -> Result<usize, usize> {
        self.indexes.binary_search(&commodity)
    }

    /// Where a target stands; it is added if it has no positions of its own. `None` if it has been merged itself.
    pub(super) fn target(&mut self, commodity: CommodityIndex) -> Option<usize> {
        match self.any_place(commodity) {
            Ok(place) => self.working[place].merged_into.is_none().then_some(place),
            Err(place) => {
                let own = &self.set.commodities()[commodity.index()];
                let margin = CommodityMargin::nothing(self.set, commodity);
                let working = Working::new(own, &[]);
                self.indexes.insert(place, commodity);
                self.margins.insert(place, margin);
                self.working.insert(place, working);
                Some(place)
            }
        }
    }

    pub(super) fn working(&self, place: usize) -> &Working<'a> {
        &self.working[place]
    }

    /// What is left in a tier; the whole commodity has what was merged into it besides.
    pub(super) fn left_in(&mut self, place: usize, tier: TierIndex) -> Result<Delta, Overflow> {
        let working = &mut self.working[place];
        working.prepare(&self.margins[place])?;
        working.left_in(tier)
    }

    /// Uses delta of a tier, its buckets front to back; a super-spread uses it up in the months too.
    pub(super) fn use_up(
        &mut self,
        place: usize,
        tier: TierIndex,
        is_long: bool,
        used: Delta,
        is_super: bool,
    ) -> Result<(), Overflow> {
        let working = &mut self.working[place];
        let mut taken = Vec::new();
        take(working.buckets(tier), is_long, used, &mut working.left, |bucket, amount| {
            if is_super {
                taken.push((bucket, amount));
            }
        })?;
        if is_super {
            let deltas = &self.margins[place].period_deltas;
            let months = working.months.get_or_insert_with(|| deltas.clone());
            for (bucket, amount) in taken {
                if let Some(periods) = working.own.buckets().get(bucket) {
                    take(periods.indexes(), is_long, amount, months, |_, _| {})?;
                }
            }
        }
        Ok(())
    }

    /// Takes a commodity away for another to have; returns everything that is left of its delta.
    pub(super) fn merge_into(&mut self, place: usize, target: CommodityIndex) -> Result<Delta, Overflow> {
        self.working[place].merged_into = Some(target);
        self.left_in(place, TierIndex::WHOLE)
    }

    /// Adds what merged commodities had left.
    pub(super) fn add_left(&mut self, place: usize, delta: Delta) -> Result<(), Overflow> {
        self.working[place].prepare(&self.margins[place])?;
        if let Some(last) = self.working[place].left.last_mut() {
            *last = last.plus(delta)?;
        }
        Ok(())
    }

    /// The options of a commodity and of all that were merged into it.
    pub(super) fn held_options(&self, place: usize) -> OptionTotals {
        self.working[place].held_options.clone().unwrap_or_else(|| self.margins[place].options.clone())
    }

    /// Keeps the options of a commodity and of all that were merged into it.
    pub(super) fn hold_options(&mut self, place: usize, options: OptionTotals) {
        self.working[place].held_options = Some(options);
    }

    /// What intra-commodity spreads may use of each period's net delta; `None` where nothing can be charged.
    pub(super) fn months(&mut self, place: usize) -> Option<SmallVec<[Delta; 8]>> {
        let (working, deltas) = (&mut self.working[place], &self.margins[place].period_deltas);
        let own = working.own;
        let has_delivery = !own.delivery().is_empty() || own.basis_rate().is_some();
        let has_spreads = !own.intra_spreads().is_empty() && can_form(deltas);
        (has_delivery || has_spreads).then(|| match working.months.take() {
            Some(months) => SmallVec::from_vec(months),
            None => SmallVec::from_slice(deltas),
        })
    }

    /// The scan of a dated tier.
    pub(super) fn tier_scan(&self, place: usize, tier: TierIndex) -> Result<Scan, Overflow> {
        let (working, margin) = (&self.working[place], &self.margins[place]);
        let tier = &working.own.inter_tiers()[tier.index()];
        weighted::tier_scan(self.set, working.own, working.positions, margin, tier, self.rounding)
    }

    /// The margins of those that have not been merged, and of those that have.
    pub(super) fn into_margins(self) -> (Vec<CommodityMargin>, Vec<CommodityMargin>) {
        if self.working.iter().all(|working| working.merged_into.is_none()) {
            return (self.margins, Vec::new());
        }
        let both = self.margins.into_iter().zip(self.working);
        let (there, merged): (Vec<_>, Vec<_>) = both.partition(|(_, working)| working.merged_into.is_none());
        let margins =
            |both: Vec<(CommodityMargin, Working<'_>)>| both.into_iter().map(|(margin, _)| margin).collect();
        (margins(there), margins(merged))
    }
}

impl<'a> Working<'a> {
    #[inline]
    const fn new(own: &'a Commodity, positions: &'a [(Row, Lots)]) -> Self {
        Self {
            own,
            positions,
            left: SmallVec::new_const(),
            months: None,
            merged_into: None,
            held_options: None,
        }
    }

    #[inline]
    fn prepare(&mut self, margin: &CommodityMargin) -> Result<(), Overflow> {
        if !self.left.is_empty() {
            return Ok(());
        }
        let deltas = &margin.period_deltas;
        match self.own.buckets() {
            [whole] if whole.indexes() == (0..deltas.len()) => self.left.push(margin.scan.net_delta),
            buckets => {
                for bucket in buckets {
                    let months = deltas[bucket.indexes()].iter();
                    self.left.push(months.copied().try_fold(Delta::ZERO, Delta::plus)?);
                }
            }
        }
        self.left.push(Delta::ZERO);
        Ok(())
    }

    fn left_in(&self, tier: TierIndex) -> Result<Delta, Overflow> {
        self.left[self.buckets(tier)].iter().copied().try_fold(Delta::ZERO, Delta::plus)
    }

    fn buckets(&self, tier: TierIndex) -> std::ops::Range<usize> {
        if tier == TierIndex::WHOLE {
            0..self.left.len()
        } else {
            self.own.inter_tiers()[tier.index()].buckets.clone()
        }
    }
}
