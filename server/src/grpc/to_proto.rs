//! The engine's words into the wire's.

mod margin;
mod parameters;

pub(super) use margin::{invalid, refused, reported};
pub(super) use parameters::{detail, diagnostics, loaded_file, parameter_set};

use plimsoll_engine::parameters::RoundingProfile;
use plimsoll_proto::v1;

const fn rounding(rounding: RoundingProfile) -> v1::RoundingProfile {
    match rounding {
        RoundingProfile::Exact => v1::RoundingProfile::Exact,
        RoundingProfile::Takasbank => v1::RoundingProfile::Takasbank,
        RoundingProfile::Cme => v1::RoundingProfile::Cme,
    }
}
