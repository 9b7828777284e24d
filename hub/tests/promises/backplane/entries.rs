//! Entries: numbered, kept once, read page by page.

use std::collections::HashSet;

use hub::backplane::{Backplane, Draft, Outcome, OwnerId, Range, Route, Scope, Ticket};
use shared::entry::Entry;

use crate::backplane::asked::{Asked, line, room, whisper};

promises! {
    entries_are_numbered_from_one_in_the_order_of_their_asking, crate::backplane::asked::DAY;
    an_id_sent_again_gets_the_first_answer, crate::backplane::asked::DAY;
    pages_go_both_ways_and_say_whether_there_is_more, crate::backplane::asked::DAY;
    a_page_of_long_texts_is_cut_short, crate::backplane::asked::DAY;
    private_messages_are_read_by_their_two_ends, crate::backplane::asked::DAY;
    what_cannot_be_kept_is_refused_and_leaves_no_trace, crate::backplane::asked::DAY;
}

async fn entries_are_numbered_from_one_in_the_order_of_their_asking(mut log: Asked) {
    let ana = log.claim("ana", None).await.unwrap();
    for number in 0..1_000 {
        let ticket = log.ticket();
        log.backplane.append(ticket, line(&ana, "lobby", &number.to_string(), &format!("line {number}"))).unwrap();
    }
    let mut last_at = 0;
    for number in 0..1_000 {
        let Outcome::Appended { ticket: Some(Ticket(ticket)), committed } = log.outcome().await else { panic!() };
        assert_eq!(ticket, number + 2, "the claim had the first");
        assert_eq!(committed.entry.seq(), number + 1);
        assert_eq!(committed.entry.text(), format!("line {number}"));
        assert_eq!(committed.route, Route::Room("lobby".to_owned()));
        assert!(committed.entry.at() >= last_at, "time never runs backwards along the log");
        last_at = committed.entry.at();
    }
}

async fn an_id_sent_again_gets_the_first_answer(mut log: Asked) {
    let (ana, bob) = (log.claim("ana", None).await.unwrap(), log.claim("bob", None).await.unwrap());
    assert_eq!(log.say(&ana, "lobby", "x", "first").await, 1);
    assert_eq!(log.say(&bob, "lobby", "x", "an id is unique for its owner").await, 2);
    let again = log.append(line(&ana, "den", "x", "other words")).await;
    assert!(matches!(again, Outcome::Repeated { seq: 1, nodes: None, .. }), "{again:?}");

    let Outcome::Appended { .. } = log.append(whisper(&ana, &bob, "y", "psst")).await else { panic!() };
    let again = log.append(whisper(&ana, &bob, "y", "psst")).await;
    assert!(matches!(again, Outcome::Repeated { seq: 3, nodes: Some(2), .. }), "{again:?}");

    for (owner, id, seq) in [(&ana, "y", Some(3)), (&ana, "never", None), (&bob, "y", None)] {
        let ticket = log.ticket();
        log.backplane.recall(ticket, owner.owner, id.to_owned()).unwrap();
        match log.outcome().await {
            Outcome::Repeated { seq: found, .. } => assert_eq!(Some(found), seq, "{id}"),
            Outcome::Unsent { .. } => assert_eq!(seq, None, "{id}"),
            other => panic!("{other:?}"),
        }
    }

    // Both on their way at once.
    let (one, two) = (log.ticket(), log.ticket());
    log.backplane.append(one, line(&ana, "lobby", "z", "once")).unwrap();
    log.backplane.append(two, line(&ana, "lobby", "z", "once")).unwrap();
    assert!(matches!(log.outcome().await, Outcome::Appended { .. }));
    assert!(matches!(log.outcome().await, Outcome::Repeated { seq: 4, .. }));
    assert_eq!(log.page(room("lobby"), Range::Newest, 50).await, (vec![1, 2, 4], false));
    assert_eq!(log.page(room("den"), Range::Newest, 50).await, (vec![], false));
}

