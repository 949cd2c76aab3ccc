//! `environment/*`, the configuration and the capabilities: from the wire to the engine and back.

mod discovery;

use std::sync::Arc;

use outpost_agent::config::{
    Places,
    excerpt::{self, ConfigRequest},
};
use outpost_host::environment::Description;
use outpost_protocol::{
    NoParams, PathUri, RpcError,
    exec::{
        REFERENCE_VERSION,
        environment::{
            Capabilities, ConfigLayer, ConfigLayers, ConfigReadResponse,
            EnvironmentConfigReadParams, EnvironmentInfo, ShellInfo, StatusResponse,
        },
    },
};
use outpost_rpc::router::Reply;

pub(super) use self::discovery::{discover, discover_roots};
use super::{Shared, connection::Call, errors};

/// The answer of every handler.
type Answer<T> = Result<Reply<T>, RpcError>;

/// What this server can do. False is what it cannot enforce or does not have: discovery under a
/// policy, the network proxy, shell snapshots.
const CAPABILITIES: Capabilities = Capabilities {
    network_proxy_launch: false,
    network_proxy_review_domains: false,
    credential_masking: false,
    credential_masking_custom_providers: false,
    capability_discovery_sandbox: false,
    fs_watch_missing: true,
    capability_discovery_v2: true,
    environment_config_read: true,
    http_header_env_vars: true,
    sandboxed_file_streaming: true,
    file_write_streaming: true,
    shell_snapshot_v2: false,
    windows_mxc: false,
    linux_root_write_preserves_devices: true,
    linux_approved_root_write_preserves_restrictions: false,
    process_resize: true,
    process_close_stdin: true,
    process_follow: true,
    process_list: true,
    process_signals: true,
    process_timeout: true,
    terminate_grace: true,
    exit_reason: true,
    lost_bytes: true,
    process_limits: true,
};

/// What the machine is, in the wire's words.
pub(super) fn info(machine: &Description) -> EnvironmentInfo {
    let uris = |paths: &[std::path::PathBuf]| paths.iter().map(PathUri::from_path).collect();
    EnvironmentInfo {
        shell: ShellInfo {
            name: machine.shell.name.to_owned(),
            path: machine.shell.path.to_string_lossy().into_owned(),
        },
        executor_version: Some(REFERENCE_VERSION.to_owned()),
        provider_id: Some(machine.provider_id.clone()),
        cwd: machine.cwd.as_ref().map(PathUri::from_path),
        user_home_dir: machine.user_home.as_ref().map(PathUri::from_path),
        platform_os: Some(machine.platform_os.to_owned()),
        prepend_path_dirs: uris(&machine.prepend_path_dirs),
        temporary_directories: uris(&machine.temporary_directories),
        temp_dir: Some(PathUri::from_path(&machine.temp_dir)),
        capabilities: CAPABILITIES,
    }
}

/// `environment/info`.
pub(super) async fn describe(call: Call, _: NoParams) -> Answer<EnvironmentInfo> {
    Ok(call.server.info.clone().into())
}

/// `environment/status`.
pub(super) async fn status(_: Call, _: NoParams) -> Answer<StatusResponse> {
    Ok(StatusResponse {
        status: "ready".to_owned(),
    }
    .into())
}

/// `environmentConfig/read`.
pub(super) async fn config_read(
    call: Call,
    params: EnvironmentConfigReadParams,
) -> Answer<ConfigReadResponse> {
    let request = ConfigRequest {
        cwd: params
            .cwd
            .into_native()
            .map_err(|foreign| errors::foreign_path(&foreign))?,
        config_paths: params.config_paths,
        requirements_paths: params.requirements_paths,
    };
    let server = call.server;
    let places = Places {
        home: server.places.home.clone(),
        system: server.places.system.clone(),
    };
    let read = blocking(&server, move || excerpt::read(&places, &request)).await?;
    let found = read.map_err(|error| errors::config(&error))?;
    let response = ConfigReadResponse {
        user_home_dir: server.places.user_home.as_ref().map(PathUri::from_path),
        codex_home_dir: PathUri::from_path(&server.places.home),
        hostname: server.hostname.clone(),
        config: layers(found.config),
        requirements: layers(found.requirements),
    };
    Ok(response.into())
}

fn layers(stack: excerpt::LayerStack) -> ConfigLayers {
    let layer = |layer: excerpt::Layer| ConfigLayer {
        source: layer.source,
        base_dir: PathUri::from_path(layer.base_dir),
        toml: layer.toml,
    };
    ConfigLayers {
        layers: stack.layers.into_iter().map(layer).collect(),
        cloud_insertion_index: stack.cloud_insertion_index,
    }
}

/// Look-ups that read files at the same time, of all connections together: each holds a thread and
/// reads many small files, and clients ask for them only when they start.
pub(super) const LOOKUPS: usize = 4;

/// Runs what reads many small files off the runtime; waits while others do.
async fn blocking<T: Send + 'static>(
    server: &Shared,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, RpcError> {
    let turn = Arc::clone(&server.lookups).acquire_owned().await;
    // The thread keeps its turn, also when nobody waits for what it finds any more.
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    })
    .await
    .map_err(|error| RpcError::internal(format!("looking at the files failed: {error}")))
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;
    use crate::exec::{ExecConfig, ExecServer};

    #[tokio::test]
    async fn one_look_up_more_than_there_are_turns_waits_for_one() {
        let server = ExecServer::new(ExecConfig::default()).shared;
        let turns = u32::try_from(LOOKUPS).unwrap();
        let others = Arc::clone(&server.lookups).acquire_many_owned(turns).await;
        let mut waiting = pin!(blocking(&server, || 7));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        drop(others);
        assert_eq!(waiting.await, Ok(7));
    }
}
