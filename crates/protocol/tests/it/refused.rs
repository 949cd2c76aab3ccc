//! Parameters the reference refuses, in the words it refused them with.

use outpost_protocol::{
    Method,
    app::{
        account, choices, command, config, decode_params, diagnostics, environment, extensions, fs,
        hooks, model, process, search, session, skills,
    },
};
use serde_json::value::RawValue;

fn words<M: Method>(params: &str) -> String {
    let raw = RawValue::from_string(params.to_owned()).unwrap();
    decode_params::<M::Params>(Some(&raw)).unwrap_err().words
}

#[track_caller]
fn refuses<M: Method>(cases: &[(&str, &str)]) {
    for (params, expected) in cases {
        assert_eq!(words::<M>(params), *expected, "{} {params}", M::NAME);
    }
}

fn takes<M: Method>(params: Option<&str>) -> bool {
    let raw = params.map(|params| RawValue::from_string(params.to_owned()).unwrap());
    decode_params::<M::Params>(raw.as_deref()).is_ok()
}

#[test]
fn parameters_that_are_no_object_are_named() {
    assert_eq!(
        decode_params::<<account::Read as Method>::Params>(None)
            .unwrap_err()
            .to_string(),
        "missing field `params`"
    );
    refuses::<account::Read>(&[
        ("null", "missing field `params`"),
        (
            "5",
            "invalid type: integer `5`, expected struct GetAccountParams",
        ),
        (
            r#"{"refreshToken":"x"}"#,
            r#"invalid type: string "x", expected a boolean"#,
        ),
    ]);
    refuses::<diagnostics::Read>(&[("null", "missing field `params`")]);
    refuses::<config::Read>(&[
        ("null", "missing field `params`"),
        (
            r#"{"cwd":5}"#,
            "invalid type: integer `5`, expected a string",
        ),
    ]);
    assert!(takes::<account::Read>(Some("[]")));
    assert!(takes::<diagnostics::Read>(Some("[]")));
    assert!(takes::<account::Read>(Some(
        r#"{"refreshToken":false,"zzz":"x"}"#
    )));
}

/// As the reference says it, but that `environmentId`, an addition, is one element more.
#[test]
fn an_array_in_place_of_an_object_needs_every_member_that_may_be_null() {
    refuses::<model::List>(&[(
        "[]",
        "invalid length 0, expected struct ModelListParams with 4 elements",
    )]);
    refuses::<config::Read>(&[(
        "[]",
        "invalid length 1, expected struct ConfigReadParams with 2 elements",
    )]);
    refuses::<environment::Add>(&[(
        r#"["a","ws://x"]"#,
        "invalid length 2, expected struct EnvironmentAddParams with 6 elements",
    )]);
    refuses::<process::Spawn>(&[(
        r#"[["true"],"h","/"]"#,
        "invalid length 8, expected struct ProcessSpawnParams with 11 elements",
    )]);
    refuses::<fs::Remove>(&[(
        r#"["/x"]"#,
        "invalid length 1, expected struct FsRemoveParams with 4 elements",
    )]);
    refuses::<hooks::List>(&[(
        "[]",
        "invalid length 1, expected struct HooksListParams with 2 elements",
    )]);
    assert!(takes::<skills::List>(Some("[]")));
}

