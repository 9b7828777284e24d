//! Lines that are changed: each change is an entry of its own, and the line is read as it is now.

use hub::backplane::{Backplane, Claimed, Committed, Draft, Outcome, Query, Range, Rejection, Scope, Standing, What};
use shared::entry::{Change, Changed, Details, Entry, File, Reaction};
use shared::message::Conversation;
use shared::wire::{MAX_REACTIONS, MAX_REACTORS, MAX_UNREAD};

use crate::backplane::asked::{Asked, does, line, room, whisper};

promises! {
    an_edit_is_an_entry_and_the_line_is_read_as_it_is_now, crate::backplane::asked::DAY;
    a_line_is_changed_by_its_author_alone, crate::backplane::asked::DAY;
    a_change_is_of_a_line_that_is_there, crate::backplane::asked::DAY;
    what_was_taken_back_is_not_read_again, crate::backplane::asked::DAY;
    a_reaction_is_put_once_and_taken_away_once, crate::backplane::asked::DAY;
    a_line_takes_so_many_kinds_of_reaction, crate::backplane::asked::DAY;
    reactions_come_in_the_order_of_their_kinds_with_some_of_the_nicks, crate::backplane::asked::DAY;
    a_change_sent_again_gets_the_first_answer, crate::backplane::asked::DAY;
    lines_of_a_private_talk_are_changed_by_its_two_ends, crate::backplane::asked::DAY;
    an_answer_is_to_a_line_of_its_place, crate::backplane::asked::DAY;
    a_file_that_no_line_names_any_more_is_told, crate::backplane::asked::DAY;
    changes_are_not_unread, crate::backplane::asked::DAY;
    lines_that_name_a_person_are_counted_until_they_are_read, crate::backplane::asked::DAY;
    changes_are_read_at_their_own_positions, crate::backplane::asked::DAY;
    what_a_room_is_about_is_an_entry, crate::backplane::asked::DAY;
}

fn edit(of: u64, text: &str) -> What {
    What::Edit { of, text: text.to_owned() }
}

fn react(of: u64, emoji: &str, on: bool) -> What {
    What::React { of, emoji: emoji.to_owned(), on }
}

fn in_lobby(from: &Claimed, id: &str, what: What) -> Draft {
    does(from, "lobby", id, what)
}

fn file(hash: &str) -> File {
    let (hash, name, kind) = (hash.to_owned(), "den.png".to_owned(), "image/png".to_owned());
    File { hash, name, size: 20_480, kind, width: Some(640), height: None }
}

fn with_files(from: &Claimed, id: &str, text: &str, hashes: &[&str]) -> Draft {
    let files = hashes.iter().map(|hash| file(hash)).collect();
    in_lobby(from, id, What::Line { text: text.to_owned(), reply_to: None, files, mentions: Vec::new() })
}

#[track_caller]
fn change_of(committed: &Committed) -> &Changed {
    match &committed.entry {
        Entry::Changed(changed) => changed,
        other => panic!("{other:?}"),
    }
}

impl Asked {
    async fn rejected(&mut self, draft: Draft) -> Rejection {
        match self.append(draft).await {
            Outcome::Rejected { why, .. } => why,
            other => panic!("{other:?}"),
        }
    }

    async fn entries(&self, scope: Scope) -> Vec<Entry> {
        self.backplane.read(Query { scope, range: Range::Newest, limit: 200 }).await.unwrap().0
    }

    /// A line of the lobby, as it is now.
    async fn now(&self, seq: u64) -> (String, Details) {
        let entries = self.entries(room("lobby")).await;
        let entry = entries.iter().find(|entry| entry.seq() == seq).expect("it is on the page");
        (entry.text().to_owned(), entry.details().cloned().unwrap_or_default())
    }
}

async fn an_edit_is_an_entry_and_the_line_is_read_as_it_is_now(mut log: Asked) {
    let ana = log.claim("ana", None).await.unwrap();
    let said = log.say(&ana, "lobby", "1", "helo").await;
    let committed = log.adds(in_lobby(&ana, "2", edit(said, "hello"))).await;
    let changed = change_of(&committed).clone();
    assert_eq!((changed.seq, changed.of, changed.from.as_str(), changed.id.as_str()), (2, said, "ana", "2"));
    assert_eq!((changed.room.as_deref(), changed.to.as_deref()), (Some("lobby"), None));
    assert_eq!(changed.change, Change::Edited { text: "hello".to_owned() });
    let edited = Details { changed: Some(2), edited: Some(changed.at), ..Details::default() };
    assert_eq!(log.now(said).await, ("hello".to_owned(), edited));
    assert_eq!(log.entries(room("lobby")).await[1], Entry::Changed(changed));

    log.adds(in_lobby(&ana, "3", edit(said, "hello all"))).await;
    let (text, details) = log.now(said).await;
    assert_eq!((text.as_str(), details.changed), ("hello all", Some(3)));
}

