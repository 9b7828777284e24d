//! What is on a page, by role and accessible name: as the browser computes both for a screen reader.

use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::{Client, Locator};

use crate::browser::command::Get;

/// The roles (WAI-ARIA 1.2, section 5.4) that tests look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Button,
    Dialog,
    Heading,
    List,
    Log,
    Textbox,
}

impl Role {
    /// As WebDriver names it.
    fn name(self) -> &'static str {
        match self {
            Self::Button => "button",
            Self::Dialog => "dialog",
            Self::Heading => "heading",
            Self::List => "list",
            Self::Log => "log",
            Self::Textbox => "textbox",
        }
    }

    /// The elements that can have it (HTML Accessibility API Mappings): a first sieve, so that the browser need
    /// not be asked about everything on the page.
    fn sieve(self) -> &'static str {
        match self {
            Self::Button => "button, input[type=submit], input[type=button], summary, [role=button]",
            Self::Dialog => "dialog, [role=dialog]",
            Self::Heading => "h1, h2, h3, h4, h5, h6, [role=heading]",
            Self::List => "ul, ol, menu, [role=list]",
            Self::Log => "[role=log]",
            Self::Textbox => "input, textarea, [contenteditable], [role=textbox]",
        }
    }
}

/// The first element with that role and exactly that name. What is hidden from screen readers has no role.
///
/// # Errors
/// If the driver has something to complain about: an element that was drawn anew meanwhile, say.
pub async fn find(page: &Client, role: Role, name: &str) -> Result<Option<Element>, CmdError> {
    for element in page.find_all(Locator::Css(role.sieve())).await? {
        if label(page, &element).await? == name && computed(page, &element).await? == role.name() {
            return Ok(Some(element));
        }
    }
    Ok(None)
}

/// An element's accessible name.
///
/// # Errors
/// As [`find`].
pub async fn label(page: &Client, element: &Element) -> Result<String, CmdError> {
    let label = page.issue_cmd(Get(format!("element/{}/computedlabel", element.element_id().as_ref()))).await?;
    // Browsers part what stands in boxes of their own by spaces, not always by one.
    Ok(label.as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" "))
}

/// An element's role.
///
/// # Errors
/// As [`find`].
pub async fn computed(page: &Client, element: &Element) -> Result<String, CmdError> {
    let role = page.issue_cmd(Get(format!("element/{}/computedrole", element.element_id().as_ref()))).await?;
    Ok(role.as_str().unwrap_or_default().to_owned())
}
