//! Bytes that are base64 on the wire: the standard alphabet, padded.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD as WORDS};
use base64_simd::STANDARD;
use bytes::Bytes;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Visitor},
};

/// Bytes here, base64 text on the wire.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Base64Bytes(pub Bytes);

// === impl Base64Bytes ===

impl Base64Bytes {
    /// Decodes a text; the error has the reference's words, such as `Invalid padding`.
    pub fn decode(text: &str) -> Result<Self, String> {
        match STANDARD.decode_to_vec(text) {
            Ok(bytes) => Ok(Self(bytes.into())),
            // The quick decoder does not say what is wrong; the one whose words these are does.
            Err(_) => match WORDS.decode(text) {
                Err(error) => Err(error.to_string()),
                Ok(bytes) => Ok(Self(bytes.into())),
            },
        }
    }

    /// Appends the base64 of some bytes to a text.
    pub fn append(bytes: &[u8], text: &mut String) {
        STANDARD.encode_append(bytes, text);
    }

    /// Characters that this many bytes become.
    #[must_use]
    pub fn encoded_len(bytes: usize) -> usize {
        STANDARD.encoded_length(bytes)
    }
}

impl From<Bytes> for Base64Bytes {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl From<Vec<u8>> for Base64Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl fmt::Debug for Base64Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Base64Bytes({} bytes)", self.0.len())
    }
}

impl Serialize for Base64Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode_to_string(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64Bytes {
    fn deserialize<D: Deserializer<'de>>(decoder: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Base64Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Base64Bytes, E> {
                Base64Bytes::decode(text).map_err(E::custom)
            }
        }

        decoder.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refused_text_is_told_in_the_words_of_the_reference() {
        for (text, words) in [
            ("!!", "Invalid symbol 33, offset 0."),
            ("QQ", "Invalid padding"),
            ("Q_==", "Invalid symbol 95, offset 1."),
            ("Q", "Invalid input length: 1"),
            ("QR==", "Invalid last symbol 82, offset 1."),
            ("QQ===", "Invalid symbol 61, offset 2."),
            ("QUJD\nQUJD", "Invalid symbol 10, offset 4."),
        ] {
            assert_eq!(Base64Bytes::decode(text).unwrap_err(), words, "{text}");
        }
    }

    proptest! {
        #[test]
        fn encoding_and_decoding_are_inverse(bytes: Vec<u8>) {
            let mut text = String::new();
            Base64Bytes::append(&bytes, &mut text);
            prop_assert_eq!(text.len(), Base64Bytes::encoded_len(bytes.len()));
            prop_assert_eq!(&Base64Bytes::decode(&text).unwrap().0[..], &bytes[..]);
        }

        #[test]
        fn both_decoders_agree_on_what_is_refused(text in "[A-Za-z0-9+/=_ -]{0,12}") {
            prop_assert_eq!(STANDARD.decode_to_vec(&text).is_ok(), WORDS.decode(&text).is_ok());
        }
    }
}
