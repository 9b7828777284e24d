//! The lines that wait for the hub, and changes of lines, as this browser keeps them: each under a key of its own, so
//! that tabs never write over each other's. They survive the tab, the browser and the hub. Whichever tab of the nick
//! is there when the hub is sends them, with their old ids: the hub takes each id once, so it does no harm
//! that several do.
//!
//! A line is kept as five lines of text: when it was typed, the nick that typed it, why the hub refused it
//! (nothing while it waits), the request as it goes to the hub, and the log whose lines that speaks of: in another
//! log they are other lines, which the session leaves alone.

use serde_json::Value;
use shared::letters;
use shared::message::{ErrorCode, FileRef, Json, Refusal, ToHub};
use shared::session::{Delivery, Line, Phase};
use shared::transcript::Place;
use shared::wire;

use crate::node::Node;
use crate::notice::Notice;
use crate::page::Timeout;
use crate::{message_handler, storage};

/// So long another tab has to get a line through before this one takes it up, in milliseconds: mostly it is
/// answered at once.
const OTHERS_TIME: i32 = 15_000;

impl Node {
    /// Takes up the lines of this nick that this browser keeps: of the visit before, of tabs that are gone.
    pub(crate) fn adopt_lines(self) {
        let Some(nick) = self.with_core(|core| core.session.nick().map(str::to_owned)) else { return };
        let mut waiting = Vec::new();
        for Kept { line, refused, .. } in of(&nick) {
            if refused.is_empty() {
                waiting.push(line);
                continue;
            }
            let Line { request, at, .. } = line;
            let answer = Err(Refusal::new(ErrorCode::Unknown, refused));
            let changes = self.with_core(|core| {
                let mut changes = core.transcript.deliver(at, &Delivery::Sending { request: request.clone() });
                changes.merge(core.transcript.deliver(at, &Delivery::Answered { request, answer }));
                changes
            });
            self.show(&changes);
        }
        if !waiting.is_empty() {
            self.session(|session, now| session.adopt(now, waiting));
        }
    }

    /// A line waits from now on.
    pub(crate) fn line_waits(self, request: &ToHub) {
        let nick = self.nick.get_untracked();
        let (kept, told) = self.with_core(|core| {
            let kept = core.line(request.id()).is_none_or(|line| keep(&nick, line, ""));
            (kept, core.told_unkept)
        });
        if !kept && !told && self.phase.get_untracked() != Phase::Online {
            self.with_core(|core| core.told_unkept = true);
            let words = "This browser keeps nothing: what you write now is lost if you close this tab before the \
                         hub is back.";
            self.notice.set(Some(Notice::Words(words.to_owned())));
        }
    }

    /// The hub will not take a line. It stays, with the reason, until the person has decided; but what was
    /// given up because its nick was let go of waits for the next visit.
    pub(crate) fn line_refused(self, id: &str, refusal: &Refusal) {
        if refusal.code != ErrorCode::NotConnected
            && let Some(kept) = storage::line(id).as_deref().and_then(read)
        {
            keep(&kept.nick, &kept.line, &message_handler::words(refusal));
        }
    }

    /// Another tab of this browser has stored a line, or taken one away.
    pub(crate) fn line_stored_elsewhere(self, id: &str, before: Option<&str>, stored: bool) {
        if stored {
            let ring = move || {
                self.with_core(|core| core.watch = None);
                self.adopt_lines();
            };
            self.with_core(|core| {
                core.watch.get_or_insert_with(|| Timeout::new(OTHERS_TIME, ring));
            });
        } else if let Some(kept) = before.and_then(read) {
            // One that waits here goes when its entry comes; this is one that was refused.
            if let Some(place) = Place::of(&kept.line.request) {
                let (_, changes) = self.with_core(|core| core.transcript.dismiss(&place, id));
                self.show(&changes);
            }
        }
    }
}

/// A line as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    line: Line,
    /// Whose it is.
    nick: String,
    /// Why the hub refused it; empty while it waits.
    pub(crate) refused: String,
}

/// Keeps a line of `nick`, which waits or was `refused`. False where the browser keeps nothing.
fn keep(nick: &str, line: &Line, refused: &str) -> bool {
    storage::keep_line(line.id(), &write(nick, line, refused))
}

/// All lines of a nick, in the order in which they were typed.
pub(crate) fn of(nick: &str) -> Vec<Kept> {
    let mut lines: Vec<Kept> = Vec::new();
    for kept in storage::lines().iter().filter_map(|(_, kept)| read(kept)) {
        if letters::fold(&kept.nick) == letters::fold(nick) {
            // Put in one by one, as they are few: a sort would be several KB more to download.
            let place = lines.partition_point(|other| order(&other.line) <= order(&kept.line));
            lines.insert(place, kept);
        }
    }
    lines
}

/// Lines typed within one millisecond by one tab have ids that differ in the count at their end alone.
fn order(line: &Line) -> (u64, usize, &str) {
    (line.at, line.id().len(), line.id())
}

fn write(nick: &str, line: &Line, refused: &str) -> String {
    let refused = refused.replace('\n', " ");
    format!("{}\n{nick}\n{refused}\n{}\n{}", line.at, wire::encode_request(&line.request), line.epoch)
}

/// What was written; none where it was not written by this version of the client.
fn read(kept: &str) -> Option<Kept> {
    let mut parts = kept.splitn(5, '\n');
    let (at, nick, refused) = (parts.next()?.parse().ok()?, parts.next()?.to_owned(), parts.next()?.to_owned());
    let text = parts.next()?;
    let request = request(text, &serde_json::from_str(text).ok()?)?;
    // Earlier versions of the client kept no changes, and not this.
    let epoch = parts.next().unwrap_or_default().to_owned();
    Some(Kept { line: Line { request, at, epoch }, nick, refused })
}

