//! Nodes of total variance joined in prices out of the money, each piece on one side of the forward.

use super::elementary::{greater, lesser, ln_ratio, normal_distribution};
use super::implied::{lognormal_deviation, normal_deviation};
use super::{bachelier, black76};
use crate::contract::OptionModel;

/// A node, with the option that is out of the money there: a put left of the forward, else a call, undiscounted, on a forward of one
/// (lognormal) or zero (normal).
#[derive(Clone, Copy, Debug)]
struct Node {
    /// `K/F`, or `K - F`.
    place: f64,
    variance: f64,
    value: f64,
    /// The option's slope to the strike.
    slope: f64,
    /// Whether prices are convex up to the next node.
    is_convex: bool,
}

/// The nodes in the order of their places.
#[derive(Clone, Debug)]
pub(super) struct Pieces {
    model: OptionModel,
    nodes: Vec<Node>,
}

/// The place of a strike that is the forward.
const fn middle(model: OptionModel) -> f64 {
    match model {
        OptionModel::Lognormal => 1.0,
        OptionModel::Normal => 0.0,
    }
}

/// Which of the two options a piece is joined in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Side {
    Puts,
    Calls,
}

impl Side {
    fn of(place: f64, middle: f64) -> Self {
        if place < middle { Self::Puts } else { Self::Calls }
    }
}

impl Node {
    fn new(model: OptionModel, place: f64, variance: f64) -> Self {
        let s = variance.sqrt();
        let side = Side::of(place, middle(model));
        let sign = if side == Side::Puts { 1.0 } else { -1.0 };
        let (value, d) = match model {
            OptionModel::Lognormal => {
                let x = ln_ratio(1.0, place);
                (black76::time_value(1.0, place, x, s), x / s - 0.5 * s)
            }
            OptionModel::Normal => (bachelier::time_value(-place, s), -place / s),
        };
        Self { place, variance, value, slope: sign * normal_distribution(-sign * d), is_convex: false }
    }

    /// The value of a put or a call there. A put costs as much more than a call as the strike is above the forward.
    fn value(&self, side: Side, middle: f64) -> f64 {
        match (side, Side::of(self.place, middle)) {
            (Side::Puts, Side::Puts) | (Side::Calls, Side::Calls) => self.value,
            (Side::Puts, Side::Calls) => self.value + (self.place - middle),
            (Side::Calls, Side::Puts) => self.value + (middle - self.place),
        }
    }

    fn slope(&self, side: Side, middle: f64) -> f64 {
        match (side, Side::of(self.place, middle)) {
            (Side::Puts, Side::Puts) | (Side::Calls, Side::Calls) => self.slope,
            (Side::Puts, Side::Calls) => self.slope + 1.0,
            (Side::Calls, Side::Puts) => self.slope - 1.0,
        }
    }
}

/// A piece between two nodes: values, slopes and the chord of one kind of option.
#[derive(Clone, Copy, Debug)]
struct Piece {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
    width: f64,
    chord: f64,
}

impl Piece {
    fn new(low: &Node, high: &Node, side: Side, middle: f64) -> Self {
        let (from, to) = (low.value(side, middle), high.value(side, middle));
        let width = high.place - low.place;
        let (start, end) = (low.slope(side, middle), high.slope(side, middle));
        Self { from, to, start, end, width, chord: (to - from) / width }
    }

    fn is_convex(&self) -> bool {
        self.start < self.chord && self.chord < self.end
    }

    /// Value and slope at a share of the way from the first node to the second.
    fn at(&self, share: f64) -> (f64, f64) {
        let Self { from, to, start, end, width, chord } = *self;
        let ratio = (end - chord) / (chord - start);
        let tension = 1.0 + ratio + 1.0 / ratio;
        let rest = 1.0 - share;
        let (late, early) = (tension * to - width * end, tension * from + width * start);
        let top = to * share * share * share
            + late * share * share * rest
            + early * share * rest * rest
            + from * rest * rest * rest;
        let top_slope = 3.0 * to * share * share
            + late * (2.0 * rest - share) * share
            + early * (rest - 2.0 * share) * rest
            - 3.0 * from * rest * rest;
        let bottom = 1.0 + (tension - 3.0) * share * rest;
        let bottom_slope = (tension - 3.0) * (rest - share);
        let value = top / bottom;
        (value, (top_slope - value * bottom_slope) / (bottom * width))
    }
}

impl Pieces {
    /// Joins nodes by `K/F` or `K - F`, each with its total variance, at least one; and the places of nodes around which prices are not
    /// convex.
    pub(super) fn joined(nodes: Vec<(f64, f64)>, model: OptionModel) -> (Self, Vec<f64>) {
        let nodes = nodes.into_iter().map(|(place, variance)| Node::new(model, place, variance)).collect();
        let mut own = Self { model, nodes };
        let kinks = own.set_slopes();
        own.cut_at_forward();
        (own, kinks)
    }

