//! Sessions: what a node has back when it comes back.

use hub::backplane::{Backplane, Outcome};

use crate::backplane::asked::{Asked, later, line};

/// Sessions kept of one owner.
const KEPT: usize = 100;

promises! {
    a_session_is_taken_up_with_its_name_nick_and_rooms, crate::backplane::asked::DAY;
    a_secret_that_was_never_given_resumes_nothing, crate::backplane::asked::DAY;
    a_session_may_be_taken_up_again_and_again, crate::backplane::asked::DAY;
    a_session_that_takes_its_own_nick_again_keeps_its_rooms, crate::backplane::asked::DAY;
    a_session_that_takes_another_nick_loses_its_rooms, crate::backplane::asked::DAY;
    a_room_that_was_left_is_not_taken_up, crate::backplane::asked::DAY;
    a_room_that_was_entered_again_has_its_latest_spelling, crate::backplane::asked::DAY;
    a_released_session_is_gone, crate::backplane::asked::DAY;
    a_session_that_is_not_kept_enters_nothing, crate::backplane::asked::DAY;
    a_departed_session_can_still_be_resumed, crate::backplane::asked::DAY;
    of_more_than_a_hundred_sessions_the_longest_absent_go, crate::backplane::asked::DAY;
    a_present_session_never_goes, crate::backplane::asked::DAY;
    a_resumed_owner_is_present, std::time::Duration::ZERO;
    a_session_goes_with_the_nick, std::time::Duration::ZERO;
    what_is_asked_in_one_breath_is_done_in_its_order, crate::backplane::asked::DAY;
}

async fn a_session_is_taken_up_with_its_name_nick_and_rooms(mut log: Asked) {
    let ana = log.claim_as("Ana", None, [1; 32]).await.unwrap();
    log.claim_as("bob", None, [2; 32]).await.unwrap();
    log.enter(ana.session, "Den").await;
    let session = log.resume([1; 32]).await.unwrap();
    assert_eq!((session.id, session.owner, session.secret), (ana.session, ana.owner, [1; 32]));
    assert_eq!((session.nick.as_str(), session.node.as_str(), session.kind.as_str()), ("Ana", "Ana-tab", "tab"));
    assert_eq!(session.rooms, ["Den", "lobby"]);
}

async fn a_secret_that_was_never_given_resumes_nothing(mut log: Asked) {
    assert_eq!(log.resume([0; 32]).await, None);
    log.claim_as("ana", None, [1; 32]).await.unwrap();
    assert_eq!(log.resume([0; 32]).await, None);
}

async fn a_session_may_be_taken_up_again_and_again(mut log: Asked) {
    log.claim_as("ana", None, [1; 32]).await.unwrap();
    let first = log.resume([1; 32]).await.unwrap();
    assert_eq!(log.resume([1; 32]).await, Some(first));
}

async fn a_session_that_takes_its_own_nick_again_keeps_its_rooms(mut log: Asked) {
    let ana = log.claim_as("ana", None, [1; 32]).await.unwrap();
    log.enter(ana.session, "den").await;
    log.leave(ana.session, "lobby").await;
    let again = log.claim_as("ana", Some(&ana.token), [1; 32]).await.unwrap();
    assert_eq!(again.session, ana.session);
    assert_eq!(log.resume([1; 32]).await.unwrap().rooms, ["den", "lobby"]);
}

async fn a_session_that_takes_another_nick_loses_its_rooms(mut log: Asked) {
    let ana = log.claim_as("ana", None, [1; 32]).await.unwrap();
    log.enter(ana.session, "den").await;
    let eve = log.claim_as("eve", None, [1; 32]).await.unwrap();
    assert_eq!(eve.session, ana.session);
    let session = log.resume([1; 32]).await.unwrap();
    assert_eq!((session.owner, session.nick.as_str(), session.node.as_str()), (eve.owner, "eve", "eve-tab"));
    assert_eq!(session.rooms, ["lobby"]);
}

async fn a_room_that_was_left_is_not_taken_up(mut log: Asked) {
    let ana = log.claim_as("ana", None, [1; 32]).await.unwrap();
    log.enter(ana.session, "den").await;
    assert!(log.leave(ana.session, "lobby").await);
    assert!(!log.leave(ana.session, "lobby").await, "it is not there twice");
    assert!(!log.leave(ana.session, "attic").await);
    assert_eq!(log.resume([1; 32]).await.unwrap().rooms, ["den"]);
}

async fn a_room_that_was_entered_again_has_its_latest_spelling(mut log: Asked) {
    let ana = log.claim_as("ana", None, [1; 32]).await.unwrap();
    for spelling in ["den", "Den"] {
        log.enter(ana.session, spelling).await;
    }
    assert_eq!(log.resume([1; 32]).await.unwrap().rooms, ["Den", "lobby"]);
}

async fn a_released_session_is_gone(mut log: Asked) {
    let ana = log.claim_as("ana", None, [1; 32]).await.unwrap();
    assert!(log.release(ana.session).await);
    assert_eq!(log.resume([1; 32]).await, None);
    assert!(!log.release(ana.session).await);
    let again = log.claim_as("ana", Some(&ana.token), [1; 32]).await.unwrap();
    assert_ne!(again.session, ana.session, "no number is given twice");
    assert_eq!(log.resume([1; 32]).await.unwrap().rooms, ["lobby"]);
}

