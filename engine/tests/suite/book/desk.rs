//! A group on an exchange, and commands in few words.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_engine::contract::{ContractId, ContractQuery, ContractText, Registry};
use plimsoll_engine::group::{
    AssetTerms, Band, Body, Changes, Clearing, CollateralSchedule, Command, Composition, Event, Fact, Fill,
    Group, GroupKey, HouseSnapshot, Keeping, MarginTerms, NewOrder, OrderKind, OrderLeg, OrderTerms, Origin,
    Outcome, Request, SettlementRun, Standing, TimeInForce, TradeLeg, bounded, decide, differences, renewed,
    standing,
};
use plimsoll_engine::parameters::{Digest, ParameterSet, RoundingProfile, build, sample};
use plimsoll_engine::record::{decoded, encoded};
use plimsoll_engine::span::Margining;
use plimsoll_engine::types::{Amount, BusinessDate, Code, Currency, Decimal, Kind, Lots, Money};

pub(super) fn code<K: Kind>(text: &str) -> Code<K> {
    Code::new(text).unwrap()
}

pub(super) fn money(text: &str) -> Money {
    Money::from_decimal(text.parse().unwrap()).unwrap()
}

pub(super) fn day(day: u8) -> BusinessDate {
    BusinessDate::new(2026, 9, day).unwrap()
}

pub(super) fn text(amount: Money) -> String {
    Amount::rounded_half_away(amount).to_string()
}

pub(super) fn sample_set() -> ParameterSet {
    build(&sample::definition(), Digest([7; 32]), RoundingProfile::Exact, Default::default()).unwrap().0
}

pub(super) struct Desk {
    pub(super) house: HouseSnapshot,
    pub(super) group: Group,
    pub(super) registry: Registry,
    queries: BTreeMap<String, ContractId>,
    /// The standing that decisions left, and what has changed since made of it.
    pub(super) kept: Option<Standing>,
    next: u64,
}

impl Desk {
    /// A group under a set.
    pub(super) fn new(set: ParameterSet, cash: &str) -> Self {
        let mut registry = Registry::default();
        for (key, _) in set.listings().iter() {
            registry.intern(key, None).unwrap();
        }
        let currency = set.base_currency().clone();
        let house =
            HouseSnapshot::new(1, Arc::new(set), &registry, BTreeMap::new(), CollateralSchedule::default());
        let terms = MarginTerms::Span { account_type: None, margining: Margining::Net };
        Self::open(house, registry, currency, terms, cash)
    }

    /// A group with cash, a margin account `M`, and the position accounts `A` (one side) and `B` (both sides).
    pub(super) fn open(
        house: HouseSnapshot,
        registry: Registry,
        currency: Currency,
        terms: MarginTerms,
        cash: &str,
    ) -> Self {
        let key = GroupKey { house: house.house().clone(), name: code("POOL") };
        let group = Group::new(key, code("MEMBER"), Origin::Client, currency.clone());
        let mut desk = Self { house, group, registry, queries: BTreeMap::new(), kept: None, next: 0 };
        desk.request(Request::OpenMarginAccount(code("M"), terms));
        desk.request(Request::OpenPositionAccount(code("A"), code("M"), Keeping::Net));
        desk.request(Request::OpenPositionAccount(code("B"), code("M"), Keeping::Gross));
        if cash != "0" {
            desk.fact(Fact::Deposit(code("first"), currency, money(cash)));
        }
        desk
    }

    pub(super) fn sample(cash: &str) -> Self {
        Self::new(sample_set(), cash)
    }

    /// The same house with bands and a schedule.
    pub(super) fn with(
        &mut self,
        bands: &[(&str, &str, &str)],
        assets: &[(&str, AssetTerms)],
        fx: &[(&str, Decimal)],
    ) {
        let bands = bands.iter().map(|(contract, low, high)| {
            (self.contract(contract), Band { low: low.parse().unwrap(), high: high.parse().unwrap() })
        });
        let bands = bands.collect();
        let ratio = |own: &Decimal| plimsoll_engine::types::Ratio::from_decimal(*own).unwrap();
        let schedule = CollateralSchedule {
            currency_haircuts: fx.iter().map(|(currency, own)| (code(currency), ratio(own))).collect(),
            assets: assets.iter().map(|(asset, terms)| (code(asset), terms.clone())).collect(),
            unpriced_add_on: None,
            most_price_ratio: None,
        };
        let set = build(&sample::definition(), Digest([7; 32]), RoundingProfile::Exact, Default::default());
        self.kept = None;
        self.house = HouseSnapshot::new(2, Arc::new(set.unwrap().0), &self.registry, bands, schedule);
    }

    /// `HCL FUT 202612`, `HX30 OOP 202612S0 C 5200`.
    pub(super) fn contract(&mut self, name: &str) -> ContractId {
        if let Some(known) = self.queries.get(name) {
            return *known;
        }
        let words: Vec<&str> = name.split(' ').collect();
        let word = |place: usize| words.get(place).copied().unwrap_or("");
        let text = ContractText {
            product: word(0),
            product_type: word(1),
            period: word(2),
            right: word(3),
            strike: word(4),
            ..ContractText::default()
        };
        let query = ContractQuery::parse(&text).unwrap();
        let mut fitting = self.registry.contracts().iter().filter(|own| {
            let key = &own.key;
            (&key.product, key.product_type, key.period, key.option)
                == (&query.product, query.product_type, query.period, query.option)
        });
        let key = fitting.next().unwrap_or_else(|| panic!("{name}")).key.clone();
        let id = self.registry.id(&key).unwrap();
        self.queries.insert(name.to_owned(), id);
        id
    }

