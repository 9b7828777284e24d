//! What was said is found, and opened where it was said.

use e2e::browser::PHONE;
use e2e::keys::{CONTROL, DOWN, ENTER, ESCAPE, SHIFT, TAB};
use e2e::{Person, Role, eventually, play, play_with};

/// Where the people are in a drawer and the rooms are not.
const MIDDLING: (u32, u32) = (800, 700);

/// The results, as they stand in the list: who, where, what, and its marked parts.
type Shown = (String, String, String, Vec<String>);

async fn results(person: &Person) -> Vec<Shown> {
    let script = "
        return [...document.querySelectorAll('#search ol li')].map(row => [
            row.querySelector('.nick').textContent,
            row.querySelector('.found-in').textContent,
            row.querySelector('.found-text').textContent,
            [...row.querySelectorAll('mark')].map(mark => mark.textContent),
        ]);";
    person.browser.eval(script, Vec::new()).await
}

/// Waits until just these texts are found, in this order.
async fn finds(person: &Person, texts: &[&str]) {
    eventually(format_args!("{} finds {texts:?}", person.name), async || {
        let found = results(person).await;
        Ok(found.iter().map(|(_, _, text, _)| text.as_str()).eq(texts.iter().copied()).then_some(()))
    })
    .await;
}

/// The nicks that the browser offers to complete.
const OFFERED: &str = "return [...document.getElementById('search-from').list.options].map(option => option.value)";

/// Looks for what that nick said.
async fn said_by(person: &Person, nick: &str) {
    person.browser.click(Role::Combobox, "Said by").await;
    person.browser.press(&[CONTROL, 'a']).await;
    person.browser.insert(nick).await;
}

async fn opens_the_search(person: &Person) {
    person.browser.press(&[CONTROL, SHIFT, 'f']).await;
    person.browser.the(Role::Region, "Search").await;
    person.browser.until("the keyboard is there", "return document.activeElement.id === 'search-for'").await;
}

#[test]
fn any_part_of_a_word_is_found_and_marked() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        for text in ["Where is the coffee?", "Das Café am Fluß", "今日は東京タワーへ行く", "no milk today"]
        {
            ana.says(text).await;
            ana.sees("ana", text).await;
        }
        opens_the_search(&ana).await;
        ana.is_told("Any part of a word is found").await;
        ana.browser.type_keys("FE").await;
        finds(&ana, &["Das Café am Fluß", "Where is the coffee?"]).await;
        ana.is_told("2 results").await;
        let marks: Vec<_> = results(&ana).await.into_iter().map(|(.., marks)| marks).collect();
        assert_eq!(marks, [["fé"], ["fe"]]);
        ana.meets_no_barrier_anywhere("what was found").await;
        ana.can_make_it_larger("what was found").await;

        for (query, text, mark) in [
            ("京タ", "今日は東京タワーへ行く", "京タ"),
            ("FLUSS", "Das Café am Fluß", "Fluß"),
            ("\"lk to\"", "no milk today", "lk to"),
        ] {
            ana.browser.press(&[CONTROL, 'a']).await;
            ana.browser.insert(query).await;
            finds(&ana, &[text]).await;
            assert_eq!(results(&ana).await[0].3, [mark], "{query}");
        }
        ana.browser.press(&[CONTROL, 'a']).await;
        ana.browser.type_keys("tea").await;
        finds(&ana, &[]).await;
        ana.is_told("Nothing found. Try fewer words").await;
    });
}

#[test]
fn what_is_searched_for_is_no_markup() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let hostile = "<img src=x onerror=alert(1)> \" OR * NEAR(";
        ana.says(hostile).await;
        ana.sees("ana", hostile).await;
        ana.says("/search <img src=x onerror=alert(1)> NEAR(").await;
        finds(&ana, &[hostile]).await;
        let pictures: bool =
            ana.browser.eval("return document.querySelector('#search img') !== null", Vec::new()).await;
        assert!(!pictures);
        ana.fills_in("Message", "/search \"\"").await;
        ana.browser.press(&[ENTER]).await;
        finds(&ana, &[]).await;
    });
}

