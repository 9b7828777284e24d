//! What any backplane promises: one suite, run over each of them.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by a panic")]

use std::collections::HashSet;
use std::time::Duration;

use hub::backplane::{
    Audience, Backplane, Claim, Claimed, Draft, Local, OpenError, Outcome, Query, Range, Route, Scope, Tail, Ticket,
};
use shared::entry::Entry;
use shared::nick::Nick;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A backplane with its tail, asked one thing at a time.
struct Asked {
    backplane: Local,
    tail: Tail,
    waiting: Vec<Outcome>,
    next: u64,
}

impl Asked {
    fn new(backplane: Local) -> Self {
        let tail = backplane.tail().expect("the tail is there once");
        Self { backplane, tail, waiting: Vec::new(), next: 0 }
    }

    fn ticket(&mut self) -> Ticket {
        self.next += 1;
        Ticket(self.next)
    }

    async fn outcome(&mut self) -> Outcome {
        while self.waiting.is_empty() {
            self.waiting = self.tail.recv().await.expect("the writer lives");
        }
        self.waiting.remove(0)
    }

    async fn claim(&mut self, nick: &str, token: Option<&str>) -> Result<Claimed, u64> {
        let ticket = self.ticket();
        let claim = Claim { nick: Nick::parse(nick).unwrap(), token: token.map(str::to_owned) };
        self.backplane.claim(ticket, claim).unwrap();
        match self.outcome().await {
            Outcome::Claimed { claimed, .. } => Ok(claimed),
            Outcome::Taken { until, .. } => Err(until),
            other => panic!("{other:?}"),
        }
    }

    async fn append(&mut self, draft: Draft) -> Outcome {
        let ticket = self.ticket();
        self.backplane.append(ticket, draft).unwrap();
        self.outcome().await
    }

    async fn say(&mut self, from: &Claimed, room: &str, id: &str, text: &str) -> u64 {
        match self.append(line(from, room, id, text)).await {
            Outcome::Appended { committed, .. } => committed.entry.seq(),
            other => panic!("{other:?}"),
        }
    }

    async fn page(&self, scope: Scope, range: Range, limit: u32) -> (Vec<u64>, bool) {
        let (entries, more) = self.backplane.read(Query { scope, range, limit }).await.unwrap();
        (entries.iter().map(Entry::seq).collect(), more)
    }
}

fn line(from: &Claimed, room: &str, id: &str, text: &str) -> Draft {
    Draft {
        owner: from.owner,
        from: from.nick.clone(),
        id: id.to_owned(),
        text: text.to_owned(),
        to: Audience::Room { key: room.to_lowercase(), name: room.to_owned() },
    }
}

fn whisper(from: &Claimed, to: &Claimed, id: &str, text: &str) -> Draft {
    let to = Audience::Owner { owner: to.owner, nick: to.nick.clone(), nodes: 2 };
    Draft { owner: from.owner, from: from.nick.clone(), id: id.to_owned(), text: text.to_owned(), to }
}

fn room(key: &str) -> Scope {
    Scope::Room(key.to_owned())
}

/// Runs a promise over every backplane, with the given time-to-live of nicks.
macro_rules! promises {
    ($($name:ident, $ttl:expr;)*) => {
        mod on_disk {
            $(#[tokio::test]
            async fn $name() {
                let folder = tempfile::tempdir().unwrap();
                super::$name(super::Asked::new(super::Local::open(folder.path(), $ttl).unwrap())).await;
            })*
        }
        mod in_memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::Asked::new(super::Local::in_memory($ttl).unwrap())).await;
            })*
        }
    };
}

