use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use super::*;

/// A server that greets, answers `1` to request 1, runs "process" p on request
/// 2, and answers request 3 twice.
const SERVER: &str = r#"#!/bin/sh
while read -r line; do
    case "$line" in
        *'"initialize"'*) echo '{"id":"hello","result":{"sessionId":"00000000-0000-4000-8000-000000000000"}}' ;;
        *'"id":1,'*) echo '{"id":1,"result":{"one":1,"more":2}}' ;;
        *'"id":2,'*)
            echo '{"method":"process/exited","params":{"processId":"p","seq":2,"exitCode":3}}'
            echo '{"method":"process/output","params":{"processId":"p","seq":1,"stream":"stdout","chunk":"aGk="}}'
            echo '{"id":2,"result":{}}'
            echo '{"method":"process/closed","params":{"processId":"p","seq":3}}' ;;
        *'"id":3,'*) echo '{"id":3,"result":{}}'; echo '{"id":3,"result":{}}' ;;
    esac
done
"#;

fn target(folder: &Path, ours: bool) -> Target {
    let program = folder.join("server");
    fs::write(&program, SERVER).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    Target { program, ours }
}

fn play_text(text: &str) {
    let folder = tempfile::tempdir().unwrap();
    play(&Script::parse("script", text), &target(folder.path(), true));
}

#[test]
fn a_script_that_is_met_passes() {
    play_text(
        "-- hello\n>> {\"id\":1,\"x\":0}\n<<next {\"id\":1,\"result\":{\"one\":\"<int as one>\"}}\n\
         >> {\"id\":2,\"x\":0}\n<? p \"hi\"\n<~ p {\"stdout\":\"hi\",\"exitCode\":3}\n<< {\"id\":2}\n\
         >> {\"id\":1,\"x\":${one}}\n<< {\"id\":1,\"result\":{\"one\":${one}}}\n\
         <<reference[W01] {\"id\":1}",
    );
}

#[test]
#[should_panic(expected = "script:2: .result.one is 1, not 2")]
fn a_value_that_differs_is_named_with_its_line() {
    play_text(">> {\"id\":1,\"x\":0}\n<< {\"id\":1,\"result\":{\"one\":2}}");
}

#[test]
#[should_panic(expected = ".result.more is one too many")]
fn an_exact_answer_may_hold_no_more() {
    play_text(">> {\"id\":1,\"x\":0}\n<<exact {\"id\":1,\"result\":{\"one\":1}}");
}

#[test]
#[should_panic(expected = "was not expected to get {\"id\":3")]
fn an_answer_nobody_expected_fails_at_the_end() {
    play_text(">> {\"id\":3,\"x\":0}\n<< {\"id\":3}");
}

#[test]
#[should_panic(expected = ".exitCode is 3, not 0")]
fn events_are_compared() {
    play_text(">> {\"id\":2,\"x\":0}\n<< {\"id\":2}\n<~ p {\"exitCode\":0}");
}

#[test]
#[should_panic(expected = "script:2: .id is \"hello\", not 1")]
fn the_next_message_is_the_very_next() {
    play_text(
        ">>raw {\"method\":\"initialize\",\"id\":1,\"x\":0}\n<<next {\"id\":1,\"result\":{\"one\":1}}",
    );
}
