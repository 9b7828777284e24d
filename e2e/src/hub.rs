//! The release hub as a process of its own.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use node::{HubAddress, Node, Options};
use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpListener;
use tokio::task::coop::unconstrained;

use crate::{programs, request};

/// From the start of the process to the links it prints, and from SIGTERM to its end: it may first have to
/// commit what it holds, and bid its nodes good-bye.
const PATIENCE: Duration = Duration::from_secs(20);

/// Lines of a flood that are under way at once: enough for the hub to commit many together, and as many as a node
/// takes without anyone's having to wait, which is what keeps them in order.
const AT_ONCE: usize = 64;

/// The hub's host part: pages may also use it under this name, once a browser is told where it is.
pub const NAME: &str = "den.local";

/// A hub on a loopback port and in a directory of its own. It is killed when dropped.
pub struct Hub {
    running: Option<Child>,
    folder: PathBuf,
    flags: Vec<String>,
    /// Where it listens; fixed from the first start on.
    address: SocketAddr,
    /// The invitation link that it printed.
    link: String,
}

impl Hub {
    /// Starts a hub with its data and its log in `folder`, and with `flags` beside those that this takes.
    ///
    /// # Panics
    /// If it does not start, or holds no browser client.
    pub async fn start(folder: &Path, flags: &[&str]) -> Self {
        let mut hub = Self {
            running: None,
            folder: folder.to_owned(),
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            link: String::new(),
        };
        hub.start_again();
        let host = format!("localhost:{}", hub.address.port());
        let page = request::get(hub.address, "/", &[("Host", &host)]).await;
        assert!(
            page.body.windows(5).any(|bytes| bytes == b".wasm"),
            "the hub at {} was built without the browser client; `cargo xtask test` builds both",
            programs::hub().display()
        );
        hub
    }

    /// Starts it, on the data it had before and, if it ran before, on the same port.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_again(&mut self) {
        assert!(self.running.is_none(), "the hub still runs");
        let log = OpenOptions::new().create(true).append(true).open(self.log());
        let mut child = Command::new(programs::hub())
            .env_clear()
            .args(["--listen", &self.address.to_string(), "--name", NAME, "--no-announce", "--data"])
            .arg(self.folder.join("data"))
            .args(&self.flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.expect("a file for the hub's log"))
            .spawn()
            .expect("the hub's binary starts");
        let output = child.stdout.take().expect("its output");
        // Kept before anything can fail, so that it is killed then.
        self.running = Some(child);
        self.link = printed_link(output, &self.log());
        self.address.set_port(self.way().port());
    }

    /// Starts with this flag as well, from the next start on.
    pub fn also(&mut self, flag: &str) {
        self.flags.push(flag.to_owned());
    }

    /// A port before the hub, by which it is started again, so that it takes those who come through.
    ///
    /// # Panics
    /// If there is no free port, or the hub does not start.
    pub async fn front(&mut self) -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a port");
        self.stop();
        self.also(&format!("--allow-host=localhost:{}", address.port()));
        self.start_again();
        (listener, address)
    }

    /// SIGTERM, and waits for the end that the hub then makes of itself.
    ///
    /// # Panics
    /// If it takes too long, or ends badly.
    pub fn stop(&mut self) {
        let mut child = self.running.take().expect("the hub runs");
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(pid, Signal::TERM).expect("a process of ours");
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = child.try_wait().expect("a process of ours") {
                break status;
            }
            if Instant::now() > deadline {
                // Nothing to be done for one that cannot even be killed.
                let _ = child.kill();
                panic!("the hub did not stop within {} s", PATIENCE.as_secs());
            }
            thread::sleep(Duration::from_millis(10));
        };
        assert!(status.success(), "the hub stopped with {status}");
    }

    /// SIGKILL: it gets no chance to tidy up.
    ///
    /// # Panics
    /// If it does not run.
    pub fn kill(&mut self) {
        let mut child = self.running.take().expect("the hub runs");
        child.kill().and_then(|()| child.wait()).expect("a process of ours");
    }

    /// The invitation link that it printed, `http://localhost:…/#cookie=…`.
    pub fn link(&self) -> &str {
        &self.link
    }

    /// That link without the cookie.
    pub fn page(&self) -> String {
        format!("http://localhost:{}/", self.address.port())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The cookie in the link.
    ///
    /// # Panics
    /// If it asks for none.
    pub fn cookie(&self) -> String {
        self.way().cookie().expect("a cookie in the link").to_owned()
    }

    /// A native node with a nick, in the lobby: for what needs no browser to be said.
    ///
    /// # Panics
    /// If the hub does not let it in.
    pub async fn native(&self, nick: &str) -> Node {
        let options = Options { kind: Some("terminal".to_owned()), ..Options::default() };
        // What it hears is passed over.
        let (node, _) = Node::connect(&self.link, options).await.expect("a welcome");
        node.connect_nick(nick, None).await.expect("the nick");
        node
    }

    /// Has a nick say all of this in a room, quickly, in this order; the positions in the log. The hub must be told
    /// to let people say as much as they like (`--rate-limit off`).
    ///
    /// # Panics
    /// If one of them is refused.
    pub async fn flood(&self, node: &Node, room: &str, texts: &[String]) -> Vec<u64> {
        let mut said = Vec::with_capacity(texts.len());
        for some in texts.chunks(AT_ONCE) {
            // Tokio would otherwise let some of them wait, and others pass by.
            let sent = unconstrained(try_join_all(some.iter().map(|text| node.say(room, text)))).await;
            said.extend(sent.expect("lines said").into_iter().map(|sent| sent.seq));
        }
        said
    }

    /// What it wrote to its log.
    pub fn log(&self) -> PathBuf {
        self.folder.join("hub.log")
    }

    fn way(&self) -> HubAddress {
        self.link.parse().expect("a link that leads to a hub")
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        if let Some(mut child) = self.running.take() {
            // If it is gone already, that is what is wanted.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The link among what the hub prints when it listens. What it prints further is read, so that it never waits
/// for us.
fn printed_link(output: ChildStdout, log: &Path) -> String {
    let (found, links) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if line.starts_with("http://localhost:") {
                // Only the first is waited for.
                let _ = found.send(line);
            }
        }
    });
    links.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        let log = File::open(log).and_then(std::io::read_to_string).unwrap_or_default();
        panic!("the hub printed no link. It said: {log}")
    })
}
