//! What a person is doing to lines: answering one, changing one, taking one back, reacting to it.

use std::sync::Arc;

use shared::entry::Entry;
use shared::letters::fold;
use shared::markup;
use shared::message::{Refusal, ToHub};
use shared::transcript::Place;
use shared::wire;

use crate::driver::Asked;
use crate::message_handler;
use crate::node::Node;
use crate::state::*;

/// Places in which something is begun, at most: more than a person keeps in mind. Of an older one the draft stays.
const MAX_BEGUN: usize = 20;

/// Long lines that stay unfolded, at most.
const MAX_UNFOLDED: usize = 50;

/// Characters of a line that is quoted: one line of a wide window.
const QUOTED: usize = 120;

/// What a person is doing to lines.
#[derive(Clone, Copy)]
pub(crate) struct Changing {
    /// What is written next is for, in each place: the one begun last is the last.
    begun: Signal<Vec<Begun>>,
    /// The line of which it is asked whether to take it back.
    pub(crate) deleting: Signal<Option<u64>>,
    /// What an emoji is picked for, while one is.
    pub(crate) picking: Signal<Option<Picking>>,
    /// What is to be put where one writes.
    pub(crate) inserted: Signal<String>,
    /// Long lines of the place in view that the person has unfolded.
    unfolded: Signal<Vec<u64>>,
}

/// Something begun with a line, which the next text is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Begun {
    pub(crate) place: Place,
    /// The line's `seq`.
    pub(crate) of: u64,
    /// The line's new text so far; none where it is answered and not edited.
    pub(crate) text: Option<String>,
}

/// What an emoji is picked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Picking {
    /// The text being written.
    Text,
    /// A reaction to the line at this `seq`.
    Line(u64),
}

/// A line that another answers, as it is shown there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Quoted {
    Line {
        from: String,
        words: String,
    },
    Deleted {
        from: String,
    },
    /// It is not held.
    FurtherUp,
}

impl Changing {
    pub(crate) fn new() -> Self {
        Self {
            begun: Signal::new(Vec::new()),
            deleting: Signal::new(None),
            picking: Signal::new(None),
            inserted: Signal::new(String::new()),
            unfolded: Signal::new(Vec::new()),
        }
    }
}

impl Node {
    /// The line at `seq` of the place in view.
    pub(crate) fn line(self, seq: u64) -> Option<Arc<Entry>> {
        let here = self.here.get_untracked();
        self.with_core(|core| core.transcript.get(&here)?.line(seq).cloned())
    }

    /// What is begun at the place in view; followed.
    pub(crate) fn begun(self) -> Option<Begun> {
        let here = self.here.get();
        self.changing.begun.with(|all| all.iter().find(|begun| begun.place == here).cloned())
    }

    /// What is written next answers that line.
    pub(crate) fn begin_reply(self, of: u64) {
        self.begin_with(of, None);
    }

    /// What is written next takes the place of that line's text.
    pub(crate) fn begin_edit(self, of: u64) {
        if let Some(line) = self.line(of) {
            self.begin_with(of, Some(line.text().to_owned()));
        }
    }

    /// Edits one's own last line here. False where there is none.
    pub(crate) fn edit_last(self) -> bool {
        let here = self.here.get_untracked();
        let last = self.with_core(|core| core.transcript.get(&here)?.own_last().map(|line| line.seq()));
        if let Some(of) = last {
            self.begin_edit(of);
        }
        last.is_some()
    }

    fn begin_with(self, of: u64, text: Option<String>) {
        let place = self.here.get_untracked();
        self.changing.begun.update(|all| {
            all.retain(|begun| begun.place != place);
            if all.len() == MAX_BEGUN {
                all.remove(0);
            }
            all.push(Begun { place, of, text });
        });
    }

    /// The new text of the line being edited, as far as it is written.
    pub(crate) fn edited_to(self, text: &str) {
        let here = self.here.get_untracked();
        self.changing.begun.quietly(|all| {
            if let Some(begun) = all.iter_mut().find(|begun| begun.place == here) {
                begun.text = Some(text.to_owned());
            }
        });
    }

    /// Another person comes, or another log: what was begun with lines is of none of theirs.
    pub(crate) fn forget_begun(self) {
        self.changing.begun.set(Vec::new());
        self.changing.deleting.set(None);
        self.wait_without(None);
    }

