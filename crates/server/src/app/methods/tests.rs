use std::{env, fs, path::Path};

use outpost_protocol::{
    app::{
        session::{ClientInfo, InitializeCapabilities, InitializeParams},
        table::{REQUESTS, State, Surface, coverage, request},
    },
    code,
};

use super::*;
use crate::app::handshake::{Identity, unserved};

/// A client that may ask for everything.
fn experimental() -> Identity {
    let (name, version) = ("p".to_owned(), "1".to_owned());
    let params = InitializeParams {
        client_info: ClientInfo {
            name,
            title: None,
            version,
        },
        capabilities: Some(InitializeCapabilities {
            experimental_api: true,
            ..InitializeCapabilities::default()
        }),
    };
    Identity::new(&params).unwrap()
}

#[test]
fn what_is_served_exists_in_the_reference_and_has_its_types() {
    for name in table().names() {
        let state = request(name).map(|entry| entry.state);
        assert_eq!(state, Some(State::Implemented), "{name}");
    }
}

#[test]
fn every_request_of_the_reference_is_served_or_refused_with_a_documented_reason() {
    let (table, client) = (table(), experimental());
    let document = coverage(&|name| table.knows(name));
    for entry in &REQUESTS {
        let name = entry.name;
        let row = |state: &str| {
            let surface = match entry.surface {
                Surface::Stable => "stable",
                Surface::Experimental => "experimental",
                Surface::Legacy => "older",
            };
            format!("\n| `{name}` | {surface} | {state} |\n")
        };
        if table.knows(name) {
            assert!(document.contains(&row("served")), "{name}");
            continue;
        }
        let refused = unserved(Some(&client), name);
        assert_eq!(refused.code, code::METHOD_NOT_FOUND, "{name}");
        assert!(refused.message.starts_with(name), "{name}: {refused}");
        let documented = match entry.state {
            State::Implemented => panic!("{name} has its types and is not served"),
            State::Later => row("later"),
            State::Refused { why } => {
                assert!(refused.message.ends_with(why), "{name}: {refused}");
                row(&format!("not offered: {why}"))
            }
        };
        assert!(document.contains(&documented), "{name}");
    }
}

#[test]
fn the_coverage_document_is_made_from_the_tables() {
    let table = table();
    let made = coverage(&|name| table.knows(name));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/coverage.md");
    if env::var_os("OUTPOST_WRITE_COVERAGE").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == made,
        "docs/coverage.md is not what the tables say; write it with \
         `OUTPOST_WRITE_COVERAGE=1 cargo test -p outpost-server --lib coverage`"
    );
}
