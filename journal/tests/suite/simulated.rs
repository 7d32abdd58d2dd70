//! A disk in memory: what is not synced may be lost, reordered or torn when the power goes, and any byte may be damaged.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use plimsoll_journal::{Disk, Folder};
use redb::{Builder, Database, DatabaseError, ReadOnlyDatabase, StorageBackend};

/// What a disk writes at once.
const SECTOR: usize = 512;

/// Numbers from a seed (G. Marsaglia, Xorshift RNGs, 2003).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, count: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % count
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

#[derive(Clone, Debug)]
enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
}

impl Change {
    fn apply(&self, image: &mut Vec<u8>) {
        match self {
            Self::Length(length) => image.resize(usize::try_from(*length).unwrap(), 0),
            Self::Write(offset, bytes) => {
                let start = usize::try_from(*offset).unwrap();
                if image.len() < start + bytes.len() {
                    image.resize(start + bytes.len(), 0);
                }
                image[start..start + bytes.len()].copy_from_slice(bytes);
            }
        }
    }

    /// Some of its sectors.
    fn torn(&self, dice: &mut Dice) -> Vec<Self> {
        let Self::Write(offset, bytes) = self else { return vec![self.clone()] };
        let sectors = bytes.chunks(SECTOR).zip(0_u64..);
        let kept = sectors.filter(|_| dice.chance(50));
        kept.map(|(own, place)| Self::Write(offset + place * SECTOR as u64, own.to_vec())).collect()
    }
}

#[derive(Clone, Debug, Default)]
struct Image {
    live: Vec<u8>,
    durable: Vec<u8>,
    /// What was done since the last sync.
    pending: Vec<Change>,
    /// The bytes that somebody has read.
    read: BTreeSet<usize>,
}

impl Image {
    fn change(&mut self, change: Change) {
        change.apply(&mut self.live);
        self.pending.push(change);
    }

    fn cut(&mut self, dice: &mut Dice) {
        let mut left = std::mem::take(&mut self.pending);
        while !left.is_empty() {
            let place = usize::try_from(dice.below(left.len() as u64)).unwrap();
            let change = left.swap_remove(place);
            match dice.below(3) {
                0 => {}
                1 => change.apply(&mut self.durable),
                _ => change.torn(dice).iter().for_each(|own| own.apply(&mut self.durable)),
            }
        }
        self.live = self.durable.clone();
    }
}

#[derive(Debug, Default)]
struct Shared {
    images: Mutex<BTreeMap<String, Image>>,
    /// So many operations are done before the power goes.
    left: AtomicI64,
    /// Whether a sync does nothing.
    lies: AtomicBool,
    /// Bytes that all files may have; 0 for any number.
    capacity: AtomicUsize,
    notes_reads: AtomicBool,
}

impl Shared {
    fn step(&self) -> io::Result<()> {
        if self.left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            return Err(io::Error::other("the power has gone"));
        }
        Ok(())
    }
}

/// The disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct SimulatedDisk(Arc<Shared>);

impl SimulatedDisk {
    pub(crate) fn new() -> Self {
        let disk = Self::default();
        disk.power(i64::MAX);
        disk
    }

    pub(crate) fn dynamic(&self) -> Arc<dyn Disk> {
        Arc::new(self.clone())
    }

    /// The power stays for so many operations.
    pub(crate) fn power(&self, operations: i64) {
        self.0.left.store(operations, Ordering::SeqCst);
    }

    /// There is room for so many bytes; 0 for any number.
    pub(crate) fn fill(&self, capacity: usize) {
        self.0.capacity.store(capacity, Ordering::SeqCst);
    }

    pub(crate) fn used(&self) -> usize {
        self.0.images.lock().unwrap().values().map(|own| own.live.len()).sum()
    }

    pub(crate) fn lie(&self) {
        self.0.lies.store(true, Ordering::SeqCst);
    }

    /// What is left when the power goes.
    pub(crate) fn cut(&self, dice: &mut Dice) {
        self.0.images.lock().unwrap().values_mut().for_each(|image| image.cut(dice));
        self.power(i64::MAX);
    }

    /// An independent copy of files whose names begin so, all of it durable.
    pub(crate) fn copy_of(&self, beginnings: &[&str]) -> Self {
        let copy = Self::new();
        let images = self.0.images.lock().unwrap();
        let wanted = images.iter().filter(|(name, _)| beginnings.iter().any(|own| name.starts_with(own)));
        let copied = wanted.map(|(name, own)| {
            let (live, durable) = (own.live.clone(), own.live.clone());
            (name.clone(), Image { live, durable, ..Image::default() })
        });
        *copy.0.images.lock().unwrap() = copied.collect();
        copy
    }

    /// Notes from now on which bytes are read.
    pub(crate) fn note_reads(&self) {
        self.0.notes_reads.store(true, Ordering::SeqCst);
    }

    pub(crate) fn reads(&self) -> Vec<(String, usize)> {
        let images = self.0.images.lock().unwrap();
        images.iter().flat_map(|(name, own)| own.read.iter().map(|place| (name.clone(), *place))).collect()
    }

    pub(crate) fn damage(&self, name: &str, place: usize, bits: u8) {
        let mut images = self.0.images.lock().unwrap();
        let image = images.get_mut(name).unwrap();
        image.live[place] ^= bits;
        image.durable[place] ^= bits;
    }

