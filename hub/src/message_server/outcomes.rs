//! What the log brought: durable entries are heard, and those who wait get their answers.

use std::sync::Arc;

use shared::entry::Entry;
use shared::message::{Connected, Done, ErrorCode, Joined, Refusal, Sent, ToNode};
use shared::room::LOBBY;
use shared::wire::close;

use super::writing::rejected;
use super::{InFlight, MessageServer};
use crate::backplane::{Claimed, Committed, Outcome, OwnerId, Route, Standing, Ticket};
use crate::clock;
use crate::outbox::{Answer, Shared, weight_of};
use crate::registry::{Departed, NodeKey};
use crate::room::Room;

/// Entries that are sent together at most: a node's outbox takes some of these.
const MAX_RUN: usize = 64;

/// Bytes (about) of them.
const MAX_RUN_WEIGHT: usize = 32 * 1024;

/// Entries of one commit that follow one another and go the same way: they are encoded and sent together.
#[derive(Default)]
pub(super) struct Run {
    route: Option<Route>,
    entries: Vec<Entry>,
    weight: usize,
    /// Who wait for their answers, and the entries' places in the log.
    tickets: Vec<(Ticket, u64)>,
}

impl Run {
    fn takes(&self, route: &Route) -> bool {
        self.route.as_ref() == Some(route) && self.entries.len() < MAX_RUN && self.weight < MAX_RUN_WEIGHT
    }
}

impl MessageServer {
    /// What one commit brought.
    pub(super) fn outcomes(&mut self, outcomes: Vec<Outcome>) {
        let mut run = Run::default();
        for outcome in outcomes {
            match outcome {
                Outcome::Appended { ticket, committed: Committed { entry, route, orphans, forgot } } => {
                    self.storing.forgot(forgot);
                    self.account_for_files(&entry, &orphans);
                    if !run.takes(&route) {
                        self.tell_run(std::mem::take(&mut run));
                        run.route = Some(route);
                    }
                    run.tickets.extend(ticket.map(|ticket| (ticket, entry.seq())));
                    run.weight += weight_of(&entry);
                    run.entries.push(entry);
                }
                other => {
                    self.tell_run(std::mem::take(&mut run));
                    self.outcome(other);
                }
            }
        }
        self.tell_run(run);
    }

    fn account_for_files(&self, entry: &Entry, orphans: &[String]) {
        let named = entry.details().map_or(&[][..], |details| &details.files);
        named.iter().for_each(|file| self.settings.files.keep(&file.hash));
        orphans.iter().for_each(|hash| self.settings.files.forget(hash));
    }

    fn tell_run(&mut self, run: Run) {
        let Some(route) = run.route else { return };
        self.tell(run.entries, route);
        for (ticket, seq) in run.tickets {
            if let Some(in_flight) = self.in_flight.remove(&ticket) {
                self.sent(in_flight, seq, None);
            }
        }
    }

