//! For tests of walls: a process of its own for each, because a wall cannot be taken down.
#![expect(unsafe_code, reason = "hostile programs make bare system calls")]

use std::{
    any::type_name,
    env,
    process::{Command, Output, Stdio},
};

use rustix::{
    io::Errno,
    process::{Gid, Uid, geteuid},
    thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid},
};

/// Names the test, and the user as which it runs, in the environment of its process.
const TRIAL: &str = "OUTPOST_TRIAL";

/// A user without any right.
const NOBODY: u32 = 65534;

/// Runs `body` in a process of its own, as this user; as root also as one without any right. Must
/// be called by the test itself, with a closure written there.
pub(crate) fn apart<F: FnOnce()>(body: F) {
    run(body, |output, said| {
        let passed = output.status.success() && said.contains("1 passed");
        assert!(passed, "{:?}: {said}", output.status);
    });
}

/// [`apart`], for a body that must be killed by this signal.
pub(crate) fn killed<F: FnOnce()>(signal: i32, body: F) {
    use std::os::unix::process::ExitStatusExt as _;
    run(body, |output, said| {
        assert_eq!(output.status.signal(), Some(signal), "{said}");
    });
}

fn run<F: FnOnce()>(body: F, check: impl Fn(&Output, &str)) {
    let name = type_name::<F>();
    let name = name.split_once("::").expect("it has a crate").1;
    let name = name.strip_suffix("::{{closure}}").expect("it is a closure");
    if let Some(user) = env::var_os(TRIAL) {
        if user == "nobody" {
            become_nobody();
        }
        return body();
    }
    let users: &[&str] = if geteuid().is_root() {
        &["root", "nobody"]
    } else {
        &["self"]
    };
    for user in users {
        let output = command("/proc/self/exe")
            .args([name, "--exact", "--nocapture", "--test-threads=1"])
            .env(TRIAL, user)
            .output()
            .unwrap();
        let said = [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy);
        check(&output, &format!("as {user}: {}{}", said[0], said[1]));
    }
}

fn become_nobody() {
    let (uid, gid) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    set_thread_groups(&[]).unwrap();
    set_thread_res_gid(gid, gid, gid).unwrap();
    set_thread_res_uid(uid, uid, uid).unwrap();
}

/// A program with nothing to read.
#[expect(clippy::disallowed_methods, reason = "a test has no keeper")]
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    command
}

/// Runs a line of shell, which must succeed; what it said.
pub(crate) fn shell(line: &str) -> String {
    let output = bash(line);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: {said}{complained}");
    said
}

/// Runs a line of shell, which must fail with these words.
pub(crate) fn shell_fails(line: &str, words: &str) {
    let output = bash(line);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{line}: succeeded");
    assert!(complained.contains(words), "{line}: {complained}");
}

fn bash(line: &str) -> Output {
    command("/bin/bash")
        .args(["--norc", "-c", line])
        .env("LC_ALL", "C")
        .env("HOME", "/nonexistent")
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .output()
        .unwrap()
}

/// A bare system call.
pub(crate) fn call<const N: usize>(number: i64, given: [u64; N]) -> Result<i64, Errno> {
    let mut all = [0; 6];
    all[..N].copy_from_slice(&given);
    let [a, b, c, d, e, f] = all;
    // SAFETY: the tests give numbers, null pointers, and pointers to what outlives the call.
    let result = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    if result < 0 {
        let code = std::io::Error::last_os_error().raw_os_error();
        return Err(Errno::from_raw_os_error(code.unwrap()));
    }
    Ok(result)
}

/// A system call of 32-bit programs.
#[cfg(target_arch = "x86_64")]
pub(crate) fn foreign_call(number: u32) -> u64 {
    let result: u64;
    // SAFETY: the tests ask for the process's own number only.
    unsafe {
        std::arch::asm!("int 0x80", inlateout("rax") u64::from(number) => result);
    }
    result
}
