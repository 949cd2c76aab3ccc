//! Our types against the reference's schema.
//!
//! The reference writes its schema when the test runs. From each type's schema values are made;
//! they decode with our type, and what our type encodes is allowed by the schema, has every member
//! that was decoded, and no member that the schema does not know. Wherever the schema has a list
//! of names, a name that is not in it is refused, and the list our type knows is the same.

pub(crate) mod instances;
mod reference;

use std::collections::BTreeSet;

use outpost_protocol::app::table::{
    Entry, GATED, Gate, NOTIFICATIONS, REQUESTS, SERVER_REQUESTS, Surface, unknown_request,
};
use serde_json::Value;

use self::{
    instances::{BOGUS, Maker, Optional},
    reference::{answer, reference},
};
use crate::every::{Through, methods, notifications};

/// Values that are made of each schema, beside the smallest and the largest.
const SEEDS: u64 = 60;

#[test]
fn parameters_are_what_the_schema_says() {
    let Some(reference) = reference() else { return };
    let messages = reference.messages("experimental", "ClientRequest");
    for method in methods() {
        let (name, schema) = find(&messages, method.name);
        check(name, schema, method.params, false);
    }
}

#[test]
fn answers_are_what_the_schema_says() {
    let Some(reference) = reference() else { return };
    for method in methods() {
        let schema = reference.of("experimental", method.answer_name);
        let schema = schema.unwrap_or_else(|| panic!("no schema of {}", method.answer_name));
        check(method.answer_name, &schema, method.answer, method.carries);
    }
}

#[test]
fn notifications_are_what_the_schema_says() {
    let Some(reference) = reference() else { return };
    let messages = reference.messages("experimental", "ServerNotification");
    for told in notifications() {
        let (name, schema) = find(&messages, told.name);
        check(name, schema, told.params, told.carries);
    }
}

fn find<'m>(messages: &'m [(String, Value)], name: &str) -> (&'m str, &'m Value) {
    let found = messages.iter().find(|message| message.0 == name);
    found.map(|(name, schema)| (&**name, schema)).unwrap()
}

/// Holds a type against its schema. `carries`: names may be carried without being looked at.
fn check(name: &str, schema: &Value, through: Through, carries: bool) {
    if schema.is_null() || schema["type"] == "null" {
        assert_eq!(through(&Value::Null).unwrap(), Value::Null, "{name}");
        return;
    }
    let allows = jsonschema::validator_for(schema).unwrap();
    let knows = jsonschema::validator_for(&closed(schema.clone())).unwrap();
    let one = |seed, optional| {
        let value = Maker::new(schema, seed, optional).value();
        if let Err(error) = allows.validate(&value) {
            panic!("{name}: made {value}: {error}");
        }
        let ours = through(&value).unwrap_or_else(|error| panic!("{name}: {value}: {error}"));
        if let Err(error) = knows.validate(&ours) {
            panic!("{name}: {value} became {ours}: {error}");
        }
        kept(name, &value, &ours);
    };
    one(0, Optional::None);
    for seed in 0..SEEDS {
        one(seed, Optional::All);
        one(seed, Optional::Some);
        for nth in 0.. {
            let Some((value, allowed)) = Maker::spoilt(schema, seed, nth) else {
                break;
            };
            refused(name, &value, &allowed, through, carries);
        }
    }
}

/// Every member that was decoded is encoded with the same value.
fn kept(name: &str, value: &Value, ours: &Value) {
    match (value, ours) {
        (Value::Object(value), Value::Object(ours)) => {
            for (key, value) in value.iter().filter(|(_, value)| !value.is_null()) {
                let ours = ours.get(key);
                let ours = ours.unwrap_or_else(|| panic!("{name}: {key} is lost"));
                kept(name, value, ours);
            }
        }
        (Value::Array(value), Value::Array(ours)) => {
            assert_eq!(value.len(), ours.len(), "{name}");
            for (value, ours) in value.iter().zip(ours) {
                kept(name, value, ours);
            }
        }
        (value, ours) => assert_eq!(value, ours, "{name}"),
    }
}

