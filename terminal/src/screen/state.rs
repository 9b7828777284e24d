//! What the screen shows beside the chat itself: where one is in it, what is being typed, what stands over it. No terminal
//! in here, and no hub.

use ratatui::layout::Rect;
use shared::command::Completion;
use shared::transcript::{Conversation, Key, Place};

use super::composer::Composer;
use super::history::History;
use super::rows::Setting;
use super::scroll::{self, Laid, Position};
use super::theme::Theme;

/// Places whose unsaid words are kept while one is elsewhere.
const DRAFTS: usize = 50;

/// What stands over the talk.
#[derive(Debug)]
pub(super) enum Over {
    /// The help page, from this of its lines on.
    Help(usize),
    Search(Finder),
}

/// A search.
#[derive(Debug, Default)]
pub(super) struct Finder {
    /// What is typed to search for.
    pub query: Composer,
    /// The hit that Enter opens, counted from the newest.
    pub chosen: usize,
}

/// Where one was before jumping to a hit.
#[derive(Debug)]
pub(super) struct Return {
    pub place: Place,
    pub position: Position,
}

/// A word that Tab goes round the completions of.
#[derive(Debug)]
pub(super) struct Completing {
    /// As it was before the first Tab.
    pub line: String,
    pub completion: Completion,
    pub turn: usize,
}

/// Something that can be clicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub area: Rect,
    pub place: Place,
}

/// What the screen shows beside the chat itself.
pub(super) struct State {
    pub theme: Theme,
    pub composer: Composer,
    /// Each with the line that it is an edit of.
    drafts: Vec<(Place, Composer, Option<u64>)>,
    pub history: History,
    /// The line of one's own that is being edited.
    pub editing: Option<u64>,
    pub completing: Option<Completing>,
    pub position: Position,
    /// From here on all was new when one began to look.
    pub new_from: Option<u64>,
    /// The end was being read when it was drawn last.
    reading: bool,
    /// The line that one has jumped to.
    pub sought: Option<u64>,
    pub back: Option<Return>,
    pub over: Option<Over>,
    /// Said once, until the next key: why something was not done.
    pub hint: Option<String>,
    /// Whether the person is at this terminal, as far as it tells.
    pub focused: bool,
    pub mouse: bool,
    pub laid: Laid,
    /// The talk's part of the screen, as it was drawn last.
    pub talk: Rect,
    /// The composer's columns, as they were drawn last.
    pub composer_columns: usize,
    pub targets: Vec<Target>,
    /// What of the talk is drawn now, from above.
    pub keys: Vec<Key>,
    pub near_top: bool,
    pub holes: Vec<u64>,
}

impl State {
    pub(super) fn new(theme: Theme) -> Self {
        Self {
            theme,
            composer: Composer::default(),
            drafts: Vec::new(),
            history: History::default(),
            editing: None,
            completing: None,
            position: Position::End,
            new_from: None,
            reading: false,
            sought: None,
            back: None,
            over: None,
            hint: None,
            focused: true,
            mouse: true,
            laid: Laid::default(),
            talk: Rect::default(),
            composer_columns: 0,
            targets: Vec::new(),
            keys: Vec::new(),
            near_top: false,
            holes: Vec::new(),
        }
    }

    /// Another place is looked at, from its end: what was being typed waits where it was typed.
    pub(super) fn moved(&mut self, from: &Place, to: &Place) {
        let (typed, editing) = (std::mem::take(&mut self.composer), self.editing.take());
        self.history.leave_off();
        self.drafts.retain(|(place, ..)| !place.is(from));
        if !typed.is_empty() {
            if self.drafts.len() == DRAFTS {
                self.drafts.remove(0);
            }
            self.drafts.push((from.clone(), typed, editing));
        }
        if let Some(at) = self.drafts.iter().position(|(place, ..)| place.is(to)) {
            (_, self.composer, self.editing) = self.drafts.remove(at);
        }
        self.position = Position::End;
        self.completing = None;
        (self.new_from, self.reading, self.sought) = (None, false, None);
        self.laid.forget();
    }

