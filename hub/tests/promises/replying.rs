//! Lines that answer others, and lines that bring files.

use crate::support::{TestHub, TestNode, refused};
use node::{Span, Talk};
use shared::entry::{Details, File};
use shared::message::{ErrorCode, FileRef};
use shared::wire::{MAX_FILE_NAME, MAX_FILES};

const LOBBY: Talk<'static> = Talk::Room("lobby");

fn named(hash: &str, name: &str) -> FileRef {
    FileRef { hash: hash.to_owned(), name: name.to_owned() }
}

async fn newest(node: &TestNode, talk: Talk<'_>) -> Details {
    let page = node.history(talk, Span::Newest, 1).await.unwrap();
    page.entries[0].details().cloned().unwrap_or_default()
}

#[tokio::test]
async fn an_answer_names_the_line_that_it_answers() {
    let hub = TestHub::start().await;
    let (ana, bob) = (hub.guest("ana").await, hub.guest("bob").await);
    let said = ana.says("lobby", "tea?").await;
    let seq = bob.say_with(LOBBY, "yes", Some(said), vec![]).await.unwrap().seq;
    let answers = Details { reply_to: Some(said), ..Details::default() };
    assert_eq!(ana.hears_seq(seq).await.details(), Some(&answers));
    assert_eq!(newest(&ana, LOBBY).await, answers);
    let psst = ana.whispers("bob", "psst").await.seq;
    let answer = bob.say_with(Talk::With("ana"), "what?", Some(psst), vec![]).await.unwrap();
    assert_eq!(answer.delivered, Some(1));
    assert_eq!(newest(&ana, Talk::With("bob")).await.reply_to, Some(psst));
}

#[tokio::test]
async fn an_answer_is_to_a_line_of_the_same_place() {
    let hub = TestHub::start().await;
    let (ana, bob) = (hub.guest("ana").await, hub.guest("bob").await);
    ana.joins("den").await;
    let said = ana.says("lobby", "tea?").await;
    let psst = ana.whispers("bob", "psst").await.seq;
    let edited = ana.edit(LOBBY, said, "coffee?").await.unwrap().seq;
    for (talk, of) in
        [(Talk::Room("den"), said), (LOBBY, psst), (LOBBY, edited), (LOBBY, 99), (Talk::With("bob"), said)]
    {
        let answer = ana.say_with(talk, "yes", Some(of), vec![]).await;
        assert_eq!(refused(answer), ErrorCode::NoSuchEntry, "{talk:?} {of}");
    }
    assert_eq!(bob.history(LOBBY, Span::Newest, 50).await.unwrap().entries.len(), 2);
}

#[tokio::test]
async fn a_line_brings_files_as_the_hub_found_them() {
    let hub = TestHub::start().await;
    let (ana, bob) = (hub.guest("ana").await, hub.guest("bob").await);
    let hash = hub.upload(b"the roses are out").await;
    let files = vec![named(&hash, "roses.txt"), named(&hash, "../../etc/pass\u{202e}wd")];
    let seq = ana.say_with(LOBBY, "  ", None, files).await.unwrap().seq;
    let entry = bob.hears_seq(seq).await;
    assert_eq!(entry.text(), "");
    let details = entry.details().unwrap().clone();
    assert_eq!(details.files.len(), 2);
    let File { hash: told, name, size, width, .. } = &details.files[0];
    assert_eq!((told, name.as_str(), *size, *width), (&hash, "roses.txt", 17, None));
    let name = &details.files[1].name;
    assert!(!name.contains(['/', '\u{202e}']), "{name:?}");
    assert_eq!(newest(&bob, LOBBY).await, details);
    ana.say_with(Talk::With("bob"), "and to you", None, vec![named(&hash, "x")]).await.unwrap();
    assert_eq!(newest(&bob, Talk::With("ana")).await.files.len(), 1);
}

#[tokio::test]
async fn a_line_brings_only_files_that_are_there_and_not_too_many() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let hash = hub.upload(b"here").await;
    for unknown in ["", "x", &"0".repeat(64), &hash.to_uppercase(), &format!("{hash}/..")] {
        let said = ana.say_with(LOBBY, "look", None, vec![named(&hash, "a"), named(unknown, "b")]).await;
        assert_eq!(refused(said), ErrorCode::NoSuchFile, "{unknown}");
    }
    let many = vec![named(&hash, "a"); MAX_FILES + 1];
    assert_eq!(refused(ana.say_with(LOBBY, "look", None, many).await), ErrorCode::BadMessage);
    let long = vec![named(&hash, &"x".repeat(MAX_FILE_NAME + 1))];
    assert_eq!(refused(ana.say_with(LOBBY, "look", None, long).await), ErrorCode::BadMessage);
    assert_eq!(refused(ana.say_with(LOBBY, "", None, vec![]).await), ErrorCode::TextEmpty);
    ana.say_with(LOBBY, "", None, vec![named(&hash, &"x".repeat(MAX_FILE_NAME)); MAX_FILES]).await.unwrap();
}

#[tokio::test]
async fn a_file_goes_with_the_last_line_that_brought_it() {
    let hub = TestHub::start().await;
    let ana = hub.guest("ana").await;
    let hash = hub.upload(b"secret").await;
    let one = ana.say_with(LOBBY, "", None, vec![named(&hash, "a")]).await.unwrap().seq;
    let two = ana.say_with(LOBBY, "again", None, vec![named(&hash, "a")]).await.unwrap().seq;
    ana.delete(LOBBY, one).await.unwrap();
    ana.say_with(LOBBY, "still", None, vec![named(&hash, "a")]).await.unwrap();
    ana.delete(LOBBY, two).await.unwrap();
    ana.delete(LOBBY, two + 2).await.unwrap();
    let page = ana.history(LOBBY, Span::Newest, 50).await.unwrap().entries;
    assert!(page.iter().filter_map(|entry| entry.details()).all(|details| details.deleted && details.files.is_empty()));
    let again = ana.say_with(LOBBY, "and now?", None, vec![named(&hash, "a")]).await;
    assert_eq!(refused(again), ErrorCode::NoSuchFile);
}
