//! Everything is in sight, on a laptop and on a telephone.

use e2e::browser::{PHONE, Scheme, WIDE};
use e2e::{Person, Role, eventually, play};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use serde::Deserialize;
use serde_json::json;

/// The narrowest screen that WCAG 2.2, criterion 1.4.10, asks for.
const NARROW: (u32, u32) = (320, 640);

/// A telephone whose keyboard is shown.
const TYPING: (u32, u32) = (390, 400);

#[derive(Debug, Deserialize)]
struct Box {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

async fn place(person: &Person, element: &Element) -> Result<Box, CmdError> {
    let script = "const { left, top, right, bottom } = arguments[0].getBoundingClientRect(); return { left, top, right, bottom }";
    person.browser.try_eval(script, vec![json!(element)]).await
}

/// Waits until something is wholly in the window, and large enough to be read or touched.
async fn in_sight(person: &Person, (width, height): (u32, u32), role: Role, name: &str) -> Box {
    eventually(format_args!("{role:?} {name} is in sight at {width} × {height}"), async || {
        let element = person.browser.the(role, name).await;
        let Box { left, top, right, bottom } = place(person, &element).await?;
        let inside =
            left >= -0.5 && top >= -0.5 && right <= f64::from(width) + 0.5 && bottom <= f64::from(height) + 0.5;
        let large = right - left >= 24.0 && bottom - top >= 16.0;
        Ok((inside && large).then_some(Box { left, top, right, bottom }))
    })
    .await
}

/// What tries hardest to be wider than a screen.
fn unruly_lines() -> [String; 4] {
    [
        "W".repeat(600),
        format!("https://example.org/{}", "a".repeat(400)),
        format!("fn main() {{ println!(\"{}\"); }}", "x".repeat(200)),
        "字".repeat(300),
    ]
}

#[test]
fn nothing_sticks_out_to_the_side() {
    play(async |stage| {
        let long = stage.hub().native("an-extraordinarily-long-nickname").await;
        let ana = stage.person("ana").await;
        ana.opens(&stage.hub().page()).await;
        for size in [NARROW, PHONE, WIDE] {
            ana.browser.resize(size).await;
            for (role, name) in [(Role::Textbox, "Nick"), (Role::Textbox, "Cookie"), (Role::Button, "Join")] {
                in_sight(&ana, size, role, name).await;
            }
            ana.sees_all_of("the way in").await;
        }
        ana.fills_in("Cookie", &stage.hub().cookie()).await;
        ana.joins_as("ana").await;
        for line in unruly_lines() {
            long.say("lobby", &line).await.expect("a line said");
            ana.sees("an-extraordinarily-long-nickname", &line).await;
            long.private_message("ana", &line).await.expect("a line said");
        }
        let room = "a-room-whose-name-goes-on-and-on";
        ana.says(&format!("/join {room}")).await;
        ana.is_in(room).await;
        let sizes = [NARROW, PHONE, (700, 900), (1000, 700), WIDE];
        for size in sizes {
            ana.browser.resize(size).await;
            ana.sees_all_of("an empty room").await;
        }
        ana.goes_to("an-extraordinarily-long-nickname").await;
        for size in sizes {
            ana.browser.resize(size).await;
            ana.sees_all_of("a private conversation").await;
        }
        ana.goes_to("lobby").await;
        for command in ["/help", "/nodes", "/users", "/nonsense-that-goes-on"] {
            ana.says(command).await;
            for size in sizes {
                ana.browser.resize(size).await;
                ana.sees_all_of(command).await;
            }
            ana.fills_in("Message", "").await;
        }
    });
}

#[test]
fn the_composer_is_in_sight_at_every_size() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("hello").await;
        ana.sees("ana", "hello").await;
        for size in [NARROW, PHONE, TYPING, WIDE] {
            ana.browser.resize(size).await;
            in_sight(&ana, size, Role::Textbox, "Message").await;
            in_sight(&ana, size, Role::Button, "Send").await;
            in_sight(&ana, size, Role::Log, "lobby").await;
        }
        // Also when much is written in it.
        ana.writes(&"line\n".repeat(60)).await;
        for size in [NARROW, PHONE, TYPING, WIDE] {
            ana.browser.resize(size).await;
            in_sight(&ana, size, Role::Textbox, "Message").await;
            in_sight(&ana, size, Role::Button, "Send").await;
            in_sight(&ana, size, Role::Log, "lobby").await;
        }
    });
}

