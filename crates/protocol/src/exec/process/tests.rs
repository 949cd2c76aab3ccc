use proptest::prelude::*;

use super::*;
use crate::{Method as _, decode_params, envelope};

#[test]
fn the_reference_clients_start_decodes() {
    let text = r#"{"processId":"83352-d1","metadata":{"threadId":"01a1f96e-0000-7000-8000-000000000000","toolCallId":"call0"},"argv":["/bin/bash","-lc","echo hi"],"cwd":"file:///proj","envPolicy":{"inherit":"all","ignoreDefaultExcludes":true,"exclude":["CODEX_VERSION"],"set":{},"includeOnly":[]},"env":{"TERM":"dumb"},"tty":false,"pipeStdin":false,"arg0":null,"sandbox":null,"enforceManagedNetwork":false,"managedNetwork":null}"#;
    let raw = serde_json::value::RawValue::from_string(text.to_owned()).unwrap();
    let params: WireExecParams = decode_params(Some(&raw)).unwrap();
    assert_eq!(params.env_policy.unwrap().inherit, Inherit::All);
    assert_eq!(
        params.metadata.unwrap().tool_call_id.as_deref(),
        Some("call0")
    );
}

#[test]
fn refused_starts_are_told_in_the_words_of_the_reference() {
    let words = |text: &str| {
        let raw = serde_json::value::RawValue::from_string(text.to_owned()).unwrap();
        decode_params::<WireExecParams>(Some(&raw))
            .unwrap_err()
            .message
    };
    let start = |more: &str| {
        words(&format!(
            r#"{{"processId":"a","argv":["true"],"cwd":"file:///tmp","env":{{}},"tty":false,{more}}}"#
        ))
    };
    assert_eq!(
        words("null"),
        "invalid type: null, expected struct WireExecParams"
    );
    assert_eq!(start(r#""envPolicy":{}"#), "missing field `inherit`");
    assert_eq!(
        start(r#""metadata":{"threadId":"x"}"#),
        "invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], found `x` at 1"
    );
    assert_eq!(start(r#""sandbox":{}"#), "missing field `permissions`");
    assert_eq!(
        start(r#""sandbox":{"permissions":{"type":"x"}}"#),
        "unknown variant `x`, expected one of `managed`, `disabled`, `external`"
    );
    assert_eq!(
        start(r#""sandbox":{"permissions":{"type":"managed"},"windowsSandboxLevel":"disabled"}"#),
        "missing field `file_system`"
    );
}

#[test]
fn limits_are_read_by_their_names_and_no_other() {
    let start = |limits: &str| {
        let text = format!(
            r#"{{"processId":"a","argv":["true"],"cwd":"file:///","env":{{}},"tty":false,"limits":{limits}}}"#
        );
        let raw = serde_json::value::RawValue::from_string(text).unwrap();
        decode_params::<WireExecParams>(Some(&raw)).map_err(|error| error.message)
    };
    let all = r#"{"memoryBytes":1,"cpuSeconds":2,"pids":3,"openFiles":4,"fileSizeBytes":18446744073709551615}"#;
    let limits = start(all).unwrap().limits.unwrap();
    assert_eq!(
        limits,
        Limits {
            memory_bytes: Some(1),
            cpu_seconds: Some(2),
            pids: Some(3),
            open_files: Some(4),
            file_size_bytes: Some(u64::MAX),
        }
    );
    assert_eq!(serde_json::to_string(&limits).unwrap(), all);
    assert_eq!(start("null").unwrap().limits, None);
    let none = start("{}").unwrap().limits.unwrap();
    assert_eq!(none, Limits::default());
    assert_eq!(serde_json::to_string(&none).unwrap(), "{}");
    assert_eq!(
        start(r#"{"memory":1}"#).unwrap_err(),
        "unknown field `memory`, expected one of `memoryBytes`, `cpuSeconds`, `pids`, `openFiles`, `fileSizeBytes`"
    );
    for wrong in [r#"{"pids":-1}"#, r#"{"pids":"1"}"#, r#"{"pids":1.5}"#] {
        assert!(start(wrong).unwrap_err().starts_with("invalid"), "{wrong}");
    }
}

#[test]
fn the_limit_that_ended_a_process_is_told_only_where_there_is_one() {
    let mut exited = ExitedParams {
        process_id: "a".to_owned(),
        seq: 1,
        exit_code: 137,
        sandbox_denied: false,
        reason: None,
        signal: None,
        limit_exceeded: None,
    };
    let plain = r#"{"processId":"a","seq":1,"exitCode":137,"sandboxDenied":false}"#;
    assert_eq!(serde_json::to_string(&exited).unwrap(), plain);
    exited.limit_exceeded = Some("memoryBytes".to_owned());
    let told = serde_json::to_string(&exited).unwrap();
    assert_eq!(
        told,
        plain.replace('}', r#","limitExceeded":"memoryBytes"}"#)
    );
    let read: ReadResponse = serde_json::from_str(
        r#"{"chunks":[],"nextSeq":1,"exited":true,"exitCode":137,"closed":true,"failure":null,"limitExceeded":"pids"}"#,
    )
    .unwrap();
    assert_eq!(read.limit_exceeded.as_deref(), Some("pids"));
}

#[test]
fn names_on_the_wire_are_the_references() {
    assert_eq!(Start::NAME, "process/start");
    assert_eq!(
        serde_json::to_string(&WriteStatus::UnknownProcess).unwrap(),
        r#""unknownProcess""#
    );
    assert_eq!(
        serde_json::to_string(&OutputStream::Pty).unwrap(),
        r#""pty""#
    );
    assert_eq!(
        serde_json::to_string(&SignalName::User1).unwrap(),
        r#""user1""#
    );
}

proptest! {
    #[test]
    fn the_hand_written_output_equals_the_type(
        id in ".{0,20}", seq: u64, which in 0..3usize, bytes: Vec<u8>
    ) {
        let stream = [OutputStream::Stdout, OutputStream::Stderr, OutputStream::Pty][which];
        let by_hand = write_output(&id, seq, stream, &bytes);
        let params = OutputParams { process_id: id, seq, stream, chunk: bytes.into() };
        prop_assert_eq!(by_hand, envelope::notification::<Output>(&params).unwrap());
    }
}
