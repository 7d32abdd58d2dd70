//! The volatilities of one expiry between its quotes.
//!
//! What is kept is total variance `w = vol^2 T` by moneyness: `k = ln(K/F)` for lognormal volatilities, `k = K - F` for normal ones. Nodes
//! are joined in prices of options out of the money, puts left of the forward and calls right of it, where every digit of a small price is
//! kept: by a rational cubic that is convex and smooth where the nodes' prices are convex (R. Delbourgo and J. Gregory, Shape preserving
//! piecewise rational interpolation, SIAM J. Sci. Stat. Comput. 6, 1985), so that no butterfly costs less than nothing between them. The
//! piece that has the forward inside is cut there, at the value and the slope that it has for calls. Where the nodes themselves are
//! not convex, total variance is joined by straight lines. Beyond the first and the last node the volatility is theirs.

use super::elementary::{exp, greater, lesser, ln_ratio, normal_quantile};
use super::pieces::Pieces;
use crate::contract::OptionModel;
use crate::market::{Smile, Svi};

/// Total variance by moneyness.
#[derive(Clone, Debug)]
pub(super) enum Curve {
    Flat(f64),
    Svi(Svi),
    Nodes(Pieces),
}

/// How far a strike is from the forward.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moneyness {
    /// `ln(K/F)`, or `K - F`.
    pub(super) k: f64,
    /// `K/F`, or `K - F`: what nodes by strike are found by, without the error of a logarithm and back.
    pub(super) place: f64,
}

impl Moneyness {
    /// Of a strike; of lognormal volatilities strike and forward are positive.
    pub(super) fn of(model: OptionModel, forward: f64, strike: f64) -> Self {
        match model {
            OptionModel::Lognormal => Self { k: ln_ratio(strike, forward), place: strike / forward },
            OptionModel::Normal => Self { k: strike - forward, place: strike - forward },
        }
    }

    pub(super) fn at(model: OptionModel, k: f64) -> Self {
        match model {
            OptionModel::Lognormal => Self { k, place: exp(lesser(greater(k, -700.0), 700.0)) },
            OptionModel::Normal => Self { k, place: k },
        }
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
        let (pieces, kinks) = Pieces::joined(nodes, smile.model());
        Some((Self::Nodes(pieces), kinks))
    }

    /// Total variance.
    pub(super) fn variance(&self, at: Moneyness) -> f64 {
        match self {
            Self::Flat(variance) => *variance,
            Self::Svi(svi) => svi_variance(svi, at.k).0,
            Self::Nodes(pieces) => pieces.variance(at.place),
        }
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