    /// The price of a contract in the active set.
    pub(super) fn mark(&mut self, name: &str) -> Decimal {
        let id = self.contract(name);
        self.house.contract(id).unwrap().price.unwrap()
    }

    /// What lots of a contract are worth at its mark.
    pub(super) fn worth(&mut self, name: &str, lots: i64) -> Money {
        let (id, mark) = (self.contract(name), self.mark(name));
        self.house.contract(id).unwrap().money_at(mark, lots).unwrap()
    }

    pub(super) fn command(&mut self, body: Body) -> Command {
        self.next += 1;
        Command { principal: code("local"), id: code(&self.next.to_string()), body }
    }

    /// The house hears of a run, its groups do not yet.
    pub(super) fn told_to_house(&mut self, run: &SettlementRun) {
        let mut settlements = self.house.settlements().clone();
        settlements.told(run);
        let version = self.house.version();
        self.house = self.house.clone().with_settlements(version, Arc::new(settlements));
    }

    pub(super) fn give(&mut self, command: &Command) -> (Outcome, Vec<Event>) {
        // A house knows its runs before its groups settle by them.
        if let Body::Fact(Fact::Settle(run)) = &command.body {
            self.told_to_house(run);
        }
        let decision = decide(&self.group, &self.house, command, self.kept.as_ref());
        let mut changes = Changes::default();
        for event in &decision.events {
            changes.note(&self.group, event);
            // What is applied is what a journal would say.
            self.group.apply(&stored(event)).unwrap();
        }
        if !decision.events.is_empty() {
            let renewed = |known: &Standing| renewed(&self.group, &self.house, known, &changes).ok();
            self.kept = decision.standing.or_else(|| self.kept.as_ref().and_then(renewed));
            self.audit();
        }
        (decision.outcome, decision.events)
    }

    /// What is kept of the standing is what is formed anew, in every part.
    fn audit(&self) {
        let version = self.house.version();
        let Some(kept) = self.kept.as_ref().filter(|kept| kept.version == version) else { return };
        let anew = bounded(&self.group, &self.house).unwrap();
        let kept = kept.by_bound(&self.group, &self.house).unwrap();
        assert_eq!(differences(&kept, &anew), Vec::<String>::new());
    }

    pub(super) fn request(&mut self, request: Request) -> Outcome {
        let command = self.command(Body::Request(request));
        self.give(&command).0
    }

    pub(super) fn fact(&mut self, fact: Fact) -> Outcome {
        let command = self.command(Body::Fact(fact));
        self.give(&command).0
    }

    /// A limit order of one contract.
    pub(super) fn limit(&mut self, id: &str, lots: i64, contract: &str, price: Decimal) -> NewOrder {
        let contract = self.contract(contract);
        let one = Lots::new(lots.signum()).unwrap();
        let leg = OrderLeg { contract, lots: one, price: Some(price) };
        order(id, vec![leg], lots.abs())
    }

    pub(super) fn order(&mut self, order: NewOrder) -> Outcome {
        self.request(Request::Order(Box::new(order)))
    }

    /// A trade of one contract in account `A`.
    pub(super) fn fill(&mut self, trade: &str, lots: i64, contract: &str, price: Decimal) -> Fill {
        let leg = TradeLeg { contract: self.contract(contract), lots, price };
        Fill {
            trade: code(trade),
            account: code("A"),
            order: None,
            units: lots.abs(),
            legs: vec![leg],
            closes: false,
            fee: None,
            clearing: Clearing { date: day(18), cycle: 0 },
            due: day(21),
        }
    }

    pub(super) fn trade(&mut self, trade: &str, lots: i64, contract: &str, price: Decimal) -> Outcome {
        let fill = self.fill(trade, lots, contract, price);
        self.fact(Fact::Fill(Box::new(fill)))
    }

    pub(super) fn run(&mut self, id: &str, date: u8, prices: &[(&str, Decimal)]) -> SettlementRun {
        let prices = prices.iter().map(|(contract, price)| (self.contract(contract), *price)).collect();
        SettlementRun {
            id: code(id),
            date: day(date),
            cycle: 1,
            corrects: None,
            prices,
            expiries: Vec::new(),
        }
    }

    pub(super) fn standing(&self) -> Standing {
        standing(&self.group, &self.house).unwrap()
    }

    /// Cash, what is due, and variation, in the group's currency.
    pub(super) fn equity(&self) -> [String; 3] {
        let own = self.standing().currencies[&self.group.currency].clone();
        [own.cash, own.due, own.variation].map(text)
    }

    /// The kinds of the open items of the queue.
    pub(super) fn queue(&self) -> Vec<&'static str> {
        let open = self.group.exceptions.values().filter(|item| item.resolution.is_none());
        open.map(|item| item.kind.name()).collect()
    }
}

/// An event that was written down and read again.
fn stored(event: &Event) -> Event {
    assert!(serde_json::to_value(event).is_ok(), "{event:?} can be shown to a person");
    decoded(&encoded(event).unwrap()).unwrap()
}

pub(super) fn order(id: &str, legs: Vec<OrderLeg>, units: i64) -> NewOrder {
    NewOrder {
        id: code(id),
        account: code("A"),
        session: None,
        link: None,
        terms: OrderTerms {
            kind: OrderKind::Limit,
            composition: Composition::Together,
            time_in_force: TimeInForce::Day,
            legs,
            units,
            net_price: None,
            reduce_only: false,
            reduced_by_venue: false,
            closes: false,
            fee: None,
            scheduled_fees: Vec::new(),
        },
    }
}

pub(super) fn reason(outcome: &Outcome) -> &'static str {
    outcome.refused.as_ref().map_or("granted", |refusal| refusal.reason.name())
}
