//! The names of emoji. Those that are used most are in this client; the others the hub serves, and they are fetched
//! when somebody looks for one.

use shared::emoji::{BASIC, Table};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::XmlHttpRequest;

use crate::node::Node;
use crate::state::*;
use crate::storage;

/// Where the hub serves them.
const ADDRESS: &str = "/emoji.txt";

/// Emoji that this person used last and that are kept: two rows of the picker.
const RECENT: usize = 16;

/// The names of emoji, as far as they are known.
#[derive(Clone, Copy)]
pub(crate) struct EmojiNames {
    pub(crate) table: Signal<Table>,
    pub(crate) fetched: Signal<Fetched>,
}

/// Whether all names are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fetched {
    /// Nobody has asked for them.
    No,
    UnderWay,
    Yes,
    /// They could not be had; whoever looks for one tries again.
    Failed,
}

impl EmojiNames {
    pub(crate) fn new() -> Self {
        Self { table: Signal::new(Table::default()), fetched: Signal::new(Fetched::No) }
    }
}

impl Node {
    /// Has all names fetched, unless they are here or on their way.
    pub(crate) fn fetch_emoji(self) {
        let fetched = self.emoji.fetched;
        if matches!(fetched.get_untracked(), Fetched::UnderWay | Fetched::Yes) {
            return;
        }
        fetched.set(Fetched::UnderWay);
        let Ok(request) = XmlHttpRequest::new() else { return fetched.set(Fetched::Failed) };
        let ended = Closure::once_into_js({
            let request = request.clone();
            move || {
                let text = request.response_text().ok().flatten().filter(|_| request.status() == Ok(200));
                match text {
                    Some(text) => {
                        self.emoji.table.set(Table::parse(&text));
                        fetched.set(Fetched::Yes);
                    }
                    None => fetched.set(Fetched::Failed),
                }
            }
        });
        request.set_onloadend(Some(ended.unchecked_ref()));
        if request.open("GET", ADDRESS).and_then(|()| request.send()).is_err() {
            fetched.set(Fetched::Failed);
        }
    }

    /// The emoji of this name, as soon as it is known.
    pub(crate) fn emoji_named(self, name: &str) -> Option<String> {
        self.emoji.table.with(|table| table.get(name).map(str::to_owned))
    }

    /// This person has used an emoji.
    pub(crate) fn used_emoji(self, emoji: &str) {
        storage::keep_emoji(&lately(emoji, &storage::emoji()));
    }
}

/// Whether an emoji is known by this name without any being fetched.
pub(crate) fn basic(name: &str) -> Option<&'static str> {
    BASIC.iter().find(|(known, _)| *known == name).map(|(_, emoji)| *emoji)
}

/// The emoji offered at a click: those used last, then those that most people use.
pub(crate) fn at_hand(recent: &[String], count: usize) -> Vec<String> {
    let mut offered = recent.to_vec();
    for (_, emoji) in BASIC {
        if !offered.iter().any(|other| other == emoji) {
            offered.push(emoji.to_owned());
        }
    }
    offered.truncate(count);
    offered
}

/// Those used last, after `emoji` was used.
fn lately(emoji: &str, before: &[String]) -> Vec<String> {
    let others = before.iter().filter(|other| *other != emoji);
    let mut recent = vec![emoji.to_owned()];
    recent.extend(others.take(RECENT - 1).cloned());
    recent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_last_comes_first_and_once() {
        let mut recent = Vec::new();
        for emoji in ["👍", "🎉", "👍"] {
            recent = lately(emoji, &recent);
        }
        assert_eq!(recent, ["👍", "🎉"]);
        let offered = at_hand(&["🦀".to_owned(), "👎".to_owned()], 4);
        assert_eq!(offered, ["🦀", "👎", "👍", "❤️"]);
    }

    #[test]
    fn only_the_last_are_kept() {
        let mut recent = Vec::new();
        for number in 0..40 {
            recent = lately(&number.to_string(), &recent);
        }
        assert_eq!((recent.len(), recent[0].as_str()), (RECENT, "39"));
    }
}
