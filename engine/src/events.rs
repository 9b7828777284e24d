//! News as the messages that programs see.

use rhai::{Dynamic, Map};
use shared::process::{self, Event, Scene};

use crate::address::Address;
use crate::turn::{Kept, Refs};
use crate::value::from_json;
use crate::wording::{fault_value, reason_value};

/// What a program hears.
pub(crate) struct Told {
    pub(crate) from: Option<Address>,
    pub(crate) message: Dynamic,
    /// The function that it is for.
    pub(crate) then: Option<String>,
}

/// | event | message |
/// |---|---|
/// | an answer | `#{answer: ref, ok: …}`, `#{answer: ref, error: #{code, message}}` |
/// | an end | `#{down: ref, of: …, reason: #{code}}` |
/// | an exit that was trapped | `#{exit: from, reason: #{code}}` |
/// | a timer | the message itself, from oneself |
/// | the store | `#{put: key, value: …, version: …}`, `#{removed: key, version: …}` |
pub(crate) fn told(refs: &mut Refs, scene: &Scene, event: Event) -> Told {
    let message = |fields: Vec<(&str, Dynamic)>| {
        let fields = fields.into_iter().map(|(name, value)| (name.into(), value));
        fields.collect::<Map>().into()
    };
    let mut kept = |r#ref: u64| {
        let at = refs.iter().position(|(known, _)| *known == r#ref)?;
        Some(refs.remove(at).1)
    };
    let number = |number: u64| Dynamic::from(i64::try_from(number).unwrap_or(i64::MAX));
    match event {
        Event::Answer { r#ref, result } => {
            let then = match kept(r#ref) {
                Some(Kept::Then(name)) => Some(name),
                Some(Kept::Monitored(_)) | None => None,
            };
            let result = match result {
                Ok(value) => ("ok", from_json(&value)),
                Err(fault) => ("error", fault_value(&fault)),
            };
            Told { from: None, message: message(vec![("answer", number(r#ref)), result]), then }
        }
        Event::Ended { r#ref, reason } => {
            let of = match kept(r#ref) {
                Some(Kept::Monitored(of)) => of.into(),
                Some(Kept::Then(_)) | None => Dynamic::UNIT,
            };
            let fields = vec![("down", number(r#ref)), ("of", of), ("reason", reason_value(&reason))];
            Told { from: None, message: message(fields), then: None }
        }
        Event::Exit { from, reason } => {
            let exit = Dynamic::from(Address::from(from.clone()));
            let fields = vec![("exit", exit), ("reason", reason_value(&reason))];
            Told { from: Some(from.into()), message: message(fields), then: None }
        }
        Event::Timer { message, .. } => {
            let me = process::Address::of(scene.pid, scene.node.clone());
            Told { from: Some(me.into()), message: from_json(&message), then: None }
        }
        Event::Stored { key, value, version } => {
            let mut fields = vec![("version", number(version))];
            match value {
                Some(value) => fields.extend([("put", key.into()), ("value", from_json(&value))]),
                None => fields.push(("removed", key.into())),
            }
            Told { from: None, message: message(fields), then: None }
        }
    }
}
