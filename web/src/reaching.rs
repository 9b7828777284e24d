//! How far one's own lines have got: when the hub is asked, and what for. One question is for all lines
//! of a place, and only for the place in view, on a page in view, while a line has not reached everybody.

use shared::entry::Entry;
use shared::session::Phase;
use shared::transcript::Place;
use web_sys::Document;

use crate::clock;
use crate::driver::{Asked, Core};
use crate::node::Node;
use crate::page::{Timeout, document};
use crate::reach::{Audience, Told, told};

/// The pauses before the questions, in milliseconds. Whoever is awake has a line, and has said so, before the
/// first or second; after the last only a look asks again.
const PAUSES: [i32; 6] = [300, 1_000, 2_000, 4_000, 8_000, 15_000];

/// A look asks again after so many milliseconds.
const LOOK_EVERY: u64 = 1_000;

/// What is to be asked, and what was.
#[derive(Default)]
pub(crate) struct Asking {
    /// How many questions were asked since something changed.
    times: usize,
    next: Option<Timeout>,
    /// When the last was asked, in milliseconds since 1970 UTC.
    last: u64,
    /// The line the person wants to know of, beside the newest.
    pub(crate) asked: Option<u64>,
    /// How far the hub's clock is ahead of this device's, in milliseconds.
    ahead: i64,
}

impl Node {
    /// A line of one's own is in the log: that is where clocks can be compared, and what to ask about.
    pub(crate) fn own_line_heard(self, entry: &Entry) {
        let own = self.with_core(|core| {
            let own = core.transcript.me() == Some(entry.from());
            if own {
                core.asking.ahead = signed(entry.at()) - signed(clock::now());
            }
            own
        });
        if own {
            self.ask_reach_anew();
        }
    }

    /// Something has changed: asks soon, then ever more rarely.
    pub(crate) fn ask_reach_anew(self) {
        self.with_core(|core| core.asking.times = 0);
        self.plan_question();
    }

    fn plan_question(self) {
        let here = self.here.get_untracked();
        let wanted = self.phase.get_untracked() == Phase::Online && !Document::hidden(&document());
        self.with_core(|core| {
            let wanted = wanted && core.transcript.get(&here).is_some_and(|known| known.unreached().is_some());
            let pause = PAUSES.get(core.asking.times).filter(|_| wanted);
            core.asking.next = pause.map(|pause| Timeout::new(*pause, move || self.ask_reach()));
        });
    }

    fn ask_reach(self) {
        let here = self.here.get_untracked();
        let known = self.with_core(|core| {
            core.asking.times += 1;
            core.asking.last = clock::now();
            core.asking.next = None;
            core.transcript.get(&here).is_some()
        });
        if known && self.phase.get_untracked() == Phase::Online {
            self.ask(Asked::Cursors, |id| here.cursors(id));
        }
    }

    /// The hub has answered.
    pub(crate) fn reach_told(self, well: bool) {
        if well {
            self.talk.reach.notify();
        }
        self.plan_question();
    }

    /// A person looks at how far a line has got.
    pub(crate) fn look_at_reach(self) {
        let due = self.with_core(|core| clock::now() >= core.asking.last + LOOK_EVERY);
        if due {
            self.ask_reach();
        }
    }

    /// Shows how far a line of one's own has got; none for the newest alone.
    pub(crate) fn mark(self, seq: Option<u64>) {
        self.with_core(|core| core.asking.asked = seq);
        self.order_rows();
    }

    /// Whether that is the line a person asked about.
    pub(crate) fn asked_about(self, seq: u64) -> bool {
        self.with_core(|core| core.asking.asked == Some(seq))
    }

    /// How far a line of one's own at the place in view has got, in words.
    pub(crate) fn reach(self, seq: u64) -> Told {
        self.talk.reach.track();
        let here = self.here.get_untracked();
        self.with_core(|core| {
            let now = signed(clock::now()) + core.asking.ahead;
            let reach = core.transcript.get(&here).and_then(|known| known.reach(seq));
            told(reach.as_ref(), &audience(core, &here), u64::try_from(now).unwrap_or(0))
        })
    }
}

fn audience(core: &Core, here: &Place) -> Audience {
    match here {
        Place::Room(_) => Audience::Room,
        Place::With(nick) => Audience::One { nick: nick.clone(), here: core.transcript.state_of(nick).is_some() },
    }
}

fn signed(at: u64) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
}
