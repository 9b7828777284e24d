//! How entries look to people: a line each, with its time.

use shared::entry::{Change, Changed, Details, Entry};

use crate::clean;
use crate::moment;

/// Before the further lines of a text, so that nobody can write a line of somebody else's.
const FURTHER: &str = "\n  ";

/// `2026-11-22 04:00:12 ana: text`; what is no line begins with a `*`.
pub(super) fn plain(entry: &Entry) -> String {
    let from = clean::line(entry.from());
    let text = lines(entry.text());
    let said = match entry {
        Entry::Said(_) | Entry::Whispered(_) => format!("{from}: {}", line(&text, entry.details())),
        Entry::Topic(_) if text.is_empty() => format!("* {from} took the topic away"),
        Entry::Topic(_) => format!("* {from} set the topic: {text}"),
        Entry::Put(put) => format!("* {from} put {}", clean::line(&put.key)),
        Entry::Removed(removed) => format!("* {from} removed {}", clean::line(&removed.key)),
        Entry::Changed(Changed { change, .. }) => match change {
            Change::Edited { .. } if text.is_empty() => format!("* {from} edited a line that is deleted now"),
            Change::Edited { .. } => format!("* {from} edited a line: {text}"),
            Change::Deleted => format!("* {from} deleted a line"),
            Change::Reacted { emoji, on: true } => format!("* {from} reacted with {}", clean::line(emoji)),
            Change::Reacted { emoji, on: false } => format!("* {from} took back {}", clean::line(emoji)),
        },
    };
    format!("{} {said}", moment::local(entry.at()))
}

/// A line's text, with the names of its files.
fn line(text: &str, details: Option<&Details>) -> String {
    let Some(details) = details else { return text.to_owned() };
    if details.deleted {
        return "(deleted)".to_owned();
    }
    let files = details.files.iter().map(|file| format!("[{}]", clean::line(&file.name)));
    let text = Some(text.to_owned()).filter(|text| !text.is_empty());
    text.into_iter().chain(files).collect::<Vec<_>>().join(" ")
}

fn lines(text: &str) -> String {
    clean::lines(text).collect::<Vec<_>>().join(FURTHER)
}

#[cfg(test)]
mod tests {
    use shared::entry::{File, Said, Topic};

    use super::*;

    fn said(text: &str, details: Details) -> String {
        let from = "ana\u{1b}[2J".to_owned();
        let said = Said { from, text: text.to_owned(), details: details.boxed(), ..Said::default() };
        let shown = plain(&Entry::Said(said));
        // The time is this machine's.
        shown[shown.find("ana").unwrap()..].to_owned()
    }

    #[test]
    fn a_line_cannot_look_like_two() {
        assert_eq!(said("hi\nbob: hello\u{9b}2J", Details::default()), "ana␛[2J: hi\n  bob: hello\u{fffd}2J");
    }

    #[test]
    fn a_line_tells_of_its_files_and_whether_it_is_deleted() {
        let name = "den\n.png".to_owned();
        let file = File { hash: String::new(), name, size: 1, kind: String::new(), width: None, height: None };
        let files = || vec![file.clone()];
        assert_eq!(said("look", Details { files: files(), ..Details::default() }), "ana␛[2J: look [den␊.png]");
        assert_eq!(said("", Details { files: files(), ..Details::default() }), "ana␛[2J: [den␊.png]");
        assert_eq!(said("", Details { deleted: true, ..Details::default() }), "ana␛[2J: (deleted)");
    }

    #[test]
    fn what_is_no_line_begins_with_a_star() {
        let topic = |topic: &str| Topic {
            seq: 1,
            at: 0,
            room: "den".to_owned(),
            from: "ana".to_owned(),
            id: String::new(),
            topic: topic.to_owned(),
        };
        assert!(plain(&Entry::Topic(topic("Tea\u{7}"))).ends_with(" * ana set the topic: Tea␇"));
        assert!(plain(&Entry::Topic(topic(""))).ends_with(" * ana took the topic away"));
        let changed = |change| {
            let (room, from, id) = (Some("den".to_owned()), "ana".to_owned(), String::new());
            plain(&Entry::Changed(Changed { seq: 2, at: 0, room, to: None, from, id, of: 1, change }))
        };
        assert!(changed(Change::Edited { text: "a\nb".to_owned() }).ends_with(" * ana edited a line: a\n  b"));
        assert!(changed(Change::Deleted).ends_with(" * ana deleted a line"));
        let heart = |on| Change::Reacted { emoji: "❤".to_owned(), on };
        assert!(changed(heart(true)).ends_with(" * ana reacted with ❤"));
        assert!(changed(heart(false)).ends_with(" * ana took back ❤"));
    }
}
