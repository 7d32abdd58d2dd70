//! Step 8 and 9: the floor for short options, and option values.

use crate::contract::OptionRight;
use crate::parameters::{Commodity, OptionMinimumMethod};
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

/// Short options of one period.
#[derive(Clone, Copy, Default)]
struct Shorts {
    calls: Delta,
    puts: Delta,
}

pub(super) fn totals(commodity: &Commodity, positions: &[(Row, Lots)]) -> Result<OptionTotals, Overflow> {
    let (mut long, mut short) = (Money::ZERO, Money::ZERO);
    let mut shorts = vec![Shorts::default(); commodity.periods().len()];
    let mut only_long_options = true;
    for &(row, lots) in positions {
        let contract = commodity.contract(row);
        only_long_options &= contract.right.is_some() && !lots.is_short();
        let size = lots.magnitude();
        if let Some(value) = contract.option_value {
            let side = if lots.is_short() { &mut short } else { &mut long };
            *side = side.plus(value.times_lots(size)?)?;
        }
        if let (Some(right), true) = (contract.right, lots.is_short()) {
            let period = &mut shorts[contract.period.index()];
            let count = match right {
                OptionRight::Call => &mut period.calls,
                OptionRight::Put => &mut period.puts,
            };
            *count = count.plus(contract.option_count.times_lots(size)?)?;
        }
    }
    let all = sum(shorts.iter())?;
    Ok(OptionTotals {
        long_option_value: long,
        short_option_value: short,
        short_calls: all.calls,
        short_puts: all.puts,
        short_option_minimum: minimum(commodity, &shorts)?,
        only_long_options,
    })
}

fn minimum(commodity: &Commodity, shorts: &[Shorts]) -> Result<Money, Overflow> {
    let rule = commodity.option_minimum();
    let mut total = Money::ZERO;
    for (rate, periods) in &rule.tiers {
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
