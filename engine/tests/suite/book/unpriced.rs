//! Contracts, prices, rates, bands and methods that are gone: what is shown without them, and what is still possible.

use std::sync::Arc;

use plimsoll_engine::group::HouseSnapshot;
use plimsoll_engine::parameters::Definition;
use plimsoll_engine::parameters::{Digest, ParameterSet, RoundingProfile, build, sample};

use super::desk::{Desk, money, text};

const FUTURE: &str = "HCL FUT 202612";
const OPTION: &str = "HCLO OOF 202612 C 70.00";

/// The sample exchange with something taken away.
fn set_without(without: impl Fn(&mut Definition)) -> ParameterSet {
    let mut definition = sample::definition();
    without(&mut definition);
    build(&definition, Digest([8; 32]), RoundingProfile::Exact, Default::default()).unwrap().0
}

/// Crude oil is not listed any more.
fn without_crude(definition: &mut Definition) {
    let is_crude = |product: &str| product == "HCL" || product == "HCLO";
    for family in definition.families.iter_mut().filter(|own| is_crude(own.product.as_str())) {
        family.contracts.clear();
        family.series.clear();
    }
}

/// The house under another set, as a server makes it of the one before.
fn under(before: &HouseSnapshot, set: ParameterSet, desk: &Desk) -> HouseSnapshot {
    let (bands, schedule) = (Default::default(), before.schedule().clone());
    let house = HouseSnapshot::new(before.version() + 1, Arc::new(set), &desk.registry, bands, schedule);
    let mut retained = (**before.retained()).clone();
    retained.extend(house.lost_since(before));
    house.with_retained(Arc::new(retained))
}

#[test]
fn a_house_remembers_the_money_and_the_risk_of_what_it_once_had() {
    let mut desk = Desk::sample("100000");
    let (future, option) = (desk.contract(FUTURE), desk.contract(OPTION));
    let (mark, premium) = (desk.mark(FUTURE), desk.mark(OPTION));
    desk.trade("T", 1, FUTURE, mark);
    let one = desk.standing().initial.requirement;
    let less = under(&desk.house, set_without(without_crude), &desk);
    assert!(less.contract(future).is_none() && less.contract(option).is_none());
    let known = less.known(future).unwrap();
    assert_eq!((known.mark, known.is_paid, known.is_option), (Some(mark), false, false));
    assert_eq!(
        text(
            known
                .money_at(mark.plus("1".parse().unwrap()).unwrap(), -2)
                .unwrap()
                .minus(known.money_at(mark, -2).unwrap())
                .unwrap()
        ),
        "-2000.000000"
    );
    let risk = &less.retained()[&future].risk;
    assert_eq!((risk.len(), risk[0].currency.as_str()), (1, "USD"));
    assert!(risk[0].long >= one && risk[0].long <= one.plus(one).unwrap(), "{risk:?}");
    assert!(risk[0].short.is_positive());
    let option = less.known(option).unwrap();
    assert_eq!((option.mark, option.is_paid), (Some(premium), true));
    // What comes back is what it is then; what goes again is remembered as it was last.
    let again = under(&less, set_without(|_| ()), &desk);
    assert!(again.contract(future).is_some());
    assert_eq!(again.lost_since(&less), Vec::new());
    assert_eq!(less.lost_since(&again).len(), less.retained().len());
    // What nobody ever listed is not known.
    let unknown = HouseSnapshot::new(
        1,
        Arc::new(set_without(without_crude)),
        &desk.registry,
        Default::default(),
        Default::default(),
    );
    assert_eq!(unknown.known(future), None);
    assert!(money("0").is_zero());
}
