//! The whole screen, drawn into memory, of a transcript that was told all sorts of things.

mod choosing;
mod whole;

use std::collections::BTreeMap;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::{Color, Modifier};
use shared::entry::{Details, Entry, File, Reaction, Said, Topic, Whispered};
use shared::message::{Connected, Joined, Page, Presence, State as Being, ToHub, User, Welcome};
use shared::session::{Delivery, Response};
use shared::transcript::{Place, Transcript, What};

use super::*;
use crate::chat::Search;
use crate::screen::composer::Composer;
use crate::screen::scroll::Position;
use crate::screen::state::{Finder, HelpPage};
use crate::screen::theme::Theme;

const NASTY: &str = "\x1b]0;owned\x07\x1b[2J\u{9b}31m\u{202e}";

struct World {
    transcript: Transcript,
    here: Place,
    state: State,
    trouble: Option<String>,
    found: Option<Search>,
    typing: Vec<String>,
    reach: Option<String>,
    seq: u64,
}

fn user(nick: &str, state: Being) -> User {
    User { nick: nick.to_owned(), state, nodes: 1 }
}

fn line(seq: u64, room: &str, from: &str, text: &str) -> Said {
    let at = 1_795_320_000_000 + seq * 60_000;
    Said {
        seq,
        at,
        room: room.to_owned(),
        from: from.to_owned(),
        id: format!("i{seq}"),
        text: text.to_owned(),
        details: None,
    }
}

impl World {
    /// The lobby with three people and nothing said.
    fn new() -> Self {
        Self::known_as("dora", "hub@den.local")
    }

    fn known_as(me: &str, hub: &str) -> Self {
        let mut world = Self {
            transcript: Transcript::new(),
            here: Place::Room("lobby".to_owned()),
            state: State::new(Theme::with_colours(true)),
            trouble: None,
            found: None,
            typing: Vec::new(),
            reach: None,
            seq: 0,
        };
        let welcome = Welcome { hub: hub.to_owned(), node: format!("{me}@den.local"), ..Welcome::default() };
        world.deliver(&Delivery::Welcomed { welcome, new_log: false });
        let connected = Connected {
            nick: me.to_owned(),
            token: String::new(),
            room: "lobby".to_owned(),
            topic: Some("what there is to talk about".to_owned()),
            users: vec![user(me, Being::Online), user("ana", Being::Away), user("bob", Being::Online)],
            count: 3,
            read: 0,
            unread: 0,
            mentions: 0,
            conversations: Vec::new(),
            owner: 1,
        };
        let request = ToHub::Connect { id: "c".to_owned(), nick: me.to_owned(), token: None };
        world.deliver(&Delivery::Answered { request, answer: Ok(Response::Connected(connected)) });
        world.empty_page("lobby");
        world
    }

    /// So many lines of ana's, the last of them numbered by their count.
    fn with_lines(count: u64) -> Self {
        let mut world = Self::new();
        for number in 1..=count {
            world.say("lobby", "ana", &format!("line {number}."));
        }
        world.rows(80, 24);
        world
    }

    fn lobby(&self) -> &'static shared::transcript::Conversation {
        self.conversation_of(&self.here)
    }

    fn deliver(&mut self, delivery: &Delivery) {
        self.transcript.deliver(1_795_320_000_000, delivery);
    }

    fn empty_page(&mut self, room: &str) {
        let request = Place::Room(room.to_owned()).history("h".to_owned(), None, None, 50);
        let page = Page { entries: Vec::new(), more: false };
        self.deliver(&Delivery::Answered { request, answer: Ok(Response::Page(page)) });
    }

    fn join(&mut self, room: &str) {
        let joined = Joined {
            room: room.to_owned(),
            topic: None,
            users: vec![user("dora", Being::Online)],
            count: 1,
            read: self.seq,
            unread: 0,
            mentions: 0,
        };
        let request = ToHub::Join { id: "j".to_owned(), room: room.to_owned() };
        self.deliver(&Delivery::Answered { request, answer: Ok(Response::Joined(joined)) });
        self.empty_page(room);
    }

    fn hear(&mut self, entry: Entry) {
        self.seq = entry.seq();
        self.deliver(&Delivery::Heard(entry));
    }

    fn say(&mut self, room: &str, from: &str, text: &str) -> u64 {
        self.hear(Entry::Said(line(self.seq + 1, room, from, text)));
        self.seq
    }

    fn draw(&mut self, columns: u16, rows: u16) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        self.state.reads(self.transcript.get(&self.here));
        let Self { transcript, here, state, trouble, found, typing, reach, seq } = self;
        let places = transcript.places();
        let places = places.into_iter().map(|place| {
            let known = transcript.get(&place).unwrap();
            (place, known.unread(), known.mentions())
        });
        let outlook = Outlook {
            transcript,
            here,
            me: "dora",
            places: places.collect(),
            trouble: trouble.clone(),
            synced: *seq,
            hub: "hub@den.local",
            found: found.as_ref(),
            loading: false,
            typing: typing.clone(),
            unsent: 0,
            reach: reach.clone(),
        };
        terminal.draw(|frame| draw(frame, state, &outlook)).unwrap();
        terminal.backend().buffer().clone()
    }

    fn rows(&mut self, columns: u16, rows: u16) -> Vec<String> {
        text(&self.draw(columns, rows))
    }
}

