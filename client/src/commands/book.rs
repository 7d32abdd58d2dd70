//! The live book of a server: JSON in, JSON lines out.

mod lines;
mod lists;
mod methods;
mod runs;
mod stated;
mod trades;
mod words;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use plimsoll_client::answer::FieldViolation;
use plimsoll_client::client::Client;
use plimsoll_client::error::ClientError;
use plimsoll_client::json::{self, Fault};
use plimsoll_proto::v1;
use prost::Message;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{CommandError, Exit, connect};
use crate::arguments::{BookCommand, GroupArgument, InHouse, OriginWord};
use lines::{json_lines, reader};
use runs::RunName;
use trades::Trades;
use words::Words;

pub(super) fn run(command: BookCommand) -> Result<Exit, CommandError> {
    match command {
        BookCommand::Open { group, member, origin, currency } => open(&group, member, origin, currency),
        BookCommand::Close(group) => {
            let call = Calls::new(&group.server.url)?;
            let request = v1::CloseGroupRequest { name: name_of(&group) };
            call.one("CloseGroupResponse", |client| async move { client.close_group(request).await })
        }
        BookCommand::Groups { server, house } => lists::groups(&server.url, &house),
        BookCommand::Submit { file, server, house, group, run_name } => {
            let name = house.zip(group).map(|(house, group)| json!({ "house": house, "group": group }));
            let run = run_name.map_or_else(|| Ok(RunName::new()), |name| RunName::given(&name));
            let run = run.map_err(CommandError::Usage)?;
            submit(&Calls::new(&server.url)?, &file, name.as_ref(), &run)
        }
        BookCommand::Check { file, group } => check(&group, &file),
        BookCommand::Settle(input) => {
            in_house(&input, "SettleHouseRequest", "SettleHouseResponse", |client, own| async move {
                client.settle_house(own).await
            })
        }
        BookCommand::Transfer(input) => {
            in_house(&input, "TransferRequest", "TransferResponse", |client, own| async move {
                client.transfer(own).await
            })
        }
        BookCommand::Terms(input) => {
            in_house(&input, "SetHouseTermsRequest", "SetHouseTermsResponse", |client, own| async move {
                client.set_house_terms(own).await
            })
        }
        BookCommand::Contracts(input) => {
            in_house(&input, "SetContractsRequest", "SetContractsResponse", |client, own| async move {
                client.set_contracts(own).await
            })
        }
        BookCommand::Methods { methods, moves, server, house } => {
            methods::state(&server.url, &house, &methods, &moves)
        }
        BookCommand::Market { file, server, house, currency } => {
            methods::market(&server.url, &house, &currency, &file)
        }
        BookCommand::Import { file, server, house } => import(&Calls::new(&server.url)?, &file, &house),
        BookCommand::Margin(group) => {
            let call = Calls::new(&group.server.url)?;
            let request = v1::GetMarginRequest { name: name_of(&group) };
            call.one("GetMarginResponse", |client| async move { client.get_margin(request).await })
        }
        BookCommand::Explain { group, at, version } => {
            let call = Calls::new(&group.server.url)?;
            let request = v1::ExplainMarginRequest { name: name_of(&group), log_sequence: at, version };
            call.one("ExplainMarginResponse", |client| async move { client.explain_margin(request).await })
        }
        BookCommand::Audit(group) => {
            let call = Calls::new(&group.server.url)?;
            let request = v1::AuditGroupRequest { name: name_of(&group) };
            call.one("AuditGroupResponse", |client| async move { client.audit_group(request).await })
        }
        BookCommand::Positions(group) => lists::positions(&group),
        BookCommand::Orders(group) => lists::orders(&group),
        BookCommand::Trades(group) => lists::trades(&group),
        BookCommand::Deliveries(group) => lists::deliveries(&group),
        BookCommand::Exceptions { group, all } => lists::exceptions(&group, all),
    }
}

