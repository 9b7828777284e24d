//! Values as lines of JSON that a terminal cannot obey, and read from what somebody typed.

use serde_json::Value;

use crate::clean;

/// A value as one line.
pub(super) use shared::wire::encode_printable as line;

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
    use serde_json::json;

    use super::*;

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
}
