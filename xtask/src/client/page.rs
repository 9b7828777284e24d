//! The page itself in fewer bytes. Pure.

/// The page without indentation, its styles without comments.
pub(super) fn slim_page(page: &str) -> String {
    let mut slim = String::with_capacity(page.len());
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("<style>") {
        let (styles, after) = after.split_once("</style>").unwrap_or((after, ""));
        slim.push_str(before);
        // Those that follow each other are one, in the same order.
        if !slim.trim_end().ends_with("</style>") {
            slim.push_str("<style>");
        } else {
            slim.truncate(slim.trim_end().len() - "</style>".len());
        }
        slim.push_str(&slim_styles(styles));
        slim.push_str("</style>");
        rest = after;
    }
    slim.push_str(rest);
    let lines: Vec<&str> = slim.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

/// Without comments, and with no more space than CSS needs (CSS Syntax Module Level 3, section 4).
fn slim_styles(styles: &str) -> String {
    let mut slim = String::with_capacity(styles.len());
    let mut rest = styles;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        if rest.starts_with("/*") {
            // It parts what stands on both sides no more than nothing does.
            length = rest.find("*/").map_or(rest.len(), |end| end + 2);
        } else if matches!(c, '"' | '\'') {
            length = text_length(rest, c);
            slim.push_str(&rest[..length]);
        } else if c.is_ascii_whitespace() {
            if !slim.is_empty() && !slim.ends_with(['{', '}', ';', ',', ':', ' ']) {
                slim.push(' ');
            }
        } else {
            if matches!(c, '{' | '}' | ';' | ',') && slim.ends_with(' ') {
                slim.pop();
            }
            if c == '}' && slim.ends_with(';') {
                slim.pop();
            }
            slim.push(c);
        }
        rest = &rest[length..];
    }
    slim.truncate(slim.trim_end().len());
    slim
}

/// The length of the text that `styles` begins with, from quote to quote.
fn text_length(styles: &str, quote: char) -> usize {
    let mut escaped = true; // the first quote is not the last
    for (at, c) in styles.char_indices() {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    styles.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_keep_their_meaning() {
        let styles = "\n/* Raw hues { first }. */\n:root {\n  --a: #fff;\n  --b: calc(1px + 2px);\n}\n\n\
                      .a .b,\n.c > d:hover {\n  content: \"/* ; } */ \\\"\" / \"\";\n  margin: 0 auto;\n}\n";
        let slim =
            ":root{--a:#fff;--b:calc(1px + 2px)}.a .b,.c > d:hover{content:\"/* ; } */ \\\"\" / \"\";margin:0 auto}";
        assert_eq!(slim_styles(styles), slim);
    }

    #[test]
    fn the_styles_of_a_page_are_one_and_the_rest_is_only_moved_to_the_left() {
        let page = "<head>\n    <style>a {}</style>\n    <style>b {}</style>\n  </head>\n  <p>two  spaces</p>\n";
        assert_eq!(slim_page(page), "<head>\n<style>a{}b{}</style>\n</head>\n<p>two  spaces</p>");
    }
}
