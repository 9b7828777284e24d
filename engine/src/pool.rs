//! Engines on threads of their own. A process stays on the thread it began on, which its number says.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use shared::process::{Pid, Reason};

use crate::engine::Engine;
use crate::limits::{MAX_QUEUED, MAX_THREADS, STACK};
use crate::message::{FromEngine, ToEngine};

/// Threads that run programs. Dropped, it waits for the steps under way and begins no other.
pub struct Pool {
    threads: Vec<Worker>,
    ends: Arc<AtomicBool>,
}

struct Worker {
    queue: Option<SyncSender<ToEngine>>,
    thread: Option<JoinHandle<()>>,
}

/// What a step says for itself when the engine breaks in it.
const BROKE: &str = "The engine broke.";

impl Pool {
    /// As many threads as there are cores, up to [`MAX_THREADS`]. What engines say is given to `tell`, on their threads:
    /// while it waits, so does the thread.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn start(tell: impl Fn(FromEngine) + Send + Sync + 'static) -> io::Result<Self> {
        Self::with(Engine::new, tell)
    }

    /// The same with engines of another make.
    pub(crate) fn with(
        make: fn(fn() -> u64) -> Engine,
        tell: impl Fn(FromEngine) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let count = thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
        let (tell, ends) = (Arc::new(tell), Arc::new(AtomicBool::new(false)));
        let threads = (0..count).map(|number| {
            let (queue, waiting) = sync_channel(MAX_QUEUED);
            let (tell, ends) = (Arc::clone(&tell), Arc::clone(&ends));
            let thread = thread::Builder::new().name(format!("programs-{number}")).stack_size(STACK);
            let thread = thread.spawn(move || work(make, &waiting, &ends, &*tell))?;
            Ok(Worker { queue: Some(queue), thread: Some(thread) })
        });
        Ok(Self { threads: threads.collect::<io::Result<_>>()?, ends })
    }

    /// Has the thread do this whose process it is about.
    ///
    /// # Errors
    /// Gives it back where so many wait for that thread as may. What concerns all threads is given back where one of
    /// them could not take it: it may be given again.
    #[allow(clippy::result_large_err, reason = "it is what was given")]
    pub fn give(&self, message: ToEngine) -> Result<(), ToEngine> {
        let pid = match &message {
            ToEngine::Prompt { pid } | ToEngine::Step { pid, .. } | ToEngine::Forget { pid } => *pid,
            ToEngine::Own { .. } => {
                let taken = self.threads.iter().all(|thread| thread.give(message.clone()).is_ok());
                return if taken { Ok(()) } else { Err(message) };
            }
        };
        // A number of threads is at most `MAX_THREADS`, and at least one.
        let thread = pid.number() % self.threads.len() as u64;
        self.threads[thread as usize].give(message)
    }

    /// Threads that run programs.
    pub fn threads(&self) -> usize {
        self.threads.len()
    }
}

impl Worker {
    #[allow(clippy::result_large_err, reason = "it is what was given")]
    fn give(&self, message: ToEngine) -> Result<(), ToEngine> {
        let Some(queue) = &self.queue else { return Err(message) };
        queue.try_send(message).map_err(|error| match error {
            TrySendError::Full(message) | TrySendError::Disconnected(message) => message,
        })
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        for thread in &mut self.threads {
            thread.queue = None;
        }
        for thread in &mut self.threads {
            if let Some(thread) = thread.thread.take() {
                // Its panics are caught within.
                let _ = thread.join();
            }
        }
    }
}

fn now() -> u64 {
    thread_local!(static BEGAN: Instant = Instant::now());
    BEGAN.with(|began| u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX))
}

fn work(make: fn(fn() -> u64) -> Engine, waiting: &Receiver<ToEngine>, ends: &AtomicBool, tell: &dyn Fn(FromEngine)) {
    let mut engine = make(now);
    // What a new engine is told first.
    let mut own: Vec<ToEngine> = Vec::new();
    while let Ok(message) = waiting.recv() {
        if ends.load(Ordering::Relaxed) {
            return;
        }
        if let ToEngine::Own { name, .. } = &message {
            own.retain(|told| !matches!(told, ToEngine::Own { name: known, .. } if known == name));
            own.push(message.clone());
            own.retain(|told| !matches!(told, ToEngine::Own { source: None, .. }));
        }
        let about = match &message {
            ToEngine::Step { pid, .. } => Some(*pid),
            ToEngine::Own { .. } | ToEngine::Prompt { .. } | ToEngine::Forget { .. } => None,
        };
        // The engine is thrown away where it breaks, so that nothing half-done is seen.
        match catch_unwind(AssertUnwindSafe(|| engine.take(message))) {
            Ok(said) => said.into_iter().for_each(tell),
            Err(_) => {
                let mut pids: Vec<Pid> = engine.pids().chain(about).collect();
                pids.sort_unstable();
                pids.dedup();
                engine = make(now);
                for told in &own {
                    engine.take(told.clone());
                }
                tell(FromEngine::Crashed { pids, reason: Reason::error(BROKE) });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use serde_json::json;
    use shared::node::NodeName;
    use shared::process::{Creation, Event, Scene, Spawn, Step, Then};

    use super::*;

    /// Long past what a step takes on a machine that is busy.
    const PATIENCE: Duration = Duration::from_secs(20);

    /// With a word at which the engine breaks.
    fn broken(clock: fn() -> u64) -> Engine {
        let mut engine = Engine::new(clock);
        engine.rhai().register_fn("breaks", || -> rhai::INT { panic!("it breaks, as it was told") });
        engine
    }

    #[test]
    fn an_engine_that_breaks_is_replaced_and_those_of_its_thread_are_told() {
        let (told, said) = channel();
        let pool =
            Pool::with(broken, move |message| told.send(message).expect("a test that listens")).expect("threads");
        let hear = || said.recv_timeout(PATIENCE).expect("an answer");
        let pid = |number| Pid::new(Creation::new(1), number);
        let scene = |pid| Scene { pid, node: NodeName::new("hub", "den").expect("a name"), now: 0, seed: 0, own: true };
        let give = |pid, step| pool.give(ToEngine::Step { pid, scene: scene(pid), step }).expect("room");
        let source = "fn init() { 0 } fn handle(state, from, n) { if n == 0 { breaks() } else { state + n } }";
        let begin = || Step::Init(Spawn { source: source.into(), ..Spawn::default() });
        let message = |n| Step::Event(Event::Timer { r#ref: 0, message: json!(n) });
        let threads = pool.threads() as u64;

        // Two on one thread, and one on another where there is one.
        let all = [0, threads, 1];
        for number in all {
            give(pid(number), begin());
            assert!(matches!(hear(), FromEngine::Stepped { stepped, .. } if stepped.then == Then::Wait));
        }
        give(pid(0), message(0));
        let FromEngine::Crashed { pids, reason } = hear() else { panic!("it did not break") };
        let mut expected = vec![pid(0), pid(threads)];
        expected.extend((threads == 1).then(|| pid(1)));
        expected.sort_unstable();
        expected.dedup();
        assert_eq!((pids, reason), (expected, Reason::error(BROKE)));
        if threads > 1 {
            give(pid(1), message(1));
            assert!(matches!(hear(), FromEngine::Stepped { stepped, .. } if stepped.then == Then::Wait));
        }
        give(pid(0), begin());
        assert!(matches!(hear(), FromEngine::Stepped { stepped, .. } if stepped.then == Then::Wait));
    }
}
