//! Strikes far out of the money: their prices have digits, and what is between quotes keeps them.

use plimsoll_engine::contract::OptionModel;
use plimsoll_engine::instruction_set::Instructions;
use plimsoll_engine::market::{Observed, Quote, Smile, Snapshot};
use plimsoll_engine::pricing::{RightSign, Surface};
use plimsoll_engine::types::{Code, Moment, PriceSource};

use super::{Model, Options};
use crate::generate::Dice;

const HOUR: i64 = 3_600;

fn moment(seconds: i64) -> Moment {
    Moment::from_seconds(1_790_000_000 + seconds, 0).unwrap()
}

/// Nodes by strike of options with so many hours.
struct Quoted {
    model: OptionModel,
    forward: f64,
    hours: i64,
    nodes: Vec<(f64, f64)>,
}

impl Quoted {
    fn surface(&self) -> Surface {
        let source: PriceSource = Code::new("BTC").unwrap();
        let expiry = moment(self.hours * HOUR);
        let forward = Observed::new(self.forward, moment(0), 1.0).unwrap();
        let smile = Smile::Strikes { model: self.model, nodes: self.nodes.clone() };
        let quotes = [
            Quote::Forward { source: source.clone(), expiry, forward },
            Quote::Smile { source: source.clone(), expiry, smile, source_time: moment(0), confidence: 1.0 },
        ];
        let snapshot = Snapshot::empty(moment(0)).next(moment(0), &quotes).unwrap();
        Surface::of(snapshot.of(&source).unwrap(), moment(0)).0.unwrap()
    }

    fn volatility(&self, surface: &Surface, strike: f64) -> f64 {
        surface.volatility(moment(self.hours * HOUR), self.forward, strike).unwrap()
    }

    /// Undiscounted prices of the option out of the money at these volatilities.
    fn prices(&self, by_strike: &[(f64, f64)]) -> Vec<f64> {
        #[allow(clippy::cast_precision_loss)]
        let years = self.hours as f64 / (24.0 * 365.0);
        let mut options = Options::default();
        for (strike, volatility) in by_strike {
            let right = if *strike < self.forward { RightSign::PUT } else { RightSign::CALL };
            options.push([self.forward, *strike, *volatility, years, 1.0], right);
        }
        let model = if self.model == OptionModel::Lognormal { Model::Black76 } else { Model::Bachelier };
        options.prices(model, Instructions::best())
    }

    fn nodes_come_back(&self, what: &str) {
        let surface = self.surface();
        for (strike, volatility) in &self.nodes {
            let actual = self.volatility(&surface, *strike);
            let off = (actual - volatility).abs() / volatility;
            assert!(off < 1e-12, "{what}: strike {strike} has {actual}, not {volatility}");
        }
    }

    /// Prices between neighbouring nodes on one side lie between the line that joins the two and the lines that lead there from the
    /// nodes beside them, as every convex curve through the nodes does.
    fn prices_are_convex(&self, what: &str) {
        let surface = self.surface();
        let nodes: Vec<f64> = self.nodes.iter().map(|own| own.0).collect();
        let values = self.prices(&self.nodes);
        let is_put = |strike: f64| strike < self.forward;
        // On the side of a piece; the piece with the forward inside is looked at in calls.
        let value = |place: usize, puts: bool| match (puts, is_put(nodes[place])) {
            (true, false) => values[place] + (nodes[place] - self.forward),
            (false, true) => values[place] + (self.forward - nodes[place]),
            _ => values[place],
        };
        for low in 0..nodes.len() - 1 {
            let puts = nodes[low + 1] <= self.forward;
            let line = |a: usize, b: usize, strike: f64| {
                let share = (strike - nodes[a]) / (nodes[b] - nodes[a]);
                value(a, puts) + (value(b, puts) - value(a, puts)) * share
            };
            for step in 1..20 {
                let strike = nodes[low] + (nodes[low + 1] - nodes[low]) * f64::from(step) * 0.05;
                let own = self.prices(&[(strike, self.volatility(&surface, strike))])[0];
                let own = if !puts && is_put(strike) { own + (self.forward - strike) } else { own };
                let most = line(low, low + 1, strike);
                assert!(own <= most * (1.0 + 1e-9), "{what}: {strike} costs {own}, the line {most}");
                let before = (low > 0).then(|| line(low - 1, low, strike));
                let behind = (low + 2 < nodes.len()).then(|| line(low + 1, low + 2, strike));
                for least in before.into_iter().chain(behind) {
                    let room = 1e-9 * most;
                    assert!(own >= least - room, "{what}: {strike} costs {own}, below the line {least}");
                }
            }
        }
    }
}

#[test]
fn a_quote_far_from_the_forward_is_worth_what_it_is_quoted() {
    let nodes = vec![(30.0, 0.70), (95.0, 1.10), (100.0, 1.00), (105.0, 1.20), (170.0, 0.95), (250.0, 0.90)];
    for hours in [1, 12, 7 * 24, 30 * 24, 365 * 24] {
        for forward in [95.0, 97.0, 100.0, 100.000_001, 160.0, 29.0, 260.0] {
            let own = Quoted { model: OptionModel::Lognormal, forward, hours, nodes: nodes.clone() };
            own.nodes_come_back(&format!("{hours} hours, forward {forward}"));
        }
    }
}

#[test]
fn far_quotes_of_any_smile_come_back_and_stay_convex() {
    for seed in 0..200 {
        let mut dice = Dice::new(seed);
        let hours = *dice.pick(&[1, 6, 12, 48, 7 * 24, 60 * 24, 720 * 24]);
        let model = *dice.pick(&[OptionModel::Lognormal, OptionModel::Normal]);
        let real = |dice: &mut Dice, low: i64, high: i64| {
            f64::from(i32::try_from(dice.between(low, high)).unwrap()) * 0.01
        };
        let (mut strike, mut nodes) = (5.0, Vec::new());
        // A volatility that changes slowly is convex in prices.
        let base = real(&mut dice, 30, 150);
        for _ in 0..dice.between(2, 9) {
            strike *= 1.0 + real(&mut dice, 10, 90);
            let volatility = base * (1.0 + 0.02 * (strike / 100.0).ln().powi(2));
            nodes.push((strike, if model == OptionModel::Lognormal { volatility } else { 100.0 * base }));
        }
        let own = Quoted { model, forward: real(&mut dice, 2_000, 30_000), hours, nodes };
        let what = format!("seed {seed}, {hours} hours, forward {}: {:?}", own.forward, own.nodes);
        own.nodes_come_back(&what);
        own.prices_are_convex(&what);
    }
}

#[test]
fn volatility_has_no_step_at_the_forward() {
    let nodes = vec![(30.0, 0.80), (90.0, 0.62), (110.0, 0.60), (250.0, 0.70)];
    for hours in [12, 24 * 7, 24 * 90] {
        let own = Quoted { model: OptionModel::Lognormal, forward: 100.0, hours, nodes: nodes.clone() };
        let surface = own.surface();
        let [left, right] = [100.0 - 1e-9, 100.0 + 1e-9].map(|strike| own.volatility(&surface, strike));
        assert!((left - right).abs() < 1e-8, "{hours} hours: {left} and {right}");
    }
}
