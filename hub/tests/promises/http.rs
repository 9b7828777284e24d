//! What the hub answers over HTTP, byte for byte: a real hub on a free port of loopback, and a
//! client that sends what no browser would.

use std::collections::BTreeMap;
use std::io::Read;
use std::net::SocketAddr;
use std::time::Duration;

use crate::support::nobody_listens;
use hub::config::Limits;
use hub::{Config, RunningHub};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Nothing here takes so long unless it hangs.
const DEADLINE: Duration = Duration::from_secs(20);

/// A deadline of the hub's that a test waits for.
const SHORT: Duration = Duration::from_millis(300);

/// What belongs to every handshake, with the key of the example in RFC 6455, section 1.3.
const HANDSHAKE: [&str; 3] =
    ["Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];

struct Hub {
    running: RunningHub,
    _data: TempDir,
}

impl Hub {
    async fn start() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config::for_tests(data.path());
        change(&mut config);
        Self { running: hub::start(config).await.unwrap(), _data: data }
    }

    fn address(&self) -> SocketAddr {
        self.running.address()
    }

    async fn connect(&self) -> Connection {
        Connection(TcpStream::connect(self.address()).await.unwrap())
    }

    /// Sends these lines as the head of a request, and reads the whole answer. `HUB` stands for the hub's own.
    async fn send(&self, lines: &[&str]) -> Answer {
        let mut connection = self.connect().await;
        connection.send(&self.head(lines)).await;
        connection.answer().await.expect("an answer")
    }

    fn head(&self, lines: &[&str]) -> String {
        let head: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        format!("{head}Connection: close\r\n\r\n").replace("HUB", &self.address().to_string())
    }

    async fn get(&self, path: &str, headers: &[&str]) -> Answer {
        let first = format!("GET {path} HTTP/1.1");
        self.send(&[&[first.as_str(), "Host: HUB"], headers].concat()).await
    }

    /// Asks for a WebSocket with these headers beside those that always belong to it.
    async fn upgrade(&self, headers: &[&str]) -> Answer {
        let mut connection = self.connect().await;
        self.ask_for_socket(&mut connection, headers).await
    }

    /// A WebSocket that has said nothing yet.
    async fn open_socket(&self) -> Connection {
        let mut connection = self.connect().await;
        assert_eq!(self.ask_for_socket(&mut connection, &[]).await.status, 101);
        connection
    }

    async fn ask_for_socket(&self, connection: &mut Connection, headers: &[&str]) -> Answer {
        let always = ["GET /ws HTTP/1.1", "Host: HUB", "Connection: Upgrade"];
        let lines = [&always, &HANDSHAKE[..], headers].concat();
        let head: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        connection.send(&format!("{head}\r\n").replace("HUB", &self.address().to_string())).await;
        connection.answer_head().await
    }
}

struct Connection(TcpStream);

impl Connection {
    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// All that comes until the hub closes; none if that is nothing.
    async fn answer(&mut self) -> Option<Answer> {
        let mut bytes = Vec::new();
        let read = timeout(DEADLINE, self.0.read_to_end(&mut bytes)).await.expect("the hub did not close");
        // A reset is also a way to close.
        match read {
            Ok(0) | Err(_) if bytes.is_empty() => None,
            _ => Some(Answer::parse(&bytes)),
        }
    }

    /// An answer's head alone, on a connection that stays open.
    async fn answer_head(&mut self) -> Answer {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            let byte = timeout(DEADLINE, self.0.read_u8()).await.expect("no answer");
            bytes.push(byte.expect("closed before its head ended"));
        }
        Answer::parse(&bytes)
    }

    /// Waits until the hub has closed it, whatever it says before.
    async fn closed(&mut self) {
        self.answer().await;
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole head");
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| line.split_once(": ").unwrap());
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        Self { status, headers, body: bytes[end + 4..].to_vec() }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    fn is(&self, status: u16, words: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.text().contains(words), "{self:?}");
    }
}

// What every answer says.

