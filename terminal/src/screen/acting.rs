//! What keys, clicks and events do: the only place where the screen's state and the chat meet.

mod choosing;
mod over;
mod places;
mod typing;

use std::time::{Duration, Instant};

use crossterm::event::{Event as Input, KeyEvent, KeyEventKind, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position as Point;
use shared::transcript::Key;

use super::choice::{Choice, Step};
use super::keys::{Intent, intent};
use super::outlook::Outlook;
use super::scroll::Position;
use super::state::{Finder, HelpPage, Over, State};
use super::theme::Theme;
use super::view;
use crate::chat::{Chat, Event};
use crate::profile::now;

/// Lines that a step of the wheel scrolls by.
const WHEEL: isize = 3;

/// A page that did not come is asked for again after this: somebody still looks at where it would be.
const AGAIN: Duration = Duration::from_secs(2);

/// What is left to be done by whoever holds the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Draw,
    /// Nothing that is seen has changed.
    Rest,
    /// Draw all of it anew, whatever the terminal shows.
    Redraw,
    Ring,
    Mouse(bool),
    Suspend,
    /// The person leaves.
    Leave,
    /// By Ctrl+C.
    Interrupt,
    /// The connection has ended for good.
    End,
}

/// The screen and the chat that it shows.
pub(super) struct Screen {
    pub chat: Chat,
    pub state: State,
    /// What was asked for last because it is in view, and when.
    asked: Option<(Option<Key>, Instant)>,
}

impl Screen {
    pub(super) fn new(chat: Chat, theme: Theme) -> Self {
        Self { chat, state: State::new(theme), asked: None }
    }

    /// Draws, and does what follows from what is in view: what is seen is read, what is missing is asked for.
    pub(super) fn draw(&mut self, frame: &mut ratatui::Frame<'_>) {
        self.look_at_choice();
        let reads = self.state.reads(self.chat.conversation());
        if reads && self.chat.online() {
            self.chat.read_all();
        }
        let chosen = self.state.choice.as_ref().map(|choice| choice.seq);
        view::draw(frame, &mut self.state, &Outlook::of(&self.chat, chosen));
    }

    /// Asks for what is missing where one looks.
    pub(super) fn want(&mut self) {
        // A jump holds the line that it leads to, which is not in view before its page is there.
        if !self.chat.jumping() {
            self.chat.hold(self.state.position.held());
        }
        if self.state.over.is_some() || !self.chat.online() {
            return;
        }
        let hole = self.state.holes.first().copied();
        let short = self.state.keys.len() < usize::from(self.state.talk.height);
        let top = self.state.near_top && (short || self.state.position != Position::End);
        let wanted = match hole {
            Some(after) => Some(Key::Hole(after)),
            None if top => self.state.keys.first().cloned(),
            None => return,
        };
        let again = self.asked.as_ref().is_none_or(|(key, at)| *key != wanted || at.elapsed() > AGAIN);
        if !again || self.chat.loading() {
            return;
        }
        match hole {
            Some(after) => self.chat.fill(after),
            None if self.chat.load_older() => {}
            None => return,
        }
        self.asked = Some((wanted, Instant::now()));
    }

    /// Tells the chat whether something is typed, before anything arrives that might lead elsewhere.
    pub(super) fn note_typed(&mut self) {
        self.chat.typed_here(!self.state.draft.is_empty());
    }

    /// Why Ctrl+Z does nothing.
    pub(super) fn cannot_wait(&mut self) {
        self.state.hint = Some("No shell is there that would bring the program back.".to_owned());
    }

    /// Whether what is shown changes by the time that passes.
    pub(super) fn passes(&self) -> bool {
        let writes = self.chat.conversation().is_some_and(|here| !here.typing(now()).is_empty());
        let chosen = self.state.choice.as_ref().map(|choice| choice.seq);
        writes || !self.chat.online() || chosen.is_some_and(|seq| self.chat.reach_passes(seq))
    }

    /// Something was typed, pasted, clicked.
    pub(super) fn input(&mut self, input: Input) -> Next {
        match input {
            Input::Key(key) if key.kind != KeyEventKind::Release => self.key(key),
            Input::Key(_) => Next::Rest,
            Input::Paste(text) => self.paste(&text),
            Input::Mouse(mouse) => self.mouse(mouse),
            Input::Resize(..) => Next::Draw,
            Input::FocusGained => self.focused(true),
            Input::FocusLost => self.focused(false),
        }
    }

