//! What a person wants, by typing or otherwise.

use shared::command::{self, COMMANDS, Command};
use shared::message::ToHub;
use shared::transcript::Place;

use super::{Chat, Event, Purpose};

impl Chat {
    /// Obeys what was typed: a command, or a line to say here. An empty one does nothing.
    ///
    /// # Errors
    /// Why nothing was done, in words: it is to be mended.
    pub fn enter(&mut self, line: &str) -> Result<(), String> {
        match command::parse(line) {
            Ok(None) => Ok(()),
            Ok(Some(command)) => self.obey(command),
            Err(error) => Err(error.to_string()),
        }
    }

    fn obey(&mut self, command: Command) -> Result<(), String> {
        let here = self.here.clone();
        match command {
            Command::Say { text } => self.say(&here, &text),
            Command::PrivateMessage { to, text } => {
                let place = Place::With(to);
                self.say(&place, &text)?;
                if !self.line_by_line {
                    self.go(&place);
                }
                Ok(())
            }
            Command::Help => {
                self.tell(help());
                Ok(())
            }
            Command::Join { room } => self.join(room),
            Command::Leave => match here {
                Place::Room(room) if self.line_by_line || self.is_in(&room) => {
                    let purpose = Purpose::Leave(Place::Room(room.clone()));
                    self.try_ask(purpose, |id| ToHub::Leave { id, room })
                }
                // The hub need not know.
                here if self.close(&here) => Ok(()),
                _ => Err("This is the only place you are in; /join leads to another.".to_owned()),
            },
            Command::Topic { topic: None } => {
                self.show_topic(&here);
                Ok(())
            }
            Command::Topic { topic: Some(topic) } => match here {
                Place::Room(room) => self.try_ask(Purpose::Quiet, |id| ToHub::Topic { id, room, topic }),
                Place::With(_) => Err("A private conversation has no topic.".to_owned()),
            },
            Command::Search { query } => self.search(&query),
            Command::Quit => {
                self.made.push(Event::Left);
                Ok(())
            }
            Command::Users => self.obey_by_asking(&Command::Users, Purpose::Users(here)),
            Command::Who { .. } => self.obey_by_asking(&command, Purpose::Who),
            Command::Nodes => self.obey_by_asking(&command, Purpose::Nodes),
            Command::Ping { ref node } => self.obey_by_asking(&command, Purpose::Ping(node.clone())),
        }
    }

    fn obey_by_asking(&mut self, command: &Command, purpose: Purpose) -> Result<(), String> {
        let here = self.here.clone();
        let request = command.request(&here, String::new());
        let Some(request) = request else { return Ok(()) };
        self.try_ask(purpose, |id| with_id(request, id))
    }

    /// Joins a room and looks at it; where one is in it already, only looks.
    ///
    /// # Errors
    /// Why that cannot be tried, in words.
    pub fn join(&mut self, room: String) -> Result<(), String> {
        let place = Place::Room(room.clone());
        let known = self.transcript.get(&place).filter(|known| known.joined()).map(|known| known.place().clone());
        match known {
            Some(place) => {
                self.go(&place);
                Ok(())
            }
            None => self.try_ask(Purpose::Enter(self.here.clone()), |id| ToHub::Join { id, room }),
        }
    }

    /// Looks at the place that was looked at before this one.
    pub fn back(&mut self) {
        let listed = self.transcript.places();
        self.before.retain(|before| listed.iter().any(|place| place.is(before)));
        let other = listed.iter().find(|place| !place.is(&self.here)).cloned();
        if let Some(place) = self.before.pop().or(other) {
            self.go(&place);
        }
    }

    /// Learns the names of all nodes, so that Tab knows them.
    pub fn learn_nodes(&mut self) {
        drop(self.try_ask(Purpose::NodeNames, |id| ToHub::ListNodes { id, follow: None })); // then Tab knows none
    }

    fn show_topic(&mut self, here: &Place) {
        let words = match (here, self.transcript.get(here).and_then(|known| known.topic())) {
            (Place::With(_), _) => "A private conversation has no topic.".to_owned(),
            (Place::Room(room), Some(topic)) => format!("{} is about: {topic}", self.called(room)),
            (Place::Room(room), None) => {
                let room = self.called(room);
                format!("{room} is about nothing in particular. Type /topic and words to say what.")
            }
        };
        self.tell(words);
    }
}

fn help() -> String {
    let width = COMMANDS.iter().map(|spec| spec.usage().len()).max().unwrap_or_default();
    let line = |spec: &command::Spec| format!("{:width$}  {}", spec.usage(), spec.help);
    COMMANDS.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The same request under another id.
pub(super) fn with_id(mut request: ToHub, new: String) -> ToHub {
    match &mut request {
        ToHub::ListUsers { id, .. }
        | ToHub::ListNodes { id, .. }
        | ToHub::Who { id, .. }
        | ToHub::Ping { id, .. }
        | ToHub::History { id, .. } => *id = new,
        _ => {}
    }
    request
}
