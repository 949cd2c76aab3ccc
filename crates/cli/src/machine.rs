//! The machine a command works on: one inside this program, or one behind a URL.
//!
//! Nothing is connected before something is asked. [`Machine::close`] ends the connection and, with
//! a machine inside this program, every process on it; dropping does not wait for that.

use std::{
    ffi::OsString,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use outpost_client::{
    ClientError, ConnectOptions, ConnectionEvent, Environment, Secret,
    config::{self, ConfigError, Environments, LOCAL, REMOTE, Variables},
};
use outpost_server::{
    embed::{EmbeddedExec, Local},
    exec::ExecConfig,
};

use crate::{args::Target, say, time};

/// The longest token read from a file, in bytes: headers of more than that are refused anyway.
const TOKEN_BYTES: u64 = 16 << 10;

/// A machine.
#[derive(Debug)]
pub(crate) struct Machine {
    environment: Environment,
    /// The server, where it is inside this program.
    inside: Option<Arc<EmbeddedExec>>,
    recovery: Duration,
}

/// The machine that the arguments, the environment and the configuration choose; `session` is to be
/// joined there.
pub(crate) fn reach(target: &Target, session: Option<String>) -> anyhow::Result<Machine> {
    let own = ConnectOptions {
        recovery: target.recovery,
        resume_session_id: session,
        ..ConnectOptions::default()
    };
    match target.on.as_deref() {
        Some(LOCAL) => Ok(Machine::inside(own)),
        Some(url) if url.contains("://") => Machine::at(url, with_token(own, target)?),
        name => configured(name, own, target),
    }
}

/// This machine, whatever the environment and the configuration say.
pub(crate) fn here() -> Machine {
    Machine::inside(ConnectOptions::default())
}

/// The machines of a home's configuration; without one, those that the environment names.
pub(crate) fn environments(home: &Path) -> Result<Environments, ConfigError> {
    Environments::load(&variables(), Some(home))
}

/// What the environment says, as far as it is text.
fn variables() -> Variables {
    let text = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

/// A machine of the configuration: the one of this name, or the default.
fn configured(name: Option<&str>, own: ConnectOptions, target: &Target) -> anyhow::Result<Machine> {
    let variables = variables();
    let environments = Environments::load(&variables, config::home(&variables).as_deref())?;
    let entry = match name {
        Some(name) => environments.get(name).with_context(|| {
            let names = environments
                .entries()
                .iter()
                .map(|entry| entry.name.as_str());
            let names: Vec<_> = names.collect();
            format!(
                "no machine is called `{name}`; there is {}",
                names.join(", ")
            )
        })?,
        None => environments
            .default_entry()
            .context("no machine is configured to be used; name one with --on")?,
    };
    let with_limits_of = |options: &ConnectOptions| ConnectOptions {
        bearer_token: options.bearer_token.clone(),
        connect_timeout: options.connect_timeout,
        initialize_timeout: options.initialize_timeout,
        ..own.clone()
    };
    match &entry.target {
        config::Target::Local => Ok(Machine::inside(own)),
        // The one that a variable names has no other place for its token.
        config::Target::Server { address, options } if entry.name == REMOTE => {
            Machine::at(address, with_token(with_limits_of(options), target)?)
        }
        config::Target::Server { address, options } => {
            Machine::at(address, with_limits_of(options))
        }
        config::Target::Program { program, options } => {
            let options = with_limits_of(options);
            let recovery = options.recovery;
            let environment = Environment::program(program.clone(), options);
            Ok(Machine {
                environment,
                inside: None,
                recovery,
            })
        }
    }
}

/// The options with the token of `--token-file`.
fn with_token(options: ConnectOptions, target: &Target) -> anyhow::Result<ConnectOptions> {
    let bearer_token = target.token_file.as_deref().map(token).transpose()?;
    Ok(ConnectOptions {
        bearer_token: bearer_token.or(options.bearer_token),
        ..options
    })
}

/// Where the server works; nothing where it does not tell, as those of the older dialect.
pub(crate) async fn directory(environment: &Environment) -> Result<Option<PathBuf>, ClientError> {
    match environment.info().await {
        Ok(info) => Ok(info.cwd.and_then(|cwd| cwd.into_native().ok())),
        Err(ClientError::Unsupported { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The token that a file holds.
fn token(file: &Path) -> anyhow::Result<Secret> {
    let read = || {
        let mut text = String::new();
        File::open(file)?
            .take(TOKEN_BYTES)
            .read_to_string(&mut text)?;
        anyhow::Ok(text)
    };
    let text = read().with_context(|| format!("cannot read the token in {}", file.display()))?;
    let token = text.trim();
    anyhow::ensure!(
        !token.is_empty(),
        "the token in {} is empty",
        file.display()
    );
    Ok(Secret::new(token))
}

// === impl Machine ===

impl Machine {
    /// One inside this program.
    fn inside(options: ConnectOptions) -> Self {
        let server = Arc::new(EmbeddedExec::new(ExecConfig::default()));
        let recovery = options.recovery;
        let environment = Environment::embedded(Arc::clone(&server), options);
        Self {
            environment,
            inside: Some(server),
            recovery,
        }
    }

    /// One behind a URL.
    fn at(url: &str, options: ConnectOptions) -> anyhow::Result<Self> {
        let recovery = options.recovery;
        let environment = Environment::connect(url, options)?;
        Ok(Self {
            environment,
            inside: None,
            recovery,
        })
    }

    /// What can be asked of it.
    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Whether it is inside this program, and its processes end with it.
    pub(crate) fn is_local(&self) -> bool {
        self.inside.is_some()
    }

    /// Tells the user what they should know of the connection: one line for each loss.
    pub(crate) fn tell(&self, event: &ConnectionEvent) {
        match event {
            ConnectionEvent::Lost {
                reason,
                retrying: true,
            } => {
                let recovery = time::span(self.recovery);
                say::line(format_args!(
                    "connection lost ({reason}); trying to get it back for up to {recovery}"
                ));
            }
            // The failure of what was asked says it.
            ConnectionEvent::Lost {
                retrying: false, ..
            }
            | ConnectionEvent::Gone { .. } => {}
            ConnectionEvent::Connected | ConnectionEvent::Resumed => {}
        }
    }

    /// Ends the connection, and whatever runs inside this program.
    pub(crate) async fn close(self) {
        self.environment.close().await;
        if let Some(inside) = self.inside {
            inside.shutdown().await;
        }
    }
}