async fn a_line_is_changed_by_its_author_alone(mut log: Asked) {
    let (ana, bob) = (log.claim("ana", None).await.unwrap(), log.claim("bob", None).await.unwrap());
    let said = log.say(&ana, "lobby", "1", "mine").await;
    assert_eq!(log.rejected(in_lobby(&bob, "1", edit(said, "yours"))).await, Rejection::NotYours);
    // The nick that is shown counts for nothing.
    let disguised = Draft { from: "ana".to_owned(), ..in_lobby(&bob, "2", What::Delete { of: said }) };
    assert_eq!(log.rejected(disguised).await, Rejection::NotYours);
    assert_eq!(log.now(said).await, ("mine".to_owned(), Details::default()));
    assert_eq!(log.page(room("lobby"), Range::Newest, 50).await.0, [said], "what was refused is no entry");
    log.adds(in_lobby(&bob, "3", react(said, "👍", true))).await;
}

async fn a_change_is_of_a_line_that_is_there(mut log: Asked) {
    let ana = log.claim("ana", None).await.unwrap();
    let said = log.say(&ana, "den", "1", "in the den").await;
    let here = log.say(&ana, "lobby", "2", "here").await;
    let edited = log.adds(in_lobby(&ana, "3", edit(here, "still here"))).await.entry.seq();
    let topic = log.adds(in_lobby(&ana, "4", What::Topic { topic: "Tea".to_owned() })).await.entry.seq();
    let gone = log.say(&ana, "lobby", "5", "gone").await;
    log.adds(in_lobby(&ana, "6", What::Delete { of: gone })).await;
    for of in [said, edited, topic, gone, 0, 99, u64::MAX] {
        for what in [edit(of, "x"), What::Delete { of }, react(of, "👍", true), react(of, "👍", false)] {
            assert_eq!(log.rejected(in_lobby(&ana, "x", what)).await, Rejection::NoSuchEntry(of));
        }
    }
    let nowhere = does(&ana, "nowhere", "x", react(here, "👍", true));
    assert_eq!(log.rejected(nowhere).await, Rejection::NoSuchEntry(here));
    assert!(!log.backplane.known().rooms.iter().any(|room| room.name == "nowhere"));
}

async fn what_was_taken_back_is_not_read_again(mut log: Asked) {
    let (ana, bob) = (log.claim("ana", None).await.unwrap(), log.claim("bob", None).await.unwrap());
    let asked = log.say(&bob, "lobby", "1", "well?").await;
    let files = vec![file("aa")];
    let secret = What::Line { text: "secret".to_owned(), reply_to: Some(asked), files, mentions: Vec::new() };
    let said = log.adds(in_lobby(&ana, "2", secret)).await.entry.seq();
    log.adds(in_lobby(&ana, "3", edit(said, "another secret"))).await;
    log.adds(in_lobby(&bob, "4", react(said, "👍", true))).await;
    let deleted = log.adds(in_lobby(&ana, "5", What::Delete { of: said })).await;
    assert_eq!(change_of(&deleted).change, Change::Deleted);
    let details = Details { reply_to: Some(asked), changed: Some(5), deleted: true, ..Details::default() };
    assert_eq!(log.now(said).await, (String::new(), details));
    let passage = hub::backplane::Passage {
        rooms: vec!["lobby".to_owned()],
        owner: Some(ana.owner),
        store: true,
        after: 0,
        upto: 5,
        limit: 100,
    };
    for entries in [log.entries(room("lobby")).await, log.follow(passage).await.0] {
        assert_eq!(entries.len(), 5);
        assert!(entries.iter().all(|entry| !entry.text().contains("secret")), "{entries:?}");
        assert!(!format!("{entries:?}").contains("den.png"));
    }
}

