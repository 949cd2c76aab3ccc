//! `config/*` and what it decides: reading what is in force, writing the user's file, what is told
//! about both.
//!
//! The requests of a connection keep their order by their lanes; those of all connections together
//! take turns, reads with each other and each write alone. What is read is what the files say at
//! that moment, or last said when they could be understood: nothing is cached here.

mod changes;
mod demands;
mod held;
mod permissions;
mod profiles;
mod shown;
mod view;
mod warnings;

use std::{path::Path, sync::Arc};

use outpost_agent::config::Configuration;
use outpost_host::process::EnvPolicy;
use outpost_protocol::{
    NoParams, RpcError,
    app::{
        Done, choices, config,
        config::{
            ConfigBatchWriteParams, ConfigReadParams, ConfigReadResponse,
            ConfigRequirementsReadResponse, ConfigValueWriteParams, ConfigWriteResponse,
        },
        extensions::McpServerReload,
        policy::SandboxPolicy,
    },
    code,
};
use outpost_rpc::{
    lanes::{Access, Claim},
    router::{Reply, Router},
};
use tokio::{
    sync::{RwLock, Semaphore},
    task::spawn_blocking,
};

use self::held::Rulebook;
pub(super) use self::{
    held::SETTINGS,
    shown::shown,
    warnings::{Told, at_start},
};
use super::{Shared, connection::Call, sandbox::Held};

/// The answer of every handler.
type Answer<T> = Result<Reply<T>, RpcError>;

/// The turns of all connections.
pub(super) struct Turns {
    /// Some are held together to read, all of them to write.
    requests: Arc<RwLock<()>>,
    /// For commands, which no write holds up.
    commands: Arc<Semaphore>,
}

/// Looks at the configuration at the same time, of all connections together, for requests and as
/// many for commands: each holds a thread and reads small files, for a fraction of a millisecond
/// where the disk answers.
const LOOKS: u32 = 4;

// === impl Turns ===

impl Turns {
    pub(super) fn new() -> Self {
        Self {
            requests: Arc::new(RwLock::with_max_readers((), LOOKS)),
            commands: Arc::new(Semaphore::new(LOOKS as usize)),
        }
    }
}

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
    let turn = Arc::clone(&server.turns.requests).read_owned().await;
    blocking(server, turn, work).await
}

/// As [`look`], also while somebody writes: what is seen is old or new.
async fn glance<T: Send + 'static>(
    server: &Shared,
    work: impl FnOnce(&Configuration) -> T + Send + 'static,
) -> Result<T, RpcError> {
    let turn = Arc::clone(&server.turns.commands).acquire_owned().await;
    blocking(server, turn, work).await
}

/// As [`look`], and nobody else looks meanwhile.
pub(super) async fn change<T: Send + 'static>(
    server: &Shared,
    work: impl FnOnce(&Configuration) -> T + Send + 'static,
) -> Result<T, RpcError> {
    let turn = Arc::clone(&server.turns.requests).write_owned().await;
    blocking(server, turn, work).await
}

async fn blocking<T: Send + 'static>(
    server: &Shared,
    turn: impl Send + 'static,
    work: impl FnOnce(&Configuration) -> T + Send + 'static,
) -> Result<T, RpcError> {
    let configuration = Arc::clone(&server.configuration);
    // The thread keeps the turn, also when nobody waits for it any more.
    let worked = spawn_blocking(move || {
        let _turn = turn;
        work(&configuration)
    });
    worked.await.map_err(|error| {
        RpcError::internal(format!("looking at the configuration failed: {error}"))
    })
}

/// What a command is held to in the folder `cwd`, and what it gets of the server's environment: as
/// the client asked, by a policy or by the name of a profile, or as the configuration says.
///
/// What holds for a command that asks for nothing is what is said in the server's own folder, and
/// that folder is its workspace.
pub(super) async fn hold(
    call: &Call,
    (policy, profile): (Option<SandboxPolicy>, Option<String>),
    cwd: &Path,
) -> Result<(Held, EnvPolicy), RpcError> {
    if policy.is_some() && profile.is_some() {
        return Err(RpcError::invalid_request(
            "`permissionProfile` cannot be combined with `sandboxPolicy`",
        ));
    }
    let own = call.server.machine.cwd.clone();
    let cwd = own.join(cwd);
    let decided = glance(&call.server, move |all| {
        let said = all.said(&SETTINGS, &own);
        let (demanded, home) = (all.requirements(), held::home());
        let book = Rulebook {
            said: &said,
            demanded: demanded.as_ref(),
            workspace: &own,
            home: home.as_deref(),
        };
        let held = match (policy, profile) {
            (Some(policy), _) => match book.allow_kind(&policy) {
                Ok(()) => Ok(Held::of(policy)),
                Err(words) => Err(format!("invalid sandbox policy: {words}")),
            },
            (None, Some(name)) => {
                let there = Rulebook {
                    said: &all.said(&SETTINGS, &cwd),
                    workspace: &cwd,
                    ..book
                };
                there.named(&name).map_err(no_profile)
            }
            (None, None) => book.usual().map_err(no_profile),
        };
        let environment = held::environment(&said);
        (held, environment, said)
    });
    let (held, environment, said) = decided.await?;
    let news = call.client.told.lock().news(&said.warnings, &said.files);
    warnings::tell(&call.client, news);
    Ok((held.map_err(RpcError::invalid_request)?, environment))
}

fn no_profile(words: impl std::fmt::Display) -> String {
    format!("invalid permission profile: {words}")
}

/// `config/read`.
async fn read(call: Call, params: ConfigReadParams) -> Answer<ConfigReadResponse> {
    let cwd = params.cwd.map(|cwd| call.server.machine.cwd.join(cwd));
    let snapshot = look(&call.server, move |all| all.read(cwd.as_deref())).await?;
    let home = call.server.configuration.places().user_file();
    let answer = view::answer(&snapshot, &home, params.include_layers)?;
    let news = warnings::news(&call.client, &snapshot);
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

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use outpost_agent::config::Places;

    use super::*;
    use crate::app::{AppConfig, AppServer};

    #[tokio::test]
    async fn one_look_more_than_there_are_turns_waits_and_a_change_takes_all() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places {
            home: folder.path().join("home"),
            system: folder.path().join("system"),
        };
        let all = Configuration::open::<&str>(places, &[]).unwrap();
        let server = AppServer::new(AppConfig::new(all)).shared;
        let turns = &server.turns;
        let mut others = Vec::new();
        for _ in 0..LOOKS {
            others.push(Arc::clone(&turns.requests).try_read_owned().unwrap());
        }
        let mut waiting = pin!(look(&server, |_| 7));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        let mut changing = pin!(change(&server, |_| 8));
        assert!(futures_util::poll!(&mut changing).is_pending());
        // A command waits for commands alone.
        assert_eq!(glance(&server, |_| 9).await, Ok(9));
        let commands = Arc::clone(&turns.commands).acquire_many_owned(LOOKS).await;
        let mut starting = pin!(glance(&server, |_| 10));
        assert!(futures_util::poll!(&mut starting).is_pending());
        drop(commands);
        assert_eq!(starting.await, Ok(10));
        others.pop();
        assert_eq!(waiting.await, Ok(7));
        assert!(futures_util::poll!(&mut changing).is_pending());
        drop(others);
        assert_eq!(changing.await, Ok(8));
    }
}