#[test]
fn it_is_narrowed_by_place_person_and_date() {
    play(async |stage| {
        let bob = stage.hub().native("bob").await;
        bob.join("cellar").await.expect("a room");
        let ana = stage.guest("ana").await;
        ana.says("/join cellar").await;
        ana.is_in("cellar").await;
        ana.says("wine of ana").await;
        ana.sees("ana", "wine of ana").await;
        bob.say("cellar", "wine of bob").await.expect("a line");
        bob.say("lobby", "wine in the lobby").await.expect("a line");
        bob.private_message("ana", "wine for two").await.expect("a line");

        ana.says("/search wine").await;
        finds(&ana, &["wine for two", "wine in the lobby", "wine of bob", "wine of ana"]).await;
        let places: Vec<_> = results(&ana).await.into_iter().map(|(_, place, ..)| place).collect();
        assert_eq!(places, ["@bob", "#lobby", "#cellar", "#cellar"]);
        ana.browser.click(Role::Checkbox, "Only in #cellar").await;
        finds(&ana, &["wine of bob", "wine of ana"]).await;
        ana.browser.eval::<()>("document.querySelector('#search summary').click()", Vec::new()).await;
        assert_eq!(ana.browser.eval::<Vec<String>>(OFFERED, Vec::new()).await, ["bob", "ana"]);
        said_by(&ana, "bob").await;
        finds(&ana, &["wine of bob"]).await;
        ana.meets_no_barrier_anywhere("a narrower search").await;
        ana.browser.click(Role::Checkbox, "Only in #cellar").await;
        finds(&ana, &["wine for two", "wine in the lobby", "wine of bob"]).await;
        // Yesterday nobody was here.
        let set = "
            const field = document.getElementById(arguments[0]);
            const day = new Date(Date.now() + arguments[1] * 86400000);
            field.value = [day.getFullYear(), `${day.getMonth() + 1}`.padStart(2, 0), `${day.getDate()}`.padStart(2, 0)].join('-');
            field.dispatchEvent(new Event('input', { bubbles: true }));";
        for (field, days, found) in
            [("search-until", -1, 0), ("search-until", 0, 3), ("search-since", 1, 0), ("search-since", 0, 3)]
        {
            ana.browser.eval::<()>(set, vec![field.into(), days.into()]).await;
            eventually(format_args!("{found} of {field} {days}"), async || {
                Ok((results(&ana).await.len() == found).then_some(()))
            })
            .await;
        }
    });
}

#[test]
fn a_result_is_opened_in_its_place_and_one_key_leads_back() {
    play_with(&["--rate-limit", "off"], async |stage| {
        let (flood, _) = stage.flooded("flo", 300).await;
        let ana = stage.guest("ana").await;
        flood.join("cellar").await.expect("a room");
        ana.says("/join cellar").await;
        ana.is_in("cellar").await;
        flood.say("cellar", "line of the cellar").await.expect("a line");
        ana.sees("flo", "line of the cellar").await;

        opens_the_search(&ana).await;
        ana.browser.type_keys("\"line 17\"").await;
        ana.browser.press(&[ENTER]).await;
        eventually("eleven lines", async || Ok((results(&ana).await.len() == 11).then_some(()))).await;
        // From the field into the list.
        ana.browser.press(&[DOWN]).await;
        ana.browser.press(&[DOWN]).await;
        let (_, result) = ana.browser.focused().await;
        assert!(result.contains("line 178"), "{result}");
        ana.browser.press(&[ENTER]).await;
        ana.is_in("lobby").await;
        for near in ["line 177", "line 178", "line 179"] {
            ana.sees("flo", near).await;
        }
        let in_sight = "
            const line = [...document.querySelectorAll('[data-seq]')].find(line => line.innerText.includes('line 178'));
            const box = line?.getBoundingClientRect(), log = document.querySelector('[role=log]').getBoundingClientRect();
            return box && box.top >= log.top && box.bottom <= log.bottom;";
        ana.browser.until("the line is in sight", in_sight).await;

        ana.browser.press(&[ESCAPE]).await;
        ana.browser.until("back at the result", "return document.activeElement.textContent.includes('line 178')").await;
        assert_eq!(results(&ana).await.len(), 11, "as they were");
        ana.browser.press(&[ESCAPE]).await;
        ana.browser.none(Role::Region, "Search").await;
        ana.is_in("cellar").await;
    });
}

#[test]
fn who_goes_elsewhere_meanwhile_stays_there() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("tea").await;
        ana.sees("ana", "tea").await;
        ana.says("/join cellar").await;
        ana.is_in("cellar").await;
        ana.says("/search tea").await;
        finds(&ana, &["tea"]).await;
        ana.goes_to("lobby").await;
        ana.browser.press(&[ESCAPE]).await;
        ana.browser.the(Role::Region, "Search").await;
        ana.browser.press(&[ESCAPE]).await;
        ana.browser.none(Role::Region, "Search").await;
        ana.is_in("lobby").await;
    });
}

