//! One browser with a profile of its own: its page and its console.
//!
//! | module | what it holds |
//! |---|---|
//! | `finding` | what is on the page, by role and name |
//! | `hands` | keys, mouse and wheel |
//! | `screen` | the window, what the system asks pages for, and whether anybody looks |
//! | `files` | files given to the page, and got from it |
//! | `command` | commands that fantoccini does not know |

pub(crate) mod command;
mod files;
mod finding;
mod hands;
mod screen;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use fantoccini::error::CmdError;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::driver::Driver;
use crate::hub;
use crate::{eventually, programs};

pub use files::{Fetched, Given};
pub use finding::Region;
use screen::Asked;
pub use screen::{PHONE, Scheme, WIDE};

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

/// A browser. Everything it does waits for the driver's answer.
pub struct Browser {
    page: Client,
    /// What its console may say although it is an error.
    expected: Mutex<Vec<String>>,
    /// What the system asks pages for, as far as a test has said.
    asked: Mutex<Asked>,
    /// The tab in front of this one while it is hidden.
    cover: Mutex<Option<String>>,
    process: i32,
    killed: AtomicBool,
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
        let process = process.expect("the driver says which process it started");
        driver.started(process);
        let browser = Self {
            page,
            expected: Mutex::default(),
            asked: Mutex::default(),
            cover: Mutex::default(),
            process,
            killed: AtomicBool::new(false),
        };
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

    /// SIGKILL: neither the page nor the browser gets a chance to say good-bye. Nothing may be asked of it afterwards.
    ///
    /// # Panics
    /// If it is gone already.
    pub fn kill(&self) {
        self.killed.store(true, Ordering::Relaxed);
        let process = Pid::from_raw(self.process).expect("a process id");
        kill_process(process, Signal::KILL).expect("a process of ours");
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

    /// Closes the tab after another one was opened, in which nothing is opened yet.
    ///
    /// # Panics
    /// If the browser is gone.
    pub async fn to_new_tab(&self) {
        let fresh = self.page.new_window(true).await.expect("another tab").handle;
        self.page.close_window().await.expect("a tab that can be closed");
        self.page.switch_to_window(fresh).await.expect("the other tab");
    }

    /// Answers what a site asks to be allowed, `notifications` say, before it asks.
    pub async fn allow(&self, what: &str, allowed: bool) {
        let origin: String = self.eval("return location.origin", Vec::new()).await;
        let setting = if allowed { "granted" } else { "denied" };
        let answer = json!({ "permission": { "name": what }, "setting": setting, "origin": origin });
        self.devtools("Browser.setPermission", answer).await;
    }

    /// The title in the tab.
    ///
    /// # Panics
    /// If the browser is gone.
    pub async fn title(&self) -> String {
        self.page.title().await.expect("a title")
    }

    /// The address of the picture in the tab: of the last one that the page names.
    pub async fn icon(&self) -> Option<String> {
        self.eval("return [...document.querySelectorAll('link[rel~=icon]')].at(-1)?.href", Vec::new()).await
    }

    /// Changes what stands behind the `#` of the address, as a link within the page does.
    pub async fn goto_fragment(&self, fragment: &str) {
        self.eval::<()>("location.hash = arguments[0]", vec![json!(fragment)]).await;
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
        if self.killed.load(Ordering::Relaxed) {
            return Ok(Vec::new());
        }
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
