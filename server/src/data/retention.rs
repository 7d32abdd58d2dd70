//! What a server with a retention would remove from a data directory, told beforehand: nothing is removed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use plimsoll_engine::group::GroupKey;
use plimsoll_engine::record::{Opened, Record, RecordBody, decoded};
use plimsoll_engine::types::Moment;
use plimsoll_journal::{Cuts, Disk, Log as _, Passing, Reading, RealDisk, Removable, Segments, Sequence};

use super::DataError;
use super::folding::{Folded, folded};
use crate::book::{old_before, told_from};

/// Groups that are named one by one.
const MOST_GROUPS: usize = 100;

/// A segment of the log that would be removed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Expiring {
    /// Its file.
    pub file: String,
    /// Its first record.
    pub first: u64,
    /// Its last record.
    pub last: u64,
    /// When the first one was written, by the clock of the machine.
    pub from: Moment,
    /// When the last one was.
    pub to: Moment,
}

/// A group whose past would be told from a later record than the log's oldest: its cuts and the records between them do not reach back so far.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ToldLater {
    /// The group.
    pub group: GroupKey,
    /// From which record on it is told now.
    pub now: u64,
    /// From which record on it would be told.
    pub then: u64,
}

/// What retention would do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Preview {
    /// How long records are kept.
    pub retention: Duration,
    /// The oldest record.
    pub oldest: u64,
    /// The sequence of the next record.
    pub next: u64,
    /// The time of the journal, in seconds since 1970 when it was first told and those that have passed since; none before the first cuts.
    pub time: Option<u64>,
    /// Whether the clock of the machine is not believed: a pass would remove nothing.
    pub has_jumped: bool,
    /// What would be removed, oldest first.
    pub segments: Vec<Expiring>,
    /// The oldest record that would be left.
    pub then_oldest: u64,
    /// Groups that would be told from a later record than that.
    pub told_later: Vec<ToldLater>,
}

impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.retention.as_secs() / 86_400;
        let newest = self.next.saturating_sub(1);
        writeln!(f, "records {} to {newest}; kept are {days} days", self.oldest)?;
        if self.time.is_none() {
            writeln!(f, "the journal has seen no time pass yet: no server has kept cuts here")?;
        }
        if self.has_jumped {
            writeln!(
                f,
                "the clock of the machine is not a day or less behind the last cuts: it is not counted"
            )?;
        }
        if self.segments.is_empty() {
            return writeln!(f, "nothing would be removed");
        }
        for Expiring { file, first, last, from, to } in &self.segments {
            let count = last.saturating_sub(*first) + 1;
            writeln!(
                f,
                "{file} would be removed: records {first} to {last} ({count}), written {from} to {to}"
            )?;
        }
        let (before, left) = (self.then_oldest, newest);
        writeln!(
            f,
            "questions about the past before record {before} would be OUT_OF_RANGE; left are {before} to {left}"
        )?;
        for ToldLater { group, now, then } in self.told_later.iter().take(MOST_GROUPS) {
            let GroupKey { house, name } = group;
            writeln!(f, "group {name} of house {house} would be told from record {then}, now from {now}")?;
        }
        match self.told_later.len().saturating_sub(MOST_GROUPS) {
            0 => Ok(()),
            more => writeln!(f, "and {more} more groups from later records than {before}"),
        }
    }
}

/// Says what a server that is started now on a data directory would remove, with a retention: nothing is removed, and nothing is written but the
/// repair of a store that was not closed. The server must be stopped, or the directory be a copy.
///
/// # Errors
/// [`DataError`] where a start would be refused, or a record cannot be read.
pub fn preview(folder: &Path, retention: Duration) -> Result<Preview, DataError> {
    if !folder.join("log").is_dir() {
        return Err(std::io::Error::other("it is not a data directory").into());
    }
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(folder)?);
    let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    preview_on(&disk, retention, Reading { wall, running: 0 })
}

/// The same of any disk, at any time.
pub(super) fn preview_on(
    disk: &Arc<dyn Disk>,
    retention: Duration,
    now: Reading,
) -> Result<Preview, DataError> {
    let Folded { cuts, log, restored, quarantined, .. } = folded(disk, Segments::SEGMENT_BYTES)?;
    let oldest = Segments::oldest_of(disk.as_ref())?;
    let stored = cuts.passing()?;
    let (time, jump) = Passing::at(stored, None, now);
    let old = if stored.is_some() { old_before(&cuts, time, retention)? } else { Sequence::NONE };
    // A start takes cuts of everything first: what recovery needs now does not keep a segment.
    let segments = log.ended_before(old);
    let then_oldest = segments.last().map_or(oldest, |own| own.last.next());
    let (mut told_later, mut openings) = (Vec::new(), BTreeMap::new());
    let segments = timed((&log, oldest), &quarantined, segments, &mut openings)?;
    for (group, _) in restored.groups.iter().filter(|_| !segments.is_empty()) {
        let opening = openings.get(&group.key).copied();
        told_later.extend(later(&cuts, (&group.key, opening), oldest, then_oldest)?);
    }
    told_later.sort_by(|one, other| one.group.cmp(&other.group));
    Ok(Preview {
        retention,
        oldest: oldest.0,
        next: log.end().0.0,
        time: stored.map(|_| time.own),
        has_jumped: jump.is_some(),
        segments,
        then_oldest: then_oldest.0,
        told_later,
    })
}

/// A group, if it would be told from a later record than the oldest that is left.
fn later(
    cuts: &Cuts,
    (group, opening): (&GroupKey, Option<Sequence>),
    oldest: Sequence,
    then_oldest: Sequence,
) -> Result<Option<ToldLater>, DataError> {
    let now = told_from(cuts, group, oldest, opening.is_some())?;
    let then = told_from(cuts, group, then_oldest, opening >= Some(then_oldest))?;
    let own = || ToldLater { group: group.clone(), now: now.0, then: then.0 };
    Ok((then > then_oldest && then > now).then(own))
}

/// Segments with the times of their first and last records; and where the log opens which group.
fn timed(
    (log, oldest): (&Segments, Sequence),
    quarantined: &BTreeSet<Sequence>,
    segments: Vec<Removable>,
    openings: &mut BTreeMap<GroupKey, Sequence>,
) -> Result<Vec<Expiring>, DataError> {
    let Some(end) = segments.last().map(|own| own.last) else { return Ok(Vec::new()) };
    let mut told: Vec<Expiring> = Vec::with_capacity(segments.len());
    let mut ahead = segments.into_iter().peekable();
    let mut fault = None;
    log.reader().read(oldest, &mut |at, payload| {
        let (time, body) = match decoded::<Record>(payload) {
            Ok(record) => (record.time, Some(record.body)),
            // Its time is that of those before it.
            Err(_) if quarantined.contains(&at) => (told.last().map_or(Moment::EPOCH, |own| own.to), None),
            Err(error) => {
                fault = Some(DataError::Unreadable { sequence: at.0, message: error.0 });
                return ControlFlow::Break(());
            }
        };
        if let Some(Removable { file, first, last }) = ahead.next_if(|own| own.first == at) {
            told.push(Expiring { file, first: first.0, last: last.0, from: time, to: time });
        } else if let Some(own) = told.last_mut().filter(|_| at <= end) {
            own.to = time;
        }
        if let Some(RecordBody::Opened(Opened { key, .. })) = body {
            openings.entry(key).or_insert(at);
        }
        ControlFlow::Continue(())
    })?;
    fault.map_or(Ok(told), Err)
}
