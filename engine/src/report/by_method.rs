//! Requirements by a method that is data: one margin account, its clients or its positions each alone, or several accounts paid by one pool.

use crate::account::{AccountError, AccountFault, Collateral, MarginAccount, Netting, PositionAccount};
use crate::grid::{self, GridResult};
use crate::market::{QuoteUsed, Snapshot};
use crate::parameters::method::{Method, MethodKind};
use crate::rules::{self, RulesResult};
use crate::types::{Money, Overflow, PriceSource};

/// The numbers of a margin account under a method.
#[derive(Clone, Debug)]
pub enum MethodResult {
    /// Of a scenario grid.
    Grid(Box<GridResult>),
    /// By formula.
    Rules(Box<RulesResult>),
    /// Of positions that stand alone, in the order of the account, each with its name.
    Isolated(Vec<(String, MethodResult)>, Standing),
    /// Of position accounts that are netted each by itself.
    ByClient(Box<ByClient>),
}

/// The numbers of a margin account that is gross by client.
#[derive(Clone, Debug)]
pub struct ByClient {
    /// What the margin account has besides its positions, and what that has to have: haircuts and what its venue adds.
    pub assets: MethodResult,
    /// Its position accounts, in the order of the account, each with its name: all that its requirement rests on is its own.
    pub clients: Vec<(String, MethodResult)>,
    /// The sums.
    pub standing: Standing,
}

/// What an account has, and what it has to have.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Standing {
    /// What it has.
    pub equity: Money,
    /// To take on risk.
    pub initial: Money,
    /// Not to be called.
    pub maintenance: Money,
}

impl Standing {
    /// Equity less the initial requirement.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn initial_headroom(&self) -> Result<Money, Overflow> {
        self.equity.minus(self.initial)
    }

    /// Equity less the maintenance requirement.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn maintenance_headroom(&self) -> Result<Money, Overflow> {
        self.equity.minus(self.maintenance)
    }

    fn plus(self, other: Self) -> Result<Self, Overflow> {
        Ok(Self {
            equity: self.equity.plus(other.equity)?,
            initial: self.initial.plus(other.initial)?,
            maintenance: self.maintenance.plus(other.maintenance)?,
        })
    }
}

impl MethodResult {
    /// The oldest quote that the numbers of its positions rest on; `None`: they rest on none.
    #[must_use]
    pub fn oldest_quote(&self) -> Option<QuoteUsed> {
        let oldest = |parts: &[(String, Self)]| {
            parts.iter().fold(None, |oldest, (_, own)| QuoteUsed::older(oldest, own.oldest_quote()))
        };
        match self {
            Self::Grid(own) => own.oldest_quote.clone(),
            Self::Rules(own) => own.oldest_quote.clone(),
            Self::Isolated(parts, _) => oldest(parts),
            Self::ByClient(own) => QuoteUsed::older(own.assets.oldest_quote(), oldest(&own.clients)),
        }
    }

    /// What the account has, and what it has to have.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match self {
            Self::Grid(own) => Standing {
                equity: own.equity.total,
                initial: own.requirement.initial,
                maintenance: own.requirement.maintenance,
            },
            Self::Rules(own) => {
                Standing { equity: own.equity, initial: own.initial, maintenance: own.maintenance }
            }
            Self::Isolated(_, standing) => *standing,
            Self::ByClient(own) => own.standing,
        }
    }
}

/// Several margin accounts that one collateral pool pays for: nothing is netted between them.
#[derive(Clone, Debug)]
pub struct PoolResult {
    /// Each account by itself: its share of the requirements is its own.
    pub accounts: Vec<MethodResult>,
    /// What pool and accounts have, and what they have to have.
    pub standing: Standing,
    /// The oldest quote that the numbers rest on.
    pub oldest_quote: Option<QuoteUsed>,
}

/// Margins an account.
///
/// # Errors
/// [`AccountError`] with everything that cannot be margined, or that the numbers do not fit.
pub fn by_method(
    method: &Method,
    snapshot: &Snapshot,
    account: &MarginAccount,
) -> Result<MethodResult, AccountError> {
    match account.netting {
        Netting::GrossByClient => by_client(method, snapshot, account),
        Netting::Net if method.is_isolated => isolated(method, snapshot, account),
        Netting::Net => together(method, snapshot, account),
    }
}

fn together(
    method: &Method,
    snapshot: &Snapshot,
    account: &MarginAccount,
) -> Result<MethodResult, AccountError> {
    match &method.kind {
        MethodKind::Grid(own) => {
            grid::margin(method, own, snapshot, account).map(|own| MethodResult::Grid(Box::new(own)))
        }
        MethodKind::Standard(own) => {
            rules::standard(method, own, snapshot, account).map(|own| MethodResult::Rules(Box::new(own)))
        }
        MethodKind::Linear(own) => {
            rules::linear(method, own, snapshot, account).map(|own| MethodResult::Rules(Box::new(own)))
        }
        MethodKind::Span16(_) => {
            let message = "the method makes a parameter set, which margins positions of its own products";
            let fault = AccountFault { place: "method".to_owned(), message: message.to_owned() };
            Err(AccountError::Account(vec![fault]))
        }
    }
}

