//! Account scopes: the accounts of a house that a set is activated for.

use std::fmt;

use thiserror::Error;

/// The name of some of a house's accounts; the empty name is the default scope.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct AccountScope(String);

/// Why a text is not the name of a scope.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("an account scope has at most {} bytes, all of them printable", AccountScope::LIMIT)]
pub(crate) struct ScopeError;

impl AccountScope {
    /// The most bytes.
    pub(crate) const LIMIT: usize = 64;

    /// Checks and keeps a name; blanks around it are dropped.
    pub(crate) fn new(text: &str) -> Result<Self, ScopeError> {
        let text = text.trim();
        if text.len() > Self::LIMIT || text.chars().any(char::is_control) {
            return Err(ScopeError);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
