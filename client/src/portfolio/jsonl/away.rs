//! Deltas held elsewhere: `[{"house", "commodity", "tier", "delta"}]`.

use plimsoll_engine::span::AwayDelta;
use plimsoll_engine::types::{CommodityCode, Decimal, House};
use serde::de::{IgnoredAny, MapAccess, SeqAccess};

use super::line::{Line, MOST_QUOTED_CHARACTERS};
use super::shape::{AnyScalar, Scalar, Shape, Shaped};

/// The value of `away`.
pub(super) struct AwayDeltas<'a>(pub(super) &'a mut Line);

impl<'de> Shape<'de> for AwayDeltas<'_> {
    type Out = ();

    fn scalar(self, found: Scalar) {
        if !matches!(found, Scalar::Null) {
            self.0.fault("away", format!("expected a list, found {}", found.name()));
        }
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let (mut deltas, mut index) = (Vec::new(), 0);
        while index < AwayDelta::MOST {
            match list.next_element_seed(Shaped::new(OneDelta { line: self.0, index }))? {
                Some(delta) => deltas.extend(delta),
                None => break,
            }
            index += 1;
        }
        if index == AwayDelta::MOST && list.next_element::<IgnoredAny>()?.is_some() {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            self.0.fault("away", format!("at most {index} deltas are used"));
        }
        self.0.away = Some(deltas);
        Ok(())
    }
}

/// An element of `away`.
struct OneDelta<'a> {
    line: &'a mut Line,
    index: usize,
}

impl<'de> Shape<'de> for OneDelta<'_> {
    type Out = Option<AwayDelta>;

    fn scalar(self, found: Scalar) -> Option<AwayDelta> {
        let place = format!("away[{}]", self.index);
        self.line.fault(&place, format!("expected an object, found {}", found.name()));
        None
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<Option<AwayDelta>, A::Error> {
        let place = format!("away[{}]", self.index);
        let mut found: [Option<Scalar>; 4] = [None, None, None, None];
        while let Some(key) = object.next_key::<String>()? {
            let Some(field) = KEYS.iter().position(|known| *known == key) else {
                object.next_value::<IgnoredAny>()?;
                let quoted: String = key.chars().take(MOST_QUOTED_CHARACTERS).collect();
                self.line.fault(&place, format!("unknown key {quoted:?}"));
                continue;
            };
            let value = object.next_value_seed(Shaped::new(AnyScalar))?;
            if found[field].replace(value).is_some() {
                self.line.fault(&format!("{place}.{key}"), "stands here a second time");
            }
        }
        let [house, commodity, tier, delta] = found;
        let mut checked = Checked { line: self.line, place };
        let house = checked.text("house", house, House::new);
        let commodity = checked.text("commodity", commodity, CommodityCode::new);
        let tier = checked.whole("tier", tier);
        let delta = checked.text("delta", delta, Decimal::parse);
        Ok((|| Some(AwayDelta { house: house?, commodity: commodity?, tier: tier?, delta: delta? }))())
    }
}

/// The keys of an element, in their order.
const KEYS: [&str; 4] = ["house", "commodity", "tier", "delta"];

/// Values of an element; what is wrong with one becomes a fault of the line.
struct Checked<'a> {
    line: &'a mut Line,
    place: String,
}

impl Checked<'_> {
    fn text<T, E: ToString>(
        &mut self,
        key: &str,
        value: Option<Scalar>,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let parsed = match value {
            Some(Scalar::Text(text)) => parse(&text).map_err(|error| error.to_string()),
            Some(other) => Err(format!("expected text, found {}", other.name())),
            None => Err("is missing".to_owned()),
        };
        self.keep(key, parsed)
    }

    fn whole(&mut self, key: &str, value: Option<Scalar>) -> Option<i32> {
        let number = match value {
            Some(Scalar::Whole(number)) => {
                i32::try_from(number).map_err(|_| format!("{number} is no number of a tier"))
            }
            Some(other) => Err(format!("expected a whole number, found {}", other.name())),
            None => Err("is missing".to_owned()),
        };
        self.keep(key, number)
    }

    fn keep<T>(&mut self, key: &str, parsed: Result<T, String>) -> Option<T> {
        parsed.map_err(|message| self.line.fault(&format!("{}.{key}", self.place), message)).ok()
    }
}
