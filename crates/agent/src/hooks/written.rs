//! Hooks as they are written.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value as Json;

use super::{Hooks, Moment, files::Files};
use crate::config::files;

/// Hooks of one moment that are about the same.
#[derive(Debug, Deserialize)]
pub(super) struct Group {
    #[serde(default)]
    pub(super) matcher: Option<String>,
    #[serde(default)]
    pub(super) hooks: Vec<Handler>,
}

/// One hook.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Handler {
    Command {
        command: String,
        #[serde(default)]
        r#async: bool,
        #[serde(flatten)]
        common: Common,
    },
    McpTool {
        server: String,
        tool: String,
        #[serde(default)]
        input: serde_json::Map<String, Json>,
        #[serde(flatten)]
        common: Common,
    },
    Prompt {},
    Agent {},
}

/// What both kinds of hooks have.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Common {
    pub(super) timeout: Option<u64>,
    pub(super) status_message: Option<String>,
    pub(super) additional_context_limit: Option<usize>,
}

/// The groups of each moment.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Moments {
    pre_model_request: Vec<Group>,
    post_model_request: Vec<Group>,
    pre_tool_use: Vec<Group>,
    permission_request: Vec<Group>,
    post_tool_use: Vec<Group>,
    pre_compact: Vec<Group>,
    post_compact: Vec<Group>,
    session_start: Vec<Group>,
    session_end: Vec<Group>,
    user_prompt_submit: Vec<Group>,
    subagent_start: Vec<Group>,
    subagent_stop: Vec<Group>,
    stop: Vec<Group>,
    interrupt: Vec<Group>,
}

/// `hooks.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "description")]
    _description: Option<String>,
    #[serde(default)]
    hooks: Moments,
}

// === impl Moments ===

impl Moments {
    /// The groups, moment by moment.
    pub(super) fn in_order(self) -> [(Moment, Vec<Group>); 14] {
        [
            (Moment::PreModelRequest, self.pre_model_request),
            (Moment::PostModelRequest, self.post_model_request),
            (Moment::PreToolUse, self.pre_tool_use),
            (Moment::PermissionRequest, self.permission_request),
            (Moment::PostToolUse, self.post_tool_use),
            (Moment::PreCompact, self.pre_compact),
            (Moment::PostCompact, self.post_compact),
            (Moment::SessionStart, self.session_start),
            (Moment::SessionEnd, self.session_end),
            (Moment::UserPromptSubmit, self.user_prompt_submit),
            (Moment::SubagentStart, self.subagent_start),
            (Moment::SubagentStop, self.subagent_stop),
            (Moment::Stop, self.stop),
            (Moment::Interrupt, self.interrupt),
        ]
    }

    fn is_empty(&self) -> bool {
        let lists = [
            &self.pre_model_request,
            &self.post_model_request,
            &self.pre_tool_use,
            &self.permission_request,
            &self.post_tool_use,
            &self.pre_compact,
            &self.post_compact,
            &self.session_start,
            &self.session_end,
            &self.user_prompt_submit,
            &self.subagent_start,
            &self.subagent_stop,
            &self.stop,
            &self.interrupt,
        ];
        lists.into_iter().all(Vec::is_empty)
    }
}

/// What a layer has, file by file, those without hooks left out. What is wrong with a file goes to
/// `found`, and costs that file only.
pub(super) fn read(files: &Files, found: &mut Hooks) -> Vec<(PathBuf, Moments)> {
    let mut written = Vec::new();
    if let Some(path) = &files.beside {
        match read_beside(path) {
            Ok(moments) => written.push((path.clone(), moments)),
            Err(warning) => found.warnings.push(warning),
        }
    }
    if let Some(said) = &files.said {
        match serde_json::from_value(said.clone()) {
            Ok(moments) => written.push((files.config.clone(), moments)),
            Err(error) => {
                let file = files.config.display();
                found.errors.push(format!("{file}: {error}"));
            }
        }
    }
    written.retain(|(_, moments): &(_, Moments)| !moments.is_empty());
    if let [(beside, _), (config, _)] = &written[..] {
        found.warnings.push(format!(
            "loading hooks from both {} and {}; prefer a single representation for this layer",
            beside.display(),
            config.display()
        ));
    }
    written
}

fn read_beside(path: &Path) -> Result<Moments, String> {
    let shown = path.display();
    let text = files::read_text(path)
        .map_err(|error| format!("failed to read hooks config {shown}: {error}"))?;
    let Some((text, _)) = text else {
        return Ok(Moments::default());
    };
    let file: File = serde_json::from_str(&text)
        .map_err(|error| format!("failed to parse hooks config {shown}: {error}"))?;
    Ok(file.hooks)
}
