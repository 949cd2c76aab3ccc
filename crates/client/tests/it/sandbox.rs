//! What a command is held to, and what is told of it.

use outpost_client::{
    ClientError, Limits, StartOptions,
    sandbox::{NetworkPolicy, Permissions, SandboxContext, WindowsSandboxLevel},
};
use serde_json::json;

use crate::fake::{connected, ours, reference};

fn held() -> StartOptions {
    let sandbox = SandboxContext {
        permissions: Permissions::External {
            network: NetworkPolicy::Restricted,
        },
        cwd: None,
        policy_context: None,
        workspace_roots: Vec::new(),
        user_home_dir: None,
        temporary_directories: None,
        windows_sandbox_level: WindowsSandboxLevel::Disabled,
        windows_sandbox_proxy_settings_mode: None,
        use_legacy_landlock: false,
        sandbox_override: None,
    };
    StartOptions {
        process_id: Some("p".to_owned()),
        sandbox: Some(sandbox),
        ..StartOptions::new(["true"])
    }
}

fn limited() -> StartOptions {
    StartOptions {
        limits: Some(Limits {
            pids: Some(5),
            ..Limits::default()
        }),
        ..held()
    }
}

#[tokio::test(start_paused = true)]
async fn a_sandbox_and_limits_reach_the_server_and_what_came_of_them_is_told() {
    let (environment, _fake, mut conn) = connected(ours()).await;
    let processes = environment.processes();
    let (process, ()) = tokio::join!(processes.start(limited()), async {
        let asked = conn.asked("process/start").await;
        let sandbox = &asked.params["sandbox"];
        assert_eq!(
            sandbox["permissions"],
            json!({ "type": "external", "network": "restricted" })
        );
        assert_eq!(asked.params["limits"], json!({ "pids": 5 }));
        conn.answer(asked, json!({ "processId": "p" })).await;
    });
    let exited = json!({
        "processId": "p", "seq": 1, "exitCode": 137, "sandboxDenied": true,
        "limitExceeded": "memoryBytes",
    });
    conn.tell("process/exited", exited).await;
    let exit = process.unwrap().wait().await.unwrap();
    assert!(exit.sandbox_denied);
    assert_eq!(exit.limit_exceeded.as_deref(), Some("memoryBytes"));
}

#[tokio::test(start_paused = true)]
async fn limits_are_not_sent_to_a_server_that_would_ignore_them() {
    let (environment, _fake, mut conn) = connected(reference()).await;
    let processes = environment.processes();
    let refused = processes.start(limited()).await;
    assert!(matches!(refused, Err(ClientError::Unsupported { .. })));
    assert!(conn.is_silent());
    // It knows sandboxes, as every server of the dialect does.
    let (process, ()) = tokio::join!(processes.start(held()), async {
        let asked = conn.asked("process/start").await;
        assert!(asked.params["sandbox"].is_object());
        assert!(asked.params.get("limits").is_none());
        conn.answer(asked, json!({ "processId": "p" })).await;
    });
    process.unwrap();
}
