//! The client can be installed, and opens while the hub is away.

use e2e::browser::{Fetched, PHONE};
use e2e::understudy::Understudy;
use e2e::{Person, Role, Stage, hub, play};
use serde_json::{Value, json};

/// What Chromium's console says of whatever leads to a hub that is not there.
const NO_HUB: [&str; 3] = ["WebSocket connection to", "ERR_CONNECTION_REFUSED", "ERR_EMPTY_RESPONSE"];

const LOST: &str = "The connection to the hub is lost";

/// Whether the client is kept, and comes out of what is kept.
const KEPT: &str = "return navigator.serviceWorker.controller?.state === 'activated'";

/// The paths of all that is kept, in order, and what it is kept under.
const HELD: &str = "
    return caches.keys().then(async names => {
        const caught = await Promise.all(names.map(async name => (await caches.open(name)).keys()));
        return [names, caught.flat().map(({ url }) => url.replace(location.origin, '')).sort()];
    });";

/// Someone who is in, whose browser keeps the client.
async fn regular(stage: &mut Stage, link: &str) -> Person {
    let ana = stage.person("ana").await;
    for error in NO_HUB {
        ana.browser.expect_error(error);
    }
    ana.opens(link).await;
    ana.joins_as("ana").await;
    ana.browser.until("the client to be kept", KEPT).await;
    ana
}

async fn held(ana: &Person) -> (Vec<String>, Vec<String>) {
    ana.browser.eval(HELD, Vec::new()).await
}

#[test]
fn it_can_be_installed() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.browser.until("the client to be kept", KEPT).await;
        let manifest = ana.browser.devtools("Page.getAppManifest", json!({})).await;
        assert_eq!(manifest["errors"], json!([]));
        let named: Value = serde_json::from_str(manifest["data"].as_str().expect("a manifest")).expect("JSON");
        assert_eq!((&named["display"], &named["start_url"]), (&json!("standalone"), &json!("/")));
        for icon in named["icons"].as_array().expect("icons") {
            let source = icon["src"].as_str().expect("an address");
            let Fetched { status, .. } = ana.browser.fetch(source).await;
            assert_eq!(status, 200, "{icon}");
            // Its size is what the manifest says.
            let size: String = ana
                .browser
                .eval(
                    "const icon = new Image();
                    icon.src = arguments[0];
                    return icon.decode().then(() => `${icon.naturalWidth}x${icon.naturalHeight}`);",
                    vec![json!(source)],
                )
                .await;
            assert!(icon["sizes"] == json!("any") || icon["sizes"] == json!(size), "{icon} is {size}");
        }
        let lacks = ana.browser.devtools("Page.getInstallabilityErrors", json!({})).await;
        assert_eq!(lacks["installabilityErrors"], json!([]));
    });
}

#[test]
fn a_page_loaded_without_the_hub_is_the_client_and_what_is_said_in_it_arrives() {
    play(async |stage| {
        let link = stage.hub().link().to_owned();
        let ana = regular(stage, &link).await;
        ana.says("before").await;
        ana.sees("ana", "before").await;
        stage.hub_mut().stop();
        ana.browser.reload().await;
        ana.is_in("lobby").await;
        ana.is_told(LOST).await;
        ana.says("while it is away").await;
        // And once more, for what was said here is kept as well.
        ana.browser.reload().await;
        ana.reads("while it is away").await;

        stage.hub_mut().start_again();
        ana.sees("ana", "before").await;
        ana.sees("ana", "while it is away").await;
        let lines: Vec<String> = ana.lines().await.into_iter().map(|line| line.text).collect();
        assert_eq!(lines, ["before", "while it is away"], "each once");
    });
}

#[test]
fn a_hub_that_does_not_answer_is_not_waited_for() {
    play(async |stage| {
        let front = Understudy::before(stage.hub_mut()).await;
        let ana = regular(stage, &front.link(stage.hub())).await;
        front.hangs("/");
        front.hangs("/ws");
        ana.browser.reload().await;
        ana.is_in("lobby").await;
    });
}

#[test]
fn only_the_client_is_kept() {
    play(async |stage| {
        let link = stage.hub().link().to_owned();
        let ana = regular(stage, &link).await;
        ana.says("nobody keeps this").await;
        ana.sees("ana", "nobody keeps this").await;
        ana.browser.reload().await;
        ana.sees("ana", "nobody keeps this").await;
        assert_eq!(ana.browser.fetch("/health").await.status, 200);

        // Also what is fetched when it is first wanted, or ahead.
        ana.has_fetched_ahead().await;
        let (names, paths) = e2e::eventually("the names of emoji are kept", async || {
            let (names, paths) = held(&ana).await;
            Ok(paths.iter().any(|path| path == "/emoji.txt").then_some((names, paths)))
        })
        .await;
        assert_eq!(names.len(), 1, "{names:?}");
        for path in &paths {
            let is_client = path == "/"
                || [".js", ".wasm", ".svg", ".png", ".txt", ".webmanifest"].iter().any(|end| path.ends_with(end));
            assert!(is_client && path != "/worker.js", "{path}");
        }
        for part in ["/", "/emoji.txt"] {
            assert!(paths.iter().any(|path| path == part), "{part} in {paths:?}");
        }
        let cookie = stage.hub().cookie();
        assert!(!paths.iter().any(|path| path.contains(&cookie)), "{paths:?}");
    });
}

