//! One thing done, for scripts: results on standard output, one sentence on standard error, a code. Nothing is asked where
//! standard input is no terminal; where it is, only what is missing to join: hub, cookie and nick.
//!
//! | module | what it holds |
//! |---|---|
//! | `say` `put` | what makes an entry: done once the hub has it on its disk |
//! | `tail` `watch` | what follows until it is stopped |
//! | `hubs` `nodes` `ping` `call` `get` | what is asked once |
//! | `generate` | man page and completions |
//! | `input` | standard input, where what to say or put stands there |
//! | `output` | standard output, which may be slow or gone |
//! | `json` | values as lines of JSON that a terminal cannot obey |

mod call;
mod generate;
mod get;
mod hubs;
mod input;
mod json;
mod nodes;
pub(crate) mod output;
mod ping;
mod put;
mod say;
mod tail;
mod watch;

use std::io::{self, Write};
use std::time::Duration;

use node::{Client, HubAddress};
use shared::message::{ErrorCode, Joined, Refusal, ToHub};
use shared::process::Fault;
use shared::room::LOBBY;
use shared::session::Phase;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use self::output::Output;
use crate::arguments::{Command, Who};
use crate::clean;
use crate::exit::{Code, Failure};
use crate::joining::{self, LEAVING};
use crate::stopping::Stop;

/// How long something is tried again where the connection breaks: a hub that was restarted is back by then, and a script
/// that waits for longer looks as if it hung.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the hub cannot do just now is asked again after this: it mostly can, and it must not be hurried.
const AGAIN: Duration = Duration::from_millis(250);

/// What becomes of the connection, told by those that follow something.
const LOST: &str = "The connection to the hub is lost; it is tried again.";
const BACK: &str = "The hub is back.";

/// Does it.
///
/// # Errors
/// Why it was not done.
pub async fn run(command: Command, who: &Who, stop: &mut Stop) -> Result<Code, Failure> {
    let mut output = Output::open()?;
    let done = match command {
        Command::Say(say) => say::run(say, who, stop).await,
        Command::Tail(tail) => tail::run(tail, who, stop, &mut output).await,
        Command::Hubs(hubs) => hubs::run(&hubs, stop, &mut output).await,
        Command::Nodes(nodes) => nodes::run(&nodes, who, stop, &mut output).await,
        Command::Ping(ping) => ping::run(&ping, who, stop, &mut output).await,
        Command::Call(call) => call::run(call, who, stop, &mut output).await,
        Command::Get(get) => get::run(get, who, stop, &mut output).await,
        Command::Put(put) => put::run(put, who, stop, &mut output).await,
        Command::Watch(watch) => watch::run(watch, who, stop, &mut output).await,
        Command::Generate(generate) => generate::run(&generate, stop, &mut output).await,
    };
    let written = match &done {
        // Who wants the end now does not wait for a reader who does not read.
        Err(End::Stopped(_)) => {
            _ = timeout(AGAIN, output.finish()).await;
            Ok(())
        }
        _ => tokio::select! {
            code = stop.asked() => Err(End::Stopped(code)),
            written = output.finish() => written,
        },
    };
    match done.and_then(|code| written.map(|()| code)) {
        Ok(code) | Err(End::Stopped(code)) => Ok(code),
        Err(End::Gone) => Ok(Code::Done),
        Err(End::Failed(failure)) => Err(failure),
    }
}

/// Why a command ends before it is done.
#[derive(Debug)]
enum End {
    Failed(Failure),
    /// By a signal.
    Stopped(Code),
    /// Nobody reads what it prints any more.
    Gone,
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl End {
    fn failed(code: Code, words: impl Into<String>) -> Self {
        Self::Failed(Failure::new(code, words))
    }
}

/// What the hub refused, in its words.
impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        let code = match refusal.code {
            ErrorCode::NickInUse | ErrorCode::NickNotAllowed | ErrorCode::NickInvalid | ErrorCode::NotConnected => {
                Code::Nick
            }
            _ => Code::Failed,
        };
        Self::failed(code, refusal.message)
    }
}

