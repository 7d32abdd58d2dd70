//! Power cuts at any operation: what was appended is there, in order, and nothing is half there.

use std::ops::ControlFlow;

use plimsoll_journal::{AppendError, JournalError, Log as _, Segments, Sequence};

use super::simulated::{Dice, SimulatedDisk};

/// `PLIMSOLL_SEEDS=5000` for a long run.
fn seeds() -> u64 {
    std::env::var("PLIMSOLL_SEEDS").ok().and_then(|own| own.parse().ok()).unwrap_or(150)
}

fn read(disk: &SimulatedDisk) -> Result<(Segments, Vec<Vec<u8>>), JournalError> {
    let mut records = Vec::new();
    let log = Segments::open(disk.dynamic(), 20_000, Sequence(1), &mut |at, payload| {
        assert_eq!(at.0, records.len() as u64 + 1);
        records.push(payload.to_vec());
        ControlFlow::Continue(())
    })?;
    Ok((log, records))
}

/// What ends a life.
#[derive(Clone, Copy, PartialEq)]
enum End {
    /// The power goes: what was not synced may be lost.
    Power,
    /// The disk fails or is full, and the process stops: what it had written stays.
    Failure,
}

/// Appends until it ends, again and again; what is wrong with what is left.
fn lives(seed: u64, end: End, lies: bool) -> Result<(), String> {
    let mut dice = Dice::new(seed);
    let disk = SimulatedDisk::new();
    if lies {
        disk.lie();
    }
    let mut durable: Vec<Vec<u8>> = Vec::new();
    for life in 0..4 {
        let (mut log, found) = read(&disk).map_err(|error| format!("life {life}: {error}"))?;
        if !found.starts_with(&durable) {
            return Err(format!("life {life}: {} of {} records are left", found.len(), durable.len()));
        }
        durable = found;
        disk.power(i64::try_from(dice.below(400)).unwrap());
        loop {
            let batch: Vec<Vec<u8>> = (0..=dice.below(4))
                .map(|_| {
                    let length = dice.below(3_000);
                    (0..length).map(|_| u8::try_from(dice.below(256)).unwrap()).collect()
                })
                .collect();
            let expected = Sequence(durable.len() as u64 + 1);
            match log.append(expected, &batch) {
                Ok(()) => durable.extend(batch),
                Err(_) => break,
            }
        }
        drop(log);
        match end {
            End::Power => disk.cut(&mut dice),
            End::Failure => disk.power(i64::MAX),
        }
    }
    Ok(())
}

#[test]
fn what_was_appended_outlives_every_power_cut() {
    for seed in 0..seeds() {
        let outcome = std::panic::catch_unwind(|| lives(seed, End::Power, false));
        assert_eq!(outcome.map_err(|_| "panicked"), Ok(Ok(())), "seed {seed}");
    }
}

#[test]
fn what_was_appended_outlives_failures_of_the_disk() {
    for seed in 0..seeds() {
        let outcome = std::panic::catch_unwind(|| lives(seed, End::Failure, false));
        assert_eq!(outcome.map_err(|_| "panicked"), Ok(Ok(())), "seed {seed}");
    }
}

/// A disk without room is a failed append, and what was there before is there when there is room again.
#[test]
fn a_full_disk_loses_nothing() {
    let disk = SimulatedDisk::new();
    let (mut log, _) = read(&disk).unwrap();
    let mut durable = Vec::new();
    disk.fill(disk.used() + 400_000);
    let failed = loop {
        let batch = vec![vec![u8::try_from(durable.len() % 256).unwrap(); 5_000]];
        match log.append(Sequence(durable.len() as u64 + 1), &batch) {
            Ok(()) => durable.extend(batch),
            Err(error) => break error,
        }
    };
    let text = failed.to_string();
    assert!(matches!(failed, AppendError::Failed(_)) && !text.contains("damaged"), "{text}");
    assert!(durable.len() > 10, "{}", durable.len());
    drop(log);
    disk.fill(0);
    let (mut log, found) = read(&disk).unwrap();
    assert!(found.starts_with(&durable));
    log.append(Sequence(found.len() as u64 + 1), &[b"and on".to_vec()]).unwrap();
}

/// With the sync taken out the same test has to fail, or it shows nothing.
#[test]
fn without_a_sync_the_same_is_lost() {
    let lost = (0..40).filter(|seed| lives(*seed, End::Power, true).is_err()).count();
    assert!(lost > 20, "{lost} of 40 lives without a sync lost something");
}
