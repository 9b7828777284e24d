//! JSON that is passed on as text.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// JSON as text, which need not be taken apart on its way. So a browser tab sends what it was given without the code
/// that writes numbers (`wire::encode_request`), and the hub passes a signal on word for word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Json(Box<str>);

impl Json {
    /// A value as JSON.
    pub fn of<T: Serialize>(value: &T) -> Self {
        Self(crate::wire::encode(value).into())
    }

    /// What is JSON already, word for word.
    pub fn raw(json: &str) -> Self {
        Self(json.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value; null for what is no JSON.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

#[cfg(not(target_family = "wasm"))]
impl Serialize for Json {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &serde_json::value::RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self::of(&value))
    }
}
