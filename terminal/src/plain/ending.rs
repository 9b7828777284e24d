//! The end: what is still to be said is said, the hub is left in good order, and what came of it is told.

use tokio::time::timeout;

use super::{End, Plain, printed, reached};
use crate::asking::tell;
use crate::exit::{Code, Failure};
use crate::joining::LEAVING;
use crate::stopping::{Stop, hung_up};

impl Plain {
    /// Leaves in good order; the code to end with.
    pub(super) async fn end(mut self, end: End, stop: &mut Stop) -> Result<Code, Failure> {
        let end = match end {
            End::NoMoreInput | End::NotUtf8(_) | End::Astray(_) if !self.is_hung_up() => {
                self.say_the_rest(end, stop).await
            }
            end => end,
        };
        // The input's end and what cannot be written any more are only how that is seen first.
        let end = if self.is_hung_up() { End::Stopped(Code::Terminated) } else { end };
        if std::mem::take(&mut self.prompted) {
            self.output.print("\n".to_owned());
        }
        let (hub, online, shut_out) = (self.chat.hub().clone(), self.chat.online(), self.chat.shut_out());
        let undone = self.undone();
        let (lines, kept) = tokio::select! {
            code = stop.insisted() => return Ok(code), // a second Ctrl-C: at once
            left = self.chat.leave() => left,
        };
        // One that is stuck is not waited for.
        let printed = timeout(LEAVING, self.output.finish()).await.unwrap_or(Ok(()));
        let unsaid = Unsaid::told(&lines, kept);
        let end = match (end, shut_out) {
            (End::Left | End::NoMoreInput | End::Stuck, Some(failure)) if unsaid.is_some() => End::Failed(failure),
            (end, _) => end,
        };
        match (end, printed) {
            (End::Stopped(code), _) => {
                if let Some(unsaid) = unsaid {
                    tell(&format!("hubbub: {}", unsaid.why(&hub.to_string(), online)), "\n");
                }
                Ok(code)
            }
            (End::Gone, _) => Ok(Code::Done),
            (End::Failed(failure), _) | (_, Err(failure)) => Err(with(failure, unsaid.as_ref())),
            (End::NotUtf8(number), _) => {
                let words = match unsaid {
                    None => "What stands before it was said, and nothing else.".to_owned(),
                    Some(unsaid) => format!("Nothing behind it was said. {unsaid}"),
                };
                Err(Failure::new(Code::Input, format!("Line {number} of the input is not UTF-8. {words}")))
            }
            (End::Astray(number), _) => {
                let failure = Failure::new(Code::Failed, format!("Nothing behind line {number} was said."));
                Err(with(failure, unsaid.as_ref()))
            }
            (End::Stuck, _) => {
                let mut failure = match unsaid {
                    Some(unsaid) => unsaid.why(&hub.to_string(), online),
                    None => Failure::new(Code::NoHub, format!("The hub at {hub} went away.")),
                };
                failure.words += &undone.map(|undone| format!(" {undone}")).unwrap_or_default();
                Err(failure)
            }
            (End::Left | End::NoMoreInput, _) => match unsaid {
                Some(unsaid) => Err(unsaid.why(&hub.to_string(), online)),
                // Somebody who types has seen what was refused; a script sees the code.
                None if self.refused && !self.person => Ok(Code::Failed),
                None => Ok(Code::Done),
            },
        }
    }

    /// Whether the terminal of who typed is gone.
    fn is_hung_up(&self) -> bool {
        self.person && hung_up()
    }

    /// From where on the input was not looked at; nothing where all of it was.
    fn undone(&self) -> Option<String> {
        let ended = self.held.is_none() && self.typed.is_closed() && self.typed.is_empty();
        let next = self.lines + u64::from(self.held.is_none());
        (!ended).then(|| format!("Nothing was done from line {next} of the input on."))
    }

    /// The input has ended: waits until all is on the hub's disk, and all that was asked for was told.
    async fn say_the_rest(&mut self, end: End, stop: &mut Stop) -> End {
        self.patience = None;
        while self.chat.unsent() > 0 || self.chat.busy() {
            // What was only asked for is answered in any case while there is a connection.
            let waits = self.chat.unsent() > 0 || !self.chat.online();
            let until = self.patience(waits, false);
            let Self { chat, output, .. } = self;
            let events = tokio::select! {
                code = stop.asked() => return End::Stopped(code),
                gone = output.gone() => return gone.map_or_else(End::Failed, |()| End::Gone),
                () = reached(until) => return end,
                events = chat.next() => events,
            };
            if let Some(end) = self.show(events) {
                return end;
            }
        }
        end
    }
}

/// Lines that were not said. Displays as what becomes of them, in a sentence or two.
struct Unsaid {
    count: usize,
    kept: bool,
}

impl Unsaid {
    /// None where all was said. What is not kept is told, so that it can be copied.
    fn told(lines: &[String], kept: bool) -> Option<Self> {
        if lines.is_empty() {
            return None;
        }
        if !kept {
            tell("These lines were not said:", "\n");
            for line in lines {
                tell(&printed::words(line), "");
            }
        }
        Some(Self { count: lines.len(), kept })
    }

    fn lines(&self) -> String {
        if self.count == 1 { "1 line was".to_owned() } else { format!("{} lines were", self.count) }
    }

    fn later(&self) -> &'static str {
        match (self.kept, self.count) {
            (false, _) => "",
            (true, 1) => " It is kept, and said the next time you join the hub.",
            (true, _) => " They are kept, and said the next time you join the hub.",
        }
    }

    /// Why, where the hub has not said so.
    fn why(&self, hub: &str, online: bool) -> Failure {
        let (lines, later) = (self.lines(), self.later());
        if online {
            let words = format!("The hub at {hub} is there, but {lines} not on its disk in time.{later}");
            Failure::new(Code::Failed, words)
        } else {
            Failure::new(Code::NoHub, format!("The hub at {hub} went away before {lines} on its disk.{later}"))
        }
    }
}

impl std::fmt::Display for Unsaid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} not said.{}", self.lines(), self.later())
    }
}

/// Together with what became of lines.
fn with(mut failure: Failure, unsaid: Option<&Unsaid>) -> Failure {
    failure.words += &unsaid.map(|unsaid| format!(" {unsaid}")).unwrap_or_default();
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_becomes_of_lines_is_told_by_how_many_they_are() {
        let unsaid = |count, kept| Unsaid { count, kept };
        assert_eq!(
            unsaid(1, true).to_string(),
            "1 line was not said. It is kept, and said the next time you join the hub."
        );
        assert_eq!(
            unsaid(2, true).to_string(),
            "2 lines were not said. They are kept, and said the next time you join the hub."
        );
        assert_eq!(unsaid(2, false).to_string(), "2 lines were not said.");
        let (gone, there) = (unsaid(1, false).why("den:4000", false), unsaid(1, false).why("den:4000", true));
        assert_eq!(gone.to_string(), "The hub at den:4000 went away before 1 line was on its disk.");
        assert_eq!(there.to_string(), "The hub at den:4000 is there, but 1 line was not on its disk in time.");
        assert_eq!((gone.code, there.code), (Code::NoHub, Code::Failed));
    }
}
