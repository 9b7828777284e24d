//! Whatever comes through, in whichever pieces: the transcript holds exactly that, shows exactly where something is
//! missing, and counts what is unread.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it is surprised")]

mod storm;

use std::collections::BTreeSet;

use proptest::prelude::*;
use shared::message::ToHub;
use shared::transcript::{Conversation, Item, Place};
use storm::{Kind, PLACES, Storm, place};

#[derive(Clone, Debug)]
enum Step {
    Said(usize, Kind),
    Arrive(usize),
    Lost,
    Back { resume: bool },
    Reload,
    CatchUp(usize),
    Refused(usize),
    Join,
    Leave,
    Older(usize),
    Newest(usize),
    Missing(usize),
    Before(usize, u64),
    After(usize, u64),
    Read(usize, usize),
    ReadElsewhere(usize, u64),
}

fn step() -> impl Strategy<Value = Step> {
    let at = || 0..PLACES;
    let kinds = [Kind::Theirs, Kind::Theirs, Kind::Theirs, Kind::Mine, Kind::Naming, Kind::Change, Kind::Topic];
    let kind = prop::sample::select(kinds.to_vec());
    prop_oneof![
        15 => (at(), kind).prop_map(|(at, kind)| Step::Said(at, kind)),
        8 => (1..6usize).prop_map(Step::Arrive),
        3 => Just(Step::Lost),
        5 => any::<bool>().prop_map(|resume| Step::Back { resume }),
        1 => Just(Step::Reload),
        4 => at().prop_map(Step::CatchUp),
        1 => at().prop_map(Step::Refused),
        1 => Just(Step::Join),
        1 => Just(Step::Leave),
        2 => at().prop_map(Step::Older),
        1 => at().prop_map(Step::Newest),
        2 => at().prop_map(Step::Missing),
        1 => (at(), 0..60u64).prop_map(|(at, seq)| Step::Before(at, seq)),
        1 => (at(), 0..60u64).prop_map(|(at, seq)| Step::After(at, seq)),
        2 => (at(), any::<usize>()).prop_map(|(at, line)| Step::Read(at, line)),
        1 => (at(), 0..60u64).prop_map(|(at, seq)| Step::ReadElsewhere(at, seq)),
    ]
}

impl Step {
    fn take(&self, storm: &mut Storm) {
        match *self {
            Self::Said(at, kind) => storm.say(at, kind),
            Self::Arrive(frames) => storm.arrive(frames),
            Self::Lost => storm.lose(),
            Self::Back { resume } => storm.back(resume),
            Self::Reload => storm.reload(),
            Self::CatchUp(at) => storm.catch_up(at, false),
            Self::Refused(at) => storm.catch_up(at, true),
            Self::Join => storm.join(),
            Self::Leave => storm.leave(),
            Self::Older(at) => {
                if let Some(before) = older(storm, at) {
                    storm.ask(at, before, None);
                }
            }
            Self::Newest(at) => storm.ask(at, None, None),
            Self::Missing(at) => {
                if let Some(hole) = storm.transcript.get(&place(at)).and_then(|known| known.holes().first().copied()) {
                    storm.ask(at, None, Some(hole));
                }
            }
            Self::Before(at, seq) => storm.ask(at, Some(seq), None),
            Self::After(at, seq) => storm.ask(at, None, Some(seq)),
            Self::Read(at, line) => storm.read(at, line),
            Self::ReadElsewhere(at, seq) => storm.read_elsewhere(at, seq),
        }
    }
}

/// Before where the app asks for older lines.
fn older(storm: &Storm, at: usize) -> Option<Option<u64>> {
    match storm.transcript.get(&place(at))?.older(String::new())? {
        ToHub::History { before, .. } => Some(before),
        _ => None,
    }
}

/// The lines, 0 for what comes before them, each with whether a hole follows.
fn rows(known: &Conversation) -> Vec<(u64, bool)> {
    let mut rows = vec![(0, false)];
    for item in known.items() {
        match item {
            Item::Line(line) => rows.push((line.seq(), false)),
            Item::Hole { .. } => rows.last_mut().unwrap().1 = true,
            Item::Notice(_) | Item::Pending(_) => {}
        }
    }
    rows
}

