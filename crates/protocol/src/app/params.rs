//! Decoding parameters, in this face's words.
//!
//! The reference reads a request as one value of many kinds. So parameters that are missing, and
//! `null` where an object is wanted, are a missing member of the request; and a mistake inside
//! them has no position.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// Parameters that do not decode: the words of the reference's decoder. The face puts
/// `Invalid request: ` in front of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadParams {
    /// As in ``missing field `command` ``.
    pub words: String,
}

/// Decodes a request's parameters. Methods without parameters, and those whose parameters are an
/// `Option`, take absent ones and `null`.
pub fn decode_params<T: DeserializeOwned>(params: Option<&RawValue>) -> Result<T, BadParams> {
    let text = params.map_or("null", RawValue::get);
    serde_json::from_str(text).map_err(|error| BadParams {
        words: explain::<T>(text, &error),
    })
}

/// The words for a value that does not decode: those of decoding from a tree.
fn explain<T: DeserializeOwned>(text: &str, error: &serde_json::Error) -> String {
    if text == "null" {
        return "missing field `params`".to_owned();
    }
    let from_tree = serde_json::from_str::<serde_json::Value>(text)
        .and_then(|tree| serde_json::from_value::<T>(tree).map(drop));
    from_tree
        .err()
        .map_or_else(|| error.to_string(), |error| error.to_string())
}

impl fmt::Display for BadParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for BadParams {}
