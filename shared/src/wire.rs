//! The wire: version, limits, close codes, and the way between bytes and messages.
//! Every limit has its unit and its reason.

mod printable;
#[cfg(not(target_family = "wasm"))]
mod readable;

use serde::Serialize;
use serde_json::Value;

use crate::message::{ErrorCode, Outgoing, Refusal, ToHub, ToNode};
pub use printable::{encode_printable, is_obeyed};

/// How a signal's frame begins.
const SIGNAL: &str = r#"{"type":"signal""#;

/// The protocol's version.
pub const VERSION: u32 = 1;

/// The WebSocket subprotocol that names this version.
pub const SUBPROTOCOL: &str = "hubbub.v1";

/// One frame from a node, in bytes; a longer one closes the connection with 1009.
/// The longest text fits even where each byte of it is escaped by a backslash. One of control
/// characters, six bytes for each (`\u00XX`), need not: a client looks at the frame's length too.
pub const MAX_FRAME: usize = 64 * 1024;

/// Text of a message, in bytes of UTF-8, after its ends are trimmed: some six pages.
pub const MAX_TEXT: usize = 16 * 1024;

/// What a room is about, in bytes of UTF-8: two lines at its head.
pub const MAX_TOPIC: usize = 500;

/// Files of one line: what a person sends at once from a camera; more go into the next line.
pub const MAX_FILES: usize = 10;

/// The name of a file, in bytes: what file systems take.
pub const MAX_FILE_NAME: usize = 255;

/// Kinds of reaction to one line: two rows of them on a phone.
pub const MAX_REACTIONS: usize = 20;

/// Nicks named with one kind of reaction: more than anyone reads; the others are counted.
pub const MAX_REACTORS: usize = 100;

/// One emoji, in bytes: the longest sequence there is (a family with skin tones) takes some 40.
pub const MAX_EMOJI: usize = 64;

/// What is searched for, in characters: a long sentence.
pub const MAX_QUERY: usize = 256;

/// A node tells at most once each so many milliseconds that its person is writing.
pub const TYPING_EVERY: u64 = 3_000;

/// Who was said to be writing is shown for so many milliseconds, unless it is said again.
pub const TYPING_LASTS: u64 = 6_000;

/// An id of a request, in bytes: room for a UUID with a prefix.
pub const MAX_ID: usize = 64;

/// What a node calls its sort, in characters: it is drawn in a narrow column.
pub const MAX_KIND: usize = 16;

/// Entries of one page of history: about a screen's worth several times over, and a frame of at most 3 MiB.
pub const MAX_PAGE: u32 = 200;

/// Entries of a page where the request names no limit.
pub const DEFAULT_PAGE: u32 = 50;

/// Private conversations named in the reply to `connect`: more than a person scans.
pub const MAX_CONVERSATIONS: usize = 100;

/// Nicks in a room beyond which presence is a count: everyone's coming and going
/// sent to everyone grows with the square of it.
pub const MAX_PRESENCE: usize = 250;

/// Unread lines are counted up to here: "999+" says as much as any more would, and costs as little.
pub const MAX_UNREAD: u32 = 1_000;

/// Nodes named in the reply to `cursors`: as many as a room has people whose presence is told by name.
pub const MAX_BEHIND: usize = MAX_PRESENCE;

/// Nodes in a list beyond which those who follow it are told how many there are alone: each one's coming and going
/// sent to each grows with the square of it.
pub const MAX_FOLLOWED: usize = 1_000;

/// Why a connection ends. 4000 to 4399 say "come back", 4400 to 4999 "do not".
pub mod close {
    /// The hub stops (or starts anew).
    pub const SHUTTING_DOWN: u16 = 4001;
    /// The node reads too slowly to be helped.
    pub const TOO_SLOW: u16 = 4002;
    /// The cookie is wrong or missing.
    pub const COOKIE_WRONG: u16 = 4401;
    /// The version of the hello is not spoken here.
    pub const VERSION: u16 = 4406;
    /// No hello came in time.
    pub const NO_HELLO: u16 = 4408;
    /// A newer connection took over this session.
    pub const REPLACED: u16 = 4409;
    /// Too many wrong cookies from this address.
    pub const TOO_MANY_COOKIES: u16 = 4429;

