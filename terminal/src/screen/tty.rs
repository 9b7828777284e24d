//! The terminal as a full screen, and as it was before. However the program ends (in good order, by a panic, by a
//! signal), whoever sat in front of it gets the screen back that they had.

use std::io::{self, Write};
use std::panic;
use std::sync::{Arc, Mutex, Once, PoisonError};

use crossterm::event::{DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal};

use super::output::Output;

/// Buttons and the wheel, in coordinates without a bound (xterm's modes 1000 and 1006). Not the way of the mouse: over
/// a slow line each of its steps would be a message.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// Colours and weights as the terminal has them by itself.
const PLAIN: &[u8] = b"\x1b[0m";

/// Rings.
const BELL: &[u8] = b"\x07";

/// The screen is ours, and has to be given back by this way.
static TAKEN: Mutex<Option<Arc<Output>>> = Mutex::new(None);

/// Whether this program's panics give the screen back first: once is enough.
static HOOK: Once = Once::new();

/// The terminal, as long as it is ours.
pub(super) struct Tty {
    output: Arc<Output>,
    /// Draws into memory: nothing that it does can fail, or wait. What it has drawn is handed over whole.
    terminal: Terminal<CrosstermBackend<Sheet>>,
    sheet: Sheet,
    mouse: bool,
    /// What goes out with the next frame: the whole screen, whose the mouse is, the bell.
    anew: bool,
    turn_mouse: bool,
    bell: bool,
}

impl Tty {
    /// Takes the screen.
    ///
    /// # Errors
    /// If the terminal does not take it, or is gone.
    pub(super) fn take(mouse: bool) -> io::Result<Self> {
        HOOK.call_once(|| {
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |panic| {
                give_back();
                before(panic);
            }));
        });
        let sheet = Sheet::default();
        let terminal = Terminal::new(CrosstermBackend::new(sheet.clone()))?;
        let output = Output::to(io::stdout())?;
        let mut tty = Self { output, terminal, sheet, mouse, anew: true, turn_mouse: false, bell: false };
        tty.begin()?;
        Ok(tty)
    }

    /// Draws a frame, and sends what differs from the one before. Whether it did: while the terminal has not taken that
    /// one, nothing is drawn.
    ///
    /// # Errors
    /// If the terminal is gone; also if a panic has given the screen back, and there is nothing to draw on.
    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<bool> {
        if taken().is_none() {
            return Err(io::Error::other("the screen was given back"));
        }
        if !self.output.is_free()? {
            return Ok(false);
        }
        if std::mem::take(&mut self.anew) {
            enter(&mut self.sheet, self.mouse)?;
            // Clears it, and draws all of it. What is called so would ask the terminal where its cursor is, and take the
            // answer for what is typed.
            let size = self.terminal.size()?;
            self.terminal.resize(Rect { x: 0, y: 0, width: size.width, height: size.height })?;
        }
        if std::mem::take(&mut self.turn_mouse) {
            self.sheet.write_all(if self.mouse { MOUSE_ON } else { MOUSE_OFF })?;
        }
        if std::mem::take(&mut self.bell) {
            self.sheet.write_all(BELL)?;
        }
        self.terminal.draw(draw)?;
        self.output.write(self.sheet.take());
        Ok(true)
    }

    /// Waits until the terminal has taken the frame before, or is gone.
    ///
    /// Cancel safe.
    pub(super) async fn freed(&self) {
        self.output.freed().await;
    }

    /// Rings the terminal's bell with the next frame.
    pub(super) fn ring(&mut self) {
        self.bell = true;
    }

    /// Clicks and the wheel come here, or stay the terminal's own, from the next frame on.
    pub(super) fn set_mouse(&mut self, on: bool) {
        (self.mouse, self.turn_mouse) = (on, true);
    }

    /// Gives the screen back, stops the process as Ctrl+Z does elsewhere, and takes the screen again once it goes on.
    /// Whether it was stopped: not where nobody would ever let it go on.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn suspend(&mut self) -> io::Result<bool> {
        if !can_go_on() {
            return Ok(false);
        }
        give_back();
        stop();
        self.resume()?;
        Ok(true)
    }

    /// The process was stopped by others, and goes on: whoever had the terminal meanwhile may have changed it.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn resume(&mut self) -> io::Result<()> {
        // What is believed to be raw is not made so again.
        let _ = disable_raw_mode();
        self.begin()
    }

    /// Gives the screen back. Whether the terminal took it: else it takes no words either.
    pub(super) fn end(self) -> bool {
        give_back()
    }

    fn begin(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&self.output));
        self.anew = true;
        Ok(())
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        give_back();
    }
}

