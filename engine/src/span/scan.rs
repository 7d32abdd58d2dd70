//! Step 1: the scan, its parts, and net deltas by period.
//!
//! With `S[i]` the sum of lots times array value in scenario `i` (loss positive), `m = max S[i]` and `a` the lowest `i`
//! that reaches it:
//!
//! ```text
//! scan risk       = max(0, m)
//! volatility risk = (S[a] - S[pair of a]) / 2       where m < 0: (S[1] - S[2]) / 2
//! time risk       = (S[1] + S[2]) / 2
//! price risk      = max(0, scan risk - volatility risk - time risk)
//! weighted price risk = price risk / |net delta|    0 where the net delta is 0
//! ```
//!
//! Tiers that are scanned apart do not net: the commodity's scan, time and volatility risk are the sums over them.

use super::options::OptionTotals;
use super::rounding::Rounding;
use crate::parameters::Commodity;
use crate::scenario::{Row, ScanPoints, ScenarioIndex, ScenarioSums};
use crate::types::{Delta, Lots, Money, Overflow};

/// Scenario losses, the worst of them, and the parts of scan risk: of a commodity, or of a tier that is scanned apart.
///
/// What only a report shows is kept as it came from the arrays and formed on demand.
#[derive(Clone, Debug)]
pub struct Scan {
    losses: Losses,
    /// The scenario with the largest loss, of equals the lowest number.
    pub active_scenario: ScenarioIndex,
    /// The largest loss, floored and rounded as the profile says; of several tiers the sum.
    pub scan_risk: Money,
    /// The mean loss of the two scenarios without a price move.
    pub time_risk: Money,
    /// Half the difference between the active scenario and its pair.
    pub volatility_risk: Money,
    /// What is left of scan risk; never negative.
    pub price_risk: Money,
    /// Net delta over all periods.
    pub net_delta: Delta,
    /// What price risk starts from: scan risk before it is rounded.
    base: Money,
}

#[derive(Clone, Debug)]
enum Losses {
    /// Integers, and what they are multiplied by to become money.
    Sums(ScenarioSums, i128),
    /// What was rounded, added up or credited on the way.
    Exact(Vec<Money>),
}

impl Losses {
    fn get(&self, scenario: ScenarioIndex) -> Result<Money, Overflow> {
        match self {
            Self::Sums(sums, scale) => Money::from_scale(sums.get(scenario), *scale),
            Self::Exact(losses) => Ok(losses[scenario.index()]),
        }
    }

    fn largest(&self) -> ScenarioIndex {
        match self {
            Self::Sums(sums, _) => sums.largest(),
            Self::Exact(losses) => ScenarioIndex::of_largest(losses),
        }
    }
}

impl Scan {
    /// The loss in every scenario; gains are negative. Of several tiers the sums.
    ///
    /// # Errors
    /// [`Overflow`] when one does not fit.
    pub fn scenario_losses(&self) -> Result<Vec<Money>, Overflow> {
        match &self.losses {
            Losses::Sums(sums, scale) => sums.iter().map(|sum| Money::from_scale(sum, *scale)).collect(),
            Losses::Exact(losses) => Ok(losses.clone()),
        }
    }

    /// Nothing at all, to be filled.
    #[inline]
    pub(super) const fn empty() -> Self {
        Self {
            losses: Losses::Exact(Vec::new()),
            active_scenario: ScenarioIndex::FIRST,
            scan_risk: Money::ZERO,
            time_risk: Money::ZERO,
            volatility_risk: Money::ZERO,
            price_risk: Money::ZERO,
            net_delta: Delta::ZERO,
            base: Money::ZERO,
        }
    }

    /// Nothing in every scenario.
    pub(super) fn nothing(points: &ScanPoints) -> Self {
        Self { losses: Losses::Exact(vec![Money::ZERO; points.count()]), ..Self::empty() }
    }

    /// Scans losses that were formed on the way.
    pub(super) fn of_losses(
        points: &ScanPoints,
        losses: Vec<Money>,
        net_delta: Delta,
        options: &OptionTotals,
        rounding: Rounding,
    ) -> Result<Self, Overflow> {
        let rounded = losses.into_iter().map(|loss| rounding.risk(loss)).collect::<Result<_, _>>()?;
        let mut scan = Self { losses: Losses::Exact(rounded), ..Self::empty() };
        scan.evaluate(points, net_delta, options, rounding)?;
        Ok(scan)
    }

