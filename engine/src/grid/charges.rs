//! What is added for single positions, and what a scan is at least.

#![allow(
    clippy::float_arithmetic,
    reason = "confidences and hours are compared; money is multiplied exactly"
)]

use std::collections::BTreeMap;

use super::basis::future_expiries;
use super::book::{Row, RowKind, SourceBook};
use super::extent::{Extent, MoneyExtent, SumExtent};
use super::values::Values;
use super::whole::Sum;
use crate::contract::OptionRight;
use crate::parameters::method::{Contingency, GridMethod, OptionNetting};
use crate::types::{Decimal, Money, Overflow, Quantity, Ratio};

/// A charge beside the scan.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Charge {
    /// What it is for.
    pub kind: ChargeKind,
    /// Its part of both requirements.
    pub maintenance: Money,
    /// Its part of the initial requirement besides.
    pub initial: Money,
}

/// What a charge is for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum ChargeKind {
    /// Perpetual futures.
    Perpetual,
    /// Futures with an expiry.
    Future,
    /// Naked short options.
    ShortOption,
    /// Short options near their expiry.
    Delivery,
    /// Notional beyond what a market can take.
    Concentration,
    /// Prices that are not to be trusted.
    Confidence,
    /// Funding of perpetuals.
    Funding,
    /// Fees of closing.
    Fee,
    /// Haircuts of collateral.
    Haircut,
    /// What the venue asks besides.
    Additional,
}

impl ChargeKind {
    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Perpetual => "perpetual",
            Self::Future => "future",
            Self::ShortOption => "short_option",
            Self::Delivery => "delivery",
            Self::Concentration => "concentration",
            Self::Confidence => "confidence",
            Self::Funding => "funding",
            Self::Fee => "fee",
            Self::Haircut => "haircut",
            Self::Additional => "additional",
        }
    }
}

/// The charges of a price source, and what one unit of each row adds to them at the margin: maintenance, and initial besides.
pub(super) struct Charges {
    pub(super) all: Vec<Charge>,
    pub(super) marginal: Vec<(Money, Money)>,
}

struct Charging<'a> {
    book: &'a SourceBook,
    rules: &'a Contingency,
    price: Money,
    /// Units of the source in each row, signed; none of what is settled.
    units: Vec<Extent>,
    /// Whether the rows are charged.
    counts: Vec<bool>,
    charges: Charges,
}

/// Signed units of the source in a row.
fn units(row: &Row) -> Result<Extent, Overflow> {
    let multiplier = Money::from_f64_half_away(row.multiplier)?;
    let of = |held| Quantity::from_raw_half_away(multiplier.times_quantity_half_away(held)?.raw());
    Ok(Extent::between(of(row.held.low())?, of(row.held.high())?))
}

pub(super) fn charges(book: &SourceBook, method: &GridMethod) -> Result<Charges, Overflow> {
    let counts: Vec<bool> =
        book.rows.iter().map(|row| method.averages_settlement() || !book.is_settled(row)).collect();
    let charged = |(row, counts): (&Row, &bool)| if *counts { units(row) } else { Ok(Extent::NOTHING) };
    let mut charging = Charging {
        book,
        rules: &method.contingency,
        price: Money::from_f64_half_away(book.unit_price())?,
        units: book.rows.iter().zip(&counts).map(charged).collect::<Result<_, _>>()?,
        counts,
        charges: Charges { all: Vec::new(), marginal: vec![(Money::ZERO, Money::ZERO); book.rows.len()] },
    };
    charging.perpetuals()?;
    charging.futures()?;
    charging.short_options()?;
    charging.concentration()?;
    charging.confidence()?;
    charging.fees()?;
    Ok(charging.charges)
}

