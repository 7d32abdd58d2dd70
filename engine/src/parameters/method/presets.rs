//! Published methods that come with the engine, as files like any other.

/// The presets: name and file.
pub const PRESETS: [(&str, &str); 13] = [
    ("derive-pm2", include_str!("presets/derive-pm2.toml")),
    ("derive-pm1", include_str!("presets/derive-pm1.toml")),
    ("deribit-pm-btc", include_str!("presets/deribit-pm-btc.toml")),
    ("paradex-pm", include_str!("presets/paradex-pm.toml")),
    ("okx-pm", include_str!("presets/okx-pm.toml")),
    ("us-pm-broad-index", include_str!("presets/us-pm-broad-index.toml")),
    ("us-pm-other-broad-index", include_str!("presets/us-pm-other-broad-index.toml")),
    ("us-pm-equity", include_str!("presets/us-pm-equity.toml")),
    ("deribit-standard", include_str!("presets/deribit-standard.toml")),
    ("bit-com-standard", include_str!("presets/bit-com-standard.toml")),
    ("bybit-cross", include_str!("presets/bybit-cross.toml")),
    ("derive-standard", include_str!("presets/derive-standard.toml")),
    ("dydx-large", include_str!("presets/dydx-large.toml")),
];

/// The file of a preset.
#[must_use]
pub fn preset(name: &str) -> Option<&'static str> {
    PRESETS.iter().find(|(own, _)| *own == name).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::method::read_method;

    #[test]
    fn every_preset_is_a_method_of_its_name() {
        for (name, text) in PRESETS {
            let method = read_method(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            assert_eq!(method.name, name);
            assert!(text.contains("\nsource = "), "{name}");
        }
    }
}
