//! JSON lines of which several may be of one account: they are added up.

use std::io::BufRead;

use super::book::{Book, MOST_ROWS};
use super::jsonl::JsonLines;
use super::{AccountPortfolio, BadPortfolio};

/// Reads all portfolios. A line that is faulty spoils its account, a source that fails all of them.
pub(super) fn portfolios(source: impl BufRead) -> Vec<Result<AccountPortfolio, BadPortfolio>> {
    portfolios_within(MOST_ROWS, source)
}

fn portfolios_within(most: usize, source: impl BufRead) -> Vec<Result<AccountPortfolio, BadPortfolio>> {
    let (mut lines, mut book, mut count) = (JsonLines::new(source), Book::default(), 0);
    while let Some(read) = lines.next() {
        match read {
            Ok(own) => {
                count += 1 + own.positions.len();
                if count > most {
                    let message = format!("at most {most} lines and positions are added up");
                    book.spoil(BadPortfolio::new(None, own.line, message));
                    break;
                }
                add(&mut book, own);
            }
            Err(bad) if lines.has_failed() => book.spoil(bad),
            Err(bad) => {
                let line = bad.faults.as_slice().first().map_or(0, |fault| fault.line);
                book.entry(bad.account, line).faults.append(bad.faults);
            }
        }
    }
    book.finish()
}

fn add(book: &mut Book, own: AccountPortfolio) {
    let AccountPortfolio { account, line, positions, options, away } = own;
    let entry = book.entry(Some(account), line);
    for (field, message) in entry.state(line, options) {
        entry.faults.push(line, field.name(), message);
    }
    if let Err(message) = entry.hold(positions) {
        entry.faults.push(line, "positions", message);
    }
    entry.hold_away(away);
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read as _};

    use super::*;

    fn line(account: &str, quantity: i64, more: &str) -> String {
        let position = format!(r#"{{"product":"F","type":"FUT","period":"202506","quantity":{quantity}}}"#);
        format!("{{\"account\":\"{account}\",\"positions\":[{position}]{more}}}\n")
    }

    fn errors(read: &[Result<AccountPortfolio, BadPortfolio>]) -> Vec<String> {
        read.iter()
            .map(|own| own.as_ref().map_or_else(ToString::to_string, |own| own.account.clone()))
            .collect()
    }

    #[test]
    fn lines_of_an_account_are_one_portfolio() {
        let away = r#","away":[{"house":"H","commodity":"C","tier":0,"delta":"1"}],"margining":"gross""#;
        let text =
            [line("B", 1, ""), line("A", 2, r#","currency":"EUR""#), line("B", -3, away), line("A", 4, "")];
        let read = portfolios(text.concat().as_bytes());
        let own: Vec<_> = read.into_iter().map(Result::unwrap).collect();
        let lots = |place: usize| own[place].positions.iter().map(|own| own.lots.get()).collect::<Vec<_>>();
        assert_eq!((own.len(), own[0].account.as_str(), own[0].line, lots(0)), (2, "B", 1, vec![1, -3]));
        assert_eq!((own[0].away.len(), own[0].options.margining.is_some()), (1, true));
        assert_eq!((lots(1), own[1].options.currency.is_some()), (vec![2, 4], true));
    }

    #[test]
    fn lines_that_contradict_each_other_name_both() {
        let text = [
            line("A", 1, r#","currency":"EUR","account_type":"hedger","margining":"net""#),
            line("B", 1, ""),
            "\n".to_owned(),
            line("A", 1, r#","currency":"USD","account_type":"member","margining":"gross""#),
            line("B", 0, ""),
            line("B", 5, ""),
        ];
        let read = portfolios(text.concat().as_bytes());
        let expected = [
            "line 4: account_type: line 1 has \"H\"; margining: line 1 has net; currency: line 1 has \"EUR\"",
            "line 5: positions[0].quantity: quantity is zero",
        ];
        assert_eq!(errors(&read), expected);
    }

    #[test]
    fn an_input_that_is_not_read_to_its_end_margins_nobody() {
        struct Failing;
        impl io::Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("gone"))
            }
        }
        let text = [line("A", 1, ""), line("B", 1, "")].concat();
        let source = io::BufReader::new(text.as_bytes().chain(Failing));
        let expected = ["line 3: the input could not be read: gone"; 3];
        assert_eq!(errors(&portfolios(source)), expected);
        let read = portfolios_within(3, text.as_bytes());
        assert_eq!(errors(&read), ["line 2: at most 3 lines and positions are added up"; 2]);
        // A line that names no account spoils no other.
        let read = portfolios(format!("{text}{{\"positions\":[]}}\n").as_bytes());
        assert_eq!(errors(&read), ["A", "B", "line 3: account: is missing"]);
    }
}