    /// Whether a client should come back after this code. Codes below 4000 are the
    /// WebSocket's own: a dropped line (1006) is worth a retry, a breach of protocol
    /// (1002, 1003, 1007 to 1010) would only be repeated.
    pub fn may_return(code: u16) -> bool {
        match code {
            4000..=4399 => true,
            4400..=4999 => false,
            1002 | 1003 | 1007..=1010 => false,
            _ => true,
        }
    }
}

/// Why a text cannot be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("The message is empty.")]
    Empty,
    #[error("The message is {0} bytes long; at most 16384 fit. Send it in parts.")]
    TooLong(usize),
}

impl From<TextError> for Refusal {
    fn from(error: TextError) -> Self {
        let code = match error {
            TextError::Empty => ErrorCode::TextEmpty,
            TextError::TooLong(_) => ErrorCode::TextTooLong,
        };
        Self::new(code, error.to_string())
    }
}

/// The text as it is said: ends trimmed, not empty, at most [`MAX_TEXT`] bytes.
pub fn trim_text(text: &str) -> Result<&str, TextError> {
    let text = text.trim();
    if text.is_empty() {
        Err(TextError::Empty)
    } else if text.len() > MAX_TEXT {
        Err(TextError::TooLong(text.len()))
    } else {
        Ok(text)
    }
}

/// A frame that is not a message, with the id of the request it may have been.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DecodeError {
    /// The frame's `id`, where it had a usable one: the answer is then a reply.
    pub id: Option<String>,
    /// What is wrong, for the one who wrote the client.
    pub message: String,
}

/// Reads a frame that came from a node.
///
/// # Errors
/// If it is not one of [`ToHub`], or its id is not of 1 to [`MAX_ID`] bytes.
pub fn decode_to_hub(frame: &str) -> Result<ToHub, DecodeError> {
    #[cfg(not(target_family = "wasm"))] // no tab reads what goes to a hub
    if let Some(signal) = signal(frame) {
        return Ok(ToHub::Signal(signal));
    }
    // The common way pays for one pass; only a bad frame is looked at again for its id.
    match serde_json::from_str::<ToHub>(frame) {
        Ok(message) => match message.id() {
            Some(id) if !usable(id) => Err(unusable_id()),
            _ => Ok(message),
        },
        Err(error) => Err(explain(frame, &error)),
    }
}

#[cfg(not(target_family = "wasm"))]
/// A signal whose `type` comes first, as clients are told to write it: then its payload is passed on word for word.
/// One that is written otherwise is read as all else.
fn signal(frame: &str) -> Option<Outgoing> {
    #[derive(serde::Deserialize)]
    struct Frame<'a> {
        #[serde(borrow)]
        to: std::borrow::Cow<'a, str>,
        #[serde(default)]
        first: bool,
        #[serde(borrow)]
        signal: &'a serde_json::value::RawValue,
    }
    if !frame.starts_with(SIGNAL) {
        return None;
    }
    let Frame { to, first, signal } = serde_json::from_str(frame).ok()?;
    // What nobody can read is refused with the reason, as all else is that cannot be read.
    serde_json::from_str::<readable::Readable>(frame).ok()?;
    Some(Outgoing { to: to.into_owned(), first, signal: crate::message::Json::raw(signal.get()) })
}

