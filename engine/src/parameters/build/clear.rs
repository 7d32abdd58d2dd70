//! Spreads with other clearing organisations: legs here linked as those between commodities, places elsewhere listed.

use super::inter::{INTER_LIMIT, Linking};
use crate::parameters::definition::ClearSpreadDefinition;
use crate::parameters::diagnostic::Diagnostics;
use crate::parameters::inter_spread::{AwayIndex, AwayLeg, AwayPlace, DeltaSpread};

impl Linking<'_> {
    /// The places that legs elsewhere name, ascending, and the spreads, each with whether it is a super-spread.
    pub(super) fn clear_spreads(
        &self,
        diagnostics: &mut Diagnostics,
    ) -> (Vec<AwayPlace>, Vec<(bool, DeltaSpread)>) {
        let all = &self.definition.clear_spreads;
        if let Some(spread) = all.get(INTER_LIMIT) {
            let message = format!("more than {INTER_LIMIT} spreads");
            diagnostics.error(spread.home.line, "clearSpread", message);
        }
        let all = &all[..all.len().min(INTER_LIMIT)];
        let mut places: Vec<AwayPlace> = all.iter().flat_map(places_of).collect();
        places.sort_unstable();
        places.dedup();
        let spread = |spread: &ClearSpreadDefinition| {
            (spread.is_super, self.clear_spread(spread, &places, diagnostics))
        };
        let spreads = all.iter().map(spread).collect();
        (places, spreads)
    }

    fn clear_spread(
        &self,
        spread: &ClearSpreadDefinition,
        places: &[AwayPlace],
        diagnostics: &mut Diagnostics,
    ) -> DeltaSpread {
        if spread.home.legs.is_empty() || spread.away.is_empty() {
            let message = "a spread between clearing organisations needs a homeLeg and an awayLeg";
            diagnostics.error(spread.home.line, "clearSpread", message);
        }
        let legs = self.delta_legs(&spread.home, &spread.away, diagnostics);
        let own: Vec<AwayPlace> = places_of(spread).collect();
        let mut away = Vec::with_capacity(own.len());
        for (index, (leg, place)) in spread.away.iter().zip(&own).enumerate() {
            if self.definition.house.as_ref() == Some(&place.house) {
                diagnostics.error(
                    leg.line,
                    "ec",
                    format!("{} is the file's own clearing organisation", place.house),
                );
            }
            if own[..index].contains(place) {
                diagnostics.error(leg.line, "awayLeg", format!("{place} stands in two legs"));
            }
            let found = places.binary_search(place).ok().and_then(|index| u32::try_from(index).ok());
            let found = found.map(AwayIndex);
            away.extend(found.map(|place| AwayLeg { place, side: leg.side, ratio: leg.ratio.normalized() }));
        }
        DeltaSpread { priority: spread.home.priority, legs, away }
    }
}

fn places_of(spread: &ClearSpreadDefinition) -> impl Iterator<Item = AwayPlace> {
    spread.away.iter().map(|leg| AwayPlace {
        house: leg.house.clone(),
        commodity: leg.commodity.clone(),
        tier: leg.tier,
    })
}
