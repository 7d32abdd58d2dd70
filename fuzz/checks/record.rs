//! What holds of bytes of a journal, whatever they are: they are read or refused, and what is read is what was written.

use plimsoll_engine::group::{Command, Group};
use plimsoll_engine::record::{Record, RecordBody, decoded, encoded};

/// Whether the bytes are a record.
pub(crate) fn check(bytes: &[u8]) -> bool {
    if let Ok(group) = decoded::<Group>(bytes) {
        assert_eq!(
            decoded::<Group>(&encoded(&group).unwrap()).unwrap(),
            group,
            "what is written is read again"
        );
    }
    let Ok(record) = decoded::<Record>(bytes) else { return false };
    let again = encoded(&record).unwrap();
    let read: Record = decoded(&again).unwrap();
    assert_eq!(encoded(&read).unwrap(), again, "what is written is read again");
    if let RecordBody::Groups(changes) = read.body {
        for change in changes {
            let _ = decoded::<Command>(&change.command);
        }
    }
    true
}
