//! What is tried.
//!
//! Pure but for the names in the scene. What a machine cannot enforce is tried as well: it has to
//! be refused.

use std::path::Path;

use outpost_host::sandbox::means::Kind;

use super::{
    scene::Scene,
    trial::{End, Trial, text},
};
use crate::args::{Attempt, Bounded, Limit, Mode, Sandbox};

/// The limits of the trials: as low as this program can live with.
pub(super) const MEMORY_BYTES: u64 = 64 << 20;
pub(super) const CPU_SECONDS: u64 = 1;
pub(super) const PIDS: u64 = 16;
pub(super) const FILES: u64 = 32;
pub(super) const FILE_BYTES: u64 = 16 << 10;

/// The kernel setting that is written back as it is. Whoever may change it can have the kernel run
/// a program of theirs outside every sandbox.
const SETTING: &str = "/proc/sys/kernel/core_pattern";

/// The trials of a machine with these walls.
pub(super) fn of(walls: &Kind, scene: &Scene) -> Vec<Trial> {
    let mut trials = match walls {
        Kind::Full => {
            let mut trials = reading(scene);
            trials.extend(writing(scene));
            trials
        }
        Kind::ReadOnlyOnly { .. } => {
            let mut trials = reading(scene);
            trials.push(refused(
                "a policy that lets something be written is refused",
                writable(scene),
                scene,
            ));
            trials
        }
        Kind::None { .. } => vec![refused(
            "every policy is refused, and nothing is started",
            read_only(),
            scene,
        )],
    };
    trials.extend(limits(scene));
    trials
}

fn read_only() -> Sandbox {
    Sandbox {
        mode: Some(Mode::ReadOnly),
        ..Sandbox::default()
    }
}

fn writable(scene: &Scene) -> Sandbox {
    Sandbox {
        writable: vec![scene.inside("")],
        ..read_only()
    }
}

/// A trial that leaves nothing to be seen.
fn trial(
    claim: &'static str,
    sandbox: Sandbox,
    attempt: Attempt,
    subject: String,
    end: End,
) -> Trial {
    Trial {
        claim,
        sandbox,
        attempt,
        subject,
        end,
        after: None,
    }
}

/// A trial that makes something, or does not.
fn making(claim: &'static str, sandbox: Sandbox, attempt: Attempt, path: &Path, end: End) -> Trial {
    let after = Some((path.to_path_buf(), end == End::Works));
    Trial {
        after,
        ..trial(claim, sandbox, attempt, text(path), end)
    }
}

/// What can be tried where nothing may be written.
fn reading(scene: &Scene) -> Vec<Trial> {
    let address = scene.address().map(|address| address.to_string());
    let secret = || text(&scene.secret());
    vec![
        trial(
            "what may be read can be",
            read_only(),
            Attempt::Read,
            secret(),
            End::Works,
        ),
        making(
            "nothing is written where nothing may be",
            read_only(),
            Attempt::Write,
            &scene.outside("new"),
            End::Refused,
        ),
        trial(
            "the network is out of reach",
            read_only(),
            Attempt::Connect,
            address.unwrap_or_default(),
            End::Refused,
        ),
        trial(
            "settings of the kernel cannot be changed",
            read_only(),
            Attempt::Setting,
            SETTING.to_owned(),
            End::Refused,
        ),
        trial(
            "processes outside cannot be signalled",
            read_only(),
            Attempt::Signal,
            std::process::id().to_string(),
            End::Refused,
        ),
    ]
}

/// What can be tried where something may be written.
fn writing(scene: &Scene) -> Vec<Trial> {
    let net = Sandbox {
        net: true,
        ..read_only()
    };
    let deny = Sandbox {
        deny: vec![scene.secret()],
        ..read_only()
    };
    let address = scene.address().map(|address| address.to_string());
    vec![
        making(
            "what may be written can be",
            writable(scene),
            Attempt::Write,
            &scene.inside("new"),
            End::Works,
        ),
        making(
            "nothing is written beside it",
            writable(scene),
            Attempt::Write,
            &scene.outside("beside"),
            End::Refused,
        ),
        making(
            "a .git cannot be made in there",
            writable(scene),
            Attempt::MakeDirectory,
            &scene.inside(".git"),
            End::Refused,
        ),
        trial(
            "what is denied cannot be read",
            deny,
            Attempt::Read,
            text(&scene.secret()),
            End::Refused,
        ),
        trial(
            "the network can be reached where it may be",
            net,
            Attempt::Connect,
            address.unwrap_or_default(),
            End::Works,
        ),
    ]
}

/// A policy that is not enforced here.
fn refused(claim: &'static str, sandbox: Sandbox, scene: &Scene) -> Trial {
    making(
        claim,
        sandbox,
        Attempt::Write,
        &scene.inside("started"),
        End::NotStarted,
    )
}

/// What can be bounded, without any other walls.
fn limits(scene: &Scene) -> Vec<Trial> {
    let with = |what, value| Sandbox {
        limits: vec![Limit { what, value }],
        ..Sandbox::default()
    };
    let none = String::new;
    let told = |what| End::Limited(Some(what));
    vec![
        trial(
            "memory is limited",
            with(Bounded::Memory, MEMORY_BYTES),
            Attempt::Memory,
            none(),
            told(Bounded::Memory),
        ),
        trial(
            "processor time is limited",
            with(Bounded::Cpu, CPU_SECONDS),
            Attempt::Spin,
            none(),
            told(Bounded::Cpu),
        ),
        trial(
            "the number of processes is limited",
            with(Bounded::Pids, PIDS),
            Attempt::Threads,
            none(),
            End::Limited(None),
        ),
        trial(
            "the number of open files is limited",
            with(Bounded::Files, FILES),
            Attempt::Open,
            none(),
            End::Limited(None),
        ),
        trial(
            "the size of files is limited",
            with(Bounded::FileSize, FILE_BYTES),
            Attempt::Fill,
            text(&scene.inside("large")),
            told(Bounded::FileSize),
        ),
    ]
}
