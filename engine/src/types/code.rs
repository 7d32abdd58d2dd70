//! Short names that houses, exchanges and files give to things.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use thiserror::Error;

/// A bounded, printable code of one kind; codes of different kinds do not mix.
pub struct Code<K>(Arc<str>, PhantomData<K>);

/// Why a text is not a code.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum CodeError {
    /// Nothing, or blanks only.
    #[error("a {0} is missing")]
    Empty(&'static str),
    /// More than the kind allows.
    #[error("a {kind} has at most {limit} characters")]
    TooLong {
        /// What the code names.
        kind: &'static str,
        /// The most bytes it may have.
        limit: usize,
    },
    /// A control character.
    #[error("a {0} has printable characters only")]
    Unprintable(&'static str),
}

/// What a [`Code`] names, and how long it may be.
pub trait Kind {
    /// The name used in messages.
    const NAME: &'static str;
    /// The most bytes.
    const LIMIT: usize;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $alias:ident, $kind:ident, $name:literal, $limit:literal;)*) => {$(
        #[doc = concat!("The kind of a ", $name, ".")]
        #[derive(Clone, Copy, Debug)]
        pub enum $kind {}
        impl Kind for $kind {
            const NAME: &'static str = $name;
            const LIMIT: usize = $limit;
        }
        $(#[$doc])*
        pub type $alias = Code<$kind>;
    )*};
}

kinds! {
    /// A clearing house or venue whose rules and parameter files apply.
    House, HouseKind, "house", 32;
    /// An exchange inside a house.
    ExchangeCode, ExchangeKind, "exchange", 32;
    /// A product's code; the same code may name a physical, a future and an option family.
    ProductCode, ProductKind, "product", 32;
    /// A combined commodity: the products that are margined together.
    CommodityCode, CommodityKind, "combined commodity", 32;
    /// A currency as the file writes it, usually an ISO code.
    Currency, CurrencyKind, "currency", 8;
    /// What moves a price: an index, an underlying, an asset.
    PriceSource, PriceSourceKind, "price source", 32;
    /// Who is legally liable.
    Member, MemberKind, "member", 32;
    /// A margin group of a house.
    GroupName, GroupKind, "margin group", 64;
    /// A position account or a margin account of a group.
    AccountName, AccountKind, "account", 64;
    /// A margin method of a house.
    MethodName, MethodKind, "method", 64;
    /// An asset put up as collateral.
    AssetCode, AssetKind, "asset", 32;
    /// An order of a group.
    OrderId, OrderKind, "order id", 64;
    /// Orders that limit each other.
    LinkName, LinkKind, "link group", 64;
    /// A trade of a group.
    TradeId, TradeKind, "trade id", 64;
    /// A settlement run, a deposit, an exercise: what happened outside and is told once.
    Reference, ReferenceKind, "reference", 64;
    /// The session in which orders were sent.
    SessionName, SessionKind, "session", 64;
    /// Who gives a command.
    Principal, PrincipalKind, "principal", 64;
    /// A command of a principal.
    CommandId, CommandKind, "command id", 64;
}

impl<K: Kind> Code<K> {
    /// Checks and keeps a code; blanks around it are dropped.
    ///
    /// # Errors
    /// [`CodeError`] for an empty, overlong or unprintable text.
    pub fn new(text: &str) -> Result<Self, CodeError> {
        let text = text.trim();
        if text.is_empty() {
            Err(CodeError::Empty(K::NAME))
        } else if text.len() > K::LIMIT {
            Err(CodeError::TooLong { kind: K::NAME, limit: K::LIMIT })
        } else if text.chars().any(char::is_control) {
            Err(CodeError::Unprintable(K::NAME))
        } else {
            Ok(Self(Arc::from(text), PhantomData))
        }
    }
}

impl<K> Code<K> {
    /// The same text as the name of something else, which allows names as long.
    #[must_use]
    pub(crate) fn renamed<L: Kind>(&self) -> Code<L>
    where
        K: Kind,
    {
        const { assert!(K::LIMIT <= L::LIMIT) };
        Code(Arc::clone(&self.0), PhantomData)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<K> Clone for Code<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0), PhantomData)
    }
}

impl<K> PartialEq for Code<K> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl<K> Eq for Code<K> {}

impl<K> std::hash::Hash for Code<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<K> PartialOrd for Code<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Code<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

impl<K> fmt::Debug for Code<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<K> fmt::Display for Code<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_bounded_and_printable() {
        assert_eq!(Currency::new(" TRY ").unwrap().as_str(), "TRY");
        assert_eq!(Currency::new(" "), Err(CodeError::Empty("currency")));
        assert_eq!(Currency::new("TOOLONGCODE"), Err(CodeError::TooLong { kind: "currency", limit: 8 }));
        assert_eq!(ProductCode::new("A\u{0}B"), Err(CodeError::Unprintable("product")));
    }
}