async fn a_reaction_is_put_once_and_taken_away_once(mut log: Asked) {
    let (ana, bob) = (log.claim("ana", None).await.unwrap(), log.claim("bob", None).await.unwrap());
    let said = log.say(&ana, "lobby", "1", "tea?").await;
    let unchanged = log.append(in_lobby(&bob, "1", react(said, "👍", false))).await;
    assert!(matches!(unchanged, Outcome::Unchanged { seq: 1, .. }), "{unchanged:?}");
    let put = log.adds(in_lobby(&bob, "2", react(said, "👍", true))).await;
    assert_eq!(change_of(&put).change, Change::Reacted { emoji: "👍".to_owned(), on: true });
    let unchanged = log.append(in_lobby(&bob, "3", react(said, "👍", true))).await;
    assert!(matches!(unchanged, Outcome::Unchanged { seq: 1, .. }), "{unchanged:?}");
    let reaction = Reaction { emoji: "👍".to_owned(), nicks: vec!["bob".to_owned()], count: 1 };
    let details = Details { changed: Some(2), reactions: vec![reaction], ..Details::default() };
    assert_eq!(log.now(said).await.1, details);
    log.adds(in_lobby(&bob, "4", react(said, "👍", false))).await;
    assert_eq!(log.now(said).await.1, Details { changed: Some(3), ..Details::default() });
    assert_eq!(log.page(room("lobby"), Range::Newest, 50).await.0, [1, 2, 3]);
    // The id of what made no entry is free.
    log.adds(in_lobby(&bob, "3", react(said, "👍", true))).await;
}

async fn a_line_takes_so_many_kinds_of_reaction(mut log: Asked) {
    let (ana, bob) = (log.claim("ana", None).await.unwrap(), log.claim("bob", None).await.unwrap());
    let said = log.say(&ana, "lobby", "1", "tea?").await;
    for kind in 0..MAX_REACTIONS {
        log.adds(in_lobby(&ana, &format!("k{kind}"), react(said, &format!("e{kind}"), true))).await;
    }
    assert_eq!(log.rejected(in_lobby(&bob, "1", react(said, "new", true))).await, Rejection::TooManyReactions);
    log.adds(in_lobby(&bob, "2", react(said, "e7", true))).await;
    log.adds(in_lobby(&ana, "3", react(said, "e3", false))).await;
    log.adds(in_lobby(&bob, "1", react(said, "new", true))).await;
    let emoji: Vec<String> = log.now(said).await.1.reactions.into_iter().map(|reaction| reaction.emoji).collect();
    assert_eq!((emoji.len(), emoji.last().map(String::as_str)), (MAX_REACTIONS, Some("new")));
}

async fn reactions_come_in_the_order_of_their_kinds_with_some_of_the_nicks(mut log: Asked) {
    let ana = log.claim("ana", None).await.unwrap();
    let said = log.say(&ana, "lobby", "1", "tea?").await;
    let mut people = Vec::new();
    for number in 0..MAX_REACTORS + 20 {
        people.push(log.claim(&format!("p{number}"), None).await.unwrap());
    }
    log.adds(in_lobby(&people[0], "a", react(said, "🫖", true))).await;
    log.adds_all(people.iter().map(|who| in_lobby(who, "b", react(said, "👍", true)))).await;
    log.adds(in_lobby(&people[1], "a", react(said, "🫖", true))).await;
    // The first of a kind goes, and the kind stays where it is.
    log.adds(in_lobby(&people[0], "c", react(said, "🫖", false))).await;
    log.adds(in_lobby(&people[0], "d", react(said, "👍", false))).await;
    let reactions = log.now(said).await.1.reactions;
    assert_eq!(reactions[0], Reaction { emoji: "🫖".to_owned(), nicks: vec!["p1".to_owned()], count: 1 });
    assert_eq!((reactions[1].emoji.as_str(), reactions[1].count as usize), ("👍", people.len() - 1));
    let first: Vec<String> = (1..=MAX_REACTORS).map(|number| format!("p{number}")).collect();
    assert_eq!(reactions[1].nicks, first);
}

async fn a_change_sent_again_gets_the_first_answer(mut log: Asked) {
    let ana = log.claim("ana", None).await.unwrap();
    let said = log.say(&ana, "lobby", "1", "one").await;
    let drafts = [edit(said, "two"), react(said, "👍", true), What::Delete { of: said }];
    for (number, what) in drafts.iter().enumerate() {
        log.adds(in_lobby(&ana, &format!("c{number}"), what.clone())).await;
    }
    // The line is gone by now; what was answered stays answered, also for a line that is sent under such an id.
    for (number, what) in (0_u64..).zip(drafts) {
        let id = format!("c{number}");
        for again in [what, crate::backplane::asked::said("one"), edit(99, "x"), What::Topic { topic: "x".to_owned() }]
        {
            let again = log.append(in_lobby(&ana, &id, again)).await;
            assert!(matches!(again, Outcome::Repeated { seq, .. } if seq == said + 1 + number), "{again:?}");
        }
    }
    let lost = What::Line { text: "x".to_owned(), reply_to: Some(99), files: vec![], mentions: vec![] };
    let again = log.append(in_lobby(&ana, "1", lost)).await;
    assert!(matches!(again, Outcome::Repeated { seq: 1, .. }), "{again:?}");
    assert_eq!(log.page(room("lobby"), Range::Newest, 50).await.0, [1, 2, 3, 4]);
}

