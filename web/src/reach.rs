//! How far a line of one's own has got, in words. Pure.

use shared::message::{Behind, State};
use shared::transcript::Reach;

use crate::calendar;

/// Nodes named; more are counted.
const NAMED: usize = 4;

/// Who was heard of within so many milliseconds is not asleep, only not done yet.
const AWAKE: u64 = 5_000;

/// Who is to read a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    Room,
    /// `here`: a room that one is in knows of them.
    One {
        nick: String,
        here: bool,
    },
}

/// What a line's mark tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) sign: Sign,
    /// `4/5`, where it has reached some.
    pub(crate) figures: Option<String>,
    pub(crate) words: String,
}

/// The mark itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// On the hub's disk.
    Kept,
    /// And with some of those it is for.
    Some,
    /// And with all of them.
    All,
}

/// `now` is the hub's time, in milliseconds since 1970 UTC.
pub(crate) fn told(reach: Option<&Reach>, audience: &Audience, now: u64) -> Told {
    let kept = |words: &str| Told { sign: Sign::Kept, figures: None, words: words.to_owned() };
    let Some(reach) = reach else { return kept("On the hub’s disk") };
    // One's own node is among them.
    let alone = reach.nodes <= 1;
    match audience {
        Audience::Room if alone => kept("On the hub’s disk; nobody else is here"),
        Audience::One { nick, here } if alone || (!here && reach.waiting.is_empty()) => {
            kept(&format!("Kept until {nick} comes"))
        }
        Audience::One { nick, .. } if reach.all() => all(format!("Reached {nick}")),
        Audience::Room if reach.all() => all(format!("Reached all {}", reach.nodes)),
        _ => {
            let mut words = format!("Reached {} of {}", reach.reached, reach.nodes);
            for (place, behind) in reach.waiting.iter().take(NAMED).enumerate() {
                words.push_str(if place == 0 { ": " } else { ", " });
                words.push_str(&how(behind, now));
            }
            let more = reach.waiting.len().saturating_sub(NAMED);
            if more > 0 {
                words.push_str(&format!(" and {more} more"));
            }
            Told { sign: Sign::Some, figures: Some(format!("{}/{}", reach.reached, reach.nodes)), words }
        }
    }
}

fn all(words: String) -> Told {
    Told { sign: Sign::All, figures: None, words }
}

/// `ana asleep for 2 min`
fn how(behind: &Behind, now: u64) -> String {
    let nick = &behind.nick;
    let ago = now.saturating_sub(behind.since);
    match behind.state {
        State::Reconnecting => format!("{nick} reconnecting for {}", calendar::span(ago)),
        _ if ago < AWAKE => format!("{nick} not yet"),
        _ => format!("{nick} asleep for {}", calendar::span(ago)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_217_400_000;

    fn behind(nick: &str, state: State, ago: u64) -> Behind {
        Behind { node: format!("{nick}@den"), nick: nick.to_owned(), seq: 1, state, since: NOW - ago }
    }

    fn words(nodes: u32, waiting: &[Behind], audience: &Audience) -> (Sign, String) {
        let waiting: Vec<&Behind> = waiting.iter().collect();
        let reached = nodes - waiting.len() as u32;
        let told = told(Some(&Reach { nodes, reached, waiting }), audience, NOW);
        (told.sign, told.words)
    }

    fn bob(here: bool) -> Audience {
        Audience::One { nick: "bob".to_owned(), here }
    }

    #[test]
    fn a_line_has_reached_some_and_then_all() {
        let asleep = behind("ana", State::Online, 119_500);
        assert_eq!(
            words(5, &[asleep], &Audience::Room),
            (Sign::Some, "Reached 4 of 5: ana asleep for 2 min".to_owned())
        );
        assert_eq!(words(5, &[], &Audience::Room), (Sign::All, "Reached all 5".to_owned()));
    }

    #[test]
    fn who_is_missing_is_named_and_many_are_counted() {
        let mut late = vec![behind("ana", State::Reconnecting, 20_000), behind("bob", State::Online, 200)];
        assert_eq!(words(9, &late, &Audience::Room).1, "Reached 7 of 9: ana reconnecting for 20 s, bob not yet");
        late.extend(["c", "d", "e", "f"].map(|nick| behind(nick, State::Online, 0)));
        assert!(words(9, &late, &Audience::Room).1.ends_with(", c not yet, d not yet and 2 more"));
    }

    #[test]
    fn a_whisper_waits_for_whom_it_is_for() {
        assert_eq!(words(1, &[], &bob(false)), (Sign::Kept, "Kept until bob comes".to_owned()));
        // Two nodes, both one's own.
        assert_eq!(words(2, &[], &bob(false)), (Sign::Kept, "Kept until bob comes".to_owned()));
        assert_eq!(words(2, &[], &bob(true)), (Sign::All, "Reached bob".to_owned()));
        assert_eq!(words(2, &[behind("bob", State::Online, 0)], &bob(true)).1, "Reached 1 of 2: bob not yet");
    }

    #[test]
    fn nothing_is_said_that_is_not_known() {
        assert_eq!(told(None, &Audience::Room, NOW).sign, Sign::Kept);
        assert_eq!(words(1, &[], &Audience::Room).0, Sign::Kept);
        // A clock that is behind.
        let ahead = behind("ana", State::Reconnecting, 0);
        let reach = Reach { nodes: 2, reached: 1, waiting: vec![&ahead] };
        assert_eq!(told(Some(&reach), &Audience::Room, 0).words, "Reached 1 of 2: ana reconnecting for 0 s");
    }
}
