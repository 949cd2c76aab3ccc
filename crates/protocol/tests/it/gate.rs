//! What a client is told that did not say `experimentalApi`, as the reference told it.

use outpost_protocol::app::table::{REQUESTS, State, gated, request, unknown_request};
use serde_json::value::RawValue;

fn gate(method: &str, params: &str) -> Option<String> {
    let raw = RawValue::from_string(params.to_owned()).unwrap();
    gated(method, Some(&raw))
}

#[test]
fn experimental_methods_and_members_need_the_capability() {
    for (method, params, what) in [
        ("process/spawn", r#"{"command":["true"]}"#, "process/spawn"),
        (
            "command/exec",
            r#"{"command":[],"permissionProfile":":read-only"}"#,
            "command/exec.permissionProfile",
        ),
        (
            "thread/start",
            r#"{"mockExperimentalField":"x"}"#,
            "thread/start.mockExperimentalField",
        ),
        (
            "thread/start",
            r#"{"experimentalRawEvents":false,"dynamicTools":[],"environments":[],"runtimeWorkspaceRoots":[],"approvalPolicy":{"granular":{"sandbox_approval":true,"rules":true,"mcp_elicitations":true}}}"#,
            "thread/start.runtimeWorkspaceRoots",
        ),
        (
            "thread/start",
            r#"{"dynamicTools":[]}"#,
            "thread/start.dynamicTools",
        ),
        (
            "thread/start",
            r#"{"allowProviderModelFallback":true}"#,
            "thread/start.allowProviderModelFallback",
        ),
        (
            "thread/start",
            r#"{"projectId":"p","permissions":":x"}"#,
            "thread/start.permissions",
        ),
        (
            "thread/start",
            r#"{"approvalPolicy":{"granular":{}}}"#,
            "askForApproval.granular",
        ),
        (
            "thread/list",
            r#"{"includeAttachedThreads":true}"#,
            "thread/list.includeAttachedThreads",
        ),
        (
            "thread/resume",
            r#"{"threadId":"x","path":"/x","history":[]}"#,
            "thread/resume.history",
        ),
        (
            "turn/start",
            r#"{"responsesapiClientMetadata":{}}"#,
            "turn/start.responsesapiClientMetadata",
        ),
    ] {
        let words = format!("{what} requires experimentalApi capability");
        assert_eq!(gate(method, params), Some(words), "{method} {params}");
    }
    assert_eq!(
        gated("remoteControl/status/read", None).as_deref(),
        Some("remoteControl/status/read requires experimentalApi capability")
    );
}

#[test]
fn stable_methods_need_nothing() {
    for (method, params) in [
        (
            "command/exec",
            r#"{"command":["true"],"permissionProfile":null}"#,
        ),
        ("thread/start", r#"{"mockExperimentalField":null}"#),
        (
            "thread/start",
            r#"{"experimentalRawEvents":false,"approvalPolicy":"never"}"#,
        ),
        ("thread/list", r#"{"includeAttachedThreads":false}"#),
        ("config/value/write", r#"{"value":{"granular":{}}}"#),
        ("account/read", "{}"),
        ("getAuthStatus", "{}"),
        ("no/such", "{}"),
    ] {
        assert_eq!(gate(method, params), None, "{method} {params}");
    }
    assert_eq!(gated("account/logout", None), None);
}

#[test]
fn what_is_not_here_is_refused_with_the_reason() {
    let refusal = |name| request(name).unwrap().refusal();
    assert_eq!(refusal("account/read"), None);
    assert_eq!(
        refusal("plugin/install").as_deref(),
        Some("plugin/install is not offered by this server: it has no plugin markets")
    );
    for entry in &REQUESTS {
        assert_eq!(entry.refusal().is_none(), entry.state == State::Implemented);
    }
}

#[test]
fn an_unknown_request_is_told_all_the_names() {
    let words = unknown_request("bogus");
    assert!(words.starts_with(
        "unknown variant `bogus`, expected one of `initialize`, `server/diagnostics`, "
    ));
    assert!(words.ends_with(", `fuzzyFileSearch/sessionStop`"));
    assert_eq!(words.matches("`, `").count(), 186);
}
