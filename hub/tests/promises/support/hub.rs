//! A real hub inside the test, on a port and in a directory of its own.

use std::net::SocketAddr;
use std::path::Path;

use hub::server::BindError;
use hub::{Config, RunningHub, StartError};
use node::{Arrivals, Error, Node, Options};
use shared::message::Hello;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Peer, RawSocket, Tab, TestNode, Way, eventually};

pub(crate) struct TestHub {
    running: RunningHub,
    data: TempDir,
    change: fn(&mut Config),
}

impl TestHub {
    /// A hub as [`Config::for_tests`] makes it.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same for tests that say more than the rate limit lets.
    pub(crate) async fn start_unlimited() -> Self {
        Self::start_with(|config| config.rate_limit = None).await
    }

    /// The same with its configuration changed.
    pub(crate) async fn start_with(change: fn(&mut Config)) -> Self {
        let data = tempfile::tempdir().expect("a temporary directory");
        let mut config = Config::for_tests(data.path());
        change(&mut config);
        let running = start(config).await;
        Self { running, data, change }
    }

    /// Stops it in good order and starts it again on the same log and port.
    pub(crate) async fn restart(self) -> Self {
        let address = self.address();
        self.running.stop().await;
        let mut config = Config::for_tests(self.data.path());
        (self.change)(&mut config);
        config.listen = address;
        Self { running: start(config).await, ..self }
    }

    /// Stops it in good order; its log stays as long as what this returns.
    pub(crate) async fn stop(self) -> TempDir {
        self.running.stop().await;
        self.data
    }

    /// Starts a hub on the log that another left.
    pub(crate) async fn start_on(data: TempDir) -> Self {
        let running = start(Config::for_tests(data.path())).await;
        Self { running, data, change: |_| {} }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.running.address()
    }

    /// Its cookie; empty for an open hub.
    pub(crate) fn cookie(&self) -> String {
        self.running.cookie().unwrap_or_default().to_owned()
    }

    /// Connects a bare node, with options of its own.
    pub(crate) async fn connect(&self, options: Options) -> Result<(Node, Arrivals), Error> {
        Node::connect(&self.address().to_string(), options).await
    }

    /// A node that has been welcomed and has no nick yet.
    pub(crate) async fn node(&self) -> TestNode {
        self.named_node(None).await
    }

    /// The same with a wish for its name.
    pub(crate) async fn named_node(&self, name: Option<&str>) -> TestNode {
        let options = Options {
            cookie: self.running.cookie().map(str::to_owned),
            name: name.map(str::to_owned),
            kind: Some("test".to_owned()),
            ..Options::default()
        };
        let (node, arrivals) = self.connect(options).await.expect("a welcome");
        TestNode::new(node, arrivals)
    }

    /// A node with a nick, in the lobby.
    pub(crate) async fn guest(&self, nick: &str) -> TestNode {
        let mut node = self.node().await;
        node.takes(nick, None).await;
        node
    }

    /// A further node of a nick that another node holds.
    pub(crate) async fn second_node_of(&self, guest: &TestNode) -> TestNode {
        let mut node = self.node().await;
        node.takes(guest.nick(), Some(guest.token())).await;
        node
    }

    /// Where its log lies.
    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    /// The way here, which stays the same over a restart.
    pub(crate) fn way(&self) -> Way {
        Way { address: self.address(), cookie: self.cookie() }
    }

    /// A node that can come back, welcomed and without a nick yet.
    pub(crate) async fn tab(&self) -> Tab {
        self.named_tab(None).await
    }

    /// The same with a wish for its name.
    pub(crate) async fn named_tab(&self, name: Option<&str>) -> Tab {
        let hello = Hello { node: name.map(str::to_owned), ..Hello::default() };
        Tab::open(&self.way(), hello).await.unwrap_or_else(|code| panic!("closed with {code}"))
    }

    /// A node that can come back, with a nick, in the lobby.
    pub(crate) async fn tab_of(&self, nick: &str) -> Tab {
        self.further_tab_of(nick, None).await
    }

    /// The same for a nick that is taken with its token.
    pub(crate) async fn further_tab_of(&self, nick: &str, token: Option<&str>) -> Tab {
        let mut tab = self.tab().await;
        tab.takes(nick, token).await;
        tab
    }

    /// Uploads a file over HTTP written out by hand; returns its hash.
    pub(crate) async fn upload(&self, bytes: &[u8]) -> String {
        let begun = self.post(&format!("POST /files?size={}", bytes.len()), b"").await;
        let upload = begun["upload"].as_str().expect("an upload").to_owned();
        let taken = self.post(&format!("PATCH /files/uploads/{upload}"), bytes).await;
        taken["file"]["hash"].as_str().expect("a hash").to_owned()
    }

    /// Sends a request for files, which must succeed; returns the JSON that answers it.
    async fn post(&self, request: &str, body: &[u8]) -> serde_json::Value {
        let (address, cookie, length) = (self.address(), self.cookie(), body.len());
        let head = format!(
            "{request} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {cookie}\r\nUpload-Offset: 0\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        let mut connection = TcpStream::connect(address).await.expect("the hub accepts");
        connection.write_all(&[head.as_bytes(), body].concat()).await.expect("the hub reads");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 201 "), "{request}: {answer}");
        let (_, json) = answer.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"))
    }

    /// A node with processes of that name.
    pub(crate) async fn peer(&self, name: &str) -> Peer {
        Peer::open(&self.way(), name).await
    }

    /// A socket that has said nothing yet.
    pub(crate) async fn raw(&self) -> RawSocket {
        RawSocket::open(self.address()).await
    }

    /// A socket that has been welcomed.
    pub(crate) async fn raw_welcomed(&self) -> RawSocket {
        let mut socket = self.raw().await;
        socket.hello(&self.cookie()).await;
        socket
    }

    /// A socket with a nick, in the lobby.
    pub(crate) async fn raw_guest(&self, nick: &str) -> RawSocket {
        let mut socket = self.raw_welcomed().await;
        socket.takes(nick).await;
        socket
    }
}

/// A program that another test starts at this moment holds copies of this process's files until it has become that
/// program: the lock on the data directory of a hub that has stopped among them, and the port that it listened on.
pub(crate) async fn start(config: Config) -> RunningHub {
    eventually("a hub", async || match hub::start(config.clone()).await {
        Ok(hub) => Some(hub),
        Err(StartError::Data(error)) if error.to_string().starts_with("another hub runs") => None,
        Err(StartError::Bind(BindError::InUse { .. })) => None,
        Err(error) => panic!("the hub does not start: {error}"),
    })
    .await
}
