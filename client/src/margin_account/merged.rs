//! Lines of which several may be of one account or pool: they are added up.

use std::collections::BTreeMap;

use plimsoll_engine::account::{MarginAccount, Netting, PositionAccount};
use plimsoll_engine::types::Money;

use super::{BadLine, Line};

/// The accounts and pools of lines so far, in the order in which they first appeared.
#[derive(Debug, Default)]
pub struct Merged {
    entries: Vec<Entry>,
    /// By whether it is a pool, and its name.
    places: BTreeMap<(bool, String), usize>,
}

/// An account or pool, and what is wrong with its lines.
#[derive(Debug)]
struct Entry {
    name: Option<String>,
    line: Option<Line>,
    /// The line that states the netting of each account of a pool by name, and of an account alone without one.
    netting: BTreeMap<String, (u64, Netting)>,
    faults: Vec<String>,
}

/// An account or pool that cannot be margined, for any of its lines.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BadAccount {
    /// Its name, if it could be read.
    pub name: Option<String>,
    /// All that is wrong, each with its line.
    pub faults: Vec<String>,
}

impl Merged {
    /// Adds what was read of a line. One whose name cannot be read stands alone.
    pub fn add(&mut self, number: u64, read: Result<Line, BadLine>) {
        let (name, is_pool) = match &read {
            Ok(own) => (Some(own.name.clone()), own.accounts.is_some()),
            Err(bad) => (bad.name.clone(), bad.is_pool),
        };
        let next = self.entries.len();
        let key = name.clone().map(|name| (is_pool, name));
        let place = key.map_or(next, |key| *self.places.entry(key).or_insert(next));
        if place == next {
            self.entries.push(Entry { name, line: None, netting: BTreeMap::new(), faults: Vec::new() });
        }
        let entry = &mut self.entries[place];
        match read {
            Ok(own) => entry.join(number, own),
            Err(bad) => entry.faults.extend(bad.faults.iter().map(|fault| format!("line {number}: {fault}"))),
        }
    }

    /// Every account and pool, or what is wrong with its lines.
    pub fn finish(self) -> impl Iterator<Item = Result<Line, BadAccount>> {
        self.entries.into_iter().map(|own| match own.line {
            Some(line) if own.faults.is_empty() => Ok(line),
            _ => Err(BadAccount { name: own.name, faults: own.faults }),
        })
    }
}

impl Entry {
    fn join(&mut self, number: u64, other: Line) {
        let Line { name, own, netting, accounts } = other;
        for (account, netting) in netting {
            self.state(number, account, netting);
        }
        let line = self.line.get_or_insert_with(|| Line {
            name,
            own: MarginAccount::default(),
            netting: BTreeMap::new(),
            accounts: accounts.as_ref().map(|_| Vec::new()),
        });
        let mut added = vec![add(&mut line.own, own)];
        for (name, own) in accounts.into_iter().flatten() {
            let all = line.accounts.get_or_insert_default();
            let place = all.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
                all.push((name, MarginAccount::default()));
                all.len() - 1
            });
            added.push(add(&mut all[place].1, own));
        }
        // What any line states holds for all lines of the account.
        let stated = |name: &str| self.netting.get(name).map(|(_, own)| *own).unwrap_or_default();
        line.own.netting = stated("");
        for (name, own) in line.accounts.iter_mut().flatten() {
            own.netting = stated(name);
        }
        let faults = added.into_iter().filter_map(Result::err);
        self.faults.extend(faults.map(|message| format!("line {number}: {message}")));
    }

    /// Notes what a line states of an account of the pool, or of the account itself (without a name).
    fn state(&mut self, number: u64, account: String, netting: Netting) {
        let of = if account.is_empty() { String::new() } else { format!("account {account}: ") };
        let (before, own) = *self.netting.entry(account).or_insert((number, netting));
        if own != netting {
            self.faults.push(format!("line {number}: {of}margining: line {before} has {}", word(own)));
        }
    }
}

const fn word(netting: Netting) -> &'static str {
    match netting {
        Netting::Net => "net",
        Netting::GrossByClient => "gross_by_client",
    }
}