fn name_of(group: &GroupArgument) -> Option<v1::GroupName> {
    Some(v1::GroupName { house: group.house.clone(), group: group.group.clone() })
}

/// A connection, and where answers go.
struct Calls {
    runtime: Runtime,
    client: Client,
}

impl Calls {
    fn new(url: &str) -> Result<Self, CommandError> {
        let (runtime, client) = connect(url)?;
        Ok(Self { runtime, client })
    }

    /// Calls once and prints the answer.
    fn one<'a, M: Message, F: Future<Output = Result<M, ClientError>>>(
        &'a self,
        answer: &str,
        call: impl FnOnce(&'a Client) -> F,
    ) -> Result<Exit, CommandError> {
        let message = self.runtime.block_on(call(&self.client))?;
        let words = Words::of(answer, answer).map_err(CommandError::Own)?;
        Self::told(&words.write(&message).map_err(CommandError::Own)?)
    }

    /// Prints an answer.
    fn told(value: &Value) -> Result<Exit, CommandError> {
        writeln!(io::stdout(), "{value}")?;
        let refused = ["refused", "faults", "not_applied"].iter().any(|own| value.get(*own).is_some());
        let differs = value.get("differences").is_some();
        Ok(if refused || differs { Exit::SomeRefused } else { Exit::Done })
    }
}

fn open(
    group: &GroupArgument,
    member: String,
    origin: OriginWord,
    currency: String,
) -> Result<Exit, CommandError> {
    let origin = match origin {
        OriginWord::House => v1::Origin::House,
        OriginWord::Client => v1::Origin::Client,
    };
    let request = v1::CreateGroupRequest { name: name_of(group), member, origin: origin.into(), currency };
    Calls::new(&group.server.url)?
        .one("CreateGroupResponse", |client| async move { client.create_group(request).await })
}

