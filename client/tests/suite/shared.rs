//! Reference material beside the checkout, which is not part of it.

use std::io::{self, Write as _};
use std::path::PathBuf;

/// A file of the reference material, or `None` after saying that the test is skipped.
///
/// # Panics
/// When `PLIMSOLL_REQUIRE_SHARED` is set and the file is absent.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared");
    let root = std::env::var("PLIMSOLL_SHARED").unwrap_or_else(|_| beside.to_owned());
    let file = PathBuf::from(root).join(path);
    if file.exists() {
        return Some(file);
    }
    let required = std::env::var_os("PLIMSOLL_REQUIRE_SHARED").is_some();
    assert!(!required, "{} is required and absent", file.display());
    // Past the test harness, which keeps what a passing test prints to itself.
    let mut aloud = io::stderr();
    writeln!(aloud, "skipped: {} is absent", file.display()).unwrap();
    None
}
