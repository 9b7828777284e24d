//! One run of one step: what the words of programs read and write.
//!
//! A step that waits is run anew when what it waits for is here. So a word that wants something takes it from the log,
//! where it lies since an earlier run, and an act is done by the first run that gets to it. Both are counted, and the
//! counts are right because a run depends on nothing but its arguments, the scene and the log: no clock, no chance, no
//! order of a hash.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rhai::{Dynamic, EvalAltResult, Position};
use shared::process::limits::{MAX_ACTS, MAX_PRINT};
use shared::process::{Act, Brought, Limit, Reason, Scene, Want};

use crate::address::Address;
use crate::examples::Library;
use crate::limits::{MAX_OPERATIONS, MAX_TIME, MAX_WAITS, OPERATIONS_A_LOOK};
use crate::program::Program;

/// The turn that is running, as words share it; none between two.
pub(crate) type Running = Rc<RefCell<Option<Turn>>>;

/// What a word gives back.
pub(crate) type Spoken<T = Dynamic> = Result<T, Box<EvalAltResult>>;

/// What came of a reference that a program holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// The function that is to have the answer to a request.
    Then(String),
    /// What is monitored.
    Monitored(String),
}

/// What a step was brought, and when, in milliseconds since 1970 UTC.
pub(crate) type Log = Vec<(u64, Brought)>;

/// References that something is kept for.
pub(crate) type Refs = Vec<(u64, Kept)>;

pub(crate) struct Turn {
    pub(crate) scene: Scene,
    pub(crate) program: Rc<Program>,
    pub(crate) library: Rc<Library>,
    /// Whether its source is this node's person's own, so that it may say the names of their programs.
    pub(crate) trusted: bool,
    /// A line of the prompt, where programs are begun by their names.
    pub(crate) prompts: bool,
    /// A run of `main` or of a line of the prompt, which takes messages where it wants them.
    pub(crate) receives: bool,
    pub(crate) refs: Refs,
    pub(crate) next_ref: u64,
    pub(crate) log: Log,
    read: usize,
    /// Messages that came while others were wanted, in order.
    pub(crate) aside: Vec<(Option<Address>, Dynamic)>,
    /// Who sent the message that was taken last.
    pub(crate) sender: Option<Address>,
    random: u64,
    /// Acts of this run so far, those that were done by an earlier one included.
    acted: usize,
    done: usize,
    pub(crate) acts: Vec<Act>,
    pub(crate) end: Option<End>,
}

/// What ended a run before its end.
#[derive(Debug, PartialEq)]
pub(crate) enum End {
    Wants(Box<Want>),
    Exits(Reason),
}

impl Turn {
    pub(crate) fn new(scene: Scene, program: Rc<Program>, library: Rc<Library>) -> Self {
        let random = scene.seed;
        Self {
            scene,
            program,
            library,
            trusted: false,
            prompts: false,
            receives: false,
            refs: Refs::new(),
            next_ref: 1,
            log: Log::new(),
            read: 0,
            aside: Vec::new(),
            sender: None,
            random,
            acted: 0,
            done: 0,
            acts: Vec::new(),
            end: None,
        }
    }

    /// With what earlier runs were brought, and the acts that they have done.
    pub(crate) fn again(mut self, log: Log, done: usize) -> Self {
        self.log = log;
        self.done = done;
        self
    }

    /// Acts of all runs so far.
    pub(crate) fn acted(&self) -> usize {
        self.acted.max(self.done)
    }

    /// Does something, unless an earlier run has.
    pub(crate) fn act(&mut self, act: Act) -> Spoken<()> {
        self.goes_on()?;
        if self.acted >= MAX_ACTS {
            return Err(self.ends(Reason::Limit(Limit::Acts)));
        }
        if self.acted >= self.done {
            self.acts.push(act);
        }
        self.acted += 1;
        Ok(())
    }

