//! The start of a command on another machine.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use outpost_client::{
    ClientError, EnvPolicy, EnvironmentInfo, Inherit, StartOptions, TerminalSize,
};
use outpost_host::process::{self as host, StartError};
use outpost_protocol::{RpcError, code};
use tokio::{sync::oneshot, time::Instant};

use super::{
    super::{policy, remote::Remote},
    RemoteCommand,
};
use crate::app::{
    connection::Call,
    environment::{NETWORK_DISABLED, Overrides},
    errors,
    running::{Family, Plan},
    sandbox,
};

/// Characters by which a removal would take variables of other names as well.
const PATTERN: [char; 2] = ['*', '?'];

/// Starts a command there. It is ended when its connection ends meanwhile.
pub(in crate::app) async fn start(
    call: &Call,
    family: Family,
    remote: Arc<Remote>,
    plan: Plan,
) -> Result<RemoteCommand, RpcError> {
    let failed = |words: String| {
        let noun = family.noun();
        RpcError::internal(format!("failed to spawn {noun}: {words}"))
    };
    let slots = &call.client.remote_slots;
    let Ok(slot) = Arc::clone(slots).try_acquire_owned() else {
        let limit = call.server.remote_commands;
        return Err(errors::start(family, "", &StartError::TooMany { limit }));
    };
    let reached = remote.reach().await;
    let reached = reached.map_err(|unreachable| failed(unreachable.advice()))?;
    let (timeout, terminal) = (plan.timeout, plan.terminal.is_some());
    let options = options(family, &remote, plan, reached.info.as_ref())?;
    let fleet = Arc::clone(call.server.environments.fleet());
    let (started, starting) = oneshot::channel();
    let holder = Arc::clone(&fleet);
    // A start that nobody waits for any more is seen to its end, and what has started is killed.
    fleet.spawn(async move {
        let process = reached.environment.processes().start(options).await;
        let process = process.map(|process| {
            let leash = holder.hold(process.control(), Arc::clone(&remote), slot);
            (process, leash)
        });
        let process = process.map_err(|error| refusal(family, &remote, &error));
        drop(started.send(process));
    });
    let ended = |_| failed("the server ends".to_owned());
    let (process, leash) = starting.await.map_err(ended)??;
    Ok(RemoteCommand {
        family,
        process,
        leash,
        deadline: timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
        terminal,
    })
}

/// What is asked of its exec server.
fn options(
    family: Family,
    remote: &Remote,
    plan: Plan,
    info: Option<&EnvironmentInfo>,
) -> Result<StartOptions, RpcError> {
    let cwd = directory(plan.cwd.as_deref(), info);
    let kind = plan.held.kind().ok_or_else(|| {
        RpcError::invalid_request(format!(
            "a profile of this server's configuration is not enforced in environment `{}`",
            remote.id()
        ))
    })?;
    let sandbox = policy::context(kind, &cwd);
    if sandbox.is_some() && info.is_none() {
        let (noun, id) = (family.noun(), remote.id());
        return Err(RpcError::internal(format!(
            "failed to spawn {noun}: its sandbox cannot be made: the exec server of environment \
             `{id}` is too old to know sandboxes"
        )));
    }
    let passed_on = there(plan.environment_policy);
    let (mut env, env_policy) = variables(remote.id(), passed_on, plan.env.unwrap_or_default())?;
    if sandbox::has_no_network(kind) {
        env.insert(NETWORK_DISABLED.to_owned(), "1".to_owned());
    }
    // One that keeps time ends the command also while it cannot be reached from here.
    let keeps_time = info.is_some_and(|info| info.capabilities.process_timeout);
    let timeout = plan.timeout.filter(|_| keeps_time);
    Ok(StartOptions {
        argv: plan.argv,
        cwd: Some(cwd),
        env,
        env_policy: Some(env_policy),
        tty: plan.terminal.map(|size| TerminalSize {
            rows: size.rows,
            cols: size.cols,
        }),
        pipe_stdin: plan.stdin,
        timeout: timeout.filter(|timeout| *timeout > Duration::ZERO),
        sandbox,
        ..StartOptions::default()
    })
}

/// Where it runs: relative paths begin where its exec server works.
fn directory(asked: Option<&Path>, info: Option<&EnvironmentInfo>) -> PathBuf {
    let own = info.and_then(|info| info.cwd.clone().or_else(|| info.user_home_dir.clone()));
    let own = own.and_then(|uri| uri.into_native().ok());
    let own = own.unwrap_or_else(|| PathBuf::from("/"));
    asked.map_or(own.clone(), |asked| own.join(asked))
}

