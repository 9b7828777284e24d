//! JSON that a terminal cannot obey.

use std::fmt::Write;

use serde::Serialize;

/// A value as JSON on one line in which controls and marks of direction are escaped. That changes nothing for whoever
/// reads JSON: serde leaves DEL, C1 and the marks as they are.
pub fn encode_printable(value: &impl Serialize) -> String {
    let json = super::encode(value);
    if !json.contains(is_obeyed) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_obeyed(c) {
            // Only within texts is there anything but plain ASCII.
            for unit in c.encode_utf16(&mut [0; 2]) {
                _ = write!(escaped, "\\u{unit:04x}"); // a String takes all
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Whether a terminal would obey it, or a reader be misled by it: a control (C0, DEL, C1), a separator of lines, a mark or
/// override of direction, or an invisible operator or tag.
pub fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{2028}'..='\u{202e}'
            | '\u{2061}'..='\u{2064}'
            | '\u{2066}'..='\u{2069}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{61c}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        assert_eq!(encode_printable(&json!({"a": "é \u{1b}[31m\n\u{7f}"})), r#"{"a":"é \u001b[31m\n\u007f"}"#);
        assert_eq!(encode_printable(&json!("\u{9b}2J\u{202e}\u{e0041}")), r#""\u009b2J\u202e\udb40\udc41""#);
    }

    proptest! {
        #[test]
        fn what_is_escaped_is_read_as_it_was(text in any::<String>()) {
            let line = encode_printable(&json!({ "text": text.clone() }));
            prop_assert!(!line.contains(is_obeyed));
            let read: Value = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(read, json!({ "text": text }));
        }
    }
}
