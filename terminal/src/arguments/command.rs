//! What there is beside the chat: one thing done, for scripts.

use std::time::Duration;

use clap::{Args, Subcommand, ValueHint};
use manual::What;
use shared::process::limits::{MAX_WITHIN, MIN_WITHIN};

use crate::exit::CODES;

/// What a `--help` ends with.
fn ending(examples: &[&str]) -> String {
    let examples: String = examples.iter().flat_map(|example| ["  ", *example, "\n"]).collect();
    format!("Examples:\n{examples}\n{CODES}")
}

/// What there is beside the chat.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Say something, and end once it is on the hub's disk
    ///
    /// It is said as it is: a / at its beginning is no command. It needs a nick. Where the connection breaks, it is tried
    /// again for 10 s, and never said twice.
    #[command(after_help = ending(&[
        "hubbub say -n ana the build is green",
        "make 2>&1 | tail -20 | hubbub say -r builds",
        "hubbub say -t bob psst",
    ]))]
    Say(Say),
    /// Follow what is said in a room
    ///
    /// It needs a nick, which is in the room meanwhile. It comes back by itself, until it is stopped: each entry once, in
    /// order, without a gap.
    #[command(after_help = ending(&[
        "hubbub tail",
        "hubbub tail -r builds --json --after 0 | jq -r 'select(.type == \"said\") | .text'",
        "hubbub tail --json --after \"$(tail -1 seen.jsonl | jq .seq)\" >> seen.jsonl",
    ]))]
    Tail(Tail),
    /// List the hubs found on the network within two seconds
    ///
    /// Only what announces itself is found; --server leads to the others.
    #[command(after_help = ending(&["hubbub hubs", "hubbub hubs --json | jq -r '.addresses[0]'"]))]
    Hubs(Hubs),
    /// List the nodes: every tab, terminal and program that is connected, but for this command's own
    #[command(after_help = ending(&["hubbub nodes", "hubbub nodes --json | jq -r 'select(.nick == \"ana\") | .node'"]))]
    Nodes(Nodes),
    /// Ask whether a node is alive: pong (0), or pang (1) if it is not
    ///
    /// Nodes have names, and people have nicks: `hubbub nodes` lists both.
    #[command(after_help = ending(&["hubbub ping hub", "hubbub ping tab-7f3a@den.local && echo there"]))]
    Ping(Ping),
    /// Call a process of a node, and print its answer
    ///
    /// The answer is printed as JSON on one line, or, where it is a text, as that.
    #[command(after_help = ending(&[
        "hubbub call factorial@@calc 5",
        "hubbub call --within 30 --json map_server@@tab-7f3a '{\"list\":\"users/\"}'",
        "hubbub call message_server@@hub '{\"type\":\"list_rooms\"}'",
    ]))]
    Call(Call),
    /// Print the value of a key in the replicated store
    ///
    /// It is printed as JSON on one line, or, where it is a text, as that.
    #[command(after_help = ending(&["hubbub get users/ana", "hubbub get users/ana tab-7f3a || echo 'not there yet'"]))]
    Get(Get),
    /// Put a value under a key of the replicated store, and print the key's version
    ///
    /// It needs a nick.
    #[command(after_help = ending(&[
        "hubbub put users/ana '{\"tea\":true}'",
        "git rev-parse HEAD | hubbub put builds/head",
        "hubbub put --if 0 leader \"$(hostname)\" && echo 'it is me'",
    ]))]
    Put(Put),
    /// Follow the keys of the replicated store that begin with a prefix
    ///
    /// What there is comes first, and then each change, until it is stopped. Of a key that changes faster than it is
    /// printed the latest value is.
    #[command(after_help = ending(&["hubbub watch users/", "hubbub watch --json | jq -r .key"]))]
    Watch(Watch),
    /// Print the man page, or completions for a shell
    #[command(after_help = ending(&[
        "mkdir -p ~/.local/share/man/man1 && hubbub generate man > ~/.local/share/man/man1/hubbub.1",
        "d=~/.local/share/bash-completion/completions; mkdir -p $d && hubbub generate bash > $d/hubbub",
        "d=~/.config/fish/completions; mkdir -p $d && hubbub generate fish > $d/hubbub.fish",
    ]))]
    Generate(Generate),
}