async fn pages_go_both_ways_and_say_whether_there_is_more(mut log: Asked) {
    let ana = log.claim("ana", None).await.unwrap();
    for number in 1..=20 {
        // Odd ones in the den.
        let room = if number % 2 == 1 { "Den" } else { "lobby" };
        log.say(&ana, room, &number.to_string(), "words").await;
    }
    let den = || room("den");
    assert_eq!(log.page(den(), Range::Newest, 3).await, (vec![15, 17, 19], true));
    assert_eq!(log.page(den(), Range::Before(15), 3).await, (vec![9, 11, 13], true));
    assert_eq!(log.page(den(), Range::Before(7), 3).await, (vec![1, 3, 5], false));
    assert_eq!(log.page(den(), Range::Before(1), 3).await, (vec![], false));
    assert_eq!(log.page(den(), Range::After(0), 3).await, (vec![1, 3, 5], true));
    assert_eq!(log.page(den(), Range::After(15), 3).await, (vec![17, 19], false));
    assert_eq!(log.page(den(), Range::After(u64::MAX), 3).await, (vec![], false));
    assert_eq!(log.page(den(), Range::Newest, 10).await.0.len(), 10);
    assert_eq!(log.page(room("nowhere"), Range::Newest, 10).await, (vec![], false));
}

async fn a_page_of_long_texts_is_cut_short(mut log: Asked) {
    let ana = log.claim("ana", None).await.unwrap();
    let text = "x".repeat(16 * 1024);
    for number in 1..=20 {
        log.say(&ana, "lobby", &number.to_string(), &text).await;
    }
    let (newest, more) = log.page(room("lobby"), Range::Newest, 200).await;
    assert_eq!((newest.last(), more), (Some(&20), true));
    assert!((1..=8).contains(&newest.len()), "{} texts of 16 KiB", newest.len());

    // Every one is still reached, page by page.
    let mut seen = HashSet::new();
    let mut before = u64::MAX;
    loop {
        let (page, more) = log.page(room("lobby"), Range::Before(before), 200).await;
        before = page[0];
        seen.extend(page);
        if !more {
            break;
        }
    }
    assert_eq!(seen.len(), 20);
}

async fn private_messages_are_read_by_their_two_ends(mut log: Asked) {
    let (ana, bob) = (log.claim("ana", None).await.unwrap(), log.claim("bob", None).await.unwrap());
    let eve = log.claim("eve", None).await.unwrap();
    let Outcome::Appended { committed, .. } = log.append(whisper(&ana, &bob, "1", "psst")).await else { panic!() };
    assert_eq!(committed.route, Route::Owners(ana.owner, bob.owner));
    assert!(matches!(committed.entry, Entry::Whispered(ref whispered) if whispered.to == "bob"));
    log.append(whisper(&bob, &ana, "2", "what?")).await;
    for (one, other) in [(&ana, &bob), (&bob, &ana)] {
        assert_eq!(log.page(Scope::Owners(one.owner, other.owner), Range::Newest, 50).await, (vec![1, 2], false));
    }
    assert_eq!(log.page(Scope::Owners(eve.owner, ana.owner), Range::Newest, 50).await, (vec![], false));

    // A note to oneself.
    log.append(whisper(&eve, &eve, "1", "buy milk")).await;
    assert_eq!(log.page(Scope::Owners(eve.owner, eve.owner), Range::Newest, 50).await, (vec![3], false));
}

async fn what_cannot_be_kept_is_refused_and_leaves_no_trace(mut log: Asked) {
    let ana = log.claim("ana", None).await.unwrap();
    let nobody = Draft { owner: OwnerId(ana.owner.0 + 1), ..line(&ana, "Cellar", "1", "by nobody") };
    let refused = log.append(nobody).await;
    assert!(matches!(refused, Outcome::Failed { .. }), "{refused:?}");
    // Not even of the room that it would have begun.
    assert_eq!(log.say(&ana, "cellar", "1", "first").await, 1);
    assert_eq!(log.page(room("cellar"), Range::Newest, 50).await, (vec![1], false));
}
