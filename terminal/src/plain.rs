//! Line mode: a prompt, and a line for each thing that happens, in the words of the original. For screen readers, pipes and
//! tests. The terminal is left as it is: the kernel edits what is typed.

mod input;
mod output;
mod printed;
mod showing;

use std::io::{IsTerminal, stdin, stdout};
use std::time::Duration;

use shared::message::Connected;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use self::input::Typed;
use self::output::Output;
use crate::asking::tell;
use crate::chat::{Chat, Event, words};
use crate::clean;
use crate::exit::{Code, Failure};
use crate::joining::{LEAVING, Opened};
use crate::stopping::Stop;

/// Lines not yet on the hub's disk while more is read: a pipe may hold more than can wait.
const UNSENT: usize = 100;

/// Unread lines shown of each place at the start: a screen's worth.
const UNREAD: usize = 20;

/// How long the prompt waits for them.
const UNREAD_WITHIN: Duration = Duration::from_secs(1);

/// At the end of the input: how long a hub that is gone is waited for while something is still to be said. One that is
/// restarted is back by then.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why it ends.
enum End {
    /// `/quit`.
    Left,
    NoMoreInput,
    /// The line of that number is not UTF-8.
    NotUtf8(u64),
    Stopped(Code),
    /// Nobody reads what is printed.
    Gone,
    Failed(Failure),
}

struct Plain {
    chat: Chat,
    typed: mpsc::Receiver<Typed>,
    /// A command that waits until what was typed before it is said: it may lead elsewhere, or look at it.
    held: Option<String>,
    output: Output,
    /// Somebody types, and has ended the prompt's line by that.
    person: bool,
    /// Somebody sees what is printed: it counts as read.
    seen: bool,
    /// The prompt stands, and nothing behind it but what is being typed; nothing at all in a pipe.
    prompted: bool,
    /// Nothing that was typed waits for what it leads to, but for the prompt.
    due: bool,
    /// Something was refused.
    refused: bool,
    /// The connection was lost, and that was said.
    lost: bool,
}

/// What happened.
enum Step {
    Events(Vec<Event>),
    Typed(Option<Typed>),
    End(End),
}

/// Shows the chat line by line until the person leaves, or the input ends and all of it is said.
///
/// # Errors
/// If the hub lets us in no more, input is not UTF-8, or not all was said.
pub async fn run(mut opened: Opened, stop: &mut Stop) -> Result<Code, Failure> {
    if let Some(warning) = opened.warning.take() {
        tell(&warning, "\n");
    }
    let seen = stdout().is_terminal();
    let connected = opened.connected.clone();
    let mut plain = Plain {
        chat: Chat::new(opened).line_by_line(),
        typed: input::read(),
        held: None,
        output: Output::open(),
        person: stdin().is_terminal() && seen,
        seen,
        prompted: false,
        due: true,
        refused: false,
        lost: false,
    };
    let end = match plain.begin(&connected, stop).await {
        Ok(()) => plain.go_on(stop).await,
        Err(end) => end,
    };
    plain.end(end, stop).await
}

impl Plain {
    async fn begin(&mut self, connected: &Connected, stop: &mut Stop) -> Result<(), End> {
        let Connected { room, users, count, .. } = connected;
        let first = format!("Connected\n{}\n* Type /help for options *", words::joined(room, users, *count));
        self.print(&printed::words(&first));
        if !self.seen {
            return Ok(());
        }
        // What comes meanwhile is among what is unread, or is shown behind it.
        let mut events = Vec::new();
        let loaded = async {
            while !self.chat.online() || self.chat.load_unread() {
                events.append(&mut self.chat.next().await);
            }
        };
        tokio::select! {
            code = stop.asked() => return Err(End::Stopped(code)),
            _ = timeout(UNREAD_WITHIN, loaded) => {}
        }
        let shown = self.show_unread();
        events.retain(|event| match event {
            Event::Heard { place, entry, .. } => !shown.iter().any(|(there, to)| there.is(place) && entry.seq() <= *to),
            _ => true,
        });
        self.show(events).map_or(Ok(()), Err)
    }

    async fn go_on(&mut self, stop: &mut Stop) -> End {
        loop {
            if self.chat.unsent() == 0 || !self.chat.online() {
                let held = self.held.take();
                held.into_iter().for_each(|line| self.enter(&line));
            }
            self.prompt();
            let step = self.step(stop).await;
            let end = match step {
                Step::Events(events) => self.show(events),
                Step::Typed(Some(typed)) => self.obey(typed),
                Step::Typed(None) => Some(End::NoMoreInput),
                Step::End(end) => Some(end),
            };
            if let Some(end) = end {
                return end;
            }
        }
    }

    async fn step(&mut self, stop: &mut Stop) -> Step {
        let Self { chat, typed, held, output, person, .. } = self;
        // A line is for where one is once what was typed before it is done; a script reads answers in the order of its
        // questions.
        let done = if *person { !chat.moving() } else { !chat.busy() };
        let ready = done && held.is_none() && chat.unsent() < UNSENT;
        tokio::select! {
            code = stop.asked() => Step::End(End::Stopped(code)),
            () = output.gone() => Step::End(End::Gone),
            events = chat.next() => Step::Events(events),
            typed = typed.recv(), if ready => Step::Typed(typed),
        }
    }

