//! The full screen: rooms, talk, people, and a line to type in. In the order in which data flows:
//!
//! | module | what it holds |
//! |---|---|
//! | `tty` | the terminal, taken and given back |
//! | `output` | frames on their way to it |
//! | `input` | what is typed, pasted and clicked |
//! | `keys` | what each key is for |
//! | `acting` | what keys and events do to the chat and to what is shown of it |
//! | `state`, `draft`, `composer`, `history`, `scroll`, `choice` | what is shown beside the chat: what is typed and what for, which rows are in view, which line is chosen |
//! | `outlook` | what there is to be seen of the chat |
//! | `rows`, `markup`, `wrap` | rows of the transcript as lines of so many columns |
//! | `theme`, `ink` | how words look; the one place where they become the screen's, clean |
//! | `view` | the screen, part by part |

mod acting;
mod choice;
mod composer;
mod draft;
mod history;
mod ink;
mod input;
mod keys;
mod markup;
mod outlook;
mod output;
mod rows;
mod scroll;
mod state;
mod theme;
mod tty;
mod view;
mod wrap;

use std::io::{self, Write, stderr};
use std::time::Duration;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep_until};

use self::acting::{Next, Screen};
use self::input::Input;
use self::theme::Theme;
use self::tty::Tty;
use crate::chat::Chat;
use crate::exit::{Code, Failure};
use crate::joining::Opened;
use crate::stopping::{Stop, hung_up};

/// So long after a frame the next is drawn at the soonest, where no key asks for it: thirty a second are read as motion,
/// and what they cost is left for what arrives.
const FRAME: Duration = Duration::from_millis(33);

/// How often a screen is drawn on which time passes: seconds until the next attempt, who is writing.
const TICK: Duration = Duration::from_secs(1);

/// Keys that are taken before a frame: more than anybody types in that time.
const AT_ONCE: usize = 64;

/// Without a key for so long, others see that nobody is here.
const AWAY: Duration = Duration::from_secs(10 * 60);

/// Whether there is room for the screen.
///
/// # Errors
/// If the terminal is too small, or does not tell how large it is.
pub fn fits() -> Result<(), Failure> {
    room(crossterm::terminal::size().unwrap_or(view::LEAST))
}

fn room((columns, rows): (u16, u16)) -> Result<(), Failure> {
    let (least_columns, least_rows) = view::LEAST;
    if columns == 0 || rows == 0 {
        // A serial line, for one: nothing could be drawn.
        let words = "This terminal does not tell its size. Set it: stty rows 24 cols 80; or use hubbub --plain.";
        return Err(Failure::new(Code::Input, words));
    }
    if columns < least_columns || rows < least_rows {
        let words = format!(
            "This terminal has {columns}×{rows} characters, and the full screen needs {least_columns}×{least_rows}. \
             Make it larger, or use hubbub --plain."
        );
        return Err(Failure::new(Code::Input, words));
    }
    Ok(())
}

/// Shows the chat until the person leaves.
///
/// # Errors
/// If the terminal cannot be used, or the hub does not want this node any more.
pub async fn run(opened: Opened, stop: &mut Stop) -> Result<Code, Failure> {
    let mut screen = Screen::new(Chat::new(opened), Theme::from_environment());
    let (ended, heard) = match fits().and_then(|()| taken(Tty::take(true))) {
        Ok(mut tty) => (show(&mut screen, &mut tty, stop).await, tty.end()),
        Err(failure) => (Err(failure), true),
    };
    // A terminal that is gone is no failure of anything.
    let ended = if hung_up() { Ok(Ended::Stopped(Code::Terminated)) } else { ended };
    let why = screen.chat.shut_out();
    let (unsaid, kept) = tokio::select! {
        left = screen.chat.leave() => left,
        code = stop.insisted() => return Ok(code),
    };
    // One that takes nothing more would keep the program for as long as it does.
    if !unsaid.is_empty() && heard {
        let later = if kept { "They are kept, and said the next time." } else { "They are lost unless you copy them." };
        let _ = writeln!(stderr(), "hubbub: the hub did not take these lines. {later}"); // perhaps nobody is there
        for line in unsaid.iter().flat_map(|text| crate::clean::lines(text)) {
            let _ = writeln!(stderr(), "  {line}");
        }
    }
    let failure = match ended {
        Ok(Ended::Left) => return Ok(Code::Done),
        Ok(Ended::Stopped(code)) => return Ok(code),
        Ok(Ended::Unwanted) => why.unwrap_or_else(|| Failure::new(Code::NoHub, "The hub is gone.")),
        Err(failure) => failure,
    };
    // Nor are words for it printed.
    if heard { Err(failure) } else { Ok(failure.code) }
}

/// How the screen ended.
enum Ended {
    Left,
    Stopped(Code),
    /// The client has given up.
    Unwanted,
}

