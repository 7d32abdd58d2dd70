//! What comes to be used while the house is about to drop it: whatever the interleaving, either it is not dropped or it is not used.

use std::sync::Arc;

use plimsoll_engine::contract::{ContractKey, ContractQuery, ProductType};
use plimsoll_engine::group::{
    AssetTerms, Band, Body, Command, Composition, Fact, Keeping, NewOrder, OrderKind, OrderLeg, OrderTerms,
    Origin, Outcome, RefusalReason, Request, TimeInForce,
};
use plimsoll_engine::parameters::method::{preset, read_method};
use plimsoll_engine::parameters::{Digest, Quoted, RoundingProfile, build, sample};
use plimsoll_engine::span::Margining;
use plimsoll_engine::types::{Code, Currency, Decimal, Lots, Money, Quantity, Ratio};

use super::super::{Chronicle, NewContracts, Stands, StatedMethod};
use super::*;
use crate::registry::{AccountScope, Registry};

struct Setting {
    registry: Arc<Registry>,
    book: Book,
    house: House,
    future: ContractId,
    /// A future in euros, and its price.
    in_euros: (ContractId, Decimal),
    next: std::cell::Cell<u32>,
}

fn code<K: plimsoll_engine::types::Kind>(text: &str) -> Code<K> {
    Code::new(text).unwrap()
}

fn activate(registry: &Registry, digest: u8) -> House {
    let digest = Digest([digest; 32]);
    let set = build(&sample::definition(), digest, RoundingProfile::Exact, Default::default()).unwrap().0;
    let (house, id) = (set.house().clone(), set.id().to_owned());
    registry.insert(set, Default::default()).unwrap();
    registry.activate(&id, AccountScope::default(), false).unwrap();
    house
}

fn amount(number: i64) -> Money {
    Money::from_decimal(Decimal::whole(number)).unwrap()
}

impl Setting {
    /// The groups `A` and `B`, each with an account under the set; a band of the nearest future is stated, and what counts of
    /// an asset and of euros.
    fn new() -> Self {
        let registry = Arc::new(Registry::new(2));
        let house = activate(&registry, 1);
        let book = Book::new(Arc::clone(&registry), Arc::<Chronicle>::default());
        let (desk, snapshot) = book.desk(&house).unwrap();
        let quoted = || {
            let all = snapshot.set().unwrap().listings().quoted();
            all.filter(|own| own.key.product_type == ProductType::Future && own.price.is_some())
        };
        let number = |key: &ContractKey| {
            let query = ContractQuery {
                exchange: Some(key.exchange.clone()),
                product: key.product.clone(),
                product_type: key.product_type,
                period: key.period,
                underlying_period: key.underlying_period,
                option: key.option,
            };
            let found = desk.contract(Place::Worker, snapshot.set(), &query, &mut NewContracts::default());
            found.unwrap_or_else(|_| panic!("{key}"))
        };
        let euro = |own: &Quoted| snapshot.known(number(&own.key)).unwrap().currency.as_str() == "EUR";
        let future = number(&quoted().find(|own| !euro(own)).unwrap().key);
        let in_euros = quoted().find(euro).unwrap();
        let in_euros = (number(&in_euros.key), in_euros.price.unwrap());
        let own = Self { registry, book, house, future, in_euros, next: std::cell::Cell::new(0) };
        own.book.state_terms(&own.house, &own.terms().into(), &Until::NEVER).unwrap();
        for group in ["A", "B"] {
            let key = own.key(group);
            let group = Group::new(key, code("M"), Origin::Client, Currency::new("USD").unwrap());
            own.book.open(group.clone(), &Until::NEVER).unwrap();
            let terms = MarginTerms::Span { account_type: None, margining: Margining::Net };
            let name = group.key.name.as_str();
            let account = Request::OpenMarginAccount(code("M"), terms);
            assert_eq!(own.submit(name, Body::Request(account)).refused, None);
            let account = Request::OpenPositionAccount(code("P"), code("M"), Keeping::Net);
            assert_eq!(own.submit(name, Body::Request(account)).refused, None);
            let deposit = Fact::Deposit(code("D"), Currency::new("USD").unwrap(), amount(1_000_000));
            assert_eq!(own.submit(name, Body::Fact(deposit)).refused, None);
        }
        own
    }

    fn key(&self, group: &str) -> GroupKey {
        GroupKey { house: self.house.clone(), name: code(group) }
    }

    fn terms(&self) -> Terms {
        let mut terms = Terms::default();
        let price = Decimal::whole;
        terms.bands.insert(self.future, Band { low: price(1), high: price(200) });
        let schedule = &mut terms.schedule;
        schedule.currency_haircuts.insert(Currency::new("EUR").unwrap(), Ratio::TENTH);
        let bond = AssetTerms {
            currency: Currency::new("USD").unwrap(),
            price: price(100),
            haircut: Ratio::TENTH,
            most_of_pool: None,
        };
        schedule.assets.insert(code("BOND"), bond);
        terms
    }

