//! The hub as a program: what it prints, which files it leaves, how it refuses and how it stops.
#![cfg(unix)]
use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

#[cfg(target_os = "linux")]
use crate::support::ignores_hangup;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::timeout;

/// Nothing here takes so long unless it hangs.
const DEADLINE: Duration = Duration::from_secs(30);

/// A hub's command line, in a home of its own.
struct Hub {
    home: TempDir,
    command: Command,
}

impl Hub {
    /// On a free port of loopback.
    fn new() -> Self {
        Self::on("127.0.0.1:0")
    }

    fn on(address: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_hub"));
        command.env_clear().env("HOME", home.path()).env("RUST_BACKTRACE", "1").current_dir(home.path());
        // Others on this machine are to find none of these.
        command.env("HUBBUB_NO_ANNOUNCE", "true");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        Self { home, command }.flag("--listen", address)
    }

    fn flag(mut self, flag: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.arg(flag).arg(value);
        self
    }

    fn switch(mut self, flag: &str) -> Self {
        self.command.arg(flag);
        self
    }

    fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it to its end.
    async fn run(mut self) -> Output {
        timeout(DEADLINE, self.command.output()).await.expect("it started instead of ending").unwrap()
    }

    /// Expects it to end with this code and one line on stderr, which is given back.
    #[track_caller]
    fn refuses(self, code: i32) -> impl Future<Output = String> {
        let here = std::panic::Location::caller();
        async move {
            let output = self.run().await;
            let line = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(code), "{here}: {line}");
            assert!(output.stdout.is_empty(), "{here}");
            assert!(
                line.starts_with("hub: ") && line.matches('\n').count() == 1 && line.ends_with('\n'),
                "{here}: {line}"
            );
            for word in ["panic", "backtrace", "src/"] {
                assert!(!line.contains(word), "{here}: {line}");
            }
            line
        }
    }

    /// Starts it, and waits until it has printed all of its invitation.
    async fn start(mut self) -> Running {
        let mut child = self.command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let stderr = child.stderr.take().unwrap();
        let mut invitation = Vec::new();
        while !invitation.last().is_some_and(|line: &String| line.starts_with("Stop")) {
            let line = timeout(DEADLINE, stdout.next_line()).await.expect("its invitation").unwrap();
            invitation.push(line.expect("its invitation, before it ends"));
        }
        Running { child, _stdout: stdout, stderr, invitation, home: self.home }
    }
}

struct Running {
    child: Child,
    _stdout: Lines<BufReader<ChildStdout>>,
    stderr: ChildStderr,
    invitation: Vec<String>,
    home: TempDir,
}

impl Running {
    /// The links, each of which has a line to itself.
    fn links(&self) -> Vec<&str> {
        self.invitation.iter().map(String::as_str).filter(|line| line.starts_with("http://")).collect()
    }

    fn link(&self) -> &str {
        self.links().first().copied().expect("a link")
    }

    /// What stands after `#cookie=`.
    fn cookie(&self) -> Option<&str> {
        self.link().split_once("#cookie=").map(|(_, cookie)| cookie)
    }

    fn port(&self) -> u16 {
        port_of(self.link())
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id().expect("it runs")).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Waits for its end; its exit code and what it logged.
    async fn end(mut self) -> (Option<i32>, String) {
        let mut log = String::new();
        timeout(DEADLINE, self.stderr.read_to_string(&mut log)).await.expect("its end").unwrap();
        let status = timeout(DEADLINE, self.child.wait()).await.expect("its end").unwrap();
        (status.code(), log)
    }

    async fn stop(self) -> String {
        self.signal(Signal::TERM);
        let (code, log) = self.end().await;
        assert_eq!(code, Some(0), "{log}");
        log
    }
}

fn port_of(link: &str) -> u16 {
    let authority = link.strip_prefix("http://").unwrap().split('/').next().unwrap();
    authority.rsplit_once(':').unwrap().1.parse().unwrap()
}

async fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(DEADLINE, stream.read_to_string(&mut answer)).await.expect("an answer").unwrap();
    answer
}

