//! What is wrong with a text that is no message, in the reference's words.
//!
//! The order of the checks is the reference's: first the JSON as such, then the object, then the
//! kind of message its members make it.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{RpcError, TraceContext, params, strict};

const BAD_ID: &str = "data did not match any variant of untagged enum RequestId";

/// Always finds words: a text that is refused must be told something.
pub(super) fn explain(text: &str) -> String {
    if let Err(error) = strict::check(text, &mut strict::Budget::new(0)) {
        return error.to_string();
    }
    match serde_json::from_str(text) {
        Err(error) => error.to_string(),
        Ok(Value::Object(members)) => first_fault(&members).unwrap_or_else(|| BAD_ID.to_owned()),
        Ok(_) => "expected a JSON-RPC object".to_owned(),
    }
}

fn first_fault(members: &serde_json::Map<String, Value>) -> Option<String> {
    if members.contains_key("method") {
        return bad_id(members)
            .or_else(|| mistyped::<String>(members, "method"))
            .or_else(|| mistyped::<Option<TraceContext>>(members, "trace"));
    }
    if members.contains_key("result") {
        return missing_id(members).or_else(|| bad_id(members));
    }
    if !members.contains_key("error") {
        return Some("missing field `error`".to_owned());
    }
    mistyped::<RpcError>(members, "error")
        .or_else(|| missing_id(members))
        .or_else(|| bad_id(members))
}

fn missing_id(members: &serde_json::Map<String, Value>) -> Option<String> {
    (!members.contains_key("id")).then(|| "missing field `id`".to_owned())
}

fn bad_id(members: &serde_json::Map<String, Value>) -> Option<String> {
    let fits = |id: &Value| id.is_string() || id.is_i64();
    members
        .get("id")
        .filter(|id| !fits(id))
        .map(|_| BAD_ID.to_owned())
}

fn mistyped<T: DeserializeOwned>(
    members: &serde_json::Map<String, Value>,
    name: &str,
) -> Option<String> {
    let text = members.get(name)?.to_string();
    let error = serde_json::from_str::<T>(&text).err()?;
    Some(
        params::explain::<T>(&text, &error)
            .replace("struct RpcError", "struct JSONRPCErrorError")
            .replace("struct TraceContext", "struct W3cTraceContext"),
    )
}
