//! `outpost completions`: scripts for shells.

use std::io::{self, Write};

use anyhow::Context;
use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::{args::Cli, exit};

/// Prints the script of a shell.
pub(crate) fn print(shell: Shell) -> anyhow::Result<u8> {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "outpost", &mut script);
    match io::stdout().write_all(&script) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(exit::BROKEN_PIPE),
        written => written
            .map(|()| exit::DONE)
            .context("cannot write standard output"),
    }
}
