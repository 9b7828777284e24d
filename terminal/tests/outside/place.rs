//! A hub, and a home for the program that remembers nothing yet.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use node::{Client, Settings};
use shared::entry::Entry;
use shared::message::ToHub;
use shared::session::Response;
use shared::transcript;
use tempfile::TempDir;

use crate::support::{PROGRAM, TestHub, WITHIN};
use pty::{Size, Terminal, USUAL};

/// Entries of a page, as many as there may be.
const MOST: u32 = 200;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// A folder of its own for all that the program looks up or keeps.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// Where it keeps what it remembers.
    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    /// All that the program finds in its environment.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let folder = |name: &str| self.folder.path().join(name).display().to_string();
        vec![
            ("HOME", folder("")),
            ("XDG_CONFIG_HOME", folder("xdg")),
            ("XDG_DATA_HOME", folder("xdg")),
            ("XDG_STATE_HOME", folder("xdg")),
            ("XDG_CACHE_HOME", folder("xdg")),
            ("HUBBUB_CONFIG", folder("config")),
            ("TERM", "xterm-256color".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("PATH", std::env::var("PATH").unwrap_or_default()),
        ]
    }

    /// The program at a terminal.
    pub(crate) fn terminal(&self, size: Size, arguments: &[&str]) -> Terminal {
        Terminal::start(Path::new(PROGRAM), arguments, self.environment(), size).unwrap()
    }

    /// The program with pipes for input and outputs.
    pub(crate) fn piped(&self, arguments: &[&str]) -> Child {
        Command::new(PROGRAM)
            .args(arguments)
            .env_clear()
            .envs(self.environment())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Runs the program to its end, with this as its input.
    pub(crate) fn runs(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut child = self.piped(arguments);
        let mut stdin = child.stdin.take().unwrap();
        // Who reads no input may be gone before it is written.
        let _ = stdin.write_all(input);
        drop(stdin);
        ended(child)
    }
}

/// Waits for a program's end, and kills it rather than waiting for ever.
pub(crate) fn ended(child: Child) -> Output {
    let pid = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).unwrap();
    let (done, waited) = std::sync::mpsc::channel();
    thread::spawn(move || done.send(child.wait_with_output()));
    waited.recv_timeout(WITHIN).map(Result::unwrap).unwrap_or_else(|_| {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        let output = waited.recv().unwrap().unwrap();
        panic!("it did not end by itself; so far {:?}", words(&output));
    })
}

/// What a program wrote on both outputs.
pub(crate) fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A hub at which one may say as much as one likes, and a home.
pub(crate) struct Place {
    pub(crate) hub: TestHub,
    pub(crate) home: Home,
}

impl Place {
    pub(crate) async fn open() -> Self {
        Self { hub: TestHub::with(|config| config.rate_limit = None).await, home: Home::new() }
    }

    /// The program as the chat itself, at a terminal, as this nick.
    pub(crate) fn chat(&self, nick: &str, more: &[&str]) -> Terminal {
        self.chat_at(&self.home, USUAL, nick, more)
    }

    pub(crate) fn chat_at(&self, home: &Home, size: Size, nick: &str, more: &[&str]) -> Terminal {
        home.terminal(size, &[&[self.hub.link(), "-n", nick], more].concat())
    }

    /// The program as one of its commands, run to its end.
    pub(crate) fn asks(&self, command: &[&str]) -> Output {
        self.home.runs(&self.with_link(command).iter().map(String::as_str).collect::<Vec<_>>(), b"")
    }

    /// A command and the hub it is for.
    pub(crate) fn with_link(&self, command: &[&str]) -> Vec<String> {
        command[..1]
            .iter()
            .map(|word| (*word).to_owned())
            .chain(["-s".to_owned(), self.hub.link().to_owned()])
            .chain(command[1..].iter().map(|word| (*word).to_owned()))
            .collect()
    }

    /// Somebody else, by a node of that name and nick.
    pub(crate) async fn other(&self, name: &str, nick: &str) -> Client {
        self.hub
            .node(Settings { node: Some(name.to_owned()), nick: Some(nick.to_owned()), ..Settings::default() })
            .await
            .0
    }
}

/// All that was said in the lobby, the oldest first: by whom, and what. Waits for a hub to tell it.
pub(crate) async fn said(reader: &Client) -> Vec<(String, String)> {
    eventually("a hub that tells what was said", async || try_said(reader).await).await
}

async fn try_said(reader: &Client) -> Option<Vec<(String, String)>> {
    let lobby = transcript::Place::Room("lobby".to_owned());
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let page = reader.history(&lobby, None, Some(after), MOST).await.ok()?;
        for entry in page.entries {
            after = entry.seq();
            if let Entry::Said(said) = entry {
                all.push((said.from, said.text));
            }
        }
        if !page.more {
            return Some(all);
        }
    }
}

/// What that nick said there, once it has said so much.
pub(crate) async fn said_by(reader: &Client, nick: &str, lines: usize) -> Vec<String> {
    eventually(&format!("{lines} lines of {nick}"), async || {
        let said = try_said(reader).await?.into_iter().filter(|(from, _)| from == nick);
        let said: Vec<String> = said.map(|(_, text)| text).collect();
        (said.len() >= lines).then_some(said)
    })
    .await
}

/// Waits until that nick is here.
pub(crate) async fn is_here(asker: &Client, nick: &str) {
    eventually(&format!("{nick} is here"), async || {
        let answer = asker.ask(|id| ToHub::ListUsers { id, room: None }).await.unwrap();
        let Response::Users(users) = answer else { panic!("{answer:?}") };
        users.users.iter().any(|user| user.nick == nick).then_some(())
    })
    .await;
}

/// Looks until there is something, for what tells nobody when it changes.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + WITHIN;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        tokio::time::sleep(LOOK).await;
    }
}
