//! What a book remembers, as data: what happened to its groups and what its houses stated, in one order.
//!
//! A record is stored as MessagePack, structures as lists: fields are only ever added at their ends, with defaults. Replaying records decides
//! nothing: the state is a fold of what they say. The command of a record is kept for audits and is not read when replaying.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::contract::{ContractId, ContractKey, Specification};
use crate::group::content::content_of;
use crate::group::{
    Band, CollateralSchedule, Command, Event, FeeSchedule, GroupKey, LastKnown, Origin, SettlementRun,
};
use crate::market::Quote;
use crate::types::{Currency, House, Member, MethodName, Moment};

/// One record.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Record {
    /// When it was written, by the clock of the server; nothing is decided by it.
    pub time: Moment,
    /// The version of the program that wrote it.
    pub program: String,
    /// What happened.
    pub body: RecordBody,
}

/// What happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordBody {
    /// A group was opened.
    Opened(Opened),
    /// Groups changed, all at once.
    Groups(Vec<GroupChange>),
    /// A settlement run, before the groups that settle by it.
    Run(House, Arc<SettlementRun>),
    /// What a house stated.
    House(House, HouseChange),
    /// A record before this one stopped a start, and is left out of every state.
    Quarantined(Quarantined),
}

/// A record that is left out.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Quarantined {
    /// Its sequence.
    pub record: u64,
    /// How it stopped the start.
    pub reason: String,
}

/// A group that was opened.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Opened {
    /// Its key.
    pub key: GroupKey,
    /// Who is liable.
    pub member: Member,
    /// Whose money it is.
    pub origin: Origin,
    /// The currency of its totals.
    pub currency: Currency,
}

/// What happened to one group.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct GroupChange {
    /// The group.
    pub key: GroupKey,
    /// The events, in order.
    pub events: Vec<Event>,
    /// The version of the house's data that they were decided with.
    pub version: u64,
    /// The command that they come from, encoded; empty where it is told otherwise.
    pub command: Vec<u8>,
}

/// What tells settlement runs apart: a digest of their content.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct RunKey(pub [u8; 32]);

/// What a house stated.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HouseChange {
    /// Contracts became known, or what they are, in the order of their numbers from the first on.
    Contracts(ContractId, Vec<(ContractKey, Option<Specification>)>),
    /// What contracts are that were known before.
    Specified(Vec<(ContractId, Specification)>),
    /// Price bands, what collateral counts for, and fees.
    Terms(Vec<(ContractId, Band)>, CollateralSchedule, FeeSchedule),
    /// Methods by name, as text.
    Methods(Vec<(MethodName, String)>),
    /// Quotes of a market.
    Market(Moment, Vec<Quote>),
    /// The parameter set that the house's book uses, by its id.
    Set(Option<String>),
    /// Contracts that the change behind it leaves without a price or a margin, as they were before; ascending.
    Retained(Vec<(ContractId, LastKnown)>),
}

/// Why stored bytes are no record.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// Bytes of something.
///
/// # Errors
/// [`Unreadable`] for what cannot be stored: nothing of this crate.
pub fn encoded<T: Serialize>(own: &T) -> Result<Vec<u8>, Unreadable> {
    rmp_serde::to_vec(own).map_err(|error| Unreadable(error.to_string()))
}

/// What bytes say.
///
/// # Errors
/// [`Unreadable`].
pub fn decoded<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Unreadable> {
    rmp_serde::from_slice(bytes).map_err(|error| Unreadable(error.to_string()))
}

impl RunKey {
    /// The key of a run.
    ///
    /// # Errors
    /// [`Unreadable`] as [`encoded`].
    pub fn of(run: &SettlementRun) -> Result<Self, Unreadable> {
        Ok(Self(content_of(run)))
    }
}

impl GroupChange {
    /// Of a command and its events.
    ///
    /// # Errors
    /// [`Unreadable`] as [`encoded`].
    pub fn new(
        key: &GroupKey,
        events: &[Event],
        version: u64,
        command: Option<&Command>,
    ) -> Result<Self, Unreadable> {
        Ok(Self {
            key: key.clone(),
            events: events.to_vec(),
            version,
            command: command.map_or(Ok(Vec::new()), encoded)?,
        })
    }
}
