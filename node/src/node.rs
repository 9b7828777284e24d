//! [`Node`]: one method for each request of the protocol; and [`Arrivals`], what comes by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::de::DeserializeOwned;
use shared::message::{
    Connected, Done, FileRef, Hello, Joined, Nodes, Outcome, Page, Person, Pinged, Rooms, Sent, ToHub, ToNode, Users,
    Welcome,
};
use shared::transcript::Place;
use shared::wire;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::address::HubAddress;
use crate::connection::{self, Order};
use crate::error::{Closed, Error};

/// Requests that wait to be sent; whoever asks beyond that waits as well.
const ORDERS: usize = 64;

/// Who this node wants to be, and how patient it is.
#[derive(Clone)]
pub struct Options {
    /// The hub's shared secret; `None` takes the one in the address, if it has one.
    pub cookie: Option<String>,
    /// The local name this node would like; the hub makes one up for `None`.
    pub name: Option<String>,
    /// What sort of node this is, for lists; at most [`wire::MAX_KIND`] letters.
    pub kind: Option<String>,
    /// Signals of other nodes' processes are for this one: they arrive as [`ToNode::Signal`].
    pub processes: bool,
    /// What becomes of the store is heard.
    pub store: bool,
    /// How long to wait for the welcome, and for each answer.
    pub timeout: Duration,
    /// How many messages [`Arrivals`] holds before this node stops reading.
    pub queue: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cookie: None,
            name: None,
            kind: None,
            processes: false,
            store: false,
            timeout: Duration::from_secs(10),
            queue: 1024,
        }
    }
}

/// Where something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Talk<'a> {
    /// A room this node is in.
    Room(&'a str),
    /// The private messages exchanged with a nick.
    With(&'a str),
}

impl Talk<'_> {
    fn place(self) -> Place {
        match self {
            Self::Room(room) => Place::Room(room.to_owned()),
            Self::With(nick) => Place::With(nick.to_owned()),
        }
    }
}

/// Which page of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// The newest entries.
    Newest,
    /// The newest entries with a smaller `seq`.
    Before(u64),
    /// The oldest entries with a greater `seq`.
    After(u64),
}

/// A node that is connected to a hub: a handle, cheap to clone. When the last one is gone,
/// the connection ends in good order.
#[derive(Clone)]
pub struct Node {
    orders: mpsc::Sender<Order>,
    closed: watch::Receiver<Option<Closed>>,
    welcome: Arc<Welcome>,
    ids: Arc<Ids>,
    timeout: Duration,
}

/// What a node receives without having asked: entries, presence, errors.
///
/// Once its queue is full, the node reads no further until something is taken, not even answers:
/// so either take what comes, or drop this, and it is passed over.
pub struct Arrivals {
    queue: mpsc::Receiver<ToNode>,
}

impl Arrivals {
    /// The next message; `None` once the connection has ended and all of it was taken.
    pub async fn next(&mut self) -> Option<ToNode> {
        self.queue.recv().await
    }
}

impl Node {
    /// Connects to the hub at an invitation link, an `http` or `ws` URL, or `host:port`.
    ///
    /// # Errors
    /// If there is no hub, or it does not welcome this node: [`Error::Closed`] then holds the code.
    pub async fn connect(address: &str, options: Options) -> Result<(Self, Arrivals), Error> {
        let address: HubAddress = address.parse()?;
        let hello = Hello {
            version: wire::VERSION,
            cookie: options.cookie.or_else(|| address.cookie().map(str::to_owned)),
            node: options.name,
            kind: options.kind,
            session: None,
            after: None,
            processes: options.processes,
            store: options.store,
        };
        let opened = timeout(options.timeout, connection::open(&address, hello)).await;
        let (socket, welcome) = opened.map_err(|_| Error::Timeout)??;

        let (orders, taken_orders) = mpsc::channel(ORDERS);
        let (arrivals, queue) = mpsc::channel(options.queue.max(1));
        let (ended, closed) = watch::channel(None);
        tokio::spawn(async move {
            let end = connection::run(socket, taken_orders, arrivals).await;
            ended.send_replace(Some(end));
        });
        let node =
            Self { orders, closed, welcome: Arc::new(welcome), ids: Arc::new(Ids::new()), timeout: options.timeout };
        Ok((node, Arrivals { queue }))
    }

