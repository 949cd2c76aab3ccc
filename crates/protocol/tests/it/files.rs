//! The schemas that are checked in, and what they say against what the types do.

use std::{collections::BTreeSet, fs, path::PathBuf};

use outpost_protocol::{
    app::table::{NOTIFICATIONS, REQUESTS, State},
    exec::{environment, fs as files, http, process, session},
    schema,
};
use serde_json::Value;

use crate::{
    every::{Asked, Through, Told, asked, methods, notifications, told},
    schema::instances::{BOGUS, Maker, Optional},
};

/// Set to write the files instead of comparing them.
const WRITE: &str = "OUTPOST_WRITE_SCHEMA";

/// Values that are made of each schema.
const SEEDS: u64 = 40;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schema")
}

#[test]
fn the_files_are_those_of_the_types() {
    let files = schema::files().unwrap();
    let folder = folder();
    if std::env::var_os(WRITE).is_some() {
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in &files {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    for (name, text) in &files {
        let there = fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(
            there == *text,
            "schema/{name} is not that of the types; write it with\n    \
             {WRITE}=1 cargo test -p outpost-protocol --test it files"
        );
    }
    let names: BTreeSet<_> = files.iter().map(|(name, _)| name.clone()).collect();
    let there = fs::read_dir(&folder).unwrap();
    let there = there.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(there.collect::<BTreeSet<_>>(), names);
}

fn document(name: &str) -> Value {
    let files = schema::files().unwrap();
    let (_, text) = files.into_iter().find(|file| file.0 == name).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A part of a document, with the types it may name.
fn part(document: &Value, schema: &Value) -> Value {
    let mut part = schema.clone();
    if part.is_object() {
        part["definitions"] = document["definitions"].clone();
    }
    part
}

/// The parameters of the message of that name.
fn params(document: &Value, name: &str) -> Value {
    let messages = document["oneOf"].as_array().unwrap();
    let message = messages.iter().find(|message| message["title"] == name);
    let message = message.unwrap_or_else(|| panic!("no {name}"));
    part(document, &message["properties"]["params"])
}

/// The methods of the other face.
fn exec_methods() -> Vec<Asked> {
    vec![
        asked::<session::Initialize>(""),
        asked::<environment::Info>(""),
        asked::<environment::Status>(""),
        asked::<environment::ConfigRead>(""),
        asked::<environment::DiscoverRoots>(""),
        asked::<environment::Discover>(""),
        asked::<files::ReadFile>(""),
        asked::<files::WriteFile>(""),
        asked::<files::CreateDirectory>(""),
        asked::<files::GetMetadata>(""),
        asked::<files::Canonicalize>(""),
        asked::<files::ReadDirectory>(""),
        asked::<files::Walk>(""),
        asked::<http::Request>(""),
        asked::<process::Start>(""),
        asked::<process::Read>(""),
        asked::<process::Write>(""),
        asked::<process::Signal>(""),
        asked::<process::Terminate>(""),
        asked::<process::Resize>(""),
        asked::<process::CloseStdin>(""),
    ]
}

/// What the other face tells.
fn exec_notifications() -> Vec<Told> {
    vec![
        told::<files::MissingChanged>(),
        told::<http::BodyDelta>(),
        told::<process::Output>(),
        told::<process::Exited>(),
        told::<process::Closed>(),
    ]
}

#[test]
fn all_that_has_a_type_has_a_schema() {
    let (client, server) = (document("app.client.json"), document("app.server.json"));
    for (document, list) in [(&client, &REQUESTS[..]), (&server, &NOTIFICATIONS)] {
        let messages = document["oneOf"].as_array().unwrap();
        let said: BTreeSet<_> = messages
            .iter()
            .filter_map(|m| m["title"].as_str())
            .collect();
        let typed = list
            .iter()
            .filter(|entry| entry.state == State::Implemented);
        let missing: Vec<_> = typed.filter(|entry| !said.contains(entry.name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}

/// What the schema of parameters allows is accepted, and a name that it does not is refused.
#[test]
fn what_a_client_may_say_is_accepted() {
    for (name, methods) in [("app", methods()), ("exec", exec_methods())] {
        let document = document(&format!("{name}.client.json"));
        for method in methods {
            let schema = params(&document, method.name);
            same(method.name, &schema, method.params);
            spoilt(method.name, &schema, method.params);
        }
    }
}

/// What the server says is what its schema says.
#[test]
fn what_the_server_says_is_allowed() {
    for (name, methods, told) in [
        ("app", methods(), notifications()),
        ("exec", exec_methods(), exec_notifications()),
    ] {
        let document = document(&format!("{name}.server.json"));
        for method in methods {
            let whole = &document["answers"][method.name];
            let schema = part(&document, &whole["properties"]["result"]);
            same(method.name, &schema, method.answer);
        }
        for told in told.iter().filter(|told| told.name != "initialized") {
            same(told.name, &params(&document, told.name), told.params);
        }
    }
}

/// Every value of a schema decodes, and what is encoded again is of the schema.
fn same(name: &str, schema: &Value, through: Through) {
    let allows = jsonschema::validator_for(schema).unwrap();
    for value in values(schema) {
        let typed = through(&value).unwrap_or_else(|error| panic!("{name}: {value}: {error}"));
        if let Err(error) = allows.validate(&typed) {
            panic!("{name}: {value} became {typed}: {error}");
        }
    }
}

/// Values of a schema: the smallest, the largest, and some between.
fn values(schema: &Value) -> Vec<Value> {
    let mut values = vec![Maker::new(schema, 0, Optional::None).value()];
    for seed in 0..SEEDS {
        for optional in [Optional::All, Optional::Some] {
            values.push(Maker::new(schema, seed, optional).value());
        }
    }
    values
}

/// A name that is in no list is refused by the schema and by the type.
fn spoilt(name: &str, schema: &Value, through: Through) {
    let allows = jsonschema::validator_for(schema).unwrap();
    for seed in 0..SEEDS {
        for nth in 0.. {
            let Some((value, _)) = Maker::spoilt(schema, seed, nth) else {
                break;
            };
            if !value.to_string().contains(BOGUS) {
                continue;
            }
            let (ours, theirs) = (through(&value).is_ok(), allows.is_valid(&value));
            assert_eq!(ours, theirs, "{name}: {value}");
        }
    }
}
