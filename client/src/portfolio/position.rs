//! One position as text, and its check.

use plimsoll_engine::contract::{ContractQuery, ContractText, FieldFault};
use plimsoll_engine::span::Position;
use plimsoll_engine::types::Lots;

/// A field of a position.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Field {
    Product,
    Type,
    Right,
    Period,
    Strike,
    Quantity,
    Exchange,
    UnderlyingPeriod,
}

impl Field {
    /// Every field, with the name that callers write.
    pub(super) const NAMES: [(Self, &'static str); 8] = [
        (Self::Product, "product"),
        (Self::Type, "type"),
        (Self::Right, "right"),
        (Self::Period, "period"),
        (Self::Strike, "strike"),
        (Self::Quantity, "quantity"),
        (Self::Exchange, "exchange"),
        (Self::UnderlyingPeriod, "underlying_period"),
    ];

    pub(super) fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(field, _)| *field == self).map_or("", |(_, name)| name)
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(field, _)| *field)
    }
}

/// A position before its check; an empty text is an absent one.
#[derive(Debug, Default)]
pub(super) struct PositionText {
    pub(super) product: String,
    pub(super) kind: String,
    pub(super) right: String,
    pub(super) period: String,
    pub(super) strike: String,
    pub(super) quantity: Option<i64>,
    pub(super) exchange: String,
    pub(super) underlying_period: String,
    /// What is known to be wrong before the check, one a field.
    pub(super) faults: Vec<FieldFault>,
}

impl PositionText {
    pub(super) fn fault(&mut self, field: Field, message: impl Into<String>) {
        if !self.is_faulty(field.name()) {
            self.faults.push(FieldFault { field: field.name(), message: message.into() });
        }
    }

    fn is_faulty(&self, field: &str) -> bool {
        self.faults.iter().any(|fault| fault.field == field)
    }

    /// Where the text of a field is kept; the quantity has none.
    pub(super) fn text(&mut self, field: Field) -> Option<&mut String> {
        match field {
            Field::Product => Some(&mut self.product),
            Field::Type => Some(&mut self.kind),
            Field::Right => Some(&mut self.right),
            Field::Period => Some(&mut self.period),
            Field::Strike => Some(&mut self.strike),
            Field::Exchange => Some(&mut self.exchange),
            Field::UnderlyingPeriod => Some(&mut self.underlying_period),
            Field::Quantity => None,
        }
    }

    /// The position, or everything that is wrong with it. A field that was faulty before is not blamed again.
    pub(super) fn check(mut self) -> Result<Position, Vec<FieldFault>> {
        let contract = ContractQuery::parse(&ContractText {
            exchange: &self.exchange,
            product: &self.product,
            product_type: &self.kind,
            period: &self.period,
            underlying_period: &self.underlying_period,
            right: &self.right,
            strike: &self.strike,
        });
        let contract = contract.map_err(|faults| {
            for fault in faults {
                if !self.is_faulty(fault.field) {
                    self.faults.push(fault);
                }
            }
        });
        let lots = match self.quantity.map(Lots::new) {
            Some(Ok(lots)) => Some(lots),
            Some(Err(error)) => {
                self.fault(Field::Quantity, error.to_string());
                None
            }
            None => {
                self.fault(Field::Quantity, "is missing");
                None
            }
        };
        match (contract, lots) {
            (Ok(contract), Some(lots)) if self.faults.is_empty() => Ok(Position { contract, lots }),
            _ => Err(self.faults),
        }
    }
}
