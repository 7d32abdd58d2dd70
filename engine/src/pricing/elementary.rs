//! Exponential, logarithm and the normal distribution, in operations that every machine does alike.
//!
//! Coefficients are minimax polynomials (Remez exchange at 50 digits, rounded once to doubles). Each is evaluated in one fixed
//! order with fused multiply-add, so that scalar and vector code give the same bits. The stated errors are those of the
//! polynomials; evaluation adds a few units in the last place.

/// Where the normal density is 0 and its integral 0 or 1 for every purpose here: `exp(-FAR^2 / 2)` is below `1e-300`.
pub(super) const FAR: f64 = 39.0;

const LOG2_E: f64 = std::f64::consts::LOG2_E;
/// `ln 2`, its upper part with zeros enough that products with whole numbers are exact, and the rest.
const LN2_HIGH: f64 = f64::from_bits(0x3FE6_2E42_FEE0_0000);
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// Adding it rounds to whole numbers, which then stand in the lowest bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;
const INVERSE_SQRT_2PI: f64 = 0.398_942_280_401_432_7;

/// `(exp(r) - 1 - r) / r^2` for `|r| <= ln(2) / 2`; relative error of the exponential `4e-18`.
const EXP: [f64; 10] = [
    0.500_000_000_000_001_1,
    0.166_666_666_666_664_1,
    0.041_666_666_666_530_39,
    0.008_333_333_333_496_194,
    0.001_388_888_894_358_296,
    0.000_198_412_695_029_710_57,
    2.480_149_313_599_863_8e-5,
    2.755_758_940_062_223_5e-6,
    2.763_023_837_417_672e-7,
    2.499_916_971_291_272e-8,
];

/// `(2 atanh(z) / z - 2) / z^2` in powers of `z^2`, for `|z| <= 0.2006`; relative error of the logarithm `2e-17`.
#[rustfmt::skip]
const ATANH: [f64; 7] = [
    0.6666666666667296,
    0.3999999999602378,
    0.2857142942014756,
    0.22222136461482186,
    0.18186439997435844,
    0.15248502963641852,
    0.15381339716778536,
];

/// The pole of the map of the half line to an interval.
const POLE: f64 = 5.0;

/// `(x + 5) N(-x) / n(x)` in powers of `t = (x - 5) / (x + 5)`, for `0 <= x <= 40`; relative error `1.5e-17`.
const TAIL_EVEN: [f64; 11] = [
    1.928_081_047_153_157_5,
    1.241_547_061_573_869,
    0.413_644_715_732_558_2,
    0.052_125_502_414_953_284,
    -0.001_999_962_007_805_256_5,
    -0.000_148_832_795_691_178_2,
    4.181_327_053_723_768e-5,
    -6.940_606_433_625_402_6e-6,
    1.084_012_888_993_567_4e-6,
    -1.632_619_140_887_751_2e-7,
    1.783_737_157_689_099e-8,
];
const TAIL_ODD: [f64; 11] = [
    -1.667_866_595_188_959_3,
    -0.785_911_075_546_637_7,
    -0.173_254_734_084_155_87,
    -0.007_503_282_865_055_786,
    0.001_365_859_522_742_676_7,
    -0.000_124_737_435_896_159_04,
    9.980_268_255_135_833e-6,
    -8.467_622_411_680_766e-7,
    1.093_497_231_734_356_7e-7,
    -2.548_816_343_800_627e-8,
    4.976_378_708_233_613e-9,
];

/// A number with its second, fourth and eighth powers.
#[derive(Clone, Copy)]
struct Powers {
    first: f64,
    second: f64,
    fourth: f64,
    eighth: f64,
}

impl Powers {
    #[inline(always)]
    fn of(first: f64) -> Self {
        let second = first * first;
        let fourth = second * second;
        Self { first, second, fourth, eighth: fourth * fourth }
    }

