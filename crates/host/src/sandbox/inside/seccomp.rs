//! The filters of system calls around a command's process.
//!
//! They refuse what neither mounts nor Landlock nor the want of capabilities keeps a command
//! from, and what only hostile programs need: a hole in the kernel that cannot be called cannot be
//! used. What is refused, and why, is data: `refused` always, `network` by the policy, `alone`
//! where no namespaces stand around. Ordinary programs see the error that an unprivileged
//! process would see (`EPERM`), or that of an older kernel (`ENOSYS`) where they then use
//! something else.
//!
//! Programs of another architecture are killed at their first call, because the numbers mean
//! something else there. A call that is newer than these lists does not exist (`ENOSYS`).
//!
//! They are compiled by the first process, and applied by the command's, which must be all but
//! ready to execute: they refuse what is needed to get ready.

use std::{collections::BTreeMap, env::consts::ARCH, io};

use seccompiler::{
    BpfProgram, SeccompAction, SeccompFilter, SeccompRule, apply_filter, sock_filter,
};

use crate::sandbox::seal::Seal;

mod alone;
mod network;
mod refused;
mod rule;
#[cfg(test)]
mod tests;

/// The last call there was when these lists were made: `file_setattr` of Linux 6.17. It has the
/// same number on every architecture.
const LAST_CALL: u32 = 469;

/// Which calls, and with which arguments: any of the rules is enough, none means always.
pub(crate) type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// The filters, ready to be applied.
#[derive(Debug)]
pub(crate) struct Filter {
    programs: Vec<BpfProgram>,
}

/// What is refused because of the network. With a supervisor it is the one that refuses it, to
/// know of it.
///
/// # Errors
///
/// None that a caller can cause; the compiler of filters has them.
pub(crate) fn network_rules(seal: &Seal) -> io::Result<Rules> {
    network::rules(seal.network).map_err(io::Error::other)
}

// === impl Filter ===

impl Filter {
    /// Compiles what `seal` demands. Where a supervisor answers the calls of [`network_rules`],
    /// these are left to it.
    ///
    /// # Errors
    ///
    /// On an architecture that the compiler does not know.
    pub(crate) fn compile(seal: &Seal, supervised: bool) -> io::Result<Self> {
        let quietly = network::quietly(seal.network).map_err(io::Error::other)?;
        let mut refused = merge(refused::rules().map_err(io::Error::other)?, quietly);
        if !supervised {
            refused = merge(refused, network_rules(seal)?);
        }
        if !seal.namespaces {
            refused = merge(refused, alone::rules().map_err(io::Error::other)?);
        }
        Ok(Self {
            programs: vec![
                newer(),
                program(refused::missing(), libc::ENOSYS)?,
                program(refused, libc::EPERM)?,
            ],
        })
    }

    /// Applies them to the calling thread and whatever it starts, for good. Sets `no_new_privs`.
    ///
    /// # Errors
    ///
    /// When the kernel does not take one of them. Then nothing may be run.
    pub(crate) fn install(&self) -> io::Result<()> {
        self.programs
            .iter()
            .try_for_each(|program| apply_filter(program).map_err(io::Error::other))
    }
}

/// Both together: a call is refused if either refuses it.
fn merge(mut one: Rules, other: Rules) -> Rules {
    for (call, rules) in other {
        one.entry(call)
            .and_modify(|known| {
                // None means always, which no further rule may narrow.
                if rules.is_empty() {
                    known.clear();
                } else if !known.is_empty() {
                    known.extend(rules.iter().cloned());
                }
            })
            .or_insert(rules);
    }
    one
}

fn program(rules: Rules, errno: i32) -> io::Result<BpfProgram> {
    let refuse = SeccompAction::Errno(errno.unsigned_abs());
    let arch = ARCH.try_into().map_err(io::Error::other)?;
    SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch)
        .and_then(TryInto::try_into)
        .map_err(io::Error::other)
}

/// Refuses every call above [`LAST_CALL`]. Those of the x32 variant of x86-64 are far above.
///
/// The compiler of filters compares numbers for equality only, hence these four instructions.
fn newer() -> BpfProgram {
    let statement = |code: u32, value| instruction(code, value, 0);
    let [load, compare, end] = [
        libc::BPF_LD | libc::BPF_W | libc::BPF_ABS,
        libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K,
        libc::BPF_RET | libc::BPF_K,
    ];
    // The number of the call is at the beginning of what a filter sees.
    vec![
        statement(load, 0),
        instruction(compare, LAST_CALL, 1),
        statement(end, libc::SECCOMP_RET_ALLOW),
        statement(end, libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs()),
    ]
}

/// One instruction; a comparison that holds skips as many as `skip`.
fn instruction(code: u32, value: u32, skip: u8) -> sock_filter {
    sock_filter {
        code: u16::try_from(code).expect("codes of instructions are below 256"),
        jt: skip,
        jf: 0,
        k: value,
    }
}
