//! Sets of outcomes: how many units of every order may be filled.

/// How many units of one order are filled: from `low` to `high`, both possible.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Range {
    /// The least.
    pub low: i64,
    /// The most.
    pub high: i64,
}

/// How orders limit each other. An order, or a leg that fills by itself, is in one link at most.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Link {
    /// Only one of them is filled, with all its legs (one cancels the others; an order and what replaces it).
    OneOf(Vec<Vec<usize>>),
    /// At most one of them is filled as a whole; any of them in part.
    OneWhole(Vec<usize>),
    /// What is filled of all of them together, each unit by its weight, which is positive, is at most so much.
    AtMost(Vec<Weighed>, i64),
}

/// An order in a sum.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Weighed {
    /// The order.
    pub place: usize,
    /// What one unit of it counts.
    pub weight: i64,
}

impl Link {
    pub(super) fn members(&self) -> impl Iterator<Item = usize> + '_ {
        let (groups, places, weighed): (&[Vec<usize>], &[usize], &[Weighed]) = match self {
            Self::OneOf(groups) => (groups, &[], &[]),
            Self::OneWhole(places) => (&[], places, &[]),
            Self::AtMost(weighed, _) => (&[], &[], weighed),
        };
        groups.iter().flatten().chain(places).copied().chain(weighed.iter().map(|own| own.place))
    }
}

/// What is left of the most of a sum when every member is filled as given; negative where it is more.
pub(super) fn left(members: &[Weighed], most: i64, filled: impl Fn(usize) -> i64) -> i64 {
    let sum = |own: &Weighed| i128::from(own.weight).saturating_mul(i128::from(filled(own.place)));
    let left = i128::from(most) - members.iter().map(sum).fold(0, i128::saturating_add);
    i64::try_from(left).unwrap_or(i64::MIN)
}

/// The open units of all orders of an account, and what links them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct OpenFills {
    open: Vec<i64>,
    links: Vec<Link>,
    is_linked: Vec<bool>,
}

impl OpenFills {
    /// Takes the open units, which are not negative, and links between orders by their places.
    #[must_use]
    pub fn new(open: Vec<i64>, mut links: Vec<Link>) -> Self {
        for link in &mut links {
            if let Link::OneWhole(members) = link {
                // What has nothing open is not filled as a whole any more.
                members.retain(|place| open.get(*place).is_some_and(|open| *open > 0));
            }
        }
        let mut is_linked = vec![false; open.len()];
        for member in links.iter().flat_map(Link::members) {
            if let Some(own) = is_linked.get_mut(member) {
                *own = true;
            }
        }
        Self { open, links, is_linked }
    }

    /// The open units of every order.
    #[must_use]
    pub fn open(&self) -> &[i64] {
        &self.open
    }

    pub(super) fn links(&self) -> &[Link] {
        &self.links
    }

    pub(super) fn is_linked(&self, place: usize) -> bool {
        self.is_linked[place]
    }

    /// Every possible outcome.
    #[must_use]
    pub fn region(&self) -> Region {
        let range = |&open: &i64| Range { low: 0, high: open };
        let mut region = Region { ranges: self.open.iter().map(range).collect() };
        for link in &self.links {
            if let Link::AtMost(members, most) = link {
                for own in members {
                    let range = &mut region.ranges[own.place];
                    range.high = range.high.min((most / own.weight.max(1)).max(0));
                }
            }
        }
        region
    }

    /// Whether the links allow an outcome.
    #[must_use]
    pub fn allows(&self, filled: &[i64]) -> bool {
        let within = filled.iter().zip(&self.open).all(|(filled, open)| (0..=*open).contains(filled));
        let is_filled = |place: &usize| filled[*place] > 0;
        let linked = |link: &Link| match link {
            Link::OneOf(groups) => groups.iter().filter(|own| own.iter().any(is_filled)).count() <= 1,
            Link::OneWhole(members) => {
                members.iter().filter(|place| filled[**place] >= self.open[**place]).count() <= 1
            }
            Link::AtMost(members, most) => left(members, *most, |place| filled[place]) >= 0,
        };
        within && self.links.iter().all(linked)
    }

    /// The two halves of a region along one order, without what the links make impossible.
    pub(super) fn halves(&self, region: &Region, place: usize) -> [Option<Region>; 2] {
        let Range { low, high } = region.ranges[place];
        let middle = low + (high - low) / 2;
        [Range { low, high: middle }, Range { low: middle + 1, high }].map(|range| {
            let mut half = region.clone();
            half.ranges[place] = range;
            self.narrowed(half)
        })
    }

    fn narrowed(&self, mut region: Region) -> Option<Region> {
        for link in &self.links {
            match link {
                Link::OneOf(groups) => {
                    let is_filled = |group: &Vec<usize>| group.iter().any(|own| region.ranges[*own].low > 0);
                    let Some(only) = groups.iter().position(is_filled) else { continue };
                    if groups[only + 1..].iter().any(is_filled) {
                        return None;
                    }
                    let others = groups.iter().enumerate().filter(|(number, _)| *number != only);
                    for &other in others.flat_map(|(_, group)| group) {
                        region.ranges[other].high = 0;
                    }
                }
                Link::OneWhole(members) => {
                    let is_whole = |place: &&usize| region.ranges[**place].low >= self.open[**place];
                    let Some(&only) = members.iter().find(is_whole) else { continue };
                    for &other in members.iter().filter(|place| **place != only) {
                        let range = &mut region.ranges[other];
                        range.high = range.high.min(self.open[other] - 1);
                        if range.high < range.low {
                            return None;
                        }
                    }
                }
                Link::AtMost(members, most) => {
                    let left = left(members, *most, |place| region.ranges[place].low);
                    if left < 0 {
                        return None;
                    }
                    for own in members {
                        let range = &mut region.ranges[own.place];
                        range.high = range.high.min(range.low.saturating_add(left / own.weight.max(1)));
                    }
                }
            }
        }
        Some(region)
    }
}

/// Outcomes between two ends of every order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Region {
    pub(super) ranges: Vec<Range>,
}

impl Region {
    /// The range of every order.
    #[must_use]
    pub fn ranges(&self) -> &[Range] {
        &self.ranges
    }

    /// The only outcome in it, if there is only one.
    #[must_use]
    pub fn point(&self) -> Option<Vec<i64>> {
        self.ranges.iter().map(|range| (range.low == range.high).then_some(range.low)).collect()
    }
}
