//! The terminal as a full screen, and as it was before. However the program ends (in good order, by a panic, by a
//! signal), whoever sat in front of it gets the screen back that they had.

use std::io::{self, BufWriter, Stdout, Write, stdout};
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::event::{DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal};

/// What is drawn goes out with one write, where it is not more than this, in bytes: a whole screen of 200×50.
const FRAME: usize = 32 * 1024;

/// Buttons and the wheel, in coordinates without a bound (xterm's modes 1000 and 1006). Not the way of the mouse: over
/// a slow line each of its steps would be a message.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// Colours and weights as the terminal has them by itself.
const PLAIN: &[u8] = b"\x1b[0m";

/// The screen is ours, and has to be given back.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether this program's panics give the screen back first: once is enough.
static HOOK: Once = Once::new();

/// The terminal, as long as it is ours.
pub(super) struct Tty {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    mouse: bool,
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
        let backend = CrosstermBackend::new(BufWriter::with_capacity(FRAME, stdout()));
        let mut tty = Self { terminal: Terminal::new(backend)?, mouse };
        tty.begin()?;
        Ok(tty)
    }

    /// Draws a frame, and sends what differs from the one before.
    ///
    /// # Errors
    /// If the terminal is gone; also if a panic has given the screen back, and there is nothing to draw on.
    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        if !TAKEN.load(Ordering::Relaxed) {
            return Err(io::Error::other("the screen was given back"));
        }
        self.terminal.draw(draw)?;
        Ok(())
    }

    /// Rings the terminal's bell.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn ring(&mut self) -> io::Result<()> {
        self.send(b"\x07")
    }

    /// Clicks and the wheel come here, or stay the terminal's own.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        self.send(if on { MOUSE_ON } else { MOUSE_OFF })
    }

    /// Gives the screen back, stops the process as Ctrl+Z does elsewhere, and takes the screen again once it goes on.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        give_back();
        stop();
        self.resume()
    }

    /// The process was stopped by others, and goes on: whoever had the terminal meanwhile may have changed it.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn resume(&mut self) -> io::Result<()> {
        // What is believed to be raw is not made so again.
        let _ = disable_raw_mode();
        self.begin()?;
        // Clears it, and draws all with the next frame. What is called so would ask the terminal where its cursor is,
        // and take the answer for what is typed.
        let size = self.terminal.size()?;
        self.terminal.resize(Rect { x: 0, y: 0, width: size.width, height: size.height })
    }

    fn begin(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::Relaxed);
        let mouse = self.mouse;
        let out = self.terminal.backend_mut();
        enter(out, mouse)?;
        Write::flush(out)
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let out = self.terminal.backend_mut();
        out.write_all(bytes)?;
        Write::flush(out)
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        give_back();
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

/// Gives the screen back, if it is ours. A terminal that is gone needs nothing back.
fn give_back() {
    if TAKEN.swap(false, Ordering::Relaxed) {
        let _ = leave(&mut stdout().lock());
        let _ = disable_raw_mode();
    }
}

/// Stops all processes of this one's job, so that the shell before them sees it.
#[cfg(unix)]
fn stop() {
    // Where no shell would ever let it go on, the system does not stop it, and this comes back at once.
    let _ = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
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
        assert!(!TAKEN.load(Ordering::Relaxed));
    }
}
