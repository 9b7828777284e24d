//! What there is to see.

use node::HubAddress;
use shared::command::{Candidates, Completion, complete};
use shared::message::Welcome;
use shared::session::Phase;
use shared::transcript::{Conversation, Place, Transcript};

use super::{Chat, Purpose, SPOKE_LAST, Search, words};
use crate::exit::Failure;
use crate::joining::shut_out;
use crate::profile::now;

impl Chat {
    /// What was said and who is where.
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// The place that is looked at.
    pub fn here(&self) -> &Place {
        &self.here
    }

    /// The conversation that is looked at; none only before the hub has told of it.
    pub fn conversation(&self) -> Option<&Conversation> {
        self.transcript.get(&self.here)
    }

    /// All places, in the order of the list, each with its unread lines and those of them that name this person.
    pub fn places(&self) -> Vec<(Place, usize, usize)> {
        let unread = |place: Place| {
            let (unread, mentions) = self.transcript.get(&place).map_or((0, 0), |it| (it.unread(), it.mentions()));
            (place, unread, mentions)
        };
        self.transcript.places().into_iter().map(unread).collect()
    }

    /// The nick of this person.
    pub fn me(&self) -> &str {
        self.transcript.me().unwrap_or_default()
    }

    /// This node's own name, `ana@den.local`: the prompt.
    pub fn node(&self) -> &str {
        &self.welcome.node
    }

    /// What the hub said of itself when it last let us in.
    pub fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// Where the hub is.
    pub fn hub(&self) -> &HubAddress {
        &self.hub
    }

    /// All entries of the log up to here that this node may see have come.
    pub fn synced(&self) -> u64 {
        self.client.position().seq
    }

    /// The state of the connection.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// Whether the hub answers.
    pub fn online(&self) -> bool {
        self.phase == Phase::Online
    }

    /// The same as a line for people; none while all is well.
    pub fn phase_words(&self) -> Option<String> {
        let lost = self.nick_lost.as_ref().map(ToString::to_string);
        lost.or_else(|| words::phase(&self.phase, now()))
    }

    /// Why the hub does not let this node in any more, or not as this nick, if that is how it is: then nothing more is to be expected.
    pub fn shut_out(&self) -> Option<Failure> {
        self.nick_lost.clone().or_else(|| shut_out(&self.phase, &self.client, &self.hub))
    }

    /// Whether this node is in a room, or will be again after a return.
    pub(super) fn is_in(&self, room: &str) -> bool {
        let place = Place::Room(room.to_owned());
        self.client.rooms().into_iter().any(|room| Place::Room(room).is(&place))
    }

    /// Whether a room is being entered or left: what is typed behind that is for where one is then.
    pub fn moving(&self) -> bool {
        self.asked.values().any(|purpose| matches!(purpose, Purpose::Enter(_) | Purpose::Leave(_)))
    }

    /// Whether something that the person asked for is still to be told.
    pub fn busy(&self) -> bool {
        let quiet = |purpose: &Purpose| {
            matches!(
                purpose,
                Purpose::Older(_) | Purpose::Hole(_) | Purpose::NodeNames | Purpose::Reach | Purpose::Quiet
            )
        };
        !self.made.is_empty() || self.asked.values().any(|purpose| !quiet(purpose))
    }

    /// What was searched for, until [`Chat::forget_found`].
    pub fn found(&self) -> Option<&Search> {
        self.found.as_ref()
    }

    /// How many lines the hub has not answered yet, as far as its answers were taken by [`Chat::next`].
    pub fn unsent(&self) -> usize {
        self.unsaid.under_way()
    }

    /// The newest own line here that can be edited: its `seq` and text.
    pub fn own_last(&self) -> Option<(u64, String)> {
        let line = self.conversation()?.own_last()?;
        Some((line.seq(), line.text().to_owned()))
    }

    /// What Tab makes of a line; see [`complete`].
    pub fn complete(&self, line: &str, cursor: usize) -> Option<Completion> {
        let (mut nicks, mut rooms) = (Vec::new(), Vec::new());
        let mut add = |nick: &str| {
            if nick != self.me() && !nicks.iter().any(|known| known == nick) {
                nicks.push(nick.to_owned());
            }
        };
        if let Some(here) = self.conversation() {
            here.lines().rev().take(SPOKE_LAST).for_each(|line| add(line.from()));
            here.people().for_each(|user| add(&user.nick));
        }
        for place in self.transcript.places() {
            match place {
                Place::Room(room) => rooms.push(room),
                Place::With(nick) => add(&nick),
            }
        }
        complete(line, cursor, &Candidates { nicks: &nicks, rooms: &rooms, nodes: &self.nodes })
    }
}
