//! A program at a pseudo-terminal: what is typed, what stands on its screen, and every byte that it wrote.
//! It knows nothing of what runs there.

use std::ffi::OsStr;
use std::fmt::Display;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process};
use vt100::Parser;

/// How long to wait for what must come: generous, since what is waited for is built and tested on machines of two cores.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// Between two looks whether a process has ended: pseudo-terminals tell nobody.
const LOOK: Duration = Duration::from_millis(5);

/// Rows of a screen that were pushed off it and can still be read: a pasted thousand, and what stands round them.
const SCROLLBACK: usize = 4_000;

/// Bytes taken from the system at a time.
const READ: usize = 64 * 1024;

/// Of all that a program writes so much is kept, the newest: a view that is redrawn for a minute writes that much.
const KEPT: usize = 64 * 1024 * 1024;

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

/// Columns and rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u16, pub u16);

pub const USUAL: Size = Size(80, 24);

impl From<Size> for PtySize {
    fn from(Size(cols, rows): Size) -> Self {
        Self { rows, cols, pixel_width: 0, pixel_height: 0 }
    }
}

/// A program at a pseudo-terminal of its own. Ended when dropped.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    keys: Mutex<Box<dyn Write + Send>>,
    child: Mutex<Box<dyn Child + Send + Sync>>,
    shown: Arc<Shown>,
    started: Instant,
}

/// What the program wrote, and when something came.
struct Shown {
    written: Mutex<Written>,
    came: Condvar,
}

struct Written {
    screen: Parser,
    bytes: Vec<u8>,
    /// When the newest of it came.
    at: Instant,
    /// No more will come: nobody has the terminal open.
    over: bool,
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
        let Size(cols, rows) = size;
        let columns = |number: u16| number.try_into().map_err(io::Error::other);
        let screen = Parser::new(columns(rows)?, columns(cols)?, SCROLLBACK);
        let started = Instant::now();
        let child = pair.slave.spawn_command(command).map_err(io::Error::other)?;
        // Ours would keep the terminal open when the program has ended.
        drop(pair.slave);
        let written = Mutex::new(Written { screen, bytes: Vec::new(), at: started, over: false });
        let shown = Arc::new(Shown { written, came: Condvar::new() });
        let theirs = Arc::clone(&shown);
        thread::spawn(move || theirs.read(reader));
        Ok(Self { master: pair.master, keys: Mutex::new(keys), child: Mutex::new(child), shown, started })
    }

    /// When it was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// The program's process.
    pub fn pid(&self) -> Option<u32> {
        lock(&self.child).process_id()
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
        mut look: impl FnMut(&vt100::Screen) -> Option<T>,
    ) -> Result<(Instant, T), String> {
        self.wait_for(what, |written| look(written.screen.screen()))
    }

    fn wait_for<T>(
        &self,
        what: impl Display,
        mut look: impl FnMut(&Written) -> Option<T>,
    ) -> Result<(Instant, T), String> {
        let deadline = Instant::now() + DEADLINE;
        let mut written = self.shown.written();
        loop {
            if let Some(found) = look(&written) {
                return Ok((written.at, found));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || written.over {
                let why = if written.over { "the program has ended" } else { "nothing came of it" };
                return Err(format!("waited for {what}: {why}. On the screen:\n{}", rows(written.screen.screen())));
            }
            written = self.shown.came.wait_timeout(written, left).unwrap_or_else(PoisonError::into_inner).0;
        }
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
    pub fn until<T>(&self, what: impl Display, look: impl FnMut(&vt100::Screen) -> Option<T>) -> T {
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
        let found = self.wait_for(what, |written| find(&written.bytes, part.as_bytes()).then_some(()));
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
        let Size(cols, rows) = size;
        {
            let mut written = self.shown.written();
            if let (Ok(rows), Ok(cols)) = (rows.try_into(), cols.try_into()) {
                written.screen.screen_mut().set_size(rows, cols);
            }
        }
        self.master.resize(size.into()).unwrap_or_else(|error| panic!("resizing: {error}"));
    }

    /// Sends the program a signal.
    ///
    /// # Panics
    /// If it has ended.
    #[cfg(unix)]
    pub fn signal(&self, signal: Signal) {
        let pid = self.pid().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        let pid = pid.unwrap_or_else(|| panic!("the program has ended"));
        kill_process(pid, signal).unwrap_or_else(|error| panic!("{signal:?}: {error}"));
    }

    /// Waits for the program's end and the last of what it wrote.
    ///
    /// # Errors
    /// If it does not end.
    pub fn try_end(&self) -> Result<ExitStatus, String> {
        let deadline = Instant::now() + DEADLINE;
        let status = loop {
            match lock(&self.child).try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if Instant::now() < deadline => {}
                Ok(None) => return Err(format!("the program does not end. On the screen:\n{}", self.screen())),
                Err(error) => return Err(error.to_string()),
            }
            thread::sleep(LOOK);
        };
        let mut written = self.shown.written();
        while !written.over && Instant::now() < deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            written = self.shown.came.wait_timeout(written, left).unwrap_or_else(PoisonError::into_inner).0;
        }
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

impl Drop for Terminal {
    fn drop(&mut self) {
        let mut child = lock(&self.child);
        if !matches!(child.try_wait(), Ok(Some(_))) {
            // It may have ended meanwhile, which is what is wanted.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Shown {
    fn written(&self) -> MutexGuard<'_, Written> {
        lock(&self.written)
    }

    fn read(&self, mut reader: Box<dyn Read + Send>) {
        let mut buffer = vec![0; READ];
        loop {
            let read = reader.read(&mut buffer);
            let at = Instant::now();
            let mut written = self.written();
            match read {
                Ok(0) | Err(_) => written.over = true,
                Ok(count) => {
                    written.at = at;
                    written.screen.process(&buffer[..count]);
                    written.bytes.extend_from_slice(&buffer[..count]);
                    if written.bytes.len() > KEPT {
                        let past = written.bytes.len() - KEPT / 2;
                        written.bytes.drain(..past);
                    }
                }
            }
            let over = written.over;
            drop(written);
            self.came.notify_all();
            if over {
                return;
            }
        }
    }
}

/// The rows of a screen, without what is empty at their ends.
pub fn rows(screen: &vt100::Screen) -> String {
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
