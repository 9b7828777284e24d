//! A new hub explains itself, and others are brought in by a link, a code or a paste.

use e2e::browser::{PHONE, Scheme, WIDE};
use e2e::understudy::Understudy;
use e2e::{Browser, Role, Stage, hub, keys, play, play_with};
use rqrr::PreparedImage;

const WELCOME: &str = "Welcome to Hubbub";
const LINK: &str = "Invitation link";
const CODE: &str = "QR code of the invitation link";

/// The code as it is drawn, large enough for a reader: its side in pixels, and how light each of them is.
const DRAWN: &str = "
    const code = document.querySelector('.scan img');
    const side = code.width * 2;
    const canvas = Object.assign(document.createElement('canvas'), { width: side, height: side });
    const pen = canvas.getContext('2d');
    return code.decode().then(() => {
        pen.drawImage(code, 0, 0, side, side);
        const { data } = pen.getImageData(0, 0, side, side);
        return [side, Array.from({ length: side * side }, (_, at) => data[4 * at])];
    });";

/// What a telephone reads out of the code on the page.
async fn scanned(browser: &Browser) -> String {
    browser.the(Role::Image, CODE).await;
    let (side, light): (usize, Vec<u8>) = browser.eval(DRAWN, Vec::new()).await;
    let mut picture = PreparedImage::prepare_from_greyscale(side, side, |x, y| light[y * side + x]);
    let codes = picture.detect_grids();
    assert_eq!(codes.len(), 1, "one code in the picture");
    codes[0].decode().expect("a code that can be read").1
}

/// The invitation link as others on the network use it.
fn from_elsewhere(stage: &Stage) -> String {
    stage.hub().link().replace("localhost", hub::NAME)
}

#[test]
fn an_empty_hub_welcomes_and_the_first_line_ends_that_for_good() {
    play(async |stage| {
        let ana = stage.person("ana").await;
        ana.opens(&from_elsewhere(stage)).await;
        ana.joins_as("ana").await;
        ana.browser.the(Role::Heading, WELCOME).await;
        for part in ["belongs to this network", "on that machine's disk", "Bring others in with this link"] {
            ana.reads(part).await;
        }
        let host: String =
            ana.browser.eval("return document.querySelector('.beginning .machine').textContent", Vec::new()).await;
        assert_eq!(host, hub::NAME, "where the log is");

        ana.says("the first line").await;
        ana.sees("ana", "the first line").await;
        ana.browser.none(Role::Heading, WELCOME).await;
        ana.browser.reload().await;
        ana.sees("ana", "the first line").await;
        ana.says("/join cellar").await;
        ana.browser.the(Role::Heading, "Nothing has been said in cellar yet").await;
        assert!(ana.browser.find(Role::Heading, WELCOME).await.is_none(), "the hub is not empty any more");
    });
}

#[test]
fn a_hub_that_keeps_nothing_says_so() {
    play_with(&["--ephemeral"], async |stage| {
        let ana = stage.guest("ana").await;
        ana.browser.the(Role::Heading, WELCOME).await;
        ana.reads("This hub keeps nothing: what is written is gone when it stops.").await;
        assert!(!ana.has_on_page("disk").await);
    });
}

#[test]
fn who_scans_the_code_is_let_in() {
    play(async |stage| {
        let link = from_elsewhere(stage);
        let ana = stage.person("ana").await;
        ana.opens(&link).await;
        ana.joins_as("ana").await;
        assert_eq!(ana.has_written(LINK).await, link);
        for scheme in [Scheme::Light, Scheme::Dark] {
            ana.browser.prefer(scheme).await;
            assert_eq!(scanned(&ana.browser).await, link, "{scheme:?}");
        }

        let bob = stage.person("bob").await;
        bob.opens(&scanned(&ana.browser).await).await;
        bob.joins_as("bob").await;
        bob.says("that was quick").await;
        ana.sees("bob", "that was quick").await;

        // It can be had later as well.
        ana.browser.click(Role::Button, "Invite someone").await;
        assert_eq!(scanned(&ana.browser).await, link);
        ana.browser.press(&[keys::ESCAPE]).await;
        ana.browser.none(Role::Image, CODE).await;
    });
}

#[test]
fn the_link_is_copied_on_plain_http() {
    play(async |stage| {
        let link = from_elsewhere(stage);
        let ana = stage.person("ana").await;
        ana.opens(&link).await;
        ana.joins_as("ana").await;
        let secure: bool = ana.browser.eval("return isSecureContext", Vec::new()).await;
        assert!(!secure);
        ana.browser.click(Role::Button, "Copy link").await;
        ana.is_told("The link is copied.").await;
        assert_eq!(ana.browser.focused().await, ("button".to_owned(), "Copied".to_owned()), "the focus stays");
        ana.browser.the(Role::Button, "Copy link").await;
        ana.browser.click(Role::Textbox, "Message").await;
        ana.browser.press(&[keys::CONTROL, 'v']).await;
        ana.browser.until("what was copied", "return document.querySelector('#message').value !== ''").await;
        assert_eq!(ana.has_written("Message").await, link);
    });
}

#[test]
fn a_link_for_this_device_alone_is_said_to_be_one() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.browser.the(Role::Heading, WELCOME).await;
        // This hub listens on loopback.
        ana.reads("This link works on this device alone").await;
        assert_eq!(ana.has_written(LINK).await, stage.hub().link());
        assert!(ana.browser.find(Role::Image, CODE).await.is_none(), "a code that leads nobody here");
    });
}

#[test]
fn on_its_own_machine_the_hub_tells_by_which_address_others_come() {
    play(async |stage| {
        let front = Understudy::before(stage.hub_mut()).await;
        front.says("/addresses", "text/plain", "http://192.0.2.7:4000/\nhttp://192.0.2.8:4000/\n");
        let ana = stage.person("ana").await;
        ana.opens(&front.link(stage.hub())).await;
        ana.joins_as("ana").await;
        let link = format!("http://192.0.2.7:4000/#cookie={}", stage.hub().cookie());
        assert_eq!(scanned(&ana.browser).await, link);
        assert_eq!(ana.has_written(LINK).await, link);
        ana.reads("The hub also answers at 192.0.2.8:4000.").await;
    });
}

#[test]
fn the_welcome_and_the_invitation_bar_nobody() {
    play(async |stage| {
        let ana = stage.person("ana").await;
        ana.opens(&from_elsewhere(stage)).await;
        ana.joins_as("ana").await;
        ana.browser.the(Role::Image, CODE).await;
        ana.meets_no_barrier_anywhere("the welcome").await;
        ana.says("a line").await;
        ana.browser.none(Role::Heading, WELCOME).await;
        ana.browser.click(Role::Button, "Invite someone").await;
        ana.browser.the(Role::Image, CODE).await;
        for size in [WIDE, PHONE] {
            ana.browser.resize(size).await;
            ana.sees_all_of("the invitation").await;
        }
        ana.meets_no_barrier_in_any_light("the invitation").await;
    });
}
