//! How far a line of one's own has got: when the hub is asked, and how that is told. One question is for all lines of a
//! place, and is asked only while somebody looks at a line that has not reached everybody.

use std::time::Duration;

use shared::entry::Entry;
use shared::letters::fold;
use shared::message::{Behind, State};
use shared::session::Delivery;
use shared::transcript::{Changes, Conversation, Place, Reach};
use tokio::time::Instant;

use super::words::span;
use super::{Chat, Purpose};
use crate::profile::now;

/// The pauses before the questions. Whoever is awake has a line, and has said so, before the first or second; after the
/// last nobody asks until another line is looked at, or somebody comes or goes. Who goes from line to line is slower than
/// the first only where they stop.
const PAUSES: [Duration; 6] = [
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(15),
];

/// Between two questions there is so much time, however often another line is looked at.
const APART: Duration = Duration::from_secs(1);

/// Nodes named; more are counted.
const NAMED: usize = 4;

/// Who was heard of within so many milliseconds is not asleep, only not done yet.
const AWAKE: u64 = 5_000;

/// What is to be asked, and what was.
#[derive(Debug, Default)]
pub(super) struct Asking {
    /// The line that is looked at.
    about: Option<(Place, u64)>,
    /// How many questions were asked since something changed.
    times: usize,
    next: Option<Instant>,
    last: Option<Instant>,
    /// How far the hub's clock is ahead of this machine's, in milliseconds.
    ahead: i64,
}

impl Asking {
    /// A line is looked at, or none; whether it is another one.
    fn look(&mut self, about: Option<(Place, u64)>, now: Instant) {
        if self.about != about {
            self.about = about;
            self.anew(now);
        }
    }

    /// Something has changed: asks soon, then ever more rarely.
    fn anew(&mut self, now: Instant) {
        self.times = 0;
        self.plan(now);
    }

    fn plan(&mut self, now: Instant) {
        let soonest = self.last.map(|last| last + APART);
        let pause = PAUSES.get(self.times).filter(|_| self.about.is_some());
        self.next = pause.map(|pause| soonest.map_or(now + *pause, |soonest| soonest.max(now + *pause)));
    }

    /// Whether it is time to ask, which is so once for each time.
    fn is_due(&mut self, now: Instant) -> bool {
        let due = self.next.take_if(|next| *next <= now).is_some();
        if due {
            self.times += 1;
            self.last = Some(now);
        }
        due
    }
}

impl Chat {
    /// From now on it is of interest how far that line of one's own here has got; with none, no line's is.
    pub fn look_at_reach(&mut self, seq: Option<u64>) {
        let about = seq.filter(|_| self.conversation().is_some_and(Conversation::joined));
        let about = about.map(|seq| (self.here.clone(), seq));
        self.asking.look(about, Instant::now());
    }

    /// When the hub is to be asked next: call [`Chat::ask_reach`] then.
    pub fn reach_due(&self) -> Option<Instant> {
        self.asking.next.filter(|_| self.online())
    }

    /// Asks the hub, if it is time to. The answer comes as [`super::Event::Changed`].
    pub fn ask_reach(&mut self) {
        if !self.online() || !self.asking.is_due(Instant::now()) {
            return;
        }
        let Some((place, seq)) = self.asking.about.clone() else { return };
        let known = self.transcript.get(&place);
        let wanted = known.is_some_and(|known| known.joined() && known.reach(seq).is_none_or(|reach| !reach.all()));
        if wanted && self.try_ask(Purpose::Reach, |id| place.cursors(id)).is_err() {
            self.asking.plan(Instant::now()); // too much is asked for already; this can wait
        }
    }

    /// The hub has answered, with whatever.
    pub(super) fn reach_told(&mut self) {
        self.asking.plan(Instant::now());
    }

    /// What arrives changes whom a line may have reached. It is folded into the transcript already.
    pub(super) fn reach_may_change(&mut self, delivery: &Delivery, changes: &Changes) {
        if let Delivery::Heard(entry) = delivery
            && self.is_own(entry)
        {
            self.asking.ahead = signed(entry.at()) - signed(now());
        }
        let moved = self
            .asking
            .about
            .as_ref()
            .is_some_and(|(place, _)| changes.at.iter().any(|change| change.people && change.place.is(place)));
        if moved {
            self.ask_reach_anew();
        }
    }

    pub(super) fn ask_reach_anew(&mut self) {
        self.asking.anew(Instant::now());
    }

    fn is_own(&self, entry: &Entry) -> bool {
        entry.is_line() && fold(entry.from()) == fold(self.me())
    }

    /// How far a line of one's own here has got, in words; none where it is another's, or this node is not here any more.
    pub fn reach(&self, seq: u64) -> Option<String> {
        let here = self.conversation().filter(|here| here.joined())?;
        here.line(seq).filter(|line| self.is_own(line))?;
        let hub_now = u64::try_from(signed(now()) + self.asking.ahead).unwrap_or(0);
        let other_is_known = self.transcript.state_of(self.here.name()).is_some();
        Some(told(here.reach(seq).as_ref(), &self.here, other_is_known, hub_now))
    }

    /// Whether the words of [`Chat::reach`] change by the time that passes.
    pub fn reach_passes(&self, seq: u64) -> bool {
        self.conversation().and_then(|here| here.reach(seq)).is_some_and(|reach| !reach.all())
    }
}

