//! What the next hub finds: sessions, rooms, positions, and logs that an older version wrote.

use std::path::Path;
use std::time::Duration;

use hub::backplane::{
    Audience, Backplane, Draft, KnownRoom, Local, Outcome, OwnerId, Query, Range, Scope, Session, Standing, What,
};
use sha2::{Digest, Sha256};
use shared::entry::File;
use shared::message::Conversation;

use crate::backplane::asked::{Asked, DAY, does, line, room, whisper};

fn open(folder: &Path, nick_ttl: Duration) -> Asked {
    Asked::new(Local::open(folder, nick_ttl).unwrap())
}

#[tokio::test]
async fn sessions_that_were_present_are_known_with_their_rooms() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path(), DAY);
    let ana = log.claim_as("Ana", None, [1; 32]).await.unwrap();
    let bob = log.claim_as("bob", None, [2; 32]).await.unwrap();
    let away = log.claim_as("bob", Some(&bob.token), [3; 32]).await.unwrap();
    let left = log.claim_as("bob", Some(&bob.token), [4; 32]).await.unwrap();
    log.enter(ana.session, "Den").await;
    log.leave(bob.session, "lobby").await;
    log.backplane.depart(away.session).unwrap();
    log.release(left.session).await;
    log.backplane.close();

    for _restart in 0..2 {
        let mut log = open(folder.path(), DAY);
        let known = log.backplane.known().sessions;
        let expected = [
            Session {
                id: ana.session,
                secret: [1; 32],
                owner: ana.owner,
                nick: "Ana".to_owned(),
                node: "Ana-tab".to_owned(),
                kind: "tab".to_owned(),
                rooms: vec!["Den".to_owned(), "lobby".to_owned()],
            },
            Session {
                id: bob.session,
                secret: [2; 32],
                owner: bob.owner,
                nick: "bob".to_owned(),
                node: "bob-tab".to_owned(),
                kind: "tab".to_owned(),
                rooms: vec![],
            },
        ];
        assert_eq!(known, expected);
        for session in expected {
            assert_eq!(log.resume(session.secret).await, Some(session));
        }
        log.backplane.close();
    }

    let mut log = open(folder.path(), DAY);
    assert_eq!(log.resume([3; 32]).await.unwrap().rooms, ["lobby"], "who was away may still come back");
    assert_eq!(log.resume([4; 32]).await, None);
    log.backplane.close();
    let present = open(folder.path(), DAY).backplane.known().sessions;
    assert_eq!(present.iter().map(|session| session.id).collect::<Vec<_>>(), [ana.session, bob.session, away.session]);
}

#[tokio::test]
async fn who_was_present_with_a_session_keeps_the_nick_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path(), Duration::ZERO);
    let ana = log.claim_as("ana", None, [1; 32]).await.unwrap();
    let bob = log.claim_as("bob", None, [2; 32]).await.unwrap();
    log.backplane.depart(bob.session).unwrap();
    log.resume([1; 32]).await; // its turn comes behind
    log.backplane.close();

    let mut log = open(folder.path(), Duration::ZERO);
    log.claim("ana", None).await.unwrap_err();
    let other = log.claim("bob", None).await.expect("nobody of bob's was there, so his time runs");
    assert_eq!(other.former, [bob.owner]);

    log.backplane.depart(ana.session).unwrap();
    log.backplane.left(ana.owner).unwrap();
    log.claim("ana", None).await.expect("and now it runs for ana");
}

#[tokio::test]
async fn positions_outlive_the_hub() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path(), DAY);
    let (ana, bob) = (log.claim("ana", None).await.unwrap(), log.claim("bob", None).await.unwrap());
    log.enter(bob.session, "den").await;
    for id in ["1", "2", "3"] {
        log.say(&ana, "den", id, "words").await;
    }
    log.adds(whisper(&ana, &bob, "4", "psst")).await;
    log.adds(whisper(&ana, &bob, "5", "psst")).await;
    log.mark_read(bob.owner, room("den"), 2).await;
    log.mark_read(bob.owner, Scope::Owners(bob.owner, ana.owner), 4).await;
    log.backplane.close();

    let mut log = open(folder.path(), DAY);
    let again = log.claim("bob", Some(&bob.token)).await.unwrap();
    assert_eq!(again.lobby, Standing { read: 0, unread: 0, mentions: 0 });
    assert_eq!(again.conversations, [Conversation { with: "ana".to_owned(), seq: 5, read: 4, unread: 1 }]);
    assert_eq!(log.enter(again.session, "den").await, Standing { read: 2, unread: 1, mentions: 0 });
    assert!(!log.mark_read(bob.owner, room("den"), 1).await);
}