    pub(crate) fn forget(&self, name: &str) {
        self.0.images.lock().unwrap().remove(name);
    }

    #[allow(dead_code, reason = "the server's tests use it")]
    pub(crate) fn length(&self, name: &str) -> usize {
        self.0.images.lock().unwrap().get(name).map_or(0, |own| own.live.len())
    }

    pub(crate) fn files(&self) -> Vec<String> {
        self.0.images.lock().unwrap().keys().cloned().collect()
    }

    fn with<T>(&self, name: &str, work: impl FnOnce(&mut Image) -> io::Result<T>) -> io::Result<T> {
        self.0.step()?;
        let mut images = self.0.images.lock().unwrap();
        work(images.entry(name.to_owned()).or_default())
    }
}

fn path(folder: Folder, name: &str) -> String {
    format!("{}/{name}", folder.name())
}

impl Disk for SimulatedDisk {
    fn names(&self, folder: Folder) -> io::Result<Vec<String>> {
        let prefix = path(folder, "");
        let names = self.files().into_iter();
        Ok(names.filter_map(|own| own.strip_prefix(&prefix).map(str::to_owned)).collect())
    }

    fn open(
        &self,
        builder: &Builder,
        folder: Folder,
        name: &str,
        may_be_new: bool,
    ) -> Result<Database, DatabaseError> {
        let name = path(folder, name);
        if !may_be_new && !self.files().contains(&name) {
            return Err(io::Error::from(io::ErrorKind::NotFound).into());
        }
        if !self.files().contains(&name) {
            let making = format!("{name}.new");
            self.forget(&making);
            let file = SimulatedFile { disk: self.clone(), name: making.clone() };
            builder.create_with_backend(file)?.close()?;
            SimulatedFile { disk: self.clone(), name: making.clone() }.sync_data()?;
            self.0.step()?;
            let mut images = self.0.images.lock().unwrap();
            let image = images.remove(&making).unwrap();
            images.insert(name.clone(), image);
        }
        builder.create_with_backend(SimulatedFile { disk: self.clone(), name })
    }

    fn open_read_only(
        &self,
        builder: &Builder,
        folder: Folder,
        name: &str,
    ) -> Result<ReadOnlyDatabase, DatabaseError> {
        let name = path(folder, name);
        if !self.files().contains(&name) {
            return Err(io::Error::from(io::ErrorKind::NotFound).into());
        }
        builder.open_read_only_with_backend(SimulatedFile { disk: self.clone(), name })
    }

    fn archive(&self, name: &str) -> io::Result<()> {
        self.0.step()?;
        let mut images = self.0.images.lock().unwrap();
        let image = images.remove(&path(Folder::Log, name)).unwrap();
        images.insert(path(Folder::Archive, name), image);
        Ok(())
    }

    fn set_aside(&self, folder: Folder, name: &str) -> io::Result<()> {
        self.0.step()?;
        let mut images = self.0.images.lock().unwrap();
        let image = images.remove(&path(folder, name)).unwrap();
        images.insert(path(folder, &format!("{name}.damaged")), image);
        Ok(())
    }

    fn remove(&self, folder: Folder, name: &str) -> io::Result<()> {
        self.0.step()?;
        self.forget(&path(folder, name));
        Ok(())
    }

    fn write_head(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.with("head", |image| {
            image.change(Change::Write(offset, bytes.to_vec()));
            Ok(())
        })
    }

    fn read_head(&self) -> io::Result<Vec<u8>> {
        let notes = self.0.notes_reads.load(Ordering::SeqCst);
        let mut images = self.0.images.lock().unwrap();
        let Some(image) = images.get_mut("head") else { return Ok(Vec::new()) };
        if notes {
            image.read.extend(0..image.live.len());
        }
        Ok(image.live.clone())
    }
}

#[derive(Debug)]
struct SimulatedFile {
    disk: SimulatedDisk,
    name: String,
}

impl StorageBackend for SimulatedFile {
    fn len(&self) -> io::Result<u64> {
        self.disk.with(&self.name, |image| Ok(image.live.len() as u64))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let notes = self.disk.0.notes_reads.load(Ordering::SeqCst);
        self.disk.with(&self.name, |image| {
            let start = usize::try_from(offset).unwrap();
            let bytes = image.live.get(start..start + out.len());
            out.copy_from_slice(bytes.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?);
            if notes {
                image.read.extend(start..start + out.len());
            }
            Ok(())
        })
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let capacity = self.disk.0.capacity.load(Ordering::SeqCst);
        let more = usize::try_from(len).unwrap().saturating_sub(usize::try_from(self.len()?).unwrap());
        if capacity > 0 && self.disk.used() + more > capacity {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.disk.with(&self.name, |image| {
            image.change(Change::Length(len));
            Ok(())
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        let lies = self.disk.0.lies.load(Ordering::SeqCst);
        self.disk.with(&self.name, |image| {
            if !lies {
                (image.durable, image.pending) = (image.live.clone(), Vec::new());
            }
            Ok(())
        })
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.disk.with(&self.name, |image| {
            image.change(Change::Write(offset, data.to_vec()));
            Ok(())
        })
    }
}
