//! Trades to be imported: JSON lines, or CSV with a column for every field. Every fault has the line that it stands in.

use std::collections::BTreeMap;
use std::io::Read;

use csv::ByteRecord;
use plimsoll_client::json::Fault;
use plimsoll_client::rows::Rows;
use plimsoll_proto::v1;
use serde_json::{Map, Value, json};

use super::lines::JsonLine;
use super::words::Words;

/// The columns of a CSV file and the fields that they are; the second word tells whether every row has it.
const COLUMNS: [(&str, &str, bool); 17] = [
    ("group", "group", true),
    ("account", "trade.account", true),
    ("trade", "trade.id", true),
    ("date", "trade.date", true),
    ("cycle", "trade.cycle", false),
    ("due", "trade.due", false),
    ("exchange", "trade.legs[0].contract.exchange", false),
    ("product", "trade.legs[0].contract.product", true),
    ("type", "trade.legs[0].contract.type", true),
    ("period", "trade.legs[0].contract.period", true),
    ("underlying_period", "trade.legs[0].contract.underlying_period", false),
    ("right", "trade.legs[0].contract.right", false),
    ("strike", "trade.legs[0].contract.strike", false),
    ("quantity", "trade.legs[0].contract.quantity", true),
    ("price", "trade.legs[0].price", true),
    ("fee", "trade.fee.amount", false),
    ("fee_currency", "trade.fee.currency", false),
];

/// The trades of a file as far as they can be read, each with its line, and all that is wrong.
pub(super) struct Trades {
    words: Words,
    is_csv: bool,
    read: Vec<(usize, v1::ImportedTrade)>,
    faults: Vec<Faulty>,
}

/// A fault in a line of the file: of a trade, or of a line that is none.
struct Faulty {
    line: usize,
    place: Option<usize>,
    fault: Fault,
}

impl Trades {
    /// Trades as JSON lines.
    pub(super) fn of_lines(lines: Vec<JsonLine>) -> Result<Self, String> {
        let mut trades = Self::new(false)?;
        for (line, text) in lines {
            match plimsoll_client::json::read(&text) {
                Ok(read) => trades.add(line, read.value, read.faults),
                Err(fault) => trades.faults.push(Faulty { line, place: None, fault }),
            }
        }
        trades.name_twice();
        Ok(trades)
    }

    /// Trades as CSV.
    pub(super) fn of_csv(source: impl Read) -> Result<Self, String> {
        let mut trades = Self::new(true)?;
        let mut rows = Rows::new(source);
        let (mut record, mut columns) = (ByteRecord::new(), None);
        loop {
            let line = match rows.next(&mut record) {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(fault) => {
                    trades.alone(fault.line, "", &fault.message);
                    break;
                }
            };
            let Some(columns) = &columns else {
                columns = Some(trades.header(&record));
                if trades.faults.is_empty() {
                    continue;
                }
                break;
            };
            if record.len() == 1 && record.iter().all(<[u8]>::is_empty) {
                continue;
            }
            trades.row(line, columns, &record);
        }
        if columns.is_none() {
            trades.alone(1, "", "the header is missing");
        }
        trades.name_twice();
        Ok(trades)
    }

    fn new(is_csv: bool) -> Result<Self, String> {
        let words = Words::of("ImportedTrade", "ImportTradesResponse")?;
        Ok(Self { words, is_csv, read: Vec::new(), faults: Vec::new() })
    }

    /// A fault of a line that is no trade.
    fn alone(&mut self, line: u64, path: &str, message: &str) {
        let fault = Fault { path: path.to_owned(), message: message.to_owned() };
        self.faults.push(Faulty { line: usize::try_from(line).unwrap_or(usize::MAX), place: None, fault });
    }

    /// The columns of a header, by their places among [`COLUMNS`].
    fn header(&mut self, header: &ByteRecord) -> Vec<usize> {
        let mut columns = Vec::with_capacity(header.len());
        for name in header {
            let name = String::from_utf8_lossy(name);
            match COLUMNS.iter().position(|(own, ..)| *own == name) {
                Some(column) if columns.contains(&column) => {
                    self.alone(1, "", &format!("a second column {name}"));
                }
                Some(column) => columns.push(column),
                None => {
                    let quoted: String = name.chars().take(40).collect();
                    self.alone(1, "", &format!("unknown column {quoted:?}"));
                }
            }
        }
        for (column, (name, _, is_needed)) in COLUMNS.iter().enumerate() {
            if *is_needed && !columns.contains(&column) {
                self.alone(1, "", &format!("the column {name} is missing"));
            }
        }
        columns
    }

    fn row(&mut self, line: u64, columns: &[usize], record: &ByteRecord) {
        let mut faults = Vec::new();
        if record.len() != columns.len() {
            let message = format!("{} fields, the header has {}", record.len(), columns.len());
            return self.alone(line, "", &message);
        }
        let mut texts = BTreeMap::new();
        for (&column, field) in columns.iter().zip(record) {
            let (name, path, is_needed) = COLUMNS[column];
            let mut fault = |message: &str| {
                faults.push(Fault { path: path.to_owned(), message: message.to_owned() });
            };
            match std::str::from_utf8(field) {
                Ok("") if is_needed => fault("is missing"),
                Ok("") => {}
                Ok(text) => drop(texts.insert(name, text)),
                Err(_) => fault("not UTF-8"),
            }
        }
        self.add(usize::try_from(line).unwrap_or(usize::MAX), trade_of(&texts), faults);
    }

