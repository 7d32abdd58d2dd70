//! Margin accounts for methods that are data, one JSON object a line (`docs/methods.md` has the keys).

mod merged;
mod position;

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_engine::account::{Collateral, MarginAccount, Netting, PositionAccount};
use plimsoll_engine::contract::OptionModel;
use plimsoll_engine::market::Snapshot;
use plimsoll_engine::parameters::method::Method;
use plimsoll_engine::types::{Currency, Money, PriceSource};

use crate::document::{Faults, Node};
use crate::json;
use crate::portfolio;

pub use merged::{BadAccount, Merged};

/// A line: an account, or a pool with the accounts that it pays for.
#[derive(Clone, Debug)]
pub struct Line {
    /// The name of the account or pool.
    pub name: String,
    /// Its cash, collateral and positions; a pool has none of the last.
    pub own: MarginAccount,
    /// What is stated to be netted: of the account itself under no name, of a pool's accounts under theirs.
    pub netting: BTreeMap<String, Netting>,
    /// The accounts of a pool.
    pub accounts: Option<Vec<(String, MarginAccount)>>,
}

/// A line that cannot be margined.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BadLine {
    /// The account or pool, if that much could be read.
    pub name: Option<String>,
    /// Whether it is a pool.
    pub is_pool: bool,
    /// All that is wrong.
    pub faults: Vec<json::Fault>,
}

/// What positions are read against.
pub(crate) struct Context<'a> {
    method: &'a Method,
    snapshot: &'a Snapshot,
    /// The market's only price source, which need not be named.
    sole: Option<PriceSource>,
}

impl Context<'_> {
    /// The currency of the price of a contract that does not say: of an inverse one that of its source's prices.
    fn quote(&self, source: Option<&PriceSource>, is_inverse: bool) -> Option<Currency> {
        if !is_inverse {
            return Some(self.method.currency.clone());
        }
        let market = source.and_then(|source| self.snapshot.of(source));
        let stated = self.method.price_currency(market.and_then(|market| market.terms.as_ref()));
        stated.cloned().or_else(|| Currency::new("USD").ok())
    }
}

impl Context<'_> {
    /// How options move that do not say: as their source.
    fn model(&self, source: Option<&PriceSource>) -> OptionModel {
        let market = source.and_then(|source| self.snapshot.of(source));
        market.map_or(OptionModel::Lognormal, |market| market.model())
    }
}

/// Reads a line.
///
/// # Errors
/// [`BadLine`] with everything that is wrong.
pub fn read_line(bytes: &[u8], method: &Method, snapshot: &Snapshot) -> Result<Line, BadLine> {
    let json::Read { value, faults } =
        json::read(bytes).map_err(|fault| BadLine { name: None, is_pool: false, faults: vec![fault] })?;
    let faults = Faults::new(faults);
    let mut sources = snapshot.sources().map(|(source, _)| source.clone());
    let sole = sources.next().filter(|_| sources.next().is_none());
    let context = Context { method, snapshot, sole };
    let line = Node::root(&value, &faults).map(|root| {
        let line = if root.has("pool") { pool(&root, &context) } else { account(&root, &context) };
        root.finish();
        line
    });
    let faults = faults.finish();
    match line {
        Some(line) if faults.is_empty() => Ok(line),
        line => {
            let is_pool = line.as_ref().is_some_and(|line| line.accounts.is_some());
            let name = line.map(|line| line.name).filter(|name| !name.is_empty());
            Err(BadLine { name, is_pool, faults })
        }
    }
}

fn name(node: &Node<'_>, key: &'static str) -> String {
    let Some(text) = node.required_text(key) else { return String::new() };
    portfolio::account(text).unwrap_or_else(|message| {
        node.fault(key, &message);
        String::new()
    })
}

fn pool(root: &Node<'_>, context: &Context<'_>) -> Line {
    let own = assets(root, context);
    let mut accounts: Vec<(String, MarginAccount)> = Vec::new();
    let (mut names, mut netting) = (BTreeSet::new(), BTreeMap::new());
    for node in root.children("accounts", 10_000) {
        let line = account(&node, context);
        node.once("account", &mut names, line.name.clone());
        node.finish();
        netting.extend(line.netting.into_values().map(|own| (line.name.clone(), own)));
        accounts.push((line.name, line.own));
    }
    Line { name: name(root, "pool"), own, netting, accounts: Some(accounts) }
}

fn account(node: &Node<'_>, context: &Context<'_>) -> Line {
    let mut own = assets(node, context);
    let stated = netting(node);
    own.netting = stated.unwrap_or_default();
    let positions = position::positions(node, context);
    if node.has("position_accounts") {
        if node.has("positions") {
            node.fault("positions", "stands beside position_accounts");
        }
        let mut names = BTreeSet::new();
        for child in node.children("position_accounts", 10_000) {
            let name = name(&child, "account");
            child.once("account", &mut names, name.clone());
            let positions = position::positions(&child, context);
            own.position_accounts.push(PositionAccount { name, positions });
            child.finish();
        }
    } else {
        own.position_accounts.push(PositionAccount { name: String::new(), positions });
    }
    let netting = stated.map(|own| (String::new(), own)).into_iter().collect();
    Line { name: name(node, "account"), own, netting, accounts: None }
}

/// What of an account is stated to be netted. Clients are told apart by their position accounts.
fn netting(node: &Node<'_>) -> Option<Netting> {
    match node.text("margining") {
        None => {}
        Some("net") => return Some(Netting::Net),
        Some("gross_by_client") if node.has("position_accounts") => return Some(Netting::GrossByClient),
        Some("gross_by_client") => {
            node.fault("margining", "gross by client are position_accounts, which are not stated")
        }
        Some("gross_sides" | "gross") => {
            node.fault("margining", "a method nets the longs and shorts of a position account");
        }
        Some(_) => node.fault("margining", "net or gross_by_client"),
    }
    None
}

fn assets(node: &Node<'_>, _: &Context<'_>) -> MarginAccount {
    let mut additional = (Money::ZERO, Money::ZERO);
    if let Some(own) = node.child("additional") {
        additional = (own.money("initial"), own.money("maintenance"));
        own.finish();
    }
    MarginAccount {
        cash: node.money("cash"),
        collateral: node.children("collateral", 1_000).iter().filter_map(collateral).collect(),
        position_accounts: Vec::new(),
        netting: Netting::Net,
        additional,
    }
}

fn collateral(node: &Node<'_>) -> Option<Collateral> {
    let key = if node.has("asset") { "asset" } else { "name" };
    let asset = node.required_text(key);
    let haircuts = (node.ratio("maintenance_haircut", (0.0, 1.0)), node.ratio("initial_haircut", (0.0, 1.0)));
    let own = Collateral {
        asset: asset.unwrap_or_default().to_owned(),
        source: node.source("source"),
        amount: node.quantity("amount").unwrap_or_default(),
        price: node.number("price", (0.0, 1e12)),
        confidence: node.number("confidence", (0.0, 1.0)).unwrap_or(1.0),
        cancels_risk: node.flag("cancels_risk"),
        haircuts: match haircuts {
            (None, None) => None,
            (maintenance, initial) => Some((maintenance.unwrap_or_default(), initial.unwrap_or_default())),
        },
    };
    node.keys_end();
    asset.map(|_| own)
}
