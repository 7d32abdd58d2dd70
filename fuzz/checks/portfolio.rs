//! What holds of any bytes that are given to the reader of portfolios.

use plimsoll_engine::span::{AwayDelta, Portfolio};

use super::portfolio::{InputFormat, read};

/// Reads all portfolios; the first byte chooses the format, so that it can be seen in an editor: `{` for JSON lines,
/// anything else for CSV. Returns whether all of them were read.
pub(crate) fn check(bytes: &[u8]) -> bool {
    let Some((&first, input)) = bytes.split_first() else { return true };
    let format = if first == b'{' { InputFormat::JsonLines } else { InputFormat::Csv };
    let mut all_read = true;
    for portfolio in read(input, format) {
        match portfolio {
            Ok(portfolio) => {
                let count = portfolio.positions.len();
                assert!(count <= Portfolio::MOST_POSITIONS, "{count} positions");
                assert!(portfolio.away.len() <= AwayDelta::MOST, "{} away", portfolio.away.len());
            }
            Err(bad) => {
                assert!(!bad.faults.as_slice().is_empty(), "bad without a fault: {:?}", bad.account);
                all_read = false;
            }
        }
    }
    all_read
}
