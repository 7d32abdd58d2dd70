//! What differs between a standing that was moved on with every change and one that is formed anew: every part of it is compared.

use std::sync::Arc;

use super::held::{GridHeld, Held, SpanHeld};
use super::reserved::AccountStanding;
use super::standing::Standing;
use crate::parameters::CommodityIndex;
use crate::scenario::Row;
use crate::span::Portfolio;

/// Names of parts that differ.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn compare<T: PartialEq>(&mut self, what: impl FnOnce() -> String, kept: &T, anew: &T) {
        if kept != anew {
            self.0.push(what());
        }
    }
}

/// The parts of a standing that is kept which are not those of one that is formed anew; none where both say the same.
///
/// A part that the search has found is compared where both have it: what is kept may know more, or less, than was asked for anew.
#[must_use]
pub fn differences(kept: &Standing, anew: &Standing) -> Vec<String> {
    // Every part is named here, so that a new one is compared too.
    let Standing {
        currency,
        version,
        currencies,
        assets,
        accounts,
        initial,
        maintenance,
        with_orders,
        found,
        payable,
        unmargined,
        missing,
        depth,
        work,
        rests_on,
    } = kept;
    let mut own = Differences::default();
    own.compare(|| format!("currency: {currency} is kept"), currency, &anew.currency);
    own.compare(|| format!("version: {version} is kept"), version, &anew.version);
    own.compare(|| "assets".to_owned(), assets, &anew.assets);
    own.compare(|| "positions without a price".to_owned(), unmargined, &anew.unmargined);
    own.compare(|| "what is missing".to_owned(), missing, &anew.missing);
    own.compare(|| "what the numbers rest on".to_owned(), rests_on, &anew.rests_on);
    let rooms = [("initial", initial, &anew.initial), ("maintenance", maintenance, &anew.maintenance)];
    for (what, kept, anew) in rooms {
        own.compare(|| format!("{what}: {kept:?} is kept, {anew:?} is right"), kept, anew);
    }
    // With the orders the number is that of the bound or of the search: those of one kind are equal.
    if depth == &anew.depth || (kept.is_searched() && anew.is_searched()) {
        let rooms = [
            ("with orders", with_orders, &anew.with_orders),
            ("found", found, &anew.found),
            ("payable", payable, &anew.payable),
        ];
        for (what, kept, anew) in rooms {
            own.compare(|| format!("{what}: {kept:?} is kept, {anew:?} is right"), kept, anew);
        }
        own.compare(|| "balances by currency".to_owned(), currencies, &anew.currencies);
        own.compare(|| format!("work: {work:?} is kept, {:?} is right", anew.work), work, &anew.work);
    }
    own.compare_accounts(accounts, &anew.accounts);
    own.0
}

impl Differences {
    fn compare_accounts(&mut self, kept: &[Arc<AccountStanding>], anew: &[Arc<AccountStanding>]) {
        let names =
            |own: &[Arc<AccountStanding>]| own.iter().map(|own| own.netted.clone()).collect::<Vec<_>>();
        self.compare(|| "which margin accounts there are".to_owned(), &names(kept), &names(anew));
        for (kept, anew) in kept.iter().zip(anew).filter(|(kept, anew)| kept.netted == anew.netted) {
            let AccountStanding { netted, held, outlay, bound, searched, unpriced } = &**kept;
            let part = |what: &str| format!("{netted:?}: {what}");
            self.compare(|| part("what its orders cost"), outlay, &anew.outlay);
            self.compare(|| part("the bound of its orders"), bound, &anew.bound);
            self.compare(|| part("its orders without a price"), unpriced, &anew.unpriced);
            if let (Some(kept), Some(anew)) = (searched, &anew.searched) {
                self.compare(|| part("the search over its orders"), kept, anew);
            }
            if !is_same(held, &anew.held) {
                self.0.push(part("its positions"));
            }
        }
    }
}

/// Whether positions are the same, under the same model, with the same requirement.
fn is_same(kept: &Held, anew: &Held) -> bool {
    match (kept, anew) {
        (Held::Span(kept), Held::Span(anew)) => {
            let SpanHeld { set, portfolio, pockets, levels, required } = kept;
            set.id() == anew.set.id()
                && portfolio.margining() == anew.portfolio.margining()
                && positions(portfolio).eq(positions(&anew.portfolio))
                && *pockets == anew.pockets
                && *levels == anew.levels
                && *required == anew.required
        }
        (Held::Grid(kept), Held::Grid(anew)) => {
            let GridHeld { catalogue, lots, required, value } = kept;
            Arc::ptr_eq(catalogue, &anew.catalogue)
                && *lots == anew.lots
                && *required == anew.required
                && *value == anew.value
        }
        (Held::Nothing(kept), Held::Nothing(anew)) => kept == anew,
        (Held::Span(_) | Held::Grid(_) | Held::Nothing(_), _) => false,
    }
}

/// What is held of each row; one of which nothing is left may stand there still.
fn positions(portfolio: &Portfolio) -> impl Iterator<Item = (CommodityIndex, Row, i64)> + '_ {
    let held =
        portfolio.holdings().iter().flat_map(|own| own.positions.iter().map(|held| (own.commodity, held)));
    let lots = held.map(|(commodity, (row, lots))| (commodity, *row, lots.get()));
    lots.filter(|(_, _, lots)| *lots != 0)
}
