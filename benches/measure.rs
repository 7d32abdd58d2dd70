//! Times of work, taken in turn so that a machine whose speed drifts treats all alike.

use std::hint::black_box;
use std::time::Instant;

/// Rounds of which the median is taken; the one before them warms up and is not counted.
const ROUNDS: usize = 9;

/// The median seconds of each work, measured in turn.
pub(crate) fn medians<const N: usize>(mut works: [&mut dyn FnMut() -> usize; N]) -> [f64; N] {
    let mut times: [Vec<f64>; N] = std::array::from_fn(|_| Vec::with_capacity(ROUNDS));
    for round in 0..=ROUNDS {
        for (work, times) in works.iter_mut().zip(&mut times) {
            let start = Instant::now();
            black_box(work());
            if round > 0 {
                times.push(start.elapsed().as_secs_f64());
            }
        }
    }
    times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    })
}
