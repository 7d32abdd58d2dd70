//! What holds of every definition that was read, whatever its format.

use std::io;

use plimsoll_engine::parameters::{
    Definition, Diagnostics, Digest, Refused, RoundingProfile, Severity, build, spn,
};

/// Builds a set of the definition; an accepted one is written, read and built again, and is then the same.
/// Returns whether it was accepted.
pub(crate) fn check(definition: &Definition, digest: Digest, diagnostics: Diagnostics) -> bool {
    let set = match build(definition, digest, RoundingProfile::Exact, diagnostics) {
        Ok((set, diagnostics)) => {
            assert!(!diagnostics.refuses(), "accepted in spite of errors");
            set
        }
        Err(Refused(diagnostics)) => {
            says_why(&diagnostics);
            return false;
        }
    };
    let mut written = Vec::new();
    match spn::write(definition, &mut written) {
        Ok(()) => {}
        // The XML format cannot say everything that the others can.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => return true,
        Err(error) => panic!("memory is always writable: {error}"),
    }
    let text = || String::from_utf8_lossy(&written);
    let again = spn::read(written.as_slice())
        .unwrap_or_else(|error| panic!("what was written is not read: {error:?}\n{}", text()));
    let built = build(&again.definition, again.digest, RoundingProfile::Exact, again.diagnostics);
    let (again, _) =
        built.unwrap_or_else(|Refused(found)| panic!("what was written is refused: {found:?}\n{}", text()));
    assert_eq!(set.summary(), again.summary(), "what was written is another set\n{}", text());
    true
}

/// Whoever sends a refused file is told at least one reason.
pub(crate) fn says_why(diagnostics: &Diagnostics) {
    let kept = diagnostics.as_slice();
    assert!(kept.iter().any(|found| found.severity == Severity::Error), "refused without a reason: {kept:?}");
}