/// A request as it went to the hub. By hand: what serde derives for all of them is several KB to download.
fn request(json: &str, tree: &Value) -> Option<ToHub> {
    let text_of = |tree: &Value, name: &str| tree.get(name).and_then(Value::as_str).map(str::to_owned);
    let text = |name: &str| text_of(tree, name);
    let number = |name: &str| tree.get(name).and_then(Value::as_u64);
    let id = text("id")?;
    match text("type")?.as_str() {
        "put" => {
            // It stands last, and is taken word for word: what writes any value is several KB to download.
            let (_, value) = json.strip_suffix('}')?.split_once(r#","value":"#)?;
            return Some(ToHub::Put { id, key: text("key")?, value: Json::raw(value), version: number("if") });
        }
        "remove" => return Some(ToHub::Remove { id, key: text("key")?, version: number("if") }),
        _ => {}
    }
    let room = text("room").map(Place::Room);
    let place = room.or_else(|| text("to").map(Place::With)).or_else(|| text("with").map(Place::With))?;
    Some(match text("type")?.as_str() {
        "say" | "private_message" => {
            let files = tree.get("files").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let file = |file| Some(FileRef { hash: text_of(file, "hash")?, name: text_of(file, "name")? });
            place.say_with(id, text("text")?, number("reply_to"), files.iter().filter_map(file).collect())
        }
        "edit" => place.edit(id, number("of")?, text("text")?),
        "delete" => place.delete(id, number("of")?),
        "react" => {
            place.react(id, number("of")?, text("emoji")?, tree.get("on").and_then(Value::as_bool).unwrap_or(true))
        }
        "topic" => ToHub::Topic { id, room: place.name().to_owned(), topic: text("topic")? },
        _ => return None,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "what was written is read, or the test has found a fault")]
mod tests {
    use super::*;

    fn line(id: &str, place: &Place, text: &str) -> Line {
        of_log(place.say(id.to_owned(), text.to_owned()))
    }

    fn of_log(request: ToHub) -> Line {
        Line { request, at: 1_795_217_400_000, epoch: "3p0ch".to_owned() }
    }

    #[test]
    fn every_kind_of_request_is_read_as_it_was_written() {
        let id = || "ab-1".to_owned();
        let file = || FileRef { hash: "0f".repeat(32), name: "den.png".to_owned() };
        for place in [Place::Room("lobby".to_owned()), Place::With("bob".to_owned())] {
            for request in [
                place.say_with(id(), String::new(), Some(41), vec![file(), file()]),
                place.edit(id(), 41, "two\nlines".to_owned()),
                place.delete(id(), 41),
                place.react(id(), 41, "👍".to_owned(), true),
                place.react(id(), 41, "👍".to_owned(), false),
                ToHub::Topic { id: id(), room: "lobby".to_owned(), topic: String::new() },
            ] {
                let line = of_log(request);
                assert_eq!(read(&write("ana", &line, "")).unwrap().line, line);
            }
        }
    }

    #[test]
    fn what_is_to_be_put_is_read_as_it_was_written() {
        let (id, key) = ("ab-1".to_owned(), r#"users/","value":7}"#.to_owned());
        let value = Json::raw(r#"{"tea":[true,null,5]}"#);
        for request in [
            ToHub::Put { id: id.clone(), key: key.clone(), value: value.clone(), version: Some(0) },
            ToHub::Put { id: id.clone(), key: key.clone(), value, version: None },
            ToHub::Remove { id, key, version: Some(62) },
        ] {
            let line = of_log(request);
            assert_eq!(read(&write("ana", &line, "")).unwrap().line, line);
        }
    }

    #[test]
    fn what_was_written_is_read() {
        for place in [Place::Room("lobby".to_owned()), Place::With("bob".to_owned())] {
            for text in ["hi", "two\nlines", "\"quoted\" \\ \u{202e}🙂"] {
                let line = line("ab-1", &place, text);
                let kept = read(&write("ana", &line, "You are not\nin this room.")).unwrap();
                assert_eq!((kept.line, &*kept.nick, &*kept.refused), (line, "ana", "You are not in this room."));
            }
        }
    }

    #[test]
    fn what_waits_was_not_refused() {
        let kept = read(&write("ana", &line("ab-1", &Place::Room("lobby".to_owned()), "hi"), "")).unwrap();
        assert_eq!(kept.refused, "");
    }

    #[test]
    fn what_another_version_wrote_is_passed_over() {
        for foreign in ["", "1", "x\nana\n\n{}\ne", "1\nana\n\n{}\ne", "1\nana\n\nnot json\ne", "{\"text\":\"hi\"}"] {
            assert_eq!(read(foreign), None, "{foreign:?}");
        }
    }

    #[test]
    fn what_an_earlier_version_kept_without_its_log_is_not_lost() {
        let line = line("ab-1", &Place::Room("lobby".to_owned()), "hi");
        let written = write("ana", &line, "");
        let kept = read(written.strip_suffix("\n3p0ch").unwrap()).unwrap();
        assert_eq!((kept.line.request, &*kept.line.epoch), (line.request, ""));
    }

    #[test]
    fn lines_of_one_moment_keep_their_order() {
        let [ninth, tenth] = ["ab-9", "ab-10"].map(|id| line(id, &Place::Room("lobby".to_owned()), "hi"));
        assert!(order(&ninth) < order(&tenth));
    }
}