/// What an account has besides its positions. Collateral that follows the only price source of these still follows it.
fn assets_alone(account: &MarginAccount, snapshot: &Snapshot) -> MarginAccount {
    let mut sources = account.positions().map(|(_, held)| &held.contract.terms().price_source);
    let sole = sources.next().filter(|first| sources.all(|own| own == *first));
    let is_source = |asset: &str| PriceSource::new(asset).is_ok_and(|source| snapshot.of(&source).is_some());
    let followed = |own: &Collateral| {
        let source = own.source.clone().or_else(|| sole.filter(|_| !is_source(&own.asset)).cloned());
        Collateral { source, ..own.clone() }
    };
    MarginAccount {
        cash: account.cash,
        collateral: account.collateral.iter().map(followed).collect(),
        position_accounts: Vec::new(),
        netting: Netting::Net,
        additional: account.additional,
    }
}

/// Every position account as a margin account of its own, then the sums. What the account has besides covers no client's risk: it has
/// its own haircuts, and where it moves with a price source its own scan.
fn by_client(
    method: &Method,
    snapshot: &Snapshot,
    account: &MarginAccount,
) -> Result<MethodResult, AccountError> {
    let (mut clients, mut faults) = (Vec::new(), Vec::new());
    let mut standing = Standing::default();
    let assets = match together(method, snapshot, &assets_alone(account, snapshot)) {
        Ok(own) => {
            standing = own.standing();
            Some(own)
        }
        Err(AccountError::Account(own)) => {
            faults.extend(own);
            None
        }
        Err(error) => return Err(error),
    };
    for (place, client) in account.position_accounts.iter().enumerate() {
        let positions = client.positions.clone();
        let alone = MarginAccount {
            position_accounts: vec![PositionAccount { name: String::new(), positions }],
            ..MarginAccount::default()
        };
        match by_method(method, snapshot, &alone) {
            Ok(own) => {
                standing = standing.plus(own.standing())?;
                clients.push((client.name.clone(), own));
            }
            Err(AccountError::Account(own)) => {
                let here = |fault: AccountFault| AccountFault {
                    place: format!("position_accounts[{place}].{}", fault.place),
                    ..fault
                };
                faults.extend(own.into_iter().map(here));
            }
            Err(error) => return Err(error),
        }
    }
    match assets {
        Some(assets) if faults.is_empty() => {
            Ok(MethodResult::ByClient(Box::new(ByClient { assets, clients, standing })))
        }
        _ => Err(AccountError::Account(faults)),
    }
}

/// Every position with its own collateral; what the account has besides covers none of them.
fn isolated(
    method: &Method,
    snapshot: &Snapshot,
    account: &MarginAccount,
) -> Result<MethodResult, AccountError> {
    let (mut results, mut faults) = (Vec::new(), Vec::new());
    let mut standing = together(method, snapshot, &assets_alone(account, snapshot))?.standing();
    for (place, held) in account.positions() {
        let positions = vec![held.clone()];
        let alone = MarginAccount {
            cash: held.collateral,
            position_accounts: vec![PositionAccount { name: String::new(), positions }],
            ..MarginAccount::default()
        };
        match together(method, snapshot, &alone) {
            Ok(own) => {
                standing = standing.plus(own.standing())?;
                results.push((place.to_string(), own));
            }
            Err(AccountError::Account(own)) => {
                let here = |fault: AccountFault| AccountFault { place: place.to_string(), ..fault };
                faults.extend(own.into_iter().map(here));
            }
            Err(error) => return Err(error),
        }
    }
    if faults.is_empty() {
        Ok(MethodResult::Isolated(results, standing))
    } else {
        Err(AccountError::Account(faults))
    }
}

/// Margins the accounts of a pool, which has cash and collateral of its own.
///
/// # Errors
/// [`AccountError`] with the faults of all accounts, by their places.
pub fn by_method_in_pool(
    method: &Method,
    snapshot: &Snapshot,
    pool: &MarginAccount,
    accounts: &[MarginAccount],
) -> Result<PoolResult, AccountError> {
    let own = together(method, snapshot, pool)?;
    let (mut standing, mut oldest_quote) = (own.standing(), own.oldest_quote());
    let (mut results, mut faults) = (Vec::new(), Vec::new());
    for (place, account) in accounts.iter().enumerate() {
        match by_method(method, snapshot, account) {
            Ok(own) => {
                standing = standing.plus(own.standing())?;
                oldest_quote = QuoteUsed::older(oldest_quote, own.oldest_quote());
                results.push(own);
            }
            Err(AccountError::Account(own)) => {
                faults.extend(own.into_iter().map(|fault| AccountFault {
                    place: format!("accounts[{place}].{}", fault.place),
                    ..fault
                }))
            }
            Err(error) => return Err(error),
        }
    }
    if faults.is_empty() {
        Ok(PoolResult { accounts: results, standing, oldest_quote })
    } else {
        Err(AccountError::Account(faults))
    }
}
