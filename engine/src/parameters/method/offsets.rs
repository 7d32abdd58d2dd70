//! Offsets between price sources, from the document.

use super::document::Section;
use crate::offset::{CorrelationMatrix, Limits, OffsetPair};
use crate::types::{Money, PriceSource, Ratio};

const FRACTION: (f64, f64) = (0.0, 1.0);
const MOST_GROUPS: usize = 1_000;
/// A matrix of so many sources is multiplied out for every account.
const MOST_SOURCES: usize = 200;

/// The product groups of a method; a source in none stands alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offsets(pub Vec<ProductGroup>);

/// Price sources with offsets between them.
#[derive(Clone, Debug, PartialEq)]
pub struct ProductGroup {
    /// Its name.
    pub name: String,
    /// Its sources, in the order of the file.
    pub sources: Vec<PriceSource>,
    /// How they offset each other.
    pub rule: OffsetRule,
    /// How far.
    pub limits: Limits,
}

/// How sources offset each other.
#[derive(Clone, Debug, PartialEq)]
pub enum OffsetRule {
    /// A part of every gain counts, up to an amount for each source.
    Gains {
        /// The part.
        fraction: Ratio,
        /// The most that counts of one source.
        most: Option<Money>,
    },
    /// Gains count against losses by pairs.
    Pairs(Vec<OffsetPair>),
    /// Signed losses are added up as correlated risks.
    Correlation {
        /// The correlations.
        matrix: CorrelationMatrix,
        /// How far the matrix of the file was from it, if it had to be repaired.
        repaired: Option<f64>,
        /// The scenario that is the common move up.
        up: usize,
        /// The scenario that is the common move down.
        down: usize,
    },
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Rule {
    Gains,
    Pairs,
    Correlation,
}

/// Reads the product groups.
pub(super) fn read(root: &Section<'_>, scenarios: usize) -> Offsets {
    let mut groups: Vec<ProductGroup> = Vec::new();
    for section in root.children("offsets", MOST_GROUPS) {
        let own = group(&section, scenarios, &groups);
        if own.as_ref().is_some_and(|own| groups.iter().any(|before| before.name == own.name)) {
            section.fault("name", "stands here a second time");
        }
        groups.extend(own);
        section.finish();
    }
    Offsets(groups)
}

fn group(section: &Section<'_>, scenarios: usize, before: &[ProductGroup]) -> Option<ProductGroup> {
    let name = section.text("name", None);
    let sources = sources(section, before);
    let words = [("gains", Rule::Gains), ("pairs", Rule::Pairs), ("correlation", Rule::Correlation)];
    let Some(rule) = section.choice("rule", &words, None) else { return section.give_up() };
    let rule = match rule {
        Rule::Gains => Some(OffsetRule::Gains {
            fraction: section.ratio("fraction", FRACTION, None),
            most: section.optional_ratio("most", (0.0, 1e15)).map(|most| Money::from_raw(most.raw())),
        }),
        Rule::Pairs => Some(OffsetRule::Pairs(pairs(section, &sources))),
        Rule::Correlation => correlation(section, sources.len(), scenarios),
    };
    let limits = Limits {
        most_benefit: section.ratio("most_benefit", FRACTION, Some(Ratio::ONE)),
        floor: section.ratio("floor", FRACTION, Some(Ratio::ZERO)),
    };
    Some(ProductGroup { name, sources, rule: rule?, limits })
}

fn sources(section: &Section<'_>, before: &[ProductGroup]) -> Vec<PriceSource> {
    let mut sources: Vec<PriceSource> = Vec::new();
    let texts = section.texts("sources", MOST_SOURCES);
    if texts.is_empty() {
        section.fault("sources", "expected at least one price source");
    }
    for text in texts {
        match PriceSource::new(&text) {
            Err(error) => section.fault("sources", error.to_string()),
            Ok(own) if sources.contains(&own) => section.fault("sources", format!("{own} stands here twice")),
            Ok(own) => {
                if let Some(other) = before.iter().find(|group| group.sources.contains(&own)) {
                    section.fault("sources", format!("{own} belongs to {:?} already", other.name));
                }
                sources.push(own);
            }
        }
    }
    sources
}

fn pairs(section: &Section<'_>, sources: &[PriceSource]) -> Vec<OffsetPair> {
    let mut pairs: Vec<OffsetPair> = Vec::new();
    for own in section.children("pairs", MOST_SOURCES * MOST_SOURCES) {
        let place = |key: &'static str| {
            let text = own.text(key, None);
            let place = sources.iter().position(|source| source.as_str() == text);
            if place.is_none() {
                own.fault(key, "expected one of the group's sources");
            }
            place
        };
        let ends = (place("one"), place("other"));
        let fraction = own.ratio("fraction", FRACTION, None);
        if let (Some(one), Some(other)) = ends {
            let is_same = |pair: &OffsetPair| {
                (pair.one, pair.other) == (one, other) || (pair.one, pair.other) == (other, one)
            };
            if one == other || pairs.iter().any(is_same) {
                own.fault("other", "expected another source, in no earlier pair with the first");
            }
            pairs.push(OffsetPair { one, other, fraction });
        }
        own.finish();
    }
    pairs
}

