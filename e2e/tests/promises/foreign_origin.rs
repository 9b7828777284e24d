//! No other site's page can use the hub.

use e2e::elsewhere::Elsewhere;
use e2e::{Person, Role, hub, play, request};
use fantoccini::error::CmdError;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};

/// Tries to get at a hub, and tells what came of each way.
const TRY: &str = "
    const [hub, done] = arguments;
    const socket = () => new Promise(end => {
        const socket = new WebSocket(hub.replace('http', 'ws') + 'ws', 'hubbub.v1');
        socket.onopen = () => end('open');
        socket.onclose = () => end('closed');
    });
    const read = options => fetch(hub + 'health', options).then(
        async answer => answer.type === 'opaque' ? 'opaque' : await answer.text(),
        () => 'refused');
    Promise.all([socket(), read({}), read({ mode: 'no-cors' })]).then(done);";

async fn tries(person: &Person, hub: &str) -> Vec<String> {
    let page: &Client = person.browser.page();
    let tried: Result<Value, CmdError> = page.execute_async(TRY, vec![json!(hub)]).await;
    serde_json::from_value(tried.expect("a script that runs")).expect("three answers")
}

#[test]
fn a_page_from_elsewhere_opens_no_socket_and_reads_nothing() {
    play(async |stage| {
        let mallory = stage.person("mallory").await;
        // Chromium's console says what was refused.
        mallory.browser.expect_error("");
        let hub = stage.hub().page();

        // On the hub's own page all of it works: the same script proves something elsewhere.
        mallory.opens(&hub).await;
        let [socket, read, blind] = &tries(&mallory, &hub).await[..] else { panic!("three answers") };
        assert_eq!(socket, "open");
        assert!(read.contains("\"ok\"") && blind.contains("\"ok\""), "{read}, {blind}");

        let elsewhere = Elsewhere::serve("<!doctype html><title>elsewhere</title>".to_owned()).await;
        mallory.opens(&elsewhere.page()).await;
        for way in [hub.clone(), hub.replace("localhost", "127.0.0.1")] {
            let [socket, read, blind] = &tries(&mallory, &way).await[..] else { panic!("three answers") };
            assert_eq!((socket.as_str(), read.as_str()), ("closed", "refused"), "{way}");
            assert_ne!(blind, "open", "{way}");
        }

        // A page without any origin is no better.
        mallory.opens("data:text/html,nowhere").await;
        let [socket, read, _] = &tries(&mallory, &hub).await[..] else { panic!("three answers") };
        assert_eq!((socket.as_str(), read.as_str()), ("closed", "refused"));
    });
}

#[test]
fn a_page_from_elsewhere_cannot_show_the_hub_as_its_own() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.browser.expect_error("frame-ancestors");
        let frame = format!("<!doctype html><title>a game</title><iframe src=\"{}\"></iframe>", stage.hub().page());
        let elsewhere = Elsewhere::serve(frame).await;
        ana.opens(&elsewhere.page()).await;
        let page = ana.browser.page();
        page.find(Locator::Css("iframe")).await.expect("the frame").enter_frame().await.expect("to look into it");
        let inside = page.source().await.expect("what is in it");
        assert!(!inside.contains("wasm") && !inside.contains("Hubbub"), "{inside}");
    });
}

#[test]
fn a_name_that_was_made_to_lead_here_is_turned_away() {
    play(async |stage| {
        let victim = stage.person("victim").await;
        victim.browser.expect_error("403");
        let port = stage.hub().address().port();
        let rebound = format!("http://rebound.example:{port}/");
        victim.opens(&rebound).await;
        let status: u16 = victim
            .browser
            .eval("return performance.getEntriesByType('navigation')[0].responseStatus", Vec::new())
            .await;
        assert_eq!(status, 403);
        assert!(victim.has_on_page("does not answer to the host").await, "it says why");
        assert!(victim.browser.find(Role::Textbox, "Nick").await.is_none());

        let [socket, read, _] = &tries(&victim, &rebound).await[..] else { panic!("three answers") };
        assert_eq!(socket, "closed");
        assert!(!read.contains("\"ok\""), "{read}");
    });
}

#[test]
fn every_path_is_behind_the_gate() {
    play(async |stage| {
        let (address, own) = (stage.hub().address(), format!("{}:{}", hub::NAME, stage.hub().address().port()));
        for path in ["/", "/ws", "/health", "/index.html", "/none"] {
            let rebound = request::get(address, path, &[("Host", "rebound.example")]).await;
            assert_eq!(rebound.status, 403, "{path}");
            let foreign = [("Host", own.as_str()), ("Origin", "http://elsewhere.example")];
            assert_eq!(request::get(address, path, &foreign).await.status, 403, "{path}");
            let home = request::get(address, path, &[("Host", &own)]).await;
            assert_ne!(home.status, 403, "{path}");
        }
    });
}
