//! What a group's numbers rest on.

use serde::{Deserialize, Serialize};

use super::held::Held;
use super::house::HouseSnapshot;
use super::order::WorkingOrder;
use super::reserved::AccountStanding;
use super::state::MarginTerms;
use crate::market::QuoteUsed;
use crate::types::BusinessDate;

/// The data of a house that numbers of a group rest on.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct RestsOn {
    /// The business date of the parameter set; `None` where no number is from one.
    pub business_date: Option<BusinessDate>,
    /// Of the quotes that were used the oldest; `None` where none was.
    pub oldest_quote: Option<QuoteUsed>,
}

impl RestsOn {
    /// Of margin accounts.
    pub(super) fn of<'a>(accounts: impl Iterator<Item = &'a AccountStanding>) -> Self {
        let mut rests_on = Self::default();
        for own in accounts {
            match &own.held {
                Held::Span(own) => rests_on.business_date = Some(own.set.vintage().business_date),
                Held::Grid(own) => {
                    own.lots.iter().for_each(|(row, _)| rests_on.note(own.catalogue.oldest_quote(*row)));
                }
                Held::Nothing(_) => {}
            }
        }
        rests_on
    }

    /// With what an order rests on in an account of these terms.
    pub(super) fn with_order(
        mut self,
        house: &HouseSnapshot,
        by: &MarginTerms,
        order: &WorkingOrder,
    ) -> Self {
        match by {
            MarginTerms::Span { .. } => {
                let date = house.set().map(|set| set.vintage().business_date);
                self.business_date = self.business_date.or(date);
            }
            MarginTerms::Method { method, .. } => {
                let catalogue = house.catalogue(method);
                for leg in &order.terms.legs {
                    if let Some(Ok(own)) = catalogue.and_then(|own| own.contract(leg.contract)) {
                        self.note(own.oldest_quote.as_ref());
                    }
                }
            }
        }
        self
    }

    fn note(&mut self, used: Option<&QuoteUsed>) {
        let is_older = |used: &&QuoteUsed| self.oldest_quote.as_ref().is_none_or(|own| used.time < own.time);
        if let Some(used) = used.filter(is_older) {
            self.oldest_quote = Some(used.clone());
        }
    }
}
