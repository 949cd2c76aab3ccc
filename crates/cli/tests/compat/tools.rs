//! Where the real clients come from.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use outpost_testkit::program::{Program, command};

/// The client the suite speaks for.
const PACKAGE: &str = "@openai/codex@0.169.0";

/// The Python SDK, without the program it brings along, and what it needs itself.
const PYTHON_SDK: &str = "openai-codex==0.163.0";
const PYTHON_SDK_NEEDS: [&str; 2] = ["pydantic>=2.12,<3", "packaging>=26.2"];

/// How long npm or pip may take; the packages are large.
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

/// A Python that has the SDK, or nothing when the story must be skipped, which was said on stderr
/// then.
///
/// # Panics
/// When there is none and the suite is required.
pub(crate) fn python_sdk() -> Option<&'static Path> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match FOUND.get_or_init(find_python_sdk) {
        Ok(path) => Some(path),
        Err(reason) => {
            missing(&format!("the Python SDK: {reason}"));
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
    let _lock = alone()?;
    if !installed.exists() {
        install()?;
    }
    Ok(installed)
}

/// Tests may run in processes of their own; one of them installs at a time, while it has this.
fn alone() -> Result<File, String> {
    let lock = fs::create_dir_all(folder()).and_then(|()| File::create(folder().join("lock")));
    let lock = lock.map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    Ok(lock)
}

fn find_python_sdk() -> Result<PathBuf, String> {
    if let Some(path) = env::var_os("OUTPOST_PYTHON_SDK") {
        return Ok(path.into());
    }
    let venv = folder().join("python");
    let (python, done) = (venv.join("bin/python"), venv.join("installed"));
    let _lock = alone()?;
    if done.exists() {
        return Ok(python);
    }
    let system = on_path("python3");
    let system = system.ok_or("no OUTPOST_PYTHON_SDK and no python3 to install it with")?;
    run(command(system).args(["-m", "venv"]).arg(&venv))?;
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ];
    run(command(&python).args(pip).args(PYTHON_SDK_NEEDS))?;
    run(command(&python).args(pip).args(["--no-deps", PYTHON_SDK]))?;
    fs::write(done, "").map_err(|error| error.to_string())?;
    Ok(python)
}

fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&search_path())
        .map(|folder| folder.join(name))
        .find(|program| program.exists())
}

fn install() -> Result<(), String> {
    let npm = on_path("npm");
    let npm = npm.ok_or("no OUTPOST_CODEX_BIN and no npm to install it with")?;
    run(command(npm)
        .args([
            "install",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--prefix",
        ])
        .arg(folder())
        .arg(PACKAGE))
}

/// Runs an installer to its end.
fn run(installer: &mut Command) -> Result<(), String> {
    installer.envs(env::vars_os()).stderr(Stdio::inherit());
    let what = format!("{installer:?}");
    let mut installer = Program::start(installer);
    match installer.wait(INSTALL_PATIENCE) {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(format!("{what} ended with {status}")),
        None => Err(format!("{what} did not end")),
    }
}
