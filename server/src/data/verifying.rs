//! Whether a data directory is sound: every record and cut, whether cuts are what the records before them make, the book that recovery makes
//! of them, and the files of parameter sets.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use plimsoll_engine::record::{HouseChange, Record, RecordBody, decoded};
use plimsoll_journal::{Disk, Log as _, RealDisk, Segments, Sequence};

use super::DataError;
use super::comparing::{Compared, Comparison};
use super::folding::{Folded, folded};
use crate::set_files::SetFiles;

/// What a data directory has.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Verified {
    /// The oldest record; the next one in an empty log.
    pub oldest: u64,
    /// The sequence of the next record.
    pub next: u64,
    /// From which record on a start reads the log.
    pub recovery_from: u64,
    /// Cuts of states, older ones too.
    pub cuts: usize,
    /// Those of them that the records before them were folded for and compared with.
    pub compared: usize,
    /// The others: cuts of a house or group of which the log does not have all that came before, and what stands behind a fault. Nothing is
    /// left to compare them with, and a start takes them as told.
    pub unchecked: Vec<String>,
    /// Records that are quarantined: they are left out.
    pub quarantined: usize,
    /// Houses that a start finds.
    pub houses: usize,
    /// Margin groups that a start finds.
    pub groups: usize,
    /// Files of parameter sets that are sound.
    pub set_files: usize,
    /// What is wrong; empty in a sound directory.
    pub faults: Vec<String>,
}

impl Verified {
    /// The most cuts without a check that are printed by name.
    const NAMED: usize = 100;
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            oldest,
            next,
            recovery_from,
            cuts,
            compared,
            unchecked,
            quarantined,
            houses,
            groups,
            set_files,
            faults,
        } = self;
        writeln!(f, "records {oldest} to {}, a start reads from {recovery_from}", next.saturating_sub(1))?;
        writeln!(f, "{cuts} cuts of states, {compared} of them compared with the records before them")?;
        if *quarantined > 0 {
            writeln!(f, "{quarantined} records are quarantined: they are left out")?;
        }
        writeln!(f, "{houses} houses, {groups} margin groups, {set_files} files of parameter sets")?;
        if !unchecked.is_empty() {
            let count = unchecked.len();
            writeln!(
                f,
                "{count} cuts could not be checked: the records that they were made of are not all there"
            )?;
            unchecked.iter().take(Self::NAMED).try_for_each(|own| writeln!(f, "not checked: {own}"))?;
            if count > Self::NAMED {
                writeln!(f, "not checked: {} more", count - Self::NAMED)?;
            }
        }
        faults.iter().try_for_each(|fault| writeln!(f, "{fault}"))
    }
}

/// Reads a data directory of a server that is stopped, or a copy, as a start reads it, and everything that a start does not read.
///
/// # Errors
/// [`DataError`] where a start would be refused, or where a record or cut is damaged that it would not read.
pub fn verify(folder: &Path) -> Result<Verified, DataError> {
    if !folder.join("log").is_dir() {
        return Err(std::io::Error::other("it is not a data directory").into());
    }
    verify_on(&(Arc::new(RealDisk::new(folder)?) as Arc<dyn Disk>), &SetFiles::at(folder.join("sets")))
}

/// The same of any disk.
pub(super) fn verify_on(disk: &Arc<dyn Disk>, files: &SetFiles) -> Result<Verified, DataError> {
    let summary = plimsoll_journal::verify(disk)?;
    let mut faults = Vec::new();
    let mut used = BTreeSet::new();
    let Folded { cuts, log, restored, floor, quarantined, .. } = folded(disk, Segments::SEGMENT_BYTES)?;
    let next = log.end().0;
    drop(log);
    let mut comparison = Comparison::begin(&cuts, summary.oldest, quarantined.clone())?;
    let log =
        Segments::open(Arc::clone(disk), Segments::SEGMENT_BYTES, summary.oldest, &mut |at, payload| {
            if !quarantined.contains(&at) {
                named(at, payload, &mut used, &mut faults);
            }
            comparison.record(&cuts, at, payload, &mut faults);
            ControlFlow::Continue(())
        })?;
    drop(log);
    let Compared { cuts: count, compared, unchecked } = comparison.finished();
    used.extend(restored.houses.values().filter_map(|own| own.set().map(str::to_owned)));
    let sound = set_files(files, &mut faults)?;
    let missing = used.iter().filter(|id| !sound.contains(*id));
    faults.extend(missing.map(|id| {
        format!("sets/: the file of parameter set {id:?}, which the book used, is missing or damaged")
    }));
    Ok(Verified {
        oldest: summary.oldest.0,
        next: next.0,
        recovery_from: floor.0,
        cuts: count,
        compared,
        unchecked,
        quarantined: quarantined.len(),
        houses: restored.houses.len(),
        groups: restored.groups.len(),
        set_files: sound.len(),
        faults,
    })
}

/// Notes the set that a record says is used, or that it says nothing.
fn named(at: Sequence, payload: &[u8], used: &mut BTreeSet<String>, faults: &mut Vec<String>) {
    match decoded::<Record>(payload).map(|record| record.body) {
        Ok(RecordBody::House(_, HouseChange::Set(id))) => used.extend(id),
        Ok(_) => {}
        Err(error) => faults.push(format!("record {at}: {error}")),
    }
}

/// The ids of the sets whose files are sound.
fn set_files(files: &SetFiles, faults: &mut Vec<String>) -> Result<BTreeSet<String>, DataError> {
    let mut sound = BTreeSet::new();
    for (name, read) in files.all()? {
        match read {
            Ok(id) => {
                sound.insert(id);
            }
            Err(message) => faults.push(format!("sets/{name}: {message}")),
        }
    }
    Ok(sound)
}