/// Adds an account to another, if it is not too much.
fn add(whole: &mut MarginAccount, own: MarginAccount) -> Result<(), String> {
    let sum = |one: Money, other: Money| one.plus(other).map_err(|error| error.to_string());
    whole.cash = sum(whole.cash, own.cash)?;
    let (initial, maintenance) = own.additional;
    whole.additional = (sum(whole.additional.0, initial)?, sum(whole.additional.1, maintenance)?);
    whole.collateral.extend(own.collateral);
    for PositionAccount { name, positions } in own.position_accounts {
        match whole.position_accounts.iter_mut().find(|known| known.name == name) {
            Some(known) => known.positions.extend(positions),
            None => whole.position_accounts.push(PositionAccount { name, positions }),
        }
    }
    let positions: usize = whole.position_accounts.iter().map(|own| own.positions.len()).sum();
    if positions.max(whole.collateral.len()) > MarginAccount::MOST_ENTRIES {
        return Err(format!("at most {} positions and assets of an account", MarginAccount::MOST_ENTRIES));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use plimsoll_engine::market::Snapshot;
    use plimsoll_engine::parameters::method::{preset, read_method};

    use plimsoll_engine::types::Decimal;

    use super::super::read_line;
    use super::*;
    use crate::market::read_market;

    fn money(whole: i64) -> Money {
        Money::from_decimal(Decimal::whole(whole)).unwrap()
    }

    fn merged(lines: &[&str]) -> Vec<Result<Line, BadAccount>> {
        let method = read_method(preset("derive-pm2").unwrap().as_bytes()).unwrap();
        let market = br#"{"time":"2026-11-25T08:00:00Z","sources":[{"source":"X","price":100}]}"#;
        let snapshot: Snapshot = read_market(market, &method.currency).unwrap();
        let mut all = Merged::default();
        for (line, number) in lines.iter().zip(1..) {
            all.add(number, read_line(line.as_bytes(), &method, &snapshot));
        }
        all.finish().collect()
    }

    #[test]
    fn what_several_lines_say_of_an_account_is_added_up() {
        let read = merged(&[
            r#"{"account":"A","cash":10,"positions":[{"type":"perpetual","quantity":1}]}"#,
            r#"{"pool":"A","cash":1,"accounts":[{"account":"A","cash":2}]}"#,
            r#"{"account":"A","cash":-4,"additional":{"initial":3},"positions":[{"type":"perpetual","quantity":2}],
                "collateral":[{"asset":"C","amount":1,"price":5}]}"#,
            r#"{"pool":"A","cash":5,"accounts":[{"account":"B","cash":3},{"account":"A","cash":4}]}"#,
        ]);
        let own: Vec<Line> = read.into_iter().map(Result::unwrap).collect();
        assert_eq!(own.len(), 2);
        let alone = &own[0].own;
        assert_eq!((alone.cash, alone.additional.0), (money(6), money(3)));
        assert_eq!((alone.collateral.len(), alone.position_accounts.len()), (1, 1));
        assert_eq!(alone.position_accounts[0].positions.len(), 2);
        assert_eq!(own[1].own.cash, money(6));
        let inner = own[1].accounts.iter().flatten().map(|(name, own)| (name.as_str(), own.cash));
        assert_eq!(inner.collect::<Vec<_>>(), [("A", money(6)), ("B", money(3))]);
    }

    #[test]
    fn lines_that_contradict_each_other_name_both() {
        let clients =
            r#""position_accounts":[{"account":"C","positions":[{"type":"perpetual","quantity":1}]}]"#;
        let read = merged(&[
            &format!(r#"{{"account":"A","margining":"gross_by_client",{clients}}}"#),
            r#"{"account":"A"}"#,
            r#"{"account":"B","margining":"net"}"#,
            r#"{"account":"A","margining":"net"}"#,
            r#"{"account":"B","cash":"x"}"#,
            r#"{"cash":1}"#,
        ]);
        let bad = read.into_iter().map(|own| own.unwrap_err());
        let faults: Vec<_> = bad.map(|own| (own.name, own.faults)).collect();
        let expected = [
            (Some("A"), "line 4: margining: line 1 has gross_by_client"),
            (Some("B"), "line 5: cash: expected a number from -1000000000000000 to 1000000000000000"),
            (None, "line 6: account: is missing"),
        ];
        let expected = expected.map(|(name, fault)| (name.map(str::to_owned), vec![fault.to_owned()]));
        assert_eq!(faults, expected);
        let read = merged(&[
            &format!(r#"{{"account":"A",{clients}}}"#),
            &format!(r#"{{"account":"A","margining":"gross_by_client",{clients}}}"#),
        ]);
        let own = read.into_iter().next().unwrap().unwrap().own;
        assert_eq!((own.netting, own.position_accounts.len()), (Netting::GrossByClient, 1));
    }
}
