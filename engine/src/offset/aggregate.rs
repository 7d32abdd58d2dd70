//! The rules: sums, gains that count in part, pairs, correlations of signed losses.

#![allow(clippy::float_arithmetic, reason = "a correlated sum is a root; money is rounded once")]

use super::correlation::CorrelationMatrix;
use crate::types::{Money, Overflow, Ratio};

/// The risk of one price source.
#[derive(Clone, Copy, Debug)]
pub struct SourceRisk<'a> {
    /// Its result in every scenario, gains positive; as many for every source.
    pub results: &'a [Money],
    /// What it would have to cover alone; not negative, and at least the loss of its worst scenario.
    pub alone: Money,
}

/// Two sources of a group, and how much of a gain in one counts against a loss in the other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OffsetPair {
    /// One, by its place in the group.
    pub one: usize,
    /// The other.
    pub other: usize,
    /// From 0 to 1.
    pub fraction: Ratio,
}

/// How far offsets may go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// The most of the sum that offsets take away.
    pub most_benefit: Ratio,
    /// The least that is left, as a part of the greatest requirement of a single source.
    pub floor: Ratio,
}

impl Limits {
    /// None.
    pub const NONE: Self = Self { most_benefit: Ratio::ONE, floor: Ratio::ZERO };
}

/// What a source counts for at the margin: a part of its loss in a scenario.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Weight {
    /// All of its own requirement.
    Alone,
    /// So much of its loss in this scenario, and all of what it has to cover beyond its worst scenario.
    InScenario(usize, Ratio),
    /// All of its own requirement, and these parts of its losses in scenarios.
    Common([(usize, Ratio); 2]),
}

/// What the sources have to cover together.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Combined {
    /// Together, after offsets.
    pub amount: Money,
    /// The sum of what each has to cover alone.
    pub sum: Money,
    /// What each source counts for, before limits.
    pub weights: Vec<Weight>,
    /// What all of it is multiplied by where a limit holds.
    pub scale: Ratio,
}

fn total(amounts: impl IntoIterator<Item = Money>) -> Result<Money, Overflow> {
    amounts.into_iter().try_fold(Money::ZERO, Money::plus)
}

/// The loss of the worst scenario; not negative.
pub(super) fn scan(risk: &SourceRisk<'_>) -> Money {
    let worst = risk.results.iter().copied().min().unwrap_or_default();
    worst.negated().max(Money::ZERO)
}

