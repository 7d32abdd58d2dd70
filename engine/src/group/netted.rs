//! What is netted as one: a margin account; or, where its clients are margined apart, each of its position accounts.

use std::collections::BTreeSet;

use super::exposure::Trial;
use super::position::PositionAccount;
use super::state::{Group, MarginTerms};
use crate::account::Netting;
use crate::span::Margining;
use crate::types::AccountName;

/// The positions that are netted as one.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Netted {
    /// The margin account.
    pub margin_account: AccountName,
    /// Its position account, where each of them is netted by itself.
    pub client: Option<AccountName>,
}

impl MarginTerms {
    /// Whether every position account is netted by itself.
    #[must_use]
    pub fn is_by_client(&self) -> bool {
        match self {
            Self::Span { margining: Margining::GrossByClient, .. }
            | Self::Method { netting: Netting::GrossByClient, .. } => true,
            Self::Span { margining: Margining::Net | Margining::GrossSides, .. }
            | Self::Method { netting: Netting::Net, .. } => false,
        }
    }

    /// How what is netted as one is margined: clients are told apart by that, and each of them nets.
    #[must_use]
    pub fn margining(&self) -> Margining {
        match self {
            Self::Span { margining: Margining::GrossSides, .. } => Margining::GrossSides,
            Self::Span { margining: Margining::Net | Margining::GrossByClient, .. } | Self::Method { .. } => {
                Margining::Net
            }
        }
    }
}

impl Netted {
    /// All of a group, ascending, with what margins them.
    pub(super) fn all(group: &Group) -> Vec<(Self, &MarginTerms)> {
        let whole = group.margin_accounts.iter().filter(|(_, terms)| !terms.is_by_client());
        let whole = whole.map(|(name, terms)| (Self { margin_account: name.clone(), client: None }, terms));
        let clients = group.position_accounts.iter().filter_map(|(client, own)| {
            let terms =
                group.margin_accounts.get(&own.margin_account).filter(|terms| terms.is_by_client())?;
            let (margin_account, client) = (own.margin_account.clone(), Some(client.clone()));
            Some((Self { margin_account, client }, terms))
        });
        let mut all: Vec<(Self, &MarginTerms)> = whole.chain(clients).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }

    /// That of a position account.
    pub(super) fn of(group: &Group, account: &AccountName) -> Option<Self> {
        let margin_account = &group.position_accounts.get(account)?.margin_account;
        let is_by_client = group.margin_accounts.get(margin_account)?.is_by_client();
        Some(Self { margin_account: margin_account.clone(), client: is_by_client.then(|| account.clone()) })
    }

    /// Those that have working orders, one on trial among them.
    pub(super) fn with_orders(group: &Group, trial: Option<Trial<'_>>) -> BTreeSet<Self> {
        let orders = group.orders.values().chain(trial.map(|trial| trial.order));
        let accounts: BTreeSet<&AccountName> = orders.map(|order| &order.account).collect();
        accounts.into_iter().filter_map(|account| Self::of(group, account)).collect()
    }

    /// Whether a position account is netted in it.
    pub(super) fn has(&self, group: &Group, account: &AccountName) -> bool {
        match &self.client {
            Some(client) => client == account,
            None => {
                let own = group.position_accounts.get(account);
                own.is_some_and(|own| own.margin_account == self.margin_account)
            }
        }
    }

    /// Its position accounts.
    pub(super) fn accounts<'a>(&self, group: &'a Group) -> Vec<(&'a AccountName, &'a PositionAccount)> {
        match &self.client {
            Some(client) => group.position_accounts.get_key_value(client).into_iter().collect(),
            None => {
                let own =
                    |(_, own): &(&AccountName, &PositionAccount)| own.margin_account == self.margin_account;
                group.position_accounts.iter().filter(own).collect()
            }
        }
    }
}
