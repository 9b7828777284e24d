//! Programs on this node: which of them others may have run here, and what runs them.

#[cfg(feature = "programs")]
mod pool;

use std::sync::Arc;

use serde_json::Value;
use shared::message::ErrorCode;
use shared::process::{Fault, Origin, Spawn};

#[cfg(feature = "programs")]
pub(crate) use self::pool::Running;

/// A program that is to run somewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    spawn: Spawn,
}

impl Program {
    /// A program by its text, which is Rhai; the name is what lists call it.
    pub fn new(name: &str, source: &str) -> Self {
        Self { spawn: Spawn { program: name.to_owned(), source: source.into(), ..Spawn::default() } }
    }

    /// One of those that come with Hubbub, such as `pong`: the hub runs them by default. None if there is none of that
    /// name.
    #[cfg(feature = "programs")]
    pub fn example(name: &str) -> Option<Self> {
        let example = engine::examples::EXAMPLES.iter().find(|example| example.name == name)?;
        Some(Self::new(example.name, example.source))
    }

    /// What it begins with: what its `init` or `main` is given.
    #[must_use]
    pub fn with(mut self, args: impl IntoIterator<Item = impl Into<Value>>) -> Self {
        self.spawn.args = args.into_iter().map(Into::into).collect();
        self
    }

    /// Registered under that name before it begins.
    #[must_use]
    pub fn registered(mut self, name: &str) -> Self {
        self.spawn.name = Some(name.to_owned());
        self
    }

    /// With the request's own wishes.
    pub(crate) fn spawn(self) -> Spawn {
        // Whoever spawns it wants to hear of its end; the number is the table's to choose.
        Spawn { monitor: Some(0), ..self.spawn }
    }
}

/// Says whether a node runs a program for whoever wants it to.
pub type Rule = dyn Fn(&Origin, &Spawn) -> bool + Send + Sync;

/// Which programs of others a node runs.
#[derive(Clone, Default)]
pub enum Programs {
    /// None.
    #[default]
    None,
    /// Those that come with Hubbub, whoever asks.
    Examples,
    /// Those of other nodes of this node's own nick, by its owner.
    Own,
    /// Those that this says yes to: at once, and without asking the client for anything, which waits meanwhile.
    Ask(Arc<Rule>),
    /// All of them, whoever asks.
    All,
}

impl Programs {
    #[cfg(feature = "programs")]
    fn may(&self, who: &Origin, own: bool, spawn: &Spawn) -> Result<(), Fault> {
        let may = match self {
            Self::None => false,
            Self::Examples => engine::examples::is_example(&spawn.source),
            Self::Own => own,
            Self::Ask(says) => says(who, spawn),
            Self::All => true,
        };
        if may { Ok(()) } else { Err(refused()) }
    }
}

fn refused() -> Fault {
    Fault::new(ErrorCode::NotAllowed, "This node does not run that program for you.")
}

/// What a node that is built without an engine has in its place.
#[cfg(not(feature = "programs"))]
#[derive(Default)]
pub(crate) struct Running {}

#[cfg(not(feature = "programs"))]
mod without {
    use shared::process::{Fault, Origin, Pid, Reason, Scene, Spawn, Step};

    use super::{Programs, Running, refused};

    impl Running {
        pub(crate) fn allow(&mut self, _: Programs) {}

        pub(crate) fn may(&self, _: &Origin, _: bool, _: &Spawn) -> Result<(), Fault> {
            Err(refused())
        }

        pub(crate) fn step(&mut self, _: Pid, _: Scene, _: Step) -> Result<(), Reason> {
            Err(Reason::error("This node is built without an engine for programs."))
        }

        pub(crate) fn forget(&mut self, _: Pid) {}

        pub(crate) fn give(&mut self) {}

        pub(crate) fn end(&mut self) {}
    }
}
