//! The committed inputs of a target, replayed by ordinary tests.

use std::fs;
use std::path::Path;

/// Runs the check over every input. Those named `good-...` are to be accepted and all others refused, so that a change
/// of the formats cannot leave a target without inputs that reach behind the reader.
pub(crate) fn replay(target: &str, check: impl Fn(&[u8]) -> bool) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let (mut accepted, mut refused) = (0, 0);
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        // Shown where the check panics.
        println!("{target}/{name}");
        let is_accepted = check(&fs::read(folder.join(&name)).unwrap());
        assert_eq!(is_accepted, name.starts_with("good-"), "{target}/{name}: is it accepted?");
        *(if is_accepted { &mut accepted } else { &mut refused }) += 1;
    }
    assert!(accepted > 0 && refused > 0, "{target}: {accepted} good and {refused} bad inputs");
}
