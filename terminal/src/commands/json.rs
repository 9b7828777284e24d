//! Values as lines of JSON that a terminal cannot obey, and read from what somebody typed.

use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;
use shared::wire;

use crate::clean;

/// One line. Controls and marks of direction are escaped, which changes nothing for whoever reads JSON: serde leaves DEL,
/// C1 and the marks as they are.
pub(super) fn line(value: &impl Serialize) -> String {
    let json = wire::encode(value);
    if json.chars().all(|c| clean::shown(c) == c) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if clean::shown(c) == c {
            escaped.push(c);
        } else {
            // Only within texts is there anything but plain ASCII.
            for unit in c.encode_utf16(&mut [0; 2]) {
                _ = write!(escaped, "\\u{unit:04x}"); // a String takes all
            }
        }
    }
    escaped
}

/// A value for people and shells: a text as it is but for what a terminal would obey, anything else as JSON on one line.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => clean::lines(text).collect::<Vec<_>>().join("\n"),
        value => line(value),
    }
}

/// What somebody typed: JSON, or, where it is none, a text.
pub(super) fn typed(text: String) -> Value {
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        assert_eq!(line(&json!({"a": "é \u{1b}[31m\n\u{7f}"})), r#"{"a":"é \u001b[31m\n\u007f"}"#);
        assert_eq!(line(&json!("\u{9b}2J\u{202e}\u{e0041}")), r#""\u009b2J\u202e\udb40\udc41""#);
    }

    #[test]
    fn a_text_is_printed_as_it_is_and_the_rest_as_json() {
        assert_eq!(plain(&json!("two\nlines\u{1b}[2J")), "two\nlines␛[2J");
        assert_eq!(plain(&json!([1, "a\n"])), r#"[1,"a\n"]"#);
        assert_eq!(plain(&Value::Null), "null");
    }

    #[test]
    fn what_is_typed_is_json_if_it_can_be() {
        assert_eq!(typed("5".to_owned()), 5);
        assert_eq!(typed(r#"{"get":"a"}"#.to_owned()), json!({"get": "a"}));
        assert_eq!(typed("hello there".to_owned()), "hello there");
        assert_eq!(typed(String::new()), "");
    }

    proptest! {
        #[test]
        fn what_is_escaped_is_read_as_it_was(text in any::<String>()) {
            let line = line(&json!({ "text": text.clone() }));
            prop_assert!(line.chars().all(|c| clean::shown(c) == c));
            let read: Value = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(read, json!({ "text": text }));
        }
    }
}