    fn outcome(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Appended { .. } => {} // `outcomes` keeps these for the run
            Outcome::Repeated { ticket, seq, nodes } => {
                let Some(in_flight) = self.in_flight.remove(&ticket) else { return };
                self.sent(in_flight, seq, Some(nodes));
            }
            Outcome::Unchanged { ticket, seq } => {
                let Some(in_flight) = self.in_flight.remove(&ticket) else { return };
                self.sent(in_flight, seq, None);
            }
            Outcome::Rejected { ticket, why } => {
                if let Some(InFlight::Line { node, id } | InFlight::PrivateMessage { node, id, .. }) =
                    self.in_flight.remove(&ticket)
                {
                    self.reply(node, id, Err(rejected(why)));
                }
            }
            Outcome::Claimed { ticket, claimed } => {
                if let Some(InFlight::Claim { node, id, done: _done }) = self.in_flight.remove(&ticket) {
                    self.claimed(node, id, claimed);
                }
            }
            Outcome::Taken { ticket, until } => {
                if let Some(InFlight::Claim { node, id, done: _done }) = self.in_flight.remove(&ticket) {
                    let message = "Someone else has this nick, or one that looks like it. Choose another.";
                    self.reply(node, id, Err(Refusal::until(ErrorCode::NickInUse, message, until)));
                }
            }
            Outcome::Resumed { ticket, session } => {
                if let Some(InFlight::Resume { newcomer, seat }) = self.in_flight.remove(&ticket) {
                    self.resumed(newcomer, seat, session);
                }
            }
            Outcome::Entered { ticket, standing } => {
                if let Some(InFlight::Join { node, id, key, room, .. }) = self.in_flight.remove(&ticket) {
                    // It may have left again meanwhile, and the room be gone with it.
                    let (users, count) = self.registry.roster(node, &key);
                    let Standing { read, unread, mentions } = standing;
                    let topic = self.registry.room(&key).and_then(Room::topic);
                    let joined = Joined { room, topic, users, count, read, unread, mentions };
                    self.reply(node, id, Ok(Answer::Joined(joined)));
                }
            }
            Outcome::Done { ticket, changed } => match self.in_flight.remove(&ticket) {
                Some(InFlight::Change { node, id }) => self.reply(node, id, Ok(Answer::Done(Done {}))),
                Some(InFlight::Read { node, id, owner, signal }) => {
                    self.reply(node, id, Ok(Answer::Done(Done {})));
                    if changed {
                        self.signal_others(owner, node, signal);
                    }
                }
                _ => {}
            },
            Outcome::Unsent { ticket } => {
                if let Some(InFlight::Refused { node, id, refusal }) = self.in_flight.remove(&ticket) {
                    self.reply(node, id, Err(refusal));
                }
            }
            Outcome::Failed { ticket } => {
                if let Some(in_flight) = self.in_flight.remove(&ticket) {
                    self.failed(in_flight);
                }
            }
        }
    }

    /// The log could not be written.
    fn failed(&mut self, in_flight: InFlight) {
        let (node, id) = match in_flight {
            // It is asked again, and the session is there when the disk is.
            InFlight::Resume { newcomer, .. } => {
                newcomer.outbox.close((close::SHUTTING_DOWN, "the hub cannot use its disk; come back"));
                return;
            }
            // It has left here, which is what was asked; only the hub's next start may see it otherwise.
            InFlight::Change { node, id } => return self.reply(node, id, Ok(Answer::Done(Done {}))),
            InFlight::Join { node, id, key, again, .. } => {
                // Nobody waits for the outcome of leaving a room that one has not entered for good.
                if !again && self.registry.leave(node, &key).is_ok() {
                    self.note_news();
                }
                (node, id)
            }
            InFlight::Claim { node, id, .. }
            | InFlight::Read { node, id, .. }
            | InFlight::Line { node, id }
            | InFlight::PrivateMessage { node, id, .. }
            | InFlight::Refused { node, id, .. } => (node, id),
        };
        let message =
            "The hub could not write to its disk, so nothing was changed. Tell whoever runs it, and try again.";
        self.reply(node, id, Err(Refusal::new(ErrorCode::Unavailable, message)));
    }

    /// Tells the owner's other nodes.
    fn signal_others(&self, owner: OwnerId, node: NodeKey, signal: ToNode) {
        let signal = Arc::new(Shared::new(signal, self.registry.nodes_of(owner).count()));
        for other in self.registry.nodes_of(owner).filter(|other| *other != node) {
            if let Some(outbox) = self.desks.get(other).and_then(|desk| desk.outbox.as_ref()) {
                outbox.push_signal(&signal);
            }
        }
    }

    /// `first` is what the first answer told of nodes reached, if this one repeats it.
    fn sent(&self, in_flight: InFlight, seq: u64, first: Option<Option<u32>>) {
        let (node, id, delivered) = match in_flight {
            InFlight::Line { node, id } | InFlight::Refused { node, id, .. } => (node, id, first.flatten()),
            InFlight::PrivateMessage { node, id, nodes } => (node, id, first.unwrap_or(Some(nodes))),
            _ => return, // nothing else makes an entry
        };
        self.reply(node, id, Ok(Answer::Sent(Sent { seq, delivered })));
    }

    fn claimed(&mut self, node: NodeKey, id: String, claimed: Claimed) {
        let Claimed { owner, nick, token, session, lobby, conversations, former } = claimed;
        if !self.registry.has_node(node) {
            // Gone before its nick came: the claim must not outlive it.
            if self.backplane.depart(session).is_err() {
                tracing::warn!("the log's queue is full; a node's end was not noted");
            }
            if self.registry.nodes_of(owner).next().is_none() {
                self.departed(&Departed { last_of: Some(owner) });
            }
            return;
        }
        self.registry.saw(node, clock::now());
        let renamed: Vec<NodeKey> =
            former.iter().flat_map(|owner| self.registry.nodes_of(*owner)).chain([node]).collect();
        renamed.into_iter().for_each(|node| self.note_node(node));
        let departed = self.registry.bind(node, owner, &nick, &former);
        self.departed(&departed);
        if let Some(desk) = self.desks.get_mut(node) {
            desk.token = Some(token.clone());
            desk.session = Some(session);
        }
        let answer = self.registry.join(node, LOBBY).map(|key| {
            let (users, count) = self.registry.roster(node, &key);
            let Standing { read, unread, mentions } = lobby;
            let (room, topic) = (LOBBY.to_owned(), self.registry.room(&key).and_then(Room::topic));
            Answer::Connected(Connected {
                nick,
                token,
                room,
                topic,
                users,
                count,
                read,
                unread,
                mentions,
                conversations,
                owner: owner.0.cast_unsigned(),
            })
        });
        self.reply(node, id, answer);
        self.note_news();
    }
}
