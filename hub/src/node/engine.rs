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
    /// What the threads have no room for yet: a step of each process at most, and the news of its end.
    ready: VecDeque<ToEngine>,
}

impl Engine {
    /// # Errors
    /// The end of the process, where there is nothing that runs it.
    pub(super) fn step(&mut self, pid: Pid, scene: Scene, step: Step) -> Result<(), Reason> {
        let running = match &mut self.running {
            Some(running) => running,
            none => none.insert(Running::start()?),
        };
        running.ready.push_back(ToEngine::Step { pid, scene, step });
        Ok(())
    }

    pub(super) fn forget(&mut self, pid: Pid) {
        if let Some(running) = &mut self.running {
            running.ready.push_back(ToEngine::Forget { pid });
        }
    }

    /// Gives the threads what they have room for.
    pub(super) fn give(&mut self) {
        let Some(Running { pool: Some(pool), ready, .. }) = &mut self.running else { return };
        while let Some(message) = ready.pop_front() {
            if let Err(message) = pool.give(message) {
                return ready.push_front(message);
            }
        }
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
        Ok(Self { said, pool: Some(pool), ready: VecDeque::new() })
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
