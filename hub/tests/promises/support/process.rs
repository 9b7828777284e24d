//! The hub as a process of its own: to be killed, and to be weighed.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use node::{HubAddress, Node, Options};
use shared::message::Hello;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::{DEADLINE, Tab, TestNode, Way};

pub(crate) struct HubProcess {
    child: Child,
    link: String,
}

impl HubProcess {
    /// Starts the hub's binary on a free port of the loopback net, without a rate limit.
    pub(crate) async fn start(data: &Path) -> Self {
        Self::start_with(data, &[]).await
    }

    /// The same with further flags.
    pub(crate) async fn start_with(data: &Path, flags: &[&str]) -> Self {
        Self::start_in(data, flags, &[]).await
    }

    /// The same in an environment, which is empty otherwise.
    pub(crate) async fn start_in(data: &Path, flags: &[&str], environment: &[(&str, &OsStr)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hub"))
            .env_clear()
            .envs(environment.iter().copied())
            .args(["--listen", "127.0.0.1:0", "--rate-limit", "off", "--no-announce", "--data"])
            .arg(data)
            .args(flags)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the hub's binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let link = timeout(DEADLINE, async {
            loop {
                let line = lines.next_line().await.expect("its output").expect("a link before the end of its output");
                if let Some(link) = line.split_whitespace().find(|word| word.starts_with("http://")) {
                    return link.to_owned();
                }
            }
        });
        let link = link.await.expect("a link in time");
        // What it prints further is read, so that it never waits for us.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child, link }
    }

    /// A node with a nick, in the lobby, which came by the link that the hub printed.
    pub(crate) async fn guest(&self, nick: &str) -> TestNode {
        let (node, arrivals) = Node::connect(&self.link, Options::default()).await.expect("a welcome");
        let mut node = TestNode::new(node, arrivals);
        node.takes(nick, None).await;
        node
    }

    /// A node that can come back, with a nick, in the lobby.
    pub(crate) async fn tab_of(&self, nick: &str) -> Tab {
        let mut tab = self.nameless_tab().await;
        tab.takes(nick, None).await;
        tab
    }

    /// A node that can come back, without a nick.
    pub(crate) async fn nameless_tab(&self) -> Tab {
        Tab::open(&self.way(), Hello::default()).await.unwrap_or_else(|code| panic!("closed with {code}"))
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.way().address
    }

    /// The way here, which is another after each start.
    pub(crate) fn way(&self) -> Way {
        let link: HubAddress = self.link.parse().expect("a link that leads to a hub");
        let cookie = link.cookie().expect("a cookie in the link").to_owned();
        Way { address: SocketAddr::from(([127, 0, 0, 1], link.port())), cookie }
    }

    /// The link that it printed.
    pub(crate) fn link(&self) -> &str {
        &self.link
    }

    /// SIGKILL: it gets no chance to tidy up.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// What waits in the system's buffers for those whom it sends to, in bytes.
    #[cfg(target_os = "linux")]
    pub(crate) fn unsent(&self) -> u64 {
        // Columns of /proc/net/tcp, in hexadecimal: number, local address:port, remote one, state, tx_queue:rx_queue…
        let port = format!(":{:04X}", self.address().port());
        let sockets = std::fs::read_to_string("/proc/net/tcp").expect("the list of sockets");
        let waiting = sockets.lines().filter_map(|line| {
            let mut columns = line.split_whitespace().skip(1);
            columns.next()?.ends_with(&port).then_some(())?;
            let (waiting, _) = columns.nth(2)?.split_once(':')?;
            u64::from_str_radix(waiting, 16).ok()
        });
        waiting.sum()
    }

    /// What it has in memory, in bytes.
    #[cfg(target_os = "linux")]
    pub(crate) fn resident(&self) -> u64 {
        let pid = self.child.id().expect("it runs");
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process of ours");
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kib.expect("its resident size") * 1024
    }
}

/// Whether a process means to outlive its terminal; all do that are started by one that does.
#[cfg(target_os = "linux")]
pub(crate) fn ignores_hangup(id: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("a process of ours");
    let ignored = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    ignored.expect("the signals that it ignores") & 1 == 1
}
