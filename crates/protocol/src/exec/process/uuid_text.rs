//! A UUID that is only passed on.

use serde::{Deserialize, Deserializer, Serialize, de};

/// The text of a UUID, checked when it is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(extend("format" = "uuid"))
)]
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
            Err(error) => Err(de::Error::custom(
                stray_character(&text).unwrap_or(error.to_string()),
            )),
        }
    }
}

/// The reference's words for the first character that no UUID has.
fn stray_character(text: &str) -> Option<String> {
    let (at, found) = text
        .char_indices()
        .find(|(_, found)| !found.is_ascii_hexdigit() && *found != '-')?;
    Some(format!(
        "invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], \
         found `{found}` at {}",
        at + 1
    ))
}
