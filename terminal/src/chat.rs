//! The chat as both views show it: what was said, where one is, what a typed line does. No terminal in here.
//!
//! A view waits for [`Chat::next`] beside its keys, and draws what the [`Event`]s say; whatever a person wants is a method.
//! Nothing here is cleaned of what a terminal would obey ([`crate::clean`]): that is done where it is printed.

mod answering;
mod changing;
mod hearing;
mod obeying;
mod paging;
mod reaching;
mod seeing;
mod telling;
mod unsaid;
pub mod words;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use futures_util::FutureExt;
use node::{Client, Deliveries, HubAddress};
use shared::entry::Entry;
use shared::message::{State, ToHub, Welcome};
use shared::room::LOBBY;
use shared::session::{Delivery, Line, Phase};
use shared::transcript::{Changes, Conversation, Place, Transcript, What};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use self::reaching::Asking;
use self::unsaid::Unsaid;
use crate::exit::Failure;
use crate::joining::{LEAVING, Memory, Opened, leave_by};
use crate::profile::now;

/// What is taken at once of what arrives, so that keys wait for no more than that: thousands arrive in a second.
const AT_ONCE: usize = 64;

/// And for so long at most: some of it takes long to fold in, and a key is to be drawn within 50 ms.
const TURN: Duration = Duration::from_millis(10);

/// Nicks that Tab offers first because they spoke last.
const SPOKE_LAST: usize = 20;

/// Something that a person should see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The transcript has changed there.
    Changed(Changes),
    /// An entry came, as it was said or as one that was missed; each once. `typed_here`: it is this program's own.
    Heard { place: Place, entry: Entry, typed_here: bool },
    /// Others came to a room, or left it.
    Moved { room: String, joined: Vec<String>, left: Vec<String> },
    /// Another place is looked at: [`Chat::here`].
    Here,
    /// The answer to a command, of one or several lines; a notice of [`Chat::here`] as well.
    Told(String),
    /// It was refused, or something went wrong, in words; a notice of [`Chat::here`] as well.
    Refused(String),
    /// The state of the connection has changed: [`Chat::phase`].
    Phase,
    /// What was searched for is there, or more of it: [`Chat::found`].
    Found,
    /// The lines round one that was jumped to are there.
    Jumped { place: Place, seq: u64 },
    /// A line of another's names this person, or is for them alone; with whose it is.
    Called { place: Place, from: String },
    /// All that was to be said is on the hub's disk, or was refused.
    Settled,
    /// The person has left: end, by [`Chat::leave`].
    Left,
    /// The client has ended: nothing comes any more.
    Ended,
}

/// What was searched for, and what has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    pub query: String,
    /// The newest first.
    pub hits: Vec<Entry>,
    /// There are more: [`Chat::search_more`].
    pub more: bool,
    /// The hub is being asked.
    pub asked: bool,
    /// Why it did not tell (the rest of) what it has, in words.
    pub refused: Option<String>,
}

/// What an answer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Purpose {
    /// To look at the room that is joined, from there.
    Enter(Place),
    Leave(Place),
    Users(Place),
    Nodes,
    /// Names for Tab.
    NodeNames,
    Ping(String),
    Who,
    Older(Place),
    Hole(Place),
    Around(Place, u64),
    Search,
    /// How far own lines have got.
    Reach,
    /// The transcript makes of it what there is to be made.
    Quiet,
}

/// The chat.
pub struct Chat {
    client: Client,
    deliveries: Deliveries,
    phases: watch::Receiver<Phase>,
    /// Came before there was a chat, or was left over; goes first.
    early: VecDeque<Delivery>,
    hub: HubAddress,
    welcome: Welcome,
    memory: Memory,
    transcript: Transcript,
    here: Place,
    /// The way back: places looked at before, the latest last.
    before: Vec<Place>,
    phase: Phase,
    /// What is asked of the hub, by the request's id. The session bounds how many that are.
    asked: HashMap<String, Purpose>,
    nodes: Vec<String>,
    found: Option<Search>,
    asking: Asking,
    /// The line to be looked at once the lines round it are there, and how many pages are still to come.
    jumping: Option<(Place, u64, usize)>,
    /// Events that were made without anything arriving.
    made: Vec<Event>,
    /// What is to be told behind pages that are still to come, and where.
    waiting: Vec<(Place, What)>,
    /// The newest entry that was told of.
    heard: u64,
    /// The ids of lines kept from an earlier time, and of those of them that are said by now, or never will be.
    kept: Vec<String>,
    settled: Vec<String>,
    unsaid: Unsaid,
    line_by_line: bool,
    /// [`Self::typed_here`].
    typed: bool,
    /// The hub did not give the nick back after a return.
    nick_lost: Option<Failure>,
    ended: bool,
}

