//! ChromeDriver: starts browsers and speaks with them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::programs;

/// From its start to the port that it prints.
const START: Duration = Duration::from_secs(20);

/// It takes a free port of IPv6 and then wants the same one of IPv4. Where something else has that (a socket of a
/// browser, of another hub) it ends, and another attempt gets another port.
const ATTEMPTS: u32 = 5;

/// To end its browsers and itself.
const END: Duration = Duration::from_secs(10);

/// A driver on a port of its own. It is in the process group of the tests, as are its browsers, so that Ctrl-C
/// in a terminal ends them all; otherwise they end when this is dropped.
pub struct Driver {
    child: Child,
    address: SocketAddr,
    /// The process ids of its browsers.
    browsers: Vec<i32>,
}

impl Driver {
    /// # Panics
    /// If it does not start.
    pub fn start() -> Self {
        let mut said = String::new();
        for _ in 0..ATTEMPTS {
            match Self::try_start() {
                Ok(driver) => return driver,
                Err(instead) => said = instead,
            }
        }
        panic!("ChromeDriver did not start in {ATTEMPTS} attempts. It said: {said}");
    }

    /// Gives what it said where it ended instead.
    fn try_start() -> Result<Self, String> {
        let mut child = Command::new(programs::chromedriver())
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("ChromeDriver can be run");
        let output = child.stdout.take().expect("its output");
        match printed_port(output) {
            Ok(port) => Ok(Self { child, address: SocketAddr::from(([127, 0, 0, 1], port)), browsers: Vec::new() }),
            Err(said) => {
                // If it is gone already, that is what is wanted.
                let _ = child.kill();
                let _ = child.wait();
                Err(said)
            }
        }
    }

    /// Where it speaks WebDriver.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Takes note of a browser that it started.
    pub(crate) fn started(&mut self, browser: i32) {
        self.browsers.push(browser);
    }

    /// Asks it to end all its browsers and itself. (On SIGTERM it would leave the browsers behind.)
    fn shut_down(&mut self) -> std::io::Result<()> {
        let mut socket = TcpStream::connect_timeout(&self.address, END)?;
        socket.set_read_timeout(Some(END))?;
        let address = self.address;
        write!(socket, "GET /shutdown HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        socket.read_to_end(&mut Vec::new())?;
        let deadline = Instant::now() + END;
        while self.child.try_wait()?.is_none() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Err(error) = self.shut_down() {
            eprintln!("ChromeDriver could not be asked to end its browsers: {error}");
            for browser in self.browsers.iter().filter_map(|pid| Pid::from_raw(*pid)) {
                // As below.
                let _ = kill_process(browser, Signal::KILL);
            }
        }
        // If it is gone already, that is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `ChromeDriver was started successfully on port 40209.` What it prints further is read, so that it never waits
/// for us. Gives what it printed where this was not among it.
fn printed_port(output: ChildStdout) -> Result<u16, String> {
    let (tell, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // Once the port is known nobody listens.
            let _ = tell.send(line);
        }
    });
    let deadline = Instant::now() + START;
    let mut said = String::new();
    while let Ok(line) = lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        let port = line.split_once("successfully on port ").map(|(_, port)| port.trim_end_matches('.'));
        if let Some(port) = port.and_then(|port| port.parse().ok()) {
            return Ok(port);
        }
        said.push_str(&line);
        said.push('\n');
    }
    Err(said)
}