#[derive(Clone, Debug, Args)]
pub struct Say {
    /// The room to say it in; it is joined for that, if need be [default: lobby]
    #[arg(short, long, value_name = "ROOM", value_hint = ValueHint::Other, conflicts_with = "to")]
    pub room: Option<String>,

    /// The one person to say it to, alone
    #[arg(short, long, value_name = "NICK", value_hint = ValueHint::Other)]
    pub to: Option<String>,

    /// What to say; without it, or where it is - alone, all of standard input. Words that begin with - stand in quotation
    /// marks with others, or behind --
    #[arg(value_name = "TEXT")]
    pub text: Vec<String>,
}

#[derive(Clone, Debug, Args)]
pub struct Tail {
    /// The room to follow [default: lobby]
    #[arg(short, long, value_name = "ROOM", value_hint = ValueHint::Other)]
    pub room: Option<String>,

    /// Each entry as one line of JSON, as on the wire
    #[arg(long)]
    pub json: bool,

    /// Begin behind this entry of the hub's log, 0 for all [default: only what comes]
    #[arg(long, value_name = "SEQ")]
    pub after: Option<u64>,
}

#[derive(Clone, Debug, Args)]
pub struct Hubs {
    /// Each hub as one line of JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, Args)]
pub struct Nodes {
    /// Each node as one line of JSON, as on the wire
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, Args)]
pub struct Ping {
    /// Its name, or what stands in it before the @
    #[arg(value_name = "NODE")]
    pub node: String,
}

#[derive(Clone, Debug, Args)]
pub struct Call {
    /// The process and its node, as factorial@@calc
    #[arg(value_name = "PROCESS@@NODE")]
    pub address: node::Address,

    /// The message: JSON, or, where it is none, a text
    #[arg(value_name = "MESSAGE", allow_hyphen_values = true)]
    pub message: String,

    /// How many seconds to wait for the answer, at most 60. After that it may have been done all the same
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = within)]
    pub within: Duration,

    /// A text as JSON, too
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, Args)]
pub struct Get {
    #[arg(value_name = "KEY")]
    pub key: String,

    /// The node whose copy of the store is asked for [default: the hub]
    #[arg(value_name = "NODE")]
    pub node: Option<String>,

    /// A text as JSON, too
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, Args)]
pub struct Put {
    #[arg(value_name = "KEY")]
    pub key: String,

    /// The value: JSON, or, where it is none, a text; without it, or where it is -, all of standard input but for the line
    /// breaks at its end
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    pub value: Option<String>,

    /// Only if the key has this version now, 0 for a key that is not there
    #[arg(long = "if", value_name = "VERSION")]
    pub version: Option<u64>,
}

#[derive(Clone, Debug, Args)]
pub struct Watch {
    /// What the keys begin with; all keys without it
    #[arg(value_name = "PREFIX", default_value = "", hide_default_value = true)]
    pub prefix: String,

    /// Each key as one line of JSON; one that is gone has the version 0
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Debug, Args)]
pub struct Generate {
    #[arg(value_enum)]
    pub what: What,
}

/// How long a call waits, in seconds, as somebody wrote it.
fn within(seconds: &str) -> Result<Duration, String> {
    let (least, most) = (Duration::from_millis(MIN_WITHIN.into()), Duration::from_millis(MAX_WITHIN.into()));
    let within = seconds.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    within
        .filter(|within| (least..=most).contains(within))
        .ok_or_else(|| format!("a call waits for {} to {} seconds", least.as_secs_f64(), most.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_waits_for_as_long_as_calls_may() {
        assert_eq!(within("5"), Ok(Duration::from_secs(5)));
        assert_eq!(within("0.25"), Ok(Duration::from_millis(250)));
        for wrong in ["", "soon", "0", "-1", "60.5", "NaN", "inf", "1e300"] {
            assert!(within(wrong).is_err(), "{wrong}");
        }
    }
}
