//! `config/*` and what it decides: reading what is in force, writing the user's file, what is told
//! about both.
//!
//! The requests of a connection keep their order by their lanes; those of all connections together
//! take turns, reads with each other and each write alone. What is read is what the files say at
//! that moment, or last said when they could be understood: nothing is cached here.

mod changes;
mod demands;
mod profiles;
mod view;
mod warnings;

use std::sync::Arc;

use outpost_agent::config::Configuration;
use outpost_protocol::{
    NoParams, RpcError,
    app::{
        Done, choices, config,
        config::{
            ConfigBatchWriteParams, ConfigReadParams, ConfigReadResponse,
            ConfigRequirementsReadResponse, ConfigValueWriteParams, ConfigWriteResponse,
        },
        extensions::McpServerReload,
    },
    code,
};
use outpost_rpc::{
    lanes::{Access, Claim},
    router::{Reply, Router},
};
use tokio::{sync::RwLock, task::spawn_blocking};

pub(super) use self::warnings::{Told, at_start};
use super::{Shared, connection::Call};

/// The answer of every handler.
type Answer<T> = Result<Reply<T>, RpcError>;

/// The turns of all connections: held together to read, alone to write.
pub(super) type Turns = Arc<RwLock<()>>;

pub(super) fn methods(router: Router<Call>) -> Router<Call> {
    router
        .call::<config::Read, _, _>(|lane| lane.claims(|_| claim(Access::Shared)), read)
        .call::<config::RequirementsRead, _, _>(
            |lane| lane.claims(|_| claim(Access::Shared)),
            requirements,
        )
        .call::<choices::PermissionProfileList, _, _>(
            |lane| lane.claims(|_| claim(Access::Shared)),
            profiles::list,
        )
        .call::<McpServerReload, _, _>(|lane| lane.claims(|_| claim(Access::Shared)), reload)
        .call::<config::ValueWrite, _, _>(
            |lane| lane.claims(|_| claim(Access::Exclusive)).finishes(),
            write_value,
        )
        .call::<config::BatchWrite, _, _>(
            |lane| lane.claims(|_| claim(Access::Exclusive)).finishes(),
            write_batch,
        )
}

/// There is one configuration.
fn claim(access: Access) -> Vec<Claim> {
    vec![Claim::new("configuration", "", access)]
}

/// Looks at the configuration, off the runtime; other looks may take place meanwhile.
pub(super) async fn look<T: Send + 'static>(
    server: &Shared,
    work: impl FnOnce(&Configuration) -> T + Send + 'static,
) -> Result<T, RpcError> {
    let turn = Arc::clone(&server.turns).read_owned().await;
    let configuration = Arc::clone(&server.configuration);
    // The thread keeps the turn, also when nobody waits for it any more.
    let looked = spawn_blocking(move || {
        let _turn = turn;
        work(&configuration)
    });
    looked.await.map_err(|error| failed(&error))
}

/// As [`look`], and nobody else looks meanwhile.
async fn change<T: Send + 'static>(
    server: &Shared,
    work: impl FnOnce(&Configuration) -> T + Send + 'static,
) -> Result<T, RpcError> {
    let turn = Arc::clone(&server.turns).write_owned().await;
    let configuration = Arc::clone(&server.configuration);
    let changed = spawn_blocking(move || {
        let _turn = turn;
        work(&configuration)
    });
    changed.await.map_err(|error| failed(&error))
}

fn failed(error: &tokio::task::JoinError) -> RpcError {
    RpcError::internal(format!("looking at the configuration failed: {error}"))
}

/// `config/read`.
async fn read(call: Call, params: ConfigReadParams) -> Answer<ConfigReadResponse> {
    let cwd = params.cwd.map(|cwd| call.server.machine.cwd.join(cwd));
    let snapshot = look(&call.server, move |all| all.read(cwd.as_deref())).await?;
    let home = call.server.configuration.places().user_file();
    let answer = view::answer(&snapshot, &home, params.include_layers)?;
    let news = call.client.told.lock().news(&snapshot);
    warnings::tell(&call.client, news);
    Ok(Reply::Encoded(answer))
}

/// `configRequirements/read`.
async fn requirements(call: Call, _: NoParams) -> Answer<ConfigRequirementsReadResponse> {
    let demanded = look(&call.server, Configuration::requirements).await?;
    Ok(ConfigRequirementsReadResponse {
        supports_independent_speed_modes: Some(true),
        requirements: demanded
            .map(|demanded| demands::requirements(&demanded))
            .transpose()?,
    }
    .into())
}

/// `config/value/write`.
async fn write_value(call: Call, params: ConfigValueWriteParams) -> Answer<ConfigWriteResponse> {
    let ConfigValueWriteParams {
        key_path,
        value,
        merge_strategy,
        file_path,
        expected_version,
    } = params;
    let edit = config::ConfigEdit {
        key_path,
        value,
        merge_strategy,
    };
    let write = changes::write(vec![edit], file_path, expected_version);
    written(call, write).await
}

/// `config/batchWrite`. Nothing has to be reloaded: whatever needs the configuration looks at it.
async fn write_batch(call: Call, params: ConfigBatchWriteParams) -> Answer<ConfigWriteResponse> {
    let write = changes::write(params.edits, params.file_path, params.expected_version);
    written(call, write).await
}

async fn written(call: Call, write: outpost_agent::config::Write) -> Answer<ConfigWriteResponse> {
    let written = change(&call.server, move |all| all.write(&write)).await?;
    let written = written.map_err(|error| changes::refusal(&error))?;
    Ok(changes::response(written)?.into())
}

/// `config/mcpServer/reload`: there is nothing to reload where nothing is configured, and nothing
/// is claimed of what is.
async fn reload(call: Call, _: NoParams) -> Answer<Done> {
    let snapshot = look(&call.server, |all| all.read(None)).await?;
    let configured = snapshot.config["mcp_servers"].as_object();
    if configured.is_some_and(|servers| !servers.is_empty()) {
        return Err(RpcError::new(
            code::METHOD_NOT_FOUND,
            "config/mcpServer/reload is not supported: this server starts no MCP servers",
        ));
    }
    Ok(Done {}.into())
}
