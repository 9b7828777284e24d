//! What one node is to hear, out of the whole log.

use hub::backplane::{Claimed, Draft, Local, OwnerId, Passage, Route};
use proptest::collection::vec;
use proptest::prelude::*;
use shared::entry::Entry;

use crate::backplane::asked::{Asked, DAY, line, whisper};

/// Bytes of text that one piece of a passage holds, unless its only entry is longer.
const PIECE: usize = 64 * 1024;

promises! {
    a_passage_is_a_nodes_rooms_and_its_owners_private_messages, crate::backplane::asked::DAY;
    a_passage_is_read_in_pieces, crate::backplane::asked::DAY;
    a_piece_holds_no_more_text_than_a_queue_can_take, crate::backplane::asked::DAY;
    a_passage_of_nowhere_is_empty_and_complete, crate::backplane::asked::DAY;
}

async fn a_passage_is_a_nodes_rooms_and_its_owners_private_messages(mut log: Asked) {
    let (ana, bob) = (log.claim("ana", None).await.unwrap(), log.claim("bob", None).await.unwrap());
    let eve = log.claim("eve", None).await.unwrap();
    log.say(&ana, "lobby", "1", "one").await;
    log.adds(whisper(&bob, &ana, "2", "two")).await;
    log.say(&ana, "Den", "3", "three").await;
    log.adds(whisper(&eve, &bob, "4", "not for ana")).await;
    log.say(&eve, "attic", "5", "where ana is not").await;
    log.adds(whisper(&ana, &ana, "6", "six, once")).await;
    log.adds(whisper(&ana, &eve, "7", "seven")).await;
    let of_ana = |after, upto| passage(&["lobby", "den"], Some(ana.owner), after, upto, 100);
    let (entries, reached) = log.follow(of_ana(0, 7)).await;
    let texts: Vec<&str> = entries.iter().map(Entry::text).collect();
    assert_eq!((texts, reached), (vec!["one", "two", "three", "six, once", "seven"], 7));
    assert!(matches!(&entries[2], Entry::Said(said) if said.room == "Den"), "as it is called");
    assert!(matches!(&entries[1], Entry::Whispered(whispered) if whispered.to == "ana"));

    assert_eq!(seqs(&log.follow(of_ana(2, 5)).await.0), [3]);
    assert_eq!(log.follow(of_ana(3, 5)).await, (vec![], 5), "up to there nothing is left out");
    assert_eq!(seqs(&log.follow(passage(&["den"], None, 0, 7, 100)).await.0), [3]);
    assert_eq!(seqs(&log.follow(passage(&["den", "den"], None, 0, 7, 100)).await.0), [3], "a room named twice");
    assert_eq!(seqs(&log.follow(passage(&[], Some(bob.owner), 0, 7, 100)).await.0), [2, 4]);
}

async fn a_passage_is_read_in_pieces(mut log: Asked) {
    let ana = log.claim("ana", None).await.unwrap();
    for number in 1..=20 {
        log.say(&ana, if number % 5 == 0 { "den" } else { "lobby" }, &number.to_string(), "words").await;
    }
    let piece = |after, limit| passage(&["den", "lobby"], None, after, 20, limit);
    let (entries, reached) = log.follow(piece(0, 7)).await;
    assert_eq!((seqs(&entries), reached), ((1..=7).collect(), 7));
    let (entries, reached) = log.follow(piece(reached, 13)).await;
    assert_eq!((seqs(&entries), reached), ((8..=20).collect(), 20));
    let of_den = passage(&["den"], None, 0, 18, 3);
    assert_eq!(log.follow(of_den).await.1, 18, "all three of it, so nothing is left out up to there");
}

async fn a_piece_holds_no_more_text_than_a_queue_can_take(mut log: Asked) {
    let ana = log.claim("ana", None).await.unwrap();
    let text = "x".repeat(16 * 1024);
    for number in 1..=10 {
        log.say(&ana, "lobby", &number.to_string(), &text).await;
    }
    let (entries, reached) = log.follow(passage(&["lobby"], None, 0, 10, 1_000)).await;
    assert_eq!((seqs(&entries), reached), (vec![1, 2, 3, 4], 4));
    let (entries, reached) = log.follow(passage(&["lobby"], None, 8, 10, 1_000)).await;
    assert_eq!((seqs(&entries), reached), (vec![9, 10], 10));
}

async fn a_passage_of_nowhere_is_empty_and_complete(mut log: Asked) {
    let ana = log.claim("ana", None).await.unwrap();
    assert_eq!(log.follow(passage(&["lobby"], Some(ana.owner), 0, 0, 10)).await, (vec![], 0));
    log.say(&ana, "lobby", "1", "words").await;
    assert_eq!(log.follow(passage(&["nowhere"], None, 0, 1, 10)).await, (vec![], 1));
    assert_eq!(log.follow(passage(&[], None, 0, 1, 10)).await, (vec![], 1));
    assert_eq!(log.follow(passage(&["lobby"], None, 1, 1, 10)).await, (vec![], 1));
    assert_eq!(log.follow(passage(&["lobby"], None, u64::MAX, 1, 10)).await, (vec![], 1), "of a log that is gone");
}

