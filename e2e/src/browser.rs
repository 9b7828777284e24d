//! One browser with a profile of its own: its page, its window, its console.

pub(crate) mod command;

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use fantoccini::actions::{InputSource, KeyAction, KeyActions, WheelAction, WheelActions};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::driver::Driver;
use crate::hub;
use crate::role::{self, Role};
use crate::{eventually, programs};

/// Chromium without a screen, as root, and with nothing in mind but the page.
const FLAGS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    // The machine's proxy is for the world outside.
    "--no-proxy-server",
    "--lang=en",
    "--force-color-profile=srgb",
];

/// A window as wide as a laptop's.
pub const WIDE: (u32, u32) = (1280, 800);

/// A telephone held upright.
pub const PHONE: (u32, u32) = (390, 844);

/// No transition is under way. What blinks for ever does not count.
const AT_REST: &str = "
    return innerWidth > 0 && document.getAnimations().every(one => !(one instanceof CSSTransition));";

/// The colours that the system asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Light,
    Dark,
}

/// A browser. Everything it does waits for the driver's answer.
pub struct Browser {
    page: Client,
    /// What its console may say although it is an error.
    expected: Mutex<Vec<String>>,
}

/// What a page's console received.
#[derive(Debug, Deserialize)]
struct Remark {
    level: String,
    message: String,
}

impl Browser {
    /// Starts one whose profile is kept in `profile`, which must be empty or not there.
    ///
    /// The hub's own name, and that of a site that pretends to be it, lead to this machine.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start(driver: &mut Driver, profile: &Path) -> Self {
        let mut flags: Vec<String> = FLAGS.map(str::to_owned).into();
        flags.push(format!("--user-data-dir={}", profile.display()));
        flags.push(format!("--host-resolver-rules=MAP {} 127.0.0.1, MAP *.example 127.0.0.1", hub::NAME));
        let wanted = json!({
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": { "binary": programs::chromium(), "args": flags },
        });
        let Value::Object(wanted) = wanted else { unreachable!("an object was written here") };
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let page = ClientBuilder::new(connector).capabilities(wanted).connect(&driver.url()).await;
        let page = page.expect("Chromium starts");

