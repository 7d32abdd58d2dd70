//! Reading a large parameter file: 50 MB made from the sample exchange, from memory.

use plimsoll_engine::parameters::{Definition, RoundingProfile, build, sample, spn};
use plimsoll_engine::types::{Code, Decimal};

use crate::measure::medians;
use crate::{Goal, Wanted};

/// The size of the file.
const BYTES: usize = 50_000_000;

pub(crate) fn goals() -> Vec<Goal> {
    let file = large_file();
    let load = || {
        let reading = spn::read(file.as_slice()).expect("Invariant: the writer writes what the reader reads");
        let built = build(&reading.definition, reading.digest, RoundingProfile::Exact, reading.diagnostics);
        built.expect("Invariant: copies under other names fit together").0.summary().arrays
    };
    let [seconds] = medians([&mut { load }]);
    let megabytes = file.len() as f64 / 1e6;
    vec![Goal {
        name: "span_load_mb_per_s",
        measured: megabytes / seconds,
        unit: "MB/s",
        wanted: Wanted::AtLeast(100.0),
    }]
}

/// The sample exchange over and over, each copy under its own codes and numbers.
fn large_file() -> Vec<u8> {
    let mut sized = Vec::new();
    spn::write(&sample::definition(), &mut sized).expect("Invariant: memory takes it");
    let copies = BYTES.div_ceil(sized.len());
    let mut whole = sample::definition();
    for copy in 1..copies {
        append(&mut whole, copy);
    }
    let mut file = Vec::with_capacity(BYTES + sized.len());
    spn::write(&whole, &mut file).expect("Invariant: memory takes it");
    file
}

fn append(whole: &mut Definition, copy: usize) {
    let Definition { families, arrays, commodities, inter_spreads, .. } = sample::definition();
    let renamed = |text: &str| format!("{text}{copy}");
    let number = |id: u32| id + u32::try_from(copy).unwrap_or(0) * 1_000;
    let first = u32::try_from(whole.arrays.count()).expect("Invariant: a few hundred thousand arrays");
    for array in 0..u32::try_from(arrays.count()).unwrap_or(0) {
        whole.arrays.begin();
        for &value in arrays.values(array) {
            let value = Decimal::new(value, arrays.places()).expect("Invariant: few places");
            whole.arrays.push(value).expect("Invariant: the same places fit");
        }
    }
    for mut family in families {
        family.product = Code::new(&renamed(family.product.as_str())).expect("Invariant: short codes");
        family.family_id = number(family.family_id);
        let options = family.series.iter_mut().flat_map(|series| {
            let underlying = series.underlying.iter_mut();
            underlying.for_each(|underlying| underlying.family_id = number(underlying.family_id));
            series.options.iter_mut().map(|option| &mut option.array)
        });
        options.flatten().for_each(|array| array.array += first);
        for contract in &mut family.contracts {
            contract
                .underlying
                .iter_mut()
                .for_each(|underlying| underlying.family_id = number(underlying.family_id));
            contract.array.iter_mut().for_each(|array| array.array += first);
        }
        whole.families.push(family);
    }
    for mut commodity in commodities {
        commodity.code = Code::new(&renamed(commodity.code.as_str())).expect("Invariant: short codes");
        for link in &mut commodity.terms.links {
            link.family.product =
                Code::new(&renamed(link.family.product.as_str())).expect("Invariant: short codes");
            link.family.family_id = number(link.family.family_id);
        }
        for leg in commodity.terms.spreads.iter_mut().flat_map(|spread| &mut spread.legs) {
            leg.commodity = Code::new(&renamed(leg.commodity.as_str())).expect("Invariant: short codes");
        }
        whole.commodities.push(commodity);
    }
    for mut spread in inter_spreads {
        for leg in &mut spread.legs {
            leg.commodity = Code::new(&renamed(leg.commodity.as_str())).expect("Invariant: short codes");
        }
        whole.inter_spreads.push(spread);
    }
}
