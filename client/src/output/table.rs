//! Reports as tables for people. Columns are as wide as what they hold; many commodities go below each other, not
//! beside.

use std::io::{self, Write};

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use plimsoll_engine::report::{CommodityReport, MarginReport};
use plimsoll_engine::span::Unmatched;
use plimsoll_engine::types::Amount;

use super::printable;

/// Commodities beside each other in the table of scenarios.
const MOST_BESIDE: usize = 6;

pub(super) fn report(
    out: &mut impl Write,
    account: &str,
    report: &MarginReport,
    scenarios: bool,
) -> io::Result<()> {
    let set = &report.parameter_set;
    writeln!(out, "Account {}", printable(account))?;
    writeln!(out, "Parameter set {} of {}, rounding {}", set.id, set.business_date, report.rounding.name())?;
    write(out, "Totals", &totals(report), 1)?;
    write(out, "Requirement levels", &levels(report), 1)?;
    write(out, &format!("Commodities, in {}", report.currency), &commodities(report), 1)?;
    write(out, "Parts of scan risk", &parts(report), 1)?;
    if scenarios {
        for beside in report.commodities.chunks(MOST_BESIDE) {
            write(out, "Scenario losses, the worst marked with *", &losses(beside), 0)?;
        }
    }
    write(out, "Scanned apart", &scan_parts(report), 2)?;
    write(out, "Scanned together: legs that are counted in their target", &scanning_spreads(report), 2)?;
    write(out, "Net deltas by period", &period_deltas(report), 2)?;
    write(out, "Intra-commodity spreads formed", &intra_spreads(report), 1)?;
    write(out, "Delivery charges", &delivery(report), 2)?;
    write(out, "Inter-commodity spreads formed", &inter_spreads(report), 1)?;
    write(out, "Conversion rates used", &conversions(report), 2)?;
    write(out, "Left out: the parameter set cannot margin them", &unmatched(&report.unmatched), 8)?;
    writeln!(out)
}

pub(super) fn error(out: &mut impl Write, account: Option<&str>, error: &str) -> io::Result<()> {
    match account {
        Some(account) => writeln!(out, "Account {}: error: {}\n", printable(account), printable(error)),
        None => writeln!(out, "error: {}\n", printable(error)),
    }
}

/// An amount with its thousands apart, and of its six places the two that people read, more only where they hold
/// something: nothing is rounded.
pub(super) fn shown(amount: Amount) -> String {
    let text = amount.to_string();
    let (whole, places) = text.split_once('.').unwrap_or((&text, ""));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let first = digits.len() % 3;
    let mut grouped = digits[..first].to_owned();
    for group in digits.as_bytes()[first..].chunks(3) {
        if !grouped.is_empty() {
            grouped.push(',');
        }
        grouped.extend(group.iter().map(|&digit| char::from(digit)));
    }
    let (two, rest) = places.split_at(places.len().min(2));
    format!("{sign}{grouped}.{two}{}", rest.trim_end_matches('0'))
}

/// A table with these columns.
pub(super) fn table<const N: usize>(header: [&str; N]) -> Table {
    const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('-').junction('-'));
    let mut table = Table::new();
    table.load_style(STYLE).set_header(header);
    table
}

/// Writes a table under its title, if it has rows; columns from `numbers` on are aligned to the right.
pub(super) fn write(out: &mut impl Write, title: &str, table: &Table, numbers: usize) -> io::Result<()> {
    if table.is_empty() {
        return Ok(());
    }
    let mut table = table.clone();
    for column in table.column_iter_mut().skip(numbers) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    writeln!(out, "\n{title}")?;
    table.lines().try_for_each(|line| writeln!(out, "{}", line.trim_end()))
}

fn totals(report: &MarginReport) -> Table {
    let mut table = table(["Currency", "Risk", "Net option value", "Requirement"]);
    for own in &report.by_currency {
        table.add_row([
            own.currency.to_string(),
            shown(own.risk),
            shown(own.net_option_value),
            shown(own.requirement),
        ]);
    }
    table.add_row([
        format!("Total in {}", report.currency),
        shown(report.risk),
        shown(report.net_option_value),
        shown(report.requirement),
    ]);
    table
}

fn levels(report: &MarginReport) -> Table {
    let mut table = table(["Level", "Before option value", "Requirement"]);
    for own in &report.levels {
        table.add_row([printable(&own.level).to_string(), shown(own.amount), shown(own.requirement)]);
    }
    table
}

fn commodities(report: &MarginReport) -> Table {
    let mut table =
        table(["Code", "Worst", "Scan", "Intra", "Delivery", "Inter", "SOM", "LOV", "SOV", "Risk"]);
    for own in &report.commodities {
        let amounts = [
            own.scan_risk,
            own.intra_charge,
            own.delivery_charge,
            own.inter_credit,
            own.short_option_minimum,
            own.long_option_value,
            own.short_option_value,
            own.risk,
        ];
        let head = [own.commodity.to_string(), own.active_scenario.to_string()];
        table.add_row(head.into_iter().chain(amounts.into_iter().map(shown)));
    }
    table
}

