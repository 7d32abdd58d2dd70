//! Pages of the list of sets.
//!
//! A page token names the last set of its page. Sets are never removed, so a token stays good; sets that came in
//! meanwhile appear if they belong behind it.

use plimsoll_engine::types::House;
use plimsoll_proto::v1;

use super::super::to_proto;
use super::super::violations::Violations;
use crate::registry::Snapshot;

/// Sets on a page, unless the request says so.
const USUAL: u32 = 50;
/// The most sets on a page.
const MOST: u32 = 500;
/// The longest token: twice the longest id and house name.
const TOKEN_BYTES: usize = 512;

/// One page of the list.
pub(super) fn page(
    snapshot: &Snapshot,
    request: &v1::ListParameterSetsRequest,
) -> Result<v1::ListParameterSetsResponse, Violations> {
    let mut faults = Violations::default();
    let house = match request.house.as_str() {
        "" => None,
        text => faults.keep("house", House::new(text)),
    };
    let size = match request.page_size {
        0 => USUAL,
        size if size > MOST => {
            faults.add(|| "page_size".to_owned(), format!("at most {MOST}"));
            MOST
        }
        size => size,
    };
    let sets = snapshot.newest_first(house.as_ref());
    let start = match request.page_token.as_str() {
        "" => 0,
        token => {
            let last = last_of_page(token, &request.house);
            let place = last.and_then(|last| sets.iter().position(|loaded| loaded.set.id() == last));
            let place = place.ok_or("not a token from the answer to this request's first page");
            faults.keep("page_token", place).map_or(0, |place| place + 1)
        }
    };
    if !faults.is_empty() {
        return Err(faults);
    }
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let page: Vec<_> = sets.iter().skip(start).take(size).collect();
    let more = sets.len() > start + page.len();
    let next_page_token = page.last().filter(|_| more).map(|last| token(last.set.id(), &request.house));
    Ok(v1::ListParameterSetsResponse {
        parameter_sets: page.into_iter().map(|loaded| to_proto::parameter_set(loaded, snapshot)).collect(),
        next_page_token: next_page_token.unwrap_or_default(),
    })
}

/// A page token: the id of the page's last set and the request's house, in hexadecimal digits.
fn token(last: &str, house: &str) -> String {
    format!("{last}\n{house}").bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// The id in a token, if it is a token for this house.
fn last_of_page(token: &str, house: &str) -> Option<String> {
    if token.len() > TOKEN_BYTES || !token.len().is_multiple_of(2) || !token.is_ascii() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? * 16 + digit(*low)?),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = token.as_bytes().chunks(2).map(pair).collect();
    let text = String::from_utf8(bytes?).ok()?;
    let (last, own) = text.split_once('\n')?;
    (own == house).then(|| last.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_own_request_only() {
        let made = token("TAKASBANK-20160517-final-41f46cbc07ac", "TAKASBANK");
        let expected = Some("TAKASBANK-20160517-final-41f46cbc07ac".to_owned());
        assert_eq!(last_of_page(&made, "TAKASBANK"), expected);
        assert_eq!(last_of_page(&made, ""), None);
        for wrong in ["", "0", "zz", "41", &"0".repeat(1000), "\u{e9}\u{e9}"] {
            assert_eq!(last_of_page(wrong, "TAKASBANK"), None, "{wrong:?}");
        }
    }
}
