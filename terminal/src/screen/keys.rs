//! What each key is for: one table, which the help page shows as well.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    Say,
    LineBreak,
    Complete,
    Type(char),
    Left,
    Right,
    WordLeft,
    WordRight,
    LineStart,
    LineEnd,
    Up,
    Down,
    DeleteBack,
    DeleteOn,
    DeleteWordBack,
    DeleteWordOn,
    DeleteToStart,
    DeleteToEnd,
    PutBack,
    HistoryBack,
    HistoryOn,
    PageUp,
    PageDown,
    ScrollUp,
    ScrollDown,
    /// Home and End: of what is typed; of the talk, where nothing is.
    First,
    Last,
    Oldest,
    Newest,
    NextPlace,
    PreviousPlace,
    /// Counted from 0.
    PlaceNumber(usize),
    NextUnread,
    /// All of them, to go to one.
    Places,
    Search,
    /// A line of the talk, to do something to it.
    Choose,
    Help,
    Mouse,
    Redraw,
    Suspend,
    /// Out of whatever one is in.
    Back,
    Quit,
}

/// One line of the table.
struct Binding {
    code: KeyCode,
    modifiers: KeyModifiers,
    intent: Intent,
    /// As it is called for people, with others that do the same; empty where one before names it too.
    shown: &'static str,
    help: &'static str,
}

const NONE: KeyModifiers = KeyModifiers::NONE;
const CTRL: KeyModifiers = KeyModifiers::CONTROL;
const ALT: KeyModifiers = KeyModifiers::ALT;
const SHIFT: KeyModifiers = KeyModifiers::SHIFT;

const fn key(
    code: KeyCode,
    modifiers: KeyModifiers,
    intent: Intent,
    shown: &'static str,
    help: &'static str,
) -> Binding {
    Binding { code, modifiers, intent, shown, help }
}

/// A further key for what the one before does.
const fn also(code: KeyCode, modifiers: KeyModifiers, intent: Intent) -> Binding {
    key(code, modifiers, intent, "", "")
}

use Intent as I;
use KeyCode::{Backspace, Char, Delete, Down, End, Enter, Esc, F, Home, Left, PageDown, PageUp, Right, Tab, Up};

