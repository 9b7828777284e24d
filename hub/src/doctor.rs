//! `hub doctor`: looks for what may keep a hub from working, and says what to do.
//!
//! | module | what it does |
//! |---|---|
//! | `facts` | what is looked at: no hub is needed, and nothing is changed |
//! | `machine` | what only this operating system tells of itself |
//! | `judgement` | pure: what the facts mean, and what to do |

mod facts;
mod judgement;
mod machine;

use std::fmt;

use crate::config::Config;
use facts::Facts;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Ok,
    /// A hub works, and something may not be as it should.
    Warning,
    /// No hub works here, or it would lose something.
    Error,
}

/// What was found. Displays as one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub level: Level,
    pub what: String,
    /// What to do about it.
    pub advice: Option<String>,
}

impl Finding {
    fn ok(what: impl Into<String>) -> Self {
        Self { level: Level::Ok, what: what.into(), advice: None }
    }

    fn warning(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { level: Level::Warning, what: what.into(), advice: Some(advice.into()) }
    }

    fn error(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { level: Level::Error, what: what.into(), advice: Some(advice.into()) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Error => "error",
        };
        let advice = self.advice.as_deref().map_or_else(String::new, |advice| format!(". {advice}"));
        // A path may have any character.
        let line = format!("{level:<8} {}{advice}", self.what).replace(char::is_control, " ");
        f.write_str(&line)
    }
}

/// Looks at everything that a hub with this configuration would need. Takes a few seconds at most, and about one more for
/// each million entries of its log.
pub fn examine(config: &Config) -> Vec<Finding> {
    judgement::judge(&Facts::gather(config))
}