impl Chat {
    /// The chat at a hub that was opened, looking at the lobby.
    pub fn new(opened: Opened) -> Self {
        let Opened { client, deliveries, early, hub, welcome, memory, warning, .. } = opened;
        let mut phases = client.phase();
        let phase = phases.borrow_and_update().clone();
        let mut chat = Self {
            client,
            deliveries,
            phases,
            early: early.into(),
            hub,
            welcome,
            memory,
            transcript: Transcript::new(),
            here: Place::Room(LOBBY.to_owned()),
            before: Vec::new(),
            phase,
            asked: HashMap::new(),
            nodes: Vec::new(),
            found: None,
            asking: Asking::default(),
            jumping: None,
            made: Vec::new(),
            waiting: Vec::new(),
            heard: 0,
            kept: Vec::new(),
            settled: Vec::new(),
            unsaid: Unsaid::default(),
            line_by_line: false,
            typed: false,
            nick_lost: None,
            ended: false,
        };
        let mut events = Vec::new();
        while let Some(delivery) = chat.early.pop_front() {
            if let Delivery::Sending { request } = &delivery {
                chat.kept.extend(request.id().map(str::to_owned));
                chat.is_under_way(request.clone());
            }
            chat.deliver(&delivery, &mut events);
        }
        chat.made = events;
        // Those nicks that were refused before this one; what was kept for them stays kept.
        chat.nick_lost = None;
        chat.unsaid.forget_given_up();
        if let Some(warning) = warning {
            chat.tell(warning);
        }
        chat
    }

    /// The same line by line: only what is asked for is loaded, and who says something to one person stays where they are.
    pub fn line_by_line(mut self) -> Self {
        self.line_by_line = true;
        self
    }

    /// What happens next; not empty. Some of what has arrived is taken at once, so that a view draws once for it. Take it
    /// all the time: what is not taken holds up the connection. After [`Event::Ended`] it waits for ever.
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> Vec<Event> {
        let mut events = std::mem::take(&mut self.made);
        while events.is_empty() {
            if self.ended {
                return std::future::pending().await;
            }
            tokio::select! {
                biased;
                changed = self.phases.changed() => match changed {
                    Ok(()) => {
                        let phase = self.phases.borrow_and_update().clone();
                        self.phase_is(phase, &mut events);
                    }
                    Err(_) => {
                        self.ended = true;
                        events.push(Event::Ended);
                    }
                },
                delivery = self.deliveries.next() => match delivery {
                    Some(delivery) => self.deliver(&delivery, &mut events),
                    None => {
                        self.ended = true;
                        events.push(Event::Ended);
                    }
                },
            }
        }
        let until = Instant::now() + TURN;
        for _ in 1..AT_ONCE {
            if Instant::now() >= until {
                break;
            }
            let Some(Some(delivery)) = self.deliveries.next().now_or_never() else { break };
            self.deliver(&delivery, &mut events);
        }
        self.forget_settled();
        events.append(&mut self.made);
        events
    }

    /// Looks at a place, which is listed from now on.
    pub fn go(&mut self, place: &Place) {
        if !self.here.is(place) {
            let changes = self.transcript.open(place);
            self.changed(changes);
            let place = self.transcript.get(place).map_or_else(|| place.clone(), |known| known.place().clone());
            let left = std::mem::replace(&mut self.here, place);
            self.before.retain(|before| !before.is(&left));
            self.before.push(left);
        }
        self.made.push(Event::Here);
        self.load_first();
    }