    fn focused(&mut self, focused: bool) -> Next {
        self.state.focused = focused;
        if focused {
            self.chat.look();
        }
        Next::Draw
    }

    fn paste(&mut self, text: &str) -> Next {
        self.state.hint = None;
        self.state.completing = None;
        // Whoever pastes while a line is chosen means to go on typing, unless it is an emoji that is asked for.
        let typing = !matches!(&self.state.choice, Some(Choice { step: Step::Reacting(_), .. }));
        if self.state.over.is_none() && self.state.choice.is_some() && typing {
            self.leave_choice();
        }
        let composer = match (&mut self.state.over, &mut self.state.choice) {
            (Some(Over::Search(finder)), _) => &mut finder.query,
            (Some(Over::Help(_) | Over::Places(_)), _) => return Next::Rest,
            (None, Some(Choice { step: Step::Reacting(typed), .. })) => typed,
            (None, _) => &mut self.state.draft.composer,
        };
        if !composer.paste(text) {
            self.state.hint = Some("Not all of that fits; the end of it was left out.".to_owned());
        }
        Next::Draw
    }

    fn mouse(&mut self, mouse: MouseEvent) -> Next {
        match mouse.kind {
            MouseEventKind::ScrollUp => self.scroll(-WHEEL),
            MouseEventKind::ScrollDown => self.scroll(WHEEL),
            MouseEventKind::Down(MouseButton::Left) => {
                let at = Point { x: mouse.column, y: mouse.row };
                let target = self.state.targets.iter().find(|target| target.area.contains(at));
                let Some(place) = target.map(|target| target.place.clone()) else {
                    return if self.choose_at(at) { Next::Draw } else { Next::Rest };
                };
                self.state.over = None;
                self.go(&place);
            }
            _ => return Next::Rest,
        }
        Next::Draw
    }

    /// Something has happened in the chat.
    pub(super) fn event(&mut self, event: Event) -> Next {
        match event {
            Event::Called { .. } if !self.state.focused => return Next::Ring,
            Event::Found if self.state.over.is_none() => self.show_found(),
            Event::Jumped { place, seq } if place.is(self.chat.here()) => {
                (self.state.over, self.state.choice) = (None, None);
                if let Some(here) = self.chat.conversation() {
                    if here.holds(seq) {
                        self.state.go_to_line(here, self.chat.me(), seq);
                    } else {
                        self.state.hint = Some("That line is not to be had any more.".to_owned());
                    }
                }
            }
            Event::Left => return Next::Leave,
            Event::Ended => return Next::End,
            // It stands at the end of the talk, which may not be in view.
            Event::Refused(words) if self.state.position != Position::End => self.state.hint = Some(words),
            _ => {}
        }
        Next::Draw
    }

    fn key(&mut self, key: KeyEvent) -> Next {
        self.state.hint = None;
        let Some(intent) = intent(key) else { return Next::Draw };
        if intent != Intent::Complete {
            self.state.completing = None;
        }
        match intent {
            Intent::Quit => return Next::Interrupt,
            Intent::Suspend => return Next::Suspend,
            Intent::Redraw => return Next::Redraw,
            Intent::Mouse => {
                self.state.mouse = !self.state.mouse;
                let whose = if self.state.mouse {
                    "The mouse is ours: the wheel scrolls."
                } else {
                    "The mouse is the terminal's."
                };
                self.state.hint = Some(whose.to_owned());
                return Next::Mouse(self.state.mouse);
            }
            Intent::Help => {
                let shown = matches!(self.state.over, Some(Over::Help(_)));
                self.state.over = (!shown).then(|| Over::Help(HelpPage::default()));
            }
            Intent::Places => self.begin_places(),
            Intent::Search => self.begin_search(),
            Intent::Back => self.back(),
            Intent::NextPlace => self.step(1),
            Intent::PreviousPlace => self.step(-1),
            Intent::PlaceNumber(number) => {
                if let Some((place, ..)) = self.chat.places().get(number) {
                    self.go(&place.clone());
                }
            }
            Intent::NextUnread => self.next_unread(),
            intent => match &mut self.state.over {
                Some(Over::Help(_)) => self.in_help(intent),
                Some(Over::Places(_)) => self.in_places(intent),
                Some(Over::Search(_)) => self.in_search(intent),
                None if self.state.choice.is_some() => self.in_choice(intent),
                None => self.in_talk(intent),
            },
        }
        Next::Draw
    }
}