#[tokio::test]
async fn every_answer_protects_its_reader() {
    let hub = Hub::start().await;
    let answers = [
        (200, hub.get("/", &[]).await),
        (200, hub.get("/health", &[]).await),
        (404, hub.get("/none", &[]).await),
        (426, hub.get("/ws", &[]).await),
        (101, hub.upgrade(&[]).await),
        (405, hub.send(&["POST / HTTP/1.1", "Host: HUB"]).await),
        (400, hub.send(&["GET / HTTP/1.1"]).await),
        (403, hub.send(&["GET / HTTP/1.1", "Host: evil.example"]).await),
    ];
    for (status, answer) in answers {
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{answer:?}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{answer:?}");
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"), "{answer:?}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"), "{policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains('*'), "{policy}");
        assert!(policy.contains("; worker-src 'self';"), "{policy}");
        assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
    }
}

#[tokio::test]
async fn the_policy_names_the_socket_of_the_host_that_was_asked() {
    let hub = Hub::start().await;
    let localhost = format!("localhost:{}", hub.address().port());
    for host in [hub.address().to_string(), localhost] {
        let answer = hub.send(&["GET / HTTP/1.1", &format!("Host: {host}")]).await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains(&format!("connect-src 'self' ws://{host};")), "{policy}");
    }
    let refused = hub.send(&["GET / HTTP/1.1", "Host: evil.example"]).await;
    assert!(refused.header("content-security-policy").unwrap().contains("connect-src 'self';"));
}

// The browser client, or the page that says it is missing.

#[tokio::test]
async fn the_page_is_the_same_in_every_encoding() {
    let hub = Hub::start().await;
    let plain = hub.get("/", &[]).await;
    assert_eq!(plain.status, 200);
    assert_eq!(plain.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(plain.header("content-encoding"), None);
    assert_eq!(plain.header("cache-control"), Some("no-cache"));
    assert_eq!(plain.text().contains("built without the browser client"), !hub::assets::BUILT);

    let gzip = hub.get("/", &["Accept-Encoding: gzip, deflate"]).await;
    assert_eq!(gzip.header("content-encoding"), Some("gzip"));
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&gzip.body[..]).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, plain.body);

    let brotli = hub.get("/", &["Accept-Encoding: gzip, deflate, br, zstd"]).await;
    assert_eq!(brotli.header("content-encoding"), Some("br"));
    let mut unpacked = Vec::new();
    brotli::BrotliDecompress(&mut &brotli.body[..], &mut unpacked).unwrap();
    assert_eq!(unpacked, plain.body);

    for answer in [&plain, &gzip, &brotli] {
        assert_eq!(answer.header("vary"), Some("accept-encoding"));
        assert_eq!(answer.header("content-length"), Some(answer.body.len().to_string().as_str()));
    }
}

#[tokio::test]
async fn an_unchanged_page_is_not_sent_again() {
    let hub = Hub::start().await;
    let accept = "Accept-Encoding: gzip";
    let tag = hub.get("/", &[accept]).await.header("etag").unwrap().to_owned();
    let held = format!("If-None-Match: {tag}");

    let same = hub.get("/", &[accept, &held]).await;
    assert_eq!(same.status, 304);
    assert_eq!(same.header("etag"), Some(tag.as_str()));
    assert!(same.body.is_empty());

    assert_eq!(hub.get("/", &[&held]).await.status, 200, "other bytes, other tag");
    assert_eq!(hub.get("/", &[accept, "If-None-Match: \"other\""]).await.status, 200);
}

#[tokio::test]
async fn every_file_the_page_asks_for_is_there_and_may_be_kept() {
    let hub = Hub::start().await;
    let page = hub.get("/", &[]).await;
    // References as Trunk writes them, in attributes and in the script that starts the client.
    let refers = |it: &&str| it.starts_with('/') && it.contains('.') && !it.contains(char::is_whitespace);
    let files: Vec<_> = page.text().split(['"', '\'']).filter(refers).collect();
    assert_eq!(files.is_empty(), !hub::assets::BUILT);
    let manifest = files.iter().find(|file| file.ends_with(".webmanifest"));
    assert_eq!(manifest.is_some(), hub::assets::BUILT, "it can be installed");
    for file in files {
        let answer = hub.get(file, &[]).await;
        assert_eq!(answer.status, 200, "{file}");
        assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"), "{file}");
        assert_ne!(answer.header("content-type"), Some("application/octet-stream"), "{file}");
    }
}

