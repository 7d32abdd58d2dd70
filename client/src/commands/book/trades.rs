//! Trades to be imported: JSON lines, or CSV with a column for every field.

use std::io::Read;

use plimsoll_proto::v1;
use serde::Deserialize;
use serde_json::{Value, json};

use super::words::Words;

/// A line of CSV.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    group: String,
    account: String,
    trade: String,
    date: String,
    #[serde(default)]
    cycle: Option<u32>,
    #[serde(default)]
    due: String,
    product: String,
    r#type: String,
    period: String,
    #[serde(default)]
    exchange: String,
    #[serde(default)]
    underlying_period: String,
    #[serde(default)]
    right: String,
    #[serde(default)]
    strike: String,
    quantity: i64,
    price: String,
    #[serde(default)]
    fee: String,
    #[serde(default)]
    fee_currency: String,
}

impl Line {
    /// The same as JSON, without what is empty.
    fn into_json(self) -> Value {
        let mut contract = json!({
            "exchange": self.exchange, "product": self.product, "type": self.r#type, "period": self.period,
            "underlying_period": self.underlying_period, "right": self.right, "strike": self.strike,
            "quantity": self.quantity,
        });
        if let Value::Object(entries) = &mut contract {
            entries.retain(|_, value| value.as_str() != Some(""));
        }
        let mut trade = json!({
            "id": self.trade, "account": self.account, "date": self.date, "cycle": self.cycle.unwrap_or_default(), "due": self.due,
            "legs": [{ "contract": contract, "price": self.price }],
        });
        if !self.fee.is_empty() {
            trade["fee"] = json!({ "amount": self.fee, "currency": self.fee_currency });
        }
        json!({ "group": self.group, "trade": trade })
    }
}

/// Every trade of a CSV file; all faulty lines are named.
pub(super) fn of_csv(source: impl Read) -> Result<Vec<Value>, Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(source);
    let (mut trades, mut faults) = (Vec::new(), Vec::new());
    for line in reader.deserialize::<Line>() {
        match line {
            Ok(line) => trades.push(line.into_json()),
            Err(error) => faults.push(error.to_string()),
        }
    }
    if faults.is_empty() { Ok(trades) } else { Err(faults) }
}

/// The request of an import.
pub(super) fn request(house: &str, trades: Vec<Value>) -> Result<v1::ImportTradesRequest, Vec<String>> {
    let one = |fault: String| vec![fault];
    let words = Words::of("ImportedTrade", "ImportTradesResponse").map_err(one)?;
    let (mut read, mut faults) = (Vec::new(), Vec::new());
    for (place, trade) in trades.into_iter().enumerate() {
        match words.read(trade) {
            Ok(trade) => read.push(trade),
            Err(fault) => faults.push(format!("trades[{place}]: {fault}")),
        }
    }
    let house = house.to_owned();
    if faults.is_empty() { Ok(v1::ImportTradesRequest { house, trades: read }) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_trade_and_all_faulty_ones_are_named() {
        let text = "group,account,trade,date,product,type,period,right,strike,quantity,price,fee,fee_currency\n\
                    POOL,A,T1,2026-09-18,HCL,FUT,202612,,,-3,70.86,,\n\
                    POOL,A,T2,2026-09-18,HCLO,OOF,202612,C,70.00,2,7.31,1.5,USD\n";
        let request = request("HARBOR", of_csv(text.as_bytes()).unwrap()).unwrap();
        let trades: Vec<_> = request.trades.into_iter().map(|own| own.trade.unwrap()).collect();
        assert_eq!(trades[0].legs[0].contract.as_ref().unwrap().quantity, -3);
        assert_eq!(trades[1].legs[0].contract.as_ref().unwrap().right(), v1::OptionRight::Call);
        assert_eq!((trades[0].fee.is_none(), trades[1].fee.as_ref().unwrap().amount.as_str()), (true, "1.5"));
        let faulty = text.replace("-3", "three").replace(",2,7.31", ",,7.31");
        assert_eq!(of_csv(faulty.as_bytes()).unwrap_err().len(), 2);
    }
}
