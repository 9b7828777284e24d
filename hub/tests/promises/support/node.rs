//! A node that remembers all it hears.

use std::ops::Deref;

use node::{Arrivals, Node, Span, Talk};
use shared::entry::{Entry, Said, Whispered};
use shared::message::{Connected, Joined, Presence, Sent, State, ToNode, User};
use tokio::sync::watch;
use tokio::time::timeout;

use super::DEADLINE;

pub(crate) struct TestNode {
    node: Node,
    heard: watch::Receiver<Vec<ToNode>>,
    connected: Option<Connected>,
}

impl Deref for TestNode {
    type Target = Node;

    fn deref(&self) -> &Node {
        &self.node
    }
}

impl TestNode {
    pub(crate) fn new(node: Node, mut arrivals: Arrivals) -> Self {
        let (record, heard) = watch::channel(Vec::new());
        tokio::spawn(async move {
            while let Some(message) = arrivals.next().await {
                record.send_modify(|heard| heard.push(message));
            }
        });
        Self { node, heard, connected: None }
    }

    /// Connects with a nick, which must succeed.
    pub(crate) async fn takes(&mut self, nick: &str, token: Option<&str>) -> Connected {
        let connected = self.connect_nick(nick, token).await.unwrap_or_else(|error| panic!("{nick}: {error:?}"));
        self.connected = Some(connected.clone());
        connected
    }

    /// The nick it took last.
    pub(crate) fn nick(&self) -> &str {
        &self.connected().nick
    }

    /// The token that came with it.
    pub(crate) fn token(&self) -> &str {
        &self.connected().token
    }

    /// The reply to `connect`.
    pub(crate) fn connected(&self) -> &Connected {
        self.connected.as_ref().expect("it has taken a nick")
    }

    /// Joins a room, which must succeed.
    pub(crate) async fn joins(&self, room: &str) -> Joined {
        self.join(room).await.unwrap_or_else(|error| panic!("join {room}: {error:?}"))
    }

    /// Says a line, which must succeed; returns its `seq`.
    pub(crate) async fn says(&self, room: &str, text: &str) -> u64 {
        self.say(room, text).await.unwrap_or_else(|error| panic!("say in {room}: {error:?}")).seq
    }

    /// Sends a private message, which must succeed.
    pub(crate) async fn whispers(&self, to: &str, text: &str) -> Sent {
        self.private_message(to, text).await.unwrap_or_else(|error| panic!("whisper to {to}: {error:?}"))
    }

    /// A nick as the list of a room's people shows it; none if it is not there.
    pub(crate) async fn sees(&self, room: &str, nick: &str) -> Option<User> {
        let users = self.list_users(Some(room)).await.expect("a list of people").users;
        users.into_iter().find(|user| user.nick == nick)
    }

