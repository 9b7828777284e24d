//! The checker against histories made by hand: a good one, and that one spoilt in every way there is.

use shared::entry::Change;

use super::*;
use crate::line::{Id, Line, Place, Spoken};
use crate::look::{Look, Sight};
use crate::record::{Event, Life, Welcomed};
use crate::storing::{Come, Done};

const ROOM: Place = Place::Room(1);
const WHISPER: Place = Place::Whisper { from: 0, to: 1 };

/// Clients 0 and 2 have put something three times each, and counted up twice.
const DONE: Done = Done { acknowledged: 3, late: 1, counted: 2 };
const COME: Come = Come { digest: 7, keys: 2, counter: 4 };

/// Says nothing but where client 0's lines stand: #10 to #80, of which #40 is whispered to nick 1.
fn spoken(number: u32) -> Spoken {
    let place = if number == 4 { WHISPER } else { ROOM };
    Spoken { seq: u64::from(number) * 10, line: line(number), place, id: Id(u64::from(number)) }
}

fn line(number: u32) -> Line {
    Line { author: 0, number }
}

fn welcomed(resumed: bool, seq: u64) -> Event {
    Event::Welcomed(Welcomed { resumed, seq, epoch: Id(1), rooms: if resumed { 0b11 } else { 0 } })
}

/// Brought back to the lobby alone.
fn without_room(seq: u64) -> Event {
    Event::Welcomed(Welcomed { resumed: true, seq, epoch: Id(1), rooms: 0b01 })
}

fn heard(number: u32) -> Event {
    Event::Heard(spoken(number))
}

/// Client 0 says eight lines. Client 1 hears them: three live, three after a loss, one live, one after it
/// had fallen behind. Client 2 is in the room until it leaves before the fifth, and sees no whisper.
fn good() -> History {
    let beginning = || vec![welcomed(false, 0), Event::Connected, Event::Joining(1), Event::Joined(1)];
    let mut talker = beginning();
    for number in 1..=8 {
        let Spoken { place, id, line, seq } = spoken(number);
        talker.extend([Event::Asked { line, place, id }, heard(number), Event::Acknowledged { line, seq }]);
    }
    let mut listener = beginning();
    listener.extend([heard(1), heard(2), heard(3), Event::Lost, welcomed(true, 60)]);
    listener.extend([heard(4), heard(5), heard(6), Event::Synced { seq: 60 }, heard(7), heard(8)]);
    listener.push(Event::Synced { seq: 80 });
    let mut visitor = beginning();
    visitor.extend([heard(1), heard(2), heard(3), Event::Leaving(1), Event::Left(1)]);
    let lives = [(0, talker), (1, listener), (2, visitor)];
    History {
        lives: lives.into_iter().map(|(nick, events)| Life { nick, events }).collect(),
        asked_again: vec![(line(2), 20)],
        log: (1..=8).map(spoken).collect(),
        copies: vec![(0, (DONE, COME)), (2, (DONE, COME))],
        store: Some(COME),
        ..History::default()
    }
}

/// What is found in the good history after it was spoilt.
fn found(spoil: impl FnOnce(&mut History)) -> Vec<Violation> {
    let mut history = good();
    spoil(&mut history);
    check(&history).violations
}

/// Where in a life something happened.
fn at(history: &History, client: usize, event: &Event) -> usize {
    history.lives[client].events.iter().position(|other| other == event).expect("it happened")
}

fn remove(history: &mut History, client: usize, event: &Event) {
    let at = at(history, client, event);
    history.lives[client].events.remove(at);
}

/// Puts something in before something else.
fn insert(history: &mut History, client: usize, before: &Event, event: Event) {
    let at = at(history, client, before);
    history.lives[client].events.insert(at, event);
}

#[test]
fn a_good_run_is_found_good_and_counted() {
    let verdict = check(&good());
    assert_eq!(verdict.violations, []);
    let counts = Counts {
        acknowledged: 8,
        asked_again: 1,
        logged: 8,
        whispered: 1,
        heard: 8 + 8 + 3,
        resumes: 1,
        exact: 1,
        resumed_entries: 3,
        caught_up: 1,
        put: 6,
        put_late: 2,
        counted: 4,
        copies: 2,
        ..Counts::default()
    };
    assert_eq!(verdict.counts, counts);
}

