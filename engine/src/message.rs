//! What crosses to a thread that runs programs or to a Web Worker, and back. As JSON in the latter.

use serde::{Deserialize, Serialize};
use shared::process::{Pid, Reason, Scene, Step, Stepped};

use crate::examples::{EXAMPLES, Example};

/// What both ends of a Worker must agree on. A page of another version asks its person to load it again.
pub const VERSION: u32 = 1;

/// To an engine, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "nearly all are steps, and none is kept for long")]
pub enum ToEngine {
    /// A program of this node's person, by its name; none: there is no such one any more.
    Own { name: String, source: Option<String> },
    /// What this process begins with is a line of the prompt: statements, which use and keep the prompt's variables.
    Prompt { pid: Pid },
    /// Run this; [`FromEngine::Stepped`] is the answer.
    Step { pid: Pid, scene: Scene, step: Step },
    /// Let go of all that is held of this process.
    Forget { pid: Pid },
}

/// A program by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    pub name: String,
    pub source: String,
}

/// From an engine, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "nearly all are steps, and none is kept for long")]
pub enum FromEngine {
    /// The first word of a Worker: what people can say to it, which nobody else has to download.
    Ready {
        version: u32,
        words: Vec<String>,
        examples: Vec<Program>,
    },
    Stepped {
        pid: Pid,
        stepped: Stepped,
    },
    /// The engine broke; there is a new one now, which knows nothing of these processes.
    Crashed {
        pids: Vec<Pid>,
        reason: Reason,
    },
}

impl FromEngine {
    /// What a Worker says first.
    pub fn ready() -> Self {
        let program = |example: &Example| Program { name: example.name.to_owned(), source: example.source.to_owned() };
        let words = crate::words().map(str::to_owned).collect();
        Self::Ready { version: VERSION, words, examples: EXAMPLES.iter().map(program).collect() }
    }
}
