//! What holds of a margin group whatever it is told.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use plimsoll_engine::contract::{ContractId, Registry};
use plimsoll_engine::group::{
    Becomes, Body, Changes, Clearing, CollateralSchedule, Command, Composition, Enforcement, Exercise, Fact,
    Fill, Group, GroupKey, HouseSnapshot, Keeping, LinkRule, MarginTerms, NewOrder, OnFill, OrderKind,
    OrderLeg, OrderLink, OrderTerms, Origin, Outcome, Request, SettlementRun, Standing, TimeInForce,
    TradeLeg, decide, renewed, searched, standing,
};
use plimsoll_engine::parameters::{Digest, Listing, RoundingProfile, build, sample};
use plimsoll_engine::span::Margining;
use plimsoll_engine::types::{AccountName, Amount, BusinessDate, Code, Decimal, Kind, Lots, Money};

/// The most commands of an input: a group with more orders takes long.
const MOST: usize = 24;

fn code<K: Kind>(text: &str) -> Code<K> {
    Code::new(text).unwrap()
}

/// The sample's house, and a few contracts of it: futures of two products, calls and puts.
fn house() -> &'static (HouseSnapshot, Vec<ContractId>) {
    static HOUSE: OnceLock<(HouseSnapshot, Vec<ContractId>)> = OnceLock::new();
    HOUSE.get_or_init(|| {
        let definition = sample::definition();
        let built = build(&definition, Digest([0; 32]), RoundingProfile::Exact, Default::default());
        let set = built.unwrap().0;
        let mut registry = Registry::default();
        let mut contracts = Vec::new();
        for (key, listing) in set.listings().iter() {
            let id = registry.intern(key, None).unwrap();
            if matches!(listing, Listing::Row(..)) && contracts.len() < 16 {
                contracts.push(id);
            }
        }
        let schedule = CollateralSchedule::default();
        (HouseSnapshot::new(1, Arc::new(set), &registry, BTreeMap::new(), schedule), contracts)
    })
}

/// By the upper bit of a byte: the account that keeps one side, or the one that keeps both.
fn account(byte: u8) -> AccountName {
    code(if byte < 128 { "A" } else { "B" })
}

/// Bytes read one after the other; nothing where there are no more.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    fn contract(&mut self) -> ContractId {
        let contracts = &house().1;
        contracts[usize::from(self.next()) % contracts.len()]
    }

    /// From -100 lots to 100, never none; the ends are a billion.
    fn lots(&mut self) -> i64 {
        match i64::from(self.next()) - 128 {
            0 => 1,
            far if far > 120 => Lots::MAX,
            far if far < -120 => -Lots::MAX,
            near => near,
        }
    }

    /// The mark and some tenths.
    fn price(&mut self, contract: ContractId) -> Decimal {
        let mark = house().0.contract(contract).and_then(|own| own.price).unwrap_or_default();
        let tenths = Decimal::new(i64::from(self.next()) - 128, 1).unwrap();
        mark.plus(tenths).unwrap()
    }

    fn money(&mut self) -> Money {
        Money::from_decimal(Decimal::whole(i64::from(self.next()) * 1_000 + 1)).unwrap()
    }

    fn body(&mut self, day: BusinessDate) -> Body {
        match self.next() % 10 {
            0 => Body::Fact(Fact::Deposit(code(&format!("D{}", self.next())), code("USD"), self.money())),
            1 | 2 => Body::Request(Request::Order(Box::new(self.order()))),
            3 => Body::Fact(Fact::Fill(Box::new(self.fill(day)))),
            4 => Body::Fact(Fact::Cancelled(code(&format!("O{}", self.next() % 8)))),
            5 => Body::Fact(Fact::Bust(code(&format!("T{}", self.next() % 8)), day)),
            6 => {
                let prices = house().1.iter().map(|own| (*own, self.price(*own))).collect();
                let id = code(&format!("R{}", self.next() % 4));
                Body::Fact(Fact::Settle(Arc::new(SettlementRun {
                    id,
                    date: day,
                    cycle: 1,
                    corrects: None,
                    prices,
                    expiries: Vec::new(),
                })))
            }
            7 => Body::Request(Request::Withdraw(code("USD"), self.money())),
            9 => Body::Request(Request::ForceClose(Box::new(self.order()), "forced".to_owned())),
            _ => {
                let contract = self.contract();
                let lots = Lots::new(self.lots()).unwrap();
                let becomes = Becomes::Cash(Decimal::whole(i64::from(self.next())));
                let (id, account) = (code(&format!("E{}", self.next())), code("A"));
                Body::Fact(Fact::Exercise(Box::new(Exercise {
                    id,
                    date: day,
                    account,
                    contract,
                    lots,
                    becomes,
                })))
            }
        }
    }

    fn order(&mut self) -> NewOrder {
        let contract = self.contract();
        let lots = self.lots();
        let leg =
            OrderLeg { contract, lots: Lots::new(lots.signum()).unwrap(), price: Some(self.price(contract)) };
        let reduces = self.next();
        let terms = OrderTerms {
            kind: OrderKind::Limit,
            composition: Composition::Together,
            time_in_force: TimeInForce::Day,
            legs: vec![leg],
            units: lots.abs(),
            net_price: None,
            reduce_only: reduces % 8 == 1,
            reduced_by_venue: reduces % 16 == 9,
            closes: reduces % 8 == 5,
            fee: None,
            scheduled_fees: Vec::new(),
        };
        // The upper bits of the byte of its id say how it is linked; none of them, not at all.
        let own = self.next();
        let id = code(&format!("O{}", own % 8));
        let enforcement = match own / 8 % 8 {
            1 => Some(Enforcement::VenueAtomic(OnFill::FirstHit)),
            2 => Some(Enforcement::VenueAtomic(OnFill::CompleteFill)),
            3 => Some(Enforcement::VenueAtomic(OnFill::Incremental)),
            4 => Some(Enforcement::Client),
            _ => None,
        };
        let rule = if own < 128 { LinkRule::OneCancelsOther } else { LinkRule::MostFilled(8) };
        let name = code(&format!("L{}", own / 64 % 2));
        let link = enforcement.map(|enforcement| OrderLink { name, rule, enforcement });
        NewOrder { id, account: account(reduces), session: None, link, terms }
    }

    fn fill(&mut self, day: BusinessDate) -> Fill {
        let contract = self.contract();
        let lots = self.lots();
        let own = self.next();
        Fill {
            trade: code(&format!("T{}", own % 8)),
            account: account(own),
            order: self.next().is_multiple_of(2).then(|| (code(&format!("O{}", self.next() % 8)), 0)),
            units: lots.abs(),
            legs: vec![TradeLeg { contract, lots, price: self.price(contract) }],
            closes: false,
            fee: None,
            clearing: Clearing { date: day, cycle: 0 },
            due: day,
        }
    }
}

