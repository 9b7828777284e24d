//! The engine of a client, on threads of its own.

use std::collections::VecDeque;
use std::thread;

use engine::{FromEngine, Pool, ToEngine};
use shared::process::{Fault, Origin, Pid, Reason, Scene, Spawn, Step};

use super::Programs;
use crate::client::BackLink;

/// Started with the first program.
#[derive(Default)]
pub(crate) struct Running {
    programs: Programs,
    /// The way back to the table.
    link: Option<BackLink>,
    pool: Option<Pool>,
    /// What the threads have no room for yet: a step of each process at most, and the news of its end.
    ready: VecDeque<ToEngine>,
    ended: bool,
}

impl Running {
    pub(crate) fn linked(&mut self, link: BackLink) {
        self.link = Some(link);
    }

    pub(crate) fn allow(&mut self, programs: Programs) {
        self.programs = programs;
    }

    pub(crate) fn may(&self, who: &Origin, own: bool, spawn: &Spawn) -> Result<(), Fault> {
        self.programs.may(who, own, spawn)
    }

    /// # Errors
    /// The end of the process, where there is nothing that runs it.
    pub(crate) fn step(&mut self, pid: Pid, scene: Scene, step: Step) -> Result<(), Reason> {
        if self.pool.is_none() {
            self.pool = Some(self.start()?);
        }
        self.ready.push_back(ToEngine::Step { pid, scene, step });
        Ok(())
    }

    fn start(&self) -> Result<Pool, Reason> {
        let link = self.link.clone().filter(|_| !self.ended).ok_or_else(|| Reason::error("The node has stopped."))?;
        let tell = move |said: FromEngine| {
            link.tell(|processes, now| match &said {
                FromEngine::Stepped { pid, stepped } => processes.table.stepped(now, *pid, stepped.clone()),
                FromEngine::Crashed { pids, reason } => processes.table.crashed(now, pids, reason),
                FromEngine::Ready { .. } => {}
            });
        };
        Pool::start(tell).map_err(|error| Reason::error(&format!("No thread for programs can be had: {error}.")))
    }

    pub(crate) fn forget(&mut self, pid: Pid) {
        if self.pool.is_some() {
            self.ready.push_back(ToEngine::Forget { pid });
        }
    }

    /// Gives the threads what they have room for.
    pub(crate) fn give(&mut self) {
        let Some(pool) = &self.pool else { return };
        while let Some(message) = self.ready.pop_front() {
            if let Err(message) = pool.give(message) {
                return self.ready.push_front(message);
            }
        }
    }

    pub(crate) fn end(&mut self) {
        self.ended = true;
        self.ready.clear();
        self.link = None;
        drop_elsewhere(self.pool.take());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop_elsewhere(self.pool.take());
    }
}

/// A pool waits for its threads, of which this may be one.
fn drop_elsewhere(pool: Option<Pool>) {
    if let Some(pool) = pool {
        thread::spawn(move || drop(pool));
    }
}
