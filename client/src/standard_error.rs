//! What goes to standard error: lines for whoever reads along, and progress for people.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

const KNOWN: &str = "{msg} [{bar:30}] {bytes}/{total_bytes} {eta}";
const UNKNOWN: &str = "{msg} {spinner} {bytes} {bytes_per_sec}";

/// Says one line.
pub(crate) fn say(line: impl Display) {
    // Where standard error is closed there is nobody to be told.
    let _ = writeln!(io::stderr(), "{line}");
}

/// A bar of bytes; nothing where standard error is no terminal. Without a total it only counts.
pub(crate) fn bytes(what: impl Into<String>, total: Option<u64>) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(5));
    let template = if total.is_some() { KNOWN } else { UNKNOWN };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style).with_message(what.into()).with_finish(ProgressFinish::AndClear),
        Err(_) => bar,
    }
}

/// The same, but nothing where results go to a terminal too: they would run into each other.
pub(crate) fn bytes_beside_results(what: impl Into<String>, total: Option<u64>) -> ProgressBar {
    if io::stdout().is_terminal() { ProgressBar::hidden() } else { bytes(what, total) }
}
