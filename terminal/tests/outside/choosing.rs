//! A line of the talk is chosen, by a key or a click, and something is done to it: answered, edited, deleted, reacted to.

use node::Client;
use pty::{ENTER, ESCAPE, Size, Terminal, UP, rows};
use shared::entry::{Details, Entry};
use shared::message::ToHub;
use shared::transcript;
use shared::wire::MAX_REACTIONS;

use crate::place::{Place, eventually};

const CTRL_O: &str = "\x0f";
const ALT_2: &str = "\x1b2";
const ALT_1: &str = "\x1b1";

/// Entries of a page, as many as there may be.
const MOST: u32 = 200;

/// Somebody at the full screen, in the lobby.
fn at_screen(place: &Place, nick: &str) -> Terminal {
    let terminal = place.chat(nick, &[]);
    terminal.sees("online · synced to #");
    terminal
}

/// Waits until this, with its prompt, is what is typed.
fn typed(terminal: &Terminal, line: &str) {
    terminal.until(format_args!("“{line}” being typed"), |screen| {
        (rows(screen).lines().last() == Some(line)).then_some(())
    });
}

/// Waits until the row with this on it stands out; gives its number and its column, counted from 1.
fn stands_out(terminal: &Terminal, part: &str) -> (usize, usize) {
    terminal.until(format_args!("“{part}” standing out"), |screen| {
        let shown = rows(screen);
        let (row, column) = shown.lines().enumerate().find_map(|(row, words)| {
            let column = words.find(part)?;
            Some((row, words[..column].chars().count()))
        })?;
        let cell = screen.cell(u16::try_from(row).ok()?, u16::try_from(column).ok()?)?;
        cell.inverse().then_some((row + 1, column + 1))
    })
}

/// Says a line in the lobby at the screen, and waits until it has come back from the hub's log.
fn says(terminal: &Terminal, line: &str) {
    let synced = |shown: &str| {
        let (_, behind) = shown.split_once("synced to #")?;
        behind.split_whitespace().next()?.parse::<u64>().ok()
    };
    let before = terminal.until("how far the log was read", |screen| synced(&rows(screen)));
    terminal.enters(line);
    terminal.until(format_args!("“{line}” in the log"), |screen| {
        synced(&rows(screen)).filter(|now| *now > before).map(drop)
    });
    terminal.sees(line);
}

/// Waits until a line of the lobby is so, as a reader gets it from the hub.
async fn line_is(reader: &Client, what: &str, mut so: impl FnMut(&str, &str, &Details) -> bool) {
    let lobby = transcript::Place::Room("lobby".to_owned());
    eventually(what, async || {
        let page = reader.history(&lobby, None, None, MOST).await.ok()?;
        let none = Details::default();
        let mut lines = page.entries.iter().filter(|entry| entry.is_line());
        lines.any(|line| so(line.from(), line.text(), line.details().unwrap_or(&none))).then_some(())
    })
    .await;
}

