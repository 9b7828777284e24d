//! Line mode: a prompt, and a line for each thing that happens, in the words of the original. For screen readers, pipes and
//! tests. The terminal is left as it is: the kernel edits what is typed.

mod ending;
mod input;
mod output;
mod printed;
mod showing;

use std::io::{IsTerminal, stdin, stdout};
use std::time::Duration;

use shared::command::{self, Command};
use shared::message::Connected;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use self::input::Typed;
use self::output::Output;
use crate::asking::tell;
use crate::chat::{Chat, Event, words};
use crate::clean;
use crate::exit::{Code, Failure};
use crate::joining::Opened;
use crate::stopping::Stop;

/// Lines not yet on the hub's disk while more is read: a pipe may hold more than can wait.
const UNSENT: usize = 100;

/// Unread lines shown of each place at the start: a screen's worth.
const UNREAD: usize = 20;

/// How long the prompt waits for them.
const UNREAD_WITHIN: Duration = Duration::from_secs(1);

/// Where nobody types: how long what was read may wait for a hub that takes none of it, before all is given up. One that is
/// restarted is back by then.
const PATIENCE: Duration = Duration::from_secs(10);

/// The same for a hub that is gone, while more is to be read: its machine may be restarted, and a script that goes on for
/// days is to outlive that.
const PATIENCE_WHILE_GONE: Duration = Duration::from_secs(60);

/// Waiting for the hub to take what was read.
#[derive(Clone, Copy)]
struct Patience {
    /// The fewest lines that waited.
    unsent: usize,
    /// Whether the hub is there.
    online: bool,
    since: Instant,
}

/// Why it ends.
enum End {
    /// `/quit`.
    Left,
    NoMoreInput,
    /// The line of that number is not UTF-8.
    NotUtf8(u64),
    Stopped(Code),
    /// The hub takes nothing of what waits, or is gone.
    Stuck,
    /// Where nobody types: the command of that line did not lead elsewhere, so that what follows it is not for here.
    Astray(u64),
    /// Nobody reads what is printed.
    Gone,
    Failed(Failure),
}

struct Plain {
    chat: Chat,
    typed: mpsc::Receiver<Typed>,
    /// Lines taken so far.
    lines: u64,
    /// A command that waits until what was typed before it is said: it may lead elsewhere, or look at it.
    held: Option<String>,
    /// Where nobody types: a command that leads elsewhere is under way; and one was refused.
    leading: bool,
    astray: bool,
    /// Since something is awaited.
    patience: Option<Patience>,
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

/// Whether what is typed behind this line is for elsewhere.
fn leads(line: &str) -> bool {
    let name = line.split_whitespace().next().unwrap_or_default();
    ["/join", "/leave"].iter().any(|leading| name.eq_ignore_ascii_case(leading))
}

/// Waits until then; for ever where there is no such time.
async fn reached(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
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
        lines: 0,
        held: None,
        leading: false,
        astray: false,
        patience: None,
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
            if let Some(end) = self.obey_held() {
                return end;
            }
            self.prompt();
            let (waits, more) = (self.waits(), !self.typed.is_closed());
            let until = self.patience(waits, more);
            let step = self.step(until, stop).await;
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

    async fn step(&mut self, until: Option<Instant>, stop: &mut Stop) -> Step {
        let Self { chat, typed, held, output, person, .. } = self;
        // A line is for where one is once what was typed before it is done; a script reads answers in the order of its
        // questions.
        let done = if *person { !chat.moving() } else { !chat.busy() };
        let ready = done && held.is_none() && chat.unsent() < UNSENT;
        tokio::select! {
            code = stop.asked() => Step::End(End::Stopped(code)),
            gone = output.gone() => Step::End(gone.map_or_else(End::Failed, |()| End::Gone)),
            () = reached(until) => Step::End(End::Stuck),
            events = chat.next() => Step::Events(events),
            typed = typed.recv(), if ready => Step::Typed(typed),
        }
    }

    /// Obeys the command that waits, once it may. Tells if one did not lead elsewhere as it should have.
    fn obey_held(&mut self) -> Option<End> {
        let (said, online) = (self.chat.unsent() == 0, self.chat.online());
        // A person sees that there is no hub, and who leaves needs none.
        let leaves = self.held.as_ref().is_some_and(|line| matches!(command::parse(line), Ok(Some(Command::Quit))));
        let free = if self.person || leaves { said || !online } else { said && online };
        if let Some(line) = self.held.take_if(|_| free) {
            self.leading = !self.person && leads(&line);
            self.enter(&line);
        }
        self.leading &= self.chat.busy();
        self.astray.then_some(End::Astray(self.lines))
    }

    /// Whether a script's next line waits for the hub to take what stands before it.
    fn waits(&self) -> bool {
        !self.person && (self.held.is_some() || self.chat.unsent() >= UNSENT)
    }

    /// Until when there is patience, with `more` to be read or not: it begins anew with each line that the hub takes, and
    /// where it goes or comes back.
    fn patience(&mut self, waits: bool, more: bool) -> Option<Instant> {
        let (unsent, online) = (self.chat.unsent(), self.chat.online());
        let within = if more && !online { PATIENCE_WHILE_GONE } else { PATIENCE };
        self.patience = match self.patience {
            _ if !waits => None,
            Some(before) if unsent >= before.unsent && online == before.online => Some(before),
            _ => Some(Patience { unsent, online, since: Instant::now() }),
        };
        self.patience.map(|patience| patience.since + within)
    }

    fn obey(&mut self, typed: Typed) -> Option<End> {
        self.lines += 1;
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
        self.astray |= self.leading;
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
}
