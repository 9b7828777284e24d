//! What nodes ask: each request is answered at once, or handed to the log with a note of
//! who waits for it.

use shared::message::{Done, ErrorCode, Nodes, Page, Refusal, Rooms, ToHub, ToNode, Users};
use shared::nick::{Nick, NickError};
use shared::wire::{DEFAULT_PAGE, MAX_PAGE};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{InFlight, MessageServer};
use crate::backplane::{Claim, Full, Query, Range, Scope, SessionDraft, SessionId, Ticket};
use crate::clock;
use crate::outbox::{Answer, Parcel};
use crate::rate::{Bucket, Rate};
use crate::registry::{NodeKey, not_connected};
use crate::room::Room;

/// Requests that make no entry, for one node: a client that comes back to a hundred rooms
/// asks some three hundred at once.
pub(super) const REQUESTS: Rate = Rate { per_second: 50.0, burst: 500.0 };

impl MessageServer {
    pub(super) fn request(&mut self, node: NodeKey, request: ToHub, done: Option<oneshot::Sender<()>>) {
        if !self.registry.has_node(node) {
            return;
        }
        let id = request.id().unwrap_or_default().to_owned();
        let of_a_page = matches!(request, ToHub::History { .. } | ToHub::Search { .. } | ToHub::Store { .. });
        let answer = match request {
            request if request.makes_entry() => {
                self.write(node, &id, request).or_else(|refusal| self.recall(node, &id, refusal)).map(|()| None)
            }
            ToHub::Typing { room, to } => return self.typing(node, room.as_deref(), to.as_deref()),
            ToHub::State { state } => return self.turns(node, state),
            other => self.spend_request(node).and_then(|()| self.ask(node, &id, other, done)),
        };
        // What comes later says so itself.
        if of_a_page
            && !matches!(answer, Ok(None))
            && let Some(outbox) = self.desks.get(node).and_then(|desk| desk.outbox.as_ref())
        {
            outbox.page_done();
        }
        match answer {
            Ok(Some(answer)) => self.reply(node, id, Ok(answer)),
            Ok(None) => {} // comes later
            Err(refusal) => self.reply(node, id, Err(refusal)),
        }
        self.note_news();
    }

    /// Requests that make no entry.
    fn ask(
        &mut self,
        node: NodeKey,
        id: &str,
        request: ToHub,
        done: Option<oneshot::Sender<()>>,
    ) -> Result<Option<Answer>, Refusal> {
        Ok(Some(match request {
            ToHub::Connect { nick, token, .. } => {
                self.connect(node, id, &nick, token, done)?;
                return Ok(None);
            }
            ToHub::Disconnect { .. } => {
                self.registry.owner_of(node).ok_or_else(not_connected)?;
                self.registry.saw(node, clock::now());
                let departed = self.registry.unbind(node);
                self.note_node(node);
                self.departed(&departed);
                let session = self.desks.get_mut(node).and_then(|desk| {
                    desk.token = None;
                    desk.session.take()
                });
                return Ok(session
                    .is_none_or(|session| !self.release(node, id, session))
                    .then_some(Answer::Done(Done {})));
            }
            ToHub::Join { room, .. } => {
                self.join(node, id, &room)?;
                return Ok(None);
            }
            ToHub::Leave { room, .. } => {
                let key = self.registry.leave(node, &room)?;
                return Ok((!self.leave(node, id, key)).then_some(Answer::Done(Done {})));
            }
            ToHub::ListUsers { room, .. } => {
                Answer::Users(Users { users: self.registry.list_users(node, room.as_deref()) })
            }
            ToHub::ListRooms { .. } => Answer::Rooms(Rooms { rooms: self.registry.list_rooms() }),
            ToHub::ListNodes { follow, .. } => {
                if let Some(follow) = follow {
                    self.directory.follow(node, follow);
                }
                Answer::Nodes(Nodes { nodes: self.registry.list_nodes() })
            }
            ToHub::Ping { node: target, .. } => match self.ping(node, id, &target) {
                Some(pinged) => Answer::Pinged(pinged),
                None => return Ok(None),
            },
            ToHub::History { room, with, before, after, limit, .. } => {
                let scope = self.scope(node, room.as_deref(), with.as_deref())?;
                let range = range(before, after)?;
                self.read(node, id, Query { scope, range, limit: limit.unwrap_or(DEFAULT_PAGE).clamp(1, MAX_PAGE) });
                return Ok(None);
            }
            ToHub::Read { room, with, seq, .. } => {
                self.mark_read(node, id, room.as_deref(), with.as_deref(), seq)?;
                return Ok(None);
            }
            ToHub::Cursors { room, with, .. } => {
                Answer::Cursors(self.cursors(node, room.as_deref(), with.as_deref())?)
            }
            search @ ToHub::Search { .. } => {
                self.search(node, id, search)?;
                return Ok(None);
            }
            ToHub::Who { nick, .. } => Answer::Person(self.registry.who(&nick).ok_or_else(|| no_such_nick(&nick))?),
            ToHub::Store { follow, after, prefix, .. } => {
                Answer::Pairs(self.pairs(node, follow, after.as_deref(), prefix.as_deref().unwrap_or_default()))
            }
            // None comes here: a connection answers a second hello and takes acknowledgements; what makes an entry and
            // what is not answered have their own way.
            ToHub::Hello(_)
            | ToHub::Ack { .. }
            | ToHub::Typing { .. }
            | ToHub::State { .. }
            | ToHub::Signal(_)
            | ToHub::Say { .. }
            | ToHub::PrivateMessage { .. }
            | ToHub::Edit { .. }
            | ToHub::Delete { .. }
            | ToHub::React { .. }
            | ToHub::Topic { .. }
            | ToHub::Put { .. }
            | ToHub::Remove { .. } => return Ok(None),
        }))
    }

