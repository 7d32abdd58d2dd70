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
use crate::scenario::{Row, ScanPoints, ScenarioIndex};
use crate::types::{Delta, Lots, Money, Overflow};

/// Scenario losses of one commodity, the worst of them, and the parts of scan risk.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The loss in every scenario; gains are negative.
    pub scenario_losses: Vec<Money>,
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
    /// Price risk for each unit of net delta.
    pub weighted_price_risk: Money,
    /// Net delta over all periods.
    pub net_delta: Delta,
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
    let sums = commodity.arrays().scenario_sums(positions).into_iter();
    let losses: Vec<Money> = sums.map(|sum| Money::from_scaled(sum, places)).collect::<Result<_, _>>()?;
    let (active, largest) = largest_loss(&losses);
    let paired = losses[points.paired(active).index()];
    let time_risk = losses[0].plus(losses[1])?.half_away();
    let base = rounding::scan_base(rounding, largest);
    let volatility_risk = if largest.is_negative() && base.floored {
        losses[0].minus(losses[1])?.half_away()
    } else {
        largest.minus(paired)?.half_away()
    };
    let price_risk = base.loss.minus(volatility_risk)?.minus(time_risk)?.max(Money::ZERO);
    let net_delta = period_deltas.iter().try_fold(Delta::ZERO, |sum, delta| sum.plus(*delta))?;
    let weighted_price_risk = match price_risk.is_zero() || net_delta.is_zero() {
        true => Money::ZERO,
        false => price_risk.per_delta_half_away(net_delta)?,
    };
    let scan_risk = rounding::scan_risk(rounding, base.loss, options)?;
    Ok(Scan {
        scenario_losses: losses,
        active_scenario: active,
        scan_risk,
        time_risk,
        volatility_risk,
        price_risk,
        weighted_price_risk,
        net_delta,
    })
}

/// The lowest scenario that reaches the largest loss. Every set has at least two scenarios of at most 64.
fn largest_loss(losses: &[Money]) -> (ScenarioIndex, Money) {
    let mut worst = (ScenarioIndex::new(0), losses[0]);
    for (index, &loss) in (0..).zip(losses) {
        if loss > worst.1 {
            worst = (ScenarioIndex::new(index), loss);
        }
    }
    worst
}
