//! What a server says, in the engine's own words.

mod calculation;
mod parameters;

pub use calculation::{Calculated, CalculationFailure, FieldViolation};
pub use parameters::{
    Activation, ActivationRefusal, CommodityInfo, ConversionRate, DirectoryFile, LevelInfo, Loaded,
    PointInfo, SetDetail, SetInfo,
};
