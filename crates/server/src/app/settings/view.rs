//! What was read, in the words of the wire. Pure.

use std::{collections::BTreeMap, path::Path};

use outpost_agent::config::{Disabled, Layer, Origin, Snapshot, Source};
use outpost_protocol::{
    RpcError,
    app::{
        AbsolutePath,
        config::{ConfigLayer, ConfigLayerMetadata, ConfigLayerSource},
    },
};
use serde_json::json;

/// The answer to `config/read`. The values stand in it as the engine has them: it knows more keys
/// than a type could name.
pub(super) fn answer(
    snapshot: &Snapshot,
    user_file: &Path,
    layers: bool,
) -> Result<String, RpcError> {
    let origins: BTreeMap<_, _> = snapshot
        .origins
        .iter()
        .map(|(key, origin)| Ok((key, metadata(origin)?)))
        .collect::<Result<_, RpcError>>()?;
    let mut answer = json!({"config": snapshot.config, "origins": origins});
    if layers {
        let layers = snapshot.layers.iter().map(|each| layer(each, user_file));
        answer["layers"] = json!(layers.collect::<Result<Vec<_>, _>>()?);
    }
    Ok(answer.to_string())
}

fn layer(layer: &Layer, user_file: &Path) -> Result<ConfigLayer, RpcError> {
    Ok(ConfigLayer {
        name: source(&layer.source)?,
        version: layer.version.clone(),
        config: layer.config.clone(),
        disabled_reason: layer
            .disabled
            .as_ref()
            .map(|disabled| reason(disabled, user_file)),
    })
}

/// Which layer decided something.
pub(super) fn metadata(origin: &Origin) -> Result<ConfigLayerMetadata, RpcError> {
    Ok(ConfigLayerMetadata {
        name: source(&origin.source)?,
        version: origin.version.clone(),
    })
}

fn source(source: &Source) -> Result<ConfigLayerSource, RpcError> {
    Ok(match source {
        Source::System { file } => ConfigLayerSource::System { file: path(file)? },
        Source::User { file } => ConfigLayerSource::User {
            file: path(file)?,
            profile: None,
        },
        Source::Project { folder } => ConfigLayerSource::Project {
            dot_codex_folder: path(folder)?,
        },
        Source::Flags => ConfigLayerSource::SessionFlags {},
        Source::Managed { file } => {
            ConfigLayerSource::LegacyManagedConfigTomlFromFile { file: path(file)? }
        }
    })
}

/// A path of the configuration's; the engine has none that is not absolute.
pub(super) fn path(path: &Path) -> Result<AbsolutePath, RpcError> {
    AbsolutePath::new(path).ok_or_else(|| {
        let path = path.display();
        RpcError::internal(format!("{path}, a file of the configuration, is nowhere"))
    })
}

/// Why a project's configuration does not count, for people.
pub(super) fn reason(disabled: &Disabled, user_file: &Path) -> String {
    let what = "To load project-local config, hooks, and exec policies";
    match disabled {
        Disabled::NotTrusted { project } => format!(
            "{what}, add {} as a trusted project in {}.",
            project.display(),
            user_file.display()
        ),
        Disabled::Untrusted { project } => format!(
            "{} is marked as untrusted in the effective configuration. {what}, update its trust \
             setting. If that setting is managed by your organization, contact your administrator.",
            project.display()
        ),
    }
}
