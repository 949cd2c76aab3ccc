//! A model API whose answers are written in the test.
//!
//! [`Model`] serves `POST …/responses` as a stream of events, the way the real
//! client of an exec-server asks for it. A test gives it [`Step`]s; each
//! request is answered with the step that follows the tool outputs the request
//! already holds, so the model keeps no state and a retried request gets the
//! same answer. After the last step it says `done`.
//!
//! Every request body is kept, for the test to look at what the tools answered.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::http::{Reply, Request, Server};

/// What the model answers to one request.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Runs a command with the shell tool; the value holds further arguments.
    Shell(String, Value),
    /// Writes to the session that the last shell output named. An empty text
    /// only waits. The number is the time it waits for output, in milliseconds.
    Type(String, u64),
    /// Applies a patch.
    Patch(String),
    /// Looks at an image.
    View(String),
    /// Ends the turn with a message.
    Say(String),
}

/// A running model.
#[derive(Debug)]
pub struct Model {
    server: Server,
    requests: Arc<Mutex<Vec<Value>>>,
}

// === impl Step ===

impl Step {
    /// Runs a command and waits for its end as long as a client may.
    pub fn shell(command: impl Into<String>) -> Self {
        Self::Shell(command.into(), json!({ "yield_time_ms": 30_000 }))
    }

    /// Runs a command and lets go of it after `wait` milliseconds.
    pub fn background(command: impl Into<String>, tty: bool, wait: u64) -> Self {
        Self::Shell(command.into(), json!({ "yield_time_ms": wait, "tty": tty }))
    }

    /// The output item for a request whose tool outputs are `outputs`.
    fn item(&self, outputs: &[String], id: u64) -> Value {
        let call = |name: &str, arguments: Value| {
            json!({ "type": "function_call", "id": format!("fc_{id}"),
                "call_id": format!("call_{id}"), "name": name, "arguments": arguments.to_string() })
        };
        match self {
            Self::Shell(command, extra) => {
                let mut arguments = extra.clone();
                arguments["cmd"] = json!(command);
                call("exec_command", arguments)
            }
            Self::Type(text, wait) => {
                let session = outputs.iter().rev().find_map(|output| session(output));
                let session = session.expect("a shell output names a session");
                let arguments =
                    json!({ "session_id": session, "chars": text, "yield_time_ms": wait });
                call("write_stdin", arguments)
            }
            Self::Patch(patch) => {
                json!({ "type": "custom_tool_call", "id": format!("ctc_{id}"), "status": "completed",
                    "call_id": format!("call_{id}"), "name": "apply_patch", "input": patch })
            }
            Self::View(path) => call("view_image", json!({ "path": path })),
            Self::Say(text) => {
                let content = json!([{ "type": "output_text", "text": text, "annotations": [] }]);
                json!({ "type": "message", "id": format!("msg_{id}"), "role": "assistant",
                    "status": "completed", "content": content })
            }
        }
    }
}

/// The number after "session ID" in the output of a shell that still runs.
fn session(output: &str) -> Option<u64> {
    let (_, rest) = output.split_once("session ID ")?;
    rest.split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

// === impl Model ===

impl Model {
    /// Starts a model that plays `steps`.
    pub fn start(steps: Vec<Step>) -> Self {
        let requests = Arc::<Mutex<Vec<Value>>>::default();
        let (kept, counter) = (Arc::clone(&requests), AtomicU64::new(1));
        let server = Server::start(move |request, reply| {
            if request.method != "POST" || !request.path.ends_with("/responses") {
                return reply.whole(404, &["content-type: application/json"], "{}");
            }
            let id = counter.fetch_add(1, Ordering::Relaxed);
            answer(&steps, id, &request, reply, &kept)
        });
        Self { server, requests }
    }

    /// The base address of the API.
    pub fn url(&self) -> String {
        format!("{}/v1", self.server.url())
    }

    /// What the tools answered, in order: the outputs in the longest request.
    pub fn outputs(&self) -> Vec<String> {
        self.requests
            .lock()
            .iter()
            .map(outputs)
            .max_by_key(Vec::len)
            .unwrap_or_default()
    }
}

fn answer(
    steps: &[Step],
    id: u64,
    request: &Request,
    reply: &mut Reply,
    kept: &Mutex<Vec<Value>>,
) -> io::Result<()> {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let outputs = outputs(&body);
    kept.lock().push(body);
    let end = Step::Say("done".to_owned());
    let item = steps.get(outputs.len()).unwrap_or(&end).item(&outputs, id);
    let response = |status: &str| {
        json!({ "id": format!("resp_{id}"), "object": "response", "status": status, "output": [],
            "usage": { "input_tokens": 1, "input_tokens_details": { "cached_tokens": 0 },
                "output_tokens": 1, "output_tokens_details": { "reasoning_tokens": 0 },
                "total_tokens": 2 } })
    };
    let events = [
        json!({ "type": "response.created", "response": response("in_progress") }),
        json!({ "type": "response.output_item.added", "output_index": 0, "item": item }),
        json!({ "type": "response.output_item.done", "output_index": 0, "item": item }),
        json!({ "type": "response.completed", "response": response("completed") }),
    ];
    reply.stream(200, &["content-type: text/event-stream"])?;
    for event in events {
        let name = event["type"].as_str().unwrap_or_default();
        reply.raw(format!("event: {name}\ndata: {event}\n\n"))?;
    }
    Ok(())
}

/// The outputs of tools that a request holds: text as it is, all else as JSON.
fn outputs(body: &Value) -> Vec<String> {
    let items = body["input"].as_array().map_or(&[][..], Vec::as_slice);
    let outputs = items.iter().filter(|item| {
        item["type"]
            .as_str()
            .is_some_and(|kind| kind.ends_with("_output"))
    });
    outputs
        .map(|item| match &item["output"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_found_in_the_last_output_that_names_one() {
        let outputs = [
            "running with session ID 7\nOutput:".to_owned(),
            "nothing".to_owned(),
        ];
        let item = Step::Type("x\n".to_owned(), 250).item(&outputs, 1);
        let arguments: Value = serde_json::from_str(item["arguments"].as_str().unwrap()).unwrap();
        assert_eq!(arguments["session_id"], 7);
        assert_eq!(arguments["chars"], "x\n");
    }

    #[test]
    fn outputs_are_counted_whatever_their_kind() {
        let body = json!({ "input": [
            { "type": "message" },
            { "type": "function_call_output", "output": "a" },
            { "type": "custom_tool_call_output", "output": [1] },
        ] });
        assert_eq!(outputs(&body), ["a", "[1]"]);
    }
}
