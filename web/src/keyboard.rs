//! The keyboard map: what a person can do by keys, in one table. From it keys are obeyed, the list of shortcuts is
//! drawn, and the palette takes the deeds that it offers by name.

use shared::transcript::Place;

use crate::dialog::Dialog;
use crate::node::Node;
use crate::notice::Notice;

/// Something a person can do.
pub(crate) struct Deed {
    /// As people name it.
    pub(crate) name: &'static str,
    /// Each of these does it: the names of the keys as the browser gives them (`KeyboardEvent.key`), joined by `+`.
    /// On a Mac `Ctrl` is its command key.
    pub(crate) keys: &'static [&'static str],
    /// None where those keys are obeyed by whatever has the focus, and stand here to be read alone.
    pub(crate) run: Option<fn(Node)>,
    /// Whether the palette offers it now.
    pub(crate) offered: fn(Node) -> bool,
    /// Under which heading it is listed.
    pub(crate) group: Group,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Everywhere,
    Writing,
    Reading,
}

/// As headings, in the order in which they are listed.
pub(crate) const GROUPS: [(Group, &str); 3] =
    [(Group::Everywhere, "Everywhere"), (Group::Reading, "In the talk"), (Group::Writing, "While writing")];

const fn deed(name: &'static str, keys: &'static [&'static str], run: fn(Node), offered: fn(Node) -> bool) -> Deed {
    Deed { name, keys, run: Some(run), offered, group: Group::Everywhere }
}

const fn told(group: Group, keys: &'static [&'static str], name: &'static str) -> Deed {
    Deed { name, keys, run: None, offered: never, group }
}

/// Every deed: in each group in the order in which it is listed.
pub(crate) const DEEDS: &[Deed] = &[
    deed("Go to a place, a person, a command", &["Ctrl+K"], Node::open_palette, never),
    deed("Search", &["Ctrl+Shift+F"], |node| node.open_search(None), always),
    deed("Previous place", &["Alt+ArrowUp"], |node| node.step(false, false), never),
    deed("Next place", &["Alt+ArrowDown"], |node| node.step(true, false), never),
    deed("Previous unread place", &["Alt+Shift+ArrowUp"], |node| node.step(false, true), never),
    deed("Next unread place", &["Alt+Shift+ArrowDown"], |node| node.step(true, true), never),
    deed("Console", &[], Node::open_console, always),
    deed("Keyboard shortcuts", &["?", "Ctrl+/"], |node| node.open_dialog(Dialog::Keys), always),
    deed("All rooms", &[], Node::pick_room, always),
    deed("New conversation", &[], Node::pick_person, always),
    deed("Set topic", &[], |node| node.open_dialog(Dialog::Topic), in_room),
    deed("Mute", &[], |node| node.mute_here(true), |node| !is_muted(node)),
    deed("Unmute", &[], |node| node.mute_here(false), is_muted),
    deed("Mark all as read", &[], Node::mark_all_read, always),
    deed("Invite someone", &[], |node| node.notice.set(Some(Notice::Invitation)), always),
    deed("Settings", &[], |node| node.open_dialog(Dialog::Settings), always),
    deed("Leave room", &[], Node::leave_here, in_room),
    deed("Close conversation", &[], Node::leave_here, |node| !in_room(node)),
    told(Group::Everywhere, &["Escape"], "Back, or close what is open"),
    told(Group::Reading, &["PageUp", "PageDown"], "Scroll"),
    told(Group::Reading, &["ArrowUp", "ArrowDown"], "Go from line to line"),
    told(Group::Reading, &["Enter"], "What can be done with the line"),
    told(Group::Writing, &["Enter"], "Send"),
    told(Group::Writing, &["Shift+Enter"], "Begin a new line"),
    told(Group::Writing, &["Tab"], "Complete a command, a room or a nick"),
    told(Group::Writing, &["@", ":"], "Name somebody, find an emoji"),
    told(Group::Writing, &["ArrowUp"], "Edit your last line, while the field is empty"),
    told(Group::Writing, &["Ctrl+B"], "Bold"),
    told(Group::Writing, &["Ctrl+I"], "Italic"),
    told(Group::Writing, &["Escape"], "Then Tab leaves the field"),
];

fn always(_: Node) -> bool {
    true
}

fn never(_: Node) -> bool {
    false
}

fn in_room(node: Node) -> bool {
    matches!(node.here.get_untracked(), Place::Room(_))
}

fn is_muted(node: Node) -> bool {
    node.is_muted(&node.here.get_untracked())
}

impl Node {
    fn mute_here(self, quiet: bool) {
        self.mute(&self.here.get_untracked(), quiet);
    }

    fn leave_here(self) {
        self.leave(&self.here.get_untracked());
    }
}