#[test]
fn a_new_version_is_told_of_and_waits_for_the_person() {
    play(async |stage| {
        let front = Understudy::before(stage.hub_mut()).await;
        let ana = regular(stage, &front.link(stage.hub())).await;
        let (old, _) = held(&ana).await;
        ana.writes("half a line").await;
        let () = ana.browser.eval("window.loaded = 'once'", Vec::new()).await;

        // Another hub has taken this one's place: its client has another script.
        let worker = front.original("/worker.js").await;
        let script = worker.split('"').find(|part| part.ends_with(".js")).expect("the client's script").to_owned();
        let worker = worker.replace(&script, "/web-next.js").replace("const VERSION = \"", "const VERSION = \"next");
        front.says("/web-next.js", "text/javascript", "next()");
        front.says("/worker.js", "text/javascript", &worker);
        stage.hub_mut().stop();
        stage.hub_mut().start_again();
        ana.is_told("A new version is ready.").await;
        ana.meets_no_barrier("the notice of a new version").await;
        let (new, paths) = held(&ana).await;
        assert!(new.len() == 1 && new != old, "what was kept before is gone: {new:?}");
        assert!(paths.iter().any(|path| path == "/web-next.js"), "{paths:?}");

        // Nothing happens by itself.
        assert_eq!(ana.browser.eval::<String>("return window.loaded", Vec::new()).await, "once");
        assert_eq!(ana.has_written("Message").await, "half a line");
        ana.browser.click(Role::Button, "Reload").await;
        ana.browser.until("the page to be another one", "return window.loaded === undefined").await;
        ana.is_in("lobby").await;
        assert_eq!(ana.has_written("Message").await, "half a line");
    });
}

/// Everything that can be used and is within the window, but not where a screen may be cut off or covered, given as four
/// insets: the name, and the box.
const AT_THE_EDGE: &str = "
    const [top, right, bottom, left] = arguments[0];
    const shown = part => {
        const { x, y, width, height } = part.getBoundingClientRect();
        const at = document.elementFromPoint(x + width / 2, y + height / 2);
        return width > 1 && part.contains(at);
    };
    return [...document.querySelectorAll('button:not(.scrim), input, textarea, a[href]')].filter(shown).flatMap(part => {
        const box = part.getBoundingClientRect();
        const clear = box.top >= top && box.left >= left && box.right <= innerWidth - right
            && box.bottom <= innerHeight - bottom;
        const name = part.ariaLabel ?? part.textContent;
        return clear ? [] : [`${name}: ${[box.left, box.top, box.right, box.bottom].map(Math.round)}`];
    });";

#[test]
fn nothing_to_use_lies_where_a_screen_is_round_or_covered() {
    play(async |stage| {
        let ana = stage.person("ana").await;
        ana.opens(stage.hub().link()).await;
        // A phone with a notch: upright, and lying on its side.
        for (size, [top, right, bottom, left]) in [(PHONE, [47, 0, 34, 0]), ((844, 390), [0, 47, 21, 47])] {
            ana.browser.resize(size).await;
            let insets = json!({ "insets": { "top": top, "right": right, "bottom": bottom, "left": left } });
            ana.browser.devtools("Emulation.setSafeAreaInsetsOverride", insets).await;
            let clear = async |screen: &str| {
                ana.browser.rests().await;
                let edge: Vec<String> = ana.browser.eval(AT_THE_EDGE, vec![json!([top, right, bottom, left])]).await;
                assert_eq!(edge, [""; 0], "{screen} at {size:?}");
            };
            if ana.browser.find(Role::Button, "Join").await.is_some() {
                clear("the way in").await;
                ana.joins_as("ana").await;
            }
            ana.browser.the(Role::Textbox, "Message").await;
            clear("the talk").await;
            for (drawer, close) in [("Rooms", ".rooms .drawer-close"), ("People", ".people .drawer-close")] {
                let opener = format!("document.querySelector('.for-{}')", drawer.to_lowercase());
                let is_drawer: bool = ana.browser.eval(&format!("return {opener}.offsetWidth > 0"), Vec::new()).await;
                if is_drawer {
                    let () = ana.browser.eval(&format!("{opener}.click()"), Vec::new()).await;
                    clear(drawer).await;
                    let () = ana.browser.eval(&format!("document.querySelector('{close}').click()"), Vec::new()).await;
                }
            }
            let () = ana.browser.eval("document.querySelector('#message').focus()", Vec::new()).await;
        }
    });
}

#[test]
fn the_settings_tell_what_plain_http_withholds() {
    play(async |stage| {
        let ana = stage.person("ana").await;
        ana.opens(&stage.hub().link().replace("localhost", hub::NAME)).await;
        ana.joins_as("ana").await;
        ana.browser.click(Role::Button, "Settings").await;
        ana.reads("This page came over plain HTTP, and so browsers neither install it").await;

        let bob = stage.guest("bob").await;
        bob.browser.click(Role::Button, "Settings").await;
        bob.reads("opens it while the hub is away").await;
    });
}

#[test]
fn what_a_browser_offers_to_install_is_a_button_in_the_settings() {
    play(async |stage| {
        // No browser offers it over plain HTTP, so nothing but the test does.
        let ana = stage.person("ana").await;
        ana.opens(&stage.hub().link().replace("localhost", hub::NAME)).await;
        ana.joins_as("ana").await;
        ana.browser.click(Role::Button, "Settings").await;
        ana.browser.the(Role::Button, "Close").await;
        assert!(ana.browser.find(Role::Button, "Install Hubbub").await.is_none());
        let () = ana
            .browser
            .eval(
                "const offer = new Event('beforeinstallprompt', { cancelable: true });
                offer.prompt = () => { window.asked = true; return Promise.reject(new Error('dismissed')); };
                dispatchEvent(offer);",
                Vec::new(),
            )
            .await;
        ana.browser.click(Role::Button, "Install Hubbub").await;
        ana.browser.until("the browser to ask", "return window.asked").await;
        // It may be asked once.
        ana.browser.none(Role::Button, "Install Hubbub").await;
    });
}
