//! What is logged about parameter sets: one event for each load and each activation.

use crate::registry::{AccountScope, Activated, Inserted};

/// A set was loaded, or was there already.
pub(crate) fn loaded(inserted: &Inserted, source: &str) {
    let set = &inserted.loaded.set;
    tracing::info!(
        id = set.id(),
        house = %set.house(),
        vintage = %set.vintage(),
        digest = %set.digest(),
        rounding = set.rounding().name(),
        warnings = inserted.loaded.warnings.as_slice().len(),
        already_loaded = inserted.already_loaded,
        source,
        "parameter set loaded"
    );
}

/// A set was made the active one.
pub(crate) fn activated(activated: &Activated, scope: &AccountScope, force: bool) {
    let set = &activated.loaded.set;
    tracing::info!(
        id = set.id(),
        house = %set.house(),
        vintage = %set.vintage(),
        scope = %scope,
        replaced = activated.replaced.as_ref().map_or("", |replaced| replaced.set.id()),
        force,
        "parameter set activated"
    );
}
