//! The programs that everybody has: those of the texts that Hubbub comes from.

use std::sync::Arc;

use crate::limits::MAX_OWN;

/// A program by its name.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    pub name: &'static str,
    pub source: &'static str,
}

macro_rules! examples {
    ($($name:literal)*) => {
        &[$(Example { name: $name, source: include_str!(concat!("../../programs/", $name, ".rhai")) }),*]
    };
}

/// All of them, by name.
pub const EXAMPLES: &[Example] =
    examples! { "factorial" "factorials" "hello" "map_server" "map_session" "ping" "ping_pong" "pong" "start" };

/// Whether this is one of the examples, byte for byte.
pub fn is_example(source: &str) -> bool {
    EXAMPLES.iter().any(|example| example.source == source)
}

/// Programs by their names: a person's own, and the examples.
#[derive(Clone, Default)]
pub struct Library {
    own: Vec<(String, Arc<str>)>,
}

impl Library {
    /// Puts one of the person's own in, in place of one of that name, or takes it out. More than [`MAX_OWN`] are not
    /// taken.
    pub fn set(&mut self, name: String, source: Option<Arc<str>>) {
        self.own.retain(|(known, _)| *known != name);
        if let Some(source) = source
            && self.own.len() < MAX_OWN
        {
            self.own.push((name, source));
        }
    }

    /// The program of that name; whoever is not trusted sees the examples alone.
    pub(crate) fn find(&self, name: &str, trusted: bool) -> Option<Arc<str>> {
        let own = self.own.iter().find(|(known, _)| trusted && known == name);
        let example = || EXAMPLES.iter().find(|example| example.name == name).map(|example| example.source.into());
        own.map(|(_, source)| Arc::clone(source)).or_else(example)
    }

    /// Whether this is the text of one of the person's own.
    pub(crate) fn is_own(&self, source: &str) -> bool {
        self.own.iter().any(|(_, known)| **known == *source)
    }
}

/// Whether it is run for its value: programs write their functions at the beginning of a line.
pub(crate) fn has_main(source: &str) -> bool {
    source.lines().any(|line| line.starts_with("fn main("))
}
