//! What a hook comes to, and what it is known by. Pure.

use std::path::Path;

use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::{
    Moment, Runs,
    written::{Common, Handler},
};
use crate::config::write_sorted;

/// Seconds a hook may take if nothing is said.
const USUAL_TIMEOUT: u64 = 600;

/// The same where somebody waits to leave.
const LEAVING_TIMEOUT: u64 = 1;

/// The most seconds there.
const MAX_LEAVING_TIMEOUT: u64 = 3;

/// The key of a number's text in a digest.
const NUMBER: &str = "$serde_json::private::Number";

/// A hook with everything said.
#[derive(Debug)]
pub(super) struct Normal {
    what: What,
    pub(super) timeout: u64,
    pub(super) status_message: Option<String>,
    pub(super) context_limit: Option<usize>,
}

#[derive(Debug)]
enum What {
    Command {
        line: String,
        /// As it is written.
        asked_unattended: bool,
        /// As it is.
        unattended: bool,
    },
    Tool {
        server: String,
        tool: String,
        input: Map<String, Json>,
    },
}

impl What {
    /// Whether somebody waits for it although nobody was to.
    fn is_attended_after_all(&self) -> bool {
        matches!(
            self,
            Self::Command {
                asked_unattended: true,
                unattended: false,
                ..
            }
        )
    }
}

impl Normal {
    /// What it runs.
    pub(super) fn runs(&self) -> Runs {
        match &self.what {
            What::Command {
                line, unattended, ..
            } => Runs::Command {
                line: line.clone(),
                unattended: *unattended,
            },
            What::Tool { server, tool, .. } => Runs::Tool {
                server: server.clone(),
                tool: tool.clone(),
            },
        }
    }
}

/// What a hook comes to, with what is odd about it; or why there is none.
pub(super) fn normal(
    moment: Moment,
    handler: Handler,
    path: &Path,
) -> Result<(Normal, Vec<String>), String> {
    let path = path.display();
    let skipped =
        |kind: &str| format!("skipping {kind} hook in {path}: {kind} hooks are not supported yet");
    let mut warnings = Vec::new();
    let (what, common) = match handler {
        Handler::Prompt {} => return Err(skipped("prompt")),
        Handler::Agent {} => return Err(skipped("agent")),
        Handler::Command { command, .. } if command.trim().is_empty() => {
            return Err(format!("skipping empty hook command in {path}"));
        }
        Handler::Command {
            command: line,
            r#async: asked_unattended,
            common,
        } => {
            let is_last = moment == Moment::SessionEnd;
            let what = What::Command {
                line,
                asked_unattended,
                unattended: asked_unattended && !is_last,
            };
            (what, common)
        }
        Handler::McpTool {
            server,
            tool,
            input,
            common,
        } => (
            What::Tool {
                server,
                tool,
                input,
            },
            common,
        ),
    };
    let Common {
        timeout,
        status_message,
        additional_context_limit: context_limit,
    } = common;
    let leaving = match moment {
        Moment::SessionEnd => Some("SessionEnd"),
        Moment::Interrupt => Some("Interrupt"),
        _ => None,
    };
    let usual = leaving.map_or(USUAL_TIMEOUT, |_| LEAVING_TIMEOUT);
    let mut timeout = timeout.unwrap_or(usual).max(1);
    if let Some(name) = leaving.filter(|_| timeout > MAX_LEAVING_TIMEOUT) {
        warnings.push(format!(
            "clamping {name} hook timeout to {MAX_LEAVING_TIMEOUT}s in {path}"
        ));
        timeout = MAX_LEAVING_TIMEOUT;
    }
    if what.is_attended_after_all() {
        warnings.push(format!(
            "running async SessionEnd hook synchronously in {path}"
        ));
    }
    let normal = Normal {
        what,
        timeout,
        status_message,
        context_limit,
    };
    Ok((normal, warnings))
}

/// A value as digests have it: each number is a table with its text, as it was when other programs
/// of this dialect first told digests.
fn as_digested(value: &Json) -> Json {
    match value {
        Json::Number(number) => json!({NUMBER: number.to_string()}),
        Json::Array(items) => items.iter().map(as_digested).collect(),
        Json::Object(table) => {
            let entry = |(key, value): (&String, &Json)| (key.clone(), as_digested(value));
            table.iter().map(entry).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// What a hook is known by: the digest of its moment, its matcher and all that it does, whatever
/// file it stands in and however it is written there.
pub(super) fn digest(moment: Moment, matcher: Option<&str>, normal: &Normal) -> String {
    let mut handler = match &normal.what {
        What::Command {
            line,
            asked_unattended,
            ..
        } => json!({"type": "command", "command": line, "async": asked_unattended}),
        What::Tool {
            server,
            tool,
            input,
        } => {
            let input = as_digested(&Json::Object(input.clone()));
            json!({"type": "mcp_tool", "server": server, "tool": tool, "input": input})
        }
    };
    handler["timeout"] = normal.timeout.into();
    if let Some(message) = &normal.status_message {
        handler["statusMessage"] = message.as_str().into();
    }
    if let Some(limit) = normal.context_limit {
        handler["additionalContextLimit"] = limit.into();
    }
    let mut identity = json!({"event_name": moment.label(), "hooks": [handler]});
    if let Some(matcher) = matcher {
        identity["matcher"] = matcher.into();
    }
    let mut text = String::new();
    write_sorted(&identity, &mut text);
    format!("sha256:{:x}", Sha256::digest(text))
}
