//! A real browser, driven over WebDriver (W3C) by ChromeDriver: JSON over HTTP, one request at a time.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Where `cargo xtask bench` says the two programs are.
const CHROMIUM: &str = "HUBBUB_CHROMIUM";
const CHROMEDRIVER: &str = "HUBBUB_CHROMEDRIVER";

/// Without a screen, as root, and with nothing in mind but the page.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-proxy-server",
];

/// A laptop's window.
const WINDOW: &str = "--window-size=1280,800";

/// How long anything may take: a start of either program, a page, a script.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often it is looked whether a state is there.
const LOOK: Duration = Duration::from_millis(10);

/// ChromeDriver takes a free port of IPv6 and then wants the same one of IPv4. Where something else has that it ends,
/// and another attempt gets another port.
const ATTEMPTS: u32 = 5;

/// The programs that make a browser.
pub(super) struct Programs {
    chromium: PathBuf,
    driver: PathBuf,
}

impl Programs {
    /// Those that were named, where both were.
    pub(super) fn named() -> Option<Self> {
        let named = |variable| env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from);
        Some(Self { chromium: named(CHROMIUM)?, driver: named(CHROMEDRIVER)? })
    }
}

/// A browser with an empty profile. It ends with its driver when it is dropped.
pub(super) struct Browser {
    driver: Driver,
    /// The path of its session.
    session: String,
}

impl Browser {
    pub(super) fn start(programs: &Programs, profile: &Path) -> Result<Self> {
        let driver = Driver::start(&programs.driver)?;
        let mut flags = FLAGS.map(str::to_owned).to_vec();
        flags.extend([WINDOW.to_owned(), format!("--user-data-dir={}", profile.display())]);
        let chrome = json!({ "goog:chromeOptions": { "binary": programs.chromium, "args": flags } });
        let made = driver.ask("POST", "/session", &json!({ "capabilities": { "alwaysMatch": chrome } }));
        let made = made.context("starting Chromium")?;
        let id = made["sessionId"].as_str().context("Chromium has no session")?;
        Ok(Self { session: format!("/session/{id}"), driver })
    }

    /// Goes to an address and waits until its page is loaded.
    pub(super) fn go(&self, address: &str) -> Result<()> {
        self.post("/url", &json!({ "url": address })).with_context(|| format!("loading {address}")).map(drop)
    }

    /// What a function body returns in the page. A promise is waited for.
    pub(super) fn run<T: DeserializeOwned>(&self, script: &str) -> Result<T> {
        let value = self.post("/execute/sync", &json!({ "script": script, "args": [] }))?;
        serde_json::from_value(value).with_context(|| format!("what this returned: {script}"))
    }

    /// Waits until a function body returns something other than null or false.
    pub(super) fn until<T: DeserializeOwned>(&self, what: &str, script: &str) -> Result<T> {
        self.until_within(PATIENCE, LOOK, what, script)
    }

    /// The same for what takes longer, and is not to be disturbed by looking often.
    pub(super) fn until_within<T: DeserializeOwned>(
        &self,
        patience: Duration,
        look: Duration,
        what: &str,
        script: &str,
    ) -> Result<T> {
        let deadline = Instant::now() + patience;
        loop {
            let value: Value = self.run(script)?;
            if !matches!(value, Value::Null | Value::Bool(false)) {
                return serde_json::from_value(value).with_context(|| format!("what this returned: {script}"));
            }
            ensure!(Instant::now() < deadline, "the page did not get there: {what}");
            thread::sleep(look);
        }
    }

    /// Tells the browser something in its own protocol (Chrome DevTools Protocol), and hears what it answers.
    pub(super) fn command(&self, command: &str, given: &Value) -> Result<Value> {
        self.post("/goog/cdp/execute", &json!({ "cmd": command, "params": given })).context(command.to_owned())
    }

    /// Presses and releases the key of a lower-case letter, as a keyboard does.
    pub(super) fn press(&self, letter: char) -> Result<()> {
        let (key, code) = (letter.to_string(), format!("Key{}", letter.to_ascii_uppercase()));
        let number = u32::from(letter.to_ascii_uppercase());
        for (kind, text) in [("keyDown", key.as_str()), ("keyUp", "")] {
            let event =
                json!({ "type": kind, "text": text, "key": key, "code": code, "windowsVirtualKeyCode": number });
            self.command("Input.dispatchKeyEvent", &event)?;
        }
        Ok(())
    }

