//! The state of the connection in words.

use std::time::Duration;

use leptos::prelude::*;
use shared::session::{Phase, Session};

use crate::node::Node;
use crate::{calendar, clock};

/// How often a countdown is drawn anew.
const COUNTDOWN: Duration = Duration::from_millis(250);

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
pub(super) fn standing(node: Node) -> Memo<Standing> {
    let now = RwSignal::new(clock::now());
    Effect::new(move |_| {
        if matches!(node.phase.get(), Phase::Waiting { .. }) {
            now.set(clock::now());
            if let Ok(handle) = set_interval_with_handle(move || now.set(clock::now()), COUNTDOWN) {
                on_cleanup(move || handle.clear());
            }
        }
    });
    Memo::new(move |_| words(&node.phase.get(), now.get()))
}

/// The line below the composer. It is one line high whatever it says.
#[component]
pub(super) fn StandingLine() -> impl IntoView {
    let node = Node::here();
    let told = standing(node);
    let class = move || match told.get() {
        Standing::Idle | Standing::Well | Standing::Under(_) => "standing",
        Standing::Trouble(_) => "standing troubled",
        Standing::Lost(_) => "standing lost",
    };
    // Heard once for each change, not with each second of a countdown.
    let heard = Memo::new(move |_| match told.get() {
        Standing::Trouble(_) => "The connection to the hub is lost. What you write waits here and is sent later.".to_owned(),
        Standing::Lost(why) => why,
        Standing::Idle | Standing::Well | Standing::Under(_) => String::new(),
    });
    let sight = move || match told.get() {
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
        _ if told.get() == Standing::Well => None,
        1 => Some(" One line waits.".to_owned()),
        many => Some(format!(" {many} lines wait.")),
    };
    view! {
        <div class=class>
            <p class="unseen" role="status">{heard}</p>
            <p class="words">
                <span class="sign"></span>
                <span>{sight}{waiting}</span>
            </p>
            <Show when=move || matches!(told.get(), Standing::Trouble(_) | Standing::Lost(_))>
                <button type="button" on:click=move |_| node.session(Session::retry)>"Try now"</button>
            </Show>
            <p class="keys" aria-hidden="true">
                <kbd>"Enter"</kbd>" sends, "<kbd>"Shift"</kbd>" "<kbd>"Enter"</kbd>" breaks the line, "<kbd>"/help"</kbd>
            </p>
        </div>
    }
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