#[tokio::test]
async fn lines_that_changed_topics_and_files_are_there_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path(), DAY);
    let (ana, bob) = (log.claim("ana", None).await.unwrap(), log.claim("bob", None).await.unwrap());
    let picture = File {
        hash: "aa".to_owned(),
        name: "den.png".to_owned(),
        size: 1,
        kind: "image/png".to_owned(),
        width: None,
        height: None,
    };
    let what = What::Line { text: String::new(), reply_to: None, files: vec![picture], mentions: vec![bob.owner] };
    let said = log.adds(does(&ana, "Den", "1", what)).await;
    log.adds(does(&bob, "Den", "2", What::React { of: 1, emoji: "👍".to_owned(), on: true })).await;
    log.adds(does(&bob, "Den", "3", What::Topic { topic: "Tea".to_owned() })).await;
    log.adds(does(&bob, "attic", "4", What::Topic { topic: "Old".to_owned() })).await;
    log.adds(does(&bob, "attic", "5", What::Topic { topic: String::new() })).await;
    let query = || Query { scope: room("den"), range: Range::Newest, limit: 50 };
    let before = log.backplane.read(query()).await.unwrap();
    log.backplane.left(bob.owner).unwrap();
    log.backplane.close();

    let log = open(folder.path(), DAY);
    let known = log.backplane.known();
    assert_eq!(log.backplane.read(query()).await.unwrap(), before);
    assert_eq!(before.0.len(), 3);
    let room = |name: &str, topic: Option<&str>| KnownRoom { name: name.to_owned(), topic: topic.map(str::to_owned) };
    assert_eq!(known.rooms, [room("Den", Some("Tea")), room("attic", None)]);
    assert_eq!(known.files, [("aa".to_owned(), said.entry.at())]);
    assert!(known.owners.iter().any(|owner| owner.owner == bob.owner && owner.seen.is_some()));
}

/// The tables as version 1 made them.
pub(crate) const VERSION_1: &str = "
    CREATE TABLE log (epoch TEXT NOT NULL);
    CREATE TABLE owners (
        owner INTEGER PRIMARY KEY,
        nick TEXT NOT NULL,
        token BLOB NOT NULL,
        since INTEGER NOT NULL,
        seen INTEGER
    );
    CREATE TABLE likeness (
        key TEXT PRIMARY KEY,
        owner INTEGER NOT NULL REFERENCES owners
    ) WITHOUT ROWID;
    CREATE INDEX likeness_of_owner ON likeness (owner);
    CREATE TABLE rooms (
        room INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL
    );
    CREATE TABLE entries (
        seq INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        owner INTEGER NOT NULL REFERENCES owners,
        id TEXT NOT NULL,
        nick TEXT NOT NULL,
        room INTEGER REFERENCES rooms,
        low INTEGER,
        high INTEGER,
        to_nick TEXT,
        nodes INTEGER,
        text TEXT NOT NULL
    );
    CREATE UNIQUE INDEX entries_once ON entries (owner, id);
    CREATE INDEX entries_of_room ON entries (room, seq) WHERE room IS NOT NULL;
    CREATE INDEX entries_of_pair ON entries (low, high, seq) WHERE low IS NOT NULL;
    CREATE TABLE conversations (
        owner INTEGER NOT NULL REFERENCES owners,
        other INTEGER NOT NULL REFERENCES owners,
        seq INTEGER NOT NULL,
        PRIMARY KEY (owner, other)
    ) WITHOUT ROWID;
    PRAGMA application_id = 0x48554242;
    PRAGMA user_version = 1;
";

