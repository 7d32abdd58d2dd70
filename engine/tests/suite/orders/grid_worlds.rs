//! Contracts on a few price sources, methods that are data, and accounts under them with working orders.

#![allow(clippy::float_arithmetic, reason = "prices are models' inputs")]

use std::fmt::Write as _;
use std::sync::Arc;

use plimsoll_engine::contract::{
    ContractId, ContractKey, Exercise, Instrument, OptionModel, OptionRight, OptionTerms, Period,
    ProductType, Registry, Settlement, SpecificationTerms,
};
use plimsoll_engine::fills::OpenFills;
use plimsoll_engine::grid::{Catalogue, GridFill, GridRow};
use plimsoll_engine::market::{Observed, Quote, Smile, Snapshot};
use plimsoll_engine::parameters::method::{Method, preset, read_method};
use plimsoll_engine::types::{Code, Currency, Decimal, Lots, Moment, Money, PriceSource};

use super::worlds::links;
use crate::generate::Dice;

const SOURCES: [(&str, f64); 3] = [("BTC", 60_000.0), ("ETH", 3_000.0), ("SOL", 150.0)];
const DAYS: [i64; 3] = [1, 30, 200];

pub(super) fn now() -> Moment {
    Moment::from_seconds(1_700_000_000, 0).unwrap()
}

fn expiry(days: i64) -> Moment {
    Moment::from_seconds(1_700_000_000 + days * 86_400, 0).unwrap()
}

pub(super) fn currency(code: &str) -> Currency {
    Currency::new(code).unwrap()
}

/// Prices, forwards, volatilities and rates, not all of them to be trusted.
pub(super) fn market(dice: &mut Dice, settled: &Currency) -> Snapshot {
    let observed = |value: f64, confidence: f64| Observed::new(value, now(), confidence).unwrap();
    let peg = observed(dice.between(970, 1_005) as f64 / 1_000.0, 1.0);
    let mut quotes = vec![Quote::Peg { currency: settled.clone(), price: peg }];
    for (name, price) in SOURCES {
        let source = || PriceSource::new(name).unwrap();
        let mut near = |first: i64, last: i64| dice.between(first, last) as f64 / 1_000.0;
        let price = price * near(900, 1_100);
        quotes.push(Quote::Price { source: source(), price: observed(price, near(500, 1_000)) });
        quotes.push(Quote::Perpetual { source: source(), price: observed(price * near(990, 1_010), 0.9) });
        quotes.push(Quote::FundingRate { source: source(), rate: observed(near(-1, 1), 1.0) });
        quotes.push(Quote::OpenInterest { source: source(), money: observed(1e8, 1.0) });
        for days in DAYS {
            let (source, expiry) = (source(), expiry(days));
            let forward = observed(price * near(990, 1_030), near(500, 1_000));
            quotes.push(Quote::Forward { source: source.clone(), expiry, forward });
            let rate = observed(near(-20, 100), 1.0);
            quotes.push(Quote::SourceRate { source: source.clone(), expiry, rate });
            let smile = Smile::Flat { model: OptionModel::Lognormal, volatility: near(300, 1_200) };
            quotes.push(Quote::Smile { source, expiry, smile, source_time: now(), confidence: 1.0 });
        }
    }
    Snapshot::empty(now()).next(now(), &quotes).unwrap()
}

fn key(number: usize) -> ContractKey {
    ContractKey {
        house: Code::new("H").unwrap(),
        exchange: Code::new("X").unwrap(),
        product: Code::new(&format!("P{number}")).unwrap(),
        product_type: ProductType::Future,
        period: Period::new("202612").unwrap(),
        underlying_period: None,
        option: None::<OptionTerms>,
    }
}

/// Every contract that is settled in a currency: on a coin's own price in it, on all prices in another.
pub(super) fn contracts(dice: &mut Dice, settled: &Currency) -> Registry {
    let coin = SOURCES.iter().any(|(name, _)| *name == settled.as_str());
    let mut registry = Registry::default();
    for (name, price) in SOURCES.iter().filter(|(name, _)| !coin || *name == settled.as_str()) {
        let mut instruments = vec![Instrument::Perpetual];
        for days in DAYS {
            let expiry = expiry(days);
            instruments.push(Instrument::Future { expiry });
            for percent in [80, 100, 125] {
                let strike: Decimal = format!("{}", price * f64::from(percent) / 100.0).parse().unwrap();
                for right in [OptionRight::Call, OptionRight::Put] {
                    let (exercise, model) = (Exercise::European, OptionModel::Lognormal);
                    instruments.push(Instrument::Option { expiry, strike, right, exercise, model });
                }
            }
        }
        if !coin {
            instruments.push(Instrument::Asset);
        }
        for instrument in instruments {
            let is_future = matches!(instrument, Instrument::Perpetual | Instrument::Future { .. });
            let settlement = match &instrument {
                _ if coin => Settlement::Inverse { coin: settled.clone() },
                Instrument::Option { .. } if dice.chance(30) => Settlement::FuturesStyle,
                _ if is_future => Settlement::FuturesStyle,
                _ => Settlement::Premium,
            };
            let multiplier = if coin && is_future { "10" } else { *dice.pick(&["1", "0.1", "2.5"]) };
            let terms = SpecificationTerms {
                price_source: PriceSource::new(name).unwrap(),
                instrument,
                multiplier: multiplier.parse().unwrap(),
                quote: if coin { currency("USD") } else { settled.clone() },
                settlement,
            };
            let number = registry.contracts().len();
            registry.intern(key(number), Some(terms.check().unwrap())).unwrap();
        }
    }
    registry
}