#[tokio::test]
async fn what_a_browser_installs_is_there_under_the_names_that_the_manifest_and_the_worker_give() {
    let hub = Hub::start().await;
    let page = hub.get("/", &[]).await;
    let manifest = page.text().split('"').find(|part| part.ends_with(".webmanifest"));
    assert_eq!(manifest.is_some(), hub::assets::BUILT);
    let Some(manifest) = manifest else { return };
    let manifest = hub.get(manifest, &[]).await;
    assert_eq!(manifest.header("content-type"), Some("application/manifest+json"));
    let named: serde_json::Value = serde_json::from_slice(&manifest.body).unwrap();
    for icon in named["icons"].as_array().unwrap() {
        let answer = hub.get(icon["src"].as_str().unwrap(), &[]).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, icon["type"].as_str()));
        assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"), "{icon}");
    }

    let worker = hub.get("/worker.js", &[]).await;
    assert_eq!(worker.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(worker.header("cache-control"), Some("no-cache"), "a new one is found at once");
    let kept: Vec<&str> =
        worker.text().lines().filter_map(|line| line.strip_prefix("  \"")?.strip_suffix("\",")).collect();
    assert!(kept.contains(&"/") && kept.iter().any(|path| path.ends_with(".wasm")), "{kept:?}");
    for path in kept {
        assert_eq!(hub.get(path, &[]).await.status, 200, "{path}");
        assert!(!["/ws", "/health", "/files", "/addresses", "/worker.js"].contains(&path), "{path}");
    }
}

#[tokio::test]
async fn a_head_request_gets_the_head_alone() {
    let hub = Hub::start().await;
    for path in ["/", "/health", "/none"] {
        let get = hub.get(path, &[]).await;
        let head = hub.send(&[&format!("HEAD {path} HTTP/1.1"), "Host: HUB"]).await;
        assert!(head.body.is_empty() && !get.body.is_empty(), "{path}");
        let without_date = |answer: &Answer| {
            let mut headers = answer.headers.clone();
            headers.remove("date");
            (answer.status, headers)
        };
        assert_eq!(without_date(&head), without_date(&get), "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_in_words() {
    let hub = Hub::start().await;
    for path in ["/none", "/ws/", "/health/x", "/../hub/Cargo.toml", "//", "/index.html%00", "/?", "/index.html?v=1"] {
        let answer = hub.get(path, &[]).await;
        if path.contains('?') {
            assert_eq!(answer.status, 200, "a query changes nothing");
        } else {
            answer.is(404, "nothing at this address");
            assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        }
    }
}

#[tokio::test]
async fn health_says_that_all_is_well() {
    let hub = Hub::start().await;
    let answer = hub.get("/health", &[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body, serde_json::json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }));
}

#[tokio::test]
async fn only_this_machine_is_told_its_addresses() {
    let hub = Hub::start().await;
    let port = hub.address().port();
    for host in [format!("localhost:{port}"), format!("127.0.0.1:{port}")] {
        let answer = hub.send(&["GET /addresses HTTP/1.1", &format!("Host: {host}")]).await;
        answer.is(200, "");
        assert_eq!(answer.text(), "", "a hub on loopback has no link for others");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    // As if something on this machine passed on what others ask.
    let answer = hub.send(&["GET /addresses HTTP/1.1", &format!("Host: test.local:{port}")]).await;
    answer.is(403, "this machine");
    for passed_on in ["X-Forwarded-For: 10.0.0.7", "Forwarded: for=10.0.0.7", "Via: 1.1 proxy", "X-Real-IP: 10.0.0.7"] {
        let answer = hub.send(&["GET /addresses HTTP/1.1", &format!("Host: localhost:{port}"), passed_on]).await;
        answer.is(403, "this machine");
    }
}

#[tokio::test]
async fn nothing_can_be_done_but_to_read() {
    let hub = Hub::start().await;
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"] {
        for path in ["/", "/ws", "/health", "/none"] {
            let answer = hub.send(&[&format!("{method} {path} HTTP/1.1"), "Host: HUB"]).await;
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.header("allow"), Some("GET, HEAD"));
        }
    }
}