async fn lines_of_a_private_talk_are_changed_by_its_two_ends(mut log: Asked) {
    let (ana, bob) = (log.claim("ana", None).await.unwrap(), log.claim("bob", None).await.unwrap());
    let eve = log.claim("eve", None).await.unwrap();
    let said = log.adds(whisper(&ana, &bob, "1", "pst")).await.entry.seq();
    let edited = log.adds(Draft { what: edit(said, "psst"), ..whisper(&ana, &bob, "2", "") }).await;
    let changed = change_of(&edited);
    assert_eq!((changed.room.as_deref(), changed.to.as_deref()), (None, Some("bob")));
    let reacted = log.adds(Draft { what: react(said, "👂", true), ..whisper(&bob, &ana, "1", "") }).await;
    assert_eq!(change_of(&reacted).to.as_deref(), Some("ana"));
    let outside = Draft { what: react(said, "👂", true), ..whisper(&eve, &ana, "1", "") };
    assert_eq!(log.rejected(outside).await, Rejection::NoSuchEntry(said));
    assert_eq!(log.rejected(in_lobby(&ana, "3", edit(said, "aloud"))).await, Rejection::NoSuchEntry(said));
    assert_eq!(log.page(Scope::Owners(ana.owner, bob.owner), Range::Newest, 50).await.0, [1, 2, 3]);
}

async fn an_answer_is_to_a_line_of_its_place(mut log: Asked) {
    let ana = log.claim("ana", None).await.unwrap();
    let elsewhere = log.say(&ana, "den", "1", "elsewhere").await;
    let question = log.say(&ana, "lobby", "2", "tea?").await;
    let answer = |of| What::Line { text: "yes".to_owned(), reply_to: Some(of), files: vec![], mentions: vec![] };
    for of in [elsewhere, 99] {
        assert_eq!(log.rejected(in_lobby(&ana, "3", answer(of))).await, Rejection::NoSuchEntry(of));
    }
    let said = log.adds(in_lobby(&ana, "3", answer(question))).await;
    assert_eq!(said.entry.details(), Some(&Details { reply_to: Some(question), ..Details::default() }));
    assert_eq!(log.entries(room("lobby")).await[1], said.entry);
    log.adds(in_lobby(&ana, "4", What::Delete { of: question })).await;
    log.adds(in_lobby(&ana, "5", answer(question))).await; // whoever was answering need not begin again
}

async fn a_file_that_no_line_names_any_more_is_told(mut log: Asked) {
    let ana = log.claim("ana", None).await.unwrap();
    let one = log.adds(with_files(&ana, "1", "", &["aa", "bb", "bb"])).await;
    let two = log.adds(with_files(&ana, "2", "again", &["aa"])).await;
    assert_eq!(log.entries(room("lobby")).await, [one.entry.clone(), two.entry.clone()]);
    assert_eq!(one.entry.details().unwrap().files.len(), 3);
    let deleted = log.adds(in_lobby(&ana, "3", What::Delete { of: one.entry.seq() })).await;
    assert_eq!(deleted.orphans, ["bb"]);
    let deleted = log.adds(in_lobby(&ana, "4", What::Delete { of: two.entry.seq() })).await;
    assert_eq!(deleted.orphans, ["aa"]);
}

async fn changes_are_not_unread(mut log: Asked) {
    let (ana, bob) = (log.claim("ana", None).await.unwrap(), log.claim("bob", None).await.unwrap());
    let said = log.say(&ana, "lobby", "1", "tea?").await;
    let psst = log.adds(whisper(&ana, &bob, "2", "psst")).await.entry.seq();
    log.adds(in_lobby(&ana, "3", What::Topic { topic: "Tea".to_owned() })).await;
    for round in 0..11 {
        let toggle = |n| in_lobby(&ana, &format!("r{round}-{n}"), react(said, "🫖", n % 2 == 0));
        log.adds_all((0..1_000).map(toggle)).await;
    }
    log.say(&ana, "lobby", "4", "well?").await;
    let edited = log.adds(Draft { what: edit(psst, "psssst"), ..whisper(&ana, &bob, "5", "") }).await.entry.seq();
    let again = log.claim("bob", Some(&bob.token)).await.unwrap();
    assert_eq!(again.lobby, Standing { read: 0, unread: 2, mentions: 0 });
    // Who comes back asks for what is later than they know, and that the change is.
    assert_eq!(again.conversations, [Conversation { with: "ana".to_owned(), seq: edited, read: 0, unread: 1 }]);
}

