//! What the tests' hands and eyes do is what they say: shown on a page that tells what was done to it, and on the hub's.

use std::fs;

use e2e::browser::{Given, Scheme, WIDE};
use e2e::elsewhere::Elsewhere;
use e2e::keys::{ALT, BACKSPACE, CONTROL, DELETE, DOWN, END, LEFT, PAGE_DOWN, PAGE_UP, RIGHT, UP};
use e2e::{Person, Role, eventually, play, play_with};
use serde_json::json;

/// Writes down what is done to it.
const TELLING: &str = "<!doctype html><title>telling</title>
    <link rel=icon href='data:image/svg+xml,<svg/>'>
    <style>#over:hover { outline: 3px solid }</style>
    <button id=over>over</button>
    <div id=place tabindex=0>here</div>
    <input type=file multiple hidden>
    <a download=notes.txt href='data:text/plain,all of it'>notes</a>
    <script>
        window.told = [];
        const tell = async (kind, files) => {
            for (const file of files) told.push(`${kind} ${file.name} ${file.type} ${await file.text()}`);
        };
        addEventListener('keydown', event => told.push(`key ${event.ctrlKey} ${event.altKey} ${event.key}`));
        place.onpaste = event => { event.preventDefault(); tell('pasted', event.clipboardData.files); };
        place.ondragover = event => { event.preventDefault(); told.push(`over ${event.dataTransfer.types}`); };
        place.ondrop = event => { event.preventDefault(); tell('dropped', event.dataTransfer.files); };
        document.querySelector('input').onchange = event => tell('chosen', event.target.files);
    </script>";

async fn is_told(person: &Person, what: &str) {
    eventually(format_args!("the page tells “{what}”"), async || {
        let told: Vec<String> = person.browser.try_eval("return window.told", Vec::new()).await?;
        Ok(told.iter().any(|one| one == what).then_some(()))
    })
    .await;
}

#[test]
fn a_page_notices_keys_the_mouse_and_files() {
    play(async |stage| {
        let page = Elsewhere::serve(TELLING.to_owned()).await;
        let ana = stage.person("ana").await;
        ana.opens(&page.page()).await;
        assert_eq!(ana.browser.title().await, "telling");
        assert_eq!(ana.browser.icon().await.as_deref(), Some("data:image/svg+xml,<svg/>"));

        ana.browser.press(&[CONTROL, 'k']).await;
        is_told(&ana, "key true false k").await;
        ana.browser.press(&[ALT, DOWN]).await;
        is_told(&ana, "key false true ArrowDown").await;
        for (key, name) in [(BACKSPACE, "Backspace"), (DELETE, "Delete"), (PAGE_UP, "PageUp"), (PAGE_DOWN, "PageDown")]
        {
            ana.browser.press(&[key]).await;
            is_told(&ana, &format!("key false false {name}")).await;
        }
        for (key, name) in [(UP, "ArrowUp"), (LEFT, "ArrowLeft"), (RIGHT, "ArrowRight"), (END, "End")] {
            ana.browser.press(&[key]).await;
            is_told(&ana, &format!("key false false {name}")).await;
        }

        let button = ana.browser.the(Role::Button, "over").await;
        let hovered = "return document.querySelector('#over').matches(':hover')";
        ana.browser.hover(&button).await;
        ana.browser.until("the mouse over it", hovered).await;
        ana.browser.hover_nothing().await;
        ana.browser.until("the mouse elsewhere", &format!("return !(() => {{ {hovered} }})()")).await;

        let place = ana.browser.page().find(fantoccini::Locator::Css("#place")).await.expect("a place for files");
        let picture = Given::new("dot.png", "image/png", *b"dot");
        assert!(ana.browser.paste(&place, std::slice::from_ref(&picture)).await, "the page takes what is pasted");
        is_told(&ana, "pasted dot.png image/png dot").await;
        assert!(ana.browser.drag_over(&place, std::slice::from_ref(&picture)).await, "and would take it here");
        is_told(&ana, "over Files").await;
        assert!(ana.browser.drop_onto(&place, &[picture]).await, "and takes it");
        is_told(&ana, "dropped dot.png image/png dot").await;
        assert!(!ana.browser.paste(&button, &[]).await, "nobody takes this");

        let chosen = stage.folder().join("chosen.txt");
        fs::write(&chosen, "from the disk").expect("a file");
        ana.browser.choose(&[&chosen]).await;
        is_told(&ana, "chosen chosen.txt text/plain from the disk").await;

        ana.browser.downloads_into(stage.folder()).await;
        ana.browser.click(Role::Link, "notes").await;
        assert_eq!(ana.browser.downloaded(stage.folder(), "notes.txt").await, b"all of it");
    });
}

