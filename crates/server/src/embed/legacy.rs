//! Notifications under the names they had before there were items and turns. Pure.
//!
//! A notification becomes none, one or several events. What an event of that family needs and a
//! notification does not say is left out, so that a reader with defaults takes it. Nothing is
//! remembered from one notification to the next.

mod items;

use serde_json::{Value, json};

use super::event::{LegacyEvent, ServerNotification};

/// The events that a notification was in the older family, in their order.
pub(super) fn of(told: &ServerNotification) -> Vec<LegacyEvent> {
    let Ok(params) = serde_json::from_str::<Value>(told.params.get()) else {
        return Vec::new();
    };
    let context = Context {
        thread: text(&params["threadId"]),
        turn: text(&params["turnId"]).or_else(|| text(&params["turn"]["id"])),
    };
    let messages = messages(&told.method, &params);
    messages
        .into_iter()
        .map(|message| context.event(message))
        .collect()
}

/// The last event of all.
pub(super) fn shutdown_complete() -> LegacyEvent {
    let nowhere = Context {
        thread: None,
        turn: None,
    };
    nowhere.event(json!({"type": "shutdown_complete"}))
}

/// Where an event belongs.
struct Context {
    thread: Option<String>,
    turn: Option<String>,
}

// === impl Context ===

impl Context {
    /// An event around a message, which has its `type`.
    fn event(&self, message: Value) -> LegacyEvent {
        let kind = message["type"].as_str().unwrap_or_default();
        let method = format!("codex/event/{kind}");
        let mut params = json!({"id": self.turn.as_deref().unwrap_or_default()});
        params["msg"] = message;
        if let Some(thread) = &self.thread {
            params["conversationId"] = json!(thread);
        }
        LegacyEvent { method, params }
    }
}

fn messages(method: &str, params: &Value) -> Vec<Value> {
    let one = |message: Value| vec![message];
    match method {
        "turn/started" => one(json!({
            "type": "task_started", "turn_id": params["turn"]["id"], "model_context_window": null,
        })),
        "turn/completed" => turn_completed(&params["turn"]),
        "thread/closed" => one(json!({"type": "shutdown_complete"})),
        "thread/compacted" => one(json!({"type": "context_compacted"})),
        "thread/name/updated" => one(json!({
            "type": "thread_name_updated",
            "thread_id": params["threadId"], "thread_name": params["threadName"],
        })),
        "thread/tokenUsage/updated" => one(token_count(&params["tokenUsage"])),
        "turn/diff/updated" => one(json!({"type": "turn_diff", "unified_diff": params["diff"]})),
        "turn/plan/updated" => one(plan_update(params)),
        "error" => one(error(params)),
        "warning" | "guardianWarning" => {
            one(json!({"type": "warning", "message": params["message"]}))
        }
        "deprecationNotice" => one(json!({
            "type": "deprecation_notice",
            "summary": params["summary"], "details": params["details"],
        })),
        "skills/changed" => one(json!({"type": "skills_update_available"})),
        _ => items::messages(method, params),
    }
}

/// A turn that failed ended as every other one did, after its error.
fn turn_completed(turn: &Value) -> Vec<Value> {
    let id = &turn["id"];
    match turn["status"].as_str() {
        Some("interrupted") => vec![json!({
            "type": "turn_aborted", "turn_id": id, "reason": "interrupted",
        })],
        _ => vec![json!({
            "type": "task_complete", "turn_id": id, "last_agent_message": last_answer(turn),
        })],
    }
}

/// The text of the last answer of a turn, where the notification has it.
fn last_answer(turn: &Value) -> Option<&str> {
    let items = turn["items"].as_array()?;
    let mut answers = items
        .iter()
        .rev()
        .filter(|item| item["type"] == "agentMessage");
    answers.next()?["text"].as_str()
}

/// An attempt that is repeated was told in another event than the end of all attempts.
fn error(params: &Value) -> Value {
    let kind = match params["willRetry"].as_bool() {
        Some(true) => "stream_error",
        _ => "error",
    };
    let error = &params["error"];
    json!({"type": kind, "message": error["message"], "codex_error_info": error["codexErrorInfo"]})
}

fn plan_update(params: &Value) -> Value {
    let steps = params["plan"].as_array().into_iter().flatten();
    let step = |step: &Value| {
        let status = match step["status"].as_str() {
            Some("inProgress") => "in_progress",
            Some(status) => status,
            None => "pending",
        };
        json!({"step": step["step"], "status": status})
    };
    let plan: Vec<_> = steps.map(step).collect();
    json!({"type": "plan_update", "explanation": params["explanation"], "plan": plan})
}

fn token_count(usage: &Value) -> Value {
    let count = |usage: &Value| {
        json!({
            "input_tokens": usage["inputTokens"],
            "cached_input_tokens": usage["cachedInputTokens"],
            "output_tokens": usage["outputTokens"],
            "reasoning_output_tokens": usage["reasoningOutputTokens"],
            "total_tokens": usage["totalTokens"],
        })
    };
    json!({
        "type": "token_count",
        "info": {
            "total_token_usage": count(&usage["total"]),
            "last_token_usage": count(&usage["last"]),
            "model_context_window": usage["modelContextWindow"],
        },
        "rate_limits": null,
    })
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests;
