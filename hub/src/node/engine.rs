//! The engine of the hub's programs, on threads of its own.

use std::collections::VecDeque;
use std::thread;

use ::engine::{FromEngine, Pool, ToEngine};
use shared::process::{Pid, Reason, Scene, Step, Table};
use tokio::sync::mpsc;

/// What engines have said that the table has not heard yet; beyond it their threads wait.
const MAX_SAID: usize = 256;

/// Started with the first program: a hub on which none runs has no threads for them.
#[derive(Default)]
pub(super) struct Engine {
    running: Option<Running>,
}

struct Running {
    // Dropped before the pool, so that no thread of it waits here.
    said: mpsc::Receiver<FromEngine>,
    pool: Option<Pool>,
    /// What each thread has no room for yet, so that one that is full holds up none of the others: a step of each process at
    /// most, and the news of its end.
    ready: Vec<VecDeque<ToEngine>>,
}

impl Engine {
    /// # Errors
    /// The end of the process, where there is nothing that runs it.
    pub(super) fn step(&mut self, pid: Pid, scene: Scene, step: Step) -> Result<(), Reason> {
        let running = match &mut self.running {
            Some(running) => running,
            none => none.insert(Running::start()?),
        };
        running.ready(pid).push_back(ToEngine::Step { pid, scene, step });
        Ok(())
    }

    pub(super) fn forget(&mut self, pid: Pid) {
        if let Some(running) = &mut self.running {
            running.ready(pid).push_back(ToEngine::Forget { pid });
        }
    }

    /// Gives the threads what they have room for.
    pub(super) fn give(&mut self) {
        let Some(Running { pool: Some(pool), ready, .. }) = &mut self.running else { return };
        for ready in ready {
            while let Some(message) = ready.pop_front() {
                if let Err(message) = pool.give(message) {
                    ready.push_front(message);
                    break;
                }
            }
        }
    }

    /// Whether something is left to be given.
    pub(super) fn gives_again(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.ready.iter().any(|ready| !ready.is_empty()))
    }

    /// What an engine says next. Never, where none runs. Cancel safe.
    pub(super) async fn said(&mut self) -> Option<FromEngine> {
        match &mut self.running {
            Some(running) => running.said.recv().await,
            None => std::future::pending().await,
        }
    }

    /// Tells the table what an engine said.
    pub(super) fn take(now: u64, table: &mut Table, said: FromEngine) {
        match said {
            FromEngine::Stepped { pid, stepped } => table.stepped(now, pid, stepped),
            FromEngine::Crashed { pids, reason } => table.crashed(now, &pids, &reason),
            FromEngine::Ready { .. } => {}
        }
    }
}

impl Running {
    fn start() -> Result<Self, Reason> {
        let (tell, said) = mpsc::channel(MAX_SAID);
        let pool = Pool::start(move |said| {
            let _ = tell.blocking_send(said); // of a hub that stops
        });
        let pool = pool.map_err(|error| Reason::error(&format!("The hub has no thread for programs: {error}.")))?;
        let ready = (0..pool.threads()).map(|_| VecDeque::new()).collect();
        Ok(Self { said, pool: Some(pool), ready })
    }

    /// What waits for the thread of that process: the pool shares them out by their numbers.
    fn ready(&mut self, pid: Pid) -> &mut VecDeque<ToEngine> {
        let thread = pid.number() % self.ready.len() as u64;
        &mut self.ready[thread as usize]
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.said.close();
        // It waits for the steps that run, which a task must not.
        if let Some(pool) = self.pool.take() {
            thread::spawn(move || drop(pool));
        }
    }
}