#[test]
fn a_copy_of_the_store_that_is_not_the_hubs_is_found() {
    assert_eq!(found(|history| history.copies[1].1.1.digest += 1), [Violation::Apart { client: 2 }]);
    assert_eq!(found(|history| history.copies[0].1.1.keys = 0), [Violation::Apart { client: 0 }]);
    let unread = found(|history| history.store = None);
    assert_eq!(unread, [Violation::Apart { client: 0 }, Violation::Apart { client: 2 }]);
}

#[test]
fn a_counter_that_lost_or_doubled_what_was_acknowledged_is_found() {
    for counted in [1, 3] {
        let found = found(|history| history.copies[0].1.0.counted = counted);
        assert_eq!(found, [Violation::Miscounted { counter: 4, counted: counted + 2 }]);
    }
}

#[test]
fn an_acknowledged_line_that_is_not_in_the_log_is_lost() {
    let found = found(|history| _ = history.log.remove(7));
    assert!(found.contains(&Violation::Lost { line: line(8), seq: 80 }));
    assert!(found.contains(&Violation::NotInLog { client: 1, spoken: spoken(8) }), "and so is what was heard");
}

#[test]
fn a_line_that_is_in_the_log_twice_is_found() {
    let again = Spoken { seq: 90, ..spoken(3) };
    let twice = Violation::TwiceInLog { line: line(3), seqs: [30, 90] };
    assert!(found(|history| history.log.push(again)).contains(&twice));
    let same = Violation::TwiceInLog { line: line(3), seqs: [30, 30] };
    assert!(found(|history| history.log.push(spoken(3))).contains(&same), "also at one position");
}

#[test]
fn what_nobody_asked_for_is_found() {
    let strange = Spoken { seq: 90, line: Line { author: 0, number: 9 }, place: ROOM, id: Id(9) };
    assert!(found(|history| history.log.push(strange)).contains(&Violation::NeverAsked { spoken: strange }));
    let elsewhere = Spoken { place: Place::Room(2), ..spoken(8) };
    assert!(found(|history| history.log[7] = elsewhere).contains(&Violation::NeverAsked { spoken: elsewhere }));
    let other_id = Spoken { id: Id(99), ..spoken(8) };
    assert!(found(|history| history.log[7] = other_id).contains(&Violation::NeverAsked { spoken: other_id }));
}

#[test]
fn an_entry_that_never_came_is_found_whether_or_not_it_was_acknowledged() {
    for acknowledged in [true, false] {
        let found = found(|history| {
            // By the end only: no `synced` speaks of it.
            remove(history, 1, &heard(8));
            remove(history, 1, &Event::Synced { seq: 80 });
            if !acknowledged {
                remove(history, 0, &Event::Acknowledged { line: line(8), seq: 80 });
                remove(history, 0, &Event::Asked { line: line(8), place: ROOM, id: Id(8) });
                // It was asked for by one who then began anew.
                history.lives[2].events.push(Event::Asked { line: line(8), place: ROOM, id: Id(8) });
                history.lives[2].events.push(Event::Restarted);
            }
        });
        assert_eq!(found, [Violation::NotReceived { client: 1, spoken: spoken(8) }]);
    }
}

#[test]
fn what_came_before_one_left_must_have_come() {
    let found = found(|history| remove(history, 2, &heard(2)));
    assert_eq!(found, [Violation::NotReceived { client: 2, spoken: spoken(2) }]);
}