    fn obey(&mut self, typed: Typed) -> Option<End> {
        // Whoever typed it has ended the prompt's line; what came by a pipe is not seen.
        if self.person {
            (self.prompted, self.due) = (false, true);
        }
        let line = match typed {
            Typed::Line(line) => line,
            Typed::TooLong(number) => {
                let kib = shared::wire::MAX_TEXT / 1024;
                self.refuse(&format!("Line {number} is longer than the {kib} KiB that can be said; it was not said."));
                return None;
            }
            Typed::NotUtf8(number) => return Some(End::NotUtf8(number)),
        };
        if line.trim_start().starts_with('/') {
            self.held = Some(line);
        } else {
            self.enter(&line);
        }
        None
    }

    fn enter(&mut self, line: &str) {
        if let Err(words) = self.chat.enter(line) {
            self.refuse(&words);
        }
    }

    /// Says why something was not done, to whoever types, or beside what a script reads.
    fn refuse(&mut self, words: &str) {
        self.refused = true;
        if self.person {
            self.print(&printed::words(words));
        } else {
            tell(&clean::line(&format!("hubbub: {words}")), "\n");
        }
    }

    /// Prints lines: below the prompt, if that stands.
    fn print(&mut self, lines: &str) {
        if !lines.is_empty() {
            let below = if std::mem::take(&mut self.prompted) { "\n" } else { "" };
            self.output.print(format!("{below}{lines}"));
            self.due = true;
        }
    }

    /// Prints the prompt where it is due, and all that was asked for was told. In a pipe as well, as the original did: who
    /// drives the program by one waits for it.
    fn prompt(&mut self) {
        // What a person typed ahead has ended the prompt's line before that stood.
        let ahead = self.person && !self.typed.is_empty();
        let done = self.held.is_none() && !ahead && !self.chat.busy();
        if self.due && !self.prompted && done {
            self.output.print(format!("{}> ", clean::line(self.chat.node())));
            (self.prompted, self.due) = (true, false);
        }
    }

    /// Leaves in good order; the code to end with.
    async fn end(mut self, end: End, stop: &mut Stop) -> Result<Code, Failure> {
        let end = match end {
            End::NoMoreInput | End::NotUtf8(_) => self.say_the_rest(end, stop).await,
            end => end,
        };
        if std::mem::take(&mut self.prompted) {
            self.output.print("\n".to_owned());
        }
        let hub = self.chat.hub().clone();
        let (unsent, kept) = tokio::select! {
            code = stop.asked() => return Ok(code), // asked a second time: at once
            left = self.chat.leave() => left,
        };
        _ = timeout(LEAVING, self.output.finish()).await; // one that is stuck is not waited for
        let unsent = not_said(&unsent, kept, &hub.to_string());
        match end {
            End::Failed(failure) => Err(failure),
            End::NotUtf8(number) => {
                let words = format!(
                    "Line {number} of the input is not UTF-8. What stands before it was said, and nothing else."
                );
                Err(Failure::new(Code::Input, words))
            }
            End::Stopped(code) => {
                if let Some(failure) = unsent {
                    tell(&format!("hubbub: {failure}"), "\n");
                }
                Ok(code)
            }
            End::Gone => Ok(Code::Done),
            End::Left | End::NoMoreInput => match unsent {
                Some(failure) => Err(failure),
                // Somebody who types has seen what was refused; a script sees the code.
                None if self.refused && !self.person => Ok(Code::Failed),
                None => Ok(Code::Done),
            },
        }
    }

    /// The input has ended: waits until all is on the hub's disk, and all that was asked for was told.
    async fn say_the_rest(&mut self, end: End, stop: &mut Stop) -> End {
        let mut patience = Instant::now() + PATIENCE;
        while self.chat.unsent() > 0 || self.chat.busy() {
            if self.chat.online() {
                patience = Instant::now() + PATIENCE;
            }
            let Self { chat, output, .. } = self;
            let events = tokio::select! {
                code = stop.asked() => return End::Stopped(code),
                () = output.gone() => return End::Gone,
                () = sleep_until(patience) => {
                    if self.chat.online() {
                        continue;
                    }
                    return end;
                }
                events = chat.next() => events,
            };
            if let Some(end) = self.show(events) {
                return end;
            }
        }
        end
    }
}

/// That lines were not said, and what becomes of them.
fn not_said(unsent: &[String], kept: bool, hub: &str) -> Option<Failure> {
    if unsent.is_empty() {
        return None;
    }
    if !kept {
        tell("These lines were not said:", "\n");
        for line in unsent {
            tell(&printed::words(line), "");
        }
    }
    let count = unsent.len();
    let lines = if count == 1 { "1 line was".to_owned() } else { format!("{count} lines were") };
    let then = if kept { " They are kept, and said the next time you join it." } else { "" };
    Some(Failure::new(Code::NoHub, format!("The hub at {hub} went away before {lines} on its disk.{then}")))
}
