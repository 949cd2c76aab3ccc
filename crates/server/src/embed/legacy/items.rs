//! Items of a turn, from their beginning to their end, as the events they were.

use outpost_protocol::Base64Bytes;
use serde_json::{Value, json};

/// The events of a notification about an item; none of others.
pub(super) fn messages(method: &str, params: &Value) -> Vec<Value> {
    let delta = |kind: &str| vec![json!({"type": kind, "delta": params["delta"]})];
    match method {
        "item/started" => started(&params["item"]),
        "item/completed" => completed(&params["item"]),
        "item/agentMessage/delta" => delta("agent_message_delta"),
        "item/reasoning/summaryTextDelta" => delta("agent_reasoning_delta"),
        "item/reasoning/textDelta" => delta("agent_reasoning_raw_content_delta"),
        "item/reasoning/summaryPartAdded" => vec![json!({
            "type": "agent_reasoning_section_break",
            "item_id": params["itemId"], "summary_index": params["summaryIndex"],
        })],
        "item/plan/delta" => vec![json!({
            "type": "plan_delta", "thread_id": params["threadId"], "turn_id": params["turnId"],
            "item_id": params["itemId"], "delta": params["delta"],
        })],
        "item/commandExecution/outputDelta" => vec![json!({
            "type": "exec_command_output_delta", "call_id": params["itemId"],
            "stream": "stdout", "chunk": chunk(&params["delta"]),
        })],
        "item/commandExecution/terminalInteraction" => vec![json!({
            "type": "terminal_interaction", "call_id": params["itemId"],
            "process_id": params["processId"], "stdin": params["stdin"],
        })],
        _ => Vec::new(),
    }
}

fn started(item: &Value) -> Vec<Value> {
    match item["type"].as_str() {
        Some("commandExecution") => vec![json!({
            "type": "exec_command_begin", "call_id": item["id"], "process_id": item["processId"],
            "command": command(item), "cwd": item["cwd"], "source": source(item),
            "parsed_cmd": [],
        })],
        Some("fileChange") => vec![json!({
            "type": "patch_apply_begin", "call_id": item["id"], "auto_approved": false,
            "changes": changes(item),
        })],
        Some("webSearch") => vec![json!({"type": "web_search_begin", "call_id": item["id"]})],
        Some("enteredReviewMode") => vec![json!({
            "type": "entered_review_mode", "user_facing_hint": item["review"],
        })],
        _ => Vec::new(),
    }
}

fn completed(item: &Value) -> Vec<Value> {
    match item["type"].as_str() {
        Some("userMessage") => vec![user_message(item)],
        Some("agentMessage") => vec![json!({
            "type": "agent_message", "message": item["text"], "phase": item["phase"],
        })],
        Some("reasoning") => {
            let told = |texts: &Value, kind: &str| -> Vec<Value> {
                let texts = texts.as_array().into_iter().flatten();
                texts
                    .map(|text| json!({"type": kind, "text": text}))
                    .collect()
            };
            let mut all = told(&item["summary"], "agent_reasoning");
            all.extend(told(&item["content"], "agent_reasoning_raw_content"));
            all
        }
        Some("commandExecution") => vec![command_ended(item)],
        Some("fileChange") => vec![json!({
            "type": "patch_apply_end", "call_id": item["id"], "stdout": "", "stderr": "",
            "success": item["status"] == "completed", "status": item["status"],
            "changes": changes(item),
        })],
        Some("webSearch") => vec![json!({
            "type": "web_search_end", "call_id": item["id"], "query": item["query"],
        })],
        _ => Vec::new(),
    }
}

fn user_message(item: &Value) -> Value {
    let parts = || item["content"].as_array().into_iter().flatten();
    let texts: Vec<_> = parts().filter_map(|part| part["text"].as_str()).collect();
    let of = |kind: &'static str, member: &'static str| -> Vec<Value> {
        let fits = parts().filter(move |part| part["type"] == kind);
        fits.map(|part| part[member].clone()).collect()
    };
    json!({
        "type": "user_message", "message": texts.join("\n"),
        "images": of("image", "url"), "local_images": of("localImage", "path"),
    })
}

/// A command that never ran has no exit code, and had -1.
fn command_ended(item: &Value) -> Value {
    let output = item["aggregatedOutput"].as_str().unwrap_or_default();
    let milliseconds = item["durationMs"].as_u64().unwrap_or_default();
    json!({
        "type": "exec_command_end", "call_id": item["id"], "process_id": item["processId"],
        "command": command(item), "cwd": item["cwd"], "source": source(item), "parsed_cmd": [],
        "stdout": "", "stderr": "", "aggregated_output": output, "formatted_output": output,
        "exit_code": item["exitCode"].as_i64().unwrap_or(-1), "status": item["status"],
        "duration": {
            "secs": milliseconds / 1000, "nanos": milliseconds % 1000 * 1_000_000,
        },
    })
}

/// The item has one line where the event had the arguments: it is given to a shell.
fn command(item: &Value) -> Value {
    json!(["/bin/sh", "-c", item["command"]])
}

fn source(item: &Value) -> &'static str {
    match item["source"].as_str() {
        Some("userShell") => "user_shell",
        Some("unifiedExecStartup") => "unified_exec_startup",
        Some("unifiedExecInteraction") => "unified_exec_interaction",
        _ => "agent",
    }
}

/// Changes by their paths.
fn changes(item: &Value) -> Value {
    let all = item["changes"].as_array().into_iter().flatten();
    let change = |change: &Value| {
        let path = change["path"].as_str()?.to_owned();
        let (kind, diff) = (&change["kind"], &change["diff"]);
        let told = match kind["type"].as_str()? {
            "update" => json!({
                "type": "update", "unified_diff": diff, "move_path": kind["move_path"],
            }),
            kind => json!({"type": kind, "content": diff}),
        };
        Some((path, told))
    };
    Value::Object(all.filter_map(change).collect())
}

fn chunk(delta: &Value) -> String {
    let mut text = String::new();
    Base64Bytes::append(delta.as_str().unwrap_or_default().as_bytes(), &mut text);
    text
}