#[test]
fn methods_without_parameters_take_nothing_null_and_the_empty_object() {
    for params in [None, Some("null"), Some("{}")] {
        assert!(takes::<account::Logout>(params));
        assert!(takes::<account::GatewayOAuthRead>(params));
    }
    refuses::<account::Logout>(&[
        (r#"{"a":1}"#, "invalid type: map, expected unit"),
        ("5", "invalid type: integer `5`, expected unit"),
        ("[]", "invalid type: sequence, expected unit"),
    ]);
}

#[test]
fn commands() {
    refuses::<command::Exec>(&[
        ("{}", "missing field `command`"),
        (
            r#"{"command":"echo"}"#,
            r#"invalid type: string "echo", expected a sequence"#,
        ),
        (
            r#"[["true"]]"#,
            "invalid length 1, expected struct CommandExecParams with 15 elements",
        ),
    ]);
    for (member, expected) in [
        (r#""tty":null"#, "invalid type: null, expected a boolean"),
        (
            r#""timeoutMs":1.5"#,
            "invalid type: floating point `1.5`, expected i64",
        ),
        (
            r#""outputBytesCap":-1"#,
            "invalid value: integer `-1`, expected usize",
        ),
        (
            r#""outputBytesCap":"1""#,
            r#"invalid type: string "1", expected usize"#,
        ),
        (
            r#""env":{"A":5}"#,
            "invalid type: integer `5`, expected a string",
        ),
        (r#""env":[]"#, "invalid type: sequence, expected a map"),
        (r#""size":{"rows":1}"#, "missing field `cols`"),
        (
            r#""size":{"rows":70000,"cols":20}"#,
            "invalid value: integer `70000`, expected u16",
        ),
        (
            r#""cwd":5"#,
            "invalid type: integer `5`, expected path string",
        ),
    ] {
        let params = format!(r#"{{"command":["true"],{member}}}"#);
        assert_eq!(words::<command::Exec>(&params), expected, "{params}");
    }
    refuses::<command::Write>(&[(
        r#"{"processId":5}"#,
        "invalid type: integer `5`, expected a string",
    )]);
}

#[test]
fn sandbox_policies() {
    for (policy, expected) in [
        ("{}", "missing field `type`"),
        (
            r#"{"type":"x"}"#,
            "unknown variant `x`, expected one of `dangerFullAccess`, `readOnly`, `externalSandbox`, `workspaceWrite`",
        ),
        (
            r#""read-only""#,
            r#"invalid type: string "read-only", expected internally tagged enum SandboxPolicyDeserialize"#,
        ),
        (
            "5",
            "invalid type: integer `5`, expected internally tagged enum SandboxPolicyDeserialize",
        ),
        (
            r#"{"type":"workspaceWrite","writableRoots":["rel"]}"#,
            "AbsolutePathBuf deserialized without a base path",
        ),
        (
            r#"{"type":"externalSandbox","networkAccess":"x"}"#,
            "unknown variant `x`, expected `restricted` or `enabled`",
        ),
        (
            r#"{"type":"readOnly","networkAccess":null}"#,
            "invalid type: null, expected a boolean",
        ),
        (
            r#"{"type":"readOnly","access":{"type":"x"}}"#,
            "unknown variant `x`, expected `fullAccess` or `restricted`",
        ),
        (
            r#"{"type":"readOnly","access":{"type":"restricted","readableRoots":[]}}"#,
            "readOnly.access is no longer supported; use permissionProfile for restricted reads",
        ),
        (
            r#"{"type":"workspaceWrite","readOnlyAccess":{"type":"restricted"}}"#,
            "workspaceWrite.readOnlyAccess is no longer supported; use permissionProfile for restricted reads",
        ),
    ] {
        let params = format!(r#"{{"command":["true"],"sandboxPolicy":{policy}}}"#);
        assert_eq!(words::<command::Exec>(&params), expected, "{policy}");
    }
    for policy in [
        r#"{"type":"dangerFullAccess","zzz":1}"#,
        r#"{"type":"workspaceWrite","readOnlyAccess":null}"#,
        r#"{"type":"readOnly","access":{"type":"fullAccess"}}"#,
        r#"["readOnly"]"#,
    ] {
        let params = format!(r#"{{"command":["true"],"sandboxPolicy":{policy}}}"#);
        assert!(takes::<command::Exec>(Some(&params)), "{policy}");
    }
}

#[test]
fn files_and_searches() {
    refuses::<fs::Watch>(&[
        (
            r#"["13"]"#,
            "invalid length 1, expected struct FsWatchParams with 3 elements",
        ),
        (r#"{"path":"/ws/fs"}"#, "missing field `watchId`"),
        (
            r#"{"watchId":"w4","path":"rel"}"#,
            "AbsolutePathBuf deserialized without a base path",
        ),
    ]);
    refuses::<fs::WriteFile>(&[(r#"{"path":"/ws/fs/new"}"#, "missing field `dataBase64`")]);
    refuses::<fs::Copy>(&[(
        r#"{"sourcePath":"/x","destinationPath":"/y","recursive":null}"#,
        "invalid type: null, expected a boolean",
    )]);
    assert!(takes::<fs::Remove>(Some(
        r#"{"path":"/x","recursive":null,"force":null}"#
    )));
    assert!(takes::<fs::CreateDirectory>(Some(
        r#"{"path":"/x","recursive":null}"#
    )));
    refuses::<search::Search>(&[
        (r#"{"query":"a"}"#, "missing field `roots`"),
        (
            r#"{"query":"a","roots":[5]}"#,
            "invalid type: integer `5`, expected a string",
        ),
    ]);
}

#[test]
fn configuration() {
    refuses::<config::ValueWrite>(&[
        ("{}", "missing field `keyPath`"),
        (
            r#"{"keyPath":"a","mergeStrategy":"replace"}"#,
            "missing field `value`",
        ),
        (
            r#"{"keyPath":"a","mergeStrategy":"x","value":1}"#,
            "unknown variant `x`, expected `replace` or `upsert`",
        ),
    ]);
    refuses::<config::BatchWrite>(&[
        ("{}", "missing field `edits`"),
        (r#"{"edits":[{"keyPath":"a"}]}"#, "missing field `value`"),
    ]);
    assert!(takes::<config::ValueWrite>(Some(
        r#"{"keyPath":"a","value":null,"mergeStrategy":"replace"}"#
    )));
}

#[test]
fn the_handshake_and_accounts() {
    refuses::<session::Initialize>(&[
        ("{}", "missing field `clientInfo`"),
        (r#"{"clientInfo":{}}"#, "missing field `name`"),
        (
            r#"{"clientInfo":{"name":"x","version":"1"},"capabilities":{"optOutNotificationMethods":null,"experimentalApi":null}}"#,
            "invalid type: null, expected a boolean",
        ),
    ]);
    refuses::<account::LoginStart>(&[
        ("{}", "missing field `type`"),
        (r#"{"type":"apiKey"}"#, "missing field `apiKey`"),
        (
            r#"{"type":"x"}"#,
            "unknown variant `x`, expected one of `apiKey`, `chatgpt`, `chatgptDeviceCode`, `chatgptAuthTokens`, `amazonBedrock`, `amazonBedrockAccessKeys`",
        ),
        (
            "5",
            "invalid type: integer `5`, expected internally tagged enum LoginAccountParams",
        ),
        (
            r#"{"type":"chatgpt","appBrand":"x"}"#,
            "unknown variant `x`, expected `codex` or `chatgpt`",
        ),
    ]);
}

#[test]
fn lists_and_environments() {
    refuses::<model::List>(&[
        (
            r#"{"limit":-1}"#,
            "invalid value: integer `-1`, expected u32",
        ),
        (
            r#"{"limit":4294967296}"#,
            "invalid value: integer `4294967296`, expected u32",
        ),
    ]);
    refuses::<choices::PermissionProfileList>(&[(
        r#"{"limit":"x"}"#,
        r#"invalid type: string "x", expected u32"#,
    )]);
    refuses::<skills::List>(&[
        (
            r#"{"cwds":null}"#,
            "invalid type: null, expected a sequence",
        ),
        (
            r#"{"cwds":[5]}"#,
            "invalid type: integer `5`, expected path string",
        ),
    ]);
    refuses::<hooks::List>(&[(
        r#"{"cwds":null}"#,
        "invalid type: null, expected a sequence",
    )]);
    refuses::<skills::ConfigWrite>(&[(
        r#"{"enabled":true,"path":"rel"}"#,
        "AbsolutePathBuf deserialized without a base path",
    )]);
    refuses::<extensions::PluginList>(&[(
        r#"{"marketplaceKinds":["x"]}"#,
        "unknown variant `x`, expected one of `local`, `vertical`, `workspace-directory`, `shared-with-me`, `created-by-me-remote`",
    )]);
    refuses::<extensions::McpServerStatusList>(&[(
        r#"{"detail":"x"}"#,
        "unknown variant `x`, expected `full` or `toolsAndAuthOnly`",
    )]);
    refuses::<environment::Add>(&[
        ("{}", "missing field `environmentId`"),
        (
            r#"{"environmentId":"a","execServerUrl":"ws://x","connectTimeoutMs":-1}"#,
            "invalid value: integer `-1`, expected u64",
        ),
        (
            r#"{"environmentId":"a","execServerUrl":"ws://x","skills":{"required":5}}"#,
            "invalid type: integer `5`, expected a sequence",
        ),
    ]);
}
