//! What a person does to lines that were said: answers them, edits them, takes them back, reacts to them.
//!
//! What cannot be tried is told at once, in words; what the hub refuses comes as [`super::Event::Refused`]. Without a hub
//! all of it waits, as lines do.

use shared::transcript::Place;
use shared::wire;

use super::{Chat, Purpose};

impl Chat {
    /// Says a line at a place.
    ///
    /// # Errors
    /// Why it cannot be said, in words.
    pub fn say(&mut self, place: &Place, text: &str) -> Result<(), String> {
        self.say_in_answer(place, text, None)
    }

    /// Says a line here that answers another.
    ///
    /// # Errors
    /// As [`Chat::say`].
    pub fn reply(&mut self, to: u64, text: &str) -> Result<(), String> {
        self.say_in_answer(&self.here.clone(), text, Some(to))
    }

    fn say_in_answer(&mut self, place: &Place, text: &str, reply_to: Option<u64>) -> Result<(), String> {
        let text = wire::trim_text(text).map_err(|error| error.to_string())?.to_owned();
        if self.transcript.get(place).is_some_and(|known| !known.joined()) {
            let room = place.name();
            let left = self.called(room);
            return Err(format!("You have left {left}. Type /join {room} to speak here again."));
        }
        self.try_ask(Purpose::Quiet, |id| place.say_with(id, text, reply_to, Vec::new()))
    }

    /// Gives a line of one's own that is here another text.
    ///
    /// # Errors
    /// Why that cannot be tried, in words.
    pub fn edit(&mut self, seq: u64, text: &str) -> Result<(), String> {
        let text = wire::trim_text(text).map_err(|error| error.to_string())?.to_owned();
        let here = self.here.clone();
        self.try_ask(Purpose::Quiet, |id| here.edit(id, seq, text))
    }

    /// Takes a line of one's own that is here back, for everyone.
    ///
    /// # Errors
    /// As [`Chat::edit`].
    pub fn delete(&mut self, seq: u64) -> Result<(), String> {
        let here = self.here.clone();
        self.try_ask(Purpose::Quiet, |id| here.delete(id, seq))
    }

    /// Reacts to a line that is here, or takes that back.
    ///
    /// # Errors
    /// As [`Chat::edit`].
    pub fn react(&mut self, seq: u64, emoji: &str, on: bool) -> Result<(), String> {
        let here = self.here.clone();
        self.try_ask(Purpose::Quiet, |id| here.react(id, seq, emoji.to_owned(), on))
    }

    /// Takes a refused line that is here away, and gives its text and the line that it was to answer.
    pub fn dismiss(&mut self, id: &str) -> Option<(String, Option<u64>)> {
        let here = self.here.clone();
        let (line, changes) = self.transcript.dismiss(&here, id);
        self.changed(changes);
        line.map(|line| (line.text.clone(), line.reply_to))
    }
}