#[test]
fn a_gap_after_a_return_is_found_in_rooms_and_in_private() {
    for missing in [4, 5] {
        let mut history = good();
        remove(&mut history, 1, &heard(missing));
        let verdict = check(&history);
        // Only what comes after something heard in private is sure to have been owed.
        if missing == 5 {
            assert_eq!(verdict.violations, [Violation::Skipped { client: 1, spoken: spoken(5), synced: 60 }]);
            assert_eq!((verdict.counts.resumes, verdict.counts.exact), (1, 0));
        }
    }
    let found = found(|history| {
        // A whisper before the loss makes it sure.
        let earlier = Spoken { seq: 5, line: Line { author: 0, number: 0 }, place: WHISPER, id: Id(0) };
        let asked = Event::Asked { line: earlier.line, place: WHISPER, id: earlier.id };
        history.log.insert(0, earlier);
        insert(history, 0, &Event::Joining(1), asked);
        insert(history, 0, &Event::Joining(1), Event::Heard(earlier));
        insert(history, 0, &Event::Joining(1), Event::Acknowledged { line: earlier.line, seq: 5 });
        insert(history, 1, &Event::Joining(1), Event::Heard(earlier));
        remove(history, 1, &heard(4));
    });
    assert_eq!(found, [Violation::Skipped { client: 1, spoken: spoken(4), synced: 60 }]);
}

#[test]
fn a_gap_after_falling_behind_is_found() {
    let found = found(|history| remove(history, 1, &heard(8)));
    assert_eq!(found, [Violation::Skipped { client: 1, spoken: spoken(8), synced: 80 }]);
}

#[test]
fn what_comes_twice_or_out_of_order_is_found() {
    let again = || Violation::OutOfOrder { client: 1, spoken: spoken(3), after: 30 };
    let twice = found(|history| insert(history, 1, &Event::Lost, heard(3)));
    assert_eq!(twice, [again()]);
    assert!(again().to_string().starts_with("TWICE"));
    let resumed_too_early = found(|history| insert(history, 1, &heard(4), heard(3)));
    assert_eq!(resumed_too_early, [again()]);
    let found = found(|history| {
        remove(history, 1, &heard(6));
        insert(history, 1, &heard(5), heard(6));
    });
    assert_eq!(found, [Violation::OutOfOrder { client: 1, spoken: spoken(5), after: 60 }]);
}

#[test]
fn what_comes_behind_its_synced_or_before_it_is_found() {
    let late = found(|history| {
        remove(history, 1, &heard(6));
        insert(history, 1, &heard(7), heard(6));
    });
    assert!(late.contains(&Violation::Skipped { client: 1, spoken: spoken(6), synced: 60 }));
    assert!(late.contains(&Violation::OutOfOrder { client: 1, spoken: spoken(6), after: 60 }));
    let early = found(|history| {
        remove(history, 1, &heard(7));
        insert(history, 1, &Event::Synced { seq: 60 }, heard(7));
    });
    assert_eq!(early, [Violation::BeyondSynced { client: 1, seq: 70, synced: 60 }]);
}

#[test]
fn two_contents_of_one_position_are_found() {
    for other in [
        Spoken { line: line(99), ..spoken(7) },
        Spoken { id: Id(99), ..spoken(7) },
        Spoken { place: Place::Room(0), ..spoken(7) },
    ] {
        let found = found(|history| {
            let at = at(history, 1, &heard(7));
            history.lives[1].events[at] = Event::Heard(other);
        });
        assert_eq!(found, [Violation::Contradiction { client: 1, heard: other, log: spoken(7) }]);
    }
}