    /// What is here was seen up to this line: here, and on this person's other nodes.
    pub fn read(&mut self, seq: u64) {
        self.read_at(&self.here.clone(), seq);
    }

    /// The same of another place.
    pub fn read_at(&mut self, place: &Place, seq: u64) {
        let changes = self.transcript.read(place, seq);
        if !changes.is_empty() {
            self.client.read(place, seq);
            self.changed(changes);
        }
    }

    /// All that is held here was seen.
    pub fn read_all(&mut self) {
        if let Some(newest) = self.conversation().and_then(Conversation::newest) {
            self.read(newest);
        }
    }

    /// The line that is looked at while scrolled up, none at the end: so far from it nothing is dropped.
    pub fn hold(&mut self, seq: Option<u64>) {
        let place = self.here.clone();
        self.transcript.hold(&place, seq);
    }

    /// Whether something is typed here that is not said yet: from there nobody is led away.
    pub fn typed_here(&mut self, typed: bool) {
        self.typed = typed;
    }

    /// The person is writing here: to be said with each key.
    pub fn typing(&mut self) {
        self.client.typing(&self.here);
    }

    /// The person has left the terminal alone, or is back at it.
    pub fn away(&mut self, away: bool) {
        self.client.state(if away { State::Away } else { State::Online });
    }

    /// Tries the connection at once, or looks whether it lives.
    pub fn look(&mut self) {
        self.client.look();
    }

    /// Leaves in good order, within [`LEAVING`]; half of it is for what is still to be said. Gives the lines that could not
    /// be said, oldest first, and whether they are kept for the next time at this hub.
    pub async fn leave(mut self) -> (Vec<String>, bool) {
        let began = Instant::now();
        let nick = self.me().to_owned();
        // Before all else: whatever cuts the rest short, what was typed is not lost by it. What is settled meanwhile is
        // forgotten again.
        let waiting = self.unsaid.lines();
        if !waiting.is_empty() && self.memory.keep_lines(&nick, &waiting) {
            self.kept.extend(waiting.iter().map(|line| line.id().to_owned()));
        }
        let said = async {
            while self.unsent() > 0 && !self.ended {
                self.next().await;
            }
        };
        _ = timeout_at(began + LEAVING / 2, said).await;
        let mut unsent = self.unsaid.take_given_up();
        unsent.append(&mut self.client.unsent_lines());
        let kept = unsent.is_empty() || self.memory.keep_lines(&nick, &unsent);
        leave_by(&self.client, &mut self.deliveries, began + LEAVING).await;
        let texts = unsent.iter().map(|line| match &line.request {
            ToHub::Say { text, .. } | ToHub::PrivateMessage { text, .. } | ToHub::Edit { text, .. } => text.clone(),
            ToHub::Topic { topic, .. } => format!("/topic {topic}"),
            _ => "(a change of a line)".to_owned(),
        });
        (texts.collect(), kept)
    }

    fn changed(&mut self, changes: Changes) {
        if !changes.is_empty() {
            self.made.push(Event::Changed(changes));
        }
    }

    /// Asks the hub; what cannot even be tried is told.
    fn ask(&mut self, purpose: Purpose, request: impl FnOnce(String) -> ToHub) -> bool {
        match self.try_ask(purpose, request) {
            Ok(()) => true,
            Err(words) => {
                self.refuse(words);
                false
            }
        }
    }

    fn try_ask(&mut self, purpose: Purpose, request: impl FnOnce(String) -> ToHub) -> Result<(), String> {
        let (mut id, mut line) = (String::new(), None);
        let answer = self.client.ask(|new| {
            id.clone_from(&new);
            let request = request(new);
            line = request.makes_entry().then(|| request.clone());
            request
        });
        // The answer is delivered as well; only what was not even tried is not.
        if let Some(Err(refusal)) = answer.now_or_never() {
            return Err(words::refusal(&refusal));
        }
        if purpose != Purpose::Quiet {
            self.asked.insert(id, purpose);
        }
        line.into_iter().for_each(|line| self.is_under_way(line));
        Ok(())
    }

    fn is_under_way(&mut self, request: ToHub) {
        self.unsaid.add(Line { request, at: now(), epoch: self.client.position().epoch });
    }
}