#[test]
fn a_wide_window_shows_rooms_talk_and_people_beside_each_other() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        let rooms = in_sight(&ana, WIDE, Role::List, "Rooms").await;
        let talk = in_sight(&ana, WIDE, Role::Log, "lobby").await;
        let people = in_sight(&ana, WIDE, Role::List, "People").await;
        assert!(rooms.right <= talk.left && talk.right <= people.left, "{rooms:?}, {talk:?}, {people:?}");
        assert!(talk.right - talk.left > 600.0, "most of it is for the talk");
    });
}

#[test]
fn a_telephone_has_rooms_and_people_in_drawers() {
    play(async |stage| {
        let _bob = stage.hub().native("bob").await;
        let ana = stage.guest("ana").await;
        ana.says("/join cellar").await;
        ana.is_in("cellar").await;
        ana.browser.resize(PHONE).await;
        for list in ["Rooms", "People"] {
            ana.browser.none(Role::List, list).await;
        }

        ana.browser.click(Role::Button, "Rooms").await;
        in_sight(&ana, PHONE, Role::List, "Rooms").await;
        ana.sees_all_of("the drawer with the rooms").await;
        ana.goes_to("lobby").await;
        ana.browser.none(Role::List, "Rooms").await;

        ana.browser.click(Role::Button, "People 2").await;
        in_sight(&ana, PHONE, Role::List, "People").await;
        ana.browser.click(Role::Button, "online: bob").await;
        ana.browser.click(Role::Button, "Write to bob").await;
        ana.is_in("bob").await;
        ana.browser.none(Role::List, "People").await;
        in_sight(&ana, PHONE, Role::Textbox, "Message").await;
    });
}

/// The text of a line and of a nick, the time beside them and the composer: how each stands out from what is behind
/// it (WCAG 2.2, section 1.4.3), and how light that is. A canvas turns whatever colour CSS knows into figures.
const CONTRASTS: &str = "
    const pen = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
    const figures = colour => {
        pen.clearRect(0, 0, 1, 1);
        pen.fillStyle = colour;
        pen.fillRect(0, 0, 1, 1);
        return [...pen.getImageData(0, 0, 1, 1).data];
    };
    const light = ([red, green, blue]) => {
        const [r, g, b] = [red, green, blue].map(part => part / 255)
            .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = part => {
        const paint = figures(getComputedStyle(part).backgroundColor);
        return paint[3] === 255 || !part.parentElement ? paint : behind(part.parentElement);
    };
    return [...document.querySelectorAll('[data-seq] bdi, [data-seq] .text p, [data-seq] time, textarea, main button[type=submit], nav li button')]
        .map(part => [light(figures(getComputedStyle(part).color)), light(behind(part))])
        .map(([text, ground]) => [(Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05), ground]);";

#[test]
fn light_and_dark_come_from_the_system_and_both_can_be_read() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.says("can you read this?").await;
        ana.sees("ana", "can you read this?").await;
        for scheme in [Scheme::Light, Scheme::Dark] {
            ana.browser.prefer(scheme).await;
            let contrasts: Vec<(f64, f64)> = ana.browser.eval(CONTRASTS, Vec::new()).await;
            assert!(contrasts.len() >= 6, "all that was asked about: {contrasts:?}");
            assert!(contrasts.iter().all(|(contrast, _)| *contrast >= 4.5), "{scheme:?}: {contrasts:?}");
            let (_, paper) = contrasts[0];
            assert_eq!(paper > 0.5, scheme == Scheme::Light, "{scheme:?}: {contrasts:?}");
        }
    });
}
