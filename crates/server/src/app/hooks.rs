//! `hooks/list`: the hooks of some folders, as they are configured at that moment.

use std::path::PathBuf;

use outpost_agent::hooks::{self as configured, Hook, HookTrust, Hooks, Moment, Owner, Runs};
use outpost_protocol::{
    RpcError,
    app::{
        AbsolutePath,
        hooks::{
            HookErrorInfo, HookEventName, HookHandler, HookMetadata, HookSource, HookTrustStatus,
            HooksListEntry, HooksListParams, HooksListResponse, List,
        },
    },
};
use outpost_rpc::router::{Reply, Router};

use super::{connection::Call, settings, threads};

/// How many folders are looked at in one request.
pub(super) const MAX_FOLDERS: usize = 128;

/// Adds the methods of this family.
pub(super) fn methods(router: Router<Call>) -> Router<Call> {
    router.call::<List, _, _>(|lane| lane, list)
}

/// The folders of a request: those it names, or the server's own.
pub(super) fn folders(call: &Call, named: Vec<PathBuf>) -> Result<Vec<PathBuf>, RpcError> {
    if named.len() > MAX_FOLDERS {
        let words = format!("at most {MAX_FOLDERS} cwds are allowed");
        return Err(RpcError::invalid_params(words));
    }
    Ok(match named.is_empty() {
        true => vec![call.server.machine.cwd.clone()],
        false => named,
    })
}

/// `hooks/list`.
async fn list(call: Call, params: HooksListParams) -> Result<Reply<HooksListResponse>, RpcError> {
    let named = match params.thread_id {
        None => params.cwds,
        Some(_) if !params.cwds.is_empty() => {
            let words = "specify either threadId or cwds";
            return Err(RpcError::invalid_request(words));
        }
        Some(id) => vec![threads::folder(&call.server, &id)?.as_path().to_owned()],
    };
    let named = folders(&call, named)?;
    let own = call.server.machine.cwd.clone();
    let data = settings::look(&call.server, move |all| {
        let entry = |cwd: PathBuf| {
            let absolute = own.join(&cwd);
            let snapshot = all.read(Some(&absolute));
            entry(cwd, configured::list(all, &snapshot, &absolute))
        };
        named.into_iter().map(entry).collect()
    });
    Ok(HooksListResponse { data: data.await? }.into())
}

fn entry(cwd: PathBuf, found: Hooks) -> HooksListEntry {
    let error = |message: String| HookErrorInfo {
        path: cwd.clone(),
        message,
    };
    HooksListEntry {
        hooks: (0..).zip(found.hooks).filter_map(hook).collect(),
        warnings: found.warnings,
        errors: found.errors.into_iter().map(error).collect(),
        cwd,
    }
}

/// A hook on the wire; all of them stand in files with absolute paths.
fn hook((display_order, hook): (i64, Hook)) -> Option<HookMetadata> {
    let handler = match hook.runs {
        Runs::Command { line, unattended } => HookHandler::Command {
            command: line,
            r#async: unattended,
        },
        Runs::Tool { server, tool } => HookHandler::McpTool { server, tool },
    };
    Some(HookMetadata {
        key: hook.key,
        event_name: moment(hook.moment),
        handler,
        matcher: hook.matcher,
        timeout_sec: hook.timeout,
        status_message: hook.status_message,
        additional_context_limit: hook.context_limit,
        source_path: AbsolutePath::new(&hook.file)?,
        source: match hook.owner {
            Owner::System => HookSource::System,
            Owner::User => HookSource::User,
            Owner::Project => HookSource::Project,
            Owner::Flags => HookSource::SessionFlags,
            Owner::Managed => HookSource::LegacyManagedConfigFile,
        },
        plugin_id: None,
        environment_id: None,
        display_order,
        enabled: hook.enabled,
        is_managed: hook.trust == HookTrust::Managed,
        current_hash: hook.digest,
        trust_status: match hook.trust {
            HookTrust::Managed => HookTrustStatus::Managed,
            HookTrust::Untrusted => HookTrustStatus::Untrusted,
            HookTrust::Trusted => HookTrustStatus::Trusted,
            HookTrust::Modified => HookTrustStatus::Modified,
        },
    })
}

fn moment(moment: Moment) -> HookEventName {
    match moment {
        Moment::PreModelRequest => HookEventName::PreModelRequest,
        Moment::PostModelRequest => HookEventName::PostModelRequest,
        Moment::PreToolUse => HookEventName::PreToolUse,
        Moment::PermissionRequest => HookEventName::PermissionRequest,
        Moment::PostToolUse => HookEventName::PostToolUse,
        Moment::PreCompact => HookEventName::PreCompact,
        Moment::PostCompact => HookEventName::PostCompact,
        Moment::SessionStart => HookEventName::SessionStart,
        Moment::SessionEnd => HookEventName::SessionEnd,
        Moment::UserPromptSubmit => HookEventName::UserPromptSubmit,
        Moment::SubagentStart => HookEventName::SubagentStart,
        Moment::SubagentStop => HookEventName::SubagentStop,
        Moment::Stop => HookEventName::Stop,
        Moment::Interrupt => HookEventName::Interrupt,
    }
}
