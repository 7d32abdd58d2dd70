//! What the positional writer writes, and that both formats say the same.

use std::fs;

use plimsoll_engine::parameters::pa2::{WriteError, write};
use plimsoll_engine::parameters::{
    ChargeMethod, Definition, Diagnostics, RoundingProfile, build, sample, spn,
};
use plimsoll_engine::types::Code;

use crate::pa2::{NG_LINES, file, number, reading, said};
use crate::shared::shared;

fn written(definition: &Definition) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(definition, &mut bytes).unwrap();
    bytes
}

#[test]
fn the_sample_is_the_same_set_in_both_formats() {
    let positional = written(&sample::definition());
    let mut xml = Vec::new();
    spn::write(&sample::definition(), &mut xml).unwrap();
    let [positional_reading, xml_reading] =
        [reading(&positional).unwrap(), spn::read(xml.as_slice()).unwrap()];
    // The digest names the bytes; all else is the same.
    let built = [&positional_reading, &xml_reading].map(|reading| {
        let digest = xml_reading.digest;
        build(&reading.definition, digest, RoundingProfile::Exact, reading.diagnostics.clone()).unwrap()
    });
    assert_eq!(said(&built[0].1), Vec::<String>::new());
    let [own, xml] = [&built[0].0, &built[1].0];
    assert_eq!(own.levels(), xml.levels());
    for (own, xml) in own.commodities().iter().zip(xml.commodities()) {
        assert_eq!(own, xml);
    }
    assert!(own.listings() == xml.listings() && own == xml);
    // What was read is written as it was.
    let again = written(&positional_reading.definition);
    assert_eq!(String::from_utf8(again).unwrap(), String::from_utf8(positional).unwrap());
}

#[test]
fn what_the_format_cannot_hold_is_listed_at_once() {
    let mut own = sample::definition();
    own.house = Code::new("HARBOUR").ok();
    own.run = 3;
    own.inter_spreads[0].rates[0].value = number("0.1234567");
    own.commodities[0].terms.spreads[0].charge = ChargeMethod::PerMonth;
    own.families[0].contracts[0].scaling = number("0.00001");
    own.levels.pop();
    own.points[15].weight = number("0.5");
    let mut target = Vec::new();
    let Err(WriteError::Inexpressible(faults)) = write(&own, &mut target) else {
        panic!("it is not expressible")
    };
    assert!(target.is_empty());
    for expected in [
        "header: \"HARBOUR\" does not fit columns 3-8",
        "header: a number of the run",
        "requirement levels: others than",
        "scan points: others than the sixteen",
        "spread: \"0.1234567\" does not fit columns 10-16",
        "CRUDE: a spread inside a commodity that is not charged flat",
        "HCL FUT 202611: \"0.00001\" does not fit columns 86-91",
    ] {
        assert!(faults.iter().any(|fault| fault.contains(expected)), "{faults:?} without {expected:?}");
    }
}

#[test]
fn what_was_read_is_written_and_read_as_the_same() {
    let Some(path) = shared("data/span/riskkit_span_synthetic.pa2") else { return };
    let [ng, synthetic] = [file(NG_LINES), fs::read(path).unwrap()].map(|bytes| reading(&bytes).unwrap());
    for own in [ng, synthetic] {
        let once = written(&own.definition);
        let again = reading(&once).map_err(|refused| said(&refused)).unwrap();
        let sets = [&own, &again].map(|reading| {
            let diagnostics = Diagnostics::default();
            build(&reading.definition, own.digest, RoundingProfile::Exact, diagnostics).unwrap().0
        });
        assert!(sets[0] == sets[1]);
    }
}
