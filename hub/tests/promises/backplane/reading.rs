//! How far people have read: kept for the owner of a nick, for each room and each conversation.

use hub::backplane::{Backplane, Claimed, Scope, Standing};
use shared::message::Conversation;
use shared::wire::MAX_UNREAD;

use crate::backplane::asked::{Asked, line, room, whisper};

promises! {
    who_comes_for_the_first_time_has_read_what_was_said_before, crate::backplane::asked::DAY;
    lines_of_others_are_unread_until_they_are_read, crate::backplane::asked::DAY;
    a_position_never_moves_back_and_never_beyond_the_log, crate::backplane::asked::DAY;
    a_position_is_the_owners_whatever_the_session, crate::backplane::asked::DAY;
    unread_lines_are_counted_up_to_a_thousand, crate::backplane::asked::DAY;
    a_room_that_was_never_entered_has_no_position, crate::backplane::asked::DAY;
    private_messages_are_unread_from_the_first, crate::backplane::asked::DAY;
    a_conversation_that_never_was_has_no_position, crate::backplane::asked::DAY;
    a_note_to_oneself_is_never_unread, crate::backplane::asked::DAY;
    positions_do_not_pass_to_the_next_owner_of_a_nick, std::time::Duration::ZERO;
}

async fn who_comes_for_the_first_time_has_read_what_was_said_before(mut log: Asked) {
    let ana = log.claim("ana", None).await.unwrap();
    assert_eq!(ana.lobby, Standing { read: 0, unread: 0, mentions: 0 });
    for id in ["1", "2", "3"] {
        log.say(&ana, "Den", id, "words").await;
    }
    let bob = log.claim("bob", None).await.unwrap();
    assert_eq!(bob.lobby, Standing { read: 3, unread: 0, mentions: 0 });
    for _again in 0..2 {
        assert_eq!(log.enter(bob.session, "Den").await, Standing { read: 3, unread: 0, mentions: 0 });
    }

    // What is asked before him in the same breath is before him.
    let (say, enter) = (log.ticket(), log.ticket());
    log.backplane.append(say, line(&ana, "attic", "4", "words")).unwrap();
    log.backplane.enter(enter, bob.session, "attic".to_owned(), "attic".to_owned()).unwrap();
    log.outcome().await;
    let entered = log.outcome().await;
    assert!(format!("{entered:?}").contains("Standing { read: 4, unread: 0, mentions: 0 }"), "{entered:?}");
}

async fn lines_of_others_are_unread_until_they_are_read(mut log: Asked) {
    let (ana, bob) = (log.claim("ana", None).await.unwrap(), log.claim("bob", None).await.unwrap());
    log.enter(bob.session, "den").await;
    log.say(&ana, "den", "1", "one").await;
    log.say(&bob, "den", "2", "one's own is never unread").await;
    log.say(&ana, "lobby", "3", "elsewhere").await;
    log.say(&ana, "den", "4", "two").await;
    assert_eq!(log.enter(bob.session, "den").await, Standing { read: 0, unread: 2, mentions: 0 });
    assert!(log.mark_read(bob.owner, room("den"), 1).await);
    assert_eq!(log.enter(bob.session, "den").await, Standing { read: 1, unread: 1, mentions: 0 });
    assert!(log.mark_read(bob.owner, room("den"), 4).await);
    assert_eq!(log.enter(bob.session, "den").await, Standing { read: 4, unread: 0, mentions: 0 });
}

async fn a_position_never_moves_back_and_never_beyond_the_log(mut log: Asked) {
    let (ana, bob) = (log.claim("ana", None).await.unwrap(), log.claim("bob", None).await.unwrap());
    for id in ["1", "2", "3"] {
        log.say(&ana, "lobby", id, "words").await;
    }
    assert!(log.mark_read(bob.owner, room("lobby"), 2).await);
    assert!(!log.mark_read(bob.owner, room("lobby"), 1).await);
    assert!(!log.mark_read(bob.owner, room("lobby"), 2).await, "it did not move");
    assert_eq!(log.enter(bob.session, "lobby").await, Standing { read: 2, unread: 1, mentions: 0 });
    assert!(log.mark_read(bob.owner, room("lobby"), u64::MAX).await);
    assert_eq!(log.enter(bob.session, "lobby").await, Standing { read: 3, unread: 0, mentions: 0 });
    assert!(!log.mark_read(bob.owner, room("lobby"), u64::MAX).await);
    log.say(&ana, "lobby", "4", "words").await;
    assert_eq!(log.enter(bob.session, "lobby").await, Standing { read: 3, unread: 1, mentions: 0 });
}

async fn a_position_is_the_owners_whatever_the_session(mut log: Asked) {
    let (ana, bob) = (log.claim("ana", None).await.unwrap(), log.claim("bob", None).await.unwrap());
    log.enter(bob.session, "den").await;
    for id in ["1", "2", "3"] {
        log.say(&ana, "den", id, "words").await;
        log.say(&ana, "lobby", &format!("{id}!"), "words").await;
    }
    log.mark_read(bob.owner, room("den"), 3).await;
    log.release(bob.session).await;
    let again = log.claim("bob", Some(&bob.token)).await.unwrap();
    assert_eq!(again.lobby, Standing { read: 0, unread: 3, mentions: 0 });
    assert_eq!(log.enter(again.session, "DEN").await, Standing { read: 3, unread: 1, mentions: 0 });
}

