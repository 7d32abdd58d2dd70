//! Step 8 and 9: the floor for short options, and option values.

use super::rounding::Rounding;
use crate::parameters::{Commodity, ContractKind, OptionMinimumMethod};
use crate::scenario::Row;
use crate::types::{Decimal, Delta, Lots, Money, Overflow};

/// What the options of one commodity are worth, and the least that short ones require.
#[derive(Clone, Debug)]
pub struct OptionTotals {
    /// Market value of long premium-style options.
    pub long_option_value: Money,
    /// Market value of short premium-style options; positive.
    pub short_option_value: Money,
    /// Short calls, delta scaling applied.
    pub short_calls: Delta,
    /// Short puts, delta scaling applied.
    pub short_puts: Delta,
    /// Rate times short options, summed over the tiers.
    pub short_option_minimum: Money,
    /// Whether there is nothing but long options.
    pub only_long_options: bool,
}

impl OptionTotals {
    /// Long less short option value.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn net_option_value(&self) -> Result<Money, Overflow> {
        self.long_option_value.minus(self.short_option_value)
    }
}

impl OptionTotals {
    /// What a commodity without positions has.
    pub(super) const NOTHING: Self = Self {
        long_option_value: Money::ZERO,
        short_option_value: Money::ZERO,
        short_calls: Delta::ZERO,
        short_puts: Delta::ZERO,
        short_option_minimum: Money::ZERO,
        only_long_options: true,
    };

    /// Both together.
    pub(super) fn plus(&self, other: &Self) -> Result<Self, Overflow> {
        Ok(Self {
            long_option_value: self.long_option_value.plus(other.long_option_value)?,
            short_option_value: self.short_option_value.plus(other.short_option_value)?,
            short_calls: self.short_calls.plus(other.short_calls)?,
            short_puts: self.short_puts.plus(other.short_puts)?,
            short_option_minimum: self.short_option_minimum.plus(other.short_option_minimum)?,
            only_long_options: self.only_long_options && other.only_long_options,
        })
    }
}

/// Short options of one period.
#[derive(Clone, Copy, Default)]
struct Shorts {
    calls: Delta,
    puts: Delta,
}

pub(super) fn totals(
    commodity: &Commodity,
    positions: &[(Row, Lots)],
    rounding: Rounding,
) -> Result<OptionTotals, Overflow> {
    let (mut long, mut short) = (Money::ZERO, Money::ZERO);
    let mut shorts: Vec<Shorts> = Vec::new();
    let mut only_long_options = true;
    for &(row, lots) in positions {
        let contract = commodity.contract(row);
        if contract.kind == ContractKind::Plain {
            only_long_options = false;
            continue;
        }
        let size = lots.magnitude();
        if !contract.option_value.is_zero() {
            let side = if lots.is_short() { &mut short } else { &mut long };
            *side = side.plus(contract.option_value.times_bounded_lots(size))?;
        }
        if lots.is_short() {
            only_long_options = false;
            if shorts.is_empty() {
                shorts.resize(commodity.periods().len(), Shorts::default());
            }
            let period = &mut shorts[contract.period.index()];
            let count =
                if contract.kind == ContractKind::Call { &mut period.calls } else { &mut period.puts };
            let one = commodity.option_counts()[usize::from(contract.option_count)];
            *count = count.plus(one.times_bounded_lots(size))?;
        }
    }
    let all = sum(shorts.iter())?;
    Ok(OptionTotals {
        long_option_value: rounding.risk(long)?,
        short_option_value: rounding.risk(short)?,
        short_calls: all.calls,
        short_puts: all.puts,
        short_option_minimum: if shorts.is_empty() {
            Money::ZERO
        } else {
            rounding.risk(minimum(commodity, &shorts)?)?
        },
        only_long_options,
    })
}

fn minimum(commodity: &Commodity, shorts: &[Shorts]) -> Result<Money, Overflow> {
    let rule = commodity.option_minimum();
    let mut total = Money::ZERO;
    for (rate, periods) in &rule.tiers {
        if rate.is_zero() {
            continue;
        }
        let tier = sum(shorts[periods.indexes()].iter())?;
        let count = match rule.method {
            OptionMinimumMethod::Gross => tier.calls.plus(tier.puts)?,
            OptionMinimumMethod::Greater => tier.calls.max(tier.puts),
        };
        total = total.plus(rate.for_delta_half_away(count, Decimal::ONE)?)?;
    }
    Ok(total)
}

fn sum<'a>(mut shorts: impl Iterator<Item = &'a Shorts>) -> Result<Shorts, Overflow> {
    shorts.try_fold(Shorts::default(), |all, one| {
        Ok(Shorts { calls: all.calls.plus(one.calls)?, puts: all.puts.plus(one.puts)? })
    })
}