    /// The person gives up what they had begun at a place: what waits for its files does not answer that either.
    pub(crate) fn give_up(self, place: &Place) {
        if let Some(of) = self.answered_by_next(place) {
            self.wait_without(Some((place, of)));
        }
        self.leave_off(place);
    }

    /// What was begun at a place is done, or given up.
    pub(crate) fn leave_off(self, place: &Place) {
        if self.changing.begun.with_untracked(|all| all.iter().any(|begun| begun.place == *place)) {
            self.changing.begun.update(|all| all.retain(|begun| begun.place != *place));
        }
    }

    /// The line that what is said next at a place answers.
    pub(crate) fn answered_by_next(self, place: &Place) -> Option<u64> {
        let answered = |begun: &&Begun| begun.place == *place && begun.text.is_none();
        self.changing.begun.with_untracked(|all| all.iter().find(answered).map(|begun| begun.of))
    }

    /// Gives the line being edited its new text. False where that cannot be tried; then it goes on being edited.
    pub(crate) fn save_edit(self, begun: &Begun, text: &str) -> bool {
        let Begun { place, of, .. } = begun;
        if text.trim().is_empty() {
            self.changing.deleting.set(Some(*of));
            return false;
        }
        let text = match wire::trim_text(text) {
            Ok(text) => text.to_owned(),
            Err(error) => {
                self.complain(error.to_string());
                return false;
            }
        };
        let same = self.line(*of).is_some_and(|line| line.text() == text);
        let taken = same || self.ask(Asked::Change, |id| place.edit(id, *of, text));
        if taken {
            self.leave_off(place);
        }
        taken
    }

    /// Takes a line of one's own at the place in view back.
    pub(crate) fn delete_line(self, of: u64) {
        let place = self.here.get_untracked();
        self.ask(Asked::Change, |id| place.delete(id, of));
        let edited = |begun: &Begun| begun.place == place && begun.of == of;
        if self.changing.begun.with_untracked(|all| all.iter().any(edited)) {
            self.leave_off(&place);
        }
    }

    /// Puts one's reaction to a line at the place in view, or takes it away again.
    pub(crate) fn react(self, of: u64, emoji: &str, on: bool) {
        let place = self.here.get_untracked();
        if on {
            self.used_emoji(emoji);
        }
        self.ask(Asked::Change, |id| place.react(id, of, emoji.to_owned(), on));
    }

    /// The same, whichever of the two it is: a second press takes the first back.
    pub(crate) fn react_or_not(self, of: u64, emoji: &str) {
        let me = fold(&self.nick.get_untracked());
        let line = self.line(of);
        let reactions = line.as_ref().and_then(|line| line.details()).map(|details| &details.reactions[..]);
        let mine = reactions
            .unwrap_or_default()
            .iter()
            .any(|reaction| reaction.emoji == emoji && reaction.nicks.iter().any(|nick| fold(nick) == me));
        self.react(of, emoji, !mine);
    }

    /// The hub will not make a change. The transcript says so where its line is; but where nothing was drawn yet, as when
    /// it waited for this visit, nobody would see that.
    pub(crate) fn change_refused(self, change: &ToHub, refusal: &Refusal) {
        let unseen = Place::of(change).is_some_and(|place| {
            self.with_core(|core| core.transcript.get(&place).is_none_or(|known| known.newest().is_none()))
        });
        if unseen {
            self.complain(["Something was not changed: ", &message_handler::words(refusal)].concat());
        }
    }

    /// A line of the place in view, as it is quoted where it is answered; followed.
    pub(crate) fn quoted(self, of: u64) -> Quoted {
        self.talk.rows.track();
        let Some(line) = self.line(of) else { return Quoted::FurtherUp };
        let from = line.from().to_owned();
        let details = line.details();
        if details.is_some_and(|details| details.deleted) {
            return Quoted::Deleted { from };
        }
        let mut words = markup::plain(line.text(), QUOTED);
        if words.is_empty()
            && let Some(file) = details.and_then(|details| details.files.first())
        {
            words.clone_from(&file.name);
        }
        Quoted::Line { from, words }
    }

    /// Whether the person has unfolded a long line.
    pub(crate) fn is_unfolded(self, seq: u64) -> bool {
        self.changing.unfolded.with_untracked(|all| all.contains(&seq))
    }

    pub(crate) fn unfold(self, seq: u64, open: bool) {
        self.changing.unfolded.quietly(|all| {
            all.retain(|other| *other != seq);
            if open {
                if all.len() == MAX_UNFOLDED {
                    all.remove(0);
                }
                all.push(seq);
            }
        });
    }
}
