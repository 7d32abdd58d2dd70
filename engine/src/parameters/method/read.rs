//! A method from its file.

use sha2::{Digest as _, Sha256};
use toml::de::DeTable;

use super::document::{Findings, Section};
use super::{Method, MethodKind, OffsetRule, ShareRule, grid, rules, span16};
use crate::doubt::Plausible;
use crate::parameters::{Diagnostics, Digest};
use crate::types::Currency;

/// The most bytes of a method's file.
pub const MOST_METHOD_BYTES: usize = 16 * 1024 * 1024;

/// The most currencies that prices may be in.
const MOST_PRICE_CURRENCIES: usize = 100;

#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    Grid,
    Standard,
    Linear,
    Static,
    Span16,
}

const KINDS: [(&str, Kind); 5] = [
    ("scenario-grid", Kind::Grid),
    ("standard", Kind::Standard),
    ("linear", Kind::Linear),
    ("static", Kind::Static),
    ("span16", Kind::Span16),
];

/// Reads a method.
///
/// # Errors
/// Everything that is wrong with the file, by line; nothing of it is used then.
pub fn read_method(bytes: &[u8]) -> Result<Method, Diagnostics> {
    if bytes.len() > MOST_METHOD_BYTES {
        let mut diagnostics = Diagnostics::default();
        let message = format!("more than {MOST_METHOD_BYTES} bytes");
        diagnostics.error(1, "file", message);
        return Err(diagnostics);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count() as u64;
        let mut diagnostics = Diagnostics::default();
        diagnostics.error(line, "file", "not UTF-8");
        diagnostics
    })?;
    let findings = Findings::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        findings.error(error.span().map_or(0, |span| span.start), "file", error.message());
    }
    let root = Section::root(&table, &findings);
    let method = method(&root, bytes);
    root.finish();
    let findings = findings.finish();
    match method {
        Some(method) if !findings.refuses() => Ok(method),
        _ => Err(findings),
    }
}

fn method(root: &Section<'_>, bytes: &[u8]) -> Option<Method> {
    if root.number("schema", (1.0, 1.0), None) != 1.0 {
        root.fault("schema", "expected 1");
    }
    let (name, version) = (root.text("name", None), root.text("version", Some("")));
    for (key, text) in [("name", &name), ("version", &version)] {
        if text.len() > 64 || text.chars().any(char::is_control) {
            root.fault(key, "expected at most 64 printable bytes");
        }
    }
    root.text("source", Some(""));
    let currency = Currency::new(&root.text("currency", None));
    if let Err(error) = &currency {
        root.fault("currency", error.to_string());
    }
    let price_currencies = price_currencies(root);
    let places = root.number("places", (0.0, 18.0), Some(18.0));
    if places.fract() != 0.0 {
        root.fault("places", "expected a whole number");
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 18")]
    let places = places as u8;
    let is_isolated = root.flag("isolated", false);
    let counts_gains = root.flag("counts_gains", true);
    let words = [("euler", ShareRule::Euler), ("leave_one_out", ShareRule::LeaveOneOut)];
    let shares = root.choice("shares", &words, Some(ShareRule::Euler)).unwrap_or_default();
    let Some(kind) = root.choice("kind", &KINDS, None) else { return root.give_up() };
    let kind = match kind {
        Kind::Grid => MethodKind::Grid(Box::new(grid::read(root))),
        Kind::Standard => MethodKind::Standard(Box::new(rules::standard(root))),
        Kind::Linear => MethodKind::Linear(Box::new(rules::linear(root))),
        Kind::Static => MethodKind::Linear(Box::new(rules::fixed(root))),
        Kind::Span16 => MethodKind::Span16(Box::new(span16::read(root))),
    };
    let plausible = plausible(root);
    let digest = digest(bytes, &kind);
    Some(Method {
        name,
        version,
        currency: currency.ok()?,
        price_currencies,
        places,
        is_isolated,
        counts_gains,
        shares,
        plausible,
        digest,
        kind,
    })
}

/// The currencies that prices may be in.
fn price_currencies(root: &Section<'_>) -> Vec<Currency> {
    let mut currencies = Vec::new();
    for text in root.texts("price_currencies", MOST_PRICE_CURRENCIES) {
        match Currency::new(&text) {
            Ok(own) if currencies.contains(&own) => {
                root.fault("price_currencies", format!("{own} stands there a second time"));
            }
            Ok(own) => currencies.push(own),
            Err(error) => root.fault("price_currencies", error.to_string()),
        }
    }
    currencies
}

fn plausible(root: &Section<'_>) -> Plausible {
    let default = Plausible::default();
    let Some(own) = root.child("plausible") else { return default };
    Plausible {
        most_volatility: own.number("most_volatility", (0.0, 1e3), Some(default.most_volatility)),
        most_price_ratio: own.number("most_price_ratio", (1.0, 1e9), Some(default.most_price_ratio)),
    }
}

/// Of the file, and of what a repair made of it.
fn digest(bytes: &[u8], kind: &MethodKind) -> Digest {
    let mut hash = Sha256::new();
    hash.update(bytes);
    if let MethodKind::Grid(grid) = kind {
        for group in &grid.offsets.0 {
            if let OffsetRule::Correlation { matrix, repaired: Some(_), .. } = &group.rule {
                for value in matrix.as_array() {
                    hash.update(value.to_bits().to_le_bytes());
                }
            }
        }
    }
    Digest(hash.finalize().into())
}
