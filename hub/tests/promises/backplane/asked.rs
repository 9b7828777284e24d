//! A backplane that is asked one thing at a time.

use std::time::Duration;

use hub::backplane::{
    Audience, Backplane, Claim, Claimed, Committed, Draft, Local, Outcome, OwnerId, Passage, Query, Range, Scope,
    SecretHash, Session, SessionDraft, SessionId, Standing, Tail, Ticket, What,
};
use shared::entry::Entry;
use shared::nick::Nick;

pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A backplane with its tail.
pub(crate) struct Asked {
    pub(crate) backplane: Local,
    pub(crate) tail: Tail,
    waiting: Vec<Outcome>,
    next: u64,
}

impl Asked {
    pub(crate) fn new(backplane: Local) -> Self {
        let tail = backplane.tail().expect("the tail is there once");
        Self { backplane, tail, waiting: Vec::new(), next: 0 }
    }

    pub(crate) fn ticket(&mut self) -> Ticket {
        self.next += 1;
        Ticket(self.next)
    }

    pub(crate) async fn outcome(&mut self) -> Outcome {
        while self.waiting.is_empty() {
            self.waiting = self.tail.recv().await.expect("the writer lives");
        }
        self.waiting.remove(0)
    }

    /// Takes a nick with a session that nobody else has.
    pub(crate) async fn claim(&mut self, nick: &str, token: Option<&str>) -> Result<Claimed, u64> {
        self.claim_as(nick, token, rand::random()).await
    }

    pub(crate) async fn claim_as(
        &mut self,
        nick: &str,
        token: Option<&str>,
        secret: SecretHash,
    ) -> Result<Claimed, u64> {
        let ticket = self.ticket();
        let session = SessionDraft { secret, node: format!("{nick}-tab"), kind: "tab".to_owned() };
        let claim = Claim { nick: Nick::parse(nick).unwrap(), token: token.map(str::to_owned), session };
        self.backplane.claim(ticket, claim).unwrap();
        match self.outcome().await {
            Outcome::Claimed { ticket: of, claimed } => {
                assert_eq!(of, ticket);
                Ok(claimed)
            }
            Outcome::Taken { until, .. } => Err(until),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn append(&mut self, draft: Draft) -> Outcome {
        let ticket = self.ticket();
        self.backplane.append(ticket, draft).unwrap();
        self.outcome().await
    }

    /// Appends an entry, which must be new.
    pub(crate) async fn adds(&mut self, draft: Draft) -> Committed {
        match self.append(draft).await {
            Outcome::Appended { committed, .. } => committed,
            other => panic!("{other:?}"),
        }
    }

    /// Appends new entries in one breath.
    pub(crate) async fn adds_all(&mut self, drafts: impl IntoIterator<Item = Draft>) -> Vec<Committed> {
        let mut committed = Vec::new();
        let mut asked = 0;
        for draft in drafts {
            let ticket = self.ticket();
            self.backplane.append(ticket, draft).unwrap();
            asked += 1;
        }
        while committed.len() < asked {
            match self.outcome().await {
                Outcome::Appended { committed: entry, .. } => committed.push(entry),
                other => panic!("{other:?}"),
            }
        }
        committed
    }

    pub(crate) async fn say(&mut self, from: &Claimed, room: &str, id: &str, text: &str) -> u64 {
        self.adds(line(from, room, id, text)).await.entry.seq()
    }

    pub(crate) async fn resume(&mut self, secret: SecretHash) -> Option<Session> {
        let ticket = self.ticket();
        self.backplane.resume(ticket, secret).unwrap();
        match self.outcome().await {
            Outcome::Resumed { ticket: of, session } => {
                assert_eq!(of, ticket);
                session
            }
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn enter(&mut self, session: SessionId, room: &str) -> Standing {
        let ticket = self.ticket();
        self.backplane.enter(ticket, session, room.to_lowercase(), room.to_owned()).unwrap();
        match self.outcome().await {
            Outcome::Entered { ticket: of, standing } => {
                assert_eq!(of, ticket);
                standing
            }
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn leave(&mut self, session: SessionId, key: &str) -> bool {
        let ticket = self.ticket();
        self.backplane.leave(ticket, session, key.to_owned()).unwrap();
        self.changed(ticket).await
    }

    pub(crate) async fn release(&mut self, session: SessionId) -> bool {
        let ticket = self.ticket();
        self.backplane.release(ticket, session).unwrap();
        self.changed(ticket).await
    }

    pub(crate) async fn mark_read(&mut self, owner: OwnerId, scope: Scope, seq: u64) -> bool {
        let ticket = self.ticket();
        self.backplane.mark_read(ticket, owner, scope, seq).unwrap();
        self.changed(ticket).await
    }

    async fn changed(&mut self, asked: Ticket) -> bool {
        match self.outcome().await {
            Outcome::Done { ticket, changed } => {
                assert_eq!(ticket, asked);
                changed
            }
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn page(&self, scope: Scope, range: Range, limit: u32) -> (Vec<u64>, bool) {
        let (entries, more) = self.backplane.read(Query { scope, range, limit }).await.unwrap();
        (entries.iter().map(Entry::seq).collect(), more)
    }

    pub(crate) async fn follow(&self, passage: Passage) -> (Vec<Entry>, u64) {
        self.backplane.follow(passage).await.unwrap()
    }
}

pub(crate) fn line(from: &Claimed, room: &str, id: &str, text: &str) -> Draft {
    Draft {
        owner: from.owner,
        from: from.nick.clone(),
        id: id.to_owned(),
        what: said(text),
        to: Audience::Room { key: room.to_lowercase(), name: room.to_owned() },
    }
}

pub(crate) fn whisper(from: &Claimed, to: &Claimed, id: &str, text: &str) -> Draft {
    let to = Audience::Owner { owner: to.owner, nick: to.nick.clone(), nodes: 2 };
    Draft { owner: from.owner, from: from.nick.clone(), id: id.to_owned(), what: said(text), to }
}

/// A line that is nothing but its text.
pub(crate) fn said(text: &str) -> What {
    What::Line { text: text.to_owned(), reply_to: None, files: Vec::new(), mentions: Vec::new() }
}

/// What somebody does to a room's line, or to the room.
pub(crate) fn does(from: &Claimed, room: &str, id: &str, what: What) -> Draft {
    Draft { what, ..line(from, room, id, "") }
}

pub(crate) fn room(key: &str) -> Scope {
    Scope::Room(key.to_owned())
}

pub(crate) fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

/// Waits for the next millisecond, so that what follows is later in the log's eyes.
pub(crate) async fn later() {
    let before = now();
    while now() == before {
        tokio::task::yield_now().await;
    }
}