/// What is passed on of the environment there, in the words of exec servers.
fn there(policy: host::EnvPolicy) -> EnvPolicy {
    let host::EnvPolicy {
        inherit,
        ignore_default_excludes,
        exclude,
        set,
        include_only,
    } = policy;
    EnvPolicy {
        inherit: match inherit {
            host::Inherit::All => Inherit::All,
            host::Inherit::Core => Inherit::Core,
            host::Inherit::None => Inherit::None,
        },
        ignore_default_excludes,
        exclude,
        set,
        include_only,
    }
}

/// The variables to add, and what becomes of those that are there.
fn variables(
    environment: &str,
    mut policy: EnvPolicy,
    overrides: Overrides,
) -> Result<(BTreeMap<String, String>, EnvPolicy), RpcError> {
    let mut env = BTreeMap::new();
    for (name, value) in overrides {
        if name.is_empty() || name.contains('=') {
            return Err(RpcError::invalid_params(format!(
                "environment variable name {name:?} is not valid"
            )));
        }
        match value {
            Some(value) => drop(env.insert(name, value)),
            None if name.contains(PATTERN) => {
                return Err(RpcError::invalid_params(format!(
                    "environment variable {name:?} cannot be removed in environment \
                     `{environment}`"
                )));
            }
            None => {
                policy.set.remove(&name);
                policy.exclude.push(name);
            }
        }
    }
    Ok((env, policy))
}

/// Nothing was started.
fn refusal(family: Family, remote: &Remote, error: &ClientError) -> RpcError {
    let noun = family.noun();
    let words = match error {
        // Servers have no program for what has no name, or no folder of PATH holds.
        ClientError::Refused { error, .. }
            if error.message.starts_with("missing program for")
                || error.message.contains("No viable candidates found in PATH") =>
        {
            "No such file or directory (os error 2)".to_owned()
        }
        ClientError::Refused { error, .. } if error.code == code::INTERNAL => error.message.clone(),
        error => {
            let words = super::errors::words(error);
            format!("environment `{}`: {words}", remote.id())
        }
    };
    RpcError::internal(format!("failed to spawn {noun}: {words}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_begin_where_the_server_works() {
        fn at(asked: Option<&str>, info: Option<&EnvironmentInfo>) -> PathBuf {
            directory(asked.map(Path::new), info)
        }

        let info: EnvironmentInfo = serde_json::from_value(serde_json::json!({
            "shell": {"name": "sh", "path": "/bin/sh"}, "cwd": "file:///w", "userHomeDir": "file:///h",
        }))
        .unwrap();
        assert_eq!(at(None, Some(&info)), Path::new("/w"));
        assert_eq!(at(Some("a/b"), Some(&info)), Path::new("/w/a/b"));
        assert_eq!(at(Some("/a"), Some(&info)), Path::new("/a"));
        let homely = EnvironmentInfo { cwd: None, ..info };
        assert_eq!(at(Some("a"), Some(&homely)), Path::new("/h/a"));
        assert_eq!(at(Some("a"), None), Path::new("/a"));
    }

    #[test]
    fn variables_are_added_removed_and_checked() {
        let overrides = [("A", Some("1".to_owned())), ("B", None)];
        let overrides = overrides.map(|(name, value)| (name.to_owned(), value));
        let configured = host::EnvPolicy {
            inherit: host::Inherit::Core,
            ignore_default_excludes: false,
            exclude: vec!["X*".to_owned()],
            set: [("B", "2"), ("C", "3")]
                .map(|(name, value)| (name.into(), value.into()))
                .into(),
            include_only: vec!["Y".to_owned()],
        };
        let (env, policy) = variables("box", there(configured), overrides.into()).unwrap();
        assert_eq!(env, BTreeMap::from([("A".to_owned(), "1".to_owned())]));
        assert_eq!(policy.exclude, ["X*", "B"]);
        assert_eq!(policy.set, [("C".to_owned(), "3".to_owned())].into());
        assert_eq!(policy.include_only, ["Y"]);
        assert_eq!(
            (policy.inherit, policy.ignore_default_excludes),
            (Inherit::Core, false)
        );
        for (name, words) in [
            ("", "environment variable name \"\" is not valid"),
            ("a=b", "environment variable name \"a=b\" is not valid"),
            (
                "A*",
                "environment variable \"A*\" cannot be removed in environment `box`",
            ),
        ] {
            let refused = variables(
                "box",
                outpost_client::inherit_all(),
                [(name.to_owned(), None)].into(),
            )
            .unwrap_err();
            assert_eq!(refused.message, words);
        }
    }
}
