//! What this node's own processes do: `map_server`, `message_handler`, and whoever waits for the store.

#[cfg(test)]
mod tests;

use shared::map_server::{self, Asked};
use shared::message::{ErrorCode, ToHub};
use shared::process::{Fault, Letter, Look, Pid, Step};

use super::doing::Purpose;
use super::storing::{Early, Writer};
use crate::client::Core;

impl Core {
    pub(super) fn handle(&mut self, now: u64, pid: Pid, step: Step) {
        let processes = &mut self.processes;
        let Step::Handle(letter) = step else { return processes.done(now, pid) };
        if let Some(letters) = processes.hosts.get(&pid) {
            // It has room for as many as the table gives; one whose mailbox was dropped is about to end.
            let _ = letters.try_send(letter);
            return;
        }
        if processes.map_server == Some(pid) {
            self.ask_map_server(now, letter);
        } else if let Some(call) = letter.call {
            // `message_handler` hears the hub, by the session; processes have nothing to say to it.
            let fault =
                Fault::new(ErrorCode::BadMessage, "message_handler hears the chat, and understands nothing else.");
            processes.table.answer(now, call, Err(fault));
        }
        self.processes.done(now, pid);
    }

    fn ask_map_server(&mut self, now: u64, letter: Letter) {
        let Some(call) = letter.call else { return };
        if !self.has_store(now) {
            if let Err(fault) = self.processes.copy.call_waits(letter) {
                self.processes.table.answer(now, call, Err(fault));
            }
            return;
        }
        // Also of those that run on this very node: what a guest has running here is none of its person's.
        let own = letter.owner.is_some() && letter.owner == self.processes.owner;
        let processes = &mut self.processes;
        let answer = match map_server::asked(&processes.copy.store, &letter.message) {
            Asked::Answer(answer) => answer,
            Asked::Wait { key, version } => {
                match processes.copy.waiting.push(now, &letter.from.node, call, key, version) {
                    Ok(()) => return self.look_at_store(now),
                    Err(fault) => Err(fault),
                }
            }
            Asked::Change(wish) if own => {
                let key = wish.key.clone();
                return self.request(now, |id| map_server::request(wish, id), Purpose::Change { call, key });
            }
            Asked::Change(_) => Err(map_server::not_allowed()),
        };
        processes.table.answer(now, call, answer);
    }

    pub(super) fn look(&mut self, now: u64, pid: Pid, look: Look) {
        match look {
            Look::Nodes => self.request(now, |id| ToHub::ListNodes { id, follow: None }, Purpose::Names(pid)),
            look if self.has_store(now) => {
                let value = self.processes.copy.look(&look);
                self.processes.table.looked(now, pid, value);
            }
            look => self.processes.copy.look_waits(pid, look),
        }
    }

    /// Whether the copy may be read; if nobody wanted one yet, it is asked for.
    fn has_store(&mut self, now: u64) -> bool {
        self.session.keep_store(now);
        self.processes.copy.whole.is_here()
    }

    /// Those who wait for something of the store may have it now.
    pub(super) fn look_at_store(&mut self, now: u64) {
        let Self { processes, session, .. } = self;
        let copy = &mut processes.copy;
        let whole = copy.whole.is_here();
        // Of a part it cannot be told how far it has got.
        let there = if whole { copy.waiting.take(&copy.store) } else { Vec::new() };
        for (call, version) in there {
            processes.table.answer(now, call, Ok(map_server::version(version)));
        }
        // Where no copy is kept, it is written all the same.
        let kept = session.has_store();
        let is_here = |(_, key, seq): &mut (Writer, String, u64)| !kept || map_server::has(&copy.store, key, *seq);
        for (writer, _, seq) in copy.written.extract_if(.., is_here) {
            match writer {
                Writer::Process(r#ref) => processes.table.answered(now, r#ref, Ok(seq.into())),
                Writer::Caller(call) => processes.table.answer(now, call, Ok(map_server::version(seq))),
            }
        }
        if !whole {
            return;
        }
        for early in std::mem::take(&mut self.processes.copy.early) {
            match early {
                Early::Call(letter) => self.ask_map_server(now, *letter),
                Early::Look { pid, look } => self.look(now, pid, look),
            }
        }
    }
}
