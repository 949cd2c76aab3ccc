use proptest::prelude::*;
use serde_json::value::to_raw_value;

use super::*;

fn told(method: &str, params: &Value) -> ServerNotification {
    ServerNotification {
        method: method.to_owned(),
        params: to_raw_value(params).unwrap(),
    }
}

/// The one event of a notification.
fn event(method: &str, params: &Value) -> (String, Value) {
    let mut events = of(&told(method, params));
    assert_eq!(events.len(), 1, "{method}");
    let event = events.remove(0);
    (event.method, event.params)
}

/// With the thread and the turn that every notification of one has.
fn in_turn(mut params: Value) -> Value {
    params["threadId"] = json!("T");
    params["turnId"] = json!("U");
    params
}

fn turn(status: &str, items: &Value) -> Value {
    let turn = json!({
        "id": "U", "rootTurnId": "U", "items": items, "itemsView": "summary", "status": status,
        "error": null, "startedAt": 1, "completedAt": 2, "durationMs": 146,
    });
    json!({"threadId": "T", "turn": turn})
}

#[test]
fn the_ends_of_a_turn() {
    let answer = json!([
        {"type": "agentMessage", "id": "m", "text": "first"},
        {"type": "agentMessage", "id": "n", "text": "last"},
    ]);
    assert_eq!(
        event("turn/completed", &turn("completed", &answer)),
        (
            "codex/event/task_complete".to_owned(),
            json!({"id": "U", "conversationId": "T", "msg": {
                "type": "task_complete", "turn_id": "U", "last_agent_message": "last",
            }})
        )
    );
    assert_eq!(
        event("turn/completed", &turn("interrupted", &json!([]))),
        (
            "codex/event/turn_aborted".to_owned(),
            json!({"id": "U", "conversationId": "T", "msg": {
                "type": "turn_aborted", "turn_id": "U", "reason": "interrupted",
            }})
        )
    );
    let (method, params) = event("turn/completed", &turn("failed", &json!([])));
    assert_eq!(method, "codex/event/task_complete");
    assert_eq!(params["msg"]["last_agent_message"], Value::Null);
}

#[test]
fn the_end_of_a_thread_and_of_all() {
    assert_eq!(
        event("thread/closed", &json!({"threadId": "T"})),
        (
            "codex/event/shutdown_complete".to_owned(),
            json!({"id": "", "conversationId": "T", "msg": {"type": "shutdown_complete"}})
        )
    );
    let last = shutdown_complete();
    assert_eq!(last.method, "codex/event/shutdown_complete");
    assert_eq!(
        last.params,
        json!({"id": "", "msg": {"type": "shutdown_complete"}})
    );
}

#[test]
fn texts_and_their_pieces() {
    for (method, params, kind, message) in [
        (
            "item/agentMessage/delta",
            json!({"itemId": "m", "delta": "Mock "}),
            "agent_message_delta",
            json!({"delta": "Mock "}),
        ),
        (
            "item/completed",
            json!({"item": {"type": "agentMessage", "id": "m", "text": "Mock", "phase": null}}),
            "agent_message",
            json!({"message": "Mock", "phase": null}),
        ),
        (
            "item/completed",
            json!({"item": {"type": "userMessage", "id": "u", "content": [
                {"type": "text", "text": "hello", "text_elements": []},
                {"type": "localImage", "path": "/a.png"},
            ]}}),
            "user_message",
            json!({"message": "hello", "images": [], "local_images": ["/a.png"]}),
        ),
        (
            "error",
            json!({"error": {"message": "no", "codexErrorInfo": null}, "willRetry": true}),
            "stream_error",
            json!({"message": "no", "codex_error_info": null}),
        ),
        (
            "error",
            json!({"error": {"message": "no", "codexErrorInfo": "other"}, "willRetry": false}),
            "error",
            json!({"message": "no", "codex_error_info": "other"}),
        ),
        (
            "turn/plan/updated",
            json!({"explanation": "why", "plan": [{"step": "a", "status": "inProgress"}]}),
            "plan_update",
            json!({"explanation": "why", "plan": [{"step": "a", "status": "in_progress"}]}),
        ),
    ] {
        let (name, params) = event(method, &in_turn(params));
        let mut expected = message;
        expected["type"] = json!(kind);
        assert_eq!(name, format!("codex/event/{kind}"));
        assert_eq!(
            params,
            json!({"id": "U", "conversationId": "T", "msg": expected})
        );
    }
}

