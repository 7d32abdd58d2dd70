//! What was there lately, to be told from what never was.

use std::collections::{BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

/// The last of many things, the oldest first, each once.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(
    from = "VecDeque<T>",
    into = "VecDeque<T>",
    bound = "T: Clone + Ord + Serialize + for<'a> Deserialize<'a>"
)]
pub struct Recent<T> {
    order: VecDeque<T>,
    known: BTreeSet<T>,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { order: VecDeque::new(), known: BTreeSet::new() }
    }
}

impl<T: Clone + Ord> From<VecDeque<T>> for Recent<T> {
    fn from(order: VecDeque<T>) -> Self {
        let known = order.iter().cloned().collect();
        Self { order, known }
    }
}

impl<T> From<Recent<T>> for VecDeque<T> {
    fn from(own: Recent<T>) -> Self {
        own.order
    }
}

impl<T: Clone + Ord> Recent<T> {
    /// Whether it is among the last.
    #[must_use]
    pub fn contains(&self, own: &T) -> bool {
        self.known.contains(own)
    }

    /// Remembers one more, and forgets the oldest beyond so many.
    pub(super) fn push(&mut self, own: T, most: usize) {
        if self.known.insert(own.clone()) {
            self.order.push_back(own);
        }
        if self.order.len() > most
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten() {
        let mut recent = Recent::default();
        for number in [1, 2, 2, 3, 4] {
            recent.push(number, 3);
        }
        assert_eq!([1, 2, 3, 4].map(|number| recent.contains(&number)), [false, true, true, true]);
        let bytes = rmp_serde::to_vec_named(&recent).unwrap();
        assert_eq!(rmp_serde::from_slice::<Recent<i32>>(&bytes).unwrap(), recent);
    }
}
