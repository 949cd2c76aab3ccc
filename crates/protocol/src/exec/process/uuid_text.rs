//! A UUID that is only passed on.

use serde::{Deserialize, Deserializer, Serialize, de};

/// The text of a UUID, checked when it is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UuidText(String);

impl UuidText {
    /// The text as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for UuidText {
    fn deserialize<D: Deserializer<'de>>(decoder: D) -> Result<Self, D::Error> {
        let text = String::deserialize(decoder)?;
        match uuid::Uuid::parse_str(&text) {
            Ok(_) => Ok(Self(text)),
            Err(error) => Err(de::Error::custom(error)),
        }
    }
}
