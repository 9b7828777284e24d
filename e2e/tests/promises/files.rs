//! Files go with what is said: they arrive whole whatever happens on the way, are seen as what they are, and run nowhere.

use std::fs;
use std::path::Path;

use e2e::browser::{Given, PHONE, WIDE};
use e2e::keys::{ENTER, ESCAPE, LEFT, RIGHT};
use e2e::{Person, Role, eventually, play, play_with};
use serde_json::json;

use crate::lines::{does, stands};
use crate::replies::sees_quotes;

/// What one attaches, by the names of what takes it away again.
const ATTACHED: &str = "return [...document.querySelectorAll('.tray li button')].map(button => button.ariaLabel)";

/// A picture of that size and colour, as PNG.
const PAINT: &str = "
    const [width, height, colour] = arguments;
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [width, height];
    const brush = canvas.getContext('2d');
    brush.fillStyle = colour;
    brush.fillRect(0, 0, width, height);
    return [...atob(canvas.toDataURL('image/png').split(',')[1])].map(letter => letter.charCodeAt(0));";

/// The pictures in the log that have come: their names, and the size of the box that each stands in.
const PICTURES: &str = "
    return [...document.querySelectorAll('[role=log] .picture img')]
        .filter(picture => picture.complete && picture.naturalWidth > 0)
        .map(picture => [picture.alt, picture.clientWidth, picture.clientHeight]);";

async fn painted(person: &Person, name: &str, (width, height): (u32, u32), colour: &str) -> Given {
    let bytes: Vec<u8> = person.browser.eval(PAINT, vec![json!(width), json!(height), json!(colour)]).await;
    Given::new(name, "image/png", bytes)
}

async fn attaches(person: &Person, files: &[Given]) {
    let field = person.browser.the(Role::Textbox, "Message").await;
    assert!(person.browser.paste(&field, files).await, "the page takes what is pasted");
}

async fn has_attached(person: &Person, wanted: &[&str]) {
    let wanted: Vec<String> = wanted.iter().map(|name| format!("Remove {name}")).collect();
    eventually(format_args!("{} has attached {wanted:?}", person.name), async || {
        let attached: Vec<String> = person.browser.try_eval(ATTACHED, Vec::new()).await?;
        Ok((attached == wanted).then_some(()))
    })
    .await;
}

/// Waits until so many files in the tray have arrived at the hub.
async fn are_uploaded(person: &Person, count: usize) {
    let script =
        "return [...document.querySelectorAll('.tray li')].filter(one => one.innerText.includes(', uploaded')).length";
    eventually(format_args!("{} has uploaded {count} files", person.name), async || {
        Ok((person.browser.try_eval::<usize>(script, Vec::new()).await? == count).then_some(()))
    })
    .await;
}

async fn sees_pictures(person: &Person, wanted: &[(&str, u32, u32)]) {
    eventually(format_args!("{} sees the pictures {wanted:?}", person.name), async || {
        let seen: Vec<(String, u32, u32)> = person.browser.try_eval(PICTURES, Vec::new()).await?;
        let same = seen.iter().map(|(name, width, height)| (&**name, *width, *height)).eq(wanted.iter().copied());
        Ok(same.then_some(()))
    })
    .await;
}

/// The address behind a card's link, by the name that the file is to be saved under.
async fn address(person: &Person, name: &str) -> String {
    let script = "return [...document.querySelectorAll('[role=log] a[download]')].find(link => link.download === arguments[0])?.href";
    eventually(format_args!("{} finds {name:?} to download", person.name), async || {
        person.browser.try_eval::<Option<String>>(script, vec![json!(name)]).await
    })
    .await
}

/// Lets so many bytes a second go out; none for as many as there are. Nothing goes either way where it is `offline`.
async fn network(person: &Person, offline: bool, upload: Option<u32>) {
    person.browser.devtools("Network.enable", json!({})).await;
    let upload = upload.map_or(-1, i64::from);
    let conditions = json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": upload });
    person.browser.devtools("Network.emulateNetworkConditions", conditions).await;
}

/// Bytes that no piece has twice.
fn many_bytes(count: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_le_bytes()[3]
    };
    (0..count).map(|_| next()).collect()
}

/// Whether the page has the browser ask before it is left.
async fn asks_before_it_goes(person: &Person) -> bool {
    let script = "return !dispatchEvent(new Event('beforeunload', { cancelable: true }))";
    person.browser.eval(script, Vec::new()).await
}