fn offsets(dice: &mut Dice) -> String {
    let part = |dice: &mut Dice| dice.between(0, 100) as f64 / 100.0;
    let sources = if dice.chance(50) { "[\"BTC\", \"ETH\"]" } else { "[\"ETH\", \"BTC\", \"SOL\"]" };
    let count = sources.matches(',').count() + 1;
    let mut text = format!("[[offsets]]\nname = \"g\"\nsources = {sources}\n");
    match dice.between(1, 3) {
        1 => writeln!(text, "rule = \"gains\"\nfraction = {}\nmost = 20000", part(dice)).unwrap(),
        2 => {
            let (one, other) = (part(dice), part(dice));
            let third = if count == 3 {
                format!(", {{ one = \"SOL\", other = \"ETH\", fraction = {other} }}")
            } else {
                String::new()
            };
            let pair = format!("{{ one = \"BTC\", other = \"ETH\", fraction = {one} }}");
            writeln!(text, "rule = \"pairs\"\npairs = [{pair}{third}]").unwrap();
        }
        _ => {
            let own = part(dice) * if count == 2 && dice.chance(50) { -1.0 } else { 1.0 };
            let row = |place: usize| {
                let entry = |other: usize| if other == place { "1.0".to_owned() } else { own.to_string() };
                format!("[{}]", (0..count).map(entry).collect::<Vec<_>>().join(", "))
            };
            let rows = (0..count).map(row).collect::<Vec<_>>().join(", ");
            writeln!(text, "rule = \"correlation\"\nup = 0\ndown = 7\nmatrix = [{rows}]").unwrap();
        }
    }
    writeln!(text, "most_benefit = {}\nfloor = {}", part(dice), part(dice)).unwrap();
    text
}

/// A grid with everything that a method may have.
fn random_method(dice: &mut Dice) -> Method {
    let mut text =
        "schema = 1\nname = \"m\"\nkind = \"scenario-grid\"\ncurrency = \"USD\"\n[[grids]]\nmoves = [-0.2, -0.1, 0.0, 0.1, 0.2]\n\
         volatilities = [\"up\", \"down\"]\n"
            .to_owned();
    let part = |dice: &mut Dice, first, last| dice.between(first, last) as f64 / 1_000.0;
    for word in ["skew_linear", "skew_absolute"] {
        if dice.chance(40) {
            writeln!(text, "[[scenarios]]\nvolatility = \"{word}\"\ndampening = {}", part(dice, 200, 1_500))
                .unwrap();
        }
    }
    let scope = *dice.pick(&["scan", "scan_and_contingencies"]);
    let short = part(dice, 900, 1_100);
    writeln!(
        text,
        "[volatility_shock]\nrange_up = 0.5\nrange_down = 0.25\nshort_term_power = 0.3\nlong_term_power = 0.13\n\
         [skew_shock]\nlinear_cap = 0.25\nlinear_slope = -0.1\nabsolute_cap = 0.25\nabsolute_slope = -0.1\n\
         minimum_width = 0.01\nwidth_scale = 4\nvolatility_static = 0.6\nvolatility_slope = 0\n\
         [margin]\nmaintenance_factor = 0.8\ninitial_factor = {}\nfactors_multiply = \"{scope}\"\nlong_discount = {}\nlong_rate_add = 0.1\n\
         short_discount = {short}\nshort_rate_add = 0.05",
        part(dice, 900, 1_400),
        part(dice, 900, 1_050),
    )
    .unwrap();
    if dice.chance(40) {
        writeln!(text, "scan_places = 2").unwrap();
    }
    if dice.chance(60) {
        let place = *dice.pick(&["worst", "added"]);
        writeln!(
            text,
            "[basis]\nup_factor = 1.05\ndown_factor = 0.95\nadd = 0.5\nmultiplier = 2\ncounts = \"{place}\""
        )
        .unwrap();
    }
    if dice.chance(40) {
        writeln!(text, "[roll]\nannualised_move = 0.075\nminimum_move = 0.01").unwrap();
    }
    if dice.chance(40) {
        writeln!(text, "[delta_shock]\nthreshold = 100000\nmove_per_money = 0.0000001\nmost = 0.2").unwrap();
    }
    if dice.chance(50) {
        writeln!(
            text,
            "[floor]\nnet_delta = {}\nhedged_delta = {}\nshort_option = {}\ncontract = {}",
            part(dice, 0, 50),
            part(dice, 0, 20),
            part(dice, 0, 20),
            dice.between(0, 50)
        )
        .unwrap();
    }
    let netting = *dice.pick(&["strike", "right", "nothing"]);
    writeln!(
        text,
        "[contingency]\npeg_threshold = 0.99\npeg_factor = 2\nconfidence_threshold = 0.7\nconfidence_factor = 0.5\n\
         perp_maintenance = 0.03\nperp_initial = 0.01\nfuture_maintenance = 0.02\noption_maintenance = 0.003\n\
         option_initial = 0.002\noption_netting = \"{netting}\"\nfunding_hours = 8\nfee = 0.0005"
    )
    .unwrap();
    if dice.chance(30) {
        text += "[[concentration]]\nabove = 50000\nfraction = 0.01\n[[concentration]]\nabove = 200000\nfraction = 0.02\n";
    }
    if dice.chance(50) {
        text += &offsets(dice);
    }
    read_method(text.as_bytes()).unwrap_or_else(|faults| panic!("{faults:?}\n{text}"))
}

