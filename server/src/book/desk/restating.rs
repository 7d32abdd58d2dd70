//! What a house states anew as a whole: its terms and its methods. What that drops is seen to be free in the step that drops it.

use std::sync::Arc;

use plimsoll_engine::parameters::ParameterSet;
use plimsoll_engine::record::HouseChange;

use super::super::Asked;
use super::super::house::{Methods, Stated, Terms};
use super::dropping::Dropping;
use super::{Desk, NotStated, Renewed, in_time};
use crate::until::Until;

impl Desk {
    /// States the terms of the house; the snapshot that has them.
    pub(crate) fn state_terms(
        &self,
        set: Option<&Arc<ParameterSet>>,
        Asked { asked: mut terms, new }: Asked<Terms>,
        dropping: &Dropping,
        until: &Until,
    ) -> Result<Renewed, NotStated> {
        let mut stated = self.stated();
        self.use_set(&mut stated, set)?;
        let priced = self.priced(&stated.methods, &stated.market)?;
        let freed = dropping.freed().map_err(NotStated::Reached)?;
        in_time(until)?;
        let numbers = self.make_known(&new)?;
        let known = |(id, band)| (numbers.get(&id).copied().unwrap_or(id), band);
        terms.bands = terms.bands.into_iter().map(known).collect();
        let bands = terms.bands.iter().map(|(id, band)| (*id, *band)).collect();
        let change = HouseChange::Terms(bands, terms.schedule.clone(), terms.fees.clone());
        let made = (change, |stated: &mut Stated| stated.terms = terms);
        let renewed = self.changed(&mut stated, set, priced, made)?;
        freed.dropped();
        Ok(renewed)
    }

    /// Methods beside those that are stated now; of one name the new one.
    pub(crate) fn with_stated_methods(&self, methods: Methods) -> Methods {
        let mut all = self.stated().methods.clone();
        all.extend(methods);
        all
    }

    /// States the methods of the house. What they drop is `dropping`, if they drop anything.
    pub(crate) fn state_methods(
        &self,
        set: Option<&Arc<ParameterSet>>,
        methods: Methods,
        dropping: Option<&Dropping>,
        until: &Until,
    ) -> Result<Renewed, NotStated> {
        let mut stated = self.stated();
        self.use_set(&mut stated, set)?;
        // Whether they margin books is seen before they are written down, and whether what they drop is free.
        let priced = self.priced(&methods, &stated.market)?;
        let freed = dropping.map(Dropping::freed).transpose().map_err(NotStated::Reached)?;
        in_time(until)?;
        let texts = methods.iter().map(|(name, own)| (name.clone(), own.text.to_string()));
        let made = (HouseChange::Methods(texts.collect()), |stated: &mut Stated| stated.methods = methods);
        let renewed = self.changed(&mut stated, set, priced, made)?;
        if let Some(freed) = freed {
            freed.dropped();
        }
        Ok(renewed)
    }
}