    /// Keeps a trade as far as it can be read.
    fn add(&mut self, line: usize, value: Value, faults: Vec<Fault>) {
        let place = self.read.len();
        let (value, faults) = self.words.as_far(value, faults);
        let trade = match self.words.read(value) {
            Ok(trade) => trade,
            Err(message) => return self.alone(line as u64, "", &message),
        };
        self.read.push((line, trade));
        self.faults.extend(faults.into_iter().map(|fault| Faulty { line, place: Some(place), fault }));
    }

    /// Names trades of one group and id that stand on two lines.
    fn name_twice(&mut self) {
        let mut first = BTreeMap::new();
        for (place, (line, own)) in self.read.iter().enumerate() {
            let Some(trade) = own.trade.as_ref().filter(|trade| !trade.id.is_empty()) else { continue };
            let before = *first.entry((own.group.as_str(), trade.id.as_str())).or_insert(*line);
            if before != *line {
                let message = format!("{} stands on line {before} too", trade.id);
                let fault = Fault { path: "trade.id".to_owned(), message };
                self.faults.push(Faulty { line: *line, place: Some(place), fault });
            }
        }
    }

    /// The request: with a fault in the file it only asks what else is wrong.
    pub(super) fn request(&self, house: &str) -> v1::ImportTradesRequest {
        let trades = self.read.iter().map(|(_, trade)| trade.clone()).collect();
        v1::ImportTradesRequest { house: house.to_owned(), trades, validate_only: !self.faults.is_empty() }
    }

    /// Whether there is something that a server could tell of.
    pub(super) const fn is_empty(&self) -> bool {
        self.read.is_empty()
    }

    /// What a server says, with the file's own faults and the line of each; nothing is told twice.
    pub(super) fn answer(&self, answer: &v1::ImportTradesResponse) -> Result<Value, String> {
        let mut value = self.words.write(answer)?;
        let own = self.faults.iter().map(|own| {
            let path = match (own.place, own.fault.path.as_str()) {
                (None, path) => path.to_owned(),
                (Some(place), "") => format!("trades[{place}]"),
                (Some(place), path) => format!("trades[{place}].{path}"),
            };
            (Some(own.line), path, own.fault.message.clone())
        });
        let mut all: Vec<(Option<usize>, String, String)> = own.collect();
        let told = all.len();
        for fault in &answer.faults {
            let is_told = all[..told].iter().any(|(_, path, _)| is_within(&fault.field, path));
            if !is_told {
                let line =
                    place_of(&fault.field).and_then(|place| self.read.get(place)).map(|(line, _)| *line);
                all.push((line, fault.field.clone(), fault.description.clone()));
            }
        }
        all.sort_by_key(|(line, ..)| line.unwrap_or(usize::MAX));
        if !all.is_empty() {
            let faults = all.into_iter().map(|(line, field, description)| {
                let mut fault = Map::new();
                fault.extend(line.map(|line| ("line".to_owned(), json!(line))));
                fault.extend(self.column(&field).map(|column| ("column".to_owned(), json!(column))));
                fault.insert("field".to_owned(), json!(field));
                fault.insert("description".to_owned(), json!(description));
                Value::Object(fault)
            });
            value["faults"] = faults.collect();
        }
        Ok(value)
    }

    /// The column of a field.
    fn column(&self, field: &str) -> Option<&'static str> {
        let (_, path) = field.strip_prefix("trades[")?.split_once("].").filter(|_| self.is_csv)?;
        COLUMNS.iter().find(|(_, own, _)| *own == path).map(|(name, ..)| *name)
    }
}

/// The place in `trades[PLACE].field`.
fn place_of(field: &str) -> Option<usize> {
    field.strip_prefix("trades[")?.split_once(']')?.0.parse().ok()
}

