//! The one thread that writes: drains what waits, commits it together, and only then tells.

use std::sync::mpsc::Receiver;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use shared::entry::{Entry, Said, Whispered};
use shared::message::Conversation;
use shared::wire::MAX_CONVERSATIONS;
use tokio::sync::mpsc;

use super::{MAX_BATCH, Read, reader};
use crate::backplane::{Audience, Claim, Claimed, Committed, Draft, Outcome, OwnerId, Route, Ticket};
use crate::{clock, secret};

/// A request to the writer.
pub(super) enum Write {
    Append(Ticket, Draft),
    Recall(Ticket, OwnerId, String),
    Claim(Ticket, Claim),
    Left(OwnerId),
    /// For a log in memory, which no second connection can read.
    Read(Read),
    /// Nothing comes after it.
    Close,
}

pub(super) struct Writer {
    connection: Connection,
    /// The newest entry that is durable.
    head: u64,
    /// The time of the newest entry; times never run backwards along the log, even if the clock does.
    latest: u64,
    nick_ttl: u64,
    commits: mpsc::Sender<Vec<Outcome>>,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        head: u64,
        nick_ttl: Duration,
        commits: mpsc::Sender<Vec<Outcome>>,
    ) -> rusqlite::Result<Self> {
        let latest: Option<i64> = connection
            .query_row("SELECT at FROM entries ORDER BY seq DESC LIMIT 1", [], |row| row.get(0))
            .optional()?;
        let nick_ttl = u64::try_from(nick_ttl.as_millis()).unwrap_or(u64::MAX);
        connection.set_prepared_statement_cache_capacity(32);
        Ok(Self { connection, head, latest: latest.unwrap_or(0).cast_unsigned(), nick_ttl, commits })
    }

    /// Writes until it is told to close or nobody can ask any more; what was queued by then is committed.
    pub(super) fn run(mut self, waiting: &Receiver<Write>) {
        let mut batch = Vec::with_capacity(MAX_BATCH);
        let mut closing = false;
        while !closing && let Ok(first) = waiting.recv() {
            batch.push(first);
            while batch.len() < MAX_BATCH
                && let Ok(next) = waiting.try_recv()
            {
                batch.push(next);
            }
            closing = batch.iter().any(|write| matches!(write, Write::Close));
            let outcomes = self.commit(&mut batch);
            // Nobody listens any more when the hub has stopped: what is committed stays so.
            if !outcomes.is_empty() {
                let _ = self.commits.blocking_send(outcomes);
            }
        }
    }

    /// Makes a batch durable as one; all of it fails or none.
    fn commit(&mut self, batch: &mut Vec<Write>) -> Vec<Outcome> {
        let mut reads = Vec::new();
        let mut tickets = Vec::new();
        let result = self.transact(batch, &mut tickets, &mut reads);
        let outcomes = result.unwrap_or_else(|error| {
            tracing::error!(%error, requests = tickets.len(), "a commit of the log failed; its requests are refused");
            // After some errors (a full disk) SQLite has rolled back by itself.
            if !self.connection.is_autocommit() {
                let _ = self.connection.execute_batch("ROLLBACK");
            }
            tickets.iter().map(|&ticket| Outcome::Failed { ticket }).collect()
        });
        for read in reads {
            reader::answer(&self.connection, read);
        }
        outcomes
    }

    fn transact(
        &mut self,
        batch: &mut Vec<Write>,
        tickets: &mut Vec<Ticket>,
        reads: &mut Vec<Read>,
    ) -> rusqlite::Result<Vec<Outcome>> {
        // Known before anything can fail, so that a failed batch refuses every one of its requests.
        tickets.extend(batch.iter().filter_map(|write| match write {
            Write::Append(ticket, _) | Write::Recall(ticket, ..) | Write::Claim(ticket, _) => Some(*ticket),
            Write::Left(_) | Write::Read(_) | Write::Close => None,
        }));
        let now = clock::now();
        let mut outcomes = Vec::with_capacity(tickets.len());
        let (mut head, latest) = (self.head, now.max(self.latest));
        let mut begun = false;
        for write in batch.drain(..) {
            if !begun && matches!(write, Write::Append(..) | Write::Claim(..) | Write::Left(_)) {
                self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
                begun = true;
            }
            match write {
                Write::Append(ticket, draft) => outcomes.push(self.append(ticket, draft, &mut head, latest)?),
                Write::Recall(ticket, owner, id) => {
                    outcomes.push(self.sent(ticket, owner, &id)?.unwrap_or(Outcome::Unsent { ticket }));
                }
                Write::Claim(ticket, claim) => outcomes.push(self.claim(ticket, &claim, now)?),
                Write::Left(owner) => self.left(owner, now)?,
                Write::Read(read) => reads.push(read),
                Write::Close => {}
            }
        }
        if begun {
            self.connection.prepare_cached("COMMIT")?.execute([])?;
        }
        self.head = head;
        self.latest = latest;
        Ok(outcomes)
    }

    fn append(&self, ticket: Ticket, draft: Draft, head: &mut u64, at: u64) -> rusqlite::Result<Outcome> {
        let seq = *head + 1;
        let Draft { owner, from, id, text, to } = draft;
        let (room, low, high, to_nick, nodes) = match &to {
            Audience::Room { key, name } => (Some(self.room(key, name)?), None, None, None, None),
            Audience::Owner { owner: other, nick, nodes } => {
                (None, Some(owner.0.min(other.0)), Some(owner.0.max(other.0)), Some(nick), Some(*nodes))
            }
        };
        let added = self
            .connection
            .prepare_cached(
                "INSERT INTO entries (seq, at, owner, id, nick, room, low, high, to_nick, nodes, text) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (owner, id) DO NOTHING",
            )?
            .execute(params![
                seq.cast_signed(),
                at.cast_signed(),
                owner.0,
                id,
                from,
                room,
                low,
                high,
                to_nick,
                nodes,
                text
            ])?;
        if added == 0 {
            let first = self.sent(ticket, owner, &id)?;
            return first.ok_or(rusqlite::Error::QueryReturnedNoRows);
        }
        *head = seq;
        let committed = match to {
            Audience::Room { key, name } => {
                Committed { entry: Entry::Said(Said { seq, at, room: name, from, id, text }), route: Route::Room(key) }
            }
            Audience::Owner { owner: other, nick, .. } => {
                self.converse(owner, other, seq)?;
                Committed {
                    entry: Entry::Whispered(Whispered { seq, at, from, to: nick, id, text }),
                    route: Route::Owners(owner, other),
                }
            }
        };
        Ok(Outcome::Appended { ticket: Some(ticket), committed })
    }

    /// What an id that was sent before became.
    fn sent(&self, ticket: Ticket, owner: OwnerId, id: &str) -> rusqlite::Result<Option<Outcome>> {
        self.connection
            .prepare_cached("SELECT seq, nodes FROM entries WHERE owner = ?1 AND id = ?2")?
            .query_row(params![owner.0, id], |row| {
                Ok(Outcome::Repeated { ticket, seq: row.get::<_, i64>(0)?.cast_unsigned(), nodes: row.get(1)? })
            })
            .optional()
    }

    fn room(&self, key: &str, name: &str) -> rusqlite::Result<i64> {
        let known = self
            .connection
            .prepare_cached("SELECT room FROM rooms WHERE key = ?1")?
            .query_row([key], |row| row.get(0))
            .optional()?;
        match known {
            Some(room) => Ok(room),
            None => {
                self.connection
                    .prepare_cached("INSERT INTO rooms (key, name) VALUES (?1, ?2)")?
                    .execute([key, name])?;
                Ok(self.connection.last_insert_rowid())
            }
        }
    }

    fn converse(&self, one: OwnerId, other: OwnerId, seq: u64) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO conversations (owner, other, seq) VALUES (?1, ?2, ?3) \
             ON CONFLICT (owner, other) DO UPDATE SET seq = excluded.seq",
        )?;
        statement.execute(params![one.0, other.0, seq.cast_signed()])?;
        if one != other {
            statement.execute(params![other.0, one.0, seq.cast_signed()])?;
        }
        Ok(())
    }

    fn claim(&self, ticket: Ticket, claim: &Claim, now: u64) -> rusqlite::Result<Outcome> {
        let likeness = claim.nick.likeness();
        let offered = claim.token.as_deref().map(secret::hash);
        let mut holders = Vec::new();
        for key in likeness.keys() {
            let holder = self
                .connection
                .prepare_cached(
                    "SELECT owner, nick, token, seen FROM owners JOIN likeness USING (owner) WHERE key = ?1",
                )?
                .query_row([key], |row| {
                    Ok(Holder { owner: OwnerId(row.get(0)?), nick: row.get(1)?, token: row.get(2)?, seen: row.get(3)? })
                })
                .optional()?;
            holders.extend(holder);
        }
        if let Some(token) = claim.token.as_ref()
            && let Some(own) =
                holders.iter().find(|holder| offered.is_some_and(|hash| secret::equal(&hash, &holder.token)))
        {
            self.connection.prepare_cached("UPDATE owners SET seen = NULL WHERE owner = ?1")?.execute([own.owner.0])?;
            let claimed = Claimed {
                owner: own.owner,
                nick: own.nick.clone(),
                token: token.clone(),
                conversations: self.conversations(own.owner)?,
                former: Vec::new(),
            };
            return Ok(Outcome::Claimed { ticket, claimed });
        }
        let falls_free = |holder: &Holder| holder.seen.map_or(now, i64::cast_unsigned).saturating_add(self.nick_ttl);
        let held = holders.iter().filter(|holder| holder.seen.is_none() || falls_free(holder) > now);
        if let Some(until) = held.map(falls_free).max() {
            return Ok(Outcome::Taken { ticket, until });
        }
        // A nick that changes hands takes nothing along: the former owner keeps the past, without the name.
        let mut former = Vec::new();
        for holder in &holders {
            former.push(holder.owner);
            self.connection.prepare_cached("DELETE FROM likeness WHERE owner = ?1")?.execute([holder.owner.0])?;
        }
        let token = secret::fresh();
        let nick = claim.nick.as_str();
        self.connection
            .prepare_cached("INSERT INTO owners (nick, token, since) VALUES (?1, ?2, ?3)")?
            .execute(params![nick, secret::hash(&token), now.cast_signed()])?;
        let owner = OwnerId(self.connection.last_insert_rowid());
        for key in likeness.keys() {
            self.connection
                .prepare_cached("INSERT INTO likeness (key, owner) VALUES (?1, ?2)")?
                .execute(params![key, owner.0])?;
        }
        let claimed = Claimed { owner, nick: nick.to_owned(), token, conversations: Vec::new(), former };
        Ok(Outcome::Claimed { ticket, claimed })
    }

    fn conversations(&self, owner: OwnerId) -> rusqlite::Result<Vec<Conversation>> {
        // Only with those who still hold their nick: under a nick that has changed hands,
        // the conversation would seem to be with its new owner.
        let mut statement = self.connection.prepare_cached(
            "SELECT nick, conversations.seq FROM conversations JOIN owners ON owners.owner = conversations.other \
             WHERE conversations.owner = ?1 AND EXISTS (SELECT 1 FROM likeness WHERE likeness.owner = conversations.other) \
             ORDER BY conversations.seq DESC LIMIT ?2",
        )?;
        let limit = i64::try_from(MAX_CONVERSATIONS).unwrap_or(i64::MAX);
        statement
            .query_map(params![owner.0, limit], |row| {
                Ok(Conversation { with: row.get(0)?, seq: row.get::<_, i64>(1)?.cast_unsigned() })
            })?
            .collect()
    }

    fn left(&self, owner: OwnerId, now: u64) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached("UPDATE owners SET seen = ?1 WHERE owner = ?2")?
            .execute(params![now.cast_signed(), owner.0])?;
        Ok(())
    }
}

/// Who has a nick that is asked for, or one that looks like it.
struct Holder {
    owner: OwnerId,
    nick: String,
    token: Vec<u8>,
    seen: Option<i64>,
}