/// Whether an order of one contract trades no more than there is of the other side.
fn closes(group: &Group, order: &NewOrder) -> bool {
    order.terms.legs.iter().all(|leg| {
        let held = group.holding(&order.account, leg.contract);
        order.terms.units <= if leg.lots.is_short() { held.long } else { held.short }
    })
}

/// Tells a group what the bytes say. Returns whether everything was granted and fitted.
///
/// The state is a fold of the events; the standing that follows events is the one that is formed anew; an accepted order leaves no
/// deficit that was not there, unless it was forced: that makes positions smaller only; a repeated command changes nothing.
pub(crate) fn check(bytes: &[u8]) -> bool {
    let (house, _) = house();
    let key = GroupKey { house: house.house().clone(), name: code("G") };
    let start = Group::new(key, code("M"), Origin::Client, code("USD"));
    let (mut group, mut log, mut known) = (start.clone(), Vec::new(), None::<Standing>);
    let day = BusinessDate::new(2026, 9, 18).unwrap();
    let terms = MarginTerms::Span { account_type: None, margining: Margining::Net };
    let open = [
        Body::Request(Request::OpenMarginAccount(code("M"), terms)),
        Body::Request(Request::OpenPositionAccount(code("A"), code("M"), Keeping::Net)),
        Body::Request(Request::OpenPositionAccount(code("B"), code("M"), Keeping::Gross)),
    ];
    let mut bytes = Bytes(bytes);
    let mut fits = true;
    for number in 0..MOST {
        let body = match open.get(number) {
            Some(body) => body.clone(),
            None if bytes.0.is_empty() => break,
            None => bytes.body(day),
        };
        let command = Command { principal: code("p"), id: code(&number.to_string()), body };
        let decision = decide(&group, house, &command, known.as_ref());
        let is_forced = matches!(command.body, Body::Request(Request::ForceClose(..)));
        if let (None, Body::Request(Request::ForceClose(order, _))) =
            (&decision.outcome.refused, &command.body)
        {
            assert!(closes(&group, order), "{order:?}");
        }
        let mut changes = Changes::default();
        for event in &decision.events {
            changes.note(&group, event);
            group.apply(event).unwrap();
        }
        fits &= decision.outcome.refused.is_none() && decision.outcome.exceptions.is_empty();
        if let (None, Some(checked)) = (&decision.outcome.refused, &decision.outcome.checked) {
            let [before, after] =
                [checked.before, checked.after].map(|own| Amount::rounded_half_away(own.excess));
            let deepens = after < before;
            assert!(is_forced || !checked.after.is_deficit() || !deepens, "{checked:?}");
        }
        let anew = standing(&group, house).ok();
        let followed = decision.standing.or_else(|| renewed(&group, house, known.as_ref()?, &changes).ok());
        let followed = followed.and_then(|known| searched(&group, house, &known).ok());
        if let (Some(anew), Some(followed)) = (&anew, &followed) {
            assert_eq!(anew.currencies, followed.currencies);
            assert!(anew.with_orders.excess <= anew.found.excess);
        }
        if !decision.events.is_empty() {
            let again = decide(&group, house, &command, anew.as_ref());
            let first = decision.outcome.clone();
            // A run keeps no answer: it is known by its own id, and by the item that is open.
            let (is_known, exceptions) = (first.is_known, first.exceptions.clone());
            let outcome = match command.body {
                Body::Fact(Fact::Settle(_)) => Outcome { is_known, exceptions, ..again.outcome },
                Body::Fact(_) | Body::Request(_) => Outcome { is_known, ..again.outcome },
            };
            assert_eq!((again.events, outcome), (Vec::new(), first), "{command:?}");
        }
        log.extend(decision.events);
        known = anew;
    }
    let mut again = start;
    again.apply_all(&log).unwrap();
    assert!(again == group, "the state is a fold of its events");
    fits
}
