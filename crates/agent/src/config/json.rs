//! Between TOML and JSON. Pure.

use serde_json::{Map, Value as Json};
use toml::{Table, Value};

/// The member under which the reference shows a date: JSON has none, and clients know this one.
const DATE: &str = "$__toml_private_datetime";

/// A table as JSON.
pub(crate) fn from_table(table: &Table) -> Json {
    let members = table
        .iter()
        .map(|(key, value)| (key.clone(), from_toml(value)));
    Json::Object(members.collect())
}

/// A value as JSON. Numbers that JSON has not are null.
pub(crate) fn from_toml(value: &Value) -> Json {
    match value {
        Value::String(text) => text.clone().into(),
        Value::Integer(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Boolean(truth) => (*truth).into(),
        Value::Datetime(date) => {
            Json::Object(Map::from_iter([(DATE.to_owned(), date.to_string().into())]))
        }
        Value::Array(items) => items.iter().map(from_toml).collect(),
        Value::Table(table) => from_table(table),
    }
}

/// Why a value cannot be written as TOML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotToml {
    /// There is no such thing in TOML.
    #[error("invalid type: null, expected any valid TOML value")]
    Null,
    /// TOML has numbers of 64 bits with a sign.
    #[error("u64 value was too large")]
    TooLarge,
    /// The value nests deeper than anything that is read back.
    #[error("recursion limit exceeded")]
    TooDeep,
}

/// How deep a written value may nest; readers of TOML give up not much later.
const MAX_DEPTH: usize = 64;

/// A value as TOML.
///
/// # Errors
///
/// What is in it that TOML has not.
pub(crate) fn to_toml(value: &Json) -> Result<Value, NotToml> {
    to_toml_within(value, MAX_DEPTH)
}

fn to_toml_within(value: &Json, depth: usize) -> Result<Value, NotToml> {
    let below = depth.checked_sub(1).ok_or(NotToml::TooDeep)?;
    Ok(match value {
        Json::Null => return Err(NotToml::Null),
        Json::Bool(truth) => Value::Boolean(*truth),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => Value::Integer(number),
            (None, _) if number.is_u64() => return Err(NotToml::TooLarge),
            (None, number) => Value::Float(number.ok_or(NotToml::TooLarge)?),
        },
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::Array(
            items
                .iter()
                .map(|item| to_toml_within(item, below))
                .collect::<Result<_, _>>()?,
        ),
        Json::Object(members) => Value::Table(
            members
                .iter()
                .map(|(key, value)| Ok((key.clone(), to_toml_within(value, below)?)))
                .collect::<Result<_, _>>()?,
        ),
    })
}

/// Appends `value` without spaces and with the members of each object in order of their names.
pub(crate) fn write_sorted(value: &Json, text: &mut String) {
    match value {
        Json::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(key, _)| *key);
            let write = |(key, value): (&String, &Json), text: &mut String| {
                text.push_str(&Json::from(key.as_str()).to_string());
                text.push(':');
                write_sorted(value, text);
            };
            write_list(['{', '}'], members.into_iter(), text, write);
        }
        Json::Array(items) => write_list(['[', ']'], items.iter(), text, write_sorted),
        leaf => text.push_str(&leaf.to_string()),
    }
}

fn write_list<T>(
    [open, close]: [char; 2],
    items: impl Iterator<Item = T>,
    text: &mut String,
    write: impl Fn(T, &mut String),
) {
    text.push(open);
    for (index, item) in items.enumerate() {
        if index > 0 {
            text.push(',');
        }
        write(item, text);
    }
    text.push(close);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::config::testing::tables;

    #[test]
    fn what_toml_has_not_is_refused() {
        assert_eq!(to_toml(&json!([1, null])), Err(NotToml::Null));
        assert_eq!(to_toml(&json!(u64::MAX)), Err(NotToml::TooLarge));
        assert_eq!(to_toml(&json!(i64::MAX)), Ok(Value::Integer(i64::MAX)));
        let deep = |levels| (1..levels).fold(json!(1), |inner, _| json!([inner]));
        assert!(to_toml(&deep(MAX_DEPTH)).is_ok());
        assert_eq!(to_toml(&deep(MAX_DEPTH + 1)), Err(NotToml::TooDeep));
    }

    proptest! {
        #[test]
        fn there_and_back(table in tables()) {
            let json = from_table(&table);
            prop_assert_eq!(to_toml(&json), Ok(Value::Table(table)));
            let mut text = String::new();
            write_sorted(&json, &mut text);
            prop_assert_eq!(serde_json::from_str::<Json>(&text).unwrap(), json);
        }
    }
}