    /// The texts of all there was, read page by page from the beginning.
    pub(crate) async fn whole_history(&self, talk: Talk<'_>) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let seen = entries.last().map_or(0, Entry::seq);
            let page = self.history(talk, Span::After(seen), shared::wire::MAX_PAGE).await.expect("a page of history");
            assert!(!page.entries.is_empty() || !page.more, "there is more, and yet nothing came");
            entries.extend(page.entries);
            if !page.more {
                return entries;
            }
        }
    }

    /// All that came by itself so far.
    pub(crate) fn heard(&self) -> Vec<ToNode> {
        self.heard.borrow().clone()
    }

    /// All entries that came by themselves so far.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        entries(&self.heard.borrow())
    }

    /// All lines heard so far, of any room.
    pub(crate) fn lines(&self) -> Vec<Said> {
        self.entries().into_iter().filter_map(said).collect()
    }

    /// The texts heard so far in a room.
    pub(crate) fn texts_in(&self, room: &str) -> Vec<String> {
        self.lines().into_iter().filter(|said| said.room == room).map(|said| said.text).collect()
    }

    /// All private messages heard so far.
    pub(crate) fn whispers_heard(&self) -> Vec<Whispered> {
        let whispered = |entry| {
            if let Entry::Whispered(whispered) = entry { Some(whispered) } else { None }
        };
        self.entries().into_iter().filter_map(whispered).collect()
    }

    /// All presence heard so far.
    pub(crate) fn presence(&self) -> Vec<Presence> {
        presence(&self.heard.borrow())
    }

    /// Waits until `find` finds something in all that was heard.
    pub(crate) async fn hears<T>(&self, what: &str, mut find: impl FnMut(&[ToNode]) -> Option<T>) -> T {
        let mut heard = self.heard.clone();
        let mut found = None;
        let look = heard.wait_for(|heard| {
            found = find(heard);
            found.is_some()
        });
        let waited = timeout(DEADLINE, look).await;
        let ended = matches!(waited, Ok(Err(_)));
        drop(waited);
        found.unwrap_or_else(|| {
            let heard = self.heard.borrow();
            let last = &heard[heard.len().saturating_sub(10)..];
            let why = if ended { "the connection has ended" } else { "in vain" };
            panic!("waited for {what}: {why}; {} messages heard, the last: {last:#?}", heard.len())
        })
    }

    /// Waits until an entry with this `seq` is heard.
    pub(crate) async fn hears_seq(&self, seq: u64) -> Entry {
        // Entries come in order, so what is waited for is near the end.
        let newest = |message: &ToNode| {
            if let ToNode::Entry(entry) = message { Some(entry.clone()) } else { None }
        };
        self.hears(&format!("entry {seq}"), |heard| {
            heard.iter().rev().filter_map(newest).find(|entry| entry.seq() == seq)
        })
        .await
    }

    /// Waits until a line with this text is heard, in whatever room.
    pub(crate) async fn hears_text(&self, text: &str) -> Said {
        self.hears(text, |heard| entries(heard).into_iter().filter_map(said).find(|said| said.text == text)).await
    }

    /// Waits until somebody is told to have joined a room.
    pub(crate) async fn hears_joined(&self, room: &str, nick: &str) {
        let joined = |presence: &Presence| presence.room == room && presence.joined.iter().any(|joined| joined == nick);
        self.hears(&format!("{nick} joining {room}"), |heard| presence(heard).iter().any(joined).then_some(())).await;
    }

    /// The states that somebody was told to have come to in a room, in order.
    pub(crate) fn states_of(&self, room: &str, nick: &str) -> Vec<State> {
        let presence = self.presence().into_iter().filter(|presence| presence.room == room);
        presence.filter_map(|presence| presence.states.get(nick).copied()).collect()
    }

    /// Waits until this is the latest that is told of somebody's state in a room.
    pub(crate) async fn hears_state(&self, room: &str, nick: &str, state: State) {
        self.hears(&format!("{nick} being {state:?} in {room}"), |heard| {
            let told = presence(heard).into_iter().filter(|presence| presence.room == room);
            let latest = told.rev().find_map(|presence| presence.states.get(nick).copied());
            (latest == Some(state)).then_some(())
        })
        .await;
    }

    /// How often somebody was told to have joined a room, and to have left it.
    pub(crate) fn comings_and_goings(&self, room: &str, nick: &str) -> (usize, usize) {
        let told = self.presence().into_iter().filter(|presence| presence.room == room);
        told.fold((0, 0), |(comings, goings), presence| {
            let times = |nicks: &[String]| nicks.iter().filter(|other| *other == nick).count();
            (comings + times(&presence.joined), goings + times(&presence.left))
        })
    }

    /// Waits until somebody is told to have left a room.
    pub(crate) async fn hears_left(&self, room: &str, nick: &str) {
        let left = |presence: &Presence| presence.room == room && presence.left.iter().any(|left| left == nick);
        self.hears(&format!("{nick} leaving {room}"), |heard| presence(heard).iter().any(left).then_some(())).await;
    }
}

fn entries(heard: &[ToNode]) -> Vec<Entry> {
    heard
        .iter()
        .filter_map(|message| if let ToNode::Entry(entry) = message { Some(entry.clone()) } else { None })
        .collect()
}

fn said(entry: Entry) -> Option<Said> {
    if let Entry::Said(said) = entry { Some(said) } else { None }
}

fn presence(heard: &[ToNode]) -> Vec<Presence> {
    let presence = |message: &ToNode| {
        if let ToNode::Presence(presence) = message { Some(presence.clone()) } else { None }
    };
    heard.iter().filter_map(presence).collect()
}
