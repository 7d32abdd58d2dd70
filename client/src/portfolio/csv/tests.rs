//! What rows become, right ones and wrong ones.

use std::io;

use plimsoll_engine::span::Position;

use super::*;

const HEADER: &str = "account,product,type,period,right,strike,quantity";

fn read(text: &str) -> Vec<Result<AccountPortfolio, BadPortfolio>> {
    portfolios(text.as_bytes())
}

fn errors(text: &str) -> Vec<String> {
    read(text).into_iter().map(|read| read.unwrap_err().to_string()).collect()
}

fn row_error(row: &str) -> String {
    errors(&format!("{HEADER}\n{row}\n")).remove(0)
}

#[test]
fn scattered_rows_of_an_account_form_one_portfolio() {
    let rows = "B,F,FUT,202506,,,1\nA,F,FUT,202506,,,-2\n\n \t\n\"B\", O ,OOP,202506,C,\"52.50\",+3\n";
    let read: Vec<_> = read(&format!("\u{feff}{HEADER}\r\n{rows}")).into_iter().map(Result::unwrap).collect();
    assert_eq!(read.iter().map(|portfolio| portfolio.account.as_str()).collect::<Vec<_>>(), ["B", "A"]);
    let texts = |index: usize| {
        let text = |position: &Position| format!("{} {}", position.lots, position.contract);
        read[index].positions.iter().map(text).collect::<Vec<_>>()
    };
    assert_eq!(texts(0), ["1 F FUT 202506", "3 O OOP 202506 C 52.50"]);
    assert_eq!(texts(1), ["-2 F FUT 202506"]);
}

#[test]
fn optional_columns_may_stand_anywhere() {
    let text = "exchange,quantity,underlying_period,period,type,product,account_type,account\n\
                XMIN,1,202509,202506,FUT,F,,A\n,1,,202507,FUT,F,hedger,A\n";
    let portfolio = read(text).remove(0).unwrap();
    assert_eq!(portfolio.options.account_type.as_deref(), Some("H"));
    assert_eq!(portfolio.positions[0].contract.to_string(), "XMIN/F FUT 202506 on 202509");
}

#[test]
fn a_header_that_is_not_understood_is_refused_with_all_faults() {
    assert_eq!(
        errors("account,account,colour,type,period\nA,B,red,FUT,202506\n"),
        [
            "line 1: account: a second column of this name; unknown column \"colour\"; product: the column is missing; \
          quantity: the column is missing"
        ]
    );
    assert_eq!(errors(""), ["line 1: the header is missing"]);
    assert_eq!(read(&format!("{HEADER}\n")).len(), 0);
}

#[test]
fn every_fault_of_a_row_is_named() {
    assert_eq!(
        row_error("A,,OOP,2025-06,X,5x,1.5"),
        "line 2: quantity: expected a whole number of lots; product: a product is missing; period: expected a period such \
         as 201606 or 201606S0: 1 to 12 letters and digits; right: an option needs \"C\" or \"P\"; strike: expected a \
         decimal number such as \"52.5\", found 'x'"
    );
    assert_eq!(row_error("A,F,FUT,202506,,,0"), "line 2: quantity: quantity is zero");
    assert_eq!(row_error("A,F,FUT,202506,,,"), "line 2: quantity: is missing");
    assert_eq!(row_error("A,F,FUT,202506,,,1,1"), "line 2: 8 fields, the header has 7");
    assert_eq!(row_error("A,F,FUT,202506"), "line 2: 4 fields, the header has 7; quantity: is missing");
    assert_eq!(row_error(",F,FUT,202506,,,1"), "line 2: account: is missing");
}

