//! What configuration may say: the known settings, their kinds, and what holds where nothing is
//! said. Pure; the settings themselves are data, in `known.txt`.
//!
//! The words of a refusal are those of the reference's decoder, because people and programs know
//! them.

mod check;
mod complete;
mod parse;
mod unknown;
mod words;

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::Value as Json;

use super::json;

/// What a configuration file may say.
pub(crate) const CONFIG: &str = "ConfigToml";

/// What a file of requirements may say.
pub(crate) const REQUIREMENTS: &str = "RequirementsToml";

/// Settings that could once be written and no longer can.
pub(crate) const LEGACY: [(&str, &str); 2] = [
    (
        "profile",
        "`profile` is a legacy config selector and can no longer be written; use `--profile \
         <name>` with `<name>.config.toml` instead",
    ),
    (
        "profiles",
        "`profiles` contains legacy config profile tables and can no longer be written; use \
         `--profile <name>` with `<name>.config.toml` instead",
    ),
];

/// The known settings.
pub(crate) static KNOWN: LazyLock<Known> =
    LazyLock::new(|| Known::parse(include_str!("known.txt")));

/// Kinds of tables by name.
#[derive(Debug)]
pub(crate) struct Known {
    shapes: BTreeMap<String, Shape>,
}

/// A kind of table.
#[derive(Debug, Default)]
struct Shape {
    name: String,
    /// Whether settings it does not know pass without a word.
    open: bool,
    fields: BTreeMap<String, Field>,
    /// What every other key must be, if the table takes others.
    rest: Option<Kind>,
}

/// One setting.
#[derive(Debug)]
struct Field {
    kind: Kind,
    presence: Presence,
    /// What holds where nothing is said; null where nothing holds.
    default: Json,
}

/// When a setting is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    /// It is always shown.
    Shown,
    /// It is shown only if it is said.
    Unsaid,
    /// It must be said.
    Required,
}

/// What a value may be.
#[derive(Debug)]
enum Kind {
    Bool,
    Text,
    Path,
    /// A whole number in a range, with the name the range has in a refusal.
    Int {
        name: String,
        min: i64,
        max: i64,
    },
    Float(String),
    /// Anything.
    Any,
    /// Any table.
    Table,
    /// One key combination or several.
    Keys,
    Enum(Vec<Variant>),
    /// One of several kinds; the name is for the refusal.
    Either(String, Vec<Self>),
    List(Box<Self>),
    Map(Box<Self>),
    /// A table of a known kind.
    Shape(String),
}

/// One choice of several.
#[derive(Debug)]
struct Variant {
    name: String,
    form: Form,
}

/// How a choice is written.
#[derive(Debug)]
enum Form {
    /// As a text.
    Plain,
    /// As a text, and it means another choice.
    Means(String),
    /// It cannot be chosen any more.
    Gone,
    /// As a table with this one key, and the value under it.
    With(Kind),
}

#[cfg(test)]
mod tests;
