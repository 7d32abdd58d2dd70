//! Every number of a margin in the report's currency, at six places.

use super::totals::Converter;
use super::{
    AwayLegReport, CommodityReport, DeliveryReport, InterSpreadLegReport, InterSpreadReport,
    IntraSpreadReport, PeriodDelta, ScanPartReport, ScanningLegReport, ScanningSpreadReport,
};
use crate::parameters::{Commodity, ParameterSet, RoundingProfile};
use crate::span::{
    AwayFormedLeg, CommodityMargin, DeliveryFormed, InterFormed, IntraFormed, PartKind, ScanPart,
    ScanningFormed, SpanMargin, weighted_price_risk_half_away,
};
use crate::types::{Amount, Money, Overflow};

/// What numbers are stated with.
pub(super) struct Numbers<'a, 's> {
    pub(super) set: &'s ParameterSet,
    pub(super) converter: &'a Converter<'s>,
    pub(super) rounding: RoundingProfile,
}

impl Numbers<'_, '_> {
    pub(super) fn commodity(&self, own: &CommodityMargin) -> Result<CommodityReport, Overflow> {
        let commodity = &self.set.commodities()[own.commodity.index()];
        let amount = |money: Money| self.converter.amount(commodity.currency(), money);
        let (scan, options) = (&own.scan, &own.options);
        let with_delta =
            commodity.periods().iter().zip(&own.period_deltas).filter(|(_, delta)| !delta.is_zero());
        let intra = |formed: &IntraFormed| {
            Ok(IntraSpreadReport {
                priority: formed.priority,
                side_a_long: formed.side_a_long,
                count: Amount::rounded_half_away(formed.count),
                charge: amount(formed.charge)?,
            })
        };
        let delivery = |formed: &DeliveryFormed| {
            Ok(DeliveryReport {
                period: commodity.periods()[formed.period].to_string(),
                used_delta: Amount::rounded_half_away(formed.used),
                left_delta: Amount::rounded_half_away(formed.left),
                charge: amount(formed.charge)?,
            })
        };
        Ok(CommodityReport {
            commodity: commodity.code().clone(),
            currency: self.converter.currency().clone(),
            active_scenario: scan.active_scenario.number(),
            scenario_losses: scan.scenario_losses()?.into_iter().map(amount).collect::<Result<_, _>>()?,
            scan_parts: own.parts.iter().map(|part| self.part(commodity, part)).collect::<Result<_, _>>()?,
            scan_risk: amount(scan.scan_risk)?,
            time_risk: amount(scan.time_risk)?,
            volatility_risk: amount(scan.volatility_risk)?,
            price_risk: amount(scan.price_risk)?,
            weighted_price_risk: amount(weighted_price_risk_half_away(self.set, own, self.rounding)?)?,
            net_delta: Amount::rounded_half_away(scan.net_delta),
            period_deltas: with_delta
                .map(|(period, delta)| PeriodDelta {
                    period: period.to_string(),
                    net_delta: Amount::rounded_half_away(*delta),
                })
                .collect(),
            intra_spreads: own.intra_spreads.iter().map(intra).collect::<Result<_, _>>()?,
            intra_charge: amount(own.intra_charge)?,
            delivery: own.delivery.iter().map(delivery).collect::<Result<_, _>>()?,
            delivery_charge: amount(own.delivery_charge)?,
            inter_credit: amount(own.inter_credit)?,
            short_option_minimum: amount(options.short_option_minimum)?,
            long_option_value: amount(options.long_option_value)?,
            short_option_value: amount(options.short_option_value)?,
            risk: amount(own.risk)?,
        })
    }

    fn part(&self, commodity: &Commodity, part: &ScanPart) -> Result<ScanPartReport, Overflow> {
        let amount = |money: Money| self.converter.amount(commodity.currency(), money);
        let name = match part.kind {
            PartKind::Long => "long".to_owned(),
            PartKind::Short => "short".to_owned(),
            PartKind::Rest => "rest".to_owned(),
            PartKind::Periods(range) => match &commodity.periods()[range.indexes()] {
                [first, .., last] => format!("{first}-{last}"),
                [only] => only.to_string(),
                [] => String::new(),
            },
        };
        let scan = &part.scan;
        Ok(ScanPartReport {
            part: name,
            active_scenario: scan.active_scenario.number(),
            scenario_losses: scan.scenario_losses()?.into_iter().map(amount).collect::<Result<_, _>>()?,
            scan_risk: amount(scan.scan_risk)?,
            time_risk: amount(scan.time_risk)?,
            volatility_risk: amount(scan.volatility_risk)?,
            net_delta: Amount::rounded_half_away(scan.net_delta),
        })
    }

    pub(super) fn inter_spreads(&self, margin: &SpanMargin) -> Result<Vec<InterSpreadReport>, Overflow> {
        let away = |leg: &AwayFormedLeg| AwayLegReport {
            place: self.set.away_places()[leg.place.index()].clone(),
            consumed_delta: Amount::rounded_half_away(leg.consumed),
        };
        let report = |formed: &InterFormed| {
            let legs = formed.legs.iter().map(|leg| {
                let commodity = &self.set.commodities()[leg.commodity.index()];
                Ok(InterSpreadLegReport {
                    commodity: commodity.code().clone(),
                    consumed_delta: Amount::rounded_half_away(leg.consumed),
                    credit: self.converter.amount(commodity.currency(), leg.credit)?,
                })
            });
            Ok(InterSpreadReport {
                priority: formed.priority,
                is_super: formed.is_super,
                count: Amount::rounded_half_away(formed.count),
                legs: legs.collect::<Result<_, _>>()?,
                away: formed.away.iter().map(away).collect(),
            })
        };
        margin.inter_spreads.iter().map(report).collect()
    }

    pub(super) fn scanning_spreads(
        &self,
        margin: &SpanMargin,
    ) -> Result<Vec<ScanningSpreadReport>, Overflow> {
        let report = |formed: &ScanningFormed| {
            let mut legs = Vec::with_capacity(formed.legs.len());
            for leg in &formed.legs {
                if let Some(own) = margin.merged.iter().find(|own| own.commodity == leg.commodity) {
                    let added_delta = Amount::rounded_half_away(leg.delta);
                    legs.push(ScanningLegReport { added_delta, own: self.commodity(own)? });
                }
            }
            Ok(ScanningSpreadReport {
                priority: formed.priority,
                is_super: formed.is_super,
                target: self.set.commodities()[formed.target.index()].code().clone(),
                legs,
            })
        };
        margin.scanning_spreads.iter().map(report).collect()
    }
}