/// Where the newest line of the lobby stands in the log.
async fn newest(reader: &Client) -> u64 {
    let lobby = transcript::Place::Room("lobby".to_owned());
    let page = reader.history(&lobby, None, None, MOST).await.unwrap();
    page.entries.iter().filter(|entry| entry.is_line()).map(Entry::seq).max().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_answered_and_what_was_being_typed_is_the_answer() {
    let place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    bob.say("lobby", "shall we **go**?").await.unwrap();
    let asked = newest(&bob).await;
    bob.say("lobby", "or not?").await.unwrap();
    let ana = at_screen(&place, "ana");
    ana.sees("or not?");
    ana.types("yes");
    typed(&ana, "#lobby> yes");
    ana.types(CTRL_O);
    stands_out(&ana, "or not?");
    ana.sees("r reply  + react  Esc back");
    ana.types(UP);
    stands_out(&ana, "shall we go?");
    ana.types("e");
    ana.sees("Only who said a line can edit it.");
    ana.types("r");
    ana.sees("reply to bob: shall we go?");
    ana.types(", now");
    typed(&ana, "#lobby> yes, now");
    // It waits where it was begun.
    ana.enters("\x15/join dev");
    ana.sees("2›#dev");
    ana.sees_no_more("reply to bob");
    ana.types(ALT_1);
    ana.sees("reply to bob: shall we go?");
    ana.enters("at once");
    ana.sees("> bob: shall we go?");
    ana.sees_no_more("reply to bob");
    line_is(&bob, "an answer", |from, text, details| (from, text, details.reply_to) == ("ana", "at once", Some(asked)))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_given_up_and_a_choice_left_without_losing_a_word() {
    let place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    bob.say("lobby", "shall we go?").await.unwrap();
    let ana = at_screen(&place, "ana");
    ana.sees("shall we go?");
    ana.types("half a li");
    ana.types(CTRL_O);
    stands_out(&ana, "shall we go?");
    ana.types("x");
    ana.sees("Esc goes back to typing.");
    ana.types(ESCAPE);
    typed(&ana, "#lobby> half a li");
    ana.types(CTRL_O);
    ana.types("r");
    ana.sees("replying; Esc gives up");
    ana.types(ESCAPE);
    ana.sees_no_more("reply to bob");
    ana.enters("ne");
    line_is(&bob, "no answer", |from, text, details| (from, text, details.reply_to) == ("ana", "half a line", None))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_line_of_ones_own_is_edited_and_another_deleted_once_that_is_sure() {
    let place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    let ana = at_screen(&place, "ana");
    for line in ["the frist", "the second", "the third"] {
        says(&ana, line);
    }
    ana.types("half a li");
    ana.types(CTRL_O);
    stands_out(&ana, "the third");
    ana.types(UP);
    ana.types(UP);
    stands_out(&ana, "the frist");
    ana.sees("r reply  e edit  d delete  + react  Esc back");
    ana.types("e");
    typed(&ana, "edit: the frist");
    ana.enters("\x15the first");
    ana.sees("the first (edited)");
    typed(&ana, "#lobby> half a li");
    line_is(&bob, "the edit", |_, text, details| text == "the first" && details.edited.is_some()).await;

    ana.types(CTRL_O);
    ana.types(UP);
    stands_out(&ana, "the second");
    ana.types("d");
    ana.sees("Delete this line for everyone? y/N");
    ana.types("n");
    ana.sees_no_more("y/N");
    ana.sees("the second");
    ana.types("d");
    ana.sees("y/N");
    ana.types("y");
    stands_out(&ana, "(deleted)");
    ana.sees_no_more("the second");
    ana.types("r");
    ana.sees("This line was deleted: nothing can be done to it.");
    line_is(&bob, "the deletion", |_, _, details| details.deleted).await;
    let told = crate::place::said_by(&bob, "ana", 3).await;
    assert_eq!(told, ["the first", "", "the third"]);
    ana.types(ESCAPE);
    typed(&ana, "#lobby> half a li");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_emptied_is_deleted_if_that_is_meant() {
    let place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    let ana = at_screen(&place, "ana");
    says(&ana, "said too soon");
    ana.types(UP);
    typed(&ana, "edit: said too soon");
    ana.enters("\x15");
    ana.sees("Delete this line for everyone? y/N");
    ana.types(ESCAPE);
    typed(&ana, "edit:");
    ana.types(ENTER);
    ana.sees("y/N");
    ana.types("y");
    ana.sees("(deleted)");
    typed(&ana, "#lobby>");
    line_is(&bob, "the deletion", |_, _, details| details.deleted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_is_put_by_a_digit_or_a_name_and_taken_back_by_the_same() {
    let place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    bob.say("lobby", "we are there").await.unwrap();
    let ana = at_screen(&place, "ana");
    ana.sees("we are there");
    ana.types(CTRL_O);
    ana.types("+");
    ana.sees("react:");
    ana.sees("5 🎉");
    ana.types("5");
    ana.sees("🎉 ana");
    let reacted = |emoji: &'static str| {
        move |_: &str, _: &str, details: &Details| details.reactions.iter().any(|reaction| reaction.emoji == emoji)
    };
    line_is(&bob, "a reaction", reacted("🎉")).await;
    ana.types("+");
    ana.sees("react:");
    ana.enters(":wave:");
    ana.sees("👋 ana");
    ana.types("+");
    ana.sees("react:");
    ana.enters("hello");
    ana.sees("That is no emoji.");
    ana.types(ESCAPE);
    ana.sees("r reply  + react");
    ana.types("+5");
    ana.sees_no_more("🎉 ana");
    line_is(&bob, "one of the two taken back", |_, _, details| {
        details.reactions.len() == 1 && details.reactions[0].emoji == "👋"
    })
    .await;
    stands_out(&ana, "we are there");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_hub_refuses_is_told_while_the_line_stays_chosen() {
    let place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    bob.say("lobby", "what do you think?").await.unwrap();
    let of = newest(&bob).await;
    for (_, emoji) in shared::emoji::BASIC.iter().rev().take(MAX_REACTIONS) {
        let (room, with, emoji) = (Some("lobby".to_owned()), None, (*emoji).to_owned());
        bob.ask(|id| ToHub::React { id, room, with, of, emoji, on: true }).await.unwrap();
    }
    let ana = at_screen(&place, "ana");
    ana.sees("what do you think?");
    ana.types(CTRL_O);
    stands_out(&ana, "what do you think?");
    ana.types("+1");
    ana.sees("This was not changed: ");
    stands_out(&ana, "what do you think?");
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_chosen_line_has_reached_is_told_and_who_comes_counts() {
    let place = Place::open().await;
    let ana = at_screen(&place, "ana");
    says(&ana, "is anybody here?");
    ana.types(CTRL_O);
    ana.sees("On the hub’s disk; nobody else is here");
    ana.types(ESCAPE);
    let _bob = place.other("tab", "bob").await;
    let _eve = place.other("laptop", "eve").await;
    ana.sees("3 people");
    says(&ana, "welcome, both of you");
    ana.types(CTRL_O);
    stands_out(&ana, "welcome, both of you");
    ana.sees("Reached all 3");
    ana.types(ESCAPE);
    ana.sees_no_more("Reached all 3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_chooses_a_line_and_what_comes_moves_neither_it_nor_the_view() {
    let place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    for line in 1..=30 {
        bob.say("lobby", &format!("number {line}.")).await.unwrap();
    }
    let ana = at_screen(&place, "ana");
    ana.sees("number 30.");
    let row = ana.until("the row of number 25", |screen| {
        rows(screen).lines().position(|row| row.contains("number 25.")).map(|row| row + 1)
    });
    ana.types(&format!("\x1b[<0;40;{row}M\x1b[<0;40;{row}m"));
    let (at, _) = stands_out(&ana, "number 25.");
    assert_eq!(at, row, "nothing moved");
    for line in 31..=33 {
        bob.say("lobby", &format!("number {line}.")).await.unwrap();
    }
    ana.sees("3 new ↓");
    assert_eq!(stands_out(&ana, "number 25.").0, row);
    assert!(!ana.screen().contains("number 31."), "{}", ana.screen());
    ana.types(ESCAPE);
    ana.sees("number 33.");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_while_the_hub_is_away_is_done_when_it_is_back() {
    let mut place = Place::open().await;
    let ana = at_screen(&place, "ana");
    says(&ana, "the frist");
    place.hub.stop().await;
    ana.sees("trying again");
    ana.types(CTRL_O);
    stands_out(&ana, "the frist");
    ana.types("+1");
    ana.sees("👍 ana");
    ana.types("e");
    typed(&ana, "edit: the frist");
    ana.enters("\x15the first");
    ana.sees("the first (edited)");
    place.hub.start().await;
    ana.sees("online · synced to #");
    let bob = place.other("tab", "bob").await;
    line_is(&bob, "both changes", |_, text, details| text == "the first" && details.reactions.len() == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_columns_have_room_for_all_of_it() {
    let place = Place::open().await;
    let ana = place.chat_at(&place.home, Size(40, 12), "ana", &[]);
    ana.sees("online · synced to #");
    says(&ana, "mine");
    ana.types(CTRL_O);
    ana.sees("r reply e edit d delete + react Esc back");
    ana.types("d");
    ana.sees("Delete this line for everyone? y/N");
    ana.types("n+");
    ana.sees("6 👀 Esc back");
    ana.types(ESCAPE);
    ana.sees("r reply e edit");
    ana.types(ALT_2);
    ana.types(ESCAPE);
    typed(&ana, "#lobby>");
}