const TABLE: &[Binding] = &[
    key(Enter, NONE, I::Say, "Enter", "says what is typed"),
    key(Enter, ALT, I::LineBreak, "Alt+Enter, Ctrl+J", "begins a new line"),
    also(Enter, SHIFT, I::LineBreak),
    also(Char('j'), CTRL, I::LineBreak),
    key(Tab, NONE, I::Complete, "Tab", "completes nicks, rooms, commands"),
    key(Up, NONE, I::Up, "Up", "edits your last line, or one refused, if nothing is typed"),
    also(Down, NONE, I::Down),
    key(Esc, NONE, I::Back, "Esc", "gives up an edit, a reply, a search; else: to the newest"),
    key(Up, CTRL, I::HistoryBack, "Ctrl+Up, Ctrl+Down", "walks through what you typed before"),
    also(Down, CTRL, I::HistoryOn),
    key(PageUp, NONE, I::PageUp, "PageUp, PageDown", "scrolls by a screen"),
    also(PageDown, NONE, I::PageDown),
    key(Up, SHIFT, I::ScrollUp, "Shift+Up, Shift+Down", "scrolls by a line"),
    also(Down, SHIFT, I::ScrollDown),
    key(Home, NONE, I::First, "Home, End", "to the oldest line and the newest, where nothing is typed"),
    also(End, NONE, I::Last),
    key(Home, CTRL, I::Oldest, "Ctrl+Home, Ctrl+End", "the same, always"),
    also(End, CTRL, I::Newest),
    key(Down, ALT, I::NextPlace, "Alt+Down, Ctrl+N", "the next room"),
    also(Char('n'), CTRL, I::NextPlace),
    key(Up, ALT, I::PreviousPlace, "Alt+Up, Ctrl+P", "the room before"),
    also(Char('p'), CTRL, I::PreviousPlace),
    key(Char('1'), ALT, I::PlaceNumber(0), "Alt+1 … Alt+9", "the first to the ninth room"),
    also(Char('2'), ALT, I::PlaceNumber(1)),
    also(Char('3'), ALT, I::PlaceNumber(2)),
    also(Char('4'), ALT, I::PlaceNumber(3)),
    also(Char('5'), ALT, I::PlaceNumber(4)),
    also(Char('6'), ALT, I::PlaceNumber(5)),
    also(Char('7'), ALT, I::PlaceNumber(6)),
    also(Char('8'), ALT, I::PlaceNumber(7)),
    also(Char('9'), ALT, I::PlaceNumber(8)),
    key(Char('a'), ALT, I::NextUnread, "Alt+A", "the next room with something unread"),
    key(F(3), NONE, I::Places, "F3", "all rooms and private conversations; Enter goes to one"),
    key(Char('f'), CTRL, I::Search, "Ctrl+F", "searches; Enter opens a hit in its place"),
    // Of the keys that shells and tmux have for the line being typed the one that is missed least (readline: run this line
    // and fetch the next); terminals hold nothing back for it in raw mode, as they do for Ctrl+S and Ctrl+Q, and it is
    // no other key's code, as Ctrl+I and Ctrl+M are.
    key(Char('o'), CTRL, I::Choose, "Ctrl+O, a click", "chooses a line: to reply, edit, delete, react"),
    key(Char('a'), CTRL, I::LineStart, "Ctrl+A, Ctrl+E", "to the start and the end of the line"),
    also(Char('e'), CTRL, I::LineEnd),
    key(Left, CTRL, I::WordLeft, "Ctrl+Left, Ctrl+Right", "a word back and on; so do Alt+B, Alt+F"),
    also(Left, ALT, I::WordLeft),
    also(Char('b'), ALT, I::WordLeft),
    also(Right, CTRL, I::WordRight),
    also(Right, ALT, I::WordRight),
    also(Char('f'), ALT, I::WordRight),
    also(Left, NONE, I::Left),
    also(Right, NONE, I::Right),
    also(Char('b'), CTRL, I::Left),
    also(Backspace, NONE, I::DeleteBack),
    also(Backspace, SHIFT, I::DeleteBack),
    // What Backspace sends on some terminals.
    also(Char('h'), CTRL, I::DeleteBack),
    also(Delete, NONE, I::DeleteOn),
    also(Char('d'), CTRL, I::DeleteOn),
    key(Char('w'), CTRL, I::DeleteWordBack, "Ctrl+W, Alt+D", "deletes a word back, a word on"),
    also(Backspace, ALT, I::DeleteWordBack),
    also(Backspace, CTRL, I::DeleteWordBack),
    also(Char('d'), ALT, I::DeleteWordOn),
    key(Char('u'), CTRL, I::DeleteToStart, "Ctrl+U, Ctrl+K", "deletes to the start, to the end of the line"),
    also(Char('k'), CTRL, I::DeleteToEnd),
    key(Char('y'), CTRL, I::PutBack, "Ctrl+Y", "puts back what these deleted"),
    key(F(1), NONE, I::Help, "F1", "this page"),
    key(F(2), NONE, I::Mouse, "F2", "the mouse: ours (wheel, clicks), or the terminal's (to select)"),
    key(Char('l'), CTRL, I::Redraw, "Ctrl+L", "draws the screen anew"),
    key(Char('z'), CTRL, I::Suspend, "Ctrl+Z", "stops the program; fg goes on"),
    key(Char('c'), CTRL, I::Quit, "Ctrl+C", "leaves and ends, as /quit does"),
];

/// What can be done to a line that is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Reply,
    Edit,
    Delete,
    React,
}

