//! Samples of the reference's wire, decoded and encoded again: byte for byte the same.
//!
//! `golden/answers.txt` has a method and its answer in each line, `golden/told.txt` a notification.
//! They are as recorded, but that folders have neutral names and what is written for people is
//! left out.

use outpost_protocol::{
    RequestId, RpcError,
    app::{self, command, policy::SandboxPolicy},
    envelope,
};
use proptest::prelude::*;
use serde_json::value::{RawValue, to_raw_value};

use crate::every::{methods, notifications};

#[test]
fn answers_are_the_references_byte_for_byte() {
    let methods = methods();
    let mut tried = 0;
    for line in include_str!("golden/answers.txt").lines() {
        let (name, answer) = line.split_once(' ').unwrap();
        let method = methods.iter().find(|method| method.name == name).unwrap();
        assert_eq!((method.answer_text)(answer).unwrap(), answer, "{name}");
        tried += 1;
    }
    assert!(tried > 60, "{tried} samples");
}

#[test]
fn notifications_are_the_references_byte_for_byte() {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Message<'a> {
        method: &'a str,
        #[serde(borrow)]
        params: &'a RawValue,
        emitted_at_ms: i64,
    }

    let notifications = notifications();
    let mut tried = 0;
    for line in include_str!("golden/told.txt").lines() {
        let message: Message<'_> = serde_json::from_str(line).unwrap();
        let told = notifications
            .iter()
            .find(|told| told.name == message.method)
            .unwrap();
        let written = (told.message)(message.params.get(), message.emitted_at_ms).unwrap();
        assert_eq!(written, line);
        tried += 1;
    }
    assert!(tried > 20, "{tried} samples");
}

#[test]
fn refusals_have_their_data_before_their_message() {
    let mut error = RpcError::invalid_request("keyPath must not be empty");
    assert_eq!(
        app::failure(&RequestId::Number(37), &error),
        r#"{"error":{"code":-32600,"message":"keyPath must not be empty"},"id":37}"#
    );
    let code = app::config::ConfigWriteErrorCode::ConfigValidationError;
    let data = serde_json::json!({ "config_write_error_code": code });
    error.data = Some(to_raw_value(&data).unwrap());
    assert_eq!(
        app::failure(&RequestId::Number(37), &error),
        r#"{"error":{"code":-32600,"data":{"config_write_error_code":"configValidationError"},"message":"keyPath must not be empty"},"id":37}"#
    );
}

#[test]
fn requests_to_a_client_have_their_method_first_and_no_time() {
    let params = app::diagnostics::MockExperimentalMethodParams { value: None };
    let text = app::request::<app::diagnostics::Mock>(&RequestId::Number(0), &params).unwrap();
    assert_eq!(
        text,
        r#"{"method":"mock/experimentalMethod","id":0,"params":{}}"#
    );
    assert!(envelope::parse(&text).is_ok());
}

#[test]
fn a_sandbox_policy_is_written_with_all_its_members() {
    for (short, long) in [
        (
            r#"{"type":"dangerFullAccess"}"#,
            r#"{"type":"dangerFullAccess"}"#,
        ),
        (
            r#"{"type":"readOnly"}"#,
            r#"{"type":"readOnly","networkAccess":false}"#,
        ),
        (
            r#"{"type":"externalSandbox"}"#,
            r#"{"type":"externalSandbox","networkAccess":"restricted"}"#,
        ),
        (
            r#"{"type":"workspaceWrite","readOnlyAccess":{"type":"fullAccess"}}"#,
            r#"{"type":"workspaceWrite","writableRoots":[],"networkAccess":false,"excludeTmpdirEnvVar":false,"excludeSlashTmp":false}"#,
        ),
    ] {
        let policy: SandboxPolicy = serde_json::from_str(short).unwrap();
        assert_eq!(serde_json::to_string(&policy).unwrap(), long);
        assert_eq!(serde_json::from_str::<SandboxPolicy>(long).unwrap(), policy);
    }
}

#[test]
fn a_key_is_written_but_not_printed() {
    let text = r#"{"type":"apiKey","apiKey":"sk-very-secret"}"#;
    let params: app::account::LoginAccountParams = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&params).unwrap(), text);
    assert!(!format!("{params:?}").contains("secret"));
    let text = r#"{"environmentId":"e","execServerUrl":"ws://h","authBearerToken":"very-secret"}"#;
    let params: app::environment::EnvironmentAddParams = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&params).unwrap(), text);
    assert!(!format!("{params:?}").contains("secret"));
}

#[test]
fn a_bound_can_be_left_out_taken_away_or_set() {
    use app::{Setting, process::ProcessSpawnParams};

    let start = |more: &str| {
        let text = format!(r#"{{"command":["true"],"processHandle":"h","cwd":"/"{more}}}"#);
        let params: ProcessSpawnParams = serde_json::from_str(&text).unwrap();
        let again: ProcessSpawnParams =
            serde_json::from_str(&serde_json::to_string(&params).unwrap()).unwrap();
        assert_eq!(again, params);
        params.timeout_ms
    };
    assert_eq!(start(""), Setting::Default);
    assert_eq!(start(r#","timeoutMs":null"#), Setting::Off);
    assert_eq!(start(r#","timeoutMs":5"#), Setting::To(5));
    assert_eq!(Setting::Default.or(10_000), Some(10_000));
    assert_eq!(Setting::Off.or(10_000), None);
    assert_eq!(Setting::To(5).or(10_000), Some(5));
}

proptest! {
    #[test]
    fn the_hand_written_output_equals_the_type(
        id in ".{0,20}", stdout: bool, cap_reached: bool, bytes: Vec<u8>, at: i64
    ) {
        let stream = if stdout { command::OutputStream::Stdout } else { command::OutputStream::Stderr };
        let by_hand = command::write_output_delta(&id, stream, &bytes, cap_reached, at);
        let params = command::CommandExecOutputDeltaNotification {
            process_id: id, stream, delta_base64: bytes.into(), cap_reached,
        };
        prop_assert_eq!(by_hand, app::notification::<command::OutputDelta>(&params, at).unwrap());
    }
}