// Whom a request is for, and who sent it.

/// Every kind of route, as the first line of a request.
const ROUTES: [&str; 5] =
    ["GET / HTTP/1.1", "GET /ws HTTP/1.1", "GET /health HTTP/1.1", "GET /none HTTP/1.1", "POST / HTTP/1.1"];

#[tokio::test]
async fn a_rebound_name_reaches_nothing() {
    let hub = Hub::start().await;
    let port = hub.address().port();
    for route in ROUTES {
        for host in [format!("evil.example:{port}"), "127.0.0.1".to_owned(), format!("127.0.0.2:{port}")] {
            let answer = hub.send(&[route, &format!("Host: {host}")]).await;
            answer.is(403, "--allow-host");
            answer.is(403, &host);
        }
    }
}

#[tokio::test]
async fn the_hubs_own_names_reach_it() {
    let hub = Hub::with(|config| config.allow_hosts = vec!["chat.example.org".parse().unwrap()]).await;
    let port = hub.address().port();
    for host in ["127.0.0.1", "localhost", "LOCALHOST.", "test", "Test.local", "chat.example.org"] {
        assert_eq!(hub.send(&["GET / HTTP/1.1", &format!("Host: {host}:{port}")]).await.status, 200, "{host}");
    }
    assert_eq!(hub.send(&["GET / HTTP/1.1", "Host: chat.example.org"]).await.status, 200, "with any port");
}

#[tokio::test]
async fn a_request_without_one_clear_host_is_a_bad_request() {
    let hub = Hub::start().await;
    for route in ROUTES {
        for hosts in [
            &[][..],
            &["Host:"],
            &["Host: HUB", "Host: evil.example"],
            &["Host: evil.example", "Host: HUB"],
            &["Host: HUB", "Host: HUB"],
            &["Host: HUB, evil.example"],
            &["Host: evil.example@HUB"],
            &["Host: http://HUB/"],
        ] {
            let answer = hub.send(&[&[route], hosts].concat()).await;
            assert_eq!(answer.status, 400, "{route} {hosts:?}: {answer:?}");
        }
    }
    assert_eq!(hub.send(&["GET / HTTP/1.0"]).await.status, 400, "nor in the version that did not ask for one");
}

#[tokio::test]
async fn a_target_with_a_host_does_not_get_round_the_check() {
    let hub = Hub::start().await;
    let cases = [
        ("http://HUB/health", "HUB", 200),
        ("http://evil.example/health", "HUB", 400),
        ("http://HUB/health", "evil.example", 400),
        ("http://evil.example/health", "evil.example", 403),
        ("http://HUB@evil.example/health", "HUB", 400),
        ("//evil.example/health", "HUB", 404),
    ];
    for (target, host, status) in cases {
        let answer = hub.send(&[&format!("GET {target} HTTP/1.1"), &format!("Host: {host}")]).await;
        assert_eq!(answer.status, status, "{target} {host}");
    }
    // The form for proxies (RFC 9112, section 3.2.3).
    assert_eq!(hub.send(&["CONNECT HUB HTTP/1.1", "Host: HUB"]).await.status, 405);
    assert_eq!(hub.send(&["CONNECT evil.example:80 HTTP/1.1", "Host: HUB"]).await.status, 400);
}

#[tokio::test]
async fn pages_of_other_sites_reach_nothing() {
    let hub = Hub::start().await;
    for route in ROUTES {
        for origin in
            ["http://evil.example", "null", "http://localhost:1", "file://", "https://HUB/", "http://HUB http://HUB"]
        {
            let answer = hub.send(&[route, "Host: HUB", &format!("Origin: {origin}")]).await;
            answer.is(403, "--allow-host");
        }
        let twice = hub.send(&[route, "Host: HUB", "Origin: http://HUB", "Origin: http://HUB"]).await;
        assert_eq!(twice.status, 403);
    }
    let socket = hub.upgrade(&["Origin: http://evil.example"]).await;
    assert_eq!(socket.status, 403);
}