/// What sources have to cover beyond their worst scenarios.
fn beyond(risks: &[SourceRisk<'_>]) -> Result<Money, Overflow> {
    risks.iter().try_fold(Money::ZERO, |sum, risk| sum.plus(risk.alone.minus(scan(risk))?))
}

/// No offsets: the sum.
///
/// # Errors
/// [`Overflow`] when it does not fit.
pub fn summed(risks: &[SourceRisk<'_>]) -> Result<Combined, Overflow> {
    let sum = total(risks.iter().map(|risk| risk.alone))?;
    Ok(Combined { amount: sum, sum, weights: vec![Weight::Alone; risks.len()], scale: Ratio::ONE })
}

/// Sources move together; of a gain a part counts, up to an amount for each source. Without any part they are summed.
///
/// # Errors
/// [`Overflow`] when a number does not fit.
pub fn by_gains(
    risks: &[SourceRisk<'_>],
    fraction: Ratio,
    most: Option<Money>,
    limits: Limits,
) -> Result<Combined, Overflow> {
    if fraction.is_zero() || risks.len() < 2 {
        return summed(risks);
    }
    let counted = |result: Money| -> Result<Money, Overflow> {
        if !result.is_positive() {
            return Ok(result);
        }
        let part = result.times_ratio_half_away(fraction)?;
        Ok(most.map_or(part, |most| part.min(most)))
    };
    jointly(risks, limits, |scenario| risks.iter().map(|risk| counted(risk.results[scenario])).collect())
}

/// Sources move together; gains count against losses by pairs, in their order, every unit of either once. Sources without a pair
/// to another one here are summed.
///
/// # Errors
/// [`Overflow`] when a number does not fit.
pub fn by_pairs(
    risks: &[SourceRisk<'_>],
    pairs: &[OffsetPair],
    limits: Limits,
) -> Result<Combined, Overflow> {
    let linked: Vec<&OffsetPair> = pairs.iter().filter(|pair| pair.fraction.is_positive()).collect();
    let is_linked = |source: usize| linked.iter().any(|pair| pair.one == source || pair.other == source);
    let inside: Vec<usize> = (0..risks.len()).filter(|&source| is_linked(source)).collect();
    if inside.is_empty() {
        return summed(risks);
    }
    let joint: Vec<SourceRisk<'_>> = inside.iter().map(|&source| risks[source]).collect();
    let place = |source: usize| inside.binary_search(&source).unwrap_or_default();
    let counted = |scenario: usize| -> Result<Vec<Money>, Overflow> {
        let results: Vec<Money> = joint.iter().map(|risk| risk.results[scenario]).collect();
        let mut left: Vec<Money> = results.iter().map(|own| own.magnitude()).collect();
        let mut counted: Vec<Money> = results.iter().map(|own| (*own).min(Money::ZERO)).collect();
        for pair in &linked {
            let (one, other) = (place(pair.one), place(pair.other));
            let (gain, loss) = if results[one].is_positive() { (one, other) } else { (other, one) };
            if !(results[gain].is_positive() && results[loss].is_negative()) {
                continue;
            }
            let matched = left[gain].min(left[loss]);
            left[gain] = left[gain].minus(matched)?;
            left[loss] = left[loss].minus(matched)?;
            counted[gain] = counted[gain].plus(matched.times_ratio_half_away(pair.fraction)?)?;
        }
        Ok(counted)
    };
    let own = jointly(&joint, Limits::NONE, counted)?;
    let (mut weights, mut alone) = (vec![Weight::Alone; risks.len()], Money::ZERO);
    for (source, risk) in risks.iter().enumerate() {
        match inside.binary_search(&source) {
            Ok(place) => weights[source] = own.weights[place],
            Err(_) => alone = alone.plus(risk.alone)?,
        }
    }
    limited(risks, own.amount.plus(alone)?, weights, limits)
}

/// The worst scenario of all together, by what each source counts in it.
fn jointly(
    risks: &[SourceRisk<'_>],
    limits: Limits,
    counted: impl Fn(usize) -> Result<Vec<Money>, Overflow>,
) -> Result<Combined, Overflow> {
    let scenarios = risks.first().map_or(0, |risk| risk.results.len());
    let mut worst: Option<(Money, usize, Vec<Money>)> = None;
    for scenario in 0..scenarios {
        let own = counted(scenario)?;
        let result = total(own.iter().copied())?;
        if worst.as_ref().is_none_or(|(before, ..)| result < *before) {
            worst = Some((result, scenario, own));
        }
    }
    let Some((result, scenario, own)) = worst else { return summed(risks) };
    let loss = result.negated().max(Money::ZERO);
    let weight = |(risk, counted): (&SourceRisk<'_>, &Money)| {
        let result = risk.results[scenario];
        let part = if loss.is_zero() || result.is_zero() {
            Ok(Ratio::ZERO)
        } else {
            counted.ratio_to_half_away(result)
        };
        part.map(|part| Weight::InScenario(scenario, part))
    };
    let weights = risks.iter().zip(&own).map(weight).collect::<Result<_, _>>()?;
    limited(risks, loss.plus(beyond(risks)?)?, weights, limits)
}

/// What a source has in a common move: its loss, or its gain as a negative one, up to what it may lose in its worst scenario.
fn exposure(risk: &SourceRisk<'_>, scenario: usize) -> Exposure {
    let result = risk.results[scenario];
    let most = scan(risk);
    if result <= most {
        return Exposure { loss: result.negated(), scenario, sign: Ratio::ONE };
    }
    let worst = risk.results.iter().enumerate().min_by_key(|(_, result)| **result);
    let minus = Ratio::ZERO.minus(Ratio::ONE).unwrap_or(Ratio::ZERO);
    Exposure { loss: most.negated(), scenario: worst.map_or(scenario, |(place, _)| place), sign: minus }
}

/// A signed loss, and the scenario that it is the loss of, or the gain.
#[derive(Clone, Copy)]
struct Exposure {
    loss: Money,
    scenario: usize,
    sign: Ratio,
}

/// The root of `l'Cl` of the signed losses in the common move up, or down, whichever is larger, and what every source has to cover
/// beyond the larger of its two; sources are those of the matrix, of which some may have nothing.
///
/// A gain counts up to what its source may lose in its worst scenario: what only gains adds no risk. What a source loses in other
/// scenarios than the two is not correlated, so that the whole tends to what is without a source as its results go to nothing.
///
/// # Errors
/// [`Overflow`] when a number does not fit.
pub fn by_correlation(
    risks: &[SourceRisk<'_>],
    matrix: &CorrelationMatrix,
    up: usize,
    down: usize,
    limits: Limits,
) -> Result<Combined, Overflow> {
    let correlations = matrix.as_array();
    let of =
        |scenario: usize| -> Vec<Exposure> { risks.iter().map(|risk| exposure(risk, scenario)).collect() };
    let root = |exposures: &[Exposure]| {
        let losses: Vec<f64> = exposures.iter().map(|own| own.loss.to_f64()).collect();
        let mixed: Vec<f64> = correlations
            .outer_iter()
            .map(|row| row.iter().zip(&losses).fold(0.0, |sum, (own, loss)| own.mul_add(*loss, sum)))
            .collect();
        let square = losses.iter().zip(&mixed).fold(0.0, |sum: f64, (loss, own)| loss.mul_add(*own, sum));
        (square.max(0.0).sqrt(), mixed)
    };
    let moves = [of(up), of(down)];
    let [(of_up, mixed_up), (of_down, mixed_down)] = [root(&moves[0]), root(&moves[1])];
    let (chosen, root, mixed) =
        if of_down > of_up { (&moves[1], of_down, mixed_down) } else { (&moves[0], of_up, mixed_up) };
    let (mut amount, mut weights) = (Money::from_f64_half_away(root)?, Vec::with_capacity(risks.len()));
    for (place, risk) in risks.iter().enumerate() {
        let larger = |one: Exposure, other: Exposure| {
            if other.loss.magnitude() > one.loss.magnitude() { other } else { one }
        };
        let own = larger(moves[0][place], moves[1][place]);
        amount = amount.plus(risk.alone.minus(own.loss.magnitude())?)?;
        let part = if root > 0.0 { mixed[place] / root } else { 0.0 };
        let counted = Ratio::from_f64_half_away(part)?.times_ratio_half_away(chosen[place].sign)?;
        let size = if own.loss.is_negative() { own.sign } else { Ratio::ZERO.minus(own.sign)? };
        weights.push(Weight::Common([(chosen[place].scenario, counted), (own.scenario, size)]));
    }
    limited(risks, amount, weights, limits)
}

/// Holds an amount between the limits and the sum.
pub(super) fn limited(
    risks: &[SourceRisk<'_>],
    amount: Money,
    weights: Vec<Weight>,
    limits: Limits,
) -> Result<Combined, Overflow> {
    let sum = total(risks.iter().map(|risk| risk.alone))?;
    let greatest = risks.iter().map(|risk| risk.alone).max().unwrap_or_default();
    let least = sum.minus(sum.times_ratio_half_away(limits.most_benefit)?)?;
    let least = least.max(greatest.times_ratio_half_away(limits.floor)?);
    let held = amount.max(least).min(sum);
    let scale = if held == amount { Ratio::ONE } else { scale_of(held, amount)? };
    Ok(Combined { amount: held, sum, weights, scale })
}

fn scale_of(held: Money, amount: Money) -> Result<Ratio, Overflow> {
    // Where nothing is left to be scaled, the limit is nobody's share.
    if amount.is_zero() { Ok(Ratio::ZERO) } else { held.ratio_to_half_away(amount) }
}
