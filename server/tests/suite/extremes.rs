//! Every field of every request with the largest, the smallest and the strangest values that it can hold: the answer is a normal one or
//! names the fault, and the server never fails.

mod requests;

use plimsoll_proto::FILE_DESCRIPTOR_SET;
use plimsoll_proto::v1;
use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage as _, Value,
};
use tonic::Code;

use crate::raw;
use crate::served::Served;
use requests::{Template, templates};

/// A way through a message: fields, and places in lists.
type Way = Vec<(u32, usize)>;

/// Every field that is no message, of all messages that are there; of a choice the one that is made.
fn fields(message: &DynamicMessage, before: &Way, found: &mut Vec<(Way, FieldDescriptor)>) {
    for field in message.descriptor().fields() {
        let has_it = message.has_field(&field);
        let way = |place| [before.as_slice(), &[(field.number(), place)]].concat();
        match (field.kind(), &*message.get_field(&field)) {
            (Kind::Message(_), Value::Message(inner)) if has_it => fields(inner, &way(0), found),
            (Kind::Message(_), Value::List(list)) => {
                for (place, inner) in list.iter().enumerate() {
                    if let Value::Message(inner) = inner {
                        fields(inner, &way(place), found);
                    }
                }
            }
            (Kind::Message(_), _) => {}
            (_, Value::List(list)) => found.extend((0..list.len()).map(|place| (way(place), field.clone()))),
            _ if has_it || field.containing_oneof().is_none() => found.push((way(0), field.clone())),
            _ => {}
        }
    }
}

/// Puts a value at the end of a way.
fn put(message: &mut DynamicMessage, way: &[(u32, usize)], value: Value) {
    let Some(((number, place), rest)) = way.split_first() else { return };
    let field = message.descriptor().get_field(*number).unwrap();
    if rest.is_empty() && !field.is_list() {
        return message.set_field(&field, value);
    }
    let target = match message.get_field_mut(&field) {
        Value::List(list) => &mut list[*place],
        single => single,
    };
    match target {
        Value::Message(inner) => put(inner, rest, value),
        other => *other = value,
    }
}

const TEXTS: [&str; 24] = [
    "",
    "0",
    "-0.000000000000000001",
    "0.000000000000000001",
    "1000000000",
    "-1000000001",
    "999999999999999999",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854.775807",
    "1000000000000000000000",
    "-99999999999999999999.999999999999999999",
    "170141183460469231731.687303715884105727",
    "-170141183460469231731.687303715884105728",
    "170141183460469231731687303715884105727",
    "-170141183460469231731687303715884105728",
    "999999999999999999999999999999999999999999",
    "1e308",
    "NaN",
    "0000-00-00",
    "9999-12-31",
    "9999-12-31T23:59:59.999999999Z",
    "-9999-01-01T00:00:00Z",
    "\u{0}\u{1F980}",
];
const WHOLE: [i64; 14] = [
    i64::MIN,
    i64::MIN + 1,
    -(1 << 62),
    -(1 << 32),
    -1_000_000_000,
    -1,
    0,
    2,
    999_999_999,
    1_000_000_001,
    1 << 33,
    1 << 62,
    i64::MAX - 1,
    i64::MAX,
];

/// Of two numbers that may be multiplied: their product is the smallest number that there is, or far beyond it.
const PAIRED: [i64; 8] = [i64::MIN, -(1 << 62), -(1 << 29), -1, 2, 1 << 34, 1 << 62, i64::MAX];

/// Everything that a field is tried with.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the ends of narrower fields")]
fn extremes(kind: &Kind) -> Vec<Value> {
    match kind {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            [i32::MIN, -1, 0, 1_000_000, i32::MAX].map(Value::I32).to_vec()
        }
        Kind::Enum(_) => [i32::MIN, -1, 0, 1, 2, 3, 99, i32::MAX].map(Value::EnumNumber).to_vec(),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => WHOLE.map(Value::I64).to_vec(),
        Kind::Uint32 | Kind::Fixed32 => [0, 1, 1 << 31, u32::MAX].map(Value::U32).to_vec(),
        Kind::Uint64 | Kind::Fixed64 => [0, 1, 1 << 63, u64::MAX].map(Value::U64).to_vec(),
        Kind::Bool => vec![Value::Bool(true), Value::Bool(false)],
        Kind::String => TEXTS.map(|text| Value::String(text.to_owned())).to_vec(),
        Kind::Bytes | Kind::Message(_) | Kind::Float | Kind::Double => Vec::new(),
    }
}