    /// What the hub said when it let this node in: names, epoch, session.
    pub fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// Takes a nick (with `token`, one that is already ours) and joins the lobby.
    pub async fn connect_nick(&self, nick: &str, token: Option<&str>) -> Result<Connected, Error> {
        let (nick, token) = (nick.to_owned(), token.map(str::to_owned));
        self.request(ToHub::Connect { id: self.new_id(), nick, token }).await
    }

    /// Leaves all rooms and lets go of the nick, which stays reserved for its token.
    pub async fn disconnect(&self) -> Result<Done, Error> {
        self.request(ToHub::Disconnect { id: self.new_id() }).await
    }

    /// Enters a room.
    pub async fn join(&self, room: &str) -> Result<Joined, Error> {
        self.request(ToHub::Join { id: self.new_id(), room: room.to_owned() }).await
    }

    /// Leaves a room.
    pub async fn leave(&self, room: &str) -> Result<Done, Error> {
        self.request(ToHub::Leave { id: self.new_id(), room: room.to_owned() }).await
    }

    /// Says a line in a room; it is on the hub's disk when this returns.
    pub async fn say(&self, room: &str, text: &str) -> Result<Sent, Error> {
        self.say_as(&self.new_id(), room, text).await
    }

    /// The same with an id of the caller's choice: said again with the same id, also on another
    /// connection of this nick's owner, it is said only once.
    pub async fn say_as(&self, id: &str, room: &str, text: &str) -> Result<Sent, Error> {
        self.request(Place::Room(room.to_owned()).say(id.to_owned(), text.to_owned())).await
    }

    /// Says something to one nick alone; it is on the hub's disk when this returns.
    pub async fn private_message(&self, to: &str, text: &str) -> Result<Sent, Error> {
        self.private_message_as(&self.new_id(), to, text).await
    }

    /// The same with an id of the caller's choice; see [`Node::say_as`].
    pub async fn private_message_as(&self, id: &str, to: &str, text: &str) -> Result<Sent, Error> {
        self.request(Place::With(to.to_owned()).say(id.to_owned(), text.to_owned())).await
    }

    /// Says a line that answers another one of the same place, or brings files that were uploaded before.
    pub async fn say_with(
        &self,
        talk: Talk<'_>,
        text: &str,
        reply_to: Option<u64>,
        files: Vec<FileRef>,
    ) -> Result<Sent, Error> {
        self.request(talk.place().say_with(self.new_id(), text.to_owned(), reply_to, files)).await
    }

    /// Gives a line of one's own, the one at `of`, another text.
    pub async fn edit(&self, talk: Talk<'_>, of: u64, text: &str) -> Result<Sent, Error> {
        self.edit_as(&self.new_id(), talk, of, text).await
    }

    /// The same with an id of the caller's choice; see [`Node::say_as`].
    pub async fn edit_as(&self, id: &str, talk: Talk<'_>, of: u64, text: &str) -> Result<Sent, Error> {
        self.request(talk.place().edit(id.to_owned(), of, text.to_owned())).await
    }

    /// Takes a line of one's own back.
    pub async fn delete(&self, talk: Talk<'_>, of: u64) -> Result<Sent, Error> {
        self.request(talk.place().delete(self.new_id(), of)).await
    }

    /// Puts a reaction to a line, or takes one's own away.
    pub async fn react(&self, talk: Talk<'_>, of: u64, emoji: &str, on: bool) -> Result<Sent, Error> {
        self.request(talk.place().react(self.new_id(), of, emoji.to_owned(), on)).await
    }

    /// Says what a room is about; nothing where it is empty.
    pub async fn topic(&self, room: &str, topic: &str) -> Result<Sent, Error> {
        self.request(ToHub::Topic { id: self.new_id(), room: room.to_owned(), topic: topic.to_owned() }).await
    }

    /// All that may be known of a nick.
    pub async fn who(&self, nick: &str) -> Result<Person, Error> {
        self.request(ToHub::Who { id: self.new_id(), nick: nick.to_owned() }).await
    }

