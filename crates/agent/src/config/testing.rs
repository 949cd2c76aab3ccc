//! Random configuration, for the tests of several modules.

use std::collections::BTreeMap;

use proptest::prelude::*;
use toml::{Table, Value};

/// Keys that meet each other often, and some that need quotes.
pub(crate) fn keys() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[a-d]",
        1 => Just("with space".to_owned()),
        1 => Just("é".to_owned()),
        1 => Just("q\"\\'.x".to_owned()),
    ]
}

/// Values of every kind.
pub(crate) fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::Integer),
        any::<bool>().prop_map(Value::Boolean),
        any::<i32>().prop_map(|eighths| Value::Float(f64::from(eighths) / 8.0)),
        "[ -~é\n\t\"'\\\\]{0,8}".prop_map(Value::String),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::btree_map(keys(), inner.clone(), 0..4)
                .prop_map(|table| Value::Table(table.into_iter().collect())),
            prop::collection::vec(inner, 0..3).prop_map(Value::Array),
        ]
    })
}

/// Whole configurations.
pub(crate) fn tables() -> impl Strategy<Value = Table> {
    prop::collection::btree_map(keys(), values(), 0..5)
        .prop_map(|table| table.into_iter().collect())
}

/// The values that are neither tables nor lists, by dotted key.
pub(crate) fn leaves(table: &Table) -> BTreeMap<String, Value> {
    fn note(above: &str, value: &Value, found: &mut BTreeMap<String, Value>) {
        let below = |key: &str| match above {
            "" => key.to_owned(),
            above => format!("{above}.{key}"),
        };
        match value {
            Value::Table(table) => {
                for (key, value) in table {
                    note(&below(key), value, found);
                }
            }
            Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    note(&below(&index.to_string()), value, found);
                }
            }
            leaf => {
                found.insert(above.to_owned(), leaf.clone());
            }
        }
    }
    let mut found = BTreeMap::new();
    note("", &Value::Table(table.clone()), &mut found);
    found
}