pub(super) fn any_method(dice: &mut Dice) -> Method {
    let presets = [
        "deribit-pm-btc",
        "derive-pm1",
        "derive-pm2",
        "okx-pm",
        "paradex-pm",
        "us-pm-broad-index",
        "us-pm-equity",
        "us-pm-other-broad-index",
    ];
    if dice.chance(50) {
        return random_method(dice);
    }
    let text = preset(dice.pick::<&str>(&presets)).unwrap();
    read_method(text.as_bytes()).unwrap()
}

/// An account with working orders.
pub(super) struct Case {
    pub(super) lots: Vec<(ContractId, i64)>,
    /// Lots of a contract that was bought and sold again.
    pub(super) closed: [(ContractId, i64); 2],
    pub(super) rows: Vec<(GridRow, i64)>,
    pub(super) orders: Vec<GridFill>,
    pub(super) open: OpenFills,
}

/// A world and one account in it.
pub(super) struct World {
    pub(super) method: Arc<Method>,
    pub(super) registry: Registry,
    pub(super) snapshot: Snapshot,
    pub(super) catalogue: Catalogue,
}

pub(super) fn world(dice: &mut Dice) -> World {
    let method = Arc::new(any_method(dice));
    let registry = contracts(dice, &method.currency);
    let snapshot = market(dice, &method.currency);
    let catalogue = Catalogue::new(&method, &snapshot, registry.specified()).unwrap();
    World { method, registry, snapshot, catalogue }
}

impl World {
    fn row(&self, id: ContractId) -> GridRow {
        self.catalogue.contract(id).unwrap().unwrap().row
    }

    pub(super) fn case(&self, dice: &mut Dice, orders: usize, most_lots: i64) -> Case {
        let all: Vec<ContractId> = self.registry.specified().map(|(id, _)| id).collect();
        let few: Vec<ContractId> = (0..6).map(|_| *dice.pick(&all)).collect();
        let lots = |dice: &mut Dice| {
            let size = dice.between(1, most_lots);
            if dice.chance(50) { size } else { -size }
        };
        let mut held: Vec<(ContractId, i64)> = Vec::new();
        for _ in 0..dice.between(0, 5) {
            held.push((*dice.pick(&few), lots(dice)));
        }
        held.sort_unstable();
        held.dedup_by_key(|own| own.0);
        let (mut fills, mut open) = (Vec::new(), Vec::new());
        for _ in 0..orders {
            let one = if dice.chance(50) { 1 } else { -1 };
            let mut legs = vec![(self.row(*dice.pick(&few)), Lots::new(one).unwrap())];
            if dice.chance(20) {
                legs.push((self.row(*dice.pick(&few)), Lots::new(-one).unwrap()));
            }
            let slip = Decimal::new(
                dice.between(0, 20_000),
                if self.method.currency.as_str() == "BTC" { 6 } else { 2 },
            );
            let mut cash = vec![(self.method.currency.clone(), Money::from_decimal(slip.unwrap()).unwrap())];
            if dice.chance(30) {
                cash.push((
                    currency("FEE"),
                    Money::from_decimal(Decimal::whole(dice.between(-1, 3))).unwrap(),
                ));
            }
            fills.push(GridFill { legs, cash });
            open.push(dice.between(1, most_lots));
        }
        let links = links(dice, orders, most_lots);
        let rows = held.iter().map(|(id, lots)| (self.row(*id), *lots)).collect();
        let closed = *dice.pick(&all);
        let closed = [(closed, 3), (closed, -3)];
        Case { lots: held, closed, rows, orders: fills, open: OpenFills::new(open, links) }
    }
}
