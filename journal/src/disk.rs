//! Where files are: a folder of the machine, or whatever a test puts in its place.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use redb::backends::FileBackend;
use redb::{Builder, Database, DatabaseError, ReadOnlyDatabase};

/// The folders of a journal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Folder {
    /// The log's segments.
    Log,
    /// Segments that recovery does not need any more.
    Archive,
    /// The cuts.
    State,
}

impl Folder {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Log, Self::Archive, Self::State];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Archive => "archive",
            Self::State => "state",
        }
    }
}

/// Files by folder and name.
pub trait Disk: Debug + Send + Sync {
    /// The names of a folder's files, ascending.
    ///
    /// # Errors
    /// What the system says.
    fn names(&self, folder: Folder) -> io::Result<Vec<String>>;

    /// Opens a store; one that may be new is made, and that it is there is durable when this returns.
    ///
    /// # Errors
    /// What the store says.
    fn open(
        &self,
        builder: &Builder,
        folder: Folder,
        name: &str,
        may_be_new: bool,
    ) -> Result<Database, DatabaseError>;

    /// Opens a store that is there and changes nothing in it; one that was not closed is refused.
    ///
    /// # Errors
    /// What the store says.
    fn open_read_only(
        &self,
        builder: &Builder,
        folder: Folder,
        name: &str,
    ) -> Result<ReadOnlyDatabase, DatabaseError>;

    /// Moves a segment to the archive.
    ///
    /// # Errors
    /// What the system says.
    fn archive(&self, name: &str) -> io::Result<()>;

    /// Gives a file that cannot be trusted the name `NAME.damaged`, in place of an earlier one.
    ///
    /// # Errors
    /// What the system says.
    fn set_aside(&self, folder: Folder, name: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// What the system says.
    fn remove(&self, folder: Folder, name: &str) -> io::Result<()>;

    /// Writes a part of the head file, without waiting for the disk.
    ///
    /// # Errors
    /// What the system says.
    fn write_head(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// The head file; nothing where there is none.
    ///
    /// # Errors
    /// What the system says.
    fn read_head(&self) -> io::Result<Vec<u8>>;
}

/// A folder of the machine.
#[derive(Debug)]
pub struct RealDisk {
    root: PathBuf,
    head: File,
}

impl RealDisk {
    /// Opens a folder, or makes it.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        for folder in Folder::ALL {
            fs::create_dir_all(root.join(folder.name()))?;
        }
        let path = root.join("head");
        let head = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        File::open(&root)?.sync_all()?;
        Ok(Self { root, head })
    }

    fn folder(&self, folder: Folder) -> PathBuf {
        self.root.join(folder.name())
    }

    fn sync(&self, folder: Folder) -> io::Result<()> {
        File::open(self.folder(folder))?.sync_all()
    }
}

impl Disk for RealDisk {
    fn names(&self, folder: Folder) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.folder(folder))? {
            names.extend(entry?.file_name().into_string());
        }
        names.sort_unstable();
        Ok(names)
    }

    fn open(
        &self,
        builder: &Builder,
        folder: Folder,
        name: &str,
        may_be_new: bool,
    ) -> Result<Database, DatabaseError> {
        let path = self.folder(folder).join(name);
        if may_be_new && !path.exists() {
            // Under its name a store is always a whole one.
            let making = self.folder(folder).join(format!("{name}.new"));
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&making)?;
            builder.create_with_backend(FileBackend::new(file)?)?.close()?;
            File::open(&making)?.sync_all()?;
            fs::rename(&making, &path)?;
            self.sync(folder)?;
        }
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        builder.create_with_backend(FileBackend::new(file)?)
    }

    fn open_read_only(
        &self,
        builder: &Builder,
        folder: Folder,
        name: &str,
    ) -> Result<ReadOnlyDatabase, DatabaseError> {
        builder.open_read_only(self.folder(folder).join(name))
    }

    fn archive(&self, name: &str) -> io::Result<()> {
        fs::rename(self.folder(Folder::Log).join(name), self.folder(Folder::Archive).join(name))?;
        self.sync(Folder::Archive)?;
        self.sync(Folder::Log)
    }

    fn set_aside(&self, folder: Folder, name: &str) -> io::Result<()> {
        let path = self.folder(folder).join(name);
        fs::rename(&path, self.folder(folder).join(format!("{name}.damaged")))?;
        self.sync(folder)
    }

    fn remove(&self, folder: Folder, name: &str) -> io::Result<()> {
        fs::remove_file(self.folder(folder).join(name))?;
        self.sync(folder)
    }

    fn write_head(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.head.write_all_at(bytes, offset)
    }

    fn read_head(&self) -> io::Result<Vec<u8>> {
        fs::read(self.root.join("head"))
    }
}
