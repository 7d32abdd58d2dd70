//! What one unit of every contract gains or is worth in every cell: contracts x (scenarios and the two basis moves).

#![allow(clippy::float_arithmetic, reason = "values are models'; each is rounded once to a whole number")]

use ndarray::Array2;

use super::book::{Row, RowKind, SourceBook};
use super::whole::{Scale, Scales};
use crate::account::PositionFault;
use crate::contract::OptionModel;
use crate::instruction_set::Instructions;
use crate::parameters::method::GridMethod;
use crate::pricing::{Columns, RightSign, discount_factor};
use crate::scenario::{OptionInputs, Shock, shocked_forward, shocked_values};
use crate::types::{Money, Overflow};

/// The values of a price source's contracts, as whole numbers at places of each contract's own.
#[derive(Debug)]
pub(super) struct Values {
    /// Rows x cells. Of options the value, of all others the gain.
    pub(super) cells: Array2<i64>,
    /// Of each row the value at the mark.
    pub(super) marks: Vec<i64>,
    /// What the whole numbers of each row stand for.
    pub(super) row_scales: Vec<Scale>,
    /// Of each row the delta, in units of the source; `None` where nothing can say it, which no method has that needs it.
    pub(super) deltas: Vec<Option<UnitDelta>>,
    /// The places of the method's values.
    pub(super) scales: Scales,
}

/// The delta of one unit of a row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct UnitDelta {
    pub(super) units: i64,
    pub(super) scale: Scale,
}

impl Values {
    /// What one unit of a row is worth or gains in a cell.
    pub(super) fn in_cell(&self, row: usize, cell: usize) -> Result<Money, Overflow> {
        self.scales.money(self.cells[[row, cell]], self.row_scales[row])
    }

    /// What one unit of a row is worth.
    pub(super) fn mark(&self, row: usize) -> Result<Money, Overflow> {
        self.scales.money(self.marks[row], self.row_scales[row])
    }

    /// Keeps the values of a row; `None` where 64 bits do not hold them.
    fn keep(&mut self, row: usize, mark: f64, cells: &[f64]) -> Option<()> {
        let scale = Scales::of(cells.iter().fold(mark.abs(), |most, own| most.max(own.abs())))?;
        self.row_scales[row] = scale;
        self.marks[row] = self.scales.whole(mark, scale)?;
        for (cell, own) in cells.iter().enumerate() {
            self.cells[[row, cell]] = self.scales.whole(*own, scale)?;
        }
        Some(())
    }
}

/// The shocks of the cells.
pub(super) fn shocks(method: &GridMethod) -> Vec<Shock> {
    let scenarios = method.scenarios.iter().map(|scenario| scenario.shock);
    let basis = method.basis.iter().flat_map(|basis| {
        [basis.up_factor, basis.down_factor].map(|factor| Shock { forward_factor: factor, ..Shock::NOTHING })
    });
    scenarios.chain(basis).collect()
}

pub(super) fn values(
    book: &SourceBook,
    method: &GridMethod,
    shocks: &[Shock],
    scales: Scales,
) -> Result<Values, Vec<PositionFault>> {
    let instructions = Instructions::best();
    let mut values = Values {
        cells: Array2::zeros((book.rows.len(), shocks.len())),
        marks: vec![0; book.rows.len()],
        row_scales: vec![Scale::default(); book.rows.len()],
        deltas: deltas(book, scales, instructions),
        scales,
    };
    let mut faults = Vec::new();
    for (place, row) in book.rows.iter().enumerate() {
        let own = match &row.kind {
            RowKind::Option { inputs, .. } if book.is_settled(row) => {
                let pays = paid(inputs);
                Some((pays, vec![pays; shocks.len()]))
            }
            RowKind::Option { .. } => continue,
            RowKind::Asset { price } => gains((row, book.is_signed), (*price, false), method, shocks)
                .map(|gains| (price * row.multiplier, gains)),
            RowKind::Perpetual { price, is_inverse, .. } | RowKind::Future { price, is_inverse, .. } => {
                gains((row, book.is_signed), (*price, *is_inverse), method, shocks).map(|gains| (0.0, gains))
            }
        };
        match own.map(|(mark, cells)| values.keep(place, mark, &cells)) {
            None => faults.push(fault(row, "its price in some scenario is not positive")),
            Some(None) => faults.push(fault(row, TOO_LARGE)),
            Some(Some(())) => {}
        }
    }
    for model in [OptionModel::Lognormal, OptionModel::Normal] {
        let (rows, options) = options(book, model);
        if rows.is_empty() {
            continue;
        }
        match shocked_values(&options, model, shocks, &method.rules, instructions) {
            Ok(own) => {
                for (option, row) in rows.iter().enumerate() {
                    let cells: Vec<f64> = own.values.row(option).to_vec();
                    let mark = stated(&book.rows[*row]).unwrap_or(own.marks[option]);
                    if values.keep(*row, mark, &cells).is_none() {
                        faults.push(fault(&book.rows[*row], TOO_LARGE));
                    }
                }
            }
            Err(none) => faults.push(fault(&book.rows[rows[none.option]], &none.to_string())),
        }
    }
    if needs_deltas(method) && faults.is_empty() {
        let without = book.rows.iter().zip(&values.deltas).filter(|(_, delta)| delta.is_none());
        faults.extend(without.map(|(row, _)| fault(row, "its delta is out of range")));
    }
    if faults.is_empty() { Ok(values) } else { Err(faults) }
}

