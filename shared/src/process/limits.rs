//! Every bound of processes and signals, with its unit and its reason.

use serde_json::Value;

use super::reason::Fault;
use crate::message::ErrorCode;

/// One signal as JSON, in bytes: with its envelope it fits one frame ([`crate::wire::MAX_FRAME`]).
pub const MAX_SIGNAL: usize = 60 * 1024;

/// A message between processes as JSON, in bytes: about what a program may hold.
pub const MAX_MESSAGE: usize = 32 * 1024;

/// Lists and maps within each other in a message: what a program's own values may be nested.
pub const MAX_DEPTH: usize = 32;

/// A call's time-out where none is named, in milliseconds: Erlang's.
pub const WITHIN: u32 = 5_000;
/// The shortest, in milliseconds.
pub const MIN_WITHIN: u32 = 1;
/// The longest, in milliseconds: whoever waits longer wants a message.
pub const MAX_WITHIN: u32 = 60_000;

/// Signals to one node that it has not taken yet: 250,000 a second at a millisecond there and back.
pub const WINDOW: u32 = 256;
/// The same in bytes of payload; one signal may always go.
pub const WINDOW_BYTES: u32 = 128 * 1024;

/// Signals that wait behind the window of one node, from all its senders: memory. Past it no step is begun.
pub const MAX_OUTGOING: usize = 1_024;
/// The same in bytes of payload, with all that the node itself owes: answers that are not taken. Past it, and past
/// [`MAX_UNANSWERED`] signals, the tie is given up: the other end asks for what it does not take.
pub const MAX_OUTGOING_BYTES: usize = 4 * 1024 * 1024;

/// Nodes that one node is tied to: 8 bytes each at the hub, and a picture of 200 nodes wants 200.
pub const MAX_TIES: usize = 1_024;
/// Those of the hub, with whom every node is tied that asks it anything: more than it has connections.
pub const MAX_TIES_HUB: usize = 65_536;

/// Messages in one mailbox, and their bytes; past either the process ends. The BEAM has no bound and dies of it.
pub const MAX_MAILBOX: usize = 1_024;
pub const MAX_MAILBOX_BYTES: usize = 1024 * 1024;
/// A mailbox more than half full for so many milliseconds ends its process: its senders rest meanwhile.
pub const MAILBOX_PATIENCE: u64 = 5_000;

/// A node that takes nothing for so many milliseconds while something waits for it is taken for gone: its processes would
/// have caught up, or have ended, within [`MAILBOX_PATIENCE`].
pub const TIE_PATIENCE: u64 = 10_000;

/// Calls and pings under way of one node, and of one process: memory, and a place is free again after a minute at most.
pub const MAX_CALLS: usize = 1_024;
pub const MAX_CALLS_OF_PROCESS: usize = 64;
/// Calls of others that a node has taken and not answered: what waits in mailboxes, and what servers put off.
pub const MAX_UNANSWERED: usize = 8_192;

/// Processes of a node: 10,000 idle ones are to cost 100 MiB at most, with their programs' states.
pub const MAX_PROCESSES: usize = 20_000;
/// Those of a tab: it has one engine.
pub const MAX_PROCESSES_TAB: usize = 200;
/// Of one owner (or node without nick) on another's node, so that one guest cannot fill it.
pub const MAX_GUESTS: usize = 1_000;
/// The same on a tab.
pub const MAX_GUESTS_TAB: usize = 50;

/// Links and monitors of one process, each: a supervisor has at most [`MAX_CHILDREN`] of them.
pub const MAX_LINKS: usize = 100;
pub const MAX_MONITORS: usize = 100;
/// Children of a supervisor.
pub const MAX_CHILDREN: usize = 50;
/// Restarts that a plan may allow within its time: enough to start all children twice, and a program that crashes at
/// once does not keep its node busy.
pub const MAX_RESTARTS: u32 = 100;
/// Timers of one process.
pub const MAX_TIMERS: usize = 100;
/// Prefixes of the store that one process watches.
pub const MAX_WATCHES: usize = 16;

/// A program's source, in bytes; with its arguments it fits one signal.
pub const MAX_SOURCE: usize = 32 * 1024;
/// What lists call a program, in bytes: as the names of processes.
pub const MAX_PROGRAM: usize = 64;
/// Arguments of a spawn as JSON, in bytes.
pub const MAX_ARGS: usize = 16 * 1024;

/// Acts of one step: a program's batch; more is a loop.
pub const MAX_ACTS: usize = 256;

/// A program's own words about its end, in bytes: one line.
pub const MAX_SAID: usize = 256;
/// One printed text, in bytes; a longer one is cut.
pub const MAX_PRINT: usize = 8 * 1024;
/// What one process prints in a second, in bytes: faster than anyone reads. Past it the process ends.
pub const OUTPUT: u64 = 64 * 1024;
/// Lines of one process within a minute.
pub const OUTPUT_LINES: u64 = 1_000;
/// What one leader shows of all that is printed for it in a second, in bytes; what is over is counted.
pub const LEADER_OUTPUT: u64 = 64 * 1024;

/// A process ends after so many milliseconds: a day. What is to run for longer has a supervisor.
pub const LIFETIME: u64 = 24 * 60 * 60 * 1000;

/// A person who is asked answers within so many milliseconds, or the answer is no; it still reaches the asker, who waits
/// for [`MAX_WITHIN`].
pub const CONSENT: u64 = 55_000;
/// Spawns of others that wait for a person or a policy.
pub const MAX_CONSENTS: usize = 64;

/// Processes that `stats` names: those with the longest mailboxes.
pub const MAX_LISTED: usize = 100;

/// Puts and removes of a node's programs under way: the rest waits, and its process with it.
pub const MAX_PUTS: usize = 8;

/// A message that may be sent: at most [`MAX_MESSAGE`] bytes as JSON and [`MAX_DEPTH`] deep. Gives its bytes.
///
/// # Errors
/// `bad_message`, with the bound that it breaks.
pub fn check_message(message: &Value) -> Result<usize, Fault> {
    let words = match measure(message, MAX_DEPTH) {
        Some(bytes) if bytes <= MAX_MESSAGE => return Ok(bytes),
        Some(bytes) => format!("The message is {bytes} bytes long as JSON; at most {MAX_MESSAGE} fit."),
        None => format!("The message is nested more than {MAX_DEPTH} deep."),
    };
    Err(Fault::new(ErrorCode::BadMessage, words))
}

/// The bytes of a value as JSON; none where it is nested deeper than that.
pub fn measure(value: &Value, depth: usize) -> Option<usize> {
    let depth_left = || depth.checked_sub(1);
    Some(match value {
        Value::Null => 4,
        Value::Bool(truth) => 5 - usize::from(*truth),
        // At most: no number is written in more than that.
        Value::Number(_) => 24,
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let depth = depth_left()?;
            let mut bytes = 2;
            for item in items {
                bytes += measure(item, depth)? + 1;
            }
            bytes
        }
        Value::Object(fields) => {
            let depth = depth_left()?;
            let mut bytes = 2;
            for (name, item) in fields {
                bytes += quoted(name) + measure(item, depth)? + 2;
            }
            bytes
        }
    })
}

/// A text as JSON writes it, in bytes.
fn quoted(text: &str) -> usize {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' | 0x08 | 0x09 | 0x0a | 0x0c | 0x0d => 1,
        0..0x20 => 5,
        _ => 0,
    };
    2 + text.len() + text.bytes().map(escaped).sum::<usize>()
}
