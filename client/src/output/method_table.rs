//! Results of methods that are data, as tables for people.

use std::io::{self, Write};

use comfy_table::Table;
use plimsoll_engine::doubt::Doubt;
use plimsoll_engine::grid::{GridResult, Share, SourceResult};
use plimsoll_engine::market::QuoteUsed;
use plimsoll_engine::report::{MethodResult, PoolResult, Standing};
use plimsoll_engine::rules::RulesResult;
use plimsoll_engine::types::{Amount, Fixed, Money};

use super::table::{shown, table, write};
use super::{By, printable};

pub(super) fn account(
    out: &mut impl Write,
    name: &str,
    by: By<'_>,
    result: &MethodResult,
    scenarios: bool,
) -> io::Result<()> {
    writeln!(out, "Account {}", printable(name))?;
    head(out, by, result.oldest_quote())?;
    body(out, result, scenarios)?;
    writeln!(out)
}

pub(super) fn pool(
    out: &mut impl Write,
    name: &str,
    names: &[String],
    by: By<'_>,
    result: &PoolResult,
    scenarios: bool,
) -> io::Result<()> {
    writeln!(out, "Pool {}", printable(name))?;
    head(out, by, result.oldest_quote.clone())?;
    write(out, "Pool and accounts", &standing(result.standing), 1)?;
    for (name, own) in names.iter().zip(&result.accounts) {
        writeln!(out, "\nAccount {}", printable(name))?;
        body(out, own, scenarios)?;
    }
    writeln!(out)
}

/// What the numbers above rest on that is doubted.
pub(super) fn doubts(out: &mut impl Write, doubts: &[Doubt]) -> io::Result<()> {
    let mut named = table(["Warning", "Where", "What"]);
    for own in doubts {
        let [place, message] = [&own.place, &own.message].map(|text| printable(text).to_string());
        named.add_row([own.kind.name().to_owned(), place, message]);
    }
    write(out, "Used, and doubted", &named, 3)?;
    if doubts.is_empty() { Ok(()) } else { writeln!(out) }
}

fn head(out: &mut impl Write, by: By<'_>, oldest: Option<QuoteUsed>) -> io::Result<()> {
    let method = by.method;
    let version = if method.version.is_empty() { String::new() } else { format!(" {}", method.version) };
    writeln!(out, "Method {}{}, in {}", printable(&method.name), printable(&version), method.currency)?;
    write!(out, "Market of {}", by.market)?;
    match oldest {
        Some(own) => writeln!(
            out,
            ", oldest quote used: {} of {} of {}",
            own.kind.name(),
            printable(&own.of),
            own.time
        ),
        None => writeln!(out, ", no quote is used"),
    }
}

/// Six places are shown. What a table says is a sum or a difference of its other numbers is that of the numbers shown.
fn money<U>(own: Fixed<U>) -> String {
    shown(Amount::rounded_half_away(own))
}

/// The difference of two numbers as they are shown.
fn less(whole: Money, part: Money) -> String {
    shown(Amount::rounded_half_away(whole).less(Amount::rounded_half_away(part)))
}

fn body(out: &mut impl Write, result: &MethodResult, scenarios: bool) -> io::Result<()> {
    write(out, "Equity and requirements", &standing(result.standing()), 1)?;
    match result {
        MethodResult::Grid(own) => grid(out, own, scenarios),
        MethodResult::Rules(own) => rules(out, own),
        MethodResult::Isolated(positions, _) => positions.iter().try_for_each(|(place, own)| {
            write(out, &format!("{place}, alone"), &standing(own.standing()), 1)
        }),
        MethodResult::ByClient(own) => {
            write(out, "What the account has besides, alone", &standing(own.assets.standing()), 1)?;
            own.clients.iter().try_for_each(|(name, client)| {
                writeln!(out, "\nPosition account {}", printable(name))?;
                body(out, client, scenarios)
            })
        }
    }
}

fn standing(own: Standing) -> Table {
    let mut table = table(["", "Equity", "Required", "Headroom"]);
    for (level, required) in [("initial", own.initial), ("maintenance", own.maintenance)] {
        table.add_row([level.to_owned(), money(own.equity), money(required), less(own.equity, required)]);
    }
    table
}

fn grid(out: &mut impl Write, own: &GridResult, scenarios: bool) -> io::Result<()> {
    let mut sources = table(["Source", "Worst", "Scenario", "Basis", "Roll", "Floor", "Market risk"]);
    for own in &own.sources {
        let worst =
            if own.worst_index < own.results.len() { own.worst_index.to_string() } else { String::new() };
        let [basis, roll, floor, risk] = [own.basis, own.roll, own.floor, own.market_risk].map(money);
        sources.add_row([own.source.to_string(), money(own.worst), worst, basis, roll, floor, risk]);
    }
    write(out, "Price sources, gains positive", &sources, 1)?;
    if scenarios {
        for own in &own.sources {
            write(
                out,
                &format!("Scenario results of {}, the worst marked with *", own.source),
                &results(own),
                0,
            )?;
        }
    }
    let mut offsets = table(["Group", "Sum", "Together", "Diversification benefit"]);
    for group in &own.groups {
        let name = printable(&group.name).to_string();
        offsets.add_row([name, money(group.sum), money(group.amount), less(group.sum, group.amount)]);
    }
    write(out, "Offsets between price sources", &offsets, 1)?;
    let mut charges = table(["Contingency", "Maintenance", "Initial besides"]);
    for charge in &own.charges {
        charges.add_row([charge.kind.name().to_owned(), money(charge.maintenance), money(charge.initial)]);
    }
    write(out, "Contingencies", &charges, 1)?;
    let mut shares = table(["Position account", "Maintenance", "Initial"]);
    for share in &own.shares {
        let name = printable(&share.account).to_string();
        shares.add_row([name, money(share.maintenance), money(share.initial)]);
    }
    if !own.shares.is_empty() {
        let rest = |whole: Money, of: fn(&Share) -> Money| {
            let left = own.shares.iter().map(of).map(Amount::rounded_half_away);
            shown(left.fold(Amount::rounded_half_away(whole), Amount::less))
        };
        let maintenance = rest(own.requirement.maintenance, |share| share.maintenance);
        let initial = rest(own.requirement.initial, |share| share.initial);
        shares.add_row(["(nobody's)".to_owned(), maintenance, initial]);
    }
    write(out, "Shares of the requirements", &shares, 1)
}

fn results(own: &SourceResult) -> Table {
    let mut table = table(["Scenario", "Result", ""]);
    for (place, result) in own.results.iter().enumerate() {
        let mark = if place == own.worst_index { "*" } else { "" };
        table.add_row([place.to_string(), money(*result), mark.to_owned()]);
    }
    table
}

fn rules(out: &mut impl Write, own: &RulesResult) -> io::Result<()> {
    let mut positions = table(["Position", "Source", "Quantity", "Notional", "Maintenance", "Initial"]);
    for own in &own.positions {
        positions.add_row([
            own.place.to_string(),
            own.source.to_string(),
            own.quantity.to_string(),
            money(own.notional),
            money(own.maintenance),
            money(own.initial),
        ]);
    }
    write(out, "Positions", &positions, 2)?;
    let mut spreads = table(["Source", "Expiry", "Largest loss", "Maintenance", "Initial"]);
    for own in &own.spreads {
        let (initial, maintenance) = own.required;
        let [largest, maintenance, initial] = [own.largest_loss, maintenance, initial].map(money);
        spreads.add_row([own.source.to_string(), own.expiry.to_string(), largest, maintenance, initial]);
    }
    write(out, "Expiries by their largest loss", &spreads, 2)
}
