//! What is on a page, by role and accessible name: as the browser computes both for a screen reader.

use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::{Client, Locator};

use crate::browser::command::Get;

/// The roles (WAI-ARIA 1.2, section 5.4) that tests look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Alert,
    AlertDialog,
    Article,
    Button,
    Checkbox,
    Combobox,
    Complementary,
    Dialog,
    Heading,
    Image,
    Link,
    List,
    Listbox,
    Log,
    Main,
    Menu,
    MenuItem,
    Navigation,
    Option,
    Progress,
    Radio,
    Region,
    Searchbox,
    Switch,
    Table,
    Textbox,
}

impl Role {
    /// As WebDriver names it.
    fn name(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::AlertDialog => "alertdialog",
            Self::Article => "article",
            Self::Button => "button",
            Self::Checkbox => "checkbox",
            Self::Combobox => "combobox",
            Self::Complementary => "complementary",
            Self::Dialog => "dialog",
            Self::Heading => "heading",
            Self::Image => "image",
            Self::Link => "link",
            Self::List => "list",
            Self::Listbox => "listbox",
            Self::Log => "log",
            Self::Main => "main",
            Self::Menu => "menu",
            Self::MenuItem => "menuitem",
            Self::Navigation => "navigation",
            Self::Option => "option",
            Self::Progress => "progressbar",
            Self::Radio => "radio",
            Self::Region => "region",
            Self::Searchbox => "searchbox",
            Self::Switch => "switch",
            Self::Table => "table",
            Self::Textbox => "textbox",
        }
    }

    /// The elements that can have it (HTML Accessibility API Mappings): a first sieve, so that the browser need
    /// not be asked about everything on the page.
    fn sieve(self) -> &'static str {
        match self {
            Self::Alert => "[role=alert]",
            Self::AlertDialog => "[role=alertdialog]",
            Self::Article => "article, [role=article]",
            Self::Button => "button, input[type=submit], input[type=button], summary, [role=button]",
            Self::Checkbox => "input[type=checkbox], [role=checkbox]",
            Self::Combobox => "select, input, [role=combobox]",
            Self::Complementary => "aside, [role=complementary]",
            Self::Dialog => "dialog, [role=dialog]",
            Self::Heading => "h1, h2, h3, h4, h5, h6, [role=heading]",
            Self::Image => "img, svg, [role=img]",
            Self::Link => "a[href], area[href], [role=link]",
            Self::List => "ul, ol, menu, [role=list]",
            Self::Listbox => "select, [role=listbox]",
            Self::Log => "[role=log]",
            Self::Main => "main, [role=main]",
            Self::Menu => "[role=menu]",
            Self::MenuItem => "[role=menuitem]",
            Self::Navigation => "nav, [role=navigation]",
            Self::Option => "option, [role=option]",
            Self::Progress => "progress, [role=progressbar]",
            Self::Radio => "input[type=radio], [role=radio]",
            Self::Region => "section, [role=region]",
            Self::Searchbox => "input[type=search], [role=searchbox]",
            Self::Switch => "[role=switch]",
            Self::Table => "table, [role=table]",
            Self::Textbox => "input, textarea, [contenteditable], [role=textbox]",
        }
    }
}

/// The first element with that role and exactly that name. What is hidden from screen readers has no role.
///
/// # Errors
/// If the driver has something to complain about: an element that was drawn anew meanwhile, say.
pub async fn find(page: &Client, role: Role, name: &str) -> Result<Option<Element>, CmdError> {
    first(page, page.find_all(Locator::Css(role.sieve())).await?, role, name).await
}

/// The first with that role and name inside an element.
///
/// # Errors
/// As [`find`].
pub async fn find_within(page: &Client, region: &Element, role: Role, name: &str) -> Result<Option<Element>, CmdError> {
    first(page, region.find_all(Locator::Css(role.sieve())).await?, role, name).await
}

async fn first(page: &Client, among: Vec<Element>, role: Role, name: &str) -> Result<Option<Element>, CmdError> {
    for element in among {
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
