//! What a fill does to the orders of the naive book: its own, those that it is linked with, and those that may reduce only.

use std::collections::{BTreeMap, BTreeSet};

use num_rational::Ratio;
use plimsoll_engine::group::{Enforcement, LinkRule, OnFill};

use super::terms::{Account, Order, Told, rule_of};

/// What has filled of a link.
#[derive(Clone, Default)]
pub(super) struct LinkFills {
    count: i64,
    pub(super) is_exhausted: bool,
    /// Lots filled, of all lots, of orders that work no more.
    closed: Vec<(i64, i64)>,
}

impl LinkFills {
    /// Whether nothing of it has filled.
    pub(super) fn is_untouched(&self) -> bool {
        self.count == 0 && !self.is_exhausted
    }
}

/// The working orders and what they leave behind.
#[derive(Clone, Default)]
pub(super) struct Orders {
    pub(super) working: BTreeMap<String, Order>,
    pub(super) dead: BTreeSet<String>,
    /// Links of which something has filled.
    pub(super) links: BTreeMap<&'static str, LinkFills>,
    accepted: u64,
}

impl Orders {
    pub(super) fn accept(&mut self, id: &str, order: &Order) {
        self.accepted += 1;
        self.working.insert(id.to_owned(), Order { accepted: self.accepted, ..order.clone() });
    }

    pub(super) fn close(&mut self, id: &str) {
        let Some(order) = self.working.remove(id) else { return };
        if let Some(link) = order.link.and_then(|link| self.links.get_mut(link))
            && order.whole() > 0
        {
            link.closed.push((order.whole(), order.lots));
        }
        self.dead.insert(id.to_owned());
    }

    /// Whether a trade leaves its link more filled than that allows.
    pub(super) fn is_beyond(&self, order: &Order, part: usize, told: &Told) -> bool {
        let Some(link) = order.link else { return false };
        let LinkRule::MostFilled(most) = rule_of(link).0 else { return false };
        let begun = (order.parts[part].filled + told.lots.abs()).max(order.begun());
        self.links.get(link).map_or(0, |own| own.count) + begun - order.begun() > most
    }

    /// Fills a part of an order; the orders that this closes, in their order.
    pub(super) fn fill(&mut self, id: &str, part: usize, lots: i64) -> Vec<String> {
        let own = self.working.get_mut(id).unwrap();
        let before = own.begun();
        own.parts[part].filled += lots.min(own.open(part));
        let (is_filled, link, begun) = (own.is_over(), own.link, own.begun());
        let mut closed: Vec<String> = is_filled.then(|| id.to_owned()).into_iter().collect();
        let Some(link) = link else {
            closed.iter().for_each(|id| self.close(id));
            return closed;
        };
        let fills = self.links.entry(link).or_default();
        fills.count += begun - before;
        let others: Vec<String> = self
            .working
            .iter()
            .filter(|(other, order)| order.link == Some(link) && other.as_str() != id)
            .map(|(other, _)| other.clone())
            .collect();
        let (rule, enforcement) = rule_of(link);
        match (rule, enforcement) {
            (LinkRule::OneCancelsOther, Enforcement::Client) => fills.is_exhausted = true,
            (LinkRule::OneCancelsOther, Enforcement::VenueAtomic(OnFill::FirstHit)) => {
                fills.is_exhausted = true;
                closed.extend(others);
            }
            (LinkRule::OneCancelsOther, Enforcement::VenueAtomic(OnFill::CompleteFill)) => {
                if is_filled {
                    fills.is_exhausted = true;
                    closed.extend(others);
                }
            }
            (LinkRule::OneCancelsOther, Enforcement::VenueAtomic(OnFill::Incremental)) => {
                fills.is_exhausted = true;
                closed.extend(self.cut_shares(link, &others));
            }
            (LinkRule::MostFilled(most), Enforcement::VenueAtomic(OnFill::CompleteFill)) => {
                if fills.count >= most {
                    fills.is_exhausted = true;
                    let all = others.into_iter().chain((!is_filled).then(|| id.to_owned()));
                    closed.extend(all.filter(|id| !self.keep_begun(id)).collect::<Vec<_>>());
                }
            }
            other => panic!("{other:?} is not played"),
        }
        closed.iter().for_each(|id| self.close(id));
        closed
    }

    /// The legs of an order that are behind may still fill; whether any may.
    fn keep_begun(&mut self, id: &str) -> bool {
        let own = self.working.get_mut(id).unwrap();
        let behind: Vec<i64> = own.parts.iter().map(|part| own.begun() - part.filled).collect();
        own.keep(|part| behind[part])
    }

    /// Cuts others in proportion to what is filled, rounded up; those of which nothing is left.
    fn cut_shares(&mut self, link: &str, others: &[String]) -> Vec<String> {
        let working = self.working.values().filter(|own| own.link == Some(link));
        let working = working.map(|own| (own.whole(), own.lots));
        let shares = working.chain(self.links[link].closed.iter().copied());
        let filled: Ratio<i64> = shares.map(|(filled, lots)| Ratio::new(filled, lots)).sum();
        let left = (Ratio::from_integer(1) - filled).max(Ratio::from_integer(0));
        let mut gone = Vec::new();
        for id in others {
            let own = self.working.get_mut(id).unwrap();
            let most = own.whole() + (left * own.lots).ceil().to_integer();
            let filled: Vec<i64> = own.parts.iter().map(|part| part.filled).collect();
            if !own.keep(|part| most - filled[part]) {
                gone.push(id.clone());
            }
        }
        gone
    }

    /// What the venue cuts of its reduce-only orders in a contract of which an account has so many lots now that buying and selling may
    /// reduce: the newest first. Of orders of which it lets one fill only, what one keeps the others keep too.
    pub(super) fn reduce(&mut self, account: Account, name: &str, reducible: [i64; 2]) -> Vec<String> {
        let mut gone = Vec::new();
        for (sign, reducible) in [1, -1].into_iter().zip(reducible) {
            let mut left = reducible;
            let mut kept_of: BTreeMap<&str, i64> = BTreeMap::new();
            let is_meant = |own: &Order| own.reduced_by_venue && own.account == account;
            let mut meant: Vec<(&String, &mut Order)> =
                self.working.iter_mut().filter(|(_, own)| is_meant(own)).collect();
            meant.sort_by_key(|(_, own)| own.accepted);
            for (id, own) in meant {
                let is_exclusive = |link: &&str| {
                    let (rule, enforcement) = rule_of(link);
                    rule == LinkRule::OneCancelsOther && enforcement != Enforcement::Client
                };
                let mut most = vec![i64::MAX; own.parts.len()];
                for (part, most) in most.iter_mut().enumerate() {
                    if (own.parts[part].name, own.parts[part].sign) != (name, sign) {
                        continue;
                    }
                    let shared = own.link.filter(is_exclusive).map(|link| kept_of.entry(link).or_default());
                    let kept = shared.as_deref().copied().unwrap_or_default();
                    *most = left + kept;
                    let taken = own.open(part).min(*most);
                    left -= (taken - kept).max(0);
                    if let Some(shared) = shared {
                        *shared = kept.max(taken);
                    }
                }
                if !own.keep(|part| most[part]) {
                    gone.push(id.clone());
                }
            }
            gone.iter().for_each(|id| self.close(id));
        }
        gone
    }
}