    fn connect(
        &mut self,
        node: NodeKey,
        id: &str,
        nick: &str,
        token: Option<String>,
        done: Option<oneshot::Sender<()>>,
    ) -> Result<(), Refusal> {
        let nick = Nick::parse(nick).map_err(|error| {
            let code = match error {
                NickError::Invalid(_) => ErrorCode::NickInvalid,
                NickError::Reserved(_) => ErrorCode::NickNotAllowed,
            };
            Refusal::new(code, error.to_string())
        })?;
        let own =
            self.registry.owner_of(node).is_some_and(|(_, own)| own.to_lowercase() == nick.as_str().to_lowercase());
        let token = match (token, self.desks.get(node)) {
            (None, Some(desk)) if own => desk.token.clone(),
            (token, _) => token,
        };
        let (Some(secret), Some((name, kind))) = (self.secret_of(node), self.registry.describe(node)) else {
            return Ok(());
        };
        let session = SessionDraft { secret, node: name.to_owned(), kind: kind.to_owned() };
        let ticket = self.ticket();
        self.backplane.claim(ticket, Claim { nick, token, session }).map_err(|Full| busy())?;
        self.in_flight.insert(ticket, InFlight::Claim { node, id: id.to_owned(), done });
        Ok(())
    }

    /// The node is in the room at once; the answer waits until that would survive the hub.
    fn join(&mut self, node: NodeKey, id: &str, room: &str) -> Result<(), Refusal> {
        let again = self.registry.room_of(node, room).is_ok();
        let key = self.registry.join(node, room)?;
        let name = self.registry.room(&key).map_or(room, Room::name).to_owned();
        let ticket = self.ticket();
        let session = self.desks.get(node).and_then(|desk| desk.session).ok_or_else(not_connected)?;
        if self.backplane.enter(ticket, session, key.clone(), name.clone()).is_err() {
            if !again {
                self.registry.leave(node, &key)?;
            }
            return Err(busy());
        }
        self.in_flight.insert(ticket, InFlight::Join { node, id: id.to_owned(), key, room: name, again });
        Ok(())
    }

    /// False if the log could not even be asked: the node has left all the same, until the hub's next start.
    fn leave(&mut self, node: NodeKey, id: &str, key: String) -> bool {
        let ticket = self.ticket();
        let session = self.desks.get(node).and_then(|desk| desk.session);
        let asked = session.is_some_and(|session| self.backplane.leave(ticket, session, key).is_ok());
        if asked {
            self.in_flight.insert(ticket, InFlight::Change { node, id: id.to_owned() });
        }
        asked
    }

    /// As [`MessageServer::leave`], for a nick.
    fn release(&mut self, node: NodeKey, id: &str, session: SessionId) -> bool {
        let ticket = self.ticket();
        let asked = self.backplane.release(ticket, session).is_ok();
        if asked {
            self.in_flight.insert(ticket, InFlight::Change { node, id: id.to_owned() });
        }
        asked
    }

