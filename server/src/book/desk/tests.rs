//! A house that uses other sets, and what it remembers.

use plimsoll_engine::parameters::{Digest, RoundingProfile, build, sample};

use super::*;

/// A set of the sample exchange, without its options.
fn futures_only() -> Arc<ParameterSet> {
    let mut definition = sample::definition();
    definition.families.iter_mut().for_each(|family| family.series.clear());
    let built = build(&definition, Digest([9; 32]), RoundingProfile::Exact, Default::default());
    Arc::new(built.unwrap().0)
}

#[test]
fn what_a_set_lacks_is_remembered_and_stored() {
    let built = build(&sample::definition(), Digest([1; 32]), RoundingProfile::Exact, Default::default());
    let (whole, less) = (Arc::new(built.unwrap().0), futures_only());
    let desk = Desk::new(whole.house().clone(), Arc::default(), HouseState::default());
    let first = desk.snapshot(Some(&whole)).unwrap().unwrap();
    let option = whole.listings().quoted().find(|own| own.key.option.is_some()).unwrap();
    let is_paid = option.valuation == plimsoll_engine::parameters::Valuation::PremiumStyle;
    let id = desk.contracts().all.id(&option.key).unwrap();
    assert!(first.retained().is_empty());
    let second = desk.snapshot(Some(&less)).unwrap().unwrap();
    assert!(second.contract(id).is_none());
    let known = second.known(id).unwrap();
    assert_eq!((known.mark, known.is_paid, known.is_option), (option.price, is_paid, true));
    assert!(second.retained()[&id].risk[0].short.is_positive());
    let stored = HouseState::stored(&desk.contracts(), &desk.stated()).unwrap();
    let restored = HouseState::restored(&stored, Sequence(1)).unwrap();
    assert_eq!(restored.stated.retained, *second.retained());
    // A record says the same.
    let mut replayed = HouseState::default();
    let lost = second.retained().iter().map(|(id, own)| (*id, own.clone())).collect();
    replayed.apply(Sequence(7), HouseChange::Retained(lost)).unwrap();
    assert_eq!((&replayed.stated.retained, replayed.stated.version), (second.retained(), 0));
}

#[test]
fn another_set_is_another_version_however_it_is_noticed() {
    let set = |digest| {
        let built =
            build(&sample::definition(), Digest([digest; 32]), RoundingProfile::Exact, Default::default());
        Arc::new(built.unwrap().0)
    };
    let sets = [set(1), set(2), set(3)];
    let desk = Desk::new(sets[0].house().clone(), Arc::default(), HouseState::default());
    let version = |set| desk.snapshot(Some(set)).unwrap().unwrap().version();
    let first = version(&sets[0]);
    // Nothing is stated, and what is stated is refused.
    let later = Moment::from_seconds(10, 0).unwrap();
    desk.update_market(Some(&sets[0]), later, &[], &Until::NEVER).unwrap();
    let second = version(&sets[0]);
    let third = desk.state_contracts(Some(&sets[1]), Vec::new(), &Until::NEVER).unwrap().0.version();
    assert!(first < second && second < third);
    assert!(
        desk.update_market(Some(&sets[2]), Moment::EPOCH, &[], &Until::NEVER).is_err(),
        "it is of before"
    );
    assert!(version(&sets[2]) > third);
}
