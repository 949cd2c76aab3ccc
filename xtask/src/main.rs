//! Chores of the repository: `cargo xtask tidy` tests the source tree as the tests test the code.

mod arrows;
mod tidy;

use std::{path::Path, process::ExitCode};

fn main() -> ExitCode {
    let task = std::env::args().nth(1);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask has a parent folder");
    let faults = match task.as_deref() {
        Some("tidy") => tidy::faults(root).and_then(|mut faults| {
            faults.extend(arrows::faults(root)?);
            Ok(faults)
        }),
        _ => Err(anyhow::anyhow!("usage: cargo xtask tidy")),
    };
    report(faults)
}

#[expect(clippy::print_stderr, reason = "a chore talks to whoever runs it")]
fn report(faults: anyhow::Result<Vec<String>>) -> ExitCode {
    match faults {
        Ok(faults) if faults.is_empty() => {
            eprintln!("tidy: ok");
            ExitCode::SUCCESS
        }
        Ok(faults) => {
            for fault in &faults {
                eprintln!("tidy: {fault}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("tidy: {error:#}");
            ExitCode::FAILURE
        }
    }
}