        let process = page.capabilities().and_then(|given| given.get("goog:processID")).and_then(Value::as_i64);
        let process = process.and_then(|process| i32::try_from(process).ok());
        driver.started(process.expect("the driver says which process it started"));
        let browser = Self { page, expected: Mutex::default() };
        browser.resize(WIDE).await;
        browser
    }

    /// The page as WebDriver has it.
    pub fn page(&self) -> &Client {
        &self.page
    }

    /// Goes to an address and waits until its page is loaded.
    ///
    /// # Panics
    /// If there is nothing at all to be loaded.
    pub async fn goto(&self, address: &str) {
        self.page.goto(address).await.expect("a page");
    }

    /// Ends the page as a browser does that loads it again.
    ///
    /// # Panics
    /// If it cannot be loaded.
    pub async fn reload(&self) {
        self.page.refresh().await.expect("the page once more");
    }

    /// What stands in the address bar.
    ///
    /// # Panics
    /// If the browser is gone.
    pub async fn address(&self) -> String {
        self.page.current_url().await.expect("an address").into()
    }

    /// What a function body returns in the page; its `arguments` are `given`.
    ///
    /// # Errors
    /// If it throws.
    ///
    /// # Panics
    /// If it returns something of another shape.
    pub async fn try_eval<T: DeserializeOwned>(&self, script: &str, given: Vec<Value>) -> Result<T, CmdError> {
        let value = self.page.execute(script, given).await?;
        Ok(serde_json::from_value(value).expect("a script returns what its caller expects"))
    }

    /// The same where it must not throw.
    ///
    /// # Panics
    /// If it does.
    pub async fn eval<T: DeserializeOwned>(&self, script: &str, given: Vec<Value>) -> T {
        self.try_eval(script, given).await.expect("a script that runs")
    }

    /// Waits until a function body returns something true in the page.
    ///
    /// # Panics
    /// If it never does.
    pub async fn until(&self, what: &str, script: &str) {
        eventually(what, async || Ok(self.try_eval::<Value>(script, Vec::new()).await?.as_bool().filter(|yes| *yes)))
            .await;
    }

    /// What has this role and name now, if anything has.
    ///
    /// # Panics
    /// If the page stands still at no moment.
    pub async fn find(&self, role: Role, name: &str) -> Option<Element> {
        eventually(format_args!("a page that stands still, to find {role:?} {name:?}"), async || {
            role::find(&self.page, role, name).await.map(Some)
        })
        .await
    }

    /// What has this role and name, once there is such a thing.
    ///
    /// # Panics
    /// If there never is.
    pub async fn the(&self, role: Role, name: &str) -> Element {
        eventually(format_args!("{role:?} {name:?}"), async || role::find(&self.page, role, name).await).await
    }

    /// Waits until nothing has this role and name.
    ///
    /// # Panics
    /// If something always has.
    pub async fn none(&self, role: Role, name: &str) {
        eventually(format_args!("no {role:?} {name:?} any more"), async || {
            Ok(role::find(&self.page, role, name).await?.is_none().then_some(()))
        })
        .await;
    }

    /// Clicks on it, once it is there and can be clicked on.
    ///
    /// # Panics
    /// If that never is so.
    pub async fn click(&self, role: Role, name: &str) {
        eventually(format_args!("{role:?} {name:?} to click on"), async || {
            let Some(element) = role::find(&self.page, role, name).await? else { return Ok(None) };
            element.click().await.map(Some)
        })
        .await;
    }

    /// What the keyboard speaks to: its role and name.
    ///
    /// # Panics
    /// If the page stands still at no moment.
    pub async fn focused(&self) -> (String, String) {
        eventually("a page that stands still, to see what has the focus", async || {
            let element = self.page.active_element().await?;
            let role = role::computed(&self.page, &element).await?;
            Ok(Some((role, role::label(&self.page, &element).await?)))
        })
        .await
    }

    /// Presses keys together and lets go of them, as fingers do: the last is the one that does something.
    ///
    /// # Panics
    /// If the browser is gone.
    pub async fn press(&self, keys: &[char]) {
        let down = keys.iter().map(|key| KeyAction::Down { value: *key });
        let up = keys.iter().rev().map(|key| KeyAction::Up { value: *key });
        self.keys(down.chain(up)).await;
    }

    /// Types on the keyboard, a key at a time, into whatever has the focus.
    ///
    /// # Panics
    /// If the browser is gone.
    pub async fn type_keys(&self, text: &str) {
        let strokes = text.chars().flat_map(|key| [KeyAction::Down { value: key }, KeyAction::Up { value: key }]);
        self.keys(strokes).await;
    }

    async fn keys(&self, actions: impl Iterator<Item = KeyAction>) {
        let keys = actions.fold(KeyActions::new("keyboard".to_owned()), InputSource::then);
        self.page.perform_actions(keys).await.expect("keys can be pressed");
    }

    /// Puts in a text at once, as a paste or an input method does.
    pub async fn insert(&self, text: &str) {
        self.devtools("Input.insertText", json!({ "text": text })).await;
    }

    /// Turns the wheel over an element; downwards is positive, in pixels.
    ///
    /// # Panics
    /// If it has no place on the screen.
    pub async fn wheel(&self, over: &Element, by: i64) {
        let (left, top, width, height) = over.rectangle().await.expect("an element on the screen");
        let (x, y) = ((left + width / 2.0) as i64, (top + height / 2.0) as i64);
        let turn = WheelAction::Scroll { duration: None, x, y, delta_x: 0, delta_y: by };
        self.page.perform_actions(WheelActions::new("wheel".to_owned()).then(turn)).await.expect("a wheel to turn");
    }

    /// Makes the page's window so many CSS pixels wide and high, and waits until its parts are where they go.
    pub async fn resize(&self, (width, height): (u32, u32)) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        self.rests().await;
    }

    /// Lets the system ask for light or dark.
    pub async fn prefer(&self, scheme: Scheme) {
        let value = match scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.devtools("Emulation.setEmulatedMedia", features).await;
        self.rests().await;
    }

    /// Stops the page as browsers stop one that nobody looks at: not a step of its script is run until it is
    /// woken, and nothing may be asked of it. Chromium ends its sockets, and says so in the console.
    pub async fn freeze(&self) {
        self.expect_error("Page entered Back-Forward Cache");
        self.devtools("Emulation.setFocusEmulationEnabled", json!({ "enabled": false })).await;
        self.devtools("Page.setWebLifecycleState", json!({ "state": "frozen" })).await;
    }

    /// Lets it go on, and looks at it.
    pub async fn wake(&self) {
        self.devtools("Page.setWebLifecycleState", json!({ "state": "active" })).await;
        self.devtools("Emulation.setFocusEmulationEnabled", json!({ "enabled": true })).await;
    }

    /// Closes the tab after another one was opened, in which nothing is opened yet.
    ///
    /// # Panics
    /// If the browser is gone.
    pub async fn to_new_tab(&self) {
        let fresh = self.page.new_window(true).await.expect("another tab").handle;
        self.page.close_window().await.expect("a tab that can be closed");
        self.page.switch_to_window(fresh).await.expect("the other tab");
    }

    /// Waits until nothing on the page is on its way to another place or colour.
    pub async fn rests(&self) {
        self.until("a page at rest", AT_REST).await;
    }

    /// A command of the Chrome DevTools Protocol, for what WebDriver cannot do.
    ///
    /// # Panics
    /// If the browser will not.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.page.issue_cmd(command::devtools(command, parameters)).await.expect(command)
    }

    /// A picture of the window, as PNG.
    ///
    /// # Errors
    /// If the browser is gone.
    pub async fn picture(&self) -> Result<Vec<u8>, CmdError> {
        self.page.screenshot().await
    }

    /// From now on errors in the console that hold `part` are what the test is about.
    pub fn expect_error(&self, part: &str) {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner).push(part.to_owned());
    }

    /// What went wrong on the page since this was last asked, by its console: what threw, what could not be
    /// loaded, what the content security policy forbade.
    ///
    /// # Errors
    /// If the browser is gone.
    ///
    /// # Panics
    /// If the driver has another idea of what a console holds.
    pub async fn errors(&self) -> Result<Vec<String>, CmdError> {
        let remarks = self.page.issue_cmd(command::console()).await?;
        let remarks: Vec<Remark> = serde_json::from_value(remarks).expect("remarks as ChromeDriver writes them");
        let expected = self.expected.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(remarks
            .into_iter()
            .filter(|remark| remark.level == "SEVERE" || remark.message.contains("Content Security Policy"))
            .map(|remark| remark.message)
            .filter(|message| !expected.iter().any(|part| message.contains(part)))
            .collect())
    }
}
