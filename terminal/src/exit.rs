//! How the program ends: codes that scripts can rely on, and one sentence for people.

use std::process::ExitCode;

use crate::clean;

/// What the program ends with. The numbers are a promise: `--help` and the man page list them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// It was done.
    Done = 0,
    /// It was refused, or it failed; also `pang`, and no value under that key.
    Failed = 1,
    /// The command line was not understood.
    Usage = 2,
    /// No hub was found or could be reached, or it went away before all was done.
    NoHub = 3,
    /// The hub wants a cookie, or another one.
    Cookie = 4,
    /// There is no nick, or it cannot be had.
    Nick = 5,
    /// The hub speaks another version of the protocol.
    Version = 6,
    /// What is remembered of hubs is damaged, or others can read it.
    Remembered = 7,
    /// The terminal or the input cannot be used: too small, or not UTF-8.
    Input = 8,
    /// Stopped by Ctrl-C or Ctrl-\.
    Interrupted = 130,
    /// Stopped by SIGTERM.
    Terminated = 143,
}

/// The table of codes, for `--help` and the man page.
pub const CODES: &str = "\
Exit codes:
  0    done; what was said is on the hub's disk
  1    refused, or failed; also pang, and no value under that key
  2    the command line was not understood
  3    no hub was found or reached, or it went away before all was done
  4    the hub wants a cookie, or another one
  5    there is no nick, or it cannot be had
  6    the hub speaks another version of the protocol
  7    what is remembered of hubs is damaged, or others can read it
  8    the terminal or the input cannot be used: too small, or not UTF-8
  130  stopped by Ctrl-C or Ctrl-\\
  143  stopped by SIGTERM
Who reads the output may go away: that ends the program quietly, with 0.";

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

/// Why something was not done. Displays as one clean line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub code: Code,
    /// What is wrong, and what to do.
    pub words: String,
}

impl Failure {
    /// A failure with these words.
    pub fn new(code: Code, words: impl Into<String>) -> Self {
        Self { code, words: words.into() }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&clean::line(&self.words))
    }
}

impl std::error::Error for Failure {}