#[test]
fn what_one_may_not_see_is_found() {
    let whisper = found(|history| insert(history, 2, &Event::Leaving(1), heard(4)));
    assert_eq!(whisper, [Violation::Uninvited { client: 2, spoken: spoken(4) }]);
    let left = |number| {
        found(|history| {
            let place = Place::Whisper { from: 2, to: 3 };
            let own = Spoken { seq: 65, line: Line { author: 2, number: 1 }, place, id: Id(65) };
            let asked = Event::Asked { line: own.line, place, id: own.id };
            let acknowledged = Event::Acknowledged { line: own.line, seq: own.seq };
            let mut both = [spoken(number), own];
            both.sort_by_key(|spoken| spoken.seq);
            history.log.push(own);
            history.lives[2].events.extend([asked, acknowledged]);
            history.lives[2].events.extend(both.map(Event::Heard));
        })
    };
    assert_eq!(left(7), [Violation::Uninvited { client: 2, spoken: spoken(7) }]);
    assert_eq!(left(6), [], "what was said before it left may still come");
    let back = found(|history| history.lives[2].events.extend([Event::Lost, without_room(1), heard(5)]));
    assert_eq!(back, [Violation::Uninvited { client: 2, spoken: spoken(5) }]);
    let late = |answer: fn(&mut History)| {
        found(|history| {
            let rejoined = [Event::Joining(1), Event::Lost, without_room(50), heard(5), Event::Joined(1)];
            history.lives[2].events.extend(rejoined);
            history.lives[2].events.extend([heard(6), heard(7), heard(8)]);
            answer(history);
        })
    };
    assert_eq!(late(|_| {}), [], "it asked again, and who knows which was first");
    let refused = late(|history| insert(history, 2, &Event::Lost, Event::NotJoined(1)));
    assert_eq!(refused, [Violation::Uninvited { client: 2, spoken: spoken(5) }]);
    let leaving = found(|history| insert(history, 2, &Event::Left(1), heard(5)));
    assert_eq!(leaving, [], "while the answer is on its way, it may still come");
}

#[test]
fn nothing_is_owed_while_it_asks_to_leave_whatever_its_session_does_meanwhile() {
    let found = found(|history| {
        remove(history, 2, &Event::Left(1));
        let tried_again = [Event::Lost, without_room(50), Event::Joined(1), heard(5), heard(7), Event::Left(1)];
        history.lives[2].events.extend(tried_again);
    });
    assert_eq!(found, []);
}

#[test]
fn lines_out_of_the_order_typed_are_found() {
    let found = found(|history| {
        for spoken in &mut history.log {
            match spoken.line.number {
                5 => spoken.seq = 60,
                6 => spoken.seq = 50,
                _ => {}
            }
        }
    });
    let [earlier, later] = [(5, 60), (6, 50)].map(|(number, seq)| Spoken { seq, ..spoken(number) });
    assert!(found.contains(&Violation::Reordered { earlier, later }));
}

#[test]
fn an_answer_that_changes_is_found() {
    let changed = Violation::AnswerChanged { line: line(2), seqs: [20, 90] };
    assert!(found(|history| history.asked_again.push((line(2), 90))).contains(&changed));
    let mut wrong = good();
    let at = at(&wrong, 0, &Event::Acknowledged { line: line(8), seq: 80 });
    wrong.lives[0].events[at] = Event::Acknowledged { line: line(8), seq: 70 };
    let changed = Violation::AnswerChanged { line: line(8), seqs: [70, 80] };
    assert_eq!(check(&wrong).violations, [changed], "or that never was right");
}

#[test]
fn lines_that_end_in_no_answer_or_a_refusal_are_found() {
    let unanswered = found(|history| remove(history, 0, &Event::Acknowledged { line: line(8), seq: 80 }));
    assert_eq!(unanswered, [Violation::NeverAnswered { line: line(8) }]);
    let why = "no".to_owned();
    let refused = found(|history| {
        let at = at(history, 0, &Event::Acknowledged { line: line(8), seq: 80 });
        history.lives[0].events[at] = Event::Refused { line: line(8), why: why.clone() };
    });
    assert_eq!(refused, [Violation::Refused { line: line(8), why }]);
}

#[test]
fn a_session_forgotten_or_brought_back_into_other_rooms_is_found() {
    let forgotten = found(|history| {
        let at = at(history, 1, &welcomed(true, 60));
        history.lives[1].events[at] = welcomed(false, 60);
        remove(history, 1, &Event::Synced { seq: 60 });
    });
    assert_eq!(forgotten, [Violation::SessionForgotten { client: 1 }]);
    for (rooms, room, expected) in [(0b01, 1, true), (0b10, 0, true), (0b111, 2, false)] {
        let found = found(|history| {
            let at = at(history, 1, &welcomed(true, 60));
            let wrong = Welcomed { resumed: true, seq: 60, epoch: Id(1), rooms };
            history.lives[1].events[at] = Event::Welcomed(wrong);
        });
        assert_eq!(found, [Violation::WrongRooms { client: 1, room, expected }], "{rooms:b}");
    }
}

