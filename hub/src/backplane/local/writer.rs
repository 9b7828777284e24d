//! The one thread that writes: drains what waits, commits it together, and only then tells.

mod changes;
mod entries;
mod forgetting;
mod nicks;
mod positions;
mod puts;
mod sessions;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension};
use tokio::sync::mpsc;

use super::MAX_BATCH;
use super::reader::{self, Read};
use super::search::Signal;
use crate::backplane::{Claim, Draft, Outcome, OwnerId, Scope, SecretHash, SessionId, Ticket};
use crate::clock;
use forgetting::Chores;
pub(super) use forgetting::{LOOK_THROUGH_EVERY, LOOK_THROUGH_SHARE};
use puts::Tally;

/// A request to the writer.
pub(super) enum Write {
    Append(Ticket, Draft),
    Recall(Ticket, OwnerId, String),
    Claim(Ticket, Claim),
    Resume(Ticket, SecretHash),
    Enter(Ticket, SessionId, String, String),
    Leave(Ticket, SessionId, String),
    Release(Ticket, SessionId),
    Depart(SessionId),
    Left(OwnerId),
    MarkRead(Ticket, OwnerId, Scope, u64),
    /// For a log in memory, which no second connection can read.
    Read(Read),
    /// The search index knows lines as they were after this entry, and has let go of how they were before.
    Indexed(u64),
    /// Nothing comes after it.
    Close,
}

impl Write {
    /// Who waits for the outcome.
    fn ticket(&self) -> Option<Ticket> {
        match self {
            Self::Append(ticket, _)
            | Self::Recall(ticket, ..)
            | Self::Claim(ticket, _)
            | Self::Resume(ticket, _)
            | Self::Enter(ticket, ..)
            | Self::Leave(ticket, ..)
            | Self::Release(ticket, _)
            | Self::MarkRead(ticket, ..) => Some(*ticket),
            Self::Depart(_) | Self::Left(_) | Self::Read(_) | Self::Indexed(_) | Self::Close => None,
        }
    }

    /// Whether it may change the log.
    fn changes(&self) -> bool {
        !matches!(self, Self::Recall(..) | Self::Read(_) | Self::Indexed(_) | Self::Close)
    }
}

/// Rooms whose numbers are remembered: as many as a hub may have.
const MAX_ROOMS: usize = 10_000;

pub(super) struct Writer {
    connection: Connection,
    /// The newest entry that is durable.
    head: u64,
    /// The time of the newest entry; times never run backwards along the log, even if the clock does.
    latest: u64,
    nick_ttl: u64,
    /// The numbers of rooms by their keys, so that a line costs no look for its room's.
    rooms: HashMap<String, i64>,
    /// How much is in the store; none while that is to be counted anew.
    store: Option<Tally>,
    commits: mpsc::Sender<Vec<Outcome>>,
    /// Those who index the log are told here.
    signal: Arc<Signal>,
    /// What is still to be forgotten.
    chores: Chores,
}

impl Writer {
    /// `on_disk`: there are files in which nothing is to stay that was taken back, and an index that knows texts.
    pub(super) fn new(
        connection: Connection,
        on_disk: bool,
        head: u64,
        nick_ttl: Duration,
        commits: mpsc::Sender<Vec<Outcome>>,
        signal: Arc<Signal>,
    ) -> rusqlite::Result<Self> {
        signal.committed(head);
        let latest: Option<i64> = connection
            .query_row("SELECT at FROM entries ORDER BY seq DESC LIMIT 1", [], |row| row.get(0))
            .optional()?;
        let nick_ttl = u64::try_from(nick_ttl.as_millis()).unwrap_or(u64::MAX);
        // All statements of this thread are fewer; none is parsed twice.
        connection.set_prepared_statement_cache_capacity(128);
        let latest = latest.unwrap_or(0).cast_unsigned();
        let chores = Chores::left(&connection, on_disk)?;
        Ok(Self { connection, head, latest, nick_ttl, rooms: HashMap::new(), store: None, commits, signal, chores })
    }

    /// Writes until it is told to close or nobody can ask any more; what was queued by then is committed.
    pub(super) fn run(mut self, waiting: &Receiver<Write>) {
        let mut batch = Vec::with_capacity(MAX_BATCH);
        let mut closing = false;
        while !closing {
            match self.next(waiting) {
                Ok(first) => batch.push(first),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    self.do_chore();
                    continue;
                }
            }
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
            // However much there is to write, what was taken back has its turn.
            self.chores.committed(Instant::now());
            if self.chores.are_pressing(Instant::now()) {
                self.do_chore();
            }
        }
        self.leave_nothing();
    }

    /// What is asked next; a time-out where there is something to be done that nobody asked for.
    fn next(&self, waiting: &Receiver<Write>) -> Result<Write, RecvTimeoutError> {
        match self.chores.due() {
            None => waiting.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(due) => waiting.recv_timeout(due.saturating_duration_since(Instant::now())),
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
            // Some may have been made by this very batch.
            self.rooms.clear();
            self.store = None;
            self.chores.rolled_back();
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
        tickets.extend(batch.iter().filter_map(Write::ticket));
        let now = clock::now();
        let mut outcomes = Vec::with_capacity(tickets.len());
        let (mut head, latest) = (self.head, now.max(self.latest));
        let mut begun = false;
        for write in batch.drain(..) {
            if !begun && write.changes() {
                self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
                begun = true;
            }
            match write {
                Write::Append(ticket, draft) => outcomes.push(self.append(ticket, draft, &mut head, latest)?),
                Write::Recall(ticket, owner, id) => {
                    outcomes.push(self.sent(ticket, owner, &id)?.unwrap_or(Outcome::Unsent { ticket }));
                }
                Write::Claim(ticket, claim) => outcomes.push(self.claim(ticket, &claim, head, now)?),
                Write::Resume(ticket, secret) => {
                    outcomes.push(Outcome::Resumed { ticket, session: self.resume(&secret)? });
                }
                Write::Enter(ticket, session, key, name) => {
                    let standing = self.enter(session, &key, &name, head)?;
                    outcomes.push(
                        standing.map_or(Outcome::Failed { ticket }, |standing| Outcome::Entered { ticket, standing }),
                    );
                }
                Write::Leave(ticket, session, key) => {
                    outcomes.push(Outcome::Done { ticket, changed: self.leave(session, &key)? });
                }
                Write::Release(ticket, session) => {
                    outcomes.push(Outcome::Done { ticket, changed: self.release(session)? });
                }
                Write::Depart(session) => self.depart(session, now)?,
                Write::Left(owner) => self.left(owner, now)?,
                Write::MarkRead(ticket, owner, scope, seq) => {
                    outcomes.push(Outcome::Done { ticket, changed: self.mark_read(owner, &scope, seq.min(head))? });
                }
                Write::Read(read) => reads.push(read),
                Write::Indexed(upto) => self.chores.purge(upto),
                Write::Close => {}
            }
        }
        if begun {
            self.connection.prepare_cached("COMMIT")?.execute([])?;
        }
        self.head = head;
        if self.chores.settle() {
            self.signal.forget();
        }
        self.signal.committed(head);
        self.latest = latest;
        Ok(outcomes)
    }
}