/// What a screen says, row by row.
fn text(buffer: &Buffer) -> Vec<String> {
    let area = buffer.area;
    let row = |y| {
        let mut skip = 0;
        let mut row = String::new();
        for x in 0..area.width {
            let symbol = buffer[(x, y)].symbol();
            if skip == 0 {
                row.push_str(symbol);
                skip = super::super::ink::width(symbol);
            }
            skip = skip.saturating_sub(1);
        }
        row.trim_end().to_owned()
    };
    (0..area.height).map(row).collect()
}

fn has(rows: &[String], words: &str) -> bool {
    rows.iter().any(|row| row.contains(words))
}

#[test]
fn eighty_columns_show_rooms_and_talk() {
    let mut world = World::new();
    world.join("dev");
    world.say("lobby", "ana", "hello **there**");
    world.say("dev", "bob", "one");
    world.say("dev", "bob", "@dora two");
    let rows = world.rows(80, 24);
    assert!(has(&rows, "#lobby  what there is to talk about"), "{rows:#?}");
    assert!(rows[0].ends_with("3 people"));
    assert!(rows[1].starts_with("1›#lobby") && rows[2].starts_with("2 #dev"), "{rows:#?}");
    assert!(rows[2].contains("@1 2"), "of two unread lines one is for dora: {rows:#?}");
    assert!(has(&rows, " ana        hello there"));
    assert!(rows[22].starts_with(" online · synced to #3"));
    assert!(rows[23].starts_with("#lobby>"));
}

#[test]
fn two_hundred_columns_show_people_too() {
    let mut world = World::new();
    let states = BTreeMap::from([("bob".to_owned(), Being::Reconnecting)]);
    let presence = Presence { room: "lobby".to_owned(), joined: vec![], left: vec![], states, count: None };
    world.deliver(&Delivery::Presence(presence));
    world.say("lobby", "ana", &"word ".repeat(60));
    let rows = world.rows(200, 50);
    assert!(has(&rows, "People: 3") && has(&rows, "• dora (you)"), "{rows:#?}");
    assert!(has(&rows, "ana away") && has(&rows, "bob reconnecting"), "{rows:#?}");
    let widest =
        rows.iter().filter_map(|row| Some(row.split_once("word")?.1.split('│').next()?.trim_end().len() + 4)).max();
    assert!(widest.is_some_and(|widest| (100..=120).contains(&widest)), "{widest:?}");
}

#[test]
fn forty_columns_show_the_talk_alone() {
    let mut world = World::new();
    world.join("dev");
    world.say("dev", "bob", "@dora unread");
    world.say("lobby", "ana", "a line that is longer than forty columns are");
    let rows = world.rows(40, 12);
    assert!(rows[0].starts_with("#lobby") && rows[0].ends_with("+1, @1 elsewhere"), "{rows:#?}");
    assert!(has(&rows, "ana ") && rows.iter().any(|row| row.starts_with("a line that is longer")), "{rows:#?}");
    assert!(rows.iter().all(|row| !row.contains('│')));
    assert!(rows[10].contains("online · synced to #2"));
}

#[test]
fn the_least_screen_works_and_a_smaller_one_says_so() {
    let mut world = World::new();
    world.say("lobby", "ana", "hi");
    let rows = world.rows(20, 6);
    assert!(has(&rows, "hi") && has(&rows, "online"), "{rows:#?}");
    assert!(has(&world.rows(19, 6), "Too small"));
    assert!(has(&world.rows(80, 5), "20×6 at least"));
    world.rows(1, 1);
    assert!(has(&world.rows(80, 24), "hi"), "and comes back");
}

