//! Black-76 against a C loop on glibc's vector library and against QuantLib, and the narrower vector unit against the wider.

use std::fs;
use std::time::Instant;

use ndarray::Array2;
use plimsoll_engine::instruction_set::{InstructionSet, Instructions};
use plimsoll_engine::pricing::{Black76, Columns, JointMove, Moves, RightSign, Stakes};

use crate::peers::{Peer, python, write_input};
use crate::span::shared;
use crate::{Goal, Wanted};

/// Options in a pass: their columns fit a core's second cache.
const OPTIONS: usize = 4_096;
const PASSES: usize = 1_000;
/// Passes of the slowest, which take as long as those of the others.
const SLOW_PASSES: usize = 150;
const ROUNDS: usize = 9;

struct Book {
    columns: [Vec<f64>; 5],
    rights: Vec<RightSign>,
    signs: Vec<f64>,
}

impl Book {
    /// Ordinary options: moneyness from a half to nearly two, volatilities of 10 to 80 %, a week to two years.
    fn generated(count: usize) -> Self {
        let mut state = 0x2545_F491_4F6C_DD1D_u64;
        let mut between = |least: f64, most: f64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            least + (most - least) * ((state >> 11) as f64 / (1_u64 << 53) as f64)
        };
        let limits = [(80.0, 120.0), (60.0, 140.0), (0.1, 0.8), (0.02, 2.0), (0.9, 1.0)];
        let columns = limits.map(|(least, most)| (0..count).map(|_| between(least, most)).collect());
        let signs: Vec<f64> = (0..count).map(|_| if between(0.0, 1.0) < 0.5 { 1.0 } else { -1.0 }).collect();
        let right = |sign: &f64| if *sign > 0.0 { RightSign::CALL } else { RightSign::PUT };
        Self { columns, rights: signs.iter().map(right).collect(), signs }
    }

    fn columns(&self) -> Columns<'_> {
        let [forwards, strikes, volatilities, times, discounts] = &self.columns;
        Columns { forwards, strikes, volatilities, times, discounts, rights: &self.rights }
    }
}

fn seconds(options: &Black76<'_>, prices: &mut [f64], instructions: Instructions) -> f64 {
    let start = Instant::now();
    for _ in 0..PASSES {
        options.prices_into(prices, instructions);
        std::hint::black_box(&mut *prices);
    }
    start.elapsed().as_secs_f64() / PASSES as f64
}

fn median(mut times: Vec<f64>) -> Option<f64> {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied()
}

pub(crate) fn goals() -> Vec<Goal> {
    let book = Book::generated(OPTIONS);
    let options = book.columns().black76().expect("Invariant: ordinary options");
    let [forwards, strikes, volatilities, times, discounts] = &book.columns;
    let input = write_input("book", [forwards, strikes, volatilities, times, discounts, &book.signs]);
    let peer = |name: &str, build: fn(&std::path::Path) -> Result<Peer, String>| {
        let built = input.as_ref().map_err(Clone::clone).and_then(|input| build(input));
        built.map_err(|error| eprintln!("not measured: {name}: {error}")).ok()
    };
    let libmvec = peer("black76_vs_libmvec", Peer::libmvec);
    let quantlib = peer("black76_vs_quantlib", Peer::quantlib);
    let mut prices = vec![0.0; OPTIONS];
    let sets = [Instructions::best().set(), InstructionSet::Avx2, InstructionSet::Avx512];
    let mut own: [Vec<f64>; 3] = Default::default();
    let mut others: [Vec<f64>; 2] = Default::default();
    let (mut grid, mut cells) = (Grid::generated(), Vec::new());
    for _ in 0..ROUNDS {
        for (set, times) in sets.iter().zip(&mut own) {
            times.extend(Instructions::of(*set).ok().map(|set| seconds(&options, &mut prices, set)));
        }
        cells.push(grid.seconds());
        let peers = [(&libmvec, PASSES), (&quantlib, SLOW_PASSES)];
        for ((peer, passes), times) in peers.into_iter().zip(&mut others) {
            let ran = peer
                .as_ref()
                .and_then(|peer| peer.seconds(passes).map_err(|error| eprintln!("{error}")).ok());
            times.extend(ran.map(|seconds| seconds / passes as f64));
        }
    }
    let [best, avx2, avx512] = own.map(median);
    let [libmvec_time, quantlib_time] = others.map(median);
    accuracy([("libmvec", &libmvec), ("quantlib", &quantlib)]);
    match input.as_ref().map_err(Clone::clone).and_then(|input| python(input)) {
        Ok(lines) => lines.lines().for_each(|line| eprintln!("black76, million prices a second: {line}")),
        Err(error) => eprintln!("not shown: numpy+scipy, fast-vollib: {error}"),
    }
    let rate = |seconds: Option<f64>| seconds.map_or(0.0, |seconds| OPTIONS as f64 / seconds / 1e6);
    eprintln!(
        "black76, million prices a second: best {:.0}, avx2 {:.0}, avx512 {:.0}, libmvec {:.0}, quantlib {:.0}",
        rate(best),
        rate(avx2),
        rate(avx512),
        rate(libmvec_time),
        rate(quantlib_time)
    );
    let cell = median(cells);
    eprintln!("risk arrays, million cells a second: {:.0}", cell.map_or(0.0, |cell| 1e-6 / cell));
    let goal = |name, slower: Option<f64>, faster: Option<f64>, wanted| {
        let measured = slower? / faster?;
        Some(Goal { name, measured, unit: "ratio", wanted: Wanted::AtLeast(wanted) })
    };
    let goals = [
        goal("black76_vs_libmvec", libmvec_time, best, 1.0),
        goal("black76_avx2_vs_avx512", avx512, avx2, 0.5),
        goal("black76_vs_quantlib", quantlib_time, best, 4.0),
        goal("grid_vs_kernel", best.map(|pass| pass / OPTIONS as f64), cell, 0.9),
    ];
    goals.into_iter().flatten().collect()
}

