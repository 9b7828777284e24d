//! The window, what the system asks pages for, and whether anybody looks.

use std::sync::PoisonError;

use serde_json::{Value, json};

use super::Browser;

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

/// What the system asks pages for (Media Queries, level 5).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    scheme: Option<Scheme>,
    less_motion: bool,
    more_contrast: bool,
}

impl Asked {
    fn features(self) -> Value {
        let scheme = match self.scheme {
            None => "",
            Some(Scheme::Light) => "light",
            Some(Scheme::Dark) => "dark",
        };
        // An empty value is whatever the machine itself asks for.
        json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": if self.less_motion { "reduce" } else { "" } },
            { "name": "prefers-contrast", "value": if self.more_contrast { "more" } else { "" } },
        ])
    }
}

impl Browser {
    /// Makes the page's window so many CSS pixels wide and high, and waits until its parts are where they go.
    pub async fn resize(&self, (width, height): (u32, u32)) {
        self.show_at(width, height, 1).await;
    }

    /// Shows the page in a window of that size so many times as large, as the browser's own zoom does: it has so
    /// many fewer CSS pixels.
    pub async fn zoom(&self, (width, height): (u32, u32), times: u32) {
        self.show_at(width / times, height / times, times).await;
    }

    async fn show_at(&self, width: u32, height: u32, times: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": times, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        self.rests().await;
    }

    /// Lets the system ask for light or dark.
    pub async fn prefer(&self, scheme: Scheme) {
        self.ask(|asked| asked.scheme = Some(scheme)).await;
    }

    /// Lets the system ask for less movement, or no longer.
    pub async fn prefer_less_motion(&self, yes: bool) {
        self.ask(|asked| asked.less_motion = yes).await;
    }

    /// Lets the system ask for more contrast, or no longer.
    pub async fn prefer_more_contrast(&self, yes: bool) {
        self.ask(|asked| asked.more_contrast = yes).await;
    }

    /// The command takes what was asked for before back, where that is not said again.
    async fn ask(&self, change: impl FnOnce(&mut Asked)) {
        let asked = {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut asked);
            *asked
        };
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": asked.features() })).await;
        self.rests().await;
    }

    /// Waits until nothing on the page is on its way to another place or colour.
    pub async fn rests(&self) {
        self.until("a page at rest", AT_REST).await;
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

    /// Goes to another tab: nobody looks at the page any more, which runs on.
    ///
    /// # Panics
    /// If the browser is gone.
    pub async fn hide(&self) {
        let cover = self.devtools("Target.createTarget", json!({ "url": "about:blank" })).await;
        let cover = cover["targetId"].as_str().expect("a tab has an id").to_owned();
        // ChromeDriver has pages believe that they are looked at.
        self.devtools("Emulation.setFocusEmulationEnabled", json!({ "enabled": false })).await;
        self.devtools("Target.activateTarget", json!({ "targetId": cover })).await;
        *self.cover.lock().unwrap_or_else(PoisonError::into_inner) = Some(cover);
        self.until("a page that nobody looks at", "return document.hidden && !document.hasFocus()").await;
    }

    /// Comes back to the page from the other tab, and closes that.
    ///
    /// # Panics
    /// If it was not hidden.
    pub async fn unhide(&self) {
        let cover = self.cover.lock().unwrap_or_else(PoisonError::into_inner).take();
        let cover = cover.expect("a page that was hidden");
        self.devtools("Target.closeTarget", json!({ "targetId": cover })).await;
        self.devtools("Page.bringToFront", json!({})).await;
        self.devtools("Emulation.setFocusEmulationEnabled", json!({ "enabled": true })).await;
        self.until("a page that is looked at", "return !document.hidden && document.hasFocus()").await;
    }
}
