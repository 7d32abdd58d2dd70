//! The results of `calc` on standard output, one after another.

use std::io::{self, Write};

use plimsoll_client::answer::Calculated;
use plimsoll_client::output::OutputFormat;
use plimsoll_client::portfolio::BadPortfolio;

/// Writes results and remembers whether any was an error.
pub(crate) struct Results<W> {
    out: W,
    format: OutputFormat,
    /// A result is written whole, which is fewer and larger writes, and no half lines for who reads along.
    buffer: Vec<u8>,
    failed: bool,
}

impl<W: Write> Results<W> {
    pub(crate) const fn new(out: W, format: OutputFormat) -> Self {
        Self { out, format, buffer: Vec::new(), failed: false }
    }

    pub(crate) const fn failed(&self) -> bool {
        self.failed
    }

    pub(crate) fn bad(&mut self, bad: &BadPortfolio) -> io::Result<()> {
        self.failed = true;
        self.format.error(&mut self.buffer, bad.account.as_deref(), &bad.to_string())?;
        self.write()
    }

    pub(crate) fn calculated(&mut self, calculated: &Calculated) -> io::Result<()> {
        match &calculated.outcome {
            Ok(report) => self.format.report(&mut self.buffer, &calculated.account, report)?,
            Err(failure) => {
                self.failed = true;
                self.format.error(&mut self.buffer, Some(&calculated.account), &failure.to_string())?;
            }
        }
        self.write()
    }

    fn write(&mut self) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        self.out.flush()
    }
}