impl Charging<'_> {
    fn add(&mut self, kind: ChargeKind, units: Quantity, rates: (Ratio, Ratio)) -> Result<(), Overflow> {
        let notional = self.price.times_quantity_half_away(units.magnitude())?;
        let maintenance = notional.times_ratio_half_away(rates.0)?;
        let initial = notional.times_ratio_half_away(rates.1)?;
        self.push(Charge { kind, maintenance, initial })
    }

    fn push(&mut self, charge: Charge) -> Result<(), Overflow> {
        if charge.maintenance.is_zero() && charge.initial.is_zero() {
            return Ok(());
        }
        match self.charges.all.iter_mut().find(|own| own.kind == charge.kind) {
            Some(own) => {
                own.maintenance = own.maintenance.plus(charge.maintenance)?;
                own.initial = own.initial.plus(charge.initial)?;
            }
            None => self.charges.all.push(charge),
        }
        Ok(())
    }

    /// What one unit of a row adds, where its units count with this sign.
    fn marginal(&mut self, row: usize, sign: i64, rates: (Ratio, Ratio)) -> Result<(), Overflow> {
        if !self.counts[row] {
            return Ok(());
        }
        let multiplier = Ratio::from_f64_half_away(self.book.rows[row].multiplier)?;
        let unit = self.price.times_ratio_half_away(multiplier)?;
        let signed = if sign < 0 { unit.negated() } else { unit };
        let own = &mut self.charges.marginal[row];
        own.0 = own.0.plus(signed.times_ratio_half_away(rates.0)?)?;
        own.1 = own.1.plus(signed.times_ratio_half_away(rates.1)?)?;
        Ok(())
    }

    fn sum(&self, is_counted: impl Fn(&RowKind) -> bool) -> Result<(Extent, Vec<usize>), Overflow> {
        let rows = self.book.rows.iter().enumerate().filter(|(_, row)| is_counted(&row.kind));
        let rows: Vec<usize> = rows.map(|(place, _)| place).collect();
        let sum = rows.iter().try_fold(Extent::NOTHING, |sum, row| sum.plus(self.units[*row]))?;
        Ok((sum, rows))
    }

    /// A charge on the size of a sum of rows.
    fn on_net(
        &mut self,
        kind: ChargeKind,
        rates: (Ratio, Ratio),
        (sum, rows): (Extent, Vec<usize>),
    ) -> Result<(), Overflow> {
        if sum.is_nothing() || (rates.0.is_zero() && rates.1.is_zero()) {
            return Ok(());
        }
        self.add(kind, sum.size(), rates)?;
        let sign = if sum.low().is_short() { -1 } else { 1 };
        rows.into_iter().try_for_each(|row| self.marginal(row, sign, rates))
    }

    fn perpetuals(&mut self) -> Result<(), Overflow> {
        let perpetuals = self.sum(|kind| matches!(kind, RowKind::Perpetual { .. }))?;
        self.on_net(ChargeKind::Perpetual, self.rules.perpetual, perpetuals.clone())?;
        let rate = Ratio::from_f64_half_away(self.book.funding_rate)?;
        let funding = rate.times_ratio_half_away(self.rules.funding_hours)?;
        let (sum, rows) = perpetuals;
        // A rate is a part of the price: below 0 the shorts pay what is positive.
        let is_turned = self.book.price.value() < 0.0;
        let paying = if funding.is_negative() != is_turned { sum.shorts() } else { sum.longs() };
        self.on_net(ChargeKind::Funding, (funding.magnitude(), Ratio::ZERO), (paying, rows))
    }

    fn futures(&mut self) -> Result<(), Overflow> {
        for (own, _) in future_expiries(self.book) {
            let rows = self.sum(|kind| matches!(kind, RowKind::Future { expiry, .. } if *expiry == own))?;
            self.on_net(ChargeKind::Future, self.rules.future, rows)?;
        }
        Ok(())
    }

    fn short_options(&mut self) -> Result<(), Overflow> {
        type Group = (Option<usize>, Option<Decimal>, Option<OptionRight>);
        let mut groups: BTreeMap<Group, (Extent, Vec<usize>)> = BTreeMap::new();
        let netting = self.rules.option_netting;
        let mut alone = 0_usize;
        for (place, row) in self.book.rows.iter().enumerate() {
            let RowKind::Option { expiry, strike, right, .. } = &row.kind else { continue };
            let group = match netting {
                OptionNetting::Strike => (Some(*expiry), Some(*strike), None),
                OptionNetting::Right => (None, None, Some(*right)),
                OptionNetting::Nothing => {
                    alone += 1;
                    (Some(alone), None, None)
                }
            };
            let own = groups.entry(group).or_default();
            own.0 = own.0.plus(self.units[place])?;
            own.1.push(place);
        }
        for (_, (sum, rows)) in groups.into_iter().filter(|(_, own)| own.0.low().is_short()) {
            let own = (sum.shorts(), rows);
            self.on_net(ChargeKind::ShortOption, self.rules.option, own.clone())?;
            if let Some((hours, maintenance, initial)) = self.rules.delivery {
                self.delivery(hours, (maintenance, initial), own)?;
            }
        }
        Ok(())
    }

    /// Of naked short options the part that expires soon.
    fn delivery(
        &mut self,
        hours: f64,
        rates: (Ratio, Ratio),
        (_, rows): (Extent, Vec<usize>),
    ) -> Result<(), Overflow> {
        const HOURS_IN_YEAR: f64 = 365.0 * 24.0;
        let soon = |row: &usize| {
            let expiry = self.book.rows[*row].kind.option_expiry();
            expiry.is_some_and(|expiry| self.book.expiries[expiry].years * HOURS_IN_YEAR < hours)
        };
        let rows: Vec<usize> = rows.into_iter().filter(soon).collect();
        let sum = rows.iter().try_fold(Extent::NOTHING, |sum, row| sum.plus(self.units[*row]))?;
        self.on_net(ChargeKind::Delivery, rates, (sum.shorts(), rows))
    }

    fn gross(&self) -> Result<Quantity, Overflow> {
        self.units.iter().try_fold(Quantity::ZERO, |sum, own| sum.plus(own.size()))
    }

    fn concentration(&mut self) -> Result<(), Overflow> {
        let notional = self.price.times_quantity_half_away(self.gross()?)?;
        let mut maintenance = Money::ZERO;
        for (place, tier) in self.rules.concentration.iter().enumerate() {
            let upper =
                self.rules.concentration.get(place + 1).map_or(notional, |next| next.above.min(notional));
            let inside = upper.minus(tier.above)?.max(Money::ZERO);
            maintenance = maintenance.plus(inside.times_ratio_half_away(tier.fraction)?)?;
        }
        // At the margin every unit of the gross counts alike.
        if !maintenance.is_zero() && !notional.is_zero() {
            let part = (maintenance.ratio_to_half_away(notional)?, Ratio::ZERO);
            self.gross_marginals(part)?;
        }
        self.push(Charge { kind: ChargeKind::Concentration, maintenance, initial: Money::ZERO })
    }

    fn gross_marginals(&mut self, rates: (Ratio, Ratio)) -> Result<(), Overflow> {
        for row in 0..self.units.len() {
            let sign = if self.units[row].low().is_short() { -1 } else { 1 };
            self.marginal(row, sign, rates)?;
        }
        Ok(())
    }

    fn confidence(&mut self) -> Result<(), Overflow> {
        let Some(rule) = self.rules.confidence else { return Ok(()) };
        let spot = self.book.price.confidence();
        let of_perpetuals = self.book.rows.iter().filter_map(|row| match row.kind {
            RowKind::Perpetual { confidence, .. } => (!row.held.is_nothing()).then_some(confidence),
            RowKind::Asset { .. } | RowKind::Future { .. } | RowKind::Option { .. } => None,
        });
        let with_perpetual = of_perpetuals.fold(spot, f64::min);
        let rate = |confidence: f64| -> Result<Option<(Ratio, Ratio)>, Overflow> {
            if confidence >= rule.threshold {
                return Ok(None);
            }
            let lack = Ratio::from_f64_half_away(1.0 - confidence)?.times_ratio_half_away(rule.factor)?;
            Ok(Some((Ratio::ZERO, lack)))
        };
        if let Some(rates) = rate(with_perpetual)? {
            let perpetuals = self.sum(|kind| matches!(kind, RowKind::Perpetual { .. }))?;
            self.on_net(ChargeKind::Confidence, rates, perpetuals)?;
        }
        for place in 0..self.book.expiries.len() {
            let confidence = with_perpetual.min(self.book.expiries[place].confidence);
            let Some(rates) = rate(confidence)? else { continue };
            for row in 0..self.book.rows.len() {
                if matches!(self.book.rows[row].kind, RowKind::Option { expiry, .. } if expiry == place) {
                    self.on_net(ChargeKind::Confidence, rates, (self.units[row], vec![row]))?;
                }
            }
        }
        Ok(())
    }

    fn fees(&mut self) -> Result<(), Overflow> {
        let rates = (self.rules.fee, Ratio::ZERO);
        if rates.0.is_zero() {
            return Ok(());
        }
        let gross = self.gross()?;
        self.add(ChargeKind::Fee, gross, rates)?;
        self.gross_marginals(rates)
    }
}