#[test]
fn another_log_is_found() {
    let found = found(|history| {
        let at = at(history, 1, &welcomed(true, 60));
        let other = Welcomed { resumed: true, seq: 60, epoch: Id(2), rooms: 0b11 };
        history.lives[1].events[at] = Event::Welcomed(other);
    });
    assert_eq!(found, [Violation::NewLog { client: 1 }]);
}

#[test]
fn what_came_by_pages_has_come() {
    let found = found(|history| {
        let at = at(history, 1, &welcomed(true, 60));
        history.lives[1].events[at] = welcomed(false, 60);
        remove(history, 1, &Event::Synced { seq: 60 });
        for number in [5, 6] {
            remove(history, 1, &heard(number));
            insert(history, 1, &Event::Synced { seq: 80 }, Event::Paged(spoken(number)));
        }
    });
    assert_eq!(found, [Violation::SessionForgotten { client: 1 }], "that it had to is another matter");
}

#[test]
fn one_that_begins_anew_owes_nothing_of_the_time_between_and_everything_since() {
    let restarted = |history: &mut History| {
        let at = at(history, 1, &welcomed(true, 60));
        history.lives[1].events.insert(at, Event::Restarted);
        for missed in [heard(4), heard(5), heard(6), Event::Synced { seq: 60 }] {
            remove(history, 1, &missed);
        }
    };
    assert_eq!(found(restarted), []);
    let gap = |history: &mut History| {
        restarted(history);
        remove(history, 1, &heard(7));
        remove(history, 1, &Event::Synced { seq: 80 });
        insert(history, 1, &heard(8), Event::Acknowledged { line: line(7), seq: 70 });
    };
    assert_eq!(found(gap), [Violation::NotReceived { client: 1, spoken: spoken(7) }]);
    let forgotten = |history: &mut History| {
        restarted(history);
        let at = at(history, 1, &welcomed(true, 60));
        history.lives[1].events[at] = without_room(60);
    };
    assert!(found(forgotten).contains(&Violation::WrongRooms { client: 1, room: 1, expected: true }));
}

#[test]
fn what_is_strange_is_told() {
    let strange = Event::Strange("a goose".to_owned());
    let found = found(|history| history.lives[2].events.push(strange));
    assert_eq!(found, [Violation::Strange { client: 2, what: "a goose".to_owned() }]);
}

/// The seventh entry edits the first line.
fn edit() -> Sight {
    Sight::Change { seq: 70, of: 10, by: "nick0".to_owned(), change: Change::Edited { text: "x".to_owned() } }
}

fn edited() -> Look {
    Look { changed: 70, text: Some(Id::of("x")), ..Look::default() }
}

/// Everybody who hears the seventh entry sees what it changes.
fn with_an_edit(history: &mut History) {
    history.sights.extend([Sight::Line { seq: 10, look: edited() }, edit()]);
    for client in [0, 1] {
        insert(history, client, &heard(8), Event::Saw(edit()));
    }
}

#[test]
fn changes_that_everybody_heard_are_found_good_and_counted() {
    let mut history = good();
    with_an_edit(&mut history);
    let verdict = check(&history);
    assert_eq!(verdict.violations, []);
    assert_eq!((verdict.counts.changes, verdict.counts.looks), (1, 2), "client 2 was gone by then");
}

#[test]
fn a_client_that_sees_a_line_otherwise_than_the_log_is_found() {
    for spoilt in [None, Some(Sight::Line { seq: 10, look: Look { deleted: true, ..edited() } })] {
        let found = found(|history| {
            with_an_edit(history);
            match spoilt {
                None => remove(history, 1, &Event::Saw(edit())),
                Some(sight) => insert(history, 1, &heard(8), Event::Saw(sight)),
            }
        });
        assert_eq!(found, [Violation::Unlike { client: Some(1), seq: 10 }]);
    }
}

#[test]
fn a_log_whose_line_is_not_what_its_changes_make_of_it_is_found() {
    let found = found(|history| history.sights.push(edit()));
    assert_eq!(found, [Violation::Unlike { client: None, seq: 10 }]);
}
