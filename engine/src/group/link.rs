//! Orders that are linked: how they limit each other, who sees to it, and what is kept of a link.

use serde::{Deserialize, Serialize};

use crate::types::LinkName;

/// How the orders of a link limit each other.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkRule {
    /// One that fills cancels the others.
    OneCancelsOther,
    /// Together they fill up to so many units: a market maker's quotes.
    MostFilled(i64),
}

/// What the venue does with the other orders of a link in the moment in which one fills.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFill {
    /// Any fill closes them.
    FirstHit,
    /// They work on until one has filled as a whole, or the most is filled: then they close.
    CompleteFill,
    /// They are cut in proportion to what is filled; where together a most is filled, they close once it is.
    Incremental,
}

/// Who sees to it that the orders of a link limit each other.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Enforcement {
    /// The venue, in the moment of a fill.
    VenueAtomic(OnFill),
    /// The client, by cancelling: until the venue confirms that, every order may still fill.
    Client,
}

/// The link that an order is in.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct OrderLink {
    /// Its name in the group.
    pub name: LinkName,
    /// How its orders limit each other.
    pub rule: LinkRule,
    /// Who sees to it.
    pub enforcement: Enforcement,
}

/// Units of an order that have filled, of all of its units.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Share {
    /// Units filled; of an order whose legs fill by themselves those of the leg that filled least.
    pub filled: i64,
    /// All units.
    pub units: i64,
}

/// What is kept of a link, until it is reset or has neither orders nor fills.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct LinkState {
    /// How its orders limit each other.
    pub rule: LinkRule,
    /// Who sees to it.
    pub enforcement: Enforcement,
    /// Units filled so far; of an order whose legs fill by themselves those of the leg that filled most.
    pub filled: i64,
    /// Whether it takes no more orders until it is reset.
    pub is_exhausted: bool,
    /// What orders had filled that work no more, where the rest is cut in proportion.
    pub closed: Vec<Share>,
}

impl LinkState {
    /// A link that nothing has filled of.
    #[must_use]
    pub const fn new(rule: LinkRule, enforcement: Enforcement) -> Self {
        Self { rule, enforcement, filled: 0, is_exhausted: false, closed: Vec::new() }
    }

    /// Whether the rest is cut in proportion to what is filled.
    #[must_use]
    pub const fn is_cut_in_proportion(&self) -> bool {
        matches!(
            (self.rule, self.enforcement),
            (LinkRule::OneCancelsOther, Enforcement::VenueAtomic(OnFill::Incremental))
        )
    }
}