/// Waits until some of it has arrived.
async fn is_under_way(person: &Person) {
    person
        .browser
        .until("an upload under way", "return document.querySelector('.tray progress:not([hidden])')?.value > 0")
        .await;
}

/// Downloads a file out of a line, and waits until this is what was saved. (Chromium holds its place with an empty one.)
async fn downloads(person: &Person, folder: &Path, name: &str, wanted: &[u8]) {
    let click =
        "[...document.querySelectorAll('[role=log] a[download]')].find(link => link.download === arguments[0]).click()";
    person.browser.downloads_into(folder).await;
    address(person, name).await;
    person.browser.eval::<()>(click, vec![json!(name)]).await;
    eventually(format_args!("{name} as it was sent in {}", folder.display()), async || {
        Ok(fs::read(folder.join(name)).is_ok_and(|saved| saved == wanted).then_some(()))
    })
    .await;
}

#[test]
fn files_are_pasted_dropped_and_chosen_and_go_with_the_line() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        let picture = painted(&ana, "den.png", (640, 480), "teal").await;
        attaches(&ana, std::slice::from_ref(&picture)).await;
        let log = ana.browser.the(Role::Log, "lobby").await;
        let notes = Given::new("notes.txt", "text/plain", *b"all of it");
        assert!(ana.browser.drag_over(&log, std::slice::from_ref(&notes)).await);
        ana.reads("Drop files here to send them in lobby").await;
        assert!(ana.browser.drop_onto(&log, &[notes]).await);
        ana.reads_no_more("Drop files here").await;
        let chosen = stage.folder().join("chosen.pdf");
        fs::write(&chosen, "from the disk").expect("a file");
        ana.browser.the(Role::Button, "Attach files").await;
        ana.browser.choose(&[&chosen]).await;
        has_attached(&ana, &["den.png", "notes.txt", "chosen.pdf"]).await;
        are_uploaded(&ana, 3).await;
        ana.meets_no_barrier_anywhere("files to send").await;
        ana.can_make_it_larger("files to send").await;
        assert_eq!(ana.browser.focused().await, ("textbox".to_owned(), "Message".to_owned()));
        assert!(asks_before_it_goes(&ana).await, "a page that is left has no files any more");
        ana.browser.click(Role::Button, "Remove chosen.pdf").await;
        has_attached(&ana, &["den.png", "notes.txt"]).await;
        assert_eq!(ana.browser.focused().await, ("textbox".to_owned(), "Message".to_owned()));

        ana.says("have a look").await;
        for person in [&ana, &bob] {
            person.reads("have a look").await;
            sees_pictures(person, &[("den.png", 320, 240)]).await;
            person.reads("notes.txt").await;
        }
        has_attached(&ana, &[]).await;
        assert_eq!(ana.has_written("Message").await, "");
        assert!(!asks_before_it_goes(&ana).await, "there is nothing to be lost");
        downloads(&bob, stage.folder(), "notes.txt", b"all of it").await;

        // Nothing need be written beside a file.
        attaches(&ana, &[Given::new("more.txt", "text/plain", *b"more")]).await;
        are_uploaded(&ana, 1).await;
        ana.browser.press(&[ENTER]).await;
        address(&bob, "more.txt").await;
        bob.meets_no_barrier_anywhere("files in lines").await;
        bob.can_make_it_larger("files in lines").await;
    });
}

#[test]
fn text_that_is_pasted_stays_text_and_what_is_for_another_field_is_left_alone() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let field = ana.browser.the(Role::Textbox, "Message").await;
        assert!(!ana.browser.paste(&field, &[]).await, "no file, nothing to take");
        // A table out of an office program comes as a picture as well.
        let taken: bool = ana
            .browser
            .eval(
                "const held = new DataTransfer();
                held.items.add(new File(['x'], 'image.png', { type: 'image/png' }));
                held.setData('text/plain', '1 2'); held.setData('text/html', '<table></table>');
                const event = new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: held });
                return !arguments[0].dispatchEvent(event);",
                vec![json!(field)],
            )
            .await;
        assert!(!taken, "the table's text is meant");
        has_attached(&ana, &[]).await;
        // Ten at most.
        let files: Vec<Given> = (0..12).map(|at| Given::new(&format!("{at}.txt"), "text/plain", *b"x")).collect();
        attaches(&ana, &files).await;
        ana.is_warned("A line takes 10 files.").await;
        are_uploaded(&ana, 10).await;
        // Each place has its own.
        ana.says("/join cellar").await;
        ana.is_in("cellar").await;
        has_attached(&ana, &[]).await;
        ana.goes_to("lobby").await;
        are_uploaded(&ana, 10).await;
        ana.browser.press(&[ENTER]).await;
        address(&ana, "9.txt").await;
    });
}