/// Numbers without a machine's randomness.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

struct Trial {
    served: Served,
    calls: usize,
}

impl Trial {
    async fn sent(&mut self, path: &str, message: &DynamicMessage, tried: &str) {
        self.calls += 1;
        let answer = raw::call(&self.served.channel, path, message.encode_to_vec()).await;
        let code = answer.as_ref().map_or_else(tonic::Status::code, |_| Code::Ok);
        let fits = [
            Code::Ok,
            Code::InvalidArgument,
            Code::NotFound,
            Code::FailedPrecondition,
            Code::AlreadyExists,
            Code::OutOfRange,
        ];
        assert!(fits.contains(&code), "{path} with {tried}: {answer:?}\n{message}");
    }

    /// One field at a time, then two whole numbers, then any.
    async fn tried(&mut self, template: &Template, input: &MessageDescriptor) {
        let path = template.path;
        let right = DynamicMessage::decode(input.clone(), template.message.as_slice()).unwrap();
        self.sent(path, &right, "nothing changed").await;
        let mut found = Vec::new();
        fields(&right, &Way::new(), &mut found);
        for (way, field) in &found {
            for value in extremes(&field.kind()) {
                let mut message = right.clone();
                put(&mut message, way, value.clone());
                self.sent(path, &message, &format!("{} {value}", field.full_name())).await;
            }
        }
        let is_whole = |kind: Kind| matches!(kind, Kind::Int64 | Kind::Sint64);
        let whole: Vec<&Way> =
            found.iter().filter(|(_, field)| is_whole(field.kind())).map(|(way, _)| way).collect();
        for (place, first) in whole.iter().enumerate() {
            for second in &whole[place + 1..] {
                for (one, other) in
                    PAIRED.iter().flat_map(|one| PAIRED.iter().map(move |other| (*one, *other)))
                {
                    let mut message = right.clone();
                    put(&mut message, first, Value::I64(one));
                    put(&mut message, second, Value::I64(other));
                    self.sent(path, &message, &format!("{one} and {other}")).await;
                }
            }
        }
        let mut dice = Dice(7);
        for number in 0..60 {
            let mut message = right.clone();
            for (way, field) in &found {
                let all = extremes(&field.kind());
                if !all.is_empty() && dice.below(3) == 0 {
                    put(&mut message, way, all[dice.below(all.len())].clone());
                }
            }
            self.sent(path, &message, &format!("seed 7, number {number}")).await;
        }
    }

    /// What the group has become can be told.
    async fn told(&self, group: &str) {
        for path in ["GetMargin", "AuditGroup", "ListPositions", "ListTrades", "ListOrders", "ListExceptions"]
        {
            let message = v1::GetMarginRequest { name: requests::name(group) }.encode_to_vec();
            let path = format!("/plimsoll.v1.BookService/{path}");
            let answer = raw::call(&self.served.channel, &path, message).await;
            let code = answer.as_ref().map_or_else(tonic::Status::code, |_| Code::Ok);
            assert!([Code::Ok, Code::FailedPrecondition].contains(&code), "{path} of {group}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn no_number_is_too_large_or_too_strange() {
    let (served, id) = Served::with_sample().await;
    let request = v1::ActivateParameterSetRequest { id: id.clone(), ..Default::default() };
    served.parameters().activate_parameter_set(request).await.unwrap();
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap();
    let mut trial = Trial { served, calls: 0 };
    let all = templates(&id);
    for (place, template) in all.iter().enumerate() {
        let group = format!("G{place}");
        requests::begun(&trial.served, &group).await;
        let template = template(&group);
        let (service, method) = template.path[1..].split_once('/').unwrap();
        let service = pool.get_service_by_name(service).unwrap();
        let input = service.methods().find(|own| own.name() == method).unwrap().input();
        trial.tried(&template, &input).await;
        trial.told(&group).await;
    }
    assert!(trial.calls > 5_000, "{}", trial.calls);
}
