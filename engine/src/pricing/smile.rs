//! The volatilities of one expiry between its quotes.
//!
//! What is kept is total variance `w = vol^2 T` by moneyness: `k = ln(K/F)` for lognormal volatilities, `k = K - F` for normal ones. Nodes
//! are joined in prices: undiscounted calls are interpolated by a rational cubic that is convex and smooth where the nodes' prices
//! are convex (R. Delbourgo and J. Gregory, Shape preserving piecewise rational interpolation, SIAM J. Sci. Stat. Comput. 6, 1985), so
//! that no butterfly costs less than nothing between them. Where the nodes themselves are not convex, total variance is joined by
//! straight lines. Beyond the first and the last node the volatility is theirs.

use super::elementary::{exp, greater, lesser, ln_ratio, normal_distribution, normal_quantile};
use super::implied::{lognormal_deviation, normal_deviation};
use super::{bachelier, black76};
use crate::contract::OptionModel;
use crate::market::{Smile, Svi};

/// Total variance by moneyness.
#[derive(Clone, Debug)]
pub(super) enum Curve {
    Flat(f64),
    Svi(Svi),
    Nodes(Vec<Node>, OptionModel),
}

/// A node, and the piece that leads from it to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    /// `K/F`, or `K - F`.
    place: f64,
    variance: f64,
    /// The undiscounted call on a forward of one, or of zero; and its slope.
    call: f64,
    slope: f64,
    /// Whether prices are convex up to the next node.
    is_convex: bool,
}

/// The undiscounted call on a forward of one (lognormal) or zero (normal), struck at `place`.
fn call(model: OptionModel, place: f64, s: f64) -> f64 {
    match model {
        OptionModel::Lognormal => {
            greater(1.0 - place, 0.0) + black76::time_value(1.0, place, ln_ratio(1.0, place), s)
        }
        OptionModel::Normal => greater(-place, 0.0) + bachelier::time_value(-place, s),
    }
}

/// The call's slope to the strike, the volatility held fixed.
fn slope(model: OptionModel, place: f64, s: f64) -> f64 {
    match model {
        OptionModel::Lognormal => -normal_distribution(ln_ratio(1.0, place) / s - 0.5 * s),
        OptionModel::Normal => -normal_distribution(-place / s),
    }
}

impl Curve {
    /// The curve of a smile for options with so much time, and the strikes around which prices are not convex. Nodes by strike need
    /// the forward: `None` without.
    pub(super) fn new(smile: &Smile, forward: Option<f64>, years: f64) -> Option<(Self, Vec<f64>)> {
        let nodes = match smile {
            Smile::Flat { volatility, .. } => {
                return Some((Self::Flat(volatility * volatility * years), Vec::new()));
            }
            Smile::Svi(svi) => {
                let faults =
                    (-200..=200).map(|step| f64::from(step) * 0.01).filter(|k| svi_density(svi, *k) < 0.0);
                return Some((Self::Svi(*svi), faults.map(exp).collect()));
            }
            Smile::Strikes { model: OptionModel::Lognormal, nodes } => {
                let forward = forward.filter(|forward| *forward > 0.0)?;
                nodes
                    .iter()
                    .map(|(strike, volatility)| (strike / forward, volatility * volatility * years))
                    .collect()
            }
            Smile::Strikes { model: OptionModel::Normal, nodes } => {
                let forward = forward?;
                nodes
                    .iter()
                    .map(|(strike, volatility)| (strike - forward, volatility * volatility * years))
                    .collect()
            }
            Smile::Deltas(nodes) => by_delta(nodes, years),
        };
        let (nodes, kinks) = joined(nodes, model_of(smile));
        Some((Self::Nodes(nodes, model_of(smile)), kinks))
    }

    /// Total variance at `k`.
    pub(super) fn variance(&self, k: f64) -> f64 {
        match self {
            Self::Flat(variance) => *variance,
            Self::Svi(svi) => svi_variance(svi, k).0,
            Self::Nodes(nodes, model) => {
                let place =
                    if *model == OptionModel::Lognormal { exp(lesser(greater(k, -700.0), 700.0)) } else { k };
                between(nodes, *model, place)
            }
        }
    }
}

pub(super) const fn model_of(smile: &Smile) -> OptionModel {
    match smile {
        Smile::Flat { model, .. } | Smile::Strikes { model, .. } => *model,
        Smile::Deltas(_) | Smile::Svi(_) => OptionModel::Lognormal,
    }
}

/// Nodes by `K/F` of nodes by the call's delta: `ln(F/K) = N^-1(delta) s - s^2 / 2`.
fn by_delta(nodes: &[(f64, f64)], years: f64) -> Vec<(f64, f64)> {
    let node = |(delta, volatility): &(f64, f64)| {
        let variance = volatility * volatility * years;
        (exp(0.5 * variance - normal_quantile(*delta) * variance.sqrt()), variance)
    };
    nodes.iter().map(node).collect()
}

