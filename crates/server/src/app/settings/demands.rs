//! What the administrator demands, in the words of the wire. Pure.

use std::path::Path;

use outpost_agent::config::Requirements;
use outpost_protocol::{PathUri, RpcError, app::config::ConfigRequirements};
use serde_json::{Map, Value, json};

/// Demands, from the keys of their file to those of the wire. What the wire has no word for is
/// left out; it is in force all the same.
pub(super) fn requirements(demanded: &Requirements) -> Result<ConfigRequirements, RpcError> {
    let none = Map::new();
    let said = demanded.demands.as_object().unwrap_or(&none);
    let mut shown = Map::new();
    for (key, value) in said {
        let (key, value) = match key.as_str() {
            "features" | "feature_requirements" => {
                ("featureRequirements".to_owned(), value.clone())
            }
            "experimental_network" => ("network".to_owned(), in_camel_case(value)),
            "allowed_sandbox_modes" => (camel_case(key), without(value, "external-sandbox")),
            "allowed_approval_policies" => {
                (camel_case(key), instead(value, "on-failure", "on-request"))
            }
            "allowed_approvals_reviewers" => (
                camel_case(key),
                instead(value, "guardian_subagent", "auto_review"),
            ),
            "allowed_web_search_modes" => (camel_case(key), with(value, "disabled")),
            "sqlite_home" | "log_dir" | "model_catalog_json" => (camel_case(key), uri(value)),
            _ => (camel_case(key), value.clone()),
        };
        shown.entry(key).or_insert(value);
    }
    // Where nothing is demanded, both ways are open.
    let both = Value::from(["api", "chatgpt"].map(Value::from).to_vec());
    shown.entry("allowedLoginMethods").or_insert(both);
    serde_json::from_value(Value::Object(shown))
        .map_err(|error| RpcError::internal(format!("the requirements cannot be shown: {error}")))
}

fn camel_case(key: &str) -> String {
    let mut words = key.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

fn in_camel_case(value: &Value) -> Value {
    let Value::Object(members) = value else {
        return value.clone();
    };
    let renamed = members
        .iter()
        .map(|(key, value)| (camel_case(key), value.clone()));
    Value::Object(renamed.collect())
}

fn uri(value: &Value) -> Value {
    let path = value.as_str().map(Path::new);
    path.map_or(Value::Null, |path| json!(PathUri::from_path(path)))
}

fn texts(value: &Value) -> Vec<&str> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).collect()
}

fn without(value: &Value, text: &str) -> Value {
    let mut texts = texts(value);
    texts.retain(|each| *each != text);
    texts.into()
}

fn with<'a>(value: &'a Value, text: &'a str) -> Value {
    let mut texts = texts(value);
    if !texts.contains(&text) {
        texts.push(text);
    }
    texts.into()
}

/// A list in which one choice is called by its present name.
fn instead(value: &Value, old: &str, new: &str) -> Value {
    let mut renamed: Vec<&str> = Vec::new();
    for text in texts(value) {
        let text = if text == old { new } else { text };
        if !renamed.contains(&text) {
            renamed.push(text);
        }
    }
    renamed.into()
}
