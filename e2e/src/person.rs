//! Someone at a browser: what they do, and what they see.

mod barriers;
mod console;
mod places;
mod sight;

use std::sync::Arc;

use crate::keys::{CONTROL, ENTER};
use crate::{Browser, Role};

pub use console::Said;
pub use places::{Listed, Present};
pub use sight::Line;

/// Someone at a browser. What they do is done when the browser has done it; what they see is waited for.
#[derive(Clone)]
pub struct Person {
    pub name: String,
    pub browser: Arc<Browser>,
}

impl Person {
    pub(crate) fn new(name: &str, browser: Arc<Browser>) -> Self {
        Self { name: name.to_owned(), browser }
    }

    /// Goes to an address.
    pub async fn opens(&self, address: &str) {
        self.browser.goto(address).await;
    }

    /// Joins under a nick that is free, and then is in the lobby.
    pub async fn joins_as(&self, nick: &str) {
        self.asks_for(nick).await;
        self.is_in("lobby").await;
    }

    /// Asks for a nick, which may be refused.
    pub async fn asks_for(&self, nick: &str) {
        self.fills_in("Nick", nick).await;
        self.browser.click(Role::Button, "Join").await;
    }

    /// Puts a text into a field, in place of what stands there.
    pub async fn fills_in(&self, field: &str, text: &str) {
        self.browser.click(Role::Textbox, field).await;
        self.browser.press(&[CONTROL, 'a']).await;
        self.browser.insert(text).await;
    }

    /// Puts a text into the composer, behind what stands there.
    pub async fn writes(&self, text: &str) {
        self.browser.click(Role::Textbox, "Message").await;
        self.browser.insert(text).await;
    }

    /// Writes a line or a command, and presses Enter.
    pub async fn says(&self, text: &str) {
        self.writes(text).await;
        self.browser.press(&[ENTER]).await;
    }

    /// What stands in a field.
    ///
    /// # Panics
    /// If there is no such field.
    pub async fn has_written(&self, field: &str) -> String {
        let field = self.browser.the(Role::Textbox, field).await;
        field.prop("value").await.expect("a field that stays").unwrap_or_default()
    }
}
