//! One trial: how it is held, and how it went.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use outpost_client::{Exit, ProcessEvent, StartOptions};

use super::scene::Scene;
use crate::{
    args::{Attempt, Bounded, Sandbox},
    cmd::policy,
    machine::Machine,
};

/// How long one may take. The slowest uses a second of processor time.
const PATIENCE: Duration = Duration::from_secs(90);

/// How much of what a command says is kept, in bytes.
const KEPT: usize = 512;

/// Something a sandbox is claimed to do.
#[derive(Debug)]
pub(super) struct Trial {
    /// The claim, in a few words.
    pub(super) claim: &'static str,
    /// What the command is held to.
    pub(super) sandbox: Sandbox,
    /// What it tries.
    pub(super) attempt: Attempt,
    /// On what.
    pub(super) subject: String,
    /// What is to come of it.
    pub(super) end: End,
    /// What is to be there afterwards, or not to be there.
    pub(super) after: Option<(PathBuf, bool)>,
}

/// How a trial is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It works.
    Works,
    /// It is refused the command.
    Refused,
    /// The command fails for want of something, and this is told to have been the limit, if it is
    /// one whose violation can be told.
    Limited(Option<Bounded>),
    /// The command is not even started.
    NotStarted,
}

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// As claimed.
    Held,
    /// Not as claimed.
    Broken(String),
    /// This machine does not claim it.
    Unavailable(String),
}

/// Holds a trial.
pub(super) async fn hold(machine: &Machine, scene: &Scene, trial: &Trial) -> Verdict {
    let ended = command(machine, scene, trial).await;
    let verdict = judge(trial.end, ended);
    match &trial.after {
        Some((path, there)) if verdict == Verdict::Held && path.exists() != *there => {
            let is = if *there {
                "is not there"
            } else {
                "is there all the same"
            };
            Verdict::Broken(format!("{} {is}", path.display()))
        }
        _ => verdict,
    }
}

/// A path as an argument.
pub(super) fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Starts the command of a trial and waits for its end. The error is why it was not started.
async fn command(
    machine: &Machine,
    scene: &Scene,
    trial: &Trial,
) -> Result<(Exit, String), String> {
    let words = |error: anyhow::Error| error.to_string();
    let attempt = clap::ValueEnum::to_possible_value(&trial.attempt);
    let attempt = attempt.map(|value| value.get_name().to_owned());
    let argv = [
        text(&scene.program),
        "doctor".to_owned(),
        "--attempt".to_owned(),
        attempt.unwrap_or_default(),
        trial.subject.clone(),
    ];
    let options = StartOptions {
        cwd: Some(scene.directory().to_path_buf()),
        sandbox: policy::context(&trial.sandbox, Some(scene.directory())).map_err(words)?,
        limits: policy::limits(&trial.sandbox).map_err(words)?,
        timeout: Some(PATIENCE),
        ..StartOptions::new(argv)
    };
    let started = machine.environment().processes().start(options).await;
    let mut process = started.map_err(|error| error.to_string())?;
    let mut said = Vec::new();
    let mut exit = None;
    while let Some(event) = process.next().await {
        match event {
            Ok(ProcessEvent::Output { bytes, .. }) => {
                let room = KEPT.saturating_sub(said.len());
                said.extend(&bytes[..bytes.len().min(room)]);
            }
            Ok(ProcessEvent::Exited(how)) => exit = Some(how),
            Ok(ProcessEvent::Closed) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    let exit = exit.ok_or("its end was not told")?;
    Ok((exit, String::from_utf8_lossy(&said).trim().to_owned()))
}

/// What an end says of a claim.
fn judge(end: End, ended: Result<(Exit, String), String>) -> Verdict {
    let (exit, said) = match (end, ended) {
        (End::NotStarted, Err(_)) => return Verdict::Held,
        (End::Limited(_), Err(why)) => return Verdict::Unavailable(why),
        (End::Works | End::Refused, Err(why)) => {
            return Verdict::Broken(format!("it was not started: {why}"));
        }
        (_, Ok(ended)) => ended,
    };
    let told = exit.limit_exceeded.as_deref().and_then(Bounded::of_member);
    let status = exit.code;
    match end {
        End::Works if status == 0 => Verdict::Held,
        // Another status says that it was not even tried.
        End::Refused if status == i32::from(crate::exit::FAILED) => Verdict::Held,
        End::Limited(expected) if status != 0 && (expected.is_none() || told == expected) => {
            Verdict::Held
        }
        End::NotStarted => Verdict::Broken("it was started".to_owned()),
        End::Works | End::Refused | End::Limited(_) => {
            let said = if said.is_empty() {
                String::new()
            } else {
                format!(": {said}")
            };
            let limit = told.map(|what| format!(", over its limit of {}", what.name()));
            let limit = limit.unwrap_or_default();
            Verdict::Broken(format!("it ended with status {status}{limit}{said}"))
        }
    }
}

#[cfg(test)]
mod tests;
