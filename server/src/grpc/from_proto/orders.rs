//! Orders, trades and what contracts become, in the engine's words.

use plimsoll_engine::contract::ContractId;
use plimsoll_engine::group::{
    Becomes, Clearing, Composition, Enforcement, Fill, LinkRule, NewOrder, OnFill, OrderKind, OrderLeg,
    OrderLink, OrderTerms, TimeInForce, TradeLeg,
};
use plimsoll_engine::types::{Currency, Decimal, Lots, Money};
use plimsoll_proto::v1;
use plimsoll_proto::v1::becomes::Becomes as Wire;

use super::book::{Reader, positive};

impl Reader<'_> {
    fn quantity(&mut self, path: &str, wire: Option<&v1::Position>) -> Option<Lots> {
        let lots = Lots::new(wire.map_or(0, |wire| wire.quantity));
        self.faults.keep(&format!("{path}.quantity"), lots)
    }

    /// A contract and its lots.
    pub(super) fn lots(&mut self, path: &str, wire: Option<&v1::Position>) -> Option<(ContractId, Lots)> {
        let contract = self.contract(path, wire);
        let lots = self.quantity(path, wire);
        Some((contract?, lots?))
    }

    pub(super) fn fee(&mut self, path: &str, wire: Option<&v1::Fee>) -> Option<Option<(Currency, Money)>> {
        let Some(wire) = wire else { return Some(None) };
        let currency = self.faults.keep(&format!("{path}.currency"), Currency::new(&wire.currency));
        let amount = self.money(&format!("{path}.amount"), &wire.amount);
        Some(Some((currency?, amount?)))
    }

    pub(in crate::grpc) fn order(&mut self, path: &str, wire: Option<&v1::Order>) -> Option<NewOrder> {
        let wire = self.there(path, wire)?;
        let id = self.code(&format!("{path}.id"), &wire.id);
        let account = self.code(&format!("{path}.account"), &wire.account);
        let session = self.optional(&format!("{path}.session"), &wire.session);
        let link = match &wire.link {
            None => Some(None),
            Some(link) => self.link(&format!("{path}.link"), link).map(Some),
        };
        let terms = self.terms(&format!("{path}.terms"), wire.terms.as_ref());
        Some(NewOrder { id: id?, account: account?, session: session?, link: link?, terms: terms? })
    }

    fn link(&mut self, path: &str, wire: &v1::OrderLink) -> Option<OrderLink> {
        let name = self.code(&format!("{path}.name"), &wire.name);
        let rule = match wire.most_filled {
            0 => Some(LinkRule::OneCancelsOther),
            most if (1..=OrderTerms::MOST_UNITS).contains(&most) => Some(LinkRule::MostFilled(most)),
            _ => self.fault(&format!("{path}.most_filled"), &format!("0 to {}", OrderTerms::MOST_UNITS)),
        };
        let on_fill = match v1::LinkOnFill::try_from(wire.on_fill) {
            Ok(v1::LinkOnFill::Unspecified) => Some(None),
            Ok(v1::LinkOnFill::FirstHit) => Some(Some(OnFill::FirstHit)),
            Ok(v1::LinkOnFill::CompleteFill) => Some(Some(OnFill::CompleteFill)),
            Ok(v1::LinkOnFill::Incremental) => Some(Some(OnFill::Incremental)),
            Err(_) => {
                self.fault(&format!("{path}.on_fill"), "expected first hit, complete fill or incremental")
            }
        };
        let enforcement = match (v1::LinkEnforcer::try_from(wire.enforced_by), on_fill) {
            (Ok(v1::LinkEnforcer::Client), Some(None)) => Some(Enforcement::Client),
            // What is faulty by itself has been told.
            (Ok(v1::LinkEnforcer::Client | v1::LinkEnforcer::VenueAtomic), None) => None,
            (Ok(v1::LinkEnforcer::Client), Some(Some(_))) => {
                self.fault(&format!("{path}.on_fill"), "only where it is the venue that sees to the link")
            }
            (Ok(v1::LinkEnforcer::VenueAtomic), Some(Some(on_fill))) => {
                Some(Enforcement::VenueAtomic(on_fill))
            }
            (Ok(v1::LinkEnforcer::VenueAtomic), Some(None)) => {
                self.fault(&format!("{path}.on_fill"), "expected first hit, complete fill or incremental")
            }
            (Ok(v1::LinkEnforcer::Unspecified) | Err(_), _) => {
                self.fault(&format!("{path}.enforced_by"), "expected venue atomic or client")
            }
        };
        Some(OrderLink { name: name?, rule: rule?, enforcement: enforcement? })
    }

    pub(super) fn terms(&mut self, path: &str, wire: Option<&v1::OrderTerms>) -> Option<OrderTerms> {
        let wire = self.there(path, wire)?;
        let kind = match v1::OrderKind::try_from(wire.kind) {
            Ok(v1::OrderKind::Limit) => Some(OrderKind::Limit),
            Ok(v1::OrderKind::Market) => Some(OrderKind::Market),
            Ok(v1::OrderKind::Stop) => Some(OrderKind::Stop),
            _ => self.fault(&format!("{path}.kind"), "expected limit, market or stop"),
        };
        let time_in_force = self.time_in_force(path, wire);
        if !(1..=OrderTerms::MOST_UNITS).contains(&wire.units) {
            let message = format!("1 to {}", OrderTerms::MOST_UNITS);
            self.faults.add(|| format!("{path}.units"), message);
        }
        if !(1..=OrderTerms::MOST_LEGS).contains(&wire.legs.len()) {
            let message = format!("1 to {} legs", OrderTerms::MOST_LEGS);
            self.faults.add(|| format!("{path}.legs"), message);
        }
        let net_price = self.decimal_if_any(&format!("{path}.net_price"), &wire.net_price);
        let has_net_price = !wire.net_price.is_empty();
        // Of a kind that is faulty nothing is asked.
        let is_other = kind.is_some_and(|kind| kind != OrderKind::Limit);
        if has_net_price && (wire.legged || is_other) {
            self.faults.add(|| format!("{path}.net_price"), "only of a limit order whose legs fill together");
        }
        let mut legs = Vec::with_capacity(wire.legs.len());
        for (place, leg) in wire.legs.iter().take(OrderTerms::MOST_LEGS).enumerate() {
            let path = format!("{path}.legs[{place}]");
            let contract = self.lots(&format!("{path}.contract"), leg.contract.as_ref());
            let price = self.decimal_if_any(&format!("{path}.price"), &leg.price);
            let needs_price = kind == Some(OrderKind::Limit) && !has_net_price;
            let is_asked = kind.is_some_and(|kind| kind != OrderKind::Stop);
            if leg.price.is_empty() == needs_price && is_asked {
                let message = if needs_price {
                    "a limit order needs a price"
                } else {
                    "the order has no limits by leg"
                };
                self.faults.add(|| format!("{path}.price"), message);
            }
            if let (Some((contract, lots)), Some(price)) = (contract, price) {
                let all = lots.get().checked_mul(wire.units);
                if all.is_none_or(|all| all.unsigned_abs() > Lots::MAX.unsigned_abs()) {
                    self.faults.add(|| format!("{path}.contract.quantity"), "times units: too many lots");
                }
                legs.push(OrderLeg { contract, lots, price });
            }
        }
        if wire.reduced_by_venue && !wire.reduce_only {
            self.faults.add(|| format!("{path}.reduced_by_venue"), "only of a reduce-only order");
        }
        let fee = self.fee(&format!("{path}.fee"), wire.fee.as_ref());
        Some(OrderTerms {
            kind: kind?,
            composition: if wire.legged { Composition::Legged } else { Composition::Together },
            time_in_force: time_in_force?,
            legs,
            units: wire.units,
            net_price: net_price?,
            reduce_only: wire.reduce_only,
            reduced_by_venue: wire.reduced_by_venue,
            closes: wire.closes,
            fee: fee?,
            scheduled_fees: Vec::new(),
        })
    }

    fn time_in_force(&mut self, path: &str, wire: &v1::OrderTerms) -> Option<TimeInForce> {
        match v1::TimeInForce::try_from(wire.time_in_force) {
            Ok(v1::TimeInForce::Unspecified | v1::TimeInForce::Day) => Some(TimeInForce::Day),
            Ok(v1::TimeInForce::GoodTillCancel) => Some(TimeInForce::GoodTillCancel),
            Ok(v1::TimeInForce::GoodTillDate) => {
                self.date(&format!("{path}.last_date"), &wire.last_date).map(TimeInForce::GoodTillDate)
            }
            Ok(v1::TimeInForce::ImmediateOrCancel) => Some(TimeInForce::ImmediateOrCancel),
            Ok(v1::TimeInForce::FillOrKill) => Some(TimeInForce::FillOrKill),
            Err(_) => self.fault(&format!("{path}.time_in_force"), "no time in force"),
        }
    }

    /// The legs of a trade with all their lots.
    pub(super) fn trade_legs(&mut self, path: &str, wire: &[v1::TradeLeg]) -> Vec<TradeLeg> {
        if !(1..=OrderTerms::MOST_LEGS).contains(&wire.len()) {
            self.faults.add(|| path.to_owned(), format!("1 to {} legs", OrderTerms::MOST_LEGS));
            return Vec::new();
        }
        let mut legs = Vec::with_capacity(wire.len());
        for (place, leg) in wire.iter().enumerate() {
            let path = format!("{path}[{place}]");
            let contract = self.lots(&format!("{path}.contract"), leg.contract.as_ref());
            let price = self.decimal(&format!("{path}.price"), &leg.price);
            if let (Some((contract, lots)), Some(price)) = (contract, price) {
                legs.push(TradeLeg { contract, lots: lots.get(), price });
            }
        }
        legs
    }

    pub(super) fn trade(&mut self, path: &str, wire: Option<&v1::Trade>) -> Option<Fill> {
        let wire = self.there(path, wire)?;
        let trade = self.code(&format!("{path}.id"), &wire.id);
        let account = self.code(&format!("{path}.account"), &wire.account);
        let order = match wire.order_id.as_str() {
            "" => Some(None),
            id => {
                let part = usize::try_from(wire.order_part).unwrap_or(usize::MAX);
                if !positive(wire.units) {
                    self.faults.add(|| format!("{path}.units"), "1 or more units of the order");
                }
                self.code(&format!("{path}.order_id"), id).map(|id| Some((id, part)))
            }
        };
        let legs = self.trade_legs(&format!("{path}.legs"), &wire.legs);
        let fee = self.fee(&format!("{path}.fee"), wire.fee.as_ref());
        let date = self.date(&format!("{path}.date"), &wire.date);
        let due = match wire.due.as_str() {
            "" => date,
            due => self.date(&format!("{path}.due"), due),
        };
        let (units, closes) = (wire.units.clamp(0, OrderTerms::MOST_UNITS), wire.closes);
        Some(Fill {
            trade: trade?,
            account: account?,
            order: order?,
            units,
            legs,
            closes,
            fee: fee?,
            clearing: Clearing { date: date?, cycle: wire.cycle },
            due: due?,
        })
    }

    pub(super) fn becomes(&mut self, path: &str, wire: Option<&v1::Becomes>) -> Option<Becomes> {
        match wire.and_then(|wire| wire.becomes.as_ref()) {
            None => self.fault(path, "cash, another contract, or a delivery"),
            Some(Wire::Cash(points)) => self.points(&format!("{path}.cash"), points).map(Becomes::Cash),
            Some(Wire::Delivery(points)) => {
                self.points(&format!("{path}.delivery"), points).map(Becomes::Delivery)
            }
            Some(Wire::Contract(leg)) => {
                let contract = self.lots(&format!("{path}.contract.contract"), leg.contract.as_ref());
                let price = self.points(&format!("{path}.contract.price"), &leg.price);
                let (contract, lots) = contract?;
                Some(Becomes::Contract(contract, lots, price?))
            }
        }
    }

    /// Points of price in the fewest digits.
    fn points(&mut self, path: &str, text: &str) -> Option<Decimal> {
        self.decimal(path, text).map(Decimal::normalized)
    }

    fn decimal_if_any(&mut self, path: &str, text: &str) -> Option<Option<Decimal>> {
        if text.is_empty() { Some(None) } else { self.decimal(path, text).map(Some) }
    }
}