    /// Who is in a room, or, without one, on the hub.
    pub async fn list_users(&self, room: Option<&str>) -> Result<Users, Error> {
        self.request(ToHub::ListUsers { id: self.new_id(), room: room.map(str::to_owned) }).await
    }

    /// Which rooms there are.
    pub async fn list_rooms(&self) -> Result<Rooms, Error> {
        self.request(ToHub::ListRooms { id: self.new_id() }).await
    }

    /// Which nodes there are, the hub among them.
    pub async fn list_nodes(&self) -> Result<Nodes, Error> {
        self.request(ToHub::ListNodes { id: self.new_id(), follow: None }).await
    }

    /// Whether a node is alive; its full name, or the part before the `@`.
    pub async fn ping(&self, node: &str) -> Result<Pinged, Error> {
        self.request(ToHub::Ping { id: self.new_id(), node: node.to_owned() }).await
    }

    /// Sends another node a signal, a JSON object as text; `first` is that of [`shared::message::Outgoing`]. Nothing
    /// answers it.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub async fn signal(&self, to: &str, first: bool, payload: &str) -> Result<(), Error> {
        let frame = wire::encode_signal(to, first, payload);
        match self.orders.send(Order::Tell(frame)).await {
            Ok(()) => Ok(()),
            Err(_) => Err(Error::Closed(self.closed().await)),
        }
    }

    /// A page of the log, oldest first; `limit` is 1 to [`wire::MAX_PAGE`] entries.
    pub async fn history(&self, talk: Talk<'_>, span: Span, limit: u32) -> Result<Page, Error> {
        let (before, after) = match span {
            Span::Newest => (None, None),
            Span::Before(seq) => (Some(seq), None),
            Span::After(seq) => (None, Some(seq)),
        };
        self.request(talk.place().history(self.new_id(), before, after, limit)).await
    }

    /// The newest entries that hold a text, in one room or everywhere.
    pub async fn search(&self, query: &str, room: Option<&str>) -> Result<Page, Error> {
        let search = ToHub::Search {
            id: self.new_id(),
            query: query.to_owned(),
            room: room.map(str::to_owned),
            with: None,
            from: None,
            since: None,
            until: None,
            before: None,
            limit: None,
        };
        self.request(search).await
    }

    /// An id that no other request of this nick's owner has.
    pub fn new_id(&self) -> String {
        self.ids.next()
    }

    /// Waits until the connection has ended, by whomever.
    pub async fn closed(&self) -> Closed {
        let mut closed = self.closed.clone();
        match closed.wait_for(Option::is_some).await.map(|end| end.clone()) {
            Ok(Some(end)) => end,
            // The task ended without a word: its runtime is shutting down.
            Ok(None) | Err(_) => Closed::broken("this node was stopped"),
        }
    }

    /// Ends the connection in good order; its other handles find it closed.
    pub async fn close(&self) {
        if self.orders.send(Order::Close).await.is_ok() {
            self.closed().await;
        }
    }

    /// Sends a request and waits for what it brings.
    async fn request<T: DeserializeOwned>(&self, message: ToHub) -> Result<T, Error> {
        let asked = async {
            let (answer, outcome) = oneshot::channel();
            self.orders.send(Order::Request { message, answer }).await.ok()?;
            outcome.await.ok()
        };
        match timeout(self.timeout, asked).await {
            Err(_) => Err(Error::Timeout),
            Ok(None) => Err(Error::Closed(self.closed().await)),
            Ok(Some(Outcome::Error(refusal))) => Err(Error::Refused(refusal)),
            Ok(Some(Outcome::Ok(ok))) => Ok(serde_json::from_value(ok)?),
        }
    }
}

/// Makes ids that are unique among all of an owner's nodes, now and later.
struct Ids {
    /// Random, so that two nodes never share it.
    prefix: u64,
    next: AtomicU64,
}

impl Ids {
    fn new() -> Self {
        Self { prefix: rand::random(), next: AtomicU64::new(0) }
    }

    fn next(&self) -> String {
        format!("{:016x}-{}", self.prefix, self.next.fetch_add(1, Ordering::Relaxed))
    }
}
