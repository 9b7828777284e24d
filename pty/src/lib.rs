//! A program at a pseudo-terminal: what is typed, what stands on its screen, and every byte that it wrote.
//! It knows nothing of what runs there.
//!
//! | module | holds |
//! |---|---|
//! | `shown` | what the program wrote, read by a thread, and what that makes of a screen |
//! | `program` | the program's process: signals, and its end |

mod program;
mod shown;

use std::ffi::OsStr;
use std::fmt::Display;
use std::io::{self, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
#[cfg(unix)]
use rustix::fs::{Mode, OFlags, open};
#[cfg(unix)]
use rustix::io::{Errno, write};
#[cfg(unix)]
use rustix::process::{Pid, Signal};
use vt100::Parser;

pub use program::Program;
pub use vt100::Screen;

use shown::{Shown, Written};

/// How long to wait for what must come: generous, since what is waited for is built and tested on machines of two cores.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Rows of a screen that were pushed off it and can still be read: a pasted thousand, and what stands round them.
const SCROLLBACK: usize = 4_000;

pub const ENTER: &str = "\r";
pub const TAB: &str = "\t";
pub const ESCAPE: &str = "\x1b";
pub const BACKSPACE: &str = "\x7f";
pub const UP: &str = "\x1b[A";
pub const PAGE_UP: &str = "\x1b[5~";
pub const CTRL_C: &str = "\x03";
pub const CTRL_D: &str = "\x04";
pub const CTRL_Z: &str = "\x1a";

/// What a terminal puts round a paste, once it was asked to.
pub const PASTE: (&str, &str) = ("\x1b[200~", "\x1b[201~");

/// Columns and rows. A terminal may have no size to tell, which is 0 of both; what is written there is then looked at as if
/// it had the [`USUAL`] one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u16, pub u16);

pub const USUAL: Size = Size(80, 24);

impl Size {
    /// Rows and columns of the screen that is made of what is written.
    fn of_screen(self) -> (NonZeroU16, NonZeroU16) {
        let Self(cols, rows) = self;
        let or = |number, usual| NonZeroU16::new(number).unwrap_or(usual);
        (or(rows, Parser::DEFAULT_ROWS), or(cols, Parser::DEFAULT_COLS))
    }
}

impl From<Size> for PtySize {
    fn from(Size(cols, rows): Size) -> Self {
        Self { rows, cols, pixel_width: 0, pixel_height: 0 }
    }
}

/// A program at a pseudo-terminal of its own. Ended when dropped.
pub struct Terminal {
    // The first, so that it is ended before its terminal is gone.
    program: Program,
    master: Box<dyn MasterPty + Send>,
    keys: Mutex<Box<dyn Write + Send>>,
    shown: Arc<Shown>,
    #[cfg_attr(not(unix), expect(dead_code, reason = "only who hangs up waits for it"))]
    reading: JoinHandle<()>,
    started: Instant,
}

impl Terminal {
    /// Starts a program with these arguments, and no environment but this.
    ///
    /// # Errors
    /// If the system has no pseudo-terminal to give, or the program cannot be started.
    pub fn start<'a>(
        program: &Path,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        environment: impl IntoIterator<Item = (&'a str, impl AsRef<OsStr>)>,
        size: Size,
    ) -> io::Result<Self> {
        let pair = native_pty_system().openpty(size.into()).map_err(io::Error::other)?;
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env_clear();
        for (name, value) in environment {
            command.env(name, value);
        }
        command.cwd("/");
        let reader = pair.master.try_clone_reader().map_err(io::Error::other)?;
        let keys = pair.master.take_writer().map_err(io::Error::other)?;
        let started = Instant::now();
        let child = pair.slave.spawn_command(command).map_err(io::Error::other)?;
        // Ours would keep the terminal open when the program has ended.
        drop(pair.slave);
        let shown = Arc::new(Shown::new(size, started));
        let theirs = Arc::clone(&shown);
        let reading = thread::spawn(move || theirs.read(reader));
        let (program, keys) = (Program::new(child), Mutex::new(keys));
        Ok(Self { program, master: pair.master, keys, shown, reading, started })
    }

    /// When it was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// The program's process.
    pub fn pid(&self) -> Option<u32> {
        self.program.pid()
    }

    /// The process of the job that has the terminal, where a shell runs several.
    #[cfg(unix)]
    pub fn foreground(&self) -> Option<Pid> {
        self.master.process_group_leader().and_then(Pid::from_raw)
    }

    /// Types this; keys that write nothing are constants of this module.
    ///
    /// # Errors
    /// If the program has ended.
    pub fn try_type(&self, keys: &str) -> io::Result<()> {
        let mut writer = lock(&self.keys);
        writer.write_all(keys.as_bytes())?;
        writer.flush()
    }

    /// The same for bytes that are no text.
    ///
    /// # Errors
    /// As [`Self::try_type`].
    pub fn try_send(&self, bytes: &[u8]) -> io::Result<()> {
        lock(&self.keys).write_all(bytes)
    }

    /// Waits until the screen is so; when what made it so came, and what `look` made of it.
    ///
    /// # Errors
    /// After [`DEADLINE`], or at the program's end, if it is not: what was waited for, and what stands there instead.
    pub fn wait<T>(
        &self,
        what: impl Display,
        mut look: impl FnMut(&Screen) -> Option<T>,
    ) -> Result<(Instant, T), String> {
        self.shown.wait(what, |written| look(written.screen.screen()))
    }

    /// Types this.
    ///
    /// # Panics
    /// If the program has ended.
    pub fn types(&self, keys: &str) {
        self.try_type(keys).unwrap_or_else(|error| panic!("typing {keys:?}: {error}"));
    }

    /// Types this and presses Enter.
    ///
    /// # Panics
    /// As [`Self::types`].
    pub fn enters(&self, line: &str) {
        self.types(line);
        self.types(ENTER);
    }

    /// Pastes this, as a terminal does that was asked to say so.
    ///
    /// # Panics
    /// As [`Self::types`].
    pub fn pastes(&self, text: &str) {
        self.types(&format!("{}{text}{}", PASTE.0, PASTE.1));
    }

    /// Waits until the screen is so.
    ///
    /// # Panics
    /// As [`Self::wait`] has errors.
    pub fn until<T>(&self, what: impl Display, look: impl FnMut(&Screen) -> Option<T>) -> T {
        self.wait(what, look).unwrap_or_else(|instead| panic!("{instead}")).1
    }

    /// Waits until this stands somewhere on the screen, on one row.
    ///
    /// # Panics
    /// As [`Self::until`].
    pub fn sees(&self, part: &str) {
        self.until(format_args!("“{part}” on the screen"), |screen| rows(screen).contains(part).then_some(()));
    }

    /// Waits until this stands nowhere on the screen any more.
    ///
    /// # Panics
    /// As [`Self::until`].
    pub fn sees_no_more(&self, part: &str) {
        self.until(format_args!("no “{part}” on the screen"), |screen| {
            (!rows(screen).contains(part)).then_some(())
        });
    }

    /// Waits until the program has written this, wherever it now stands.
    ///
    /// # Panics
    /// As [`Self::until`].
    pub fn wrote(&self, part: &str) {
        let what = format!("the bytes {part:?}");
        let found = self.shown.wait(what, |written: &Written| find(&written.bytes, part.as_bytes()).then_some(()));
        found.unwrap_or_else(|instead| panic!("{instead}"));
    }

    /// What stands on the screen, row by row.
    pub fn screen(&self) -> String {
        rows(self.shown.written().screen.screen())
    }

    /// All that the program wrote so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.shown.written().bytes.clone()
    }

    /// Whether the screen is as a shell left it, or wants it back: not the alternate one, the cursor seen, nothing asked
    /// of keyboard or mouse. Says what is not so.
    pub fn left_behind(&self) -> Vec<&'static str> {
        let written = self.shown.written();
        let screen = written.screen.screen();
        let modes = [
            (screen.alternate_screen(), "the alternate screen"),
            (screen.hide_cursor(), "a hidden cursor"),
            (screen.bracketed_paste(), "bracketed paste"),
            (screen.application_cursor(), "application cursor keys"),
            (screen.application_keypad(), "the application keypad"),
            (screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None, "mouse reports"),
        ];
        modes.into_iter().filter_map(|(on, what)| on.then_some(what)).collect()
    }

    /// Whether a line that is typed is the program's only once it is whole, and is echoed: as shells hand terminals over.
    #[cfg(unix)]
    pub fn is_cooked(&self) -> bool {
        let settings = self.master.get_termios();
        let has = |flag| settings.iter().any(|it| it.local_flags.iter_names().any(|(name, _)| name == flag));
        has("ICANON") && has("ECHO")
    }

    /// Gives the terminal another size, of which the program is told.
    ///
    /// # Panics
    /// If the system refuses.
    pub fn resize(&self, size: Size) {
        let (rows, cols) = size.of_screen();
        self.shown.written().screen.screen_mut().set_size(rows, cols);
        self.master.resize(size.into()).unwrap_or_else(|error| panic!("resizing: {error}"));
    }

    /// Reads nothing any more of what the program writes, which has to wait with it in the end.
    pub fn reads_no_more(&self) {
        self.shown.leave_unread();
    }

    /// Closes the terminal under the program, as a window is closed, and gives the program, which goes on.
    ///
    /// # Panics
    /// If the program has ended, or the terminal cannot be opened by its name.
    #[cfg(unix)]
    pub fn hangs_up(self) -> Program {
        let Self { program, master, keys, shown, reading, .. } = self;
        // Letting go of the keys types the end of the input, of which the program is to see nothing: it stands still
        // until the hang-up, which lets it go on.
        program.stop();
        // The reader has the terminal open as well, and sees only what is written that it is not to read any more.
        shown.leave_unread();
        let path = master.tty_name().unwrap_or_else(|| panic!("the terminal has no name"));
        // Who cannot write at once has left something to read.
        let flags = OFlags::WRONLY | OFlags::NOCTTY | OFlags::NONBLOCK;
        let written = open(&path, flags, Mode::empty()).and_then(|slave| match write(&slave, b"\0") {
            Err(Errno::AGAIN) => Ok(0),
            written => written,
        });
        written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        reading.join().unwrap_or_else(|_| panic!("the reader stopped"));
        drop((keys, master));
        program
    }

    /// Sends the program a signal.
    ///
    /// # Panics
    /// If it has ended.
    #[cfg(unix)]
    pub fn signal(&self, signal: Signal) {
        self.program.signal(signal);
    }

    /// Waits for the program's end and the last of what it wrote.
    ///
    /// # Errors
    /// If it does not end within [`DEADLINE`].
    pub fn try_end(&self) -> Result<ExitStatus, String> {
        let ended = self.program.try_end();
        let status = ended.map_err(|instead| format!("{instead}. On the screen:\n{}", self.screen()))?;
        self.shown.wait_for_the_last();
        Ok(status)
    }

    /// Waits for the program's end; its exit code.
    ///
    /// # Panics
    /// If it does not end, or a signal ended it.
    pub fn ends(&self) -> u32 {
        let status = self.try_end().unwrap_or_else(|instead| panic!("{instead}"));
        assert!(status.signal().is_none(), "{status}. On the screen:\n{}", self.screen());
        status.exit_code()
    }
}

/// The rows of a screen, without what is empty at their ends.
pub fn rows(screen: &Screen) -> String {
    let (_, cols) = screen.size();
    let rows: Vec<String> = screen.rows(0, cols.get()).map(|row| row.trim_end().to_owned()).collect();
    rows.join("\n").trim_end().to_owned()
}

fn find(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