#[test]
fn the_state_of_the_connection_is_always_told() {
    let mut world = World::new();
    world.trouble = Some("Connection lost, trying again in 3 s".to_owned());
    for (columns, rows) in [(40, 12), (80, 24), (200, 50)] {
        assert!(has(&world.rows(columns, rows), "Connection lost, trying again in 3 s"));
    }
    world.trouble = None;
    world.typing = vec!["ana".to_owned()];
    assert!(has(&world.rows(80, 24), "online · synced to #0 · ana is writing"));
}

#[test]
fn lines_tell_all_that_became_of_them() {
    let mut world = World::new();
    let first = world.say("lobby", "ana", "shall we go?");
    let details = |details: Details| details.boxed();
    let mut said = line(2, "lobby", "bob", "yes");
    let reaction = Reaction { emoji: "👍".to_owned(), nicks: vec!["ana".to_owned()], count: 1 };
    said.details =
        details(Details { reply_to: Some(first), edited: Some(1), reactions: vec![reaction], ..Details::default() });
    world.hear(Entry::Said(said));
    let mut said = line(3, "lobby", "bob", "");
    said.details = details(Details { deleted: true, ..Details::default() });
    world.hear(Entry::Said(said));
    let mut said = line(4, "lobby", "ana", "");
    let file = File {
        hash: String::new(),
        name: "plan.png".to_owned(),
        size: 1_250_000,
        kind: "image/png".to_owned(),
        width: Some(640),
        height: Some(480),
    };
    said.details = details(Details { files: vec![file], ..Details::default() });
    world.hear(Entry::Said(said));
    let topic = Topic {
        seq: 5,
        at: 1_795_320_300_000,
        room: "lobby".to_owned(),
        from: "ana".to_owned(),
        id: "t".to_owned(),
        topic: "lunch".to_owned(),
    };
    world.hear(Entry::Topic(topic));
    let lobby = world.here.clone();
    world.transcript.notice(1_795_320_300_000, &lobby, What::Refused("No such room.".to_owned()));
    let rows = world.rows(80, 24);
    for words in [
        "> ana: shall we go?",
        "yes (edited)",
        "👍 ana",
        "(deleted)",
        "[file] plan.png 1.2 MB, 640×480",
        "* ana has set the topic: lunch",
        "! No such room.",
    ] {
        assert!(has(&rows, words), "{words}: {rows:#?}");
    }
}

#[test]
fn nothing_of_others_reaches_the_terminal_unclean() {
    let nasty = |name: &str| format!("{name}{NASTY}");
    let mut world = World::known_as("dora", &nasty("hub"));
    let room = nasty("room");
    world.join(&room);
    let mut said = line(1, "lobby", &nasty("ana"), &format!("{NASTY} `{NASTY}` **{NASTY}** @{NASTY} [x]({NASTY})"));
    let file =
        File { hash: String::new(), name: nasty("file"), size: 1, kind: nasty("kind"), width: None, height: None };
    let reaction = Reaction { emoji: nasty("e"), nicks: vec![nasty("bob")], count: 1 };
    said.details = Details { files: vec![file], reactions: vec![reaction], ..Details::default() }.boxed();
    world.hear(Entry::Said(said.clone()));
    let details = Details { reply_to: Some(1), ..Details::default() }.boxed();
    world.hear(Entry::Said(Said { seq: 2, details, ..said.clone() }));
    let whispered =
        Whispered { seq: 3, from: nasty("eve"), to: "dora".to_owned(), text: nasty("t"), ..Whispered::default() };
    world.hear(Entry::Whispered(whispered));
    let topic = |seq, room: &str| {
        Entry::Topic(Topic {
            seq,
            at: 1,
            room: room.to_owned(),
            from: nasty("ana"),
            id: "t".to_owned(),
            topic: nasty("topic"),
        })
    };
    world.hear(topic(4, "lobby"));
    world.hear(topic(5, &room));
    let presence = Presence {
        room: "lobby".to_owned(),
        joined: vec![nasty("joe")],
        left: vec![nasty("kim")],
        states: BTreeMap::new(),
        count: None,
    };
    world.deliver(&Delivery::Presence(presence));
    let lobby = world.here.clone();
    world.transcript.notice(1, &lobby, What::Refused(nasty("refused")));
    world.typing = vec![nasty("typist")];
    world.found = Some(Search { query: nasty("q"), hits: vec![Entry::Said(said)], more: true, ..Search::default() });
    world.state.draft.composer = Composer::holding(&nasty("typed"));
    let overs = [
        None,
        Some(Over::Search(Finder { query: Composer::holding(NASTY), chosen: 0 })),
        Some(Over::Help(HelpPage::default())),
        Some(Over::Places(1)),
    ];
    for over in overs {
        world.state.over = over;
        for here in [Place::Room("lobby".to_owned()), Place::Room(room.clone()), Place::With(nasty("eve"))] {
            world.here = here;
            for trouble in [None, Some(nasty("refused"))] {
                world.trouble = trouble;
                for (columns, rows) in [(40, 12), (80, 24), (200, 60)] {
                    let buffer = world.draw(columns, rows);
                    for cell in &buffer.content {
                        let unclean = |c: char| c.is_control() || c == '\u{202e}';
                        assert!(!cell.symbol().chars().any(unclean), "{:?}", cell.symbol());
                    }
                }
            }
        }
    }
    world.state.over = None;
    world.here = Place::Room("lobby".to_owned());
    assert!(has(&world.rows(200, 60), "␛]0;owned␇␛[2J"), "as signs it is there");
}

