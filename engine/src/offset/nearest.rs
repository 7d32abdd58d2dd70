//! The correlation matrix nearest to one that cannot be: alternating projections with Dykstra's correction.
//!
//! N. J. Higham, Computing the nearest correlation matrix: a problem from finance, IMA Journal of Numerical Analysis 22 (2002), algorithm 3.3.

#![allow(clippy::float_arithmetic, reason = "correlations are statistics")]

use ndarray::{Array1, Array2};
use ndarray_linalg::{Eigh as _, UPLO};
use thiserror::Error;

use super::correlation::CorrelationMatrix;

const MOST_STEPS: usize = 10_000;
/// Where a step no longer changes anything.
const SETTLED: f64 = 1e-13;
/// Places that the result is rounded to, so that it is the same wherever it was calculated.
const SCALE: f64 = 1e9;

/// There is no nearest matrix, because the eigenvalues could not be had or the projections did not settle.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("the nearest correlation matrix was not found: {0}")]
pub struct NoNearest(String);

/// The nearest correlation matrix to a symmetric one, at nine places, and its distance (the root of the squared differences).
///
/// # Errors
/// [`NoNearest`] where the calculation does not end.
pub fn nearest(matrix: &Array2<f64>) -> Result<(CorrelationMatrix, f64), NoNearest> {
    let mut unit = matrix.clone();
    let mut correction = Array2::<f64>::zeros(matrix.dim());
    for _ in 0..MOST_STEPS {
        let target = &unit - &correction;
        let cone = semidefinite_part(&target)?;
        correction = &cone - &target;
        unit.assign(&cone);
        unit.diag_mut().fill(1.0);
        let step = (&unit - &cone).mapv(|value| value * value).sum().sqrt();
        if step <= SETTLED * unit.mapv(|value| value * value).sum().sqrt().max(1.0) {
            break;
        }
    }
    rounded(&unit).map(|nearest| {
        let distance = (nearest.as_array() - matrix).mapv(|value| value * value).sum().sqrt();
        (nearest, distance)
    })
}

fn semidefinite_part(matrix: &Array2<f64>) -> Result<Array2<f64>, NoNearest> {
    let (values, vectors) = matrix.eigh(UPLO::Lower).map_err(|error| NoNearest(error.to_string()))?;
    let positive: Array1<f64> = values.mapv(|value| value.max(0.0));
    let part = (&vectors * &positive).dot(&vectors.t());
    Ok((&part + &part.t()) * 0.5)
}

/// Drawn a little towards the unit matrix where rounding left it just outside.
fn rounded(matrix: &Array2<f64>) -> Result<CorrelationMatrix, NoNearest> {
    for slack in [0.0, 1e-9, 1e-8, 1e-7, 1e-6] {
        let mut own = matrix.mapv(|value| (value * (1.0 - slack) * SCALE).round() / SCALE);
        own.diag_mut().fill(1.0);
        if let Some(nearest) = CorrelationMatrix::of(own) {
            return Ok(nearest);
        }
    }
    Err(NoNearest("the projections did not settle".to_owned()))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn the_example_of_the_paper() {
        // Higham 2002, section 4: the nearest to this tridiagonal matrix, given to four places.
        let given = array![[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 1.0, 1.0]];
        let (near, distance) = nearest(&given).unwrap();
        let expected = array![[1.0, 0.7607, 0.1573], [0.7607, 1.0, 0.7607], [0.1573, 0.7607, 1.0]];
        for (own, wanted) in near.as_array().iter().zip(&expected) {
            assert!((own - wanted).abs() < 5e-5, "{near:?}");
        }
        assert!((distance - 0.5278).abs() < 5e-5, "{distance}");
    }

    #[test]
    fn a_correlation_matrix_is_its_own_nearest() {
        let given = array![[1.0, 0.25, -0.5], [0.25, 1.0, 0.125], [-0.5, 0.125, 1.0]];
        let (near, distance) = nearest(&given).unwrap();
        assert_eq!(near.as_array(), given);
        assert!(distance < 1e-12);
    }
}
