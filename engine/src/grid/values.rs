//! What one unit of every contract gains or is worth in every cell: contracts x (scenarios and the two basis moves).

#![allow(clippy::float_arithmetic, reason = "values are models'; each is rounded once to a whole number")]

use ndarray::{Array2, s};

use super::book::{Row, RowKind, SourceBook};
use crate::account::PositionFault;
use crate::contract::OptionModel;
use crate::instruction_set::Instructions;
use crate::parameters::method::GridMethod;
use crate::pricing::{Columns, discount_factor};
use crate::scenario::{NoValue, OptionInputs, Shock, shocked_forward, shocked_values, whole_units};

/// The values of a price source's contracts, in units of `10^-places`.
#[derive(Debug)]
pub(super) struct Values {
    /// Rows x cells. Of options the value, of all others the gain.
    pub(super) cells: Array2<i64>,
    /// Of each row the value at the mark.
    pub(super) marks: Vec<i64>,
    /// Of each row the delta, in units of the source; empty where nothing needs it.
    pub(super) deltas: Vec<i64>,
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
    places: u8,
) -> Result<Values, Vec<PositionFault>> {
    let instructions = Instructions::best();
    let mut values = Values {
        cells: Array2::zeros((book.rows.len(), shocks.len())),
        marks: vec![0; book.rows.len()],
        deltas: Vec::new(),
    };
    let mut faults = Vec::new();
    for (place, row) in book.rows.iter().enumerate() {
        let is_priced = match &row.kind {
            RowKind::Option { inputs, .. } if book.is_settled(row) => {
                settled(inputs, places, &mut values, place)
            }
            RowKind::Option { .. } => Some(()),
            RowKind::Asset { .. } | RowKind::Perpetual { .. } | RowKind::Future { .. } => {
                linear(row, method, shocks, places, &mut values, place)
            }
        };
        if is_priced.is_none() {
            faults.push(fault(row, "its price in some scenario is not positive or has too many digits"));
        }
    }
    for model in [OptionModel::Lognormal, OptionModel::Normal] {
        let (rows, options) = options(book, model);
        if rows.is_empty() {
            continue;
        }
        match shocked_values(&options, model, shocks, &method.rules, places, instructions) {
            Ok(own) => {
                for (option, row) in rows.iter().enumerate() {
                    values.marks[*row] = own.marks[option];
                    values.cells.slice_mut(s![*row, ..]).assign(&own.values.slice(s![option, ..]));
                }
            }
            Err(none) => {
                let (NoValue::OutOfRange { option, .. } | NoValue::TooLarge { option, .. }) = none;
                faults.push(fault(&book.rows[rows[option]], &none.to_string()));
            }
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    if needs_deltas(method) {
        values.deltas = deltas(book, places, instructions)?;
    }
    Ok(values)
}

fn fault(row: &Row, message: &str) -> PositionFault {
    PositionFault { place: row.place, message: message.to_owned() }
}

/// An option whose settlement price is known is worth what it pays, in every cell.
fn settled(inputs: &OptionInputs, places: u8, values: &mut Values, place: usize) -> Option<()> {
    let pays = (inputs.right.get() * (inputs.forward - inputs.strike)).max(0.0);
    let value = whole_units(inputs.multiplier * pays / inputs.coin.unwrap_or(1.0), places)?;
    values.marks[place] = value;
    values.cells.row_mut(place).fill(value);
    Some(())
}

/// The options of one model that are not settled, and their rows.
fn options(book: &SourceBook, model: OptionModel) -> (Vec<usize>, Vec<OptionInputs>) {
    let own = |(place, row): (usize, &Row)| match &row.kind {
        RowKind::Option { model: own, inputs, .. } if *own == model && !book.is_settled(row) => {
            Some((place, *inputs))
        }
        _ => None,
    };
    book.rows.iter().enumerate().filter_map(own).unzip()
}

/// The gains of a contract that is no option, for one unit; of an inverse one in its coin for each of it.
fn linear(
    row: &Row,
    method: &GridMethod,
    shocks: &[Shock],
    places: u8,
    values: &mut Values,
    place: usize,
) -> Option<()> {
    let (price, is_inverse) = match row.kind {
        RowKind::Asset { price } => (price, false),
        RowKind::Perpetual { price, is_inverse, .. } | RowKind::Future { price, is_inverse, .. } => {
            (price, is_inverse)
        }
        RowKind::Option { .. } => return None,
    };
    if matches!(row.kind, RowKind::Asset { .. }) {
        values.marks[place] = whole_units(price * row.multiplier, places)?;
    }
    for (cell, shock) in shocks.iter().enumerate() {
        let gain = match row.kind {
            RowKind::Future { is_settled: true, .. } => 0.0,
            RowKind::Future { years, .. } => shocked_forward(price, years, shock, &method.rules) - price,
            _ => price.mul_add(shock.spot_factor - 1.0, shock.spot_shift),
        };
        if price + gain <= 0.0 {
            return None;
        }
        let gain = if is_inverse { gain / (price + gain) } else { gain };
        values.cells[[place, cell]] = whole_units(gain * row.multiplier, places)?;
    }
    Some(())
}

fn needs_deltas(method: &GridMethod) -> bool {
    let floor = &method.floor;
    method.roll.is_some()
        || method.delta_shock.is_some()
        || floor.net_delta.is_positive()
        || floor.hedged_delta.is_positive()
}

fn deltas(book: &SourceBook, places: u8, instructions: Instructions) -> Result<Vec<i64>, Vec<PositionFault>> {
    let (mut deltas, mut faults) = (Vec::with_capacity(book.rows.len()), Vec::new());
    for row in &book.rows {
        let delta = match &row.kind {
            _ if book.is_settled(row) => Some(0.0),
            RowKind::Option { model, inputs, .. } => option_delta(inputs, *model, instructions),
            _ => Some(1.0),
        };
        match delta.and_then(|delta| whole_units(delta * row.multiplier, places)) {
            Some(delta) => deltas.push(delta),
            None => faults.push(fault(row, "its delta is out of range")),
        }
    }
    if faults.is_empty() { Ok(deltas) } else { Err(faults) }
}

fn option_delta(inputs: &OptionInputs, model: OptionModel, instructions: Instructions) -> Option<f64> {
    let columns = Columns {
        forwards: &[inputs.forward],
        strikes: &[inputs.strike],
        volatilities: &[inputs.volatility],
        times: &[inputs.years],
        discounts: &[discount_factor(inputs.rate, inputs.years)],
        rights: &[inputs.right],
    };
    let greeks = match model {
        OptionModel::Lognormal => columns.black76().ok()?.greeks(instructions),
        OptionModel::Normal => columns.bachelier().ok()?.greeks(instructions),
    };
    greeks.deltas.first().copied()
}
