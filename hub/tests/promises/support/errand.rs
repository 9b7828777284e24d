//! What the hub's binary does instead of being a hub.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;
use tokio::time::timeout;

use super::DEADLINE;

/// How it ended, and what it said.
#[derive(Debug)]
pub(crate) struct Errand {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Errand {
    /// Runs it on this data directory to its end.
    pub(crate) async fn run<A: AsRef<OsStr>>(data: &Path, words: impl IntoIterator<Item = A>) -> Self {
        Self::run_in(data, words, &[]).await
    }

    /// The same in an environment, which is empty otherwise.
    pub(crate) async fn run_in<A: AsRef<OsStr>>(
        data: &Path,
        words: impl IntoIterator<Item = A>,
        environment: &[(&str, &str)],
    ) -> Self {
        let output = Self::command(data, words).envs(environment.iter().copied()).stdin(Stdio::null()).output();
        let output = timeout(DEADLINE, output).await.expect("it ends").expect("the hub's binary starts");
        let stderr = String::from_utf8(output.stderr).expect("what it says is a text");
        Self { code: output.status.code(), stdout: output.stdout, stderr }
    }

    /// The same where nobody reads what it prints.
    pub(crate) async fn run_unread<A: AsRef<OsStr>>(data: &Path, words: impl IntoIterator<Item = A>) -> Self {
        let (reader, unread) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = Self::command(data, words);
        let child = command.stdin(Stdio::null()).stdout(unread).stderr(Stdio::piped()).spawn();
        let output = child.expect("the hub's binary starts").wait_with_output();
        let output = timeout(DEADLINE, output).await.expect("it ends").expect("its end");
        let stderr = String::from_utf8(output.stderr).expect("what it says is a text");
        Self { code: output.status.code(), stdout: output.stdout, stderr }
    }

    /// The command, to be started as a test likes.
    pub(crate) fn command<A: AsRef<OsStr>>(data: &Path, words: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hub"));
        command.env_clear().args(words).arg("--data").arg(data).kill_on_drop(true);
        command
    }

    /// What it printed, where it must have been done.
    #[track_caller]
    pub(crate) fn done(&self) -> &str {
        assert_eq!((self.code, &*self.stderr), (Some(0), ""), "{:?}", self.stdout.get(..500));
        std::str::from_utf8(&self.stdout).expect("what it prints is a text")
    }

    /// The one line with which it must have ended as something that cannot be done.
    #[track_caller]
    pub(crate) fn refused(&self) -> &str {
        assert_eq!((self.code, &*self.stdout), (Some(1), &b""[..]), "{}", self.stderr);
        let line = self.stderr.strip_suffix('\n').expect("a line");
        assert!(line.starts_with("hub: ") && !line.contains('\n'), "{line}");
        line
    }
}
