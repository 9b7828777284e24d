//! What the full screen tells the person stands where they look, whole, and is so.

use crate::place::{Home, Place, eventually, said_by};
use pty::{CTRL_C, ENTER, Size, Terminal, UP, USUAL, rows};
use rustix::process::Signal;

const F3: &str = "\x1bOR";

/// Lines said before: more than a screen has room for.
const LINES: usize = 40;

fn at_screen(place: &Place, size: Size, nick: &str) -> Terminal {
    let terminal = place.chat_at(&Home::new(), size, nick, &[]);
    terminal.sees("synced to #");
    terminal
}

/// The row of the screen that has these words.
fn row_of(screen: &str, words: &str) -> usize {
    screen.lines().position(|row| row.contains(words)).unwrap_or_else(|| panic!("{words}: {screen}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_enters_a_room_is_told_who_is_there_below_what_was_said() {
    let place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    bob.join("builds").await.unwrap();
    for number in 1..=LINES {
        bob.say("builds", &format!("line {number}.")).await.unwrap();
    }
    let ana = at_screen(&place, USUAL, "ana");
    ana.enters("/join builds");
    ana.sees(&format!("line {LINES}."));
    ana.sees("* Joined #builds *");
    let screen = ana.screen();
    assert!(row_of(&screen, "* Joined #builds *") > row_of(&screen, &format!("line {LINES}.")), "{screen}");
    assert!(screen.contains("* Users in the room: "), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_in_a_room_before_one_came_has_not_come_now() {
    let place = Place::open().await;
    let (bob, carl) = (place.other("tab", "bob").await, place.other("tab", "carl").await);
    let ana = at_screen(&place, USUAL, "ana");
    // The hub tells of comings once in a while: of bob's, when ana is there and has him in her list.
    bob.join("dev").await.unwrap();
    ana.enters("/join dev");
    ana.sees("* Joined #dev *");
    carl.join("dev").await.unwrap();
    ana.sees("carl has joined");
    assert!(!ana.screen().contains("bob has joined"), "{}", ana.screen());
    ana.sees("3 people");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_log_is_told_below_what_it_holds() {
    let mut place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    for number in 1..=LINES {
        bob.say("lobby", &format!("line {number}.")).await.unwrap();
    }
    let ana = at_screen(&place, USUAL, "ana");
    ana.sees(&format!("line {LINES}."));
    // It is not there again before all is said.
    ana.signal(Signal::STOP);
    place.hub.stop().await;
    place.hub.start_anew().await;
    let carl = place.other("tab", "carl").await;
    for number in 1..=LINES {
        carl.say("lobby", &format!("entry {number}.")).await.unwrap();
    }
    ana.signal(Signal::CONT);
    ana.sees("The hub has a new log, perhaps a backup.");
    ana.sees("Lines may be missing.");
    let screen = ana.screen();
    assert!(row_of(&screen, "The hub has a new log") > row_of(&screen, &format!("entry {LINES}.")), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_whole_in_any_width() {
    let place = Place::open().await;
    for (number, size) in [USUAL, Size(40, 12)].into_iter().enumerate() {
        let ana = at_screen(&place, size, &format!("ana{number}"));
        ana.enters("/nope");
        ana.until("the end of what it says", |screen| {
            let rows = rows(screen);
            let words = rows.split_whitespace().collect::<Vec<_>>().join(" ");
            words.contains("To say it as it is, begin with //").then_some(())
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_shut_out_by_another_cookie_is_told_the_way_in_and_loses_nothing() {
    let mut place = Place::open().await;
    let home = Home::new();
    let ana = place.chat_at(&home, USUAL, "ana", &[]);
    ana.sees("synced to #");
    place.hub.stop().await;
    ana.sees("Connection lost");
    ana.enters("said meanwhile");
    ana.sees("(sending)");
    place.hub.start_with_cookie("another horse battery staple").await;
    ana.sees("The hub has another cookie now. Ctrl+C, then hubbub with its new link.");
    ana.sees("is kept.");
    ana.types(CTRL_C);
    assert_eq!(ana.ends(), 130);
    let _again = place.chat_at(&home, USUAL, "ana", &[]);
    let reader = place.other("tab", "bob").await;
    assert_eq!(said_by(&reader, "ana", 1).await, ["said meanwhile"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_to_nobody_stays_where_they_are_and_is_told_so() {
    let place = Place::open().await;
    let ana = at_screen(&place, USUAL, "ana");
    ana.enters("/pm nobody hi");
    ana.sees("Nobody here is called “nobody”.");
    ana.sees("1›#lobby");
    ana.sees_no_more("@nobody");
    ana.sees_no_more("loading");
    assert!(!ana.screen().contains("@nobody"), "{}", ana.screen());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_on_typing_to_nobody_is_not_led_to_where_others_would_read_it() {
    let mut place = Place::open().await;
    let ana = at_screen(&place, USUAL, "ana");
    place.hub.stop().await;
    ana.sees("Connection lost");
    ana.enters("/pm nobody hi");
    ana.sees("(sending)");
    ana.types("the rest");
    ana.sees("@nobody> the rest");
    place.hub.start().await;
    ana.sees("Nobody here is called “nobody”.");
    let screen = ana.screen();
    let last = screen.lines().rfind(|row| !row.trim().is_empty()).unwrap_or_default();
    assert!(last.contains("@nobody> the rest"), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_one_place_alone_cannot_leave_it_twice_and_is_told_so() {
    let place = Place::open().await;
    let ana = at_screen(&place, USUAL, "ana");
    ana.enters("/leave");
    ana.sees("You have left #lobby.");
    ana.enters("/leave");
    ana.sees("This is the only place you are in; /join leads to another.");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_rooms_have_no_part_of_the_screen_a_key_lists_them() {
    let place = Place::open().await;
    let ana = at_screen(&place, Size(40, 12), "ana");
    ana.enters("/join builds");
    ana.sees("* Joined #builds *");
    ana.types(F3);
    ana.sees("1 #lobby");
    ana.sees("2›#builds");
    ana.types(UP);
    ana.sees("1›#lobby");
    ana.types(ENTER);
    ana.sees_no_more("#builds");
    eventually("the lobby's talk", async || ana.screen().starts_with("#lobby").then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_is_left_before_its_lines_came_stays_closed() {
    let place = Place::open().await;
    let bob = place.other("tab", "bob").await;
    let ana = at_screen(&place, USUAL, "ana");
    bob.private_message("ana", "psst").await.unwrap();
    ana.sees("2 @bob");
    ana.types("\x1b2/leave\r");
    ana.sees_no_more("@bob");
    // Answers come in the order of what was asked.
    ana.enters("/join dev");
    ana.sees("* Joined #dev *");
    assert!(!ana.screen().contains("@bob"), "{}", ana.screen());
}
