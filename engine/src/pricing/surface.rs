//! The volatilities of a price source for every strike and expiry.
//!
//! Between two expiries total variance is joined by a straight line at the same moneyness, so that it rises with time wherever the
//! quotes' does; before the first and behind the last the volatility is theirs.

use super::smile::{Curve, Moneyness};
use crate::contract::OptionModel;
use crate::market::{SourceMarket, years_between};
use crate::types::Moment;

/// Volatilities for every strike and expiry, as of one moment.
#[derive(Clone, Debug)]
pub struct Surface {
    time: Moment,
    model: OptionModel,
    /// Years, and the curve; years ascend.
    curves: Vec<(f64, Curve)>,
}

/// What should be known of the quotes that a surface was made of. None of it stops it.
#[derive(Clone, Debug, PartialEq)]
pub enum SurfaceFinding {
    /// The nodes of an expiry need a forward, which is not known: it was left out.
    NoForward(Moment),
    /// The options have expired: they were left out.
    Expired(Moment),
    /// The volatilities belong to another model than those of the first expiry: they were left out.
    OtherModel(Moment),
    /// A butterfly around these places costs less than nothing: `K/F` of lognormal, `K - F` of normal volatilities.
    Butterfly(Moment, Vec<f64>),
    /// Total variance falls from the expiry before to this one, at these moneynesses `k`.
    Calendar(Moment, Vec<f64>),
}

impl Surface {
    /// The surface of a price source's volatilities; `None` if it has none that can be used.
    #[must_use]
    pub fn of(market: &SourceMarket, time: Moment) -> (Option<Self>, Vec<SurfaceFinding>) {
        let (mut findings, mut curves) = (Vec::new(), Vec::<(f64, Curve)>::new());
        let mut model = None;
        for (&expiry, own) in &market.expiries {
            let Some(observed) = &own.smile else { continue };
            let (smile, years) = (&observed.smile, years_between(time, expiry));
            if years <= 0.0 {
                findings.push(SurfaceFinding::Expired(expiry));
                continue;
            }
            if *model.get_or_insert(smile.model()) != smile.model() {
                findings.push(SurfaceFinding::OtherModel(expiry));
                continue;
            }
            let forward = own.forward.map(|forward| forward.value());
            let Some((curve, kinks)) = Curve::new(smile, forward, years) else {
                findings.push(SurfaceFinding::NoForward(expiry));
                continue;
            };
            if !kinks.is_empty() {
                findings.push(SurfaceFinding::Butterfly(expiry, kinks));
            }
            if let Some((_, before)) = curves.last() {
                let falls = falls(before, &curve, smile.model(), forward);
                if !falls.is_empty() {
                    findings.push(SurfaceFinding::Calendar(expiry, falls));
                }
            }
            curves.push((years, curve));
        }
        let surface = model.filter(|_| !curves.is_empty()).map(|model| Self { time, model, curves });
        (surface, findings)
    }

    /// The model that the volatilities belong to.
    #[must_use]
    pub const fn model(&self) -> OptionModel {
        self.model
    }

    /// The volatility of options on a forward. Lognormal: forward and strike are to be positive.
    #[must_use]
    pub fn volatility(&self, expiry: Moment, forward: f64, strike: f64) -> Option<f64> {
        let years = years_between(self.time, expiry);
        if self.model == OptionModel::Lognormal && (forward <= 0.0 || strike <= 0.0) {
            return None;
        }
        let at = Moneyness::of(self.model, forward, strike);
        (at.k.is_finite() && years > 0.0).then(|| (self.variance(years, at) / years).sqrt())
    }

    fn variance(&self, years: f64, at: Moneyness) -> f64 {
        let behind = self.curves.partition_point(|(own, _)| *own < years);
        let before = behind.checked_sub(1).map(|before| &self.curves[before]);
        match (before, self.curves.get(behind)) {
            (Some((first, low)), Some((last, high))) => {
                let (low, high) = (low.variance(at), high.variance(at));
                if years == *last {
                    return high;
                }
                low + (high - low) * (years - first) / (last - first)
            }
            (Some((only, curve)), None) | (None, Some((only, curve))) => curve.variance(at) * years / only,
            (None, None) => 0.0,
        }
    }
}

/// The moneynesses at which the later curve has less total variance than the earlier one.
fn falls(before: &Curve, own: &Curve, model: OptionModel, forward: Option<f64>) -> Vec<f64> {
    let step = match model {
        OptionModel::Lognormal => 0.05,
        OptionModel::Normal => 0.05 * forward.map_or(1.0, f64::abs),
    };
    let places = (-20..=20).map(|place| f64::from(place) * step);
    let at = |k: f64| Moneyness::at(model, k);
    places.filter(|k| own.variance(at(*k)) < before.variance(at(*k)) * (1.0 - 1e-12)).collect()
}
