//! On the machine's own disk.

use std::ops::ControlFlow;
use std::sync::Arc;

use plimsoll_journal::{Disk, Journal, Limits, Log, RealDisk, Segments, Sequence, verify};

fn folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("plimsoll-journal-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

fn open(disk: &Arc<dyn Disk>) -> (Segments, Vec<Vec<u8>>) {
    let mut records = Vec::new();
    let log = Segments::open(Arc::clone(disk), 4_000, Sequence(1), &mut |_, payload| {
        records.push(payload.to_vec());
        ControlFlow::Continue(())
    });
    (log.unwrap(), records)
}

#[tokio::test]
async fn many_threads_append_in_one_order() {
    let folder = folder("threads");
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(&folder).unwrap());
    let failed = Box::new(|error: &_| panic!("{error}"));
    let journal = Journal::start(Box::new(open(&disk).0), Limits::default(), failed);
    let told: Vec<(Sequence, Vec<u8>)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4_u8)
            .map(|thread| {
                let journal = &journal;
                scope.spawn(move || {
                    let append = |number: u8| {
                        let payload = vec![thread, number];
                        (journal.reserve_waiting().unwrap().append(payload.clone()), payload)
                    };
                    (0..50).map(append).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|own| own.join().unwrap()).collect()
    });
    let last = told.iter().map(|own| own.0).max().unwrap();
    journal.follow().reached(last).await.unwrap();
    journal.close();
    drop(journal);
    let (log, records) = open(&disk);
    assert_eq!((records.len(), log.end().0), (200, Sequence(201)));
    for (sequence, payload) in told {
        assert_eq!(records[usize::try_from(sequence.0).unwrap() - 1], payload);
    }
    drop(log);
    assert_eq!(verify(&disk).unwrap().records, 200);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_segment_without_records_continues_the_one_before() {
    let folder = folder("empty");
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(&folder).unwrap());
    let opened = |from| Segments::open(Arc::clone(&disk), 1, from, &mut |_, _| ControlFlow::Continue(()));
    let mut log = opened(Sequence(1)).unwrap();
    log.append(Sequence(1), &[vec![1]]).unwrap();
    let end = log.end();
    drop(log);
    // What a crash leaves between the file of a new segment and its first batch.
    drop(redb::Database::create(folder.join("log/00000000000000000002.redb")).unwrap());
    let mut log = opened(Sequence(2)).unwrap();
    assert_eq!(log.end(), end);
    log.append(Sequence(2), &[vec![2]]).unwrap();
    drop(log);
    assert_eq!(verify(&disk).unwrap().records, 2);
    let Err(error) = opened(Sequence(4)) else { panic!("record 3 is not there") };
    assert!(error.to_string().contains("records up to 3"), "{error}");
    std::fs::remove_dir_all(folder).unwrap();
}
