//! What the user says.

mod book;

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use plimsoll_engine::parameters::RoundingProfile;
use plimsoll_engine::types::{Currency, House};

pub(crate) use book::{BookCommand, GroupArgument, InHouse, OriginWord};

/// Portfolio margin from an exchange's SPAN risk-parameter file.
///
/// Exit status: 0 done; 1 some portfolios, files or activations were refused; 2 wrong usage; 3 a parameter file or
/// journal was unreadable or refused; 4 the server could not be reached or failed.
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Calculates the margin of portfolios, here or on a server, with the same output
    Calc(CalcArguments),
    /// Inspects parameter files and looks after those of a server
    #[command(subcommand)]
    Params(ParamsCommand),
    /// Keeps a server's live book: groups, accounts, orders, trades, settlement
    #[command(subcommand)]
    Book(BookCommand),
    /// Reads the data directory of a server that is stopped, or a copy of one
    #[command(subcommand)]
    Journal(JournalCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum JournalCommand {
    /// Reads every record and cut: whether nothing is damaged and nothing is missing
    Verify {
        /// The data directory
        directory: PathBuf,
    },
    /// Prints records as JSON lines
    Inspect {
        /// The data directory
        directory: PathBuf,
        /// The first record [default: the oldest]
        #[arg(long, value_name = "SEQUENCE", default_value_t = 1, hide_default_value = true)]
        from: u64,
        /// The last record
        #[arg(long, value_name = "SEQUENCE")]
        to: Option<u64>,
        /// Only records of groups of this name
        #[arg(long)]
        group: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CalcArguments {
    /// Parameter file; with --server it is uploaded unless the server has it
    #[arg(long, value_name = "FILE", required_unless_present_any = ["set", "house", "method"])]
    pub(crate) params: Option<PathBuf>,
    /// Margin method (TOML), or preset:NAME of one that comes with the program, instead of a parameter file;
    /// --rounding, --currency and --allow-unmatched go with methods of the kind span16 only
    #[arg(long, value_name = "FILE", requires = "market", conflicts_with_all = ["params", "set", "house", "server"])]
    pub(crate) method: Option<PathBuf>,
    /// Market (JSON) that the method is applied to
    #[arg(long, value_name = "FILE", requires = "method", conflicts_with_all = ["params", "set", "house"])]
    pub(crate) market: Option<PathBuf>,
    /// Rounding profile [default: exact; without --params that of the server's set]
    #[arg(long, value_name = "PROFILE", value_parser = rounding())]
    pub(crate) rounding: Option<RoundingProfile>,
    /// Portfolios: .jsonl, .ndjson or .json for JSON lines, .csv for CSV, - for JSON lines from standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) portfolios: PathBuf,
    /// Adds up the lines of one account, where each has an answer of its own without it; the rows of an account in CSV are added up anyway
    #[arg(long)]
    pub(crate) merge_accounts: bool,
    /// Calculates on this server
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// Calculates with the server's parameter set of this id
    #[arg(long, value_name = "ID", requires = "server", conflicts_with_all = ["params", "house"])]
    pub(crate) set: Option<String>,
    /// Calculates with the server's active parameter set of this house
    #[arg(long, requires = "server", conflicts_with = "params", value_parser = house)]
    pub(crate) house: Option<House>,
    /// Account scope of the active parameter set
    #[arg(long, requires = "house", conflicts_with_all = ["params", "set"], default_value = "", hide_default_value = true)]
    pub(crate) scope: String,
    /// Currency of the totals [default: the set's base currency]
    #[arg(long, value_name = "CODE", value_parser = currency)]
    pub(crate) currency: Option<Currency>,
    /// Lists positions that the set cannot margin and calculates the rest
    #[arg(long)]
    pub(crate) allow_unmatched: bool,
    /// How results are written
    #[arg(long, value_enum, default_value_t = CalcFormat::Jsonl)]
    pub(crate) format: CalcFormat,
    /// Shows the loss in every scenario (with --format table; JSON lines always have it)
    #[arg(long)]
    pub(crate) scenarios: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum CalcFormat {
    /// One JSON object a portfolio
    Jsonl,
    /// Tables for people
    Table,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum SetFormat {
    /// Tables for people
    Table,
    /// One JSON object a parameter set
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ParamsCommand {
    /// Reads a parameter file and shows what it holds, or everything that is wrong with it
    Inspect {
        /// Parameter file
        file: PathBuf,
        /// Rounding profile
        #[arg(long, value_name = "PROFILE", value_parser = rounding(), default_value = "exact")]
        rounding: RoundingProfile,
        /// How it is shown
        #[arg(long, value_enum, default_value_t = SetFormat::Table)]
        format: SetFormat,
    },
    /// Loads parameter files into a server
    Load(LoadArguments),
    /// Lists the parameter sets of a server, newest first
    List {
        #[command(flatten)]
        server: ServerArgument,
        /// Only those of this house
        #[arg(long)]
        house: Option<String>,
        /// How they are shown
        #[arg(long, value_enum, default_value_t = SetFormat::Table)]
        format: SetFormat,
    },
    /// Makes a parameter set of a server the active one for its house
    Activate {
        /// Its id
        id: String,
        #[command(flatten)]
        server: ServerArgument,
        /// Account scope it is activated for [default: the default scope]
        #[arg(long, default_value = "", hide_default_value = true)]
        scope: String,
        /// Replaces a newer set too
        #[arg(long)]
        force: bool,
    },
    /// Makes a parameter file from a market, by a method of the kind span16
    Build {
        /// Margin method (TOML)
        #[arg(long, value_name = "FILE")]
        method: PathBuf,
        /// Market (JSON)
        #[arg(long, value_name = "FILE")]
        market: PathBuf,
        /// Where it is written: in the positional format if the name ends in .pa2, else as XML
        #[arg(long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Writes a small invented exchange as a parameter file
    Sample {
        /// Where it is written: in the positional format if the name ends in .pa2, else as XML
        #[arg(long, value_name = "FILE")]
        output: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ServerArgument {
    /// The server
    #[arg(long = "server", value_name = "URL", env = "PLIMSOLL_SERVER")]
    pub(crate) url: String,
}

#[derive(Debug, Args)]
pub(crate) struct LoadArguments {
    /// Parameter files of this machine
    #[arg(required_unless_present = "directory", conflicts_with = "directory", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Loads this file of the server's own directory, or all of it
    #[arg(long, value_name = "NAME", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "absent, without a value, with one: as the user says it")]
    pub(crate) directory: Option<Option<String>>,
    #[command(flatten)]
    pub(crate) server: ServerArgument,
    /// Rounding profile of the sets [default: exact]
    #[arg(long, value_name = "PROFILE", value_parser = rounding(), conflicts_with = "directory")]
    pub(crate) rounding: Option<RoundingProfile>,
    /// Activates the sets, the older ones first
    #[arg(long)]
    pub(crate) activate: bool,
    /// Account scope they are activated for [default: the default scope]
    #[arg(long, requires = "activate", default_value = "", hide_default_value = true)]
    pub(crate) scope: String,
    /// Replaces newer sets too
    #[arg(long, requires = "activate")]
    pub(crate) force: bool,
}

fn rounding() -> impl TypedValueParser<Value = RoundingProfile> {
    let names = RoundingProfile::NAMES.map(|(_, name)| name);
    PossibleValuesParser::new(names)
        .try_map(|name| RoundingProfile::from_name(&name).ok_or_else(|| format!("no profile {name:?}")))
}

fn currency(text: &str) -> Result<Currency, String> {
    Currency::new(text).map_err(|error| error.to_string())
}

fn house(text: &str) -> Result<House, String> {
    House::new(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    fn is_usage(line: &str) -> bool {
        Arguments::try_parse_from(line.split(' ')).is_ok()
    }

    #[test]
    fn what_belongs_together_is_asked_for_together() {
        assert!(is_usage(
            "plimsoll calc --params a.spn --portfolios b.csv --rounding takasbank --currency EUR"
        ));
        assert!(is_usage("plimsoll calc --portfolios - --server http://x:1 --house H --scope desk"));
        assert!(is_usage("plimsoll calc --portfolios - --server http://x:1 --set ID"));
        assert!(is_usage("plimsoll calc --method m.toml --market m.json --portfolios -"));
        assert!(is_usage("plimsoll params load a.spn b.spn --server x:1 --activate --scope desk --force"));
        assert!(is_usage("plimsoll params load --server x:1 --directory"));
        assert!(is_usage("plimsoll params load --server x:1 --directory a.spn"));
        for wrong in [
            "plimsoll calc --portfolios -",
            "plimsoll calc --method m.toml --portfolios -",
            "plimsoll calc --params a.spn --market m.json --portfolios -",
            "plimsoll calc --method m.toml --market m.json --params a.spn --portfolios -",
            "plimsoll calc --params a.spn",
            "plimsoll calc --portfolios - --set ID",
            "plimsoll calc --portfolios - --server x:1 --set ID --params a.spn",
            "plimsoll calc --portfolios - --server x:1 --set ID --house H",
            "plimsoll calc --portfolios - --server x:1 --set ID --scope desk",
            "plimsoll calc --params a.spn --portfolios - --rounding rough",
            "plimsoll calc --params a.spn --portfolios - --currency TOOLONGCODE",
            "plimsoll params load --server x:1",
            "plimsoll params load a.spn --server x:1 --directory",
            "plimsoll params load a.spn --server x:1 --force",
            "plimsoll params load --server x:1 --directory --rounding exact",
        ] {
            assert!(!is_usage(wrong), "{wrong}");
        }
    }
}