    fn submit(&self, group: &str, body: Body) -> Outcome {
        self.next.set(self.next.get() + 1);
        let command = Command { principal: code("p"), id: code(&format!("C{}", self.next.get())), body };
        let (desk, house) = self.book.desk(&self.house).unwrap();
        let mut entry = self.book.entry(&self.key(group)).unwrap().now().unwrap();
        let place = (Place::Worker, &Until::NEVER);
        self.book.submit(&mut entry, &desk, &house, &command, place).unwrap().outcome
    }

    /// An order without a limit, which is reserved at the band.
    fn at_band(&self) -> Body {
        self.order(self.future, None)
    }

    fn order(&self, contract: ContractId, price: Option<Decimal>) -> Body {
        let leg = OrderLeg { contract, lots: Lots::new(1).unwrap(), price };
        let terms = OrderTerms {
            kind: if price.is_some() { OrderKind::Limit } else { OrderKind::Market },
            composition: Composition::Together,
            time_in_force: TimeInForce::GoodTillCancel,
            legs: vec![leg],
            units: 1,
            net_price: None,
            reduce_only: false,
            reduced_by_venue: false,
            closes: false,
            fee: None,
            scheduled_fees: Vec::new(),
        };
        let order = NewOrder { id: code("O"), account: code("P"), session: None, link: None, terms };
        Body::Request(Request::Order(Box::new(order)))
    }

    fn methods(&self, names: &[&str]) -> Methods {
        let text = preset("derive-pm2").unwrap();
        let own = StatedMethod { text: text.into(), method: Arc::new(read_method(text.as_bytes()).unwrap()) };
        names.iter().map(|name| (code(name), own.clone())).collect()
    }

    fn account_by(&self, account: &str, method: &str) -> Body {
        let netting = plimsoll_engine::account::Netting::Net;
        let terms = MarginTerms::Method { method: code(method), netting };
        Body::Request(Request::OpenMarginAccount(code(account), terms))
    }
}

fn in_use(stated: Result<Renewed, NotStated>) -> Vec<String> {
    match stated {
        Err(NotStated::Book(BookFault::InUse(named))) => named,
        other => panic!("{other:?}"),
    }
}

/// States terms in the steps that a house takes, with something done after every group has been looked at.
fn between(own: &Setting, after: &Terms, done: impl FnOnce()) -> Result<Renewed, NotStated> {
    let (desk, _) = own.book.desk(&own.house).unwrap();
    let _restating = desk.restates();
    let begun = desk.drops_terms(after);
    let dropped = &begun.dropping.dropped;
    let uses = |group: &Group| used(&desk, group, dropped);
    own.book.uses_none(&own.book.to_look_at(&own.house, dropped), uses)?;
    done();
    let active = own.book.active(&own.house);
    let keys = match desk.state_terms(active.as_ref(), after.clone().into(), &begun.dropping, &Until::NEVER) {
        Err(NotStated::Reached(keys)) => keys,
        stated => return stated,
    };
    own.book.uses_none(&keys.into_iter().collect::<Vec<_>>(), uses)?;
    desk.state_terms(active.as_ref(), after.clone().into(), &begun.dropping, &Until::NEVER)
}