/// What a node or one of its processes did not do.
impl From<Fault> for End {
    fn from(fault: Fault) -> Self {
        Self::failed(Code::Failed, fault.message)
    }
}

/// Does something that the hub answers, unless a signal comes first or the hub lets this node in no more.
async fn asked<T>(
    (client, hub): (&Client, &HubAddress),
    stop: &mut Stop,
    work: impl Future<Output = Result<T, End>>,
) -> Result<T, End> {
    let done = tokio::select! {
        code = stop.asked() => Err(End::Stopped(code)),
        failure = shut_out(client, hub) => Err(failure.into()),
        done = work => done,
    };
    match done {
        // What was not done because the hub has gone, or lets this node in no more, was not refused.
        Err(End::Failed(failure)) if failure.code == Code::Failed => {
            let phase = client.phase().borrow().clone();
            let failure = match joining::shut_out(&phase, client, hub) {
                Some(shut_out) => shut_out,
                None if phase != Phase::Online => Failure::new(Code::NoHub, failure.words),
                None => failure,
            };
            Err(failure.into())
        }
        done => done,
    }
}

/// Waits until the hub does not want this node back, and tells why.
async fn shut_out(client: &Client, hub: &HubAddress) -> Failure {
    let mut phase = client.phase();
    loop {
        let failure = joining::shut_out(&phase.borrow_and_update(), client, hub);
        if let Some(failure) = failure {
            return failure;
        }
        if phase.changed().await.is_err() {
            // The client was stopped, by whoever waits for this.
            return std::future::pending().await;
        }
    }
}

/// Tells whoever looks at standard error something, in a sentence; the command goes on.
fn warn(words: &str) {
    _ = writeln!(io::stderr(), "hubbub: {}", clean::line(words)); // perhaps nobody is there to read it
}

/// Tells each time that the connection is lost, and when it is back; never ends.
async fn tell_of_loss(client: &Client) {
    let mut phase = client.phase();
    let mut is_lost = false;
    loop {
        let now = phase.borrow_and_update().clone();
        match now {
            Phase::Waiting { .. } | Phase::Offline if !is_lost => {
                is_lost = true;
                warn(LOST);
            }
            Phase::Online if is_lost => {
                is_lost = false;
                warn(BACK);
            }
            _ => {}
        }
        if phase.changed().await.is_err() {
            return std::future::pending().await; // the client was stopped, by whoever waits for this
        }
    }
}

/// Joins a room, over broken connections too, until that time.
async fn join(client: &Client, room: &str, until: Instant) -> Result<Joined, End> {
    let joined = timeout_at(until, async {
        loop {
            match client.join(room).await {
                Err(refusal) if is_for_now(&refusal) => sleep(AGAIN).await,
                joined => return joined,
            }
        }
    });
    match joined.await {
        Ok(joined) => Ok(joined?),
        Err(_) => Err(End::failed(Code::NoHub, "The hub did not answer in time. Is it still running?")),
    }
}

/// Whether it may be asked again.
fn is_for_now(refusal: &Refusal) -> bool {
    matches!(refusal.code, ErrorCode::Unavailable | ErrorCode::RateLimited)
}

/// A room as it was named on the command line, if it is not the one that everybody is in.
fn beside_the_lobby(room: Option<&str>) -> Option<&str> {
    room.filter(|room| {
        let room = room.trim();
        !room.strip_prefix('#').unwrap_or(room).eq_ignore_ascii_case(LOBBY)
    })
}

/// Leaves in good order, within [`LEAVING`]; what is delivered meanwhile must be dropped already. Where it takes less than
/// the hub gathers who came and went, nobody hears of it; and other nodes of the nick are not touched.
async fn leave(client: &Client) {
    if client.nick().is_some() {
        // Gone, or the hub is. One that does not answer is told by the end of the connection.
        _ = timeout(LEAVING / 2, client.ask(|id| ToHub::Disconnect { id })).await;
    }
    _ = timeout(LEAVING / 2, client.stop()).await;
}