#[test]
fn a_command_from_its_begin_to_its_end() {
    let mut item = json!({
        "type": "commandExecution", "id": "c", "command": "/bin/bash -lc 'echo hi'",
        "cwd": "/ws/project", "processId": "7", "source": "unifiedExecStartup",
        "status": "inProgress", "commandActions": [], "aggregatedOutput": null, "exitCode": null,
        "durationMs": null,
    });
    let (name, params) = event("item/started", &in_turn(json!({"item": item})));
    assert_eq!(name, "codex/event/exec_command_begin");
    assert_eq!(params["msg"]["call_id"], "c");
    assert_eq!(params["msg"]["command"][2], "/bin/bash -lc 'echo hi'");
    assert_eq!(params["msg"]["source"], "unified_exec_startup");
    let output = in_turn(json!({"itemId": "c", "delta": "hi\n"}));
    let (name, params) = event("item/commandExecution/outputDelta", &output);
    assert_eq!(name, "codex/event/exec_command_output_delta");
    assert_eq!(params["msg"]["chunk"], "aGkK");
    item["aggregatedOutput"] = json!("hi\n");
    item["exitCode"] = json!(3);
    item["durationMs"] = json!(1500);
    let (name, params) = event("item/completed", &in_turn(json!({"item": item})));
    assert_eq!(name, "codex/event/exec_command_end");
    assert_eq!(params["msg"]["exit_code"], 3);
    assert_eq!(params["msg"]["aggregated_output"], "hi\n");
    assert_eq!(
        params["msg"]["duration"],
        json!({"secs": 1, "nanos": 500_000_000})
    );
}

#[test]
fn a_patch_and_what_became_of_it() {
    let item = |status: &str| {
        json!({"item": {"type": "fileChange", "id": "p", "status": status, "changes": [
            {"path": "/a", "kind": {"type": "add"}, "diff": "a\n"},
            {"path": "/b", "kind": {"type": "update", "move_path": null}, "diff": "@@"},
        ]}})
    };
    let (name, params) = event("item/started", &in_turn(item("inProgress")));
    assert_eq!(name, "codex/event/patch_apply_begin");
    assert_eq!(
        params["msg"]["changes"],
        json!({
            "/a": {"type": "add", "content": "a\n"},
            "/b": {"type": "update", "unified_diff": "@@", "move_path": null},
        })
    );
    for (status, success) in [("completed", true), ("declined", false), ("failed", false)] {
        let (name, params) = event("item/completed", &in_turn(item(status)));
        assert_eq!(name, "codex/event/patch_apply_end");
        assert_eq!(params["msg"]["success"], success, "{status}");
    }
}

#[test]
fn tokens_are_counted_under_their_old_names() {
    let count = json!({
        "totalTokens": 120, "inputTokens": 100, "cachedInputTokens": 10,
        "cacheWriteInputTokens": 0, "outputTokens": 20, "reasoningOutputTokens": 5,
    });
    let usage = json!({"total": count, "last": count, "modelContextWindow": 258_400});
    let (name, params) = event(
        "thread/tokenUsage/updated",
        &in_turn(json!({"tokenUsage": usage})),
    );
    assert_eq!(name, "codex/event/token_count");
    let info = &params["msg"]["info"];
    assert_eq!(info["model_context_window"], 258_400);
    assert_eq!(
        info["last_token_usage"],
        json!({
            "input_tokens": 100, "cached_input_tokens": 10, "output_tokens": 20,
            "reasoning_output_tokens": 5, "total_tokens": 120,
        })
    );
}

#[test]
fn reasoning_comes_in_as_many_events_as_it_has_parts() {
    let item = json!({"item": {
        "type": "reasoning", "id": "r", "summary": ["a", "b"], "content": ["c"],
    }});
    let names: Vec<_> = of(&told("item/completed", &in_turn(item)))
        .into_iter()
        .map(|event| format!("{} {}", event.method, event.params["msg"]["text"]))
        .collect();
    assert_eq!(
        names,
        [
            r#"codex/event/agent_reasoning "a""#,
            r#"codex/event/agent_reasoning "b""#,
            r#"codex/event/agent_reasoning_raw_content "c""#,
        ]
    );
}

proptest! {
    /// Whatever a newer server tells, nothing panics and every event has its own name in it.
    #[test]
    fn every_event_is_named_after_its_type(
        index in any::<prop::sample::Index>(),
        params in prop_oneof![
            Just(Value::Null),
            "[a-z]{0,4}".prop_map(|text| json!(text)),
            "[a-z]{0,4}".prop_map(|text| json!({"item": {"type": text}, "turn": text, "plan": 5})),
        ],
    ) {
        let names = outpost_protocol::app::table::NOTIFICATIONS;
        let name = names[index.index(names.len())].name;
        for event in of(&told(name, &params)) {
            let kind = event.params["msg"]["type"].as_str().unwrap_or_default();
            prop_assert_eq!(&event.method, &format!("codex/event/{kind}"));
            prop_assert!(event.params["id"].is_string());
        }
    }
}