    /// A polynomial with at most sixteen coefficients, by Estrin's scheme: pairs, pairs of pairs and so on are independent of
    /// each other, so that no long chain of sums has to be waited for.
    #[inline(always)]
    fn polynomial<const N: usize>(self, coefficients: &[f64; N]) -> f64 {
        const { assert!(N <= 16 && N > 0) };
        let one = |place: usize| coefficients[place];
        let two = |place: usize| {
            if place + 1 < N { one(place + 1).mul_add(self.first, one(place)) } else { one(place) }
        };
        let four = |place: usize| {
            if place + 2 < N { two(place + 2).mul_add(self.second, two(place)) } else { two(place) }
        };
        let eight = |place: usize| {
            if place + 4 < N { four(place + 4).mul_add(self.fourth, four(place)) } else { four(place) }
        };
        if N > 8 { eight(8).mul_add(self.eighth, eight(0)) } else { eight(0) }
    }
}

/// The lesser of two numbers that are none of them NaN: one instruction.
#[inline(always)]
pub(super) fn lesser(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// The greater of two numbers that are none of them NaN: one instruction.
#[inline(always)]
pub(super) fn greater(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// `exp(x)` for `x` from -1,000 to 709; 0 below -708.
#[inline(always)]
pub(super) fn exp(x: f64) -> f64 {
    let rounded = x.mul_add(LOG2_E, ROUNDER);
    let power = rounded - ROUNDER;
    let rest = power.mul_add(-LN2_LOW, power.mul_add(-LN2_HIGH, x));
    let powers = Powers::of(rest);
    let value = 1.0 + powers.second.mul_add(powers.polynomial(&EXP), rest);
    // The low bits of `rounded` are the power of two; what stands above them is shifted out.
    let scale = f64::from_bits(rounded.to_bits().wrapping_add(1023) << 52);
    if x < -708.0 { 0.0 } else { value * scale }
}

/// `ln(a / b)` of normal positive numbers, with a small relative error even where they are nearly equal: their difference is
/// taken before anything is rounded.
#[inline(always)]
pub(super) fn ln_ratio(a: f64, b: f64) -> f64 {
    /// Two to the 52nd: whole numbers below it stand in its low bits.
    const WHOLE: u64 = 1075 << 52;
    /// Keeps differences of exponents positive.
    const BIAS: u64 = 2048;
    // The bits of a number are its logarithm, roughly: the rounded difference is the power of two that brings `b` within 1.51 times
    // `a`, and the difference of the two is exact then.
    let difference = a.to_bits().wrapping_sub(b.to_bits()).wrapping_add((BIAS << 52) | (1 << 51)) >> 52;
    let power = f64::from_bits(difference | WHOLE) - f64::from_bits(BIAS | WHOLE);
    let b = f64::from_bits(b.to_bits().wrapping_add(difference.wrapping_sub(BIAS) << 52));
    let z = (a - b) / (a + b);
    let square = z * z;
    let curve = (z * square) * Powers::of(square).polynomial(&ATANH);
    power.mul_add(LN2_HIGH, 2.0 * z + power.mul_add(LN2_LOW, curve))
}

/// The standard normal density, for `|x|` up to [`FAR`] (beyond it is 0).
#[inline(always)]
pub(super) fn normal_density(x: f64) -> f64 {
    INVERSE_SQRT_2PI * exp(-0.5 * (x * x))
}

#[inline(always)]
fn tail_of(inverse: f64) -> f64 {
    let t = inverse.mul_add(-2.0 * POLE, 1.0);
    let square = Powers::of(t * t);
    inverse * t.mul_add(square.polynomial(&TAIL_ODD), square.polynomial(&TAIL_EVEN))
}

/// `N(-x) / n(x)` (Mills' ratio), for `0 <= x <= FAR`: what lies beyond, in units of the density.
#[inline(always)]
pub(super) fn tail_ratio(x: f64) -> f64 {
    tail_of(1.0 / (x + POLE))
}

/// [`tail_ratio`] of two numbers with one division.
#[inline(always)]
pub(super) fn tail_ratios(x: f64, y: f64) -> (f64, f64) {
    let (x, y) = (x + POLE, y + POLE);
    let inverse = 1.0 / (x * y);
    (tail_of(inverse * y), tail_of(inverse * x))
}

/// The standard normal distribution `N(x)`, with a small relative error in the lower tail too.
pub(super) fn normal_distribution(x: f64) -> f64 {
    let size = lesser(x.abs(), FAR);
    let tail = normal_density(size) * tail_ratio(size);
    if x < 0.0 { tail } else { 1.0 - tail }
}

/// The `x` with `N(x) = p`, for `p` between 0 and 1.
pub(super) fn normal_quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-FAR, FAR);
    // Each step halves the bracket: these leave the last place.
    for _ in 0..64 {
        let middle = 0.5 * (low + high);
        if normal_distribution(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
#[allow(
    clippy::approx_constant,
    reason = "arguments and results of functions, which happen to be near constants"
)]
mod tests {
    use super::*;

    fn is_near(actual: f64, expected: f64, relative: f64) {
        let error = (actual - expected).abs();
        assert!(error <= relative * expected.abs(), "{actual:e} instead of {expected:e}");
    }

    // Calculated at 60 digits (Python's mpmath) and rounded once.

    #[test]
    fn exponentials() {
        for (x, expected) in [
            (0.0, 1.0),
            (-1e-9, 0.999999999),
            (-0.25, 0.7788007830714049),
            (0.5, 1.6487212707001282),
            (1.0, 2.718281828459045),
            (-1.0, 0.36787944117144233),
            (-37.5, 5.175555005801869e-17),
            (100.0, 2.6881171418161356e43),
            (-300.25, 4.009422364622857e-131),
            (-700.0, 9.85967654375977e-305),
            (700.0, 1.0142320547350045e304),
        ] {
            is_near(exp(x), expected, 3e-16);
        }
        assert_eq!((exp(-709.0), exp(-1000.0)), (0.0, 0.0));
    }

    #[test]
    fn logarithms_of_ratios_near_one_keep_their_digits() {
        for (a, b, expected) in [
            (1.0, 1.0, 0.0),
            (1.0, 1.0000000000000002, -2.220446049250313e-16),
            (100.0, 100.00001, -9.999999503174169e-8),
            (3.0, 2.0, 0.4054651081081644),
            (1.4142135, 1.0, 0.3465735461755332),
            (1.0, 1.4142136, -0.346573616886212),
            (1e-50, 7.0, -117.0751647987576),
            (2.5e40, 1.5e-20, 138.66593120340872),
            (1.9999999, 1.0, 0.693147130559944),
        ] {
            is_near(ln_ratio(a, b), expected, 5e-16);
            is_near(ln_ratio(b, a), -expected, 5e-16);
        }
    }

    #[test]
    fn tails_of_the_normal_distribution() {
        for (x, expected) in [
            (0.0, 1.2533141373155003),
            (1e-8, 1.2533141273155004),
            (0.3, 1.0018374009921558),
            (1.0, 0.6556795424187984),
            (2.5, 0.35426511132979366),
            (5.0, 0.19280810471531576),
            (8.0, 0.1231319632579323),
            (20.0, 0.04987592598183679),
            (39.0, 0.025624200777700307),
        ] {
            is_near(tail_ratio(x), expected, 1e-15);
            let (one, other) = tail_ratios(x, 39.0 - x);
            is_near(one, expected, 1e-15);
            is_near(other, tail_ratio(39.0 - x), 1e-15);
        }
        // N(-10) and N(-1.5) as density times tail.
        is_near(normal_density(10.0) * tail_ratio(10.0), 7.619853024160525e-24, 1e-14);
        is_near(normal_density(1.5) * tail_ratio(1.5), 0.06680720126885807, 1e-15);
        assert_eq!(normal_density(FAR), 0.0);
        for (x, expected) in [(-1.5, 0.06680720126885807), (0.0, 0.5), (0.7, 0.758036347776927), (9.0, 1.0)] {
            is_near(normal_distribution(x), expected, 1e-15);
        }
        for p in [1e-30, 0.025, 0.5, 0.975] {
            is_near(normal_distribution(normal_quantile(p)), p, 1e-12);
        }
    }
}