/// Ana and bob; two lines in the den, two private messages, one line in the lobby.
pub(crate) const TALK_OF_VERSION_1: &str = "
    INSERT INTO log VALUES ('the epoch');
    INSERT INTO owners VALUES (1, 'ana', zeroblob(32), 100, 150), (2, 'bob', zeroblob(32), 100, NULL);
    INSERT INTO likeness VALUES ('ana', 1), ('bob', 2);
    INSERT INTO rooms VALUES (1, 'den', 'Den'), (2, 'lobby', 'lobby');
    INSERT INTO entries VALUES
        (1, 110, 1, 'a', 'ana', 1, NULL, NULL, NULL, NULL, 'one'),
        (2, 120, 2, 'a', 'bob', NULL, 1, 2, 'ana', 3, 'psst'),
        (3, 130, 2, 'b', 'bob', 1, NULL, NULL, NULL, NULL, 'two'),
        (4, 140, 1, 'b', 'ana', NULL, 1, 2, 'bob', 0, 'what?'),
        (5, 150, 2, 'c', 'bob', 2, NULL, NULL, NULL, NULL, 'three');
    INSERT INTO conversations VALUES (1, 2, 4), (2, 1, 4);
";

#[tokio::test]
async fn a_log_of_version_1_is_brought_up_to_date_and_nothing_of_it_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let file = rusqlite::Connection::open(folder.path().join("hubbub.db")).unwrap();
    file.execute_batch(VERSION_1).unwrap();
    file.execute_batch(TALK_OF_VERSION_1).unwrap();
    let token = "ana's own";
    file.execute("UPDATE owners SET token = ?1 WHERE owner = 1", [Sha256::digest(token).as_slice()]).unwrap();
    drop(file);

    for start in 0..2 {
        let mut log = open(folder.path(), DAY);
        let known = log.backplane.known();
        assert_eq!((known.epoch.as_str(), known.head), ("the epoch", 5));
        assert_eq!(
            known.owners.iter().map(|known| (known.owner.0, known.nick.as_str())).collect::<Vec<_>>(),
            [(1, "ana"), (2, "bob")]
        );
        assert_eq!(known.rooms.iter().map(|room| room.name.as_str()).collect::<Vec<_>>(), ["Den", "lobby"]);
        assert_eq!(known.sessions.len(), start, "version 1 kept none");

        let ana = log.claim_as("ana", Some(token), [1; 32]).await.expect("her token is as good as ever");
        log.claim("bob", None).await.unwrap_err();
        assert_eq!(ana.owner.0, 1);
        assert_eq!(ana.conversations, [Conversation { with: "bob".to_owned(), seq: 4, read: 0, unread: 1 }]);
        assert_eq!(ana.lobby, Standing { read: 5, unread: 0, mentions: 0 });
        assert_eq!(log.enter(ana.session, "Den").await, Standing { read: 5, unread: 0, mentions: 0 });

        assert_eq!(log.page(room("den"), Range::Newest, 50).await, (vec![1, 3], false));
        assert_eq!(
            log.page(Scope::Owners(known.owners[1].owner, ana.owner), Range::Newest, 50).await,
            (vec![2, 4], false)
        );
        let passage = hub::backplane::Passage {
            rooms: vec!["den".to_owned(), "lobby".to_owned()],
            owner: Some(ana.owner),
            store: true,
            after: 0,
            upto: 5,
            limit: 100,
        };
        let (entries, reached) = log.follow(passage).await;
        let texts: Vec<&str> = entries.iter().map(shared::entry::Entry::text).collect();
        assert_eq!((texts, reached), (vec!["one", "psst", "two", "what?", "three"], 5));
        let again = log.append(line(&ana, "den", "a", "sent again")).await;
        assert!(matches!(again, Outcome::Repeated { seq: 1, .. }), "{again:?}");
        log.backplane.close();
    }
}

