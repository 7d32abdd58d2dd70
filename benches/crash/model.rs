//! What the server has said, kept naively, and what must then be there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// Answers that are surely remembered.
const WINDOW: usize = 5_000;

/// What a command does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Act {
    /// One unit of cash comes in.
    Deposit,
    /// So many lots are traded.
    Trade(i64),
    /// An order works.
    Order,
    /// An order works no more.
    Cancel(String),
}

/// What can be seen of a group.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct State {
    /// Units of cash.
    pub(crate) cash: i64,
    /// Trades with their lots.
    pub(crate) trades: BTreeMap<String, i64>,
    /// Lots held.
    pub(crate) lots: i64,
    /// Working orders.
    pub(crate) orders: BTreeSet<String>,
}

impl State {
    /// One number for all of it.
    pub(crate) fn digest(&self) -> String {
        let mut text = format!("cash {}\nlots {}\n", self.cash, self.lots);
        for (id, lots) in &self.trades {
            let _ = writeln!(text, "trade {id} {lots}");
        }
        for id in &self.orders {
            let _ = writeln!(text, "order {id}");
        }
        let digest: [u8; 32] = Sha256::digest(text).into();
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Commands by id, and which of them have been answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    commands: BTreeMap<String, Act>,
    acknowledged: BTreeSet<String>,
    /// The same in the order in which they were answered.
    answered: Vec<String>,
    lost: u64,
    duplicated: u64,
    faults: Vec<String>,
}

impl Model {
    pub(crate) fn sent(&mut self, id: &str, act: Act) {
        self.commands.insert(id.to_owned(), act);
    }

    pub(crate) fn acknowledged(&mut self, id: &str) {
        if self.acknowledged.insert(id.to_owned()) {
            self.answered.push(id.to_owned());
        }
    }

    pub(crate) fn unacknowledged(&self) -> Vec<(String, Act)> {
        let open = self.commands.iter().filter(|(id, _)| !self.acknowledged.contains(*id));
        open.map(|(id, act)| (id.clone(), act.clone())).collect()
    }

    /// Some that have been answered within the window for which answers are remembered, chosen by a number below a count.
    pub(crate) fn some_acknowledged(
        &self,
        most: usize,
        mut below: impl FnMut(u64) -> u64,
    ) -> Vec<(String, Act)> {
        let all = &self.answered[self.answered.len().saturating_sub(WINDOW)..];
        let mut chosen = BTreeMap::new();
        for _ in 0..most.min(all.len()) {
            let place = usize::try_from(below(all.len() as u64)).unwrap_or(0);
            chosen.insert(all[place].clone(), self.commands[&all[place]].clone());
        }
        chosen.into_iter().collect()
    }

    pub(crate) fn wrong(&mut self, fault: String) {
        self.faults.push(fault);
    }

    pub(crate) fn faults(&self) -> &[String] {
        &self.faults
    }

    /// Commands that were answered, that are gone, and that are there more than once.
    pub(crate) fn counts(&self) -> (usize, u64, u64) {
        (self.acknowledged.len(), self.lost, self.duplicated)
    }

    /// What all answered commands make.
    pub(crate) fn state(&self) -> State {
        let mut state = State { cash: super::venue::FIRST_CASH, ..State::default() };
        for (id, act) in self.commands.iter().filter(|(id, _)| self.acknowledged.contains(*id)) {
            match act {
                Act::Deposit => state.cash += 1,
                Act::Trade(lots) => {
                    state.trades.insert(id.clone(), *lots);
                    state.lots += lots;
                }
                Act::Order => {
                    state.orders.insert(id.clone());
                }
                Act::Cancel(_) => {}
            }
        }
        for (id, act) in &self.commands {
            if let Act::Cancel(order) = act
                && self.acknowledged.contains(id)
            {
                state.orders.remove(order);
            }
        }
        state
    }

    /// Compares with what was found; what was sent and not answered may be there or not, and whole in either case.
    pub(crate) fn compare(&mut self, found: &State) {
        let (own, open) = (self.state(), self.unacknowledged());
        let count = |wanted: fn(&Act) -> bool| {
            i64::try_from(open.iter().filter(|(_, act)| wanted(act)).count()).unwrap_or(i64::MAX)
        };
        let deposits = count(|act| *act == Act::Deposit);
        if found.cash < own.cash {
            self.lost += own.cash.abs_diff(found.cash);
        } else if found.cash > own.cash + deposits {
            self.duplicated += found.cash.abs_diff(own.cash + deposits);
        }
        self.lost += own.trades.keys().filter(|id| !found.trades.contains_key(*id)).count() as u64;
        for (id, lots) in &found.trades {
            let sent = self.commands.get(id);
            if sent != Some(&Act::Trade(*lots)) {
                self.faults.push(format!("trade {id} of {lots} lots was never sent: {sent:?}"));
            }
        }
        // A trade that is there moved its lots, once.
        let moved: i64 = found.trades.values().sum();
        if moved != found.lots {
            self.duplicated += moved.abs_diff(found.lots);
            self.faults.push(format!("{} lots are held, {moved} were traded", found.lots));
        }
        let cancelled = |id: &str| open.iter().any(|(_, act)| *act == Act::Cancel(id.to_owned()));
        let gone = own.orders.iter().filter(|id| !found.orders.contains(*id) && !cancelled(id));
        self.lost += gone.count() as u64;
        for id in found.orders.difference(&own.orders) {
            let is_open = open.iter().any(|(own, act)| own == id && *act == Act::Order);
            if !is_open {
                self.duplicated += 1;
                self.faults.push(format!("order {id} works, and was cancelled or never sent"));
            }
        }
    }
}
