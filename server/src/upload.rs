//! A file that arrives in pieces: read and compiled on a blocking thread while the rest is still on its way.
//!
//! Pieces go through a short queue, so the sender waits for the reader. Only [`Upload::finish`] ends the file: a queue
//! that closes without it is an upload given up, and what was read of it is dropped.

use std::io::{self, BufRead, Read};
use std::sync::Arc;

use plimsoll_engine::parameters::{Diagnostics, ParameterSet, RoundingProfile};
use tokio::sync::mpsc;

use crate::compile::CompileError;
use crate::set_files::{SetFiles, compile_and_keep};
use crate::workers::{Started, WorkLost, Workers};

/// The most pieces that wait for the reader.
const QUEUE: usize = 8;

type Compiled = Result<(ParameterSet, Diagnostics), CompileError>;

/// A file that is arriving.
#[derive(Debug)]
pub(crate) struct Upload {
    pieces: mpsc::Sender<Piece>,
    reader: Started<Compiled>,
}

#[derive(Debug)]
enum Piece {
    Bytes(Vec<u8>),
    End,
}

impl Upload {
    /// Starts a reader if one is free.
    pub(crate) fn start(
        readers: &Workers,
        rounding: RoundingProfile,
        files: Option<Arc<SetFiles>>,
    ) -> Result<Self, WorkLost> {
        let (pieces, arriving) = mpsc::channel(QUEUE);
        let source = Pieces { arriving, current: Vec::new(), consumed: 0, ended: false };
        let reader = readers.start(move || compile_and_keep(source, rounding, files.as_deref()))?;
        Ok(Self { pieces, reader })
    }

    /// Passes on the next bytes, once there is room for them. Says whether the reader wants more.
    pub(crate) async fn push(&self, bytes: Vec<u8>) -> bool {
        self.pieces.send(Piece::Bytes(bytes)).await.is_ok()
    }

    /// Says that the file is complete and waits for the set.
    pub(crate) async fn finish(self) -> Result<Compiled, WorkLost> {
        // A reader that has stopped early has its result already.
        let _ = self.pieces.send(Piece::End).await;
        self.reader.result().await
    }
}

/// The pieces as one source of bytes.
struct Pieces {
    arriving: mpsc::Receiver<Piece>,
    current: Vec<u8>,
    consumed: usize,
    ended: bool,
}

impl BufRead for Pieces {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.consumed == self.current.len() && !self.ended {
            match self.arriving.blocking_recv() {
                Some(Piece::Bytes(bytes)) => {
                    self.current = bytes;
                    self.consumed = 0;
                }
                Some(Piece::End) => self.ended = true,
                None => {
                    return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the upload was given up"));
                }
            }
        }
        Ok(self.current.get(self.consumed..).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.consumed = self.current.len().min(self.consumed + count);
    }
}

impl Read for Pieces {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let mut available = self.fill_buf()?;
        let count = available.read(target)?;
        self.consume(count);
        Ok(count)
    }
}