promises! {
    entries_are_numbered_from_one_in_the_order_of_their_asking, super::DAY;
    an_id_sent_again_gets_the_first_answer, super::DAY;
    a_nick_belongs_to_the_holder_of_its_token, super::DAY;
    a_nick_that_looks_the_same_is_the_same, super::DAY;
    a_nick_falls_free_only_after_its_owner_left, std::time::Duration::ZERO;
    a_nick_that_changes_hands_takes_nothing_along, std::time::Duration::ZERO;
    pages_go_both_ways_and_say_whether_there_is_more, super::DAY;
    a_page_of_long_texts_is_cut_short, super::DAY;
    private_messages_are_read_by_their_two_ends, super::DAY;
    conversations_are_told_at_the_next_claim, super::DAY;
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

fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

#[tokio::test]
async fn a_log_on_disk_outlives_its_hub() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Asked::new(Local::open(folder.path(), DAY).unwrap());
    let epoch = log.backplane.known().epoch;
    let ana = log.claim("ana", None).await.unwrap();
    log.say(&ana, "Den", "1", "kept").await;
    log.backplane.close();

    let mut log = Asked::new(Local::open(folder.path(), DAY).unwrap());
    let known = log.backplane.known();
    assert_eq!((known.epoch, known.head), (epoch, 1));
    assert_eq!(known.owners, [(ana.owner, "ana".to_owned())]);
    assert_eq!(known.rooms, ["Den"]);
    let again = log.append(line(&ana, "Den", "1", "sent again after the restart")).await;
    assert!(matches!(again, Outcome::Repeated { seq: 1, .. }));
    assert_eq!(log.say(&ana, "Den", "2", "next").await, 2);
    assert_eq!(log.claim("ana", Some(&ana.token)).await.unwrap().owner, ana.owner);
}

#[tokio::test]
async fn what_was_queued_before_the_close_is_committed() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Asked::new(Local::open(folder.path(), DAY).unwrap());
    let ana = log.claim("ana", None).await.unwrap();
    for number in 0..500 {
        let ticket = log.ticket();
        log.backplane.append(ticket, line(&ana, "lobby", &number.to_string(), "words")).unwrap();
    }
    let Asked { backplane, mut tail, .. } = log;
    let heard = tokio::spawn(async move {
        let mut count = 0;
        while let Some(outcomes) = tail.recv().await {
            count += outcomes.len();
        }
        count
    });
    tokio::task::spawn_blocking(move || backplane.close()).await.unwrap();
    assert_eq!(heard.await.unwrap(), 500);
    assert_eq!(Local::open(folder.path(), DAY).unwrap().known().head, 500);
}

#[tokio::test]
async fn a_log_in_memory_begins_anew() {
    let one = Local::in_memory(DAY).unwrap().known();
    let other = Local::in_memory(DAY).unwrap().known();
    assert_ne!(one.epoch, other.epoch);
    assert_eq!(one.head, 0);
}

#[test]
fn a_log_of_a_newer_version_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    Local::open(folder.path(), DAY).unwrap().close();
    let path = folder.path().join("hubbub.db");
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = Local::open(folder.path(), DAY).err().unwrap();
    assert!(matches!(error, OpenError::Newer(_, 99, _)), "{error}");
    assert!(error.to_string().contains("newer version"), "{error}");
    let version: i64 =
        rusqlite::Connection::open(&path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 99);
}

#[test]
fn a_file_that_is_no_log_of_ours_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hubbub.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE recipes (cake TEXT)").unwrap();
    assert!(matches!(Local::open(folder.path(), DAY).err().unwrap(), OpenError::Foreign(_)));

    std::fs::write(&path, "these are no tables at all, but long enough to look like some".repeat(100)).unwrap();
    assert!(matches!(Local::open(folder.path(), DAY).err().unwrap(), OpenError::Sqlite(..)));
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_the_log() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let _log = Local::open(folder.path(), DAY).unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
    }
}

/// Another program that holds the database's lock stands for every reason why a commit may fail.
#[tokio::test]
async fn a_failed_commit_refuses_its_requests_and_harms_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Asked::new(Local::open(folder.path(), DAY).unwrap());
    let ana = log.claim("ana", None).await.unwrap();
    log.say(&ana, "lobby", "1", "before").await;

    let other = rusqlite::Connection::open(folder.path().join("hubbub.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = log.append(line(&ana, "lobby", "2", "cannot be kept")).await;
    assert!(matches!(refused, Outcome::Failed { .. }), "{refused:?}");
    assert_eq!(log.page(room("lobby"), Range::Newest, 50).await, (vec![1], false), "reads go on");
    other.execute_batch("ROLLBACK").unwrap();

    assert_eq!(log.say(&ana, "lobby", "2", "the same again").await, 2);
    assert_eq!(log.page(room("lobby"), Range::Newest, 50).await, (vec![1, 2], false));
}
