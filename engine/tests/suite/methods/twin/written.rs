//! The method of a case as its file says it.

use std::fmt::Write as _;

use super::{Set, WORDS};

pub(super) fn toml(set: &Set) -> String {
    let mut text = "schema = 1\nname = \"twin\"\nkind = \"scenario-grid\"\ncurrency = \"USD\"\n".to_owned();
    for (factor, word, dampening) in &set.scenarios {
        let word = WORDS[*word];
        write!(
            text,
            "[[scenarios]]\nspot_factor = {factor}\nvolatility = \"{word}\"\ndampening = {dampening}\n"
        )
        .unwrap();
    }
    let mut table = |name: &str, keys: &[&str], values: &[f64]| {
        writeln!(text, "[{name}]").unwrap();
        keys.iter().zip(values).for_each(|(key, value)| writeln!(text, "{key} = {value}").unwrap());
    };
    let keys = ["range_up", "range_down", "minimum_up", "short_term_power", "long_term_power", "days_floor"];
    table("volatility_shock", &keys, &set.volatility);
    let keys = [
        "linear_cap",
        "linear_slope",
        "absolute_cap",
        "absolute_slope",
        "minimum_width",
        "width_scale",
        "volatility_static",
        "volatility_slope",
    ];
    table("skew_shock", &keys, &set.skew);
    let keys = [
        "maintenance_factor",
        "initial_factor",
        "long_discount",
        "long_rate_multiplier",
        "long_rate_add",
        "short_discount",
        "short_rate_multiplier",
        "short_rate_add",
    ];
    table("margin", &keys, &set.margin);
    table("basis", &["up_factor", "down_factor", "add", "multiplier"], &set.basis);
    let keys = [
        "peg_threshold",
        "peg_factor",
        "confidence_threshold",
        "confidence_factor",
        "perp_maintenance",
        "perp_initial",
        "option_maintenance",
        "option_initial",
    ];
    table("contingency", &keys, &set.charges);
    table("valuation", &["settlement_average_seconds"], &[set.average]);
    text
}