async fn unread_lines_are_counted_up_to_a_thousand(mut log: Asked) {
    let (ana, bob) = (log.claim("ana", None).await.unwrap(), log.claim("bob", None).await.unwrap());
    let both = |number: u32| [&bob, &ana].map(|who| line(who, "lobby", &number.to_string(), "words"));
    log.adds_all((0..MAX_UNREAD).flat_map(both)).await;
    assert_eq!(log.enter(bob.session, "lobby").await.unread, 1_000);
    log.say(&ana, "lobby", "one more", "words").await;
    assert_eq!(log.enter(bob.session, "lobby").await.unread, 1_000);
    log.mark_read(bob.owner, room("lobby"), 4).await;
    assert_eq!(log.enter(bob.session, "lobby").await.unread, 999);
}

async fn a_room_that_was_never_entered_has_no_position(mut log: Asked) {
    let (ana, bob) = (log.claim("ana", None).await.unwrap(), log.claim("bob", None).await.unwrap());
    log.say(&ana, "den", "1", "words").await;
    log.say(&ana, "den", "2", "words").await;
    assert!(!log.mark_read(bob.owner, room("den"), 1).await);
    assert_eq!(log.enter(bob.session, "den").await, Standing { read: 2, unread: 0, mentions: 0 });
}

async fn private_messages_are_unread_from_the_first(mut log: Asked) {
    let (ana, bob) = (log.claim("ana", None).await.unwrap(), log.claim("bob", None).await.unwrap());
    let eve = log.claim("eve", None).await.unwrap();
    log.adds(whisper(&ana, &bob, "1", "psst")).await;
    log.adds(whisper(&ana, &bob, "2", "are you there?")).await;
    log.adds(whisper(&bob, &ana, "3", "yes")).await;
    log.adds(whisper(&eve, &bob, "4", "hello")).await;
    log.say(&ana, "lobby", "5", "words").await;
    assert_eq!(of(&mut log, &bob).await, [conversation("eve", 4, 0, 1), conversation("ana", 3, 0, 2)]);
    assert_eq!(of(&mut log, &ana).await, [conversation("bob", 3, 0, 1)]);

    assert!(log.mark_read(bob.owner, Scope::Owners(bob.owner, ana.owner), 1).await);
    assert!(log.mark_read(bob.owner, Scope::Owners(eve.owner, bob.owner), u64::MAX).await, "in whichever order");
    assert!(!log.mark_read(bob.owner, Scope::Owners(bob.owner, ana.owner), 1).await);
    assert_eq!(of(&mut log, &bob).await, [conversation("eve", 4, 5, 0), conversation("ana", 3, 1, 1)]);
    assert_eq!(of(&mut log, &ana).await, [conversation("bob", 3, 0, 1)], "each end reads for itself");
    assert_eq!(of(&mut log, &eve).await, [conversation("bob", 4, 0, 0)]);

    log.adds(whisper(&eve, &bob, "6", "still there?")).await;
    assert_eq!(of(&mut log, &bob).await, [conversation("eve", 6, 5, 1), conversation("ana", 3, 1, 1)]);
}

async fn a_conversation_that_never_was_has_no_position(mut log: Asked) {
    let (ana, bob) = (log.claim("ana", None).await.unwrap(), log.claim("bob", None).await.unwrap());
    log.say(&ana, "lobby", "1", "words").await;
    assert!(!log.mark_read(bob.owner, Scope::Owners(bob.owner, ana.owner), 1).await);
    assert_eq!(of(&mut log, &bob).await, []);
    log.adds(whisper(&ana, &bob, "2", "psst")).await;
    assert_eq!(of(&mut log, &bob).await, [conversation("ana", 2, 0, 1)]);
}

async fn a_note_to_oneself_is_never_unread(mut log: Asked) {
    let ana = log.claim("ana", None).await.unwrap();
    log.adds(whisper(&ana, &ana, "1", "buy milk")).await;
    assert_eq!(of(&mut log, &ana).await, [conversation("ana", 1, 0, 0)]);
    assert!(log.mark_read(ana.owner, Scope::Owners(ana.owner, ana.owner), 1).await);
    assert_eq!(of(&mut log, &ana).await, [conversation("ana", 1, 1, 0)]);
}

async fn positions_do_not_pass_to_the_next_owner_of_a_nick(mut log: Asked) {
    let (ana, bob) = (log.claim("ana", None).await.unwrap(), log.claim("bob", None).await.unwrap());
    log.enter(bob.session, "den").await;
    log.say(&ana, "den", "1", "words").await;
    log.backplane.left(bob.owner).unwrap();
    let other = log.claim("bob", None).await.unwrap();
    assert_eq!(other.lobby, Standing { read: 1, unread: 0, mentions: 0 });
    assert_eq!(log.enter(other.session, "den").await, Standing { read: 1, unread: 0, mentions: 0 });
}

/// An owner's conversations, as the next claim tells them.
async fn of(log: &mut Asked, owner: &Claimed) -> Vec<Conversation> {
    log.claim(&owner.nick, Some(&owner.token)).await.unwrap().conversations
}

fn conversation(with: &str, seq: u64, read: u64, unread: u32) -> Conversation {
    Conversation { with: with.to_owned(), seq, read, unread }
}
