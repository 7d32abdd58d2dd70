//! Published methods that come with the engine, as files like any other.

/// The presets: name and file.
pub const PRESETS: [(&str, &str); 2] = [
    ("derive-pm2", include_str!("presets/derive-pm2.toml")),
    ("deribit-pm-btc", include_str!("presets/deribit-pm-btc.toml")),
];

/// The file of a preset.
#[must_use]
pub fn preset(name: &str) -> Option<&'static str> {
    PRESETS.iter().find(|(own, _)| *own == name).map(|(_, text)| *text)
}