/// Everything below a directory, with its mode.
fn files(directory: &Path) -> Vec<(PathBuf, u32)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        found.push((path.clone(), fs::metadata(&path).unwrap().permissions().mode() & 0o777));
        if path.is_dir() {
            found.extend(files(&path));
        }
    }
    found
}

// Starting.

#[tokio::test]
async fn the_printed_link_opens_the_page() {
    let data = tempfile::tempdir().unwrap();
    let hub = Hub::new().flag("--data", data.path()).start().await;
    let kept = fs::read_to_string(data.path().join("cookie")).unwrap();
    assert_eq!(hub.links(), [format!("http://localhost:{}/#cookie={}", hub.port(), kept.trim_end())]);
    assert!(hub.invitation.iter().any(|line| line.contains(&data.path().display().to_string())), "where the data lies");

    let page = get(hub.port(), "/").await;
    assert!(page.starts_with("HTTP/1.1 200 ") && page.contains("<html"), "{page}");
    assert!(get(hub.port(), "/health").await.contains(r#""status":"ok""#));
    hub.stop().await;
}

#[tokio::test]
async fn the_links_stay_the_same_from_start_to_start() {
    let data = tempfile::tempdir().unwrap();
    let first = Hub::new().flag("--data", data.path()).start().await;
    let cookie = first.cookie().unwrap().to_owned();
    first.stop().await;
    let second = Hub::new().flag("--data", data.path()).start().await;
    assert_eq!(second.cookie(), Some(cookie.as_str()));
    second.stop().await;
}

#[tokio::test]
async fn without_a_flag_data_lies_where_the_platform_keeps_it() {
    let hub = Hub::new().start().await;
    let kept = files(hub.home.path());
    assert!(kept.iter().any(|(path, _)| path.ends_with("hubbub/cookie")), "{kept:?}");
    hub.stop().await;
}

#[tokio::test]
async fn nobody_else_can_read_what_the_hub_keeps() {
    let data = tempfile::tempdir().unwrap();
    fs::set_permissions(data.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for directory in [data.path().to_owned(), data.path().join("new/one")] {
        let hub = Hub::new().flag("--data", &directory).start().await;
        let kept = files(&directory);
        assert!(kept.iter().any(|(path, mode)| path.ends_with("cookie") && *mode == 0o600), "{kept:?}");
        for (path, mode) in kept {
            assert_eq!(mode & 0o077, 0, "{}", path.display());
        }
        hub.stop().await;
    }
}

#[tokio::test]
async fn an_ephemeral_hub_leaves_no_file() {
    let data = tempfile::tempdir().unwrap();
    let unused = data.path().join("unused");
    let hub = Hub::new().switch("--ephemeral").flag("--data", &unused).start().await;
    assert!(hub.invitation.iter().any(|line| line.contains("in memory only")), "{:?}", hub.invitation);
    assert_eq!(hub.cookie().map(str::len), Some(22), "a cookie for this run");
    assert!(get(hub.port(), "/health").await.contains("200 OK"));
    assert_eq!(files(hub.home.path()), []);
    assert!(!unused.exists());

    let again = Hub::new().switch("--ephemeral").start().await;
    assert_ne!(again.cookie(), hub.cookie());
    again.stop().await;
    hub.stop().await;
}

#[tokio::test]
async fn an_open_hub_makes_no_cookie_and_says_so() {
    let data = tempfile::tempdir().unwrap();
    let hub = Hub::new().switch("--open").flag("--data", data.path()).start().await;
    assert_eq!(hub.cookie(), None);
    assert!(hub.invitation.iter().any(|line| line.contains("no cookie")), "{:?}", hub.invitation);
    assert!(!data.path().join("cookie").exists());
    hub.stop().await;
}

#[tokio::test]
async fn the_environment_says_what_flags_say_and_flags_win() {
    let data = tempfile::tempdir().unwrap();
    let hub = Hub::new()
        .env("HUBBUB_LISTEN", "192.0.2.1:1")
        .env("HUBBUB_DATA", data.path())
        .env("HUBBUB_COOKIE", "open sesame")
        .env("HUBBUB_NAME", "hub@den.local")
        .env("HUBBUB_ALLOW_HOST", "chat.example.org,10.0.0.1:80")
        .env("HUBBUB_NICK_TTL", "7days")
        .env("HUBBUB_RATE_LIMIT", "off")
        .env("HUBBUB_OPEN", "false")
        .env("HUBBUB_EPHEMERAL", "no")
        .env("HUBBUB_LOG", "off")
        .start()
        .await;
    assert_eq!(hub.cookie(), Some("open%20sesame"));
    assert!(hub.invitation[0].contains("hub@den.local"), "{:?}", hub.invitation);
    assert!(data.path().join("hubbub.db").exists());
    assert!(!data.path().join("cookie").exists(), "a cookie that is given is not kept");
    assert_eq!(hub.stop().await, "", "nothing is logged");
}

#[tokio::test]
async fn no_secret_is_logged_at_any_level() {
    let hub = Hub::new().switch("--ephemeral").flag("--cookie", "open-sesame").flag("--log", "trace").start().await;
    assert!(get(hub.port(), "/?cookie=open-sesame").await.contains("200 OK"));
    assert!(get(hub.port(), "/ws?cookie=open-sesame").await.contains("426 "));
    for cookie in ["open-sesame", "wrong-sesame"] {
        let hello = format!(r#"{{"type":"hello","version":1,"cookie":"{cookie}"}}"#);
        say_hello(hub.port(), &hello).await;
    }
    let log = hub.stop().await;
    assert!(log.contains("listening"), "{log}");
    assert!(!log.contains("sesame"), "{log}");
}

/// Opens a WebSocket, sends this text, and waits for the first byte that comes back.
async fn say_hello(port: u16, text: &str) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    // One text frame of less than 126 bytes, masked with zeros.
    let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0];
    frame.extend_from_slice(text.as_bytes());
    stream.write_all(&frame).await.unwrap();
    timeout(DEADLINE, stream.read_u8()).await.expect("a welcome or a close").unwrap();
}

#[tokio::test]
async fn a_hub_runs_on_when_nobody_reads_its_invitation() {
    let mut hub = Hub::new().switch("--ephemeral");
    let mut child = hub.command.spawn().unwrap();
    drop(child.stdout.take());
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let port = loop {
        let line = timeout(DEADLINE, log.next_line()).await.expect("a log").unwrap().expect("a log of its start");
        if let Some((_, address)) = line.split_once("address=127.0.0.1:") {
            break address.parse().unwrap();
        }
    };
    assert!(get(port, "/health").await.contains("200 OK"));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn out_of_files_it_waits_and_goes_on() {
    use rustix::process::{Resource, getrlimit, prlimit};

    let mut hub = Hub::new().switch("--ephemeral").start().await;
    let id = i32::try_from(hub.child.id().unwrap()).unwrap();
    let limit = |files| {
        let rlimit = rustix::process::Rlimit { current: Some(files), ..getrlimit(Resource::Nofile) };
        prlimit(Pid::from_raw(id), Resource::Nofile, rlimit).unwrap()
    };
    let before = limit(1).current.unwrap();
    let mut waiting = TcpStream::connect(("127.0.0.1", hub.port())).await.unwrap();
    let mut log = BufReader::new(&mut hub.stderr).lines();
    loop {
        let line = timeout(DEADLINE, log.next_line()).await.expect("a warning").unwrap().expect("that it runs on");
        if line.contains("no connection can be accepted") {
            break;
        }
    }
    limit(before);

    let request = format!("GET /health HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n", hub.port());
    waiting.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(DEADLINE, waiting.read_to_string(&mut answer)).await.expect("an answer").unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

// Refusing to start.

#[tokio::test]
async fn a_port_in_use_is_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let line = Hub::on(&address).refuses(1).await;
    assert!(line.contains("already in use") && line.contains("--listen"), "{line}");
}

#[tokio::test]
async fn an_address_of_another_machine_is_one_line() {
    let line = Hub::on("192.0.2.1:4000").refuses(1).await;
    assert!(line.contains("192.0.2.1 is no address of this machine"), "{line}");
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_made_is_one_line() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("below"), file.join("a line\nbreak")] {
        let line = Hub::new().flag("--data", &path).refuses(1).await;
        assert!(line.contains("cannot be made") && line.contains("--data"), "{line}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_data_directory_that_cannot_be_written_is_one_line() {
    // Where even root cannot make a file.
    let line = Hub::new().flag("--data", "/proc").refuses(1).await;
    assert!(line.contains("/proc cannot be written") && line.contains("--data"), "{line}");
}

#[tokio::test]
async fn a_second_hub_on_the_same_data_is_one_line() {
    let data = tempfile::tempdir().unwrap();
    let first = Hub::new().flag("--data", data.path()).start().await;
    let line = Hub::new().flag("--data", data.path()).refuses(1).await;
    assert!(line.contains("another hub runs"), "{line}");
    assert!(get(first.port(), "/health").await.contains("200 OK"), "the first one does not mind");
    first.stop().await;
}

#[tokio::test]
async fn a_cookie_file_that_others_may_read_or_that_is_empty_is_one_line() {
    for (content, mode, words) in [("sesame\n", 0o644, "chmod 600"), ("", 0o600, "it is empty")] {
        let data = tempfile::tempdir().unwrap();
        let cookie = data.path().join("cookie");
        fs::write(&cookie, content).unwrap();
        fs::set_permissions(&cookie, fs::Permissions::from_mode(mode)).unwrap();
        let line = Hub::new().flag("--data", data.path()).refuses(1).await;
        assert!(line.contains(words) && !line.contains("sesame"), "{line}");
    }
}

#[tokio::test]
async fn a_log_of_a_newer_version_is_one_line() {
    let data = tempfile::tempdir().unwrap();
    Hub::new().flag("--data", data.path()).start().await.stop().await;
    let log = rusqlite::Connection::open(data.path().join("hubbub.db")).unwrap();
    log.pragma_update(None, "user_version", 999).unwrap();
    drop(log);
    let line = Hub::new().flag("--data", data.path()).refuses(1).await;
    assert!(line.contains("newer version"), "{line}");
}

#[tokio::test]
async fn a_log_that_is_none_is_one_line() {
    let data = tempfile::tempdir().unwrap();
    fs::write(data.path().join("hubbub.db"), "not a database, ".repeat(1000)).unwrap();
    let line = Hub::new().flag("--data", data.path()).refuses(1).await;
    assert!(line.contains("hubbub.db"), "{line}");
}

#[tokio::test]
async fn a_malformed_flag_is_one_line_and_exit_code_2() {
    for (flag, value) in [
        ("--data", ""),
        ("--name", "in the den"),
        ("--allow-host", "http://den"),
        ("--nick-ttl", "soon"),
        ("--rate-limit", "fast"),
        ("--print-link", "picture"),
        ("--log", "hub=loud"),
        ("--cookie", ""),
        ("--colour", "blue\nand\nred"),
    ] {
        let line = Hub::new().flag(flag, value).refuses(2).await;
        assert!(line.contains(flag.trim_start_matches('-')) && line.contains("hub --help"), "{line}");
    }
    let line = Hub::on("everywhere").refuses(2).await;
    assert!(line.contains("--listen"), "{line}");
}

#[tokio::test]
async fn a_malformed_variable_is_one_line_and_exit_code_2() {
    for (name, value, flag) in [
        ("HUBBUB_OPEN", "perhaps", "--open"),
        ("HUBBUB_NICK_TTL", "soon", "--nick-ttl"),
        ("HUBBUB_NO_ANNOUNCE", "perhaps", "--no-announce"),
        ("HUBBUB_PRINT_LINK", "picture", "--print-link"),
        ("HUBBUB_ALLOW_HOST", "a,,b", "--allow-host"),
    ] {
        let line = Hub::new().env(name, value).refuses(2).await;
        assert!(line.contains(name) && !line.contains(flag), "what was set is named, nobody typed a flag: {line}");
    }
    // A flag counts before its variable, and is what is named.
    let line = Hub::on("everywhere").env("HUBBUB_LISTEN", "nowhere").refuses(2).await;
    assert!(line.contains("--listen") && !line.contains("HUBBUB_LISTEN"), "{line}");
}

#[tokio::test]
async fn a_command_that_wants_another_is_its_help_and_exit_code_2() {
    let output = Hub::new().switch("nicks").run().await;
    let help = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{help}");
    assert!(help.contains("\nUsage: hub nicks") && help.lines().any(|line| line.starts_with("  free ")), "{help}");
    assert!(!help.starts_with("hub: "), "{help}");
}

#[tokio::test]
async fn flags_that_contradict_each_other_are_one_line_and_exit_code_2() {
    let line = Hub::new().switch("--open").flag("--cookie", "sesame").refuses(2).await;
    assert!(line.contains("--open") && !line.contains("sesame"), "{line}");
    let line = Hub::new().switch("--open").env("HUBBUB_COOKIE", "sesame").refuses(2).await;
    assert!(line.contains("HUBBUB_COOKIE") && !line.contains("sesame"), "{line}");
}

#[tokio::test]
async fn help_and_version_are_what_was_asked_for() {
    let help = Hub::new().env("HUBBUB_COOKIE", "sesame").switch("--help").run().await;
    assert_eq!(help.status.code(), Some(0));
    let text = String::from_utf8(help.stdout).unwrap();
    for flag in [
        "--listen",
        "--data",
        "--cookie",
        "--open",
        "--ephemeral",
        "--name",
        "--allow-host",
        "--nick-ttl",
        "--rate-limit",
        "--no-announce",
        "--print-link",
        "--log",
    ] {
        let variable = format!("HUBBUB_{}", flag.trim_start_matches('-').to_uppercase().replace('-', "_"));
        assert!(text.contains(flag) && text.contains(&variable), "{flag} is not in\n{text}");
    }
    assert!(!text.contains("sesame"), "{text}");

    let version = Hub::new().switch("--version").run().await;
    assert_eq!(version.status.code(), Some(0));
    assert_eq!(String::from_utf8(version.stdout).unwrap(), format!("hub {}\n", env!("CARGO_PKG_VERSION")));
}

// Stopping.

#[tokio::test]
async fn sigterm_and_ctrl_c_stop_it_in_good_order() {
    for signal in [Signal::TERM, Signal::INT] {
        let data = tempfile::tempdir().unwrap();
        let hub = Hub::new().flag("--data", data.path()).start().await;
        hub.signal(signal);
        let (code, log) = hub.end().await;
        assert_eq!(code, Some(0), "{log}");
        assert!(log.contains("everything is on disk"), "{log}");
        assert!(!data.path().join("hubbub.db-wal").exists(), "the log was closed");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_terminal_that_is_closed_stops_it_in_good_order_however_often_that_is_told() {
    let data = tempfile::tempdir().unwrap();
    let hub = Hub::new().flag("--data", data.path()).start().await;
    if ignores_hangup(hub.child.id().unwrap()) {
        hub.stop().await;
        return; // so were these tests started, and what they start is
    }
    let record = data.path().join("hub.json");
    assert!(record.exists());
    let Running { mut child, stderr, .. } = hub;
    drop(stderr); // nothing can be said there any more
    let id = Pid::from_raw(child.id().unwrap().cast_signed()).unwrap();
    for _ in 0..2 {
        let _ = kill_process(id, Signal::HUP); // the second may come too late
    }
    let status = timeout(DEADLINE, child.wait()).await.expect("its end").unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(!record.exists(), "it tidied up");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_hub_that_is_to_outlive_its_terminal_does() {
    let hub = Hub::new().switch("--ephemeral");
    let mut command = Command::new("sh"); // as nohup does it
    command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(hub.command.as_std().get_program());
    command.args(hub.command.as_std().get_args()).env("HOME", hub.home.path()).env("HUBBUB_NO_ANNOUNCE", "true");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let hub = Hub { command, ..hub }.start().await;
    assert!(ignores_hangup(hub.child.id().unwrap()));
    hub.signal(Signal::HUP);
    assert!(get(hub.port(), "/health").await.contains("200 OK"));
    hub.stop().await;
}

#[tokio::test]
async fn being_asked_twice_it_does_not_wait() {
    let hub = Hub::new().switch("--ephemeral").start().await;
    hub.signal(Signal::INT);
    hub.signal(Signal::INT);
    let (code, log) = hub.end().await;
    // Whether the second came before it had stopped anyway is nobody's promise.
    assert!(matches!(code, Some(0 | 130)), "{code:?} {log}");
}