    /// Scans positions as one, from their losses by scenario where these are kept. In place: a scan is large, and most of the
    /// work is not.
    pub(super) fn fill(
        &mut self,
        points: &ScanPoints,
        commodity: &Commodity,
        (positions, kept): (&[(Row, Lots)], Option<&ScenarioSums>),
        net_delta: Delta,
        options: &OptionTotals,
        rounding: Rounding,
    ) -> Result<(), Overflow> {
        let scale = Money::scale(i32::from(commodity.arrays().places()) - commodity.risk_exponent())?;
        let sums = match kept {
            None => commodity.arrays().scenario_sums(positions),
            Some(kept) => kept.clone(),
        };
        if rounding.is_whole() {
            let losses = sums.iter().map(|sum| Money::from_scale(sum, scale)).collect::<Result<_, _>>()?;
            *self = Self::of_losses(points, losses, net_delta, options, rounding)?;
            return Ok(());
        }
        self.losses = Losses::Sums(sums, scale);
        self.evaluate(points, net_delta, options, rounding)
    }

    /// What follows from the losses.
    fn evaluate(
        &mut self,
        points: &ScanPoints,
        net_delta: Delta,
        options: &OptionTotals,
        rounding: Rounding,
    ) -> Result<(), Overflow> {
        let active = self.losses.largest();
        let (largest, paired) = (self.losses.get(active)?, self.losses.get(points.paired(active))?);
        let first = self.losses.get(ScenarioIndex::FIRST)?;
        let second = self.losses.get(ScenarioIndex::SECOND)?;
        let base = rounding.scan_base(largest);
        let volatility_risk = if largest.is_negative() && base.is_floored {
            first.minus(second)?.half_away()
        } else {
            largest.minus(paired)?.half_away()
        };
        self.active_scenario = active;
        self.base = base.loss;
        self.net_delta = net_delta;
        self.time_risk = rounding.risk(first.plus(second)?.half_away())?;
        self.volatility_risk = rounding.risk(volatility_risk)?;
        self.price_risk = base.loss.minus(self.volatility_risk)?.minus(self.time_risk)?.max(Money::ZERO);
        self.scan_risk = rounding.scan_risk(base.loss, options)?;
        Ok(())
    }

    /// The sum of scans that do not net.
    pub(super) fn total<'a>(
        mut scans: impl Iterator<Item = &'a Self>,
        points: &ScanPoints,
    ) -> Result<Self, Overflow> {
        let mut total = scans.try_fold(Self::nothing(points), |mut total, scan| {
            let losses = total.scenario_losses()?.into_iter().zip(scan.scenario_losses()?);
            total.losses = Losses::Exact(losses.map(|(a, b)| a.plus(b)).collect::<Result<_, _>>()?);
            total.scan_risk = total.scan_risk.plus(scan.scan_risk)?;
            total.time_risk = total.time_risk.plus(scan.time_risk)?;
            total.volatility_risk = total.volatility_risk.plus(scan.volatility_risk)?;
            total.net_delta = total.net_delta.plus(scan.net_delta)?;
            total.base = total.base.plus(scan.base)?;
            Ok(total)
        })?;
        total.active_scenario = total.losses.largest();
        total.price_risk = total.base.minus(total.volatility_risk)?.minus(total.time_risk)?.max(Money::ZERO);
        Ok(total)
    }
}

/// Net delta of each period.
pub(super) fn period_deltas(
    commodity: &Commodity,
    positions: &[(Row, Lots)],
    rounding: Rounding,
) -> Result<Vec<Delta>, Overflow> {
    let count = commodity.periods().len();
    // Zeroed by hand: memory that comes zeroed is dearer where it is little.
    let mut deltas = Vec::with_capacity(count);
    deltas.resize(count, Delta::ZERO);
    for &(row, lots) in positions {
        let contract = commodity.contract(row);
        // Lots and deltas have 64 bits each, and a portfolio has at most 25,000 positions: the sum fits.
        let product = i128::from(contract.delta).wrapping_mul(i128::from(lots.get()));
        let sum = &mut deltas[contract.period.index()];
        *sum = Delta::from_raw(sum.raw().wrapping_add(product));
    }
    let scale = Delta::scale(i32::from(commodity.delta_places()))?;
    for delta in deltas.iter_mut().filter(|delta| !delta.is_zero()) {
        *delta = Delta::from_scale(delta.raw(), scale)?;
    }
    if rounding.is_whole() {
        for delta in &mut deltas {
            *delta = rounding.delta(*delta)?;
        }
    }
    Ok(deltas)
}

/// Scans positions as one.
pub(super) fn scan(
    points: &ScanPoints,
    commodity: &Commodity,
    positions: &[(Row, Lots)],
    net_delta: Delta,
    options: &OptionTotals,
    rounding: Rounding,
) -> Result<Scan, Overflow> {
    let mut scan = Scan::empty();
    scan.fill(points, commodity, (positions, None), net_delta, options, rounding)?;
    Ok(scan)
}
