//! One file delivered whole and in pieces. Byte by byte no leaf is ever at hand as a whole, so that the XML reader reads all
//! of it; what is said about the file is not to depend on that.

use std::cell::Cell;
use std::io::BufReader;

use plimsoll_engine::parameters::spn::{ReadError, read, write};
use plimsoll_engine::parameters::{Diagnostics, sample};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::shared::shared;

/// What may stand in a file, at places where it is harmless and where it is not.
const SNIPPETS: &[&str] = &[
    "\n",
    "\r\n",
    " ",
    "\t",
    "\u{a0}",
    "ü",
    "0",
    "-",
    ".",
    "<",
    ">",
    "/",
    "</",
    "/>",
    "&",
    "&amp;",
    "&#48;",
    "&lt;",
    "&other;",
    "stray",
    "<!-- comment -->",
    "<!--",
    "<?pi?>",
    "<![CDATA[1]]>",
    "<![CDATA[]]>",
    "<a>1</a>",
    "<a>\n1\n</a>",
    "<a> 1 </a>",
    "<a/>",
    "<a></a>",
    "<a b='>'>1</a>",
    "<a >1</a >",
    "<a>&#49;</a>",
    "<a>1<!-- one --></a>",
    "<a>1<b>2</b></a>",
    "<r>1</s>",
    "<name>ü > ' \" ]]></name>",
    "<name>1</name><name>2</name>",
    "<pe/><pe/>",
    "<tick>1</tick>",
    "<novelty>1</novelty>",
    "<novelty><a>1</a>\n<a>2</a></novelty>",
    "<brk>0.00</brk>",
    "<brk>\n0\n</brk>",
    "<brk>1</brk>",
    "<sSpread></sSpread>",
    "<spotRate>\n<r>1</r>\n</spotRate>",
    "<fut>stray</fut>",
    "<fut></fut>",
    "<ra>\n</ra>",
    "<ra/><r>1</r>",
    "<opt/><cId>1</cId>",
    "<spanFile>1</spanFile>",
    "<!DOCTYPE a>",
];

#[derive(Clone, Debug)]
enum Change {
    Byte(u8),
    Removal(usize),
    /// A snippet, at the place or behind the line that the place is in.
    Snippet(&'static str, bool),
}

fn changes() -> impl Strategy<Value = Vec<(Index, Change)>> {
    let snippet = || (prop::sample::select(SNIPPETS), prop::bool::weighted(0.8));
    let change = prop_oneof![
        1 => any::<u8>().prop_map(Change::Byte),
        1 => (1..20_usize).prop_map(Change::Removal),
        8 => snippet().prop_map(|(snippet, behind)| Change::Snippet(snippet, behind)),
    ];
    prop::collection::vec((any::<Index>(), change), 1..3)
}

fn changed(bytes: &[u8], changes: &[(Index, Change)]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (place, change) in changes {
        let place = place.index(bytes.len());
        match change {
            Change::Byte(byte) => bytes[place] = *byte,
            Change::Removal(count) => {
                let end = bytes.len().min(place + count);
                bytes.drain(place..end);
            }
            Change::Snippet(snippet, behind) => {
                let rest = bytes[place..].iter();
                let way = if *behind { rest.take_while(|&&byte| byte != b'\n').count() } else { 0 };
                bytes.splice(place + way..place + way, snippet.bytes());
            }
        }
    }
    bytes
}

/// The sample behind a comment: the first bytes, which tell the encoding, always come at once, and no leaf is to be there.
fn sample_bytes() -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&sample::definition(), &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    text.replacen("?>", &format!("?><!--{}-->", " ".repeat(256)), 1).into_bytes()
}

/// All that the reader has to say of a file that comes in pieces of a size, and whether it took it.
fn told(bytes: &[u8], piece: usize) -> (bool, String) {
    match read(BufReader::with_capacity(piece, bytes)) {
        Ok(reading) => (true, format!("{reading:?}")),
        Err(ReadError::Refused(diagnostics)) => (false, said(&diagnostics)),
        Err(ReadError::Io(error)) => panic!("a slice is always readable: {error}"),
    }
}

fn said(diagnostics: &Diagnostics) -> String {
    let lines: Vec<String> = diagnostics.as_slice().iter().map(ToString::to_string).collect();
    format!("{}\nand {} more", lines.join("\n"), diagnostics.dropped())
}

#[test]
fn a_file_in_pieces_is_the_same_file() {
    let sample = sample_bytes();
    let (taken, whole) = told(&sample, sample.len());
    assert!(taken, "{whole}");
    for piece in [1, 2, 7, 64, 1_000] {
        assert!(told(&sample, piece) == (true, whole.clone()), "in pieces of {piece}");
    }
    let Some(real) = shared("data/span/takas.spn") else { return };
    let real = std::fs::read(real).unwrap();
    assert!(told(&real, 1) == told(&real, real.len()));
}

/// Whether a file is the same byte by byte, in pieces that cut some leaves, and whole; and whether it is taken.
fn compared(bytes: &[u8]) -> Result<bool, String> {
    let whole = told(bytes, bytes.len());
    for piece in [1, 50] {
        let pieces = told(bytes, piece);
        // The first difference is shown, not the whole definition.
        let mut parts = pieces.1.split(", ").zip(whole.1.split(", "));
        if pieces != whole {
            return Err(format!("in pieces of {piece}: {:?}", parts.find(|(own, other)| own != other)));
        }
    }
    Ok(whole.0)
}

#[test]
fn a_file_with_anything_in_it_in_pieces_is_the_same_file() {
    let sample = String::from_utf8(sample_bytes()).unwrap();
    for place in ["<opt>", "<ra>", "<fut>\n<cId>"] {
        for snippet in SNIPPETS {
            let text = sample.replacen(place, &format!("{place}{snippet}"), 1);
            compared(text.as_bytes()).unwrap_or_else(|found| panic!("{snippet:?} behind {place:?}: {found}"));
        }
    }
}

#[test]
fn a_changed_file_in_pieces_is_the_same_file() {
    let sample = sample_bytes();
    let config = Config { cases: 250, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[17; 32]));
    let (taken, refused) = (Cell::new(0), Cell::new(0));
    let outcome = runner.run(&changes(), |changes| {
        let count = match compared(&changed(&sample, &changes)) {
            Ok(true) => &taken,
            Ok(false) => &refused,
            Err(found) => return Err(TestCaseError::fail(found)),
        };
        count.set(count.get() + 1);
        Ok(())
    });
    outcome.unwrap();
    // Both kinds of answers were compared.
    assert!(taken.get() > 25 && refused.get() > 25, "{} taken, {} refused", taken.get(), refused.get());
}