    fn mark_read(
        &mut self,
        node: NodeKey,
        id: &str,
        room: Option<&str>,
        with: Option<&str>,
        seq: u64,
    ) -> Result<(), Refusal> {
        let (owner, _) = self.registry.owner_of(node).ok_or_else(not_connected)?;
        let scope = self.scope(node, room, with)?;
        let seq = seq.min(self.head);
        let signal = match &scope {
            Scope::Room(key) => {
                let name = self.registry.room(key).map(|room| room.name().to_owned());
                ToNode::Read { room: name, with: None, seq }
            }
            Scope::Owners(..) => {
                let other = with.and_then(|with| self.registry.find_owner(with));
                ToNode::Read { room: None, with: other.map(|(_, nick)| nick.to_owned()), seq }
            }
        };
        let ticket = self.ticket();
        self.backplane.mark_read(ticket, owner, scope, seq).map_err(|Full| busy())?;
        self.in_flight.insert(ticket, InFlight::Read { node, id: id.to_owned(), owner, signal });
        Ok(())
    }

    pub(super) fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }

    pub(super) fn spend_request(&mut self, node: NodeKey) -> Result<(), Refusal> {
        if self.settings.rate_limit.is_none() {
            return Ok(());
        }
        match self.desks.get_mut(node) {
            Some(desk) => spend(&mut desk.requests, REQUESTS, Instant::now()),
            None => Ok(()),
        }
    }

    pub(super) fn scope(&self, node: NodeKey, room: Option<&str>, with: Option<&str>) -> Result<Scope, Refusal> {
        let (owner, _) = self.registry.owner_of(node).ok_or_else(not_connected)?;
        match (room, with) {
            (Some(room), None) => Ok(Scope::Room(self.registry.room_of(node, room)?.0)),
            (None, Some(with)) => {
                let (other, _) = self.registry.find_owner(with).ok_or_else(|| no_such_nick(with))?;
                Ok(Scope::Owners(owner, other))
            }
            _ => Err(Refusal::new(ErrorCode::BadMessage, "This is of a `room` or `with` a nick, one of the two.")),
        }
    }

    fn read(&self, node: NodeKey, id: &str, query: Query) {
        let Some(desk) = self.desks.get(node) else { return };
        let Some(outbox) = desk.outbox.clone().filter(|outbox| !outbox.is_ended()) else {
            return; // nobody is there to read it
        };
        let id = id.to_owned();
        let page = self.backplane.read(query);
        tokio::spawn(async move {
            let result = match page.await {
                Ok((entries, more)) => Ok(Answer::Page(Page { entries, more })),
                Err(error) => {
                    let message = format!("The hub could not read this page: {error}. Try again.");
                    Err(Refusal::new(ErrorCode::Unavailable, message))
                }
            };
            outbox.page_done();
            outbox.push(Parcel::reply(id, result));
        });
    }
}

fn range(before: Option<u64>, after: Option<u64>) -> Result<Range, Refusal> {
    match (before, after) {
        (None, None) => Ok(Range::Newest),
        (Some(seq), None) => Ok(Range::Before(seq)),
        (None, Some(seq)) => Ok(Range::After(seq)),
        (Some(_), Some(_)) => {
            Err(Refusal::new(ErrorCode::BadMessage, "A page is `before` a seq or `after` one, not both."))
        }
    }
}

pub(super) fn spend(bucket: &mut Bucket, rate: Rate, now: Instant) -> Result<(), Refusal> {
    bucket.take(rate, now).map_err(|wait| {
        let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
        let message = format!("That is faster than this hub allows. Try again in {ms} ms.");
        Refusal::until(ErrorCode::RateLimited, message, clock::now().saturating_add(ms))
    })
}

pub(super) fn no_such_nick(nick: &str) -> Refusal {
    let nick: String = nick.chars().take(shared::name::MAX_CHARS).collect();
    Refusal::new(ErrorCode::NoSuchNick, format!("Nobody here is called “{nick}”."))
}

pub(super) fn busy() -> Refusal {
    Refusal::new(
        ErrorCode::Unavailable,
        "The hub has more to write than its disk takes just now. Try again in a moment.",
    )
}
