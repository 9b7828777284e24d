//! The state of the connection in words.

use crate::state::*;
use shared::session::{Phase, Session};

use crate::dom::{El, effect, el, keep, show};
use crate::node::Node;
use crate::page::Interval;
use crate::{calendar, clock};

/// How often a countdown is drawn anew, in milliseconds.
const COUNTDOWN: i32 = 250;

/// The state of the connection, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Not connected, and meant to be so.
    Idle,
    Well,
    /// Under way; mostly too short to be read.
    Under(&'static str),
    /// Not connected, and trying again.
    Trouble(String),
    /// Not connected, and not trying again.
    Lost(String),
}

impl Standing {
    /// Whether there is something for the button `Try now` to do.
    pub(super) fn can_retry(&self) -> bool {
        matches!(self, Self::Trouble(_) | Self::Lost(_))
    }
}

fn words(phase: &Phase, now: u64) -> Standing {
    match phase {
        Phase::Idle => Standing::Idle,
        Phase::Online => Standing::Well,
        Phase::Connecting => Standing::Under("Connecting to the hub…"),
        Phase::Waiting { until, .. } => {
            let wait = until.saturating_sub(now);
            Standing::Trouble(format!("No connection. Trying again in {}.", calendar::span(wait)))
        }
        Phase::Offline => Standing::Trouble("This device has no network. The hub is tried all the same.".to_owned()),
        Phase::CookieWanted { .. } => Standing::Idle,
        Phase::Refused { why } => Standing::Lost(why.clone()),
    }
}

/// The connection's state, counting down while it waits.
pub(super) fn standing(node: Node) -> impl Fn() -> Standing + Copy + 'static {
    let now = RwSignal::new(clock::now());
    effect(move || {
        if matches!(node.phase.get(), Phase::Waiting { .. }) {
            now.set(clock::now());
            // Until the effect runs again, for another phase.
            keep(Interval::new(COUNTDOWN, move || now.set(clock::now())));
        }
    });
    move || words(&node.phase.get(), now.get())
}

/// The line below the composer. It is one line high whatever it says.
pub(super) fn standing_line() -> El {
    let node = Node::here();
    let told = standing(node);
    let class = move || match told() {
        Standing::Idle | Standing::Well | Standing::Under(_) => "standing",
        Standing::Trouble(_) => "standing troubled",
        Standing::Lost(_) => "standing lost",
    };
    // Written, and so heard, once for each change, not with each second of a countdown.
    let heard = move || match told() {
        Standing::Trouble(_) => {
            "The connection to the hub is lost. What you write waits here and is sent later.".to_owned()
        }
        Standing::Lost(why) => why,
        Standing::Idle | Standing::Well | Standing::Under(_) => String::new(),
    };
    let sight = move || match told() {
        Standing::Idle => "Not connected.".to_owned(),
        Standing::Well => match node.seq.get() {
            0 => "Connected.".to_owned(),
            seq => format!("Connected, up to date with #{seq}."),
        },
        Standing::Under(words) => words.to_owned(),
        Standing::Trouble(words) | Standing::Lost(words) => words,
    };
    let waiting = move || match node.unsent.get() {
        0 => None,
        _ if told() == Standing::Well => None,
        1 => Some(" One line waits.".to_owned()),
        many => Some(format!(" {many} lines wait.")),
    };
    let keys = el("p")
        .class("keys")
        .attr("aria-hidden", "true")
        .child(el("kbd").text("Enter"))
        .text(" sends, ")
        .child(el("kbd").text("Shift"))
        .text(" ")
        .child(el("kbd").text("Enter"))
        .text(" breaks the line, ")
        .child(el("kbd").text("/help"));
    el("div")
        .attr_from("class", class)
        .child(el("p").class("unseen").attr("role", "status").text_from(heard))
        .child(
            el("p")
                .class("words")
                .child(el("span").class("sign"))
                .child(el("span").text_from(sight).text_from(waiting)),
        )
        .child(show(
            move || told().can_retry(),
            move || {
                el("button").attr("type", "button").text("Try now").on("click", move |_| node.session(Session::retry))
            },
        ))
        .child(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_counts_down_in_whole_seconds() {
        let phase = Phase::Waiting { until: 10_000, attempt: 3 };
        let Standing::Trouble(words) = words(&phase, 6_001) else { panic!("waiting is trouble") };
        assert!(words.ends_with("in 4 s."), "{words}");
    }

    #[test]
    fn a_refusal_says_why() {
        let phase = Phase::Refused { why: "The hub speaks version 2.".to_owned() };
        assert_eq!(words(&phase, 0), Standing::Lost("The hub speaks version 2.".to_owned()));
    }
}
