//! Changing a document so that everything else stays as it is, byte for byte: comments, order,
//! spacing, line ends. Pure.
//!
//! A change is made in the text, at the place that is changed, and never by writing the document
//! anew. What is taken away takes its own lines with it, and the comments behind it on those
//! lines, but not the comments above it: those may be about more.

mod key_path;
mod place;

use serde_json::Value as Json;
use toml::{Table, Value};

pub use self::key_path::KeyPathError;
pub(crate) use self::key_path::parse as parse_key_path;
use super::{
    json::{self, NotToml},
    layers::find,
};

/// How a value meets what is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeStrategy {
    /// It takes its place.
    Replace,
    /// A table is merged into a table, key by key; anything else takes its place.
    Upsert,
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// Keys joined by dots; a key with dots or spaces in it stands in double quotes.
    pub key_path: String,
    /// What is to stand there; null takes away what does.
    pub value: Json,
    /// How it meets what is there.
    pub strategy: MergeStrategy,
}

/// Why a change was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The key is none.
    #[error(transparent)]
    KeyPath(#[from] KeyPathError),
    /// The value has no form in TOML.
    #[error("invalid value: {0}")]
    Value(#[from] NotToml),
    /// Something on the way to the key is no table.
    #[error("cannot set value on non-table parent")]
    NotATable,
    /// The document takes no such change, as its tables are written.
    #[error("cannot write this change into the file as it is written")]
    Unwritable,
}

/// An edit that has been understood.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Change {
    pub(crate) path: Vec<String>,
    /// None takes away what is there.
    pub(crate) value: Option<Value>,
    strategy: MergeStrategy,
}

impl Edit {
    /// What it asks for.
    pub(crate) fn understand(&self) -> Result<Change, EditError> {
        Ok(Change {
            path: parse_key_path(&self.key_path)?,
            value: match &self.value {
                Json::Null => None,
                value => Some(json::to_toml(value)?),
            },
            strategy: self.strategy,
        })
    }
}

/// The text that begins some files and means nothing.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// `text`, which is a document, with `change` made.
pub(crate) fn apply(text: &str, change: &Change) -> Result<String, EditError> {
    let (mark, text) = match text.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => (&text[..BYTE_ORDER_MARK.len_utf8()], rest),
        None => ("", text),
    };
    let before: Table = text.parse().map_err(|_| EditError::Unwritable)?;
    let path = &change.path;
    let changed = match &change.value {
        None => place::remove(text, path)?,
        Some(value) => {
            place::check_way(&before, path)?;
            let value = match (change.strategy, find(&before, path)) {
                (MergeStrategy::Upsert, Some(old)) => overlay(old, value),
                _ => value.clone(),
            };
            place::set(text, &before, path, &value)?
        }
    };
    // The places were found by rules about how TOML is written. Should one not hold for some
    // document, nothing is changed rather than something else.
    let after: Table = changed.parse().map_err(|_| EditError::Unwritable)?;
    let mut expected = before;
    expect(&mut expected, change);
    let stands = change.value.is_none() == find(&after, path).is_none();
    if !stands || without_empty(&expected) != without_empty(&after) {
        return Err(EditError::Unwritable);
    }
    Ok(format!("{mark}{changed}"))
}

/// `new` over `old`, table by table.
fn overlay(old: &Value, new: &Value) -> Value {
    let (Value::Table(old), Value::Table(new)) = (old, new) else {
        return new.clone();
    };
    let mut merged = old.clone();
    for (key, value) in new {
        let value = match old.get(key) {
            Some(old) => overlay(old, value),
            None => value.clone(),
        };
        merged.insert(key.clone(), value);
    }
    Value::Table(merged)
}

/// Makes `change` in what the document says.
fn expect(table: &mut Table, change: &Change) {
    let Some((last, above)) = change.path.split_last() else {
        return;
    };
    let mut table = table;
    for key in above {
        if change.value.is_none() && !table.get(key).is_some_and(Value::is_table) {
            return;
        }
        let below = table
            .entry(key.as_str())
            .or_insert_with(|| Value::Table(Table::new()));
        let Value::Table(below) = below else { return };
        table = below;
    }
    match &change.value {
        None => drop(table.remove(last)),
        Some(value) => {
            let value = match (change.strategy, table.get(last)) {
                (MergeStrategy::Upsert, Some(old)) => overlay(old, value),
                _ => value.clone(),
            };
            table.insert(last.clone(), value);
        }
    }
}

/// A table that is only there because of what was below it ends with that.
fn without_empty(table: &Table) -> Table {
    let kept = |(key, value): (&String, &Value)| match value {
        Value::Table(below) => {
            let below = without_empty(below);
            (!below.is_empty()).then(|| (key.clone(), Value::Table(below)))
        }
        other => Some((key.clone(), other.clone())),
    };
    table.iter().filter_map(kept).collect()
}

#[cfg(test)]
mod tests;
