//! What is hardly meant and what quotes have for nothing: numbers that are used as they are and named beside every result that rests on
//! them. Nothing is refused for it.

#![allow(clippy::float_arithmetic, reason = "what is compared are models' inputs")]

use std::fmt;

use crate::account::{HeldPosition, MarginAccount};
use crate::contract::{Instrument, OptionModel};
use crate::market::{Smile, Snapshot, SourceMarket, years_between};
use crate::pricing::{Surface, SurfaceFinding};
use crate::types::{Moment, PriceSource};

/// What is still plausible: data of whoever margins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plausible {
    /// The largest volatility a year; 5 is 500 %. Of a normal model: in parts of the forward.
    pub most_volatility: f64,
    /// How many times the price of its source, or of the mark, another price may be, up and down.
    pub most_price_ratio: f64,
}

impl Default for Plausible {
    fn default() -> Self {
        Self { most_volatility: 5.0, most_price_ratio: 10.0 }
    }
}

/// Why a number is doubted.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum DoubtKind {
    /// A volatility above the bound.
    ImplausibleVolatility,
    /// A price that many times larger or smaller than the one beside it.
    ImplausiblePrice,
    /// Three strikes of an expiry whose butterfly costs less than nothing.
    Butterfly,
    /// An expiry whose total variance is below that of the one before.
    Calendar,
    /// Volatilities that are left out: their nodes need a forward that is not known.
    NoForward,
    /// Volatilities that are left out: they belong to another model than those of the first expiry.
    OtherModel,
}

impl DoubtKind {
    /// Its name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ImplausibleVolatility => "implausible_volatility",
            Self::ImplausiblePrice => "implausible_price",
            Self::Butterfly => "butterfly",
            Self::Calendar => "calendar",
            Self::NoForward => "no_forward",
            Self::OtherModel => "other_model",
        }
    }
}

/// A number that is doubted.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Doubt {
    /// Why.
    pub kind: DoubtKind,
    /// Where it stands: the price source and its expiry, or the position.
    pub place: String,
    /// What it is, for a person.
    pub message: String,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.kind.name(), self.place, self.message)
    }
}

/// What is doubted of what the market says of some price sources.
#[must_use]
pub fn of_market<'a>(
    snapshot: &Snapshot,
    sources: impl IntoIterator<Item = &'a PriceSource>,
    plausible: Plausible,
) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    for source in sources {
        let Some(market) = snapshot.of(source) else { continue };
        let own = SourceDoubts { source, market, time: snapshot.time(), plausible };
        own.prices(&mut doubts);
        own.volatilities(&mut doubts);
        own.arbitrage(&mut doubts);
    }
    doubts
}

/// What is doubted of what the holders of positions say of their prices, and of the market that they are in.
#[must_use]
pub fn of_account(snapshot: &Snapshot, account: &MarginAccount, plausible: Plausible) -> Vec<Doubt> {
    let of_positions = account.positions().map(|(_, held)| held.contract.terms().price_source.clone());
    let of_collateral = account
        .collateral
        .iter()
        .filter_map(|own| own.source.clone().or_else(|| PriceSource::new(&own.asset).ok()));
    let sources: std::collections::BTreeSet<PriceSource> = of_positions.chain(of_collateral).collect();
    let mut doubts = of_market(snapshot, &sources, plausible);
    for (place, held) in account.positions() {
        doubts.extend(of_position(snapshot, held, plausible).map(|(kind, message)| Doubt {
            kind,
            place: place.to_string(),
            message,
        }));
    }
    doubts
}

/// What is doubted of what the holder of a position says.
fn of_position(
    snapshot: &Snapshot,
    held: &HeldPosition,
    plausible: Plausible,
) -> impl Iterator<Item = (DoubtKind, String)> {
    let terms = held.contract.terms();
    let market = snapshot.of(&terms.price_source);
    let price = market.and_then(|own| own.price).map(|own| own.value());
    let stated = held.stated;
    let mut doubts = Vec::new();
    let compared: [(&str, Option<f64>, Option<f64>); 3] = match &terms.instrument {
        // What an option is worth is not near the price of its source.
        Instrument::Option { expiry, model, .. } => {
            let forward = market.and_then(|own| own.expiries.get(expiry)?.forward).map(|own| own.value());
            let unit = if *model == OptionModel::Normal { forward.or(price) } else { Some(1.0) };
            if let (Some(volatility), Some(unit)) = (stated.volatility, unit)
                && volatility > plausible.most_volatility * unit.abs()
            {
                doubts.push((DoubtKind::ImplausibleVolatility, plausible.volatility(volatility)));
            }
            [("order_price", stated.order_price, stated.mark), ("", None, None), ("", None, None)]
        }
        Instrument::Asset | Instrument::Perpetual | Instrument::Future { .. } => [
            ("price", stated.price, price),
            ("mark", stated.mark, price),
            ("order_price", stated.order_price, price),
        ],
    };
    for (what, own, beside) in compared {
        if let (Some(own), Some(beside)) = (own, beside)
            && plausible.doubts(own, beside)
        {
            doubts.push((DoubtKind::ImplausiblePrice, plausible.price(what, own, beside)));
        }
    }
    doubts.into_iter()
}