const TOO_LARGE: &str = "it is worth too much in some scenario: a value has at most 9e18 units of money";

fn fault(row: &Row, message: &str) -> PositionFault {
    PositionFault { place: row.place, message: message.to_owned() }
}

/// What one contract of an option is worth whose holder states its price.
fn stated(row: &Row) -> Option<f64> {
    match &row.kind {
        RowKind::Option { inputs, mark, .. } => mark.map(|mark| inputs.multiplier * mark),
        RowKind::Asset { .. } | RowKind::Perpetual { .. } | RowKind::Future { .. } => None,
    }
}

/// What an option pays whose settlement price is known: in every cell.
fn paid(inputs: &OptionInputs) -> f64 {
    let pays = (inputs.right.get() * (inputs.forward - inputs.strike)).max(0.0);
    inputs.multiplier * pays / inputs.coin.unwrap_or(1.0)
}

/// The options of one model that are not settled, and their rows.
fn options(book: &SourceBook, model: OptionModel) -> (Vec<usize>, Vec<OptionInputs>) {
    let own = |(place, row): (usize, &Row)| match &row.kind {
        RowKind::Option { model: own, inputs, .. } => {
            (*own == model && !book.is_settled(row)).then_some((place, *inputs))
        }
        RowKind::Asset { .. } | RowKind::Perpetual { .. } | RowKind::Future { .. } => None,
    };
    book.rows.iter().enumerate().filter_map(own).unzip()
}

/// The gains of a contract that is no option, for one unit; of an inverse one in its coin for each of it. `None` where a price after a
/// move is not positive, and has to be.
fn gains(
    (row, is_signed): (&Row, bool),
    (price, is_inverse): (f64, bool),
    method: &GridMethod,
    shocks: &[Shock],
) -> Option<Vec<f64>> {
    let gain = |shock: &Shock| {
        let gain = match row.kind {
            RowKind::Future { is_settled: true, .. } => 0.0,
            RowKind::Future { years, .. } => shocked_forward(price, years, shock, &method.rules) - price,
            RowKind::Asset { .. } | RowKind::Perpetual { .. } | RowKind::Option { .. } => {
                price.abs().mul_add(shock.spot_factor - 1.0, shock.spot_shift)
            }
        };
        let after = price + gain;
        let may_be = after > 0.0 || (is_signed && !is_inverse);
        may_be.then_some(if is_inverse { gain / after } else { gain } * row.multiplier)
    };
    shocks.iter().map(gain).collect()
}

/// Whether numbers of the method rest on deltas: else they are only told.
pub(super) fn needs_deltas(method: &GridMethod) -> bool {
    let floor = &method.floor;
    method.roll.is_some()
        || method.delta_shock.is_some()
        || floor.net_delta.is_positive()
        || floor.hedged_delta.is_positive()
}

fn deltas(book: &SourceBook, scales: Scales, instructions: Instructions) -> Vec<Option<UnitDelta>> {
    let of_row = |row: &Row| Some(if book.is_settled(row) { 0.0 } else { 1.0 });
    let mut deltas: Vec<Option<f64>> = book.rows.iter().map(of_row).collect();
    for model in [OptionModel::Lognormal, OptionModel::Normal] {
        let (rows, options) = options(book, model);
        let own = option_deltas(&options, model, instructions);
        for (option, row) in rows.into_iter().enumerate() {
            deltas[row] = own.as_ref().map(|own| own[option]);
        }
    }
    let rows = book.rows.iter().zip(deltas);
    let unit = |(row, delta): (&Row, Option<f64>)| {
        let delta = delta? * row.multiplier;
        let scale = Scales::of(delta.abs())?;
        Some(UnitDelta { units: scales.whole(delta, scale)?, scale })
    };
    rows.map(unit).collect()
}

/// Deltas of one option of each, in units of the source; `None` where the model takes none of their numbers.
fn option_deltas(
    options: &[OptionInputs],
    model: OptionModel,
    instructions: Instructions,
) -> Option<Vec<f64>> {
    let column = |of: fn(&OptionInputs) -> f64| options.iter().map(of).collect::<Vec<f64>>();
    let rights: Vec<RightSign> = options.iter().map(|own| own.right).collect();
    let columns = Columns {
        forwards: &column(|own| own.forward),
        strikes: &column(|own| own.strike),
        volatilities: &column(|own| own.volatility),
        times: &column(|own| own.years),
        discounts: &column(|own| discount_factor(own.rate, own.years)),
        rights: &rights,
    };
    let greeks = match model {
        OptionModel::Lognormal => columns.black76().ok()?.greeks(instructions),
        OptionModel::Normal => columns.bachelier().ok()?.greeks(instructions),
    };
    Some(greeks.deltas)
}
