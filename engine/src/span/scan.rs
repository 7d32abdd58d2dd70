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

use super::options::OptionTotals;
use super::rounding;
use crate::parameters::{Commodity, RoundingProfile};
use crate::scenario::{Row, ScanPoints, ScenarioIndex, ScenarioSums};
use crate::types::{Delta, Lots, Money, Overflow};

/// Scenario losses of one commodity, the worst of them, and the parts of scan risk.
///
/// What only a report shows is kept as it came from the arrays and formed on demand.
#[derive(Clone, Debug)]
pub struct Scan {
    sums: ScenarioSums,
    places: i32,
    /// The scenario with the largest loss, of equals the lowest number.
    pub active_scenario: ScenarioIndex,
    /// The largest loss, floored and rounded as the profile says.
    pub scan_risk: Money,
    /// The mean loss of the two scenarios without a price move.
    pub time_risk: Money,
    /// Half the difference between the active scenario and its pair.
    pub volatility_risk: Money,
    /// What is left of scan risk; never negative.
    pub price_risk: Money,
    /// Net delta over all periods.
    pub net_delta: Delta,
}

impl Scan {
    /// The loss in every scenario; gains are negative.
    pub fn scenario_losses(&self) -> impl Iterator<Item = Result<Money, Overflow>> {
        self.sums.iter().map(|sum| Money::from_scaled(sum, self.places))
    }

    /// Price risk for each unit of net delta, rounded half away from zero to 1e-18; 0 where the net delta is 0.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn weighted_price_risk_half_away(&self) -> Result<Money, Overflow> {
        if self.price_risk.is_zero() || self.net_delta.is_zero() {
            return Ok(Money::ZERO);
        }
        self.price_risk.per_delta_half_away(self.net_delta)
    }
}

/// Net delta of each period.
pub(super) fn period_deltas(
    commodity: &Commodity,
    positions: &[(Row, Lots)],
) -> Result<Vec<Delta>, Overflow> {
    let mut deltas = vec![Delta::ZERO; commodity.periods().len()];
    for &(row, lots) in positions {
        let contract = commodity.contract(row);
        let sum = &mut deltas[contract.period.index()];
        *sum = sum.plus(contract.delta.times_lots(lots)?)?;
    }
    Ok(deltas)
}

pub(super) fn scan(
    points: &ScanPoints,
    commodity: &Commodity,
    positions: &[(Row, Lots)],
    period_deltas: &[Delta],
    options: &OptionTotals,
    rounding: RoundingProfile,
) -> Result<Scan, Overflow> {
    let places = i32::from(commodity.arrays().places()) - commodity.risk_exponent();
    let sums = commodity.arrays().scenario_sums(positions);
    let loss = |scenario: ScenarioIndex| Money::from_scaled(sums.get(scenario), places);
    let active = sums.largest();
    let (largest, paired) = (loss(active)?, loss(points.paired(active))?);
    let (first, second) = (loss(ScenarioIndex::FIRST)?, loss(ScenarioIndex::SECOND)?);
    let time_risk = first.plus(second)?.half_away();
    let base = rounding::scan_base(rounding, largest);
    let volatility_risk = if largest.is_negative() && base.floored {
        first.minus(second)?.half_away()
    } else {
        largest.minus(paired)?.half_away()
    };
    let price_risk = base.loss.minus(volatility_risk)?.minus(time_risk)?.max(Money::ZERO);
    let net_delta = period_deltas.iter().try_fold(Delta::ZERO, |sum, delta| sum.plus(*delta))?;
    let scan_risk = rounding::scan_risk(rounding, base.loss, options)?;
    Ok(Scan {
        sums,
        places,
        active_scenario: active,
        scan_risk,
        time_risk,
        volatility_risk,
        price_risk,
        net_delta,
    })
}
