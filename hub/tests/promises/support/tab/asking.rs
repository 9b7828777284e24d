//! What a tab asks of the hub, each request with what it brings.

use shared::message::{Connected, Cursors, Done, Joined, Person, Sent, State, ToHub, User, Users};
use shared::transcript::Place;
use shared::wire;

use super::Tab;

/// Lines under way at once in [`Tab::says_all`], in bytes of text: little enough that their echo never
/// makes the talker itself one who falls behind.
const UNDER_WAY: usize = 32 * 1024;

impl Tab {
    /// Connects with a nick, which must succeed.
    pub(crate) async fn takes(&mut self, nick: &str, token: Option<&str>) -> Connected {
        let (nick, token) = (nick.to_owned(), token.map(str::to_owned));
        let connected: Connected = self.does(|id| ToHub::Connect { id, nick, token }).await;
        self.connected = Some(connected.clone());
        connected
    }

    /// The reply to `connect` on this connection.
    pub(crate) fn connected(&self) -> &Connected {
        self.connected.as_ref().expect("it has taken a nick on this connection")
    }

    /// The token of the nick taken on this connection.
    pub(crate) fn token(&self) -> String {
        self.connected().token.clone()
    }

    /// Lets go of its nick, which must succeed.
    pub(crate) async fn disconnects(&mut self) {
        let _: Done = self.does(|id| ToHub::Disconnect { id }).await;
    }

    /// Joins a room, which must succeed.
    pub(crate) async fn joins(&mut self, room: &str) -> Joined {
        self.does(|id| ToHub::Join { id, room: room.to_owned() }).await
    }

    /// Leaves a room, which must succeed.
    pub(crate) async fn leaves(&mut self, room: &str) {
        let _: Done = self.does(|id| ToHub::Leave { id, room: room.to_owned() }).await;
    }

    /// Says a line, which must succeed; returns its `seq`.
    pub(crate) async fn says(&mut self, room: &str, text: &str) -> u64 {
        let sent: Sent = self.does(|id| Place::Room(room.to_owned()).say(id, text.to_owned())).await;
        sent.seq
    }

    /// Says a line under an id of the test's choice, which must succeed.
    pub(crate) async fn says_as(&mut self, id: &str, room: &str, text: &str) -> Sent {
        let say = Place::Room(room.to_owned()).say(id.to_owned(), text.to_owned());
        self.socket.text(&wire::encode(&say)).await;
        self.outcome(id).await.unwrap_or_else(|refusal| panic!("refused: {refusal:?}"))
    }

    /// The same for a private message.
    pub(crate) async fn whispers_as(&mut self, id: &str, to: &str, text: &str) -> Sent {
        let whisper = Place::With(to.to_owned()).say(id.to_owned(), text.to_owned());
        self.socket.text(&wire::encode(&whisper)).await;
        self.outcome(id).await.unwrap_or_else(|refusal| panic!("refused: {refusal:?}"))
    }

    /// Says many lines without waiting for each answer, which must all succeed; returns their `seq`.
    pub(crate) async fn says_all(&mut self, room: &str, texts: impl IntoIterator<Item = String>) -> Vec<u64> {
        let mut texts = texts.into_iter().peekable();
        let mut seqs = Vec::new();
        while texts.peek().is_some() {
            let (mut bytes, mut ids) = (0, Vec::new());
            while bytes < UNDER_WAY
                && let Some(text) = texts.next()
            {
                bytes += text.len() + 256;
                ids.push(self.send(|id| Place::Room(room.to_owned()).say(id, text)).await);
            }
            for id in ids {
                let sent: Sent = self.outcome(&id).await.unwrap_or_else(|refusal| panic!("{refusal:?}"));
                seqs.push(sent.seq);
            }
        }
        seqs
    }

    /// Sends a private message, which must succeed.
    pub(crate) async fn whispers(&mut self, to: &str, text: &str) -> Sent {
        self.does(|id| Place::With(to.to_owned()).say(id, text.to_owned())).await
    }

    /// Who is in a room.
    pub(crate) async fn users_in(&mut self, room: &str) -> Vec<User> {
        let users: Users = self.does(|id| ToHub::ListUsers { id, room: Some(room.to_owned()) }).await;
        users.users
    }

    /// The person has read a room up to `seq`.
    pub(crate) async fn reads_room(&mut self, room: &str, seq: u64) {
        let _: Done = self.does(|id| ToHub::Read { id, room: Some(room.to_owned()), with: None, seq }).await;
    }

    /// The person has read a conversation up to `seq`.
    pub(crate) async fn reads_talk_with(&mut self, nick: &str, seq: u64) {
        let _: Done = self.does(|id| ToHub::Read { id, room: None, with: Some(nick.to_owned()), seq }).await;
    }

    /// How far a room's nodes have the log.
    pub(crate) async fn cursors_in(&mut self, room: &str) -> Cursors {
        self.does(|id| ToHub::Cursors { id, room: Some(room.to_owned()), with: None }).await
    }

    /// How far the nodes of both ends of a conversation have the log.
    pub(crate) async fn cursors_with(&mut self, nick: &str) -> Cursors {
        self.does(|id| ToHub::Cursors { id, room: None, with: Some(nick.to_owned()) }).await
    }

    /// Says that its person is writing, in a room or to a nick.
    pub(crate) async fn types(&mut self, room: Option<&str>, to: Option<&str>) {
        let typing = ToHub::Typing { room: room.map(str::to_owned), to: to.map(str::to_owned) };
        self.socket.text(&wire::encode(&typing)).await;
    }

    /// Says that its person has left it alone, or is back at it.
    pub(crate) async fn turns(&mut self, state: State) {
        self.socket.text(&wire::encode(&ToHub::State { state })).await;
    }

    /// All that may be known of a nick, which somebody must hold.
    pub(crate) async fn asks_who(&mut self, nick: &str) -> Person {
        self.does(|id| ToHub::Who { id, nick: nick.to_owned() }).await
    }

    /// Acknowledges all up to `seq`.
    pub(crate) async fn acks(&mut self, seq: u64) {
        self.socket.text(&wire::encode(&ToHub::Ack { seq })).await;
    }
}
