//! A hub, and whoever sends files to it over HTTP written out by hand.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use hub::{Config, RunningHub, StartError};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

/// Nothing here takes so long unless it hangs.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) struct Hub {
    running: RunningHub,
    data: TempDir,
    change: fn(&mut Config),
}

impl Hub {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: fn(&mut Config)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config::for_tests(data.path());
        change(&mut config);
        Self { running: hub::start(config).await.unwrap(), data, change }
    }

    /// Stops it in good order and starts it again with its data.
    pub(crate) async fn restart(self) -> Self {
        self.restart_after(|_| {}).await
    }

    /// The same, with something done to its folder meanwhile.
    pub(crate) async fn restart_after(self, meanwhile: impl FnOnce(&Path)) -> Self {
        self.running.stop().await;
        meanwhile(self.data.path());
        let mut config = Config::for_tests(self.data.path());
        (self.change)(&mut config);
        let deadline = Instant::now() + DEADLINE;
        let running = loop {
            // Another test that starts a program at this moment holds the lock of the data directory for an instant.
            match hub::start(config.clone()).await {
                Ok(running) => break running,
                Err(StartError::Data(error)) if Instant::now() < deadline => {
                    assert!(error.to_string().starts_with("another hub runs"), "{error}");
                    sleep(Duration::from_millis(20)).await;
                }
                Err(error) => panic!("{error}"),
            }
        };
        Self { running, ..self }
    }

    pub(crate) async fn stop(self) -> TempDir {
        self.running.stop().await;
        self.data
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.running.address()
    }

    pub(crate) fn cookie(&self) -> &str {
        self.running.cookie().unwrap_or_default()
    }

    /// The folder for files.
    pub(crate) fn folder(&self) -> std::path::PathBuf {
        self.data.path().join("files")
    }

    /// Sends a request with these headers and no others but the host's and the body's length.
    pub(crate) async fn bare(&self, request: &str, headers: &[&str], body: &[u8]) -> Answer {
        let mut connection = TcpStream::connect(self.address()).await.unwrap();
        let head = self.head(request, &[headers, &[&format!("Content-Length: {}", body.len())]].concat());
        let sent = [head.as_bytes(), body].concat();
        let mut bytes = Vec::new();
        let (mut reader, mut writer) = connection.split();
        // At the same time: a hub that answers early may take no more.
        let (_, read) = tokio::join!(writer.write_all(&sent), timeout(DEADLINE, reader.read_to_end(&mut bytes)));
        assert!(read.is_ok(), "the hub did not close after {request}");
        Answer::parse(&bytes)
    }

    fn head(&self, request: &str, headers: &[&str]) -> String {
        let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        format!("{request} HTTP/1.1\r\nHost: HUB\r\n{lines}Connection: close\r\n\r\n")
            .replace("HUB", &self.address().to_string())
    }

    pub(crate) fn bearer(&self) -> String {
        format!("Authorization: Bearer {}", self.cookie())
    }

    /// Sends a request of somebody with the cookie.
    pub(crate) async fn send(&self, request: &str, headers: &[&str], body: &[u8]) -> Answer {
        let bearer = self.bearer();
        self.bare(request, &[&[bearer.as_str()], headers].concat(), body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(&format!("GET {path}"), &[], b"").await
    }

    /// Begins an upload, which must be let.
    pub(crate) async fn begin(&self, size: usize) -> String {
        let answer = self.send(&format!("POST /files?size={size}"), &[], b"").await;
        let json = answer.json(201);
        assert_eq!(json["offset"], 0);
        json["upload"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn patch(&self, upload: &str, offset: usize, body: &[u8]) -> Answer {
        self.send(&format!("PATCH /files/uploads/{upload}"), &[&format!("Upload-Offset: {offset}")], body).await
    }

    /// Uploads a file in one piece, and gives what the hub found.
    pub(crate) async fn upload(&self, bytes: &[u8]) -> Value {
        let upload = self.begin(bytes.len()).await;
        self.patch(&upload, 0, bytes).await.json(201)["file"].clone()
    }

    /// How many bytes of an upload have arrived.
    pub(crate) async fn offset(&self, upload: &str) -> u64 {
        self.get(&format!("/files/uploads/{upload}")).await.json(200)["offset"].as_u64().unwrap()
    }

    /// Sends the beginning of a body that is announced to be longer, and leaves the connection open.
    pub(crate) async fn send_part(&self, upload: &str, offset: usize, announced: usize, part: &[u8]) -> TcpStream {
        let mut connection = TcpStream::connect(self.address()).await.unwrap();
        let headers = [&*self.bearer(), &format!("Upload-Offset: {offset}"), &format!("Content-Length: {announced}")];
        let head = self.head(&format!("PATCH /files/uploads/{upload}"), &headers);
        connection.write_all(&[head.as_bytes(), part].concat()).await.unwrap();
        connection
    }

    /// All that the hub still answers on this connection.
    pub(crate) async fn rest(mut connection: TcpStream) -> Answer {
        let mut bytes = Vec::new();
        let _ = timeout(DEADLINE, connection.read_to_end(&mut bytes)).await.expect("the hub did not close");
        Answer::parse(&bytes)
    }
}

/// Waits until `look` finds it so.
pub(crate) async fn eventually(what: &str, mut look: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !look().await {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

pub(crate) fn hash_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes that are all different places' own, so that a piece in the wrong one shows.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(bytes)));
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let (first, lines) = head.split_once("\r\n").unwrap();
        let headers = lines.split("\r\n").map(|line| line.split_once(": ").unwrap());
        let answer = Self {
            status: first.split(' ').nth(1).unwrap().parse().unwrap(),
            headers: headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(),
            body: bytes[end + 4..].to_vec(),
        };
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "on every answer");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "on every answer");
        answer
    }

    /// A header's value; empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The body as JSON, of an answer with this status.
    #[track_caller]
    pub(crate) fn json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.header("content-type"), "application/json");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// A refusal in words, and of this code.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> Value {
        let json = self.json(status);
        assert_eq!(json["code"], code, "{json}");
        assert!(json["message"].as_str().unwrap().len() > 10, "{json}");
        json
    }
}