/// `now` is the hub's time, in milliseconds since 1970 UTC. `other_is_known`: a room that one is in knows of whom a private
/// conversation is with.
fn told(reach: Option<&Reach<'_>>, place: &Place, other_is_known: bool, now: u64) -> String {
    let Some(reach) = reach else { return "On the hub’s disk".to_owned() };
    // One's own node is among them.
    let alone = reach.nodes <= 1;
    match place {
        Place::Room(_) if alone => return "On the hub’s disk; nobody else is here".to_owned(),
        Place::With(nick) if alone || (!other_is_known && reach.all()) => return format!("Kept until {nick} comes"),
        Place::With(nick) if reach.all() => return format!("Reached {nick}"),
        Place::Room(_) if reach.all() => return format!("Reached all {}", reach.nodes),
        _ => {}
    }
    let named: Vec<String> = reach.waiting.iter().take(NAMED).map(|behind| how(behind, now)).collect();
    let more = reach.waiting.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("Reached {} of {}: {}{more}", reach.reached, reach.nodes, named.join(", "))
}

/// `ana asleep for 2 min`
fn how(behind: &Behind, now: u64) -> String {
    let nick = &behind.nick;
    let ago = now.saturating_sub(behind.since);
    match behind.state {
        State::Reconnecting => format!("{nick} reconnecting for {}", span(ago)),
        _ if ago < AWAKE => format!("{nick} not yet"),
        _ => format!("{nick} asleep for {}", span(ago)),
    }
}

fn signed(at: u64) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_217_400_000;

    fn behind(nick: &str, state: State, ago: u64) -> Behind {
        Behind { node: format!("{nick}@den"), nick: nick.to_owned(), seq: 1, state, since: NOW - ago }
    }

    fn words(nodes: u32, waiting: &[Behind], place: &Place, other_is_known: bool) -> String {
        let waiting: Vec<&Behind> = waiting.iter().collect();
        let reached = nodes - waiting.len() as u32;
        told(Some(&Reach { nodes, reached, waiting }), place, other_is_known, NOW)
    }

    #[test]
    fn a_line_has_reached_some_and_then_all() {
        let lobby = Place::Room("lobby".to_owned());
        let asleep = behind("ana", State::Online, 119_500);
        let late = behind("bob", State::Reconnecting, 20_000);
        let soon = behind("carl", State::Online, 200);
        assert_eq!(
            words(5, &[late, soon, asleep], &lobby, false),
            "Reached 2 of 5: bob reconnecting for 20 s, carl not yet, ana asleep for 1 min"
        );
        assert_eq!(words(5, &[], &lobby, false), "Reached all 5");
        assert_eq!(words(1, &[], &lobby, false), "On the hub’s disk; nobody else is here");
        assert_eq!(told(None, &lobby, false, NOW), "On the hub’s disk", "nothing is said that is not known");
        let many = ["a", "b", "c", "d", "e", "f"].map(|nick| behind(nick, State::Online, 0));
        assert!(words(9, &many, &lobby, false).ends_with(", d not yet and 2 more"));
    }

    #[test]
    fn a_whisper_waits_for_whom_it_is_for() {
        let bob = Place::With("bob".to_owned());
        assert_eq!(words(1, &[], &bob, false), "Kept until bob comes");
        assert_eq!(words(2, &[], &bob, false), "Kept until bob comes", "both nodes are one's own");
        assert_eq!(words(2, &[], &bob, true), "Reached bob");
        assert_eq!(words(2, &[behind("bob", State::Online, 0)], &bob, true), "Reached 1 of 2: bob not yet");
    }

    /// When the hub is asked, in milliseconds, while these lines are looked at from these times on.
    fn asked(looks: &[(u64, u64)], until: u64) -> Vec<u64> {
        let (start, mut asking) = (Instant::now(), Asking::default());
        let mut looks = looks.iter().peekable();
        let mut asked = Vec::new();
        for at in (0..until).step_by(100) {
            let now = start + Duration::from_millis(at);
            while let Some((_, seq)) = looks.next_if(|(from, _)| *from <= at) {
                asking.look(Some((Place::Room("lobby".to_owned()), *seq)), now);
            }
            if asking.is_due(now) {
                asked.push(at);
                asking.plan(now);
            }
        }
        asked
    }

    #[test]
    fn the_hub_is_asked_soon_and_then_ever_more_rarely() {
        assert_eq!(asked(&[(0, 7)], 120_000), [300, 1_300, 3_300, 7_300, 15_300, 30_300]);
    }

    #[test]
    fn who_goes_from_line_to_line_asks_where_they_stop() {
        let passing: Vec<_> = (0..10).map(|line| (line * 200, line)).collect();
        assert_eq!(asked(&passing, 3_000), [2_100]);
        assert_eq!(asked(&[(0, 1), (400, 2), (800, 3)], 2_200), [300, 1_300], "once a second at most");
    }

    #[test]
    fn nothing_is_asked_of_a_line_that_is_looked_at_no_more() {
        let (now, mut asking) = (Instant::now(), Asking::default());
        asking.look(Some((Place::Room("lobby".to_owned()), 7)), now);
        asking.look(None, now);
        assert!(!asking.is_due(now + Duration::from_secs(60)));
    }
}
