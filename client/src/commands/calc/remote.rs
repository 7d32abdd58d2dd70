//! Calculation on a server: requests go out while answers come in.

use std::io::Write;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

use plimsoll_client::client::Client;
use plimsoll_client::error::ClientError;
use plimsoll_client::portfolio::{AccountPortfolio, BadPortfolio, Portfolios};
use plimsoll_client::request::{CalculationRequest, SetSelector};
use plimsoll_engine::parameters::{Digest, RoundingProfile};
use plimsoll_engine::report::{CalculationOptions, PortfolioRequest};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use super::super::{CommandError, connect};
use crate::parameter_file::{self, FileError};
use crate::results::Results;

/// Portfolios read ahead of their results.
const MOST_AHEAD: usize = 100;

/// The parameter set to calculate with.
pub(super) enum Wanted {
    /// That of a file of this machine.
    File(PathBuf),
    /// One that the server has.
    Known(SetSelector),
}

/// What stands in the place of a portfolio.
enum Place {
    /// The server's answer.
    Asked,
    /// What is wrong with it.
    Bad(BadPortfolio),
    /// Nothing: all have been read.
    End,
}

pub(super) fn calculate(
    url: &str,
    wanted: Wanted,
    mut options: CalculationOptions,
    portfolios: Portfolios<'static>,
    results: &mut Results<impl Write>,
) -> Result<(), CommandError> {
    // The file is judged before the server is asked for anything.
    let set = match wanted {
        Wanted::File(file) => {
            let rounding = options.rounding.unwrap_or_default();
            // The server may have the file with another profile as its own.
            options.rounding = Some(rounding);
            let (set, warnings) = parameter_file::read(&file, rounding)?;
            parameter_file::report(&file, &warnings);
            Set::Local(Local { file, id: set.id().to_owned(), digest: set.digest(), rounding })
        }
        Wanted::Known(selector) => Set::Known(selector),
    };
    let (runtime, client) = connect(url)?;
    let selector = match set {
        Set::Local(local) => {
            runtime.block_on(local.ensure_loaded(&client))?;
            SetSelector::Id(local.id)
        }
        Set::Known(selector) => selector,
    };
    let (places, order) = mpsc::sync_channel(MOST_AHEAD);
    let (requests, stream) = tokio::sync::mpsc::channel(1);
    // A thread of its own and not one of the runtime's: a read from standard input that never ends must not keep the
    // process from ending.
    thread::spawn(move || read(portfolios, &selector, &options, &places, &requests));
    let mut answers = runtime.block_on(client.calculate_stream(ReceiverStream::new(stream)))?;
    loop {
        match order.recv() {
            Ok(Place::Bad(bad)) => results.bad(&bad)?,
            Ok(Place::Asked) => match runtime.block_on(answers.next()) {
                Some(answer) => results.calculated(&answer?)?,
                None => return Err(CommandError::Own("an answer is missing".to_owned())),
            },
            Ok(Place::End) => break,
            Err(mpsc::RecvError) => {
                return Err(CommandError::Own("the portfolios were not read to their end".to_owned()));
            }
        }
    }
    match runtime.block_on(answers.next()) {
        Some(answer) => answer.map(|_| ()).map_err(CommandError::from),
        None => Ok(()),
    }
}

/// Reads portfolios and asks for their calculation, as long as somebody listens.
fn read(
    portfolios: Portfolios<'_>,
    selector: &SetSelector,
    options: &CalculationOptions,
    places: &mpsc::SyncSender<Place>,
    requests: &tokio::sync::mpsc::Sender<CalculationRequest>,
) {
    for portfolio in portfolios {
        let listening = match portfolio {
            Ok(AccountPortfolio { account, positions, options: stated, away, .. }) => {
                let options = stated.over(options);
                let portfolio = PortfolioRequest { positions, away, options };
                let request = CalculationRequest { account, parameter_set: selector.clone(), portfolio };
                places.send(Place::Asked).is_ok() && requests.blocking_send(request).is_ok()
            }
            Err(bad) => places.send(Place::Bad(bad)).is_ok(),
        };
        if !listening {
            return;
        }
    }
    // Nobody listens any more only where the results have failed already.
    let _ = places.send(Place::End);
}

enum Set {
    Local(Local),
    Known(SetSelector),
}

/// What is known of the set of a file of this machine.
struct Local {
    file: PathBuf,
    id: String,
    digest: Digest,
    rounding: RoundingProfile,
}

impl Local {
    /// Uploads the file unless the server has its set.
    async fn ensure_loaded(&self, client: &Client) -> Result<(), CommandError> {
        if self.is_loaded(client).await? {
            return Ok(());
        }
        let source = parameter_file::open(&self.file, "uploading")?;
        let bar = source.progress.clone();
        let loaded = client.load_parameter_set(source, Some(self.rounding), |_| {}).await;
        bar.finish_and_clear();
        match loaded {
            Ok(loaded) => self.check(&loaded.set.id, loaded.set.digest),
            // Somebody else was faster.
            Err(ClientError::Status { code: Code::AlreadyExists, .. }) if self.is_loaded(client).await? => {
                Ok(())
            }
            Err(ClientError::Source(source)) => {
                Err(FileError::Unreadable { path: self.file.clone(), source }.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn is_loaded(&self, client: &Client) -> Result<bool, CommandError> {
        match client.get(&self.id).await {
            Ok(found) => self.check(&found.set.id, found.set.digest).map(|()| true),
            Err(ClientError::Status { code: Code::NotFound, .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// An id holds a part of the digest only, and a file can change while it is read a second time.
    fn check(&self, id: &str, digest: Digest) -> Result<(), CommandError> {
        if (id, digest) == (self.id.as_str(), self.digest) {
            return Ok(());
        }
        Err(CommandError::OtherFile { path: self.file.clone(), id: id.to_owned(), digest })
    }
}
