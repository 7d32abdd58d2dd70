//! What an option is worth and how its volatility moves, in plain floating point.

use super::{Case, Opt, Set, YEAR};

/// The standard normal distribution: a series of positive terms (G. Marsaglia, Evaluating the normal distribution, 2004).
fn normal(x: f64) -> f64 {
    if x.abs() > 8.5 {
        return f64::from(u8::from(x > 0.0));
    }
    let (mut term, mut sum) = (x, x);
    for step in 1..400 {
        term *= x * x / (2.0 * f64::from(step) + 1.0);
        sum += term;
    }
    0.5 + sum * (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

pub(super) fn value(case: &Case, option: &Opt, forward: f64, volatility: f64, rate: f64) -> f64 {
    let years = option.seconds.max(0) as f64 / YEAR;
    let s = volatility * years.sqrt();
    let sign = if option.is_call { 1.0 } else { -1.0 };
    let undiscounted = if s <= 1e-12 {
        (sign * (forward - option.strike)).max(0.0)
    } else if case.moves_normally {
        let d = (forward - option.strike) / s;
        let density = (-0.5 * d * d).exp() / (2.0 * std::f64::consts::PI).sqrt();
        sign * (forward - option.strike) * normal(sign * d) + s * density
    } else {
        let d1 = (forward / option.strike).ln() / s + 0.5 * s;
        sign * (forward * normal(sign * d1) - option.strike * normal(sign * (d1 - s)))
    };
    (-rate * years).exp() * undiscounted
}

pub(super) fn volatility(set: &Set, option: &Opt, forward: f64, word: &str) -> f64 {
    let [up, down, minimum, short, long, floor] = set.volatility;
    let [linear, linear_slope, absolute, absolute_slope, minimum_width, scale, fixed, slope] = set.skew;
    let seconds = option.seconds.max(0) as f64;
    let power = if seconds <= 30.0 * 86_400.0 { short } else { long };
    let a = (30.0 * 86_400.0 / seconds.max(floor * 86_400.0)).powf(power);
    let root = (seconds / YEAR).sqrt();
    let skewed = |cap: f64, k: f64| {
        let width = (root * scale * (fixed + root * slope)).max(minimum_width);
        let factor =
            if k >= 0.0 { 1.0 + cap.min(k * cap / width) } else { 1.0 + (-cap).max(k * cap / width) };
        option.volatility * factor.max(0.0)
    };
    // Of the sizes where both are below 0; on two sides of 0 strikes are beyond any width.
    let k = if option.strike * forward > 0.0 {
        (option.strike / forward).ln() * forward.signum()
    } else if option.strike == forward {
        0.0
    } else {
        1e3_f64.copysign(option.strike - forward)
    };
    match word {
        "up" => (option.volatility * (1.0 + up * a)).max(minimum),
        "down" => option.volatility * (1.0 - down * a).max(0.0),
        "skew_linear" => skewed(linear + linear_slope * root, k),
        "skew_absolute" => skewed(absolute + absolute_slope * root, k.abs()),
        _ => option.volatility,
    }
}
