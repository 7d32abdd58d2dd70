//! Other stores that group commit is shown against; they need the feature `stores`.

use std::path::Path;
use std::process::Command;

use crate::commit::Store;

/// Those that are libraries.
#[cfg(feature = "stores")]
pub(crate) fn others(folder: &Path) -> Vec<Box<dyn Store>> {
    vec![Box::new(libraries::Fjall::new(folder)), Box::new(libraries::Sqlite::new(folder))]
}

#[cfg(not(feature = "stores"))]
pub(crate) fn others(_: &Path) -> Vec<Box<dyn Store>> {
    eprintln!("commit: without the feature `stores` fjall and SQLite are not shown");
    Vec::new()
}

/// A server that commits for all its clients at once: its own benchmark, with a row of the same size for each client's transaction.
pub(crate) fn postgresql(clients: usize, bytes: usize) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/postgresql.sh");
    let ran = Command::new("bash").args([script, &clients.to_string(), &bytes.to_string()]).output();
    let rate = ran
        .ok()
        .filter(|own| own.status.success())
        .and_then(|own| String::from_utf8_lossy(&own.stdout).trim().parse::<f64>().ok());
    match rate {
        Some(rate) => {
            println!("commit: {rate:>9.0} records/s  PostgreSQL, {clients} clients, a row a transaction")
        }
        None => eprintln!("commit: PostgreSQL is missing: it is not shown"),
    }
}

#[cfg(feature = "stores")]
mod libraries {
    use std::path::Path;

    use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
    use rusqlite::Connection;

    use super::Store;

    const RECORD: [u8; 256] = [7; 256];

    pub(super) struct Fjall(Database, Keyspace, u64);

    impl Fjall {
        pub(super) fn new(folder: &Path) -> Self {
            let database = Database::builder(folder.join("fjall")).open();
            let database = database.unwrap_or_else(|error| panic!("{error}"));
            let rows = database.keyspace("rows", KeyspaceCreateOptions::default);
            Self(database, rows.unwrap_or_else(|error| panic!("{error}")), 0)
        }
    }

    impl Store for Fjall {
        fn name(&self) -> &'static str {
            "fjall, a batch and SyncData"
        }

        fn batch(&mut self, records: usize) {
            let mut batch = self.0.batch();
            for number in 0..records as u64 {
                batch.insert(&self.1, (self.2 + number).to_be_bytes(), RECORD);
            }
            let written = batch.commit().and_then(|()| self.0.persist(PersistMode::SyncData));
            written.unwrap_or_else(|error| panic!("{error}"));
            self.2 += records as u64;
        }
    }

    pub(super) struct Sqlite(Connection, i64);

    impl Sqlite {
        pub(super) fn new(folder: &Path) -> Self {
            let open = || -> rusqlite::Result<Connection> {
                let connection = Connection::open(folder.join("rows.sqlite"))?;
                connection.pragma_update(None, "journal_mode", "WAL")?;
                connection.pragma_update(None, "synchronous", "FULL")?;
                connection.execute("CREATE TABLE rows (number INTEGER PRIMARY KEY, content BLOB)", [])?;
                Ok(connection)
            };
            Self(open().unwrap_or_else(|error| panic!("{error}")), 0)
        }
    }

    impl Store for Sqlite {
        fn name(&self) -> &'static str {
            "SQLite, WAL and synchronous FULL"
        }

        fn batch(&mut self, records: usize) {
            let first = self.1;
            let count = i64::try_from(records).unwrap_or(i64::MAX);
            let mut write = || -> rusqlite::Result<()> {
                let transaction = self.0.transaction()?;
                {
                    let mut insert = transaction.prepare_cached("INSERT INTO rows VALUES (?1, ?2)")?;
                    for number in first..first + count {
                        insert.execute((number, RECORD))?;
                    }
                }
                transaction.commit()
            };
            write().unwrap_or_else(|error| panic!("{error}"));
            self.1 += count;
        }
    }
}
