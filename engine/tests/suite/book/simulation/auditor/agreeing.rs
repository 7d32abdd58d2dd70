//! Whether the engine's group is what the naive book says.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Signed;
use plimsoll_engine::group::{Standing, bounded, searched};
use plimsoll_engine::types::Amount;

use super::super::super::desk::{Desk, text};
use super::super::world::whole;
use super::Auditor;

fn millionths(value: &BigRational) -> BigInt {
    (value * whole(1_000_000)).round().to_integer()
}

/// As the engine prints it.
fn six(value: &BigRational) -> String {
    let millionths = millionths(value);
    let sign = if millionths.is_negative() { "-" } else { "" };
    let size = millionths.abs();
    format!("{sign}{}.{:06}", &size / 1_000_000, i64::try_from(&size % 1_000_000).unwrap())
}

impl Auditor {
    /// Positions, balances and open orders of the group are those of the book.
    pub(in super::super) fn agree(&self, desk: &Desk) {
        let anew = desk.standing();
        if let Some(kept) = &desk.kept {
            let bound = bounded(&desk.group, &desk.house).unwrap();
            let kept_bound = kept.by_bound(&desk.group, &desk.house).unwrap();
            assert_eq!((kept_bound.with_orders, kept_bound.work), (bound.with_orders, bound.work));
            assert!(bound.with_orders.excess <= anew.with_orders.excess, "a longer search knows no less");
            let kept = searched(&desk.group, &desk.house, kept).unwrap();
            assert_eq!(kept.currencies, anew.currencies, "what a decision left, and what is formed anew");
            assert_eq!((kept.with_orders, kept.maintenance), (anew.with_orders, anew.maintenance));
        }
        let Standing { currencies, found, with_orders, initial, .. } = anew;
        let own = &currencies[&desk.group.currency];
        assert_eq!(text(own.cash), six(&self.cash(&self.book)), "cash");
        assert_eq!(text(own.due), six(&self.due(&self.book)), "due");
        assert_eq!(text(own.variation), six(&self.variation(&self.book)), "variation");
        assert_eq!(text(own.position_value), six(&self.position_value(&self.book)), "position value");
        let alone =
            millionths(&self.excess(&self.book)) - Amount::rounded_half_away(initial.excess).millionths();
        assert!(alone.abs() <= 2.into(), "excess without orders");
        assert!(with_orders.excess <= found.excess);
        self.positions_agree(desk);
        self.orders_agree(desk);
        let queue = desk
            .group
            .exceptions
            .iter()
            .map(|(number, own)| (*number, own.kind.name(), own.resolution.is_none()));
        let expected = self.book.queue.iter().map(|(number, own)| (*number, own.kind, own.is_open));
        assert_eq!(queue.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "the exceptions queue");
        let worst = self.worst_excess(&self.book);
        let bound = Amount::rounded_half_away(with_orders.excess).millionths();
        assert!(
            BigInt::from(bound) <= millionths(&worst) + 2,
            "the bound leaves more than the worst outcome"
        );
    }

    fn orders_agree(&self, desk: &Desk) {
        let open: Vec<(String, Vec<i64>)> = desk
            .group
            .orders
            .iter()
            .map(|(id, own)| (id.to_string(), (0..own.terms.parts()).map(|part| own.open(part)).collect()))
            .collect();
        let expected: Vec<(String, Vec<i64>)> = self
            .book
            .orders
            .working
            .iter()
            .map(|(id, own)| (id.clone(), (0..own.parts.len()).map(|part| own.open(part)).collect()))
            .collect();
        assert_eq!(open, expected, "open orders");
    }

    fn positions_agree(&self, desk: &Desk) {
        for (account, own) in &desk.group.position_accounts {
            for (name, contract) in &self.world.contracts {
                let held = own.holdings.get(&contract.id).cloned().unwrap_or_default();
                let account = if account.as_str() == "A" { "A" } else { "B" };
                assert_eq!([held.long, held.short], self.book.held(account, name), "{name} in {account}");
                if !contract.is_paid {
                    let basis = self.basis(&self.book, account, name);
                    assert_eq!(text(held.basis), six(&basis), "basis of {name} in {account}");
                }
            }
        }
    }
}
