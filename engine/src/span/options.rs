//! Step 8 and 9: the floor for short options, and option values.

use super::rounding::Rounding;
use crate::parameters::{
    Commodity, ContractKind, ContractTerms, MinimumByLots, OptionMinimumMethod, PeriodRange,
};
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

/// Short options, of one period or of all.
#[derive(Clone, Copy, Default)]
struct Shorts {
    calls: Delta,
    puts: Delta,
}

impl Shorts {
    fn add(&mut self, kind: ContractKind, count: Delta) -> Result<(), Overflow> {
        let sum = if kind == ContractKind::Call { &mut self.calls } else { &mut self.puts };
        *sum = sum.plus(count)?;
        Ok(())
    }
}

/// Values the options of some positions, into totals of nothing.
pub(super) fn fill(
    totals: &mut OptionTotals,
    commodity: &Commodity,
    positions: &[(Row, Lots)],
    rounding: Rounding,
) -> Result<(), Overflow> {
    let (mut long, mut short) = (Money::ZERO, Money::ZERO);
    let mut shorts = ShortOptions::of(commodity);
    let mut only_long_options = true;
    for &(row, lots) in positions {
        let contract = commodity.contract(row);
        if contract.kind == ContractKind::Plain {
            only_long_options = false;
            continue;
        }
        let size = lots.magnitude();
        if lots.is_short() {
            only_long_options = false;
            short = short.plus(contract.option_value.times_bounded_lots(size))?;
            shorts.add(commodity, contract, size)?;
        } else {
            long = long.plus(contract.option_value.times_bounded_lots(size))?;
        }
    }
    let (all, minimum) = shorts.settled(commodity)?;
    if !(all.calls.is_zero() && all.puts.is_zero()) {
        totals.short_option_minimum = rounding.risk(minimum)?;
        totals.short_calls = all.calls;
        totals.short_puts = all.puts;
    }
    totals.long_option_value = rounding.risk(long)?;
    totals.short_option_value = rounding.risk(short)?;
    totals.only_long_options = only_long_options;
    Ok(())
}

/// Short options: in lots where all count alike, else by period where the tiers of the minimum tell periods apart.
struct ShortOptions {
    by_lots: Option<MinimumByLots>,
    call_lots: i64,
    put_lots: i64,
    all: Shorts,
    by_period: Vec<Shorts>,
}

impl ShortOptions {
    fn of(commodity: &Commodity) -> Self {
        let rule = commodity.option_minimum();
        let count = if rule.is_by_period { commodity.periods().len() } else { 0 };
        let by_period = vec![Shorts::default(); count];
        Self { by_lots: rule.by_lots, call_lots: 0, put_lots: 0, all: Shorts::default(), by_period }
    }

    fn add(&mut self, commodity: &Commodity, contract: &ContractTerms, size: Lots) -> Result<(), Overflow> {
        if self.by_lots.is_some() {
            // At most 25,000 positions of at most a billion lots; the first count is that of what does not count.
            let counted = if contract.option_count == 0 { 0 } else { size.get() };
            let sum =
                if contract.kind == ContractKind::Call { &mut self.call_lots } else { &mut self.put_lots };
            *sum = sum.saturating_add(counted);
            return Ok(());
        }
        let one = commodity.option_counts()[usize::from(contract.option_count)];
        let count = one.times_bounded_lots(size);
        self.all.add(contract.kind, count)?;
        match self.by_period.get_mut(contract.period.index()) {
            Some(period) => period.add(contract.kind, count),
            None => Ok(()),
        }
    }

    /// How many there are, and the least that they require.
    fn settled(mut self, commodity: &Commodity) -> Result<(Shorts, Money), Overflow> {
        let Some(MinimumByLots { count, floor }) = self.by_lots else {
            return Ok((self.all, self.minimum(commodity)?));
        };
        let lots = match commodity.option_minimum().method {
            OptionMinimumMethod::Gross => self.call_lots.saturating_add(self.put_lots),
            OptionMinimumMethod::Greater => self.call_lots.max(self.put_lots),
        };
        if lots > 0 {
            self.all =
                Shorts { calls: count.times_whole(self.call_lots)?, puts: count.times_whole(self.put_lots)? };
        }
        Ok((self.all, floor.times_whole(lots)?))
    }

    fn minimum(&self, commodity: &Commodity) -> Result<Money, Overflow> {
        let rule = commodity.option_minimum();
        let mut total = Money::ZERO;
        for (rate, periods) in &rule.tiers {
            if rate.is_zero() {
                continue;
            }
            let tier = if rule.is_by_period { self.inside(periods)? } else { self.all };
            let count = match rule.method {
                OptionMinimumMethod::Gross => tier.calls.plus(tier.puts)?,
                OptionMinimumMethod::Greater => tier.calls.max(tier.puts),
            };
            total = total.plus(rate.for_delta_half_away(count, Decimal::ONE)?)?;
        }
        Ok(total)
    }

    fn inside(&self, periods: &PeriodRange) -> Result<Shorts, Overflow> {
        self.by_period[periods.indexes()].iter().try_fold(Shorts::default(), |all, one| {
            Ok(Shorts { calls: all.calls.plus(one.calls)?, puts: all.puts.plus(one.puts)? })
        })
    }
}