#[test]
fn pictures_stand_in_their_boxes_before_they_come_and_fill_the_window_when_they_are_asked_to() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        let first = painted(&ana, "first.png", (1_200, 300), "teal").await;
        attaches(&ana, &[first]).await;
        are_uploaded(&ana, 1).await;
        ana.says("one").await;
        sees_pictures(&bob, &[("first.png", 320, 80)]).await;
        let several = [
            painted(&ana, "second.png", (300, 400), "tomato").await,
            painted(&ana, "third.png", (16, 16), "gold").await,
        ];
        attaches(&ana, &several).await;
        are_uploaded(&ana, 2).await;
        ana.says("and two").await;
        sees_pictures(&bob, &[("first.png", 320, 80), ("second.png", 152, 152), ("third.png", 152, 152)]).await;

        bob.browser.click(Role::Button, "second.png").await;
        let viewer = bob.browser.within(Role::Dialog, "second.png");
        viewer.the(Role::Image, "second.png").await;
        bob.reads("300 × 400, from ana").await;
        bob.meets_no_barrier_anywhere("the viewer").await;
        bob.can_make_it_larger("the viewer").await;
        bob.browser.resize(WIDE).await;
        bob.browser.press(&[RIGHT]).await;
        bob.browser.the(Role::Dialog, "third.png").await;
        // There is none behind it.
        bob.browser.press(&[RIGHT]).await;
        bob.browser.press(&[LEFT]).await;
        bob.browser.press(&[LEFT]).await;
        bob.browser.the(Role::Dialog, "first.png").await;
        let wide = async |wanted: u32| {
            let script = format!("return document.querySelector('.stage img').clientWidth === {wanted}");
            bob.browser.until(&format!("{wanted} pixels across"), &script).await;
        };
        wide(1_200).await;
        bob.browser.press(&['+']).await;
        wide(1_800).await;
        bob.browser.press(&['-']).await;
        wide(1_200).await;
        bob.browser.within(Role::Dialog, "first.png").click(Role::Image, "first.png").await;
        wide(2_400).await;
        bob.browser.press(&['0']).await;
        wide(1_200).await;
        bob.browser.press(&[ESCAPE]).await;
        bob.browser.none(Role::Dialog, "first.png").await;
        assert_eq!(bob.browser.focused().await, ("button".to_owned(), "second.png".to_owned()));
    });
}

#[test]
fn a_file_that_the_hub_will_not_have_is_refused_with_its_reason_and_the_text_stays() {
    play_with(&["--max-upload", "2MiB", "--file-quota", "4MiB"], async |stage| {
        let ana = stage.guest("ana").await;
        // A part that overtakes the wish to take its file away finds none.
        for refused in ["413", "507", "404"] {
            ana.browser.expect_error(refused);
        }
        // It is told before.
        let button = ana.browser.the(Role::Button, "Attach files").await;
        assert_eq!(button.attr("title").await.expect("its tip").as_deref(), Some("Up to 2 MiB a file"));
        attaches(&ana, &[Given::new("large.bin", "", many_bytes(2_097_153))]).await;
        ana.is_warned("This file is too large: the hub takes 2 MiB and no more.").await;
        ana.meets_no_barrier("a file that was refused").await;
        ana.says("with a file").await;
        ana.is_warned("Remove the file that could not be sent").await;
        assert_eq!(ana.has_written("Message").await, "with a file");
        ana.browser.click(Role::Button, "Remove large.bin").await;
        for name in ["one.bin", "two.bin"] {
            attaches(&ana, &[Given::new(name, "", [name.as_bytes(), &many_bytes(1_200_000)].concat())]).await;
        }
        are_uploaded(&ana, 2).await;
        attaches(&ana, &[Given::new("three.bin", "", many_bytes(1_900_000))]).await;
        ana.is_warned("The hub has no room for this file").await;
        ana.browser.click(Role::Button, "Remove three.bin").await;
        // What is taken away on its way takes up no room.
        network(&ana, false, Some(700_000)).await;
        for name in ["four.bin", "five.bin"] {
            eventually(format_args!("room for {name}"), async || {
                attaches(&ana, &[Given::new(name, "", many_bytes(1_500_000))]).await;
                let arrives = "return document.querySelector('.tray progress:not([hidden])')?.value > 0";
                let refused = "return document.querySelector('.tray .refused:not(:empty)') !== null";
                ana.browser
                    .until("an answer", &format!("return (() => {{ {arrives} }})() || (() => {{ {refused} }})()"))
                    .await;
                let refused: bool = ana.browser.try_eval(refused, Vec::new()).await?;
                ana.browser.click(Role::Button, &format!("Remove {name}")).await;
                Ok((!refused).then_some(()))
            })
            .await;
        }
        network(&ana, false, None).await;
        has_attached(&ana, &["one.bin", "two.bin"]).await;
        ana.browser.click(Role::Textbox, "Message").await;
        ana.browser.press(&[ENTER]).await;
        address(&ana, "two.bin").await;
        assert_eq!(ana.has_written("Message").await, "");
    });
}

