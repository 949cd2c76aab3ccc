//! Writing the user's file: from the wire to the engine and back. Pure.

use outpost_agent::config::{self as engine, Source, Write, WriteError, Written};
use outpost_protocol::{
    RpcError,
    app::config::{
        ConfigEdit, ConfigWriteErrorCode, ConfigWriteResponse, MergeStrategy, OverriddenMetadata,
        WriteStatus,
    },
};
use serde_json::{json, value::to_raw_value};

use super::view;

/// What is asked for.
pub(super) fn write(
    edits: Vec<ConfigEdit>,
    file: Option<String>,
    expected_version: Option<String>,
) -> Write {
    let edit = |edit: ConfigEdit| engine::Edit {
        key_path: edit.key_path,
        value: edit.value,
        strategy: match edit.merge_strategy {
            MergeStrategy::Replace => engine::MergeStrategy::Replace,
            MergeStrategy::Upsert => engine::MergeStrategy::Upsert,
        },
    };
    Write {
        edits: edits.into_iter().map(edit).collect(),
        file: file.map(Into::into),
        expected_version,
    }
}

/// What has been done.
pub(super) fn response(written: Written) -> Result<ConfigWriteResponse, RpcError> {
    let overridden = written
        .overridden
        .map(|overridden| {
            Ok::<_, RpcError>(OverriddenMetadata {
                message: format!("Overridden by {}", name(&overridden.by.source)),
                overriding_layer: view::metadata(&overridden.by)?,
                effective_value: overridden.effective,
            })
        })
        .transpose()?;
    Ok(ConfigWriteResponse {
        status: match overridden {
            None => WriteStatus::Ok,
            Some(_) => WriteStatus::OkOverridden,
        },
        version: written.version,
        file_path: view::path(&written.file)?,
        overridden_metadata: overridden,
    })
}

/// A layer, for people.
fn name(source: &Source) -> String {
    match source {
        Source::Flags => "session flags".to_owned(),
        Source::Managed { file } => format!("legacy managed_config.toml: {}", file.display()),
        Source::System { file } => format!("system config: {}", file.display()),
        Source::User { file } => format!("user config: {}", file.display()),
        Source::Project { folder } => format!("project config: {}", folder.display()),
    }
}

/// Nothing has been done.
pub(super) fn refusal(error: &WriteError) -> RpcError {
    let code = match error {
        WriteError::ReadOnly => ConfigWriteErrorCode::ConfigLayerReadonly,
        WriteError::Conflict => ConfigWriteErrorCode::ConfigVersionConflict,
        WriteError::Edit(_)
        | WriteError::Legacy(_)
        | WriteError::Invalid(_)
        | WriteError::TooMany
        | WriteError::TooLarge => ConfigWriteErrorCode::ConfigValidationError,
        WriteError::Broken(_) | WriteError::Io(_) => return RpcError::internal(error.to_string()),
    };
    let data = to_raw_value(&json!({"config_write_error_code": code}));
    RpcError {
        data: Some(data.expect("a name is JSON")),
        ..RpcError::invalid_request(error.to_string())
    }
}
