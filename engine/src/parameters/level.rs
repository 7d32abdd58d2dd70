//! Requirement levels, and those of each account type in the order of reports.

/// A requirement level of the set.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Level {
    /// Its number in the file.
    pub number: u32,
    /// The account type it applies to, as the file codes it (`H`, `M`, `S`).
    pub account_type: String,
    /// For customers (true) or clearing members.
    pub is_customer: bool,
    /// Maintenance (true) or initial.
    pub is_maintenance: bool,
    /// Whether it belongs to the reserve class rather than to core.
    pub is_reserve: bool,
}

impl Level {
    /// The name in reports.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match (self.is_maintenance, self.is_reserve) {
            (false, false) => "initial",
            (true, false) => "maintenance",
            (false, true) => "initial_reserve",
            (true, true) => "maintenance_reserve",
        }
    }
}

/// The levels of a set by account type.
#[derive(Debug, Default, Eq, PartialEq)]
pub struct LevelBook {
    levels: Vec<Level>,
    /// Each account type with the places of its levels in the order of reports; types ascending.
    by_type: Vec<(String, Vec<usize>)>,
    /// The places of those that are reported where no type is asked for.
    usual: Vec<usize>,
}

impl LevelBook {
    pub(super) fn new(levels: Vec<Level>) -> Self {
        let mut types: Vec<String> = levels.iter().map(|level| level.account_type.clone()).collect();
        let first = types.first().cloned();
        types.sort_unstable();
        types.dedup();
        let by_type: Vec<_> = types
            .into_iter()
            .map(|account_type| {
                let places = places(&levels, &account_type);
                (account_type, places)
            })
            .collect();
        let places_of =
            |code: &str| by_type.iter().find(|(known, _)| known == code).map(|(_, places)| places.clone());
        let usual = places_of(HEDGER).or_else(|| places_of(&first?)).unwrap_or_default();
        Self { levels, by_type, usual }
    }

    /// All of them, in the order of the file.
    #[must_use]
    pub fn all(&self) -> &[Level] {
        &self.levels
    }

    /// The places of an account type's levels in the order of reports: core before reserve, initial before maintenance.
    /// A code may name a customer's type and a clearing member's: customers come first.
    #[must_use]
    pub fn of(&self, account_type: &str) -> Option<&[usize]> {
        self.by_type.iter().find(|(known, _)| known == account_type).map(|(_, places)| places.as_slice())
    }

    /// The places of the levels of hedgers, else of the file's first type.
    #[must_use]
    pub fn usual(&self) -> &[usize] {
        &self.usual
    }

    /// The account types, ascending.
    #[must_use]
    pub fn account_types(&self) -> Vec<&str> {
        self.by_type.iter().map(|(account_type, _)| account_type.as_str()).collect()
    }
}

/// The account type of hedgers.
const HEDGER: &str = "H";

fn places(levels: &[Level], account_type: &str) -> Vec<usize> {
    let has_customers = levels.iter().any(|level| level.account_type == account_type && level.is_customer);
    let mut found: Vec<usize> = (0..levels.len())
        .filter(|&place| {
            let level = &levels[place];
            level.account_type == account_type && level.is_customer == has_customers
        })
        .collect();
    found
        .sort_by_key(|&place| (levels[place].is_reserve, levels[place].is_maintenance, levels[place].number));
    found
}