#[test]
fn an_upload_that_is_cut_goes_on_where_it_was_and_its_line_goes_then() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.browser.expect_error("net::ERR");
        let bytes = many_bytes(6_000_000);
        network(&ana, false, Some(2_000_000)).await;
        attaches(&ana, &[Given::new("long.bin", "", bytes.clone())]).await;
        ana.says("it is long").await;
        ana.is_told("Sending when the upload is done.").await;
        assert_eq!(ana.has_written("Message").await, "it is long");
        // Whoever writes on has not meant it yet.
        ana.writes(", as you see").await;
        ana.reads_no_more("Sending when the upload is done.").await;
        ana.browser.press(&[ENTER]).await;
        ana.is_told("Sending when the upload is done.").await;
        is_under_way(&ana).await;
        network(&ana, true, None).await;
        ana.reads("waiting for the hub").await;
        assert_eq!(ana.has_written("Message").await, "it is long, as you see");
        network(&ana, false, None).await;
        bob.reads("it is long, as you see").await;
        downloads(&bob, stage.folder(), "long.bin", &bytes).await;
        assert_eq!(ana.has_written("Message").await, "");
        has_attached(&ana, &[]).await;
    });
}

#[test]
fn a_line_that_waits_for_its_files_answers_what_it_answered_when_it_was_sent_and_leaves_an_edit_alone() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        ana.says("mine").await;
        let mine = ana.sees("ana", "mine").await;
        bob.says("what did you see?").await;
        let asked = ana.sees("bob", "what did you see?").await;
        bob.says("and who was there?").await;
        let other = ana.sees("bob", "and who was there?").await;

        network(&ana, false, Some(1_000_000)).await;
        does(&ana, asked, "Reply").await;
        attaches(&ana, &[Given::new("one.bin", "", many_bytes(2_000_000))]).await;
        ana.says("this").await;
        ana.is_told("Sending when the upload is done.").await;
        // Another answer is begun meanwhile.
        does(&ana, other, "Reply").await;
        ana.reads("Replying to bob: and who was there?").await;
        sees_quotes(&bob, &["In answer to bob: what did you see?"]).await;
        stands(&ana, "").await;
        ana.reads("Replying to bob: and who was there?").await;
        ana.browser.press(&[ESCAPE]).await;
        ana.reads_no_more("Replying to").await;

        attaches(&ana, &[Given::new("two.bin", "", many_bytes(2_000_001))]).await;
        ana.says("and that").await;
        ana.is_told("Sending when the upload is done.").await;
        does(&ana, mine, "Edit").await;
        stands(&ana, "mine").await;
        ana.fills_in("Message", "my own").await;
        bob.reads("and that").await;
        has_attached(&ana, &[]).await;
        assert_eq!(ana.has_written("Message").await, "my own", "the edit goes on");
        ana.reads("Editing your line").await;
        ana.browser.press(&[ENTER]).await;
        bob.sees("ana", "my own").await;
        stands(&ana, "").await;
    });
}

#[test]
fn an_upload_outlives_the_hub() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.browser.expect_error("net::ERR");
        ana.browser.expect_error("WebSocket");
        let bytes = many_bytes(6_000_000);
        network(&ana, false, Some(2_000_000)).await;
        attaches(&ana, &[Given::new("long.bin", "", bytes.clone())]).await;
        is_under_way(&ana).await;
        stage.hub_mut().kill();
        ana.reads("waiting for the hub").await;
        network(&ana, false, None).await;
        stage.hub_mut().start_again();
        are_uploaded(&ana, 1).await;
        ana.is_connected().await;
        ana.says("here").await;
        downloads(&ana, stage.folder(), "long.bin", &bytes).await;
    });
}