    /// Shows a line, no longer than lines may be.
    pub(crate) fn print(&mut self, text: &str) -> Spoken<()> {
        let text = match text.len() {
            0..=MAX_PRINT => text.to_owned(),
            _ => format!("{}…", &text[..text.floor_char_boundary(MAX_PRINT - '…'.len_utf8())]),
        };
        self.act(Act::Print { text })
    }

    /// What an earlier run was brought here; if there was none, the run ends, wanting it.
    pub(crate) fn wait(&mut self, want: Want) -> Spoken<Brought> {
        self.goes_on()?;
        if let Some((_, brought)) = self.log.get(self.read) {
            self.read += 1;
            return Ok(brought.clone());
        }
        if self.read >= MAX_WAITS {
            return Err(self.ends(Reason::Limit(Limit::Waits)));
        }
        self.end = Some(End::Wants(Box::new(want)));
        Err(terminated())
    }

    /// Some of Rhai's own functions pass over what their callbacks end with.
    fn goes_on(&self) -> Spoken<()> {
        if self.end.is_none() { Ok(()) } else { Err(terminated()) }
    }

    /// When the run got here, in milliseconds since 1970 UTC: with what it was brought last.
    pub(crate) fn now(&self) -> u64 {
        self.read.checked_sub(1).and_then(|last| self.log.get(last)).map_or(self.scene.now, |(at, _)| *at)
    }

    /// Ends the run, and the process.
    pub(crate) fn ends(&mut self, reason: Reason) -> Box<EvalAltResult> {
        self.end.get_or_insert(End::Exits(reason));
        terminated()
    }

    /// A reference that no other of this process's is.
    pub(crate) fn reference(&mut self) -> u64 {
        let reference = self.next_ref;
        self.next_ref += 1;
        reference
    }

    /// The next random number: the same in each run of a step (splitmix64, Steele et al. 2014).
    pub(crate) fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// What no program can catch.
pub(crate) fn terminated() -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorTerminated(Dynamic::UNIT, Position::NONE))
}

/// Counts what a run takes.
pub(crate) struct Meter {
    /// Microseconds since some moment.
    clock: fn() -> u64,
    begun: Cell<u64>,
    /// Operations of this run, and of those before it of the same step.
    operations: Cell<u64>,
    before: Cell<u64>,
    over: Cell<Option<Limit>>,
    halted: Cell<bool>,
}

impl Meter {
    pub(crate) fn new(clock: fn() -> u64) -> Self {
        let zero = || Cell::new(0);
        Self {
            clock,
            begun: zero(),
            operations: zero(),
            before: zero(),
            over: Cell::new(None),
            halted: Cell::new(false),
        }
    }

    /// A run begins of a step that took so many operations before.
    pub(crate) fn begin(&self, before: u64) {
        self.begun.set((self.clock)());
        self.operations.set(0);
        self.before.set(before);
        self.over.set(None);
        self.halted.set(false);
    }

    /// Called with each operation of a run; whether it may go on.
    pub(crate) fn goes_on(&self, operations: u64) -> bool {
        self.operations.set(operations);
        if self.before.get() + operations > MAX_OPERATIONS {
            self.over.set(Some(Limit::Operations));
        } else if operations.is_multiple_of(OPERATIONS_A_LOOK) && self.micros() > MAX_TIME * 1_000 {
            self.over.set(Some(Limit::Time));
        }
        self.over.get().is_none() && !self.halted.get()
    }

    /// Ends the run with the next operation.
    pub(crate) fn halt(&self) {
        self.halted.set(true);
    }

    pub(crate) fn over(&self) -> Option<Limit> {
        self.over.get()
    }

    pub(crate) fn operations(&self) -> u64 {
        self.before.get() + self.operations.get()
    }

    /// Microseconds that this run has taken.
    pub(crate) fn micros(&self) -> u64 {
        (self.clock)().saturating_sub(self.begun.get())
    }
}