/// The keys for that, in the order in which they are offered: letter, name, and what it does.
pub(super) const DEEDS: [(char, Deed, &str, &str); 4] = [
    ('r', Deed::Reply, "reply", "answers it; Esc gives that up and keeps your words"),
    ('e', Deed::Edit, "edit", "edits it, if you said it"),
    ('d', Deed::Delete, "delete", "deletes it for everyone, if you said it"),
    ('+', Deed::React, "react", "reacts to it with an emoji; the same again takes it back"),
];

/// What a letter does to the chosen line.
pub(super) fn deed(letter: char) -> Option<Deed> {
    let letter = letter.to_ascii_lowercase();
    DEEDS.iter().find(|(key, ..)| *key == letter).map(|(_, deed, ..)| *deed)
}

/// What a key is for; none of what no key here is for.
pub(super) fn intent(key: KeyEvent) -> Option<Intent> {
    let KeyEvent { code, modifiers, .. } = key;
    let code = match code {
        // Capitals, of Caps Lock or of Shift, do what small letters do.
        Char(letter) if modifiers.intersects(CTRL | ALT) => Char(letter.to_ascii_lowercase()),
        code => code,
    };
    // Of letters Shift is in the letter already.
    let modifiers = if matches!(code, Char(_)) { modifiers - SHIFT } else { modifiers };
    if let Some(binding) = TABLE.iter().find(|binding| binding.code == code && binding.modifiers == modifiers) {
        return Some(binding.intent);
    }
    match code {
        // AltGr comes as both on some keyboards, and makes a letter.
        Char(letter) if modifiers.is_empty() || modifiers == CTRL | ALT => Some(I::Type(letter)),
        _ => None,
    }
}

/// Each key, as people call it, and what it is for.
pub(super) fn help() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.iter().filter(|binding| !binding.shown.is_empty()).map(|binding| (binding.shown, binding.help))
}

/// The same of those that are for a chosen line.
pub(super) fn help_with_chosen() -> impl Iterator<Item = (String, &'static str)> {
    let moving = ("Up, Down".to_owned(), "the line before and after; PageUp, Home and so on as well");
    let deeds = DEEDS.iter().map(|(key, _, _, words)| (key.to_string(), *words));
    std::iter::once(moving).chain(deeds).chain([("Esc".to_owned(), "back to what you were typing")])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: KeyCode, modifiers: KeyModifiers) -> Option<Intent> {
        intent(KeyEvent::new(code, modifiers))
    }

    #[test]
    fn letters_are_typed() {
        assert_eq!(pressed(Char('a'), NONE), Some(I::Type('a')));
        assert_eq!(pressed(Char('A'), SHIFT), Some(I::Type('A')));
        assert_eq!(pressed(Char('@'), CTRL | ALT), Some(I::Type('@')), "AltGr+Q on a German keyboard");
        assert_eq!(pressed(Char('x'), CTRL), None);
    }

    #[test]
    fn capitals_do_what_small_letters_do() {
        assert_eq!(pressed(Char('W'), CTRL), Some(I::DeleteWordBack));
        assert_eq!(pressed(Char('B'), ALT | SHIFT), Some(I::WordLeft));
    }

    #[test]
    fn no_key_is_for_two_things() {
        for (at, one) in TABLE.iter().enumerate() {
            let again = TABLE[at + 1..].iter().find(|two| (one.code, one.modifiers) == (two.code, two.modifiers));
            assert!(again.is_none(), "{:?}", one.intent);
        }
    }

    #[test]
    fn whoever_is_stuck_finds_the_way_out() {
        let shown: Vec<_> = help().map(|(keys, _)| keys).collect();
        assert!(["Ctrl+C", "Esc", "F1", "Enter"].iter().all(|key| shown.contains(key)), "{shown:?}");
        assert!(help().all(|(keys, words)| keys.len() <= 22 && words.len() <= 64), "a page of 80 columns holds each");
    }
}
