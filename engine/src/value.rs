//! Values of programs and JSON, each as the other.
//!
//! | JSON | program |
//! |---|---|
//! | null | `()` |
//! | true, false | bool |
//! | a whole number within 64 bits | int |
//! | another number | float |
//! | a text | text |
//! | a list, an object | list, map |
//!
//! An [`crate::address::Address`] is sent as its text. Functions, ranges and what else Rhai has stay at home.

use rhai::{Array, Dynamic, FLOAT, FnPtr, INT, Map};
use serde_json::{Number, Value};
use shared::process::limits::MAX_DEPTH;

use crate::address::Address;

/// What one scalar is taken to weigh, in bytes as JSON.
const SCALAR: usize = 8;

/// Why a value cannot leave its program: a sentence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unfit(pub(crate) String);

/// As JSON.
///
/// # Errors
/// If something in it has no form in JSON, is nested deeper than messages may be, or all of it is longer than `longest`
/// bytes.
pub(crate) fn to_json(value: &Dynamic, longest: usize) -> Result<Value, Unfit> {
    let mut left = longest;
    written(value, MAX_DEPTH, &mut left).map_err(|unfit| match unfit {
        No::Long => Unfit(format!("A value of more than {longest} bytes is too long to be sent.")),
        No::Deep => Unfit(format!("A value that is nested more than {MAX_DEPTH} deep cannot be sent.")),
        No::Kind(kind) => Unfit(format!("A value of the kind {kind} cannot be sent.")),
        No::Number => Unfit("A number that is infinite, or none, cannot be sent.".to_owned()),
    })
}

/// About how many bytes it takes as JSON; no further than `longest`.
pub(crate) fn weigh(value: &Dynamic, longest: usize) -> Option<usize> {
    let mut left = longest;
    weighed(value, 2 * MAX_DEPTH, &mut left).then(|| longest - left)
}

enum No {
    Long,
    Deep,
    Kind(String),
    Number,
}

fn spend(left: &mut usize, bytes: usize) -> Result<(), No> {
    *left = left.checked_sub(bytes).ok_or(No::Long)?;
    Ok(())
}

fn written(value: &Dynamic, depth: usize, left: &mut usize) -> Result<Value, No> {
    if let Ok(items) = value.as_array_ref() {
        let depth = depth.checked_sub(1).ok_or(No::Deep)?;
        spend(left, 2)?;
        let items = items.iter().map(|item| {
            spend(left, 1)?;
            written(item, depth, left)
        });
        return items.collect::<Result<_, _>>().map(Value::Array);
    }
    if let Ok(fields) = value.as_map_ref() {
        let depth = depth.checked_sub(1).ok_or(No::Deep)?;
        spend(left, 2)?;
        let fields = fields.iter().map(|(name, item)| {
            spend(left, name.len() + 4)?;
            Ok((name.to_string(), written(item, depth, left)?))
        });
        return fields.collect::<Result<_, _>>().map(Value::Object);
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        spend(left, text.len() + 2)?;
        return Ok(Value::String(text.to_string()));
    }
    spend(left, SCALAR)?;
    if value.is_unit() {
        return Ok(Value::Null);
    }
    if let Ok(truth) = value.as_bool() {
        return Ok(Value::Bool(truth));
    }
    if let Ok(whole) = value.as_int() {
        return Ok(Value::Number(whole.into()));
    }
    if let Ok(number) = value.as_float() {
        return Number::from_f64(number).map(Value::Number).ok_or(No::Number);
    }
    if let Ok(letter) = value.as_char() {
        return Ok(Value::String(letter.to_string()));
    }
    if let Some(address) = value.read_lock::<Address>() {
        return Ok(Value::String(address.to_string()));
    }
    Err(No::Kind(kind(value)))
}

fn weighed(value: &Dynamic, depth: usize, left: &mut usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let mut spends = |bytes: usize| spend(left, bytes).is_ok();
    if let Ok(items) = value.as_array_ref() {
        return spends(2) && items.iter().all(|item| weighed(item, depth, left));
    }
    if let Ok(fields) = value.as_map_ref() {
        let named = |name: &str, left: &mut usize| spend(left, name.len() + 4).is_ok();
        return spends(2) && fields.iter().all(|(name, item)| named(name, left) && weighed(item, depth, left));
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return spends(text.len() + 2);
    }
    if let Some(function) = value.read_lock::<FnPtr>() {
        // It holds what it was curried with.
        return spends(SCALAR + function.fn_name().len())
            && function.curry().iter().all(|item| weighed(item, depth, left));
    }
    spends(SCALAR)
}

/// Whether two values are the same; where they are nested too deep or of a kind that cannot be told, they are not.
pub(crate) fn is_same(one: &Dynamic, other: &Dynamic) -> bool {
    same(one, other, 2 * MAX_DEPTH)
}

fn same(one: &Dynamic, other: &Dynamic, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let all = |ones: &[Dynamic], others: &[Dynamic]| {
        ones.len() == others.len() && ones.iter().zip(others).all(|(one, other)| same(one, other, depth))
    };
    if let (Ok(one), Ok(other)) = (one.as_array_ref(), other.as_array_ref()) {
        return all(&one, &other);
    }
    if let (Ok(one), Ok(other)) = (one.as_map_ref(), other.as_map_ref()) {
        let mut fields = one.iter().zip(other.iter());
        return one.len() == other.len()
            && fields.all(|((name, one), (known, other))| name == known && same(one, other, depth));
    }
    if let (Ok(one), Ok(other)) = (one.as_immutable_string_ref(), other.as_immutable_string_ref()) {
        return *one == *other;
    }
    if let (Some(one), Some(other)) = (one.read_lock::<FnPtr>(), other.read_lock::<FnPtr>()) {
        return one.fn_name() == other.fn_name() && all(one.curry(), other.curry());
    }
    if let (Some(one), Some(other)) = (one.read_lock::<Address>(), other.read_lock::<Address>()) {
        return *one == *other;
    }
    if let (Ok(one), Ok(other)) = (one.as_float(), other.as_float()) {
        return one.to_bits() == other.to_bits();
    }
    let ints = (one.as_int(), other.as_int());
    let (bools, letters) = ((one.as_bool(), other.as_bool()), (one.as_char(), other.as_char()));
    one.is_unit() && other.is_unit()
        || matches!(ints, (Ok(one), Ok(other)) if one == other)
        || matches!(bools, (Ok(one), Ok(other)) if one == other)
        || matches!(letters, (Ok(one), Ok(other)) if one == other)
}

/// As a program has it.
pub(crate) fn from_json(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(truth) => (*truth).into(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            // Beyond 64 bits, or a fraction; JSON has no number that is none.
            None => number.as_f64().unwrap_or_default().into(),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => items.iter().map(from_json).collect::<Array>().into(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, item)| (name.as_str().into(), from_json(item)));
            fields.collect::<Map>().into()
        }
    }
}

/// What people call values of this kind.
pub(crate) fn kind(value: &Dynamic) -> String {
    let known = [
        (value.is_unit(), "nothing"),
        (value.is_bool(), "bool"),
        (value.is::<INT>(), "int"),
        (value.is::<FLOAT>(), "float"),
        (value.is_string() || value.is_char(), "text"),
        (value.is_array(), "list"),
        (value.is_map(), "map"),
        (value.is_fnptr(), "function"),
        (value.is::<Address>(), "address"),
    ];
    let found = known.iter().find(|(is_it, _)| *is_it);
    found.map_or_else(|| value.type_name().to_owned(), |(_, name)| (*name).to_owned())
}
