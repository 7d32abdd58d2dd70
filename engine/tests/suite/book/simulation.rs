//! Random commands, repetitions, duplicates and reorderings against an auditor that predicts every answer.
//!
//! `PLIMSOLL_SEEDS=7..8` replays one seed; a failure names its seed and step.

mod auditor;
mod charges;
mod filling;
mod ledger;
mod play;
mod steps;
mod terms;
mod world;

use std::collections::BTreeSet;

use plimsoll_engine::group::Outcome;
use plimsoll_engine::types::OrderId;

use super::desk::reason;
use crate::orders::seeds;
use auditor::{Margin, Verdict};
use play::{Count, Play};

const SEEDS: u64 = 8;
const STEPS: usize = 120;

fn compare(outcome: &Outcome, raised: &[&'static str], verdict: &Verdict, loose: &mut usize) {
    let closed: Vec<String> = outcome.closed.iter().map(OrderId::to_string).collect();
    let sorted = |own: &[String]| own.iter().cloned().collect::<BTreeSet<String>>();
    assert_eq!((raised, sorted(&closed)), (verdict.raised.as_slice(), sorted(&verdict.closed)));
    match (&verdict.margin, reason(outcome)) {
        (None, reason) => assert_eq!(reason, verdict.reason),
        (Some(Margin { granted: true, .. }), "granted") => {}
        // The bound may refuse what the worst outcome would just allow.
        (Some(Margin { granted: true, refusal, .. }), reason) if reason == *refusal => *loose += 1,
        (Some(margin), reason) => {
            assert!(!margin.granted && reason == margin.refusal, "{reason} instead of {margin:?}");
        }
    }
}

fn simulate(seed: u64, of_venue: bool) -> Count {
    let mut play = Play::new(seed, of_venue);
    for number in 0..STEPS {
        let at = std::panic::AssertUnwindSafe(|| play.step());
        let result = std::panic::catch_unwind(at);
        assert!(result.is_ok(), "seed {seed}, step {number}: PLIMSOLL_SEEDS={seed}..{} replays it", seed + 1);
    }
    play.finish()
}

fn simulate_all(of_venue: bool) {
    let seeds = seeds(0..SEEDS);
    let mut all = Count::default();
    for own in seeds.clone().map(|seed| simulate(seed, of_venue)) {
        all.steps += own.steps;
        all.decisions += own.decisions;
        all.refused += own.refused;
        all.loose += own.loose;
        all.kept += own.kept;
    }
    let Count { steps, decisions, refused, loose, kept } = all;
    println!("{decisions} decisions by margin, {refused} refused, {loose} stricter than the worst outcome");
    assert!(
        seeds.end - seeds.start < SEEDS || refused * 12 > decisions,
        "{refused} of {decisions} are refused"
    );
    assert!(loose * 50 <= decisions, "{loose} of {decisions} decisions are stricter than the worst outcome");
    assert!(kept * 4 > steps, "a standing is kept and compared");
}

#[test]
fn every_answer_is_the_auditors() {
    simulate_all(false);
}

#[test]
fn under_a_method_every_answer_is_the_auditors() {
    simulate_all(true);
}
