//! Scanning-based spreads: several commodities scanned as one.

use std::collections::BTreeMap;

use num_traits::Signed;
use plimsoll_engine::parameters::ScanningSpreadDefinition;

use super::buckets::Bucket;
use super::positions::Held;
use super::{Account, Exact, Method, exact, long_only};

impl<'a> Method<'a> {
    pub(super) fn merge(
        &self,
        spread: &ScanningSpreadDefinition,
        accounts: &mut BTreeMap<usize, Account<'a>>,
    ) {
        let is_present = |index: &usize| {
            accounts.get(index).is_some_and(|account| !account.is_merged && !account.held.is_empty())
        };
        let target_leg = spread.legs.iter().find(|leg| leg.is_target).expect("a target");
        let target = self.index(&target_leg.commodity);
        let needed =
            spread.legs.iter().filter(|leg| leg.is_required || (leg.is_target && spread.is_target_required));
        let others = spread.legs.iter().filter(|leg| !leg.is_target);
        let present: Vec<(usize, _)> = others
            .map(|leg| (self.index(&leg.commodity), leg))
            .filter(|(index, _)| is_present(index))
            .collect();
        let minimum = usize::try_from(spread.minimum_legs).expect("few legs");
        let all_needed = needed.into_iter().all(|leg| is_present(&self.index(&leg.commodity)));
        let is_gone = accounts.get(&target).is_some_and(|account| account.is_merged);
        // A spread of nothing would only make its target appear.
        if present.len() < minimum || !all_needed || is_gone || present.is_empty() {
            return;
        }
        let mut into = accounts.remove(&target).unwrap_or_else(|| {
            let mut empty = self.account(&self.definition.commodities[target], Vec::new());
            empty.numbers.steps.insert("target without positions");
            empty
        });
        let mut added = Exact::from_integer(0.into());
        for (index, leg) in present {
            let from = accounts.get_mut(&index).expect("present");
            let rate = self.rate(if leg.rates.is_empty() { &spread.rates } else { &leg.rates });
            for (sum, loss) in into.numbers.losses.iter_mut().zip(&from.numbers.losses) {
                *sum += if loss.is_negative() { loss * &rate } else { loss.clone() };
            }
            let left: Exact = from.buckets.iter().map(|bucket| &bucket.left).sum();
            added += left * exact(target_leg.ratio) / exact(leg.ratio);
            from.is_merged = true;
            into.added.push(index);
        }
        self.scan_again(&mut into, added, accounts);
        into.numbers.steps.insert(if spread.is_super {
            "super-spread scanned as one"
        } else {
            "spread scanned as one"
        });
        accounts.insert(target, into);
    }

    fn scan_again(&self, into: &mut Account<'a>, added: Exact, accounts: &BTreeMap<usize, Account<'a>>) {
        let numbers = &mut into.numbers;
        for loss in &mut numbers.losses {
            *loss = self.places.money(loss.clone());
        }
        let mut all: Vec<&Held> = into.held.iter().collect();
        let mut long_value = numbers.long_value.clone();
        let mut members: Vec<usize> = into.added.clone();
        while let Some(member) = members.pop() {
            let member = &accounts[&member];
            all.extend(&member.held);
            long_value += &member.numbers.long_value;
            members.extend(&member.added);
        }
        let cap = long_only(&all).then_some(long_value);
        let part = self.part(&numbers.losses, cap.as_ref());
        self.total(&[part], numbers);
        numbers.net_delta += &added;
        into.buckets.push(Bucket { months: Vec::new(), left: added });
        numbers.weighted =
            self.weighted(into.commodity, &numbers.price, &numbers.net_delta, None, &mut numbers.steps);
    }
}