/// What a frame is drawn on: bytes for the terminal.
#[derive(Clone, Debug, Default)]
struct Sheet(Arc<Mutex<Vec<u8>>>);

impl Sheet {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    /// It is sent when all of it is drawn.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What takes the screen.
fn enter(out: &mut impl Write, mouse: bool) -> io::Result<()> {
    queue!(out, EnterAlternateScreen, EnableBracketedPaste, EnableFocusChange, cursor::Hide)?;
    if mouse { out.write_all(MOUSE_ON) } else { Ok(()) }
}

/// What undoes that, whatever of it was done.
fn leave(out: &mut impl Write) -> io::Result<()> {
    out.write_all(MOUSE_OFF)?;
    queue!(out, DisableFocusChange, DisableBracketedPaste, LeaveAlternateScreen)?;
    out.write_all(PLAIN)?;
    queue!(out, cursor::Show)?;
    out.flush()
}

/// The way to the screen, while it is ours.
fn taken() -> Option<Arc<Output>> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Gives the screen back, if it is ours. A terminal that is gone needs nothing back. Whether it took all of it.
fn give_back() -> bool {
    let taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(output) = taken else { return true };
    // First: who sees the shell's screen types to the shell, and Enter is another byte to it.
    let _ = disable_raw_mode();
    let mut bytes = Vec::new();
    leave(&mut bytes).is_ok() && output.finish(bytes)
}

/// Whether somebody sees that this job was stopped, and can let it go on: not in the job that leads its session, as a
/// terminal starts one without a shell.
#[cfg(unix)]
fn can_go_on() -> bool {
    rustix::process::getsid(None).is_ok_and(|session| session != rustix::process::getpgrp())
}

/// Stops all processes of this one's job, so that the shell before them sees it.
#[cfg(unix)]
fn stop() {
    // What Ctrl+Z sends elsewhere comes here as a wish, so it would not stop this one.
    let _ = rustix::process::kill_current_process_group(rustix::process::Signal::STOP);
}

#[cfg(not(unix))]
fn can_go_on() -> bool {
    false
}

#[cfg(not(unix))]
fn stop() {}

#[cfg(test)]
mod tests {
    use std::num::NonZero;

    use super::*;

    #[test]
    fn what_was_taken_is_given_back() {
        let (mut taken, mut given) = (Vec::new(), Vec::new());
        enter(&mut taken, true).unwrap();
        leave(&mut given).unwrap();
        let (taken, given) = (String::from_utf8(taken).unwrap(), String::from_utf8(given).unwrap());
        let modes: Vec<&str> = taken.split('\x1b').filter_map(|code| code.strip_suffix('h')).collect();
        assert!(modes.len() >= 5, "screen, paste, focus, buttons, coordinates: {modes:?}");
        for mode in modes {
            assert!(given.contains(&format!("\x1b{mode}l")), "{mode} is left on");
        }
        assert!(taken.contains("\x1b[?25l") && given.ends_with("\x1b[?25h"), "the cursor is there again");
    }

    #[test]
    fn what_leaves_the_screen_puts_a_terminal_back() {
        let of = |size| NonZero::new(size).unwrap();
        let mut terminal = vt100::Parser::new(of(5), of(20), 0);
        terminal.process(b"$ hubbub\r\n");
        let before = terminal.screen().contents();
        let mut bytes = Vec::new();
        enter(&mut bytes, true).unwrap();
        bytes.extend_from_slice(b"\x1b[31;7mA whole screen\x1b[3;3H");
        terminal.process(&bytes);
        assert!(terminal.screen().alternate_screen() && terminal.screen().bracketed_paste());
        let mut bytes = Vec::new();
        leave(&mut bytes).unwrap();
        terminal.process(&bytes);
        let screen = terminal.screen();
        assert_eq!(screen.contents(), before);
        assert!(!screen.alternate_screen() && !screen.bracketed_paste() && !screen.hide_cursor() && !screen.inverse());
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        assert_eq!(screen.cursor_position(), (1, 0));
    }

    #[test]
    fn a_screen_that_is_not_ours_is_left_alone() {
        // Nothing is written here, or the test's own output would show it.
        give_back();
        assert!(taken().is_none());
    }
}
