//! What the screen shows beside the chat itself: where one is in it, what is being typed, what stands over it. No terminal
//! in here, and no hub.

mod choosing;

use ratatui::layout::{Position as Point, Rect};
use shared::command::Completion;
use shared::transcript::{Conversation, Key, Place};

use super::choice::Choice;
use super::composer::Composer;
use super::draft::Draft;
use super::history::History;
use super::rows::Setting;
use super::scroll::{self, Laid, Position};
use super::theme::Theme;

/// Places whose unsaid words are kept while one is elsewhere.
const DRAFTS: usize = 50;

/// What stands over the talk.
#[derive(Debug)]
pub(super) enum Over {
    Help(HelpPage),
    Search(Finder),
    /// All places, and which of them Enter goes to.
    Places(usize),
}

/// The help page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct HelpPage {
    /// Who typed a command looks for others, who pressed a key for keys.
    pub commands_first: bool,
    /// The first line in view.
    pub from: usize,
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
    pub draft: Draft,
    drafts: Vec<(Place, Draft)>,
    pub history: History,
    /// The line that something is to be done to.
    pub choice: Option<Choice>,
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
            draft: Draft::default(),
            drafts: Vec::new(),
            history: History::default(),
            choice: None,
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
        let typed = std::mem::take(&mut self.draft);
        self.history.leave_off();
        self.drafts.retain(|(place, _)| !place.is(from));
        if !typed.is_empty() {
            if self.drafts.len() == DRAFTS {
                self.drafts.remove(0);
            }
            self.drafts.push((from.clone(), typed));
        }
        if let Some(at) = self.drafts.iter().position(|(place, _)| place.is(to)) {
            (_, self.draft) = self.drafts.remove(at);
        }
        self.choice = None;
        self.position = Position::End;
        self.completing = None;
        (self.new_from, self.reading, self.sought) = (None, false, None);
        self.laid.forget();
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
        self.pin(conversation, me);
    }

    /// While a line is chosen nothing that comes moves the view.
    fn pin(&mut self, conversation: &Conversation, me: &str) {
        if self.choice.is_some() {
            let setting = self.setting(conversation, me);
            self.position = scroll::pinned(&setting, &mut self.laid, &self.position, usize::from(self.talk.height));
        }
    }

    /// To the oldest row that is held.
    pub(super) fn go_to_oldest(&mut self, conversation: &Conversation, me: &str) {
        let setting = self.setting(conversation, me);
        self.position = scroll::oldest(&setting, &mut self.laid, usize::from(self.talk.height));
        self.pin(conversation, me);
    }

    /// To a line.
    pub(super) fn go_to_line(&mut self, conversation: &Conversation, me: &str, seq: u64) {
        let setting = self.setting(conversation, me);
        self.position = scroll::round_line(&setting, &mut self.laid, seq, usize::from(self.talk.height));
        self.sought = Some(seq);
    }

    /// The row of the talk that is drawn at a place of the screen.
    pub(super) fn row_at(&self, at: Point) -> Option<&Key> {
        if self.over.is_some() || !self.talk.contains(at) {
            return None;
        }
        // What is drawn stands at the lower edge.
        let free = usize::from(self.talk.height).saturating_sub(self.keys.len());
        self.keys.get(usize::from(at.y - self.talk.y).checked_sub(free)?)
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
    fn what_is_typed_waits_where_it_was_typed_an_edit_as_an_edit_and_an_answer_as_one() {
        let mut state = State::new(Theme::with_colours(true));
        let [lobby, dev] = ["lobby", "dev"].map(|room| Place::Room(room.to_owned()));
        state.draft.edit(7, "as it should have been");
        state.moved(&lobby, &dev);
        assert!(state.draft.is_empty());
        state.draft.composer = Composer::holding("a draft");
        state.draft.reply(Some(3));
        state.moved(&dev, &lobby);
        assert_eq!((state.draft.editing(), state.draft.composer.text()), (Some(7), "as it should have been"));
        state.moved(&lobby, &dev);
        assert_eq!((state.draft.editing(), state.draft.composer.text()), (None, "a draft"));
        assert_eq!(state.draft.replying(), Some(3));
    }

    #[test]
    fn elsewhere_history_begins_from_its_end() {
        let mut state = State::new(Theme::with_colours(true));
        let [lobby, dev] = ["lobby", "dev"].map(|room| Place::Room(room.to_owned()));
        state.history.add("one".to_owned());
        state.draft.composer = Composer::holding("half a line");
        state.history.back(&mut state.draft.composer);
        state.moved(&lobby, &dev);
        state.draft.composer = Composer::holding("one");
        state.history.on(&mut state.draft.composer);
        assert_eq!(state.draft.composer.text(), "one", "what was typed in the lobby stays there");
    }
}
