//! What one step of a program may take, with units and reasons. What processes may hold and send stands in
//! [`shared::process::limits`].

/// Operations of one step, as Rhai counts them, in all its runs: some 20 ms of an optimised engine, natively.
pub const MAX_OPERATIONS: u64 = 200_000;

/// Of one run of a step, in milliseconds: nobody else of its thread gets on meanwhile. Operations bound what is
/// ordinary; this is for those that take long each, and leaves a machine that is busy with other things some air.
pub const MAX_TIME: u64 = 200;

/// Operations between two looks at the clock, which cost some 30 ns: one operation may compare all of two long lists.
pub const OPERATIONS_A_LOOK: u64 = 4;

/// Functions that call each other, in levels: a level takes some KiB of stack ([`STACK`]).
pub const MAX_DEPTH: usize = 32;

/// Expressions within each other, outside of functions and within: the parser is recursive as well.
pub const MAX_EXPRESSIONS: usize = 32;
pub const MAX_EXPRESSIONS_IN_FUNCTION: usize = 24;

/// A text in a program, in bytes: one message holds no longer one.
pub const MAX_TEXT: usize = 32 * 1024;

/// Items of a list or map, those nested in it included.
pub const MAX_ITEMS: usize = 2_048;

/// Variables in sight of one function, and at the prompt.
pub const MAX_VARIABLES: usize = 64;

/// Functions of one program.
pub const MAX_FUNCTIONS: usize = 100;

/// Texts that an engine keeps once for all its programs.
pub const MAX_INTERNED: usize = 1_024;

/// What a process keeps between two steps, as JSON, in bytes. With what it costs in memory, 10,000 idle processes stay
/// small only if their programs do.
pub const MAX_STATE: usize = 64 * 1024;

/// What a step that waits is brought in all, as JSON, in bytes, four of the longest messages: it is kept for the next run,
/// and many processes may wait at once.
pub const MAX_BROUGHT: usize = 128 * 1024;

/// How often one step may wait. It is run anew each time, so that more would cost what nobody expects.
pub const MAX_WAITS: usize = 32;

/// Programs that an engine keeps compiled, beyond those that are running.
pub const MAX_COMPILED: usize = 64;

/// Texts of all programs of one engine that differ, in bytes: what is read of one takes some twenty times as much.
pub const MAX_TEXTS: usize = 4 * 1024 * 1024;

/// A person's own programs.
pub const MAX_OWN: usize = 50;

/// Processes of one engine: as many as a native node may have.
pub const MAX_PROCESSES: usize = shared::process::limits::MAX_PROCESSES;

/// Processes whose steps are prompt lines, and so use the kept variables, at one time.
pub const MAX_PROMPTS: usize = 16;

/// Stack of a thread that runs programs, in bytes: [`MAX_DEPTH`] levels of the greediest functions in an
/// unoptimised engine, several times.
pub const STACK: usize = 16 * 1024 * 1024;

/// Threads that run programs on one machine at most: they are guests there.
pub const MAX_THREADS: usize = 4;

/// Steps that wait for a thread of the pool.
pub const MAX_QUEUED: usize = 1_024;

/// Arguments of a program that is begun by its name at the prompt.
pub const MAX_NAMED_ARGS: usize = 4;
