//! Group commit: 64 who wait for their own record each, against stores that are given batches of the same size, on one disk in turn.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use plimsoll_journal::{Disk, Journal, Limits, RealDisk, Segments, Sequence};

use crate::{Goal, Wanted};

/// Who waits at the same time.
const WAITERS: usize = 64;
/// Bytes of a record.
const RECORD: usize = 256;
/// How long each is measured in a round.
const ROUND: Duration = Duration::from_millis(700);
const ROUNDS: usize = 7;

/// Where everything is written: the disk of the checkout, not memory.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../target/commit-{}", std::process::id()))
}

/// Something that takes batches of records and makes each durable.
pub(crate) trait Store {
    fn name(&self) -> &'static str;
    /// Writes a batch durably.
    fn batch(&mut self, records: usize);
}

/// Records a second of a store for batches of a size.
fn rate(store: &mut dyn Store, records: usize) -> f64 {
    let (begun, mut written) = (Instant::now(), 0);
    while begun.elapsed() < ROUND {
        store.batch(records);
        written += records;
    }
    written as f64 / begun.elapsed().as_secs_f64()
}

/// A plain file: one write and one fdatasync for a batch.
struct Raw(File);

impl Store for Raw {
    fn name(&self) -> &'static str {
        "one write and fdatasync"
    }

    fn batch(&mut self, records: usize) {
        let bytes = vec![7; records * RECORD];
        self.0.write_all(&bytes).and_then(|()| self.0.sync_data()).unwrap_or_else(|error| panic!("{error}"));
    }
}

const ROWS: redb::TableDefinition<'_, u64, &[u8]> = redb::TableDefinition::new("rows");

/// redb, with so many records in a row at most.
struct Rows {
    database: redb::Database,
    next: u64,
    in_a_row: usize,
}

impl Rows {
    fn new(path: &Path, in_a_row: usize) -> Self {
        let database = redb::Database::create(path).unwrap_or_else(|error| panic!("{error}"));
        Self { database, next: 0, in_a_row }
    }
}

impl Store for Rows {
    fn name(&self) -> &'static str {
        if self.in_a_row == 1 { "redb, a row for each record" } else { "redb, a row for each batch" }
    }

    fn batch(&mut self, records: usize) {
        let bytes = vec![7_u8; records * RECORD];
        let write = || -> Result<(), redb::Error> {
            let transaction = self.database.begin_write()?;
            {
                let mut table = transaction.open_table(ROWS)?;
                for (number, row) in (self.next..).zip(bytes.chunks(RECORD * self.in_a_row)) {
                    table.insert(number, row)?;
                }
            }
            Ok(transaction.commit()?)
        };
        write().unwrap_or_else(|error| panic!("{error}"));
        self.next += records as u64;
    }
}

/// Our own: records a second, and the mean size of a batch.
fn own(journal: &Journal) -> (f64, f64) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build();
    let runtime = runtime.unwrap_or_else(|error| panic!("{error}"));
    let (begun, first) = (Instant::now(), journal.durable());
    let commits = Arc::new(AtomicU64::new(0));
    runtime.block_on(async {
        let waiters = (0..WAITERS).map(|_| async {
            let mut durable = journal.follow();
            while begun.elapsed() < ROUND {
                let slot = journal.reserve().unwrap_or_else(|error| panic!("{error}"));
                let sequence = slot.append(vec![7; RECORD]);
                durable.reached(sequence).await.unwrap_or_else(|error| panic!("{error}"));
            }
        });
        let counted = async {
            let mut durable = journal.follow();
            let mut at = journal.durable();
            while begun.elapsed() < ROUND {
                if durable.reached(at.next()).await.is_err() {
                    break;
                }
                at = journal.durable();
                commits.fetch_add(1, Ordering::Relaxed);
            }
        };
        futures_join(waiters.collect(), counted).await;
    });
    let written = (journal.durable().0 - first.0) as f64;
    (written / begun.elapsed().as_secs_f64(), written / commits.load(Ordering::Relaxed).max(1) as f64)
}

/// Waits for all of them on this task.
async fn futures_join<F: Future<Output = ()>>(waiters: Vec<F>, last: impl Future<Output = ()>) {
    let mut all: Vec<std::pin::Pin<Box<dyn Future<Output = ()> + '_>>> = Vec::new();
    for own in waiters {
        all.push(Box::pin(own));
    }
    all.push(Box::pin(last));
    std::future::poll_fn(|context| {
        all.retain_mut(|own| own.as_mut().poll(context).is_pending());
        if all.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

pub(crate) fn goals() -> Vec<Goal> {
    let folder = folder();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(&folder).unwrap_or_else(|error| panic!("{error}")));
    let log =
        Segments::open(disk, Segments::SEGMENT_BYTES, Sequence(1), &mut |_, _| ControlFlow::Continue(()));
    let log = log.unwrap_or_else(|error| panic!("{error}"));
    let journal = Journal::start(Box::new(log), Limits::default(), Box::new(|error| panic!("{error}")));
    let file = OpenOptions::new().create(true).append(true).open(folder.join("raw"));
    let mut stores: Vec<Box<dyn Store>> = vec![
        Box::new(Rows::new(&folder.join("rows.redb"), 1)),
        Box::new(Rows::new(&folder.join("batches.redb"), WAITERS)),
        Box::new(Raw(file.unwrap_or_else(|error| panic!("{error}")))),
    ];
    stores.extend(crate::stores::others(&folder));
    let (mut ours, mut theirs, mut sizes) = (Vec::new(), vec![Vec::new(); stores.len()], Vec::new());
    for round in 0..=ROUNDS {
        let (rate_of_ours, size) = own(&journal);
        let records = (1..=WAITERS).find(|own| *own as f64 >= size).unwrap_or(WAITERS);
        let of_stores: Vec<f64> = stores.iter_mut().map(|store| rate(store.as_mut(), records)).collect();
        if round > 0 {
            ours.push(rate_of_ours);
            sizes.push(size);
            theirs.iter_mut().zip(&of_stores).for_each(|(all, own)| all.push(*own));
        }
    }
    drop(journal);
    let ratios: Vec<f64> = ours.iter().zip(&theirs[0]).map(|(own, their)| own / their).collect();
    println!("commit: {WAITERS} wait, {:.0} records of {RECORD} bytes a batch", median(sizes));
    println!("commit: {:>9.0} records/s  Plimsoll, group commit", median(ours));
    for (store, all) in stores.iter().zip(theirs) {
        println!("commit: {:>9.0} records/s  {}", median(all), store.name());
    }
    crate::stores::postgresql(WAITERS, RECORD);
    drop(stores);
    let _ = std::fs::remove_dir_all(folder);
    let (measured, wanted) = (median(ratios), Wanted::AtLeast(0.8));
    vec![Goal { name: "commit_vs_store", measured, unit: "ratio", wanted }]
}
