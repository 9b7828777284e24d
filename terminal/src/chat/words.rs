//! What is told to a person, in words. Nothing is cleaned here.

use shared::message::{Answer, ErrorCode, NodeInfo, Person, Pinged, Refusal, State, User};
use shared::room::LOBBY;
use shared::session::Phase;
use unicode_width::UnicodeWidthStr;

use crate::profile::now;

/// The state of the connection; none while all is well.
pub(super) fn phase(phase: &Phase, now: u64) -> Option<String> {
    Some(match phase {
        Phase::Online => return None,
        Phase::Idle | Phase::Connecting => "Connecting…".to_owned(),
        Phase::Waiting { until, .. } => match until.saturating_sub(now).div_ceil(1000) {
            0 | 1 => "Connection lost, trying again".to_owned(),
            wait => format!("Connection lost, trying again in {wait} s"),
        },
        Phase::Offline => "There is no network".to_owned(),
        Phase::CookieWanted { why } | Phase::Refused { why } => why.clone(),
    })
}

/// A refusal, with the time when it ends.
pub(crate) fn refusal(refusal: &Refusal) -> String {
    let Some(until) = refusal.until else { return refusal.message.clone() };
    let wait = until.saturating_sub(now());
    let when = match refusal.code {
        ErrorCode::NickInUse if wait > 0 => {
            format!("It is kept for {} more, or longer if its owner is here meanwhile.", span(wait))
        }
        _ if wait > 0 => format!("Try again in {}.", span(wait)),
        _ => "Try again now.".to_owned(),
    };
    format!("{} {when}", refusal.message)
}

/// Who entered a room reads this.
pub(crate) fn joined(room: &str, here: &[User], count: u32) -> String {
    let entered = if room == LOBBY { "* Joined the chatroom *".to_owned() } else { format!("* Joined #{room} *") };
    format!("{entered}\n{}", users(here, count))
}

/// Who is in a room: nicks joined by `:`.
pub(crate) fn users(users: &[User], count: u32) -> String {
    let nicks: Vec<&str> = users.iter().map(|user| user.nick.as_str()).collect();
    let more = (count as usize).saturating_sub(nicks.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("* Users in the room: {}{more} *", nicks.join(":"))
}

/// Who is on the hub, for whoever asks it in a private conversation.
pub(super) fn everyone(users: &[User]) -> String {
    let nicks: Vec<&str> = users.iter().map(|user| user.nick.as_str()).collect();
    format!("* Users on the hub: {} *", nicks.join(":"))
}

/// The widest column of a table, in columns of the terminal: what is longer pushes the rest of its line aside. Who joins names their
/// node and its kind as they like.
const COLUMN: usize = 40;

/// A line for each node.
pub(super) fn nodes(nodes: &[NodeInfo], now: u64) -> String {
    node_lines(nodes, |node| format!("for {}", span(now.saturating_sub(node.since)))).join("\n")
}

/// The same, with what is told of the time since when they are connected: name, kind, nick, and that, in columns. A node
/// without a nick has a `-`.
pub(crate) fn node_lines(nodes: &[NodeInfo], since: impl Fn(&NodeInfo) -> String) -> Vec<String> {
    let cells = |node: &NodeInfo| [node.node.clone(), node.kind.clone(), node.nick.clone().unwrap_or("-".to_owned())];
    let rows: Vec<[String; 3]> = nodes.iter().map(cells).collect();
    let widths: [usize; 3] =
        std::array::from_fn(|at| rows.iter().map(|row| row[at].width()).max().unwrap_or_default().min(COLUMN));
    let line = |(row, node): (&[String; 3], &NodeInfo)| {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + 2));
        }
        line.push_str(&since(node));
        line
    };
    rows.iter().zip(nodes).map(line).collect()
}

