//! What happened, shown.

use shared::session::Phase;
use shared::transcript::Place;

use super::{End, Plain, UNREAD, printed};
use crate::chat::Event;
use crate::exit::{Code, Failure};

impl Plain {
    /// Shows what is unread of each place, as far as it was loaded; gives each place, and up to where.
    pub(super) fn show_unread(&mut self) -> Vec<(Place, u64)> {
        let (mut out, mut shown) = (String::new(), Vec::new());
        let here = self.chat.here().clone();
        for (place, unread, _) in self.chat.places() {
            let Some(known) = self.chat.transcript().get(&place).filter(|known| unread > 0 && !known.fresh()) else {
                continue;
            };
            let lines: Vec<_> =
                known.lines().rev().take_while(|line| line.seq() > known.read_to()).take(UNREAD).collect();
            if unread > lines.len() {
                out += &format!("* {} lines that you have not read are older than these *\n", unread - lines.len());
            }
            for line in lines.into_iter().rev() {
                out += &printed::entry(self.chat.transcript(), &here, &place, line);
            }
            if let Some(newest) = known.newest() {
                shown.push((place, newest));
            }
        }
        for (place, newest) in &shown {
            self.chat.read_at(place, *newest);
        }
        self.print(&out);
        shown
    }

    /// Prints what happened; tells if that is the end.
    pub(super) fn show(&mut self, events: Vec<Event>) -> Option<End> {
        let mut out = String::new();
        let mut end = None;
        // Who enters a room is told so in other words.
        let entered = events.iter().any(|event| matches!(event, Event::Told(words) if words.starts_with("* Joined ")));
        for event in events {
            match event {
                Event::Heard { place, entry, typed_here } => {
                    // Changes of one's own lines are known to whoever made them.
                    let own_change = !entry.is_line() && entry.from() == self.chat.me();
                    if !typed_here && !own_change {
                        out += &printed::entry(self.chat.transcript(), self.chat.here(), &place, &entry);
                    }
                    if self.seen {
                        self.chat.read_at(&place, entry.seq());
                    }
                }
                Event::Moved { room, joined, left } => out += &printed::moved(self.chat.here(), &room, &joined, &left),
                Event::Here if !entered => {
                    let where_to = match self.chat.here() {
                        Place::Room(room) => format!("* You are in #{room} *"),
                        Place::With(nick) => format!("* You are talking to {nick} *"),
                    };
                    out += &printed::words(&where_to);
                }
                Event::Told(words) => out += &printed::words(&words),
                Event::Refused(words) => {
                    // In its place among what is printed.
                    self.print(&std::mem::take(&mut out));
                    self.refuse(&words);
                }
                Event::Found => {
                    if let Some(found) = self.chat.found() {
                        out += &printed::found(self.chat.transcript(), found);
                        self.chat.forget_found();
                    }
                }
                Event::Phase => {
                    out += self.show_phase();
                    end = end.or(self.chat.shut_out().map(End::Failed));
                }
                Event::Left => end = end.or(Some(End::Left)),
                Event::Ended => end = end.or(Some(End::Failed(Failure::new(Code::NoHub, "The connection has ended.")))),
                Event::Here | Event::Changed(_) | Event::Settled | Event::Jumped { .. } | Event::Called { .. } => {}
            }
        }
        self.print(&out);
        end
    }

    fn show_phase(&mut self) -> &'static str {
        match self.chat.phase() {
            Phase::Waiting { .. } | Phase::Offline if !self.lost => {
                self.lost = true;
                "* Connection lost, trying again *\n"
            }
            Phase::Online if self.lost => {
                self.lost = false;
                "* Connected again *\n"
            }
            _ => "",
        }
    }
}