async fn show(screen: &mut Screen, tty: &mut Tty, stop: &mut Stop) -> Result<Ended, Failure> {
    let mut input = taken(Input::read())?;
    let (mut stopped, mut resumed, mut resized) = (Told::to_stop(), Told::to_go_on(), Told::of_another_size());
    // What is to be drawn, and how soon.
    let (mut wanted, mut at_once) = (true, true);
    let (mut drawn, mut ticked) = (Instant::now(), Instant::now());
    let mut last_key = Instant::now();
    let mut away = false;
    loop {
        // The terminal has not taken the frame before: what comes meanwhile is in the next.
        let mut busy = false;
        if wanted && (at_once || drawn.elapsed() >= FRAME) {
            busy = !taken(tty.draw(|frame| screen.draw(frame)))?;
            if !busy {
                screen.want();
                drawn = Instant::now();
                (wanted, at_once) = (false, false);
            }
        }
        screen.chat.ask_reach();
        let passes = screen.passes();
        let wake = match (wanted && !busy, passes) {
            (true, _) => drawn + FRAME,
            (false, true) => drawn.max(ticked) + TICK,
            (false, false) if away => Instant::now() + AWAY,
            (false, false) => last_key + AWAY,
        };
        let wake = screen.chat.reach_due().map_or(wake, |due| due.min(wake));
        screen.note_typed();
        let here = screen.chat.here().clone();
        let mut next = Vec::new();
        tokio::select! {
            // Keys before whatever pours in.
            biased;
            typed = input.next() => {
                // Nobody sits there any more.
                let Some(typed) = typed else { return Ok(Ended::Stopped(Code::Terminated)) };
                next.push(screen.input(typed));
                while next.len() < AT_ONCE && let Some(more) = input.at_hand() {
                    next.push(screen.input(more));
                }
                at_once = true;
                last_key = Instant::now();
                if std::mem::take(&mut away) {
                    screen.chat.away(false);
                }
            }
            code = stop.asked() => return Ok(Ended::Stopped(code)),
            () = stopped.came() => next.push(Next::Suspend),
            () = tty.freed(), if busy => {}
            () = resumed.came() => {
                taken(tty.resume())?;
                screen.chat.look();
                next.push(Next::Draw);
            }
            () = resized.came() => {
                next.push(Next::Draw);
                at_once = true;
            }
            events = screen.chat.next() => {
                next.extend(events.into_iter().map(|event| screen.event(event)));
                screen.arrived(&here);
            }
            () = sleep_until(wake) => {
                wanted |= passes;
                ticked = Instant::now();
                if !away && last_key.elapsed() >= AWAY {
                    away = true;
                    screen.chat.away(true);
                }
            }
        }
        for next in next {
            wanted |= next != Next::Rest;
            match next {
                Next::Draw | Next::Rest => {}
                Next::Redraw => taken(tty.resume())?,
                Next::Ring => tty.ring(),
                Next::Mouse(on) => tty.set_mouse(on),
                Next::Suspend if taken(tty.suspend())? => screen.chat.look(),
                Next::Suspend => screen.cannot_wait(),
                Next::Leave => return Ok(Ended::Left),
                Next::Interrupt => return Ok(Ended::Stopped(Code::Interrupted)),
                Next::End => return Ok(Ended::Unwanted),
            }
        }
    }
}

fn taken<T>(result: io::Result<T>) -> Result<T, Failure> {
    result.map_err(|error| {
        Failure::new(Code::Input, format!("The terminal cannot be used: {error}. Try hubbub --plain."))
    })
}

/// Something that the system tells a program at a terminal.
struct Told {
    /// What cannot be listened to never comes.
    #[cfg(unix)]
    signal: Option<Signal>,
}

impl Told {
    /// Somebody wants the process to stop for now.
    fn to_stop() -> Self {
        Self {
            #[cfg(unix)]
            signal: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw())).ok(),
        }
    }

    /// The process goes on after it was stopped.
    fn to_go_on() -> Self {
        Self {
            #[cfg(unix)]
            signal: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw())).ok(),
        }
    }

    /// The terminal has another size. Elsewhere that comes as what is typed does.
    fn of_another_size() -> Self {
        Self {
            #[cfg(unix)]
            signal: signal(SignalKind::window_change()).ok(),
        }
    }

    /// Waits for the next time. Cancel safe.
    async fn came(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_needs_a_size_that_it_tells() {
        assert!(room((80, 24)).is_ok() && room(view::LEAST).is_ok());
        for (size, words) in [((0, 0), "does not tell its size"), ((80, 0), "stty rows"), ((19, 24), "19×24")] {
            let failure = room(size).unwrap_err();
            assert_eq!(failure.code, Code::Input);
            assert!(failure.words.contains(words), "{failure}");
        }
    }
}
