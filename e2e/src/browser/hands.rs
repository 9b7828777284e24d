//! Keys, mouse and wheel.

use fantoccini::actions::{InputSource, KeyAction, KeyActions, MouseActions, PointerAction, WheelAction, WheelActions};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use serde_json::json;

use super::Browser;

impl Browser {
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

    /// Moves the mouse over the middle of an element.
    ///
    /// # Panics
    /// If it has no place on the screen.
    pub async fn hover(&self, over: &Element) {
        self.try_hover(over).await.expect("a mouse to move");
    }

    /// The same for an element that may be drawn anew at that moment.
    ///
    /// # Errors
    /// If it is in the page no longer.
    pub async fn try_hover(&self, over: &Element) -> Result<(), CmdError> {
        let to = PointerAction::MoveToElement { element: over.clone(), duration: None, x: 0.0, y: 0.0 };
        self.point(to).await
    }

    /// Moves the mouse into the corner of the window, away from everything.
    ///
    /// # Panics
    /// If the browser is gone.
    pub async fn hover_nothing(&self) {
        self.point(PointerAction::MoveTo { duration: None, x: 0.0, y: 0.0 }).await.expect("a mouse to move");
    }

    async fn point(&self, to: PointerAction) -> Result<(), CmdError> {
        let mouse = MouseActions::new("mouse".to_owned()).then(to);
        self.page.perform_actions(mouse).await
    }
}
