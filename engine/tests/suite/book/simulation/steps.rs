//! Steps of the simulation: what is sent, and what the auditor expects of it.

mod exercises;
mod money;
mod orders;
mod trades;

use plimsoll_engine::group::{Body, Fact, Request};
use plimsoll_engine::types::Decimal;

use super::super::desk::{Desk, code, day};
use super::auditor::{Auditor, Verdict};
use super::terms::{Account, LINKS};
use crate::generate::Dice;

/// What a step is made with.
pub(super) struct Hand<'a> {
    pub(super) desk: &'a mut Desk,
    pub(super) auditor: &'a mut Auditor,
    pub(super) dice: &'a mut Dice,
}

/// The auditor looks at every outcome of the working orders.
const MOST_OUTCOMES: i64 = 81;

pub(super) fn step(hand: &mut Hand<'_>) -> (Body, Verdict) {
    match hand.dice.between(1, 120) {
        1..=35 if hand.auditor.outcomes() < MOST_OUTCOMES => hand.new_order(),
        115..=117 => hand.run_otherwise(),
        118 => hand.resolution(),
        1..=60 | 121.. => hand.trade(),
        61..=72 => {
            let id = hand.auditor.some_order(hand.dice);
            (Body::Fact(Fact::Cancelled(code(&id))), hand.auditor.cancelled(&id))
        }
        73..=78 => {
            let id = hand.auditor.some_trade(hand.dice);
            (Body::Fact(Fact::Bust(code(&id), day(18))), hand.auditor.busted(&id))
        }
        79..=84 => hand.deposit(),
        85..=90 => hand.withdrawal(),
        // The month ends.
        91..=95 if hand.auditor.today() < 29 => hand.run(),
        96..=97 => {
            let link = *hand.dice.pick::<&str>(&LINKS);
            (Body::Request(Request::ResetLink(code(link))), hand.auditor.link_reset(link))
        }
        98..=106 => hand.exercise(),
        107..=108 => hand.delivery(),
        109..=114 if hand.auditor.outcomes() < MOST_OUTCOMES => hand.forced_close(),
        _ => (Body::Fact(Fact::DayEnded(day(18))), hand.auditor.day_ended()),
    }
}

fn shifted(mark: Decimal, tenths: i64) -> Decimal {
    let shift = Decimal::new(tenths, 1).unwrap();
    mark.plus(shift).filter(|price| price.is_positive()).unwrap_or(mark)
}

impl Hand<'_> {
    fn account(&mut self) -> Account {
        if self.dice.chance(65) { "A" } else { "B" }
    }

    /// The account as it is told: sometimes one that nobody has.
    fn told(&mut self, account: Account) -> &'static str {
        if self.dice.chance(95) { account } else { "Z" }
    }

    /// A price about the mark.
    fn price(&mut self, name: &str, steps: i64) -> Decimal {
        let steps = self.dice.between(-steps, steps) * self.auditor.tick();
        shifted(self.desk.mark(name), steps)
    }
}
