//! Spreads between commodities that are formed from net deltas.

use std::collections::BTreeMap;

use num_traits::{Signed, Zero};
use plimsoll_engine::parameters::{
    AwayLegDefinition, ChargeMethod, ClearSpreadDefinition, LegDefinition, LegPlace,
    ScanningSpreadDefinition, Side, SpreadDefinition, TierDefinition,
};

use plimsoll_engine::types::Decimal;

use super::buckets::is_dated;
use super::scan::covers;
use super::{Account, Exact, Method, exact, power_of_ten, whole};

/// A spread of a container; of one priority those from net deltas come first.
enum Spread<'a> {
    Delta(&'a SpreadDefinition),
    Scanning(&'a ScanningSpreadDefinition),
}

/// What is left of deltas at other clearing organisations, by house, commodity and tier.
pub(super) type Elsewhere = BTreeMap<(String, String, i32), Exact>;

fn place(leg: &AwayLegDefinition) -> (String, String, i32) {
    (leg.house.to_string(), leg.commodity.to_string(), leg.tier)
}

struct Leg<'a> {
    commodity: usize,
    tier: &'a TierDefinition,
    definition: &'a LegDefinition,
}

impl<'a> Method<'a> {
    /// Evaluates the super-spreads or the others.
    pub(super) fn evaluate(&self, is_super: bool, accounts: &mut BTreeMap<usize, Account<'a>>) {
        let definition = self.definition;
        let delta_based = if is_super { &definition.super_spreads } else { &definition.inter_spreads };
        let scanning = definition.scanning_spreads.iter().filter(|spread| spread.is_super == is_super);
        let mut spreads: Vec<(u32, Spread<'_>)> = Vec::new();
        spreads.extend(delta_based.iter().map(|spread| (spread.priority, Spread::Delta(spread))));
        spreads.extend(scanning.map(|spread| (spread.priority, Spread::Scanning(spread))));
        spreads.sort_by_key(|(priority, _)| *priority);
        for (_, spread) in spreads {
            match spread {
                Spread::Delta(spread) => self.form(spread, &[], is_super, accounts, &mut Elsewhere::new()),
                Spread::Scanning(spread) => self.merge(spread, accounts),
            }
        }
    }

    /// Evaluates the super-spreads with other clearing organisations, or the others.
    pub(super) fn evaluate_clear(
        &self,
        is_super: bool,
        accounts: &mut BTreeMap<usize, Account<'a>>,
        elsewhere: &mut Elsewhere,
    ) {
        let own = self.definition.clear_spreads.iter().filter(|spread| spread.is_super == is_super);
        let mut spreads: Vec<&ClearSpreadDefinition> = own.collect();
        spreads.sort_by_key(|spread| spread.home.priority);
        for spread in spreads {
            self.form(&spread.home, &spread.away, is_super, accounts, elsewhere);
        }
    }

    pub(super) fn index(&self, code: &plimsoll_engine::types::CommodityCode) -> usize {
        self.definition.commodities.iter().position(|own| own.code == *code).expect("a known commodity")
    }

    fn leg(&self, leg: &'a LegDefinition) -> Leg<'a> {
        let commodity = self.index(&leg.commodity);
        let LegPlace::Tier(number) = leg.place else { panic!("legs between commodities are tiers") };
        let mut tiers = self.definition.commodities[commodity].terms.inter_tiers.iter();
        let tier = tiers.find(|tier| tier.number == number).expect("a known tier");
        Leg { commodity, tier, definition: leg }
    }

    fn form(
        &self,
        spread: &'a SpreadDefinition,
        away: &[AwayLegDefinition],
        is_super: bool,
        accounts: &mut BTreeMap<usize, Account<'a>>,
        elsewhere: &mut Elsewhere,
    ) {
        let mut lefts: Vec<(Leg<'a>, Exact)> = Vec::new();
        for leg in &spread.legs {
            let leg = self.leg(leg);
            let account = accounts.get(&leg.commodity).filter(|account| !account.is_merged);
            let left = account.map_or_else(Exact::zero, |account| account.left_in(leg.tier));
            lefts.push((leg, left));
        }
        let mut all: Vec<(Side, Decimal, Exact)> = lefts
            .iter()
            .map(|(leg, left)| (leg.definition.side, leg.definition.ratio, left.clone()))
            .collect();
        for leg in away {
            let left = elsewhere.get(&place(leg)).cloned().unwrap_or_default();
            all.push((leg.side, leg.ratio, left));
        }
        let a_is_long = |(side, _, left): &(Side, Decimal, Exact)| left.is_positive() == (*side == Side::A);
        let signs_fit = all.iter().all(a_is_long) || !all.iter().any(a_is_long);
        if !signs_fit || all.iter().any(|(_, _, left)| left.is_zero()) {
            return;
        }
        let counts = all.iter().map(|(_, ratio, left)| left.abs() / exact(*ratio));
        let count = self.places.count(counts.min().expect("has legs"));
        for leg in away {
            let left = elsewhere.get_mut(&place(leg)).expect("not nothing");
            let used = self.places.delta(&count * exact(leg.ratio)).min(left.abs());
            *left -= if left.is_negative() { -used } else { used };
        }
        for (leg, left) in &lefts {
            let wanted = &count * exact(leg.definition.ratio);
            let used = self.places.delta(wanted).min(left.abs());
            let account = accounts.get_mut(&leg.commodity).expect("an account");
            let credit = self.credit(spread, leg, is_super, (&count, &used), account);
            account.numbers.inter += credit;
            note(spread, leg, is_super, account);
            match (away, is_super) {
                ([], _) => {}
                (_, true) => _ = account.numbers.steps.insert("super-credit against delta held elsewhere"),
                (_, false) => _ = account.numbers.steps.insert("credit against delta held elsewhere"),
            }
            account.take(leg.tier, &if left.is_negative() { -used } else { used }, is_super);
        }
        if spread.legs.len() > 2 {
            for (leg, _) in &lefts {
                accounts
                    .get_mut(&leg.commodity)
                    .expect("an account")
                    .numbers
                    .steps
                    .insert("spread of three legs");
            }
        }
    }

    fn credit(
        &self,
        spread: &SpreadDefinition,
        leg: &Leg<'_>,
        is_super: bool,
        (count, used): (&Exact, &Exact),
        account: &mut Account<'_>,
    ) -> Exact {
        let own = &leg.definition.rates;
        let rate = self.rate(if own.is_empty() { &spread.rates } else { own });
        if spread.charge == ChargeMethod::Flat {
            return self.places.money(count * rate * power_of_ten(account.commodity.terms.risk_exponent));
        }
        let weighted = self.weighted_of_leg(leg.tier, is_super, account);
        if self.places.is_cme() && is_dated(leg.tier) {
            return self.places.money(self.places.weighted(weighted * rate) * used);
        }
        weighted * used * rate
    }

    /// Weighted price risk of the leg's tier, in a super-spread at most scan risk for each unit of net delta.
    fn weighted_of_leg(&self, tier: &TierDefinition, is_super: bool, account: &mut Account<'_>) -> Exact {
        let numbers = &mut account.numbers;
        let (scan, net_delta, weighted) = if is_dated(tier) {
            let (scan, price) = self.of_tier(&account.held, tier, &numbers.long_value);
            let inside = account.at_start.iter().filter(|(month, _)| covers(tier, **month));
            let net_delta: Exact = inside.map(|(_, delta)| delta).sum();
            let weighted =
                self.weighted(account.commodity, &price, &net_delta, Some(tier), &mut numbers.steps);
            (scan, net_delta, weighted)
        } else {
            (numbers.scan.clone(), numbers.net_delta.clone(), numbers.weighted.clone())
        };
        if !is_super || net_delta.is_zero() {
            return weighted;
        }
        let cap = self.places.weighted(scan.max(whole(0)) / net_delta.abs());
        if cap < weighted {
            numbers.steps.insert("weighted price risk of a super-spread capped by scan risk");
        }
        weighted.min(cap)
    }
}

fn note(spread: &SpreadDefinition, leg: &Leg<'_>, is_super: bool, account: &mut Account<'_>) {
    let steps = &mut account.numbers.steps;
    steps.insert(match (is_super, spread.charge == ChargeMethod::Flat) {
        (true, true) => "flat super-spread",
        (true, false) => "weighted super-spread",
        (false, true) => "flat inter-commodity spread",
        (false, false) => "weighted inter-commodity spread",
    });
    if is_dated(leg.tier) {
        steps.insert("credit of a dated tier");
    }
    if !leg.definition.rates.is_empty() {
        steps.insert("rate of a single leg");
    }
    if spread.legs.iter().filter(|other| other.commodity == leg.definition.commodity).count() > 1 {
        steps.insert("two tiers of one commodity in one spread");
    }
    if !account.added.is_empty() {
        steps.insert("credit of a target");
    }
}