/// A value with a name that is not in its list is refused, with the list.
fn refused(name: &str, value: &Value, allowed: &[String], through: Through, carries: bool) {
    let words = match through(value) {
        Err(words) => words,
        Ok(ours) if carries => {
            assert!(ours.to_string().contains(BOGUS), "{name}: {value}");
            return;
        }
        Ok(ours) => panic!("{name}: {value} became {ours}"),
    };
    let (what, list) = words.split_once(", expected ").unwrap();
    assert_eq!(what, format!("unknown variant `{BOGUS}`"), "{name}");
    let ours: BTreeSet<&str> = list.split('`').skip(1).step_by(2).collect();
    let theirs: BTreeSet<&str> = allowed.iter().map(String::as_str).collect();
    assert_eq!(ours, theirs, "{name}: {value}");
}

/// The schema, but with no members beside those it names. Where members come from several places
/// at once, it stays as it is.
fn closed(mut schema: Value) -> Value {
    let branches = ["oneOf", "anyOf", "allOf"];
    if let Some(object) = schema.as_object_mut() {
        let mixed = branches.iter().any(|key| object.contains_key(*key));
        let named = object.get("properties").is_some_and(Value::is_object);
        if named && !mixed {
            let more = object.entry("additionalProperties");
            more.or_insert(false.into());
        }
        for (key, part) in object.iter_mut() {
            if !(named && mixed && branches.contains(&key.as_str())) {
                *part = closed(part.take());
            }
        }
    } else if let Some(parts) = schema.as_array_mut() {
        for part in parts {
            *part = closed(part.take());
        }
    }
    schema
}

#[test]
fn the_table_has_the_names_of_the_schema() {
    let Some(reference) = reference() else { return };
    let names = |surface, kind| -> BTreeSet<String> {
        let messages = reference.messages(surface, kind);
        messages.into_iter().map(|(name, _)| name).collect()
    };
    let lists: [(&str, &[Entry], usize); 3] = [
        ("ClientRequest", &REQUESTS, 184),
        ("ServerNotification", &NOTIFICATIONS, 86),
        ("ServerRequest", &SERVER_REQUESTS, 11),
    ];
    for (kind, table, count) in lists {
        let ours = |stable: bool| -> BTreeSet<String> {
            let entries = table.iter().filter(|entry| match entry.surface {
                Surface::Stable => true,
                Surface::Experimental => !stable,
                Surface::Legacy => false,
            });
            entries.map(|entry| entry.name.to_owned()).collect()
        };
        assert_eq!(ours(true), names("stable", kind));
        assert_eq!(ours(false), names("experimental", kind));
        assert_eq!(ours(false).len(), count);
    }
}

#[test]
fn the_gate_has_the_members_that_only_the_experimental_schema_has() {
    let Some(reference) = reference() else { return };
    let stable = reference.messages("stable", "ClientRequest");
    let mut theirs = BTreeSet::new();
    for (name, params) in reference.messages("experimental", "ClientRequest") {
        let Some((_, before)) = stable.iter().find(|message| message.0 == name) else {
            continue;
        };
        let of = |schema: &Value| {
            let name = schema["$ref"].as_str()?.rsplit('/').next()?.to_owned();
            schema["definitions"][name]["properties"]
                .as_object()
                .cloned()
        };
        let before = of(before).unwrap_or_default();
        for (member, schema) in of(&params).unwrap_or_default() {
            if !before.contains_key(&member) {
                let is_bool = schema["type"] == "boolean";
                theirs.insert((name.clone(), member, is_bool));
            }
        }
    }
    let ours = GATED.iter().filter(|row| row.2 != Gate::Granular);
    let ours = ours.map(|(name, member, gate)| {
        (
            (*name).to_owned(),
            (*member).to_owned(),
            *gate == Gate::True,
        )
    });
    assert_eq!(ours.collect::<BTreeSet<_>>(), theirs);
}

#[test]
fn an_unknown_request_is_told_what_the_reference_tells() {
    let Some(answer) = answer(r#"{"id":1,"method":"bogus","params":{}}"#) else {
        return;
    };
    assert_eq!(
        answer["error"]["message"],
        format!("Invalid request: {}", unknown_request("bogus"))
    );
}