/// What comes to be used, what drops it, and the name of that use.
type Case = (fn(&Setting) -> Body, fn(&mut Terms), &'static str);

#[test]
fn what_comes_to_be_used_after_its_group_was_looked_at_is_not_dropped() {
    let cases: [Case; 4] = [
        (Setting::at_band, |terms| terms.bands.clear(), "by order O of group A"),
        (
            |_| Body::Fact(Fact::Deposit(code("E"), Currency::new("EUR").unwrap(), amount(5))),
            |terms| terms.schedule.currency_haircuts.clear(),
            "haircut of EUR, which is held of group A",
        ),
        (
            |own| own.order(own.in_euros.0, Some(own.in_euros.1)),
            |terms| terms.schedule.currency_haircuts.clear(),
            "haircut of EUR, which is held of group A",
        ),
        (
            |_| {
                Body::Fact(Fact::DepositAsset(
                    code("E"),
                    code("BOND"),
                    Quantity::from_decimal_half_away(Decimal::whole(5)).unwrap(),
                ))
            },
            |terms| terms.schedule.assets.clear(),
            "asset BOND: 5 are held of group A",
        ),
    ];
    for (body, drop_it, named) in cases {
        let own = Setting::new();
        let mut after = own.terms();
        drop_it(&mut after);
        let stated = between(&own, &after, || {
            assert_eq!(own.submit("A", body(&own)).refused, None);
        });
        let found = in_use(stated);
        assert!(found.len() == 1 && found[0].ends_with(named), "{found:?}");
        // Nobody drops anything any more: what is stated alike is stated.
        own.book.state_terms(&own.house, &own.terms().into(), &Until::NEVER).unwrap();
    }
}

#[test]
fn what_is_reached_and_not_used_is_dropped() {
    let own = Setting::new();
    let mut after = own.terms();
    after.schedule.currency_haircuts.clear();
    let euros =
        |id: &str, whole| Body::Fact(Fact::Deposit(code(id), Currency::new("EUR").unwrap(), amount(whole)));
    let stated = between(&own, &after, || {
        assert_eq!(own.submit("A", euros("E", 5)).refused, None);
        let out = Request::Withdraw(Currency::new("EUR").unwrap(), amount(5));
        assert_eq!(own.submit("A", Body::Request(out)).refused, None);
    });
    assert!(stated.unwrap().0.schedule().currency_haircuts.is_empty());
}

#[test]
fn what_has_been_dropped_is_used_by_nobody_who_decided_before() {
    let own = Setting::new();
    let (desk, before) = own.book.desk(&own.house).unwrap();
    let begun = desk.drops_terms(&Terms::default());
    let turn = own.book.entry(&own.key("A")).unwrap().now().unwrap();
    let command = Command { principal: code("p"), id: code("late"), body: own.at_band() };
    let decided = plimsoll_engine::group::decide(turn.group(), &before, &command, None);
    assert_eq!(decided.outcome.refused, None);
    let active = own.book.active(&own.house);
    desk.state_terms(active.as_ref(), Terms::default().into(), &begun.dropping, &Until::NEVER).unwrap();
    for place in [Place::Runtime, Place::Worker] {
        assert_eq!(desk.notes(place, turn.group(), &decided.events), Ok(Stands::No));
    }
    drop((turn, begun));
    let refused = own.submit("A", own.at_band()).refused.unwrap();
    assert_eq!(refused.reason, RefusalReason::NoPriceBand);
}

#[test]
fn an_order_at_a_band_and_the_band_s_end_at_the_same_time() {
    for _ in 0..20 {
        let own = Setting::new();
        // The house looks at A, then it waits for B.
        let turn = own.book.entry(&own.key("B")).unwrap().now().unwrap();
        let mut after = own.terms();
        after.bands.clear();
        std::thread::scope(|scope| {
            let (book, house) = (&own.book, &own.house);
            let stated = scope.spawn(move || book.state_terms(house, &after.into(), &Until::NEVER));
            let (desk, snapshot) = own.book.desk(&own.house).unwrap();
            let command = Command { principal: code("p"), id: code("C"), body: own.at_band() };
            let mut entry = own.book.entry(&own.key("A")).unwrap();
            let mut entry = loop {
                match entry.now() {
                    Some(turn) => break turn,
                    None => entry = own.book.entry(&own.key("A")).unwrap(),
                }
            };
            let place = (Place::Worker, &Until::NEVER);
            let answer = own.book.submit(&mut entry, &desk, &snapshot, &command, place).unwrap();
            assert_eq!(answer.outcome.refused, None);
            drop((entry, turn));
            assert_eq!(in_use(stated.join().unwrap()).len(), 1);
        });
    }
}

#[test]
fn an_account_that_is_opened_while_others_move_moves_too() {
    let own = Setting::new();
    let state = |names: &[&str], moves: &Moves| {
        own.book.state_methods(&own.house, &own.methods(names), moves, &Until::NEVER)
    };
    state(&["old"], &Moves::new()).unwrap();
    assert_eq!(own.submit("A", own.account_by("X", "old")).refused, None);
    // Another set is active, and nothing has noticed yet: what is in use stays so.
    activate(&own.registry, 2);
    assert_eq!(
        in_use(state(&["new"], &Moves::new()).map(|own| own.0)),
        ["method old by margin account X of group A"]
    );
    let moves = Moves::from([(code("old"), code("new"))]);
    // The steps of a house, with an account opened in between.
    let (desk, _) = own.book.desk(&own.house).unwrap();
    let active = own.book.active(&own.house);
    let (after, mut moved) = (own.methods(&["new"]), Moved::default());
    let begun = desk.drops_methods(&after);
    let both = desk.with_stated_methods(after.clone());
    desk.state_methods(active.as_ref(), both, None, &Until::NEVER).unwrap();
    let keys = own.book.to_look_at(&own.house, &begun.dropping.dropped);
    own.book.move_accounts(&own.house, &keys, &moves, &mut moved).unwrap();
    assert_eq!(own.submit("B", own.account_by("Y", "old")).refused, None);
    let stated = desk.state_methods(active.as_ref(), after.clone(), Some(&begun.dropping), &Until::NEVER);
    let Err(NotStated::Reached(keys)) = stated else { panic!("{stated:?}") };
    assert_eq!(keys.iter().collect::<Vec<_>>(), [&own.key("B")]);
    drop(begun);
    // The whole way, as the house goes it.
    let (_, accounts) = state(&["new"], &moves).unwrap();
    assert_eq!((moved.accounts, accounts), (Some(1), 1));
    assert_eq!(
        own.submit("B", own.account_by("Z", "old")).refused.map(|own| own.reason),
        own.submit("B", own.account_by("Z", "none")).refused.map(|own| own.reason)
    );
}
