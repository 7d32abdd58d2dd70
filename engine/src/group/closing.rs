//! The end of a group: one that has nothing is closed. Its name is not used again, so that whatever names it means one group for ever.

use super::event::Event;
use super::outcome::{Refusal, RefusalReason};
use super::state::Group;

/// What a group has, by name: nothing of it may be left when it is closed. Accounts that hold nothing are no obstacle.
fn belongings(group: &Group) -> Vec<&'static str> {
    let accounts = &group.position_accounts;
    let all = [
        ("cash", group.cash.values().any(|amount| !amount.is_zero())),
        ("assets", group.assets.values().any(|quantity| !quantity.is_zero())),
        ("positions", accounts.values().flat_map(|own| own.holdings.values()).any(|own| !own.is_nothing())),
        ("money that is due", !group.payables.is_empty()),
        ("deliveries", !group.deliveries.is_empty()),
        ("working orders", !group.orders.is_empty()),
        ("open exceptions", group.exceptions.values().any(|item| item.resolution.is_none())),
    ];
    all.into_iter().filter(|(_, has_it)| *has_it).map(|(name, _)| name).collect()
}

/// Closes a group; no events where it has been closed before.
///
/// # Errors
/// Refused with [`RefusalReason::GroupNotEmpty`], which says what the group has.
pub fn close(group: &Group) -> Result<Vec<Event>, Refusal> {
    if group.is_closed {
        return Ok(Vec::new());
    }
    let belongings = belongings(group);
    if belongings.is_empty() {
        return Ok(vec![Event::GroupClosed]);
    }
    Err(Refusal::new(RefusalReason::GroupNotEmpty, format!("the group has {}", belongings.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::super::exception::{About, ExceptionItem, ExceptionKind};
    use super::super::position::{Holding, Keeping, PositionAccount};
    use super::super::state::{GroupKey, Origin};
    use super::*;
    use crate::contract::{ContractKey, Period, ProductType, Registry};
    use crate::types::{Code, Currency, Decimal, Money, Quantity};

    fn group() -> Group {
        let key = GroupKey { house: Code::new("H").unwrap(), name: Code::new("G").unwrap() };
        Group::new(key, Code::new("M").unwrap(), Origin::Client, Currency::new("USD").unwrap())
    }

    fn refused(change: impl FnOnce(&mut Group)) -> String {
        let mut group = group();
        change(&mut group);
        let refusal = close(&group).unwrap_err();
        assert_eq!(refusal.reason, RefusalReason::GroupNotEmpty);
        refusal.detail
    }

    #[test]
    fn only_what_has_nothing_is_closed() {
        let usd = || Currency::new("USD").unwrap();
        let cent = Money::from_decimal("0.000001".parse::<Decimal>().unwrap()).unwrap();
        let account = |holding: Holding| {
            let key = ContractKey {
                house: Code::new("H").unwrap(),
                exchange: Code::new("X").unwrap(),
                product: Code::new("F").unwrap(),
                product_type: ProductType::Future,
                period: Period::new("202612").unwrap(),
                underlying_period: None,
                option: None,
            };
            let contract = Registry::default().intern(key, None).unwrap();
            let holdings = [(contract, holding)].into();
            PositionAccount { margin_account: Code::new("M").unwrap(), keeping: Keeping::Gross, holdings }
        };
        let name = || Code::new("A").unwrap();
        assert_eq!(
            refused(|own| {
                own.cash.insert(usd(), cent);
            }),
            "the group has cash"
        );
        let one = Quantity::from_decimal_half_away(Decimal::ONE).unwrap();
        assert_eq!(
            refused(|own| {
                own.assets.insert(Code::new("BOND").unwrap(), one);
            }),
            "the group has assets"
        );
        // Lots against each other, and variation that is not settled, are positions.
        for holding in [
            Holding { long: 1, short: 1, ..Holding::default() },
            Holding { basis: cent, ..Holding::default() },
        ] {
            let account = account(holding);
            assert_eq!(
                refused(|own| drop(own.position_accounts.insert(name(), account))),
                "the group has positions"
            );
        }
        let item =
            ExceptionItem { kind: ExceptionKind::UnknownTrade, about: About::default(), resolution: None };
        assert_eq!(
            refused(|own| drop(own.exceptions.insert(1, item.clone()))),
            "the group has open exceptions"
        );
        let mut group = group();
        group.exceptions.insert(1, ExceptionItem { resolution: Some("seen".to_owned()), ..item });
        group.cash.insert(usd(), Money::ZERO);
        group.position_accounts.insert(name(), account(Holding::default()));
        for event in close(&group).unwrap() {
            group.apply(&event).unwrap();
        }
        assert!(group.is_closed);
        assert_eq!(close(&group), Ok(Vec::new()));
    }
}