#[tokio::test]
async fn pages_of_the_hub_may_use_it() {
    let hub = Hub::with(|config| config.allow_hosts = vec!["chat.example.org".parse().unwrap()]).await;
    let localhost = format!("http://localhost:{}", hub.address().port());
    for origin in ["http://HUB", &localhost, "https://chat.example.org"] {
        assert_eq!(hub.upgrade(&[&format!("Origin: {origin}")]).await.status, 101, "{origin}");
    }
}

// Becoming a WebSocket.

#[tokio::test]
async fn a_socket_opens_with_our_subprotocol_or_with_none_named() {
    let hub = Hub::start().await;
    let named = hub.upgrade(&["Sec-WebSocket-Protocol: chat, hubbub.v1"]).await;
    assert_eq!(named.status, 101);
    assert_eq!(named.header("sec-websocket-protocol"), Some("hubbub.v1"));
    // The example of RFC 6455, section 1.3.
    assert_eq!(named.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));

    let unnamed = hub.upgrade(&[]).await;
    assert_eq!(unnamed.status, 101);
    assert_eq!(unnamed.header("sec-websocket-protocol"), None);
    assert_eq!(unnamed.header("sec-websocket-extensions"), None);
}

#[tokio::test]
async fn other_subprotocols_are_refused_with_the_one_that_is_spoken() {
    let hub = Hub::start().await;
    let others = ["Connection: Upgrade", "Sec-WebSocket-Protocol: hubbub.v2, chat"];
    hub.get("/ws", &[&HANDSHAKE[..], &others].concat()).await.is(400, "hubbub.v1");
}

#[tokio::test]
async fn a_request_that_is_no_handshake_is_told_so() {
    let hub = Hub::start().await;
    let answer = hub.get("/ws", &[]).await;
    answer.is(426, "WebSocket");
    assert_eq!(answer.header("upgrade"), Some("websocket"));

    let handshake = ["Connection: Upgrade", "Upgrade: websocket"];
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    let old = hub.get("/ws", &[&handshake[..], &["Sec-WebSocket-Version: 8", key]].concat()).await;
    old.is(426, "version 13");
    assert_eq!(old.header("sec-websocket-version"), Some("13"));

    for key in [&[][..], &["Sec-WebSocket-Key: short"]] {
        let answer = hub.get("/ws", &[&handshake[..], &["Sec-WebSocket-Version: 13"], key].concat()).await;
        answer.is(400, "no WebSocket");
    }
}

// Those who come to waste the hub's time.

fn short(config: &mut Config) {
    config.limits = Limits { head: SHORT, ..Limits::default() };
}

#[tokio::test]
async fn who_never_ends_a_request_is_cut_off() {
    let hub = Hub::with(short).await;
    for begun in ["", "G", "GET / HT", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA: "] {
        let mut connection = hub.connect().await;
        connection.send(begun).await;
        connection.closed().await;
    }
}

#[tokio::test]
async fn dripping_bytes_does_not_move_the_deadline() {
    let hub = Hub::with(short).await;
    let Connection(stream) = hub.connect().await;
    let (mut read, mut write) = stream.into_split();
    // Writes a byte each time the clock has moved a little, for as long as the hub takes them.
    let drip = tokio::spawn(async move {
        let mut pause = tokio::time::interval(SHORT / 10);
        while write.write_all(b"G").await.is_ok() {
            pause.tick().await;
        }
    });
    let mut rest = Vec::new();
    let _ = timeout(DEADLINE, read.read_to_end(&mut rest)).await.expect("cut off in spite of the bytes");
    timeout(DEADLINE, drip).await.expect("the socket is closed").unwrap();
}

#[tokio::test]
async fn a_connection_kept_alive_is_not_kept_for_nothing() {
    let hub = Hub::with(short).await;
    let mut connection = hub.connect().await;
    connection.send(&format!("HEAD /health HTTP/1.1\r\nHost: {}\r\n\r\n", hub.address())).await;
    assert_eq!(connection.answer_head().await.status, 200);
    connection.closed().await;
}