/// What a ping brought back.
pub(super) fn pinged(node: &str, Pinged { answer, ms }: &Pinged) -> String {
    match answer {
        Answer::Pong => format!("pong: {node} answered after {ms} ms."),
        Answer::Pang => {
            format!("pang: {node} is unknown, gone, or does not answer. /nodes lists those that are there.")
        }
    }
}

/// How a person is, where, and when they were last seen.
pub(super) fn person(person: &Person, now: u64) -> String {
    let Person { nick, state, seen, nodes } = person;
    let how = match state {
        State::Online => "is online",
        State::Away => "is away",
        State::Reconnecting => "is reconnecting",
        State::Offline => "is offline",
    };
    let seen = seen.map(|at| format!(", last seen {} ago", span(now.saturating_sub(at)))).unwrap_or_default();
    let at: Vec<String> = nodes.iter().map(|node| format!("{} ({})", node.node, node.kind)).collect();
    let at = if at.is_empty() { String::new() } else { format!(", at {}", at.join(", ")) };
    format!("{nick} {how}{seen}{at}.")
}

/// A time in the unit that tells most: `40 s`, `5 min`, `3 h`, `2 days`.
pub fn span(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match (seconds, seconds / 60, seconds / 3600) {
        (0..=99, _, _) => format!("{seconds} s"),
        (_, 0..=99, _) => format!("{} min", seconds / 60),
        (_, _, 0..=47) => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(nick: &str) -> User {
        User { nick: nick.to_owned(), state: State::Online, nodes: 1 }
    }

    #[test]
    fn a_room_is_entered_in_the_words_of_the_original() {
        let here = [user("ana"), user("bob")];
        assert_eq!(joined("lobby", &here, 2), "* Joined the chatroom *\n* Users in the room: ana:bob *");
        assert_eq!(joined("dev", &here, 300), "* Joined #dev *\n* Users in the room: ana:bob and 298 more *");
    }

    #[test]
    fn a_time_is_told_in_the_unit_that_tells_most() {
        let spans = [(40_000, "40 s"), (300_000, "5 min"), (10_800_000, "3 h"), (200_000_000, "2 days")];
        for (milliseconds, words) in spans {
            assert_eq!(span(milliseconds), words);
        }
    }

    #[test]
    fn a_name_of_any_length_is_told() {
        let long = "x".repeat(70_000);
        let node = |kind: &str, since| NodeInfo {
            node: "ana@den".to_owned(),
            nick: None,
            kind: kind.to_owned(),
            since,
            processes: false,
        };
        let told = nodes(&[node(&long, 0), node("tab", 0)], 40_000);
        assert_eq!(told.lines().next(), Some(format!("ana@den  {long}  -  for 40 s").as_str()));
        assert_eq!(told.lines().nth(1).map(str::len), Some("ana@den  ".len() + COLUMN + "  -  for 40 s".len()));
    }

    #[test]
    fn nodes_stand_in_columns_whatever_alphabet_a_nick_is_of() {
        let node = |name: &str, nick: Option<&str>| NodeInfo {
            node: name.to_owned(),
            nick: nick.map(str::to_owned),
            kind: "tab".to_owned(),
            since: 0,
            processes: false,
        };
        let told = nodes(&[node("tab-1@den", Some("日本")), node("t@den", Some("ana")), node("u@den", None)], 40_000);
        let expected =
            ["tab-1@den  tab  日本  for 40 s", "t@den      tab  ana   for 40 s", "u@den      tab  -     for 40 s"];
        assert!(told.lines().eq(expected), "{told}");
    }

    #[test]
    fn how_long_a_nick_is_kept_is_true_of_one_whose_owner_is_here_too() {
        let message = "Someone else has this nick.".to_owned();
        let until = Some(now() + 23 * 3_600_000 + 60_000);
        let told = refusal(&Refusal { until, ..Refusal::new(ErrorCode::NickInUse, message) });
        assert_eq!(
            told,
            "Someone else has this nick. It is kept for 23 h more, or longer if its owner is here meanwhile."
        );
    }
}