/// A request as a frame. What holds JSON is written by hand, so that a browser tab need not download what writes numbers.
pub fn encode_request(request: &ToHub) -> String {
    match request {
        ToHub::Signal(Outgoing { to, first, signal }) => encode_signal(to, *first, signal.as_str()),
        ToHub::Put { id, key, value, version } => {
            let version = version.map(|version| format!(r#","if":{version}"#)).unwrap_or_default();
            let (id, key) = (encode(id), encode(key));
            [r#"{"type":"put","id":"#, &id, r#","key":"#, &key, &version, r#","value":"#, value.as_str(), "}"].concat()
        }
        request => encode(request),
    }
}

/// A signal as a frame.
pub fn encode_signal(to: &str, first: bool, signal: &str) -> String {
    let first = if first { r#","first":true"# } else { "" };
    [SIGNAL, r#","to":"#, &encode(&to), first, r#","signal":"#, signal, "}"].concat()
}

/// Reads a frame that came from the hub.
///
/// # Errors
/// If it is not one of [`ToNode`]; a client passes over it, since later versions may add messages.
pub fn decode_to_node(frame: &str) -> Result<ToNode, serde_json::Error> {
    serde_json::from_str(frame)
}

/// A message as a frame.
pub fn encode<M: Serialize>(message: &M) -> String {
    // Our messages have string keys and finite numbers only, so this cannot fail; should a
    // later one break that, the peer sees an empty object rather than the process end.
    serde_json::to_string(message).unwrap_or_else(|_| "{}".to_owned())
}

/// The reply that a request was done, without a detour over a JSON tree.
pub fn encode_ok<T: Serialize>(id: &str, ok: &T) -> String {
    #[derive(Serialize)]
    #[serde(tag = "type", rename = "reply")]
    struct ReplyOk<'a, T> {
        id: &'a str,
        ok: &'a T,
    }
    encode(&ReplyOk { id, ok })
}

/// What a room is to be about: ends trimmed, at most [`MAX_TOPIC`] bytes; empty for nothing.
///
/// # Errors
/// If it is longer.
pub fn trim_topic(topic: &str) -> Result<&str, Refusal> {
    let topic = topic.trim();
    if topic.len() <= MAX_TOPIC {
        return Ok(topic);
    }
    let words = format!("The topic is {} bytes long; at most {MAX_TOPIC} fit.", topic.len());
    Err(Refusal::new(ErrorCode::TextTooLong, words))
}

fn usable(id: &str) -> bool {
    (1..=MAX_ID).contains(&id.len())
}

fn unusable_id() -> DecodeError {
    DecodeError { id: None, message: format!("`id` must be a string of 1 to {MAX_ID} bytes.") }
}

fn explain(frame: &str, error: &serde_json::Error) -> DecodeError {
    let Ok(value) = serde_json::from_str::<Value>(frame) else {
        let words = shorten(&error.to_string());
        return DecodeError { id: None, message: format!("A frame is one JSON object; this is not JSON: {words}.") };
    };
    let Value::Object(fields) = value else {
        return DecodeError { id: None, message: "A frame is one JSON object tagged by `type`.".to_owned() };
    };
    let kind = match fields.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        Some(_) => "",
        None => {
            return DecodeError { id: usable_id(&fields), message: "The frame has no `type`.".to_owned() };
        }
    };
    if !matches!(kind, "hello" | "ack" | "typing" | "state" | "signal") {
        match fields.get("id") {
            None => {
                return DecodeError { id: None, message: format!("The `{}` request has no `id`.", shorten(kind)) };
            }
            Some(Value::String(id)) if usable(id) => {}
            Some(_) => return unusable_id(),
        }
    }
    DecodeError {
        id: usable_id(&fields),
        message: format!("Not a message of this protocol: {}.", shorten(&error.to_string())),
    }
}

fn usable_id(fields: &serde_json::Map<String, Value>) -> Option<String> {
    fields.get("id").and_then(Value::as_str).filter(|id| usable(id)).map(str::to_owned)
}

/// A sender's words inside an error are cut, so that the answer is never longer than the question.
fn shorten(words: &str) -> String {
    const LONGEST: usize = 200; // characters: enough for serde's own sentences
    let mut short: String = words.chars().take(LONGEST).collect();
    if short.len() < words.len() {
        short.push('…');
    }
    short
}