const ROOMS: [&str; 6] = ["lobby", "Den", "attic", "hall", "yard", "never spoken in"];
const PEOPLE: [&str; 4] = ["ana", "bob", "eve", "zoe"];

/// Somebody says something to a room or to somebody, who may be themselves.
#[derive(Clone, Debug)]
struct Word {
    from: usize,
    to: Result<usize, usize>,
    bytes: usize,
}

fn word() -> impl Strategy<Value = Word> {
    let to = prop_oneof![3 => (0..5_usize).prop_map(Ok), 2 => (0..PEOPLE.len()).prop_map(Err)];
    let bytes = prop_oneof![9 => 1..200_usize, 1 => 1..16_384_usize];
    (0..PEOPLE.len(), to, bytes).prop_map(|(from, to, bytes)| Word { from, to, bytes })
}

/// Who follows what, from where to where (as parts of the log) and in pieces of how many.
#[derive(Clone, Debug)]
struct Follower {
    rooms: Vec<usize>,
    owner: Option<usize>,
    after: f64,
    upto: f64,
    limit: u32,
}

fn follower() -> impl Strategy<Value = Follower> {
    let limit = prop_oneof![1..10_u32, 1..300_u32];
    (vec(0..ROOMS.len(), 0..8), proptest::option::of(0..PEOPLE.len()), 0.0..1.0, 0.0..=1.0, limit)
        .prop_map(|(rooms, owner, after, upto, limit)| Follower { rooms, owner, after, upto, limit })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn in_pieces_of_any_size_a_passage_is_what_a_filter_over_the_whole_log_finds(
        words in vec(word(), 0..400),
        followers in vec(follower(), 20),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for backplane in [Local::open(folder.path(), DAY).unwrap(), Local::in_memory(DAY).unwrap()] {
            runtime.block_on(follow_all(Asked::new(backplane), &words, &followers))?;
        }
    }
}

async fn follow_all(mut log: Asked, words: &[Word], followers: &[Follower]) -> Result<(), TestCaseError> {
    let mut people = Vec::new();
    for nick in PEOPLE {
        people.push(log.claim(nick, None).await.unwrap());
    }
    let drafts = words.iter().enumerate().map(|(number, word)| draft(&people, number, word));
    let all = log.adds_all(drafts).await;
    let head = all.len();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of the log's length")]
    let part = |part: f64| (part * head as f64).round() as u64;
    for follower in followers {
        let rooms: Vec<&str> = follower.rooms.iter().map(|&room| ROOMS[room]).collect();
        let keys: Vec<String> = rooms.iter().map(|room| room.to_lowercase()).collect();
        let owner = follower.owner.map(|person| people[person].owner);
        let (after, upto) = (part(follower.after), part(follower.upto));
        let expected: Vec<&Entry> = all
            .iter()
            .filter(|committed| (after + 1..=upto).contains(&committed.entry.seq()))
            .filter(|committed| match &committed.route {
                Route::Room(key) => keys.contains(key),
                Route::Owners(one, other) => owner.is_some_and(|owner| owner == *one || owner == *other),
                Route::Everyone => false,
            })
            .map(|committed| &committed.entry)
            .collect();

        let mut found = Vec::new();
        let mut from = after;
        loop {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let (piece, reached) = log.follow(passage(&keys, owner, from, upto, follower.limit)).await;
            prop_assert!(piece.len() <= follower.limit as usize);
            let bytes: usize = piece.iter().map(|entry| entry.text().len()).sum();
            prop_assert!(bytes <= PIECE || piece.len() == 1, "{} bytes in one piece", bytes);
            prop_assert!(piece.iter().all(|entry| entry.seq() <= reached));
            found.extend(piece);
            if reached == upto {
                break;
            }
            prop_assert!(reached > from, "no piece is empty but the last");
            from = reached;
        }
        prop_assert_eq!(found.iter().collect::<Vec<_>>(), expected);
    }
    Ok(())
}

fn draft(people: &[Claimed], number: usize, word: &Word) -> Draft {
    let (id, text) = (number.to_string(), "x".repeat(word.bytes));
    match word.to {
        Ok(room) => line(&people[word.from], ROOMS[room], &id, &text),
        Err(person) => whisper(&people[word.from], &people[person], &id, &text),
    }
}

fn passage(rooms: &[&str], owner: Option<OwnerId>, after: u64, upto: u64, limit: u32) -> Passage {
    let rooms = rooms.iter().map(|&key| key.to_owned()).collect();
    Passage { rooms, owner, store: false, after, upto, limit }
}

fn seqs(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(Entry::seq).collect()
}
