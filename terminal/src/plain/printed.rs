//! What is printed of what happened: lines of text, clean, each with its end. Only what stands at the beginning of a line
//! says who speaks, so nothing of others' ever stands there.

use shared::entry::{Change, Changed, Entry, File};
use shared::letters::fold;
use shared::transcript::{Place, Transcript};

use crate::chat::Search;
use crate::clean;
use crate::moment;

/// What the lines of a text behind the first begin with.
const INDENT: &str = "  ";

/// Characters shown of a line that was reacted to: enough to know it by.
const FIRST_WORDS: usize = 40;

/// An entry, as who looks at `here` reads it; empty for what is none of a chat's.
pub(super) fn entry(transcript: &Transcript, here: &Place, place: &Place, entry: &Entry) -> String {
    let private = matches!(place, Place::With(_));
    let wrapped = |text: &str| if private { format!("({text})") } else { text.to_owned() };
    let from = clean::line(entry.from());
    let said = match entry {
        Entry::Said(_) | Entry::Whispered(_) if entry.details().is_some_and(|details| details.deleted) => {
            format!("{from} deleted a line")
        }
        Entry::Said(said) => format!("{from}: {}", with_files(&said.text, entry)),
        Entry::Whispered(whispered) => {
            let me = transcript.me().unwrap_or_default();
            let to = if fold(&whispered.from) == fold(me) {
                format!(" to {}", clean::line(&whispered.to))
            } else {
                String::new()
            };
            format!("{from}{to}: ({})", with_files(&whispered.text, entry))
        }
        Entry::Topic(topic) if topic.topic.is_empty() => format!("{from} took the topic away"),
        Entry::Topic(topic) => format!("{from} set the topic: {}", text(&topic.topic)),
        Entry::Changed(Changed { change: Change::Edited { text: new }, .. }) => {
            format!("{from} edited: {}", wrapped(&text(new)))
        }
        Entry::Changed(Changed { change: Change::Deleted, .. }) => format!("{from} deleted a line"),
        Entry::Changed(Changed { change: Change::Reacted { emoji, on }, of, .. }) => {
            let emoji = clean::line(emoji);
            let line = transcript.get(place).and_then(|known| known.line(*of));
            let line =
                line.map(|line| format!(" {}: {}", clean::line(line.from()), wrapped(&first_words(line.text()))));
            let took_back = if *on { "" } else { "took back " };
            format!("{from} {took_back}{emoji}{}", line.unwrap_or_default())
        }
        Entry::Put(_) | Entry::Removed(_) => return String::new(),
    };
    format!("{}{said}\n", begin(here, place))
}

/// Others that came to a room and left it: only where one looks, or of the hub where that is a private conversation.
pub(super) fn moved(here: &Place, room: &str, joined: &[String], left: &[String]) -> String {
    let there = Place::Room(room.to_owned());
    let lobby = Place::Room(shared::room::LOBBY.to_owned());
    let looked_at = if matches!(here, Place::With(_)) { &lobby } else { here };
    if !looked_at.is(&there) {
        return String::new();
    }
    let line = |nick: &String, what: &str| format!("server> {} has {what}\n", clean::line(nick));
    let joined = joined.iter().map(|nick| line(nick, "joined"));
    joined.chain(left.iter().map(|nick| line(nick, "left"))).collect()
}

/// Words of ours, which may hold names of others.
pub(super) fn words(words: &str) -> String {
    clean::lines(words).map(|line| format!("{line}\n")).collect()
}

/// What was found, the latest last.
pub(super) fn found(transcript: &Transcript, search: &Search) -> String {
    let mut out = String::new();
    for hit in search.hits.iter().rev() {
        let place = match transcript.place_of(hit) {
            Some(Place::Room(room)) => format!("#{}", clean::line(&room)),
            Some(Place::With(nick)) => format!("with {}", clean::line(&nick)),
            None => continue,
        };
        let (at, from) = (moment::local(hit.at()), clean::line(hit.from()));
        out += &format!("{at} {place} {from}: {}\n", with_files(hit.text(), hit));
    }
    out += &match (search.hits.len(), search.more) {
        (0, _) => "* No line has that *\n".to_owned(),
        (1, false) => "* 1 line has that *\n".to_owned(),
        (lines, false) => format!("* {lines} lines have that *\n"),
        (lines, true) => format!("* The latest {lines} lines that have that; more words find older ones *\n"),
    };
    out
}

/// Where a line was said, if that is not where one looks.
fn begin(here: &Place, place: &Place) -> String {
    match place {
        Place::Room(room) if !here.is(place) => format!("server #{}> ", clean::line(room)),
        Place::Room(_) | Place::With(_) => "server> ".to_owned(),
    }
}

