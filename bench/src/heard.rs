//! What a frame from the hub says, as far as benches care.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use shared::message::Refusal;

/// How lines begin as the hub writes them. Others are understood too, only slower.
const SAID: &[u8] = br#"{"type":"said","seq":"#;

/// How the answers to lines begin.
const REPLY: &[u8] = br#"{"type":"reply","id":""#;

/// What a frame says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard<'a> {
    /// A line that was said.
    Line { seq: u64 },
    /// A request was done; what it is about, by its id. Those that made an entry have its `seq`.
    Done { id: &'a str, seq: Option<u64> },
    /// The answer to the hello, with the session's secret.
    Welcome { session: &'a str, resumed: bool },
    /// All that was missed has come.
    Synced,
    /// Presence and the like.
    Other,
}

/// The fields that matter, of any frame.
#[derive(Deserialize)]
struct Sketch<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    seq: Option<u64>,
    /// Ids of our own making, which have nothing to unescape.
    id: Option<&'a str>,
    session: Option<&'a str>,
    resumed: Option<bool>,
    error: Option<Refusal>,
    ok: Option<Made>,
    room: Option<&'a str>,
}

/// What was made of a request.
#[derive(Deserialize)]
struct Made {
    seq: Option<u64>,
}

/// Reads a frame.
///
/// # Errors
/// If it is a refusal, or nothing that a hub would send.
pub(crate) fn understand(text: &[u8]) -> Result<Heard<'_>> {
    if let Some(seq) = text.strip_prefix(SAID).and_then(leading_number) {
        return Ok(Heard::Line { seq });
    }
    if let Some(sent) = text.strip_prefix(REPLY).and_then(sent) {
        return Ok(sent);
    }
    let frame: Sketch<'_> = serde_json::from_slice(text)
        .with_context(|| format!("not a frame of this protocol: {}", String::from_utf8_lossy(text)))?;
    match (frame.kind, frame) {
        (_, Sketch { error: Some(refusal), .. }) => bail!("the hub refused: {}", refusal.message),
        ("said", Sketch { seq: Some(seq), .. }) => Ok(Heard::Line { seq }),
        ("reply", Sketch { id: Some(id), ok, .. }) => Ok(Heard::Done { id, seq: ok.and_then(|made| made.seq) }),
        ("welcome", Sketch { session: Some(session), resumed: Some(resumed), .. }) => {
            Ok(Heard::Welcome { session, resumed })
        }
        ("synced", _) => Ok(Heard::Synced),
        ("error", _) => bail!("the hub did not understand: {}", String::from_utf8_lossy(text)),
        _ => Ok(Heard::Other),
    }
}

/// The id of a line, of which [`understand`] gave the `seq`.
pub(crate) fn id_of(line: &[u8]) -> Result<&str> {
    let frame: Sketch<'_> = serde_json::from_slice(line).context("a line")?;
    frame.id.context("a line without an id")
}

/// The room of a line, of which [`understand`] gave the `seq`.
pub(crate) fn room_of(line: &[u8]) -> Result<&str> {
    if let Some(room) = line.strip_prefix(SAID).and_then(room) {
        return Ok(room);
    }
    let frame: Sketch<'_> = serde_json::from_slice(line).context("a line")?;
    frame.room.context("a line without a room")
}

/// The room in a line as the hub writes it, from the digits of its `seq` on.
fn room(text: &[u8]) -> Option<&str> {
    let text = after_number(text)?.strip_prefix(br#","at":"#)?;
    quoted(after_number(text)?.strip_prefix(br#","room":""#)?).map(|(room, _)| room)
}

/// The answer to a line as the hub writes it, from the id on.
fn sent(text: &[u8]) -> Option<Heard<'_>> {
    let (id, text) = quoted(text)?;
    let seq = leading_number(text.strip_prefix(br#","ok":{"seq":"#)?)?;
    Some(Heard::Done { id, seq: Some(seq) })
}

/// What stands before the next quotation mark, and behind it. None of a string that has anything to unescape.
fn quoted(text: &[u8]) -> Option<(&str, &[u8])> {
    let end = text.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    let (string, rest) = text.split_at(end);
    Some((std::str::from_utf8(string).ok()?, rest.strip_prefix(b"\"")?))
}

fn after_number(text: &[u8]) -> Option<&[u8]> {
    text.iter().position(|byte| !byte.is_ascii_digit()).map(|digits| &text[digits..])
}

/// The number at the beginning, if something follows it.
fn leading_number(text: &[u8]) -> Option<u64> {
    let digits = text.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(&text[..digits]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use shared::entry::{Entry, Said};
    use shared::message::{Done, Presence, Sent, ToNode};
    use shared::wire;

    use super::*;

    fn said(seq: u64) -> String {
        let [room, from, id, text] = ["lobby", "ana", "1", "{\"type\":\"reply\"}"].map(str::to_owned);
        wire::encode(&ToNode::Entry(Entry::Said(Said { seq, at: 5, room, from, id, text, details: None })))
    }

    #[test]
    fn the_hub_s_own_frames_are_understood() {
        assert!(said(1).as_bytes().starts_with(SAID), "the short way is taken");
        assert_eq!(understand(said(57).as_bytes()).expect("a line"), Heard::Line { seq: 57 });
        assert_eq!(id_of(said(57).as_bytes()).expect("its id"), "1");
        let reply = wire::encode_ok("0042", &Sent { seq: 7, delivered: None });
        assert_eq!(understand(reply.as_bytes()).expect("a reply"), Heard::Done { id: "0042", seq: Some(7) });
        assert!(reply.as_bytes().strip_prefix(REPLY).and_then(sent).is_some(), "the short way is taken");
        let done = wire::encode_ok("0042", &Done {});
        assert_eq!(understand(done.as_bytes()).expect("a reply"), Heard::Done { id: "0042", seq: None });
        assert!(said(57).as_bytes().strip_prefix(SAID).and_then(room).is_some(), "the short way is taken");
        assert_eq!(room_of(said(57).as_bytes()).expect("its room"), "lobby");
        let presence = wire::encode(&ToNode::Presence(Presence::default()));
        assert_eq!(understand(presence.as_bytes()).expect("presence"), Heard::Other);
        let synced = wire::encode(&ToNode::Synced { seq: 7 });
        assert_eq!(understand(synced.as_bytes()).expect("synced"), Heard::Synced);
        let welcome = br#"{"type":"welcome","session":"s3ss10n","epoch":"e","seq":7,"resumed":true,"nick":"ana"}"#;
        let expected = Heard::Welcome { session: "s3ss10n", resumed: true };
        assert_eq!(understand(welcome).expect("a welcome"), expected);
    }

    #[test]
    fn fields_may_come_in_any_order() {
        let line = br#"{ "seq": 9, "text": "x", "type": "said", "room": "den" }"#;
        assert_eq!(understand(line).expect("a line"), Heard::Line { seq: 9 });
        assert_eq!(room_of(line).expect("its room"), "den");
    }

    #[test]
    fn refusals_and_nonsense_are_errors() {
        let refused = br#"{"type":"reply","id":"1","error":{"code":"rate_limited","message":"Slower."}}"#;
        assert!(understand(refused).expect_err("a refusal").to_string().contains("Slower."));
        assert!(understand(br#"{"type":"error","code":"bad_message","message":"What?"}"#).is_err());
        assert!(understand(br#"{"type":"said","seq":12"#).is_err(), "cut off");
        assert!(understand(b"").is_err());
    }
}
