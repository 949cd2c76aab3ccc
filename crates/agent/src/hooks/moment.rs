//! When hooks run.

/// A moment at which hooks run, in the order they are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before a model is asked.
    PreModelRequest,
    /// After that.
    PostModelRequest,
    /// Before a tool is used.
    PreToolUse,
    /// Where a user would be asked.
    PermissionRequest,
    /// After a tool was used.
    PostToolUse,
    /// Before a conversation is shortened.
    PreCompact,
    /// After that.
    PostCompact,
    /// When a conversation begins.
    SessionStart,
    /// When it ends.
    SessionEnd,
    /// When a user says something.
    UserPromptSubmit,
    /// When an agent calls another.
    SubagentStart,
    /// When that one is done.
    SubagentStop,
    /// When a turn is done.
    Stop,
    /// When a turn is interrupted.
    Interrupt,
}

// === impl Moment ===

impl Moment {
    /// Its name in keys and digests.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::PreModelRequest => "pre_model_request",
            Self::PostModelRequest => "post_model_request",
            Self::PreToolUse => "pre_tool_use",
            Self::PermissionRequest => "permission_request",
            Self::PostToolUse => "post_tool_use",
            Self::PreCompact => "pre_compact",
            Self::PostCompact => "post_compact",
            Self::SessionStart => "session_start",
            Self::SessionEnd => "session_end",
            Self::UserPromptSubmit => "user_prompt_submit",
            Self::SubagentStart => "subagent_start",
            Self::SubagentStop => "subagent_stop",
            Self::Stop => "stop",
            Self::Interrupt => "interrupt",
        }
    }

    /// Whether it is about something that a matcher can tell from others.
    pub(super) fn has_matter(self) -> bool {
        !matches!(
            self,
            Self::PreModelRequest
                | Self::PostModelRequest
                | Self::UserPromptSubmit
                | Self::Stop
                | Self::Interrupt
        )
    }
}