#[test]
fn a_faulty_row_spoils_its_own_account_only() {
    // Empty lines count.
    assert_eq!(row_error("\r\n\nA,F,FUT,202506,,,0"), "line 4: quantity: quantity is zero");
    let rows =
        "A,F,FUT,202506,,,1\nB,F,FUT,202506,,,1\nA,F,FUT,,,,1\n,F,FUT,202506,,,1\nA,F,FUT,,,,2\n,,,,,,\n";
    let read = read(&format!("{HEADER}\n{rows}"));
    let accounts: Vec<_> = read
        .iter()
        .map(|read| match read {
            Ok(portfolio) => (Some(portfolio.account.as_str()), true),
            Err(bad) => (bad.account.as_deref(), false),
        })
        .collect();
    assert_eq!(accounts, [(Some("A"), false), (Some("B"), true), (None, false), (None, false)]);
    let message = read[0].as_ref().unwrap_err().to_string();
    assert!(message.starts_with("line 4: period: ") && message.contains("; line 6: period: "), "{message}");
}

#[test]
fn an_account_has_one_type() {
    let header = "account,account_type,product,type,period,quantity";
    let rows = "A,hedger,F,FUT,202506,1\nA,H,F,FUT,202507,1\nA,S,F,FUT,202508,1\n";
    assert_eq!(errors(&format!("{header}\n{rows}")), ["line 4: account_type: line 2 has \"H\""]);
}

#[test]
fn text_that_is_not_utf_8_is_a_fault_of_its_row() {
    let mut bytes = format!("{HEADER}\nA,F\u{0},FUT,202506,,,1\nB,F,FUT,202506,,,1\n").into_bytes();
    let place = bytes.iter().position(|&byte| byte == 0).unwrap();
    bytes[place] = 0xff;
    let read = portfolios(bytes.as_slice());
    assert_eq!(read[0].as_ref().unwrap_err().to_string(), "line 2: product: not UTF-8");
    assert!(read[1].is_ok());
}

#[test]
fn rows_beyond_the_most_spoil_the_whole_input() {
    let rows = |count: usize| format!("{HEADER}\n{}", "A,F,FUT,202506,,,1\n".repeat(count));
    let within = |count| portfolios_within(2, rows(count).as_bytes());
    assert_eq!(within(2)[0].as_ref().unwrap().positions.len(), 2);
    let messages: Vec<_> = within(3).into_iter().map(|read| read.unwrap_err().to_string()).collect();
    assert_eq!(messages, ["line 4: at most 2 rows are read: write JSON lines for more"; 2]);
}

#[test]
fn a_row_that_does_not_end_is_refused_in_bounded_memory() {
    let start = format!("{HEADER}\nA,F,FUT,202506,,,1\nB,\"");
    let source = io::BufReader::new(start.as_bytes().chain(io::repeat(b'x')));
    let messages: Vec<_> = portfolios(source).into_iter().map(|read| read.unwrap_err().to_string()).collect();
    assert_eq!(messages, ["line 3: the input could not be read: a row has at most 1048576 bytes"; 2]);
}

#[test]
fn the_rows_of_an_account_state_its_options_once() {
    let header = "account,product,type,period,quantity,currency,rounding,allow_unmatched,margining";
    let rows = "A,F,FUT,202506,1,,cme,true,gross\nA,F,FUT,202509,1,EUR,,true,\nB,F,FUT,202506,1,,,,\n";
    let read = portfolios(format!("{header}\n{rows}").as_bytes());
    let options = read[0].as_ref().unwrap().options.clone();
    let own = |name: &str| plimsoll_engine::types::Currency::new(name).unwrap();
    assert_eq!((options.currency, options.rounding.map(|own| own.name())), (Some(own("EUR")), Some("cme")));
    assert_eq!((options.allow_unmatched, options.margining.is_some()), (Some(true), true));
    assert_eq!(read[1].as_ref().unwrap().options, crate::portfolio::StatedOptions::default());
    let rows = "A,F,FUT,202506,1,EUR,cme,true,net\nA,F,FUT,202509,1,USD,exact,false,gross\n";
    let expected = "line 3: margining: line 2 has net; currency: line 2 has \"EUR\"; rounding: line 2 has cme; \
                    allow_unmatched: line 2 has true";
    assert_eq!(errors(&format!("{header}\n{rows}")), [expected]);
}