fn parts(report: &MarginReport) -> Table {
    let mut table =
        table(["Code", "Time risk", "Volatility risk", "Price risk", "Net delta", "Weighted price risk"]);
    for own in &report.commodities {
        let amounts =
            [own.time_risk, own.volatility_risk, own.price_risk, own.net_delta, own.weighted_price_risk];
        table.add_row(std::iter::once(own.commodity.to_string()).chain(amounts.map(shown)));
    }
    table
}

fn losses(commodities: &[CommodityReport]) -> Table {
    let mut table = table([]);
    let codes = commodities.iter().map(|own| own.commodity.to_string());
    table.set_header(std::iter::once("Scenario".to_owned()).chain(codes));
    let most = commodities.iter().map(|own| own.scenario_losses.len()).max().unwrap_or(0);
    for (index, number) in (0..most).zip(1_u32..) {
        let cell = |own: &CommodityReport| {
            let mark = if u32::from(own.active_scenario) == number { '*' } else { ' ' };
            own.scenario_losses.get(index).map_or_else(String::new, |loss| format!("{} {mark}", shown(*loss)))
        };
        table.add_row(std::iter::once(number.to_string()).chain(commodities.iter().map(cell)));
    }
    table
}

fn period_deltas(report: &MarginReport) -> Table {
    let mut table = table(["Code", "Period", "Net delta"]);
    for own in &report.commodities {
        for delta in &own.period_deltas {
            let period = printable(&delta.period).to_string();
            table.add_row([own.commodity.to_string(), period, shown(delta.net_delta)]);
        }
    }
    table
}

fn intra_spreads(report: &MarginReport) -> Table {
    let mut table = table(["Code", "Priority", "Side A", "Spreads", "Charge"]);
    for own in &report.commodities {
        for formed in &own.intra_spreads {
            table.add_row([
                own.commodity.to_string(),
                formed.priority.to_string(),
                if formed.side_a_long { "long" } else { "short" }.to_owned(),
                shown(formed.count),
                shown(formed.charge),
            ]);
        }
    }
    table
}

fn scan_parts(report: &MarginReport) -> Table {
    let mut table = table(["Code", "Part", "Worst", "Scan", "Net delta"]);
    for own in &report.commodities {
        for part in &own.scan_parts {
            table.add_row([
                own.commodity.to_string(),
                printable(&part.part).to_string(),
                part.active_scenario.to_string(),
                shown(part.scan_risk),
                shown(part.net_delta),
            ]);
        }
    }
    table
}

fn scanning_spreads(report: &MarginReport) -> Table {
    let mut table =
        table(["Target", "Leg", "Priority", "Delta added", "Scan alone", "Intra", "Delivery", "SOM"]);
    for formed in &report.scanning_spreads {
        for leg in &formed.legs {
            let own = &leg.own;
            let head = [formed.target.to_string(), own.commodity.to_string(), formed.priority.to_string()];
            let amounts = [
                leg.added_delta,
                own.scan_risk,
                own.intra_charge,
                own.delivery_charge,
                own.short_option_minimum,
            ];
            table.add_row(head.into_iter().chain(amounts.map(shown)));
        }
    }
    table
}

fn delivery(report: &MarginReport) -> Table {
    let mut table = table(["Code", "Period", "Delta in spreads", "Delta left", "Charge"]);
    for own in &report.commodities {
        for charge in &own.delivery {
            table.add_row([
                own.commodity.to_string(),
                printable(&charge.period).to_string(),
                shown(charge.used_delta),
                shown(charge.left_delta),
                shown(charge.charge),
            ]);
        }
    }
    table
}

fn inter_spreads(report: &MarginReport) -> Table {
    let mut table = table(["Code", "Priority", "Spreads", "Delta used", "Credit"]);
    for formed in &report.inter_spreads {
        for leg in &formed.legs {
            table.add_row([
                leg.commodity.to_string(),
                formed.priority.to_string(),
                shown(formed.count),
                shown(leg.consumed_delta),
                shown(leg.credit),
            ]);
        }
        for leg in &formed.away {
            table.add_row([
                leg.place.to_string(),
                formed.priority.to_string(),
                shown(formed.count),
                shown(leg.consumed_delta),
                "elsewhere".to_owned(),
            ]);
        }
    }
    table
}

fn conversions(report: &MarginReport) -> Table {
    let mut table = table(["From", "To", "Rate"]);
    for step in &report.conversions {
        let rate = if step.divides { format!("1 / {}", step.rate) } else { step.rate.to_string() };
        table.add_row([step.from.to_string(), step.to.to_string(), rate]);
    }
    table
}

fn unmatched(unmatched: &[Unmatched]) -> Table {
    let mut table = table(["Position", "Contract", "Quantity", "Reason"]);
    for position in unmatched {
        table.add_row([
            position.position.to_string(),
            position.contract.to_string(),
            position.lots.to_string(),
            position.reason.name().to_owned(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_and_never_rounded() {
        for (text, expected) in [
            ("0.000000", "0.00"),
            ("-318.333008", "-318.333008"),
            ("392580.000000", "392,580.00"),
            ("-1234567.500000", "-1,234,567.50"),
            ("100.000001", "100.000001"),
            ("999.120000", "999.12"),
        ] {
            assert_eq!(shown(text.parse().unwrap()), expected);
        }
    }
}
