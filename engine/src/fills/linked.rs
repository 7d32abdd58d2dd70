//! What of the members of a link makes a number the largest.

use std::cmp::Ordering;

use smallvec::SmallVec;

use super::region::{Link, OpenFills, Range, Region, Weighed, left};
use crate::types::{Fixed, Overflow};

/// Members of a link, units filled, and what one of them adds.
pub(super) type Filled<U> = SmallVec<[(usize, i64, Fixed<U>); 4]>;

/// What is asked for: a number that no outcome exceeds, or an outcome that the link allows.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Asked {
    /// Where a weight does not go evenly into what is left of a sum, one unit more.
    Most,
    /// Where it does not, one unit less.
    Outcome,
}

pub(super) fn best_end<U>(unit: Fixed<U>, range: Range) -> i64 {
    if unit.is_positive() { range.high } else { range.low }
}

/// What of the members of a link makes a number the largest that grows by `unit` with every unit filled.
pub(super) fn best_of_link<U>(
    link: &Link,
    unit: impl Fn(usize) -> Fixed<U>,
    (fills, region): (&OpenFills, &Region),
    asked: Asked,
) -> Result<Filled<U>, Overflow> {
    match link {
        Link::OneOf(groups) => best_group(groups, unit, region),
        Link::OneWhole(members) => Ok(best_whole(members, unit, fills, region)),
        Link::AtMost(members, most) => Ok(best_sum(members, *most, unit, region, asked)),
    }
}

fn best_group<U>(
    groups: &[Vec<usize>],
    unit: impl Fn(usize) -> Fixed<U>,
    region: &Region,
) -> Result<Filled<U>, Overflow> {
    let range = |place: usize| region.ranges()[place];
    // Where one is filled for certain, the others cannot be.
    let certain = groups.iter().find(|group| group.iter().any(|place| range(*place).low > 0));
    let mut best: Option<(Fixed<U>, Filled<U>)> = None;
    for group in certain.map_or(groups, std::slice::from_ref) {
        let (mut sum, mut filled) = (Fixed::ZERO, Filled::new());
        for &place in group {
            let unit = unit(place);
            let units = best_end(unit, range(place));
            sum = sum.plus(unit.times_whole(units)?)?;
            filled.push((place, units, unit));
        }
        if best.as_ref().is_none_or(|(most, _)| sum > *most) {
            best = Some((sum, filled));
        }
    }
    Ok(best.map(|(_, filled)| filled).unwrap_or_default())
}

fn best_whole<U>(
    members: &[usize],
    unit: impl Fn(usize) -> Fixed<U>,
    fills: &OpenFills,
    region: &Region,
) -> Filled<U> {
    let open = |place: usize| fills.open()[place];
    let certain = members.iter().copied().find(|place| region.ranges()[*place].low >= open(*place));
    let mut filled: Filled<U> = members
        .iter()
        .map(|&place| {
            let unit = unit(place);
            (place, best_end(unit, region.ranges()[place]), unit)
        })
        .collect();
    // One is filled as a whole: that of which the last unit adds most.
    let is_whole = |own: &&(usize, i64, Fixed<U>)| own.1 >= open(own.0);
    let dearest = filled.iter().filter(is_whole).max_by_key(|own| own.2).map(|own| own.0);
    let whole = certain.or(dearest);
    for own in filled.iter_mut().filter(|own| Some(own.0) != whole) {
        own.1 = own.1.min(open(own.0) - 1);
    }
    filled
}

fn best_sum<U>(
    members: &[Weighed],
    most: i64,
    unit: impl Fn(usize) -> Fixed<U>,
    region: &Region,
    asked: Asked,
) -> Filled<U> {
    let mut left = left(members, most, |place| region.ranges()[place].low).max(0);
    let mut ordered: SmallVec<[(Weighed, Fixed<U>); 4]> =
        members.iter().map(|own| (*own, unit(own.place))).collect();
    ordered.sort_by(|a, b| per_weight(b, a));
    let filled = ordered.into_iter().map(|(Weighed { place, weight }, unit)| {
        let (Range { low, high }, weight) = (region.ranges()[place], weight.max(1));
        let fits = match asked {
            Asked::Most => left / weight + i64::from(left % weight > 0),
            Asked::Outcome => left / weight,
        };
        let more = if unit.is_positive() { (high - low).min(fits).max(0) } else { 0 };
        left = left.saturating_sub(more.saturating_mul(weight)).max(0);
        (place, low + more, unit)
    });
    filled.collect()
}

/// Compares what is added for a unit of weight.
fn per_weight<U>(a: &(Weighed, Fixed<U>), b: &(Weighed, Fixed<U>)) -> Ordering {
    if a.0.weight == b.0.weight || a.1.is_positive() != b.1.is_positive() {
        return a.1.cmp(&b.1);
    }
    // What is not positive is not filled, in whichever order.
    let size = |own: &(Weighed, Fixed<U>)| own.1.raw().unsigned_abs();
    let weight = |own: &(Weighed, Fixed<U>)| own.0.weight.max(1).unsigned_abs();
    product(size(a), weight(b)).cmp(&product(size(b), weight(a)))
}

/// A product as its upper part and its lower 64 bits.
fn product(a: u128, b: u64) -> (u128, u128) {
    let (lower, b) = (u128::from(u64::MAX), u128::from(b));
    let low = (a & lower) * b;
    ((a >> 64) * b + (low >> 64), low & lower)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Money, MoneyUnit};

    #[test]
    fn of_two_weights_what_adds_more_for_its_weight_goes_first() {
        let members = [(0, 3), (1, 2)].map(|(place, weight)| Weighed { place, weight });
        let fills = OpenFills::new(vec![5, 5], vec![Link::AtMost(members.to_vec(), 10)]);
        let units = [Money::from_raw(70), Money::from_raw(50)];
        let best = |asked| -> Filled<MoneyUnit> {
            let region = fills.region();
            best_of_link(&fills.links()[0], |place| units[place], (&fills, &region), asked).unwrap()
        };
        let sum = |filled: &Filled<MoneyUnit>| {
            filled.iter().map(|own| own.2.raw() * i128::from(own.1)).sum::<i128>()
        };
        // Five of the second take all; no outcome adds more.
        assert_eq!(sum(&best(Asked::Outcome)), 250);
        let all = (0..=5).flat_map(|a| (0..=5).map(move |b| vec![a, b]));
        let worst = all.filter(|filled| fills.allows(filled));
        let worst = worst.map(|own| i128::from(own[0]) * 70 + i128::from(own[1]) * 50).max();
        assert!(worst.unwrap() <= sum(&best(Asked::Most)));
    }

    #[test]
    fn products_beyond_the_range_are_compared() {
        assert_eq!(product(u128::MAX, u64::MAX).1, 1);
        assert!(product(1 << 126, 8) > product((1 << 126) + 1, 7));
        assert!(product(3, 7) < product(11, 2));
    }
}
