//! A correlation matrix that is one.

#![allow(clippy::float_arithmetic, reason = "correlations are statistics")]

use std::fmt;

use ndarray::Array2;

use crate::types::Ratio;

/// A symmetric, positive semi-definite matrix with a unit diagonal and entries from -1 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct CorrelationMatrix(Array2<f64>);

/// What is wrong with a matrix.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MatrixFault {
    /// Rows are not as many or as long as the matrix is wide.
    Shape,
    /// An entry of the diagonal is not 1.
    Diagonal(usize),
    /// Two entries that mirror each other differ.
    Asymmetric(usize, usize),
    /// An entry is not from -1 to 1.
    Bound(usize, usize),
    /// Some mixture of the sources would have a negative variance.
    NotSemidefinite,
}

impl fmt::Display for MatrixFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape => f.write_str("expected as many rows and columns as sources"),
            Self::Diagonal(place) => write!(f, "[{place}][{place}]: expected 1"),
            Self::Asymmetric(row, column) => {
                write!(f, "[{row}][{column}]: expected the same as in [{column}][{row}]")
            }
            Self::Bound(row, column) => write!(f, "[{row}][{column}]: expected a number from -1 to 1"),
            Self::NotSemidefinite => f.write_str("not positive semi-definite: no such correlations exist"),
        }
    }
}

impl CorrelationMatrix {
    /// What rounding may make of a zero among the pivots.
    const SLACK: f64 = 1e-10;

    /// Checks a matrix.
    ///
    /// # Errors
    /// Every [`MatrixFault`]; whether it is semi-definite is asked only of a matrix that is right otherwise.
    pub fn new(rows: &[Vec<Ratio>]) -> Result<Self, Vec<MatrixFault>> {
        let side = rows.len();
        if rows.iter().any(|row| row.len() != side) {
            return Err(vec![MatrixFault::Shape]);
        }
        let mut faults = Vec::new();
        for (row, own) in rows.iter().enumerate() {
            for (column, value) in own.iter().enumerate() {
                if row == column && *value != Ratio::ONE {
                    faults.push(MatrixFault::Diagonal(row));
                }
                if value.magnitude() > Ratio::ONE {
                    faults.push(MatrixFault::Bound(row, column));
                }
                if row > column && *value != rows[column][row] {
                    faults.push(MatrixFault::Asymmetric(row, column));
                }
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let matrix = Array2::from_shape_fn((side, side), |(row, column)| rows[row][column].to_f64());
        if is_semidefinite(&matrix) { Ok(Self(matrix)) } else { Err(vec![MatrixFault::NotSemidefinite]) }
    }

    /// A matrix that a calculation made; it is checked like any other.
    #[cfg(feature = "linalg")]
    pub(super) fn of(matrix: Array2<f64>) -> Option<Self> {
        is_semidefinite(&matrix).then_some(Self(matrix))
    }

    /// The matrix: sources x sources.
    #[must_use]
    pub const fn as_array(&self) -> &Array2<f64> {
        &self.0
    }
}

/// Whether a symmetric matrix has no direction of negative variance: by elimination with the largest pivot first.
fn is_semidefinite(matrix: &Array2<f64>) -> bool {
    let mut rest = matrix.clone();
    let side = rest.nrows();
    let mut left: Vec<usize> = (0..side).collect();
    while let Some((place, pivot)) = left
        .iter()
        .enumerate()
        .map(|(place, &own)| (place, rest[[own, own]]))
        .max_by(|a, b| a.1.total_cmp(&b.1))
    {
        if pivot <= CorrelationMatrix::SLACK {
            // Nothing positive is left: what is left has to be nothing at all.
            let slack = CorrelationMatrix::SLACK.sqrt();
            return left.iter().all(|&row| {
                rest[[row, row]] >= -CorrelationMatrix::SLACK
                    && left.iter().all(|&column| rest[[row, column]].abs() <= slack)
            });
        }
        let own = left.swap_remove(place);
        for &row in &left {
            let factor = rest[[row, own]] / pivot;
            for &column in &left {
                let product = factor * rest[[own, column]];
                rest[[row, column]] -= product;
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: &[&[&str]]) -> Result<CorrelationMatrix, Vec<MatrixFault>> {
        let ratio = |text: &&str| Ratio::from_decimal(text.parse().unwrap()).unwrap();
        let rows: Vec<Vec<Ratio>> = rows.iter().map(|row| row.iter().map(ratio).collect()).collect();
        CorrelationMatrix::new(&rows)
    }

    #[test]
    fn matrices_that_are_none_are_told_apart() {
        use MatrixFault::{Asymmetric, Bound, Diagonal, NotSemidefinite, Shape};
        assert!(matrix(&[]).is_ok());
        assert!(matrix(&[&["1", "0.9"], &["0.9", "1"]]).is_ok());
        assert!(matrix(&[&["1", "1", "1"], &["1", "1", "1"], &["1", "1", "1"]]).is_ok());
        assert!(matrix(&[&["1", "-1"], &["-1", "1"]]).is_ok());
        assert_eq!(matrix(&[&["1"], &["1", "1"]]), Err(vec![Shape]));
        let faults = matrix(&[&["0.9", "1.2"], &["0.5", "1"]]);
        assert_eq!(faults, Err(vec![Diagonal(0), Bound(0, 1), Asymmetric(1, 0)]));
        let impossible = matrix(&[&["1", "0.9", "-0.9"], &["0.9", "1", "0.9"], &["-0.9", "0.9", "1"]]);
        assert_eq!(impossible, Err(vec![NotSemidefinite]));
        // Singular and just beyond: the smallest eigenvalue of the second is about -7e-4.
        assert!(matrix(&[&["1", "0.6", "0.8"], &["0.6", "1", "0"], &["0.8", "0", "1"]]).is_ok());
        let beyond = matrix(&[&["1", "0.6", "0.801"], &["0.6", "1", "0"], &["0.801", "0", "1"]]);
        assert_eq!(beyond, Err(vec![NotSemidefinite]));
    }
}
