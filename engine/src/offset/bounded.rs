//! The most that several price sources may have to cover together, where results are only known to lie between two.
//!
//! Counted gains and pairs fall as results rise, so the least results bound them; pairs do where a unit is always matched at the best
//! fraction first. A correlated sum is the root of a convex form, so it is the largest in a corner of the box of losses, and never
//! above the root in the middle and the root of the widths.

#![allow(clippy::float_arithmetic, reason = "a correlated sum is a root; money is rounded once")]

use super::aggregate::{Limits, OffsetPair, SourceRisk, by_gains, by_pairs, limited, scan, summed};
use super::correlation::CorrelationMatrix;
use crate::types::{Money, Overflow, Ratio};

/// What is known of the risk of one price source.
#[derive(Clone, Copy, Debug)]
pub struct RiskExtent<'a> {
    /// At least its result in every scenario.
    pub least: &'a [Money],
    /// At most its result in every scenario.
    pub most: &'a [Money],
    /// At most what it has to cover beyond its worst scenario.
    pub beyond: Money,
    /// Whether there are positions on it in every case.
    pub is_certain: bool,
}

impl<'a> RiskExtent<'a> {
    fn worst(&self) -> Result<SourceRisk<'a>, Overflow> {
        let bare = SourceRisk { results: self.least, alone: Money::ZERO };
        Ok(SourceRisk { alone: scan(&bare).plus(self.beyond)?, ..bare })
    }
}

impl RiskExtent<'_> {
    /// The least and the most of the exposure in a common move: a gain counts up to what may be lost in the worst scenario.
    fn exposures(&self, scenario: usize) -> [Money; 2] {
        let gain_at_most = |results: &[Money]| scan(&SourceRisk { results, alone: Money::ZERO });
        let low = self.most[scenario].min(gain_at_most(self.least));
        let high = self.least[scenario].min(gain_at_most(self.most));
        [low.negated(), high.negated()]
    }

    /// At most what it loses in other scenarios beyond the larger of its exposures in the common moves.
    fn beside(&self, common: [usize; 2]) -> Result<Money, Overflow> {
        let least = common.map(|scenario| {
            let [low, high] = self.exposures(scenario);
            low.max(high.negated()).max(Money::ZERO)
        });
        let others = self.least.iter().enumerate().filter(|(scenario, _)| !common.contains(scenario));
        let most = others.map(|(_, result)| result.negated()).fold(Money::ZERO, Money::max);
        Ok(most.minus(least[0].max(least[1]))?.max(Money::ZERO))
    }
}

fn all_worst<'a>(risks: &[RiskExtent<'a>]) -> Result<Vec<SourceRisk<'a>>, Overflow> {
    risks.iter().map(RiskExtent::worst).collect()
}

/// At least [`by_gains`], whatever the results are.
///
/// # Errors
/// [`Overflow`] when a number does not fit.
pub fn by_gains_at_most(
    risks: &[RiskExtent<'_>],
    fraction: Ratio,
    most: Option<Money>,
    limits: Limits,
) -> Result<Money, Overflow> {
    Ok(by_gains(&all_worst(risks)?, fraction, most, limits)?.amount)
}

/// At least [`by_pairs`], whatever the results are.
///
/// # Errors
/// [`Overflow`] when a number does not fit.
pub fn by_pairs_at_most(
    risks: &[RiskExtent<'_>],
    pairs: &[OffsetPair],
    limits: Limits,
) -> Result<Money, Overflow> {
    let worst = all_worst(risks)?;
    let is_point = risks.iter().all(|risk| risk.least == risk.most);
    // Where a worse fraction may come first, more of a gain may leave less of an offset.
    let is_falling = pairs.windows(2).all(|pair| pair[0].fraction >= pair[1].fraction);
    let own = if is_falling || is_point { by_pairs(&worst, pairs, limits) } else { summed(&worst) };
    Ok(own?.amount)
}

/// At least [`by_correlation`](super::by_correlation), whatever the results are, and at least what one source needs that may be the
/// only one.
///
/// # Errors
/// [`Overflow`] when a number does not fit.
pub fn by_correlation_at_most(
    risks: &[RiskExtent<'_>],
    matrix: &CorrelationMatrix,
    scenarios: [usize; 2],
    limits: Limits,
) -> Result<Money, Overflow> {
    let worst = all_worst(risks)?;
    let roots = scenarios.map(|scenario| {
        let losses = |own: &RiskExtent<'_>| own.exposures(scenario).map(Money::to_f64);
        root_at_most(matrix, &risks.iter().map(losses).collect::<Vec<_>>())
    });
    let loss = Money::from_f64_half_away(roots[0].max(roots[1]))?;
    let amount =
        risks.iter().try_fold(loss, |sum, risk| sum.plus(risk.beyond)?.plus(risk.beside(scenarios)?))?;
    let together = limited(&worst, amount, Vec::new(), limits)?.amount;
    // Where only one source is left nothing is correlated.
    let certain = risks.iter().filter(|risk| risk.is_certain).count();
    let may_be_alone = |risk: &RiskExtent<'_>| certain == usize::from(risk.is_certain);
    let alone = risks.iter().zip(&worst).filter(|(risk, _)| may_be_alone(risk)).map(|(_, own)| own.alone);
    Ok(alone.fold(together, Money::max))
}

/// Corners of so many uncertain losses are tried one by one.
const MOST_TRIED: usize = 6;
/// What rounding of doubles may lose.
const ROUNDED: f64 = 1.0 + 1e-12;

/// The most of the root of `l'Cl` with every loss between two.
fn root_at_most(matrix: &CorrelationMatrix, losses: &[[f64; 2]]) -> f64 {
    let uncertain: Vec<usize> = (0..losses.len()).filter(|&own| losses[own][0] < losses[own][1]).collect();
    if uncertain.len() <= MOST_TRIED {
        let corner = |bits: usize| {
            let mut own: Vec<f64> = losses.iter().map(|ends| ends[0]).collect();
            for (bit, place) in uncertain.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1) {
                debug_assert!(bit < MOST_TRIED);
                own[*place] = losses[*place][1];
            }
            root(matrix, &own)
        };
        return (0..1_usize << uncertain.len()).map(corner).fold(0.0, f64::max) * ROUNDED;
    }
    let middle: Vec<f64> = losses.iter().map(|ends| (ends[0] + ends[1]) / 2.0).collect();
    let widths: Vec<f64> = losses.iter().map(|ends| (ends[1] - ends[0]) / 2.0).collect();
    let mut square = 0.0;
    for (row, one) in matrix.as_array().outer_iter().zip(&widths) {
        for (own, other) in row.iter().zip(&widths) {
            square += own.abs() * one * other;
        }
    }
    (root(matrix, &middle) + square.sqrt()) * ROUNDED
}

fn root(matrix: &CorrelationMatrix, losses: &[f64]) -> f64 {
    let mut square = 0.0;
    for (row, one) in matrix.as_array().outer_iter().zip(losses) {
        let mixed = row.iter().zip(losses).fold(0.0, |sum: f64, (own, other)| own.mul_add(*other, sum));
        square = one.mul_add(mixed, square);
    }
    square.max(0.0).sqrt()
}