    /// Turns the wheel over the middle of the page by so many pixels.
    pub(super) fn turn_wheel(&self, pixels: i32) -> Result<()> {
        let event = json!({ "type": "mouseWheel", "x": 640, "y": 400, "deltaX": 0, "deltaY": pixels });
        self.command("Input.dispatchMouseEvent", &event).map(drop)
    }

    fn post(&self, path: &str, given: &Value) -> Result<Value> {
        self.driver.ask("POST", &format!("{}{path}", self.session), given)
    }
}

struct Driver {
    child: Child,
    address: SocketAddr,
}

impl Driver {
    fn start(program: &Path) -> Result<Self> {
        for _ in 0..ATTEMPTS {
            let mut child = Command::new(program)
                .arg("--port=0")
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .with_context(|| format!("starting {}", program.display()))?;
            let printed = child.stdout.take().context("the driver's output")?;
            let mut driver = Self { child, address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)) };
            if let Some(port) = printed_port(printed) {
                driver.address.set_port(port);
                return Ok(driver);
            }
        }
        bail!("ChromeDriver did not start in {ATTEMPTS} attempts")
    }

    /// One request on a connection of its own. The `value` of the answer.
    fn ask(&self, method: &str, path: &str, given: &Value) -> Result<Value> {
        let body = if method == "GET" { String::new() } else { given.to_string() };
        let mut stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let (address, length) = (self.address, body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json; charset=utf-8\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all((head + body.as_str()).as_bytes())?;
        read_body(&mut stream).and_then(|body| value(&body)).with_context(|| format!("{method} {path}"))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It ends its browsers only if it is asked to; where it was never there, there are none.
        if self.address.port() != 0 && self.ask("GET", "/shutdown", &Value::Null).is_ok() {
            let deadline = Instant::now() + PATIENCE;
            while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
                thread::sleep(LOOK);
            }
        }
        // If it is gone already, that is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The body of one answer. The driver leaves the connection open behind it.
fn read_body(stream: &mut impl Read) -> Result<Vec<u8>> {
    let mut answer = BufReader::new(stream);
    let mut length = None;
    loop {
        let mut line = String::new();
        ensure!(answer.read_line(&mut line)? > 0, "an answer without an end of its head");
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.trim().parse().ok(),
            None if line.trim_end().is_empty() => break,
            _ => {}
        }
    }
    let mut body = vec![0; length.context("an answer of unknown length")?];
    answer.read_exact(&mut body).context("an answer that breaks off")?;
    Ok(body)
}

/// What the driver answered (WebDriver, section 6.3): a value, or an error under the same name.
fn value(body: &[u8]) -> Result<Value> {
    let body: Value = serde_json::from_slice(body).context("an answer that is no JSON")?;
    let value = body.get("value").cloned().unwrap_or_default();
    if let Some(error) = value.get("error").and_then(Value::as_str) {
        let message = value.get("message").and_then(Value::as_str).unwrap_or_default();
        bail!("{error}: {}", message.lines().next().unwrap_or_default());
    }
    Ok(value)
}

/// `ChromeDriver was started successfully on port 40209.` What it prints further is read, so that it never waits for
/// us. None where it ended instead.
fn printed_port(output: ChildStdout) -> Option<u16> {
    let (tell, ports) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some((_, port)) = line.split_once("successfully on port ") {
                // Nobody listens any more once it is known.
                let _ = tell.send(port.trim_end_matches('.').parse().ok());
            }
        }
    });
    ports.recv_timeout(PATIENCE).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_value() {
        let mut answer = &b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{\"value\":[1]} and what comes next"[..];
        assert_eq!(value(&read_body(&mut answer).expect("a body")).expect("a value"), json!([1]));
        assert_eq!(value(b"{\"value\":null}").expect("a value"), Value::Null);
    }

    #[test]
    fn an_answer_cut_off_or_of_unknown_length_is_none() {
        for answer in [&b"HTTP/1.1 200 OK\r\n"[..], b"HTTP/1.1 200 OK\r\n\r\n{}", b"X\r\nContent-Length: 3\r\n\r\n{}"] {
            assert!(read_body(&mut &answer[..]).is_err(), "{answer:?}");
        }
    }

    #[test]
    fn an_error_is_none() {
        let answer = b"{\"value\":{\"error\":\"timeout\",\"message\":\"too slow\\nstack\"}}";
        assert_eq!(value(answer).expect_err("an error").to_string(), "timeout: too slow");
        assert!(value(b"<html>").is_err());
    }
}