async fn lines_that_name_a_person_are_counted_until_they_are_read(mut log: Asked) {
    let (ana, bob) = (log.claim("ana", None).await.unwrap(), log.claim("bob", None).await.unwrap());
    let naming = |id: &str, who: &Claimed| {
        let mentions = vec![who.owner];
        in_lobby(&ana, id, What::Line { text: format!("@{}", who.nick), reply_to: None, files: vec![], mentions })
    };
    let first = log.adds(naming("1", &bob)).await.entry.seq();
    log.say(&ana, "lobby", "2", "nobody").await;
    log.adds(naming("3", &bob)).await;
    assert_eq!(log.enter(bob.session, "lobby").await, Standing { read: 0, unread: 3, mentions: 2 });
    log.mark_read(bob.owner, room("lobby"), first).await;
    assert_eq!(log.enter(bob.session, "lobby").await, Standing { read: first, unread: 2, mentions: 1 });
    log.adds_all((0..MAX_UNREAD + 5).map(|n| naming(&format!("n{n}"), &bob))).await;
    assert_eq!(log.enter(bob.session, "lobby").await.mentions, MAX_UNREAD);
    let again = log.claim("bob", Some(&bob.token)).await.unwrap();
    assert_eq!(again.lobby.mentions, MAX_UNREAD);
    assert_eq!(log.enter(ana.session, "lobby").await.mentions, 0);
}

async fn changes_are_read_at_their_own_positions(mut log: Asked) {
    let ana = log.claim("ana", None).await.unwrap();
    for number in 1..=5_u64 {
        log.say(&ana, "lobby", &format!("{number}"), "words").await;
        log.say(&ana, "den", &format!("{number}d"), "elsewhere").await;
        log.adds(in_lobby(&ana, &format!("{number}e"), edit(3 * number - 2, "other words"))).await;
    }
    let lobby = || room("lobby");
    assert_eq!(log.page(lobby(), Range::Newest, 3).await, (vec![12, 13, 15], true));
    assert_eq!(log.page(lobby(), Range::Before(12), 5).await, (vec![4, 6, 7, 9, 10], true));
    assert_eq!(log.page(lobby(), Range::Before(4), 5).await, (vec![1, 3], false));
    assert_eq!(log.page(lobby(), Range::After(1), 3).await, (vec![3, 4, 6], true));
    assert_eq!(log.page(lobby(), Range::After(12), 3).await, (vec![13, 15], false));
    let passage = |after, limit| hub::backplane::Passage {
        rooms: vec!["lobby".to_owned()],
        owner: Some(ana.owner),
        store: true,
        after,
        upto: 15,
        limit,
    };
    let (entries, reached) = log.follow(passage(3, 4)).await;
    assert_eq!((entries.iter().map(Entry::seq).collect::<Vec<_>>(), reached), (vec![4, 6, 7, 9], 9));
    let (entries, reached) = log.follow(passage(9, 40)).await;
    assert_eq!((entries.iter().map(Entry::seq).collect::<Vec<_>>(), reached), (vec![10, 12, 13, 15], 15));
}

async fn what_a_room_is_about_is_an_entry(mut log: Asked) {
    let ana = log.claim("ana", None).await.unwrap();
    let topic = |id, topic: &str| does(&ana, "Den", id, What::Topic { topic: topic.to_owned() });
    let committed = log.adds(topic("1", "Tea at four")).await;
    let Entry::Topic(set) = &committed.entry else { panic!("{committed:?}") };
    assert_eq!((set.seq, set.room.as_str(), set.from.as_str(), set.topic.as_str()), (1, "Den", "ana", "Tea at four"));
    let again = log.append(topic("1", "Coffee")).await;
    assert!(matches!(again, Outcome::Repeated { seq: 1, .. }), "{again:?}");
    log.adds(topic("2", "")).await;
    assert_eq!(log.entries(room("den")).await.len(), 2);
    let again = log.append(line(&ana, "den", "2", "x")).await;
    assert!(matches!(again, Outcome::Repeated { seq: 2, .. }), "{again:?}");
}