#[test]
fn whatever_a_file_is_called_or_holds_it_harms_nobody() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        let script = b"<svg xmlns='http://www.w3.org/2000/svg'><script>document.title='hit'</script></svg>";
        let long = format!("{}.html", "x".repeat(250));
        attaches(
            &ana,
            &[
                Given::new("<img src=x onerror=alert(1)>.html", "text/html", *b"<script>document.title='hit'</script>"),
                Given::new("drawing.svg", "image/svg+xml", *script),
                Given::new("none.png", "image/png", *b"this is no picture"),
                Given::new("cod\u{202e}gpj.exe", "", *b"MZ"),
                Given::new(&long, "text/html", *b"<b>"),
                Given::new("thumbnail", "", *b"by this name"),
            ],
        )
        .await;
        are_uploaded(&ana, 6).await;
        ana.sees_all_of("files with evil names to send").await;
        ana.says("be careful").await;
        bob.reads("be careful").await;
        // What is in angle brackets is shown as the text it is, the mark of direction is gone.
        for name in ["img src=x onerror=alert(1).html", "drawing.svg", "none.png", "codgpj.exe", "thumbnail"] {
            let address = address(&bob, name).await;
            let fetched = bob.browser.fetch(&address).await;
            assert_eq!(fetched.status, 200, "{name}");
            assert_eq!(fetched.header("content-type"), Some("application/octet-stream"), "{name}");
            let way = fetched.header("content-disposition").unwrap_or_default();
            assert!(way.starts_with("attachment"), "{name}: {way}");
        }
        sees_pictures(&bob, &[]).await;
        let pictures = "return document.querySelectorAll('[role=log] img').length";
        assert_eq!(bob.browser.eval::<usize>(pictures, Vec::new()).await, 0, "none of them is drawn");
        bob.reads(&long[..20]).await;
        bob.sees_all_of("files with evil names").await;
        bob.browser.resize(PHONE).await;
        bob.sees_all_of("files with evil names on a telephone").await;
        bob.browser.resize(WIDE).await;
        assert!(bob.browser.title().await.contains("Hubbub"));
    });
}

#[test]
fn a_file_that_is_kept_no_longer_says_so() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.browser.expect_error("404");
        ana.browser.expect_error("WebSocket");
        ana.browser.expect_error("net::ERR");
        let files =
            [painted(&ana, "den.png", (640, 480), "teal").await, Given::new("notes.txt", "text/plain", *b"all of it")];
        attaches(&ana, &files).await;
        are_uploaded(&ana, 2).await;
        ana.says("look").await;
        sees_pictures(&ana, &[("den.png", 320, 240)]).await;
        stage.hub_mut().stop();
        fs::remove_dir_all(stage.folder().join("data/files")).expect("the hub's folder of files");
        stage.hub_mut().start_again();
        // The browser keeps what it has seen.
        ana.browser.devtools("Network.clearBrowserCache", json!({})).await;
        ana.browser.reload().await;
        ana.is_connected().await;
        ana.reads("This file is no longer kept.").await;
        let gone = "return [...document.querySelectorAll('[role=log] p.file .told')].length";
        address(&ana, "notes.txt").await;
        ana.browser.eval::<()>("document.querySelector('[role=log] a[download]').click()", Vec::new()).await;
        eventually("both are told to be gone", async || {
            Ok((ana.browser.try_eval::<usize>(gone, Vec::new()).await? == 2).then_some(()))
        })
        .await;
        ana.meets_no_barrier_anywhere("files that are gone").await;
    });
}

#[test]
fn a_browser_that_lost_the_key_to_files_gets_it_again() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let bob = stage.guest("bob").await;
        bob.browser.expect_error("401");
        let notes = Given::new("notes.txt", "text/plain", *b"all of it");
        attaches(&ana, &[notes]).await;
        are_uploaded(&ana, 1).await;
        ana.says("look").await;
        address(&bob, "notes.txt").await;
        bob.browser.page().delete_all_cookies().await.expect("a browser without cookies");
        downloads(&bob, stage.folder(), "notes.txt", b"all of it").await;
        // The next picture finds the new one.
        let picture = painted(&ana, "den.png", (640, 480), "teal").await;
        bob.browser.page().delete_all_cookies().await.expect("a browser without cookies");
        attaches(&ana, &[picture]).await;
        are_uploaded(&ana, 1).await;
        ana.says("and this").await;
        sees_pictures(&bob, &[("den.png", 320, 240)]).await;
    });
}
