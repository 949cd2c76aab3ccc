//! Policies of calls: from the wire's words to walls that enforce them.
//!
//! A policy is enforced or the call is refused before it did anything. Where nothing is to be
//! enforced there are no walls, and the call costs nothing more. A command runs behind walls of its
//! own; file calls are done by helpers, processes of our own program behind the same walls, which
//! are kept warm.

mod calls;
mod helper;
mod helpers;
pub(crate) mod inside;
mod shelf;
mod translate;

use std::{env, ffi::OsStr, path::PathBuf, sync::Arc};

use outpost_host::{
    process::{ProcessHost, Spec},
    sandbox::{FileRules, Network, Walls},
};
use outpost_protocol::{RpcError, exec::sandbox::SandboxContext};

use self::translate::{Caller, translate};
pub(super) use self::{calls::OpenElsewhere, helpers::Helpers, translate::Refused};
use super::{Shared, errors};

/// How often walls are raised for one call while the files they are made from keep changing.
pub(super) const RAISES: usize = 5;

/// Names the folder for temporary files.
const TMPDIR: &str = "TMPDIR";

/// The walls of a command, whose specification has none yet.
pub(super) async fn of_command(
    server: &Shared,
    sandbox: &SandboxContext,
    spec: &Spec,
) -> Result<Option<Arc<Walls>>, RpcError> {
    let command = Command {
        host: &server.host,
        spec,
    };
    let held =
        translate(sandbox, &command).map_err(|refused| errors::policy_of_command(&refused))?;
    let Some(held) = held else {
        return Ok(None);
    };
    let walls = server
        .sandboxes
        .prepare_command(&held.policy, &held.scene)
        .await;
    walls.map(Some).map_err(|error| errors::sandbox(&error))
}

/// The walls of a file call; none where the policy has no rules about files. The network is nothing
/// to it.
async fn of_files(
    server: &Shared,
    sandbox: &SandboxContext,
) -> Result<Option<Arc<Walls>>, RpcError> {
    let held =
        translate(sandbox, &FileCall).map_err(|refused| errors::policy_of_files(&refused))?;
    let Some(mut held) = held else {
        return Ok(None);
    };
    if held.policy.files == FileRules::Unrestricted {
        return Ok(None);
    }
    held.policy.network = Network::Restricted;
    let walls = server.sandboxes.prepare(&held.policy, &held.scene).await;
    walls.map(Some).map_err(|error| errors::sandbox(&error))
}

/// A command that is to be started.
struct Command<'a> {
    host: &'a ProcessHost,
    spec: &'a Spec,
}

impl Caller for Command<'_> {
    fn folder(&self) -> Option<PathBuf> {
        Some(self.spec.cwd.clone())
    }

    /// As the command itself will see it. An environment that cannot be made is the start's error.
    fn tmpdir(&self) -> Option<PathBuf> {
        let variables = self.host.environment(self.spec).ok()?;
        let tmpdir = |(name, _): &(_, _)| name == OsStr::new(TMPDIR);
        variables
            .into_iter()
            .find(tmpdir)
            .map(|(_, value)| value.into())
    }
}

/// A call that works on files. It runs in no folder, with the server's environment.
struct FileCall;

impl Caller for FileCall {
    fn folder(&self) -> Option<PathBuf> {
        None
    }

    fn tmpdir(&self) -> Option<PathBuf> {
        env::var_os(TMPDIR).map(PathBuf::from)
    }
}
