//! What is logged about parameter sets: one event for each that is loaded, refused, left out, given up or activated.

use std::fmt::Display;

use plimsoll_engine::parameters::ParameterSet;
use plimsoll_engine::types::{BusinessDate, House};

use crate::registry::{AccountScope, Activated, Inserted};

/// A file of the directory is not loaded.
pub(crate) fn refused(refusal: &impl Display, file: &str) {
    tracing::warn!(file, %refusal, "parameter file refused");
}

/// A file of the directory is left out for newer ones.
pub(crate) fn left_out(set: &ParameterSet, file: &str) {
    tracing::warn!(
        file,
        id = set.id(),
        house = %set.house(),
        vintage = %set.vintage(),
        "parameter file left out: there is room for newer ones only"
    );
}

/// Several files of the directory are of one house and business date.
pub(crate) fn of_one_date(house: &House, date: BusinessDate, files: &str) {
    tracing::warn!(%house, %date, files, "several parameter files of one house and business date");
}

/// Of the newest files of a house nobody knows which is meant.
pub(crate) fn not_decided(house: &House, files: &str) {
    tracing::error!(
        %house,
        files,
        "parameter files of one house and vintage differ: none is activated, activate the one that is meant by its id"
    );
}

/// A set was loaded, or was there already; another may have been given up for it.
pub(crate) fn loaded(inserted: &Inserted, source: &str) {
    if let Some(given_up) = &inserted.given_up {
        tracing::warn!(
            id = given_up.set.id(),
            house = %given_up.set.house(),
            vintage = %given_up.set.vintage(),
            newer = inserted.loaded.set.id(),
            "parameter set given up: there is no room for it beside newer ones"
        );
    }
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
