//! Commands of WebDriver, and of ChromeDriver beyond it, that fantoccini does not know.

use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use serde_json::{Value, json};
use url::{ParseError, Url};

/// Asks for something below the session's address.
#[derive(Debug)]
pub(crate) struct Get(pub(crate) String);

/// Tells the session something.
#[derive(Debug)]
pub(crate) struct Post {
    path: &'static str,
    body: Value,
}

/// A command of the Chrome DevTools Protocol.
pub(crate) fn devtools(command: &str, parameters: Value) -> Post {
    let mut body = json!({ "cmd": command });
    body["params"] = parameters;
    Post { path: "goog/cdp/execute", body }
}

/// What the page's console has received since this was last asked.
pub(crate) fn console() -> Post {
    Post { path: "se/log", body: json!({ "type": "browser" }) }
}

impl WebDriverCompatibleCommand for Get {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        below(base, session, &self.0)
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::GET, None)
    }
}

impl WebDriverCompatibleCommand for Post {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        below(base, session, self.path)
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

fn below(base: &Url, session: Option<&str>, path: &str) -> Result<Url, ParseError> {
    base.join(&format!("session/{}/{path}", session.unwrap_or_default()))
}