fn check(storm: &Storm, at: usize) -> Result<(), TestCaseError> {
    let known = &storm.known[at];
    let Some(held) = storm.transcript.get(&place(at)) else {
        prop_assert_eq!(known.read, None, "it is listed");
        return Ok(());
    };
    let missing = storm.missing(at);
    let lines: Vec<u64> = rows(held)[1..].iter().map(|(line, _)| *line).collect();
    prop_assert!(lines.iter().eq(known.lines.keys()), "{:?} are held of {:?}", lines, known.lines);

    let rows = rows(held);
    for pair in rows.windows(2) {
        let ((line, hole), (next, _)) = (pair[0], pair[1]);
        let expected = if line == 0 { known.is_hole_before(next) } else { known.is_hole(line, next) };
        prop_assert_eq!(hole, expected, "between {} and {} of {:?}", line, next, rows);
        let missing = missing.range(line + 1..next).count() > 0;
        let shown = hole || line == 0 && held.more();
        prop_assert!(!missing || shown || storm.is_leaving(at), "hidden between {} and {}", line, next);
    }
    prop_assert_eq!(held.more(), held.fresh() || known.more());
    let (last, hole) = *rows.last().unwrap();
    if last > 0 {
        prop_assert_eq!(hole, known.is_cut(), "behind the last of {:?}", rows);
        let missing = missing.range(last + 1..).count() > 0;
        // An app loads the newest page of a fresh place before it shows any other.
        let shown = hole || held.fresh() && !known.cut;
        prop_assert!(!missing || shown || !storm.is_calm_at(at), "hidden behind {}", last);
    }

    prop_assert_eq!(held.first_unread(), known.others().first().copied());
    let read = known.read.unwrap();
    let truth = storm.others_after(at, read);
    prop_assert!(known.unread.is_subset(&truth));
    if known.exact {
        prop_assert!(!held.unread_more(), "all since {} is held", read);
    }
    prop_assert!(known.vague || !held.unread_more());
    if known.vague && (held.unread() == 0 || held.unread_more()) {
        // One that was known to be there and not held may be one's own.
        prop_assert!(held.unread() <= truth.len() + 1 + known.twice, "{} of {:?}", held.unread(), truth);
    } else {
        // The hub may have counted lines that come only now.
        let arrived = storm.arrived(&known.unread).len();
        let unread = held.unread().wrapping_sub(known.twice);
        prop_assert!(
            (arrived..=known.unread.len()).contains(&unread),
            "{} of {:?} since {}",
            unread,
            known.unread,
            read
        );
    }
    // The same of those that name us; in private all do.
    if matches!(place(at), Place::With(_)) {
        prop_assert_eq!(held.mentions(), held.unread());
    } else if known.vague {
        prop_assert!(held.mentions() <= storm.naming(&truth).len() + known.twice);
    } else {
        let naming = storm.naming(&known.unread);
        let bounds = storm.arrived(&naming).len()..=naming.len() + known.twice;
        prop_assert!(bounds.contains(&held.mentions()), "{} of {:?} name us", held.mentions(), naming);
    }
    prop_assert!(held.mentions() <= held.unread());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_came_is_held_what_is_missing_is_shown_and_what_is_unread_is_counted(
        steps in prop::collection::vec(step(), 0..100),
    ) {
        let mut storm = Storm::new();
        for step in steps {
            step.take(&mut storm);
            for at in 0..PLACES {
                check(&storm, at)?;
            }
        }
        storm.calm();
        for at in 0..PLACES {
            check(&storm, at)?;
            // Whoever asks for all that is said to be missing gets it.
            for _ in 0..200 {
                let holes = storm.transcript.get(&place(at)).map(Conversation::holes).unwrap_or_default();
                match (holes.first(), older(&storm, at)) {
                    (Some(hole), _) => storm.ask(at, None, Some(*hole)),
                    (None, Some(before)) => storm.ask(at, before, None),
                    (None, None) => break,
                }
                check(&storm, at)?;
            }
            if storm.is_calm_at(at) && storm.transcript.get(&place(at)).is_some() {
                let held: BTreeSet<u64> = storm.known[at].lines.keys().copied().collect();
                prop_assert_eq!(held, storm.said(at));
            }
        }
    }
}