    /// An edit is given up; whether there was one.
    pub(super) fn give_up_edit(&mut self) -> bool {
        let was = self.editing.take().is_some();
        if was {
            self.composer.take();
        }
        was
    }

    /// Whether the end of the talk is in view, of somebody who is there to read it. Notes from where on it is new to them.
    pub(super) fn reads(&mut self, conversation: Option<&Conversation>) -> bool {
        let Some(conversation) = conversation else { return false };
        let reads = self.focused && self.over.is_none() && self.position == Position::End && !conversation.fresh();
        if reads
            && !self.reading
            && let Some(first) = conversation.first_unread()
        {
            self.new_from = Some(first);
        }
        self.reading = reads;
        reads
    }

    fn setting<'a>(&self, conversation: &'a Conversation, me: &'a str) -> Setting<'a> {
        Setting { theme: self.theme, me, columns: usize::from(self.talk.width), conversation, new_from: self.new_from }
    }

    /// What of the talk is seen.
    pub(super) fn sight(&mut self, conversation: &Conversation, me: &str) -> scroll::Sight {
        let setting = self.setting(conversation, me);
        let height = usize::from(self.talk.height);
        let sight = scroll::look(&setting, &mut self.laid, &self.position, height);
        self.keys.clone_from(&sight.keys);
        (self.near_top, self.holes) = (sight.near_top, sight.holes.clone());
        sight
    }

    /// Scrolls by so many lines, up where that is negative.
    pub(super) fn scroll(&mut self, conversation: &Conversation, me: &str, by: isize) {
        let setting = self.setting(conversation, me);
        let height = usize::from(self.talk.height);
        self.position = scroll::scrolled(&setting, &mut self.laid, &self.position, by, height);
    }

    /// To the oldest row that is held.
    pub(super) fn go_to_oldest(&mut self, conversation: &Conversation, me: &str) {
        let setting = self.setting(conversation, me);
        self.position = scroll::oldest(&setting, &mut self.laid, usize::from(self.talk.height));
    }

    /// To a line.
    pub(super) fn go_to_line(&mut self, conversation: &Conversation, me: &str, seq: u64) {
        let setting = self.setting(conversation, me);
        self.position = scroll::round_line(&setting, &mut self.laid, seq, usize::from(self.talk.height));
        self.sought = Some(seq);
    }

    /// The rows a page up or down moves by: one line stays in view.
    pub(super) fn page(&self) -> isize {
        isize::try_from(self.talk.height.saturating_sub(1).max(1)).unwrap_or(isize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_waits_where_it_was_typed_an_edit_as_an_edit() {
        let mut state = State::new(Theme::with_colours(true));
        let [lobby, dev] = ["lobby", "dev"].map(|room| Place::Room(room.to_owned()));
        (state.editing, state.composer) = (Some(7), Composer::holding("as it should have been"));
        state.moved(&lobby, &dev);
        assert_eq!((state.editing, state.composer.text()), (None, ""));
        state.composer = Composer::holding("a draft");
        state.moved(&dev, &lobby);
        assert_eq!((state.editing, state.composer.text()), (Some(7), "as it should have been"));
        state.moved(&lobby, &dev);
        assert_eq!((state.editing, state.composer.text()), (None, "a draft"));
    }

    #[test]
    fn elsewhere_history_begins_from_its_end() {
        let mut state = State::new(Theme::with_colours(true));
        let [lobby, dev] = ["lobby", "dev"].map(|room| Place::Room(room.to_owned()));
        state.history.add("one".to_owned());
        state.composer = Composer::holding("half a line");
        state.history.back(&mut state.composer);
        state.moved(&lobby, &dev);
        state.composer = Composer::holding("one");
        state.history.on(&mut state.composer);
        assert_eq!(state.composer.text(), "one", "what was typed in the lobby stays there");
    }
}