/// A book of 10,000 options and 35 moves, and the matrix of their risk arrays, written again and again.
struct Grid {
    book: Book,
    multipliers: Vec<f64>,
    moves: Moves,
    losses: Array2<i64>,
}

impl Grid {
    const CONTRACTS: usize = 10_000;
    const PASSES: usize = 20;

    fn generated() -> Self {
        // Nine prices times three volatilities, and eight far moves.
        let price = (-4..=4).map(|step| 1.0 + 0.04 * f64::from(step));
        let near = price.flat_map(|price| [0.5, 0.0, -0.25].map(|range| (price, range)));
        let far = [0.34, 0.67, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0].map(|price| (price, 0.5));
        let own = |(price_factor, volatility_range)| JointMove {
            price_factor,
            volatility_range,
            ..JointMove::NOTHING
        };
        let moves = Moves::new(near.chain(far).map(own).collect()).expect("Invariant: ordinary moves");
        let losses = Array2::zeros((Self::CONTRACTS, moves.as_slice().len()));
        let book = Book::generated(Self::CONTRACTS);
        Self { book, multipliers: vec![1.0; Self::CONTRACTS], moves, losses }
    }

    /// Seconds a cell.
    fn seconds(&mut self) -> f64 {
        let options = self.book.columns().black76().expect("Invariant: ordinary options");
        let ones = &self.multipliers;
        let stakes = Stakes { multipliers: ones, term_scalings: ones, coin_prices: None, places: 9 };
        let start = Instant::now();
        for _ in 0..Self::PASSES {
            let filled = options.losses_into(&stakes, &self.moves, Instructions::best(), &mut self.losses);
            std::hint::black_box(filled.is_ok());
        }
        start.elapsed().as_secs_f64() / (Self::PASSES * self.losses.len()) as f64
    }
}

/// Prints the largest error of ours and of the peers on the reference cases, in units of discount times the largest of forward,
/// strike and standard deviation.
fn accuracy(peers: [(&str, &Option<Peer>); 2]) {
    let Some(text) = shared("data/pricing/black76.csv").and_then(|path| fs::read_to_string(path).ok()) else {
        return eprintln!("no accuracy table: the reference material is absent");
    };
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let column =
        |place: usize| -> Vec<f64> { rows.iter().filter_map(|row| row.get(place)?.parse().ok()).collect() };
    let columns = [0, 1, 2, 3, 4].map(column);
    let [forwards, strikes, volatilities, times, discounts] = &columns;
    let signs: Vec<f64> = rows.iter().map(|row| if row[5] == "C" { 1.0 } else { -1.0 }).collect();
    let rights: Vec<RightSign> =
        signs.iter().map(|sign| if *sign > 0.0 { RightSign::CALL } else { RightSign::PUT }).collect();
    let expected = column(6);
    let error = |prices: &[f64]| {
        let size = |place: usize| {
            let s = volatilities[place] * times[place].sqrt();
            discounts[place] * forwards[place].max(strikes[place]).max(s)
        };
        // Only where there is time and volatility: the peers' formulas have no others.
        let there = (0..prices.len()).filter(|place| volatilities[*place] * times[*place] > 0.0);
        there.map(|place| (prices[place] - expected[place]).abs() / size(place)).fold(0.0, f64::max)
    };
    let own = Columns { forwards, strikes, volatilities, times, discounts, rights: &rights };
    let mut prices = vec![0.0; rows.len()];
    match own.black76() {
        Ok(own) => own.prices_into(&mut prices, Instructions::best()),
        Err(invalid) => return eprintln!("no accuracy table: {invalid}"),
    }
    eprintln!("black76, largest error on {} reference cases: ours {:.1e}", rows.len(), error(&prices));
    let input = write_input("cases", [forwards, strikes, volatilities, times, discounts, &signs]);
    for (name, peer) in peers {
        let prices = peer.as_ref().and_then(|peer| peer.prices_of(input.as_ref().ok()?).ok());
        if let Some(prices) = prices {
            eprintln!(
                "black76, largest error on {} reference cases: {name} {:.1e}",
                rows.len(),
                error(&prices)
            );
        }
    }
}
