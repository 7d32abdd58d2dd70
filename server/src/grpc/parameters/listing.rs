//! Pages of the list of sets.
//!
//! A page token names the place of its page's last set in the order of the list, so it stays good when that set is given
//! up; sets that came in meanwhile appear if they belong behind it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use plimsoll_engine::parameters::{Stage, Vintage};
use plimsoll_engine::types::House;
use plimsoll_proto::v1;

use super::super::to_proto;
use super::super::violations::Violations;
use crate::book::LostSet;
use crate::registry::{ListPlace, Snapshot};

/// Sets on a page, unless the request says so.
const USUAL: u32 = 50;
/// The most sets on a page.
const MOST: u32 = 500;
/// The longest token: twice the longest vintage, id and house name.
const TOKEN_BYTES: usize = 1024;

/// One page of the list.
pub(super) fn page(
    snapshot: &Snapshot,
    lost: &BTreeMap<House, LostSet>,
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
            let last = last.ok_or("not a token from the answer to this request's first page");
            let last = faults.keep("page_token", last);
            last.map_or(0, |last| sets.partition_point(|loaded| loaded.place() <= last))
        }
    };
    if !faults.is_empty() {
        return Err(faults);
    }
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let page: Vec<_> = sets.iter().skip(start).take(size).collect();
    let more = sets.len() > start + page.len();
    let next_page_token = page.last().filter(|_| more).map(|last| token(&last.place(), &request.house));
    Ok(v1::ListParameterSetsResponse {
        parameter_sets: page.into_iter().map(|loaded| to_proto::parameter_set(loaded, snapshot)).collect(),
        next_page_token: next_page_token.unwrap_or_default(),
        lost: if request.page_token.is_empty() { told(lost, house.as_ref()) } else { Vec::new() },
    })
}

/// Sets that are not there any more, of a house or of all.
fn told(lost: &BTreeMap<House, LostSet>, house: Option<&House>) -> Vec<v1::LostParameterSet> {
    let wanted = lost.iter().filter(|(own, _)| house.is_none_or(|house| house == *own));
    let one = |(house, LostSet { id, reason }): (&House, &LostSet)| v1::LostParameterSet {
        house: house.to_string(),
        id: id.clone(),
        reason: reason.clone(),
    };
    wanted.map(one).collect()
}

/// A page token: the place of the page's last set and the request's house, in hexadecimal digits.
fn token(last: &ListPlace, house: &str) -> String {
    let Reverse(Vintage { business_date, stage, run, created }) = &last.vintage;
    // The creation time comes last: it alone may hold line breaks.
    let text = [business_date.to_string(), stage.name().to_owned(), run.to_string(), last.id.clone()];
    let text = format!("{}\n{house}\n{created}", text.join("\n"));
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// The place in a token, if it is a token for this house.
fn last_of_page(token: &str, house: &str) -> Option<ListPlace> {
    let text = text_of(token)?;
    let parts: Vec<&str> = text.splitn(6, '\n').collect();
    let [business_date, stage, run, id, own, created] = parts.as_slice() else { return None };
    if *own != house {
        return None;
    }
    let stages = [Stage::Intraday, Stage::EarlySettlement, Stage::FinalSettlement, Stage::CompleteSettlement];
    let vintage = Vintage {
        business_date: business_date.parse().ok()?,
        stage: stages.into_iter().find(|known| known.name() == *stage)?,
        run: run.parse().ok()?,
        created: (*created).to_owned(),
    };
    Some(ListPlace { vintage: Reverse(vintage), id: (*id).to_owned() })
}

/// The text that a token's digits stand for.
fn text_of(token: &str) -> Option<String> {
    if token.len() > TOKEN_BYTES || !token.len().is_multiple_of(2) || !token.is_ascii() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? * 16 + digit(*low)?),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = token.as_bytes().chunks(2).map(pair).collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_own_request_only() {
        let vintage = Vintage {
            business_date: "2016-05-17".parse().unwrap(),
            stage: Stage::FinalSettlement,
            run: 3,
            created: "201605171830\n".to_owned(),
        };
        let id = "TAKASBANK-20160517-final-41f46cbc07ac".to_owned();
        let place = ListPlace { vintage: Reverse(vintage), id };
        let made = token(&place, "TAKASBANK");
        assert_eq!(last_of_page(&made, "TAKASBANK"), Some(place));
        assert_eq!(last_of_page(&made, ""), None);
        for wrong in ["", "0", "zz", "41", &"0".repeat(1000), "\u{e9}\u{e9}"] {
            assert_eq!(last_of_page(wrong, "TAKASBANK"), None, "{wrong:?}");
        }
    }
}
