//! Which records are quarantined: they stopped a start, and are left out of every state from then on. The log says it too, later than the record
//! itself; here it is known before the log is read.

use std::collections::BTreeSet;

use redb::{ReadableTable as _, TableDefinition};

use super::{Cuts, damaged, guarded};
use crate::log::JournalError;
use crate::record::Sequence;

const QUARANTINED: TableDefinition<'_, u64, ()> = TableDefinition::new("quarantined");

impl Cuts {
    /// The records that are quarantined.
    ///
    /// # Errors
    /// [`JournalError`] for a store that cannot be read.
    pub fn quarantined(&self) -> Result<BTreeSet<Sequence>, JournalError> {
        guarded(|| {
            let Some(table) = self.table(QUARANTINED, Sequence::NONE)? else { return Ok(BTreeSet::new()) };
            let mut records = BTreeSet::new();
            for row in table.iter().map_err(|error| damaged(Sequence::NONE, error))? {
                let (record, _) = row.map_err(|error| damaged(Sequence::NONE, error))?;
                records.insert(Sequence(record.value()));
            }
            Ok(records)
        })
    }

    /// Remembers records that are quarantined, for ever.
    ///
    /// # Errors
    /// What the store says.
    pub fn quarantine(&self, records: &BTreeSet<Sequence>) -> Result<(), JournalError> {
        let failed = |error: &dyn std::fmt::Display| damaged(Sequence::NONE, error);
        let transaction = self.store.begin_write().map_err(|error| failed(&error))?;
        {
            let mut table = transaction.open_table(QUARANTINED).map_err(|error| failed(&error))?;
            for record in records {
                table.insert(record.0, ()).map_err(|error| failed(&error))?;
            }
        }
        transaction.commit().map_err(|error| failed(&error))
    }
}
