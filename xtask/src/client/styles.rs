//! The style sheets of a built page, made one. They are a file a part to read and to change; to a browser each
//! is a request with headers of its own, and together they compress better by a third.

use std::hash::{DefaultHasher, Hasher};

use super::{Files, PAGE};

const OPENS: &str = "<link rel=\"stylesheet\"";
const HREF: &str = "href=\"/";

/// Puts one style sheet in the place of those that the page names, in their order. Where the page or
/// its files are not as expected, all stays as it is: it works with many as well.
pub(super) fn join(files: &mut Files) {
    let Some(page) = files.get(PAGE).and_then(|page| String::from_utf8(page.clone()).ok()) else { return };
    let mut joined = Vec::new();
    let mut names = Vec::new();
    let mut rest = page.as_str();
    let mut before = String::new();
    while let Some((text, link)) = rest.split_once(OPENS) {
        let Some((link, after)) = link.split_once('>') else { return };
        let Some((name, _)) = link.split_once(HREF).and_then(|(_, name)| name.split_once('"')) else { return };
        let Some(style) = files.get(name) else { return };
        joined.extend_from_slice(style);
        joined.push(b'\n');
        // What stands between two links is nothing but space; the first leaves its place to the new one.
        before.push_str(if names.is_empty() { text } else { text.trim() });
        names.push(name.to_owned());
        rest = after;
    }
    if names.len() < 2 {
        return;
    }
    let name = named_by_contents(&joined);
    // The new link goes where the first stood, which is where the text before it ends.
    let first = page.find(OPENS).unwrap_or(before.len());
    let (head, between) = before.split_at(first);
    let page = format!("{head}{OPENS} {HREF}{name}\"/>{between}{rest}");
    for name in names {
        files.remove(&name);
    }
    files.insert(name, joined);
    files.insert(PAGE.to_owned(), page.into_bytes());
}

/// Browsers keep files for ever by their names, so another content needs another name.
fn named_by_contents(style: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(style);
    format!("style-{:016x}.css", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE_OF_TWO: &str = r#"<head>
    <link rel="icon" href="/icon-1.svg"/>
    <link rel="stylesheet" href="/tokens-1.css" integrity="sha384-a"/>
    <link rel="stylesheet" href="/base-2.css" integrity="sha384-b"/>
    <script>import '/web-3.js';</script>
</head>"#;

    fn files(page: &str) -> Files {
        [(PAGE, page), ("tokens-1.css", ":root {}"), ("base-2.css", "body {}"), ("icon-1.svg", "<svg/>")]
            .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
            .into()
    }

    #[test]
    fn the_page_names_one_sheet_that_holds_all() {
        let mut files = files(PAGE_OF_TWO);
        join(&mut files);
        let names: Vec<String> = files.keys().cloned().collect();
        let [icon, page, style] = &names[..] else { panic!("{names:?}") };
        assert_eq!((icon.as_str(), page.as_str()), ("icon-1.svg", PAGE));
        assert_eq!(files[style], b":root {}\nbody {}\n");
        let expected = format!(
            "<head>\n    <link rel=\"icon\" href=\"/icon-1.svg\"/>\n    <link rel=\"stylesheet\" href=\"/{style}\"/>\n    \
             <script>import '/web-3.js';</script>\n</head>"
        );
        assert_eq!(String::from_utf8_lossy(&files[PAGE]), expected);
    }

    #[test]
    fn its_name_follows_its_contents() {
        assert_ne!(named_by_contents(b"a"), named_by_contents(b"b"));
    }

    #[test]
    fn a_page_that_names_what_is_not_there_is_left_alone() {
        let mut given = files(&PAGE_OF_TWO.replace("base-2", "base-3"));
        let before = given.clone();
        join(&mut given);
        assert_eq!(given, before);
    }
}
