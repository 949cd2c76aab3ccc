//! The environment of a command: the server's own, as far as the configuration passes it on, and
//! what the request lays over it.

use std::collections::BTreeMap;

use outpost_host::process::{EnvPolicy, Inherit, ProcessHost, Spec};

/// Variables by their names; nothing removes one.
pub(super) type Overrides = BTreeMap<String, Option<String>>;

/// Says to programs that the network cannot be reached, as the reference does.
pub(super) const NETWORK_DISABLED: &str = "CODEX_SANDBOX_NETWORK_DISABLED";

/// All of the server's own.
pub(super) fn whole() -> EnvPolicy {
    EnvPolicy {
        inherit: Inherit::All,
        ignore_default_excludes: true,
        exclude: Vec::new(),
        set: BTreeMap::new(),
        include_only: Vec::new(),
    }
}

/// Gives a command, whose environment is empty, what `policy` passes on, with these changes.
///
/// The engine removes by patterns, without regard to case; so what a removal takes too much is put
/// back.
pub(super) fn lay_over(
    host: &ProcessHost,
    spec: &mut Spec,
    policy: EnvPolicy,
    overrides: Overrides,
) {
    spec.env_policy = Some(policy);
    let (mut removed, mut added) = (Vec::new(), BTreeMap::new());
    for (name, value) in overrides {
        match value {
            Some(value) => drop(added.insert(name, value)),
            None => removed.push(name),
        }
    }
    if !removed.is_empty() {
        // Without additions it cannot fail, and then there is nothing to put back.
        let inherited = host.environment(spec).unwrap_or_default();
        for (name, value) in inherited {
            if let (Ok(name), Ok(value)) = (name.into_string(), value.into_string())
                && !removed.contains(&name)
            {
                added.entry(name).or_insert(value);
            }
        }
        if let Some(policy) = &mut spec.env_policy {
            policy.set.retain(|name, _| !removed.contains(name));
            policy.exclude.extend(removed);
        }
    }
    spec.env = added;
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use outpost_host::process::{
        ProcessLimits, ResourceLimits, Stdio,
        keeper::{Keeper, KeeperConfig},
    };

    use super::*;

    #[tokio::test]
    async fn a_removal_takes_this_name_and_no_other() {
        let host = ProcessHost::new(Keeper::new(KeeperConfig::default()), ProcessLimits::tiny());
        let mut spec = Spec {
            argv: vec!["true".to_owned()],
            arg0: None,
            cwd: PathBuf::from("/"),
            env_policy: None,
            env: BTreeMap::new(),
            stdio: Stdio::Pipes { stdin: false },
            timeout: None,
            limits: ResourceLimits::default(),
            walls: None,
        };
        lay_over(&host, &mut spec, whole(), BTreeMap::new());
        let all = host.environment(&spec).unwrap();
        let (path, others): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(name, _)| name == "PATH");
        assert_eq!(path.len(), 1, "tests are run with a PATH");
        let overrides = [
            ("PATH", None),
            ("*", None),
            ("path", Some("lower".to_owned())),
        ];
        let overrides = overrides.map(|(name, value)| (name.to_owned(), value));
        lay_over(&host, &mut spec, whole(), overrides.into());
        let mut left = host.environment(&spec).unwrap();
        left.retain(|variable| *variable != ("path".into(), "lower".into()));
        assert_eq!(left, others);
        // What a policy adds can be taken away too.
        spec.env = BTreeMap::new();
        let set = [("A", "1"), ("B", "2")].map(|(name, value)| (name.into(), value.into()));
        let policy = EnvPolicy {
            inherit: Inherit::None,
            set: set.into(),
            ..whole()
        };
        lay_over(&host, &mut spec, policy, [("A".to_owned(), None)].into());
        assert_eq!(host.environment(&spec).unwrap(), [("B".into(), "2".into())]);
    }
}