#[test]
fn the_place_stays_when_lines_come_and_the_size_changes() {
    let mut world = World::new();
    for number in 0..200 {
        world.say("lobby", "ana", &format!("line {number}."));
    }
    world.rows(80, 24);
    let (me, here) = ("dora", world.here.clone());
    world.transcript.read(&here, 200);
    let talk = |rows: &[String]| rows[1..22].iter().map(|row| row.chars().skip(16).collect()).collect::<Vec<String>>();
    world.state.scroll(world.transcript.get(&here).unwrap(), me, -50);
    let before = world.rows(80, 24);
    assert!(has(&before, "line 149.") && !has(&before, "line 150."), "{before:#?}");
    assert!(has(&before, "more below ↓"));
    for _ in 0..300 {
        world.say("lobby", "bob", "more");
    }
    let after = world.rows(80, 24);
    assert_eq!(talk(&before), talk(&after), "what comes below moves nothing");
    assert!(has(&after, "300 new ↓"), "{after:#?}");
    assert!(has(&world.rows(40, 12), "line 149."), "a smaller screen keeps the lower edge");
    assert_eq!(talk(&world.rows(80, 24)), talk(&before));
    // Back to the end, which is followed from then on.
    world.state.scroll(world.conversation_of(&here), me, 400);
    assert_eq!(world.state.position, Position::End);
    world.say("lobby", "bob", "the last");
    assert!(has(&world.rows(80, 24), "the last"));
}

impl World {
    /// A conversation as it is now, without holding on to the world.
    fn conversation_of(&self, place: &Place) -> &'static shared::transcript::Conversation {
        Box::leak(Box::new(self.transcript.get(place).unwrap().clone()))
    }
}

#[test]
fn scrolling_by_lines_passes_each_of_them_once() {
    let mut world = World::new();
    for number in 0..60 {
        world.say(
            "lobby",
            if number % 7 == 0 { "bob" } else { "ana" },
            &format!("{number}:{}", " long".repeat(number % 40)),
        );
    }
    let here = world.conversation_of(&world.here.clone());
    let all = |world: &mut World| {
        // The texts: whose the first is, is told anew on each screen.
        world.rows(80, 24)[1..22].iter().map(|row| row.chars().skip(33).collect()).collect::<Vec<String>>()
    };
    let mut before = all(&mut world);
    let mut steps = 0;
    loop {
        world.state.scroll(here, "dora", -1);
        let after = all(&mut world);
        if after == before {
            break;
        }
        assert_eq!(before[..20], after[1..], "one line came in above");
        before = after;
        steps += 1;
    }
    assert!(steps > 60 && has(&before, " 0:"), "{steps}: {before:#?}");
    for _ in 0..steps {
        world.state.scroll(here, "dora", 1);
    }
    assert_eq!(world.state.position, Position::End);
    world.state.go_to_oldest(here, "dora");
    assert!(has(&all(&mut world), " 0:"));
}

#[test]
fn a_line_that_was_sought_is_in_the_middle_and_stands_out() {
    let mut world = World::new();
    for number in 0..100 {
        world.say("lobby", "ana", &format!("line {number}."));
    }
    world.rows(80, 24);
    let here = world.conversation_of(&world.here.clone());
    world.state.go_to_line(here, "dora", 51);
    let buffer = world.draw(80, 24);
    let row = text(&buffer).iter().position(|row| row.contains("line 50.")).unwrap();
    assert!((8..16).contains(&row), "{row}");
    assert!(buffer[(40, row as u16)].modifier.contains(Modifier::REVERSED));
}

