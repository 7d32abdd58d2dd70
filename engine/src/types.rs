//! Exact numbers, codes, dates and lots: the vocabulary of every other room.
//!
//! | type | holds | scale | arithmetic |
//! |---|---|---|---|
//! | [`Decimal`] | a number as a file or a person wrote it | its own, at most 18 places | exact comparison and conversion only |
//! | [`Money`] | an amount in one currency | 1e-18 | checked; quotients rounded once, half away from zero |
//! | [`Delta`] | a net delta or a number of spreads | 1e-18 | as `Money`; never mixes with it |
//! | [`Amount`] | a number for people and the wire | 1e-6 | none: it is where a calculation ends |
//! | [`FineAmount`] | the same where money may be a coin, exact | 1e-18 | none |
//! | [`Ratio`] | a factor without a unit | 1e-18 | as `Money`, which it multiplies |
//! | [`Quantity`] | a position that need not be whole | 1e-9 | sums |
//! | [`Lots`] | a signed position, long positive | 1 | none: multiplied into the others |

mod amount;
mod code;
mod date;
mod decimal;
mod fine_amount;
mod fixed;
mod lots;
mod moment;
mod quantity;
mod ratio;
mod stored;

pub use amount::Amount;
pub use code::{
    AccountName, AssetCode, Code, CodeError, CommandId, CommodityCode, Currency, ExchangeCode, GroupName,
    House, Kind, LinkName, Member, MethodName, OrderId, PriceSource, Principal, ProductCode, Reference,
    SessionName, TradeId,
};
pub use date::{BusinessDate, DateError};
pub use decimal::{Decimal, DecimalError};
pub use fine_amount::FineAmount;
pub use fixed::{Delta, DeltaUnit, Fixed, Money, MoneyUnit, Overflow};
pub use lots::{Lots, LotsError};
pub use moment::{Moment, MomentError};
pub use quantity::Quantity;
pub use ratio::Ratio;