#[test]
fn older_results_come_at_the_end_of_the_list() {
    play_with(&["--rate-limit", "off"], async |stage| {
        stage.flooded("flo", 100).await;
        let ana = stage.guest("ana").await;
        ana.says("/search line").await;
        eventually("a page", async || Ok((results(&ana).await.len() == 30).then_some(()))).await;
        ana.is_told("30 newest results").await;
        ana.browser.the(Role::Button, "Older results").await;
        let script = "const list = document.querySelector('#search .side-scroll'); list.scrollTop = list.scrollHeight;";
        eventually("all", async || {
            ana.browser.eval::<()>(script, Vec::new()).await;
            Ok((results(&ana).await.len() == 100).then_some(()))
        })
        .await;
        ana.is_told("100 results").await;
        let texts: Vec<String> = results(&ana).await.into_iter().map(|(_, _, text, _)| text).collect();
        let expected: Vec<String> = (1..=100).rev().map(|number| format!("line {number}")).collect();
        assert_eq!(texts, expected, "each once, the newest first");
        ana.browser.none(Role::Button, "Older results").await;
    });
}

#[test]
fn a_phone_shows_the_results_in_place_of_the_talk() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("tea").await;
        ana.sees("ana", "tea").await;
        ana.says("/join cellar").await;
        ana.is_in("cellar").await;
        ana.browser.resize(PHONE).await;
        ana.browser.click(Role::Button, "Rooms").await;
        ana.browser.rests().await;
        ana.browser.click(Role::Button, "Search").await;
        ana.browser.the(Role::Region, "Search").await;
        ana.browser.none(Role::Log, "cellar").await;
        ana.browser.until("the keyboard is there", "return document.activeElement.id === 'search-for'").await;
        ana.browser.type_keys("tea").await;
        finds(&ana, &["tea"]).await;
        ana.sees_all_of("the search on a phone").await;
        // Between a phone and a wide window as well.
        ana.browser.resize(MIDDLING).await;
        ana.browser.none(Role::Log, "cellar").await;
        ana.meets_no_barrier_in_any_light("the search in a window of middling width").await;
        ana.browser.resize(PHONE).await;
        ana.browser.press(&[DOWN]).await;
        ana.browser.press(&[ENTER]).await;
        ana.is_in("lobby").await;
        ana.browser.none(Role::Region, "Search").await;
        ana.browser.click(Role::Button, "Back to results").await;
        ana.browser.the(Role::Region, "Search").await;
        finds(&ana, &["tea"]).await;
        ana.browser.within(Role::Region, "Search").click(Role::Button, "Close").await;
        ana.is_in("cellar").await;
        ana.browser.press(&[TAB]).await;
    });
}

/// Keeps back what the page asks for in searches, until it is told to let one go.
const KEEP_BACK: &str = "
    const send = WebSocket.prototype.send;
    window.kept = [];
    WebSocket.prototype.send = function (frame) {
        if (!frame.includes('\"type\":\"search\"')) return send.call(this, frame);
        window.kept.push(() => send.call(this, frame));
    };";

#[test]
fn the_answer_to_a_search_that_was_ended_is_not_taken_for_one_to_the_next() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        for text in ["an apple", "a pear", "another pear"] {
            ana.says(text).await;
            ana.sees("ana", text).await;
        }
        ana.browser.eval::<()>(KEEP_BACK, Vec::new()).await;
        ana.says("/search apple").await;
        ana.is_told("Searching…").await;
        ana.browser.until("it is asked", "return window.kept.length === 1").await;
        ana.browser.press(&[ESCAPE]).await;
        ana.browser.none(Role::Region, "Search").await;
        ana.says("/search pear").await;
        ana.browser.until("so is this", "return window.kept.length === 2").await;
        ana.browser.eval::<()>("window.kept[0]()", Vec::new()).await;
        // What the hub says after that has come behind its answer.
        ana.says("that was late").await;
        ana.sees("ana", "that was late").await;
        ana.is_told("Searching…").await;
        assert!(results(&ana).await.is_empty());
        ana.browser.eval::<()>("window.kept[1]()", Vec::new()).await;
        finds(&ana, &["another pear", "a pear"]).await;
        ana.is_told("2 results").await;
    });
}

#[test]
fn a_search_that_cannot_be_asked_for_says_so_and_the_next_one_can() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("a pear").await;
        ana.sees("ana", "a pear").await;
        opens_the_search(&ana).await;
        ana.browser.type_keys("pear").await;
        finds(&ana, &["a pear"]).await;
        ana.browser.eval::<()>("document.querySelector('#search summary').click()", Vec::new()).await;
        // More than fits in a frame.
        said_by(&ana, &"x".repeat(70_000)).await;
        ana.is_told("This could not be asked.").await;
        said_by(&ana, "ana").await;
        ana.is_told("1 result").await;
        finds(&ana, &["a pear"]).await;
    });
}

#[test]
fn without_a_connection_that_is_said() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        // It has never searched before.
        ana.has_fetched_ahead().await;
        ana.browser.expect_error("WebSocket connection to");
        stage.hub_mut().stop();
        ana.is_told("The connection to the hub is lost").await;
        opens_the_search(&ana).await;
        ana.browser.type_keys("tea").await;
        ana.is_told("There is no connection to the hub").await;
    });
}