#[tokio::test]
async fn nobody_keeps_a_connection_by_asking_again_and_again() {
    let hub = Hub::with(|config| config.limits.http = SHORT).await;
    let mut connection = hub.connect().await;
    let request = format!("HEAD /health HTTP/1.1\r\nHost: {}\r\n\r\n", hub.address());
    let asking = async {
        loop {
            if connection.0.write_all(request.as_bytes()).await.is_err() || connection.0.read_u8().await.is_err() {
                return;
            }
        }
    };
    timeout(DEADLINE, asking).await.expect("the connection has its end");
}

#[tokio::test]
async fn a_socket_outlives_the_deadlines_of_http() {
    let hub = Hub::with(|config| config.limits = Limits { head: SHORT, http: SHORT, ..Limits::default() }).await;
    let mut socket = hub.open_socket().await;
    // One that came later has been cut off: the socket's time is over as well, if it were counted.
    hub.connect().await.closed().await;

    let ping = [0x89, 0x80, 0, 0, 0, 0];
    socket.0.write_all(&ping).await.unwrap();
    let mut pong = [0; 2];
    timeout(DEADLINE, socket.0.read_exact(&mut pong)).await.expect("no pong").unwrap();
    assert_eq!(pong, [0x8a, 0]);
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let hub = Hub::start().await;
    let long = format!("X: {}", "x".repeat(32 * 1024));
    let mut connection = hub.connect().await;
    // The hub may close before all of it is sent.
    let _ = connection.0.write_all(hub.head(&["GET / HTTP/1.1", "Host: HUB", &long]).as_bytes()).await;
    if let Some(answer) = connection.answer().await {
        assert_eq!(answer.status, 431);
    }
    assert_eq!(hub.get("/health", &[]).await.status, 200);
}

#[tokio::test]
async fn noise_harms_nobody() {
    let hub = Hub::start().await;
    for noise in [
        "\0\0\0\0\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\r\n\r\n\r\nx y z\r\n\r\n",
    ] {
        let mut connection = hub.connect().await;
        connection.send(noise).await;
        if let Some(answer) = connection.answer().await {
            assert_eq!(answer.status, 400, "{noise:?}");
        }
    }
    assert_eq!(hub.get("/health", &[]).await.status, 200);
}

#[tokio::test]
async fn more_sockets_than_allowed_are_closed_as_they_come() {
    let hub = Hub::with(|config| config.limits.connections = 2).await;
    let request = hub.head(&["GET /health HTTP/1.1", "Host: HUB"]);
    // One that has become a WebSocket counts as much as one that has said nothing yet.
    let _socket = hub.open_socket().await;
    let silent = hub.connect().await;
    assert!(hub.connect().await.answer().await.is_none(), "the third gets nothing");

    drop(silent);
    let served = async {
        loop {
            let mut connection = hub.connect().await;
            // Until the hub has seen the place become free, this fails like the third.
            if connection.0.write_all(request.as_bytes()).await.is_ok()
                && let Some(answer) = connection.answer().await
            {
                return answer.status;
            }
        }
    };
    assert_eq!(timeout(DEADLINE, served).await.expect("the place becomes free"), 200);
}

// Stopping.

#[tokio::test]
async fn a_stopped_hub_frees_its_port_and_leaves_nobody_hanging() {
    let hub = Hub::start().await;
    let address = hub.address();
    let mut idle = hub.connect().await;
    let mut halfway = hub.connect().await;
    halfway.send("GET / HT").await;
    let mut socket = hub.open_socket().await;

    timeout(Duration::from_secs(10), hub.running.stop()).await.expect("ten seconds at the worst");
    for connection in [&mut idle, &mut halfway, &mut socket] {
        connection.0.read_to_end(&mut Vec::new()).await.ok(); // ends, and is all we ask
    }
    nobody_listens(address).await;

    let data = tempfile::tempdir().unwrap();
    let again = hub::start(Config { listen: address, ..Config::for_tests(data.path()) }).await;
    assert!(again.is_ok(), "the port can be used at once");
}

#[tokio::test]
async fn a_hub_that_is_dropped_lets_go_of_everything() {
    let hub = Hub::start().await;
    let mut idle = hub.connect().await;
    assert_eq!(hub.get("/health", &[]).await.status, 200);
    drop(hub);
    idle.closed().await;
}
