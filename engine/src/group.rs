//! The live book: margin groups as pure state machines. Commands go in, events and an answer come out; the state is a fold of events.
//!
//! `house` is what a house fixes; `state` what a group is, made of `position`, `order` and `exception`; `command` what it is told, `event`
//! what happened, `applying` what that makes of the state, `outcome` the answer. `exposure` is what an account holds and its orders trade, priced by `pricing`; `held` margins the
//! positions by a set or by a method, `worst` what the orders may make of them, `reserved` how far that is looked for. `standing` is what a
//! group has and has to have, `changes` leads from one standing to the next (`auditing` compares what came of that), `covering` tells whether what is left does, and
//! `collateral` what counts of assets.
//! `decide` turns commands into events: `requests` and orders (`checking`) may be refused, `trading`, `settling`, `ending` and `facts` book what
//! has happened, `judging` holds a trade against its order, `linking` and `reducing` what becomes of other orders then (`link`, `shares`, and
//! `limits` for what is reserved), `transfer` concerns two groups, `closing` ends one.

mod applying;
mod auditing;
mod changes;
mod checking;
mod clearing;
mod closing;
mod collateral;
mod command;
pub(crate) mod content;
mod covering;
mod decide;
mod ending;
mod event;
mod exception;
mod exposure;
mod facts;
mod held;
mod house;
mod judging;
mod limits;
mod link;
mod linking;
mod missing;
mod netted;
mod order;
mod outcome;
mod position;
mod pricing;
mod rates;
mod recent;
mod reducing;
mod requests;
mod reserved;
mod resting;
mod settling;
mod shares;
mod standing;
mod state;
mod suspense;
mod trading;
mod transfer;
mod unpriced;
mod unwinding;
mod worst;

pub use auditing::differences;
pub use changes::{Changes, renewed};
pub use checking::{check, check_within};
pub use clearing::{Clearing, Misplaced, Settlement, Settlements};
pub use closing::close;
pub use command::{
    Becomes, Body, Command, Exercise, Expiry, Fact, Fill, OrderFilter, Request, SettlementRun,
};
pub use decide::{Decision, decide, decide_run, decide_within};
pub use event::{CashReason, Event};
pub use exception::{About, ExceptionItem, ExceptionKind};
pub use held::{GridHeld, Held, SpanHeld};
pub use house::{
    AssetTerms, Awaiting, Band, CollateralSchedule, Ending, FeeSchedule, HouseMethods, HouseSnapshot,
    KnownContract, LastKnown, ListedContract, LotRisk, PriceMoney, Retained, SetRows,
};
pub use link::{Enforcement, LinkRule, LinkState, OnFill, OrderLink, Share};
pub use netted::Netted;
pub use order::{Composition, NewOrder, OrderKind, OrderLeg, OrderTerms, TimeInForce, WorkingOrder};
pub use outcome::{Checked, Outcome, Refusal, RefusalReason, RiskSource, Room, Work, WorstScenario};
pub use position::{
    Delivery, Holding, Keeping, PaidOut, Payable, PositionAccount, Suspense, Trade, TradeLeg, Unsettled,
};
pub use recent::Recent;
pub use resting::RestsOn;
pub use standing::{
    AccountStanding, AssetStanding, CurrencyStanding, Depth, Missing, MissingKind, Reserved, Standing,
    StandingError, Unmargined, bounded, searched, standing,
};
pub use state::{Answered, Group, GroupKey, MarginTerms, Origin, ReferenceOf};
pub use suspense::book_pending;
pub use trading::is_known;
pub use transfer::{Transfer, TransferBody, Transferred, decide_transfer};
