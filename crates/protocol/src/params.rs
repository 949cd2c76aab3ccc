//! Decoding parameters, with the reference's words for what does not decode.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeOwned, MapAccess, Unexpected, Visitor},
};
use serde_json::value::RawValue;

use crate::RpcError;

/// Decodes a request's parameters; absent ones are `null`. The error is -32602 with the words the
/// reference has for it.
pub fn decode_params<T: DeserializeOwned>(params: Option<&RawValue>) -> Result<T, RpcError> {
    let text = params.map_or("null", RawValue::get);
    serde_json::from_str(text).map_err(|error| RpcError::invalid_params(explain::<T>(text, &error)))
}

/// The words for a value that does not decode as `T`. They are those of decoding from a tree that
/// keeps numbers as text: without a position, and with one kind of number.
pub(crate) fn explain<T: DeserializeOwned>(text: &str, error: &serde_json::Error) -> String {
    let from_tree = serde_json::from_str::<serde_json::Value>(text)
        .and_then(|tree| serde_json::from_value::<T>(tree).map(drop));
    let words = from_tree
        .err()
        .map_or_else(|| error.to_string(), |error| error.to_string());
    one_kind_of_number(&words)
}

fn one_kind_of_number(words: &str) -> String {
    let Some((kind, rest)) = words.split_once(": ") else {
        return words.to_owned();
    };
    let Some((found, expected)) = rest.split_once(", expected ") else {
        return words.to_owned();
    };
    let is_number = found.starts_with("integer `") || found.starts_with("floating point `");
    if !is_number || !(kind == "invalid type" || kind == "invalid value") {
        return words.to_owned();
    }
    if is_number_type(expected) {
        return "invalid number".to_owned();
    }
    format!("{kind}: number, expected {expected}")
}

fn is_number_type(name: &str) -> bool {
    matches!(
        name,
        "u8" | "u16"
            | "u32"
            | "u64"
            | "usize"
            | "i8"
            | "i16"
            | "i32"
            | "i64"
            | "isize"
            | "f32"
            | "f64"
    )
}

/// The parameters of a method that has none: absent, `null` or `{}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoParams;

impl Serialize for NoParams {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for NoParams {
    fn deserialize<D: Deserializer<'de>>(decoder: D) -> Result<Self, D::Error> {
        struct Nothing;

        impl<'de> Visitor<'de> for Nothing {
            type Value = NoParams;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("unit")
            }

            fn visit_unit<E: de::Error>(self) -> Result<NoParams, E> {
                Ok(NoParams)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NoParams, A::Error> {
                match map.next_key::<de::IgnoredAny>()? {
                    None => Ok(NoParams),
                    Some(_) => Err(de::Error::invalid_type(Unexpected::Map, &self)),
                }
            }
        }

        decoder.deserialize_any(Nothing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "decoded only for the refusals")]
    struct ReadParams {
        process_id: String,
        after_seq: Option<u64>,
    }

    fn words<T: DeserializeOwned + fmt::Debug>(text: &str) -> String {
        let raw = RawValue::from_string(text.to_owned()).unwrap();
        decode_params::<T>(Some(&raw)).unwrap_err().message
    }

    #[test]
    fn refused_parameters_are_told_in_the_words_of_the_reference() {
        for (text, expected) in [
            ("{}", "missing field `processId`"),
            ("null", "invalid type: null, expected struct ReadParams"),
            ("5", "invalid type: number, expected struct ReadParams"),
            (
                "true",
                "invalid type: boolean `true`, expected struct ReadParams",
            ),
            (
                r#""abc""#,
                r#"invalid type: string "abc", expected struct ReadParams"#,
            ),
            (
                "[]",
                "invalid length 0, expected struct ReadParams with 2 elements",
            ),
            (
                r#"{"processId":5}"#,
                "invalid type: number, expected a string",
            ),
            (
                r#"{"processId":null}"#,
                "invalid type: null, expected a string",
            ),
            (r#"{"processId":"x","afterSeq":-1}"#, "invalid number"),
            (r#"{"processId":"x","afterSeq":1.5}"#, "invalid number"),
            (
                r#"{"processId":"x","afterSeq":99999999999999999999999}"#,
                "invalid number",
            ),
            (
                r#"{"processId":"x","afterSeq":true}"#,
                "invalid type: boolean `true`, expected u64",
            ),
        ] {
            assert_eq!(words::<ReadParams>(text), expected, "{text}");
        }
    }

    #[test]
    fn a_method_without_parameters_takes_nothing_null_and_the_empty_object() {
        assert_eq!(decode_params::<NoParams>(None).unwrap(), NoParams);
        for text in ["null", "{}"] {
            let raw = RawValue::from_string(text.to_owned()).unwrap();
            assert_eq!(decode_params::<NoParams>(Some(&raw)).unwrap(), NoParams);
        }
        for (text, kind) in [(r#"{"a":1}"#, "map"), ("[]", "sequence"), ("5", "number")] {
            assert_eq!(
                words::<NoParams>(text),
                format!("invalid type: {kind}, expected unit")
            );
        }
    }
}
