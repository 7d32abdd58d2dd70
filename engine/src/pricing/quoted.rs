//! Volatilities of an expiry from option prices, where a feed states prices.

use super::columns::{Columns, InvalidColumns, RightSign};
use super::implied::{NoVolatility, bachelier_volatilities, black76_volatilities};
use crate::contract::OptionModel;
use crate::instruction_set::Instructions;
use crate::market::Smile;

/// The price of an option as a feed states it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuotedPrice {
    /// The strike.
    pub strike: f64,
    /// Call or put.
    pub right: RightSign,
    /// Present value.
    pub price: f64,
}

/// What the options of an expiry have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuotedExpiry {
    /// The model to state volatilities of.
    pub model: OptionModel,
    /// The forward price.
    pub forward: f64,
    /// The discount factor.
    pub discount: f64,
    /// The years that are left.
    pub years: f64,
}

/// A smile, if any price implied a volatility, and the places of the prices that implied none, each with the reason.
pub type ImpliedSmile = (Option<Smile>, Vec<(usize, NoVolatility)>);

/// The volatilities that prices imply, by strike; of a call and a put with one strike the one that is out of the money, whose price
/// tells more.
///
/// # Errors
/// [`InvalidColumns`] for an expiry or strikes that have no price under the model.
pub fn smile_of_prices(
    expiry: &QuotedExpiry,
    quotes: &[QuotedPrice],
    instructions: Instructions,
) -> Result<ImpliedSmile, InvalidColumns> {
    let common = |value: f64| vec![value; quotes.len()];
    let strikes: Vec<f64> = quotes.iter().map(|quote| quote.strike).collect();
    let rights: Vec<RightSign> = quotes.iter().map(|quote| quote.right).collect();
    let prices: Vec<f64> = quotes.iter().map(|quote| quote.price).collect();
    let (forwards, times, discounts) =
        (common(expiry.forward), common(expiry.years), common(expiry.discount));
    let columns = Columns {
        forwards: &forwards,
        strikes: &strikes,
        volatilities: &times,
        times: &times,
        discounts: &discounts,
        rights: &rights,
    };
    let implied = match expiry.model {
        OptionModel::Lognormal => black76_volatilities(columns, &prices, instructions)?,
        OptionModel::Normal => bachelier_volatilities(columns, &prices, instructions)?,
    };
    let (mut found, mut none) = (Vec::new(), Vec::new());
    for (place, (implied, quote)) in implied.into_iter().zip(quotes).enumerate() {
        match implied {
            Ok(volatility) => {
                let in_the_money = quote.right.get() * (expiry.forward - quote.strike);
                found.push((quote.strike, in_the_money, volatility));
            }
            Err(reason) => none.push((place, reason)),
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    found.dedup_by(|later, kept| later.0 == kept.0);
    let nodes: Vec<(f64, f64)> =
        found.into_iter().map(|(strike, _, volatility)| (strike, volatility)).collect();
    let smile = (!nodes.is_empty()).then_some(Smile::Strikes { model: expiry.model, nodes });
    Ok((smile, none))
}
