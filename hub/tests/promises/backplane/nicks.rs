//! Who owns a nick.

use hub::backplane::{Backplane, Range, Scope};

use crate::backplane::asked::{Asked, now, whisper};

promises! {
    a_nick_belongs_to_the_holder_of_its_token, crate::backplane::asked::DAY;
    a_session_that_has_the_nick_is_given_a_token_anew, crate::backplane::asked::DAY;
    a_nick_that_looks_the_same_is_the_same, crate::backplane::asked::DAY;
    a_nick_falls_free_only_after_its_owner_left, std::time::Duration::ZERO;
    a_nick_that_changes_hands_takes_nothing_along, std::time::Duration::ZERO;
    conversations_are_told_at_the_next_claim, crate::backplane::asked::DAY;
}

/// The answer that had the first token may have been lost with the hub.
async fn a_session_that_has_the_nick_is_given_a_token_anew(mut log: Asked) {
    let first = log.claim_as("ana", None, [1; 32]).await.unwrap();
    log.claim_as("ana", None, [2; 32]).await.unwrap_err();
    let second = log.claim_as("ana", None, [1; 32]).await.unwrap();
    assert_eq!((second.owner, second.session), (first.owner, first.session));
    log.claim("ana", Some(&first.token)).await.unwrap_err();
    assert_eq!(log.claim("ana", Some(&second.token)).await.unwrap().owner, first.owner);
    log.release(second.session).await;
    log.claim_as("ana", None, [1; 32]).await.unwrap_err();
}

async fn a_nick_belongs_to_the_holder_of_its_token(mut log: Asked) {
    let ana = log.claim("Ana", None).await.unwrap();
    let until = log.claim("Ana", None).await.unwrap_err();
    let hours = until.saturating_sub(now()) as f64 / 3_600_000.0;
    assert!((23.9..=24.1).contains(&hours), "free in {hours} hours");
    log.claim("Ana", Some("not the token")).await.unwrap_err();

    let again = log.claim("ana", Some(&ana.token)).await.unwrap();
    assert_eq!((again.owner, again.nick.as_str(), again.token.as_str()), (ana.owner, "Ana", ana.token.as_str()));
    log.backplane.left(ana.owner).unwrap();
    log.claim("ANA", None).await.unwrap_err();
}

async fn a_nick_that_looks_the_same_is_the_same(mut log: Asked) {
    log.claim("ana", None).await.unwrap();
    log.claim("burn", None).await.unwrap();
    for alike in ["ANA", "аna", "АNА", "bum"] {
        assert!(log.claim(alike, None).await.is_err(), "{alike}");
    }
    log.claim("anna", None).await.unwrap();
}

async fn a_nick_falls_free_only_after_its_owner_left(mut log: Asked) {
    let ana = log.claim("ana", None).await.unwrap();
    log.claim("ana", None).await.unwrap_err();
    log.backplane.left(ana.owner).unwrap();
    let other = log.claim("ana", None).await.unwrap();
    assert_ne!(other.owner, ana.owner);
    assert_eq!(other.former, [ana.owner]);
    log.claim("ana", Some(&ana.token)).await.unwrap_err();
}

async fn a_nick_that_changes_hands_takes_nothing_along(mut log: Asked) {
    let (ana, bob) = (log.claim("ana", None).await.unwrap(), log.claim("bob", None).await.unwrap());
    log.append(whisper(&bob, &ana, "1", "for the first ana")).await;
    log.say(&ana, "lobby", "same", "by the first").await;
    log.backplane.left(ana.owner).unwrap();
    let other = log.claim("ana", None).await.unwrap();
    assert_eq!(log.page(Scope::Owners(other.owner, bob.owner), Range::Newest, 50).await, (vec![], false));
    assert_eq!(log.say(&other, "lobby", "same", "ids are the owner's").await, 3);

    // Bob sees no conversation with the newcomer.
    let bob = log.claim("bob", Some(&bob.token)).await.unwrap();
    assert_eq!(bob.conversations, []);
}

async fn conversations_are_told_at_the_next_claim(mut log: Asked) {
    let (ana, bob) = (log.claim("ana", None).await.unwrap(), log.claim("bob", None).await.unwrap());
    let eve = log.claim("eve", None).await.unwrap();
    log.append(whisper(&bob, &ana, "1", "hi")).await;
    log.append(whisper(&eve, &ana, "1", "hello")).await;
    log.append(whisper(&ana, &bob, "1", "hi bob")).await;
    let told = log.claim("ana", Some(&ana.token)).await.unwrap().conversations;
    let told: Vec<(&str, u64)> =
        told.iter().map(|conversation| (conversation.with.as_str(), conversation.seq)).collect();
    assert_eq!(told, [("bob", 3), ("eve", 2)], "the latest first");
}
