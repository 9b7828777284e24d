//! Questions to the person at the terminal. They are answered line by line, on the terminal as it is; what is secret is not
//! shown while it is typed. Never asked where standard input is no terminal: it holds lines to be said.

use std::io::{BufRead, ErrorKind, Read, Write, stderr, stdin};

use tokio::sync::oneshot;

use crate::exit::{Code, Failure};
use crate::stopping::Stop;

/// The longest answer, in bytes: an invitation link many times over.
const LONGEST: u64 = 4 * 1024;

/// Asks, and gives the answer without the spaces round it; none where there is no more input.
///
/// # Errors
/// If the program is asked to end meanwhile, or what is typed is no UTF-8.
pub async fn ask(question: &str, stop: &mut Stop) -> Result<Option<String>, Failure> {
    tell(question, "");
    let (answer, answered) = oneshot::channel();
    // A thread of its own, as nothing else can be waited for beside the terminal; one that waits in vain ends with the
    // program. It takes no more than a line, so that whoever reads next misses nothing.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = stdin().lock().take(LONGEST).read_line(&mut line);
        answer.send(read.map(|_| line)).ok(); // else the program ends
    });
    tokio::select! {
        code = stop.asked() => {
            tell("\n", "");
            Err(Failure::new(code, ""))
        }
        line = answered => match line {
            Ok(Ok(line)) if line.is_empty() => {
                tell("\n", "");
                Ok(None)
            }
            Ok(Ok(line)) => Ok(Some(line.trim().to_owned())),
            Ok(Err(error)) if error.kind() == ErrorKind::InvalidData => {
                Err(Failure::new(Code::Input, "What was typed is not UTF-8. Is the terminal set to another encoding?"))
            }
            Ok(Err(_)) | Err(_) => Ok(None),
        }
    }
}

/// The same for a secret, which is not shown.
///
/// # Errors
/// As [`ask`].
pub async fn ask_hidden(question: &str, stop: &mut Stop) -> Result<Option<String>, Failure> {
    let hidden = Hidden::begin();
    let answer = ask(question, stop).await;
    if hidden.is_some() && matches!(answer, Ok(Some(_))) {
        tell("\n", ""); // the one that was typed was not shown either
    }
    answer
}

/// Tells the person something, beside what is printed for programs. `words` is ours, or clean.
pub fn tell(words: &str, end: &str) {
    let mut out = stderr();
    _ = write!(out, "{words}{end}").and_then(|()| out.flush()); // where nobody reads it, nobody misses it
}

/// While it lives, the terminal does not show what is typed.
#[cfg(unix)]
struct Hidden(rustix::termios::Termios);

#[cfg(unix)]
impl Hidden {
    fn begin() -> Option<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

        let before = tcgetattr(stdin()).ok()?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        // What was typed before is no answer to this question.
        tcsetattr(stdin(), OptionalActions::Flush, &hidden).ok()?;
        Some(Self(before))
    }
}

#[cfg(unix)]
impl Drop for Hidden {
    fn drop(&mut self) {
        let now = rustix::termios::OptionalActions::Now;
        rustix::termios::tcsetattr(stdin(), now, &self.0).ok(); // there is no terminal any more
    }
}

#[cfg(not(unix))]
struct Hidden;

#[cfg(not(unix))]
impl Hidden {
    fn begin() -> Option<Self> {
        None
    }
}