/// Whether a path is another, or lies in what it leads to.
fn is_within(path: &str, other: &str) -> bool {
    path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// A row as JSON, without what is empty.
fn trade_of(texts: &BTreeMap<&str, &str>) -> Value {
    let of = |names: &[(&str, &str)]| -> Value {
        let stated = names.iter().filter_map(|(column, key)| {
            Some(((*key).to_owned(), Value::String((*texts.get(column)?).to_owned())))
        });
        Value::Object(stated.collect())
    };
    let mut contract = of(&["exchange", "product", "type", "period", "underlying_period", "right", "strike"]
        .map(|name| (name, name)));
    contract["quantity"] = of(&[("quantity", "quantity")])["quantity"].take();
    let mut leg = of(&[("price", "price")]);
    leg["contract"] = contract;
    let mut trade =
        of(&[("trade", "id"), ("account", "account"), ("date", "date"), ("cycle", "cycle"), ("due", "due")]);
    trade["legs"] = json!([leg]);
    let fee = of(&[("fee", "amount"), ("fee_currency", "currency")]);
    if fee.as_object().is_some_and(|fee| !fee.is_empty()) {
        trade["fee"] = fee;
    }
    let mut imported = of(&[("group", "group")]);
    imported["trade"] = trade;
    imported
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "group,account,trade,date,product,type,period,right,strike,quantity,price,fee,fee_currency\n\
                        POOL,A,T1,2026-09-18,HCL,FUT,202612,,,-3,70.86,,\n\
                        POOL,A,T2,2026-09-18,HCLO,OOF,202612,C,70.00,2,7.31,1.5,USD\n";

    fn of_csv(text: &str) -> Trades {
        Trades::of_csv(text.as_bytes()).unwrap()
    }

    fn faults(trades: &Trades, answer: &v1::ImportTradesResponse) -> Vec<String> {
        let value = trades.answer(answer).unwrap();
        let word = |fault: &Value, key: &str| fault[key].as_str().unwrap_or_default().to_owned();
        let text = |fault: &Value| {
            format!(
                "{} {} {}: {}",
                fault["line"],
                word(fault, "column"),
                word(fault, "field"),
                word(fault, "description")
            )
        };
        value["faults"].as_array().into_iter().flatten().map(text).collect()
    }

    #[test]
    fn a_row_is_a_trade() {
        let trades = of_csv(TEXT);
        let request = trades.request("HARBOR");
        assert!(!request.validate_only);
        let trades: Vec<_> = request.trades.into_iter().map(|own| own.trade.unwrap()).collect();
        assert_eq!(trades[0].legs[0].contract.as_ref().unwrap().quantity, -3);
        assert_eq!(trades[1].legs[0].contract.as_ref().unwrap().right(), v1::OptionRight::Call);
        assert_eq!((trades[0].fee.is_none(), trades[1].fee.as_ref().unwrap().amount.as_str()), (true, "1.5"));
    }

    #[test]
    fn all_faults_of_a_file_are_told_with_those_of_the_server() {
        let text = TEXT.replace("-3", "three").replace(",2,7.31", ",,7.31").replace("OOF", "XXX");
        let trades = of_csv(
            &(text
                + "POOL,A,T1,2026-09-18\nNONE,A,T1,2026-09-18,HCL,FUT,202612,,,1,70.86,,USD\n\nPOOL,B,T2,2026-09-18,HCL,FUT,202612,,,1,70.86,,\n"),
        );
        let request = trades.request("HARBOR");
        assert_eq!((request.validate_only, request.trades.len()), (true, 4));
        let of_server = [
            ("trades[0].trade.legs[0].contract.quantity", "is zero"),
            ("trades[2].group", "no margin group NONE"),
            ("trades[3].trade.id", "stands here twice"),
            ("house", "is unknown"),
        ];
        let of_server = of_server.map(|(field, description)| v1::FieldViolation {
            field: field.into(),
            description: description.into(),
        });
        let answer = v1::ImportTradesResponse { faults: of_server.into(), ..Default::default() };
        let expected = [
            "2 quantity trades[0].trade.legs[0].contract.quantity: HCL FUT 202612: expected a whole number",
            "3 quantity trades[1].trade.legs[0].contract.quantity: is missing",
            "3 type trades[1].trade.legs[0].contract.type: HCLO XXX 202612 C 70.00: expected one of PHY, EQTY, FUT, FWD, OOP, OOF, OOE, CMB, OOC",
            "4  : 4 fields, the header has 13",
            "5 group trades[2].group: no margin group NONE",
            "7 trade trades[3].trade.id: T2 stands on line 3 too",
            "null  house: is unknown",
        ];
        assert_eq!(faults(&trades, &answer), expected);
    }

    #[test]
    fn a_header_names_every_column_once() {
        let trades = of_csv("group,account,trade,trade,date,type,period,quantity,price,colour\nx\n");
        let expected = [
            "1  : a second column trade",
            "1  : unknown column \"colour\"",
            "1  : the column product is missing",
        ];
        assert_eq!(faults(&trades, &v1::ImportTradesResponse::default()), expected);
        assert_eq!(faults(&of_csv(""), &v1::ImportTradesResponse::default()), ["1  : the header is missing"]);
    }

    #[test]
    fn lines_of_json_are_read_in_the_same_way() {
        let lines = [
            r#"{"group":"POOL","trade":{"id":"T1","id":"T1","account":"A"}}"#,
            r#"{"group":"POOL","trade":{"#,
            r#"{"group":"POOL","groop":"POOL","trade":{"id":"T1","accountId":"A"}}"#,
        ];
        let lines = lines.iter().zip([1, 2, 4]).map(|(text, line)| (line, text.as_bytes().to_vec()));
        let trades = Trades::of_lines(lines.collect()).unwrap();
        let found = faults(&trades, &v1::ImportTradesResponse::default());
        let expected = [
            "1  trades[0].trade.id: stands here a second time",
            "2  : not JSON: ",
            "4  trades[1].groop: unknown key",
            "4  trades[1].trade.accountId: unknown key",
            "4  trades[1].trade.id: T1 stands on line 1 too",
        ];
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{found}");
        }
    }
}