#[test]
fn what_is_new_is_marked_until_one_goes_elsewhere() {
    let mut world = World::new();
    world.join("dev");
    world.say("dev", "bob", "seen");
    let (dev, lobby) = (Place::Room("dev".to_owned()), world.here.clone());
    let seen = world.seq;
    world.transcript.read(&dev, seen);
    world.say("dev", "bob", "unseen");
    world.state.moved(&lobby, &dev);
    world.here = dev.clone();
    let rows = world.rows(80, 24);
    let new = rows.iter().position(|row| row.contains(" New ")).unwrap();
    assert!(rows[new + 1].contains("unseen"), "{rows:#?}");
    let newest = world.seq;
    world.transcript.read(&dev, newest);
    world.say("dev", "bob", "heard while looking");
    let again = world.rows(80, 24);
    assert_eq!(again.iter().filter(|row| row.contains(" New ")).count(), 1, "it stays where it was");
    world.state.moved(&dev, &lobby);
    world.state.moved(&lobby, &dev);
    let newest = world.seq;
    world.transcript.read(&dev, newest);
    assert!(!has(&world.rows(80, 24), " New "));
}

#[test]
fn drafts_wait_where_they_were_typed() {
    let mut world = World::new();
    let (dev, lobby) = (Place::Room("dev".to_owned()), world.here.clone());
    world.state.draft.composer = Composer::holding("half a thou");
    world.state.moved(&lobby, &dev);
    assert!(world.state.draft.composer.is_empty());
    world.state.moved(&dev, &lobby);
    assert_eq!(world.state.draft.composer.text(), "half a thou");
}

#[test]
fn hits_are_shown_with_their_words() {
    let mut world = World::new();
    world.state.over = Some(Over::Search(Finder::default()));
    let hit = Entry::Said(line(9, "lobby", "ana", &format!("{} the Printer is here", "before ".repeat(40))));
    world.found = Some(Search { query: "printer".to_owned(), hits: vec![hit], ..Search::default() });
    let rows = world.rows(80, 24);
    assert!(has(&rows, "#lobby ana") && has(&rows, "the Printer is here"), "{rows:#?}");
    assert!(rows[23].starts_with("search:"));
    world.found = Some(Search::default());
    assert!(has(&world.rows(80, 24), "Nothing has these words."));
    let refused = "Too many requests: wait for a moment, and search again.";
    world.found = Some(Search { refused: Some(refused.to_owned()), ..Search::default() });
    let rows = world.rows(80, 24);
    assert!(has(&rows, refused) && !has(&rows, "Nothing has"), "{rows:#?}");
}

#[test]
fn what_a_search_wants_is_told_whole() {
    let mut world = World::new();
    world.state.over = Some(Over::Search(Finder::default()));
    let rows = world.rows(80, 24);
    assert!(has(&rows, "words or parts of") && has(&rows, "all your rooms.") && !has(&rows, "…"), "{rows:#?}");
}

#[test]
fn the_help_page_fits_every_width() {
    let mut world = World::new();
    for (columns, rows) in [(20, 6), (40, 12), (80, 24), (200, 50)] {
        world.state.over = Some(Over::Help(HelpPage::default()));
        assert!(has(&world.rows(columns, rows), "Keys"));
        let length = help_length(world.state.theme, usize::from(world.state.talk.width));
        world.state.over = Some(Over::Help(HelpPage { from: length - 1, ..HelpPage::default() }));
        assert!(has(&world.rows(columns, rows), "you."), "the last command's last word");
    }
}

#[test]
fn without_colours_everything_is_told_apart_by_signs() {
    let mut world = World::new();
    world.state = State::new(Theme::with_colours(false));
    world.join("dev");
    world.say("dev", "bob", "@dora look");
    world.say("lobby", "ana", "@dora and `code` and https://den.local");
    let buffer = world.draw(200, 50);
    assert!(buffer.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    let rows = text(&buffer);
    assert!(has(&rows, "1›#lobby") && has(&rows, " @1 ") && has(&rows, "ana away"), "{rows:#?}");
    assert!(has(&rows, "@dora and `code` and"), "{rows:#?}");
}