/// Keys that are pressed together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pressed<'a> {
    /// `KeyboardEvent.key`.
    pub(crate) key: &'a str,
    /// `KeyboardEvent.code`: which letter it is where the keyboard writes another script.
    pub(crate) code: &'a str,
    /// Or the command key of a Mac.
    pub(crate) ctrl: bool,
    pub(crate) alt: bool,
    pub(crate) shift: bool,
}

/// What those keys do, if anything. Where signs are to be `signs`, as in a field that one types in, a single one does
/// nothing.
pub(crate) fn deed_of(pressed: Pressed<'_>, signs: bool) -> Option<fn(Node)> {
    let deed = DEEDS.iter().find(|deed| deed.run.is_some() && deed.keys.iter().any(|keys| is(keys, pressed, signs)));
    deed.and_then(|deed| deed.run)
}

impl Deed {
    /// The keys that do it, all or those alone that are pressed with others.
    pub(crate) fn keys(&self, single: bool) -> impl Iterator<Item = &'static str> {
        self.keys.iter().copied().filter(move |keys| single || self.run.is_none() || keys.len() > 1)
    }
}

fn is(keys: &str, pressed: Pressed<'_>, signs: bool) -> bool {
    let (mut ctrl, mut alt, mut shift) = (false, false, false);
    let mut key = keys;
    while let Some((first, rest)) = key.split_once('+').filter(|(_, rest)| !rest.is_empty()) {
        match first {
            "Ctrl" => ctrl = true,
            "Alt" => alt = true,
            _ => shift = true,
        }
        key = rest;
    }
    let letter = key.len() == 1 && key.as_bytes()[0].is_ascii_alphabetic();
    let sign = key.len() == 1 && !letter;
    let same = pressed.key.eq_ignore_ascii_case(key)
        || letter && !pressed.key.is_ascii() && pressed.code.strip_prefix("Key") == Some(key);
    // Where a sign stands, and whether Shift is needed for it, every keyboard has its own mind.
    same && ctrl == pressed.ctrl && alt == pressed.alt && (sign || shift == pressed.shift) && !(signs && sign && !ctrl)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(key: &str) -> Pressed<'_> {
        Pressed { key, ..Pressed::default() }
    }

    #[test]
    fn keys_are_told_apart() {
        let ctrl_k = Pressed { ctrl: true, ..pressed("k") };
        assert!(is("Ctrl+K", ctrl_k, true));
        assert!(is("Ctrl+K", Pressed { key: "K", ..ctrl_k }, false), "with caps lock");
        assert!(!is("Ctrl+K", Pressed { shift: true, ..ctrl_k }, false));
        assert!(!is("Ctrl+K", Pressed { alt: true, ..ctrl_k }, false));
        assert!(!is("Ctrl+K", pressed("k"), false));
        assert!(is("Alt+Shift+ArrowUp", Pressed { alt: true, shift: true, ..pressed("ArrowUp") }, true));
        assert!(!is("Alt+ArrowUp", Pressed { alt: true, shift: true, ..pressed("ArrowUp") }, true));
    }

    #[test]
    fn a_keyboard_of_another_script_has_the_same_letters() {
        let cyrillic = Pressed { key: "л", code: "KeyK", ctrl: true, ..Pressed::default() };
        assert!(is("Ctrl+K", cyrillic, true));
        let dvorak = Pressed { key: "t", code: "KeyK", ctrl: true, ..Pressed::default() };
        assert!(!is("Ctrl+K", dvorak, true), "where it writes this one, it means what it writes");
    }

    #[test]
    fn signs_are_typed_where_one_types() {
        let question = Pressed { shift: true, ..pressed("?") };
        assert!(is("?", question, false));
        assert!(is("?", pressed("?"), false), "some keyboards need no Shift for it");
        assert!(!is("?", question, true));
        assert!(is("Ctrl+/", Pressed { ctrl: true, ..pressed("/") }, true));
        assert!(is("+", pressed("+"), false));
    }

    #[test]
    fn what_a_single_key_does_has_another_way() {
        let single = DEEDS.iter().filter(|deed| deed.run.is_some() && deed.keys.iter().any(|keys| keys.len() == 1));
        for deed in single {
            assert!(deed.keys(false).count() > 0, "{}", deed.name);
            assert!(deed.keys(false).all(|keys| keys.len() > 1) && deed.keys(true).count() == deed.keys.len());
        }
        let question = Pressed { shift: true, ..pressed("?") };
        assert!(deed_of(question, false).is_some() && deed_of(question, true).is_none());
        assert!(deed_of(Pressed { ctrl: true, ..pressed("/") }, true).is_some());
    }

    #[test]
    fn no_keys_do_two_things() {
        for (at, deed) in DEEDS.iter().enumerate() {
            for keys in deed.keys {
                let others =
                    DEEDS[at + 1..].iter().filter(|other| other.group == deed.group && other.keys.contains(keys));
                assert_eq!(others.count(), 0, "{keys}");
            }
        }
    }
}