impl Plausible {
    /// Whether one price is too many times the other; nothing is a multiple of nothing.
    fn doubts(self, one: f64, other: f64) -> bool {
        let (low, high) = (one.abs().min(other.abs()), one.abs().max(other.abs()));
        low > 0.0 && high > low * self.most_price_ratio
    }

    fn price(self, what: &str, own: f64, beside: f64) -> String {
        format!("{what} {own} beside {beside}: more than {} times", self.most_price_ratio)
    }

    fn volatility(self, own: f64) -> String {
        format!("volatility {own}: above {}", self.most_volatility)
    }
}

struct SourceDoubts<'a> {
    source: &'a PriceSource,
    market: &'a SourceMarket,
    time: Moment,
    plausible: Plausible,
}

impl SourceDoubts<'_> {
    fn doubt(&self, kind: DoubtKind, expiry: Option<Moment>, message: String) -> Doubt {
        let place =
            expiry.map_or_else(|| self.source.to_string(), |expiry| format!("{} {expiry}", self.source));
        Doubt { kind, place, message }
    }

    /// Perpetuals and forwards beside the price of the source.
    fn prices(&self, doubts: &mut Vec<Doubt>) {
        let Some(price) = self.market.price.map(|own| own.value()) else { return };
        let forwards =
            self.market.expiries.iter().map(|(expiry, own)| ("forward", Some(*expiry), own.forward));
        for (what, expiry, own) in [("perpetual", None, self.market.perpetual)].into_iter().chain(forwards) {
            let Some(own) = own.map(|own| own.value()).filter(|own| self.plausible.doubts(*own, price))
            else {
                continue;
            };
            let message = self.plausible.price(what, own, price);
            doubts.push(self.doubt(DoubtKind::ImplausiblePrice, expiry, message));
        }
    }

    /// The largest volatility of every expiry that has not passed.
    fn volatilities(&self, doubts: &mut Vec<Doubt>) {
        for (&expiry, own) in &self.market.expiries {
            let Some(observed) = &own.smile else { continue };
            let years = years_between(self.time, expiry);
            let unit = own.forward.or(self.market.price).map_or(1.0, |own| own.value().abs());
            let most = |nodes: &[(f64, f64)]| nodes.iter().map(|node| node.1).fold(0.0, f64::max);
            let largest = match &observed.smile {
                Smile::Flat { model: OptionModel::Normal, volatility } => volatility / unit,
                Smile::Flat { model: OptionModel::Lognormal, volatility } => *volatility,
                Smile::Strikes { model: OptionModel::Normal, nodes } => most(nodes) / unit,
                Smile::Strikes { model: OptionModel::Lognormal, nodes } | Smile::Deltas(nodes) => most(nodes),
                // At the forward.
                Smile::Svi(own) => {
                    let root = own.m.mul_add(own.m, own.sigma * own.sigma).sqrt();
                    let variance = own.b.mul_add(root - own.rho * own.m, own.a);
                    if years > 0.0 { (variance.max(0.0) / years).sqrt() } else { 0.0 }
                }
            };
            if years > 0.0 && largest > self.plausible.most_volatility {
                let message = self.plausible.volatility(largest);
                doubts.push(self.doubt(DoubtKind::ImplausibleVolatility, Some(expiry), message));
            }
        }
    }

    /// What can be had for nothing, and what had to be left out.
    fn arbitrage(&self, doubts: &mut Vec<Doubt>) {
        let (_, findings) = Surface::of(self.market, self.time);
        for finding in findings {
            let (kind, expiry, message) = match finding {
                // What has expired needs no volatility.
                SurfaceFinding::Expired(_) => continue,
                SurfaceFinding::NoForward(expiry) => (
                    DoubtKind::NoForward,
                    expiry,
                    "the volatilities need a forward, which is not known: they are left out".to_owned(),
                ),
                SurfaceFinding::OtherModel(expiry) => (
                    DoubtKind::OtherModel,
                    expiry,
                    "the volatilities are another model's than the first expiry's: they are left out"
                        .to_owned(),
                ),
                SurfaceFinding::Butterfly(expiry, places) => (
                    DoubtKind::Butterfly,
                    expiry,
                    format!(
                        "a butterfly costs less than nothing around K/F (normal: K - F) {}",
                        listed(&places)
                    ),
                ),
                SurfaceFinding::Calendar(expiry, places) => (
                    DoubtKind::Calendar,
                    expiry,
                    format!("total variance falls from the expiry before at moneyness {}", listed(&places)),
                ),
            };
            doubts.push(self.doubt(kind, Some(expiry), message));
        }
    }
}

/// The first places, and how many more there are.
fn listed(places: &[f64]) -> String {
    const MOST: usize = 8;
    let first: Vec<String> = places.iter().take(MOST).map(|own| format!("{own:.4}")).collect();
    let more = places.len().saturating_sub(MOST);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", first.join(", "))
}
