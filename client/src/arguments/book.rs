//! What the user says about the book.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::ServerArgument;

/// A group of a server.
#[derive(Debug, Args)]
pub(crate) struct GroupArgument {
    #[command(flatten)]
    pub(crate) server: ServerArgument,
    /// The house
    #[arg(long)]
    pub(crate) house: String,
    /// The margin group
    #[arg(long)]
    pub(crate) group: String,
}

/// Input for a house of a server.
#[derive(Debug, Args)]
pub(crate) struct InHouse {
    /// JSON, one object; - for standard input
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) server: ServerArgument,
    /// The house [default: as the input says]
    #[arg(long)]
    pub(crate) house: Option<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum OriginWord {
    /// The member's own money
    House,
    /// Its clients' money
    Client,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BookCommand {
    /// Opens a margin group
    Open {
        #[command(flatten)]
        group: GroupArgument,
        /// Who is liable
        #[arg(long)]
        member: String,
        /// Whose money it is
        #[arg(long, value_enum)]
        origin: OriginWord,
        /// The currency of its totals
        #[arg(long, value_name = "CODE")]
        currency: String,
    },
    /// Closes a margin group that has nothing; its name is not used again
    Close(GroupArgument),
    /// Lists the groups of a server
    Groups {
        #[command(flatten)]
        server: ServerArgument,
        /// Only those of this house
        #[arg(long, default_value = "", hide_default_value = true)]
        house: String,
    },
    /// Submits commands: JSON lines such as {"deposit":{"reference":"D1","assets":{"currency":"USD","amount":"1000"}}}
    Submit {
        /// JSON lines; - for standard input
        file: PathBuf,
        #[command(flatten)]
        server: ServerArgument,
        /// The house of lines that name no group
        #[arg(long, requires = "group")]
        house: Option<String>,
        /// The group of lines that name none
        #[arg(long, requires = "house")]
        group: Option<String>,
        /// The name of the run: lines without a command_id get NAME:LINE, so that the same run again changes nothing twice; without it
        /// every run has a new one
        #[arg(long, value_name = "NAME")]
        run_name: Option<String>,
    },
    /// Checks orders, JSON lines, without reserving them
    Check {
        /// JSON lines; - for standard input
        file: PathBuf,
        #[command(flatten)]
        group: GroupArgument,
    },
    /// Applies a settlement run to a house
    Settle(InHouse),
    /// Moves positions, a trade or an account to another group
    Transfer(InHouse),
    /// States price bands and what collateral counts for
    Terms(InHouse),
    /// States what contracts are, for methods that price them
    Contracts(InHouse),
    /// States the methods of a house, in place of those stated before
    Methods {
        /// TOML files, or presets as preset:derive-pm2; accounts know each by its own name
        #[arg(required = true)]
        methods: Vec<PathBuf>,
        /// What accounts of a method move to that is stated no more, as OLD=NEW
        #[arg(long = "move", value_name = "OLD=NEW")]
        moves: Vec<String>,
        #[command(flatten)]
        server: ServerArgument,
        /// The house
        #[arg(long)]
        house: String,
    },
    /// Gives the methods of a house a market, as plimsoll calc --market reads it
    Market {
        /// The market
        file: PathBuf,
        #[command(flatten)]
        server: ServerArgument,
        /// The house
        #[arg(long)]
        house: String,
        /// The currency whose price is stable_price, and that of rates without one
        #[arg(long, value_name = "CODE", default_value = "USD")]
        currency: String,
    },
    /// Books trades of many groups, all or none: .jsonl for JSON lines, .csv for CSV
    Import {
        /// The trades
        file: PathBuf,
        #[command(flatten)]
        server: ServerArgument,
        /// The house
        #[arg(long)]
        house: String,
    },
    /// Shows what a group has and has to have, with the report of every margin account
    Margin(GroupArgument),
    /// Shows the same as of a record of the journal
    Explain {
        #[command(flatten)]
        group: GroupArgument,
        /// The record, from an answer of then (`logSequence`)
        #[arg(long, value_name = "SEQUENCE")]
        at: u64,
        /// The version of the house's data, from the same answer; without it the newest by then
        #[arg(long, value_name = "VERSION", default_value_t = 0, hide_default_value = true)]
        version: u64,
    },
    /// Lists positions
    Positions(GroupArgument),
    /// Lists working orders
    Orders(GroupArgument),
    /// Lists trades
    Trades(GroupArgument),
    /// Deliveries of a group that are not done, one a line, with the numbers by which they are told to be.
    Deliveries(GroupArgument),
    /// Lists facts that did not fit
    Exceptions {
        #[command(flatten)]
        group: GroupArgument,
        /// Those that are resolved too
        #[arg(long)]
        all: bool,
    },
    /// Forms a group's numbers anew and compares
    Audit(GroupArgument),
}
