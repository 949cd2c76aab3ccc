//! The arguments of `outpost run` that say what its command is held to.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::values;

/// What the command may do, and how much it may use.
#[derive(Debug, Default, Args)]
pub(crate) struct Sandbox {
    /// What the command may do
    ///
    /// It is enforced by the machine the command runs on, for everything the command starts, or
    /// nothing is started. `outpost doctor` shows what this machine can enforce.
    #[arg(long = "sandbox", value_name = "MODE", help_heading = "Sandbox")]
    pub(crate) mode: Option<Mode>,
    /// Let it reach the network, and with that the ports of this machine
    #[arg(long, requires = "mode", help_heading = "Sandbox")]
    pub(crate) net: bool,
    /// A directory or a file it may change as well (repeatable)
    #[arg(long, value_name = "PATH", requires = "mode", help_heading = "Sandbox")]
    pub(crate) writable: Vec<PathBuf>,
    /// A path it may neither read nor change (repeatable)
    ///
    /// With *, ? or [ it is a pattern for what is there when the command starts; ** stands for
    /// directories of any depth. A plain path is kept from coming into being, too.
    #[arg(long, value_name = "PATH", requires = "mode", help_heading = "Sandbox")]
    pub(crate) deny: Vec<PathBuf>,
    /// How much the command and what it starts may use: memory=SIZE, cpu=DURATION of processor
    /// time, pids=N, files=N open in each process, file-size=SIZE
    ///
    /// Several are separated by commas. What the machine cannot enforce is refused. No --sandbox is
    /// needed.
    #[arg(
        long = "limit",
        value_name = "NAME=VALUE",
        value_delimiter = ',',
        value_parser = limit,
        help_heading = "Sandbox"
    )]
    pub(crate) limits: Vec<Limit>,
}

/// What a command may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Read everything; change nothing; no network
    ReadOnly,
    /// Read everything; change its working directory, TMPDIR and /tmp, but not .git and the like
    /// in there; no network
    WorkspaceWrite,
    /// Everything that the server itself may do
    DangerFullAccess,
}

/// A bound, and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    /// What is bounded.
    pub(crate) what: Bounded,
    /// In bytes, seconds or pieces.
    pub(crate) value: u64,
}

/// What can be bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bounded {
    /// The memory of all processes together, in bytes.
    Memory,
    /// The processor time of a process, in seconds.
    Cpu,
    /// Processes and threads at once.
    Pids,
    /// Open files of a process.
    Files,
    /// A file that is written, in bytes.
    FileSize,
}

// === impl Bounded ===

impl Bounded {
    const ALL: [Self; 5] = [
        Self::Memory,
        Self::Cpu,
        Self::Pids,
        Self::Files,
        Self::FileSize,
    ];

    /// Its name in `--limit`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Cpu => "cpu",
            Self::Pids => "pids",
            Self::Files => "files",
            Self::FileSize => "file-size",
        }
    }

    /// Its name on the wire.
    pub(crate) fn member(self) -> &'static str {
        match self {
            Self::Memory => "memoryBytes",
            Self::Cpu => "cpuSeconds",
            Self::Pids => "pids",
            Self::Files => "openFiles",
            Self::FileSize => "fileSizeBytes",
        }
    }

    /// The one of this name on the wire.
    pub(crate) fn of_member(member: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.member() == member)
    }
}

/// A bound: `memory=512M`, `cpu=10`, `pids=100`, `files=64`, `file-size=10M`.
fn limit(text: &str) -> Result<Limit, String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    let what = Bounded::ALL.into_iter().find(|one| one.name() == name);
    let what = what.ok_or_else(|| {
        let names = Bounded::ALL.map(Bounded::name).join(", ");
        format!("there is no limit `{name}`; use one of {names}")
    })?;
    let value = match what {
        Bounded::Memory | Bounded::FileSize => {
            u64::try_from(values::size(value)?).map_err(|_| "too large")?
        }
        Bounded::Cpu => {
            let time = values::positive_duration(value)?;
            if time.subsec_nanos() != 0 {
                return Err("processor time is counted in whole seconds".to_owned());
            }
            time.as_secs()
        }
        Bounded::Pids | Bounded::Files => match value.parse() {
            Ok(0) => return Err("must be more than zero".to_owned()),
            Ok(number) => number,
            Err(_) => return Err("expected a whole number".to_owned()),
        },
    };
    Ok(Limit { what, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_have_names_and_units() {
        for (text, what, value) in [
            ("memory=512M", Bounded::Memory, 512 << 20),
            ("cpu=10", Bounded::Cpu, 10),
            ("cpu=2m", Bounded::Cpu, 120),
            ("pids=100", Bounded::Pids, 100),
            ("files=64", Bounded::Files, 64),
            ("file-size=10M", Bounded::FileSize, 10 << 20),
        ] {
            assert_eq!(limit(text), Ok(Limit { what, value }), "{text}");
            assert_eq!(Bounded::of_member(what.member()), Some(what));
        }
        for (text, words) in [
            ("memory", "NAME=VALUE"),
            ("mem=1", "memory, cpu, pids, files, file-size"),
            ("cpu=0.5", "whole seconds"),
            ("cpu=0", "zero"),
            ("pids=0", "zero"),
            ("pids=-1", "whole number"),
            ("files=1K", "whole number"),
            ("memory=", "whole number"),
        ] {
            let refusal = limit(text).unwrap_err();
            assert!(refusal.contains(words), "{text}: {refusal}");
        }
        assert_eq!(Bounded::of_member("memory"), None);
    }
}