fn correlation(section: &Section<'_>, side: usize, scenarios: usize) -> Option<OffsetRule> {
    let rows = section.square("matrix", (-1.0, 1.0), side);
    if !section.has("matrix") {
        section.fault("matrix", "is missing");
    }
    let place = |key: &'static str| {
        let number = section.number(key, (0.0, 1e3), None);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1,000")]
        let place = number as usize;
        if number.fract() != 0.0 || place >= scenarios.max(1) {
            section.fault(key, format!("expected the place of a scenario, from 0, of {scenarios}"));
        }
        place
    };
    let (up, down) = (place("up"), place("down"));
    let words = [("refuse", false), ("repair", true)];
    let repairs = section.choice("when_not_semidefinite", &words, Some(false)).unwrap_or(false);
    if rows.len() != side || rows.iter().any(|row| row.len() != side) {
        return None;
    }
    let (matrix, repaired) = match CorrelationMatrix::new(&rows) {
        Ok(matrix) => (matrix, None),
        Err(faults) if repairs && faults == [crate::offset::MatrixFault::NotSemidefinite] => {
            repaired(section, &rows)?
        }
        Err(faults) => {
            faults.iter().for_each(|fault| section.fault("matrix", fault.to_string()));
            return None;
        }
    };
    Some(OffsetRule::Correlation { matrix, repaired, up, down })
}

#[cfg(feature = "linalg")]
fn repaired(section: &Section<'_>, rows: &[Vec<Ratio>]) -> Option<(CorrelationMatrix, Option<f64>)> {
    let side = rows.len();
    let given = ndarray::Array2::from_shape_fn((side, side), |(row, column)| rows[row][column].to_f64());
    match crate::offset::nearest(&given) {
        Ok((matrix, distance)) => Some((matrix, Some(distance))),
        Err(error) => {
            section.fault("matrix", error.to_string());
            None
        }
    }
}

#[cfg(not(feature = "linalg"))]
fn repaired(section: &Section<'_>, _: &[Vec<Ratio>]) -> Option<(CorrelationMatrix, Option<f64>)> {
    section.fault(
        "matrix",
        "not positive semi-definite, and this build cannot repair it: it lacks the feature linalg",
    );
    None
}

#[cfg(test)]
#[allow(clippy::float_arithmetic, reason = "distances are compared")]
mod tests {
    use super::super::{MethodKind, OffsetRule, read_method};

    fn text(rule: &str) -> String {
        format!(
            "schema = 1\nname = \"m\"\nkind = \"scenario-grid\"\ncurrency = \"USD\"\n[margin]\nmaintenance_factor = 1\n\
             initial_factor = 1\n[[scenarios]]\nspot_factor = 1.1\n[[scenarios]]\nspot_factor = 0.9\n[[offsets]]\nname = \"g\"\n\
             sources = [\"A\", \"B\", \"C\"]\nrule = \"correlation\"\nup = 0\ndown = 1\nwhen_not_semidefinite = \"{rule}\"\n\
             matrix = [[1, 1, 0], [1, 1, 1], [0, 1, 1]]\n"
        )
    }

    #[test]
    fn an_impossible_matrix_is_refused_where_nothing_else_is_asked() {
        let findings = read_method(text("refuse").as_bytes()).unwrap_err();
        assert!(findings.as_slice()[0].message.contains("not positive semi-definite"), "{findings:?}");
    }

    #[test]
    fn a_repair_is_told_with_its_distance_or_that_it_cannot_be_done() {
        let read = read_method(text("repair").as_bytes());
        if cfg!(feature = "linalg") {
            let method = read.unwrap();
            let MethodKind::Grid(grid) = &method.kind else { panic!("{method:?}") };
            let OffsetRule::Correlation { matrix, repaired: Some(distance), .. } = &grid.offsets.0[0].rule
            else {
                panic!("{grid:?}")
            };
            // The example of Higham 2002.
            assert!((distance - 0.5278).abs() < 5e-5, "{distance}");
            assert!((matrix.as_array()[[0, 2]] - 0.1573).abs() < 5e-5, "{matrix:?}");
        } else {
            let findings = read.unwrap_err();
            assert!(findings.as_slice()[0].message.contains("lacks the feature linalg"), "{findings:?}");
        }
    }
}
