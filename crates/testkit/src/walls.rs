//! Whether this machine can raise the walls of a sandbox.

use std::{
    env,
    process::{Command, Stdio},
    sync::OnceLock,
};

/// The namespaces that a sandbox is made of, around a program that does nothing.
const TRIAL: [&str; 11] = [
    "--unshare-user",
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-net",
    "--ro-bind",
    "/",
    "/",
    "--proc",
    "/proc",
    "--",
    "true",
];

/// Whether a test must be skipped because bubblewrap is missing or may not do its work here,
/// which was said on stderr then.
///
/// # Panics
/// When nothing may be skipped (`OUTPOST_REQUIRE_COMPAT` is 1).
#[must_use]
pub fn missing() -> bool {
    static LACK: OnceLock<Option<String>> = OnceLock::new();
    let Some(lack) = LACK.get_or_init(lack) else {
        return false;
    };
    let required = env::var("OUTPOST_REQUIRE_COMPAT").as_deref() == Ok("1");
    assert!(!required, "{lack}");
    crate::skipped(lack);
    true
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test may wait for a program of a few milliseconds"
)]
fn lack() -> Option<String> {
    let mut trial = Command::new("bwrap");
    let output = trial.args(TRIAL).stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => None,
        Ok(output) => {
            let words = String::from_utf8_lossy(&output.stderr);
            Some(format!(
                "bubblewrap cannot raise walls here: {}",
                words.trim()
            ))
        }
        Err(error) => Some(format!("bubblewrap (`bwrap`) cannot be run: {error}")),
    }
}
