//! `outpost doctor`: what this machine can enforce, proved by trying.
//!
//! The trials go the way of every command: through a server inside this program, with the policy
//! that `outpost run` would send. What is tried is this program itself, so nothing else has to be
//! installed. The outcome is judged by the command's end and by what is to be seen from outside.

mod attempt;
mod report;
mod scene;
mod trial;
mod trials;

use std::io::Write as _;

use anyhow::Context;
use outpost_host::sandbox::means::Means;

pub(crate) use self::attempt::attempt;
use self::{report::Report, scene::Scene};
use crate::{args::Doctor, exit, machine};

/// Looks, tries, and tells.
pub(crate) async fn run(arguments: Doctor) -> anyhow::Result<u8> {
    let means = tokio::task::spawn_blocking(|| Means::probe(None));
    let means = means.await.context("failed to look at this machine")?;
    let scene = Scene::set()?;
    let trials = trials::of(&means.walls(), &scene);
    let machine = machine::here();
    let mut told = Vec::new();
    for trial in trials {
        let verdict = trial::hold(&machine, &scene, &trial).await;
        told.push((trial.claim, verdict));
    }
    machine.close().await;
    let report = Report::new(&means, told);
    let text = if arguments.json {
        report.json()
    } else {
        report.text()
    };
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) if report.is_good() => Ok(exit::DONE),
        Ok(()) => Ok(exit::FAILED),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(exit::BROKEN_PIPE),
        Err(error) => Err(error).context("cannot write standard output"),
    }
}
