//! Who is called hears of it, and nobody else does.

use e2e::{Person, Role, eventually, play};

/// Notes each notification in place of showing it.
const WATCH: &str = "
    window.shown = [];
    const permission = () => 'granted';
    window.Notification = class {
        constructor(title, options) { window.shown.push(`${title}: ${options.body}`); }
        static get permission() { return permission(); }
        static requestPermission(answer) { answer('granted'); return Promise.resolve('granted'); }
        close() {}
    };";

/// One who wants notifications, in another tab.
async fn looks_elsewhere(person: &Person) {
    person.browser.eval::<()>(WATCH, Vec::new()).await;
    person.browser.click(Role::Button, "Settings").await;
    person.browser.click(Role::Checkbox, "Show notifications of this device").await;
    person.browser.click(Role::Button, "Close").await;
    person.browser.hide().await;
}

async fn is_shown(person: &Person, wanted: &[&str]) {
    eventually(format_args!("{} is shown {wanted:?}", person.name), async || {
        let shown: Vec<String> = person.browser.try_eval("return window.shown", Vec::new()).await?;
        Ok((shown == wanted).then_some(()))
    })
    .await;
}

async fn has_badge(person: &Person, colour: Option<&str>) {
    eventually(format_args!("the icon of {} has the badge {colour:?}", person.name), async || {
        let icon = person.browser.icon().await.unwrap_or_default();
        let has = icon.starts_with("data:");
        Ok(colour.map_or(!has, |colour| has && icon.contains(colour)).then_some(()))
    })
    .await;
}

#[test]
fn a_mention_and_a_whisper_call_and_plain_talk_does_not() {
    play(async |stage| {
        let bob = stage.hub().native("bob").await;
        let ana = stage.guest("ana").await;
        looks_elsewhere(&ana).await;
        bob.say("lobby", "tea?").await.expect("a line said");
        ana.has_title("(1)").await;
        has_badge(&ana, Some("e0b15c")).await;
        bob.say("lobby", "@ana **tea**?").await.expect("a line said");
        is_shown(&ana, &["bob in #lobby: @ana tea?"]).await;
        has_badge(&ana, Some("c8321f")).await;
        bob.private_message("ana", "psst").await.expect("a whisper");
        is_shown(&ana, &["bob in #lobby: @ana tea?", "bob: psst"]).await;
        ana.browser.unhide().await;
        ana.goes_to("bob").await;
        ana.goes_to("lobby").await;
        has_badge(&ana, None).await;
    });
}

#[test]
fn who_reads_it_on_another_device_is_not_called_on_this_one() {
    play(async |stage| {
        let bob = stage.hub().native("bob").await;
        let ana = stage.guest("ana").await;
        let page = ana.browser.page();
        let first = page.window().await.expect("a tab");
        ana.browser.eval::<()>(WATCH, Vec::new()).await;
        ana.browser.click(Role::Button, "Settings").await;
        ana.browser.click(Role::Checkbox, "Show notifications of this device").await;
        ana.browser.click(Role::Button, "Close").await;
        // A tab that nobody looks at, and one that somebody does.
        let second = page.new_window(true).await.expect("a second tab").handle;
        page.switch_to_window(second).await.expect("the second tab");
        ana.opens(&stage.hub().page()).await;
        ana.is_in("lobby").await;
        bob.say("lobby", "@ana seen").await.expect("a line said");
        ana.sees("bob", "@ana seen").await;
        ana.has_unread("lobby", 0).await;
        page.switch_to_window(first).await.expect("the first tab");
        // What comes later calls, so that the first would have been shown by then.
        ana.has_unread("lobby", 0).await;
        is_shown(&ana, &[]).await;
    });
}

#[test]
fn plain_http_says_what_it_withholds() {
    play(async |stage| {
        let ana = stage.guest("ana").await;
        ana.browser
            .eval::<()>("Object.defineProperty(window, 'isSecureContext', { get: () => false })", Vec::new())
            .await;
        ana.browser.click(Role::Button, "Settings").await;
        ana.reads("browsers withhold notifications").await;
        assert!(ana.browser.find(Role::Checkbox, "Show notifications of this device").await.is_none());
    });
}