#[test]
fn a_page_learns_what_the_system_asks_for_and_whether_anybody_looks() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let matches = async |query: &str| -> bool {
            ana.browser.eval("return matchMedia(arguments[0]).matches", vec![json!(query)]).await
        };
        ana.browser.prefer(Scheme::Dark).await;
        ana.browser.prefer_less_motion(true).await;
        ana.browser.prefer_more_contrast(true).await;
        for query in ["(prefers-color-scheme: dark)", "(prefers-reduced-motion: reduce)", "(prefers-contrast: more)"] {
            assert!(matches(query).await, "{query}");
        }
        ana.browser.prefer_less_motion(false).await;
        ana.browser.prefer_more_contrast(false).await;
        assert!(matches("(prefers-color-scheme: dark)").await, "what was not taken back stays");
        assert!(!matches("(prefers-reduced-motion: reduce)").await && !matches("(prefers-contrast: more)").await);

        ana.browser.zoom(WIDE, 2).await;
        let width: u32 = ana.browser.eval("return innerWidth", Vec::new()).await;
        assert_eq!(width, WIDE.0 / 2);
        ana.browser.resize(WIDE).await;

        ana.browser.allow("notifications", true).await;
        assert_eq!(ana.browser.eval::<String>("return Notification.permission", Vec::new()).await, "granted");
        ana.browser.allow("notifications", false).await;
        assert_eq!(ana.browser.eval::<String>("return Notification.permission", Vec::new()).await, "denied");

        // Hidden, it still hears what is said.
        ana.browser.hide().await;
        stage.hub().native("bob").await.say("lobby", "while nobody looks").await.expect("a line said");
        ana.sees("bob", "while nobody looks").await;
        ana.browser.unhide().await;
        ana.says("I am back").await;
        ana.sees("ana", "I am back").await;
    });
}

#[test]
fn a_test_finds_its_way_about_a_page() {
    play_with(&["--rate-limit", "off"], async |stage| {
        let (bob, said) = stage.flooded("bob", 300).await;
        assert!(said.is_sorted_by(|one, next| one < next), "in the order of the lines");
        let ana = stage.guest("ana").await;
        ana.sees("bob", "line 300").await;
        ana.browser.goto_fragment("/room/lobby").await;
        assert!(ana.browser.address().await.ends_with("#/room/lobby"));
        ana.is_in("lobby").await;

        // In its middle some line is cut by the edge, or is just below it.
        ana.scrolls_to(0.5).await;
        let (seq, below) = ana.top_line().await;
        assert!(said.contains(&seq) && seq < said[299] && below < 100.0, "#{seq}, {below} px below the edge");
        ana.scrolls_to(1.0).await;
        assert!(ana.top_line().await.0 > seq);

        let sides = ana.browser.within(Role::Navigation, "Rooms and conversations");
        sides.the(Role::Button, "lobby").await;
        sides.none(Role::Button, "Send").await;
        sides.click(Role::Button, "All rooms").await;
        let picker = ana.browser.within(Role::Dialog, "Rooms");
        picker.the(Role::Heading, "Rooms").await;
        picker.click(Role::Button, "Close").await;
        picker.none(Role::Button, "Close").await;

        ana.reads("line 300").await;
        ana.has_title("Hubbub").await;
        ana.says("/join cellar").await;
        ana.is_in("cellar").await;
        ana.sees_no_more("bob", "line 300").await;
        ana.reads_no_more("line 300").await;
        bob.say("lobby", "one more").await.expect("a line said");
        ana.has_title("(1) ").await;

        ana.browser.expect_error("404");
        let page = ana.browser.fetch("/").await;
        assert_eq!(page.status, 200);
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert!(page.body.starts_with(b"<!"), "a page");
        assert_eq!(ana.browser.fetch("/nowhere").await.status, 404);
    });
}