/// What version 2 added to them.
pub(crate) const VERSION_2: &str = "
    CREATE TABLE sessions (
        session INTEGER PRIMARY KEY AUTOINCREMENT,
        secret BLOB NOT NULL UNIQUE,
        owner INTEGER NOT NULL REFERENCES owners,
        node TEXT NOT NULL,
        kind TEXT NOT NULL,
        since INTEGER NOT NULL,
        seen INTEGER
    );
    CREATE INDEX sessions_of_owner ON sessions (owner, seen);
    CREATE INDEX sessions_present ON sessions (session) WHERE seen IS NULL;
    CREATE TABLE session_rooms (
        session INTEGER NOT NULL REFERENCES sessions ON DELETE CASCADE,
        key TEXT NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (session, key)
    ) WITHOUT ROWID;
    CREATE TABLE positions (
        owner INTEGER NOT NULL REFERENCES owners,
        key TEXT NOT NULL,
        read INTEGER NOT NULL,
        PRIMARY KEY (owner, key)
    ) WITHOUT ROWID;
    ALTER TABLE conversations ADD COLUMN read INTEGER NOT NULL DEFAULT 0;
    DROP INDEX entries_of_room;
    CREATE INDEX entries_of_room ON entries (room, seq, owner) WHERE room IS NOT NULL;
    DROP INDEX entries_of_pair;
    CREATE INDEX entries_of_pair ON entries (low, high, seq, owner) WHERE low IS NOT NULL;
    CREATE INDEX entries_of_low ON entries (low, seq) WHERE low IS NOT NULL;
    CREATE INDEX entries_of_high ON entries (high, seq, low) WHERE high <> low;
    PRAGMA user_version = 2;
";

/// Bob is here, in the den, and has read its first line; ana's first whisper he has not read.
pub(crate) const STANDING_OF_VERSION_2: &str = "
    INSERT INTO sessions VALUES (7, zeroblob(32), 2, 'tab-1', 'tab', 100, NULL);
    INSERT INTO session_rooms VALUES (7, 'den', 'Den'), (7, 'lobby', 'lobby');
    INSERT INTO positions VALUES (2, 'den', 0), (2, 'lobby', 5);
    UPDATE conversations SET read = 2 WHERE owner = 2;
";

#[tokio::test]
async fn a_log_of_version_2_is_brought_up_to_date_and_its_lines_can_be_changed() {
    let folder = tempfile::tempdir().unwrap();
    let file = rusqlite::Connection::open(folder.path().join("hubbub.db")).unwrap();
    for step in [VERSION_1, TALK_OF_VERSION_1, VERSION_2, STANDING_OF_VERSION_2] {
        file.execute_batch(step).unwrap();
    }
    drop(file);

    let mut log = open(folder.path(), DAY);
    let known = log.backplane.known();
    assert_eq!((known.epoch.as_str(), known.head, known.rooms.len()), ("the epoch", 5, 2));
    assert!(known.rooms.iter().all(|room| room.topic.is_none()) && known.files.is_empty());
    let bob = log.resume([0; 32]).await.expect("his session is kept");
    assert_eq!((bob.owner.0, bob.rooms.clone()), (2, vec!["Den".to_owned(), "lobby".to_owned()]));
    assert_eq!(log.enter(bob.id, "Den").await, Standing { read: 0, unread: 1, mentions: 0 });
    let pair = || Scope::Owners(OwnerId(1), OwnerId(2));
    assert_eq!(log.page(room("den"), Range::Newest, 50).await, (vec![1, 3], false));
    assert_eq!(log.page(pair(), Range::Newest, 50).await, (vec![2, 4], false));
    let (entries, _) = log.backplane.read(Query { scope: room("den"), range: Range::Newest, limit: 50 }).await.unwrap();
    assert!(entries.iter().all(|entry| entry.details().is_none()), "{entries:?}");

    let to = Audience::Room { key: "den".to_owned(), name: "Den".to_owned() };
    let what = What::Edit { of: 3, text: "two and a half".to_owned() };
    let edit = Draft { owner: OwnerId(2), from: "bob".to_owned(), id: "d".to_owned(), what, to };
    assert_eq!(log.adds(edit.clone()).await.entry.seq(), 6);
    log.backplane.close();

    let mut log = open(folder.path(), DAY);
    assert!(matches!(log.append(edit).await, Outcome::Repeated { seq: 6, .. }));
    let (entries, _) = log.backplane.read(Query { scope: room("den"), range: Range::Newest, limit: 50 }).await.unwrap();
    let texts: Vec<&str> = entries.iter().map(shared::entry::Entry::text).collect();
    assert_eq!(texts, ["one", "two and a half", "two and a half"]);
    assert_eq!(entries[1].details().and_then(|details| details.changed), Some(6));
}