/// Net and gross delta of the positions on a price source, in its units; of what is settled in the coin too.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Deltas {
    /// Longs less shorts.
    pub net: Money,
    /// Longs and shorts.
    pub gross: Money,
}

/// The same where quantities are not certain.
#[derive(Clone, Copy, Default)]
pub(super) struct DeltaExtents {
    pub(super) net: MoneyExtent,
    pub(super) most_gross: Money,
}

impl DeltaExtents {
    /// Of one quantity of every contract.
    pub(super) const fn reported(self) -> Deltas {
        Deltas { net: self.net.low, gross: self.most_gross }
    }
}

/// `None` where a contract of which there may be some has none.
pub(super) fn deltas(book: &SourceBook, values: &Values) -> Result<Option<DeltaExtents>, Overflow> {
    let mut deltas = DeltaExtents::default();
    for (row, delta) in book.rows.iter().zip(&values.deltas).filter(|(row, _)| !row.held.is_nothing()) {
        let Some(delta) = delta else { return Ok(None) };
        let mut sum = SumExtent::default();
        sum.add(row.held, delta.units, delta.scale)?;
        let own = sum.money(values.scales)?;
        deltas.net = deltas.net.plus(own)?;
        deltas.most_gross = deltas.most_gross.plus(own.size())?;
    }
    Ok(Some(deltas))
}

