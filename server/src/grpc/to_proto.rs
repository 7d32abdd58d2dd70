//! The engine's words into the wire's.

pub(super) mod book;
mod margin;
pub(super) mod methods;
mod parameters;
pub(super) mod runs;

use margin::unmatched_reason;
pub(super) use margin::{invalid, margin_report, refused, reported};
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
