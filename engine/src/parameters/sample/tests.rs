use super::definition;
use crate::parameters::{ParameterSet, RoundingProfile, build, spn};

fn read(bytes: &[u8]) -> (crate::parameters::Definition, ParameterSet) {
    let reading = spn::read(bytes).unwrap();
    let built = build(&reading.definition, reading.digest, RoundingProfile::Exact, reading.diagnostics);
    let (set, diagnostics) = built.unwrap();
    assert_eq!(diagnostics.as_slice(), &[]);
    (reading.definition, set)
}

fn written(definition: &crate::parameters::Definition) -> Vec<u8> {
    let mut bytes = Vec::new();
    spn::write(definition, &mut bytes).unwrap();
    bytes
}

#[test]
fn writing_what_was_read_gives_the_same_bytes() {
    let bytes = written(&definition());
    let (again, set) = read(&bytes);
    assert_eq!(String::from_utf8(written(&again)).unwrap(), String::from_utf8(bytes).unwrap());
    let summary = set.summary();
    assert_eq!((summary.commodities, summary.products), (6, 13));
    assert_eq!((summary.intra_spreads, summary.inter_spreads, summary.scenarios), (14, 4, 16));
    assert_eq!(set.base_currency().as_str(), "USD");
}

#[test]
fn the_file_is_the_same_on_every_machine() {
    let (_, set) = read(&written(&definition()));
    assert_eq!(set.digest().to_string(), "3e8c66119ad587029540e357c0fe8f76d57303e6a21f383e0c6bcdd21d048777");
}
