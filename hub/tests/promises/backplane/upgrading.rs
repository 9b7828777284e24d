//! A log that the version before this one wrote.

use hub::backplane::{Backplane, Local, Outcome, Passage, Query, Range, Scope};
use serde_json::json;
use shared::entry::Entry;

use crate::backplane::asked::{Asked, DAY, line, room};
use crate::backplane::reopening::{STANDING_OF_VERSION_2, TALK_OF_VERSION_1, VERSION_1, VERSION_2};
use crate::backplane::storing::put;

/// What version 3 added to the tables of version 2.
const VERSION_3: &str = "
    ALTER TABLE entries ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE entries ADD COLUMN of INTEGER;
    ALTER TABLE entries ADD COLUMN reply_to INTEGER;
    ALTER TABLE entries ADD COLUMN files TEXT;
    ALTER TABLE entries ADD COLUMN changed INTEGER;
    ALTER TABLE entries ADD COLUMN edited INTEGER;
    ALTER TABLE entries ADD COLUMN deleted INTEGER;
    ALTER TABLE entries ADD COLUMN put INTEGER;
    ALTER TABLE rooms ADD COLUMN topic TEXT;
    DROP INDEX entries_of_room;
    CREATE INDEX entries_of_room ON entries (room, seq, owner) WHERE room IS NOT NULL AND kind = 0;
    CREATE INDEX changes_of_room ON entries (room, seq) WHERE room IS NOT NULL AND kind <> 0;
    DROP INDEX entries_of_pair;
    CREATE INDEX entries_of_pair ON entries (low, high, seq, owner) WHERE low IS NOT NULL AND kind = 0;
    CREATE INDEX changes_of_pair ON entries (low, high, seq) WHERE low IS NOT NULL AND kind <> 0;
    CREATE INDEX changes_of_line ON entries (of, kind) WHERE of IS NOT NULL;
    CREATE TABLE kinds_of_reaction (
        line INTEGER NOT NULL REFERENCES entries,
        emoji TEXT NOT NULL,
        since INTEGER NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (line, emoji)
    ) WITHOUT ROWID;
    CREATE TABLE reactions (
        line INTEGER NOT NULL REFERENCES entries,
        emoji TEXT NOT NULL,
        seq INTEGER NOT NULL,
        owner INTEGER NOT NULL REFERENCES owners,
        nick TEXT NOT NULL,
        PRIMARY KEY (line, emoji, seq)
    ) WITHOUT ROWID;
    CREATE UNIQUE INDEX reactions_once ON reactions (line, emoji, owner);
    CREATE TABLE file_lines (
        hash TEXT NOT NULL,
        line INTEGER NOT NULL REFERENCES entries,
        PRIMARY KEY (hash, line)
    ) WITHOUT ROWID;
    CREATE TABLE mentions (
        owner INTEGER NOT NULL REFERENCES owners,
        room INTEGER NOT NULL REFERENCES rooms,
        seq INTEGER NOT NULL,
        PRIMARY KEY (owner, room, seq)
    ) WITHOUT ROWID;
    PRAGMA user_version = 3;
";

/// What version 4 added to them.
const VERSION_4: &str = "
    CREATE TABLE former (
        seq INTEGER PRIMARY KEY,
        line INTEGER NOT NULL REFERENCES entries,
        text TEXT NOT NULL
    );
    CREATE TABLE forgetting (
        line INTEGER PRIMARY KEY REFERENCES entries,
        done INTEGER NOT NULL
    );
    CREATE TABLE copies (left INTEGER PRIMARY KEY);
    INSERT INTO copies (left) VALUES (1);
    CREATE TABLE freed (owner INTEGER PRIMARY KEY REFERENCES owners);
    PRAGMA user_version = 4;
";

/// Bob has edited the second line of the den and deleted its first; the lobby has a topic.
const CHANGES_OF_VERSION_4: &str = "
    INSERT INTO entries (seq, at, owner, id, nick, room, text, kind, of)
        VALUES (6, 160, 2, 'd', 'bob', 1, 'two and a half', 1, 3), (7, 170, 1, 'c', 'ana', 1, '', 2, 1);
    INSERT INTO entries (seq, at, owner, id, nick, room, text, kind) VALUES (8, 180, 2, 'e', 'bob', 2, 'Tea', 4);
    UPDATE entries SET text = 'two and a half', changed = 6, edited = 160 WHERE seq = 3;
    UPDATE entries SET text = '', changed = 7, deleted = 1 WHERE seq = 1;
    UPDATE rooms SET topic = 'Tea' WHERE room = 2;
";

#[tokio::test]
async fn a_log_of_version_4_is_brought_up_to_date_and_has_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let file = rusqlite::Connection::open(folder.path().join("hubbub.db")).unwrap();
    let steps =
        [VERSION_1, TALK_OF_VERSION_1, VERSION_2, STANDING_OF_VERSION_2, VERSION_3, VERSION_4, CHANGES_OF_VERSION_4];
    for step in steps {
        file.execute_batch(step).unwrap();
    }
    drop(file);

    let mut log = Asked::new(Local::open(folder.path(), DAY).unwrap());
    let known = log.backplane.known();
    assert_eq!((known.epoch.as_str(), known.head, known.store.len(), known.store_since), ("the epoch", 8, 0, 0));
    let owners: Vec<_> = known.owners.iter().map(|known| (known.owner.0, known.nick.as_str())).collect();
    assert_eq!(owners, [(1, "ana"), (2, "bob")]);
    let bob = log.resume([0; 32]).await.expect("his session is kept");
    assert_eq!((bob.owner.0, bob.rooms.clone()), (2, vec!["Den".to_owned(), "lobby".to_owned()]));

    let (entries, _) = log.backplane.read(Query { scope: room("den"), range: Range::Newest, limit: 50 }).await.unwrap();
    let texts: Vec<_> = entries.iter().map(|entry| (entry.seq(), entry.text())).collect();
    assert_eq!(texts, [(1, ""), (3, "two and a half"), (6, "two and a half"), (7, "")]);
    let pair = Scope::Owners(hub::backplane::OwnerId(1), hub::backplane::OwnerId(2));
    assert_eq!(log.page(pair, Range::Newest, 50).await, (vec![2, 4], false));

    let eve = log.claim("eve", None).await.unwrap();
    assert_eq!(eve.owner.0, 3);
    assert_eq!(log.adds(put(&eve, "1", "a", json!(5), Some(0))).await.entry.seq(), 9);
    let repeated = log.append(put(&eve, "1", "a", json!(5), Some(0))).await;
    assert!(matches!(repeated, Outcome::Repeated { seq: 9, .. }), "{repeated:?}");
    log.adds(line(&eve, "den", "2", "ten")).await;
    let passage = Passage { rooms: vec!["den".to_owned()], owner: None, store: true, after: 5, upto: 10, limit: 100 };
    let seqs: Vec<u64> = log.follow(passage).await.0.iter().map(Entry::seq).collect();
    assert_eq!(seqs, [6, 7, 9, 10]);
    log.backplane.close();
    assert_eq!(Local::open(folder.path(), DAY).unwrap().known().store[0].version, 9);
}
