//! What is on the page, by role and name.

use fantoccini::elements::Element;
use fantoccini::error::CmdError;

use super::Browser;
use crate::eventually;
use crate::role::{self, Role};

/// A part of the page that has a role and a name, in which something is looked for. It is found anew each time,
/// and so may go and come.
#[derive(Clone, Copy)]
pub struct Region<'a> {
    browser: &'a Browser,
    role: Role,
    name: &'a str,
}

impl Browser {
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

    /// The part of the page with this role and name, to look for something in it alone.
    pub fn within<'a>(&'a self, role: Role, name: &'a str) -> Region<'a> {
        Region { browser: self, role, name }
    }
}

impl Region<'_> {
    /// What has this role and name here now, if there is the part, and such a thing in it.
    ///
    /// # Errors
    /// As [`role::find`].
    pub async fn try_find(&self, role: Role, name: &str) -> Result<Option<Element>, CmdError> {
        let page = self.browser.page();
        let Some(region) = role::find(page, self.role, self.name).await? else { return Ok(None) };
        role::find_within(page, &region, role, name).await
    }

    /// What has this role and name here, once there is such a thing.
    ///
    /// # Panics
    /// If there never is.
    pub async fn the(&self, role: Role, name: &str) -> Element {
        let what = format_args!("{role:?} {name:?} in {:?} {:?}", self.role, self.name);
        eventually(what, async || self.try_find(role, name).await).await
    }

    /// Waits until nothing here has this role and name.
    ///
    /// # Panics
    /// If something always has.
    pub async fn none(&self, role: Role, name: &str) {
        eventually(format_args!("no {role:?} {name:?} in {:?} {:?} any more", self.role, self.name), async || {
            Ok(self.try_find(role, name).await?.is_none().then_some(()))
        })
        .await;
    }

    /// Clicks on it, once it is here and can be clicked on.
    ///
    /// # Panics
    /// If that never is so.
    pub async fn click(&self, role: Role, name: &str) {
        eventually(format_args!("{role:?} {name:?} in {:?} {:?} to click on", self.role, self.name), async || {
            let Some(element) = self.try_find(role, name).await? else { return Ok(None) };
            element.click().await.map(Some)
        })
        .await;
    }
}