    /// Slopes at the nodes, and which pieces are convex; the places around which prices are not.
    fn set_slopes(&mut self) -> Vec<f64> {
        let (middle, last) = (middle(self.model), self.nodes.len() - 1);
        let mut kinks = Vec::new();
        for place in 0..=last {
            let own = &self.nodes[place];
            let side = Side::of(own.place, middle);
            let piece = |low: usize| Piece::new(&self.nodes[low], &self.nodes[low + 1], side, middle);
            let before = place.checked_sub(1).map(piece);
            let behind = (place < last).then(|| piece(place));
            // The least and the most that a slope can be: a put's rises from nothing to one, a call's from minus one to nothing.
            let (least, most) = if side == Side::Puts { (0.0, 1.0) } else { (-1.0, 0.0) };
            let slope = match (before, behind) {
                // Of the two chords, the shorter one's weighs more.
                (Some(before), Some(behind)) => {
                    (before.width * behind.chord + behind.width * before.chord)
                        / (before.width + behind.width)
                }
                // At the ends the slope goes over into that of a fixed volatility, as far as convexity lets it.
                (None, Some(first)) => lesser(own.slope, 0.5 * (first.chord + least)),
                (Some(end), None) => greater(own.slope, 0.5 * (end.chord + most)),
                (None, None) => own.slope,
            };
            if let (Some(before), Some(behind)) = (before, behind) {
                // Prices too small for a number say nothing.
                let are_nothing = before.chord == 0.0 && behind.chord == 0.0;
                if behind.chord <= before.chord && !are_nothing {
                    kinks.push(own.place);
                }
            }
            self.nodes[place].slope = slope;
        }
        for place in 0..last {
            let [low, high] = [&self.nodes[place], &self.nodes[place + 1]];
            let side = Side::of(low.place, middle);
            self.nodes[place].is_convex = Piece::new(low, high, side, middle).is_convex();
        }
        kinks
    }

    /// Cuts the piece that has the forward inside there: the curve stays what it is for calls, in value and slope.
    fn cut_at_forward(&mut self) {
        let middle = middle(self.model);
        let behind = self.nodes.partition_point(|node| node.place < middle);
        let Some(low) = behind.checked_sub(1).map(|before| self.nodes[before]) else { return };
        let Some(high) = self.nodes.get(behind).filter(|high| high.place > middle) else { return };
        let piece = Piece::new(&low, high, Side::Calls, middle);
        if !low.is_convex || !piece.is_convex() {
            return;
        }
        let (value, slope) = piece.at((middle - low.place) / piece.width);
        let deviation = deviation(self.model, middle, value);
        let Some(deviation) = deviation else { return };
        let mut own = Node { place: middle, variance: deviation * deviation, value, slope, is_convex: false };
        let left = Piece::new(&low, &own, Side::Puts, middle);
        own.is_convex = Piece::new(&own, high, Side::Calls, middle).is_convex();
        self.nodes[behind - 1].is_convex = left.is_convex();
        self.nodes.insert(behind, own);
    }

    /// Total variance at a place; a node's at its own, to some last places of it.
    pub(super) fn variance(&self, place: f64) -> f64 {
        let middle = middle(self.model);
        let behind = self.nodes.partition_point(|node| node.place <= place);
        let (Some(low), Some(high)) =
            (behind.checked_sub(1).map(|before| &self.nodes[before]), self.nodes.get(behind))
        else {
            let end = if behind == 0 { self.nodes.first() } else { self.nodes.last() };
            return end.map_or(0.0, |end| end.variance);
        };
        for node in [low, high] {
            if (place - node.place).abs() <= 4.0 * f64::EPSILON * node.place.abs() {
                return node.variance;
            }
        }
        let share = (place - low.place) / (high.place - low.place);
        let straight = low.variance + (high.variance - low.variance) * share;
        if !low.is_convex {
            return straight;
        }
        let side = if high.place <= middle { Side::Puts } else { Side::Calls };
        let piece = Piece::new(low, high, side, middle);
        // A piece with the forward inside that could not be cut there.
        let intrinsic = if side == Side::Calls { greater(middle - place, 0.0) } else { 0.0 };
        let value = piece.at(share).0 - intrinsic;
        deviation(self.model, place, value).map_or(straight, |s| s * s)
    }
}

/// The standard deviation that an option out of the money implies.
fn deviation(model: OptionModel, place: f64, value: f64) -> Option<f64> {
    match model {
        OptionModel::Lognormal => lognormal_deviation(1.0, place, value),
        OptionModel::Normal => normal_deviation(-place, value),
    }
}