async fn a_session_that_is_not_kept_enters_nothing(mut log: Asked) {
    let ana = log.claim_as("ana", None, [1; 32]).await.unwrap();
    log.release(ana.session).await;
    let (enter, say) = (log.ticket(), log.ticket());
    log.backplane.enter(enter, ana.session, "den".to_owned(), "den".to_owned()).unwrap();
    log.backplane.append(say, line(&ana, "lobby", "1", "and harms nobody else")).unwrap();
    assert!(matches!(log.outcome().await, Outcome::Failed { ticket } if ticket == enter));
    assert!(matches!(log.outcome().await, Outcome::Appended { ticket, .. } if ticket == Some(say)));
}

async fn a_departed_session_can_still_be_resumed(mut log: Asked) {
    let ana = log.claim_as("ana", None, [1; 32]).await.unwrap();
    log.enter(ana.session, "den").await;
    log.backplane.depart(ana.session).unwrap();
    log.backplane.left(ana.owner).unwrap();
    assert_eq!(log.resume([1; 32]).await.unwrap().rooms, ["den", "lobby"]);
}

async fn of_more_than_a_hundred_sessions_the_longest_absent_go(mut log: Asked) {
    let ana = log.claim_as("ana", None, [0; 32]).await.unwrap();
    let mut sessions = vec![ana.session];
    for number in 1..KEPT {
        let claimed = log.claim_as("ana", Some(&ana.token), [byte(number); 32]).await.unwrap();
        sessions.push(claimed.session);
    }
    // Not in the order of their making.
    for absent in [40, 20, 60] {
        later().await;
        log.backplane.depart(sessions[absent]).unwrap();
        log.resume([0; 32]).await; // its turn comes behind, so the departure is noted
    }
    log.claim_as("ana", Some(&ana.token), [200; 32]).await.unwrap();
    assert_eq!(log.resume([40; 32]).await, None);
    log.claim_as("ana", Some(&ana.token), [201; 32]).await.unwrap();
    assert_eq!(log.resume([20; 32]).await, None);
    for kept in (0..KEPT).filter(|number| ![40, 20].contains(number)) {
        assert!(log.resume([byte(kept); 32]).await.is_some(), "session {kept}");
    }
}

async fn a_present_session_never_goes(mut log: Asked) {
    let ana = log.claim_as("ana", None, [0; 32]).await.unwrap();
    let away = log.claim_as("ana", Some(&ana.token), [255; 32]).await.unwrap();
    log.backplane.depart(away.session).unwrap();
    for number in 1..KEPT + 20 {
        log.claim_as("ana", Some(&ana.token), [byte(number); 32]).await.unwrap();
    }
    assert_eq!(log.resume([255; 32]).await, None);
    for number in 0..KEPT + 20 {
        assert!(log.resume([byte(number); 32]).await.is_some(), "session {number}");
    }
}

async fn a_resumed_owner_is_present(mut log: Asked) {
    let ana = log.claim_as("ana", None, [1; 32]).await.unwrap();
    log.backplane.depart(ana.session).unwrap();
    log.backplane.left(ana.owner).unwrap();
    assert!(log.resume([1; 32]).await.is_some());
    log.claim("ana", None).await.unwrap_err();
}

async fn a_session_goes_with_the_nick(mut log: Asked) {
    let ana = log.claim_as("ana", None, [1; 32]).await.unwrap();
    log.backplane.depart(ana.session).unwrap();
    log.backplane.left(ana.owner).unwrap();
    let other = log.claim_as("ana", None, [2; 32]).await.unwrap();
    assert_eq!(other.former, [ana.owner]);
    assert_eq!(log.resume([1; 32]).await, None);
    assert_eq!(log.resume([2; 32]).await.unwrap().owner, other.owner);
}

async fn what_is_asked_in_one_breath_is_done_in_its_order(mut log: Asked) {
    let ana = log.claim_as("ana", None, [1; 32]).await.unwrap();
    let tickets: Vec<_> = (0..6).map(|_| log.ticket()).collect();
    let den = || "den".to_owned();
    log.backplane.enter(tickets[0], ana.session, den(), den()).unwrap();
    log.backplane.append(tickets[1], line(&ana, "den", "1", "hi")).unwrap();
    log.backplane.leave(tickets[2], ana.session, den()).unwrap();
    log.backplane.resume(tickets[3], [1; 32]).unwrap();
    log.backplane.release(tickets[4], ana.session).unwrap();
    log.backplane.resume(tickets[5], [1; 32]).unwrap();
    assert!(matches!(log.outcome().await, Outcome::Entered { ticket, .. } if ticket == tickets[0]));
    assert!(matches!(log.outcome().await, Outcome::Appended { ticket, .. } if ticket == Some(tickets[1])));
    assert!(matches!(log.outcome().await, Outcome::Done { ticket, changed: true } if ticket == tickets[2]));
    let Outcome::Resumed { ticket, session: Some(session) } = log.outcome().await else { panic!() };
    assert_eq!((ticket, session.rooms), (tickets[3], vec!["lobby".to_owned()]));
    assert!(matches!(log.outcome().await, Outcome::Done { ticket, changed: true } if ticket == tickets[4]));
    assert!(matches!(log.outcome().await, Outcome::Resumed { ticket, session: None } if ticket == tickets[5]));
}

fn byte(number: usize) -> u8 {
    u8::try_from(number).unwrap()
}
