//! `plimsoll params`: parameter files of this machine, and the sets of a server.

mod load;

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use plimsoll_client::answer::{Activation, SetDetail};
use plimsoll_client::client::Client;
use plimsoll_client::output::{
    printable, write_set_json, write_set_table, write_sets_json, write_sets_table,
};
use plimsoll_engine::parameters::method::MethodKind;
use plimsoll_engine::parameters::{RoundingProfile, sample};

use super::{CommandError, Exit, connect};
use crate::arguments::{ParamsCommand, SetFormat};
use crate::method_file;
use crate::parameter_file;
use crate::standard_error::say;

pub(super) fn run(command: ParamsCommand) -> Result<Exit, CommandError> {
    match command {
        ParamsCommand::Inspect { file, rounding, format } => inspect(&file, rounding, format),
        ParamsCommand::Load(arguments) => load::run(arguments),
        ParamsCommand::List { server, house, format } => list(&server.url, house.as_deref(), format),
        ParamsCommand::Activate { id, server, scope, force } => {
            let (runtime, client) = connect(&server.url)?;
            runtime.block_on(activate(&client, &id, &scope, force))
        }
        ParamsCommand::Build { method, market, output } => build(&method, &market, &output),
        ParamsCommand::Sample { output } => write_sample(&output),
    }
}

fn inspect(file: &Path, rounding: RoundingProfile, format: SetFormat) -> Result<Exit, CommandError> {
    let (set, warnings) = parameter_file::read(file, rounding)?;
    let detail = SetDetail::from(&set);
    let mut out = BufWriter::new(io::stdout().lock());
    match format {
        SetFormat::Table => write_set_table(&mut out, &detail, warnings.as_slice())?,
        SetFormat::Json => write_set_json(&mut out, &detail, warnings.as_slice())?,
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn list(url: &str, house: Option<&str>, format: SetFormat) -> Result<Exit, CommandError> {
    let (runtime, client) = connect(url)?;
    let sets = runtime.block_on(client.list(house))?;
    let mut out = BufWriter::new(io::stdout().lock());
    match format {
        SetFormat::Table => write_sets_table(&mut out, &sets)?,
        SetFormat::Json => write_sets_json(&mut out, &sets)?,
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// Activates a set and says what came of it.
async fn activate(client: &Client, id: &str, scope: &str, force: bool) -> Result<Exit, CommandError> {
    match client.activate(id, scope, force).await? {
        Activation::Activated { set, replaced_id } => {
            let mut out = io::stdout().lock();
            let place = match scope {
                "" => String::new(),
                scope => format!(" account scope {}", printable(scope)),
            };
            let before = match &replaced_id {
                Some(replaced) if *replaced != set.id => format!(" in place of {}", printable(replaced)),
                Some(_) | None => String::new(),
            };
            writeln!(out, "active for {}{place}: {}{before}", set.house, printable(&set.id))?;
            Ok(Exit::Done)
        }
        Activation::Refused { message, .. } => {
            say(format_args!("error: {} is not activated: {}", printable(id), printable(&message)));
            Ok(Exit::SomeRefused)
        }
    }
}

/// Makes a parameter file, which is refused here if it would be refused where it is read.
fn build(path: &Path, market: &Path, output: &Path) -> Result<Exit, CommandError> {
    let method = method_file::method(path)?;
    let MethodKind::Span16(listing) = &method.kind else {
        return Err(CommandError::Usage("--method: expected one of the kind span16".to_owned()));
    };
    let snapshot = method_file::market(market, &method.currency)?;
    let definition = method_file::definition(path, &method, listing, &snapshot)?;
    method_file::set(path, &definition, RoundingProfile::default())?;
    let input = |source| CommandError::Input { path: output.to_owned(), source };
    let file = BufWriter::new(File::create(output).map_err(input)?);
    method_file::write(&definition, output, file).map_err(input)?;
    Ok(Exit::Done)
}

fn write_sample(output: &Path) -> Result<Exit, CommandError> {
    let input = |source| CommandError::Input { path: output.to_owned(), source };
    let file = BufWriter::new(File::create(output).map_err(input)?);
    method_file::write(&sample::definition(), output, file).map_err(input)?;
    Ok(Exit::Done)
}