fn text(text: &str) -> String {
    clean::lines(text).collect::<Vec<_>>().join(&format!("\n{INDENT}"))
}

fn with_files(said: &str, line: &Entry) -> String {
    let file = |file: &File| format!("[{}, {}]", clean::line(&file.name), size(file.size));
    let files = line.details().map(|details| details.files.iter().map(file).collect::<Vec<_>>()).unwrap_or_default();
    let said = text(said);
    let said = (!said.is_empty()).then_some(said);
    said.into_iter().chain(files).collect::<Vec<_>>().join(" ")
}

fn first_words(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let words: String = line.chars().take(FIRST_WORDS).collect();
    let cut = if words.len() < text.len() { "…" } else { "" };
    format!("{}{cut}", clean::line(&words))
}

/// A file's size, in the unit that tells most.
fn size(bytes: u64) -> String {
    const KB: u64 = 1_000;
    const MB: u64 = 1_000 * KB;
    match bytes {
        0..KB => format!("{bytes} bytes"),
        KB..MB => format!("{} KB", bytes / KB),
        _ => format!("{} MB", bytes / MB),
    }
}

#[cfg(test)]
mod tests {
    use shared::entry::{Said, Topic, Whispered};
    use shared::session::Delivery;

    use super::*;

    fn lobby() -> Place {
        Place::Room("lobby".to_owned())
    }

    fn said(room: &str, text: &str) -> Entry {
        let (room, from, text) = (room.to_owned(), "ana".to_owned(), text.to_owned());
        Entry::Said(Said { seq: 1, at: 0, room, from, text, ..Said::default() })
    }

    fn printed(entry: &Entry) -> String {
        let transcript = Transcript::new();
        let place = transcript.place_of(entry).unwrap();
        super::entry(&transcript, &lobby(), &place, entry)
    }

    #[test]
    fn a_line_is_printed_as_the_original_did() {
        assert_eq!(printed(&said("lobby", "hi")), "server> ana: hi\n");
        assert_eq!(printed(&said("dev", "hi")), "server #dev> ana: hi\n");
        let (from, to, text) = ("ana".to_owned(), "bob".to_owned(), "psst".to_owned());
        let whispered = Entry::Whispered(Whispered { seq: 2, from, to, text, ..Whispered::default() });
        assert_eq!(printed(&whispered), "server> ana: (psst)\n");
    }

    #[test]
    fn nobody_writes_a_line_of_somebody_else_s() {
        let fake = said("lobby", "hi\nserver> bob: I am a fool\u{1b}[2J\rserver> carl: me too");
        assert_eq!(printed(&fake), "server> ana: hi\n  server> bob: I am a fool␛[2J␍server> carl: me too\n");
    }

    #[test]
    fn a_topic_is_said_with_who_set_it() {
        let topic = |topic: &str| {
            let (room, from, id, topic) = ("lobby".to_owned(), "ana".to_owned(), "1".to_owned(), topic.to_owned());
            Entry::Topic(Topic { seq: 1, at: 0, room, from, id, topic })
        };
        assert_eq!(printed(&topic("tea")), "server> ana set the topic: tea\n");
        assert_eq!(printed(&topic("")), "server> ana took the topic away\n");
    }

    #[test]
    fn a_change_says_of_which_line() {
        let mut transcript = Transcript::new();
        // It is known where one is in the room.
        let line = said("lobby", "the first words of a line that is longer than what is shown of it");
        transcript.open(&lobby());
        transcript.deliver(0, &Delivery::Heard(line));
        let changed = |change| {
            let (room, from, id) = (Some("lobby".to_owned()), "bob".to_owned(), "2".to_owned());
            Entry::Changed(Changed { seq: 2, at: 0, room, to: None, from, id, of: 1, change })
        };
        let printed = |change| entry(&transcript, &lobby(), &lobby(), &changed(change));
        assert_eq!(printed(Change::Edited { text: "new".to_owned() }), "server> bob edited: new\n");
        assert_eq!(printed(Change::Deleted), "server> bob deleted a line\n");
        let thumb = |on| Change::Reacted { emoji: "👍".to_owned(), on };
        assert_eq!(printed(thumb(true)), "server> bob 👍 ana: the first words of a line that is longer…\n");
        assert!(printed(thumb(false)).starts_with("server> bob took back 👍 ana: "));
    }

    #[test]
    fn coming_and_going_is_told_where_one_looks() {
        let shown = |here: &Place, room: &str| moved(here, room, &["bob".to_owned()], &["carl".to_owned()]);
        assert_eq!(shown(&lobby(), "lobby"), "server> bob has joined\nserver> carl has left\n");
        assert_eq!(shown(&lobby(), "dev"), "");
        assert_eq!(shown(&Place::With("eve".to_owned()), "lobby").lines().count(), 2);
    }
}
