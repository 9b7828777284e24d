//! The hub as a process of its own: to be killed, and to be weighed.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use node::{HubAddress, Node, Options};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::{DEADLINE, TestNode};

pub(crate) struct HubProcess {
    child: Child,
    link: String,
}

impl HubProcess {
    /// Starts the hub's binary on a free port of the loopback net, without a rate limit.
    pub(crate) async fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hub"))
            .env_clear()
            .args(["--listen", "127.0.0.1:0", "--rate-limit", "off", "--data"])
            .arg(data)
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

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.way().port()))
    }

    /// The cookie in the link.
    pub(crate) fn cookie(&self) -> String {
        self.way().cookie().expect("a cookie in the link").to_owned()
    }

    fn way(&self) -> HubAddress {
        self.link.parse().expect("a link that leads to a hub")
    }

    /// The link that it printed.
    pub(crate) fn link(&self) -> &str {
        &self.link
    }

    /// SIGKILL: it gets no chance to tidy up.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("it can be killed");
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
