//! One set of scripts, two servers.
//!
//! Every script in `conformance/exec` and `conformance/app` is played against ours and, where
//! `OUTPOST_CODEX_BIN` or `CODEX_BIN` names it, against the reference. What they
//! may do differently is marked in the script, line by line, with the row of
//! `docs/wire.md` that says why; a test holds the two together. How a script
//! reads is told in `outpost_testkit::script`.

#[cfg(test)]
mod rows;

use std::{
    env, fs, panic,
    path::{Path, PathBuf},
};

use outpost_testkit::script::{Script, Target, play};

/// A module for each script, with a test for each server.
macro_rules! scripts {
    ($folder:literal: $($script:ident),+ $(,)?) => {
        /// The name of every script of the folder that is played.
        #[cfg(test)]
        pub(crate) const SCRIPTS: &[&str] = &[$(stringify!($script)),+];
        $(
            mod $script {
                #[test]
                fn ours() {
                    crate::play_ours($folder, stringify!($script));
                }

                #[test]
                fn reference() {
                    crate::play_reference($folder, stringify!($script));
                }
            }
        )+
    };
}

/// The scripts that take walls.
#[cfg(test)]
const SANDBOXED: [&str; 2] = ["sandbox_managed", "command_sandboxed"];

/// How often a script is played against the reference until it is met. It has races of its own:
/// what it does otherwise each time is a difference. Ours has one chance.
#[cfg(test)]
const REFERENCE_PLAYS: usize = 3;

/// Those of the app server.
#[cfg(test)]
mod app {
    scripts!["app":
        command_edges,
        command_refusals,
        command_results,
        command_sandboxed,
        command_stdin,
        command_streamed,
        command_terminal,
        config,
        config_warnings,
        envelope,
        envelope_over_websocket,
        fs_copy,
        fs_directories,
        fs_files,
        fs_watch,
        fuzzy_search,
        handshake,
        handshake_refusals,
        opt_out,
        process_spawn,
        two_clients,
    ];
}

scripts!["exec":
    dialect_old,
    environment,
    environment_discovery,
    envelope,
    envelope_over_websocket,
    fs_copy_and_remove,
    fs_directories,
    fs_files,
    fs_handles,
    fs_links,
    fs_paths,
    fs_walk,
    fs_watch_missing,
    handshake,
    handshake_refusals,
    http_buffered,
    http_refusals,
    http_streamed,
    order_of_one_process,
    params_shapes,
    process_additions,
    process_environment,
    process_late_output,
    process_members,
    process_pipes,
    process_read,
    process_refusals,
    process_signal,
    process_stdin,
    process_terminal,
    process_terminate,
    sandbox_managed,
    session_attached_wins,
    session_resume,
    unknown_methods,
    violation_early_initialized,
    violation_notification,
    violation_response,
];

/// The folder of the repository that `path` names.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

fn script(folder: &str, name: &str) -> Script {
    let path = repository("conformance")
        .join(folder)
        .join(format!("{name}.jsonl"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    Script::parse(&path.display().to_string(), &text)
}

fn play_ours(folder: &str, name: &str) {
    if SANDBOXED.contains(&name) && outpost_testkit::walls::missing() {
        return;
    }
    let program = option_env!("CARGO_BIN_EXE_outpost").map(Into::into);
    let program = program
        .or_else(|| env::var_os("OUTPOST_BIN"))
        .expect("the outpost program");
    play(
        &script(folder, name),
        &Target {
            program: program.into(),
            ours: true,
        },
    );
}

#[cfg(test)]
fn play_reference(folder: &str, name: &str) {
    let script = script(folder, name);
    if script.is_ours_only() {
        return;
    }
    let program = env::var_os("OUTPOST_CODEX_BIN").or_else(|| env::var_os("CODEX_BIN"));
    let Some(program) = program else {
        outpost_testkit::skipped(format_args!(
            "{name} against the reference: OUTPOST_CODEX_BIN is not set"
        ));
        return;
    };
    let target = Target {
        program: program.into(),
        ours: false,
    };
    for _ in 1..REFERENCE_PLAYS {
        if panic::catch_unwind(|| play(&script, &target)).is_ok() {
            return;
        }
    }
    play(&script, &target);
}
