//! The state of the connection in words.

use std::cell::Cell;

use crate::state::*;
use shared::session::{Phase, Session};

use crate::dom::{El, Part, effect, el, keep, switch};
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

fn words(phase: &Phase, now: u64) -> Standing {
    match phase {
        Phase::Idle | Phase::CookieWanted { .. } => Standing::Idle,
        Phase::Online => Standing::Well,
        Phase::Connecting => Standing::Under("Connecting…"),
        Phase::Waiting { until, .. } => {
            Standing::Trouble(format!("Reconnecting in {}", calendar::span(until.saturating_sub(now))))
        }
        Phase::Offline => Standing::Trouble("Offline: this device has no network".to_owned()),
        Phase::Refused { why } => Standing::Lost(why.clone()),
    }
}

/// The connection's state, counting down while it waits.
pub(super) fn standing(node: Node) -> impl Fn() -> Standing + Copy + 'static {
    let now = Signal::new(clock::now());
    effect(move || {
        if matches!(node.phase.get(), Phase::Waiting { .. }) {
            now.set(clock::now());
            // Until the effect runs again, for another phase.
            keep(Interval::new(COUNTDOWN, move || now.set(clock::now())));
        }
    });
    move || words(&node.phase.get(), now.get())
}

/// Tries again at once, where something waits or was given up.
pub(super) fn retry(node: Node) -> Part {
    let name = move || match node.phase.get() {
        Phase::Waiting { .. } | Phase::Offline => Some("Now"),
        Phase::Refused { .. } => Some("Try again"),
        Phase::Idle | Phase::Connecting | Phase::Online | Phase::CookieWanted { .. } => None,
    };
    switch(name, move |name| {
        name.map(|name| {
            el("button").attr("type", "button").text(name).on("click", move |_| node.session(Session::retry))
        })
    })
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
    let was_lost = Cell::new(false);
    let heard = move || {
        let told = told();
        match told {
            Standing::Trouble(_) => {
                was_lost.set(true);
                "The connection to the hub is lost. What you write waits here and is sent later.".to_owned()
            }
            Standing::Lost(why) => {
                was_lost.set(true);
                why
            }
            Standing::Well if was_lost.get() => "Connected again.".to_owned(),
            Standing::Idle | Standing::Well | Standing::Under(_) => String::new(),
        }
    };
    let sight = move || match told() {
        Standing::Idle => "Not connected".to_owned(),
        Standing::Well => "Connected".to_owned(),
        Standing::Under(words) => words.to_owned(),
        Standing::Trouble(words) | Standing::Lost(words) => words,
    };
    let synced = move || {
        let (seq, known) = (node.seq.get(), node.welcome.with(|welcome| welcome.as_ref().map_or(0, |known| known.seq)));
        match told() {
            Standing::Well if seq < known => Some(format!("Catching up: #{seq} of #{known}")),
            Standing::Well => Some(format!("Synced to #{seq}")),
            _ => None,
        }
    };
    let detailed = Signal::new(false);
    let detail = move || synced().filter(|_| detailed.get()).map(|words| format!(" · {words}"));
    let waiting = move || match node.unsent.get() {
        0 => None,
        _ if told() == Standing::Well => None,
        1 => Some(" · 1 line waits".to_owned()),
        many => Some(format!(" · {many} lines wait")),
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
            el("button")
                .class("words quiet")
                .attr("type", "button")
                .attr_from("title", synced)
                .attr_from("aria-expanded", move || detailed.get())
                .on("click", move |_| detailed.update(|shown| *shown = !*shown))
                .child(el("span").class("sign"))
                .child(el("span").text_from(sight).text_from(detail).text_from(waiting)),
        )
        .child(retry(node))
        .child(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_counts_down_in_whole_seconds() {
        let phase = Phase::Waiting { until: 10_000, attempt: 3 };
        let Standing::Trouble(words) = words(&phase, 6_001) else { panic!("waiting is trouble") };
        assert!(words.ends_with("in 4 s"), "{words}");
    }

    #[test]
    fn a_refusal_says_why() {
        let phase = Phase::Refused { why: "The hub speaks version 2.".to_owned() };
        assert_eq!(words(&phase, 0), Standing::Lost("The hub speaks version 2.".to_owned()));
    }
}