/// What the scan of the source is at least.
pub(super) fn floor(
    book: &SourceBook,
    values: &Values,
    method: &GridMethod,
    deltas: DeltaExtents,
) -> Result<Money, Overflow> {
    let terms = &method.floor;
    let price = Ratio::from_f64_half_away(book.unit_price())?;
    let hedged = deltas.most_gross.minus(deltas.net.least_size())?.half_away();
    let of_net = deltas.net.size().times_ratio_half_away(terms.net_delta)?;
    let of_deltas = of_net.plus(hedged.times_ratio_half_away(terms.hedged_delta)?)?;
    let by_delta = of_deltas.times_ratio_half_away(price)?;
    let mut shorts = BTreeMap::<OptionRight, Extent>::new();
    let mut by_contract = Money::ZERO;
    let marks = values.marks.iter().zip(&values.row_scales);
    for (row, (mark, scale)) in book.rows.iter().zip(marks).filter(|(row, _)| !book.is_settled(row)) {
        let units = units(row)?;
        let one_end = |held: Quantity, units: Quantity| -> Result<Money, Overflow> {
            let minimum = terms.contract.times_quantity_half_away(units.magnitude())?;
            if row.kind.option_expiry().is_none() || held.is_short() {
                return Ok(minimum);
            }
            let mut value = Sum::default();
            value.add(held, *mark, *scale)?;
            Ok(minimum.min(value.money(values.scales)?))
        };
        // Either side needs the more the larger it is.
        let low = one_end(row.held.low(), units.low())?;
        by_contract = by_contract.plus(low.max(one_end(row.held.high(), units.high())?))?;
        if let RowKind::Option { right, .. } = &row.kind {
            let own = shorts.entry(*right).or_default();
            *own = own.plus(units)?;
        }
    }
    let mut by_shorts = Money::ZERO;
    for own in shorts.values() {
        let notional = Money::from_raw(price.raw()).times_quantity_half_away(own.shorts().size())?;
        by_shorts = by_shorts.plus(notional.times_ratio_half_away(terms.short_option)?)?;
    }
    Ok(by_delta.max(by_contract).max(by_shorts))
}
