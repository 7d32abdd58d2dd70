//! The methods of a house and their market, from files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use plimsoll_engine::types::Currency;
use plimsoll_proto::v1;

use super::Calls;
use crate::commands::{CommandError, Exit};
use crate::method_file;

/// States methods, each read here first so that its faults are named with its file.
pub(super) fn state(
    url: &str,
    house: &str,
    paths: &[PathBuf],
    moves: &[String],
) -> Result<Exit, CommandError> {
    let mut methods = Vec::with_capacity(paths.len());
    let mut named: HashMap<String, &PathBuf> = HashMap::new();
    for path in paths {
        let name = method_file::method(path)?.name;
        if let Some(other) = named.insert(name.clone(), path) {
            let (path, other) = (path.display(), other.display());
            return Err(CommandError::Usage(format!("{path}: its method {name} is that of {other} too")));
        }
        let text = method_file::method_text(path)?;
        methods.push(v1::HouseMethod { name: String::new(), text });
    }
    let mut move_accounts = HashMap::with_capacity(moves.len());
    for own in moves {
        let expected = || CommandError::Usage(format!("--move {own}: expected OLD=NEW"));
        let (from, to) = own.split_once('=').ok_or_else(expected)?;
        if move_accounts.insert(from.to_owned(), to.to_owned()).is_some() {
            return Err(CommandError::Usage(format!("--move {own}: {from} moves twice")));
        }
    }
    let request = v1::SetMethodsRequest { house: house.to_owned(), methods, move_accounts };
    Calls::new(url)?.one("SetMethodsResponse", |client| async move { client.set_methods(request).await })
}

/// Gives the methods of a house a market.
pub(super) fn market(url: &str, house: &str, currency: &str, path: &Path) -> Result<Exit, CommandError> {
    let currency = Currency::new(currency).map_err(|error| CommandError::Usage(error.to_string()))?;
    let (time, quotes) = method_file::quotes(path, &currency)?;
    Calls::new(url)?
        .one("UpdateMarketResponse", |client| async move { client.send_market(house, time, &quotes).await })
}