/// Submits lines in order; what a line lacks of group and command id is filled in. Every answer has the id that it is of.
fn submit(calls: &Calls, path: &Path, name: Option<&Value>, run: &RunName) -> Result<Exit, CommandError> {
    let words = Words::of("SubmitRequest", "SubmitResponse").map_err(CommandError::Own)?;
    let mut exit = Exit::Done;
    let lines = json_lines(path)?;
    writeln!(io::stderr(), "{}", run.notice())?;
    let mut out = io::stdout().lock();
    for (number, line) in lines {
        let request = words.stated(&line).map_err(|faults| joined(&faults)).and_then(|mut value| {
            if let Value::Object(entries) = &mut value {
                if let Some(name) = name {
                    entries.entry("name").or_insert_with(|| name.clone());
                }
                // The same line of a run of the same name is the same command.
                entries.entry("command_id").or_insert_with(|| Value::String(run.id(number)));
            }
            words.read::<v1::SubmitRequest>(value)
        });
        let (id, answer) = match request {
            Ok(request) => {
                let id = request.command_id.clone();
                (id, calls.runtime.block_on(calls.client.submit(request)))
            }
            Err(fault) => {
                writeln!(out, "{}", json!({ "line": number, "error": fault }))?;
                exit = exit.max(Exit::SomeRefused);
                continue;
            }
        };
        match answer {
            Ok(answer) => {
                let mut value = words.write(&answer).map_err(CommandError::Own)?;
                (value["line"], value["command_id"]) = (json!(number), json!(id));
                if answer.refused.is_some() {
                    exit = exit.max(Exit::SomeRefused);
                }
                writeln!(out, "{value}")?;
            }
            Err(error @ ClientError::Status { .. }) => {
                let fault = json!({ "line": number, "command_id": id, "error": error.to_string() });
                writeln!(out, "{fault}")?;
                exit = exit.max(Exit::SomeRefused);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(exit)
}

fn joined(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Checks orders without reserving them.
fn check(group: &GroupArgument, path: &Path) -> Result<Exit, CommandError> {
    let calls = Calls::new(&group.server.url)?;
    let words = Words::of("Order", "CheckOrderResponse").map_err(CommandError::Own)?;
    let mut exit = Exit::Done;
    let mut out = io::stdout().lock();
    let mut first = BTreeMap::new();
    for (number, line) in json_lines(path)? {
        let order = words.stated(&line).map_err(|faults| joined(&faults));
        let order = order.and_then(|value| words.read::<v1::Order>(value)).and_then(|order| {
            let before = *first.entry(order.id.clone()).or_insert(number);
            let is_twice = before != number && !order.id.is_empty();
            if is_twice { Err(format!("id: {} stands on line {before} too", order.id)) } else { Ok(order) }
        });
        let order = match order {
            Ok(order) => order,
            Err(fault) => {
                writeln!(out, "{}", json!({ "line": number, "error": fault }))?;
                exit = Exit::SomeRefused;
                continue;
            }
        };
        let request = v1::CheckOrderRequest {
            name: name_of(group),
            order: Some(order),
            validate_only: true,
            ..v1::CheckOrderRequest::default()
        };
        let answer = calls.runtime.block_on(calls.client.check_order(request))?;
        let mut value = words.write(&answer).map_err(CommandError::Own)?;
        (value["line"], value["accepted"]) = (json!(number), json!(answer.accepted));
        if !answer.accepted {
            exit = Exit::SomeRefused;
        }
        writeln!(out, "{value}")?;
    }
    Ok(exit)
}

/// One request of a house, from a file.
fn in_house<Q: Message + Default, A: Message, F: Future<Output = Result<A, ClientError>>>(
    input: &InHouse,
    request: &str,
    answer: &str,
    call: impl FnOnce(Client, Q) -> F,
) -> Result<Exit, CommandError> {
    let calls = Calls::new(&input.server.url)?;
    let text = lines::document(&input.file)?;
    let named = |fault: String| CommandError::Usage(format!("{}: {fault}", input.file.display()));
    let faulty = |faults: Vec<Fault>| {
        let located = json::located(&text, faults).into_iter();
        let told: Vec<String> = located.map(|(line, fault)| format!("line {line}: {fault}")).collect();
        named(told.join("; "))
    };
    let words = Words::of(request, answer).map_err(CommandError::Own)?;
    let mut value = words.stated(&text).map_err(faulty)?;
    if let (Value::Object(entries), Some(house)) = (&mut value, &input.house) {
        let stated = entries.entry("house").or_insert_with(|| json!(house));
        if stated != house {
            return Err(named(format!("house: {stated}, and --house says {house:?}")));
        }
    }
    let request = words.read(value).map_err(named)?;
    match calls.one(answer, |client| call(client.clone(), request)) {
        // The server's paths are the file's.
        Err(CommandError::Server(ClientError::Status { code, message, violations })) => {
            let of_file =
                |violation: FieldViolation| Fault { path: violation.field, message: violation.description };
            let located = json::located(&text, violations.into_iter().map(of_file).collect()).into_iter();
            let violations = located.map(|(line, fault)| FieldViolation {
                field: fault.path,
                description: format!("{} (line {line})", fault.message),
            });
            let violations = violations.collect();
            Err(ClientError::Status { code, message, violations }.into())
        }
        told => told,
    }
}

/// Books the trades of a file, or tells all that is wrong with it.
fn import(calls: &Calls, path: &Path, house: &str) -> Result<Exit, CommandError> {
    let is_csv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    let trades = if is_csv { Trades::of_csv(reader(path)?) } else { Trades::of_lines(json_lines(path)?) };
    let trades = trades.map_err(CommandError::Own)?;
    let mut answer = v1::ImportTradesResponse::default();
    if !trades.is_empty() {
        answer = calls.runtime.block_on(calls.client.import_trades(trades.request(house)))?;
    }
    Calls::told(&trades.answer(&answer).map_err(CommandError::Own)?)
}