/// Slopes at the nodes, and which pieces are convex; the places of nodes around which they are not.
fn joined(nodes: Vec<(f64, f64)>, model: OptionModel) -> (Vec<Node>, Vec<f64>) {
    let mut joined: Vec<Node> = nodes
        .into_iter()
        .map(|(place, variance)| {
            let s = variance.sqrt();
            let (call, slope) = (call(model, place, s), slope(model, place, s));
            Node { place, variance, call, slope, is_convex: false }
        })
        .collect();
    let chords: Vec<f64> = joined
        .windows(2)
        .map(|pair| (pair[1].call - pair[0].call) / (pair[1].place - pair[0].place))
        .collect();
    let last = joined.len() - 1;
    for place in 0..=last {
        let before = place.checked_sub(1).map(|before| chords[before]);
        let own = &joined[place];
        let slope = match (before, chords.get(place)) {
            (Some(before), Some(&behind)) => {
                // Of the two chords, the shorter one's weighs more.
                let (left, right) =
                    (own.place - joined[place - 1].place, joined[place + 1].place - own.place);
                (left * behind + right * before) / (left + right)
            }
            // At the ends the slope goes over into that of a fixed volatility, as far as convexity lets it.
            (None, Some(&first)) => lesser(own.slope, first - 0.5 * (first + 1.0)),
            (Some(end), None) => greater(own.slope, 0.5 * end),
            (None, None) => own.slope,
        };
        joined[place].slope = slope;
    }
    let mut kinks = Vec::new();
    for place in 0..last {
        joined[place].is_convex =
            joined[place].slope < chords[place] && chords[place] < joined[place + 1].slope;
        if place > 0 && chords[place] <= chords[place - 1] {
            kinks.push(joined[place].place);
        }
    }
    (joined, kinks)
}

fn between(nodes: &[Node], model: OptionModel, place: f64) -> f64 {
    let behind = nodes.partition_point(|node| node.place <= place);
    let (Some(low), Some(high)) = (behind.checked_sub(1).map(|before| nodes[before]), nodes.get(behind))
    else {
        let end = if behind == 0 { nodes.first() } else { nodes.last() };
        return end.map_or(0.0, |end| end.variance);
    };
    let width = high.place - low.place;
    let share = (place - low.place) / width;
    let straight = low.variance + (high.variance - low.variance) * share;
    if !low.is_convex {
        return straight;
    }
    // Left of the forward in puts, which are smaller there: a straight line between the two does not change the curve.
    let middle = if model == OptionModel::Lognormal { 1.0 } else { 0.0 };
    let in_puts = high.place <= middle;
    let value = |node: &Node| if in_puts { node.call - (middle - node.place) } else { node.call };
    let lift = if in_puts { 1.0 } else { 0.0 };
    let (from, to) = (value(&low), value(high));
    let (start, end, chord) = (low.slope + lift, high.slope + lift, (to - from) / width);
    let ratio = (end - chord) / (chord - start);
    let tension = 1.0 + ratio + 1.0 / ratio;
    let rest = 1.0 - share;
    let top = to * share * share * share
        + (tension * to - width * end) * share * share * rest
        + (tension * from + width * start) * share * rest * rest
        + from * rest * rest * rest;
    let price = top / (1.0 + (tension - 3.0) * share * rest);
    let intrinsic = if in_puts { 0.0 } else { greater(middle - place, 0.0) };
    let deviation = match model {
        OptionModel::Lognormal => lognormal_deviation(1.0, place, price - intrinsic),
        OptionModel::Normal => normal_deviation(-place, price - intrinsic),
    };
    deviation.map_or(straight, |s| s * s)
}

/// Total variance with its first and second derivative.
fn svi_variance(svi: &Svi, k: f64) -> (f64, f64, f64) {
    let away = k - svi.m;
    let root = (away * away + svi.sigma * svi.sigma).sqrt();
    let value = svi.a + svi.b * (svi.rho * away + root);
    let slope = svi.b * (svi.rho + away / root);
    let bend = svi.b * svi.sigma * svi.sigma / (root * root * root);
    (value, slope, bend)
}

/// The sign of the density that the variance implies: negative where a butterfly would cost less than nothing (J. Gatheral and
/// A. Jacquier, Arbitrage-free SVI volatility surfaces, 2014, section 2.2).
fn svi_density(svi: &Svi, k: f64) -> f64 {
    let (value, slope, bend) = svi_variance(svi, k);
    if value <= 0.0 {
        return 0.0;
    }
    let lean = 1.0 - 0.5 * k * slope / value;
    lean * lean - 0.25 * slope * slope * (1.0 / value + 0.25) + 0.5 * bend
}
