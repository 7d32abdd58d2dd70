//! Sets of outcomes: how many units of every order may be filled.

/// How many units of one order are filled: from `low` to `high`, both possible.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Range {
    /// The least.
    pub low: i64,
    /// The most.
    pub high: i64,
}

/// How orders limit each other. An order is in one link at most.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Link {
    /// Only one of them is filled (one cancels the others; an order and what replaces it).
    OneOf(Vec<usize>),
    /// All of them together are filled up to so many units.
    AtMost(Vec<usize>, i64),
}

impl Link {
    pub(super) fn members(&self) -> &[usize] {
        let (Self::OneOf(members) | Self::AtMost(members, _)) = self;
        members
    }
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
    pub fn new(open: Vec<i64>, links: Vec<Link>) -> Self {
        let mut is_linked = vec![false; open.len()];
        for member in links.iter().flat_map(Link::members) {
            if let Some(own) = is_linked.get_mut(*member) {
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
        let most = |link: &Link, place: usize| match link {
            Link::AtMost(members, most) if members.contains(&place) => *most,
            _ => i64::MAX,
        };
        let range = |(place, &open): (usize, &i64)| {
            let limit = self.links.iter().map(|link| most(link, place)).min().unwrap_or(i64::MAX);
            Range { low: 0, high: open.min(limit) }
        };
        Region { ranges: self.open.iter().enumerate().map(range).collect() }
    }

    /// Whether the links allow an outcome.
    #[must_use]
    pub fn allows(&self, filled: &[i64]) -> bool {
        let within = filled.iter().zip(&self.open).all(|(filled, open)| (0..=*open).contains(filled));
        let linked = |link: &Link| match link {
            Link::OneOf(members) => members.iter().filter(|place| filled[**place] > 0).count() <= 1,
            Link::AtMost(members, most) => members.iter().map(|place| filled[*place]).sum::<i64>() <= *most,
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
                Link::OneOf(members) => {
                    let mut filled = members.iter().filter(|place| region.ranges[**place].low > 0);
                    let Some(&only) = filled.next() else { continue };
                    if filled.next().is_some() {
                        return None;
                    }
                    for &other in members.iter().filter(|place| **place != only) {
                        region.ranges[other].high = 0;
                    }
                }
                Link::AtMost(members, most) => {
                    let least: i64 = members.iter().map(|place| region.ranges[*place].low).sum();
                    let left = most - least;
                    if left < 0 {
                        return None;
                    }
                    for place in members {
                        let range = &mut region.ranges[*place];
                        range.high = range.high.min(range.low + left);
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
