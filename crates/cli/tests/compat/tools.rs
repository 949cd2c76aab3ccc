//! Where the real client comes from.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Stdio,
    sync::OnceLock,
    time::Duration,
};

use outpost_testkit::program::{Program, command};

/// The client the suite speaks for.
const PACKAGE: &str = "@openai/codex@0.169.0";

/// How long npm may take; the package is large.
const INSTALL_PATIENCE: Duration = Duration::from_secs(300);

/// The folder that everything of the suite lies in. It must not be below the
/// temp folder, where the client behaves differently.
pub(crate) fn folder() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize().expect("the workspace exists");
    root.join("target/compat")
}

/// The search path that the programs of a story get.
pub(crate) fn search_path() -> String {
    env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".to_owned())
}

/// The client, or nothing when the story must be skipped, which was said on
/// stderr then.
///
/// # Panics
/// When there is none and the suite is required.
pub(crate) fn codex() -> Option<&'static Path> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match FOUND.get_or_init(find) {
        Ok(path) => Some(path),
        Err(reason) => {
            missing(&format!("the real client: {reason}"));
            None
        }
    }
}

/// Says on stderr that a story is skipped, and what it lacks.
///
/// # Panics
/// When the suite is required.
pub(crate) fn missing(what: &str) {
    assert!(
        env::var("OUTPOST_REQUIRE_COMPAT").as_deref() != Ok("1"),
        "{what}"
    );
    outpost_testkit::skipped(format_args!("the compatibility suite needs {what}"));
}

fn find() -> Result<PathBuf, String> {
    if let Some(path) = env::var_os("OUTPOST_CODEX_BIN") {
        return Ok(path.into());
    }
    let installed = folder().join("node_modules/.bin/codex");
    // Tests may run in processes of their own; one of them installs.
    let lock = fs::create_dir_all(folder()).and_then(|()| File::create(folder().join("lock")));
    let lock = lock.map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    if !installed.exists() {
        install()?;
    }
    Ok(installed)
}

fn install() -> Result<(), String> {
    let path = search_path();
    let npm = env::split_paths(&path)
        .map(|folder| folder.join("npm"))
        .find(|npm| npm.exists());
    let npm = npm.ok_or("no OUTPOST_CODEX_BIN and no npm to install it with")?;
    let mut npm = Program::start(
        command(npm)
            .envs(env::vars_os())
            .args([
                "install",
                "--no-save",
                "--no-audit",
                "--no-fund",
                "--prefix",
            ])
            .arg(folder())
            .arg(PACKAGE)
            .stderr(Stdio::inherit()),
    );
    match npm.wait(INSTALL_PATIENCE) {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(format!("npm install of {PACKAGE} ended with {status}")),
        None => Err(format!("npm install of {PACKAGE} did not end")),
    }
}
